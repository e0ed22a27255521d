package scoring

import (
	"cmp"
	"slices"

	"actnow"
)

// Shift is how many customers of an area another matrix would move from one cluster
// to another.
type Shift struct {
	Area      actnow.Area    `json:"area"`
	From      actnow.Cluster `json:"from"`
	To        actnow.Cluster `json:"to"`
	Customers int            `json:"customers"`
}

// NewShifts returns the shifts with their counts: by area, most customers first.
func NewShifts(counts map[Shift]int) []Shift {
	list := make([]Shift, 0, len(counts))
	for s, n := range counts {
		s.Customers = n
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Shift) int {
		return cmp.Or(cmp.Compare(slices.Index(actnow.Areas, a.Area), slices.Index(actnow.Areas, b.Area)), cmp.Compare(b.Customers, a.Customers),
			cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return list
}

// Moved returns how many customers shifts lead into a cluster and out of it.
func Moved(list []Shift, cluster actnow.Cluster) (in, out int) {
	for _, s := range list {
		if s.To == cluster {
			in += s.Customers
		}
		if s.From == cluster {
			out += s.Customers
		}
	}
	return in, out
}
