package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"actnow"
	"actnow/reports/insights"
	"actnow/schedule"
	"actnow/storage/storagetest"
	"actnow/web"
)

// fetchDoings is what the fetching pages asked for.
type fetchDoings struct {
	redirects []string
	back      []url.Values
	datasets  [][]string
	refuse    error
	device    insights.Device
	waiting   actnow.JobID
}

func (d *doings) FetchSignIn(_ context.Context, redirect string) (string, error) {
	d.fetch.redirects = append(d.fetch.redirects, redirect)
	return "https://login.example/authorize?state=xyz&scope=a", d.fetch.refuse
}

func (d *doings) FinishFetchSignIn(_ context.Context, _ actnow.Actor, back url.Values) error {
	d.fetch.back = append(d.fetch.back, back)
	if back.Get("state") != "xyz" {
		return &actnow.InputError{Code: "error.insights.state", Text: "no such sign-in"}
	}
	return d.fetch.refuse
}

func (d *doings) StartFetchDevice(context.Context, actnow.Actor) (insights.Device, actnow.JobID, error) {
	return d.fetch.device, d.fetch.waiting, d.fetch.refuse
}

func (d *doings) FetchDevice() (insights.Device, actnow.JobID, bool) {
	return d.fetch.device, d.fetch.waiting, d.fetch.waiting != 0
}

func (d *doings) StartFetch(_ context.Context, _ actnow.Actor, datasets []string) (actnow.JobID, error) {
	d.fetch.datasets = append(d.fetch.datasets, datasets)
	return 12, d.fetch.refuse
}

const (
	aTenant = "11111111-2222-3333-4444-555555555555"
	anApp   = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
)

func openFetching(t *testing.T) *site {
	t.Helper()
	return open(t, func(c *web.Config) { c.Messages = web.MergeMessages(insights.Messages, schedule.Messages) })
}

// connected makes an app registration with a consent.
func (s *site) connected(t *testing.T) {
	t.Helper()
	by := actnow.Actor{Name: "Elin"}
	err := errors.Join(s.db.SaveFetchConnection(t.Context(), by, insights.Registration{Tenant: aTenant, ClientID: anApp}),
		s.db.SaveRefreshToken(t.Context(), "token"), s.db.NoteFetchConnected(t.Context(), by))
	if err != nil {
		t.Fatal(err)
	}
}

