package matcher

import "math"

// term is one weight of the model: a level of a comparison, or a knot of a
// curve. The weights stand in weights.go, in bits.
type term int

// The terms. A curve has a term for each of its knots, a comparison one for
// each of its levels (equal, alike, different), from the first on.
const (
	termPrior              term = 0
	termDomain             term = termPrior + 1 // one customer has the domain
	termDomainFew          term = termDomain + 1
	termDomainMany         term = termDomain + 2
	termDomainByMail       term = termDomain + 3
	termDomainOtherHost    term = termDomain + 4
	termDomainManyAccounts term = termDomain + 5
	termDomainOtherSuffix  term = termDomain + 6
	termDomainConflict     term = termDomain + 7
	termMailConflict       term = termDomain + 8
	termLabel              term = termDomain + 9 // name, initials, word, other

	termName           term = termLabel + 4
	termNameSameDomain term = termName + term(len(simKnots))
	termOddAccount     term = termNameSameDomain + term(len(simKnots))
	termOddCustomer    term = termOddAccount + term(len(oddKnots))
	termOddSameDomain  term = termOddCustomer + term(len(oddKnots))
	termRare           term = termOddSameDomain + term(len(oddKnots))
	termCompact        term = termRare + term(len(rareKnots))

	termFirstWord         term = termCompact + term(len(compactKnots))
	termAcronymShort      term = termFirstWord + 1
	termAcronymLong       term = termFirstWord + 2
	termPartial           term = termFirstWord + 3
	termForeign           term = termFirstWord + 4
	termForeignSameDomain term = termFirstWord + 5

	termLegal                 term = termForeignSameDomain + 1
	termCity                  term = termLegal + 3
	termCitySameDomain        term = termCity + 3
	termPostal                term = termCitySameDomain + 3
	termStateEqual            term = termPostal + 3
	termStateDifferent        term = termStateEqual + 1
	termCountryEqual          term = termStateEqual + 2
	termCountryDifferent      term = termStateEqual + 3
	termCountryGuessEqual     term = termStateEqual + 4
	termCountryGuessDifferent term = termStateEqual + 5
	termTPIDEqual             term = termStateEqual + 6
	termTPIDDifferent         term = termStateEqual + 7

	numTerms = termTPIDDifferent + 1
)

// The knots of the curves; between two of them a weight runs straight.
var (
	simKnots     = [...]float64{0, 0.4, 0.6, 0.75, 0.85, 0.95, 1}
	oddKnots     = [...]float64{0, 0.25, 0.45, 0.65, 0.9} // of the bits of a word found once
	rareKnots    = [...]float64{-8, -3, 1, 6, 14}         // bits beyond those that single out a customer
	compactKnots = [...]float64{0.6, 0.8, 0.92, 1}
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
	most := 0.0
	for _, s := range scores {
		most = max(most, s)
	}
	odds := make([]float64, len(scores)) // in units of the greatest
	for i, s := range scores {
		odds[i] = math.Exp2(s - most)
	}
	for i, s := range scores {
		others := math.Exp2(-most) // none of them
		for j, o := range odds {
			if j != i {
				others += o
			}
		}
		rivals[i] = -most - math.Log2(others)
		p[i] = 1 / (1 + math.Exp2(-rivals[i]-s))
	}
	return p, rivals
}

// log2Sum returns log2(2^a + 2^b).
func log2Sum(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if b < a-60 {
		return a
	}
	return a + math.Log1p(math.Exp2(b-a))/math.Ln2
}
