package scoring

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// made returns rows of numbers and categories that cross in twos and threes, with
// cells missing.
func made(rows, columns int) sample {
	r := rand.New(rand.NewPCG(3, uint64(columns)))
	f := frame{nums: make([][]float64, columns), cats: make([][]string, columns)}
	s := sample{frame: &f, rows: places(rows), weight: ones(rows)}
	for j := range columns {
		for range rows {
			v := r.NormFloat64()
			switch {
			case j%5 == 4:
				f.cats[j] = append(f.cats[j], fmt.Sprint("level ", int(math.Abs(v)*4)))
			case r.IntN(20) == 0:
				f.nums[j] = append(f.nums[j], math.NaN())
			default:
				f.nums[j] = append(f.nums[j], v)
			}
		}
	}
	known := func(j, i int) float64 {
		if v := f.nums[j][i]; !math.IsNaN(v) {
			return v
		}
		return 0
	}
	for i := range rows {
		f.ids = append(f.ids, strconv.Itoa(i))
		odds := known(0, i) - 1 + 1.5*known(1, i)*known(2, i)
		if f.cats[4][i] == "level 0" && known(3, i) > 0 {
			odds += 2 * known(0, i)
		}
		y := 0.0
		if r.Float64() < sigmoid(odds) {
			y = 1
		}
		s.outcome = append(s.outcome, y)
	}
	f.labels = s.outcome
	return s
}

// A booster's tables say of each row what its trees say together; what is left to
// an interaction averages to zero along each of its features, and so does a
// feature's own effect.
func TestBoosterTablesAddUp(t *testing.T) {
	s := made(1200, 7)
	m := newBooster(s)
	b := &boosting{sample: s, order: maxOrder, width: 7, sizes: make([]int, 7), ordered: make([]bool, 7)}
	for j, c := range m.cuts {
		b.columns = append(b.columns, j)
		b.sizes[j], b.ordered[j] = c.bins, c.numeric()
	}
	b.bins = m.binned(s.frame, s.rows)
	b.value, b.gradients, b.sums = make([]float64, 1200), make([]gradient, 1200), make([]gradient, 7*maxCuts)
	level, trees, err := b.bag(t.Context(), 0, nans(1200))
	if err != nil || len(trees) < 20 {
		t.Fatalf("%d trees, %v", len(trees), err)
	}
	masses := b.masses()
	m.take(level, trees, masses)
	values := m.values(s.frame, s.rows)
	for i := range s.rows {
		want := level
		for k := range trees {
			want += trees[k].value(b.bins[i*7 : (i+1)*7])
		}
		if math.Abs(values[i]-want) > 1e-9 {
			t.Fatalf("row %d: tables say %g, trees %g", i, values[i], want)
		}
	}
	orders := map[int]int{}
	for _, x := range m.interactions {
		orders[len(x.columns)]++
		for axis := range x.columns {
			for c, sum := range meansAlong(x, axis, masses) {
				if math.Abs(sum) > 1e-9 {
					t.Fatalf("interaction of %v averages to %g along %d at %s", x.columns, sum, x.columns[axis], c)
				}
			}
		}
	}
	if orders[2] == 0 || orders[3] == 0 || len(orders) != 2 {
		t.Errorf("interactions by order: %v", orders)
	}
	for j, effects := range m.mains {
		sum := 0.0
		for k, e := range effects {
			sum += masses[j][k] * e
		}
		if math.Abs(sum) > 1e-9 {
			t.Errorf("column %d averages to %g", j, sum)
		}
	}
}

func meansAlong(x interaction, axis int, masses [][]float64) map[string]float64 {
	mass := make([]float64, x.sizes[axis])
	for bin, class := range x.classes[axis] {
		mass[class] += masses[x.columns[axis]][bin]
	}
	out := map[string]float64{}
	for c, e := range x.effects {
		at, rest := make([]int, len(x.sizes)), c
		for k := len(x.sizes) - 1; k >= 0; k-- {
			at[k], rest = rest%x.sizes[k], rest/x.sizes[k]
		}
		w := mass[at[axis]]
		at[axis] = -1
		out[fmt.Sprint(at)] += w * e
	}
	return out
}

func TestBoostEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := boost(ctx, made(500, 7), 2); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	still := made(100, 7)
	for i := range still.outcome {
		still.outcome[i] = 1
	}
	m, _, err := boost(t.Context(), still, 3)
	if v := m.values(still.frame, still.rows[:1]); err != nil || !(v[0] > 2) || math.IsInf(v[0], 0) {
		t.Errorf("rows that all won: %v, %v", v, err)
	}
}

func TestStack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var a, b, y []float64
	for range 20_000 {
		x, z := 2*r.NormFloat64(), r.NormFloat64()
		a, b = append(a, x), append(b, z)
		v := 0.0
		if r.Float64() < sigmoid(0.3*x+0.9*z-0.5) {
			v = 1
		}
		y = append(y, v)
	}
	if wa, wb, offset := stack(a, b, y, ones(len(y)), 10); math.Abs(wa-0.3) > 0.03 || math.Abs(wb-0.9) > 0.06 || math.Abs(offset+0.5) > 0.05 {
		t.Errorf("weights %.3f, %.3f, offset %.3f; want .3, .9, -.5", wa, wb, offset)
	}
	for i := range b {
		b[i] = -b[i]
	}
	if wa, wb, _ := stack(a, b, y, ones(len(y)), 10); wb != 0 || math.Abs(wa-0.26) > 0.04 {
		t.Errorf("weights %.3f, %.3f of one that points the wrong way; want about .26 and 0", wa, wb)
	}
}

// BenchmarkBoost learns boosted pairs, four bags; its anchor is scikit-learn's
// histogram gradient boosting, as it comes, on as many numbers, where there is one.
func BenchmarkBoost(b *testing.B) {
	for _, size := range [][2]int{{33_000, 19}, {50_000, 60}} {
		s := made(size[0], size[1])
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := boost(b.Context(), s, 2); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("anchor %dx%d", size[0], size[1]), func(b *testing.B) {
			python, err := learnedPython()
			if err != nil {
				b.Skip(err)
			}
			for b.Loop() {
				out, err := exec.CommandContext(b.Context(), python, "testdata/reference.py", "time", strconv.Itoa(size[0]), strconv.Itoa(size[1])).Output()
				seconds, parseErr := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
				if err != nil || parseErr != nil {
					b.Fatal(err, parseErr)
				}
				b.ReportMetric(seconds, "fit-s")
			}
		})
	}
}

// BenchmarkShares scores rows with the reasons of a model of both kinds.
func BenchmarkShares(b *testing.B) {
	s := made(20_000, 19)
	m, err := kind{pairs: true, order: 3, weightCard: 0.5, weightBoost: 0.5}.learn(b.Context(), s, nil)
	if err != nil {
		b.Fatal(err)
	}
	d := dataset{features: make([]columnSpec, 19)}
	p := &predictor{learned: m, calibrate: calibrator{slope: 1}, published: true}
	for _, n := range []int{1, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			start := time.Now()
			for b.Loop() {
				p.predict(&d, s.frame, s.rows[:n], true)
			}
			b.ReportMetric(float64(time.Since(start).Microseconds())/float64(b.N*n), "µs/row")
		})
	}
}

// learnedPython returns an interpreter that has scikit-learn.
func learnedPython() (string, error) {
	var err error
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if err = exec.Command(name, "-c", "import sklearn").Run(); err == nil {
			return name, nil
		}
	}
	return "", fmt.Errorf("no python3 with scikit-learn: %w", err)
}
