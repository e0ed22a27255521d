package scoring_test

import (
	"encoding/csv"
	"errors"
	"math"
	"os"
	"testing"

	"pgregory.net/rapid"

	"actnow"
	"actnow/scoring"
)

func TestMatrices(t *testing.T) {
	f, err := os.Open("../../shared/cloudascent/matrix.csv")
	if os.IsNotExist(err) {
		t.Skip("matrix.csv is not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 17 {
		t.Fatalf("matrix.csv has %d rows, want 17", len(rows))
	}
	q, r := scoring.Quadrants(), scoring.Rows()
	for _, row := range rows[1:] {
		fit, _ := actnow.ParseBand(row[0])
		intent, _ := actnow.ParseBand(row[1])
		if got := q.Cell(fit, intent); string(got) != row[2] || string(got.Cluster()) != row[3] {
			t.Errorf("quadrants %s × %s = %s %s, want %s %s", fit, intent, got, got.Cluster(), row[2], row[3])
		}
		if got := r.Cell(fit, intent); string(got) != row[4] || string(got.Cluster()) != row[5] {
			t.Errorf("rows %s × %s = %s %s, want %s %s", fit, intent, got, got.Cluster(), row[4], row[5])
		}
	}
}

func TestMatrixWithoutBand(t *testing.T) {
	for _, m := range []scoring.Matrix{scoring.Quadrants(), scoring.Rows(), {}} {
		for _, bands := range [][2]actnow.Band{{"", actnow.High}, {actnow.High, ""}, {"", ""}, {"high", "high"}} {
			if got := m.Cell(bands[0], bands[1]); got != "" {
				t.Errorf("%s: %q × %q = %s, want no cell", m.Name, bands[0], bands[1], got)
			}
		}
	}
}

// TestMatrixEdges checks that points cards are read by the edges of the matrix.
func TestMatrixEdges(t *testing.T) {
	m := scoring.Quadrants()
	m.Edges = scoring.Edges{High: 99, Medium: 98, Low: 97}
	for _, p := range scoring.NewScorer(scoring.Cards()).Score(ridgeway(), november, m) {
		if p.FitBand != m.Edges.Band(*p.Fit.Points) || p.IntentBand != m.Edges.Band(*p.Intent.Points) || p.Cell != m.Cell(p.FitBand, p.IntentBand) {
			t.Errorf("%s: fit %g is %s, intent %g is %s, the cell %s", p.Area, *p.Fit.Points, p.FitBand, *p.Intent.Points, p.IntentBand, p.Cell)
		}
	}
}

func TestMatrixCheck(t *testing.T) {
	for _, m := range []scoring.Matrix{scoring.Quadrants(), scoring.Rows()} {
		if err := m.Check(); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
	double := scoring.Quadrants()
	double.Cells[actnow.High][actnow.High] = "D4"
	odd := scoring.Quadrants()
	odd.Cells[actnow.High][actnow.High] = "A5"
	nameless := scoring.Rows()
	nameless.Name = ""
	for _, m := range []scoring.Matrix{double, odd, nameless, {Name: "empty"}} {
		if err := m.Check(); !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("%q: error = %v, want ErrInvalid", m.Name, err)
		}
	}
}

func TestEdges(t *testing.T) {
	tests := []struct {
		score float64
		want  actnow.Band
		shown int
	}{
		{100, actnow.High, 100}, {75, actnow.High, 75}, {74.999, actnow.Medium, 74}, {55, actnow.Medium, 55},
		{54.999, actnow.Low, 54}, {30, actnow.Low, 30}, {29.999, actnow.VeryLow, 29}, {0, actnow.VeryLow, 0},
	}
	for _, tt := range tests {
		if got := scoring.DefaultEdges.Band(tt.score); got != tt.want || got != actnow.BandOf(tt.score) {
			t.Errorf("Band(%g) = %s, want %s", tt.score, got, tt.want)
		}
		if got := scoring.Shown(tt.score); got != tt.shown {
			t.Errorf("Shown(%g) = %d, want %d", tt.score, got, tt.shown)
		}
	}
	if got := scoring.DefaultEdges.Band(math.NaN()); got != "" {
		t.Errorf("Band(NaN) = %s, want none", got)
	}
	own := scoring.Edges{High: 90, Medium: 40, Low: 10}
	if got := own.Band(80); got != actnow.Medium {
		t.Errorf("own edges: Band(80) = %s, want Medium", got)
	}
	for _, e := range []scoring.Edges{{}, {High: 50, Medium: 55, Low: 30}, {High: 101, Medium: 55, Low: 30}, {High: math.NaN(), Medium: 2, Low: 1}} {
		if err := e.Check(); !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("Check(%v) = %v, want ErrInvalid", e, err)
		}
	}
}

