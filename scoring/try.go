package scoring

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"io/fs"
	"strconv"
)

// Report says what came of learning from a folder. Its JSON is a contract with
// scripts.
type Report struct {
	Published  bool          `json:"published"`
	Reason     string        `json:"reason,omitempty"` // why not
	Model      string        `json:"model"`            // "scorecard", "scorecard with pairs", "boosted pairs" and the like, or "base rate"
	Base       float64       `json:"base"`             // probability of the average row
	Train      int           `json:"train"`
	Positives  int           `json:"positives"` // among Train
	Predicted  int           `json:"predicted"`
	Features   int           `json:"features"`
	Validation *Measures     `json:"validation,omitempty"` // out of the fold
	Amount     *AmountReport `json:"amount,omitempty"`
	Refits     int           `json:"refits,omitempty"`
	// Drift is the population stability index of the features that the rows to be
	// predicted do not share with the training rows, from 0.10.
	Drift map[string]float64 `json:"drift,omitempty"`
	// Unread counts the cells of a number or date that hold something else.
	Unread map[string]int `json:"unread,omitempty"`

	predictions []Prediction
	explained   bool
}

// TryOptions choose what Try does beyond predicting.
type TryOptions struct {
	Explain bool // keep the parts of each row
}

// Try learns from the train.csv of a folder and predicts its test.csv, in file
// order. The folder holds schema.json, train.csv and test.csv; only columns of
// the role feature are learned from, under whatever names. The same folder
// always gives the same bytes.
//
// Without usable signal every row gets the base rate and Published is false.
// What is wrong with the folder is an *actnow.InputError.
func Try(ctx context.Context, fsys fs.FS, opts TryOptions) (Report, error) {
	d, err := readDataset(fsys, false)
	if err != nil {
		return Report{}, err
	}
	rows, tests, positives := places(d.train.rows()), places(d.test.rows()), 0
	for _, y := range d.train.labels {
		positives += int(y)
	}
	recipe := recipe{frame: &d.train, rows: rows, weight: ones(len(rows)), label: func(row int) float64 { return d.train.labels[row] }}
	drifts := recipe.heed(&d.test, tests)
	p, err := train(ctx, recipe)
	if err != nil {
		return Report{}, err
	}
	r := Report{Published: p.published, Reason: p.reason, Model: p.name(), Base: p.base, Train: len(rows),
		Positives: positives, Predicted: d.test.rows(), Features: len(d.features), Unread: d.unread, explained: opts.Explain}
	for j, psi := range drifts {
		if psi >= driftWatch || !recipe.use[j] {
			if r.Drift == nil {
				r.Drift = map[string]float64{}
			}
			r.Drift[d.features[j].Name] = psi
		}
	}
	if p.validation.Rows > 0 {
		r.Validation = &p.validation
	}
	r.predictions = p.predict(d, &d.test, tests, opts.Explain)
	if d.money {
		a, err := trainAmount(ctx, recipe, p)
		if err != nil {
			return Report{}, err
		}
		r.Amount = &a.AmountReport
		a.predict(d, &d.test, tests, r.predictions)
	}
	return r, nil
}

func (p *predictor) name() string {
	if !p.published {
		return "base rate"
	}
	return p.kind.String()
}

// Predictions returns what is said of each row, in the order of the file.
func (r *Report) Predictions() []Prediction { return r.predictions }

// WritePredictions writes the predictions as CSV: row_id, probability, score,
// band and, where there is money, amount. The score is unrounded.
func (r *Report) WritePredictions(w io.Writer) error {
	c := csv.NewWriter(w)
	header := []string{"row_id", "probability", "score", "band"}
	if r.Amount != nil {
		header = append(header, "amount")
	}
	if err := c.Write(header); err != nil {
		return err
	}
	for _, p := range r.predictions {
		base := r.Base
		if p.average > 0 {
			base = p.average
		}
		score := Points(p.Probability, base)
		row := []string{p.Row, format(p.Probability), format(score), string(DefaultEdges.Band(score))}
		if r.Amount != nil {
			row = append(row, strconv.FormatFloat(max(p.Amount, 0), 'f', 2, 64))
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// WriteParts writes one JSON object a line and row: base + parts + calibration
// is log_odds, the logit of the row's probability.
func (r *Report) WriteParts(w io.Writer) error {
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	for _, p := range r.predictions {
		parts := p.Parts
		if parts == nil {
			parts = []RowPart{}
		}
		line := struct {
			Row         string    `json:"row_id"`
			Base        float64   `json:"base"`
			Calibration float64   `json:"calibration"`
			LogOdds     float64   `json:"log_odds"`
			Parts       []RowPart `json:"parts"`
		}{p.Row, p.Base, p.Calibration, p.LogOdds, parts}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return b.Flush()
}
