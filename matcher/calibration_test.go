package matcher_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"actnow"
	"actnow/matcher"
)

// answersOf draws n accounts of one or two candidates with scores between low
// and high, and a person's word on the best: right with the odds of truth.
func answersOf(n int, low, high float64, truth func(score float64) float64) []matcher.Answer {
	r := rand.New(rand.NewPCG(7, 11))
	var list []matcher.Answer
	for i := range n {
		a := matcher.Answer{Account: fmt.Sprint(i), Scores: []float64{low + (high-low)*r.Float64()}, Open: []bool{false}, None: true}
		if i%3 == 0 {
			a.Scores, a.Open = append(a.Scores, a.Scores[0]-6), append(a.Open, true)
		}
		if r.Float64() < 1/(1+math.Exp2(-truth(a.Scores[0]))) {
			a.Open = make([]bool, len(a.Scores))
			a.Open[0], a.None = true, false
		}
		list = append(list, a)
	}
	return list
}

func TestRefit(t *testing.T) {
	t.Parallel()
	same := func(s float64) float64 { return s }
	tests := []struct {
		name    string
		answers []matcher.Answer
		slope   [2]float64 // between
		offset  [2]float64
		bounded bool
		better  bool
	}{
		{name: "answers as the scores say", answers: answersOf(400, -1.2, 5.6, same), slope: [2]float64{0.9, 1.1}, offset: [2]float64{-0.3, 0.3}, bounded: true},
		{name: "scores promise too much", answers: answersOf(400, -1.2, 5.6, func(s float64) float64 { return s - 3 }), slope: [2]float64{0.6, 1.2}, offset: [2]float64{-3.2, -0.8}, better: true},
		{name: "fifty answers move little", answers: answersOf(50, -1.2, 5.6, func(s float64) float64 { return s - 1 }), slope: [2]float64{0.9, 1.1}, offset: [2]float64{-0.7, -0.05}, better: true},
		{name: "fifty times yes do not lower the threshold", answers: answersOf(50, -1.2, 5.6, func(float64) float64 { return 60 }), slope: [2]float64{0.2, 1}, offset: [2]float64{0, 5}, bounded: true, better: true},
		{name: "some hundreds near it do", answers: answersOf(1200, 4, 5.6, func(float64) float64 { return 60 }), slope: [2]float64{0.9, 1.5}, offset: [2]float64{0, 3}, better: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := matcher.NewRefit(tt.answers, matcher.Calibration{})
			if err != nil {
				t.Fatal(err)
			}
			c := r.Calibration
			if c.Slope < tt.slope[0] || c.Slope > tt.slope[1] || c.Offset < tt.offset[0] || c.Offset > tt.offset[1] || r.Bounded != tt.bounded {
				t.Errorf("refit %+v, bounded %v", c, r.Bounded)
			}
			const threshold = 5.614709844115208
			if at := c.Slope*threshold + c.Offset; r.Bounded && math.Abs(at-threshold) > 1e-9 {
				t.Errorf("the threshold moves to %g", at)
			}
			if tt.better && r.After >= r.Before {
				t.Errorf("log loss goes from %.4f to %.4f", r.Before, r.After)
			}
			n := 0
			for _, s := range r.Shares {
				n += s.Answers
			}
			if r.Answers != len(tt.answers) || n != r.Answers {
				t.Errorf("%d answers, %d in the shares, want %d", r.Answers, n, len(tt.answers))
			}
		})
	}
	// A slip of the hand about a pair that is as good as sure moves next to nothing.
	honest := answersOf(60, -1.2, 5.6, same)
	slipped := append(slices.Clone(honest), matcher.Answer{Account: "slip", Scores: []float64{25}, Open: []bool{false}, None: true})
	a, errA := matcher.NewRefit(honest, matcher.Calibration{})
	b, errB := matcher.NewRefit(slipped, matcher.Calibration{})
	if errA != nil || errB != nil || math.Abs(a.Calibration.Slope-b.Calibration.Slope) > 0.01 {
		t.Errorf("a slip moves %+v to %+v, %v, %v", a.Calibration, b.Calibration, errA, errB)
	}
	if _, err := matcher.NewRefit(answersOf(49, -1, 5, same), matcher.Calibration{}); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("a refit from 49 answers = %v", err)
	}
}

