package storage_test

import (
	"errors"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/campaigns"
	"actnow/scoring"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// whileLaunched is a plan of a launch that does something, once, when it has its moment
// and before anything of it is written.
func whileLaunched(do func()) campaigns.LaunchPlan {
	plan := launchPlan()
	language, done := plan.Language, false
	plan.Language = func(contact string) (string, bool) {
		if !done {
			done = true
			do()
		}
		return language(contact)
	}
	return plan
}

func scheduledAmong(t *testing.T, people int) (*storage.DB, actnow.CampaignID, []actnow.CustomerID) {
	t.Helper()
	db := storagetest.Open(t, campaignSeed, crowd(people))
	id := newCampaign(t, db, nil)
	if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
		t.Fatal(err)
	}
	who := slices.Clone(everyone)
	for i := range people {
		who = append(who, actnow.CustomerID(100+i))
	}
	return db, id, who
}

func TestALaunchIsOfOneMoment(t *testing.T) {
	t.Parallel()
	const people = 300 // more than one piece
	db, id, who := scheduledAmong(t, people)
	plan := whileLaunched(func() { // others write, and what they write came after
		storagetest.Exec(t, db, `INSERT INTO suppressions (address, reason, created_at) VALUES ('p399@d9.example', 'unsubscribed', 0);
			UPDATE contacts SET given_name = 'Later' WHERE id = 398`)
		if err := db.SaveSetting(t.Context(), maja, "while", true); err != nil {
			t.Error(err)
		}
	})
	plan.Customers = who
	l := launch(t, db, id, plan)
	if l.Queued != 2*(people+3) || l.Audience != people+3 || l.State != actnow.CampaignSending {
		t.Fatalf("launch = %+v", l)
	}
	due, err := db.DueMessages(t.Context(), storagetest.Now.AddDate(0, 0, 4), 0, 5000)
	if err != nil || len(due) != l.Queued {
		t.Fatalf("%d due, %v", len(due), err)
	}
	for i, m := range due {
		if first := i < len(due)/2; (m.Step == "first") != first || m.Fields["FirstName"] == "Later" || !strings.HasSuffix(m.MessageID, "@partner.example>") {
			t.Fatalf("mail %d is %+v", i, m)
		}
	}
	for _, m := range due[people+2 : people+3] { // the last one of the first step is the one who said no
		if ok, err := db.MarkIntent(t.Context(), m.Row, storagetest.Now); ok || err != nil || m.Address != "p399@d9.example" {
			t.Errorf("%s may be mailed: %v, %v", m.Address, ok, err)
		}
	}
}

func TestALaunchEndsIfItsCampaignChanges(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*storage.DB, actnow.CampaignID) error{
		"cancelled": func(db *storage.DB, id actnow.CampaignID) error { return db.CancelCampaign(t.Context(), maja, id) },
		"another plan": func(db *storage.DB, id actnow.CampaignID) error {
			return db.UpdateCampaign(t.Context(), maja, id, campaigns.Plan{Name: "Autumn", Pack: 1, Cohort: 1, Area: "azure"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			db, id, _ := scheduledAmong(t, 0)
			before := ledgerRows(t, db)
			_, err := db.LaunchCampaign(t.Context(), maja, id, whileLaunched(func() {
				if err := change(db, id); err != nil {
					t.Error(err)
				}
			}))
			if !errors.Is(err, actnow.ErrConflict) {
				t.Errorf("launch = %v", err)
			}
			if after := ledgerRows(t, db); after != before {
				t.Errorf("before %q, after %q", before, after)
			}
		})
	}
}

func TestALaunchWithoutThoseWhoVanish(t *testing.T) {
	t.Parallel()
	db, id, who := scheduledAmong(t, 50)
	plan := whileLaunched(func() {
		storagetest.Exec(t, db, `DELETE FROM matches WHERE account_id = 120; DELETE FROM customers WHERE id = 120`)
	})
	plan.Customers = who
	if l := launch(t, db, id, plan); l.Audience != 49+3 || l.Queued != 2*l.Audience {
		t.Errorf("launch = %+v", l)
	}
	if rows := ledgerRows(t, db); !strings.HasPrefix(rows, "1 ") {
		t.Errorf("written: %s", rows)
	}
}

// TestALaunchThatWasKilledIsNone leaves of a launch what a killed process may leave: the
// first pieces of it.
func TestALaunchThatWasKilledIsNone(t *testing.T) {
	t.Parallel()
	const ledger = `SELECT group_concat(step || ' ' || address || ' ' || fields || ' ' || state || ' ' || due_at, '; ') FROM (SELECT * FROM ledger ORDER BY id)`
	for name, cut := range map[string]string{
		"before anything is written": `DELETE FROM ledger; DELETE FROM audience;`,
		"within the audience":        `DELETE FROM ledger; DELETE FROM audience WHERE seq > 4;`,
		"within the ledger":          `DELETE FROM ledger WHERE id > 2;`,
		"before it is launched":      ``,
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			db, err := storage.Open(t.Context(), storage.Options{Dir: dir, Now: func() time.Time { return storagetest.Now }})
			if err != nil {
				t.Fatal(err)
			}
			storagetest.Exec(t, db, campaignSeed)
			id := newCampaign(t, db, func(p *campaigns.Plan) { p.Line, p.Zone, p.Again = "0 9 1 * *", "UTC", true })
			if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
				t.Fatal(err)
			}
			launch(t, db, id, launchPlan())
			var want string
			if err := storagetest.Raw(t, db).QueryRow(ledger).Scan(&want); err != nil {
				t.Fatal(err)
			}
			storagetest.Exec(t, db, cut+`UPDATE campaign_runs SET launched_at = 0`)
			nobodySees(t, db, id)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = storagetest.OpenAt(t, dir, func() time.Time { return storagetest.Now })
			if rows := ledgerRows(t, db); rows != "0 0 0" {
				t.Errorf("left of the launch: %s", rows)
			}
			launch(t, db, id, launchPlan())
			var got string
			if err := storagetest.Raw(t, db).QueryRow(ledger).Scan(&got); err != nil || got != want {
				t.Errorf("launched anew: %v\n%s", err, cmp.Diff(want, got))
			}
		})
	}
}

