package storage

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// refreshStandings has no exported method of its own; this test looks at it alone.
func TestRefreshStandings(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), Options{Dir: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	type current struct {
		Month, FitFrom, Cell, Cluster, ClusterFrom, Previous string
		Fit                                                  sql.NullFloat64
	}
	tests := []struct {
		name string
		seed string
		want current
	}{
		{
			name: "bands by the matrix, own fills the missing intent",
			seed: `INSERT INTO propensities (customer_id, area, month, source, fit, fit_band, scored_at) VALUES (1, 'azure', '2026-10', 'azure', 80, 'High', 0);
				INSERT INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, cluster, scored_at) VALUES (1, 'azure', '2026-10', 'own', 20, 60, 'Very low', 'Medium', 'Nurture', 0);`,
			want: current{Month: "2026-10", FitFrom: "azure", Cell: "A2", Cluster: "Act Now", ClusterFrom: "matrix", Fit: sql.NullFloat64{Float64: 80, Valid: true}},
		},
		{
			name: "the file's cluster wins, from whichever report says it",
			seed: `INSERT INTO propensities (customer_id, area, month, source, cluster, cluster_from, scored_at) VALUES (1, 'azure', '2026-10', 'renewals', 'Evaluate', 'file', 0);
				INSERT INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, scored_at) VALUES (1, 'azure', '2026-10', 'azure', 80, 80, 'High', 'High', 0);`,
			want: current{Month: "2026-10", FitFrom: "azure", Cell: "A1", Cluster: "Evaluate", ClusterFrom: "file", Fit: sql.NullFloat64{Float64: 80, Valid: true}},
		},
		{
			name: "the month before is remembered",
			seed: `INSERT INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, scored_at) VALUES
				(1, 'azure', '2026-09', 'azure', 10, 10, 'Very low', 'Very low', 0), (1, 'azure', '2026-10', 'azure', 60, 60, 'Medium', 'Medium', 0);`,
			want: current{Month: "2026-10", FitFrom: "azure", Cell: "A4", Cluster: "Act Now", ClusterFrom: "matrix", Previous: "Educate", Fit: sql.NullFloat64{Float64: 60, Valid: true}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got current
			err := db.write(t.Context(), func(tx *sql.Tx) error {
				if _, err := tx.Exec(`DELETE FROM propensities; INSERT INTO customers (id, key, first_month, last_month, updated_at) VALUES (1, 'tpid:1', '', '', 0) ON CONFLICT DO NOTHING; ` + tt.seed); err != nil {
					return err
				}
				if err := refreshStandings(tx, `SELECT id FROM customers`); err != nil {
					return err
				}
				return tx.QueryRow(`SELECT month, fit_from, cell, cluster, cluster_from, previous_cluster, fit FROM current_propensities`).
					Scan(&got.Month, &got.FitFrom, &got.Cell, &got.Cluster, &got.ClusterFrom, &got.Previous, &got.Fit)
			})
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("current = %+v, want %+v", got, tt.want)
			}
		})
	}
}
