package storage_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/campaigns"
)

func TestHistoryCountsWithinTheScope(t *testing.T) {
	t.Parallel()
	db, id := launched(t, nil)
	runs, err := db.CampaignHistory(t.Context(), actnow.Everything, id)
	if err != nil || len(runs) != 1 {
		t.Fatalf("runs %v, %v", runs, err)
	}
	all, total, err := db.Audience(t.Context(), actnow.Everything, runs[0].ID, nil, 0, 500)
	if err != nil || runs[0].Lines() != total || runs[0].LaunchedAt.IsZero() || !runs[0].FinishedAt.IsZero() {
		t.Errorf("%d lines of %d, %+v, %v", runs[0].Lines(), total, runs[0], err)
	}
	want := map[campaigns.LeftOut]int{}
	for _, r := range all {
		want[r.LeftOut]++
	}
	want[""], runs[0].LeftOut[""] = 0, 0
	if diff := cmp.Diff(want, runs[0].LeftOut); diff != "" {
		t.Error(diff)
	}
	oslo, err := db.CampaignHistory(t.Context(), actnow.Scope{Locations: []actnow.LocationID{2}}, id)
	if err != nil || len(oslo) != 1 || oslo[0].Audience != 0 || oslo[0].Lines() == 0 {
		t.Errorf("of Oslo: %+v, %v", oslo, err)
	}
}

func TestNextMails(t *testing.T) {
	t.Parallel()
	db, id := launched(t, nil)
	next, err := db.NextMails(t.Context())
	if err != nil || len(next) != 1 || next[id].IsZero() {
		t.Errorf("next %v, %v", next, err)
	}
	if err := db.CancelCampaign(t.Context(), maja, id); err != nil {
		t.Fatal(err)
	}
	if next, err = db.NextMails(t.Context()); err != nil || len(next) != 0 {
		t.Errorf("next %v, %v", next, err)
	}
}

func TestPreviewAudienceIsThatOfTheLaunch(t *testing.T) {
	t.Parallel()
	db, id := launched(t, nil)
	runs, err := db.CampaignRuns(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	frozen, _, err := db.Audience(t.Context(), actnow.Everything, runs[0], nil, 0, 500)
	if err != nil {
		t.Fatal(err)
	}
	other := newCampaign(t, db, nil)
	got, total, err := db.PreviewAudience(t.Context(), actnow.Everything, other, launchPlan(), nil, 0, 500)
	if err != nil || total != len(frozen) {
		t.Errorf("%d lines, want %d, %v", total, len(frozen), err)
	}
	if diff := cmp.Diff(frozen, got); diff != "" {
		t.Error(diff)
	}
	var mailed campaigns.LeftOut
	seen, _, err := db.PreviewAudience(t.Context(), actnow.Scope{AllLocations: true}, other, launchPlan(), &mailed, 0, 500)
	if err != nil || len(seen) == 0 || seen[0].Address != "" || seen[0].Name != "" {
		t.Errorf("without personal data: %+v, %v", seen, err)
	}
	if runs, err := db.CampaignRuns(t.Context(), other); err != nil || len(runs) != 0 {
		t.Errorf("a preview left %v, %v", runs, err)
	}
}

func TestLedgerOfWhatWaits(t *testing.T) {
	t.Parallel()
	db, id := launched(t, nil)
	intent(t, db, 1)
	verdict(t, db, 1, campaigns.Verdict{State: actnow.LedgerSent})
	if err := db.AddLedgerEvent(t.Context(), 1, campaigns.LedgerEvent{Kind: "replied", Source: "m1", At: time.Unix(100, 0)}); err != nil {
		t.Fatal(err)
	}
	page, err := db.Ledger(t.Context(), actnow.Everything, campaigns.LedgerQuery{Campaign: id, Open: true, Limit: 500})
	if err != nil || page.Total != page.Counts.Total()-1 || len(page.Rows) != page.Total {
		t.Errorf("%d rows of %d, %v", len(page.Rows), page.Total, err)
	}
	page, err = db.Ledger(t.Context(), actnow.Everything, campaigns.LedgerQuery{State: actnow.LedgerSent})
	if err != nil || len(page.Rows) != 1 || len(page.Rows[0].Events) != 1 || page.Rows[0].Events[0].Kind != "replied" {
		t.Errorf("events of %+v, %v", page.Rows, err)
	}
}
