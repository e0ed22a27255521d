package web_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"actnow"
	"actnow/campaigns"
	"actnow/web"
)

func zipped(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t *testing.T, resp *http.Response) answer {
	t.Helper()
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{Response: resp, body: string(data)}
}

// unknownMails launches a campaign of two mails of which nobody can know.
func unknownMails(t *testing.T) (*site, *sender, *browser) {
	t.Helper()
	s, a := openCampaigns(t)
	b := s.as(t, actnow.RoleMarketer)
	b.want(b.post("/campaigns", draft()), 303)
	b.want(b.post("/campaigns/1/launch", url.Values{"expect": {"2"}}), 303)
	for row := actnow.LedgerID(1); row <= 2; row++ {
		if ok, err := s.db.MarkIntent(t.Context(), row, s.now()); err != nil || !ok {
			t.Fatalf("intent %v, %v", ok, err)
		}
		if err := s.db.MarkVerdict(t.Context(), row, campaigns.Verdict{State: actnow.LedgerUnknown, Why: "no answer after the final dot"}, s.now()); err != nil {
			t.Fatal(err)
		}
	}
	return s, a, b
}

func TestDeliveries(t *testing.T) {
	s, _, b := unknownMails(t)
	page := b.want(b.get("/deliveries"), 200)
	has(t, page, "0 of 2 mails are sent", "Adds up", "Unknown", "no answer after the last dot", "Anna Berg", "anna@one.example", "Stop all sending", `hx-trigger="every 2s"`)
	has(t, b.want(b.get("/deliveries?q=cia"), 200), "Cia Ek", "1–1 of 1")
	hasNot(t, b.get("/deliveries?q=cia"), "Anna Berg")
	has(t, b.want(b.get("/deliveries?state=waiting&campaign=1&step=first"), 200), "No mail fits")
	b.want(b.get("/deliveries?state=lost"), 422)
	b.header.Set("HX-Request", "true")
	b.header.Set("HX-Request-Type", "partial")
	b.header.Set("HX-Target", "div#counts")
	part := b.want(b.get("/deliveries"), 200)
	has(t, part, `id="counts"`, "Adds up")
	hasNot(t, part, "<html", "anna@")
	b.header = http.Header{}

	row := b.want(b.get("/deliveries/1"), 200)
	has(t, row, "Anna Berg: unknown", "Hi Anna Berg", "/deliveries/1/mail?look=light", "Count as sent")
	has(t, b.want(b.get("/deliveries/1/mail"), 200), "Dear Anna Berg")
	b.want(b.get("/deliveries/99"), 404)
	csv := b.want(b.get("/deliveries.csv?state=unknown"), 200)
	if lines := strings.Count(csv.body, "\n"); lines != 3 {
		t.Errorf("%d lines:\n%s", lines, csv.body)
	}
	if err := s.db.Unsubscribe(t.Context(), 2, "one-click", s.now()); err != nil {
		t.Fatal(err)
	}
	has(t, b.want(b.get("/deliveries"), 200), "Unsubscribed")
	has(t, b.want(b.get("/deliveries/2"), 200), "by one click in the mail program")
}

func TestUnknownMailsAreResolved(t *testing.T) {
	s, _, b := unknownMails(t)
	b.want(b.post("/deliveries/1/resolve", url.Values{"as": {"maybe"}}), 422)
	b.want(b.post("/deliveries/1/resolve", url.Values{"as": {"sent"}}), 303)
	b.want(b.post("/deliveries/1/resolve", url.Values{"as": {"sent"}}), 409)
	b.want(b.post("/deliveries/resolve", url.Values{"as": {"drop"}, "campaign": {"1"}}), 303)
	page, err := s.db.Ledger(t.Context(), actnow.Everything, campaigns.LedgerQuery{Campaign: 1})
	if err != nil || page.Counts[actnow.LedgerSent] != 1 || page.Counts[actnow.LedgerCancelled] != 1 {
		t.Errorf("%v, %v", page.Counts, err)
	}
}

func TestStopAllSending(t *testing.T) {
	s, _, b := unknownMails(t)
	b.want(b.post("/deliveries/stop", nil), 303)
	k, err := s.db.Campaign(t.Context(), actnow.Everything, 1)
	if err != nil || k.State != actnow.CampaignPaused {
		t.Errorf("campaign is %s, %v", k.State, err)
	}
	hasNot(t, b.want(b.get("/deliveries"), 200), "Stop all sending")
}

