package storage

import (
	"context"
	"database/sql"
	"fmt"

	"actnow/scoring"
)

// SaveDrift saves how far the customers of a month have moved since a model was
// learned.
func (db *DB) SaveDrift(ctx context.Context, model string, d scoring.Drift) error {
	list := d.Features
	if d.Score != nil {
		list = append(list[:len(list):len(list)], *d.Score)
	}
	err := db.write(ctx, func(tx *sql.Tx) error {
		for _, f := range list {
			if _, err := tx.Exec(`INSERT INTO model_drift (model_id, month, feature, psi) VALUES (?, ?, ?, ?)
				ON CONFLICT (model_id, month, feature) DO UPDATE SET psi = excluded.psi`, model, string(d.Month), f.Feature, f.PSI); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save drift of model %s: %w", model, err)
	}
	return nil
}

// Drift returns how far the customers of the newest month that a model scored have
// moved since it was learned.
func (db *DB) Drift(ctx context.Context, model string) (scoring.Drift, error) {
	d := scoring.Drift{Features: []scoring.FeatureDrift{}}
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT month, feature, psi FROM model_drift WHERE model_id = ? AND month = (SELECT max(month) FROM model_drift WHERE model_id = ?)
			ORDER BY psi DESC, feature`, []any{model, model}, func(rows *sql.Rows) error {
			var feature string
			var psi float64
			if err := rows.Scan(&d.Month, &feature, &psi); err != nil {
				return err
			}
			f := scoring.NewFeatureDrift(feature, psi)
			if feature == "" {
				d.Score = &f
			} else {
				d.Features = append(d.Features, f)
			}
			return nil
		})
	})
	if err != nil {
		return d, fmt.Errorf("drift of model %s: %w", model, err)
	}
	return d, nil
}
