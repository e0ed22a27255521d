package scoring

import (
	"context"
	"math"
	"slices"
)

// The fewest outcomes of either kind from which a probability is learned, and
// the least lower end of the AUC interval at which it is published.
const (
	fewestOutcomes = 20
	leastAUC       = 0.55
)

// Reasons why a model is not published.
const (
	ReasonFew      = "too few outcomes"
	ReasonNoSignal = "no usable signal"
)

// predictor is what a training came to: a model and its calibrator, or the base
// rate alone.
type predictor struct {
	base       float64 // rate among the training rows
	kind       kind
	learned    // nothing unless published
	calibrate  calibrator
	published  bool
	reason     string // why not published
	validation Measures
	said       outOfFold  // what the validation measured: probabilities
	tried      *scorecard // of the last fold
}

// recipe says how to learn: rows of a frame with their weights.
type recipe struct {
	frame  *frame
	rows   []int
	weight []float64 // by position in rows
	label  func(row int) float64
	// use says which features may be learned from; nil is all.
	use []bool
	// simple forbids pairs: what they say holds only while things stay as they are.
	simple bool
	// own is how many of the rows, from the first on, are of what is learned; those
	// after them are alike and lend what they say. 0 is all.
	own int
	// outcomes is how many outcomes of the rarer kind the own rows tell of, where
	// several rows tell of one; 0 counts rows.
	outcomes int
	// split says on what the validation learns and judges, own rows alone; nil is
	// folds. With it the frame's groups are the accounts that rows go together by.
	split []fold
	// earlier, if not nil, is a scorecard of nearly the same rows, whose strengths are
	// begun with.
	earlier *scorecard
	seed    uint64
}

// ownRows returns the rows of what is learned.
func (r recipe) ownRows() []int {
	if r.own == 0 {
		return r.rows
	}
	return r.rows[:r.own]
}

// rarer returns how many there are of the rarer outcome.
func (r recipe) rarer() int {
	if r.outcomes > 0 {
		return r.outcomes
	}
	positives, rows := 0, r.ownRows()
	for _, row := range rows {
		positives += int(r.label(row))
	}
	return min(positives, len(rows)-positives)
}

// beginning returns the scorecard whose strengths the last fit begins with: that of the
// last fold where folds go forward in time, as it has learned from the most rows.
func (r recipe) beginning(last *scorecard) *scorecard {
	if r.split == nil {
		return nil
	}
	return last
}

func (r recipe) sample(positions []int) sample {
	n, rarer := len(positions), r.rarer()
	s := sample{frame: r.frame, rows: make([]int, 0, n), outcome: make([]float64, 0, n), weight: make([]float64, 0, n), use: r.use, seed: r.seed,
		few: rarer < pairFromCount, straight: rarer < interactFromCount && len(r.rows) <= straightRows}
	for _, i := range positions {
		s.rows = append(s.rows, r.rows[i])
		s.outcome = append(s.outcome, r.label(r.rows[i]))
		s.weight = append(s.weight, r.weight[i])
	}
	return s
}

// train validates the kinds of model that so many outcomes carry, takes the
// simplest of those that are within one standard error of the best, calibrates what
// it predicted out of the fold, and refuses to publish without signal.
func train(ctx context.Context, r recipe) (*predictor, error) {
	p := &predictor{calibrate: calibrator{slope: 1}}
	p.base = rate(r)
	rarer := r.rarer()
	if rarer < fewestOutcomes {
		p.reason = ReasonFew
		return p, nil
	}
	order, err := r.order(ctx, rarer)
	if err != nil {
		return nil, err
	}
	t, err := tryOut(ctx, r, rarer >= pairFromCount && !r.simple, order)
	if err != nil {
		return nil, err
	}
	p.tried = t.last
	var chosen outOfFold
	p.kind, chosen, p.calibrate = t.choose()
	p.said = chosen.calibrated(p.calibrate)
	p.validation = measure(p.said, p.base)
	if p.validation.AUCLow <= leastAUC || p.validation.LogLoss >= p.validation.BaseLoss {
		p.reason = ReasonNoSignal
		return p, nil
	}
	p.learned, err = p.kind.learn(ctx, r.sample(places(len(r.rows))), r.beginning(t.last))
	p.published = err == nil
	return p, err
}

// calibrator returns Platt's calibrator, held back so that little is changed where
// little is known.
func (o outOfFold) calibrator() calibrator {
	return platt(o.score, o.outcome, o.weight, 40)
}

// calibrated returns probabilities in place of scores.
func (o outOfFold) calibrated(c calibrator) outOfFold {
	p := o
	p.score = make([]float64, len(o.score))
	for i, x := range o.score {
		p.score[i] = sigmoid(c.slope*x + c.offset)
	}
	return p
}

// Prediction is what is said of one row. Probability is the logistic function of
// LogOdds, which is Base plus the parts plus Calibration.
type Prediction struct {
	Row         string
	Probability float64
	Base        float64
	Calibration float64
	LogOdds     float64
	Parts       []RowPart
	Amount      float64 // expected; where there is money

	average float64 // base rate its score is measured against, 0 for that of the report
}

// RowPart is the share of one feature in a row's log-odds.
type RowPart struct {
	Feature string  `json:"feature"`
	Value   string  `json:"value"`
	LogOdds float64 `json:"log_odds"`
}

// predict returns the predictions of rows, with parts in the order of the
// features if explain is set. Parts of 0 are left out.
func (p *predictor) predict(d *dataset, f *frame, rows []int, explain bool) []Prediction {
	out := make([]Prediction, len(rows))
	if !p.published {
		for i, row := range rows {
			odds := logit(p.base)
			out[i] = Prediction{Row: f.ids[row], Probability: p.base, Base: odds, LogOdds: odds}
		}
		return out
	}
	base := p.model.base()
	p.eachOdds(f, rows, func(i int, odds, calibration float64, shares []float64) {
		out[i] = Prediction{Row: f.ids[rows[i]], Probability: sigmoid(odds), Base: base, Calibration: calibration, LogOdds: odds}
		if explain {
			out[i].Parts = rowParts(d, f, rows[i], shares)
		}
	})
	return out
}

// eachOdds calls do with the log-odds of each row, which are the model's base, the
// shares of the features and the calibration; several rows at a time.
func (p *predictor) eachOdds(f *frame, rows []int, do func(i int, odds, calibration float64, shares []float64)) {
	base := p.model.base()
	eachShares(p.model, f, rows, func(i int, shares []float64) {
		raw := base
		for _, share := range shares {
			raw += share
		}
		odds := min(max(p.calibrate.slope*raw+p.calibrate.offset, -maxLogOdds), maxLogOdds)
		do(i, odds, odds-raw, shares)
	})
}

func rowParts(d *dataset, f *frame, row int, shares []float64) []RowPart {
	parts := make([]RowPart, 0, len(shares))
	for j, share := range shares {
		if share == 0 {
			continue
		}
		value := ""
		switch {
		case f.cats[j] != nil:
			value = f.cats[j][row]
		case !math.IsNaN(f.nums[j][row]):
			value = format(f.nums[j][row])
		}
		parts = append(parts, RowPart{Feature: d.features[j].Name, Value: value, LogOdds: share})
	}
	slices.SortStableFunc(parts, func(a, b RowPart) int {
		switch x, y := math.Abs(a.LogOdds), math.Abs(b.LogOdds); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return parts
}
