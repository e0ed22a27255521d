package insights_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"actnow"
	"actnow/reports/insights"
	"actnow/reports/insights/insightstest"
)

// clock is a time that passes only while somebody sleeps.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	slept []time.Duration
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 25, 5, 10, 0, 0, time.UTC)} }

func (k *clock) now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.at
}

func (k *clock) sleep(ctx context.Context, d time.Duration) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at = k.at.Add(d)
	k.slept = append(k.slept, d)
	return ctx.Err()
}

// later moves the clock on.
func (k *clock) later(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at = k.at.Add(d)
}

// pocket keeps a refresh token.
type pocket struct {
	mu    sync.Mutex
	token string
	saved int
}

func (p *pocket) RefreshToken(context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.token == "" {
		return "", actnow.ErrNotFound
	}
	return p.token, nil
}

func (p *pocket) SaveRefreshToken(_ context.Context, token string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.token = token
	p.saved++
	return nil
}

// bench is a client before the imitation.
type bench struct {
	*insights.Client
	server *insightstest.Server
	clock  *clock
	pocket *pocket
	dir    string
}

func newBench(t *testing.T, faults func(*insightstest.Faults)) *bench {
	t.Helper()
	b := &bench{clock: newClock(), pocket: &pocket{}, dir: t.TempDir()}
	b.server = insightstest.New(t, b.clock.now)
	b.pocket.token = b.server.Consent()
	b.Client = b.client()
	if faults != nil {
		b.server.Set(faults)
	}
	t.Cleanup(func() {
		if leaks := b.server.Leaks(); len(leaks) > 0 {
			t.Errorf("the host of the files was sent %q", leaks)
		}
	})
	return b
}

// client returns a client that remembers nothing but the pocket.
func (b *bench) client() *insights.Client {
	return &insights.Client{API: b.server.API, Login: b.server.Login, Tenant: insightstest.Tenant, ClientID: insightstest.ClientID,
		Tokens: b.pocket, Now: b.clock.now, Sleep: b.clock.sleep, Silence: time.Second}
}

// fetch does what a library's user does: datasets, order, wait, download, forget.
func (b *bench) fetch(ctx context.Context, dataset string) (insights.File, insights.Order, error) {
	all, err := b.Datasets(ctx)
	if err != nil {
		return insights.File{}, insights.Order{}, err
	}
	at := slices.IndexFunc(all, func(d insights.Dataset) bool { return d.Name == dataset })
	o, err := b.Order(ctx, all[at], "2026-11-25")
	if err != nil {
		return insights.File{}, o, err
	}
	if err := b.Ready(ctx, &o); err != nil {
		return insights.File{}, o, err
	}
	f, err := b.Download(ctx, &o, filepath.Join(b.dir, dataset+".csv"))
	if err != nil {
		return f, o, err
	}
	return f, o, b.Forget(ctx, o)
}

// sentence checks the kind of an error and that it has its sentence in both
// languages.
func sentence(t *testing.T, err, kind error, code string) {
	t.Helper()
	var input *actnow.InputError
	if !errors.Is(err, kind) || !errors.As(err, &input) || input.Code != code {
		t.Fatalf("error = %v, want %v with the sentence %s", err, kind, code)
	}
	if !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("%v is no invalid input", err)
	}
	if m, ok := insights.Messages[code]; !ok || m[0] == "" || m[1] == "" {
		t.Errorf("%s has no sentence in both languages", code)
	}
	if strings.Contains(input.Text, "{") || strings.Contains(input.Text, "sig=") {
		t.Errorf("sentence %q has a hole or a secret", input.Text)
	}
}

