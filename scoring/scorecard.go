package scoring

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// scorecard is a model that can be read: an average, an effect for each bin of
// each feature, for numbers straight parts beside it, and for a few pairs of features
// an effect for each crossing of coarse bins. A row's value is the sum, so its reasons
// are exact.
type scorecard struct {
	bases     []basis
	pairs     []pair
	straights []straight
	intercept float64
	effects   [][]float64 // by basis and bin
	strengths []float64   // of the bases, of the pairs, then one of all straight parts
	variance  float64
	numbers   bool
}

// pair is two features that say more together than apart.
type pair struct {
	a, b    int // indexes of bases
	coarseA []int32
	coarseB []int32
	sizeA   int
	sizeB   int
	effects []float64 // row-major by coarse bins
}

func (p *pair) cell(binA, binB uint8) int {
	return int(p.coarseA[binA])*p.sizeB + int(p.coarseB[binB])
}

// Limits of what a scorecard takes in.
const (
	coarseBins    = 8
	maxPairs      = 12
	pairEvidence  = 3.0 // least log Bayes factor of a pair
	pairFromCount = 150 // rarer outcomes than that carry no pairs
)

// sample names rows of a frame with their outcomes and weights.
type sample struct {
	frame    *frame
	rows     []int
	outcome  []float64
	weight   []float64
	numbers  bool
	use      []bool // features that may be learned from; nil is all
	few      bool   // outcomes, so that a scorecard is the mean of several
	straight bool   // effects are looked for beside those of ranges
	seed     uint64 // of what is drawn
}

// mostBins is how many bins a feature may have, and cells a pair of them.
const mostBins = 256

// binned returns the bins of the rows, row-major.
func binned(bases []basis, f *frame, rows []int) []uint8 {
	out := make([]uint8, len(rows)*len(bases))
	for r, row := range rows {
		for k := range bases {
			out[r*len(bases)+k] = uint8(bases[k].bin(f, row))
		}
	}
	return out
}

// learn fits a scorecard to a sample, with pairs or without. earlier, if not
// nil, is a scorecard of nearly the same rows, whose strengths are begun with.
func learn(ctx context.Context, s sample, pairs bool, earlier *scorecard) (*scorecard, error) {
	m := &scorecard{numbers: s.numbers}
	fine := resolutionFor(s.frame, s.use)
	for column := range s.frame.nums {
		if s.use != nil && !s.use[column] {
			continue
		}
		if b, ok := newBasis(s.frame, column, s.rows, fine); ok {
			m.bases = append(m.bases, b)
		}
	}
	if s.straight {
		m.straights = newStraights(m.bases, s)
	}
	d := m.design(s, binned(m.bases, s.frame, s.rows))
	m.layStraights(d, s)
	f, err := d.fit(ctx, earlier.strengthsFor(m))
	if err != nil {
		return nil, err
	}
	if m.take(f); s.few || len(m.straights) > 0 {
		err = m.steady(ctx, d, f, s.few, s.seed)
	}
	if pairs && err == nil {
		return m.withPairs(ctx, s)
	}
	return m, err
}

func (m *scorecard) design(s sample, active []uint8) *design {
	d := &design{outcome: s.outcome, weight: s.weight, numbers: s.numbers, active: active}
	for k := range m.bases {
		d.blocks = append(d.blocks, block{size: m.bases[k].bins, penalty: m.bases[k].penalty(), spread: m.bases[k].spread()})
	}
	return d
}

// withPairs fits the sample that m was fitted to once more, with the pairs of
// features in which m leaves most unexplained. It returns m if there are none.
func (m *scorecard) withPairs(ctx context.Context, s sample) (*scorecard, error) {
	bins := binned(m.bases, s.frame, s.rows)
	pairs := findPairs(m, bins, s)
	if len(pairs) == 0 {
		return m, nil
	}
	start := slices.Concat(m.strengths[:len(m.bases)], make([]float64, len(pairs)), m.strengths[len(m.bases):])
	m = &scorecard{numbers: m.numbers, bases: m.bases, straights: slices.Clone(m.straights), pairs: pairs}
	n, width := len(s.rows), len(m.bases)+len(pairs)
	active := make([]uint8, n*width)
	for i := range n {
		row := bins[i*len(m.bases) : (i+1)*len(m.bases)]
		copy(active[i*width:], row)
		for k := range pairs {
			active[i*width+len(m.bases)+k] = uint8(pairs[k].cell(row[pairs[k].a], row[pairs[k].b]))
		}
	}
	d := m.design(s, active)
	for k := range pairs {
		size := pairs[k].sizeA * pairs[k].sizeB
		d.blocks = append(d.blocks, block{size: size, penalty: identity(size), spread: 1})
	}
	m.layStraights(d, s)
	f, err := d.fit(ctx, start)
	if err != nil {
		return nil, err
	}
	m.take(f)
	m.purify(active, s.weight)
	return m, nil
}

