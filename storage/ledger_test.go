package storage_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/campaigns"
	"actnow/storage"
	"actnow/storage/storagetest"
)

func dueRows(t testing.TB, db *storage.DB, now time.Time) []actnow.LedgerID {
	t.Helper()
	due, err := db.DueMessages(t.Context(), now, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var out []actnow.LedgerID
	for _, m := range due {
		out = append(out, m.Row)
	}
	return out
}

func rowOf(t testing.TB, db *storage.DB, id actnow.LedgerID) campaigns.LedgerRow {
	t.Helper()
	r, err := db.LedgerRow(t.Context(), actnow.Everything, id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func intent(t testing.TB, db *storage.DB, id actnow.LedgerID) {
	t.Helper()
	if ok, err := db.MarkIntent(t.Context(), id, storagetest.Now); err != nil || !ok {
		t.Fatalf("MarkIntent(%d) = %t, %v", id, ok, err)
	}
}

func verdict(t testing.TB, db *storage.DB, id actnow.LedgerID, v campaigns.Verdict) {
	t.Helper()
	if err := db.MarkVerdict(t.Context(), id, v, storagetest.Now); err != nil {
		t.Fatal(err)
	}
}

func TestIntentChecksAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change string // before the intent of Anna's row
		ok     bool
		state  actnow.LedgerState
		why    string
	}{
		{"nothing", `SELECT 1`, true, actnow.LedgerIntent, ""},
		{"unsubscribed", `INSERT INTO suppressions (address, reason, created_at) VALUES ('anna@one.example', 'unsubscribed', 0)`, false, actnow.LedgerSuppressed, "suppressed"},
		{"do not mail", `UPDATE contacts SET do_not_email = 1 WHERE id = 1`, false, actnow.LedgerSuppressed, "do_not_email"},
		{"do not mail, said of a twin", `UPDATE contacts SET do_not_email = 1 WHERE id = 8`, false, actnow.LedgerSuppressed, "do_not_email"},
		{"deleted", `UPDATE contacts SET deleted_at = 1 WHERE id = 1`, false, actnow.LedgerSuppressed, "no_contact"},
		{"basis withdrawn", `UPDATE contacts SET consent_basis = '' WHERE id = 1`, false, actnow.LedgerSuppressed, "no_basis"},
		{"paused", `UPDATE campaigns SET state = 'paused'`, false, actnow.LedgerQueued, ""},
		{"stopped", `UPDATE campaigns SET state = 'stopped'`, false, actnow.LedgerQueued, ""},
		{"not due", fmt.Sprintf(`UPDATE ledger SET next_at = %d`, storagetest.Now.Unix()+1), false, actnow.LedgerQueued, ""},
		{"sent already", `UPDATE ledger SET state = 'sent'`, false, actnow.LedgerSent, ""},
		{"deferred and due", `UPDATE ledger SET state = 'deferred'`, true, actnow.LedgerIntent, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db, _ := launched(t, nil)
			storagetest.Exec(t, db, tt.change)
			ok, err := db.MarkIntent(t.Context(), 1, storagetest.Now)
			if err != nil || ok != tt.ok {
				t.Errorf("MarkIntent = %t, %v", ok, err)
			}
			if r := rowOf(t, db, 1); r.State != tt.state || r.Why != tt.why {
				t.Errorf("row is %s (%s), want %s (%s)", r.State, r.Why, tt.state, tt.why)
			}
		})
	}
	db, _ := launched(t, nil)
	if _, err := db.MarkIntent(t.Context(), 404, storagetest.Now); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("MarkIntent(404) = %v", err)
	}
}

