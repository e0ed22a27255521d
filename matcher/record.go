// Package matcher finds the customer of a report in the accounts of a CRM:
// by domain, then by fuzzy name, then by TPID. It is pure: no SQL, no HTTP, no
// clock, and the same input gives the same output, to the byte.
//
// Each record is taken apart once (entity.go). For each account a handful of
// cheap arms propose customers (candidates.go); each pair is compared field by
// field (evidence.go), and each comparison adds bits (model.go, weights.go).
// As an account has at most one customer, its candidates and "none of them"
// share one unit of probability.
package matcher

import "actnow"

// Record is one customer of the reports or one account of the CRM. Key is
// unique on its side. Empty fields are unknown.
type Record struct {
	Key        string
	Name       string
	Website    string   // URL, host or domain, in any spelling
	Domains    []string // further domains
	Email      string
	City       string
	State      string
	PostalCode string
	Country    string
	TPID       string
}

// Decision is a person's word on a pair, which stands over any score.
type Decision struct {
	Customer, Account string // keys
	Verdict           actnow.Verdict
}

// Candidate is a customer an account may belong to.
type Candidate struct {
	Customer    string            `json:"customer"`
	Probability float64           `json:"probability"` // in [0, 1]
	Stage       actnow.MatchStage `json:"stage"`
	Comparisons []Comparison      `json:"comparisons"`
	Reason      string            `json:"reason"` // one English sentence, with the values of both sides
}

// Comparison is one field of a pair and the weight its agreement carries.
type Comparison struct {
	Field    string  `json:"field"`    // "domain", "name", "city", "country", "tpid", …
	Customer string  `json:"customer"` // the customer's value as given
	Account  string  `json:"account"`  // the account's value as given
	Level    string  `json:"level"`    // "equal", "alike", "different", "missing"
	Bits     float64 `json:"bits"`     // match weight: log2 of the likelihood ratio
	Code     string  `json:"code"`     // names the sentence in the message catalogues
	Args     []any   `json:"args"`     // fill it, in order
	Note     string  `json:"note"`     // the same in English
}

// Match is the outcome for one account. Best is Candidates[0] if there is any
// candidate with probability 0.05 or more.
type Match struct {
	Account    string           `json:"account"`
	Band       actnow.MatchBand `json:"band"`
	Decided    bool             `json:"decided"`    // a person decided it
	Candidates []Candidate      `json:"candidates"` // best first, at most five
}