// TestFetch goes the whole way, fault by fault: what passes by itself must pass,
// what does not must be told in a sentence, and no half file may stay.
func TestFetch(t *testing.T) {
	type faults = insightstest.Faults
	tests := []struct {
		name   string
		faults func(*faults)
		kind   error
		code   string
		check  func(t *testing.T, b *bench, f insights.File, o insights.Order)
	}{
		{name: "nothing wrong"},
		{name: "Value in capitals", faults: func(f *faults) { f.UpperCase = true }},
		{name: "gzip", faults: func(f *faults) { f.Gzip = true }},
		{name: "pending, then running", faults: func(f *faults) { f.Polls = 4 }, check: func(t *testing.T, b *bench, _ insights.File, _ insights.Order) {
			if len(b.clock.slept) != 4 || b.clock.slept[0] != time.Minute || b.clock.slept[3] <= b.clock.slept[2] {
				t.Errorf("pauses between looks: %v", b.clock.slept)
			}
		}},
		{name: "never finished", faults: func(f *faults) { f.Never = true }, kind: insights.ErrNotReady, code: "error.insights.not_ready"},
		{name: "a link expires", faults: func(f *faults) { f.Expired = 2 }},
		{name: "every link expires", faults: func(f *faults) { f.Expired = 99 }, kind: insights.ErrBroken, code: "error.insights.link"},
		{name: "the connection drops", faults: func(f *faults) { f.Drops = 2 }},
		{name: "it drops and cannot go on", faults: func(f *faults) { f.Drops, f.NoRange = 2, true }},
		{name: "it drops within gzip", faults: func(f *faults) { f.Drops, f.Gzip = 1, true }},
		{name: "it stands still", faults: func(f *faults) { f.Stalls = 2 }},
		{name: "it drops for good", faults: func(f *faults) { f.Drops = 99 }, kind: insights.ErrUnavailable, code: "error.insights.unavailable"},
		{name: "a broken archive", faults: func(f *faults) { f.Broken = true }, kind: insights.ErrBroken, code: "error.insights.gzip"},
		{name: "500 and 503", faults: func(f *faults) { f.Statuses = []int{500, 503} }},
		{name: "500 within an answer", faults: func(f *faults) { f.Statuses, f.Within = []int{500}, true }},
		{name: "500 for good", faults: func(f *faults) { f.Statuses = slices.Repeat([]int{500}, 9) }, kind: insights.ErrUnavailable, code: "error.insights.unavailable"},
		{name: "429 with Retry-After", faults: func(f *faults) { f.Statuses, f.RetryAfter = []int{429}, "77" }, check: func(t *testing.T, b *bench, _ insights.File, _ insights.Order) {
			if len(b.clock.slept) != 1 || b.clock.slept[0] != 77*time.Second {
				t.Errorf("waited %v, want the 77 s that were wished", b.clock.slept)
			}
		}},
		{name: "429 for a day", faults: func(f *faults) { f.Statuses, f.RetryAfter = []int{429}, "86400" }, kind: insights.ErrUnavailable, code: "error.insights.unavailable"},
		{name: "answers are lost", faults: func(f *faults) { f.Lose = 3 }},
		{name: "a proxy answers", faults: func(f *faults) { f.Proxy = true }, kind: insights.ErrUnavailable, code: "error.insights.strange"},
		{name: "no role", faults: func(f *faults) { f.NoRole = true }, kind: insights.ErrRole, code: "error.insights.role"},
		{name: "no access", faults: func(f *faults) { f.NoAccess = true }, kind: insights.ErrNoAccess, code: "error.insights.no_access"},
		{name: "the CSP account", faults: func(f *faults) { f.NoDatasets = true }, kind: insights.ErrNoDatasets, code: "error.insights.no_datasets"},
		{name: "masked revenue", faults: func(f *faults) { f.Redacted = true }, check: func(t *testing.T, _ *bench, _ insights.File, o insights.Order) {
			if !o.Redacted {
				t.Error("nobody is told that data is hidden")
			}
		}},
		{name: "header only", faults: func(f *faults) { f.Empty = true }, check: func(t *testing.T, _ *bench, f insights.File, _ insights.Order) {
			if f.Rows != 0 || f.Bytes == 0 {
				t.Errorf("file %+v, want a header and no rows", f)
			}
		}},
		{name: "nothing in the file", faults: func(f *faults) { f.NoHeader = true }, check: func(t *testing.T, _ *bench, f insights.File, _ insights.Order) {
			if f.Rows != 0 || f.Bytes != 0 {
				t.Errorf("file %+v, want nothing in it", f)
			}
		}},
		{name: "short tokens", faults: func(f *faults) { f.Life, f.Polls = 60, 5 }},
		{name: "no new refresh token", faults: func(f *faults) { f.NoRefresh = true }},
		{name: "the sign-in is down for a while", faults: func(f *faults) { f.Down = 2 }},
		{name: "MFA", faults: func(f *faults) { f.Refuse = "AADSTS50076" }, kind: insights.ErrMFA, code: "error.insights.mfa"},
		{name: "MFA to be set up", faults: func(f *faults) { f.Refuse = "AADSTS50079" }, kind: insights.ErrMFA, code: "error.insights.mfa"},
		{name: "conditional access", faults: func(f *faults) { f.Refuse = "AADSTS53003" }, kind: insights.ErrMFA, code: "error.insights.policy"},
		{name: "consent expired", faults: func(f *faults) { f.Refuse = "AADSTS700082" }, kind: insights.ErrSignIn, code: "error.insights.revoked"},
		{name: "password changed", faults: func(f *faults) { f.Refuse = "AADSTS50173" }, kind: insights.ErrSignIn, code: "error.insights.revoked"},
		{name: "wrong tenant", faults: func(f *faults) { f.Refuse = "AADSTS90002" }, kind: insights.ErrTenant, code: "error.insights.tenant"},
		{name: "wrong client id", faults: func(f *faults) { f.Refuse = "AADSTS700016" }, kind: insights.ErrApp, code: "error.insights.client_id"},
		{name: "a secret is missing", faults: func(f *faults) { f.Secret = "s3cret" }, kind: insights.ErrApp, code: "error.insights.public_client"},
		{name: "no permission", faults: func(f *faults) { f.Refuse = "AADSTS65001" }, kind: insights.ErrApp, code: "error.insights.permission"},
		{name: "something new", faults: func(f *faults) { f.Refuse = "AADSTS99999" }, kind: insights.ErrSignIn, code: "error.insights.revoked"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, tt.faults)
			f, o, err := b.fetch(t.Context(), insightstest.D365)
			if tt.code != "" {
				sentence(t, err, tt.kind, tt.code)
			} else if err != nil {
				t.Fatal(err)
			}
			left, globErr := filepath.Glob(filepath.Join(b.dir, ".*"))
			if globErr != nil || len(left) > 0 {
				t.Errorf("left in the folder: %v %v", left, globErr)
			}
			if err == nil && b.server.Reports() != 0 {
				t.Errorf("%d reports are left at Microsoft", b.server.Reports())
			}
			if tt.check != nil {
				tt.check(t, b, f, o)
				return
			}
			if err == nil {
				got, readErr := os.ReadFile(f.Path)
				want := insightstest.Table(insightstest.D365, 12)
				if readErr != nil || string(got) != string(want) || f.Rows != 12 || f.Bytes != int64(len(want)) {
					t.Errorf("file %+v of %d bytes, want %d; %v", f, len(got), len(want), readErr)
				}
			} else if all, _ := os.ReadDir(b.dir); len(all) > 0 {
				t.Errorf("a refused fetch left %v", all)
			}
		})
	}
}

