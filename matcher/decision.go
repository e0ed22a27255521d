package matcher

import (
	"maps"
	"slices"

	"actnow"
)

// accountDecisions is what people have decided about one account.
type accountDecisions struct {
	yes string          // key of its customer, or ""
	no  map[string]bool // keys of customers it does not belong to
}

func (d accountDecisions) equal(o accountDecisions) bool {
	return d.yes == o.yes && maps.Equal(d.no, o.no)
}

// settle plays decisions in the order they were made. The last word on a pair
// stands; undone leaves the pair as if nobody had decided. Of several customers
// confirmed for an account the last one stands.
func settle(decisions []Decision) map[string]accountDecisions {
	type word struct {
		verdict actnow.Verdict
		at      int
	}
	last := make(map[Decision]word, len(decisions)) // the key's Verdict is ""
	for i, d := range decisions {
		pair := Decision{Customer: d.Customer, Account: d.Account}
		if d.Verdict == actnow.VerdictYes || d.Verdict == actnow.VerdictNo {
			last[pair] = word{d.Verdict, i}
		} else {
			delete(last, pair)
		}
	}
	out := make(map[string]accountDecisions)
	for i, d := range decisions {
		pair := Decision{Customer: d.Customer, Account: d.Account}
		w, ok := last[pair]
		if !ok || w.at != i {
			continue
		}
		a := out[d.Account]
		if w.verdict == actnow.VerdictYes {
			a.yes = d.Customer
		} else {
			if a.no == nil {
				a.no = make(map[string]bool)
			}
			a.no[d.Customer] = true
		}
		out[d.Account] = a
	}
	return out
}

// decided is the code of a person's word.
const decided = "match.decided"

// Confirmed returns the candidate as a person's yes leaves it: certain, with
// that person's word as the last of its comparisons. Confirming twice changes
// nothing.
func (c Candidate) Confirmed() Candidate {
	c.Probability = 1
	if !slices.ContainsFunc(c.Comparisons, func(row Comparison) bool { return row.Code == decided }) {
		c.Comparisons = append(slices.Clip(c.Comparisons), note("decision", levelEqual, 0, decided))
		c.Reason = reason(c.Comparisons)
	}
	return c
}

// Undecided returns a confirmed candidate as it is without a person's word: what its
// own comparisons say, as if there were no other, and at most what a person must see.
func (c Candidate) Undecided() Candidate {
	c.Comparisons = slices.DeleteFunc(slices.Clone(c.Comparisons), func(row Comparison) bool { return row.Code == decided })
	bits := 0.0
	for _, row := range c.Comparisons {
		bits += row.Bits
	}
	p, _ := posterior([]float64{bits})
	c.Probability = held(p[0])
	c.Reason = reason(c.Comparisons)
	return c
}
