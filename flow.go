package actnow

// Flow says how a customer's place in an area differs between two months.
type Flow string

// The flows. Up and down go by the heat of the cluster.
const (
	FlowUp     Flow = "up"
	FlowDown   Flow = "down"
	FlowSame   Flow = "same"
	FlowNew    Flow = "new"    // has a cluster in the later month only
	FlowGone   Flow = "gone"   // a file that lists everyone lacks the customer since
	FlowUnseen Flow = "unseen" // has a cluster in the earlier month only, and no file says that the customer is gone
)

// FlowKinds lists the flows in the order pages show them.
var FlowKinds = []Flow{FlowUp, FlowDown, FlowNew, FlowGone, FlowUnseen, FlowSame}

// FlowCount is how many customers went from one cluster to another. From is ""
// for who is new, To for who is gone or unseen.
type FlowCount struct {
	Flow      Flow    `json:"flow"`
	From      Cluster `json:"from"`
	To        Cluster `json:"to"`
	Customers int     `json:"customers"`
}

// Flows compares the clusters of an area in two months.
type Flows struct {
	Area   Area        `json:"area"`
	From   Month       `json:"from_month"` // "" if there is no month to compare with
	To     Month       `json:"to_month"`   // "" if there are no scores
	Counts []FlowCount `json:"counts"`     // only those that are not 0
}

// Sum is how many customers flow that way.
func (f Flows) Sum(kind Flow) int {
	n := 0
	for _, c := range f.Counts {
		if c.Flow == kind {
			n += c.Customers
		}
	}
	return n
}

// Count is how many customers flow that way from one cluster to another.
func (f Flows) Count(kind Flow, from, to Cluster) int {
	n := 0
	for _, c := range f.Counts {
		if c.Flow == kind && c.From == from && c.To == to {
			n += c.Customers
		}
	}
	return n
}
