package matcher

import (
	"math"
	"slices"
	"sync"
)

// rising and falling are the runs of terms along which more agreement must not
// weigh less, whatever a sample says.
var rising = [][2]term{
	{termName, term(len(simKnots))}, {termNameSameDomain, term(len(simKnots))},
	{termRare, term(len(rareKnots))}, {termCompact, term(len(compactKnots))},
}

var falling = [][2]term{
	{termOddAccount, term(len(oddKnots))}, {termOddCustomer, term(len(oddKnots))}, {termOddSameDomain, term(len(oddKnots))},
	{termDomain, 3}, {termLabel, 4}, {termLegal, 3}, {termCity, 3}, {termCitySameDomain, 3}, {termPostal, 3},
	{termStateEqual, 2}, {termCountryEqual, 2}, {termCountryGuessEqual, 2}, {termTPIDEqual, 2},
}

// monotone moves the weights to the nearest ones that rise and fall as they must.
func monotone(w []float64) {
	for _, r := range rising {
		poolViolators(w[r[0] : r[0]+r[1]])
	}
	for _, r := range falling {
		run := w[r[0] : r[0]+r[1]]
		slices.Reverse(run)
		poolViolators(run)
		slices.Reverse(run)
	}
}

// poolViolators makes run non-decreasing with least squared change.
func poolViolators(run []float64) {
	type block struct {
		sum float64
		n   int
	}
	var blocks []block
	for _, x := range run {
		b := block{x, 1}
		for len(blocks) > 0 && blocks[len(blocks)-1].sum/float64(blocks[len(blocks)-1].n) > b.sum/float64(b.n) {
			last := blocks[len(blocks)-1]
			b = block{b.sum + last.sum, b.n + last.n}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	i := 0
	for _, b := range blocks {
		for range b.n {
			run[i] = b.sum / float64(b.n)
			i++
		}
	}
}

// learn maximises the likelihood of the choices, less a ridge, by Adam.
func learn(choices []choice) (w [numTerms]float64, loss float64) {
	const (
		steps = 350
		ridge = 3.0 // in accounts' weight, per squared bit
		rate  = 0.08
	)
	w = weights
	var m, v [numTerms]float64
	total := 0.0
	for _, c := range choices {
		total += c.weight
	}
	for step := 1; step <= steps; step++ {
		var parts [2][numTerms]float64
		var losses [2]float64
		var wg sync.WaitGroup
		for half := range 2 {
			wg.Go(func() {
				g := &parts[half]
				var scores []float64
				for i := half; i < len(choices); i += 2 {
					c := &choices[i]
					scores = scores[:0]
					sum := 0.0
					for _, terms := range c.candidates {
						s := 0.0
						for _, x := range terms {
							s += w[x.term] * x.share
						}
						scores = append(scores, s)
						sum = log2Sum(sum, s)
					}
					if c.right >= 0 {
						losses[half] += c.weight * (sum - scores[c.right])
					} else {
						losses[half] += c.weight * sum
					}
					for j, terms := range c.candidates {
						d := math.Exp2(scores[j] - sum)
						if j == c.right {
							d--
						}
						if math.Abs(d) < 1e-6 {
							continue
						}
						for _, x := range terms {
							g[x.term] += c.weight * d * x.share
						}
					}
				}
			})
		}
		wg.Wait()
		loss = (losses[0] + losses[1]) / total
		r := rate
		if step > steps/2 {
			r *= 2 * (1 - float64(step)/float64(steps))
		}
		for k := range w {
			g := (parts[0][k] + parts[1][k] + 2*ridge*0.01*w[k]) / total
			m[k] = 0.9*m[k] + 0.1*g
			v[k] = 0.99*v[k] + 0.01*g*g
			mh, vh := m[k]/(1-math.Pow(0.9, float64(step))), v[k]/(1-math.Pow(0.99, float64(step)))
			w[k] -= r * mh / (math.Sqrt(vh) + 1e-8)
		}
		monotone(w[:])
	}
	return w, loss
}

// calibrate returns the slope and the offset that make scores of sets the
// weights were not fitted on most likely: Platt's scaling, by a fine grid.
func calibrate(choices []choice, scores [][]float64) (slope, offset float64) {
	best := math.Inf(1)
	try := func(a, b float64) {
		loss := 0.0
		for i, c := range choices {
			sum := 0.0
			for _, s := range scores[i] {
				if s > -20 {
					sum = log2Sum(sum, a*s+b)
				}
			}
			if c.right >= 0 {
				sum -= a*scores[i][c.right] + b
			}
			loss += c.weight * sum
		}
		if loss < best {
			best, slope, offset = loss, a, b
		}
	}
	for a := 0.5; a < 1.25; a += 0.1 {
		for b := -3.0; b < 3; b += 0.5 {
			try(a, b)
		}
	}
	a0, b0 := slope, offset
	for a := a0 - 0.08; a < a0+0.09; a += 0.02 {
		for b := b0 - 0.4; b < b0+0.5; b += 0.1 {
			try(a, b)
		}
	}
	return slope, offset
}

// scoreAll returns the scores of the candidates of each choice that count.
func scoreAll(w *[numTerms]float64, choices []choice) [][]float64 {
	out := make([][]float64, len(choices))
	for i, c := range choices {
		for _, terms := range c.candidates {
			s := 0.0
			for _, x := range terms {
				s += w[x.term] * x.share
			}
			out[i] = append(out[i], s)
		}
	}
	return out
}

// cautious lowers the offset until the band match of every set that has enough
// of it is right in 99 of 100 cases, and returns it.
func cautious(sets [][]choice, scores [][]float64, slope, offset float64) float64 {
	for ; ; offset -= 0.1 {
		good, first := true, 0
		for _, set := range sets {
			n, right := bandMatch(set, scores[first:first+len(set)], slope, offset)
			good = good && (n < 200 || float64(right) >= 0.99*float64(n))
			first += len(set)
		}
		if good {
			return offset
		}
	}
}

// bandMatch returns how many accounts come into band match, and how many of
// them rightly.
func bandMatch(set []choice, scores [][]float64, slope, offset float64) (n, right int) {
	for i, c := range set {
		sum, best := 0.0, -1
		for j, s := range scores[i] {
			sum = log2Sum(sum, slope*s+offset)
			if best < 0 || s > scores[i][best] {
				best = j
			}
		}
		if best < 0 || c.held[best] || math.Exp2(slope*scores[i][best]+offset-sum) < MatchFrom {
			continue
		}
		n++
		if best == c.right {
			right++
		}
	}
	return n, right
}
