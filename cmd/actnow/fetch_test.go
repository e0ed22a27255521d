package main_test

import (
	"bufio"
	"bytes"
	"database/sql"
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"actnow/reports/insights"
	"actnow/reports/insights/insightstest"
)

// fetchSite is an installation whose Microsoft is the imitation.
func fetchSite(t *testing.T) (*site, *insightstest.Server) {
	t.Helper()
	s, m := newSite(t, ""), insightstest.New(t, nil)
	s.env = append(s.env, "ACTNOW_INSIGHTS_URL="+m.API, "ACTNOW_LOGIN_URL="+m.Login)
	return s, m
}

// TestFetch goes the whole road by commands, alone and through a daemon: sign in
// by device code, fetch, import, and have the customers in the store.
func TestFetch(t *testing.T) {
	for _, daemon := range []bool{false, true} {
		t.Run(map[bool]string{false: "alone", true: "daemon"}[daemon], func(t *testing.T) {
			t.Parallel()
			s, m := fetchSite(t)
			m.Set(func(f *insightstest.Faults) { f.Gzip, f.Secret = true, "s3cret" })
			if daemon {
				s.start()
			}
			if a := s.command("fetch", "run"); a.code != 1 || !strings.Contains(a.stderr, "Fetching is not set up") {
				t.Errorf("run before set-up: %d %q", a.code, a.stderr)
			}
			if a := s.command("fetch", "connect", "--device", "--tenant", "x y", "--client-id", insightstest.ClientID); a.code != 1 || !strings.Contains(a.stderr, "is no tenant") {
				t.Errorf("a bad tenant: %d %q", a.code, a.stderr)
			}
			status := s.object("fetch", "status")
			s.members("fetch status", status, "connection", "fetches")

			a := s.command("fetch", "connect", "--device", "--tenant", insightstest.Tenant, "--client-id", insightstest.ClientID, "--client-secret-file", s.write("secret.txt", "s3cret\n"))
			if a.code != 0 || !strings.Contains(a.stderr, "type this code: ABCD") || !strings.Contains(a.stdout, "at most 10 days") {
				t.Fatalf("connect: %d %q %q", a.code, a.stdout, a.stderr)
			}
			run := s.object("fetch", "run", "--dataset", insightstest.Azure, "--dataset", insightstest.M365)
			s.members("fetch run", run, "fetches")
			fetches := run["fetches"].([]any)
			if len(fetches) != 2 {
				t.Fatalf("fetched %v", fetches)
			}
			for _, f := range fetches {
				s.members("a fetch", f.(object), "dataset", "period", "month", "state", "report", "rows", "bytes", "sha256", "file", "first", "redacted", "note", "sentence", "started_at", "ended_at")
				if f.(object)["state"] != "imported" || s.number(f.(object), "rows") != 12 {
					t.Errorf("fetched %v", f)
				}
			}
			again := s.object("fetch", "run", "--dataset", insightstest.Azure)
			if f := again["fetches"].([]any)[0].(object); f["state"] != "unchanged" {
				t.Errorf("once more: %v", f)
			}
			made := s.object("report", "create", "--source", "azure", "--out", s.write("made.csv", ""))
			if s.number(made, "rows") != 12 {
				t.Errorf("the store has %v rows of azure", made["rows"])
			}
			m.Set(func(f *insightstest.Faults) { f.NoRole = true })
			if a := s.command("fetch", "run"); a.code != 1 || !strings.Contains(a.stderr, "Executive report viewer") || !strings.Contains(a.stdout, "connection") {
				t.Errorf("without the role: %d %q %q", a.code, a.stdout, a.stderr)
			}
			if a := s.command("fetch", "status"); !strings.Contains(a.stdout, "connected by command line") || !strings.Contains(a.stdout, "Equal to the last file") {
				t.Errorf("status says %q", a.stdout)
			}
			if a := s.command("doctor"); !strings.Contains(a.stdout, "fetching") || !strings.Contains(a.stdout, "Executive report viewer") ||
				!strings.Contains(a.stdout, "2, 0 MiB; they are kept for 12 months") {
				t.Errorf("doctor does not say why the last fetch failed, or what is kept: %q", a.stdout)
			}
			if off := s.object("fetch", "disconnect"); off["connected"] != false {
				t.Errorf("disconnect: %v", off)
			}
			if a := s.command("doctor"); !strings.Contains(a.stdout, "Nobody has signed in") {
				t.Errorf("doctor does not say that nobody is signed in: %q", a.stdout)
			}
			if a := s.command("fetch", "run"); a.code != 1 || !strings.Contains(a.stderr, "Nobody has signed in") {
				t.Errorf("run after disconnecting: %d %q", a.code, a.stderr)
			}
		})
	}
}

// TestFetchConnect signs in by browser: the command prints the address, the
// browser comes back to it.
func TestFetchConnect(t *testing.T) {
	s, _ := fetchSite(t)
	cmd := exec.CommandContext(t.Context(), s.program, "fetch", "connect", "--json", "--tenant", insightstest.Tenant, "--client-id", insightstest.ClientID, "--days", "5", "--data-dir", s.dir)
	cmd.Env = s.env
	var out bytes.Buffer
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := ""
	lines := bufio.NewScanner(stderr)
	for address == "" && lines.Scan() {
		if strings.HasPrefix(lines.Text(), "http") {
			address = lines.Text()
		}
	}
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(text), "close this page") {
		t.Errorf("the browser is told %q, %v", text, err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), `"connected":true`) || !strings.Contains(out.String(), `"days":5`) {
		t.Errorf("connect: %v %s", err, out.String())
	}
}

