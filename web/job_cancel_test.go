package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"actnow"
	"actnow/storage/storagetest"
)

func (d *doings) CancelJob(_ context.Context, by actnow.Actor, id actnow.JobID) error {
	if id != 7 {
		return &actnow.StateError{Noun: "job", Have: "done", Want: "running"}
	}
	d.cancelled = append(d.cancelled, by)
	return nil
}

func TestCancelJob(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, `INSERT INTO jobs (id, kind, title, state, done, total, started_at, updated_at) VALUES
		(7, 'look-report', 'azure.csv', 'running', 10, 4812, 1, 1), (8, 'score', 'x', 'running', 10, 4812, 1, 1),
		(9, 'look-report', 'azure.csv', 'cancelled', 10, 4812, 1, 1)`)
	const button = `action="/jobs/7/cancel"`
	steward, viewer := s.as(t, actnow.RoleSteward), s.as(t, actnow.RoleReportViewer)
	for _, path := range []string{"/jobs/7", "/reports/look/7"} {
		if a := steward.want(steward.get(path), http.StatusOK); !strings.Contains(a.body, button) {
			t.Errorf("%s has no button to cancel:\n%s", path, a.body)
		}
	}
	if a := steward.get("/jobs/8"); strings.Contains(a.body, "/cancel") {
		t.Error("scoring has a button to cancel")
	}
	if a := viewer.want(viewer.get("/jobs/7"), http.StatusOK); strings.Contains(a.body, button) {
		t.Error("who may not import is offered to cancel")
	}
	viewer.want(viewer.post("/jobs/7/cancel", nil), http.StatusForbidden)
	if a := steward.want(steward.post("/jobs/7/cancel", nil), http.StatusSeeOther); a.Header.Get("Location") != "/jobs/7" {
		t.Errorf("after cancelling the page is %s", a.Header.Get("Location"))
	}
	if len(s.did.cancelled) != 1 || s.did.cancelled[0].Name != "Elin Sjöberg" {
		t.Errorf("cancelled by %v", s.did.cancelled)
	}
	steward.want(steward.post("/jobs/9/cancel", nil), http.StatusConflict)
	steward.want(steward.post("/jobs/10/cancel", nil), http.StatusNotFound)
	if a := steward.want(steward.get("/reports/look/9"), http.StatusOK); !strings.Contains(a.body, "was not read to its end") || strings.Contains(a.body, "/cancel") {
		t.Errorf("a file that was cancelled:\n%s", a.body)
	}

	const described = "/api/v1/jobs/{id}/cancel"
	c := s.caller(t, actnow.RoleSteward)
	c.ask(http.MethodPost, described, "/api/v1/jobs/7/cancel", "", http.StatusAccepted, nil)
	var refused struct{ Code, State string }
	c.ask(http.MethodPost, described, "/api/v1/jobs/9/cancel", "", http.StatusConflict, &refused)
	if refused.Code != "error.conflict" || refused.State != "job is done, not running" {
		t.Errorf("a job that ended answers %+v", refused)
	}
	c.ask(http.MethodPost, described, "/api/v1/jobs/10/cancel", "", http.StatusNotFound, nil)
	s.caller(t, actnow.RoleReportViewer).ask(http.MethodPost, described, "/api/v1/jobs/7/cancel", "", http.StatusForbidden, nil)
}
