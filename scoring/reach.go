package scoring

import "actnow"

// reach counts who buys in an area, among the customers of whom the CRM would tell.
type reach struct {
	strata map[actnow.Likeness]map[string]*buyers
}

type buyers struct{ accounts, buying int }

// priorAccounts is how many customers of the whole area weigh in where alike ones
// are counted.
const priorAccounts = 10

func newReach() *reach {
	r := &reach{strata: map[actnow.Likeness]map[string]*buyers{}}
	for _, way := range likenesses {
		r.strata[way] = map[string]*buyers{}
	}
	return r
}

func (r *reach) add(t *kin, buys bool) {
	for _, way := range likenesses {
		name := t.stratum(way)
		if name == "" {
			continue
		}
		b := r.strata[way][name]
		if b == nil {
			b = &buyers{}
			r.strata[way][name] = b
		}
		b.accounts++
		if buys {
			b.buying++
		}
	}
}

// chance is the share of the customers alike in the way that buy, leaning on the
// share of all where they are few. The customer, who does not buy, is left out if it
// has an account. ok is false if there is nobody else.
func (r *reach) chance(t *kin, way actnow.Likeness) (p float64, ok bool) {
	self := 0
	if t.account {
		self = 1
	}
	all := r.strata[actnow.AlikeArea][t.stratum(actnow.AlikeArea)]
	if all == nil || all.accounts <= self {
		return 0, false
	}
	share := float64(all.buying) / float64(all.accounts-self)
	b := r.strata[way][t.stratum(way)]
	if b == nil {
		return share, true
	}
	return (float64(b.buying) + priorAccounts*share) / float64(b.accounts-self+priorAccounts), true
}
