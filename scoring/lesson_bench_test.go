package scoring

import (
	"context"
	"log/slog"
	"math"
	"runtime/metrics"
	"testing"
	"time"

	"actnow"
)

// BenchmarkLearn learns intent of one area from 20,000 looks back, with what seven
// other areas lend; its anchor raises e to a power as often as a plain scorecard of
// thirty rounds does for the same rows.
func BenchmarkLearn(b *testing.B) {
	areas := map[actnow.Area]float64{}
	for k, area := range actnow.Areas {
		areas[area] = 0.1 + 0.05*float64(k)
	}
	l := market{customers: 1000, strength: 1, areas: areas}.lesson(Intent)
	b.Run("learn", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			trial, err := l.learn(b.Context(), actnow.Azure, 0)
			if err != nil {
				b.Fatal(err)
			}
			v := trial.Validation
			b.ReportMetric(v.AUC, "AUC")
			b.ReportMetric(v.LogLoss, "loss")
			b.ReportMetric(v.ECE, "ECE")
		}
	})
	b.Run("anchor", func(b *testing.B) {
		rows, sum := 30*len(l.examples[actnow.Azure]), 0.0
		for b.Loop() {
			for i := range rows {
				sum += math.Exp(-float64(i%16) / 4)
			}
		}
		if sum == 0 {
			b.Fatal("nothing was added up")
		}
	})
}

// BenchmarkTrain learns intent of two of eight areas from 20,000 customers over 24 months,
// and reports the highest heap beside what the examples take as plain numbers.
func BenchmarkTrain(b *testing.B) {
	areas := map[actnow.Area]float64{}
	for _, area := range actnow.Areas {
		areas[area] = 0.3
	}
	store := marketStore{market: market{customers: 20_000, strength: 1, areas: areas}}
	tr := Trainer{Store: store, Now: func() time.Time { return marketEnd.AddDate(0, 0, -1) }, Log: slog.New(slog.DiscardHandler)}
	for b.Loop() {
		done, peak := make(chan struct{}), make(chan uint64)
		go func() { peak <- highestHeap(done) }()
		got, err := tr.Run(b.Context(), []actnow.Area{actnow.Azure, actnow.M365}, []Target{Intent}, nil)
		close(done)
		b.ReportMetric(float64(<-peak)/1e6, "peak-MB")
		if err != nil || got.Trials[0].Model == "" {
			b.Fatalf("training: %+v, %v", got, err)
		}
		m := got.Trials[0].model
		b.ReportMetric(float64(len(actnow.Areas)*got.Trials[0].Rows*len(m.Features)*8)/1e6, "numbers-MB")
	}
}

// highestHeap looks at the heap until done, and returns the most bytes that objects took.
func highestHeap(done <-chan struct{}) (highest uint64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return highest
		case <-tick.C:
			metrics.Read(sample)
			highest = max(highest, sample[0].Value.Uint64())
		}
	}
}

// marketStore is a store of a market's customers in which nothing has been learned yet.
type marketStore struct{ market }

func (s marketStore) Matched(context.Context) ([]actnow.CustomerID, error) {
	ids := make([]actnow.CustomerID, s.customers)
	for i := range ids {
		ids[i] = actnow.CustomerID(i + 1)
	}
	return ids, nil
}

func (s marketStore) Histories(_ context.Context, _ actnow.Month, ids []actnow.CustomerID) ([]History, error) {
	list := make([]History, len(ids))
	for i, id := range ids {
		list[i] = s.history(id)
	}
	return list, nil
}

func (marketStore) FirstOpportunity(context.Context) (time.Time, error) {
	return marketEnd.AddDate(0, -marketMonths+1, 0), nil
}

func (marketStore) Shadowed(context.Context, Target, []actnow.CustomerID) (map[actnow.CustomerID][]Shadowed, error) {
	return nil, nil
}

func (marketStore) Matrix(context.Context) (Matrix, error) { return Matrix{Edges: DefaultEdges}, nil }

func (marketStore) Versions(context.Context, actnow.Area, Target) ([]Version, error) { return nil, nil }

func (marketStore) Model(context.Context, string) (*Model, error) { return nil, actnow.ErrNotFound }

func (marketStore) KeepTrial(context.Context, Trial, *Model, *Verdict) error { return nil }
