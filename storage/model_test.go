package storage_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"actnow"
	"actnow/scoring"
	"actnow/storage"
	"actnow/storage/storagetest"
)

var (
	_ scoring.TrainerStore = (*storage.DB)(nil)
	_ scoring.ModelStore   = (*storage.DB)(nil)
)

// seedMarket fills a store with customers of whom manufacturers win Azure, as far as
// strength goes, with opportunities from the month first to the month last.
func seedMarket(t *testing.T, db *storage.DB, customers int, strength float64, first, last actnow.Month) {
	t.Helper()
	raw := storagetest.Raw(t, db)
	defer raw.Close()
	tx, err := raw.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := tx.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO locations (id, global_id) VALUES (1, '100') ON CONFLICT DO NOTHING`)
	exec(`INSERT INTO snapshots (id, report, month, revision, current, file, sha256, columns, rows, new, changed, unchanged, imported_at)
		VALUES (1, 'azure', '2024-01', 1, 1, 'a', 'a', '[{"Header":"OrgSize","Field":"org_size"},{"Header":"Industry","Field":"industry"},{"Header":"Has M365","Field":"has_m365"}]', 1, 1, 0, 0, ?) ON CONFLICT DO NOTHING`, unixDay(2024, 2, 1))
	trades := []string{"Manufacturing", "Retail", "Health"}
	for id := 1; id <= customers; id++ {
		r := rand.New(rand.NewPCG(uint64(id), 5))
		trade, size := trades[r.IntN(3)], 5+r.IntN(400)
		exec(`INSERT INTO customers (id, key, name, org_size, industry, first_month, last_month, updated_at) VALUES (?, ?, ?, ?, ?, '2024-01', '2024-01', 0) ON CONFLICT DO NOTHING`,
			id, fmt.Sprint("tpid:", id), fmt.Sprint("Customer ", id), size, trade)
		exec(`INSERT INTO snapshot_rows (snapshot_id, line, customer_id, location_id, hash, cells) VALUES (1, ?, ?, 1, '', ?) ON CONFLICT DO NOTHING`,
			id, id, fmt.Sprintf(`["%d","%s","%s"]`, size, trade, []string{"Yes", "No"}[r.IntN(2)]))
		exec(`INSERT INTO accounts (id, external_id, connection_id, updated_at) VALUES (?, ?, 1, 0) ON CONFLICT DO NOTHING`, id, fmt.Sprint("A", id))
		exec(`INSERT INTO matches (account_id, customer_id, band, matched_at) VALUES (?, ?, 'match', 0) ON CONFLICT DO NOTHING`, id, id)
		for month := first; month <= last; month = month.Add(1) {
			r := rand.New(rand.NewPCG(uint64(id), uint64(month.First().Unix())))
			if r.Float64() > 0.06 {
				continue
			}
			odds := -0.8 * strength
			if trade == "Manufacturing" {
				odds = 1.6 * strength
			}
			status := "lost"
			if r.Float64() < 1/(1+math.Exp(-odds)) {
				status = "won"
			}
			opened := month.First().AddDate(0, 0, r.IntN(28))
			exec(`INSERT INTO opportunities (external_id, connection_id, account_ref, area, status, opened_at, closed_at, updated_at) VALUES (?, 1, ?, 'azure', ?, ?, ?, 0)`,
				fmt.Sprint("O", id, month), fmt.Sprint("A", id), status, opened.Unix(), opened.AddDate(0, 0, 10).Unix())
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func trainer(db *storage.DB, now func() time.Time) *scoring.Trainer {
	return &scoring.Trainer{Store: db, Batch: 70, Now: now, Log: slog.New(slog.DiscardHandler)}
}

var azureFit = []actnow.Area{actnow.Azure}

func trainFit(t *testing.T, db *storage.DB, now func() time.Time) scoring.TrialOutcome {
	t.Helper()
	got, err := trainer(db, now).Run(t.Context(), azureFit, []scoring.Target{scoring.Fit}, nil)
	if err != nil || len(got.Trials) != 1 {
		t.Fatalf("training: %+v, %v", got, err)
	}
	return got.Trials[0]
}

// scoresOf is every own score of Azure with its reasons, as they are kept.
func scoresOf(t *testing.T, db *storage.DB) string {
	t.Helper()
	raw := storagetest.Raw(t, db)
	defer raw.Close()
	rows, err := raw.Query(`SELECT p.customer_id, p.fit, p.fit_band, p.intent, p.model, s.parts FROM propensities p
		LEFT JOIN score_parts s ON s.customer_id = p.customer_id AND s.area = p.area AND s.month = p.month AND s.score = 'fit'
		WHERE p.area = 'azure' ORDER BY p.customer_id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b bytes.Buffer
	for rows.Next() {
		var id int64
		var fit, intent sql.NullFloat64
		var band, model string
		var parts sql.NullString
		if err := rows.Scan(&id, &fit, &band, &intent, &model, &parts); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, id, fit, band, intent, model, parts)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func scoreAzure(t *testing.T, db *storage.DB, now func() time.Time) scoring.Summary {
	t.Helper()
	r := scoring.Rescorer{Store: db, Models: db, Cards: scoring.Cards(), Now: now, Log: slog.New(slog.DiscardHandler)}
	sum, err := r.Run(t.Context(), "2026-11", azureFit, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestModelsTakeTheirTurn goes through the life of versions: learned, promoted,
// judged by what came since, rolled back.
func TestModelsTakeTheirTurn(t *testing.T) {
	t.Parallel()
	today := storagetest.Now
	now := func() time.Time { return today }
	db := storagetest.OpenAt(t, filepath.Join(t.TempDir(), "data"), now)
	seedMarket(t, db, 150, 1, "2025-01", "2026-10")
	by := actnow.Actor{Name: "Elin"}

	card := cardScores(t, db, now)
	first := trainFit(t, db, now)
	if first.Outcome != scoring.OutcomeChallenger || first.Model == "" || first.Verdict != nil {
		t.Fatalf("first trial: %+v", first)
	}
	t.Logf("from %d and %d: %+v", first.Outcomes, first.Others, first.Validation)
	if again := trainFit(t, db, now); again.Outcome != scoring.OutcomeSame || again.Model != first.Model || !again.Verdict.Waits() {
		t.Errorf("the same day again: %+v", again)
	}
	scoreAzure(t, db, now)
	if scoresOf(t, db) != card {
		t.Error("a challenger scores")
	}
	if trials, err := db.Trials(t.Context()); err != nil || len(trials) != 1 || trials[0].Model != first.Model {
		t.Errorf("trials kept: %+v, %v", trials, err)
	}

	v, err := db.Promote(t.Context(), by, first.Model[:8])
	if err != nil || v.State != scoring.Champion || v.DecidedBy != "Elin" || v.Replaced != "" {
		t.Fatalf("promoted: %+v, %v", v, err)
	}
	if _, err := db.Promote(t.Context(), by, first.Model); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("promoted twice: %v", err)
	}
	if _, err := db.Promote(t.Context(), by, "ffffffff"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("promoted nothing: %v", err)
	}
	m, err := db.Model(t.Context(), first.Model)
	if err != nil {
		t.Fatal(err)
	}
	sum := scoreAzure(t, db, now)
	if want := m.Name() + " " + scoring.Cards()[0].ID(); sum.Areas[0].Model != want {
		t.Errorf("scored by %q, want %q", sum.Areas[0].Model, want)
	}
	learned := scoresOf(t, db)
	if learned == card {
		t.Fatal("the champion does not score")
	}
	drift, err := db.Drift(t.Context(), first.Model)
	if err != nil || drift.Month != "2026-11" || len(drift.Features) != len(m.Features) || drift.Score == nil || drift.Score.Level != scoring.DriftNone {
		t.Errorf("drift: %+v, %v", drift, err)
	}

	// Two cycles later there are new outcomes. What is learned from them is judged
	// in its turn, by those that come after.
	today = today.AddDate(0, 4, 0)
	seedMarket(t, db, 150, 1, "2026-12", "2027-02")
	second := trainFit(t, db, now)
	if second.Outcome != scoring.OutcomeChallenger || second.Verdict != nil || second.Model == first.Model {
		t.Fatalf("second trial: %+v", second)
	}
	scoreAzure(t, db, now)
	today = today.AddDate(0, 4, 0)
	seedMarket(t, db, 150, 1, "2027-04", "2027-06")
	third := trainFit(t, db, now)
	if third.Verdict == nil || third.Verdict.Waits() || third.Verdict.Challenger != second.Model || third.Verdict.Champion != first.Model {
		t.Fatalf("third trial: %+v with %+v", third, third.Verdict)
	}
	t.Logf("verdict: %+v", third.Verdict)
	versions, err := db.Versions(t.Context(), actnow.Azure, scoring.Fit)
	if err != nil || len(versions) != 3 {
		t.Fatalf("versions: %+v, %v", versions, err)
	}
	want := map[string]scoring.VersionState{first.Model: scoring.Champion, second.Model: scoring.Retired, third.Model: scoring.Challenger}
	if third.Verdict.Promote {
		want[first.Model], want[second.Model] = scoring.Retired, scoring.Champion
	}
	for _, v := range versions {
		if v.State != want[v.ID] || v.Learned.Data == "" || v.Metrics.AUC == 0 || (v.ID == second.Model) != (v.Verdict != nil && !v.Verdict.Waits()) {
			t.Errorf("version %+v, want %s", v, want[v.ID])
		}
	}

	// Back step by step, to the card.
	today = storagetest.Now
	if !third.Verdict.Promote {
		if _, err := db.Promote(t.Context(), by, second.Model); err != nil {
			t.Fatal(err)
		}
	}
	scoreAzure(t, db, now)
	if back, err := db.Rollback(t.Context(), by, actnow.Azure, scoring.Fit); err != nil || back.ID != second.Model || back.Replaced != first.Model {
		t.Fatalf("rolled back: %+v, %v", back, err)
	}
	storagetest.Exec(t, db, `DELETE FROM opportunities WHERE opened_at > ?`, today.Unix()) // what the future brought
	scoreAzure(t, db, now)
	if scoresOf(t, db) != learned {
		t.Error("after a rollback scores are not what they were")
	}
	if back, err := db.Rollback(t.Context(), by, actnow.Azure, scoring.Fit); err != nil || back.ID != first.Model {
		t.Fatalf("rolled back to the card: %+v, %v", back, err)
	}
	scoreAzure(t, db, now)
	if scoresOf(t, db) != card {
		t.Error("the card does not score as it did")
	}
	if _, err := db.Rollback(t.Context(), by, actnow.Azure, scoring.Fit); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("rolled back the card: %v", err)
	}
}

// cardScores scores as things are and reads the scores.
func cardScores(t *testing.T, db *storage.DB, now func() time.Time) string {
	t.Helper()
	scoreAzure(t, db, now)
	return scoresOf(t, db)
}

// TestTrainingWithoutSignal learns from chance: the trial says why there is no model.
func TestTrainingWithoutSignal(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return storagetest.Now }
	db := storagetest.Open(t)
	seedMarket(t, db, 120, 0, "2025-01", "2026-10")
	got := trainFit(t, db, now)
	if got.Outcome != scoring.OutcomeNone || got.Reason != scoring.ReasonNoSignal || got.Model != "" {
		t.Errorf("learned from chance: %+v", got)
	}
	if versions, err := db.Versions(t.Context(), "", ""); err != nil || len(versions) != 0 {
		t.Errorf("versions: %+v, %v", versions, err)
	}
	empty := storagetest.Open(t)
	all, err := trainer(empty, now).Run(t.Context(), nil, nil, nil)
	if err != nil || len(all.Trials) != 2*len(actnow.Areas) {
		t.Fatalf("training on nothing: %+v, %v", all, err)
	}
	for _, o := range all.Trials {
		if o.Outcome != scoring.OutcomeNone || o.Reason != scoring.ReasonFew || o.Missing == 0 {
			t.Errorf("training on nothing: %+v", o)
		}
	}
	if trials, err := empty.Trials(t.Context()); err != nil || len(trials) != len(all.Trials) {
		t.Errorf("trials kept: %d, %v", len(trials), err)
	}
}

