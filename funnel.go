package actnow

// Funnel is how many customers are left at each step from the reports to a
// mail.
type Funnel struct {
	Customers   int                       `json:"customers"`
	Matched     int                       `json:"matched"` // with an account in band match
	WithContact int                       `json:"with_contact"`
	Mailable    int                       `json:"mailable"`
	ByStage     map[MatchStage]int        `json:"by_stage"`  // customers by the stage that carries their best account
	Ends        map[FunnelEnd]FunnelShare `json:"ends"`      // every customer stands in one of them
	Unmatched   int                       `json:"unmatched"` // accounts in band none
	Decisions   int                       `json:"decisions"` // a person made, undone ones left out
}

// FunnelEnd is where a customer's way to a mail ends.
type FunnelEnd string

// The ends in the order of the way.
const (
	EndWaiting     FunnelEnd = "waiting"      // an account that may be the customer's waits for a person
	EndUnmatched   FunnelEnd = "unmatched"    // no account comes near
	EndNoContact   FunnelEnd = "no_contact"   // matched, without a contact
	EndNotMailable FunnelEnd = "not_mailable" // nobody of them may be mailed
	EndMailable    FunnelEnd = "mailable"
)

// FunnelEnds are the ends in the order of the way.
var FunnelEnds = []FunnelEnd{EndWaiting, EndUnmatched, EndNoContact, EndNotMailable, EndMailable}

// FunnelShare is the customers of an end and what the reports say they may bring.
type FunnelShare struct {
	Customers int     `json:"customers"`
	Revenue   []Money `json:"revenue,omitempty"` // lower bounds of the newest estimates added, per currency; empty without Scope.Revenue
}
