package crm

import (
	"time"

	"actnow"
)

// FileConnection is the connection that files come by when no other is named.
// It is there from the start.
const FileConnection actnow.ConnectionID = 1

// Connection is a way in which a CRM reaches us. Its secret is shown once, when
// it is made.
type Connection struct {
	ID             actnow.ConnectionID
	Name           string // stands in the address of its hook
	Source         string // connections of one source share the ids of records
	Verifier       string // a key of Verifiers, or "file"
	Basis          string // default lawful basis in words, "" = nobody is mailed by default
	BasisBy        string
	BasisAt        time.Time // zero if it was never set
	OldSecretUntil time.Time // until when the secret before the last one is taken; zero if none is
	CreatedBy      string
	CreatedAt      time.Time
	DisabledAt     time.Time // zero if it is in use
	Received       int       // events that wait
	Done           int
	Failed         int
}

// NewConnection is what a connection is made of.
type NewConnection struct {
	Name     string // 1 to 63 of a-z, 0-9 and -
	Verifier string // a key of Verifiers
	Source   string // "" = "crm"
}

// EventState is where an event of the inbox stands.
type EventState string

// The states of an event. Failed means that nothing of it could be used.
const (
	EventReceived EventState = "received"
	EventDone     EventState = "done"
	EventFailed   EventState = "failed"
)

// InboxQuery chooses events, newest first. The zero value is all of them.
type InboxQuery struct {
	Connection actnow.ConnectionID
	State      EventState
	Problem    bool // only those with a problem, also if the rest of them was used
	Offset     int
	Limit      int // 0 = 50; at most 500
}

// InboxEvent is an event as the inbox page shows it.
type InboxEvent struct {
	ID         int64
	Connection actnow.ConnectionID
	Name       string // of the connection
	EventID    string
	State      EventState
	Attempts   int
	Problem    string // a line each, "items[1].email: …"; it quotes what it is about
	Withheld   bool   // Problem is left out, for want of Scope.Personal
	ReceivedAt time.Time
	WorkedAt   time.Time // zero while it waits
	Body       []byte    // nil without Scope.Personal
}

// InboxPage is a page of the inbox.
type InboxPage struct {
	Events []InboxEvent
	Total  int
}

// AccountQuery chooses accounts, by name. The zero value is all of them.
type AccountQuery struct {
	Search string // in name, domains, id
	Band   actnow.MatchBand
	Offset int
	Limit  int // 0 = 50; at most 500
}

// AccountRow is an account in a list.
type AccountRow struct {
	ID         actnow.AccountID
	ExternalID string
	Name       string
	Website    string
	Domains    []string
	City       string
	Country    string
	Owner      string
	Band       actnow.MatchBand // "" if it was never matched
	Customer   actnow.CustomerID
	Contacts   int
	Mailable   int // of Contacts, who may be mailed
}

// AccountPage is a page of accounts.
type AccountPage struct {
	Rows  []AccountRow
	Total int
}

// AccountDetail is all that the CRM says of an account.
type AccountDetail struct {
	AccountRow
	TPID, TenantID, OrgNumber, State, PostalCode, Phone string
	OwnerEmail                                          string              // "" without Scope.Personal
	Custom                                              map[string]string   // nil without Scope.Personal
	Contacts                                            []actnow.ContactRow // empty without Scope.Personal
	Withheld                                            int                 // contacts that are there but not shown
	Deals                                               []Deal              // opportunities, subscriptions, transactions, newest first
	UpdatedAt                                           time.Time
}

// Deal is an opportunity, a subscription or a transaction of an account.
type Deal struct {
	Kind     Kind
	ID       string // the CRM's
	Area     actnow.Area
	Product  string
	Stage    string
	Status   string // of an opportunity
	At       time.Time
	EndAt    time.Time // closed, or the end of a subscription
	Seats    *int64
	Amount   *int64 // minor units; nil without Scope.Revenue
	Currency string
}

// SuppressionReason is why an address is not mailed.
type SuppressionReason string

// The reasons.
const (
	Unsubscribed SuppressionReason = "unsubscribed"
	Bounced      SuppressionReason = "bounced"
	Complained   SuppressionReason = "complained"
	Manual       SuppressionReason = "manual"
)

// Suppression is a standing reason not to mail an address. It outlives what any
// CRM says.
type Suppression struct {
	Address   string // normal form; "" without Scope.Personal
	Reason    SuppressionReason
	Evidence  string
	By        string
	At        time.Time
	LiftedBy  string
	LiftedAt  time.Time // zero while it holds
	LedgerRow actnow.LedgerID
}

// SuppressionPage is a page of suppressions, newest first.
type SuppressionPage struct {
	Rows  []Suppression
	Total int
}
