package actnow_test

import (
	"math"
	"testing"

	"actnow"
)

func TestRankCorrelation(t *testing.T) {
	t.Parallel()
	type pairs = []actnow.ClusterPair
	const a, e, n, d = actnow.ActNow, actnow.Evaluate, actnow.Nurture, actnow.Educate
	for name, tt := range map[string]struct {
		pairs pairs
		want  float64 // NaN: none
	}{
		"all alike":       {pairs{{a, a, 3}, {e, e, 2}, {d, d, 9}}, 1},
		"turned about":    {pairs{{a, d, 5}, {d, a, 5}}, -1},
		"one cluster":     {pairs{{a, a, 3}, {a, d, 3}}, math.NaN()},
		"nobody":          {nil, math.NaN()},
		"no order at all": {pairs{{a, a, 2}, {a, d, 2}, {d, a, 2}, {d, d, 2}}, 0},
		// scipy.stats.spearmanr([1,1,1,2,2,3,4,4], [1,2,4,2,2,3,3,4]) = 0.4744
		"some": {pairs{{a, a, 1}, {a, e, 1}, {a, d, 1}, {e, e, 2}, {n, n, 1}, {d, n, 1}, {d, d, 1}}, 0.4744},
	} {
		got := actnow.RankCorrelation(tt.pairs)
		if math.IsNaN(tt.want) != (got == nil) || got != nil && math.Abs(*got-tt.want) > 5e-4 {
			t.Errorf("%s: %v, want %v", name, deref(got), tt.want)
		}
	}
}

func deref(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}
