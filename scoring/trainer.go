package scoring

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"actnow"
)

// TrainerStore gives histories and keeps versions of models.
type TrainerStore interface {
	VersionStore
	// Matrix returns the active matrix.
	Matrix(ctx context.Context) (Matrix, error)
	// Matched returns the customers that have an account in the CRM, by id.
	Matched(ctx context.Context) ([]actnow.CustomerID, error)
	// Histories returns what is known of customers, in the order of their ids: all
	// of it, or, of a month, the newest row of each report up to that month and what
	// the CRM says today.
	Histories(ctx context.Context, month actnow.Month, ids []actnow.CustomerID) ([]History, error)
	// Shadowed returns what the challengers of a target that stand have said of
	// customers, by customer.
	Shadowed(ctx context.Context, target Target, ids []actnow.CustomerID) (map[actnow.CustomerID][]Shadowed, error)
	// FirstOpportunity returns since when opportunities are kept, the zero time if none
	// are.
	FirstOpportunity(ctx context.Context) (time.Time, error)
}

// Trainer is the training job: it learns fit and intent of each area from what the
// store holds, and keeps what it learned as challengers.
type Trainer struct {
	Store TrainerStore
	Batch int // customers read at a time; 0 means 500
	Seed  uint64
	Now   func() time.Time
	Log   *slog.Logger
}

// Training is what a run came to. Its JSON is a contract with scripts.
type Training struct {
	Trials []TrialOutcome `json:"trials"`
}

// TrialOutcome is a trial with what became of the challenger before it and of its own
// model.
type TrialOutcome struct {
	Trial
	Verdict *Verdict `json:"verdict,omitempty"` // on the challenger that was there
	Outcome Outcome  `json:"outcome"`
}

// Outcome is what became of a trial.
type Outcome string

// The outcomes of a trial.
const (
	OutcomeChallenger Outcome = "challenger" // a new version stands in the shadow of what is in force
	OutcomeSame       Outcome = "same"       // the version is there already
	OutcomeWaits      Outcome = "waits"      // an earlier challenger has not been judged yet, and stays
	OutcomeNone       Outcome = "none"       // there is no usable signal
)

// Bounds of what is read for learning.
const (
	maxExamples = 40_000 // in an area; with more, a share of the customers is learned from
	maxPresent  = 5_000  // customers of today that are looked at
)

// Run learns the targets of the areas, all of them if none are named, and calls
// progress, if not nil, with the steps done so far and in all. First the challengers
// that wait are judged by what happened since they were learned. Each trial is kept
// in a transaction of its own once it is done: a run that is cancelled leaves those
// that were, and nothing of the one at hand.
//
// What other areas lend is read for each area, so the same store gives the same
// models whichever areas are named.
func (t *Trainer) Run(ctx context.Context, areas []actnow.Area, targets []Target, progress func(done, total int64)) (Training, error) {
	if len(areas) == 0 {
		areas = actnow.Areas
	}
	if len(targets) == 0 {
		targets = Targets
	}
	for _, area := range areas {
		if !area.Valid() {
			return Training{}, actnow.Invalid("error.score.area", "area", "there is no points card for the area %q", string(area))
		}
	}
	start := t.Now()
	total := int64(len(targets) * (len(areas) + 1))
	done := int64(0)
	step := func() {
		if done++; progress != nil {
			progress(done, total)
		}
	}
	out := Training{Trials: []TrialOutcome{}}
	for _, target := range targets {
		lesson, err := t.lesson(ctx, target, dayOf(start).Add(day))
		if err != nil {
			return out, fmt.Errorf("gather %s: %w", target, err)
		}
		step()
		for _, area := range areas {
			o, err := t.trial(ctx, lesson, area)
			if err != nil {
				return out, fmt.Errorf("learn %s of %s: %w", target, area, err)
			}
			t.Log.InfoContext(ctx, "trained", "area", string(area), "score", string(target), "outcome", string(o.Outcome), "outcomes", o.Outcomes, "reason", o.Reason)
			out.Trials = append(out.Trials, o)
			step()
		}
	}
	t.Log.InfoContext(ctx, "training done", "trials", len(out.Trials), "took", t.Now().Sub(start))
	return out, nil
}

