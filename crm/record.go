// Package crm reads what a CRM says of its accounts, contacts, opportunities,
// subscriptions and transactions: files with mapped columns and signed webhook
// events. It knows no database: Importer and Worker hand what they read to a
// Store.
package crm

import (
	"time"

	"actnow"
)

// Kind is a kind of CRM record.
type Kind string

// The kinds of record.
const (
	Account      Kind = "account"
	Contact      Kind = "contact"
	Opportunity  Kind = "opportunity"
	Subscription Kind = "subscription"
	Transaction  Kind = "transaction"
)

// Kinds lists the kinds in the order they are best imported.
var Kinds = []Kind{Account, Contact, Opportunity, Subscription, Transaction}

// Valid reports whether k is one of Kinds.
func (k Kind) Valid() bool {
	for _, q := range Kinds {
		if k == q {
			return true
		}
	}
	return false
}

// Op is what a change does to a record.
type Op string

// The operations. Merge means that the account lives on in Fields["merged_into"].
const (
	Upsert  Op = "upsert"
	Delete  Op = "delete"
	Merge   Op = "merge"
	Consent Op = "consent"
)

// Change is what one line of a file or one event says of one record. A field
// that is absent is unchanged, one that is nil is cleared.
type Change struct {
	Kind Kind
	Op   Op
	ID   string // the CRM's own id, never empty
	// Version orders changes of one record where the CRM counts them; 0 if it
	// does not, and ModifiedAt orders them.
	Version    int64
	ModifiedAt time.Time
	// Fields holds the known columns by the names of the contract. Values are
	// string, []string (domains), bool (do_not_email), int64 (money in minor
	// units, seats, unix seconds of times) or nil.
	Fields map[string]any
	// Custom holds the other columns as text; the empty text clears one.
	Custom map[string]string
	Line   int // of a file, or the place in a batch from 0
}

// Outcome says what applying a change did.
type Outcome string

// The outcomes of a change. Stale means that a newer version was there already.
const (
	New       Outcome = "new"
	Changed   Outcome = "changed"
	Unchanged Outcome = "unchanged"
	Stale     Outcome = "stale"
)

// Rejected is a line or an item that could not be used, or a doubt about one
// that was.
type Rejected struct {
	Line   int    `json:"line"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Code   string `json:"-"` // the sentence's key in Messages
	Args   []any  `json:"-"`
}

func rejected(line int, err *actnow.InputError) Rejected {
	return Rejected{Line: line, Field: err.Field, Reason: err.Text, Code: err.Code, Args: err.Args}
}

// Result is what an import did. Its JSON is a contract with scripts. Stale rows
// count as unchanged.
type Result struct {
	Rows      int        `json:"rows"`
	New       int        `json:"new"`
	Changed   int        `json:"changed"`
	Unchanged int        `json:"unchanged"`
	Rejected  []Rejected `json:"rejected"`
	// Warnings are doubts about lines that were used: a do_not_email that is
	// neither yes nor no, which counts as yes.
	Warnings []Rejected `json:"warnings,omitempty"`
	// Custom are the columns that the kind does not know; they are kept as
	// text.
	Custom []string `json:"custom_columns,omitempty"`
	DryRun bool     `json:"dry_run,omitempty"`
}

// Event is a verified webhook event as it came.
type Event struct {
	ID         int64
	Connection actnow.ConnectionID
	EventID    string
	ReceivedAt time.Time
	Body       []byte
	Attempts   int
}