// TestTrainingEnded ends a training at each of its reads: no half of a version stays.
func TestTrainingEnded(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return storagetest.Now }
	db := storagetest.Open(t)
	seedMarket(t, db, 100, 1, "2025-01", "2026-10")
	for reads := range 3 { // two of histories, one of versions
		ctx, cancel := context.WithCancel(t.Context())
		tr := trainer(db, now)
		tr.Store = &ending{db, reads, cancel}
		if _, err := tr.Run(ctx, azureFit, []scoring.Target{scoring.Fit}, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("ended at read %d: %v", reads, err)
		}
		cancel()
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := trainer(db, now).Run(ctx, azureFit, nil, func(int64, int64) { cancel() }) // once the examples are gathered
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended before learning: %v", err)
	}
	versions, err := db.Versions(t.Context(), "", "")
	trials, err2 := db.Trials(t.Context())
	if err != nil || err2 != nil || len(versions)+len(trials) != 0 {
		t.Errorf("left behind: %+v, %+v, %v, %v", versions, trials, err, err2)
	}
}

// ending cancels after so many reads.
type ending struct {
	*storage.DB
	left   int
	cancel func()
}

func (e *ending) Histories(ctx context.Context, month actnow.Month, ids []actnow.CustomerID) ([]scoring.History, error) {
	e.tick()
	return e.DB.Histories(ctx, month, ids)
}

