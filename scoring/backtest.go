package scoring

import (
	"context"
	"io/fs"
	"math"

	"actnow"
)

// Backtest walks through a folder in time order, in blocks of every rows, and
// predicts each block from the rows before it alone, whose outcomes were known
// by then. Time order is that of the column with the role time, else of the file;
// train.csv comes before test.csv where times are equal.
//
// If test_labels.csv is there, the rows of test.csv are predicted, and those of
// train.csv are the past to begin with. Otherwise the rows of train.csv are,
// from the second block on. Predictions come in time order.
//
// Each refit weighs old rows less, as far as that foretold recent rows better,
// and is calibrated on what earlier refits foretold. Where the past carries no
// signal, a block gets the base rate of the past; Published says whether any
// block got more.
func Backtest(ctx context.Context, fsys fs.FS, every int, opts TryOptions) (Report, error) {
	if every < 1 {
		return Report{}, actnow.Invalid("error.score.every", "every", "a block has 1 row or more, not %d", every)
	}
	d, err := readDataset(fsys, true)
	if err != nil {
		return Report{}, err
	}
	w := walk{d: d, every: every, stream: d.train}
	first := every
	if d.judged {
		w.stream, first = d.train.join(&d.test), 0
	}
	order := w.stream.timeOrder()
	var targets []int // places in order
	for place, row := range order {
		if place >= first && (!d.judged || row >= d.train.rows()) {
			targets = append(targets, place)
		}
	}
	r := Report{Model: "base rate", Reason: ReasonFew, Train: d.train.rows(), Features: len(d.features), Unread: d.unread, explained: opts.Explain}
	for _, y := range d.train.labels {
		r.Positives += int(y)
	}
	r.Base = min(max(float64(r.Positives)/float64(r.Train), 1e-6), 1-1e-6)
	var probability, outcome []float64
	for from := 0; from < len(targets); from += every {
		block := targets[from:min(from+every, len(targets))]
		rows := make([]int, len(block))
		for i, place := range block {
			rows[i] = order[place]
		}
		if err := w.block(ctx, order[:block[0]], rows, opts.Explain); err != nil {
			return Report{}, err
		}
		r.Refits++
		if r.Published = r.Published || w.p.published; w.p.published {
			r.Model, r.Reason = w.p.name(), ""
		} else if !r.Published {
			r.Reason = w.p.reason
		}
		r.predictions = append(r.predictions, w.out...)
		for i, row := range rows {
			probability = append(probability, w.out[i].Probability)
			outcome = append(outcome, w.stream.labels[row])
		}
	}
	r.Predicted = len(r.predictions)
	if r.Predicted > 0 {
		m := Measure(probability, outcome, r.Base)
		r.Validation = &m
	}
	return r, nil
}

// walk is the state that one block leaves to the next.
type walk struct {
	d      *dataset
	stream frame
	every  int

	p        *predictor // of the last block
	decided  int        // rows of the past when its kind was last decided
	halfLife float64    // in rows; +Inf weighs all alike
	foretold foretold
	out      []Prediction
}

// foretold remembers what was said of rows before their outcome was known.
type foretold struct{ score, outcome []float64 }

// reconsider is by how much the past must grow before pairs, signal and
// half-life are decided again.
const reconsider = 1.5

// block predicts rows from the past.
func (w *walk) block(ctx context.Context, past, rows []int, explain bool) error {
	r := recipe{frame: &w.stream, rows: past, label: func(row int) float64 { return w.stream.labels[row] }}
	r.weight = decayed(len(past), math.Inf(1))
	if len(past) == 0 {
		w.p = &predictor{base: 0.5, reason: ReasonFew}
		w.out = w.p.predict(w.d, &w.stream, rows, explain)
		return nil
	}
	r.heed(&w.stream, rows)
	if w.p == nil || !w.p.published || float64(len(past)) >= reconsider*float64(w.decided) {
		if err := w.decide(ctx, r); err != nil {
			return err
		}
	}
	r.weight = decayed(len(past), w.halfLife)
	next := &predictor{base: rate(r), published: w.p.published, reason: w.p.reason, kind: w.p.kind}
	if next.published {
		if r.simple {
			next.kind = kind{}
		}
		var err error
		if next.learned, err = next.kind.learn(ctx, r.sample(places(len(past))), w.p.card); err != nil {
			return err
		}
		next.calibrate = w.foretold.calibrator()
		w.foretold.add(next.values(&w.stream, rows), rows, &w.stream)
	}
	w.p = next
	w.out = next.predict(w.d, &w.stream, rows, explain)
	for i := range w.out {
		w.out[i].average = next.base
	}
	return nil
}

// decide validates on the past whether there is signal, whether pairs pay, and
// how fast old rows should fade: by what best foretells the last fifth of the
// past from the rest.
func (w *walk) decide(ctx context.Context, r recipe) error {
	p, err := train(ctx, r)
	if err != nil {
		return err
	}
	w.p, w.decided, w.halfLife = p, len(r.rows), math.Inf(1)
	if !p.published {
		return nil
	}
	n := len(r.rows)
	cut := n - max(min(n/5, 4*w.every), 1)
	best := math.Inf(1)
	var kept foretold
	for _, share := range []float64{math.Inf(1), 1, 0.5, 0.25, 0.125} {
		h := share * float64(n)
		if h < 4*fewestOutcomes {
			break
		}
		early := r
		early.rows, early.weight = r.rows[:cut], decayed(cut, h)
		m, err := p.kind.learn(ctx, early.sample(places(cut)), p.card)
		if err != nil {
			return err
		}
		var said foretold
		said.add(m.values(r.frame, r.rows[cut:]), r.rows[cut:], r.frame)
		// A shorter memory must be worth its noise.
		if loss := said.loss(); loss < best*0.998 {
			best, kept, w.halfLife = loss, said, h
		}
	}
	if len(w.foretold.score) < len(kept.score) {
		w.foretold = kept
	}
	return nil
}

func (f *foretold) add(scores []float64, rows []int, from *frame) {
	f.score = append(f.score, scores...)
	for _, row := range rows {
		f.outcome = append(f.outcome, from.labels[row])
	}
}

func (f *foretold) loss() float64 {
	sum := 0.0
	for i, x := range f.score {
		sum += logLoss(sigmoid(x), f.outcome[i])
	}
	return sum / float64(max(len(f.outcome), 1))
}

// calibrationFades is the half-life, in rows, of what was foretold. A calibrator has two
// numbers to find, so that the newest rows are enough, however long the blocks are.
const calibrationFades = 500

// calibrator fits to what was foretold, the latest first.
func (f *foretold) calibrator() calibrator {
	if len(f.score) == 0 {
		return calibrator{slope: 1}
	}
	return platt(f.score, f.outcome, decayed(len(f.score), calibrationFades), 40)
}

// decayed returns weights of n rows in time order; the last has weight 1.
func decayed(n int, halfLife float64) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = math.Exp2(-float64(n-1-i) / halfLife)
	}
	return w
}

func places(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// rate returns the weighted share of positives among the own rows, never 0 or 1.
func rate(r recipe) float64 {
	sum, n := 0.0, 0.0
	for i, row := range r.ownRows() {
		sum += r.label(row) * r.weight[i]
		n += r.weight[i]
	}
	return min(max(sum/n, 1/(n+2)), 1-1/(n+2))
}
