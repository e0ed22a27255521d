package scoring

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"actnow"
)

// tallyOf counts customers of some rows each, of which all or none are hits.
func tallyOf(each int, rates ...[2]int) BandTally {
	c := NewBandCounter(DefaultEdges)
	for k, r := range rates {
		for i := range r[0] {
			hits := 0
			if i < r[1] {
				hits = each
			}
			c.Add(actnow.Bands[k], each, hits)
		}
	}
	return c.Tally()
}

func TestBandPromises(t *testing.T) {
	for _, tt := range []struct {
		name     string
		tally    BandTally
		together float64
		want     [3]BandVerdict
	}{
		{"kept", tallyOf(1, [2]int{200, 120}, [2]int{200, 60}, [2]int{400, 40}, [2]int{400, 4}), 1, [3]BandVerdict{BandKept, BandKept, BandKept}},
		{"inverted", tallyOf(1, [2]int{200, 20}, [2]int{200, 60}, [2]int{400, 40}, [2]int{400, 4}), 1, [3]BandVerdict{BandInverted, BandKept, BandKept}},
		{"settling", tallyOf(1, [2]int{200, 44}, [2]int{200, 30}, [2]int{400, 40}, [2]int{400, 4}), 1, [3]BandVerdict{BandOpen, BandOpen, BandKept}},
		{"flat", tallyOf(1, [2]int{400, 80}, [2]int{400, 80}, [2]int{400, 40}, [2]int{400, 4}), 1, [3]BandVerdict{BandFlat, BandKept, BandKept}},
		{"few", tallyOf(1, [2]int{6, 3}, [2]int{9, 3}, [2]int{400, 80}, [2]int{0, 0}), 1, [3]BandVerdict{BandOpen, BandOpen, BandOpen}},
		{"nothing", tallyOf(1), 1, [3]BandVerdict{BandOpen, BandOpen, BandOpen}},
		{"all hits", tallyOf(1, [2]int{50, 50}, [2]int{50, 50}), 1, [3]BandVerdict{BandOpen, BandOpen, BandOpen}},
		// The rows of the first case, but ten of each customer: a tenth as much is known.
		{"together", tallyOf(10, [2]int{20, 12}, [2]int{20, 6}, [2]int{40, 4}, [2]int{40, 0}), 10, [3]BandVerdict{BandOpen, BandOpen, BandOpen}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.tally.Together; got < tt.together || got > 1.05*tt.together {
				t.Errorf("design effect %g, want %g", got, tt.together)
			}
			for k, b := range tt.tally.Promises {
				t.Logf("%s over %s: %.3f (%.3f to %.3f) %s, %d missing", b.Higher, b.Lower, b.Difference, b.Low, b.High, b.Verdict, b.Missing)
				if b.Verdict != tt.want[k] || (b.Missing > 0) != (b.Verdict == BandOpen) || b.Low > b.Difference || b.High < b.Difference {
					t.Errorf("%+v, want %s", b, tt.want[k])
				}
			}
		})
	}
}

// TestNewcombe checks the interval against the example of Newcombe (1998), table II: 56 of
// 70 and 48 of 80 differ by 0.0524 to 0.3339.
func TestNewcombe(t *testing.T) {
	b := tallyOf(1, [2]int{70, 56}, [2]int{80, 48}).Promises[0]
	for _, v := range [][2]float64{{b.Difference, 0.2}, {b.Low, 0.0524}, {b.High, 0.3339}} {
		if d := v[0] - v[1]; d < -5e-5 || d > 5e-5 {
			t.Errorf("%.4f, want %.4f", v[0], v[1])
		}
	}
}

