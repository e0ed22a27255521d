package storage_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/campaigns"
	"actnow/scoring"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// arrive brings customers to Act Now or elsewhere in Azure, by scores of the month.
func arrive(t *testing.T, db *storage.DB, month actnow.Month, points float64, ids ...actnow.CustomerID) {
	t.Helper()
	var ps []scoring.Propensity
	for _, id := range ids {
		p := scoring.Propensity{Customer: id, Area: actnow.Azure, Fit: scoring.Score{Points: &points}, Intent: scoring.Score{Points: &points}, Model: "test"}
		p.FitBand, p.IntentBand = actnow.BandOf(points), actnow.BandOf(points)
		p.Cell = scoring.Quadrants().Cell(p.FitBand, p.IntentBand)
		p.Cluster = p.Cell.Cluster()
		ps = append(ps, p)
	}
	if err := db.SavePropensities(t.Context(), month, ps); err != nil {
		t.Fatal(err)
	}
}

// draws are who was drawn, and whether they are held out, by customer.
func draws(t *testing.T, db *storage.DB) map[actnow.CustomerID]bool {
	t.Helper()
	raw := storagetest.Raw(t, db)
	defer raw.Close()
	rows, err := raw.Query(`SELECT customer_id, held FROM hold_outs WHERE released_at IS NULL`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got := map[actnow.CustomerID]bool{}
	for rows.Next() {
		var id actnow.CustomerID
		var held bool
		if err := rows.Scan(&id, &held); err != nil {
			t.Fatal(err)
		}
		got[id] = held
	}
	return got
}

func saveHoldOut(t *testing.T, db *storage.DB, h scoring.HoldOut) {
	t.Helper()
	if err := db.SaveHoldOut(t.Context(), actnow.Actor{Name: "Maja"}, h); err != nil {
		t.Fatal(err)
	}
}

// TestHoldOutDraws checks that each customer is drawn when it comes to Act Now, once, and
// stays as it was drawn.
func TestHoldOutDraws(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	ids := make([]actnow.CustomerID, 400)
	for i := range ids {
		ids[i] = actnow.CustomerID(i + 1)
		storagetest.Exec(t, db, `INSERT INTO customers (id, key, first_month, last_month, updated_at) VALUES (?1, 'tpid:' || ?1, '', '', 0)`, i+1)
	}
	arrive(t, db, "2026-10", 90, ids[:100]...)
	arrive(t, db, "2026-10", 40, ids[100:200]...)
	if got := draws(t, db); len(got) != 0 {
		t.Fatalf("%d drawn before anybody is held out", len(got))
	}
	h := scoring.HoldOut{Share: 0.3, Seed: 5}
	saveHoldOut(t, db, h)
	first := draws(t, db)
	if len(first) != 100 {
		t.Fatalf("%d of 100 drawn", len(first))
	}
	arrive(t, db, "2026-11", 90, ids[200:]...)
	arrive(t, db, "2026-11", 40, ids[:50]...) // who leaves Act Now stays as drawn
	both := draws(t, db)
	held := 0
	for id, is := range both {
		if is != h.Holds(id, actnow.Azure) || id > 100 && id <= 200 {
			t.Errorf("customer %d drawn as %t", id, is)
		}
		if is {
			held++
		}
	}
	t.Logf("%d of %d held out at a share of 0.3", held, len(both))
	if len(both) != 300 || held < 65 || held > 115 {
		t.Errorf("%d held out of %d", held, len(both))
	}
	saveHoldOut(t, db, scoring.HoldOut{Share: 0.5, Seed: 77})
	if diff := cmp.Diff(both, draws(t, db)); diff != "" {
		t.Errorf("another share and seed draw anew: %s", diff)
	}
	d, err := db.Customer(t.Context(), actnow.Everything, firstHeld(both))
	if err != nil || len(d.HeldOut) != 1 || d.HeldOut[0].Area != actnow.Azure || !d.HeldOut[0].Since.Equal(storagetest.Now) {
		t.Errorf("the customer: %+v, %v", d.HeldOut, err)
	}

	saveHoldOut(t, db, scoring.HoldOut{})
	if got := draws(t, db); len(got) != 0 {
		t.Errorf("%d drawn after the end", len(got))
	}
	saveHoldOut(t, db, h) // in the same second
	if got := draws(t, db); len(got) != 250 {
		t.Errorf("%d drawn again, want the 250 who are in Act Now", len(got))
	}
	for _, share := range []float64{-0.01, 0.51} {
		if err := db.SaveHoldOut(t.Context(), maja, scoring.HoldOut{Share: share}); !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("a share of %g: %v", share, err)
		}
	}
	if acts, err := db.Activities(t.Context(), actnow.ActivityFilter{Noun: "holdout"}, 10); err != nil || len(acts) != 4 {
		t.Errorf("%d acts in the audit, %v", len(acts), err)
	}
}

func firstHeld(drawn map[actnow.CustomerID]bool) actnow.CustomerID {
	for id := actnow.CustomerID(1); ; id++ {
		if drawn[id] {
			return id
		}
	}
}

