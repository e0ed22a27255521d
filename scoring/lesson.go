package scoring

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"actnow"
)

// lesson is what one of the two scores can be learned from: examples of all areas,
// and what customers are like today.
type lesson struct {
	target   Target
	end      time.Time                 // nothing of this instant or later is in it
	edges    Edges                     // of the bands that a challenger is judged by
	examples map[actnow.Area][]example // in order of time

	sheets  map[actnow.Area]*sheet
	present map[actnow.Area][]line

	followed map[string][]followed // by the id of a challenger
}

// newLesson returns a lesson without anything in it yet.
func newLesson(target Target, end time.Time, edges Edges) *lesson {
	l := &lesson{target: target, end: end, edges: edges, examples: map[actnow.Area][]example{}, sheets: map[actnow.Area]*sheet{}, present: map[actnow.Area][]line{},
		followed: map[string][]followed{}}
	for _, area := range actnow.Areas {
		l.sheets[area] = newSheet(area)
	}
	return l
}

// Trial is what came of learning one score of one area.
type Trial struct {
	Area       actnow.Area `json:"area"`
	Target     Target      `json:"score"`
	Day        string      `json:"day"`
	Rows       int         `json:"rows"`
	Outcomes   int         `json:"outcomes"`         // won, or opened
	Others     int         `json:"others"`           // lost, or rows without an opening
	Missing    int         `json:"missing"`          // outcomes until a probability can be learned
	Reason     string      `json:"reason,omitempty"` // why there is no model
	Validation *Measures   `json:"validation,omitempty"`
	Model      string      `json:"model,omitempty"` // id

	model *Model
}

// lentShares are what a row of another area may count where it lends to an area's
// own: nothing, a quarter, as much. Weighing the likelihood of what is only alike is
// the power prior of Ibrahim and Chen, "Power prior distributions for regression
// models" (2000): an area with many outcomes speaks for itself, one with few leans on
// the others, and the area's own later rows decide how far.
var lentShares = []float64{0, 0.25, 1}

// clearlyBetter is how much less the log loss must be for a lender to be heard.
const clearlyBetter = 0.998

// learn learns the score of an area, or says why it cannot be learned. The same
// lesson and seed give the same model, to the byte.
func (l *lesson) learn(ctx context.Context, area actnow.Area, seed uint64) (Trial, error) {
	own := l.examples[area]
	t := Trial{Area: area, Target: l.target, Day: l.end.Add(-1).UTC().Format(time.DateOnly), Rows: len(own)}
	t.Outcomes, t.Others = l.target.count(own)
	if t.Missing = max(0, fewestOutcomes-min(t.Outcomes, t.Others)); t.Missing > 0 {
		t.Reason = ReasonFew
		return t, nil
	}
	best, err := l.best(ctx, area, seed)
	if err != nil {
		return Trial{}, err
	}
	p := best.predictor
	if v := p.validation; v.Rows > 0 {
		t.Validation = &v // a copy: what it was measured on is not kept with it
	}
	if t.Reason = p.reason; !p.published {
		return t, nil
	}
	m, err := best.model(t, seed)
	if err != nil {
		return Trial{}, err
	}
	t.model, t.Model = m, m.ID()
	return t, nil
}

// best returns the best course of learning the score of an area. How much the other
// areas' rows count is found with plain scorecards. Where these are no better than
// chance, for all that the interval of their AUC leaves open, or where so few outcomes
// carry nothing else, nothing more is tried.
func (l *lesson) best(ctx context.Context, area actnow.Area, seed uint64) (*course, error) {
	lends := l.lenders(area)
	own := l.material(area, lent{})
	var all *material
	var best *course
	for _, share := range lentShares {
		if share > 0 && len(lends.examples) == 0 {
			break
		}
		if share > 0 && all == nil {
			all = l.material(area, lends)
		}
		c := cmp.Or(all, own).course(share, seed)
		if best != nil {
			c.recipe.earlier = best.predictor.tried.read(best.features, c.features)
		}
		if err := c.learn(ctx, true); err != nil {
			return nil, err
		}
		if best == nil || best.worseThan(c) {
			best = c
		}
	}
	if best.recipe.simple || best.recipe.rarer() < boostFromCount || best.predictor.validation.AUCHigh < leastAUC {
		return best, nil
	}
	best.recipe.earlier = best.predictor.tried
	return best, best.learn(ctx, false)
}

// count returns how many outcomes examples tell of. Each opportunity that was won or
// lost has one example; one that opened answers yes to several, and counts once.
func (t Target) count(examples []example) (yes, no int) {
	type opening struct {
		customer actnow.CustomerID
		at       int64
	}
	seen := map[opening]bool{}
	for _, x := range examples {
		k := opening{x.Customer, x.Outcome}
		switch {
		case !x.Yes:
			no++
		case t == Fit || !seen[k]:
			seen[k] = true
			yes++
		}
	}
	return yes, no
}

// material is examples in the columns that are learned from: an area's own, then those
// that are lent.
type material struct {
	target   Target
	examples []example
	weight   []float64 // of examples: 1, or as many as a lent one stands for
	own      int
	features []Feature
	frame    *frame
	present  *frame // customers of today
	split    []fold
}

// material lays out an area's own examples and lent ones.
func (l *lesson) material(area actnow.Area, lends lent) *material {
	own := l.examples[area]
	a := &material{target: l.target, examples: slices.Concat(own, lends.examples), weight: ones(len(own)), own: len(own)}
	for _, x := range lends.examples {
		a.weight = append(a.weight, lends.weight(x))
	}
	a.features = featuresOf(linesOf(a.examples))
	a.frame = examplesFrame(a.features, a.examples)
	a.present = frameOf(a.features, l.present[area])
	a.split = forwardSplit(a.examples, a.own)
	return a
}

