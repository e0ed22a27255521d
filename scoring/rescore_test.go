package scoring_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/scoring"
)

// shelf is a store in memory; what it cannot be asked for is an error of the test.
type shelf struct {
	facts   []scoring.Facts
	saved   map[string]scoring.Propensity
	saves   int
	failAt  int // the save that fails, 0 for none
	onFacts func()
}

func (s *shelf) FactsAfter(ctx context.Context, month actnow.Month, after actnow.CustomerID, limit int) ([]scoring.Facts, error) {
	if s.onFacts != nil {
		s.onFacts()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	i, _ := slices.BinarySearchFunc(s.facts, after+1, func(f scoring.Facts, id actnow.CustomerID) int { return int(f.Customer - id) })
	return s.facts[i:min(i+limit, len(s.facts))], nil
}

var errDisk = errors.New("disk is full")

func (s *shelf) SavePropensities(_ context.Context, month actnow.Month, ps []scoring.Propensity) error {
	if s.saves++; s.saves == s.failAt {
		return errDisk
	}
	if s.saved == nil {
		s.saved = map[string]scoring.Propensity{}
	}
	for _, p := range ps {
		s.saved[fmt.Sprint(month, p.Customer, p.Area)] = p
	}
	return nil
}

func (s *shelf) CountFacts(context.Context, actnow.Month) (int64, error) {
	return int64(len(s.facts)), nil
}

// Clusters counts what was saved: no report says anything.
func (s *shelf) Clusters(_ context.Context, area actnow.Area, _ actnow.Month) (map[actnow.Cluster]int, error) {
	counts := map[actnow.Cluster]int{}
	for _, c := range actnow.Clusters {
		counts[c] = 0
	}
	for _, p := range s.saved {
		if p.Area == area && p.Cluster != "" {
			counts[p.Cluster]++
		}
	}
	return counts, nil
}

func (s *shelf) Matrix(context.Context) (scoring.Matrix, error) { return scoring.Quadrants(), nil }

func shelfOf(n int) *shelf {
	s := &shelf{}
	for i := 1; i <= n; i++ {
		f := ridgeway()
		f.Customer = actnow.CustomerID(i)
		if i%3 == 0 {
			f = scoring.Facts{Customer: f.Customer}
		}
		s.facts = append(s.facts, f)
	}
	return s
}

func rescorer(s scoring.Store) *scoring.Rescorer {
	return &scoring.Rescorer{Store: s, Cards: scoring.Cards(), Batch: 4, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Date(2026, 12, 9, 6, 0, 0, 0, time.UTC) }}
}

func TestRescorer(t *testing.T) {
	s := shelfOf(10)
	var done [][2]int64
	sum, err := rescorer(s).Run(t.Context(), "2026-11", nil, func(n, total int64) { done = append(done, [2]int64{n, total}) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][2]int64{{4, 10}, {8, 10}, {10, 10}}, done); diff != "" {
		t.Errorf("progress: %s", diff)
	}
	if len(sum.Areas) != 8 || len(s.saved) != 80 {
		t.Fatalf("%d areas, %d scores saved", len(sum.Areas), len(s.saved))
	}
	azure := sum.Areas[0]
	want := scoring.AreaSummary{Area: actnow.Azure, Model: scoring.Cards()[0].ID(), Customers: 7,
		ByCluster: map[actnow.Cluster]int{actnow.ActNow: 7, actnow.Evaluate: 0, actnow.Nurture: 0, actnow.Educate: 0}}
	if diff := cmp.Diff(want, azure); diff != "" {
		t.Error(diff)
	}

	first := maps.Clone(s.saved)
	again, err := rescorer(s).Run(t.Context(), "2026-11", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, s.saved); diff != "" {
		t.Errorf("a second run changes scores: %s", diff)
	}
	if diff := cmp.Diff(sum, again); diff != "" {
		t.Errorf("a second run counts otherwise: %s", diff)
	}
}

func TestRescorerOneArea(t *testing.T) {
	s := shelfOf(3)
	sum, err := rescorer(s).Run(t.Context(), "2026-11", []actnow.Area{actnow.Surface}, nil)
	if err != nil || len(sum.Areas) != 1 || sum.Areas[0].Area != actnow.Surface || len(s.saved) != 3 {
		t.Errorf("%+v, %v, %d saved", sum, err, len(s.saved))
	}
}

func TestRescorerRefuses(t *testing.T) {
	for _, tt := range []struct {
		month actnow.Month
		areas []actnow.Area
	}{{"2026-13", nil}, {"", nil}, {"2026-11", []actnow.Area{"azzure"}}, {"2026-11", []actnow.Area{actnow.Azure, ""}}} {
		s := shelfOf(3)
		if _, err := rescorer(s).Run(t.Context(), tt.month, tt.areas, nil); !errors.Is(err, actnow.ErrInvalid) || len(s.saved) > 0 {
			t.Errorf("Run(%q, %q) = %v with %d saved", tt.month, tt.areas, err, len(s.saved))
		}
	}
}

func TestRescorerKeepsBatches(t *testing.T) {
	s := shelfOf(10)
	s.failAt = 3
	if _, err := rescorer(s).Run(t.Context(), "2026-11", nil, nil); !errors.Is(err, errDisk) || len(s.saved) != 64 {
		t.Errorf("error %v with %d scores saved, want 64", err, len(s.saved))
	}
	ctx, cancel := context.WithCancel(t.Context())
	s = shelfOf(10)
	reads := 0
	s.onFacts = func() {
		if reads++; reads == 2 {
			cancel()
		}
	}
	if _, err := rescorer(s).Run(ctx, "2026-11", nil, nil); !errors.Is(err, context.Canceled) || len(s.saved) != 32 {
		t.Errorf("cancelled: error %v with %d scores saved, want 32", err, len(s.saved))
	}
}

// TestRescorerDuringTheMonth checks that a month that still lasts is scored as
// of today, not as of its end.
func TestRescorerDuringTheMonth(t *testing.T) {
	s := shelfOf(1)
	s.facts[0].Events = []scoring.Event{{Kind: "opportunity_open", Area: actnow.Azure, At: day(11, 20)}}
	s.facts[0].Flags = nil
	r := rescorer(s)
	r.Now = func() time.Time { return day(11, 19) }
	if _, err := r.Run(t.Context(), "2026-11", []actnow.Area{actnow.Azure}, nil); err != nil {
		t.Fatal(err)
	}
	if p := s.saved["2026-111azure"]; p.Intent.Points != nil {
		t.Errorf("an event of tomorrow gives %g points", *p.Intent.Points)
	}
}

// BenchmarkScorer scores 50,000 customers in all areas; its anchor walks over
// the same facts and does nothing else.
func BenchmarkScorer(b *testing.B) {
	facts := shelfOf(50000).facts
	b.Run("cards", func(b *testing.B) {
		scorer, m := scoring.NewScorer(scoring.Cards()), scoring.Quadrants()
		b.ReportAllocs()
		for b.Loop() {
			for _, f := range facts {
				scorer.Score(f, november, m)
			}
		}
	})
	b.Run("anchor", func(b *testing.B) {
		n := 0
		for b.Loop() {
			for _, f := range facts {
				for range actnow.Areas {
					for header, flag := range f.Flags {
						if flag.Yes {
							n += len(header)
						}
					}
				}
			}
		}
		if n == 0 {
			b.Fatal("no facts")
		}
	})
}
