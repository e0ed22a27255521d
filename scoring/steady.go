package scoring

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// steadyParts is how many parts of the rows are left out in turn, where outcomes are few.
const steadyParts = 5

// steady takes the mean of several fits in place of f, which m took from all of d: of
// fits with straight parts and without, and where outcomes are few of fits that each
// leave out a part of the rows. A row more or less may decide which features drop out,
// how steep the others are and how far ranges bend a straight effect; the mean of such
// decisions varies less than any one of them (Bühlmann and Yu, "Analyzing bagging",
// 2002), and is a scorecard like the others.
func (m *scorecard) steady(ctx context.Context, d *design, f fitted, few bool, seed uint64) error {
	fits, starts := []fitted{f}, [][]float64{}
	straight := m.strengthsFor(m)
	if d.slopes > 0 {
		bent := slices.Clone(straight)
		bent[len(bent)-1] = math.Inf(1)
		starts = append(starts, bent)
	}
	weights := [][]float64{d.weight}
	if few {
		fits, starts, weights = nil, append(starts, straight), leavingOut(d.weight, seed)
	}
	for _, weight := range weights {
		part := *d
		part.weight = weight
		for _, start := range starts {
			f, err := part.fit(ctx, start)
			if err != nil {
				return err
			}
			fits = append(fits, f)
		}
	}
	whole := mean(fits)
	whole.strengths = f.strengths // of all rows, and with straight parts
	m.take(whole)
	m.center(d.active, len(m.bases), d.weight)
	return nil
}

// mean returns the mean of the effects of fits.
func mean(fits []fitted) fitted {
	out := fitted{effects: make([][]float64, len(fits[0].effects))}
	share := 1 / float64(len(fits))
	for k := range out.effects {
		out.effects[k] = make([]float64, len(fits[0].effects[k]))
	}
	for _, f := range fits {
		out.intercept += share * f.intercept
		for k := range out.effects {
			for j, e := range f.effects[k] {
				out.effects[k][j] += share * e
			}
		}
	}
	return out
}

// leavingOut returns weights that each leave out another part of the rows.
func leavingOut(weight []float64, seed uint64) [][]float64 {
	order := rand.New(rand.NewPCG(seed, steadyParts)).Perm(len(weight))
	out := make([][]float64, steadyParts)
	for part := range out {
		out[part] = slices.Clone(weight)
		for at := part; at < len(order); at += steadyParts {
			out[part][order[at]] = 0
		}
	}
	return out
}
