package storage_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/campaigns"
	"actnow/schedule"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// campaignSeed has a pack of two steps, a cohort, two people, and customers 1 to
// 9 of whom each shows one thing: see the audience test.
const campaignSeed = `
INSERT INTO users (id, email, name, role, created_at) VALUES
	(1, 'maja@partner.example', 'Maja', 'marketer', 0), (2, 'anders@partner.example', 'Anders', 'approver', 0);
INSERT INTO locations (id, global_id, name) VALUES (1, 'L1', 'Malmö'), (2, 'L2', 'Oslo');
INSERT INTO packs (id, name, revision, sha256, languages, manifest, created_at) VALUES
	(1, 'Copilot start', 1, 'x', '["en","sv"]', '{"Languages":["en","sv"],"Sender":{"Name":"Partner","Address":"hello@partner.example"}}', 0),
	(2, 'Old', 1, 'y', '["en"]', '{}', 0);
UPDATE packs SET expires = '2026-11-25' WHERE id = 2;
INSERT INTO pack_files (pack_id, path, content) VALUES (1, 'logo.png', x'89504e47');
INSERT INTO cohorts (id, name, kind, filter, created_at, updated_at) VALUES (1, 'Act now', 'filter', 'cluster = "Act Now"', 0, 0);
INSERT INTO customers (id, key, name, domain, city, country, segment, first_month, last_month, updated_at) VALUES
	(1, 'domain:one.example', 'One AB', 'one.example', 'Malmö', 'Sweden', 'Medium', '2026-10', '2026-11', 0),
	(2, 'domain:two.example', 'Two AB', 'two.example', '', '', 'Unknown', '2026-10', '2026-11', 0),
	(3, 'domain:three.example', 'Three AB', 'three.example', '', '', 'Unknown', '2026-10', '2026-11', 0),
	(4, 'domain:four.example', 'Four AB', 'four.example', '', '', 'Unknown', '2026-10', '2026-11', 0),
	(5, 'domain:five.example', 'Five AB', 'five.example', '', '', 'Unknown', '2026-10', '2026-11', 0);
INSERT INTO customer_locations (customer_id, location_id) VALUES (1, 1), (2, 1), (3, 2), (4, 2), (5, 2);
INSERT INTO accounts (id, external_id, connection_id, name, city, owner_name, owner_email, updated_at) VALUES
	(1, 'A1', 1, 'one', 'Lund', 'Olle', 'olle@partner.example', 0), (2, 'A2', 1, 'two', '', '', '', 0),
	(3, 'A3', 1, 'three', '', '', '', 0), (4, 'A4', 1, 'four', '', '', '', 0);
INSERT INTO matches (account_id, customer_id, band, matched_at) VALUES
	(1, 1, 'match', 0), (2, 2, 'match', 0), (3, 3, 'review', 0), (4, 4, 'match', 0);
INSERT INTO contacts (id, external_id, connection_id, account_ref, email, address, given_name, family_name, language, consent_basis, do_not_email, updated_at) VALUES
	(1, 'C1', 1, 'A1', 'Anna@One.example', 'anna@one.example', 'Anna', 'Berg', 'sv', 'legitimate interest', 0, 0),
	(2, 'C2', 1, 'A1', 'bo@one.example', 'bo@one.example', 'Bo', 'Ek', 'en', 'legitimate interest', 0, 0),
	(3, 'C3', 1, 'A1', 'no@one.example', 'no@one.example', 'No', 'Mail', 'en', 'consent', 1, 0),
	(4, 'C4', 1, 'A1', 'out@one.example', 'out@one.example', 'Out', '', 'en', 'consent', 0, 0),
	(5, 'C5', 1, 'A1', 'none@one.example', 'none@one.example', 'None', '', 'en', '', 0, 0),
	(6, 'C6', 1, 'A1', 'not an address', '', 'Bad', '', 'en', 'consent', 0, 0),
	(7, 'C7', 1, 'A1', 'fr@one.example', 'fr@one.example', 'Fr', '', 'fr', 'consent', 0, 0),
	(8, 'C8', 1, 'A2', 'ANNA@one.example', 'anna@one.example', 'Anna', 'Again', 'en', 'consent', 0, 0),
	(9, 'C9', 1, 'A2', 'cia@two.example', 'cia@two.example', 'Cia', '', 'en', 'consent', 0, 0),
	(10, 'C10', 1, 'A2', 'no@one.example', 'no@one.example', 'Same', '', 'en', 'consent', 0, 0),
	(11, 'C11', 1, 'A3', 'di@three.example', 'di@three.example', 'Di', '', 'en', 'consent', 0, 0);
INSERT INTO suppressions (address, reason, created_at) VALUES ('out@one.example', 'unsubscribed', 0);
INSERT INTO suppressions (address, reason, created_at, lifted_at) VALUES ('cia@two.example', 'manual', 0, 1);
INSERT INTO standings (customer_id, area, month, latest, fit, intent, cluster, revenue_low, revenue_high, currency) VALUES
	(1, 'azure', '2026-11', 1, 99, 99, 'Educate', NULL, NULL, ''),
	(1, 'copilot', '2026-11', 1, 80, 80, 'Act Now', 1200000, 5000000, 'SEK');
INSERT INTO snapshots (id, report, month, revision, current, file, sha256, columns, rows, new, changed, unchanged, imported_at) VALUES
	(1, 'renewals', '2026-11', 1, 1, 'r.csv', 'r', '[]', 1, 1, 0, 0, 0);
INSERT INTO propensities (customer_id, area, month, source, explanation, snapshot_id, scored_at) VALUES
	(1, 'copilot', '2026-11', 'm365', 'many Microsoft 365 seats', 1, 0);
INSERT INTO agreements (snapshot_id, line, customer_id, ends_at) VALUES (1, 1, 1, 1798675200), (1, 2, 1, 1000);
`