func TestIntentHonoursTheCap(t *testing.T) {
	t.Parallel()
	db, _ := launched(t, func(p *campaigns.Plan) { p.CapDays = 7 })
	other := newCampaign(t, db, nil)
	if err := db.ScheduleCampaign(t.Context(), maja, other); err != nil {
		t.Fatal(err)
	}
	l := launch(t, db, other, launchPlan())
	page, err := db.Ledger(t.Context(), actnow.Everything, campaigns.LedgerQuery{Run: l.Run, Search: "anna", Step: "first"})
	if err != nil || len(page.Rows) != 1 {
		t.Fatalf("ledger = %+v, %v", page, err)
	}
	intent(t, db, page.Rows[0].ID)
	if ok, err := db.MarkIntent(t.Context(), 1, storagetest.Now); ok || err != nil {
		t.Errorf("MarkIntent beside another campaign's mail = %t, %v", ok, err)
	}
	if r := rowOf(t, db, 1); r.State != actnow.LedgerSuppressed || r.Why != "frequency_cap" {
		t.Errorf("row is %s (%s)", r.State, r.Why)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	retry := storagetest.Now.Add(time.Hour)
	tests := []struct {
		name     string
		policy   actnow.UnknownPolicy
		cancel   bool // the campaign is cancelled between intent and verdict
		verdict  campaigns.Verdict
		state    actnow.LedgerState
		attempts int
		campaign actnow.CampaignState
	}{
		{"sent", "", false, campaigns.Verdict{State: actnow.LedgerSent}, actnow.LedgerSent, 1, actnow.CampaignSending},
		{"deferred", "", false, campaigns.Verdict{State: actnow.LedgerDeferred, RetryAt: retry}, actnow.LedgerDeferred, 1, actnow.CampaignSending},
		{"bounced", "", false, campaigns.Verdict{State: actnow.LedgerBounced, Suppress: true}, actnow.LedgerBounced, 1, actnow.CampaignSending},
		{"policy", "", false, campaigns.Verdict{State: actnow.LedgerBounced, Stop: true}, actnow.LedgerBounced, 1, actnow.CampaignStopped},
		{"handed back", "", false, campaigns.Verdict{State: actnow.LedgerQueued}, actnow.LedgerQueued, 0, actnow.CampaignSending},
		{"unknown, hold", actnow.PolicyHold, false, campaigns.Verdict{State: actnow.LedgerUnknown}, actnow.LedgerUnknown, 1, actnow.CampaignSending},
		{"unknown, reconcile", actnow.PolicyReconcile, false, campaigns.Verdict{State: actnow.LedgerUnknown}, actnow.LedgerUnknown, 1, actnow.CampaignSending},
		{"unknown, resend", actnow.PolicyResend, false, campaigns.Verdict{State: actnow.LedgerUnknown, RetryAt: retry}, actnow.LedgerDeferred, 1, actnow.CampaignSending},
		{"deferred in a cancelled campaign", "", true, campaigns.Verdict{State: actnow.LedgerDeferred}, actnow.LedgerCancelled, 1, actnow.CampaignCancelled},
		{"sent in a cancelled campaign", "", true, campaigns.Verdict{State: actnow.LedgerSent}, actnow.LedgerSent, 1, actnow.CampaignCancelled},
		{"policy in a cancelled campaign", "", true, campaigns.Verdict{State: actnow.LedgerBounced, Stop: true}, actnow.LedgerBounced, 1, actnow.CampaignCancelled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db, id := launched(t, func(p *campaigns.Plan) { p.Policy = tt.policy })
			intent(t, db, 1)
			if tt.cancel {
				if err := db.CancelCampaign(t.Context(), maja, id); err != nil {
					t.Fatal(err)
				}
			}
			tt.verdict.Code, tt.verdict.Reply = 250, "said"
			verdict(t, db, 1, tt.verdict)
			r := rowOf(t, db, 1)
			if r.State != tt.state || r.Attempts != tt.attempts || r.Code != 250 || r.Reply != "said" {
				t.Errorf("row = %+v", r)
			}
			if r.State == actnow.LedgerDeferred && !r.NextAt.Equal(retry) {
				t.Errorf("due again at %v, want %v", r.NextAt, retry)
			}
			c, err := db.Campaign(t.Context(), actnow.Everything, id)
			if err != nil || c.State != tt.campaign || c.Counts.Total() != 6 {
				t.Errorf("campaign %s, %d rows, %v", c.State, c.Counts.Total(), err)
			}
			if tt.verdict.Suppress {
				// The second step to the same address will not go either.
				page, err := db.Ledger(t.Context(), actnow.Everything, campaigns.LedgerQuery{Campaign: id, State: actnow.LedgerSuppressed})
				if err != nil || page.Total != 1 || page.Rows[0].Step != "second" || page.Rows[0].Why != "bounced" {
					t.Errorf("suppressed = %+v, %v", page, err)
				}
			}
		})
	}
}

