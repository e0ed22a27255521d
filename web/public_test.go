package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"actnow"
	"actnow/campaigns"
	"actnow/crm"
	"actnow/web"
)

// stranger is the actions behind the public listener, over a real store.
type stranger struct {
	web.Actions
	tokens   map[string]actnow.LedgerID
	verify   func(token string) (actnow.LedgerID, bool) // in place of tokens
	receive  func(ctx context.Context, name string, header http.Header, body io.Reader) (crm.Receipt, error)
	mail     campaigns.Rendered
	mu       sync.Mutex
	sources  []string
	unlisted []actnow.LedgerID
	broken   error
}

func (s *stranger) Unsubscribe(_ context.Context, token, source string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, ok := s.tokens[token]
	if s.verify != nil {
		row, ok = s.verify(token)
	}
	if s.broken != nil || !ok {
		return false, s.broken
	}
	s.sources, s.unlisted = append(s.sources, source), append(s.unlisted, row)
	return true, nil
}

func (s *stranger) MailCopy(_ context.Context, token string) (campaigns.Rendered, error) {
	if token == "panic" {
		panic("at the disco")
	}
	if _, ok := s.tokens[token]; !ok {
		return campaigns.Rendered{}, actnow.ErrNotFound
	}
	return s.mail, nil
}

func (s *stranger) ReceiveHook(ctx context.Context, name string, header http.Header, body io.Reader) (crm.Receipt, error) {
	return s.receive(ctx, name, header, body)
}

// openPublic opens the public listener and returns a browser at it.
func openPublic(t *testing.T, a *stranger, change ...func(*web.Config)) (*site, *browser) {
	t.Helper()
	s := open(t, append([]func(*web.Config){func(c *web.Config) { c.Actions = a }}, change...)...)
	public := httptest.NewServer(s.web.PublicHandler())
	t.Cleanup(func() {
		public.CloseClientConnections()
		public.Close()
	})
	b := s.browser(t)
	b.site = &site{Server: public}
	return s, b
}

func TestPublicListenerHasNoPages(t *testing.T) {
	s, b := openPublic(t, &stranger{})
	if a := b.want(b.get("/alive"), http.StatusOK); a.body != "instance-1" {
		t.Errorf("alive says %q", a.body)
	}
	for _, r := range s.web.Routes() {
		if r.Path != "/static/:hash/*" {
			if a := b.do(r.Method, fill.Replace(r.Path), nil); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s answers %d to the world", r.Method, r.Path, a.StatusCode)
			}
		}
	}
	a := b.want(b.get("/v/panic"), http.StatusInternalServerError)
	if strings.Contains(a.body, "disco") || strings.Contains(a.body, "/signin") {
		t.Errorf("a stranger reads\n%s", a.body)
	}
}

func TestUnsubscribe(t *testing.T) {
	for lang, words := range map[string][3]string{"en": {"No more mail?", "Stop all mail to me", "You get no more mail"}, "sv": {"Inga fler mejl?", "Stoppa alla mejl till mig", "Du får inga fler mejl"}} {
		a := &stranger{tokens: map[string]actnow.LedgerID{"good": 7}}
		_, b := openPublic(t, a)
		b.header.Set("Accept-Language", lang)
		b.header.Set("Cookie", "lang=en; theme=dark") // not looked at
		page := b.want(b.get("/u/good"), http.StatusOK)
		if !strings.Contains(page.body, words[0]) || !strings.Contains(page.body, words[1]) || !strings.Contains(page.body, `<html lang="`+lang+`">`) {
			t.Errorf("the page says\n%s", page.body)
		}
		if strings.Contains(page.body, "<script") || strings.Contains(page.body, "/language") {
			t.Errorf("the page leads on\n%s", page.body)
		}
		if len(a.unlisted) > 0 {
			t.Fatal("looking at the page unsubscribes")
		}
		b.header.Set("Sec-Fetch-Site", "cross-site") // mail programs come from elsewhere
		b.header.Set("Origin", "https://mail.example")
		done := b.want(b.post("/u/good", url.Values{"by": {"page"}}), http.StatusOK)
		if !strings.Contains(done.body, words[2]) || strings.Contains(done.body, "<button") {
			t.Errorf("afterwards the page says\n%s", done.body)
		}
		one := b.want(b.post("/u/good", url.Values{"List-Unsubscribe": {"One-Click"}}), http.StatusOK)
		if one.body != words[2]+"\n" || !strings.HasPrefix(one.Header.Get("Content-Type"), "text/plain") {
			t.Errorf("one click answers %q as %s", one.body, one.Header.Get("Content-Type"))
		}
		if got := strings.Join(a.sources, " "); got != "page one-click" {
			t.Errorf("asked for by %q", got)
		}
		for _, r := range []answer{page, done, one} {
			if len(r.Cookies()) > 0 || r.Header.Get("Referrer-Policy") != "no-referrer" || r.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", r.Header)
			}
		}
	}
}