var maja, anders = actnow.Actor{User: 1, Name: "Maja"}, actnow.Actor{User: 2, Name: "Anders"}

var everyone = []actnow.CustomerID{1, 2, 3, 4, 5}

// launchPlan mails everyone in English or Swedish, now and after three days.
func launchPlan() campaigns.LaunchPlan {
	return campaigns.LaunchPlan{
		Pack: 1, Cohort: 1, Customers: everyone,
		Domain: "Partner.example",
		Steps:  []campaigns.LaunchStep{{Key: "first", Channel: "email"}, {Key: "second", After: 3, Channel: "email"}, {Key: "post", Channel: "linkedin"}},
		Language: func(contact string) (string, bool) {
			return contact, contact == "en" || contact == "sv"
		},
	}
}

func newCampaign(t testing.TB, db *storage.DB, change func(*campaigns.Plan)) actnow.CampaignID {
	t.Helper()
	p := campaigns.Plan{Name: "Autumn", Pack: 1, Cohort: 1}
	if change != nil {
		change(&p)
	}
	id, err := db.CreateCampaign(t.Context(), maja, p)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func launch(t testing.TB, db *storage.DB, id actnow.CampaignID, plan campaigns.LaunchPlan) campaigns.Launch {
	t.Helper()
	l, err := db.LaunchCampaign(t.Context(), maja, id, plan)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// launched is a store with one campaign that sends.
func launched(t testing.TB, change func(*campaigns.Plan), seeds ...string) (*storage.DB, actnow.CampaignID) {
	t.Helper()
	db := storagetest.Open(t, append([]string{campaignSeed}, seeds...)...)
	id := newCampaign(t, db, change)
	if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
		t.Fatal(err)
	}
	launch(t, db, id, launchPlan())
	return db, id
}

func stateOf(t testing.TB, db *storage.DB, id actnow.CampaignID) actnow.CampaignState {
	t.Helper()
	c, err := db.Campaign(t.Context(), actnow.Everything, id)
	if err != nil {
		t.Fatal(err)
	}
	return c.State
}

func TestCampaignMovesBetweenStates(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, campaignSeed)
	ctx := t.Context()
	submit := func(id actnow.CampaignID) error { return db.SubmitCampaign(ctx, maja, id) }
	approve := func(id actnow.CampaignID) error { return db.ApproveCampaign(ctx, anders, id) }
	own := func(id actnow.CampaignID) error { return db.ApproveCampaign(ctx, maja, id) }
	reject := func(id actnow.CampaignID) error { return db.RejectCampaign(ctx, anders, id, "too long") }
	schedule := func(id actnow.CampaignID) error { return db.ScheduleCampaign(ctx, maja, id) }
	start := func(id actnow.CampaignID) error {
		_, err := db.LaunchCampaign(ctx, maja, id, launchPlan())
		return err
	}
	pause := func(id actnow.CampaignID) error { return db.PauseCampaign(ctx, maja, id) }
	resume := func(id actnow.CampaignID) error { return db.ResumeCampaign(ctx, maja, id) }
	cancel := func(id actnow.CampaignID) error { return db.CancelCampaign(ctx, maja, id) }
	type step = func(actnow.CampaignID) error
	tests := []struct {
		name  string
		steps []step
		last  error // of the last step
		want  actnow.CampaignState
	}{
		{"approved by a second person", []step{submit, approve}, nil, actnow.CampaignScheduled},
		{"not by the one who made it", []step{submit, own}, actnow.ErrForbidden, actnow.CampaignAwaiting},
		{"rejected", []step{submit, reject}, nil, actnow.CampaignDraft},
		{"approve a draft", []step{approve}, actnow.ErrConflict, actnow.CampaignDraft},
		{"launch a draft", []step{start}, actnow.ErrConflict, actnow.CampaignDraft},
		{"launch", []step{schedule, start}, nil, actnow.CampaignSending},
		{"launch twice", []step{schedule, start, start}, actnow.ErrConflict, actnow.CampaignSending},
		{"pause and resume", []step{schedule, start, pause, resume}, nil, actnow.CampaignSending},
		{"pause twice", []step{schedule, start, pause, pause}, actnow.ErrConflict, actnow.CampaignPaused},
		{"resume what sends", []step{schedule, start, resume}, actnow.ErrConflict, actnow.CampaignSending},
		{"cancel", []step{schedule, start, pause, cancel}, nil, actnow.CampaignCancelled},
		{"cancelled for good", []step{cancel, resume}, actnow.ErrConflict, actnow.CampaignCancelled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id := newCampaign(t, db, nil)
			for i, s := range tt.steps {
				want := error(nil)
				if i == len(tt.steps)-1 {
					want = tt.last
				}
				if err := s(id); !errors.Is(err, want) {
					t.Fatalf("step %d: error = %v, want %v", i, err, want)
				}
			}
			if got := stateOf(t, db, id); got != tt.want {
				t.Errorf("state = %s, want %s", got, tt.want)
			}
		})
	}
	if err := submit(404); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("submit what is not there = %v", err)
	}
}