// TestDatasets: those of CloudAscent that have columns, and LIFETIME only where
// it may be asked for.
func TestDatasets(t *testing.T) {
	b := newBench(t, nil)
	all, err := b.Datasets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range all {
		names = append(names, d.Name)
		if _, err := b.Order(t.Context(), d, "2026-11-25"); err != nil { // the imitation refuses LIFETIME where it is none
			t.Errorf("%s: %v", d.Name, err)
		}
	}
	if !slices.Equal(names, insightstest.All) {
		t.Errorf("datasets %v, want %v", names, insightstest.All)
	}
}

// count returns how many of the requests so far begin with a method and path.
func (b *bench) count(what string) int {
	n := 0
	for _, r := range b.server.Requests() {
		if strings.HasPrefix(r, what) {
			n++
		}
	}
	return n
}

// TestQueryIsMadeOnce: it is found again by its name, and made anew when the
// columns have changed.
func TestQueryIsMadeOnce(t *testing.T) {
	b := newBench(t, nil)
	for i, want := range []int{1, 0, 1, 0} {
		if i == 2 {
			b.server.AddColumn(insightstest.Azure, "HasCopilot")
		}
		if _, _, err := b.fetch(t.Context(), insightstest.Azure); err != nil {
			t.Fatal(err)
		}
		if n := b.count("POST /ScheduledQueries"); n != want {
			t.Errorf("fetch %d made %d queries, want %d", i+1, n, want)
		}
	}
	f, _, err := b.fetch(t.Context(), insightstest.Azure)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(f.Path); err != nil || !strings.Contains(string(data), "HasCopilot") {
		t.Errorf("a new column does not arrive by itself: %v", err)
	}
}

