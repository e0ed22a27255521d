package insights

import (
	"context"
	"time"

	"actnow"
)

// State is what came of a fetch.
type State string

// The states of a fetch.
const (
	Running   State = "running"
	Imported  State = "imported"
	Unchanged State = "unchanged" // equal to the last file
	Empty     State = "empty"     // a header only
	GivenUp   State = "given_up"  // nothing new on any of the month's days
	Failed    State = "failed"
)

// Fetch is one attempt at one dataset.
type Fetch struct {
	ID      int64        `json:"-"`
	Dataset string       `json:"dataset"` // "" if the connection failed before any was known
	Period  string       `json:"period"`  // the day, or the moment at which a person asked
	Month   actnow.Month `json:"month"`
	State   State        `json:"state"`
	Report  string       `json:"report"` // which report it was imported as, or ""
	Rows    int64        `json:"rows"`
	Bytes   int64        `json:"bytes"`
	SHA256  string       `json:"sha256"`
	Content string       `json:"-"` // see File
	File    string       `json:"file"`
	// First means that there was no file before, so that nobody knows whether
	// this one is new.
	First     bool      `json:"first"`
	Redacted  bool      `json:"redacted"` // Microsoft hides data from the role of the account
	Note      Notice    `json:"note"`
	Sentence  string    `json:"sentence"` // Note in English
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"` // zero while it runs
}

// Store keeps what was fetched. A fetch is one row for its dataset and period.
type Store interface {
	// BeginFetch records that a fetch runs, again if it was interrupted, and
	// returns it with its ID. Others that a stop left running are failed.
	BeginFetch(ctx context.Context, f Fetch) (Fetch, error)
	EndFetch(ctx context.Context, f Fetch) error
	// FetchesOf returns the fetches of a month, oldest first.
	FetchesOf(ctx context.Context, month actnow.Month) ([]Fetch, error)
	// LastContent returns the content of the newest file of a dataset that was
	// imported or found unchanged. The error matches actnow.ErrNotFound.
	LastContent(ctx context.Context, dataset string) (string, error)
}

// Import is what an importer says of a file.
type Import struct {
	Report string
	Month  actnow.Month
	Rows   int64
	// Already means that the same file was imported before, for Month.
	Already bool
}
