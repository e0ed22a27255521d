package matcher

import "math"

// term is one weight of the model: a level of a comparison, or a knot of a
// curve. The weights stand in weights.go, in bits.
type term int

const (
	termPrior term = iota

	termDomain // one customer has the domain
	termDomainFew
	termDomainMany
	termDomainByMail
	termDomainOtherHost
	termDomainManyAccounts
	termDomainOtherSuffix
	termDomainConflict
	termMailConflict

	termLabel // name, initials, word, other
	_
	_
	_

	termName // a knot each of simKnots
	_
	_
	_
	_
	_
	_

	termNameSameDomain // a knot each of simKnots
	_
	_
	_
	_
	_
	_

	termOddAccount // a knot each of oddKnots
	_
	_
	_
	_

	termOddCustomer
	_
	_
	_
	_

	termOddSameDomain
	_
	_
	_
	_

	termRare // a knot each of rareKnots
	_
	_
	_
	_

	termCompact // a knot each of compactKnots
	_
	_
	_

	termFirstWord
	termAcronymShort
	termAcronymLong
	termPartial
	termForeign
	termForeignSameDomain

	termLegal // equal, alike, different
	_
	_

	termCity // equal, alike, different
	_
	_

	termCitySameDomain // equal, alike, different
	_
	_

	termPostal // equal, alike, different
	_
	_

	termStateEqual
	termStateDifferent
	termCountryEqual
	termCountryDifferent
	termCountryGuessEqual
	termCountryGuessDifferent
	termTPIDEqual
	termTPIDDifferent

	numTerms
)

// The knots of the curves; between two of them a weight runs straight.
var (
	simKnots     = []float64{0, 0.4, 0.6, 0.75, 0.85, 0.95, 1}
	oddKnots     = []float64{0, 0.25, 0.45, 0.65, 0.9} // of the bits of a word found once
	rareKnots    = []float64{-8, -3, 1, 6, 14}         // bits beyond those that single out a customer
	compactKnots = []float64{0.6, 0.8, 0.92, 1}
)

// weighted is a term and how much of it a pair has.
type weighted struct {
	term  term
	share float64
}

// appendHat spreads x over the two knots around it.
func appendHat(out []weighted, first term, knots []float64, x float64) []weighted {
	last := len(knots) - 1
	if x <= knots[0] {
		return append(out, weighted{first, 1})
	}
	for i := range last {
		if x < knots[i+1] {
			t := (x - knots[i]) / (knots[i+1] - knots[i])
			return append(out, weighted{first + term(i), 1 - t}, weighted{first + term(i+1), t})
		}
	}
	return append(out, weighted{first + term(last), 1})
}

// score returns the match weight of a pair in bits: the log2 odds that it is a
// match, were the customer the only candidate. It is the sum of the prior and
// the weights of all comparisons, as in Fellegi and Sunter, "A Theory for
// Record Linkage" (1969).
func score(terms []weighted) float64 {
	s := 0.0
	for _, w := range terms {
		s += weights[w.term] * w.share
	}
	return s
}

// posterior returns the probability that each of the scored candidates is the
// account's customer, and the bits each loses to its rivals. An account has at
// most one customer, so the odds of all candidates and of "none of them" (1)
// share one unit of probability.
func posterior(scores []float64) (p, rivals []float64) {
	p, rivals = make([]float64, len(scores)), make([]float64, len(scores))
	for i, s := range scores {
		others := 0.0 // log2 of the odds of all others and of none
		for j, r := range scores {
			if j != i {
				others = log2Sum(others, r)
			}
		}
		rivals[i] = -others
		p[i] = 1 / (1 + math.Exp2(others-s))
	}
	return p, rivals
}

// log2Sum returns log2(2^a + 2^b).
func log2Sum(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	return a + math.Log1p(math.Exp2(b-a))/math.Ln2
}
