package matcher

import (
	"math"
	"slices"
	"strings"

	"actnow"
)

// OneToOne settles matches for files in which a customer has one account at most,
// in place: of all ways to give each account one of its candidates from ReviewFrom
// on, or none, no customer twice, it takes the one with the greatest sum of log
// odds. Accounts that people decided keep their customers, and nobody else gets
// those. The outcome does not depend on the order of the matches; of two equal
// ways the one that gives the first account, by key, its first customer stands.
//
// An account gets its customer as its first candidate. The probability of a
// candidate that another account got is what is left of it beside that one's:
// p(1-q)/(1-pq), if q is the other's. A row of the waterfall says so.
//
// Accounts that compete, directly or by way of others, are settled together, by the
// Hungarian method (Kuhn, 1955), in time that grows with the cube of their number;
// more than maxCompeting are settled best pair first.
func OneToOne(matches []Match) {
	claims := claimsOf(matches)
	taken := make(map[string]int) // customer → place of the match that has it
	given := make([]string, len(matches))
	for i := range matches {
		if matches[i].Decided && len(matches[i].Candidates) > 0 {
			taken[matches[i].Candidates[0].Customer] = i
			given[i] = matches[i].Candidates[0].Customer
		}
	}
	claims = slices.DeleteFunc(claims, func(c pairClaim) bool { _, gone := taken[c.customer]; return gone })
	for _, group := range competing(claims, len(matches)) {
		settleGroup := assign
		if count(group) > maxCompeting {
			settleGroup = assignGreedily
		}
		for _, c := range settleGroup(group) {
			taken[c.customer], given[c.match] = c.match, c.customer
		}
	}
	for i := range matches {
		m := &matches[i]
		if !m.Decided {
			m.give(given[i], func(customer string) (string, float64) {
				by, gone := taken[customer]
				if !gone || by == i {
					return "", 0
				}
				return matches[by].Account, probabilityOf(&matches[by], customer)
			})
		}
	}
}

// maxCompeting is how many accounts are settled together exactly.
const maxCompeting = 300

// pairClaim is a candidate that an account may get.
type pairClaim struct {
	match    int // place of the account's match
	account  string
	customer string
	bits     float64 // log2 odds beyond those of ReviewFrom
}

// claimsOf returns the candidates that come into question, by account and customer.
func claimsOf(matches []Match) []pairClaim {
	var claims []pairClaim
	for i := range matches {
		for _, c := range matches[i].Candidates {
			if c.Probability >= ReviewFrom && !matches[i].Decided {
				p := min(c.Probability, 1-1e-12)
				claims = append(claims, pairClaim{i, matches[i].Account, c.Customer, math.Log2(p/(1-p)) - reviewBits})
			}
		}
	}
	slices.SortFunc(claims, func(a, b pairClaim) int {
		if c := strings.Compare(a.account, b.account); c != 0 {
			return c
		}
		return strings.Compare(a.customer, b.customer)
	})
	return claims
}

