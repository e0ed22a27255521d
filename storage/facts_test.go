package storage_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/scoring"
	"actnow/storage"
	"actnow/storage/storagetest"
)

var _ scoring.Store = (*storage.DB)(nil)

func unixDay(year int, month time.Month, day int) int64 {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()
}

func utcDay(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// factSeed is a customer in the reports of two months with a matched account,
// one in review, one that comes later and one that is gone.
const factSeed = `
	INSERT INTO locations (id, global_id) VALUES (1, '100');
	INSERT INTO customers (id, key, name, org_size, industry, country, segment, first_month, last_month, gone_month, updated_at) VALUES
		(1, 'tpid:1', 'Ridgeway', 400, 'Manufacturing', 'Sweden', 'Upper Medium', '2026-10', '2026-11', NULL, 0),
		(2, 'tpid:2', 'Later', 10, '', '', 'Very Small', '2026-11', '2026-11', NULL, 0),
		(3, 'tpid:3', 'Gone', 10, '', '', 'Very Small', '2026-09', '2026-09', '2026-10', 0),
		(4, 'tpid:4', 'Doubtful', 30, '', '', 'Medium', '2026-10', '2026-11', NULL, 0);
	INSERT INTO snapshots (id, report, month, revision, current, file, sha256, columns, rows, new, changed, unchanged, imported_at) VALUES
		(1, 'azure', '2026-10', 1, 1, 'a.csv', 'a', '[{"Header":"OrgSize","Field":"org_size"},{"Header":"Industry","Field":"industry"},{"Header":"Has Azure","Field":"has_azure"},{"Header":"NumberofRecommendedWorkloads","Field":""},{"Header":"AzureCluster","Field":"x"}]', 1, 1, 0, 0, 1793500000),
		(2, 'azure', '2026-11', 1, 0, 'b.csv', 'b', '[{"Header":"Has Azure","Field":"has_azure"}]', 1, 1, 0, 0, 1795700000),
		(3, 'azure', '2026-11', 2, 1, 'c.csv', 'c', '[{"Header":"Has Azure","Field":"has_azure"},{"Header":"HasAWS","Field":"has_aws"}]', 1, 1, 0, 0, 1795700000),
		(4, 'renewals', '2026-10', 1, 1, 'd.csv', 'd', '[{"Header":"HasEA","Field":"has_ea"}]', 1, 1, 0, 0, 1793500000);
	INSERT INTO snapshot_rows (snapshot_id, line, customer_id, location_id, hash, cells) VALUES
		(1, 2, 1, 1, '', '["120-300","Retail","No","1","Act Now"]'),
		(2, 2, 1, 1, '', '["Yes"]'),
		(3, 2, 1, 1, '', '["No","Y"]'),
		(3, 3, 1, 1, '', '["Yes","N"]'),
		(4, 2, 1, 1, '', '["TRUE"]');
	INSERT INTO product_areas (product, area) VALUES ('office suites', 'm365');
	INSERT INTO agreements (snapshot_id, line, customer_id, program, division, ends_at, expiring) VALUES
		(4, 2, 1, 'EA', ' Office Suites', 1801353600, 5000), (4, 3, 1, 'EA', 'Other', NULL, NULL);`

func seedCRM(t *testing.T, db *storage.DB) {
	t.Helper()
	storagetest.Exec(t, db, `
		INSERT INTO accounts (id, external_id, connection_id, updated_at) VALUES (1, 'A1', 1, 0), (2, 'A2', 1, 0);
		INSERT INTO matches (account_id, customer_id, band, matched_at) VALUES (1, 1, 'match', 0), (2, 4, 'review', 0);
		INSERT INTO opportunities (external_id, connection_id, account_ref, area, status, opened_at, closed_at, amount, updated_at, deleted_at) VALUES
			('O1', 1, 'A1', 'azure', 'open', ?1, NULL, 100, 0, NULL),
			('O2', 1, 'A1', 'security', 'won', ?1, ?3, 200, 0, NULL),
			('O3', 1, 'A1', 'd365bc', 'lost', ?1, ?2, NULL, 0, NULL),
			('O4', 1, 'A1', 'surface', 'open', ?3, NULL, NULL, 0, NULL),
			('O5', 1, 'A1', 'surface', 'won', ?1, NULL, NULL, 0, NULL),
			('O6', 1, 'A1', 'surface', 'open', ?1, NULL, NULL, 0, 7),
			('O7', 1, 'A2', 'azure', 'open', ?1, NULL, NULL, 0, NULL);
		INSERT INTO transactions (external_id, connection_id, account_ref, area, product, at, amount, updated_at) VALUES
			('T1', 1, 'A1', 'm365', 'E3', ?2, 999, 0), ('T2', 1, 'A1', 'm365', 'E3', ?3, 999, 0), ('T3', 1, 'A1', 'm365', 'E3', NULL, 1, 0);
		INSERT INTO subscriptions (external_id, connection_id, account_ref, area, seats, start_at, end_at, updated_at) VALUES
			('S1', 1, 'A1', 'm365', 25, ?1, ?4, 0), ('S2', 1, 'A1', 'm365', 25, ?3, ?4, 0);`,
		unixDay(2026, 9, 1), unixDay(2026, 10, 31), unixDay(2026, 11, 1), unixDay(2027, 3, 1))
}

func TestFactsAtTheEndOfAMonth(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, factSeed)
	seedCRM(t, db)
	size := int64(120)
	october := utcDay(2026, 10, 25)
	want := scoring.Facts{
		Customer: 1, OrgSize: &size, Segment: actnow.MediumSegment, Industry: "Retail",
		Flags: map[string]scoring.Flag{
			"Has Azure": {At: october}, "HasEA": {Yes: true, At: october}, "NumberofRecommendedWorkloads": {Yes: true, At: october},
		},
		Values: map[string]scoring.Value{
			"OrgSize": {Text: "120-300", At: october}, "Industry": {Text: "Retail", At: october},
			"NumberofRecommendedWorkloads": {Text: "1", At: october}, "AzureCluster": {Text: "Act Now", At: october},
		},
		Events: []scoring.Event{
			{Kind: "agreement_end", Area: actnow.M365, At: utcDay(2027, 1, 31), KnownAt: october, Amount: 5000, Text: "EA"},
			{Kind: "opportunity_open", Area: actnow.Azure, At: utcDay(2026, 9, 1), Amount: 100},
			{Kind: "opportunity_open", Area: actnow.Security, At: utcDay(2026, 9, 1), Amount: 200},
			{Kind: "opportunity_lost", Area: actnow.D365BC, At: utcDay(2026, 10, 31)},
			{Kind: "transaction", Area: actnow.M365, At: utcDay(2026, 10, 31), Amount: 999, Text: "E3"},
			{Kind: "subscription", Area: actnow.M365, At: utcDay(2026, 9, 1), Seats: 25},
			{Kind: "agreement_end", Area: actnow.M365, At: utcDay(2027, 3, 1), KnownAt: utcDay(2026, 9, 1), Seats: 25},
		},
	}
	got, err := db.FactsAfter(t.Context(), "2026-10", 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[1].Customer != 4 || len(got[1].Events) != 0 {
		t.Fatalf("customers of October: %+v", got)
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("October (-want +got):\n%s", diff)
	}

	got, err = db.FactsAfter(t.Context(), "2026-11", 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Customer != 1 || got[1].Customer != 2 {
		t.Fatalf("customers of November: %+v", got)
	}
	november := utcDay(2026, 11, 25)
	wantFlags := map[string]scoring.Flag{
		"Has Azure": {Yes: true, At: november}, "HasAWS": {Yes: true, At: november}, "HasEA": {Yes: true, At: october},
	}
	if diff := cmp.Diff(wantFlags, got[0].Flags); diff != "" {
		t.Errorf("flags of November, of two rows (-want +got):\n%s", diff)
	}
	if *got[0].OrgSize != 400 || got[0].Industry != "Manufacturing" || got[0].Segment != actnow.UpperMedium {
		t.Errorf("traits of November: %+v", got[0])
	}
	kinds := map[string]int{}
	for _, e := range got[0].Events {
		kinds[e.Kind+" "+string(e.Area)]++
	}
	if kinds["opportunity_won security"] != 1 || kinds["opportunity_open security"] != 0 || kinds["transaction m365"] != 2 || kinds["opportunity_open surface"] != 1 {
		t.Errorf("events of November: %v", kinds)
	}

	for month, want := range map[actnow.Month]int64{"2026-08": 0, "2026-09": 1, "2026-10": 2, "2026-11": 3} {
		if n, err := db.CountFacts(t.Context(), month); err != nil || n != want {
			t.Errorf("%s counts %d customers, %v, want %d", month, n, err, want)
		}
	}

	rest, err := db.FactsAfter(t.Context(), "2026-11", 2, 2)
	if err != nil || len(rest) != 1 || rest[0].Customer != 4 {
		t.Errorf("the rest is %+v, %v", rest, err)
	}
	if none, err := db.FactsAfter(t.Context(), "2026-11", 4, 2); err != nil || len(none) != 0 {
		t.Errorf("after the last: %+v, %v", none, err)
	}
}