func TestPlansThatCannotBe(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, campaignSeed)
	tests := []struct {
		name   string
		change func(*campaigns.Plan)
		want   error
	}{
		{"no name", func(p *campaigns.Plan) { p.Name = "  " }, actnow.ErrInvalid},
		{"long name", func(p *campaigns.Plan) { p.Name = strings.Repeat("x", 201) }, actnow.ErrInvalid},
		{"policy", func(p *campaigns.Plan) { p.Policy = "maybe" }, actnow.ErrInvalid},
		{"area", func(p *campaigns.Plan) { p.Area = "xbox" }, actnow.ErrInvalid},
		{"date and line", func(p *campaigns.Plan) { p.At, p.Line = storagetest.Now, "0 9 * * *" }, actnow.ErrInvalid},
		{"date of last year", func(p *campaigns.Plan) { p.At = storagetest.Now.AddDate(-1, 0, 0) }, actnow.ErrInvalid},
		{"date a second more than a day ago", func(p *campaigns.Plan) { p.At = storagetest.Now.Add(-24*time.Hour - time.Second) }, actnow.ErrInvalid},
		{"date of a day ago", func(p *campaigns.Plan) { p.At = storagetest.Now.Add(-24 * time.Hour) }, nil},
		{"cap", func(p *campaigns.Plan) { p.CapDays = -1 }, actnow.ErrInvalid},
		{"no pack", func(p *campaigns.Plan) { p.Pack = 99 }, actnow.ErrNotFound},
		{"no cohort", func(p *campaigns.Plan) { p.Cohort = 99 }, actnow.ErrNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := campaigns.Plan{Name: "Autumn", Pack: 1, Cohort: 1}
			tt.change(&p)
			if _, err := db.CreateCampaign(t.Context(), maja, p); !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestUpdateTakesACampaignBackFromApproval(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, campaignSeed)
	id := newCampaign(t, db, nil)
	if err := db.SubmitCampaign(t.Context(), maja, id); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	p := campaigns.Plan{Name: "Winter", Pack: 1, Cohort: 1, Policy: actnow.PolicyReconcile, At: at, Area: actnow.Copilot, CapMails: 2, CapDays: 7}
	if err := db.UpdateCampaign(t.Context(), maja, id, p); err != nil {
		t.Fatal(err)
	}
	c, err := db.Campaign(t.Context(), actnow.Everything, id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, c.Plan); diff != "" || c.State != actnow.CampaignDraft {
		t.Errorf("state %s, plan (-want +got):\n%s", c.State, diff)
	}
	if c.PackName != "Copilot start" || c.CohortName != "Act now" || c.CreatedBy != 1 || !c.CreatedAt.Equal(storagetest.Now) {
		t.Errorf("campaign = %+v", c)
	}
}

func TestUpdateTakesACampaignOffItsSchedule(t *testing.T) {
	t.Parallel()
	now := storagetest.Now
	for _, tt := range []struct {
		name  string
		state string // of the run of the first date that is in the schedules, "" for none
		want  error
	}{
		{"before its date", "", nil},
		{"its date waits for an answer", "asks", nil},
		{"its date is due", "due", nil},
		{"its date was skipped", "skipped", nil},
		{"its schedule is launching it", "running", actnow.ErrConflict},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db := storagetest.Open(t, campaignSeed)
			id := newCampaign(t, db, func(p *campaigns.Plan) { p.Line, p.Zone = "0 9 1 * *", "UTC" })
			if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
				t.Fatal(err)
			}
			key := fmt.Sprintf("campaign:%d", id)
			if tt.state != "" {
				s, err := db.Schedule(t.Context(), key)
				if err != nil {
					t.Fatal(err)
				}
				run := schedule.Run{Schedule: s.ID, Key: key, Period: "2026-12", DueAt: now, State: schedule.State(tt.state)}
				if _, err := db.AddRuns(t.Context(), []schedule.Run{run}); err != nil {
					t.Fatal(err)
				}
			}
			p := campaigns.Plan{Name: "Later", Pack: 1, Cohort: 1, Policy: actnow.PolicyHold, Line: "0 9 20 * *", Zone: "UTC"}
			if err := db.UpdateCampaign(t.Context(), maja, id, p); !errors.Is(err, tt.want) {
				t.Fatalf("update = %v, want %v", err, tt.want)
			}
			c, err := db.Campaign(t.Context(), actnow.Everything, id)
			if err != nil {
				t.Fatal(err)
			}
			_, err = db.Schedule(t.Context(), key)
			if tt.want != nil {
				if err != nil || c.State != actnow.CampaignScheduled || c.Name != "Autumn" {
					t.Errorf("refused, yet %s, %q, schedule %v", c.State, c.Name, err)
				}
				return
			}
			if c.State != actnow.CampaignDraft || c.ApprovedBy != 0 || !c.ApprovedAt.IsZero() || !errors.Is(err, actnow.ErrNotFound) {
				t.Errorf("%s, released by %d at %s, schedule %v", c.State, c.ApprovedBy, c.ApprovedAt, err)
			}
			if asking, err := db.AskingRuns(t.Context()); err != nil || len(asking) != 0 {
				t.Errorf("asks %v, %v", asking, err)
			}
			trail, err := db.Activities(t.Context(), actnow.ActivityFilter{}, 1)
			if err != nil || len(trail) != 1 || trail[0].Action != "campaign.update" || !strings.Contains(trail[0].Detail, "0 9 20 * *") {
				t.Errorf("the audit trail says %+v, %v", trail, err)
			}
			if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
				t.Fatal(err)
			}
			s, err := db.Schedule(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			due, err := schedule.DueRuns(s, nil, time.Date(2026, 12, 20, 9, 0, 0, 0, time.UTC))
			if err != nil || len(due) == 0 || due[len(due)-1].State != schedule.Due {
				t.Errorf("due on the new day: %v, %v", due, err)
			}
		})
	}
}