// TestBandAlarms checks how often chance alone is taken for an inversion, with customers
// that come six times and are alike each time: two equal bands are told apart, to either
// side, in about 5 of 100 cases.
func TestBandAlarms(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	const trials = 2000
	told, plain := 0, 0
	for range trials {
		c := NewBandCounter(DefaultEdges)
		for k := range 2 {
			for range 150 {
				p, hits := 0.05, 0
				if r.Float64() < 0.25 {
					p = 0.65
				}
				for range 6 {
					if r.Float64() < p {
						hits++
					}
				}
				c.Add(actnow.Bands[k], 6, hits)
			}
		}
		tally := c.Tally()
		if v := tally.Promises[0].Verdict; v == BandKept || v == BandInverted {
			told++
		}
		if v := newBandTally(tally.Edges, tally.Outcomes, 1).Promises[0].Verdict; v == BandKept || v == BandInverted {
			plain++
		}
	}
	t.Logf("told apart by chance in %d of %d cases; %d if customers are taken for rows", told, trials, plain)
	if told > trials*7/100 || told < trials*3/100 || plain < 2*told {
		t.Errorf("%d of %d cases", told, trials)
	}
}

// TestModelTally checks that a model's bands can be counted by other edges.
func TestModelTally(t *testing.T) {
	m := learnOf(t, market{customers: 300, strength: 1.2, areas: oneArea}.lesson(Fit), actnow.Azure).model
	if m == nil {
		t.Fatal("no model")
	}
	if diff := cmp.Diff(m.Bands, m.Tally(DefaultEdges).Outcomes); diff != "" {
		t.Error(diff)
	}
	wide := m.Tally(Edges{High: 50.5, Medium: 40, Low: 0.1})
	_, rows := wide.Rate()
	if high := wide.Outcomes[0]; rows != m.Validation.Rows || high.Rows <= m.Bands[0].Rows {
		t.Errorf("%+v of %d rows", wide, m.Validation.Rows)
	}
	old := *m
	old.Outcomes, old.Scored = nil, nil
	if err := old.seal(); err != nil {
		t.Fatal(err)
	}
	parsed, err := ParseModel(old.JSON())
	if err != nil {
		t.Fatal(err)
	}
	if tally := parsed.Tally(Edges{High: 90, Medium: 50, Low: 10}); tally.Edges != DefaultEdges || !cmp.Equal(tally.Outcomes, m.Bands) {
		t.Errorf("a model of an early version: %+v", tally)
	}
	for _, bad := range []PointOutcomes{{Together: 0.5}, {Together: 1, Points: []PointOutcome{{From: 3, Rows: 1}, {From: 2, Rows: 1}}}, {Together: 1, Points: []PointOutcome{{From: 3, Rows: 1, Hits: 2}}}} {
		broken := *m
		broken.Outcomes = &bad
		if err := broken.seal(); err != nil {
			t.Fatal(err)
		}
		if _, err := ParseModel(broken.JSON()); err == nil {
			t.Errorf("%+v is read", bad)
		}
	}
}

// TestScoreDrift checks that the score's own drift is seen, and not where there is none.
func TestScoreDrift(t *testing.T) {
	mk := market{customers: 400, strength: 1.2, areas: oneArea}
	l := mk.lesson(Fit)
	m := learnOf(t, l, actnow.Azure).model
	if m == nil {
		t.Fatal("no model")
	}
	present := frameOf(m.Features, l.present[actnow.Azure])
	points := m.pointsOf(present)
	same := newDriftCount(m)
	same.add(present, points)
	if d := same.drift("2026-11"); d.Score == nil || d.Score.PSI != 0 || d.Worst() != DriftNone {
		t.Errorf("of the same customers: %+v", d.Score)
	}
	moved := newDriftCount(m)
	for i := range points {
		points[i] = min(100, points[i]+15)
	}
	moved.add(present, points)
	d := moved.drift("2026-11")
	t.Logf("15 points up: index %.2f", d.Score.PSI)
	if d.Score.Level != DriftAct || d.Worst() != DriftAct {
		t.Errorf("of customers that score higher: %+v", d.Score)
	}
	m.Scored = nil
	early := newDriftCount(m)
	early.add(present, points)
	if d := early.drift("2026-11"); d.Score != nil || d.Worst() != DriftNone {
		t.Errorf("of a model of an early version: %+v", d.Score)
	}
}
