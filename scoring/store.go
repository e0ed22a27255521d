package scoring

import (
	"context"

	"actnow"
)

// Store gives facts and takes scores.
type Store interface {
	// FactsAfter returns the facts of up to limit customers with a key above
	// after, in key order, as known at the end of month.
	FactsAfter(ctx context.Context, month actnow.Month, after actnow.CustomerID, limit int) ([]Facts, error)
	// CountFacts returns how many customers FactsAfter gives for a month in all.
	CountFacts(ctx context.Context, month actnow.Month) (int64, error)
	// SavePropensities saves our own scores of a month; saving the same again
	// changes nothing. One without any score takes an earlier one back. Scores
	// imported from a report stay beside them.
	SavePropensities(ctx context.Context, month actnow.Month, ps []Propensity) error
	// Matrix returns the active matrix.
	Matrix(ctx context.Context) (Matrix, error)
	// Clusters counts the customers in each cluster of the area in a month, by what
	// holds: the score of a report first, ours where it is silent.
	Clusters(ctx context.Context, area actnow.Area, month actnow.Month) (map[actnow.Cluster]int, error)
}

// ModelStore gives the models in force and what they are told of customers, and
// takes how far customers have moved since the models were learned, and what
// challengers say in their shadow.
type ModelStore interface {
	ShadowStore
	// Champions returns the models in force, by area and score.
	Champions(ctx context.Context) ([]*Model, error)
	// Histories is that of TrainerStore.
	Histories(ctx context.Context, month actnow.Month, ids []actnow.CustomerID) ([]History, error)
	// SaveDrift saves how far the customers of a month have moved since a model was
	// learned.
	SaveDrift(ctx context.Context, model string, d Drift) error
}

// Matrix says where the bands begin and which cell a fit band and an intent band
// cross in. It is data: versioned, and chosen by name.
type Matrix struct {
	Name    string                                      `json:"name"` // "quadrants" or "rows", or one of the partner's own
	Version int                                         `json:"version"`
	Edges   actnow.Edges                                `json:"edges"`
	Cells   map[actnow.Band]map[actnow.Band]actnow.Cell `json:"cells"` // fit, then intent
}
