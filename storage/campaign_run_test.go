package storage_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/campaigns"
	"actnow/storage"
	"actnow/storage/storagetest"
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

func TestARehearsalHoldsNobodyUpAndLeavesNothing(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, campaignSeed)
	first := newCampaign(t, db, nil)
	if err := db.ScheduleCampaign(t.Context(), maja, first); err != nil {
		t.Fatal(err)
	}
	sent := launch(t, db, first, launchPlan())
	id := newCampaign(t, db, func(p *campaigns.Plan) { p.Line, p.Zone = "0 9 1 * *", "UTC" })
	if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
		t.Fatal(err)
	}
	before := ledgerRows(t, db)
	looked := 0
	l, _, err := db.PreviewCampaign(t.Context(), id, launchPlan(), campaigns.Check{Of: func(all iter.Seq[campaigns.Recipient]) []campaigns.Finding {
		for range all {
			looked++
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := db.SaveSetting(ctx, maja, "while", true); err != nil { // waits for ever behind a rehearsal that writes
			t.Error(err)
		}
		return nil
	}})
	if err != nil || looked != l.Audience || l.Audience != sent.Audience || l.Queued != sent.Queued {
		t.Errorf("looked at %d of %+v, %v; a launch of the same mailed %+v", looked, l, err, sent)
	}
	if after := ledgerRows(t, db); after != before {
		t.Errorf("before the rehearsal %q, after it %q", before, after)
	}
	// What an earlier run has sent counts in a rehearsal too.
	launch(t, db, id, launchPlan())
	mailed := campaigns.LeftOut("mailed_before")
	_, n, err := db.PreviewAudience(t.Context(), actnow.Everything, id, launchPlan(), &mailed, 0, 10)
	if err != nil || n != sent.Audience {
		t.Errorf("%d mailed before, %v, want %d", n, err, sent.Audience)
	}
}

// ledgerRows counts what a launch writes.
func ledgerRows(t *testing.T, db *storage.DB) (counts string) {
	t.Helper()
	raw := storagetest.Raw(t, db)
	defer raw.Close()
	err := raw.QueryRow(`SELECT (SELECT count(*) FROM campaign_runs) || ' ' || (SELECT count(*) FROM audience) || ' ' || (SELECT count(*) FROM ledger)`).Scan(&counts)
	if err != nil {
		t.Fatal(err)
	}
	return counts
}
