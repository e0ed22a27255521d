package main_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

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
			if off := s.object("fetch", "disconnect"); off["connected"] != false {
				t.Errorf("disconnect: %v", off)
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
