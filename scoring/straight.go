package scoring

import (
	"math"
	"slices"
)

// straight is a straight part of a number's effect: so much for each unit of it, or of
// its signed logarithm, beside what the ranges say. An effect that is straight costs one
// parameter instead of one a range, and tells rows of the same range apart.
type straight struct {
	basis         int // of the number, by its place in the scorecard
	logarithm     bool
	low, high     float64 // what lies beyond them is read as they are
	center, scale float64 // mean and spread of what is read
	slope         float64 // for one spread
}

const (
	fewestRanges = 8      // of a number, where a straight part may say more than they do
	tail         = 0.01   // share of the rows at either end that low and high cut off
	straightRows = 10_000 // of more, fits take long: rows in the same ranges are no longer alike
)

// newStraights returns straight parts, with slopes of 0, of the numbers among the bases.
func newStraights(bases []basis, s sample) []straight {
	var out []straight
	for k := range bases {
		if !bases[k].numeric() || len(bases[k].edges)+1 < fewestRanges {
			continue
		}
		values := s.frame.nums[bases[k].column]
		low, high := ends(values, s)
		for _, logarithm := range []bool{false, true} {
			t := straight{basis: k, logarithm: logarithm, low: low, high: high}
			if t.standardise(values, s) {
				out = append(out, t)
			}
		}
	}
	return out
}

// ends returns the values that cut off the tails of the rows with weight.
func ends(values []float64, s sample) (low, high float64) {
	known := make([]float64, 0, len(s.rows))
	for i, row := range s.rows {
		if v := values[row]; !math.IsNaN(v) && s.weight[i] > 0 {
			known = append(known, v)
		}
	}
	if len(known) == 0 {
		return 0, 0
	}
	slices.Sort(known)
	cut := min(int(math.Ceil(tail*float64(len(known)))), (len(known)-1)/2)
	return known[cut], known[len(known)-1-cut]
}

// standardise sets center and scale; ok is false if all rows are alike.
func (t *straight) standardise(values []float64, s sample) (ok bool) {
	n, sum, square := 0.0, 0.0, 0.0
	for i, row := range s.rows {
		if v := values[row]; !math.IsNaN(v) {
			n, sum = n+s.weight[i], sum+s.weight[i]*t.read(v)
		}
	}
	if n == 0 {
		return false
	}
	t.center = sum / n
	for i, row := range s.rows {
		if v := values[row]; !math.IsNaN(v) {
			gap := t.read(v) - t.center
			square += s.weight[i] * gap * gap
		}
	}
	t.scale = math.Sqrt(square / n)
	return t.scale > 1e-9*(1+math.Abs(t.center))
}

func (t *straight) read(v float64) float64 {
	v = min(max(v, t.low), t.high)
	if t.logarithm {
		return math.Copysign(math.Log1p(math.Abs(v)), v)
	}
	return v
}

// at returns where a value lies, in spreads from the mean; 0 if it is missing.
func (t *straight) at(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return (t.read(v) - t.center) / t.scale
}

// along returns where rows lie on the straight parts, row-major.
func (m *scorecard) along(f *frame, rows []int) []float64 {
	out := make([]float64, 0, len(rows)*len(m.straights))
	for _, row := range rows {
		for k := range m.straights {
			t := &m.straights[k]
			out = append(out, t.at(f.nums[m.bases[t.basis].column][row]))
		}
	}
	return out
}

// straightValue returns what the straight parts of a row add up to.
func (m *scorecard) straightValue(f *frame, row int) float64 {
	sum := 0.0
	for k := range m.straights {
		t := &m.straights[k]
		if t.slope != 0 {
			sum += t.slope * t.at(f.nums[m.bases[t.basis].column][row])
		}
	}
	return sum
}

// layStraights adds the straight parts to a design, as its last block. One strength
// holds all their slopes: with a strength each, few outcomes would let one go and
// drop another by chance.
func (m *scorecard) layStraights(d *design, s sample) {
	n := len(m.straights)
	if n == 0 {
		return
	}
	d.along, d.slopes = m.along(s.frame, s.rows), n
	d.blocks = append(d.blocks, block{size: n, penalty: identity(n), spread: 1})
}
