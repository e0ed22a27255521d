package web_test

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"actnow"
	"actnow/storage/storagetest"
)

func TestProgressIsStreamed(t *testing.T) {
	s := open(t)
	b := s.as(t, actnow.RoleMarketer)
	storagetest.Exec(t, s.db, `INSERT INTO jobs (id, kind, title, state, done, total, started_at, updated_at) VALUES (7, 'score', 'x', 'running', 10, 4812, 1, 1)`)
	if a := b.want(b.get("/jobs/7"), http.StatusOK); !strings.Contains(a.body, `hx-sse:connect="/jobs/7/events"`) || !strings.Contains(a.body, "0% done") {
		t.Errorf("the page of a running job:\n%s", a.body)
	}
	events := func(last string) (*bufio.Scanner, *http.Response) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/jobs/7/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "text/event-stream")
		req.Header.Set("Last-Event-ID", last)
		resp, err := b.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return bufio.NewScanner(resp.Body), resp
	}
	next := func(lines *bufio.Scanner) (event []string) {
		t.Helper()
		for lines.Scan() && lines.Text() != "" {
			event = append(event, lines.Text())
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
		return event
	}
	lines, resp := events("")
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" || resp.Header.Get("Content-Encoding") != "" || resp.Header.Get("X-Accel-Buffering") != "no" {
		t.Errorf("the stream is %v", resp.Header)
	}
	first := next(lines)
	if len(first) != 2 || first[0] != "id: running-10-4812" || !strings.Contains(first[1], `<progress value="10" max="4812"`) {
		t.Errorf("first event = %q", first)
	}
	storagetest.Exec(t, s.db, `UPDATE jobs SET done = 4812, state = 'done', finished_at = 2, updated_at = 2 WHERE id = 7`)
	last := next(lines)
	if len(last) != 2 || last[0] != "id: done-4812-4812" || !strings.Contains(last[1], `href="/customers"`) || strings.Contains(last[1], "noscript") {
		t.Errorf("last event = %q", last)
	}
	if end := next(lines); len(end) != 2 || end[0] != "event: end" {
		t.Errorf("the end = %q", end)
	}
	if lines.Scan() {
		t.Errorf("more after the end: %q", lines.Text())
	}
	again, _ := events("done-4812-4812") // knows it all: told only that it is over
	if end := next(again); len(end) != 2 || end[0] != "event: end" {
		t.Errorf("who knows all is told %q", end)
	}
	for _, path := range []string{"/jobs/8", "/jobs/8/events", "/jobs/x"} {
		b.want(b.get(path), http.StatusNotFound)
	}
}

func TestFragments(t *testing.T) {
	s := open(t)
	b := s.as(t, actnow.RoleAdministrator)
	b.header = http.Header{"Hx-Request": {"true"}, "Hx-Request-Type": {"partial"}, "Hx-Target": {"div#rows"}}
	a := b.want(b.get("/activity"), http.StatusOK)
	if strings.Contains(a.body, "<html") || !strings.Contains(a.body, "<table") {
		t.Errorf("the fragment:\n%s", a.body)
	}
	for _, target := range []string{"div#figures", "div#content", "div", "div#layout.html", "div#"} {
		b.header.Set("Hx-Target", target)
		if a := b.want(b.get("/activity"), http.StatusOK); !strings.Contains(a.body, "<html") {
			t.Errorf("target %s gets no whole page", target)
		}
	}
	b.header = http.Header{"Hx-Request": {"true"}, "Hx-Request-Type": {"full"}, "Hx-Target": {"div#rows"}}
	if a := b.get("/activity"); !strings.Contains(a.body, "<html") {
		t.Error("a boosted page is a fragment")
	}
}

// Pages with every sentence 40 % longer: nothing cuts them, so each stands whole
// in the page.
func TestLongSentences(t *testing.T) {
	s := open(t)
	b := s.as(t, actnow.RoleAdministrator)
	s.web.Stretch()
	for _, path := range []string{"/account", "/people", "/activity", "/keys", "/api/docs"} {
		a := b.want(b.get(path), http.StatusOK)
		if strings.Count(a.body, "·]") < 10 {
			t.Errorf("%s hardly uses the catalogue", path)
		}
		if opened, closed := strings.Count(a.body, "["), strings.Count(a.body, "]"); opened != closed {
			t.Errorf("%s cuts a sentence: %d begin, %d end", path, opened, closed)
		}
	}
}

// TestFailedJobSpeaksTheReadersLanguage: a failure with a code is said in the
// language of the page, and stays English in the API.
func TestFailedJobSpeaksTheReadersLanguage(t *testing.T) {
	s := open(t)
	b, api := s.as(t, actnow.RoleAdministrator), s.caller(t, actnow.RoleSteward)
	input := actnow.Invalid("error.at_line", "", "line %d: %s", 1200, "x")
	for _, tt := range []struct {
		failure error
		en, sv  string
	}{
		{fmt.Errorf("import: %w", input), "Stopped: line 1,200: x", "Avbröts: rad 1 200: x"},
		{&actnow.StateError{Noun: "campaign", Have: "sending", Want: "draft"}, "Somebody or something was quicker", "Någon eller något hann före"},
		{errors.New("disk I/O error"), "something went wrong on our side, and the log says the same: disk I/O error", "något gick fel hos oss, och loggen säger detsamma: disk I/O error"},
	} {
		id, err := s.db.StartJob(t.Context(), "score", "", actnow.System)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.db.FinishJob(t.Context(), id, nil, tt.failure); err != nil {
			t.Fatal(err)
		}
		path := fmt.Sprintf("/jobs/%d", id)
		for lang, want := range map[string]string{"en": tt.en, "sv": tt.sv} {
			b.header.Set("Cookie", "lang="+lang)
			a := b.want(b.get(path), http.StatusOK)
			if text := strings.ReplaceAll(a.body, "\u00a0", " "); !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", lang, want, text)
			}
		}
		var job struct{ Message string }
		api.ask(http.MethodGet, "/api/v1/jobs/{id}", "/api/v1"+path, "", http.StatusOK, &job)
		if job.Message != tt.failure.Error() {
			t.Errorf("the API says %q, not %q", job.Message, tt.failure)
		}
	}
	running, err := s.db.StartJob(t.Context(), "score", "", actnow.System)
	if err != nil {
		t.Fatal(err)
	}
	b.header.Set("Cookie", "lang=sv")
	if err := s.db.EndJobs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := b.want(b.get(fmt.Sprintf("/jobs/%d", running)), http.StatusOK); !strings.Contains(a.body, "Act Now självt stoppades under tiden") {
		t.Errorf("a job that a stop ended:\n%s", a.body)
	}
}
