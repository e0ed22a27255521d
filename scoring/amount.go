package scoring

import (
	"context"
	"math"
)

// AmountReport says how amounts were predicted. Errors are out of the fold, of
// the rows with an amount above 0.
type AmountReport struct {
	Model    string  `json:"model"`    // "ridge", "ridge on logarithms", "scorecard", "scorecard on logarithms" or "mean"
	Rows     int     `json:"rows"`     // with an amount above 0
	MAE      float64 `json:"mae"`      // mean absolute error
	MeanMAE  float64 `json:"mean_mae"` // the same of the mean of all
	Smearing float64 `json:"smearing"` // factor from the exponential of a logarithm to a mean
	Zeros    bool    `json:"zeros"`    // amounts are also 0: the chance of any is multiplied in
}

// amountModel predicts an expected amount in two parts: the chance that there
// is any, and the amount if there is.
type amountModel struct {
	AmountReport
	number numberModel // nil: the mean
	logs   bool
	mean   float64
	top    float64    // highest amount learned from
	chance *predictor // nil: there always is one
}

// numberModel predicts a number for each row.
type numberModel interface {
	values(f *frame, rows []int) []float64
}

// trainAmount learns amounts from the rows of r. same is the predictor of the
// label, which is used again where there is an amount exactly if the label is 1.
func trainAmount(ctx context.Context, r recipe, same *predictor) (*amountModel, error) {
	f := r.frame
	m := &amountModel{AmountReport: AmountReport{Model: "mean", Smearing: 1}}
	var known, paid []int
	agree := true
	for _, i := range r.rows {
		if math.IsNaN(f.amounts[i]) {
			agree = agree && f.labels[i] == 0
			continue
		}
		known = append(known, i)
		if f.amounts[i] > 0 {
			paid = append(paid, i)
		}
		agree = agree && (f.amounts[i] > 0) == (f.labels[i] == 1)
	}
	m.Rows = len(paid)
	if len(paid) == 0 {
		return m, nil
	}
	switch m.Zeros = agree || len(paid) < len(known); {
	case agree:
		m.chance = same
	case m.Zeros:
		any := r
		any.rows, any.weight = known, ones(len(known))
		any.label = func(row int) float64 {
			if f.amounts[row] > 0 {
				return 1
			}
			return 0
		}
		var err error
		if m.chance, err = train(ctx, any); err != nil {
			return nil, err
		}
	}
	for _, i := range paid {
		m.mean += f.amounts[i] / float64(len(paid))
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
	for _, logs := range []bool{false, true} {
		name := ""
		if logs {
			name = " on logarithms"
		}
		if err := m.tryRidge("ridge"+name, logs, r, paid, split); err != nil {
			return nil, err
		}
		if err := m.tryScorecard(ctx, "scorecard"+name, logs, r, paid, split); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func target(f *frame, logs bool) func(row int) float64 {
	if logs {
		return func(row int) float64 { return math.Log(f.amounts[row]) }
	}
	return func(row int) float64 { return f.amounts[row] }
}

func (m *amountModel) tryScorecard(ctx context.Context, name string, logs bool, r recipe, paid []int, split []fold) error {
	of := func(rows []int) sample {
		s := sample{frame: r.frame, rows: rows, weight: ones(len(rows)), numbers: true, use: r.use}
		y := target(r.frame, logs)
		for _, row := range rows {
			s.outcome = append(s.outcome, y(row))
		}
		return s
	}
	var fits []float64
	for _, part := range split {
		card, err := learn(ctx, of(part.train), false, nil)
		if err != nil {
			return err
		}
		fits = append(fits, card.values(r.frame, part.test)...)
	}
	if !m.accept(name, logs, r.frame, split, fits) {
		return nil
	}
	card, err := learn(ctx, of(paid), false, nil)
	m.number = card
	return err
}

func (m *amountModel) tryRidge(name string, logs bool, r recipe, paid []int, split []fold) error {
	f, y := r.frame, target(r.frame, logs)
	fits := make([][]float64, len(ridgeStrengths))
	for _, part := range split {
		model, gram, moments := newRidge(f, part.train, r.use, y)
		for k, strength := range ridgeStrengths {
			if !model.solve(gram, moments, strength, len(part.train)) {
				return errSingular
			}
			fits[k] = append(fits[k], model.values(f, part.test)...)
		}
	}
	best := -1
	for k := range ridgeStrengths {
		if m.accept(name, logs, f, split, fits[k]) {
			best = k
		}
	}
	if best < 0 {
		return nil
	}
	model, gram, moments := newRidge(f, paid, r.use, y)
	if !model.solve(gram, moments, ridgeStrengths[best], len(paid)) {
		return errSingular
	}
	m.number = model
	return nil
}

// accept takes a way of predicting if it errs at least a two-hundredth less out
// of the fold than what stood before. On logarithms, the factor that makes the
// total right, after the smearing of Duan (1983), leads back to amounts.
func (m *amountModel) accept(name string, logs bool, f *frame, split []fold, fits []float64) bool {
	var truths []float64
	for _, part := range split {
		for _, row := range part.test {
			truths = append(truths, f.amounts[row])
		}
	}
	smearing, sumFit, sumTruth := 1.0, 0.0, 0.0
	for i, v := range fits {
		sumFit += m.amount(v, logs)
		sumTruth += truths[i]
	}
	if logs && sumFit > 0 {
		smearing = sumTruth / sumFit
	}
	mae := 0.0
	for i, v := range fits {
		mae += math.Abs(m.amount(v, logs)*smearing-truths[i]) / float64(len(fits))
	}
	if !(mae < m.MAE*0.995) {
		return false
	}
	m.Model, m.MAE, m.Smearing, m.logs = name, mae, smearing, logs
	return true
}

// amount leads from what a model says to an amount of the range learned from.
func (m *amountModel) amount(v float64, logs bool) float64 {
	if logs {
		v = math.Exp(min(v, math.Log(m.top)))
	}
	return min(max(v, 0), m.top)
}

// predict sets the expected amounts of rows.
func (m *amountModel) predict(d *dataset, f *frame, rows []int, out []Prediction) {
	var values []float64
	if m.number != nil {
		values = m.number.values(f, rows)
	}
	var chances []Prediction
	if m.chance != nil {
		chances = m.chance.predict(d, f, rows, false)
	}
	for i := range rows {
		amount := m.mean
		if m.number != nil {
			amount = m.amount(values[i], m.logs) * m.Smearing
		}
		if m.chance != nil {
			amount *= chances[i].Probability
		}
		out[i].Amount = amount
	}
}
