package scoring

import (
	"context"
	"errors"

	"actnow"
)

// Check is how well what scores an area holds.
type Check struct {
	Area    actnow.Area `json:"area"`
	Target  Target      `json:"score"`
	InForce string      `json:"in_force"` // id of the points card or of the champion
	// Drift and Promised are those of the champion; nil where a points card is in force,
	// which learned from nothing, or where the champion cannot be read.
	Drift    *Drift     `json:"drift,omitempty"`
	Promised *BandTally `json:"promised,omitempty"` // of the rows that it had not seen when it was learned
	Since    BandTally  `json:"since"`              // of what our scores have said of customers since, whatever made them
}

// CheckStore reads what a check looks at.
type CheckStore interface {
	Matrix(ctx context.Context) (Matrix, error)
	// Model returns a version's model. The error matches actnow.ErrNotFound, or
	// actnow.ErrInvalid if it cannot be read.
	Model(ctx context.Context, id string) (*Model, error)
	// Drift returns how far customers have moved since a model was learned, with no
	// month if it never scored.
	Drift(ctx context.Context, model string) (Drift, error)
	// BandTally compares what our scores said by bands with what came of it.
	BandTally(ctx context.Context, area actnow.Area, target Target) (BandTally, error)
}

// Checks checks what the statuses say is in force.
func Checks(ctx context.Context, store CheckStore, statuses []Status) ([]Check, error) {
	matrix, err := store.Matrix(ctx)
	if err != nil {
		return nil, err
	}
	checks := []Check{}
	for _, st := range statuses {
		c := Check{Area: st.Area, Target: st.Target, InForce: st.InForce}
		if c.Since, err = store.BandTally(ctx, st.Area, st.Target); err != nil {
			return nil, err
		}
		if st.Champion != nil {
			if err := c.look(ctx, store, matrix.Edges); err != nil {
				return nil, err
			}
		}
		checks = append(checks, c)
	}
	return checks, nil
}

// look looks at the champion.
func (c *Check) look(ctx context.Context, store CheckStore, e Edges) error {
	m, err := store.Model(ctx, c.InForce)
	if errors.Is(err, actnow.ErrInvalid) {
		return nil
	}
	if err != nil {
		return err
	}
	tally := m.Tally(e)
	drift, err := store.Drift(ctx, c.InForce)
	c.Promised, c.Drift = &tally, &drift
	return err
}