func (e *ending) Versions(ctx context.Context, area actnow.Area, target scoring.Target) ([]scoring.Version, error) {
	e.tick()
	return e.DB.Versions(ctx, area, target)
}

func (e *ending) tick() {
	if e.left--; e.left < 0 {
		e.cancel()
	}
}

func TestDamagedModel(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return storagetest.Now }
	db := storagetest.Open(t)
	seedMarket(t, db, 120, 1, "2025-01", "2026-10")
	got := trainFit(t, db, now)
	if got.Model == "" {
		t.Fatalf("no model: %+v", got)
	}
	damage := func() {
		storagetest.Exec(t, db, `UPDATE models SET body = replace(body, '"seed":0', '"seed":3')`)
	}
	damage()
	var input *actnow.InputError
	if _, err := db.Model(t.Context(), got.Model); !errors.As(err, &input) || input.Code != "error.model.damaged" {
		t.Errorf("a changed body: %v", err)
	}
	// Training again writes it anew, in its place.
	for _, state := range []scoring.VersionState{scoring.Challenger, scoring.Champion} {
		if state == scoring.Champion {
			if _, err := db.Promote(t.Context(), actnow.System, got.Model); err != nil {
				t.Fatal(err)
			}
		}
		damage()
		if _, err := db.Champions(t.Context()); state == scoring.Champion && (!errors.As(err, &input) || input.Code != "error.model.unreadable") {
			t.Errorf("a damaged model in force: %v", err)
		}
		if again := trainFit(t, db, now); again.Model != got.Model {
			t.Errorf("trained again: %+v", again)
		}
		versions, err := db.Versions(t.Context(), actnow.Azure, scoring.Fit)
		if err != nil || len(versions) != 1 || versions[0].State != state {
			t.Errorf("versions: %+v, %v, want one %s", versions, err, state)
		}
		if m, err := db.Model(t.Context(), got.Model); err != nil || m.ID() != got.Model {
			t.Errorf("after training again: %v", err)
		}
	}
}
