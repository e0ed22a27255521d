package scoring

import (
	"context"
	"errors"
	"time"

	"actnow"
)

// VersionState is where a version of a model stands.
type VersionState string

// The states of a version. One champion and one challenger may stand in an area for
// each score; the champion scores, the challenger is judged in its shadow.
const (
	Challenger VersionState = "challenger"
	Champion   VersionState = "champion"
	Retired    VersionState = "retired"
)

// Version is a model as the store keeps it.
type Version struct {
	ID        string       `json:"id"`
	Area      actnow.Area  `json:"area"`
	Target    Target       `json:"score"`
	State     VersionState `json:"state"`
	Kind      string       `json:"kind"`
	Day       string       `json:"day"`
	Base      float64      `json:"base"`
	Learned   Learned      `json:"learned"`
	Metrics   Measures     `json:"metrics"`
	MadeAt    time.Time    `json:"made_at"`
	DecidedAt time.Time    `json:"decided_at,omitzero"` // when it was promoted or retired last
	DecidedBy string       `json:"decided_by,omitempty"`
	Replaced  string       `json:"replaced,omitempty"` // id of the champion before it, which rollback goes to
	Verdict   *Verdict     `json:"verdict,omitempty"`  // the last one on it as a challenger
}

// VersionStore keeps versions of models and what came of trials.
type VersionStore interface {
	// Versions returns the versions of an area and score, the newest first.
	Versions(ctx context.Context, area actnow.Area, target Target) ([]Version, error)
	// Model returns a version's model. The error matches actnow.ErrNotFound.
	Model(ctx context.Context, id string) (*Model, error)
	// KeepTrial records a trial, carries out a verdict on the challenger that was
	// there, nil for none, and keeps a model, nil for none, as the challenger in the
	// place of any other; one that is there already is written anew and keeps its place
	// if it is the champion. All of it happens or nothing.
	KeepTrial(ctx context.Context, t Trial, m *Model, on *Verdict) error
}

// fewestSince is how many outcomes of either kind must have come of what a challenger
// said before it is judged.
const fewestSince = 10

// Verdict compares a challenger with what is in force, by what both said of the same
// customers before it was known what came.
type Verdict struct {
	Challenger string  `json:"challenger"`
	Champion   string  `json:"champion,omitempty"` // "" where a points card is in force, which claims the average
	Rows       int     `json:"rows"`
	Outcomes   int     `json:"outcomes"`
	Missing    int     `json:"missing"` // outcomes until it can be judged
	Loss       float64 `json:"loss"`    // mean log loss of the challenger
	Against    float64 `json:"against"` // of what is in force
	// Inverted are bands of the challenger that did worse than a lower one, by more than
	// chance: such a challenger is not promoted by itself.
	Inverted []BandPromise `json:"inverted,omitempty"`
	Promote  bool          `json:"promote"`
}

// Waits reports whether too little has happened for a verdict.
func (v *Verdict) Waits() bool { return v.Missing > 0 }

// inPlace are the models that stand in an area for a score.
type inPlace struct {
	champion, challenger *Model
	damaged              []string // ids of those that cannot be read any more
}

// inPlace reads the models that stand among versions.
func (t *Trainer) inPlace(ctx context.Context, versions []Version) (p inPlace, err error) {
	for _, v := range versions {
		if v.State == Retired {
			continue
		}
		switch m, err := t.Store.Model(ctx, v.ID); {
		case errors.Is(err, actnow.ErrInvalid):
			t.Log.WarnContext(ctx, "a model cannot be read", "model", v.ID, "error", err)
			p.damaged = append(p.damaged, v.ID)
		case err != nil:
			return p, err
		case v.State == Champion:
			p.champion = m
		default:
			p.challenger = m
		}
	}
	return p, nil
}

// judge compares a challenger with the champion, nil for the average that a points
// card claims, by what was said while both stood as they do. It is promoted if it has
// the lower log loss and none of its bands is turned round, neither on the rows that it
// had not seen when it was learned nor since.
func (l *lesson) judge(challenger, champion *Model) *Verdict {
	v := &Verdict{Challenger: challenger.ID()}
	if champion != nil {
		v.Champion = champion.ID()
	}
	var since []followed
	var outcomes []example
	for _, f := range l.followed[challenger.ID()] {
		if f.Champion == v.Champion {
			since, outcomes = append(since, f), append(outcomes, f.example)
		}
	}
	v.Rows = len(since)
	yes, no := l.target.count(outcomes)
	v.Outcomes, v.Missing = yes, max(0, fewestSince-min(yes, no))
	for _, f := range since {
		y := 0.0
		if f.Yes {
			y = 1
		}
		v.Loss += logLoss(f.Said, y) / float64(len(since))
		v.Against += logLoss(f.Against, y) / float64(len(since))
	}
	if !v.Waits() {
		v.Inverted = joinPromises(challenger.Tally(l.edges).inverted(), challenger.tallySince(since, l.edges).inverted())
		v.Promote = v.Loss < v.Against && len(v.Inverted) == 0
	}
	return v
}

// ClusterOutcome is how many customers of a cluster had an opportunity opened in the
// area within 90 days of the month's report day, among those with an account.
type ClusterOutcome struct {
	Cluster actnow.Cluster `json:"cluster"`
	Rows    int            `json:"rows"`
	Hits    int            `json:"hits"`
}
