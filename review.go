package actnow

// AccountSide is what the CRM says of an account, as the review shows it.
type AccountSide struct {
	ID         AccountID
	ExternalID string
	Name       string
	Website    string
	Domains    []string
	City       string
	State      string
	PostalCode string
	Country    string
	TPID       string
	Contacts   int
	Owner      string
}

// ReviewCandidate is a customer that an account may belong to.
type ReviewCandidate struct {
	Customer    Customer
	Probability float64 // in [0, 1]
	Stage       MatchStage
	Reason      string  // an English sentence
	Comparisons []byte  // JSON of matcher.Comparison
	Verdict     Verdict // the newest decision on the pair, "" if none
}

// Review is one account with its candidates, best first.
type Review struct {
	Account    AccountSide
	Band       MatchBand
	Decided    bool
	Candidates []ReviewCandidate
}

// ReviewQuery chooses accounts by their band and by the pattern of their best
// candidate's evidence, "" for any.
type ReviewQuery struct {
	Band    MatchBand
	Pattern string
}

// MatchCounts is the outcome of matching.
type MatchCounts struct {
	Accounts int                `json:"accounts"`
	Match    int                `json:"match"`
	Review   int                `json:"review"`
	None     int                `json:"none"`
	ByStage  map[MatchStage]int `json:"by_stage"`
}

// ReviewPlace is where an account stands among those that wait for a decision.
type ReviewPlace struct {
	Position int // from 1; 0 if it does not wait
	Total    int
	Previous AccountID // 0 at the start
	Next     AccountID // the first again after the last; 0 if no other waits
}

// DecisionRow is a decision as Activity and the review's history show it.
type DecisionRow struct {
	AccountID  AccountID // 0 if the account is gone
	CustomerID CustomerID
	Customer   string // label
	Account    string // name
	Verdict    Verdict
	Note       string
	By         string
	At         int64
	Stands     bool // it is the newest on its pair and can be taken back
}
