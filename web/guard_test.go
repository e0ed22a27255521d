package web_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"

	"actnow"
	"actnow/storage/storagetest"
	"actnow/web"
)

// fill puts something in the places of a path.
var fill = strings.NewReplacer(":id", "4711", ":matrix", "spirals", ":key", "nothing", ":account", "4711", ":customer", "4711", ":secret", "unknown", ":hash", "0", "*", "x")

// Every role asks for every route. What its rights do not include is refused,
// and nothing that anybody sends is our fault.
func TestRoutesByRole(t *testing.T) {
	for _, role := range actnow.Roles {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			s := open(t)
			b, api := s.as(t, role), s.browser(t)
			secret, hash := web.NewSecret("an_")
			if _, err := s.db.CreateToken(t.Context(), actnow.System, hash, actnow.Token{User: 1, Name: "walk", Role: role}); err != nil {
				t.Fatal(err)
			}
			api.header.Set("Authorization", "Bearer "+secret)
			for _, r := range s.web.Routes() {
				if r.Path == "/signout" {
					continue
				}
				who := b
				if strings.HasPrefix(r.Path, "/api/v1/") {
					who = api
				}
				var form url.Values
				if r.Method == http.MethodPost {
					form = url.Values{}
				}
				a := who.do(r.Method, fill.Replace(r.Path), form)
				switch allowed := r.Open || r.Right == "" || role.May(r.Right); {
				case !allowed && a.StatusCode != http.StatusForbidden:
					t.Errorf("%s %s answers %d to %s, want 403", r.Method, r.Path, a.StatusCode, role)
				case allowed && (a.StatusCode == http.StatusForbidden || a.StatusCode == http.StatusUnauthorized || a.StatusCode >= 500):
					t.Errorf("%s %s answers %d to %s, who may\n%s", r.Method, r.Path, a.StatusCode, role, a.body)
				}
			}
		})
	}
}

func TestStrangersAreSentToSignIn(t *testing.T) {
	s := open(t)
	b := s.browser(t)
	for _, r := range s.web.Routes() {
		if r.Open {
			continue
		}
		want := http.StatusUnauthorized
		if r.Method == http.MethodGet && !strings.HasPrefix(r.Path, "/api/v1/") {
			want = http.StatusSeeOther
		}
		var form url.Values
		if r.Method == http.MethodPost {
			form = url.Values{}
		}
		if a := b.do(r.Method, fill.Replace(r.Path), form); a.StatusCode != want {
			t.Errorf("%s %s answers %d to a stranger, want %d", r.Method, r.Path, a.StatusCode, want)
		}
	}
}