func TestACampaignThatHasBegunIsNotChanged(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, campaignSeed)
	id := newCampaign(t, db, func(p *campaigns.Plan) { p.Line, p.Zone = "0 9 1 * *", "UTC" })
	if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
		t.Fatal(err)
	}
	plan := launchPlan()
	plan.Customers = nil // a run that mails nobody leaves it scheduled
	launch(t, db, id, plan)
	err := db.UpdateCampaign(t.Context(), maja, id, campaigns.Plan{Name: "Later", Pack: 1, Cohort: 1})
	if c, readErr := db.Campaign(t.Context(), actnow.Everything, id); readErr != nil || c.State != actnow.CampaignScheduled || !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("update of a campaign %s after its first run = %v, %v", c.State, err, readErr)
	}
}

func TestALaunchHoldsToWhatItWasMadeOf(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, campaignSeed)
	id := newCampaign(t, db, nil)
	if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(*campaigns.LaunchPlan){func(p *campaigns.LaunchPlan) { p.Pack++ }, func(p *campaigns.LaunchPlan) { p.Cohort++ }} {
		plan := launchPlan()
		change(&plan)
		if l, err := db.LaunchCampaign(t.Context(), maja, id, plan); !errors.Is(err, actnow.ErrConflict) {
			t.Errorf("launched %+v, %v by a plan made of another pack or cohort", l, err)
		}
	}
}