func (m *scorecard) take(f fitted) {
	m.intercept, m.strengths, m.variance = f.intercept, f.strengths, f.variance
	m.effects = f.effects[:len(m.bases)]
	for k := range m.pairs {
		m.pairs[k].effects = f.effects[len(m.bases)+k]
	}
	for k := range m.straights {
		m.straights[k].slope = f.effects[len(m.bases)+len(m.pairs)][k]
	}
}

// read returns the scorecard for a frame in which its features stand in other columns.
func (m *scorecard) read(from, to []Feature) *scorecard {
	if m == nil {
		return nil
	}
	moved := *m
	moved.bases = slices.Clone(m.bases)
	for k := range moved.bases {
		name := from[moved.bases[k].column].Name
		moved.bases[k].column = slices.IndexFunc(to, func(f Feature) bool { return f.Name == name })
	}
	return &moved
}

// strengthsFor returns the strengths that an earlier scorecard found for the
// same features, 0 where it has none; what was asleep is woken.
func (m *scorecard) strengthsFor(next *scorecard) []float64 {
	if m == nil {
		return nil
	}
	out := make([]float64, len(next.bases), len(next.bases)+1)
	for k := range next.bases {
		for j := range m.bases {
			if m.bases[j].column == next.bases[k].column {
				out[k] = min(m.strengths[j], stiff)
			}
		}
	}
	if len(next.straights) > 0 {
		out = append(out, 0)
		if len(m.straights) > 0 {
			out[len(next.bases)] = min(m.strengths[len(m.strengths)-1], stiff)
		}
	}
	return out
}

// value returns the scorecard's value of a row, given its bins.
func (m *scorecard) value(bins []uint8) float64 {
	sum := m.intercept
	for k := range m.bases {
		sum += m.effects[k][bins[k]]
	}
	for k := range m.pairs {
		p := &m.pairs[k]
		sum += p.effects[p.cell(bins[p.a], bins[p.b])]
	}
	return sum
}

func (m *scorecard) base() float64 { return m.intercept }

// share adds each feature's share of the rows' values, times weight, to the rows of
// shares: its own effect and half of each pair it is in, which is its Shapley value.
func (m *scorecard) share(f *frame, rows []int, weight float64, shares []float64) {
	bins, width := binned(m.bases, f, rows), len(f.nums)
	for i := range rows {
		row, to := bins[i*len(m.bases):(i+1)*len(m.bases)], shares[i*width:(i+1)*width]
		for k := range m.bases {
			to[m.bases[k].column] += weight * m.effects[k][row[k]]
		}
		for k := range m.pairs {
			p := &m.pairs[k]
			half := weight * p.effects[p.cell(row[p.a], row[p.b])] / 2
			to[m.bases[p.a].column] += half
			to[m.bases[p.b].column] += half
		}
		for k := range m.straights {
			if t := &m.straights[k]; t.slope != 0 {
				column := m.bases[t.basis].column
				to[column] += weight * t.slope * t.at(f.nums[column][rows[i]])
			}
		}
	}
}

// values returns the scorecard's values of rows.
func (m *scorecard) values(f *frame, rows []int) []float64 {
	bins := binned(m.bases, f, rows)
	out := make([]float64, len(rows))
	for i := range rows {
		out[i] = m.value(bins[i*len(m.bases):(i+1)*len(m.bases)]) + m.straightValue(f, rows[i])
	}
	return out
}

// findPairs looks at what the effects of single features leave over, crosses
// every two features, and returns the pairs that explain most of it, by the log
// Bayes factor of independent effects in their cells against none.
func findPairs(m *scorecard, bins []uint8, s sample) []pair {
	width := len(m.bases)
	coarse, sizes := make([][]int32, width), make([]int, width)
	for k := range m.bases {
		coarse[k], sizes[k] = coarsen(&m.bases[k], bins, k, width, s.weight)
	}
	residual, curvature := make([]float64, len(s.rows)), make([]float64, len(s.rows))
	for i := range s.rows {
		eta := m.value(bins[i*width:(i+1)*width]) + m.straightValue(s.frame, s.rows[i])
		if m.numbers {
			residual[i] = s.weight[i] * (s.outcome[i] - eta) / m.variance
			curvature[i] = s.weight[i] / m.variance
		} else {
			q := sigmoid(eta)
			residual[i] = s.weight[i] * (s.outcome[i] - q)
			curvature[i] = s.weight[i] * q * (1 - q)
		}
	}
	reduced := make([]uint8, len(bins))
	for i := range s.rows {
		for k := range width {
			reduced[i*width+k] = uint8(coarse[k][bins[i*width+k]])
		}
	}
	scale := 1.0
	if m.numbers {
		scale = m.variance
	}
	type found struct {
		pair
		evidence float64
	}
	var best []found
	sumR, sumW := make([]float64, 0, 64), make([]float64, 0, 64)
	for a := range width {
		for b := a + 1; b < width; b++ {
			if sizes[a] < 2 || sizes[b] < 2 {
				continue
			}
			cells := sizes[a] * sizes[b]
			sumR, sumW = sumR[:0], sumW[:0]
			for range cells {
				sumR, sumW = append(sumR, 0), append(sumW, 0)
			}
			for i := range s.rows {
				c := int(reduced[i*width+a])*sizes[b] + int(reduced[i*width+b])
				sumR[c] += residual[i]
				sumW[c] += curvature[i]
			}
			if e := evidence(sumR, sumW, scale); e > pairEvidence {
				best = append(best, found{pair{a: a, b: b, coarseA: coarse[a], coarseB: coarse[b], sizeA: sizes[a], sizeB: sizes[b]}, e})
			}
		}
	}
	slices.SortStableFunc(best, func(x, y found) int { return cmp.Compare(y.evidence, x.evidence) })
	var pairs []pair
	for _, f := range best[:min(len(best), maxPairs)] {
		pairs = append(pairs, f.pair)
	}
	return pairs
}

