package scoring

import (
	"context"
	"math"
	"runtime"
	"sync"
)

// kind is which models are learned: a scorecard, with pairs or without, alone or
// blended with a booster.
type kind struct {
	pairs bool
	order int // of the booster; 0 for none
	// the weights of scorecard and booster in their blend
	weightCard, weightBoost float64
}

// From how many of the rarer outcomes on boosters are tried, of which orders.
const (
	boostFromCount    = 150 // single features
	interactFromCount = 800 // two and three together
)

func (k kind) String() string {
	name := "scorecard"
	if k.pairs {
		name += " with pairs"
	}
	return name + [...]string{"", " and boosted features", " and boosted pairs", " and boosted triples"}[k.order]
}

// learned is a model of some kind, and the scorecard in it.
type learned struct {
	model
	card *scorecard
}

// learn fits a model of the kind. earlier, if not nil, is a scorecard of nearly the
// same rows, whose strengths are begun with.
func (k kind) learn(ctx context.Context, s sample, earlier *scorecard) (learned, error) {
	card, err := learn(ctx, s, k.pairs, earlier)
	if err != nil || k.order == 0 {
		return learned{card, card}, err
	}
	b, _, err := boost(ctx, s, k.order)
	return learned{blend{card, b, k.weightCard, k.weightBoost}, card}, err
}

// order returns the order of the boosters that are to be tried, 0 for none. Between
// pairs and triples the rows that the bags hold out decide.
func (r *recipe) order(ctx context.Context, rarer int) (int, error) {
	switch {
	case r.simple || rarer < boostFromCount:
		return 0, nil
	case rarer < interactFromCount:
		return 1, nil
	}
	s := r.sample(places(len(r.rows)))
	var loss [2][]float64
	var errs [2]error
	var wait sync.WaitGroup
	for k := range loss {
		wait.Go(func() { _, loss[k], errs[k] = boost(ctx, s, k+2) })
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	if gain, spread := difference(loss[0], loss[1], r.weight); gain > spread {
		return 3, nil
	}
	return 2, nil
}

// outOfFold is what a kind said of rows that it had not seen.
type outOfFold struct {
	score, outcome, weight []float64
	account                []string // of each row; nil if rows do not go together
}

// losses returns the log loss of each row, with an offset added to its score.
func (o *outOfFold) losses(offset float64) []float64 {
	out := make([]float64, len(o.score))
	for i, x := range o.score {
		out[i] = logLoss(sigmoid(x+offset), o.outcome[i])
	}
	return out
}

// trial is what the parts of all kinds said of rows that they had not seen.
type trial struct {
	outcome, weight       []float64
	account               []string  // nil if rows do not go together
	card, paired, boosted []float64 // nil if not tried
	order                 int
	last                  *scorecard // of the last fold, without pairs
}

// tryOut learns and predicts each fold, several at a time; the result does not
// depend on their order.
func tryOut(ctx context.Context, r recipe, pairs bool, order int) (trial, error) {
	split := r.split
	if split == nil {
		split = folds(r.frame, r.rows)
	}
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
	parts, errs := make([]trial, len(split)), make([]error, len(split))
	var wait sync.WaitGroup
	gate := make(chan struct{}, runtime.GOMAXPROCS(0))
	for k, f := range split {
		gate <- struct{}{}
		wait.Go(func() {
			defer func() { <-gate }()
			parts[k], errs[k] = tryFold(ctx, r.sample(positions(f.train)), f.test, pairs, order, r.earlier)
		})
	}
	wait.Wait()
	t := trial{order: order}
	for k, f := range split {
		if errs[k] != nil {
			return t, errs[k]
		}
		t.last = parts[k].last
		t.card = append(t.card, parts[k].card...)
		t.paired = append(t.paired, parts[k].paired...)
		t.boosted = append(t.boosted, parts[k].boosted...)
		for _, i := range positions(f.test) {
			t.outcome = append(t.outcome, r.label(r.rows[i]))
			t.weight = append(t.weight, r.weight[i])
			if r.split != nil {
				t.account = append(t.account, r.frame.groups[r.rows[i]])
			}
		}
	}
	return t, nil
}

// tryFold learns from a sample and scores other rows.
func tryFold(ctx context.Context, s sample, test []int, pairs bool, order int, earlier *scorecard) (t trial, err error) {
	card, err := learn(ctx, s, false, earlier)
	if err != nil {
		return t, err
	}
	t.last, t.card = card, card.values(s.frame, test)
	if pairs {
		if card, err = card.withPairs(ctx, s); err != nil {
			return t, err
		}
		t.paired = card.values(s.frame, test)
	}
	if order > 0 {
		b, _, err := boost(ctx, s, order)
		if err != nil {
			return t, err
		}
		t.boosted = b.values(s.frame, test)
	}
	return t, nil
}

func (t *trial) said(score []float64) outOfFold {
	return outOfFold{score, t.outcome, t.weight, t.account}
}

// choose returns the simplest kind whose mean log loss is within one standard error
// of the best kind's, what it said, and how to calibrate it.
func (t *trial) choose() (kind, outOfFold, calibrator) {
	type candidate struct {
		kind
		outOfFold
		offset float64
	}
	list := []candidate{{kind{}, t.said(t.card), 0}}
	card := t.card
	if t.paired != nil {
		list = append(list, candidate{kind{pairs: true}, t.said(t.paired), 0})
		card = t.paired
	}
	if t.boosted != nil {
		k := kind{pairs: t.paired != nil, order: t.order}
		var offset float64
		k.weightCard, k.weightBoost, offset = stack(card, t.boosted, t.outcome, t.weight, 10)
		list = append(list, candidate{k, t.said(mixed(card, t.boosted, k.weightCard, k.weightBoost)), offset})
	}
	losses := make([][]float64, len(list))
	best := 0
	for k := range list {
		losses[k] = list[k].losses(list[k].offset)
		if gain, _ := difference(losses[best], losses[k], t.weight); gain > 0 {
			best = k
		}
	}
	for k := range best {
		if gain, spread := difference(losses[k], losses[best], t.weight); gain <= spread {
			best = k
			break
		}
	}
	c := list[best]
	if c.order > 0 {
		return c.kind, c.outOfFold, calibrator{slope: 1, offset: c.offset} // its weights are calibrated
	}
	return c.kind, c.outOfFold, c.calibrator()
}

// difference returns by how much b is less than a on the weighted mean, and the
// standard error of that; where either is not known, neither counts.
func difference(a, b, weight []float64) (mean, spread float64) {
	n, square := 0.0, 0.0
	for i, w := range weight {
		if gap := a[i] - b[i]; !math.IsNaN(gap) {
			n += w
			mean += w * gap
			square += w * gap * gap
		}
	}
	mean /= n
	return mean, math.Sqrt(max(square/n-mean*mean, 0) / n)
}
