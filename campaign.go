package actnow

import "slices"

// CampaignState is where a campaign stands.
type CampaignState string

// The states of a campaign: draft → awaiting_approval → scheduled → sending ⇄
// paused → finished, or cancelled, or stopped by a policy refusal of the mail
// server. finished needs that no ledger row is queued, intent, deferred or
// unknown.
const (
	CampaignDraft     CampaignState = "draft"
	CampaignAwaiting  CampaignState = "awaiting_approval"
	CampaignScheduled CampaignState = "scheduled"
	CampaignSending   CampaignState = "sending"
	CampaignPaused    CampaignState = "paused"
	CampaignFinished  CampaignState = "finished"
	CampaignCancelled CampaignState = "cancelled"
	CampaignStopped   CampaignState = "stopped"
)

// LedgerState is what SMTP said of one message of one step to one address.
type LedgerState string

// The states of a ledger row: queued → intent → sent, deferred, bounced,
// suppressed, cancelled or unknown. An intent is left only by evidence.
const (
	LedgerQueued     LedgerState = "queued"
	LedgerIntent     LedgerState = "intent"
	LedgerSent       LedgerState = "sent"
	LedgerDeferred   LedgerState = "deferred"
	LedgerBounced    LedgerState = "bounced"
	LedgerSuppressed LedgerState = "suppressed"
	LedgerCancelled  LedgerState = "cancelled"
	LedgerUnknown    LedgerState = "unknown"
)

// LedgerStates lists the states in the order pages show them.
var LedgerStates = []LedgerState{LedgerQueued, LedgerIntent, LedgerSent, LedgerDeferred,
	LedgerBounced, LedgerSuppressed, LedgerCancelled, LedgerUnknown}

// UnknownPolicy says what becomes of a message of which nobody can know whether
// the server took it.
type UnknownPolicy string

// The policies: hold lists the rows for a person, resend may mail twice (at most
// one mail per connection and crash), reconcile looks for the Message-ID in a
// journal mailbox.
const (
	PolicyHold      UnknownPolicy = "hold"
	PolicyResend    UnknownPolicy = "resend"
	PolicyReconcile UnknownPolicy = "reconcile"
)

// UnknownPolicies are all policies, the default first.
var UnknownPolicies = []UnknownPolicy{PolicyHold, PolicyResend, PolicyReconcile}

// Valid reports whether p is one of the three policies.
func (p UnknownPolicy) Valid() bool { return slices.Contains(UnknownPolicies, p) }
