package scoring

import "math"

// oddsKnots are the corners of the map from log2 of the odds ratio against the
// average account to points: the average account starts Low, twice its odds
// Medium, four times High.
var oddsKnots = [...]struct{ log2, points float64 }{
	{-5, 0}, {0, 30}, {1, 55}, {2, 75}, {4, 95}, {7, 100},
}

// Points maps a probability p to 0…100 by its odds against those of base, the
// probability of the average account: piecewise linear in log2 of the ratio,
// through 1/32 → 0, 1 → 30, 2 → 55, 4 → 75, 16 → 95, 128 → 100, and flat
// beyond. It is NaN unless p is in [0, 1] and base in (0, 1).
func Points(p, base float64) float64 {
	if !(p >= 0 && p <= 1) || !(base > 0 && base < 1) {
		return math.NaN()
	}
	x := math.Log2((p / (1 - p)) / (base / (1 - base)))
	if x <= oddsKnots[0].log2 {
		return 0
	}
	for i := 1; i < len(oddsKnots); i++ {
		a, b := oddsKnots[i-1], oddsKnots[i]
		if x <= b.log2 {
			return a.points + (x-a.log2)/(b.log2-a.log2)*(b.points-a.points)
		}
	}
	return 100
}

// Probability is the inverse of Points for points in [0, 100]: 0 and 100 stand
// for the ratios 1/32 and 128. It is NaN unless base is in (0, 1) and points in
// [0, 100].
func Probability(points, base float64) float64 {
	if !(points >= 0 && points <= 100) || !(base > 0 && base < 1) {
		return math.NaN()
	}
	x := oddsKnots[len(oddsKnots)-1].log2
	for i := 1; i < len(oddsKnots); i++ {
		a, b := oddsKnots[i-1], oddsKnots[i]
		if points <= b.points {
			x = a.log2 + (points-a.points)/(b.points-a.points)*(b.log2-a.log2)
			break
		}
	}
	odds := math.Exp2(x) * base / (1 - base)
	return odds / (1 + odds)
}