// TestHoldOutKeepsOut checks that who is held out in an area gets nothing of its campaigns
// nor of those of no area, also if it is drawn after the launch.
func TestHoldOutKeepsOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		area     actnow.Area
		held     bool
		released bool
		out      bool
	}{{actnow.Copilot, true, false, true}, {"", true, false, true}, {actnow.Azure, true, false, false}, {actnow.Copilot, false, false, false}, {actnow.Copilot, true, true, false}} {
		name := fmt.Sprintf("%s held %t released %t", tt.area, tt.held, tt.released)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := storagetest.Open(t, campaignSeed)
			draw := func() {
				storagetest.Exec(t, db, `INSERT INTO hold_outs (customer_id, area, chosen_at, held, released_at) VALUES (1, 'copilot', 1, ?, ?)`, tt.held, map[bool]any{true: 2}[tt.released])
			}
			id := newCampaign(t, db, func(p *campaigns.Plan) { p.Area = tt.area })
			if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
				t.Fatal(err)
			}
			before := launch(t, db, id, launchPlan())
			draw()
			due, err := db.DueMessages(t.Context(), storagetest.Now, 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range due {
				ok, err := db.MarkIntent(t.Context(), m.Row, storagetest.Now)
				if err != nil {
					t.Fatal(err)
				}
				one := m.Fields["Company"] == "One AB"
				if ok != !(one && tt.out) {
					t.Errorf("a mail to %s is sent: %t", m.Fields["Company"], ok)
				}
				if r := rowOf(t, db, m.Row); !ok && (r.State != actnow.LedgerSuppressed || r.Why != string(campaigns.OutHeldOut)) {
					t.Errorf("row is %s (%s)", r.State, r.Why)
				}
			}

			again := newCampaign(t, db, func(p *campaigns.Plan) { p.Area = tt.area })
			preview, _, err := db.PreviewCampaign(t.Context(), again, launchPlan(), campaigns.Check{})
			if err != nil {
				t.Fatal(err)
			}
			want := 0
			if tt.out {
				want = 3 // of customer One the two who would be mailed, and one of them as a contact of Two
			}
			if got := preview.LeftOut[campaigns.OutHeldOut]; got != want || preview.LeftOut[campaigns.OutDoNotEmail] != before.LeftOut[campaigns.OutDoNotEmail] {
				t.Errorf("%d held out, want %d: %+v", got, want, preview)
			}
			for filter, found := range map[string]bool{"held_out = yes": true, "area = copilot and held_out = yes": true, "area = azure and held_out = yes": false} {
				page, err := db.Customers(t.Context(), actnow.Everything, actnow.CustomerQuery{Filter: filter})
				if err != nil || (page.Total == 1) != (found && tt.held && !tt.released) {
					t.Errorf("%s finds %d, %v", filter, page.Total, err)
				}
			}
		})
	}
}

// TestHoldOutResults checks what counts: customers with an account, drawn 90 days ago and
// not released before, and opportunities of the area opened within those days.
func TestHoldOutResults(t *testing.T) {
	t.Parallel()
	now := storagetest.Now
	db := storagetest.Open(t)
	day := func(n int) int64 { return now.AddDate(0, 0, n).Unix() }
	add := func(id int, area actnow.Area, drawn int, held bool, released any, account bool) {
		storagetest.Exec(t, db, `INSERT INTO customers (id, key, first_month, last_month, updated_at) VALUES (?1, 'tpid:' || ?1, '', '', 0) ON CONFLICT DO NOTHING`, id)
		storagetest.Exec(t, db, `INSERT INTO hold_outs (customer_id, area, chosen_at, held, released_at) VALUES (?, ?, ?, ?, ?)`, id, string(area), day(drawn), held, released)
		if account {
			storagetest.Exec(t, db, `INSERT INTO accounts (id, external_id, connection_id, updated_at) VALUES (?1, 'A' || ?1, 1, 0)`, id)
			storagetest.Exec(t, db, `INSERT INTO matches (account_id, customer_id, band, matched_at) VALUES (?1, ?1, 'match', 0)`, id)
		}
	}
	opens := func(id int, area, status string, at int) {
		storagetest.Exec(t, db, `INSERT INTO opportunities (external_id, connection_id, account_ref, area, status, opened_at, updated_at) VALUES (?, 1, ?, ?, ?, ?, 0)`,
			fmt.Sprint("O", id, area, at), fmt.Sprint("A", id), area, status, day(at))
	}
	add(1, actnow.Azure, -100, true, nil, true) // held out, and opened all the same
	opens(1, "azure", "lost", -50)
	opens(1, "azure", "open", -40)
	add(2, actnow.Azure, -100, false, nil, true) // won
	opens(2, "azure", "open", -70)
	opens(2, "azure", "won", -60)
	add(3, actnow.Azure, -100, false, nil, true) // too early, too late, another area
	opens(3, "azure", "won", -101)
	opens(3, "azure", "won", -9)
	opens(3, "m365", "won", -60)
	add(4, actnow.Azure, -100, true, nil, false)      // no account
	add(5, actnow.Azure, -89, true, nil, true)        // the days are not over
	add(6, actnow.Azure, -100, true, day(-50), true)  // released before
	add(7, actnow.Azure, -200, true, day(-100), true) // released after
	add(3, actnow.Surface, -10, false, nil, false)
	saveHoldOut(t, db, scoring.HoldOut{Share: 0.2})
	report, err := db.HoldOut(t.Context())
	if err != nil || len(report.Areas) != 2 || report.Share != 0.2 {
		t.Fatalf("%+v, %v", report, err)
	}
	azure := report.Areas[0]
	if azure.Area != actnow.Azure || azure.HeldNow != 3 || azure.OthersNow != 2 ||
		azure.Held != (scoring.HoldOutGroup{Customers: 2, Opened: 1}) || azure.Others != (scoring.HoldOutGroup{Customers: 2, Opened: 1, Won: 1}) {
		t.Errorf("Azure: %+v", azure)
	}
	if report.All.HeldNow != 3 || report.All.OthersNow != 3 || report.All.Opened.Verdict != scoring.HoldOutOpen || report.All.Opened.Missing == 0 {
		t.Errorf("all: %+v", report.All)
	}
	if surface := report.Areas[1]; surface.Held.Customers != 0 || surface.Opened.Low != -1 || surface.Opened.High != 1 {
		t.Errorf("Surface: %+v", surface)
	}
}