// TestUnsubscribeAnyBody sends bodies that mail programs send, and broken ones.
func TestUnsubscribeAnyBody(t *testing.T) {
	a := &stranger{tokens: map[string]actnow.LedgerID{"good": 7}}
	_, b := openPublic(t, a)
	bodies := [][2]string{
		{"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"},
		{"multipart/form-data", "no boundary"}, {"", ""}, {"text/plain", "List-Unsubscribe=One-Click"},
		{"application/x-www-form-urlencoded", "%zz=%&;"}, {"application/x-www-form-urlencoded", strings.Repeat("a", 70<<10)},
	}
	for i, body := range bodies {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.site.URL+"/u/good", strings.NewReader(body[1]))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", body[0])
		resp, err := b.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || len(a.unlisted) != i+1 {
			t.Errorf("%q answers %d, unsubscribed %d times", body[0], resp.StatusCode, len(a.unlisted))
		}
	}
	a.broken = errors.New("disk full")
	b.want(b.post("/u/good", nil), http.StatusInternalServerError)
}

func TestMailCopy(t *testing.T) {
	a := &stranger{tokens: map[string]actnow.LedgerID{"good": 7}, mail: campaigns.Rendered{HTML: "<p style=\"color:red\">Hej</p>"}}
	_, b := openPublic(t, a)
	r := b.want(b.get("/v/good"), http.StatusOK)
	if r.body != a.mail.HTML || !strings.HasPrefix(r.Header.Get("Content-Security-Policy"), "sandbox") || strings.Contains(r.Header.Get("Content-Security-Policy"), "self") {
		t.Errorf("%q with %s", r.body, r.Header.Get("Content-Security-Policy"))
	}
	a.mail = campaigns.Rendered{Text: "<b>Hej"}
	if r := b.want(b.get("/v/good"), http.StatusOK); r.body != "<b>Hej" || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("%q as %s", r.body, r.Header.Get("Content-Type"))
	}
	b.want(b.get("/v/other"), http.StatusNotFound)
}

