package actnow

// MatchPattern is the accounts that wait for a person with evidence of one
// pattern.
type MatchPattern struct {
	Key       string // of matcher.Pattern
	Accounts  int
	Low, High float64  // probabilities of their best candidates
	Examples  []Review // the likeliest, each with its best candidate alone
	Yes, No   int      // decisions about pairs of the pattern given one by one, that stand
}

// BulkPreview is what a bulk answer would touch. Seen names exactly these pairs:
// an answer that brings it is given to them or to none.
type BulkPreview struct {
	MatchPattern
	Seen string
}

// BulkAnswer is one word on all accounts of a pattern and their best candidates.
type BulkAnswer struct {
	Batch    BatchID
	Verdict  Verdict
	Accounts int
	Stands   int // of them are not taken back or decided otherwise since
	Note     string
	By       string
	At       int64
}
