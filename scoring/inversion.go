package scoring

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"actnow"
)

// InvertedError says that the bands of a version are turned round: one did worse than a
// lower one, by more than chance. It is an *actnow.InputError too.
type InvertedError struct {
	Version  string // id
	Promises []BandPromise
}

func (e *InvertedError) Error() string { return e.Unwrap().Error() }

// Unwrap returns the sentence about the first of the promises.
func (e *InvertedError) Unwrap() error {
	p := e.Promises[0]
	return actnow.Invalid("error.model.inverted", "anyway", "of the version %s, %s did worse than %s by more than chance: promote it with anyway if that is wanted all the same",
		fmt.Sprintf("%.12s", e.Version), p.Higher, p.Lower)
}

// InversionStore reads what MayPromote looks at.
type InversionStore interface {
	Matrix(ctx context.Context) (Matrix, error)
	// Model returns a version's model by its id or the first letters of it.
	Model(ctx context.Context, id string) (*Model, error)
	Versions(ctx context.Context, area actnow.Area, target Target) ([]Version, error)
}

// MayPromote returns an *InvertedError if the bands of a version that is not in force
// are turned round, by the edges in force: those of the rows that it had not seen when
// it was learned, or those of what it said in the shadow. id may be the first letters.
func MayPromote(ctx context.Context, store InversionStore, id string) error {
	matrix, err := store.Matrix(ctx)
	if err != nil {
		return err
	}
	m, err := store.Model(ctx, id)
	if err != nil {
		return err
	}
	versions, err := store.Versions(ctx, m.Area, m.Target)
	if err != nil {
		return err
	}
	e := &InvertedError{Version: m.ID(), Promises: m.Tally(matrix.Edges).inverted()}
	for _, v := range versions {
		switch {
		case v.ID != m.ID():
		case v.State == Champion:
			return nil
		case v.Verdict != nil:
			e.Promises = joinPromises(e.Promises, v.Verdict.Inverted)
		}
	}
	if len(e.Promises) > 0 {
		return e
	}
	return nil
}

// inverted compares each band with all lower ones, and returns those that did worse.
func (t BandTally) inverted() (list []BandPromise) {
	for k, higher := range t.Outcomes {
		for _, lower := range t.Outcomes[k+1:] {
			if p := t.promise(higher, lower); p.Verdict == BandInverted {
				list = append(list, p)
			}
		}
	}
	return list
}

// joinPromises adds to promises those about other bands.
func joinPromises(to, more []BandPromise) []BandPromise {
	for _, p := range more {
		if !slices.ContainsFunc(to, func(q BandPromise) bool { return q.Higher == p.Higher && q.Lower == p.Lower }) {
			to = append(to, p)
		}
	}
	return to
}

// tallySince counts by bands what came of what a challenger said.
func (m *Model) tallySince(since []followed, e Edges) BandTally {
	groups := bandGroups{}
	for _, f := range since {
		groups.add(strconv.FormatInt(int64(f.example.Customer), 10), e.Band(Points(f.Said, m.Base)), f.Yes)
	}
	return groups.counter(e).Tally()
}