// trial judges the challenger of an area that waits, learns anew, and keeps what
// came of it.
func (t *Trainer) trial(ctx context.Context, l *lesson, area actnow.Area) (TrialOutcome, error) {
	versions, err := t.Store.Versions(ctx, area, l.target)
	if err != nil {
		return TrialOutcome{}, err
	}
	there, err := t.inPlace(ctx, versions)
	if err != nil {
		return TrialOutcome{}, err
	}
	var o TrialOutcome
	if there.challenger != nil {
		o.Verdict = l.judge(there.challenger, there.champion)
	}
	if o.Trial, err = l.learn(ctx, area, t.Seed); err != nil {
		return o, err
	}
	keep := o.model
	switch {
	case o.model == nil:
		o.Outcome = OutcomeNone
	case slices.ContainsFunc(versions, func(v Version) bool { return v.ID == o.Model }) && !slices.Contains(there.damaged, o.Model):
		o.Outcome, keep = OutcomeSame, nil
	case o.Verdict != nil && o.Verdict.Waits() && !o.growth(versions):
		o.Outcome, keep = OutcomeWaits, nil
	default:
		o.Outcome = OutcomeChallenger
	}
	if err := ctx.Err(); err != nil {
		return o, err
	}
	if err := t.Store.KeepTrial(ctx, o.Trial, keep, o.Verdict); err != nil {
		return o, fmt.Errorf("keep trial: %w", err)
	}
	return o, nil
}

// growth reports whether the trial learned from so many more outcomes than the
// challenger that waits that it takes its place: history was brought in since.
func (t *Trial) growth(versions []Version) bool {
	return slices.ContainsFunc(versions, func(v Version) bool {
		return v.State == Challenger && float64(min(t.Outcomes, t.Others)) >= reconsider*float64(min(v.Learned.Outcomes, v.Learned.Others))
	})
}

// lesson gathers the examples of all areas from the histories of the customers.
func (t *Trainer) lesson(ctx context.Context, target Target, end time.Time) (*lesson, error) {
	ids, err := t.Store.Matched(ctx)
	if err != nil {
		return nil, err
	}
	first, err := t.Store.FirstOpportunity(ctx)
	if err != nil {
		return nil, err
	}
	matrix, err := t.Store.Matrix(ctx)
	if err != nil {
		return nil, err
	}
	l := newLesson(target, end, matrix.Edges)
	var days []time.Time
	if !first.IsZero() {
		days = monthDays(first, end)
	}
	share := float64(maxExamples) / float64(max(len(ids)*len(days), 1))
	if target == Fit {
		share = 1
	}
	today := float64(maxPresent) / float64(max(len(ids), 1))
	batch := t.Batch
	if batch <= 0 {
		batch = 500
	}
	for len(ids) > 0 {
		n := min(batch, len(ids))
		said, err := t.Store.Shadowed(ctx, target, ids[:n])
		if err != nil {
			return nil, err
		}
		var wanted []actnow.CustomerID
		for _, id := range ids[:n] {
			if len(said[id]) > 0 || drawHeard.sampled(id, max(share, today)) {
				wanted = append(wanted, id)
			}
		}
		histories, err := t.Store.Histories(ctx, "", wanted)
		if err != nil {
			return nil, err
		}
		for i := range histories {
			l.follow(&histories[i], said[histories[i].Customer])
			l.hear(&histories[i], days, drawHeard.sampled(histories[i].Customer, share), drawHeard.sampled(histories[i].Customer, today))
		}
		ids = ids[n:]
	}
	l.settle()
	return l, nil
}

// settle puts examples in order of time, whatever order customers were read in, and
// keeps a share of the customers where there are too many.
func (l *lesson) settle() {
	for area, list := range l.examples {
		if share := float64(maxExamples) / float64(max(len(list), 1)); share < 1 {
			list = slices.DeleteFunc(list, func(x example) bool { return !drawKept.sampled(x.Customer, share) })
		}
		slices.SortStableFunc(list, compareExamples)
		l.examples[area] = list
	}
}

// hear takes in the history of one customer.
func (l *lesson) hear(h *History, days []time.Time, learn, look bool) {
	for _, area := range actnow.Areas {
		s := l.sheets[area]
		switch {
		case !learn:
		case l.target == Fit:
			l.examples[area] = append(l.examples[area], h.wins(s, l.end)...)
		default:
			l.examples[area] = append(l.examples[area], h.openings(s, days, l.end)...)
		}
		if look {
			l.present[area] = append(l.present[area], s.add(h.Observe(l.target, area, l.end)))
		}
	}
}
