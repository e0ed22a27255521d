package scoring

import "math"

// foreignShare is the share of rows to be judged, with a feature outside what
// the training rows hold, from which the feature is not learned from: its effect
// there would be a guess, and what it explained is better left to the others.
const foreignShare = 0.5

// heed looks at the rows that are to be judged, not at their outcomes, and makes
// the recipe careful: features that they do not share are left out, and where
// anything has changed much, the model stays simple. It returns the drift of
// each feature.
func (r *recipe) heed(judged *frame, rows []int) []float64 {
	r.use = familiar(r.frame, r.rows, judged, rows)
	psi := drift(r.frame, r.rows, judged, rows)
	for j := range psi {
		r.simple = r.simple || !r.use[j] || psi[j] >= driftAct
	}
	return psi
}

// familiar says which features the rows to be judged share with the training
// rows: categories whose levels are known, numbers within the range.
func familiar(train *frame, trainRows []int, judged *frame, judgedRows []int) []bool {
	use := make([]bool, len(train.nums))
	for j := range use {
		foreign, known := 0, 0
		if values := train.cats[j]; values != nil {
			seen := map[string]bool{}
			for _, i := range trainRows {
				seen[values[i]] = true
			}
			for _, i := range judgedRows {
				if v := judged.cats[j][i]; v != "" {
					known++
					if !seen[v] {
						foreign++
					}
				}
			}
		} else {
			low, high := math.Inf(1), math.Inf(-1)
			for _, i := range trainRows {
				if v := train.nums[j][i]; !math.IsNaN(v) {
					low, high = min(low, v), max(high, v)
				}
			}
			for _, i := range judgedRows {
				if v := judged.nums[j][i]; !math.IsNaN(v) {
					known++
					if v < low || v > high {
						foreign++
					}
				}
			}
		}
		use[j] = float64(foreign) <= foreignShare*float64(known)
	}
	return use
}

// driftWatch and driftAct are the customary levels of the population stability
// index from which a change is worth a look, and from which it is worth an act.
const (
	driftWatch = 0.10
	driftAct   = 0.25
)

// drift returns the population stability index of each feature between the
// training rows and the rows to be judged, over the bins of the training rows
// with missing as one, less what chance alone would give; 0 if chance alone may
// have given it.
func drift(train *frame, trainRows []int, judged *frame, judgedRows []int) []float64 {
	out := make([]float64, len(train.nums))
	fine := resolutionFor(train, nil)
	if len(trainRows) == 0 || len(judgedRows) == 0 {
		return out
	}
	for j := range out {
		b, ok := newBasis(train, j, trainRows, fine)
		if !ok {
			continue
		}
		before, after := make([]float64, b.bins), make([]float64, b.bins)
		for _, i := range trainRows {
			before[b.bin(train, i)]++
		}
		for _, i := range judgedRows {
			after[b.bin(judged, i)]++
		}
		out[j] = stability(before, after, float64(len(trainRows)), float64(len(judgedRows)))
	}
	return out
}
