package storage

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"actnow"
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
				if err := refreshStandings(tx, db.now(), "", actnow.Areas, `SELECT id FROM customers`); err != nil {
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

// Whatever month changes, making it and what follows anew gives the same as
// making everything anew.
func TestRefreshFromAMonthIsTheWhole(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), Options{Dir: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rng := rand.New(rand.NewPCG(7, 7))
	months := []actnow.Month{"2026-06", "2026-07", "2026-08", "2026-09"}
	dump := func(tx *sql.Tx) string {
		var text string
		err := each(tx, `SELECT customer_id || area || month || latest || COALESCE(fit, '') || cell || cluster || previous_month || previous_cluster FROM standings ORDER BY customer_id, area, month`, nil,
			func(rows *sql.Rows) error {
				var line string
				err := rows.Scan(&line)
				text += line + "\n"
				return err
			})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	err = db.write(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.Exec(`INSERT INTO customers (id, key, first_month, last_month, updated_at) VALUES (1, 'a', '', '', 0), (2, 'b', '', '', 0), (3, 'c', '', '', 0)`); err != nil {
			return err
		}
		for step := range 200 {
			month := months[rng.IntN(len(months))]
			customer := rng.IntN(3) + 1
			if _, err := tx.Exec(`DELETE FROM propensities WHERE customer_id = ? AND month = ?`, customer, string(month)); err != nil {
				return err
			}
			if rng.IntN(3) > 0 {
				fit, intent := float64(rng.IntN(101)), float64(rng.IntN(101))
				if _, err := tx.Exec(`INSERT INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, scored_at) VALUES (?, 'azure', ?, 'azure', ?, ?, ?, ?, 0)`,
					customer, string(month), fit, intent, string(actnow.BandOf(fit)), string(actnow.BandOf(intent))); err != nil {
					return err
				}
			}
			if err := refreshStandings(tx, db.now(), month, []actnow.Area{actnow.Azure}, `SELECT ?`, customer); err != nil {
				return err
			}
			part := dump(tx)
			if err := refreshStandings(tx, db.now(), "", actnow.Areas, `SELECT id FROM customers`); err != nil {
				return err
			}
			if whole := dump(tx); part != whole {
				return fmt.Errorf("step %d: from %s\n%s\nwhole\n%s", step, month, part, whole)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