// fetched records what came of a fetch.
func (s *site) fetched(t *testing.T, f insights.Fetch) {
	t.Helper()
	f.Period, f.Month, f.StartedAt = f.StartedAt.Format(time.RFC3339Nano), "2026-11", f.StartedAt.Add(0)
	begun, err := s.db.BeginFetch(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	f.ID, f.EndedAt = begun.ID, f.StartedAt.Add(time.Minute)
	if err := s.db.EndFetch(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func TestFetchingPageInBothLanguages(t *testing.T) {
	s := openFetching(t)
	b := s.as(t, actnow.RoleAdministrator)
	unsaid := regexp.MustCompile(`(fetching|fetch\.note|error\.insights|settings\.fetching)\.[a-z_]+`)
	look := func(what string, en, sv []string) {
		t.Helper()
		for lang, words := range map[string][]string{"en": en, "sv": sv} {
			b.header.Set("Cookie", "lang="+lang)
			a := b.want(b.get("/settings/fetching"), http.StatusOK)
			if !strings.Contains(a.body, `<html lang="`+lang+`"`) || !strings.Contains(a.body, "</html>") {
				t.Errorf("%s in %s is no whole page", what, lang)
			}
			for _, w := range words {
				if !strings.Contains(a.body, w) {
					t.Errorf("%s in %s lacks %q", what, lang, w)
				}
			}
			if key := unsaid.FindString(a.body); key != "" {
				t.Errorf("%s in %s has no sentence for %s", what, lang, key)
			}
		}
		b.header.Del("Cookie")
	}
	look("nothing said", []string{"Fetching is not set up", "http://localhost/settings/fetching/callback", "watched folder", "<details class=\"panel flush sec\" open>"},
		[]string{"Hämtningen är inte konfigurerad", "Executive report viewer", "bevakade mappen"})
	if err := s.db.SaveFetchConnection(t.Context(), actnow.System, insights.Registration{Tenant: aTenant, ClientID: anApp}); err != nil {
		t.Fatal(err)
	}
	look("not connected", []string{"Nobody has signed in at Microsoft yet", aTenant, anApp, `action="/settings/fetching/device"`, "http://localhost:"},
		[]string{"Ingen har loggat in", "Anslut med en kod"})
	s.connected(t)
	if err := s.db.EnsureSchedules(t.Context(), []schedule.Schedule{{Key: "job:fetch", Line: "10 6 1-10,25-31 * *", Zone: "Europe/Stockholm", Enabled: true}}); err != nil {
		t.Fatal(err)
	}
	at := storagetest.Now.Add(-24 * time.Hour)
	s.fetched(t, insights.Fetch{Dataset: "CLASAzurePropensity", State: insights.Imported, Rows: 4812, Redacted: true, Note: insights.NewNotice("fetch.note.imported", "2026-11"), StartedAt: at})
	s.fetched(t, insights.Fetch{Dataset: "CLASM365Propensity", State: insights.GivenUp, Note: insights.NewNotice("fetch.note.given_up", 10), StartedAt: at})
	look("connected", []string{"Reports are fetched by themselves", "CLASAzurePropensity", "4,812", "imported for November 2026", "Nothing new in 10 days", "hides revenue", "27\u00a0Nov\u00a02026", "Elin", `action="/settings/fetching/run"`},
		[]string{"Rapporterna hämtas av sig själva", "inläst för november 2026", "Inget nytt på 10 dagar", "döljer intäkter", "uppgiven"})
	s.fetched(t, insights.Fetch{State: insights.Failed, Note: insights.NewNotice("error.insights.mfa"), StartedAt: storagetest.Now})
	look("failed", []string{"multifactor authentication, which a program cannot give", `href="#setup"`}, []string{"Microsoft kräver multifaktorautentisering", "Anslutningen"})
	s.fetched(t, insights.Fetch{Dataset: "CLASAzurePropensity", State: insights.Unchanged, Note: insights.NewNotice("fetch.note.same"), StartedAt: storagetest.Now.Add(time.Hour)})
	if a := b.get("/settings/fetching"); strings.Contains(a.body, `href="#setup"`) {
		t.Error("the page still speaks of a failure that is over")
	}
}

// TestNextFetch: 4 December is the tenth day since the 25th; then nothing is
// looked for before Christmas.
func TestNextFetch(t *testing.T) {
	for day, want := range map[int]string{3: "4\u00a0Dec\u00a02026", 4: "25\u00a0Dec\u00a02026"} {
		s := openFetching(t)
		s.clock.Store(time.Date(2026, 12, day, 9, 0, 0, 0, time.UTC).Unix())
		b := s.as(t, actnow.RoleAdministrator)
		s.connected(t)
		if a := b.get("/settings/fetching"); !strings.Contains(a.body, ">none") {
			t.Error("a look is promised without a schedule")
		}
		if err := s.db.EnsureSchedules(t.Context(), []schedule.Schedule{{Key: "job:fetch", Line: "10 6 1-10,25-31 * *", Zone: "Europe/Stockholm", Enabled: true}}); err != nil {
			t.Fatal(err)
		}
		if a := b.get("/settings/fetching"); !strings.Contains(a.body, want) {
			t.Errorf("on %d December the next look is not on %s", day, want)
		}
	}
}

func TestFetchingForm(t *testing.T) {
	s := openFetching(t)
	b := s.as(t, actnow.RoleAdministrator)
	good := func(change ...string) url.Values {
		f := url.Values{"tenant": {aTenant}, "client_id": {anApp}, "days": {"10"}}
		for i := 0; i < len(change); i += 2 {
			f.Set(change[i], change[i+1])
		}
		return f
	}
	for _, bad := range []url.Values{good("tenant", "no tenant"), good("client_id", "x"), good("days", "0.5"), good("days", "99"), {}} {
		a := b.want(b.post("/settings/fetching", bad), http.StatusUnprocessableEntity)
		if !strings.Contains(a.body, `aria-invalid="true"`) {
			t.Errorf("%v: no field is marked", bad)
		}
	}
	b.want(b.post("/settings/fetching", good("secret", "hush-hush")), http.StatusSeeOther)
	a := b.want(b.get("/settings/fetching"), http.StatusOK)
	if strings.Contains(a.body, "hush-hush") || !strings.Contains(a.body, "One is kept, sealed") {
		t.Error("the secret is shown, or nobody says that one is kept")
	}
	b.want(b.post("/settings/fetching", good("days", "3")), http.StatusSeeOther)
	if c, err := s.db.FetchConnection(t.Context()); err != nil || !c.HasSecret || c.Days != 3 {
		t.Errorf("saved without a secret: %+v, %v", c, err)
	}
	b.want(b.post("/settings/fetching", good("forget", "1")), http.StatusSeeOther)
	if c, err := s.db.FetchConnection(t.Context()); err != nil || c.HasSecret {
		t.Errorf("forgotten: %+v, %v", c, err)
	}
	if a := b.get("/activity"); !strings.Contains(a.body, "Changed how reports are fetched") || strings.Contains(a.body, "hush-hush") {
		t.Error("the activity does not tell of it, or tells the secret")
	}
}

// TestConnecting: the page leads to Microsoft by a link, takes the browser back,
// and says why where it came to nothing.
func TestConnecting(t *testing.T) {
	s := openFetching(t)
	b := s.as(t, actnow.RoleAdministrator)
	s.connected(t)
	a := b.want(b.post("/settings/fetching/connect", nil), http.StatusOK)
	if !strings.Contains(a.body, `href="https://login.example/authorize?state=xyz&amp;scope=a"`) || len(s.did.fetch.redirects) != 1 || s.did.fetch.redirects[0] != s.URL+"/settings/fetching/callback" {
		t.Errorf("no link to the sign-in, or it comes back to %v", s.did.fetch.redirects)
	}
	if !strings.Contains(a.body, `href="http://localhost:`) || strings.Contains(a.body, `action="/settings/fetching/connect"`) {
		t.Error("a browser at 127.0.0.1 is not led to localhost")
	}
	if a := b.want(b.get("/settings/fetching/callback?state=xyz&code=abc"), http.StatusSeeOther); a.Header.Get("Location") != "/settings/fetching" || s.did.fetch.back[0].Get("code") != "abc" {
		t.Errorf("back from the sign-in it leads to %s", a.Header.Get("Location"))
	}
	if a := b.get("/settings/fetching"); !strings.Contains(a.body, "Connected: the reports are fetched from now on") {
		t.Error("nobody says that it is connected")
	}
	if a := b.want(b.get("/settings/fetching/callback"), http.StatusUnprocessableEntity); !strings.Contains(a.body, "belongs to no sign-in that was begun here") {
		t.Error("an answer to no sign-in is not refused with its sentence")
	}

	job, err := s.db.StartJob(t.Context(), "fetch-connect", "", actnow.System)
	if err != nil {
		t.Fatal(err)
	}
	s.did.fetch.device, s.did.fetch.waiting = insights.Device{URL: "https://microsoft.example/devicelogin", Code: "ABCD1234", Until: storagetest.Now.Add(time.Hour)}, job
	b.want(b.post("/settings/fetching/device", nil), http.StatusSeeOther)
	a = b.want(b.get("/settings/fetching"), http.StatusOK)
	for _, want := range []string{"ABCD1234", `href="https://microsoft.example/devicelogin"`, "Waiting for the sign-in"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	steward := s.as(t, actnow.RoleSteward)
	if a := steward.want(steward.get("/settings/fetching"), http.StatusOK); strings.Contains(a.body, "ABCD1234") || strings.Contains(a.body, `name="tenant"`) || !strings.Contains(a.body, `action="/settings/fetching/run"`) {
		t.Error("a steward sees the code or the form, or cannot fetch")
	}
	steward.want(steward.post("/settings/fetching/device", nil), http.StatusForbidden)
	if err := s.db.FinishJob(t.Context(), job, nil, errors.New("the code was not entered in time")); err != nil {
		t.Fatal(err)
	}
	if a := b.get("/settings/fetching"); strings.Contains(a.body, "ABCD1234") || !strings.Contains(a.body, "was not entered in time") {
		t.Error("a sign-in that failed still waits, or nobody says why")
	}
	s.did.fetch.refuse = &actnow.InputError{Code: "error.insights.client_id", Text: "no such app"}
	for _, path := range []string{"connect", "device", "run"} {
		if a := b.want(b.post("/settings/fetching/"+path, nil), http.StatusUnprocessableEntity); !strings.Contains(a.body, "no app registration with this client id") {
			t.Errorf("%s does not say why it is refused", path)
		}
	}
	b.want(b.post("/settings/fetching/disconnect", nil), http.StatusSeeOther)
	if c, err := s.db.FetchConnection(t.Context()); err != nil || c.Connected || c.Tenant != aTenant {
		t.Errorf("disconnected: %+v, %v", c, err)
	}
}

func TestFetchNow(t *testing.T) {
	s := openFetching(t)
	b := s.as(t, actnow.RoleSteward)
	s.connected(t)
	b.want(b.post("/settings/fetching/run", nil), http.StatusSeeOther)
	if len(s.did.fetch.datasets) != 1 || s.did.fetch.datasets[0] != nil {
		t.Errorf("asked for %v, want all", s.did.fetch.datasets)
	}
	job, err := s.db.StartJob(t.Context(), "fetch", "", actnow.System)
	if err != nil {
		t.Fatal(err)
	}
	if a := b.get("/settings/fetching"); !strings.Contains(a.body, "Fetching the reports") || !strings.Contains(a.body, "<progress") {
		t.Error("the page shows no progress")
	}
	if err := s.db.FinishJob(t.Context(), job, []insights.Fetch{}, nil); err != nil {
		t.Fatal(err)
	}
	if a := b.get("/settings/fetching"); strings.Contains(a.body, "<progress") {
		t.Error("the page shows progress of a job that has ended")
	}
	viewer := s.as(t, actnow.RoleReportViewer)
	viewer.want(viewer.get("/settings/fetching"), http.StatusForbidden)
}

// TestFetchingAPI: what a program is answered is as described.
func TestFetchingAPI(t *testing.T) {
	doc := description(t)
	s := openFetching(t)
	s.as(t, actnow.RoleAdministrator)
	secret, hash := web.NewSecret("an_")
	if _, err := s.db.CreateToken(t.Context(), actnow.System, hash, actnow.Token{User: 1, Name: "test", Role: actnow.RoleAdministrator}); err != nil {
		t.Fatal(err)
	}
	s.did.fetch.device, s.did.fetch.waiting = insights.Device{URL: "https://microsoft.example/devicelogin", Code: "ABCD1234", Until: storagetest.Now.Add(time.Hour)}, 5
	s.fetched(t, insights.Fetch{Dataset: "CLASAzurePropensity", State: insights.Imported, Rows: 7, Note: insights.NewNotice("fetch.note.imported", "2026-11"), StartedAt: storagetest.Now})
	for _, tt := range []struct {
		method, path, body string
		want               int
		says               string
	}{
		{"GET", "/api/v1/fetching", "", 200, `"tenant":""`},
		{"PUT", "/api/v1/fetching", `{"tenant":"x y","client_id":"` + anApp + `"}`, 422, `"field":"tenant"`},
		{"PUT", "/api/v1/fetching", `{"tenant":"` + aTenant + `","client_id":"` + anApp + `","client_secret":"hush-hush"}`, 200, `"has_secret":true`},
		{"POST", "/api/v1/fetching/device", "", 202, `"code":"ABCD1234"`},
		{"GET", "/api/v1/fetching/fetches?limit=3", "", 200, "imported for November 2026"},
		{"GET", "/api/v1/fetching/fetches?limit=x", "", 422, `"field":"limit"`},
		{"POST", "/api/v1/fetching/fetches", "", 202, `"job":12`},
		{"POST", "/api/v1/fetching/fetches", `{"datasets":["CLASAzurePropensity"]}`, 202, `"job":12`},
		{"POST", "/api/v1/fetching/fetches", `{"sets":[]}`, 422, "error.body"},
		{"DELETE", "/api/v1/fetching/consent", "", 200, `"connected":false`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, s.URL+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != tt.want || !bytes.Contains(data, []byte(tt.says)) || bytes.Contains(data, []byte("hush-hush")) {
			t.Errorf("%s %s answers %d %s, want %d with %s; %v", tt.method, tt.path, resp.StatusCode, data, tt.want, tt.says, err)
		}
		path, _, _ := strings.Cut(tt.path, "?")
		item := doc.Paths.Value(path)
		route := &routers.Route{Spec: doc, Path: path, PathItem: item, Method: tt.method, Operation: item.GetOperation(tt.method)}
		input := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, Route: route},
			Status:                 resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(data)),
		}
		if err := openapi3filter.ValidateResponse(t.Context(), input); err != nil {
			t.Errorf("%s %s: %v\n%s", tt.method, tt.path, err, data)
		}
	}
	if len(s.did.fetch.datasets) != 2 || len(s.did.fetch.datasets[1]) != 1 {
		t.Errorf("asked for %v", s.did.fetch.datasets)
	}
}
