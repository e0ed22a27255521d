package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/campaigns"
	"actnow/storage"
	"actnow/storage/storagetest"
)

func audience(t *testing.T, db *storage.DB, scope actnow.Scope, run actnow.CampaignRun) map[string]campaigns.LeftOut {
	t.Helper()
	rows, total, err := db.Audience(t.Context(), scope, run, nil, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if total != len(rows) {
		t.Errorf("total %d, rows %d", total, len(rows))
	}
	got := map[string]campaigns.LeftOut{}
	for _, r := range rows {
		key := r.CustomerName
		if r.Contact != 0 {
			key += " " + string(rune('a'+int(r.Contact)-1))
		}
		got[key] = r.LeftOut
	}
	return got
}

func TestLaunchSaysWhyForEveryoneLeftOut(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, campaignSeed)
	id := newCampaign(t, db, nil)
	if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
		t.Fatal(err)
	}
	l := launch(t, db, id, launchPlan())
	want := map[string]campaigns.LeftOut{
		"One AB a": "", "One AB b": "", "One AB c": campaigns.OutDoNotEmail, "One AB d": campaigns.OutSuppressed,
		"One AB e": campaigns.OutNoBasis, "One AB f": campaigns.OutNoAddress, "One AB g": campaigns.OutLanguage,
		"Two AB h": campaigns.OutDuplicate, "Two AB i": "", "Two AB j": campaigns.OutDoNotEmail,
		"Three AB": campaigns.OutNotMatched, "Four AB": campaigns.OutNoContact, "Five AB": campaigns.OutNotMatched,
	}
	if diff := cmp.Diff(want, audience(t, db, actnow.Everything, l.Run)); diff != "" {
		t.Errorf("audience (-want +got):\n%s", diff)
	}
	left := 0
	for _, n := range l.LeftOut {
		left += n
	}
	if l.Audience != 3 || l.Queued != 6 || left != 10 || l.State != actnow.CampaignSending {
		t.Errorf("launch = %+v", l)
	}
	one := []actnow.LocationID{1}
	if got := audience(t, db, actnow.Scope{Locations: one}, l.Run); len(got) != 10 {
		t.Errorf("one location sees %d rows: %v", len(got), got)
	}
	none := campaigns.LeftOut("")
	rows, total, err := db.Audience(t.Context(), actnow.Scope{Locations: one}, l.Run, &none, 1, 1)
	if err != nil || total != 3 || len(rows) != 1 || rows[0].Address != "" || rows[0].Name != "" {
		t.Errorf("page without personal data = %+v, %d, %v", rows, total, err)
	}
}

func TestLaunchFreezesMergeFields(t *testing.T) {
	t.Parallel()
	db, _ := launched(t, nil)
	// What changes after the launch does not change the mail.
	storagetest.Exec(t, db, `UPDATE contacts SET given_name = 'Changed'; UPDATE customers SET name = 'Changed'`)
	due, err := db.DueMessages(t.Context(), storagetest.Now, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(due) != 3 {
		t.Fatalf("%d due, want 3: the second step waits", len(due))
	}
	m := due[0]
	want := campaigns.Fields{
		"FirstName": "Anna", "LastName": "Berg", "Title": "", "Company": "One AB", "City": "Malmö", "Country": "Sweden",
		"Segment": "Medium", "Owner": "Olle", "OwnerEmail": "olle@partner.example", "Area": "Microsoft 365 Copilot",
		"Cluster": "Act Now", "Reason": "many Microsoft 365 seats", "AgreementEnd": "31 december 2026",
		"RevenueRange": "12\u00a0000–50\u00a0000 SEK",
	}
	want["Area"] = actnow.Copilot.Name()
	if diff := cmp.Diff(want, m.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if m.Address != "Anna@One.example" || m.Language != "sv" || m.Attempt != 1 || m.Pack != 1 || m.Step != "first" ||
		m.Name != "Anna Berg" || m.MessageID != "<actnow.1@partner.example>" || !m.Due.Equal(storagetest.Now) {
		t.Errorf("message = %+v", m)
	}
	if got := due[1].Fields["RevenueRange"] + "|" + due[1].Fields["AgreementEnd"]; got != "SEK 12,000–50,000|31 December 2026" {
		t.Errorf("in English: %s", got)
	}
	if got := due[2].Fields; got["Segment"] != "" || got["Area"] != "" || got["City"] != "" {
		t.Errorf("fields of a customer without scores: %v", got)
	}
	later, err := db.DueMessages(t.Context(), storagetest.Now.AddDate(0, 0, 3), 0, 100)
	if err != nil || len(later) != 6 {
		t.Errorf("%d due after three days, %v, want 6", len(later), err)
	}
}

// Nobody is mailed what we estimate of potential revenue.
func TestMailsTellNoEstimate(t *testing.T) {
	t.Parallel()
	db, _ := launched(t, nil, `UPDATE standings SET revenue_from = 'own' WHERE revenue_low IS NOT NULL`)
	due, err := db.DueMessages(t.Context(), storagetest.Now, 0, 100)
	if err != nil || len(due) == 0 {
		t.Fatalf("%d due, %v", len(due), err)
	}
	for _, m := range due {
		if got := m.Fields["RevenueRange"]; got != "" {
			t.Errorf("the mail to %s tells the estimate %q", m.Address, got)
		}
	}
}

func TestLaunchAreaAndConditions(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, campaignSeed)
	id := newCampaign(t, db, func(p *campaigns.Plan) { p.Area = actnow.Azure })
	if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
		t.Fatal(err)
	}
	plan := launchPlan()
	plan.Steps = []campaigns.LaunchStep{{Key: "a", Channel: "email", Only: []actnow.CustomerID{1}}, {Key: "b", Channel: "email", Only: []actnow.CustomerID{}}}
	l := launch(t, db, id, plan)
	if l.Audience != 2 || l.Queued != 2 || l.LeftOut[campaigns.OutCondition] != 2 || l.LeftOut[campaigns.OutDuplicate] != 0 {
		t.Errorf("launch = %+v", l)
	}
	due, err := db.DueMessages(t.Context(), storagetest.Now, 0, 10)
	if err != nil || len(due) != 2 || due[0].Fields["Cluster"] != "Educate" || due[0].Step != "a" {
		t.Errorf("due = %+v, %v", due, err)
	}
}

