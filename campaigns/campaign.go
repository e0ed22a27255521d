// Package campaigns carries a cohort to people: packs of content, the merge
// syntax, the audience with a reason for everyone left out, and the outbox that
// sends each message once. It knows no database and no mail library: Outbox
// works on a Store and a Sender.
package campaigns

import (
	"time"

	"actnow"
)

// LeftOut is why a contact of the cohort is not mailed.
type LeftOut string

// The reasons, in the order in which they are looked at: the first that holds
// is the one that counts.
const (
	OutNotMatched   LeftOut = "not_matched"    // a customer without an account in the CRM
	OutNoContact    LeftOut = "no_contact"     // an account without a contact
	OutNoAddress    LeftOut = "no_address"     // a contact without a usable address
	OutDoNotEmail   LeftOut = "do_not_email"   // the CRM says no
	OutSuppressed   LeftOut = "suppressed"     // unsubscribed, bounced, complained
	OutNoBasis      LeftOut = "no_basis"       // no lawful basis
	OutLanguage     LeftOut = "language"       // no text in a language of the pack
	OutCondition    LeftOut = "step_condition" // the step's condition does not hold
	OutHeldOut      LeftOut = "held_out"       // chance keeps the customer out, to tell what contact adds
	OutDuplicate    LeftOut = "duplicate"      // the address is in the audience already
	OutMailedBefore LeftOut = "mailed_before"  // an earlier run of the campaign has mailed the address
	OutFrequencyCap LeftOut = "frequency_cap"
)

// LeftOuts lists the reasons in the order in which they are looked at.
var LeftOuts = []LeftOut{OutNotMatched, OutNoContact, OutNoAddress, OutDoNotEmail, OutSuppressed,
	OutNoBasis, OutLanguage, OutCondition, OutHeldOut, OutDuplicate, OutMailedBefore, OutFrequencyCap}

// Fields are the merge fields of one recipient, by the names of the contract
// (FirstName, Company, …). A missing field is the empty text.
type Fields map[string]string

// Message is one ledger row ready to be sent: who, what, and the keys that make
// it the same message on every try.
type Message struct {
	Row       actnow.LedgerID
	Campaign  actnow.CampaignID
	Run       actnow.CampaignRun
	Pack      actnow.PackID
	Step      string // the step's key in the pack
	Address   string // as the contact has it; the row's key is its normal form
	Name      string
	Language  string
	Attempt   int       // of this try; the first is 1
	Due       time.Time // when the step was first due: the age of retries counts from here
	Tried     time.Time // when it was last offered to the server, zero if never
	MessageID string    // with angle brackets; derived from the row
	Fields    Fields
}

// Verdict is what a try came to, from the replies of the server alone.
type Verdict struct {
	// State is sent, deferred, bounced or unknown; queued if the row was never
	// offered, cancelled if no mail can be made of it.
	State actnow.LedgerState
	Code  int    // SMTP code, 0 if none was heard
	Reply string // the last reply or error, in one line
	Why   string // in a word: "taken", "no such address", "policy", …
	// RetryAt is when a deferred row is due again.
	RetryAt time.Time
	// Suppress is set when the address itself is no good (5.1.1).
	Suppress bool
	// Stop is set when the server refuses the sender or the content by policy
	// (5.7.x, or any 5xx to MAIL): the campaign stops.
	Stop bool
}