// With a calibration the rows of a pair still add up to the log2 odds of its
// probability, and the order of candidates stays.
func TestCalibratedRowsAddUp(t *testing.T) {
	t.Parallel()
	customers := []matcher.Record{
		{Key: "1", Name: "Nordan Bygg AB", City: "Lund", Country: "Sweden"}, {Key: "2", Name: "Nordan Byggare AB", City: "Lund", Country: "Sweden"},
		{Key: "3", Name: "Vestan Rör AB", Website: "vestan.example", City: "Kalmar", Country: "Sweden"}}
	accounts := []matcher.Record{{Key: "A", Name: "Nordan Bygg", City: "Lund"}, {Key: "B", Name: "Vestan Rör", Website: "vestan.example"}, {Key: "C", Name: "Vestans Rör", City: "Kalmar"}}
	shipped := matcher.New(customers, matcher.Options{})
	plain, err := shipped.Match(t.Context(), accounts, nil)
	if err != nil {
		t.Fatal(err)
	}
	bent, err := shipped.With(matcher.Calibration{Slope: 0.9, Offset: -0.7}).Match(t.Context(), accounts, nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for i, m := range bent {
		for k, c := range m.Candidates {
			sum, calibrated := 0.0, false
			for _, row := range c.Comparisons {
				sum += row.Bits
				calibrated = calibrated || row.Field == "calibration"
			}
			held := slices.ContainsFunc(c.Comparisons, func(c matcher.Comparison) bool { return c.Field == "hold" })
			if p := 1 / (1 + math.Exp2(-sum)); !held && math.Abs(p-c.Probability) > 1e-9 || !calibrated {
				t.Errorf("%s, %s: rows say %g (calibration told: %v), probability %g", m.Account, c.Customer, p, calibrated, c.Probability)
			}
			if k == 0 && c.Customer != plain[i].Candidates[0].Customer {
				t.Errorf("%s: the best candidate changes", m.Account)
			}
			seen++
		}
	}
	if seen == 0 {
		t.Fatal("no candidate")
	}
}

func TestAnswersAreWhatPeopleLeavePossible(t *testing.T) {
	t.Parallel()
	customers := []matcher.Record{
		{Key: "1", Name: "Nordan Bygg AB", City: "Lund"}, {Key: "2", Name: "Nordan Bygg HB", City: "Ystad"},
		{Key: "3", Name: "Vestan Rör AB", TPID: "77"}}
	accounts := []matcher.Record{{Key: "A", Name: "Nordan Bygg", City: "Lund"}, {Key: "B", Name: "Nordan Bygg", City: "Lund"}, {Key: "C", Name: "Vestan Rör", TPID: "78"}, {Key: "D", Name: "Vestan Rör"}, {Key: "E", Name: "Nordan Bygg"}}
	ix := matcher.New(customers, matcher.Options{})
	list, err := ix.Answers(t.Context(), accounts, []matcher.Decision{
		{Customer: "1", Account: "A", Verdict: actnow.VerdictYes},
		{Customer: "1", Account: "B", Verdict: actnow.VerdictNo},
		{Customer: "3", Account: "C", Verdict: actnow.VerdictNo}, // held: the TPIDs differ
		{Customer: "gone", Account: "D", Verdict: actnow.VerdictYes},
		{Customer: "1", Account: "E", Verdict: actnow.VerdictYes}, {Customer: "1", Account: "E", Verdict: actnow.VerdictUndone},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Account != "A" || list[1].Account != "B" {
		t.Fatalf("answers %+v, want those of A and B", list)
	}
	for i, want := range []struct {
		open []bool
		none bool
	}{{[]bool{true, false}, false}, {[]bool{false, true}, true}} {
		if !slices.Equal(list[i].Open, want.open) || list[i].None != want.none || list[i].Scores[0] < list[i].Scores[1] {
			t.Errorf("%+v, want %+v", list[i], want)
		}
	}
}

func TestMoves(t *testing.T) {
	t.Parallel()
	of := func(bands ...actnow.MatchBand) (list []matcher.Match) {
		for _, b := range bands {
			list = append(list, matcher.Match{Band: b})
		}
		return list
	}
	got := matcher.Moves(of("match", "match", "review", "none", "review"), of("match", "review", "match", "none", "none"))
	want := []matcher.Move{{"match", "review", 1}, {"review", "match", 1}, {"review", "none", 1}}
	if !slices.Equal(got, want) {
		t.Errorf("moves %+v, want %+v", got, want)
	}
}