// nobodySees fails if anything of a run that is not launched shows, or may be sent.
func nobodySees(t *testing.T, db *storage.DB, id actnow.CampaignID) {
	t.Helper()
	due, err := db.DueMessages(t.Context(), storagetest.Now.AddDate(1, 0, 0), 0, 50)
	if err != nil || len(due) > 0 {
		t.Errorf("%d mails are due, %v", len(due), err)
	}
	c, err := db.Campaign(t.Context(), actnow.Everything, id)
	if err != nil || c.Counts.Total() > 0 {
		t.Errorf("%v, %v", c.Counts, err)
	}
	if runs, err := db.CampaignHistory(t.Context(), actnow.Everything, id); err != nil || len(runs) > 0 {
		t.Errorf("runs %v, %v", runs, err)
	}
	if next, err := db.NextMails(t.Context()); err != nil || len(next) > 0 {
		t.Errorf("next %v, %v", next, err)
	}
}

func TestARehearsalIsKeptUntilSomethingChanges(t *testing.T) {
	t.Parallel()
	now := storagetest.Now
	db := storagetest.OpenAt(t, filepath.Join(t.TempDir(), "data"), func() time.Time { return now }, campaignSeed)
	other := newCampaign(t, db, nil)
	if err := db.ScheduleCampaign(t.Context(), maja, other); err != nil {
		t.Fatal(err)
	}
	launch(t, db, other, launchPlan())
	id := newCampaign(t, db, func(p *campaigns.Plan) { p.CapMails, p.CapDays = 0, 7 })
	plan, key := launchPlan(), "today"
	passes := 0
	preview := func() campaigns.Launch {
		t.Helper()
		l, findings, err := db.PreviewCampaign(t.Context(), id, plan, campaigns.Check{Key: key, Of: func(all iter.Seq[campaigns.Recipient]) []campaigns.Finding {
			passes++
			n := 0
			for range all {
				n++
			}
			return []campaigns.Finding{{Code: "looked", Args: []any{n}}}
		}})
		if err != nil || len(findings) != 1 || findings[0].Args[0] != l.Audience {
			t.Fatalf("%+v finds %v, %v", l, findings, err)
		}
		rows, total, err := db.PreviewAudience(t.Context(), actnow.Everything, id, plan, new(campaigns.LeftOut), 0, 500)
		if err != nil || total != l.Audience || len(rows) != total {
			t.Fatalf("%d of %d lines, %v; %+v", len(rows), total, err, l)
		}
		return l
	}
	sent := func() {
		due, err := db.DueMessages(t.Context(), now, 0, 50)
		if err != nil || len(due) == 0 {
			t.Fatalf("%d due, %v", len(due), err)
		}
		if ok, err := db.MarkIntent(t.Context(), due[0].Row, now); !ok || err != nil {
			t.Fatalf("%v, %v", ok, err)
		}
	}
	if l := preview(); l.Audience != 3 || passes != 1 {
		t.Fatalf("%+v after %d passes", l, passes)
	}
	for _, tt := range []struct {
		name  string
		do    func()
		want  int // mailed
		fresh bool
	}{
		{"nothing", func() {}, 3, false},
		{"a setting", func() { _ = db.SaveSetting(t.Context(), maja, "x", 1) }, 3, false},
		{"time", func() { now = now.Add(time.Minute) }, 3, false},
		{"another day of the checks", func() { key = "tomorrow" }, 3, true},
		{"a mail of another campaign", func() { sent() }, 2, true},
		{"days in which it counts no more", func() { now = now.AddDate(0, 0, 7).Add(time.Second) }, 3, true},
		{"an agreement that has ended", func() { now = time.Unix(1798675201, 0) }, 3, true},
		{"another cohort", func() { plan.Customers = everyone[:1] }, 2, true},
		{"a condition", func() { plan.Steps[0].Only, plan.Steps[1].Only = everyone[1:2], everyone[1:2] }, 0, true},
		{"no condition", func() { plan.Steps[0].Only = nil }, 2, true},
		{"the plan", func() {
			if err := db.UpdateCampaign(t.Context(), maja, id, campaigns.Plan{Name: "Autumn", Pack: 1, Cohort: 1, Area: "copilot"}); err != nil {
				t.Fatal(err)
			}
		}, 2, true},
		{"who is held out", func() {
			if err := db.SaveHoldOut(t.Context(), maja, holding(1, "copilot")); err != nil {
				t.Fatal(err)
			}
		}, 0, true},
	} {
		before := passes
		tt.do()
		if l := preview(); l.Audience != tt.want || passes > before != tt.fresh {
			t.Errorf("after %s: %+v, %d passes", tt.name, l, passes-before)
		}
	}
}

// holding is a hold-out that holds the customer.
func holding(id actnow.CustomerID, area actnow.Area) scoring.HoldOut {
	h := scoring.HoldOut{Share: 0.5}
	for !h.Holds(id, area) {
		h.Seed++
	}
	return h
}
