package actnow

// RevenueKind says what a customer could still buy in an area.
type RevenueKind string

// The kinds of potential revenue.
const (
	Whitespace RevenueKind = "whitespace" // it owns nothing of the area
	Upsell     RevenueKind = "upsell"     // it owns some of it and could have more
)

// RevenueKinds lists the kinds of potential revenue.
var RevenueKinds = []RevenueKind{Whitespace, Upsell}

// RevenueBasis says what an estimate rests on.
type RevenueBasis string

// The bases of an estimate.
const (
	BasisPeers RevenueBasis = "peers" // what customers like it pay
	BasisList  RevenueBasis = "list"  // list prices and its employees, since too few buy
)

// Likeness is what a customer has in common with its peers.
type Likeness string

// The likenesses, the closest first.
const (
	AlikeIndustry Likeness = "industry" // size and industry
	AlikeSize     Likeness = "size"
	AlikeSegment  Likeness = "segment"
	AlikeArea     Likeness = "area" // no more than that they buy in the area
)

// RevenueEstimate is our own estimate of what a customer could bring in an area
// beyond what it pays: of a hundred customers like it, ten bring less than P10 a
// year, fifty less than P50 and ninety less than P90, if they buy. Amounts are in
// minor units of Currency and rounded to two figures.
type RevenueEstimate struct {
	Area          Area
	Month         Month
	Kind          RevenueKind
	P10, P50, P90 int64
	Currency      string
	Peers         int      // customers whose amounts it rests on; with BasisList those that there are
	Alike         Likeness // "" with BasisList
	Basis         RevenueBasis
	Paid          int64    // what the customer pays a year already
	Chance        *float64 // share of customers like it that buy; nil where it buys already or nobody knows
	Expected      *int64   // Chance times what they pay on average; nil without Chance
}
