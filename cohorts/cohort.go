package cohorts

import (
	"time"

	"actnow"
)

// Kind says what a cohort follows.
type Kind string

// The kinds of cohort.
const (
	ByFilter Kind = "filter" // a rule of the user's
	ByColumn Kind = "column" // a confirmed Yes/No column of a report
)

// MaxName is the longest name of a cohort, in characters.
const MaxName = 200

// Cohort is a target group that follows every new report.
type Cohort struct {
	ID        actnow.CohortID
	Name      string
	Kind      Kind
	Filter    string       // in its canonical form; "" for a column
	Column    int64        // its key, 0 for a filter
	Report    string       // of the column
	Header    string       // of the column
	Month     actnow.Month // the latest in which the column came
	Play      string       // the solution play that a person tied the column to, "" for none
	By        string
	CreatedAt time.Time
	UpdatedAt time.Time
	Counts    Counts
	// Withheld is set if the rule names money and the reader may not see any:
	// then there are no counts.
	Withheld bool
}

// Counts is the size of a cohort in customers. Its JSON is a contract with
// scripts.
type Counts struct {
	Customers int `json:"customers"`
	Matched   int `json:"matched"`  // with an account of the CRM
	Mailable  int `json:"mailable"` // with someone who may be mailed
}

// Change is how a cohort's members differ from those of the month before.
type Change struct {
	Month, Previous actnow.Month // Previous is "" if there is no month before
	Joined, Left    int
}

// Side is one of the two sides of a Change.
type Side string

// The sides of a Change.
const (
	Joined Side = "joined"
	Left   Side = "left"
)