func TestCancelAnswersWhatItsScheduleAsks(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, campaignSeed)
	id := newCampaign(t, db, func(p *campaigns.Plan) { p.Line, p.Zone = "0 9 1 * *", "UTC" })
	if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
		t.Fatal(err)
	}
	s, err := db.Schedule(t.Context(), fmt.Sprintf("campaign:%d", id))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.AddRuns(t.Context(), []schedule.Run{{Schedule: s.ID, Period: "2026-11", DueAt: storagetest.Now, State: schedule.Asks}}); err != nil {
		t.Fatal(err)
	}
	if err := db.CancelCampaign(t.Context(), maja, id); err != nil {
		t.Fatal(err)
	}
	if asking, err := db.AskingRuns(t.Context()); err != nil || len(asking) != 0 {
		t.Errorf("a cancelled campaign still asks: %v, %v", asking, err)
	}
}

func TestSchedulingEntersASchedule(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, campaignSeed)
	once := newCampaign(t, db, func(p *campaigns.Plan) { p.At = storagetest.Now.Add(-time.Minute) })
	monthly := newCampaign(t, db, func(p *campaigns.Plan) { p.Line, p.Zone = "0 9 26 * *", "Europe/Stockholm" })
	byHand := newCampaign(t, db, nil)
	for _, id := range []actnow.CampaignID{once, monthly, byHand} {
		if err := db.ScheduleCampaign(t.Context(), maja, id); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.CancelCampaign(t.Context(), maja, monthly); err != nil {
		t.Fatal(err)
	}
	raw := storagetest.Raw(t, db)
	defer raw.Close()
	rows, err := raw.Query(`SELECT key || ' ' || line || ' ' || zone || ' ' || catch_up || ' ' || max_late || ' ' || enabled
		|| ' ' || (COALESCE(at, 0) > since) FROM schedules ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		got = append(got, s)
	}
	want := []string{fmt.Sprintf("campaign:%d  UTC ask 86400 1 1", once),
		fmt.Sprintf("campaign:%d 0 9 26 * * Europe/Stockholm ask 86400 0 0", monthly)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("schedules (-want +got):\n%s", diff)
	}
}
