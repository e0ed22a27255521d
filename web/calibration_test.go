package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"actnow"
	"actnow/matcher"
	"actnow/storage/storagetest"
)

func (d *doings) StartRefit(context.Context, actnow.Actor) (actnow.JobID, error) { return 8, nil }

func (d *doings) Calibrate(_ context.Context, _ actnow.Actor, c actnow.MatchCalibration) (actnow.JobID, error) {
	d.calibrated = append(d.calibrated, c)
	return 9, nil
}

func (d *doings) SetOneToOne(_ context.Context, _ actnow.Actor, on bool) (actnow.JobID, error) {
	d.oneToOne = append(d.oneToOne, on)
	return 10, nil
}

func TestOneToOne(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, doubtful)
	b := s.as(t, actnow.RoleSteward)
	a := b.want(b.get("/matches"), http.StatusOK)
	if !strings.Contains(a.body, "A customer may have several accounts") || !strings.Contains(a.body, `action="/matches/one-to-one?on=true"`) {
		t.Error("the page does not say that a customer may have several accounts, or offers no way to forbid it")
	}
	if a := b.want(b.post("/matches/one-to-one?on=true", nil), http.StatusSeeOther); a.Header.Get("Location") != "/jobs/10" {
		t.Errorf("forbidding leads to %s", a.Header.Get("Location"))
	}
	if err := s.db.SaveOneToOne(t.Context(), actnow.Actor{Name: "Elin"}, true); err != nil {
		t.Fatal(err)
	}
	if a := b.get("/matches"); !strings.Contains(a.body, "Each customer has one account at most.") || !strings.Contains(a.body, `action="/matches/one-to-one?on=false"`) {
		t.Error("the page does not say that a customer has one account, or offers no way back")
	}
	b.want(b.post("/matches/one-to-one?on=false", nil), http.StatusSeeOther)
	if fmt.Sprint(s.did.oneToOne) != "[true false]" {
		t.Errorf("set: %v", s.did.oneToOne)
	}
	admin := s.as(t, actnow.RoleAdministrator)
	if a := admin.get("/activity"); !strings.Contains(a.body, "Allowed a customer one account only") {
		t.Error("the activity does not tell of it")
	}
}

func TestCalibration(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, doubtful)
	b := s.as(t, actnow.RoleSteward)
	a := b.want(b.get("/matches"), http.StatusOK)
	for _, want := range []string{"0 answers given one by one.", "Calibrated as shipped.", "50 more are needed for a refit."} {
		if !strings.Contains(a.body, want) {
			t.Errorf("before any answer the page lacks %q", want)
		}
	}
	if strings.Contains(a.body, `action="/matches/calibration`) {
		t.Error("a refit is offered without answers")
	}
	for i := range matcher.RefitFrom {
		storagetest.Exec(t, s.db, `INSERT INTO match_decisions (customer_key, account_key, verdict, decided_at) VALUES ('tpid:1', ?, 'yes', 0)`, fmt.Sprint("crm:X-", i))
	}
	if a := b.get("/matches"); !strings.Contains(a.body, "50 answers given one by one.") || !strings.Contains(a.body, `action="/matches/calibration"`) {
		t.Error("with 50 answers no refit is offered")
	}
	if a := b.want(b.post("/matches/calibration", nil), http.StatusSeeOther); a.Header.Get("Location") != "/jobs/8" {
		t.Errorf("a refit leads to %s", a.Header.Get("Location"))
	}

	by := actnow.Actor{Name: "Elin"}
	other, err := s.db.StartJob(t.Context(), "match", "", by)
	if err != nil {
		t.Fatal(err)
	}
	id, err := s.db.StartJob(t.Context(), "refit", "", by)
	if err != nil {
		t.Fatal(err)
	}
	page := fmt.Sprintf("/matches/calibration/%d", id)
	b.want(b.get(page), http.StatusNotFound) // it still runs
	found := matcher.Refit{Answers: 61, Calibration: matcher.Calibration{Slope: 0.93, Offset: -0.41}, Before: 0.61, After: 0.52, Bounded: true,
		Shares: []matcher.Share{{From: 0, Answers: 20, Right: 0.2, Before: 0.45, After: 0.38}, {From: 0.6}, {From: 0.9, Answers: 41, Right: 0.8, Before: 0.95, After: 0.9}},
		Moves:  []matcher.Move{{From: actnow.BandMatch, To: actnow.BandReview, Accounts: 12}, {From: actnow.BandReview, To: actnow.BandNone, Accounts: 5}}}
	if err := s.db.FinishJob(t.Context(), id, found, nil); err != nil {
		t.Fatal(err)
	}
	if a := b.get(fmt.Sprintf("/jobs/%d", id)); !strings.Contains(a.body, `href="`+page+`"`) {
		t.Error("the job does not lead to what it found")
	}
	a = b.want(b.get(page), http.StatusOK)
	for _, want := range []string{"A refit would move 17 accounts", "Learned from 61 answers", "0.610", "0.520", "0.93", "−0.41", "too few to allow it", "0%–60%", "90%–100%", `<th scope="row">Matched</th><td>To review</td><td class="num">12</td>`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page of the refit lacks %q", want)
		}
	}
	if strings.Contains(a.body, "60%–90%") {
		t.Error("a range without answers is shown")
	}
	b.want(b.get(fmt.Sprintf("/matches/calibration/%d", other)), http.StatusNotFound)
	if a := b.want(b.post(page, nil), http.StatusSeeOther); a.Header.Get("Location") != "/jobs/9" {
		t.Errorf("accepting leads to %s", a.Header.Get("Location"))
	}
	if err := s.db.SaveCalibration(t.Context(), by, actnow.MatchCalibration{Slope: 0.93, Offset: -0.41, Answers: 61}); err != nil {
		t.Fatal(err)
	}
	if a := b.get("/matches"); !strings.Contains(a.body, "Calibrated to 61 answers since 26\u00a0Nov\u00a02026, by Elin.") || !strings.Contains(a.body, `action="/matches/calibration/shipped"`) {
		t.Error("the page does not say since when it is calibrated, or offers no way back")
	}
	b.want(b.post("/matches/calibration/shipped", nil), http.StatusSeeOther)
	want := []actnow.MatchCalibration{{Slope: 0.93, Offset: -0.41, Answers: 61}, {}}
	if fmt.Sprint(s.did.calibrated) != fmt.Sprint(want) {
		t.Errorf("put in force: %+v, want %+v", s.did.calibrated, want)
	}

	// It concerns every location: someone of one location has no say in it.
	lund := s.as(t, actnow.RoleSteward, func(u *actnow.User) {
		u.Email, u.AllLocations, u.Locations = "lund@nordvik.example", false, []actnow.LocationID{2}
	})
	if a := lund.get("/matches"); strings.Contains(a.body, "Calibrat") {
		t.Error("someone of Lund is shown the calibration")
	}
	lund.want(lund.post("/matches/calibration", nil), http.StatusForbidden)
	lund.want(lund.post("/matches/calibration/shipped", nil), http.StatusForbidden)
	lund.want(lund.get(page), http.StatusForbidden)
}