// state is all rows of all tables, as one hash, but for what notes that somebody
// was seen.
func state(t *testing.T, s *site) string {
	t.Helper()
	raw := storagetest.Raw(t, s.db)
	defer raw.Close()
	sum := sha256.New()
	for _, table := range []string{"users", "user_locations", "links", "tokens", "login_failures", "audit", "jobs", "locations"} {
		rows, err := raw.Query(`SELECT * FROM ` + table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				fmt.Fprintf(sum, "%s %v\n", table, *v.(*any))
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

func TestGetChangesNothing(t *testing.T) {
	s := open(t)
	b := s.as(t, actnow.RoleAdministrator)
	path, err := s.web.NewLink(t.Context(), actnow.System, actnow.LinkDemo, actnow.User{ID: 1}, 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	before := state(t, s)
	b.want(b.get(path), http.StatusOK)
	for _, r := range s.web.Routes() {
		if r.Method == http.MethodGet {
			b.get(fill.Replace(r.Path))
			b.get(strings.ReplaceAll(r.Path, ":id", "1"))
		}
	}
	if state(t, s) != before {
		t.Error("a GET changed something")
	}
	for _, r := range s.web.Routes() { // what is posted answers to nothing else
		if r.Method == http.MethodPost {
			a := b.get(strings.ReplaceAll(fill.Replace(r.Path), "4711", "1"))
			if a.StatusCode == http.StatusInternalServerError {
				t.Errorf("GET %s answers %d", r.Path, a.StatusCode)
			}
		}
	}
	if state(t, s) != before {
		t.Error("a GET did what a POST does")
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	s := open(t)
	b := s.as(t, actnow.RoleAdministrator)
	before := state(t, s)
	for _, header := range []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}},
		{"Sec-Fetch-Site": {"same-site"}},
		{"Origin": {"https://evil.example"}},
		{"Origin": {"null"}},
	} {
		b.header = header
		for _, r := range s.web.Routes() {
			if r.Method == http.MethodPost && !strings.HasPrefix(r.Path, "/api/v1/") {
				b.want(b.post(strings.ReplaceAll(fill.Replace(r.Path), "4711", "1"), url.Values{"email": {"x@evil.example"}, "role": {"administrator"}}), http.StatusForbidden)
			}
		}
	}
	if state(t, s) != before {
		t.Error("another site changed something")
	}
	b.header = http.Header{"Sec-Fetch-Site": {"same-origin"}}
	b.want(b.post("/theme", url.Values{"theme": {"dark"}}), http.StatusSeeOther)
}

func TestHeaders(t *testing.T) {
	s := open(t, func(c *web.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	b := s.as(t, actnow.RoleMarketer)
	for _, path := range []string{"/account", "/signin", "/nothing", "/api/v1/nothing", "/static/0/x", "/activity", "/healthz"} {
		h := b.get(path).Header
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"X-Frame-Options": "DENY", "X-Request-Id": "", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if !strings.HasPrefix(h.Get(name), want) || h.Get(name) == "" {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if csp := h.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: policy is %q", path, csp)
		}
		if h.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: strict transport without TLS", path)
		}
	}
	b.header.Set("X-Forwarded-Proto", "https")
	a := b.get("/signin")
	if a.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no strict transport behind TLS")
	}
	a = b.post("/theme", url.Values{"theme": {"dark"}})
	if !strings.Contains(a.Header.Get("Set-Cookie"), "Secure") {
		t.Error("a cookie without Secure behind TLS")
	}
	path, err := s.web.NewLink(t.Context(), actnow.System, actnow.LinkDemo, actnow.User{ID: 1}, 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	if a := b.want(b.post(path, nil), http.StatusSeeOther); !strings.HasPrefix(a.Header.Get("Set-Cookie"), "__Host-actnow=") {
		t.Errorf("session cookie is %q", a.Header.Get("Set-Cookie"))
	}

	stranger := open(t).browser(t) // trusts nobody
	stranger.header.Set("X-Forwarded-Proto", "https")
	if stranger.get("/signin").Header.Get("Strict-Transport-Security") != "" {
		t.Error("a stranger's word for TLS was believed")
	}
}

func TestForwardedForIsBelievedFromProxiesOnly(t *testing.T) {
	for _, trusted := range []bool{false, true} {
		s := open(t, func(c *web.Config) {
			if trusted {
				c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			}
		})
		b := s.as(t, actnow.RoleMarketer)
		path, err := s.web.NewLink(t.Context(), actnow.System, actnow.LinkDemo, actnow.User{ID: 1}, 1<<40)
		if err != nil {
			t.Fatal(err)
		}
		b.header.Set("X-Forwarded-For", "203.0.113.9, 198.51.100.7")
		b.want(b.post(path, nil), http.StatusSeeOther)
		want := "127.0.0.1"
		if trusted {
			want = "198.51.100.7" // what the proxy saw, not what the client claimed
		}
		if a := b.get("/account"); !strings.Contains(a.body, want) || strings.Contains(a.body, "203.0.113.9") {
			t.Errorf("trusted %v: the address is not %s", trusted, want)
		}
	}
}

// raw sends a request line as it is, which a client would tidy up first.
func raw(t *testing.T, s *site, path string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", path, err)
	}
	return resp
}

func TestOddPaths(t *testing.T) {
	s := open(t)
	odd := []string{"/..%2f..%2fgo.mod", "/static/%2e%2e/%2e%2e/server.go", "/static/..%5c..%5cserver.go", "/people%2f1", "/%70eople", "/people/..;/keys", "//people", "/./people", "/people/", "/people%00", "/%", "/%zz"}
	if file, err := os.Open("../../shared/badinputs/own/path.jsonl"); err == nil {
		defer file.Close()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			var bad struct{ Path string }
			if err := json.Unmarshal(lines.Bytes(), &bad); err != nil {
				t.Fatal(err)
			}
			p := strings.ReplaceAll(url.PathEscape(bad.Path), "%2F", "/")
			odd = append(odd, "/"+strings.TrimPrefix(p, "/"), "/static/"+p, s.web.Assets()["act.css"]+"/"+p, "/people/"+p, "/link/"+p, "/jobs/"+url.PathEscape(bad.Path), "/signin?to="+url.QueryEscape(bad.Path))
			if strings.HasPrefix(bad.Path, "/") {
				odd = append(odd, bad.Path)
			}
		}
	}
	for _, path := range odd {
		resp := raw(t, s, path)
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), "package web") || strings.Contains(string(body), "module actnow") {
			t.Errorf("GET %s shows a file of ours", path)
		}
		signin := strings.HasPrefix(path, "/signin")
		if resp.StatusCode >= 500 || resp.StatusCode == http.StatusOK && !signin {
			t.Errorf("GET %s answers %d", path, resp.StatusCode)
		}
		if to := resp.Header.Get("Location"); to != "" && !strings.HasPrefix(to, "/signin?to=%2F") {
			t.Errorf("GET %s leads to %s", path, to)
		}
		if signin && !strings.Contains(string(body), `name="to" value="/`) || strings.Contains(string(body), `value="//`) {
			t.Errorf("GET %s would lead away after signing in", path)
		}
	}
}

