package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"actnow"
	"actnow/cohorts"
	"actnow/matcher"
	"actnow/storage"
	"actnow/storage/storagetest"
	"actnow/web"
)

// site is the real pages over a real store.
type site struct {
	*httptest.Server
	db    *storage.DB
	web   *web.Server
	did   *doings
	clock atomic.Int64
}

// doings is Actions that writes down what it was asked for. Each noun's tests
// add its own methods.
type doings struct {
	web.Actions
	matched    []actnow.Actor
	calibrated []actnow.MatchCalibration
	oneToOne   []bool
	fetch      fetchDoings
	models     []string
	cancelled  []actnow.Actor
}

func open(t *testing.T, change ...func(*web.Config)) *site {
	t.Helper()
	s := &site{did: &doings{}}
	s.clock.Store(storagetest.Now.Unix())
	s.db = storagetest.OpenAt(t, filepath.Join(t.TempDir(), "data"), s.now)
	cfg := web.Config{
		Store: s.db, Actions: s.did, Now: s.now, Log: slog.New(slog.NewJSONHandler(t.Output(), nil)),
		Messages:   web.MergeMessages(cohorts.Messages, matcher.Messages),
		InstanceID: "instance-1", Version: "test", Partner: "Nordvik Data AB", Poll: time.Millisecond,
	}
	for _, f := range change {
		f(&cfg)
	}
	server, err := web.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server.CheapPasswords()
	s.web, s.Server = server, httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (s *site) now() time.Time { return time.Unix(s.clock.Load(), 0).UTC() }

// later moves the clock on.
func (s *site) later(d time.Duration) { s.clock.Add(int64(d / time.Second)) }

// browser keeps cookies and does not follow redirects.
type browser struct {
	t      *testing.T
	site   *site
	client *http.Client
	header http.Header
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: s.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &browser{t: t, site: s, client: client, header: http.Header{}}
}

type answer struct {
	*http.Response
	body string
}

func (b *browser) do(method, path string, form url.Values) answer {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.site.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	for k, v := range b.header {
		req.Header[k] = v
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{Response: resp, body: string(data)}
}

func (b *browser) get(path string) answer { b.t.Helper(); return b.do(http.MethodGet, path, nil) }
func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	return b.do(http.MethodPost, path, form)
}

func (b *browser) want(a answer, status int) answer {
	b.t.Helper()
	if a.StatusCode != status {
		b.t.Fatalf("%s %s answered %d, want %d\n%s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.body)
	}
	return a
}

const goodPassword = "ett långt lösenord som ingen gissar"

// as returns a browser in which a person with the role is signed in, by a
// one-time link, which is quicker than a password.
func (s *site) as(t *testing.T, role actnow.Role, change ...func(*actnow.User)) *browser {
	t.Helper()
	u := actnow.User{Email: string(role) + "@nordvik.example", Name: "Elin Sjöberg", Role: role, AllLocations: true, Language: "en"}
	for _, f := range change {
		f(&u)
	}
	u, err := s.db.AddUser(t.Context(), actnow.System, u, "")
	if err != nil {
		t.Fatal(err)
	}
	path, err := s.web.NewLink(t.Context(), actnow.System, actnow.LinkDemo, u, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser(t)
	b.want(b.post(path, nil), http.StatusSeeOther)
	return b
}

// MailLink mails nothing.
func (d *doings) MailLink(context.Context, string, string, string) error { return nil }
