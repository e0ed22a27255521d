// Package crm reads what a CRM says of its accounts, contacts, opportunities,
// subscriptions and transactions: files with mapped columns and signed webhook
// events. It knows no database: Importer and Worker hand what they read to a
// Store.
package crm

import "time"

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
	// Custom holds the other columns as text.
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

// Rejected is a line or an item that could not be used.
type Rejected struct {
	Line   int    `json:"line"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
}

// Result is what an import did. Its JSON is a contract with scripts.
type Result struct {
	Rows      int        `json:"rows"`
	New       int        `json:"new"`
	Changed   int        `json:"changed"`
	Unchanged int        `json:"unchanged"`
	Rejected  []Rejected `json:"rejected"`
}

// Event is a verified webhook event as it came.
type Event struct {
	ID         int64
	Connection int64
	EventID    string
	ReceivedAt time.Time
	Body       []byte
	Attempts   int
}
