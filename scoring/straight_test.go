package scoring

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"actnow"
)

// TestStraight draws worlds whose effects are straight in a number or in its logarithm,
// with few outcomes and more: with straight parts a scorecard is nearer to the truth than
// with ranges alone, and where effects are steps it stays about as near.
func TestStraight(t *testing.T) {
	const worlds, later = 12, 500
	same := func(x float64) float64 { return x }
	for _, c := range []struct {
		name   string
		number func(normal float64) float64
		effect func(number float64) float64
		rows   int
		least  float64 // by how much the log loss falls
	}{
		{"few", same, same, 200, 0.002},
		{"more", same, same, 800, 0.002},
		{"logarithm", func(x float64) float64 { return math.Exp(2 * x) }, func(v float64) float64 { return math.Log1p(v) - 1 }, 400, 0.001},
		{"steps", same, func(v float64) float64 { return 1.5 * math.Round(math.Abs(v)) }, 800, -0.001},
	} {
		var loss [2]float64
		for world := range worlds {
			random := rand.New(rand.NewPCG(uint64(world), 6))
			n := c.rows + later
			f := frame{nums: make([][]float64, 6), cats: make([][]string, 6)}
			for j := range f.nums {
				f.nums[j] = make([]float64, n)
				for i := range n {
					if f.nums[j][i] = c.number(random.NormFloat64()); random.IntN(20) == 0 {
						f.nums[j][i] = math.NaN()
					}
				}
			}
			s := sample{frame: &f, rows: places(c.rows), weight: ones(c.rows), few: c.rows < 300}
			truth := make([]float64, n)
			for i := range n {
				odds := -1.0
				for j, slope := range []float64{1, -0.7, 0.4} {
					if x := f.nums[j][i]; !math.IsNaN(x) {
						odds += slope * c.effect(x)
					}
				}
				truth[i] = sigmoid(odds)
				if i < c.rows {
					y := 0.0
					if random.Float64() < truth[i] {
						y = 1
					}
					s.outcome = append(s.outcome, y)
				}
			}
			for k := range loss {
				s.straight = k == 1
				m, err := learn(t.Context(), s, false, nil)
				if err != nil {
					t.Fatal(err)
				}
				rows := places(n)[c.rows:]
				values, shares := m.values(&f, rows), make([]float64, later*len(f.nums))
				m.share(&f, rows, 1, shares)
				for i, x := range values {
					p := truth[c.rows+i]
					loss[k] += (p*logLoss(sigmoid(x), 1) + (1-p)*logLoss(sigmoid(x), 0)) / (worlds * later)
					for _, share := range shares[i*len(f.nums) : (i+1)*len(f.nums)] {
						x -= share
					}
					if math.Abs(x-m.base()) > 1e-9 {
						t.Fatalf("%s: shares are %g short of the value", c.name, x-m.base())
					}
				}
				mean := 0.0
				for _, x := range m.values(&f, s.rows) {
					mean += x / float64(c.rows)
				}
				if math.Abs(mean-m.base()) > 1e-9 {
					t.Errorf("%s, straight %v: the average row has %g, the base is %g", c.name, s.straight, mean, m.base())
				}
			}
		}
		t.Logf("%s: log loss %.4f of ranges alone, %.4f with straight parts", c.name, loss[0], loss[1])
		if loss[0]-loss[1] < c.least {
			t.Errorf("%s: log loss %.4f of ranges alone, %.4f with straight parts", c.name, loss[0], loss[1])
		}
	}
}

// TestStraightEnds checks that a straight part goes no further than the rows that it was
// learned from, and says nothing of what is missing.
func TestStraightEnds(t *testing.T) {
	const rows, cut = 200, 2
	f := frame{nums: [][]float64{nans(rows)}, cats: make([][]string, 1)}
	for i := range rows - 1 {
		f.nums[0][i] = float64(i)
	}
	f.nums[0][rows-2] = 1e6
	s := sample{frame: &f, rows: places(rows), weight: ones(rows)}
	b, _ := newBasis(&f, 0, s.rows, resolution{bins: 20})
	straights := newStraights([]basis{b}, s)
	if len(straights) != 2 {
		t.Fatalf("%d straight parts", len(straights))
	}
	for _, part := range straights {
		low, high := float64(cut), float64(rows-2-cut)
		if part.low != low || part.high != high || part.at(high) != part.at(1e300) || part.at(low) != part.at(-7) || part.at(high-1) >= part.at(high) {
			t.Errorf("%+v", part)
		}
		if at := part.at(math.NaN()); at != 0 {
			t.Errorf("what is missing lies at %g", at)
		}
	}
}

// TestModelOfFormat1 reads a model that was learned before there were straight parts: it
// keeps its bytes, and its scores.
func TestModelOfFormat1(t *testing.T) {
	body, err := os.ReadFile("testdata/model.1.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseModel(body)
	if err != nil {
		t.Fatal(err)
	}
	if string(m.JSON()) != string(body) {
		t.Error("other bytes")
	}
	customers := market{customers: 120, strength: 1.2, areas: oneArea}.present(Fit, actnow.Azure)
	scores, err := json.Marshal(m.Scores(customers))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(scores)
	if got, want := hex.EncodeToString(sum[:]), "ff3dedcf6590bf4f9064bb4b8d6c449e68db936a401f6e301c1166608f4d2d9d"; got != want {
		t.Errorf("scores of %d customers are %s, were %s", len(customers), got, want)
	}
	checkReasons(t, m, customers)
}