func evidence(sumR, sumW []float64, scale float64) float64 {
	best := math.Inf(-1)
	for _, spread := range []float64{0.01, 0.04, 0.16, 0.64} {
		v, e := spread*scale, 0.0
		for c, r := range sumR {
			e += (r*r*v/(1+v*sumW[c]) - math.Log1p(v*sumW[c])) / 2
		}
		best = max(best, e)
	}
	return best
}

// coarsen joins the bins of a feature: neighbouring ranges to about equal
// weight, missing alone if anything is; the most frequent levels, then the rest.
func coarsen(b *basis, bins []uint8, k, width int, weight []float64) (to []int32, size int) {
	mass := make([]float64, b.bins)
	for i, w := range weight {
		mass[bins[i*width+k]] += w
	}
	to = make([]int32, b.bins)
	last := b.bins - 1
	if !b.numeric() {
		if last < coarseBins {
			for j := range to {
				to[j] = int32(j)
			}
			if mass[last] == 0 && last > 0 {
				to[last] = int32(last - 1)
				return to, last
			}
			return to, b.bins
		}
		for j := range to {
			to[j] = int32(min(j, coarseBins-1)) // levels are in order of frequency
		}
		return to, coarseBins
	}
	known := 0.0
	for _, v := range mass[:last] {
		known += v
	}
	next, filled := int32(0), 0.0
	for j := range last {
		to[j] = next
		filled += mass[j]
		if filled >= known*float64(next+1)/coarseBins && j < last-1 && next < coarseBins-1 {
			next++
		}
	}
	size = int(next) + 1
	if mass[last] > 0 && last > 0 {
		to[last] = int32(size)
		size++
	}
	return to, size
}

// purify moves what a pair says of one feature alone to that feature, over the
// training rows, so that a pair's effects average to zero along both features.
func (m *scorecard) purify(active []uint8, weight []float64) {
	width := len(m.bases) + len(m.pairs)
	for k := range m.pairs {
		p := &m.pairs[k]
		mass := make([]float64, len(p.effects))
		for i, w := range weight {
			mass[active[i*width+len(m.bases)+k]] += w
		}
		alongA, alongB := make([]float64, p.sizeA), make([]float64, p.sizeB)
		for range 50 {
			moved := 0.0
			for a := range p.sizeA {
				moved = max(moved, p.shift(mass, a*p.sizeB, 1, p.sizeB, &alongA[a]))
			}
			for b := range p.sizeB {
				moved = max(moved, p.shift(mass, b, p.sizeB, p.sizeA, &alongB[b]))
			}
			if moved < 1e-12 {
				break
			}
		}
		for j := range m.effects[p.a] {
			m.effects[p.a][j] += alongA[p.coarseA[j]]
		}
		for j := range m.effects[p.b] {
			m.effects[p.b][j] += alongB[p.coarseB[j]]
		}
	}
	m.center(active, width, weight) // what moved may have an average of its own
}

// center moves the average of each feature's effects over rows to the intercept. The
// bins of a row stand first among the width entries of active.
func (m *scorecard) center(active []uint8, width int, weight []float64) {
	all := 0.0
	for _, w := range weight {
		all += w
	}
	for k := range m.bases {
		mean := 0.0
		for i, w := range weight {
			mean += w * m.effects[k][active[i*width+k]]
		}
		mean /= all
		for j := range m.effects[k] {
			m.effects[k][j] -= mean
		}
		m.intercept += mean
	}
}

// shift takes the weighted mean of a line of cells out of it and adds it to sum.
func (p *pair) shift(mass []float64, from, step, n int, sum *float64) float64 {
	total, mean := 0.0, 0.0
	for c := range n {
		total += mass[from+c*step]
		mean += mass[from+c*step] * p.effects[from+c*step]
	}
	if total == 0 {
		return 0
	}
	mean /= total
	for c := range n {
		p.effects[from+c*step] -= mean
	}
	*sum += mean
	return math.Abs(mean)
}
