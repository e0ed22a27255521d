package scoring

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
)

// Measures say how good probabilities were against what happened.
type Measures struct {
	Rows      int     `json:"rows"`
	Positives int     `json:"positives"`
	AUC       float64 `json:"auc"`       // chance that a positive ranks above a negative
	AUCLow    float64 `json:"auc_low"`   // ends of its 95 % interval
	AUCHigh   float64 `json:"auc_high"`  //
	LogLoss   float64 `json:"log_loss"`  // natural logarithm, mean of a row
	BaseLoss  float64 `json:"base_loss"` // the same of the base rate in every row
	ECE       float64 `json:"ece"`       // expected calibration error over 10 bins of equal mass
	Lift      float64 `json:"lift"`      // rate among the top tenth over the rate among all
	Slope     float64 `json:"slope"`     // of a recalibration; 1 is right
	Intercept float64 `json:"intercept"` // 0 is right
	Brier     float64 `json:"brier"`     // mean squared error
}

// Measure compares probabilities with outcomes, 0 or 1, row by row. base is the
// rate that BaseLoss supposes. Without both outcomes, AUC is 0.5 and its
// interval is everything.
func Measure(probability, outcome []float64, base float64) Measures {
	return measure(outOfFold{score: probability, outcome: outcome}, base)
}

// measure is Measure where rows may go together: the interval of the AUC is then
// that of as many accounts, not of as many rows.
func measure(said outOfFold, base float64) Measures {
	probability, outcome := said.score, said.outcome
	m := Measures{Rows: len(outcome)}
	if m.Rows == 0 {
		return m
	}
	n := float64(m.Rows)
	for i, y := range outcome {
		if y == 1 {
			m.Positives++
		}
		m.LogLoss += logLoss(probability[i], y) / n
		m.BaseLoss += logLoss(base, y) / n
		m.Brier += (probability[i] - y) * (probability[i] - y) / n
	}
	m.AUC, m.AUCLow, m.AUCHigh = auc(probability, outcome, said.account)
	order := make([]int, len(outcome))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(probability[a], probability[b]) })
	for bin := range 10 {
		from, to := bin*m.Rows/10, (bin+1)*m.Rows/10
		gap, hits := 0.0, 0.0
		for _, i := range order[from:to] {
			gap += probability[i] - outcome[i]
			hits += outcome[i]
		}
		m.ECE += math.Abs(gap) / n
		if bin == 9 && m.Positives > 0 && to > from {
			m.Lift = hits / float64(to-from) / (float64(m.Positives) / n)
		}
	}
	scores := make([]float64, len(probability))
	for i, p := range probability {
		scores[i] = logit(min(max(p, 1e-9), 1-1e-9))
	}
	c := platt(scores, outcome, ones(len(scores)), 0)
	m.Slope, m.Intercept = c.slope, c.offset
	return m
}

func logLoss(p, y float64) float64 {
	p = min(max(p, 1e-15), 1-1e-15)
	if y == 1 {
		return -math.Log(p)
	}
	return -math.Log1p(-p)
}

