package scoring_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"actnow/scoring"
)

func TestMeasure(t *testing.T) {
	// Twenty rows whose figures can be worked out by hand: 0.2 among ten rows
	// with two wins, 0.7 among ten with seven.
	var p, y []float64
	for i := range 20 {
		p = append(p, 0.2+0.5*float64(i/10))
		won := i < 2 || i >= 10 && i < 17
		y = append(y, map[bool]float64{true: 1}[won])
	}
	m := scoring.Measure(p, y, 0.45)
	wantLoss := -(2*math.Log(0.2) + 8*math.Log(0.8) + 7*math.Log(0.7) + 3*math.Log(0.3)) / 20
	wantBase := -(9*math.Log(0.45) + 11*math.Log(0.55)) / 20
	wantAUC := (7*8 + 0.5*(7*3+2*8)) / (9 * 11)
	for _, f := range []struct {
		name      string
		got, want float64
	}{{"log loss", m.LogLoss, wantLoss}, {"base loss", m.BaseLoss, wantBase}, {"AUC", m.AUC, wantAUC}, {"slope", m.Slope, 1}, {"intercept", m.Intercept, 0}} {
		if math.Abs(f.got-f.want) > 1e-6 {
			t.Errorf("%s = %g, want %g", f.name, f.got, f.want)
		}
	}
	if m.Rows != 20 || m.Positives != 9 {
		t.Errorf("%d rows, %d positives", m.Rows, m.Positives)
	}
	if one := scoring.Measure([]float64{0.3, 0.4}, []float64{1, 1}, 0.5); one.AUC != 0.5 || one.AUCLow != 0 || one.AUCHigh != 1 {
		t.Errorf("without both outcomes: %+v", one)
	}
	if none := scoring.Measure(nil, nil, 0.5); none != (scoring.Measures{}) {
		t.Errorf("of nothing: %+v", none)
	}
}

// TestMeasureAUC compares with the definition: the share of pairs in order.
func TestMeasureAUC(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(t, "n")
		p, y := make([]float64, n), make([]float64, n)
		for i := range n {
			p[i] = float64(rapid.IntRange(1, 9).Draw(t, "p")) / 10
			y[i] = float64(rapid.IntRange(0, 1).Draw(t, "y"))
		}
		y[0], y[1] = 0, 1
		pairs, right := 0.0, 0.0
		for i := range n {
			for j := range n {
				if y[i] != 1 || y[j] != 0 {
					continue
				}
				pairs++
				switch {
				case p[i] > p[j]:
					right++
				case p[i] == p[j]:
					right += 0.5
				}
			}
		}
		m := scoring.Measure(p, y, 0.5)
		if math.Abs(m.AUC-right/pairs) > 1e-12 || m.AUCLow > m.AUC || m.AUCHigh < m.AUC || m.ECE < 0 || m.ECE > 1 {
			t.Fatalf("AUC %g, want %g; %+v", m.AUC, right/pairs, m)
		}
	})
}
