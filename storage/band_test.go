package storage_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/scoring"
	"actnow/storage/storagetest"
)

// Customer 1 has an account, 2 has none. Azure is scored at the end of January and of
// March; opportunities come between, after, and of another area.
const bandSeed = `
	INSERT INTO customers (id, key, first_month, last_month, updated_at) VALUES (1, 'tpid:1', '2026-01', '2026-03', 0), (2, 'tpid:2', '2026-01', '2026-03', 0), (3, 'tpid:3', '2026-01', '2026-03', 0);
	INSERT INTO accounts (id, external_id, connection_id, updated_at) VALUES (1, 'A1', 1, 0), (3, 'A3', 1, 0);
	INSERT INTO matches (account_id, customer_id, band, matched_at) VALUES (1, 1, 'match', 0), (3, 3, 'review', 0);
	INSERT INTO propensities (customer_id, area, month, source, fit, intent, scored_at) VALUES
		(1, 'azure', '2026-01', 'own', 80, 20, unixepoch('2026-01-25')), (1, 'azure', '2026-03', 'own', 40, 60, unixepoch('2026-03-25')),
		(1, 'azure', '2026-11', 'own', 90, 90, unixepoch('2026-11-25')), (1, 'azure', '2026-02', 'azure', 10, 10, unixepoch('2026-02-25')),
		(1, 'm365', '2026-01', 'own', 80, 80, unixepoch('2026-01-25')),
		(2, 'azure', '2026-01', 'own', 80, 80, unixepoch('2026-01-25')), (3, 'azure', '2026-01', 'own', 80, 80, unixepoch('2026-01-25'));
	INSERT INTO opportunities (external_id, connection_id, account_ref, area, status, opened_at, closed_at, updated_at) VALUES
		('early', 1, 'A1', 'azure', 'won', unixepoch('2026-01-10'), unixepoch('2026-02-10'), 0),
		('won', 1, 'A1', 'azure', 'won', unixepoch('2026-02-10'), unixepoch('2026-03-10'), 0),
		('lost', 1, 'A1', 'azure', 'lost', unixepoch('2026-03-20'), unixepoch('2026-03-22'), 0),
		('later', 1, 'A1', 'azure', 'won', unixepoch('2026-07-20'), unixepoch('2026-07-22'), 0),
		('open', 1, 'A1', 'azure', 'open', unixepoch('2026-07-21'), NULL, 0),
		('other', 1, 'A1', 'm365', 'won', unixepoch('2026-02-10'), unixepoch('2026-03-10'), 0),
		('review', 1, 'A3', 'azure', 'won', unixepoch('2026-02-10'), unixepoch('2026-03-10'), 0)`

func TestBandTally(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, bandSeed)
	want := map[scoring.Target][]scoring.BandOutcome{
		// January's 80 before one won and one lost, March's 40 before one won.
		scoring.Fit: {{Band: actnow.High, Rows: 2, Hits: 1}, {Band: actnow.Medium}, {Band: actnow.Low, Rows: 1, Hits: 1}, {Band: actnow.VeryLow}},
		// Two opened within 90 days of January's 20, none within 90 days of March's 60;
		// November's days are not over.
		scoring.Intent: {{Band: actnow.High}, {Band: actnow.Medium, Rows: 1}, {Band: actnow.Low}, {Band: actnow.VeryLow, Rows: 1, Hits: 1}},
	}
	for target, outcomes := range want {
		got, err := db.BandTally(t.Context(), actnow.Azure, target)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(outcomes, got.Outcomes); diff != "" || got.Edges != actnow.DefaultEdges || len(got.Promises) != 3 {
			t.Errorf("%s (-want +got): %s", target, diff)
		}
	}
	own := scoring.Quadrants()
	own.Name, own.Edges = "ours", actnow.Edges{High: 90, Medium: 80, Low: 10}
	if _, err := db.AddMatrix(t.Context(), actnow.Actor{}, own); err != nil {
		t.Fatal(err)
	}
	if err := db.ChooseMatrix(t.Context(), actnow.Actor{}, "ours", 1); err != nil {
		t.Fatal(err)
	}
	got, err := db.BandTally(t.Context(), actnow.Azure, scoring.Fit)
	if err != nil || got.Edges != own.Edges || got.Outcomes[0].Rows != 0 || got.Outcomes[1].Rows != 2 {
		t.Errorf("by other edges: %+v, %v", got, err)
	}
	none, err := db.BandTally(t.Context(), actnow.Surface, scoring.Intent)
	if rate, rows := none.Rate(); err != nil || rate != 0 || rows != 0 || none.Promises[0].Verdict != scoring.BandOpen {
		t.Errorf("of nothing: %+v, %v", none, err)
	}
}