const caughtMail = "From: Nordvik <hello@nordvik.example>\r\nTo: anna@one.example\r\nSubject: =?utf-8?q?H=C3=A4lsning?=\r\n" +
	"List-Unsubscribe: <https://demo.actnow.example/u/abc>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=r\r\n\r\n" +
	"--r\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n" +
	"--a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHej =C3=85sa\r\nhttps://demo.actnow.example/v/abc\r\n" +
	"--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hej <a href=\"https://demo.actnow.example/u/abc\">avsluta</a><img src=\"cid:pic\"></p><script>alert(1)</script>\r\n--a--\r\n" +
	"--r\r\nContent-Type: image/png\r\nContent-ID: <pic>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--r--\r\n"

func TestMailbox(t *testing.T) {
	s, _ := openCampaigns(t)
	b := s.as(t, actnow.RoleMarketer)
	has(t, b.want(b.get("/mailbox"), 200), "No mail yet")
	if err := s.db.KeepMail(t.Context(), campaigns.CaughtMail{From: "x@nordvik.example", To: "anna@one.example", Subject: "Hälsning", At: s.now(), Raw: []byte(caughtMail)}); err != nil {
		t.Fatal(err)
	}
	has(t, b.want(b.get("/mailbox?q=anna"), 200), "Hälsning", "/mailbox/1")
	has(t, b.want(b.get("/mailbox?q=nobody"), 200), "No mail fits")
	page := b.want(b.get("/mailbox/1"), 200)
	has(t, page, "Hej Åsa", "http://127.0.0.1:8421/v/abc", `href="http://127.0.0.1:8421/u/abc"`, "multipart/related", "iVBORw==", `src="/mailbox/1/mail?look=light"`)
	frame := b.want(b.get("/mailbox/1/mail"), 200)
	has(t, frame, `href="http://127.0.0.1:8421/u/abc"`, "data:image/png;base64,iVBORw==", `<base target="_blank">`)
	if csp := frame.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "sandbox allow-popups") || strings.Contains(csp, "script") {
		t.Errorf("policy %q", csp)
	}
	real, _ := openCampaigns(t, func(c *web.Config) { c.Demo = false })
	r := real.as(t, actnow.RoleAdministrator)
	r.want(r.get("/mailbox"), 404)
	r.want(r.get("/mailbox/1"), 404)
}

func FuzzCaughtMail(f *testing.F) {
	f.Add([]byte(caughtMail))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if html := web.ReadCaught(raw); len(html) > 64*len(raw)+1024 {
			t.Errorf("%d bytes became %d", len(raw), len(html))
		}
	})
}

// checkAnswer holds an answer of the API to openapi.yaml.
func checkAnswer(t *testing.T, req *http.Request, rec *httptest.ResponseRecorder) {
	t.Helper()
	doc := description(t)
	path := regexp.MustCompile(`/\d+`).ReplaceAllString(req.URL.Path, "/{id}")
	item := doc.Paths.Value(path)
	if item == nil {
		t.Fatalf("%s is not described", path)
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req,
			Route: &routers.Route{Spec: doc, Path: path, PathItem: item, Method: req.Method, Operation: item.GetOperation(req.Method)}},
		Status: rec.Code, Header: rec.Header(), Body: io.NopCloser(bytes.NewReader(rec.Body.Bytes())),
	}
	if err := openapi3filter.ValidateResponse(context.WithoutCancel(t.Context()), input); err != nil {
		t.Errorf("%s %s: %v\n%s", req.Method, req.URL.Path, err, rec.Body)
	}
}