// course is one way of learning a score of an area.
type course struct {
	*material
	share     float64
	recipe    recipe
	predictor *predictor
}

// course says how to learn from material of which lent examples count as a share.
func (a *material) course(share float64, seed uint64) *course {
	c := &course{material: a, share: share}
	yes, no := a.target.count(a.examples[:a.own])
	lentYes, lentNo := a.target.count(a.examples[a.own:])
	c.recipe = recipe{frame: a.frame, rows: places(len(a.examples)), weight: slices.Clone(a.weight), own: a.own, seed: seed,
		outcomes: min(yes+int(share*float64(lentYes)), no+int(share*float64(lentNo))),
		label:    func(row int) float64 { return a.frame.labels[row] },
		split:    a.split}
	for i := a.own; i < len(a.examples); i++ {
		c.recipe.weight[i] *= share
	}
	// Today's customers may differ from those of the past; other areas' do not matter.
	looked := c.recipe
	looked.rows = c.recipe.ownRows()
	looked.heed(a.present, places(a.present.rows()))
	c.recipe.use, c.recipe.simple = looked.use, looked.simple
	return c
}

// learn learns what the course laid out, plain scorecards alone if it is to be quick.
func (c *course) learn(ctx context.Context, plain bool) error {
	r := c.recipe
	if len(r.split) == 0 {
		c.predictor = &predictor{base: rate(r), reason: ReasonFew, calibrate: calibrator{slope: 1}}
		return nil
	}
	r.simple = r.simple || plain
	var err error
	c.predictor, err = train(ctx, r)
	return err
}

// worseThan compares what two courses foretold of the rows that both did, which are
// the last.
func (c *course) worseThan(d *course) bool {
	a, b := c.predictor.said, d.predictor.said
	n := min(len(a.score), len(b.score))
	if n == 0 {
		return len(a.score) < len(b.score)
	}
	return b.last(n).loss() < clearlyBetter*a.last(n).loss()
}

func (o outOfFold) last(n int) outOfFold {
	at := len(o.score) - n
	return outOfFold{score: o.score[at:], outcome: o.outcome[at:]}
}

// loss returns the mean log loss of probabilities.
func (o outOfFold) loss() float64 {
	sum := 0.0
	for i, p := range o.score {
		sum += logLoss(p, o.outcome[i])
	}
	return sum / float64(len(o.score))
}

// model makes a version of what the course came to.
func (c *course) model(t Trial, seed uint64) (*Model, error) {
	p := c.predictor
	own := c.examples[:c.own]
	m := &Model{Format: modelFormat, Area: t.Area, Target: t.Target, Day: t.Day, Kind: p.kind.String(), Seed: seed, Base: p.base,
		Validation: p.validation, Promise: promise(p.said), Outcomes: outcomes(p.said, p.base),
		Learned: Learned{Rows: c.own, Outcomes: t.Outcomes, Others: t.Others, Lent: len(c.examples) - c.own, Share: c.share, Data: dataHash(c.features, c.frame, c.examples), Present: c.present.rows(),
			From: dayIn(own[0].End), To: dayIn(own[c.own-1].End)},
		predictor: predictor{base: p.base, kind: p.kind, learned: p.learned, calibrate: p.calibrate, published: true, validation: p.validation}}
	for j, f := range c.features {
		b, _ := newBasis(c.frame, j, places(c.own), resolution{10, 10})
		f.Edges, f.Levels = b.edges, b.names
		f.Spread = make([]int, f.bins())
		countRows(f.Spread, f.basis(j), c.present, c.present.rows())
		m.Features = append(m.Features, f)
	}
	m.Bands = m.Tally(DefaultEdges).Outcomes
	m.Scored = spreadOf(m.pointsOf(c.present))
	return m, m.seal()
}

// dayIn is the day in UTC of an instant in seconds since 1970.
func dayIn(at int64) string { return time.Unix(at, 0).UTC().Format(time.DateOnly) }

// Rows of which one step of a promise tells at least, and the most steps.
const (
	promiseRows  = 20
	promiseSteps = 10
)

// promise compares what was said with what happened, in equal parts of the rows from
// the least likely to the likeliest.
func promise(said outOfFold) []PromiseStep {
	order := places(len(said.score))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(said.score[a], said.score[b]) })
	steps := make([]PromiseStep, min(promiseSteps, max(1, len(order)/promiseRows)))
	for k := range steps {
		part := order[k*len(order)/len(steps) : (k+1)*len(order)/len(steps)]
		steps[k].Rows = len(part)
		for _, i := range part {
			steps[k].Said += said.score[i] / float64(len(part))
			steps[k].Hits += int(said.outcome[i])
		}
	}
	return steps
}

// outcomes counts what happened to rows by what was said of them.
func outcomes(said outOfFold, base float64) *PointOutcomes {
	groups, tenths := bandGroups{}, map[int]*PointOutcome{}
	for i, p := range said.score {
		points, hit := Points(p, base), int(said.outcome[i])
		account := strconv.Itoa(i)
		if said.account != nil {
			account = said.account[i]
		}
		groups.add(account, DefaultEdges.Band(points), hit == 1)
		k := int(math.Floor(points * 10))
		if tenths[k] == nil {
			tenths[k] = &PointOutcome{From: float64(k) / 10}
		}
		tenths[k].Rows, tenths[k].Hits = tenths[k].Rows+1, tenths[k].Hits+hit
	}
	out := &PointOutcomes{Together: groups.counter(DefaultEdges).together()}
	for _, k := range slices.Sorted(maps.Keys(tenths)) {
		out.Points = append(out.Points, *tenths[k])
	}
	return out
}
