package reports

import (
	"time"

	"actnow"
)

// Snapshot is what a page shows of an import that was published: a report of a
// month. The latest revision of a month is the current one; all are kept.
type Snapshot struct {
	ID        actnow.SnapshotID
	Report    Kind
	Month     actnow.Month
	Revision  int
	Current   bool
	File      string
	Encoding  string
	Separator string
	Complete  bool
	Rows      int // that the person may see; the counts below are of the whole file
	New       int
	Changed   int
	Unchanged int
	Gone      int
	Rejected  int
	Notices   []Notice
	Columns   []Column
	By        string
	At        time.Time
	UndoneAt  time.Time // zero unless the import was taken back
	UndoneBy  string
}

// Undone reports whether the import was taken back.
func (s Snapshot) Undone() bool { return !s.UndoneAt.IsZero() }

// Undo says what taking an import back changes, or has changed. Its JSON is a
// contract with scripts.
type Undo struct {
	Snapshot  actnow.SnapshotID `json:"snapshot"`
	Report    Kind              `json:"report"`
	Month     actnow.Month      `json:"month"`
	Revision  int               `json:"revision"`
	Rows      int               `json:"rows"`      // that are taken back
	Becomes   int               `json:"becomes"`   // the revision that is current again, 0 if the month has no other
	Customers int               `json:"customers"` // whom no other import names: they go
	Kept      int               `json:"kept"`      // whom no other import names and who stay, since mails name them
	Cohorts   []string          `json:"cohorts"`   // columns that no other import has: they go
	DryRun    bool              `json:"dry_run,omitempty"`
}

// CohortColumnID is the key of a cohort column.
type CohortColumnID int64

// CohortState says what became of a Yes/No column.
type CohortState string

// The states: a known cohort is confirmed by itself, an unknown column waits as
// a candidate until a person confirms or dismisses it.
const (
	CohortCandidate CohortState = "candidate"
	CohortConfirmed CohortState = "confirmed"
	CohortDismissed CohortState = "dismissed"
)

// CohortColumn is a Yes/No column of a report that is, or may be, a cohort.
type CohortColumn struct {
	ID         CohortColumnID
	Report     Kind
	Header     string // as last written
	State      CohortState
	FirstMonth actnow.Month
	LastMonth  actnow.Month
	Name       string // of its cohort, or that it would have
	Play       string // the solution play that a person tied it to, "" for none
	Members    int    // who say Yes in the last month
	Customers  int    // of the last month, in all; only of a single column
	Blank      int    // of Customers, who say nothing
	DecidedBy  string
	DecidedAt  time.Time // zero if nobody has decided
}