func TestCampaignAPI(t *testing.T) {
	s, _ := openCampaigns(t)
	s.as(t, actnow.RoleMarketer)
	s.as(t, actnow.RoleReportViewer)
	secrets := map[actnow.Role]string{}
	for id, role := range []actnow.Role{actnow.RoleMarketer, actnow.RoleReportViewer} {
		secret, hash := web.NewSecret("an_")
		if _, err := s.db.CreateToken(t.Context(), actnow.System, hash, actnow.Token{User: actnow.UserID(id + 1), Name: "test", Role: role}); err != nil {
			t.Fatal(err)
		}
		secrets[role] = secret
	}
	ask := func(role actnow.Role, method, path, body string, want int) string {
		t.Helper()
		req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+secrets[role])
		rec := httptest.NewRecorder()
		s.web.Handler().ServeHTTP(rec, req)
		if rec.Code != want {
			t.Errorf("%s %s as %s answers %d, want %d\n%s", method, path, role, rec.Code, want, rec.Body)
		}
		checkAnswer(t, req, rec)
		return rec.Body.String()
	}
	plan := `{"name":"Autumn","pack_id":1,"cohort_id":1,"area":"azure","policy":"hold"}`
	ask(actnow.RoleReportViewer, "POST", "/api/v1/campaigns", plan, 403)
	ask(actnow.RoleMarketer, "POST", "/api/v1/campaigns", `{"name":"Autumn","nonsense":1}`, 422)
	ask(actnow.RoleMarketer, "POST", "/api/v1/campaigns", `{"name":"","pack_id":1,"cohort_id":1}`, 422)
	ask(actnow.RoleMarketer, "POST", "/api/v1/campaigns", `{"name":"x","pack_id":1,"cohort_id":1,"line":"no line"}`, 422)
	ask(actnow.RoleMarketer, "POST", "/api/v1/campaigns", `{"name":"x","pack_id":9,"cohort_id":1}`, 404)
	ask(actnow.RoleMarketer, "POST", "/api/v1/campaigns", plan, 201)
	ask(actnow.RoleReportViewer, "PUT", "/api/v1/campaigns/1", plan, 403)
	ask(actnow.RoleMarketer, "PUT", "/api/v1/campaigns/9", plan, 404)
	ask(actnow.RoleMarketer, "PUT", "/api/v1/campaigns/1", `{"name":"","pack_id":1,"cohort_id":1}`, 422)
	if got := ask(actnow.RoleMarketer, "PUT", "/api/v1/campaigns/1", `{"name":"Winter","pack_id":1,"cohort_id":1,"policy":"resend"}`, 200); !strings.Contains(got, `"name":"Winter"`) || !strings.Contains(got, `"area":""`) {
		t.Errorf("changed to %s", got)
	}
	ask(actnow.RoleReportViewer, "GET", "/api/v1/campaigns", "", 200)
	ask(actnow.RoleReportViewer, "POST", "/api/v1/campaigns/1/launch", "", 403)
	if got := ask(actnow.RoleMarketer, "POST", "/api/v1/campaigns/1/launch", "", 200); !strings.Contains(got, `"audience":2`) || !strings.Contains(got, `"do_not_email":1`) {
		t.Errorf("launched %s", got)
	}
	ask(actnow.RoleMarketer, "POST", "/api/v1/campaigns/1/launch", "", 409)
	ask(actnow.RoleMarketer, "PUT", "/api/v1/campaigns/1", plan, 409)
	ask(actnow.RoleMarketer, "POST", "/api/v1/campaigns/1/pause", "", 200)
	ask(actnow.RoleMarketer, "POST", "/api/v1/campaigns/1/pause", "", 409)
	ask(actnow.RoleMarketer, "POST", "/api/v1/campaigns/1/resume", "", 200)
	if got := ask(actnow.RoleMarketer, "GET", "/api/v1/campaigns/1/ledger?state=waiting", "", 200); !strings.Contains(got, "anna@one.example") || !strings.Contains(got, `"total":2`) {
		t.Errorf("ledger %s", got)
	}
	if got := ask(actnow.RoleReportViewer, "GET", "/api/v1/campaigns/1/ledger", "", 200); strings.Contains(got, "anna@") {
		t.Errorf("ledger for a viewer %s", got)
	}
	ask(actnow.RoleMarketer, "GET", "/api/v1/campaigns/1/ledger?state=lost", "", 422)
	ask(actnow.RoleMarketer, "POST", "/api/v1/campaigns/1/cancel", "", 200)
	ask(actnow.RoleMarketer, "GET", "/api/v1/campaigns/1", "", 200)
	ask(actnow.RoleMarketer, "GET", "/api/v1/campaigns/2", "", 404)
}