func TestPoints(t *testing.T) {
	const base = 0.1
	odds := base / (1 - base)
	for _, tt := range []struct{ ratio, want float64 }{
		{1. / 64, 0}, {1. / 32, 0}, {1, 30}, {math.Sqrt2, 42.5}, {2, 55}, {4, 75}, {8, 85}, {16, 95}, {128, 100}, {1000, 100},
	} {
		p := tt.ratio * odds / (1 + tt.ratio*odds)
		if got := scoring.Points(p, base); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("Points at %g times the odds = %g, want %g", tt.ratio, got, tt.want)
		}
	}
	if got := scoring.Points(base, base); got != 30 {
		t.Errorf("Points of the average = %g, want exactly 30", got)
	}
	for _, bad := range [][2]float64{{-0.1, base}, {1.1, base}, {math.NaN(), base}, {0.5, 0}, {0.5, 1}, {0.5, math.NaN()}} {
		if got := scoring.Points(bad[0], bad[1]); !math.IsNaN(got) {
			t.Errorf("Points(%g, %g) = %g, want NaN", bad[0], bad[1], got)
		}
		if got := scoring.Probability(bad[0]*100, bad[1]); !math.IsNaN(got) {
			t.Errorf("Probability(%g, %g) = %g, want NaN", bad[0]*100, bad[1], got)
		}
	}
	if scoring.Points(0, base) != 0 || scoring.Points(1, base) != 100 {
		t.Error("certainty is not 0 and 100")
	}
}

func TestPointsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.Float64Range(0.001, 0.999).Draw(t, "base")
		p := rapid.Float64Range(0, 1).Draw(t, "p")
		q := rapid.Float64Range(p, 1).Draw(t, "q")
		a, b := scoring.Points(p, base), scoring.Points(q, base)
		if !(a >= 0 && a <= b && b <= 100) {
			t.Fatalf("Points(%g) = %g and Points(%g) = %g are not in order within 0 to 100", p, a, q, b)
		}
		s := rapid.Float64Range(0, 100).Draw(t, "points")
		if back := scoring.Points(scoring.Probability(s, base), base); math.Abs(back-s) > 1e-6 {
			t.Fatalf("Points(Probability(%g)) = %g", s, back)
		}
	})
}

func TestSegmentOf(t *testing.T) {
	size := func(n int64) *int64 { return &n }
	acr := func(v float64) *float64 { return &v }
	tests := []struct {
		name  string
		size  *int64
		words string
		acr   *float64
		want  actnow.Segment
	}{
		{"nothing known", nil, "", nil, actnow.UnknownSegment},
		{"size 0 is not known", size(0), "", nil, actnow.UnknownSegment},
		{"size below 0 is not known", size(-4), "", nil, actnow.UnknownSegment},
		{"one", size(1), "", nil, actnow.VerySmall},
		{"24", size(24), "", nil, actnow.VerySmall},
		{"25", size(25), "", nil, actnow.MediumSegment},
		{"300 is not over 300", size(300), "", nil, actnow.MediumSegment},
		{"301", size(301), "", nil, actnow.UpperMedium},
		{"Azure beats head count", size(5), "", acr(1000.01), actnow.UpperMedium},
		{"Azure of exactly 1,000", size(5), "", acr(1000), actnow.VerySmall},
		{"Azure without size", nil, "", acr(2000), actnow.UpperMedium},
		{"the file wins", size(5000), "Medium", acr(2000), actnow.MediumSegment},
		{"file: Upper Medium", size(5), "upper  medium", nil, actnow.UpperMedium},
		{"file: UpperMedium", nil, "SMC - UpperMedium", nil, actnow.UpperMedium},
		{"file: 2023", nil, "Corporate Scale Business", nil, actnow.UpperMedium},
		{"file: 2021", nil, "Top Unmanaged", nil, actnow.UpperMedium},
		{"file: Small", size(5000), "Small", nil, actnow.VerySmall},
		{"file: Very Small", nil, "very small", nil, actnow.VerySmall},
		{"file: Unknown says nothing", size(30), "Unknown", nil, actnow.MediumSegment},
		{"file: several", size(30), "Small and Medium", nil, actnow.MediumSegment},
		{"file: other words", size(3), "Enterprise", nil, actnow.VerySmall},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := scoring.SegmentOf(tt.size, tt.words, tt.acr); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