func TestLaunchThatCannotBe(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, campaignSeed)
	old := newCampaign(t, db, func(p *campaigns.Plan) { p.Pack = 2 })
	fresh := newCampaign(t, db, nil)
	for _, id := range []actnow.CampaignID{old, fresh} {
		if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
			t.Fatal(err)
		}
	}
	plan := launchPlan()
	plan.Pack = 2
	if _, err := db.LaunchCampaign(t.Context(), maja, old, plan); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("expired pack: %v", err)
	}
	plan = launchPlan()
	plan.Steps = plan.Steps[2:]
	if _, err := db.LaunchCampaign(t.Context(), maja, fresh, plan); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("no mail step: %v", err)
	}
	if got := stateOf(t, db, fresh); got != actnow.CampaignScheduled {
		t.Errorf("state after a refused launch = %s", got)
	}
	// Nobody to mail: the campaign is over at once.
	plan = launchPlan()
	plan.Customers = []actnow.CustomerID{4, 5}
	if l := launch(t, db, fresh, plan); l.State != actnow.CampaignFinished || l.Queued != 0 {
		t.Errorf("launch = %+v", l)
	}
}

func TestRecurringCampaignMailsEachAddressOnce(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		db := storagetest.Open(t, campaignSeed)
		id := newCampaign(t, db, func(p *campaigns.Plan) { p.Line, p.Zone, p.Again = "0 9 26 * *", "UTC", again })
		if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
			t.Fatal(err)
		}
		plan := launchPlan()
		plan.Steps, plan.Period, plan.Customers = plan.Steps[:1], "2026-11", []actnow.CustomerID{1}
		first := launch(t, db, id, plan)
		if first.Queued != 2 {
			t.Fatalf("first run = %+v", first)
		}
		if _, err := db.LaunchCampaign(t.Context(), maja, id, plan); !errors.Is(err, actnow.ErrConflict) {
			t.Errorf("the same period twice: %v", err)
		}
		sendAll(t, db, storagetest.Now)
		if got := stateOf(t, db, id); got != actnow.CampaignScheduled {
			t.Errorf("after a run the state is %s", got)
		}
		plan.Period, plan.Customers = "2026-12", []actnow.CustomerID{1, 2}
		second := launch(t, db, id, plan)
		want := campaigns.Launch{Run: second.Run, State: actnow.CampaignSending, Audience: 1, Queued: 1, LeftOut: map[campaigns.LeftOut]int{
			campaigns.OutDoNotEmail: 2, campaigns.OutSuppressed: 1, campaigns.OutNoBasis: 1, campaigns.OutNoAddress: 1,
			campaigns.OutLanguage: 1, campaigns.OutDuplicate: 1, campaigns.OutMailedBefore: 2}}
		if again {
			want.Audience, want.Queued = 3, 3
			delete(want.LeftOut, campaigns.OutMailedBefore)
		}
		if diff := cmp.Diff(want, second); diff != "" {
			t.Errorf("again %t: second run (-want +got):\n%s", again, diff)
		}
	}
}

func TestFrequencyCapCountsOtherCampaigns(t *testing.T) {
	t.Parallel()
	db, _ := launched(t, nil)
	sendAll(t, db, storagetest.Now)
	capped := newCampaign(t, db, func(p *campaigns.Plan) { p.CapMails, p.CapDays = 0, 7 })
	loose := newCampaign(t, db, func(p *campaigns.Plan) { p.CapMails, p.CapDays = 1, 7 })
	for _, id := range []actnow.CampaignID{capped, loose} {
		if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
			t.Fatal(err)
		}
	}
	if l := launch(t, db, capped, launchPlan()); l.LeftOut[campaigns.OutFrequencyCap] != 3 || l.State != actnow.CampaignFinished {
		t.Errorf("capped = %+v", l)
	}
	if l := launch(t, db, loose, launchPlan()); l.Audience != 3 {
		t.Errorf("loose = %+v", l)
	}
}

// sendAll sends whatever is due.
func sendAll(t *testing.T, db *storage.DB, now time.Time) {
	t.Helper()
	due, err := db.DueMessages(t.Context(), now, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range due {
		ok, err := db.MarkIntent(t.Context(), m.Row, now)
		if err != nil || !ok {
			t.Fatalf("MarkIntent(%d) = %t, %v", m.Row, ok, err)
		}
		v := campaigns.Verdict{State: actnow.LedgerSent, Code: 250, Why: "taken"}
		if err := db.MarkVerdict(t.Context(), m.Row, v, now); err != nil {
			t.Fatal(err)
		}
	}
}
