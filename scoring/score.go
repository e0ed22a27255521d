// Package scoring turns what is known of a customer into fit and intent, bands,
// cells and clusters, with a reason for every point. It knows no database: the
// Rescorer reads facts from a Store and hands scores back.
//
// Where outcomes are few, a points card scores: a Card, by a Scorer. From enough
// outcomes a scorecard is learned: effects of the bins of each feature, and of a
// few pairs, that add up to log-odds. Try and Backtest learn from plain files,
// which is how quality is measured.
package scoring

import (
	"time"

	"actnow"
)

// Facts is what is known of one customer on a day. Nothing in it is dated after
// that day.
type Facts struct {
	Customer actnow.CustomerID
	OrgSize  *int64
	Segment  actnow.Segment
	Industry string
	Vertical string
	Country  string
	// Flags are the yes/no columns of the newest reports ("Has Azure",
	// "HasGoogle", cohort headers), by header, and when the report was made.
	Flags  map[string]Flag
	Values map[string]Value // other columns of interest, by header
	// Events are dated facts: opportunities, agreement ends, transactions,
	// subscriptions.
	Events []Event
}

// Flag is a yes/no fact with the day it was known.
type Flag struct {
	Yes bool
	At  time.Time
}

// Value is a text or a number with the day it was known.
type Value struct {
	Text string
	At   time.Time
}

// Event is a dated fact of a customer in an area. Kind is "opportunity_open",
// "opportunity_won", "opportunity_lost", "agreement_end", "transaction" or
// "subscription".
//
// At may lie ahead only for an agreement_end. KnownAt is the day on which the
// event was known, zero for the day it happened; an agreement end should carry
// the day of its report.
type Event struct {
	Kind    string
	Area    actnow.Area // "" if it is of no area
	At      time.Time
	KnownAt time.Time
	Until   time.Time // end of a subscription; only in a History, zero for none
	Amount  int64     // minor units, 0 if not known
	// Currency of Amount; only in a History.
	Currency string
	Seats    int64
	Text     string
}

// Part is one reason of a score: a point of the card or a term of a model. Its
// sentence takes Value as {0} and the day of At, "2026-11-25", as {1}.
type Part struct {
	Feature string    `json:"feature"`
	Value   string    `json:"value,omitempty"`
	Points  float64   `json:"points,omitempty"`   // of a points card, 0 for a model
	LogOdds float64   `json:"log_odds,omitempty"` // of a model, 0 for a card
	Code    string    `json:"code"`               // names the sentence in the catalogues
	Text    string    `json:"text"`               // the sentence in English
	At      time.Time `json:"at,omitzero"`
}

// Score is one of the two scores of a customer in an area. Points is nil when
// there is no signal and so no claim. For a points card, the points of the parts
// add up to Points exactly; the first part is the base.
type Score struct {
	Points *float64 // 0 to 100, unrounded
	Parts  []Part
}

// Propensity is everything said of a customer in one area in one month.
type Propensity struct {
	Customer   actnow.CustomerID
	Area       actnow.Area
	Fit        Score
	Intent     Score
	FitBand    actnow.Band // by the edges of the matrix; "" without a score
	IntentBand actnow.Band
	Cell       actnow.Cell // "" unless there are both scores
	Cluster    actnow.Cluster
	Model      string // "card:azure@1a2b3c…": what made it
}

// Sourced is what one source says of a customer in one area and month: a report,
// or our own scores. Several stand beside each other.
type Sourced struct {
	Area        actnow.Area
	Month       actnow.Month
	Source      string // "own", or the report: "azure", "renewals" …
	Fit, Intent *float64
	FitBand     actnow.Band
	IntentBand  actnow.Band
	Cell        actnow.Cell
	Cluster     actnow.Cluster
	ClusterFrom string // "file" or "matrix"
	Model       string // of our own scores
	Explanation string // the words of a report
}

// Place sets the bands by the edges of the matrix in force, and the cell and the
// cluster unless a file says them.
func (s *Sourced) Place(m Matrix) {
	if s.Fit != nil {
		s.FitBand = m.Edges.Band(*s.Fit)
	}
	if s.Intent != nil {
		s.IntentBand = m.Edges.Band(*s.Intent)
	}
	if s.ClusterFrom == "matrix" {
		s.Cell = m.Cell(s.FitBand, s.IntentBand)
		s.Cluster = s.Cell.Cluster()
	}
}
