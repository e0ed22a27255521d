package storage_test

import (
	"path/filepath"
	"testing"
	"time"

	"actnow"
	"actnow/scoring"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// shadows reads what is kept of what challengers said: how many runs and scores, and
// the sum of the chances.
func shadows(t *testing.T, db *storage.DB) (runs, scores int, said float64) {
	t.Helper()
	raw := storagetest.Raw(t, db)
	defer raw.Close()
	if err := raw.QueryRow(`SELECT (SELECT count(*) FROM shadow_runs), count(*), COALESCE(sum(said), 0) FROM shadow_scores`).Scan(&runs, &scores, &said); err != nil {
		t.Fatal(err)
	}
	return runs, scores, said
}

// TestShadowsStand checks that a challenger is judged by what it said when it scored in
// the shadow, whatever is known of the customers later.
func TestShadowsStand(t *testing.T) {
	t.Parallel()
	today := storagetest.Now
	now := func() time.Time { return today }
	db := storagetest.OpenAt(t, filepath.Join(t.TempDir(), "data"), now)
	seedMarket(t, db, 150, 1, "2025-01", "2026-10")
	first := trainFit(t, db, now)
	if runs, _, _ := shadows(t, db); runs != 0 {
		t.Fatalf("%d runs before anybody was scored", runs)
	}
	scoreAzure(t, db, now)
	runs, scores, said := shadows(t, db)
	if runs != 1 || scores != 150 || said <= 0 || said >= 150 {
		t.Fatalf("%d runs, %d scores, %g said", runs, scores, said)
	}

	// What is learned of customers later changes nothing of that month.
	storagetest.Exec(t, db, `UPDATE snapshot_rows SET cells = replace(replace(cells, 'Manufacturing', 'Farming'), 'Retail', 'Manufacturing')`)
	today = today.AddDate(0, 0, 2)
	scoreAzure(t, db, now)
	if r, n, again := shadows(t, db); r != 1 || n != scores || again != said {
		t.Errorf("after another scoring in the month: %d runs, %d scores, %g said, want %g", r, n, again, said)
	}
	today = today.AddDate(0, 1, 0)
	scoreAzure(t, db, now)
	if r, n, _ := shadows(t, db); r != 2 || n != 2*scores {
		t.Errorf("after a month: %d runs, %d scores", r, n)
	}
	storagetest.Exec(t, db, `UPDATE shadow_scores SET said = 0.25, against = 0.5 WHERE run_id = 1`)
	storagetest.Exec(t, db, `UPDATE shadow_scores SET said = 0.75, against = 0.5 WHERE run_id = 2`)

	// Customer 1 wins what it opened before the second run, and loses what it opened
	// after; before the first run nobody had said anything.
	storagetest.Exec(t, db, `DELETE FROM opportunities; INSERT INTO opportunities (external_id, connection_id, account_ref, area, status, opened_at, closed_at, updated_at) VALUES
		('before', 1, 'A1', 'azure', 'won', unixepoch('2026-11-01'), unixepoch('2026-12-01'), 0),
		('won', 1, 'A1', 'azure', 'won', unixepoch('2026-12-10'), unixepoch('2026-12-20'), 0),
		('lost', 1, 'A1', 'azure', 'lost', unixepoch('2027-01-20'), unixepoch('2027-01-21'), 0),
		('open', 1, 'A1', 'azure', 'open', unixepoch('2027-01-20'), NULL, 0),
		('other', 1, 'A1', 'm365', 'won', unixepoch('2027-01-20'), unixepoch('2027-01-21'), 0)`)
	wait, err := db.Wait(t.Context(), scoring.Version{ID: first.Model, Area: actnow.Azure, Target: scoring.Fit}, "")
	if err != nil || wait.Customers != 150 || wait.Outcomes != 1 || wait.Others != 1 || !wait.Since.Equal(storagetest.Now.Truncate(24*time.Hour).AddDate(0, 0, 1)) {
		t.Errorf("what came so far: %+v, %v", wait, err)
	}
	// Were it intent: 'won' opened within 90 days of both runs, 'lost' after it; 'open' on the day of 'lost'.
	if wait, err := db.Wait(t.Context(), scoring.Version{ID: first.Model, Area: actnow.Azure, Target: scoring.Intent}, ""); err != nil || wait.Outcomes != 2 || wait.Others != 0 {
		t.Errorf("what came so far of intent: %+v, %v", wait, err)
	}
	if wait, err := db.Wait(t.Context(), scoring.Version{ID: first.Model, Area: actnow.Azure, Target: scoring.Fit}, "another"); err != nil || wait != (scoring.Wait{}) {
		t.Errorf("beside another champion: %+v, %v", wait, err)
	}
	today = today.AddDate(0, 2, 0)
	second := trainFit(t, db, now)
	v := second.Verdict
	if v == nil || v.Challenger != first.Model || v.Rows != 2 || v.Outcomes != 1 || !v.Waits() {
		t.Fatalf("verdict: %+v", v)
	}
	const quarter = 1.3862943611198906 // −log(0.25): of the win that it gave a quarter, and of the loss that it gave three quarters
	if d := v.Loss - quarter; d < -1e-12 || d > 1e-12 || v.Against != 0.6931471805599453 {
		t.Errorf("loss %g against %g, want %g against log 2", v.Loss, v.Against, quarter)
	}

	// Once it is decided, what it said is forgotten; the champion's own turn is told by its scores.
	if _, err := db.Promote(t.Context(), actnow.Actor{Name: "Elin"}, first.Model); err != nil {
		t.Fatal(err)
	}
	if r, n, _ := shadows(t, db); r != 0 || n != 0 {
		t.Errorf("after the promotion: %d runs, %d scores", r, n)
	}
	scoreAzure(t, db, now)
	if r, _, _ := shadows(t, db); r != 0 {
		t.Errorf("%d runs without a challenger", r)
	}
}
