package campaigns

import (
	"time"

	"actnow"
)

// Plan is what a person decides about a campaign before it goes.
type Plan struct {
	Name   string
	Pack   actnow.PackID
	Cohort actnow.CohortID
	Area   actnow.Area          // whose cluster and reason the mail speaks of; "" = each customer's hottest
	Policy actnow.UnknownPolicy // "" = hold
	At     time.Time            // when it is to go, or
	Line   string               // the cron line by which it goes again and again, or neither: by hand
	Zone   string               // of Line
	Again  bool                 // a later run also mails those whom an earlier one has mailed
	// CapMails is how many mails of other campaigns an address may have got in
	// the last CapDays days and still get this one; 0 CapDays = no cap.
	CapMails, CapDays int
}

// Campaign is a plan and how far it has come.
type Campaign struct {
	Plan
	ID         actnow.CampaignID
	State      actnow.CampaignState
	PackName   string
	CohortName string
	CreatedBy  actnow.UserID
	CreatedAt  time.Time
	ApprovedBy actnow.UserID
	ApprovedAt time.Time
	LaunchedAt time.Time // of the latest run
	FinishedAt time.Time
	Why        string // why it stands where it stands, where that needs words
	Counts     Counts // of all runs, within the scope of who asks
}

// Counts are the ledger rows of a campaign by state.
type Counts map[actnow.LedgerState]int

// Total returns the number of rows. It is the sum of all states, always.
func (c Counts) Total() int {
	n := 0
	for _, k := range c {
		n += k
	}
	return n
}

// LaunchStep is a step of the pack as a launch needs it.
type LaunchStep struct {
	Key     string
	After   int // days after the launch
	Channel string
	// Only are the customers that meet the step's condition; nil for everybody.
	Only []actnow.CustomerID
}

// LaunchPlan is what a launch needs to know beside the store: the cohort's
// customers now, the steps that go to recipients, the choice of a language.
type LaunchPlan struct {
	Pack      actnow.PackID   // of which the plan was made; a campaign that was
	Cohort    actnow.CohortID // changed meanwhile is not launched by it
	Period    string          // of the schedule that launches, "" for a single send
	Customers []actnow.CustomerID
	Steps     []LaunchStep
	Domain    string // of the Message-IDs, the sender's own
	// Language returns the language of the pack for a contact's language; ok is
	// false if there is none.
	Language func(contact string) (lang string, ok bool)
}

// Launch is what a launch froze.
type Launch struct {
	Run      actnow.CampaignRun
	State    actnow.CampaignState // afterwards: sending, or finished if nobody is mailed
	Audience int                  // contacts who are mailed
	Queued   int                  // ledger rows: one for each step and address
	LeftOut  map[LeftOut]int      // customers, accounts and contacts who are not
}

// AudienceRow is one line of a frozen audience.
type AudienceRow struct {
	Customer     actnow.CustomerID
	CustomerName string
	Account      actnow.AccountID // 0 where no account is matched
	AccountName  string
	Contact      actnow.ContactID // 0 where there is no contact
	Name         string           // of the contact; "" without Scope.Personal
	Address      string           // "" without Scope.Personal
	LeftOut      LeftOut          // "" = is mailed
}

// LedgerRow is one message of one step to one address, as pages show it.
type LedgerRow struct {
	ID           actnow.LedgerID
	Campaign     actnow.CampaignID
	CampaignName string
	Run          actnow.CampaignRun
	Step         string
	Channel      string
	Address      string // "" without Scope.Personal, as are Name and Reply
	Name         string
	Language     string
	Customer     actnow.CustomerID
	CustomerName string
	Contact      actnow.ContactID
	State        actnow.LedgerState
	Attempts     int
	NextAt       time.Time // when it is due, of a row that waits
	MessageID    string
	Code         int
	Reply        string
	Why          string
	QueuedAt     time.Time
	TriedAt      time.Time
	SettledAt    time.Time
	Events       []LedgerEvent // oldest first
}

// LedgerEvent is what came after SMTP: an unsubscribe, a bounce report, a reply.
type LedgerEvent struct {
	Kind   string
	Source string // of the evidence
	At     time.Time
	Detail string
}

// LedgerQuery chooses ledger rows. The zero value is all of them, newest first.
type LedgerQuery struct {
	Campaign actnow.CampaignID
	Run      actnow.CampaignRun
	Customer actnow.CustomerID
	Contact  actnow.ContactID
	State    actnow.LedgerState
	Open     bool // without a State: only what has not had its last word (queued, intent, deferred)
	Step     string
	Search   string // in address and customer name
	Offset   int
	Limit    int // 0 = 50
}

// LedgerPage is a page of the ledger, with how many rows there are in all and
// by state, whatever State the query asks for.
type LedgerPage struct {
	Rows   []LedgerRow
	Total  int
	Counts Counts
}
