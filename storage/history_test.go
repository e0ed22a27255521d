package storage_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/scoring"
	"actnow/storage/storagetest"
)

func TestHistories(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, factSeed)
	seedCRM(t, db)
	storagetest.Exec(t, db, `UPDATE snapshots SET columns = '[{"Header":"Has Azure","Field":"has_azure"},{"Header":"AzureFit","Field":"azure_fit"}]' WHERE id = 3;
		UPDATE snapshot_rows SET cells = '["Yes","72"]' WHERE snapshot_id = 3 AND line = 3;
		UPDATE snapshot_rows SET cells = '["No","High"]' WHERE snapshot_id = 3 AND line = 2;
		UPDATE transactions SET currency = 'SEK'`)
	ids, err := db.Matched(t.Context())
	if err != nil || len(ids) != 1 || ids[0] != 1 {
		t.Fatalf("matched: %v, %v", ids, err)
	}
	if first, err := db.FirstOpportunity(t.Context()); err != nil || !first.Equal(utcDay(2026, 9, 1)) {
		t.Errorf("first opportunity %s, %v", first, err)
	}
	october, november := utcDay(2026, 10, 25), utcDay(2026, 11, 25)
	rows := []scoring.ReportRow{
		{Report: "azure", KnownAt: october, Cells: []scoring.Cell{{Field: "org_size", Text: "120"}, {Field: "industry", Text: "Retail"}, {Field: "has_azure", Text: "no"}}},
		{Report: "renewals", KnownAt: october, Cells: []scoring.Cell{{Field: "has_ea", Text: "yes"}},
			Agreements: []scoring.Event{{Kind: "agreement_end", Area: actnow.M365, At: utcDay(2027, 1, 31), KnownAt: october, Amount: 5000, Text: "EA"}}},
		{Report: "azure", KnownAt: november, Cells: []scoring.Cell{{Field: "has_azure", Text: "yes"}, {Field: "fit.azure", Text: "High"}}},
	}
	september := utcDay(2026, 9, 1)
	want := []scoring.History{{
		Customer: 1, Account: true, Rows: rows,
		Opportunities: []scoring.Opportunity{
			{Area: actnow.Azure, Opened: september},
			{Area: actnow.Security, Opened: september, Closed: utcDay(2026, 11, 1), Won: true},
			{Area: actnow.D365BC, Opened: september, Closed: utcDay(2026, 10, 31)},
			{Area: actnow.Surface, Opened: september, Won: true},
			{Area: actnow.Surface, Opened: utcDay(2026, 11, 1)},
		},
		Events: []scoring.Event{
			{Kind: "transaction", Area: actnow.M365, At: utcDay(2026, 10, 31), Amount: 999, Currency: "SEK"},
			{Kind: "transaction", Area: actnow.M365, At: utcDay(2026, 11, 1), Amount: 999, Currency: "SEK"},
			{Kind: "agreement_end", Area: actnow.M365, At: utcDay(2027, 3, 1), KnownAt: september, Seats: 25},
			{Kind: "subscription", Area: actnow.M365, At: september, Until: utcDay(2027, 3, 1), Seats: 25},
			{Kind: "agreement_end", Area: actnow.M365, At: utcDay(2027, 3, 1), KnownAt: utcDay(2026, 11, 1), Seats: 25},
			{Kind: "subscription", Area: actnow.M365, At: utcDay(2026, 11, 1), Until: utcDay(2027, 3, 1), Seats: 25},
		},
	}, {Customer: 4}}
	got, err := db.Histories(t.Context(), "", []actnow.CustomerID{4, 1})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("histories (-want +got):\n%s", diff)
	}
	for month, want := range map[actnow.Month][]scoring.ReportRow{"2026-10": rows[:2], "2026-11": rows[1:]} {
		got, err := db.Histories(t.Context(), month, []actnow.CustomerID{1})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got[0].Rows); diff != "" {
			t.Errorf("rows of %s (-want +got):\n%s", month, diff)
		}
	}
}
