package scoring

import (
	"math"
	"testing"

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