func TestVerdictNeedsAnIntent(t *testing.T) {
	t.Parallel()
	db, _ := launched(t, nil)
	for _, s := range []actnow.LedgerState{actnow.LedgerSent, actnow.LedgerUnknown, actnow.LedgerQueued} {
		if err := db.MarkVerdict(t.Context(), 1, campaigns.Verdict{State: s}, storagetest.Now); !errors.Is(err, actnow.ErrConflict) {
			t.Errorf("%s without an intent: %v", s, err)
		}
	}
	verdict(t, db, 1, campaigns.Verdict{State: actnow.LedgerCancelled, Why: "cannot be rendered"})
	if r := rowOf(t, db, 1); r.State != actnow.LedgerCancelled || r.Attempts != 0 {
		t.Errorf("row = %+v", r)
	}
	intent(t, db, 2)
	if err := db.MarkVerdict(t.Context(), 2, campaigns.Verdict{State: "gone"}, storagetest.Now); err == nil {
		t.Error("a verdict that is none was taken")
	}
	if err := db.MarkVerdict(t.Context(), 404, campaigns.Verdict{State: actnow.LedgerSent}, storagetest.Now); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("verdict on no row = %v", err)
	}
}

func TestRecoverFollowsThePolicy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		policy actnow.UnknownPolicy
		cancel bool
		want   campaigns.RecoveredRows
		state  actnow.LedgerState
	}{
		{actnow.PolicyHold, false, campaigns.RecoveredRows{Unknown: 2, Held: 2}, actnow.LedgerUnknown},
		{actnow.PolicyResend, false, campaigns.RecoveredRows{Unknown: 2, Requeued: 2}, actnow.LedgerQueued},
		{actnow.PolicyResend, true, campaigns.RecoveredRows{Unknown: 2, Held: 2}, actnow.LedgerUnknown},
		{actnow.PolicyReconcile, false, campaigns.RecoveredRows{Unknown: 2, ToReconcile: 2}, actnow.LedgerUnknown},
	}
	for _, tt := range tests {
		db, id := launched(t, func(p *campaigns.Plan) { p.Policy = tt.policy })
		intent(t, db, 1)
		intent(t, db, 2)
		if tt.cancel {
			if err := db.CancelCampaign(t.Context(), maja, id); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 2 { // the second time finds nothing
			got, err := db.RecoverIntents(t.Context(), storagetest.Now)
			want := tt.want
			if i == 1 {
				want = campaigns.RecoveredRows{}
			}
			if err != nil || got != want {
				t.Errorf("%s, cancelled %t: recovered %+v, %v, want %+v", tt.policy, tt.cancel, got, err, want)
			}
		}
		if r := rowOf(t, db, 1); r.State != tt.state || r.Attempts != 1 {
			t.Errorf("%s: row = %+v", tt.policy, r)
		}
		unknown, err := db.UnknownToReconcile(t.Context(), 1)
		if err != nil || (len(unknown) == 1) != (tt.policy == actnow.PolicyReconcile) {
			t.Errorf("%s: to reconcile %+v, %v", tt.policy, unknown, err)
		}
	}
}

func TestResolveUnknown(t *testing.T) {
	t.Parallel()
	for _, to := range []actnow.LedgerState{actnow.LedgerSent, actnow.LedgerQueued, actnow.LedgerCancelled} {
		db, id := launched(t, nil)
		storagetest.Exec(t, db, `UPDATE ledger SET state = 'sent' WHERE id > 1`)
		intent(t, db, 1)
		if _, err := db.RecoverIntents(t.Context(), storagetest.Now); err != nil {
			t.Fatal(err)
		}
		if err := db.ResolveUnknown(t.Context(), 1, to, "seen in the log", "Maja", storagetest.Now); err != nil {
			t.Fatal(err)
		}
		r := rowOf(t, db, 1)
		if r.State != to || r.Why != "seen in the log" || len(r.Events) != 1 || r.Events[0].Kind != "resolved" {
			t.Errorf("row = %+v", r)
		}
		if got := stateOf(t, db, id); (got == actnow.CampaignFinished) != (to != actnow.LedgerQueued) {
			t.Errorf("resolved to %s, the campaign is %s", to, got)
		}
		if err := db.ResolveUnknown(t.Context(), 1, to, "", "Maja", storagetest.Now); !errors.Is(err, actnow.ErrConflict) {
			t.Errorf("resolved twice: %v", err)
		}
	}
	db, id := launched(t, nil)
	intent(t, db, 1)
	verdict(t, db, 1, campaigns.Verdict{State: actnow.LedgerUnknown})
	if err := db.CancelCampaign(t.Context(), maja, id); err != nil {
		t.Fatal(err)
	}
	if err := db.ResolveUnknown(t.Context(), 1, actnow.LedgerQueued, "", "Maja", storagetest.Now); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("queued in a cancelled campaign: %v", err)
	}
	if err := db.ResolveUnknown(t.Context(), 1, actnow.LedgerBounced, "", "Maja", storagetest.Now); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("resolved to bounced: %v", err)
	}
}

