package storage_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"actnow"
	"actnow/campaigns"
	"actnow/storage/storagetest"
)

// TestNobodyTwiceNobodyLost drives the ledger through random dialogues, crashes
// and acts of people, and holds what it says against what the server took.
func TestNobodyTwiceNobodyLost(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, campaignSeed)
	rapid.Check(t, func(rt *rapid.T) {
		storagetest.Exec(t, db, `DELETE FROM ledger_events; DELETE FROM ledger; DELETE FROM audience; DELETE FROM campaign_runs;
			DELETE FROM campaigns; DELETE FROM suppressions WHERE created_at > 0`)
		policy := rapid.SampledFrom([]actnow.UnknownPolicy{actnow.PolicyHold, actnow.PolicyResend, actnow.PolicyReconcile}).Draw(rt, "policy")
		id := newCampaign(t, db, func(p *campaigns.Plan) { p.Policy = policy })
		if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
			rt.Fatal(err)
		}
		launch(t, db, id, launchPlan())
		ctx, now := t.Context(), storagetest.Now
		taken := map[actnow.LedgerID]int{} // by the server
		crashes := 0
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(rt, "hours")) * time.Hour)
			switch rapid.SampledFrom([]string{"send", "send", "send", "crash", "pause", "resume", "reconcile", "unsubscribe"}).Draw(rt, "act") {
			case "send":
				due := dueRows(t, db, now)
				if len(due) == 0 {
					continue
				}
				row := rapid.SampledFrom(due).Draw(rt, "row")
				ok, err := db.MarkIntent(ctx, row, now)
				if err != nil {
					rt.Fatal(err)
				}
				if !ok {
					// Queued again by the journal, unsubscribed in the meantime.
					if r := rowOf(t, db, row); r.State != actnow.LedgerSuppressed {
						rt.Fatalf("row %d was due, not let go and is %s", row, r.State)
					}
					continue
				}
				crash := rapid.Bool().Draw(rt, "crash in between")
				took := rapid.Bool().Draw(rt, "took")
				if took {
					taken[row]++
				}
				if crash {
					crashes++
					if _, err := db.RecoverIntents(ctx, now); err != nil {
						rt.Fatal(err)
					}
					continue
				}
				states := []actnow.LedgerState{actnow.LedgerDeferred, actnow.LedgerBounced, actnow.LedgerQueued, actnow.LedgerUnknown}
				if took {
					states = []actnow.LedgerState{actnow.LedgerSent, actnow.LedgerUnknown}
				}
				v := campaigns.Verdict{State: rapid.SampledFrom(states).Draw(rt, "verdict"), RetryAt: now.Add(time.Hour)}
				if v.State == actnow.LedgerUnknown {
					crashes++
				}
				if err := db.MarkVerdict(ctx, row, v, now); err != nil {
					rt.Fatal(err)
				}
			case "crash":
				if _, err := db.RecoverIntents(ctx, now); err != nil {
					rt.Fatal(err)
				}
			case "pause":
				if err := db.PauseCampaign(ctx, maja, id); err != nil && !errors.Is(err, actnow.ErrConflict) {
					rt.Fatal(err)
				}
			case "resume":
				if err := db.ResumeCampaign(ctx, maja, id); err != nil && !errors.Is(err, actnow.ErrConflict) {
					rt.Fatal(err)
				}
			case "reconcile":
				unknown, err := db.UnknownToReconcile(ctx, 100)
				if err != nil {
					rt.Fatal(err)
				}
				for _, m := range unknown {
					to := actnow.LedgerQueued
					if taken[m.Row] > 0 {
						to = actnow.LedgerSent
					}
					if err := db.ResolveUnknown(ctx, m.Row, to, "journal", "journal", now); err != nil {
						rt.Fatal(err)
					}
				}
			case "unsubscribe":
				if err := db.Unsubscribe(ctx, actnow.LedgerID(rapid.IntRange(1, 6).Draw(rt, "row")), "page", now); err != nil {
					rt.Fatal(err)
				}
			}
			c, err := db.Campaign(ctx, actnow.Everything, id)
			if err != nil {
				rt.Fatal(err)
			}
			if c.Counts.Total() != 6 {
				rt.Fatalf("%d rows, want 6: %v", c.Counts.Total(), c.Counts)
			}
			open := c.Counts[actnow.LedgerQueued] + c.Counts[actnow.LedgerIntent] + c.Counts[actnow.LedgerDeferred] + c.Counts[actnow.LedgerUnknown]
			if (c.State == actnow.CampaignFinished) != (open == 0) && c.State != actnow.CampaignPaused {
				rt.Fatalf("the campaign is %s with %v", c.State, c.Counts)
			}
		}
		duplicates := 0
		for row := actnow.LedgerID(1); row <= 6; row++ {
			n := taken[row]
			duplicates += max(0, n-1)
			r := rowOf(t, db, row)
			if r.State == actnow.LedgerSent && n == 0 {
				rt.Fatalf("row %d is sent and the server never took it", row)
			}
			if n > 0 && r.State != actnow.LedgerSent && r.State != actnow.LedgerUnknown && policy != actnow.PolicyResend && r.State != actnow.LedgerIntent {
				rt.Fatalf("the server took row %d, and it is %s", row, r.State)
			}
		}
		if policy != actnow.PolicyResend && duplicates > 0 {
			rt.Fatalf("%d mailed twice with policy %s: %v", duplicates, policy, taken)
		}
		if duplicates > crashes {
			rt.Fatalf("%d duplicates after %d ambiguous ends", duplicates, crashes)
		}
	})
}