func TestTooLargeAndOddBodies(t *testing.T) {
	s := open(t)
	b := s.as(t, actnow.RoleAdministrator)
	big := url.Values{"name": {strings.Repeat("x", 2<<20)}}
	if a := b.want(b.post("/account", big), http.StatusRequestEntityTooLarge); !strings.Contains(a.body, "That is too large") {
		t.Error("no sentence for a body that is too large")
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/account", io.MultiReader(strings.NewReader("name="), strings.NewReader(strings.Repeat("x", 2<<20))))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded") // no length: chunked
	resp, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a long body without a length answers %d", resp.StatusCode)
	}
	for _, contentType := range []string{"multipart/form-data", "multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded", ""} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/account", strings.NewReader("%zz=%&;name"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		resp, err := b.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("a form as %q answers %d", contentType, resp.StatusCode)
		}
	}
	for _, path := range []string{"/activity?from=x", "/activity?below=-1", "/activity?user=%00", "/activity?from=2026-13-01&lang=sv"} {
		b.want(b.get(path), http.StatusUnprocessableEntity)
	}
	b.want(b.do(http.MethodDelete, "/account", nil), http.StatusMethodNotAllowed)
}

// What watches an address asks for its head: the same answer, without the body.
func TestHead(t *testing.T) {
	s := open(t)
	b := s.browser(t)
	for path, status := range map[string]int{
		"/healthz": http.StatusOK, "/signin": http.StatusOK, "/api/openapi.yaml": http.StatusOK, "/nothing": http.StatusNotFound,
		"/api/v1/session": http.StatusUnauthorized, "/customers": http.StatusSeeOther, "/language": http.StatusMethodNotAllowed,
	} {
		head, get := b.want(b.do(http.MethodHead, path, nil), status), b.get(path)
		if head.body != "" || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") || head.Header.Get("Location") != get.Header.Get("Location") {
			t.Errorf("HEAD %s answers %v, %q; GET %v", path, head.Header, head.body, get.Header)
		}
	}
}

func TestHealth(t *testing.T) {
	s := open(t)
	b := s.browser(t)
	b.want(b.get("/healthz"), http.StatusOK)
	b.want(b.get("/readyz"), http.StatusOK)
	if a := b.want(b.get("/metrics"), http.StatusOK); !strings.Contains(a.body, `actnow_http_requests_total{method="GET",route="/readyz",status="200"} 1`) {
		t.Errorf("metrics:\n%s", a.body)
	}
	b.header.Set("X-Forwarded-For", "203.0.113.9")
	b.want(b.get("/metrics"), http.StatusNotFound)

	guarded := open(t, func(c *web.Config) { c.MetricsToken = "geheim" }).browser(t)
	guarded.want(guarded.get("/metrics"), http.StatusUnauthorized)
	guarded.header.Set("Authorization", "Bearer geheim")
	guarded.want(guarded.get("/metrics"), http.StatusOK)
}