func TestCampaignFinishesWithItsLastRow(t *testing.T) {
	t.Parallel()
	db, id := launched(t, nil)
	sendAll(t, db, storagetest.Now)
	if got := stateOf(t, db, id); got != actnow.CampaignSending {
		t.Errorf("while the second step waits the campaign is %s", got)
	}
	sendAll(t, db, storagetest.Now.AddDate(0, 0, 3))
	c, err := db.Campaign(t.Context(), actnow.Everything, id)
	if err != nil || c.State != actnow.CampaignFinished || c.FinishedAt.IsZero() || c.Counts[actnow.LedgerSent] != 6 {
		t.Errorf("campaign = %+v, %v", c, err)
	}
}

func TestCancelKeepsTheTotals(t *testing.T) {
	t.Parallel()
	db, id := launched(t, nil)
	intent(t, db, 1)
	intent(t, db, 2)
	verdict(t, db, 2, campaigns.Verdict{State: actnow.LedgerUnknown})
	if err := db.CancelCampaign(t.Context(), maja, id); err != nil {
		t.Fatal(err)
	}
	c, err := db.Campaign(t.Context(), actnow.Everything, id)
	want := campaigns.Counts{actnow.LedgerIntent: 1, actnow.LedgerUnknown: 1, actnow.LedgerCancelled: 4}
	if err != nil || !cmp.Equal(c.Counts, want) {
		t.Errorf("counts = %v, %v, want %v", c.Counts, err, want)
	}
}

func TestTurn(t *testing.T) {
	t.Parallel()
	sent := campaigns.Verdict{State: actnow.LedgerSent, Code: 250, Reply: "2.0.0 ok", Why: "taken"}
	tests := []struct {
		name     string
		change   string // after the intent of row 1
		verdict  campaigns.Verdict
		next     actnow.LedgerID
		ok       bool
		first    actnow.LedgerState
		second   actnow.LedgerState
		campaign actnow.CampaignState
	}{
		{"goes on", ``, sent, 2, true, actnow.LedgerSent, actnow.LedgerIntent, actnow.CampaignSending},
		{"a stop holds for the next", ``, campaigns.Verdict{State: actnow.LedgerBounced, Stop: true}, 2, false,
			actnow.LedgerBounced, actnow.LedgerQueued, actnow.CampaignStopped},
		{"so does a suppression", `UPDATE ledger SET next_at = 0`, campaigns.Verdict{State: actnow.LedgerBounced, Suppress: true}, 4, false,
			actnow.LedgerBounced, actnow.LedgerSuppressed, actnow.CampaignSending},
		{"the last row finishes", `UPDATE ledger SET state = 'sent' WHERE id > 1`, sent, 2, false,
			actnow.LedgerSent, actnow.LedgerSent, actnow.CampaignFinished},
		{"not while one is unknown", `UPDATE ledger SET state = 'unknown' WHERE id > 1`, sent, 2, false,
			actnow.LedgerSent, actnow.LedgerUnknown, actnow.CampaignSending},
		{"deferred", ``, campaigns.Verdict{State: actnow.LedgerDeferred}, 2, true, actnow.LedgerDeferred, actnow.LedgerIntent, actnow.CampaignSending},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db, id := launched(t, nil)
			intent(t, db, 1)
			storagetest.Exec(t, db, tt.change)
			ok, err := db.Turn(t.Context(), 1, tt.verdict, tt.next, storagetest.Now)
			if err != nil || ok != tt.ok {
				t.Fatalf("Turn = %t, %v", ok, err)
			}
			if a, b := rowOf(t, db, 1).State, rowOf(t, db, tt.next).State; a != tt.first || b != tt.second {
				t.Errorf("rows are %s and %s, want %s and %s", a, b, tt.first, tt.second)
			}
			if got := stateOf(t, db, id); got != tt.campaign {
				t.Errorf("campaign is %s, want %s", got, tt.campaign)
			}
			if _, err := db.Turn(t.Context(), 1, sent, tt.next, storagetest.Now); !errors.Is(err, actnow.ErrConflict) {
				t.Errorf("a second verdict on the row = %v", err)
			}
		})
	}
}
