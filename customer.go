package actnow

import "time"

// Customer is the entity that the records of the reports describe. Empty fields
// are unknown; names and domains are empty too for a person who may not see
// personal data only if they are a natural person's, which reports do not say,
// so they are shown.
type Customer struct {
	ID         CustomerID
	Key        string // "tpid:…", "domain:…" or "name:…|place": stable over imports
	TPID       string
	DUNS       string
	Name       string
	Domain     string
	OrgSize    *int64 // employees
	Industry   string
	Vertical   string
	City       string
	State      string
	PostalCode string
	Country    string
	Segment    Segment
	Nonprofit  string
	FirstMonth Month
	LastMonth  Month
	GoneMonth  Month // since when a complete report lacks it, or ""
}

// Label is what to call the customer: its name, else its domain, else its TPID.
func (c Customer) Label() string {
	switch {
	case c.Name != "":
		return c.Name
	case c.Domain != "":
		return c.Domain
	}
	return c.TPID
}

// Standing is where a customer stands in one area in one month.
type Standing struct {
	Area             Area
	Month            Month
	Fit, Intent      *float64 // 0 to 100, unrounded; nil where only a band or nothing is known
	FitBand          Band
	IntentBand       Band
	FitFrom          string // the report that says it, or "own"
	IntentFrom       string
	Cell             Cell
	Cluster          Cluster
	ClusterFrom      string // "file" or "matrix"
	MicrosoftCluster Cluster
	OwnCluster       Cluster
	PreviousCluster  Cluster // of the month before that has one
	PreviousMonth    Month
	Revenue          MoneyRange // empty without Scope.Revenue
	RevenueFrom      string     // "report" or "own"; empty without Scope.Revenue
	RevenueKind      RevenueKind
}

// Move says how a customer's cluster changed since the month before.
type Move string

// The moves. The zero value is no change, or nothing to compare.
const (
	MovedNew  Move = "new"  // newly in Act Now
	MovedUp   Move = "up"   // to a hotter cluster other than Act Now
	MovedDown Move = "down" // to a cooler cluster
)

// Move returns how the cluster changed since the month before.
func (s Standing) Move() Move {
	if s.Cluster == "" || s.PreviousMonth == "" || s.Cluster == s.PreviousCluster {
		return ""
	}
	now, before := s.Cluster.Heat(), s.PreviousCluster.Heat()
	switch {
	case s.Cluster == ActNow:
		return MovedNew
	case now > before:
		return MovedUp
	case now < before:
		return MovedDown
	}
	return ""
}

// CustomerRow is a line of a list of customers, in one area.
type CustomerRow struct {
	Customer Customer
	Standing Standing  // Area is "" where the customer has no score in it
	Account  AccountID // a matched account, 0 if there is none
	Review   bool      // an account waits for a person's decision
	Mailable int       // contacts who may be mailed
}

// CustomerQuery chooses and orders customers. The zero value is all of them, by
// name.
type CustomerQuery struct {
	Area     Area    // whose standing is shown and filtered by; "" = each customer's hottest
	Month    Month   // of that standing, only with Area; "" = each customer's latest
	Cell     Cell    // only with Area
	Cluster  Cluster // only with Area
	Unscored bool    // only those without a score in Area
	Disagree bool    // only those whose file names another cluster than their cell
	Move     Move
	Since    Month   // with which Month is compared, only with both; then
	Flow     Flow    // only those who went this way,
	From     Cluster // and only from this cluster
	Report   Cluster // only those whose report names this cluster in Area
	Ours     Cluster // only those whom our own scores put into this cluster in Area
	Differ   bool    // only those for whom a report and our own scores name different clusters in Area
	Segment  Segment
	Gone     bool   // only those who are gone
	Mailable bool   // only those with someone who may be mailed
	Matched  bool   // only those with a matched account
	Filter   string // of the cohort grammar
	Cohort   CohortID
	Search   string // in name, domain, TPID
	Sort     CustomerSort
	Offset   int
	Limit    int // 0 = 50; at most 500 for a page
}

// CustomerSort is an order of customers.
type CustomerSort string

// The orders. Ties are broken by the key, so that pages do not overlap.
const (
	SortName    CustomerSort = "name"
	SortRevenue CustomerSort = "revenue" // highest first
	SortFit     CustomerSort = "fit"
	SortIntent  CustomerSort = "intent"
	SortSize    CustomerSort = "size"
)

// CustomerPage is a page of a list, with how many there are in all.
type CustomerPage struct {
	Rows     []CustomerRow
	Total    int
	Matched  int // of Total
	Mailable int // customers of Total with someone who may be mailed
}

// CustomerDetail is everything the customer's page shows.
type CustomerDetail struct {
	Customer   Customer
	Locations  []string
	Standings  []Standing        // current ones, in the order of Areas
	History    []Standing        // of every month, oldest first
	Estimates  []RevenueEstimate // the newest of each area; empty without Scope.Revenue
	Reasons    []ScoreReason
	HeldOut    []HeldOut    // areas whose campaigns leave the customer out by chance
	Cohorts    []string     // headers of confirmed cohort columns that say Yes
	Rules      []CohortLink // own cohorts whose rule chooses the customer, and that the scope may know of
	Accounts   []AccountLink
	Contacts   []ContactRow // empty without Scope.Personal
	Withheld   int          // contacts that are there but not shown
	Agreements []Agreement
	Cells      []ReportCell // raw cells of the newest snapshot of each report
	Mails      []CustomerMail
}

// ScoreReason is why our own score is what it is: its parts as JSON of
// scoring.Part.
type ScoreReason struct {
	Area  Area
	Month Month
	Score string // "fit" or "intent"
	Model string
	Parts []byte
}

// HeldOut is an area whose campaigns leave the customer out by chance, so that it can
// be told what contact adds.
type HeldOut struct {
	Area  Area
	Since time.Time
}

// CohortLink names a cohort with the rule it follows.
type CohortLink struct {
	ID     CohortID
	Name   string
	Filter string // in its canonical form
}

// AccountLink is an account of the CRM that belongs, or may belong, to a
// customer.
type AccountLink struct {
	ID          AccountID
	ExternalID  string
	Name        string
	Website     string
	Owner       string
	Band        MatchBand
	Stage       MatchStage
	Probability float64
	Decided     bool
	Reason      string
}

// ContactRow is a contact of a matched account.
type ContactRow struct {
	ID        ContactID
	Account   AccountID
	Name      string
	Title     string
	Email     string
	Language  string
	Basis     string // lawful basis in words, "" = none, so not mailed
	NotMailed string // a campaigns.LeftOut, "" = may be mailed
}

// Agreement is a line of the renewals report.
type Agreement struct {
	ID       string
	Program  string
	Division string
	EndsAt   time.Time // zero if not said
	Expiring *int64    // minor units; nil without Scope.Revenue
	Currency string
}

// ReportCell is one raw cell of a report.
type ReportCell struct {
	Report, Header, Value string
	Month                 Month
}

// CustomerMail is a message of a campaign to someone at the customer.
type CustomerMail struct {
	Delivery LedgerID
	Campaign CampaignID
	Name     string
	Address  string // "" without Scope.Personal
	State    LedgerState
	At       time.Time
}