// competing divides claims into groups that share neither account nor customer.
func competing(claims []pairClaim, matches int) [][]pairClaim {
	parent := make([]int, matches)
	for i := range parent {
		parent[i] = i
	}
	var root func(i int) int
	root = func(i int) int {
		if parent[i] != i {
			parent[i] = root(parent[i])
		}
		return parent[i]
	}
	first := make(map[string]int) // customer → a match that claims it
	for _, c := range claims {
		if other, known := first[c.customer]; known {
			parent[root(c.match)] = root(other)
		} else {
			first[c.customer] = c.match
		}
	}
	at := make(map[int]int)
	var groups [][]pairClaim
	for _, c := range claims {
		r := root(c.match)
		i, known := at[r]
		if !known {
			i = len(groups)
			at[r], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}

// count returns how many accounts a group has.
func count(group []pairClaim) int {
	n := 0
	for i := range group {
		if i == 0 || group[i].match != group[i-1].match {
			n++
		}
	}
	return n
}

// assign returns the claims of a group that are granted: those of the greatest sum.
func assign(group []pairClaim) []pairClaim {
	var accounts []int
	row, column := make(map[int]int), make(map[string]int)
	for _, c := range group {
		if _, known := row[c.match]; !known {
			row[c.match] = len(accounts)
			accounts = append(accounts, c.match)
		}
		if _, known := column[c.customer]; !known {
			column[c.customer] = len(column)
		}
	}
	// A column more for each account is its being left without a customer.
	n, m := len(accounts), len(column)+len(accounts)
	cost := make([][]float64, n)
	for i := range cost {
		cost[i] = make([]float64, m)
		for j := range cost[i] {
			cost[i][j] = math.Inf(1)
		}
		cost[i][len(column)+i] = 0
	}
	for _, c := range group {
		cost[row[c.match]][column[c.customer]] = -c.bits
	}
	chosen := hungarian(cost)
	var granted []pairClaim
	for _, c := range group {
		if chosen[row[c.match]] == column[c.customer] {
			granted = append(granted, c)
		}
	}
	return granted
}

// hungarian returns the column of each row in the assignment of least cost; there
// are at least as many columns as rows, and each row has a finite cost in a column
// of its own. It is the method of Kuhn and Munkres with potentials, row by row.
func hungarian(cost [][]float64) []int {
	n, m := len(cost), len(cost[0])
	u, v := make([]float64, n+1), make([]float64, m+1)
	rowOf, way := make([]int, m+1), make([]int, m+1) // rows from 1 on; column 0 holds the row to be placed
	for i := 1; i <= n; i++ {
		rowOf[0] = i
		at := 0
		least, used := make([]float64, m+1), make([]bool, m+1)
		for j := range least {
			least[j] = math.Inf(1)
		}
		for rowOf[at] != 0 {
			used[at] = true
			r, delta, next := rowOf[at], math.Inf(1), 0
			for j := 1; j <= m; j++ {
				if used[j] {
					continue
				}
				if c := cost[r-1][j-1] - u[r] - v[j]; c < least[j] {
					least[j], way[j] = c, at
				}
				if least[j] < delta {
					delta, next = least[j], j
				}
			}
			for j := 0; j <= m; j++ {
				if used[j] {
					u[rowOf[j]] += delta
					v[j] -= delta
				} else {
					least[j] -= delta
				}
			}
			at = next
		}
		for at != 0 {
			rowOf[at] = rowOf[way[at]]
			at = way[at]
		}
	}
	chosen := make([]int, n)
	for j := 1; j <= m; j++ {
		if rowOf[j] > 0 {
			chosen[rowOf[j]-1] = j - 1
		}
	}
	return chosen
}

// assignGreedily grants the likeliest claim of a group, then the next that is still
// possible.
func assignGreedily(group []pairClaim) []pairClaim {
	order := slices.Clone(group)
	slices.SortStableFunc(order, func(a, b pairClaim) int {
		switch {
		case a.bits > b.bits:
			return -1
		case a.bits < b.bits:
			return 1
		}
		return 0
	})
	served, gone := make(map[int]bool), make(map[string]bool)
	var granted []pairClaim
	for _, c := range order {
		if !served[c.match] && !gone[c.customer] {
			served[c.match], gone[c.customer] = true, true
			granted = append(granted, c)
		}
	}
	return granted
}

func probabilityOf(m *Match, customer string) float64 {
	for _, c := range m.Candidates {
		if c.Customer == customer {
			return c.Probability
		}
	}
	return 0
}

// give puts the customer that the account got first and lowers the probability of
// those that other accounts got, of which by tells. It must be called before any
// other match is changed by it.
func (m *Match) give(customer string, by func(customer string) (account string, p float64)) {
	kept := make([]Candidate, 0, len(m.Candidates))
	for _, c := range m.Candidates {
		if account, q := by(c.Customer); account != "" {
			c.lose(account, q)
		}
		if c.Probability >= ShownFrom {
			kept = append(kept, c)
		}
	}
	slices.SortStableFunc(kept, func(a, b Candidate) int {
		switch {
		case a.Customer == customer || b.Customer != customer && a.Probability > b.Probability:
			return -1
		case b.Customer == customer || a.Probability < b.Probability:
			return 1
		}
		return 0
	})
	m.Candidates = kept
	m.Band = actnow.BandNone
	if len(kept) > 0 {
		m.Band = band(kept[0].Probability)
	}
}

// lose lowers the probability of a candidate that another account got with the
// probability q.
func (c *Candidate) lose(account string, q float64) {
	p := c.Probability
	c.Probability = p * (1 - q) / (1 - p*q)
	if p == 0 || q >= 1 || p >= 1 {
		c.Probability = 0
		return
	}
	bits := math.Log2(c.Probability/(1-c.Probability)) - math.Log2(p/(1-p))
	if c.Comparisons != nil {
		c.Comparisons = append(slices.Clip(c.Comparisons), note("taken", levelDifferent, bits, "match.taken", account))
	}
	c.Reason = strings.TrimPrefix(c.Reason+"; "+english("match.taken", account), "; ")
}
