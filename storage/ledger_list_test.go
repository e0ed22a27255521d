package storage_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/campaigns"
	"actnow/crm"
	"actnow/storage/storagetest"
)

func TestUnsubscribeWorksBeforeTheNextMail(t *testing.T) {
	t.Parallel()
	db, id := launched(t, nil)
	intent(t, db, 1)
	verdict(t, db, 1, campaigns.Verdict{State: actnow.LedgerSent})
	for range 2 {
		if err := db.Unsubscribe(t.Context(), 1, "one-click", storagetest.Now); err != nil {
			t.Fatal(err)
		}
	}
	r := rowOf(t, db, 1)
	if r.State != actnow.LedgerSent || len(r.Events) != 1 || r.Events[0].Kind != "unsubscribed" {
		t.Errorf("row = %+v", r)
	}
	if yes, err := db.Unsubscribed(t.Context(), 1); err != nil || !yes {
		t.Errorf("Unsubscribed = %t, %v", yes, err)
	}
	page, err := db.Ledger(t.Context(), actnow.Everything, campaigns.LedgerQuery{Campaign: id, Search: "anna", Step: "second"})
	if err != nil || page.Total != 1 || page.Rows[0].State != actnow.LedgerSuppressed || page.Rows[0].Why != "unsubscribed" {
		t.Errorf("second step = %+v, %v", page, err)
	}
	if err := db.Unsubscribe(t.Context(), 404, "", storagetest.Now); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("unsubscribe no row = %v", err)
	}
	if err := db.LiftSuppression(t.Context(), maja, "Anna@one.example"); err != nil {
		t.Fatal(err)
	}
	if err := db.LiftSuppression(t.Context(), maja, "anna@one.example"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("lifted twice: %v", err)
	}
	if err := db.Suppress(t.Context(), maja, crm.Suppression{Address: "anna@one.example", Reason: crm.Manual, Evidence: "asked by phone"}); err != nil {
		t.Fatal(err)
	}
	if yes, err := db.Unsubscribed(t.Context(), 1); err != nil || !yes {
		t.Errorf("suppressed again = %t, %v", yes, err)
	}
	if err := db.Suppress(t.Context(), maja, crm.Suppression{Address: "nobody", Reason: crm.Manual}); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("suppress no address = %v", err)
	}
}

