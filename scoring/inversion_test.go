package scoring

import (
	"context"
	"errors"
	"testing"

	"actnow"
)

// saidOf is what a challenger said of customers, a half of whom it calls likely, and
// that of so many of either half an opportunity opened.
func saidOf(customers, likely, unlikely int) []followed {
	var list []followed
	for i := range customers {
		f := followed{Shadowed: Shadowed{Area: actnow.Azure, ShadowRun: ShadowRun{Challenger: "challenger"}, ShadowScore: ShadowScore{Customer: actnow.CustomerID(i + 1), Said: 0.4, Against: 0.9}},
			example: example{Customer: actnow.CustomerID(i + 1)}}
		f.Yes = i/2 < likely
		if i%2 == 1 {
			f.Said, f.Yes = 0.25, i/2 < unlikely
		}
		if f.Yes {
			f.Outcome = int64(i + 1)
		}
		list = append(list, f)
	}
	return list
}

// tallied is a model of which so many of a hundred rows in High and in the next band were hits.
func tallied(high, medium int) *Model {
	return &Model{Area: actnow.Azure, Target: Intent, Base: 0.2, id: "challenger-in-the-shadow", Outcomes: &PointOutcomes{Together: 1, Points: []PointOutcome{{40, 100, medium}, {80, 100, high}}}}
}

// TestJudgeInverted checks that a challenger with the lower log loss is promoted unless
// a band of it did worse than a lower one, by more than chance.
func TestJudgeInverted(t *testing.T) {
	for _, tt := range []struct {
		name  string
		model *Model
		since []followed
		want  int // bands turned round
	}{
		{"better in order", tallied(60, 30), saidOf(200, 50, 20), 0},
		{"worse, as chance may have it", tallied(60, 30), saidOf(200, 28, 32), 0},
		{"worse since", tallied(60, 30), saidOf(200, 20, 50), 1},
		{"worse on what it had not seen", tallied(20, 50), saidOf(200, 50, 20), 1},
		{"both", tallied(20, 50), saidOf(200, 20, 50), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLesson(Intent, marketEnd, Edges{High: 50, Medium: 35, Low: 20})
			l.followed[tt.model.ID()] = tt.since
			v := l.judge(tt.model, nil)
			if v.Waits() || v.Loss >= v.Against || len(v.Inverted) != tt.want || v.Promote != (tt.want == 0) {
				t.Errorf("verdict %+v, want %d bands turned round", v, tt.want)
			}
		})
	}
	l := newLesson(Intent, marketEnd, DefaultEdges)
	few := tallied(20, 50)
	l.followed[few.ID()] = saidOf(12, 4, 1)
	if v := l.judge(few, nil); !v.Waits() || v.Promote || v.Inverted != nil {
		t.Errorf("of few: %+v", v)
	}
}

// versionShelf has one model and a version of it.
type versionShelf struct {
	model   *Model
	version Version
}

func (s versionShelf) Matrix(context.Context) (Matrix, error) {
	return Matrix{Edges: DefaultEdges}, nil
}
func (s versionShelf) Model(context.Context, string) (*Model, error) { return s.model, nil }
func (s versionShelf) Versions(context.Context, actnow.Area, Target) ([]Version, error) {
	return []Version{{ID: "another", Verdict: &Verdict{Inverted: []BandPromise{{Higher: actnow.Low}}}}, s.version}, nil
}

func TestMayPromote(t *testing.T) {
	medium := BandPromise{Higher: actnow.Medium, Lower: actnow.Low, Verdict: BandInverted}
	for _, tt := range []struct {
		name    string
		model   *Model
		state   VersionState
		verdict *Verdict
		want    int
	}{
		{"in order", tallied(60, 30), Challenger, nil, 0},
		{"turned round when learned", tallied(20, 50), Challenger, &Verdict{Missing: 4}, 1},
		{"turned round since", tallied(60, 30), Retired, &Verdict{Inverted: []BandPromise{medium}}, 1},
		{"both", tallied(20, 50), Retired, &Verdict{Inverted: []BandPromise{{Higher: actnow.High, Lower: actnow.Low}, medium}}, 2},
		{"in force already", tallied(20, 50), Champion, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := MayPromote(t.Context(), versionShelf{tt.model, Version{ID: tt.model.ID(), State: tt.state, Verdict: tt.verdict}}, "chall")
			var inverted *InvertedError
			if tt.want == 0 && err != nil || tt.want > 0 && (!errors.As(err, &inverted) || len(inverted.Promises) != tt.want || !errors.Is(err, actnow.ErrInvalid)) {
				t.Errorf("%v, want %d bands turned round", err, tt.want)
			}
		})
	}
}
