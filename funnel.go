package actnow

// Funnel is how many customers are left at each step from the reports to a
// mail.
type Funnel struct {
	Customers   int
	Matched     int // with an account in band match
	WithContact int
	Mailable    int
	ByStage     map[MatchStage]int        // customers by the stage that carries their best account
	Ends        map[FunnelEnd]FunnelShare // every customer stands in one of them
	Unmatched   int                       // accounts in band none
	Decisions   int                       // a person made, undone ones left out
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

// FunnelShare is the customers of an end and what the reports say they may bring.
type FunnelShare struct {
	Customers int
	Revenue   []Money // lower bounds of the newest estimates added, per currency; empty without Scope.Revenue
}