func TestLedgerListing(t *testing.T) {
	t.Parallel()
	db, id := launched(t, nil)
	intent(t, db, 1)
	verdict(t, db, 1, campaigns.Verdict{State: actnow.LedgerBounced, Code: 550, Reply: "5.2.2 anna@one.example is full"})
	all := actnow.Everything
	oslo := actnow.Scope{Locations: []actnow.LocationID{2}, Personal: true}
	blind := actnow.Scope{AllLocations: true}
	tests := []struct {
		name  string
		scope actnow.Scope
		query campaigns.LedgerQuery
		total int
		rows  int
		first actnow.LedgerID
	}{
		{"all, newest first", all, campaigns.LedgerQuery{Campaign: id}, 6, 6, 6},
		{"page", all, campaigns.LedgerQuery{Campaign: id, Offset: 4, Limit: 1}, 6, 1, 2},
		{"state", all, campaigns.LedgerQuery{State: actnow.LedgerBounced}, 1, 1, 1},
		{"step", all, campaigns.LedgerQuery{Step: "second"}, 3, 3, 6},
		{"search address", all, campaigns.LedgerQuery{Search: "BO@one"}, 2, 2, 5},
		{"search customer", all, campaigns.LedgerQuery{Search: "two a"}, 2, 2, 6},
		{"search is no pattern", all, campaigns.LedgerQuery{Search: "%"}, 0, 0, 0},
		{"customer", all, campaigns.LedgerQuery{Customer: 2}, 2, 2, 6},
		{"contact", all, campaigns.LedgerQuery{Contact: 1}, 2, 2, 4},
		{"another location", oslo, campaigns.LedgerQuery{}, 0, 0, 0},
		{"nothing in scope", actnow.Scope{}, campaigns.LedgerQuery{}, 0, 0, 0},
		{"addresses are no search without personal data", blind, campaigns.LedgerQuery{Search: "anna"}, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			page, err := db.Ledger(t.Context(), tt.scope, tt.query)
			if err != nil || page.Total != tt.total || len(page.Rows) != tt.rows {
				t.Fatalf("total %d, rows %d, %v", page.Total, len(page.Rows), err)
			}
			if tt.rows > 0 && page.Rows[0].ID != tt.first {
				t.Errorf("first is %d, want %d", page.Rows[0].ID, tt.first)
			}
		})
	}
	page, err := db.Ledger(t.Context(), blind, campaigns.LedgerQuery{State: actnow.LedgerBounced})
	if err != nil {
		t.Fatal(err)
	}
	if r := page.Rows[0]; r.Address != "" || r.Name != "" || r.Reply != "" || r.CustomerName != "One AB" {
		t.Errorf("without personal data: %+v", r)
	}
	if _, err := db.LedgerRow(t.Context(), oslo, 1); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("row outside the scope = %v", err)
	}
	for range 2 {
		if err := db.AddLedgerEvent(t.Context(), 1, campaigns.LedgerEvent{Kind: "bounced", Source: "dsn-1", At: storagetest.Now}); err != nil {
			t.Fatal(err)
		}
	}
	if got := rowOf(t, db, 1).Events; len(got) != 1 {
		t.Errorf("events = %+v", got)
	}
	if err := db.AddLedgerEvent(t.Context(), 404, campaigns.LedgerEvent{Kind: "bounced"}); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("event of no row = %v", err)
	}
	runs, err := db.CampaignRuns(t.Context(), id)
	if err != nil || len(runs) != 1 {
		t.Errorf("runs = %v, %v", runs, err)
	}
}

func TestDueMessagesPageOverCampaigns(t *testing.T) {
	t.Parallel()
	db, _ := launched(t, nil)
	other := newCampaign(t, db, nil)
	if err := db.ScheduleCampaign(t.Context(), maja, other); err != nil {
		t.Fatal(err)
	}
	launch(t, db, other, launchPlan())
	var got []actnow.LedgerID
	for after := actnow.LedgerID(0); ; {
		page, err := db.DueMessages(t.Context(), storagetest.Now, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, m := range page {
			after = m.Row
			got = append(got, m.Row)
		}
	}
	if diff := cmp.Diff([]actnow.LedgerID{1, 2, 3, 7, 8, 9}, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestCaughtMails(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	for i, to := range []string{"anna@one.example", "bo@two.example"} {
		m := campaigns.CaughtMail{From: "bounce@partner.example", To: to, MessageID: fmt.Sprintf("<%d@x>", i),
			Subject: "Hej Åsa", At: storagetest.Now, Raw: []byte("raw")}
		if err := db.KeepMail(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	list, err := db.CaughtMails(t.Context(), "ONE.EXAMPLE", 0, 10)
	if err != nil || len(list) != 1 || list[0].Raw != nil {
		t.Fatalf("list = %+v, %v", list, err)
	}
	if list, err = db.CaughtMails(t.Context(), "åsa", 2, 10); err != nil || len(list) != 1 || list[0].ID != 1 {
		t.Errorf("list before 2 = %+v, %v", list, err)
	}
	m, err := db.CaughtMail(t.Context(), 1)
	if err != nil || string(m.Raw) != "raw" || m.To != "anna@one.example" {
		t.Errorf("mail = %+v, %v", m, err)
	}
	if _, err := db.CaughtMail(t.Context(), 9); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("CaughtMail(9) = %v", err)
	}
	found, err := db.Find(t.Context(), []string{"<0@x>", "<7@x>"})
	if err != nil || !cmp.Equal(found, map[string]bool{"<0@x>": true}) {
		t.Errorf("Find = %v, %v", found, err)
	}
}
