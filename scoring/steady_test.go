package scoring

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSteady draws small worlds of which the truth is known: on the mean a steadied
// scorecard is nearer to it than a plain one, and its effects are still differences from
// the average row.
func TestSteady(t *testing.T) {
	const worlds, rows, later = 20, 200, 400
	var loss [2]float64
	for world := range worlds {
		random := rand.New(rand.NewPCG(uint64(world), 5))
		f := frame{nums: make([][]float64, 8), cats: make([][]string, 8)}
		s := sample{frame: &f, rows: places(rows), weight: ones(rows)}
		truth := make([]float64, rows+later)
		for j := range f.nums {
			f.nums[j] = make([]float64, len(truth))
			for i := range truth {
				f.nums[j][i] = random.NormFloat64()
			}
		}
		for i := range truth {
			truth[i] = sigmoid(-1.2 + f.nums[0][i] - 0.7*f.nums[1][i] + 0.5*math.Abs(f.nums[2][i]))
			if i < rows {
				y := 0.0
				if random.Float64() < truth[i] {
					y = 1
				}
				s.outcome = append(s.outcome, y)
			}
		}
		for k := range loss {
			s.few = k == 1
			m, err := learn(t.Context(), s, false, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i, x := range m.values(&f, places(len(truth))[rows:]) {
				p := truth[rows+i]
				loss[k] += (p*logLoss(sigmoid(x), 1) + (1-p)*logLoss(sigmoid(x), 0)) / (worlds * later)
			}
			bins := binned(m.bases, &f, s.rows)
			for j := range m.bases {
				mean := 0.0
				for i := range rows {
					mean += m.effects[j][bins[i*len(m.bases)+j]] / rows
				}
				if math.Abs(mean) > 1e-9 {
					t.Errorf("world %d, steadied %v: effects of feature %d average %g", world, s.few, j, mean)
				}
			}
		}
	}
	t.Logf("log loss %.4f plain, %.4f steadied", loss[0], loss[1])
	if loss[1] >= loss[0] {
		t.Errorf("log loss %.4f of plain scorecards, %.4f of steadied ones", loss[0], loss[1])
	}
}
