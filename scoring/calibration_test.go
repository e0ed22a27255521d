package scoring_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"actnow/scoring"
)

// within is in which share of runs the slope of a recalibration lay within .9 and 1.1,
// its intercept within .1 of 0, and the calibration error within what a model without
// fault shows in nine cases of ten.
type within struct{ slope, intercept, ece float64 }

func newWithin(m scoring.Measures, bound float64) within {
	one := func(ok bool) float64 {
		if ok {
			return 1
		}
		return 0
	}
	return within{one(m.Slope >= 0.9 && m.Slope <= 1.1), one(math.Abs(m.Intercept) <= 0.1), one(m.ECE <= bound)}
}

func (w *within) add(v within, share float64) {
	w.slope, w.intercept, w.ece = w.slope+v.slope*share, w.intercept+v.intercept*share, w.ece+v.ece*share
}

func (w within) String() string {
	return fmt.Sprintf("%.2f %.2f %.2f", w.slope, w.intercept, w.ece)
}

// TestEvalCalibration asks how well few outcomes can be calibrated: in which share of
// runs the predictions are, in which they would be if they were without fault, so that
// the rows that judge alone leave doubt, and in which they are once they have been
// calibrated on as many other rows as were learned from.
func TestEvalCalibration(t *testing.T) {
	if !*eval || *only != "" {
		t.Skip("run with -eval")
	}
	const starts, draws = 4, 40
	random := rand.New(rand.NewPCG(1, 1))
	var table []string
	for _, few := range []int{40, 80, 200} {
		var ours, faultless, fresh within
		runs := 0
		for _, set := range developed[:4] {
			dir := "../../shared/scoring/" + set.folder
			if _, err := os.Stat(dir); err != nil {
				t.Skip("the development sets are not here")
			}
			if set.later {
				continue // what has changed by then, no calibration knows of
			}
			labels, _ := outcomes(t, dir)
			for start := range starts {
				r, err := scoring.Try(t.Context(), os.DirFS(thinned(t, dir, few, float64(start)/starts)), scoring.TryOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if !r.Published {
					continue
				}
				var p, y []float64
				for _, x := range r.Predictions() {
					p, y = append(p, x.Probability), append(y, labels[x.Row])
				}
				runs++
				bound, share := faultlessly(random, p, draws)
				faultless.add(share, 1)
				ours.add(newWithin(scoring.Measure(p, y, r.Base), bound), 1)
				fresh.add(afresh(random, p, y, r.Train, draws), 1)
			}
		}
		if runs == 0 {
			t.Fatalf("%d outcomes: nothing was published", few)
		}
		for _, w := range []*within{&ours, &faultless, &fresh} {
			*w = within{w.slope / float64(runs), w.intercept / float64(runs), w.ece / float64(runs)}
		}
		table = append(table, fmt.Sprintf("| %d | %d | %v | %v | %v |", few, runs, ours, fresh, faultless))
		fmt.Println(table[len(table)-1])
	}
	intoDocs(t, "calibration", "| outcomes | runs | Act Now | calibrated on as many other rows | without fault |\n|---:|---:|---:|---:|---:|\n", table)
}

// faultlessly draws outcomes from probabilities, as if these were right, and returns what
// calibration error nine of ten draws stay within, and how often each measure is within.
func faultlessly(random *rand.Rand, p []float64, draws int) (bound float64, share within) {
	all := make([]scoring.Measures, draws)
	errors := make([]float64, draws)
	y := make([]float64, len(p))
	for k := range all {
		for i := range p {
			y[i] = 0
			if random.Float64() < p[i] {
				y[i] = 1
			}
		}
		all[k] = scoring.Measure(p, y, 0.5)
		errors[k] = all[k].ECE
	}
	slices.Sort(errors)
	bound = errors[draws*9/10-1]
	for _, m := range all {
		share.add(newWithin(m, bound), 1/float64(draws))
	}
	return bound, share
}

// afresh calibrates probabilities on so many rows drawn from them, and returns how often
// each measure of the other rows is within.
func afresh(random *rand.Rand, p, y []float64, rows, draws int) (share within) {
	rows = min(rows, len(p)*3/4)
	for range draws {
		order := random.Perm(len(p))
		pick := func(at []int) (some, outcome []float64) {
			for _, i := range at {
				some, outcome = append(some, p[i]), append(outcome, y[i])
			}
			return some, outcome
		}
		some, outcome := pick(order[:rows])
		c := scoring.Measure(some, outcome, 0.5)
		others, outcome := pick(order[rows:])
		for i, q := range others {
			others[i] = 1 / (1 + math.Exp(-c.Intercept-c.Slope*math.Log(q/(1-q))))
		}
		bound, _ := faultlessly(random, others, 20)
		share.add(newWithin(scoring.Measure(others, outcome, 0.5), bound), 1/float64(draws))
	}
	return share
}
