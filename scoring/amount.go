package scoring

import (
	"context"
	"math"
)

// AmountReport says how amounts were predicted. Errors are out of the fold.
type AmountReport struct {
	Model    string  `json:"model"`    // "on the amount", "on its logarithm" or "mean"
	Rows     int     `json:"rows"`     // with an amount above 0
	MAE      float64 `json:"mae"`      // mean absolute error of those rows
	MeanMAE  float64 `json:"mean_mae"` // the same of their mean
	Smearing float64 `json:"smearing"` // factor from the logarithm back to a mean
	Zeros    bool    `json:"zeros"`    // amounts are also 0: the chance of any is multiplied in
}

// amountModel predicts an expected amount in two parts: the chance that there
// is any, and the amount if there is.
type amountModel struct {
	AmountReport
	card   *scorecard // nil: the mean
	log    bool
	mean   float64
	lowest float64
	top    float64
	chance *predictor // nil: there always is one
}

// trainAmount learns amounts from rows.
func trainAmount(ctx context.Context, f *frame, rows []int) (*amountModel, error) {
	m := &amountModel{AmountReport: AmountReport{Model: "mean", Smearing: 1}}
	var known, paid []int
	for _, i := range rows {
		if math.IsNaN(f.amounts[i]) {
			continue
		}
		known = append(known, i)
		if f.amounts[i] > 0 {
			paid = append(paid, i)
		}
	}
	m.Rows = len(paid)
	if m.Zeros = len(paid) < len(known); m.Zeros {
		var err error
		m.chance, err = train(ctx, recipe{frame: f, rows: known, weight: ones(len(known)), label: func(row int) float64 {
			if f.amounts[row] > 0 {
				return 1
			}
			return 0
		}})
		if err != nil {
			return nil, err
		}
	}
	if len(paid) == 0 {
		return m, nil
	}
	m.lowest = math.Inf(1)
	for _, i := range paid {
		m.mean += f.amounts[i] / float64(len(paid))
		m.lowest = min(m.lowest, f.amounts[i])
		m.top = max(m.top, f.amounts[i])
	}
	for _, i := range paid {
		m.MeanMAE += math.Abs(f.amounts[i]-m.mean) / float64(len(paid))
	}
	m.MAE = m.MeanMAE
	if len(paid) < 2*fewestOutcomes {
		return m, nil
	}
	split := folds(f, paid)
	for _, try := range []struct {
		name string
		log  bool
	}{{"on the amount", false}, {"on its logarithm", true}} {
		for _, pairs := range []bool{false, true} {
			if err := m.attempt(ctx, f, paid, split, try.name, try.log, pairs); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

// attempt learns amounts one way, and keeps it if it errs less out of the fold
// than what stood before.
func (m *amountModel) attempt(ctx context.Context, f *frame, paid []int, split []fold, name string, log, pairs bool) error {
	target := func(row int) float64 {
		if log {
			return math.Log(f.amounts[row])
		}
		return f.amounts[row]
	}
	r := func(rows []int) sample {
		s := sample{frame: f, rows: rows, weight: ones(len(rows)), numbers: true}
		for _, i := range rows {
			s.outcome = append(s.outcome, target(i))
		}
		return s
	}
	var fits, truths []float64
	for _, part := range split {
		card, err := learn(ctx, r(part.train), pairs, nil)
		if err != nil {
			return err
		}
		fits = append(fits, card.values(f, part.test)...)
		for _, i := range part.test {
			truths = append(truths, f.amounts[i])
		}
	}
	// The factor that makes the total of the predictions right; on logarithms it
	// is the smearing of Duan (1983), weighted by size.
	smearing, sumFit, sumTruth := 1.0, 0.0, 0.0
	for i := range fits {
		if log {
			fits[i] = math.Exp(min(fits[i], math.Log(m.top)))
		}
		fits[i] = min(max(fits[i], 0), m.top)
		sumFit += fits[i]
		sumTruth += truths[i]
	}
	if log && sumFit > 0 {
		smearing = sumTruth / sumFit
	}
	mae := 0.0
	for i := range fits {
		mae += math.Abs(fits[i]*smearing-truths[i]) / float64(len(fits))
	}
	if mae >= m.MAE*0.99 {
		return nil
	}
	card, err := learn(ctx, r(paid), pairs, nil)
	if err != nil {
		return err
	}
	m.card, m.log, m.Model, m.MAE, m.Smearing = card, log, name, mae, smearing
	return nil
}

// predict sets the expected amounts of rows.
func (m *amountModel) predict(f *frame, rows []int, out []Prediction) {
	var values []float64
	if m.card != nil {
		values = m.card.values(f, rows)
	}
	var chances []Prediction
	if m.chance != nil {
		chances = m.chance.predict(nil, f, rows, false)
	}
	for i := range rows {
		amount := m.mean
		if m.card != nil {
			amount = values[i]
			if m.log {
				amount = math.Exp(min(amount, math.Log(m.top)))
			}
			amount = min(max(amount, 0), m.top) * m.Smearing
		}
		if m.chance != nil {
			amount *= chances[i].Probability
		}
		out[i].Amount = amount
	}
}