// TestOrderIsFoundAgain: after a stop, the same period goes on with the report
// that was asked for.
func TestOrderIsFoundAgain(t *testing.T) {
	b := newBench(t, nil)
	all, err := b.Datasets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	one, err := b.Order(t.Context(), all[0], "2026-11-25")
	if err != nil {
		t.Fatal(err)
	}
	b.Client = b.client() // as after a stop
	two, err := b.Order(t.Context(), all[0], "2026-11-25")
	if err != nil || one.Report != two.Report {
		t.Errorf("the same period orders %s and %s, %v", one.Report, two.Report, err)
	}
	three, err := b.Order(t.Context(), all[0], "2026-11-26")
	if err != nil || three.Report == one.Report {
		t.Errorf("another period finds %s again, %v", three.Report, err)
	}
	if n := b.server.Reports(); n != 1 {
		t.Errorf("%d reports are left at Microsoft, want the last one alone", n)
	}
}

// TestToken: renewed five minutes early and when it is refused, and the refresh
// token is replaced whenever a new one comes.
func TestToken(t *testing.T) {
	b := newBench(t, nil)
	look := func(saved int) {
		t.Helper()
		if _, err := b.Datasets(t.Context()); err != nil {
			t.Fatal(err)
		}
		if b.pocket.saved != saved {
			t.Errorf("%d tokens were saved, want %d", b.pocket.saved, saved)
		}
	}
	look(1)
	look(1)
	b.clock.later(54 * time.Minute)
	look(1)
	b.clock.later(2 * time.Minute) // 56 of 60: early
	look(2)
	b.server.EndTokens() // refused before its time
	look(3)
	b.server.Revoke()
	_, err := b.Datasets(t.Context())
	sentence(t, err, insights.ErrSignIn, "error.insights.revoked")
	b.pocket.token = ""
	_, err = b.client().Datasets(t.Context())
	sentence(t, err, insights.ErrNotConnected, "error.insights.not_connected")
}

// TestUsedRefreshToken: the imitation takes one only once, as Microsoft may, so
// a client that did not keep the new one would be lost.
func TestUsedRefreshToken(t *testing.T) {
	b := newBench(t, nil)
	first := b.pocket.token
	if _, err := b.Datasets(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.client().Datasets(t.Context()); err != nil {
		t.Errorf("the next client does not get on with what was kept: %v", err)
	}
	b.pocket.token = first
	_, err := b.client().Datasets(t.Context())
	sentence(t, err, insights.ErrSignIn, "error.insights.revoked")
}

func TestTooLarge(t *testing.T) {
	for _, gzip := range []bool{false, true} {
		b := newBench(t, func(f *insightstest.Faults) { f.Gzip = gzip })
		b.MaxBytes = 1 << 20
		b.server.SetFile(insightstest.Azure, []byte(strings.Repeat("a,b\n", 1<<19)))
		_, _, err := b.fetch(t.Context(), insightstest.Azure)
		sentence(t, err, insights.ErrTooLarge, "error.insights.large")
		if all, err := os.ReadDir(b.dir); err != nil || len(all) > 0 {
			t.Errorf("a file too large left %v %v", all, err)
		}
	}
}

func TestRecordsAreCounted(t *testing.T) {
	for content, want := range map[string]int64{
		"": 0, "a,b": 0, "a,b\r\n": 0, "\ufeffa,b\n\n  \n": 0, "a\n1": 1, "a\n1\n2\n": 2, "a\n\"1\n2\n3\"\n4\n": 2, "a\n\"1\"\"\n2\"\n": 1,
	} {
		b := newBench(t, nil)
		b.server.SetFile(insightstest.Azure, []byte(content))
		if f, _, err := b.fetch(t.Context(), insightstest.Azure); err != nil || f.Rows != want {
			t.Errorf("%q has %d rows, want %d; %v", content, f.Rows, want, err)
		}
	}
}

// browse opens the page of the sign-in as a browser does and returns where it is
// sent back to.
func browse(t *testing.T, to string) url.Values {
	t.Helper()
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := stay.Get(to)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		text, _ := io.ReadAll(resp.Body)
		t.Fatalf("the sign-in answers %d: %s", resp.StatusCode, text)
	}
	return back.Query()
}

const redirect = "http://localhost:8420/settings/fetching/callback"