// pageReader is an administrator at the pages, without a browser.
type pageReader struct {
	s      *site
	client *http.Client
	base   string
}

// reader makes an administrator and signs in at localhost, by that name.
func (s *site) reader() *pageReader {
	t := s.t
	t.Helper()
	s.object("fetch", "status") // which makes the store
	db := s.database()
	if _, err := db.Exec(`INSERT INTO users (email, name, role, all_locations, created_at) VALUES ('elin@nordvik.example', 'Elin', 'administrator', 1, 0)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s.start()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &pageReader{s: s, client: &http.Client{Jar: jar}, base: strings.Replace("http://"+s.listen, "127.0.0.1", "localhost", 1)}
	link, err := url.Parse(s.object("user", "reset", "elin@nordvik.example")["link"].(string))
	if err != nil {
		t.Fatal(err)
	}
	p.post(link.Path, url.Values{"password": {"a long password for Elin"}})
	return p
}

func (p *pageReader) read(resp *http.Response, err error) string {
	p.s.t.Helper()
	if err != nil {
		p.s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.s.t.Fatalf("%s answers %d, %v\n%s", resp.Request.URL.Path, resp.StatusCode, err, body)
	}
	return string(body)
}

func (p *pageReader) get(address string) string {
	p.s.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.base + address
	}
	return p.read(p.client.Get(address))
}

func (p *pageReader) post(path string, form url.Values) string {
	p.s.t.Helper()
	return p.read(p.client.PostForm(p.base+path, form))
}

// TestFetchPages connects at the page and fetches, with a real sign-in before
// the imitation: link, consent, redirect, token, then a job that imports.
func TestFetchPages(t *testing.T) {
	s, _ := fetchSite(t)
	p := s.reader()
	p.post("/settings/fetching", url.Values{"tenant": {insightstest.Tenant}, "client_id": {insightstest.ClientID}, "days": {"10"}})
	page := p.post("/settings/fetching/connect", nil)
	link := regexp.MustCompile(`href="(http[^"]+/oauth2/v2\.0/authorize[^"]+)"`).FindStringSubmatch(page)
	if link == nil {
		t.Fatalf("the page has no link to the sign-in\n%s", page)
	}
	if back := p.get(html.UnescapeString(link[1])); !strings.Contains(back, "Reports are fetched by themselves") {
		t.Errorf("after the sign-in the page says\n%s", back)
	}
	page = p.post("/settings/fetching/run", nil)
	job := regexp.MustCompile(`/jobs/([0-9]+)/events`).FindStringSubmatch(page)
	if job != nil { // else it is done already
		p.get("/jobs/" + job[1] + "/events") // which ends with the job
	}
	page = p.get("/settings/fetching")
	for _, name := range insightstest.All {
		if !strings.Contains(page, name) {
			t.Errorf("the page does not tell of %s", name)
		}
	}
	if n := strings.Count(page, `</svg>imported</span>`); n < len(insightstest.All) {
		t.Errorf("%d datasets were imported\n%s", n, page)
	}
	if made := s.object("report", "create", "--source", "customers", "--out", s.write("customers.csv", "")); s.number(made, "rows") != 12 {
		t.Errorf("the store has %v customers", made["rows"])
	}
}

// TestFetchSchedule: the daemon catches up with the look it missed. On a day
// that is none of the calendar's it asks Microsoft for nothing; on the others it
// fetches, under the day as its period.
func TestFetchSchedule(t *testing.T) {
	s, m := fetchSite(t)
	s.object("fetch", "connect", "--device", "--tenant", insightstest.Tenant, "--client-id", insightstest.ClientID)
	db := s.database()
	defer db.Close()
	_, err := db.Exec(`INSERT INTO schedules (key, line, zone, catch_up, max_late, since, enabled, updated_at) VALUES ('job:fetch', '10 6 * * *', 'UTC', 'latest', 2678400, unixepoch() - 172800, 1, 0)`)
	if err != nil {
		t.Fatal(err)
	}
	_, before := insights.Calendar(time.Now().UTC())
	s.start()
	var period, state, message string
	deadline := time.Now().Add(3 * time.Minute)
	for state != "done" {
		err := db.QueryRow(`SELECT r.period, r.state, r.message FROM schedule_runs r JOIN schedules s ON s.id = r.schedule_id
			WHERE s.key = 'job:fetch' ORDER BY r.due_at DESC`).Scan(&period, &state, &message)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			t.Fatal(err)
		}
		if state == "failed" || time.Now().After(deadline) {
			t.Fatalf("the run is %q: %s\n%s", state, message, s.daemon.stderr)
		}
	}
	_, after := insights.Calendar(time.Now().UTC())
	status := s.object("fetch", "status")
	fetches := status["fetches"].([]any)
	switch n := insights.DefaultDays; {
	case before >= n && after >= n:
		if len(fetches) != 0 || len(m.Requests()) != 0 {
			t.Errorf("on day %d something was fetched: %v", before, fetches)
		}
	case before < n-1 && after < n-1: // not at the edge, where the zones differ
		if len(fetches) != len(insightstest.All) || fetches[0].(object)["period"] != period || fetches[0].(object)["state"] != "imported" {
			t.Errorf("on day %d of the calendar: %v, want six of the period %s", before, fetches, period)
		}
	}
}