func TestStrangersAreSlowedDown(t *testing.T) {
	a := &stranger{tokens: map[string]actnow.LedgerID{"good": 7}}
	s, b := openPublic(t, a)
	many := func(token string, n int) (refused int) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		for range n {
			wg.Go(func() {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.site.URL+"/u/"+token, http.NoBody)
				if err != nil {
					t.Error(err)
					return
				}
				resp, err := b.client.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
				if resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") != "" {
					mu.Lock()
					refused++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		return refused
	}
	if n := many("good", 100); n > 0 {
		t.Errorf("%d good requests refused", n)
	}
	many("bad", 60) // 10 each: the rest of the minute is spent
	if n := many("bad", 5); n != 5 {
		t.Errorf("%d of 5 guesses refused", n)
	}
	b.header.Set("Accept-Language", "sv")
	if r := b.want(b.get("/v/good"), http.StatusTooManyRequests); !strings.Contains(r.body, "Försök igen om") {
		t.Errorf("a person reads\n%s", r.body)
	}
	s.later(time.Minute)
	b.want(b.post("/u/good", nil), http.StatusOK)
}

func TestHookAnswers(t *testing.T) {
	a := &stranger{receive: func(context.Context, string, http.Header, io.Reader) (crm.Receipt, error) {
		return crm.Receipt{}, errors.New("no such luck")
	}}
	_, b := openPublic(t, a)
	r := b.want(b.post("/v1/hooks/crm", nil), http.StatusServiceUnavailable)
	if r.Header.Get("Retry-After") == "" || strings.Contains(r.body, "luck") || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s %v", r.body, r.Header)
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		b.want(b.do(method, "/v1/hooks/crm", nil), http.StatusMethodNotAllowed)
	}
	b.want(b.post("/v1/hooks/a/b", nil), http.StatusNotFound)
	b.want(b.post("/v1/hooks/", nil), http.StatusNotFound)
	a.receive = func(_ context.Context, _ string, _ http.Header, body io.Reader) (crm.Receipt, error) {
		_, err := io.Copy(io.Discard, body)
		return crm.Receipt{EventID: "e"}, err
	}
	resp, err := b.client.Post(b.site.URL+"/v1/hooks/crm", "application/json", io.MultiReader(bytes.NewReader(make([]byte, crm.MaxBody+1))))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body in chunks answers %d", resp.StatusCode)
	}
	resp, err = b.client.Post(b.site.URL+"/v1/hooks/crm", "application/json", bytes.NewReader(make([]byte, crm.MaxBody+1)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if said, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(said), `"code":"hook.size"`) {
		t.Errorf("a body that says it is large answers %d, %s", resp.StatusCode, said)
	}
}

// TestTamperedTokens holds what a changed token does against the list of changes.
func TestTamperedTokens(t *testing.T) {
	const list = "../../shared/badinputs/own/token_tamper.jsonl"
	data, err := os.ReadFile(list)
	if err != nil {
		t.Skipf("no list: %v", err)
	}
	signer := func(id byte, letter string) *campaigns.Tokens {
		ts, err := campaigns.NewTokens(campaigns.TokenKey{ID: id, Secret: []byte(strings.Repeat(letter, 32))})
		if err != nil {
			t.Fatal(err)
		}
		return ts
	}
	ours, foreign := signer(1, "a"), signer(9, "z")
	const row, other, address = 77, 78, "anna@contoso.example"
	token := ours.Sign(campaigns.PurposeUnsubscribe, row, address)
	changes := map[string]string{
		"other campaign's token":       ours.Sign(campaigns.PurposeUnsubscribe, other, "eva@contoso.example"),
		"base64 padding added":         token + "=",
		"trailing dot":                 token + ".",
		"NUL at end":                   token + "\x00",
		"alg field set to none":        "eyJhbGciOiJub25lIn0.eyJyb3ciOjc3fQ.",
		"unknown key id":               foreign.Sign(campaigns.PurposeUnsubscribe, row, address),
		"token leaked through Referer": ours.Sign(campaigns.PurposeView, row, address),
	}
	a := &stranger{verify: func(token string) (actnow.LedgerID, bool) {
		claim, ok := ours.Verify(campaigns.PurposeUnsubscribe, token)
		return claim.Row, ok && claim.For(address)
	}}
	_, b := openPublic(t, a)
	unknown := b.want(b.post("/u/"+ours.Sign(campaigns.PurposeUnsubscribe, other, address+"x"), nil), http.StatusOK)
	for line := range strings.Lines(string(data)) {
		var c struct{ Change string }
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		changed, known := changes[c.Change]
		if !known {
			t.Fatalf("no test for %q", c.Change)
		}
		r := b.want(b.post("/u/"+url.PathEscape(changed), nil), http.StatusOK)
		if len(a.unlisted) > 0 || r.body != unknown.body {
			t.Errorf("%s: unlisted %v, answer %q", c.Change, a.unlisted, r.body)
		}
		b.want(b.get("/v/"+url.PathEscape(changed)), http.StatusNotFound)
	}
	b.want(b.post("/u/"+token, nil), http.StatusOK)
	if len(a.unlisted) != 1 || a.unlisted[0] != row {
		t.Errorf("the token itself takes %v off the lists", a.unlisted)
	}
}