func TestSignInByBrowser(t *testing.T) {
	b := newBench(t, nil)
	b.pocket.token = ""
	s := b.SignIn(redirect)
	if !strings.Contains(s.URL, "code_challenge_method=S256") || s.State == "" {
		t.Errorf("sign-in %s has no challenge or no state", s.URL)
	}
	if err := b.Finish(t.Context(), s, browse(t, s.URL)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Datasets(t.Context()); err != nil || b.pocket.saved != 1 {
		t.Errorf("after the sign-in: %v, %d tokens kept", err, b.pocket.saved)
	}
	if _, err := b.client().Datasets(t.Context()); err != nil {
		t.Errorf("the consent does not last: %v", err)
	}

	other := b.SignIn(redirect)
	err := b.Finish(t.Context(), other, browse(t, s.URL)) // of another sign-in
	sentence(t, err, insights.ErrSignIn, "error.insights.state")
	back := browse(t, other.URL)
	stolen := b.SignIn(redirect)
	stolen.State = other.State
	err = b.Finish(t.Context(), stolen, back) // whoever has the code alone has nothing
	sentence(t, err, insights.ErrSignIn, "error.insights.revoked")
	b.server.Set(func(f *insightstest.Faults) { f.Decline = true })
	err = b.Finish(t.Context(), other, browse(t, other.URL))
	sentence(t, err, insights.ErrSignIn, "error.insights.declined")
	err = b.Finish(t.Context(), insights.SignIn{}, url.Values{"code": {"x"}})
	sentence(t, err, insights.ErrSignIn, "error.insights.state")
}

func TestSignInWithSecret(t *testing.T) {
	b := newBench(t, func(f *insightstest.Faults) { f.Secret = "s3cret" })
	for secret, want := range map[string]string{"": "error.insights.public_client", "wrong": "error.insights.secret"} {
		b.Secret = secret
		s := b.SignIn(redirect)
		sentence(t, b.Finish(t.Context(), s, browse(t, s.URL)), insights.ErrApp, want)
	}
	b.Secret = "s3cret"
	s := b.SignIn(redirect)
	if err := b.Finish(t.Context(), s, browse(t, s.URL)); err != nil {
		t.Fatal(err)
	}
}

func TestNoLastingConsent(t *testing.T) {
	b := newBench(t, func(f *insightstest.Faults) { f.NoRefresh = true })
	s := b.SignIn(redirect)
	sentence(t, b.Finish(t.Context(), s, browse(t, s.URL)), insights.ErrApp, "error.insights.offline")
}

func TestSignInByDevice(t *testing.T) {
	b := newBench(t, func(f *insightstest.Faults) { f.DevicePolls = 1 })
	b.pocket.token = ""
	d, err := b.Device(t.Context())
	if err != nil || d.Code == "" || d.URL == "" || d.Until.IsZero() {
		t.Fatalf("device code %+v, %v", d, err)
	}
	if err := b.Await(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Datasets(t.Context()); err != nil {
		t.Errorf("after the sign-in: %v", err)
	}
	err = b.Await(t.Context(), d) // it was good for one
	sentence(t, err, insights.ErrSignIn, "error.insights.device_late")

	b.server.Set(func(f *insightstest.Faults) { f.Decline = true })
	if d, err = b.Device(t.Context()); err != nil {
		t.Fatal(err)
	}
	sentence(t, b.Await(t.Context(), d), insights.ErrSignIn, "error.insights.declined")
	b.ClientID = "bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee"
	_, err = b.Device(t.Context())
	sentence(t, err, insights.ErrApp, "error.insights.client_id")
	b.Tenant = "nobody.example"
	_, err = b.Device(t.Context())
	sentence(t, err, insights.ErrTenant, "error.insights.tenant")
}

func TestNobodyAnswers(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	b := newBench(t, nil)
	b.API = gone.URL
	_, err := b.Datasets(t.Context())
	sentence(t, err, insights.ErrUnavailable, "error.insights.unavailable")
	b.Client = b.client()
	b.Login = gone.URL
	_, err = b.Datasets(t.Context())
	sentence(t, err, insights.ErrUnavailable, "error.insights.unavailable")
	s := b.SignIn(redirect)
	sentence(t, b.Finish(t.Context(), s, url.Values{"state": {s.State}, "code": {"x"}}), insights.ErrUnavailable, "error.insights.unavailable")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Datasets(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("after a stop: %v", err)
	}
}
