package matcher

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"actnow"
)

// matchOf returns an account's match with candidates c0, c1, … of the probabilities
// given; 0 is none.
func matchOf(account string, p ...float64) Match {
	m := Match{Account: account}
	for i, x := range p {
		if x > 0 {
			m.Candidates = append(m.Candidates, Candidate{Customer: fmt.Sprint("c", i), Probability: x})
		}
	}
	slices.SortStableFunc(m.Candidates, func(a, b Candidate) int { return int(math.Copysign(1, b.Probability-a.Probability)) })
	if len(m.Candidates) > 0 {
		m.Band = band(m.Candidates[0].Probability)
	}
	return m
}

func firstOf(m Match) string {
	if len(m.Candidates) == 0 || m.Candidates[0].Probability < ReviewFrom {
		return ""
	}
	return m.Candidates[0].Customer
}

func TestOneToOne(t *testing.T) {
	t.Parallel()
	t.Run("the greatest sum, not the greatest pair", func(t *testing.T) {
		matches := []Match{matchOf("a1", 0.95, 0.94), matchOf("a2", 0.93)}
		OneToOne(matches)
		if got := []string{firstOf(matches[0]), firstOf(matches[1])}; !slices.Equal(got, []string{"c1", "c0"}) {
			t.Errorf("customers %q, want c1 and c0", got)
		}
	})
	t.Run("the loser is told to whom it lost", func(t *testing.T) {
		matches := []Match{matchOf("a1", 0.999), matchOf("a2", 0.99)}
		OneToOne(matches)
		lost := matches[1]
		if lost.Band != actnow.BandNone || len(lost.Candidates) != 1 || math.Abs(lost.Candidates[0].Probability-0.99*0.001/(1-0.99*0.999)) > 1e-12 ||
			lost.Candidates[0].Reason != "account a1 fits this customer better" {
			t.Errorf("%+v", lost)
		}
	})
	t.Run("people's word stands", func(t *testing.T) {
		matches := []Match{matchOf("a1", 0.97), matchOf("a2", 1), matchOf("a3", 1)}
		matches[1].Decided, matches[2].Decided = true, true
		OneToOne(matches)
		if firstOf(matches[0]) != "" || firstOf(matches[1]) != "c0" || firstOf(matches[2]) != "c0" {
			t.Errorf("%+v", matches)
		}
	})
	t.Run("many that compete", func(t *testing.T) {
		var matches []Match
		for i := range maxCompeting + 5 {
			matches = append(matches, matchOf(fmt.Sprintf("a%03d", i), 0.5+0.001*float64(i)))
		}
		OneToOne(matches)
		for i := range matches {
			if got := firstOf(matches[i]); (got != "") != (i == len(matches)-1) && matches[i].Candidates[0].Probability >= 0.5 {
				t.Errorf("%s has %q", matches[i].Account, got)
			}
		}
	})
}

// TestOneToOneIsBest compares with all ways there are, in any order of the matches.
func TestOneToOneIsBest(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 8))
	for range 300 {
		n, m := 1+r.IntN(5), 1+r.IntN(4)
		p := make([][]float64, n)
		var matches []Match
		for i := range p {
			p[i] = make([]float64, m)
			for j := range p[i] {
				if r.IntN(3) > 0 {
					p[i][j] = 0.05 + 0.9*r.Float64()
				}
			}
			matches = append(matches, matchOf(fmt.Sprint("a", i), p[i]...))
		}
		r.Shuffle(len(matches), func(i, j int) { matches[i], matches[j] = matches[j], matches[i] })
		worth := func(i, j int) float64 {
			if p[i][j] < ReviewFrom {
				return math.Inf(-1)
			}
			return math.Log2(p[i][j]/(1-p[i][j])) - reviewBits
		}
		var best func(i int, gone int) float64
		best = func(i, gone int) float64 {
			if i == n {
				return 0
			}
			most := best(i+1, gone)
			for j := range m {
				if gone>>j&1 == 0 {
					most = max(most, worth(i, j)+best(i+1, gone|1<<j))
				}
			}
			return most
		}
		granted := 0.0
		seen := make(map[string]bool)
		for _, group := range competing(claimsOf(matches), len(matches)) {
			for _, c := range assign(group) {
				granted += c.bits
				if seen[c.customer] || seen[c.account] {
					t.Fatalf("%s or %s twice", c.customer, c.account)
				}
				seen[c.customer], seen[c.account] = true, true
			}
		}
		if want := best(0, 0); math.Abs(granted-want) > 1e-9 {
			t.Fatalf("sum %g, want %g for %v", granted, want, p)
		}
	}
}
