package scoring

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
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

// predictor is what a training came to: a scorecard and its calibrator, or the
// base rate alone.
type predictor struct {
	base       float64 // rate among the training rows
	card       *scorecard
	calibrate  calibrator
	published  bool
	reason     string // why not published
	validation Measures
	pairs      bool
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
}

func (r recipe) sample(positions []int) sample {
	s := sample{frame: r.frame, use: r.use}
	for _, i := range positions {
		s.rows = append(s.rows, r.rows[i])
		s.outcome = append(s.outcome, r.label(r.rows[i]))
		s.weight = append(s.weight, r.weight[i])
	}
	return s
}

// train validates the scorecard with and without pairs, takes the simpler one
// unless pairs gain more than one standard error of log loss, calibrates what
// was predicted out of the fold, and refuses to publish without signal.
func train(ctx context.Context, r recipe) (*predictor, error) {
	p := &predictor{calibrate: calibrator{slope: 1}}
	positives := 0
	for _, row := range r.rows {
		positives += int(r.label(row))
	}
	p.base = rate(r)
	rarer := min(positives, len(r.rows)-positives)
	if rarer < fewestOutcomes {
		p.reason = ReasonFew
		return p, nil
	}
	split := folds(r.frame, r.rows)
	plain, err := outOfFold(ctx, r, split, nil)
	if err != nil {
		return nil, err
	}
	chosen := plain
	if rarer >= pairFromCount && !r.simple {
		paired, err := outOfFold(ctx, r, split, plain.cards)
		if err != nil {
			return nil, err
		}
		if p.pairs = better(paired, plain); p.pairs {
			chosen = paired
		}
	}
	p.calibrate = chosen.calibrator()
	p.validation = chosen.measure(p.calibrate, p.base)
	if p.validation.AUCLow <= leastAUC || p.validation.LogLoss >= p.validation.BaseLoss {
		p.reason = ReasonNoSignal
		return p, nil
	}
	p.card, err = learn(ctx, r.sample(places(len(r.rows))), p.pairs, nil)
	p.published = err == nil
	return p, err
}

// outOfFoldResult holds predictions of rows that the model had not seen.
type outOfFoldResult struct {
	score, outcome, weight []float64
	cards                  []*scorecard // by fold
}

// outOfFold learns and predicts each fold, several at a time; the result does
// not depend on their order. plain, if not nil, are the cards of the same folds,
// and pairs are added to them.
func outOfFold(ctx context.Context, r recipe, split []fold, plain []*scorecard) (outOfFoldResult, error) {
	positionOf := make(map[int]int, len(r.rows))
	for i, row := range r.rows {
		positionOf[row] = i
	}
	positions := func(rows []int) []int {
		out := make([]int, len(rows))
		for k, row := range rows {
			out[k] = positionOf[row]
		}
		return out
	}
	scores, errs := make([][]float64, len(split)), make([]error, len(split))
	cards := make([]*scorecard, len(split))
	var wait sync.WaitGroup
	gate := make(chan struct{}, runtime.GOMAXPROCS(0))
	for k, f := range split {
		gate <- struct{}{}
		wait.Go(func() {
			defer func() { <-gate }()
			s := r.sample(positions(f.train))
			if plain != nil {
				cards[k], errs[k] = plain[k].withPairs(ctx, s)
			} else {
				cards[k], errs[k] = learn(ctx, s, false, nil)
			}
			if errs[k] == nil {
				scores[k] = cards[k].values(r.frame, f.test)
			}
		})
	}
	wait.Wait()
	out := outOfFoldResult{cards: cards}
	for k, f := range split {
		if errs[k] != nil {
			return out, errs[k]
		}
		out.score = append(out.score, scores[k]...)
		for _, i := range positions(f.test) {
			out.outcome = append(out.outcome, r.label(r.rows[i]))
			out.weight = append(out.weight, r.weight[i])
		}
	}
	return out, nil
}

// calibrator returns Platt's calibrator, or the identity where that would lower
// the log likelihood by less than two for its two parameters.
func (o outOfFoldResult) calibrator() calibrator {
	c := platt(o.score, o.outcome, o.weight, 10)
	gain := 0.0
	for i, x := range o.score {
		gain += o.weight[i] * (logLoss(sigmoid(x), o.outcome[i]) - logLoss(sigmoid(c.slope*x+c.offset), o.outcome[i]))
	}
	if gain < 2 {
		return calibrator{slope: 1}
	}
	return c
}

func (o outOfFoldResult) measure(c calibrator, base float64) Measures {
	p := make([]float64, len(o.score))
	for i, x := range o.score {
		p[i] = sigmoid(c.slope*x + c.offset)
	}
	return Measure(p, o.outcome, base)
}

// better reports whether a beats b on log loss by more than one standard error
// of the difference.
func better(a, b outOfFoldResult) bool {
	n, mean, square := 0.0, 0.0, 0.0
	for i, y := range a.outcome {
		gain := logLoss(sigmoid(b.score[i]), y) - logLoss(sigmoid(a.score[i]), y)
		w := a.weight[i]
		n += w
		mean += w * gain
		square += w * gain * gain
	}
	mean /= n
	return mean > math.Sqrt(max(square/n-mean*mean, 0)/n)
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
	bins := binned(p.card.bases, f, rows)
	shares := make([]float64, len(f.nums))
	for i, row := range rows {
		bin := bins[i*len(p.card.bases) : (i+1)*len(p.card.bases)]
		clear(shares)
		p.card.parts(bin, shares)
		raw := p.card.intercept
		for _, share := range shares {
			raw += share
		}
		odds := min(max(p.calibrate.slope*raw+p.calibrate.offset, -maxLogOdds), maxLogOdds)
		out[i] = Prediction{Row: f.ids[row], Probability: sigmoid(odds), Base: p.card.intercept, Calibration: odds - raw, LogOdds: odds}
		if explain {
			out[i].Parts = rowParts(d, f, row, shares)
		}
	}
	return out
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
