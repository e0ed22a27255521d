package scoring

import (
	"context"
	"math/rand/v2"
	"slices"
)

// steadyParts is how many fits a steadied scorecard is the mean of.
const steadyParts = 5

// steady takes the mean of fits that each leave out a part of the rows in place of the
// effects of m, which were fitted to all of d. With few outcomes a row more or less
// decides which features drop out and how steep the others are; the mean of such
// decisions varies less than any one of them (Bühlmann and Yu, "Analyzing bagging",
// 2002), and is a scorecard like the others.
func (m *scorecard) steady(ctx context.Context, d *design, seed uint64) error {
	intercept, effects := 0.0, make([][]float64, len(m.bases))
	for k := range effects {
		effects[k] = make([]float64, m.bases[k].bins)
	}
	order := rand.New(rand.NewPCG(seed, steadyParts)).Perm(len(d.outcome))
	start := m.strengthsFor(m.bases)
	for part := range steadyParts {
		rest := *d
		rest.weight = slices.Clone(d.weight)
		for at := part; at < len(order); at += steadyParts {
			rest.weight[order[at]] = 0
		}
		f, err := rest.fit(ctx, start)
		if err != nil {
			return err
		}
		intercept += f.intercept / steadyParts
		for k := range effects {
			for j, e := range f.effects[k] {
				effects[k][j] += e / steadyParts
			}
		}
	}
	m.intercept, m.effects = intercept, effects
	m.center(d.active, len(d.blocks), d.weight)
	return nil
}