// auc returns the area under the ROC curve and its 95 % interval by the method
// of DeLong and others, "Comparing the areas under two or more correlated
// receiver operating characteristic curves" (1988); where rows go together by
// account, what they add to the variance is added up by account first, after
// Obuchowski, "Nonparametric analysis of clustered ROC curve data" (1997).
func auc(score, outcome []float64, account []string) (area, low, high float64) {
	order := make([]int, len(score))
	pos := 0.0
	for i := range order {
		order[i] = i
		pos += outcome[i]
	}
	neg := float64(len(score)) - pos
	if pos == 0 || neg == 0 {
		return 0.5, 0, 1
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	// Each row's share: how many of the other kind it stands on the right side
	// of, a tie counting half.
	share := make([]float64, len(score))
	posBelow, negBelow := 0.0, 0.0
	for from := 0; from < len(order); {
		to, p := from, 0.0
		for to < len(order) && score[order[to]] == score[order[from]] {
			p += outcome[order[to]]
			to++
		}
		q := float64(to-from) - p
		for _, i := range order[from:to] {
			if outcome[i] == 1 {
				share[i] = (negBelow + q/2) / neg
			} else {
				share[i] = (pos - posBelow - p/2) / pos
			}
		}
		posBelow, negBelow, from = posBelow+p, negBelow+q, to
	}
	for i, y := range outcome {
		area += share[i] * y / pos
	}
	if account != nil {
		half := z95 * math.Sqrt(clustered(share, outcome, account, area, pos, neg))
		return area, max(area-half, 0), min(area+half, 1)
	}
	varPos, varNeg := 0.0, 0.0
	for i, y := range outcome {
		if gap := share[i] - area; y == 1 {
			varPos += gap * gap
		} else {
			varNeg += gap * gap
		}
	}
	spread := varPos/max(pos-1, 1)/pos + varNeg/max(neg-1, 1)/neg
	half := z95 * math.Sqrt(spread)
	return area, max(area-half, 0), min(area+half, 1)
}

// clustered returns the variance of an area under the curve from the rows' shares,
// added up by account.
func clustered(share, outcome []float64, account []string, area, pos, neg float64) float64 {
	place := make(map[string]int)
	var sums []float64
	for i, name := range account {
		k, known := place[name]
		if !known {
			k = len(sums)
			place[name], sums = k, append(sums, 0)
		}
		n := neg
		if outcome[i] == 1 {
			n = pos
		}
		sums[k] += (share[i] - area) / n
	}
	spread, n := 0.0, float64(len(sums))
	for _, s := range sums {
		spread += s * s
	}
	return spread * n / max(n-1, 1)
}

// calibrator maps a model's log-odds to calibrated ones: slope·x + offset.
type calibrator struct {
	slope, offset float64
}

func (c calibrator) MarshalJSON() ([]byte, error) {
	return json.Marshal([2]float64{c.slope, c.offset})
}

func (c *calibrator) UnmarshalJSON(data []byte) error {
	var v [2]float64
	err := json.Unmarshal(data, &v)
	c.slope, c.offset = v[0], v[1]
	return err
}

// platt fits a calibrator to scores out of the fold by maximum likelihood, after
// Platt, "Probabilistic outputs for support vector machines" (1999). hold draws
// it to the identity as if by so many rows of a fair coin.
func platt(score, outcome, weight []float64, hold float64) calibrator {
	c := calibrator{slope: 1}
	for range 50 {
		g0, g1 := -hold/4*c.offset, -hold/4*(c.slope-1)
		h00, h01, h11 := hold/4+1e-9, 0.0, hold/4+1e-9
		for i, x := range score {
			q := sigmoid(c.slope*x + c.offset)
			v := weight[i] * max(q*(1-q), 1e-12)
			r := weight[i] * (outcome[i] - q)
			g0 += r
			g1 += r * x
			h00 += v
			h01 += v * x
			h11 += v * x * x
		}
		det := h00*h11 - h01*h01
		if !(det > 1e-12) {
			return c
		}
		d0, d1 := (h11*g0-h01*g1)/det, (h00*g1-h01*g0)/det
		if far := max(math.Abs(d0), math.Abs(d1)); far > 2 {
			d0, d1 = d0*2/far, d1*2/far
		}
		c.offset += d0
		c.slope += d1
		if math.Abs(d0)+math.Abs(d1) < 1e-10 {
			break
		}
	}
	// A negative slope would turn the ranking round: then nothing was learned.
	c.slope = min(max(c.slope, 0), 10)
	return c
}

func ones(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
	}
	return w
}

// Interval returns the ends of the 95 % interval of a rate of hits among rows, after
// Wilson, "Probable inference, the law of succession, and statistical inference"
// (1927); 0 and 1 of no rows.
func Interval(hits, rows int) (low, high float64) {
	if rows == 0 {
		return 0, 1
	}
	return wilson(float64(hits)/float64(rows), float64(rows))
}

// Quantiles of the normal distribution: what a 95 % interval reaches to, and what is
// added so that a difference shows in 80 of 100 trials.
const (
	z95    = 1.959964
	zPower = 0.841621
)

// wilson is Interval of a rate among n rows, which need not be whole.
func wilson(p, n float64) (low, high float64) {
	const z = z95
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(middle-half, 0), min(middle+half, 1)
}

// Gap is the difference of two rates and the ends of its 95 % interval.
type Gap struct {
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
}

// newGap returns how much p is above q, from the intervals of both, by method 10 of
// Newcombe, "Interval estimation for the difference between independent proportions"
// (1998).
func newGap(p, pLow, pHigh, q, qLow, qHigh float64) Gap {
	return Gap{p - q, p - q - math.Hypot(p-pLow, qHigh-q), p - q + math.Hypot(pHigh-p, q-qLow)}
}

// likely returns a rate of hits among rows, leaning on one in ten as on five rows, for
// where too few are known.
func likely(hits, rows float64) float64 { return (hits + 0.5) / (rows + 5) }

// rowsToTell returns how many rows show that rates are p and q, in 80 of 100 trials at
// the 95 % level, in the group of p where there are times as many of q; after Fleiss,
// Levin and Paik, "Statistical Methods for Rates and Proportions" (2003). Infinite
// where the rates are one.
func rowsToTell(p, q, times float64) float64 {
	return (z95 + zPower) * (z95 + zPower) * (p*(1-p) + q*(1-q)/times) / ((p - q) * (p - q))
}
