package scoring

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestLikelySpread draws small worlds of which the truth is known: on the mean a fit that
// expects effects of some size is nearer to it than one that expects any.
func TestLikelySpread(t *testing.T) {
	const worlds, rows, later, levels = 40, 60, 200, 4
	var loss [2]float64
	for world := range worlds {
		random := rand.New(rand.NewPCG(uint64(world), 9))
		truth, bins := make([]float64, rows+later), make([]uint8, (rows+later)*3)
		d := &design{weight: ones(rows), active: bins[:rows*3]}
		for range 3 {
			d.blocks = append(d.blocks, block{size: levels, penalty: identity(levels), spread: 1})
		}
		for i := range truth {
			odds := 0.0
			for k := range 3 {
				level := random.IntN(levels)
				bins[i*3+k] = uint8(level)
				odds += [3]float64{1, 0.5, 0}[k] * float64(level-1)
			}
			truth[i] = sigmoid(odds - 1)
			if i < rows {
				y := 0.0
				if random.Float64() < truth[i] {
					y = 1
				}
				d.outcome = append(d.outcome, y)
			}
		}
		for k := range loss {
			if k == 1 {
				for b := range d.blocks {
					d.blocks[b].spread = 0
				}
			}
			f, err := d.fit(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := rows; i < len(truth); i++ {
				odds, p := f.intercept, truth[i]
				for b := range 3 {
					odds += f.effects[b][bins[i*3+b]]
				}
				loss[k] += (p*logLoss(sigmoid(odds), 1) + (1-p)*logLoss(sigmoid(odds), 0)) / (worlds * later)
			}
		}
	}
	t.Logf("log loss %.4f, %.4f where effects may be of any size", loss[0], loss[1])
	if loss[0] >= loss[1] {
		t.Errorf("log loss %.4f, %.4f where effects may be of any size", loss[0], loss[1])
	}
}

// TestFaultless fits a feature that tells thirty rows apart without a fault: its effects
// grow less where a spread is expected. Numbers have a unit of their own, and are fitted
// as if nothing were expected.
func TestFaultless(t *testing.T) {
	const rows = 30
	d := &design{weight: ones(rows), blocks: []block{{size: 2, penalty: identity(2), spread: 1}}}
	for i := range rows {
		d.active, d.outcome = append(d.active, uint8(i%2)), append(d.outcome, float64(i%2))
	}
	apart := func(spread float64, numbers bool) float64 {
		d.blocks[0].spread, d.numbers = spread, numbers
		f, err := d.fit(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return f.effects[0][1] - f.effects[0][0]
	}
	bound, free := apart(1, false), apart(0, false)
	t.Logf("apart %.2f, %.2f where effects may be of any size", bound, free)
	if !(bound > 4 && free > bound+2) {
		t.Errorf("apart %.2f, %.2f where effects may be of any size", bound, free)
	}
	if expected, any := apart(1, true), apart(0, true); math.Abs(expected-any) > 1e-12 {
		t.Errorf("numbers are apart %g where a spread is expected, else %g", expected, any)
	}
}
