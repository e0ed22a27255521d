package insightstest_test

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"actnow/reports/insights/insightstest"
)

type caller struct {
	t     *testing.T
	s     *insightstest.Server
	token string
}

func newCaller(t *testing.T) *caller {
	c := &caller{t: t, s: insightstest.New(t, nil)}
	answer := c.grant(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {c.s.Consent()}})
	if _, text := answer["expires_in"].(string); !text || answer["refresh_token"] == nil {
		t.Fatalf("token answer %v, want expires_in as text and a new refresh token", answer)
	}
	c.token = answer["access_token"].(string)
	return c
}

func (c *caller) grant(form url.Values) map[string]any {
	c.t.Helper()
	form.Set("client_id", insightstest.ClientID)
	resp, err := http.PostForm(c.s.Login+"/"+insightstest.Tenant+"/oauth2/v2.0/token", form)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		c.t.Fatal(err)
	}
	answer["status"] = resp.StatusCode
	return answer
}

type answer struct {
	status  int
	Message string
	Value   []map[string]any
}

func (c *caller) do(method, path, body string) answer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.s.API+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode}
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		c.t.Fatal(err)
	}
	return a
}

// id makes something and returns its id.
func (c *caller) id(path, body, member string) string {
	c.t.Helper()
	a := c.do(http.MethodPost, path, body)
	if a.status != http.StatusOK || len(a.Value) != 1 {
		c.t.Fatalf("POST %s answers %d %s", path, a.status, a.Message)
	}
	return a.Value[0][member].(string)
}

// TestPasswordGrant: it is documented, and fails as with MFA; a refresh token
// is good for once.
func TestPasswordGrant(t *testing.T) {
	c := newCaller(t)
	a := c.grant(url.Values{"grant_type": {"password"}, "username": {"u"}, "password": {"p"}})
	if a["status"] != http.StatusBadRequest || !strings.Contains(a["error_description"].(string), "AADSTS50076:") {
		t.Errorf("the password grant answers %v", a)
	}
	once := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {c.s.Consent()}}
	if a := c.grant(once); a["status"] != http.StatusOK {
		t.Errorf("a refresh token answers %v", a)
	}
	if a := c.grant(once); a["error"] != "invalid_grant" {
		t.Errorf("a used refresh token answers %v", a)
	}
}

func TestBadRequests(t *testing.T) {
	c := newCaller(t)
	query := c.id("/ScheduledQueries", `{"Name":"q","Query":"select MPNID, Domain from CLASAzurePropensity timespan LIFETIME"}`, "queryId")
	soon, later := time.Now().UTC().Add(time.Hour).Format(time.RFC3339), time.Now().UTC().Add(5*time.Hour).Format(time.RFC3339)
	for _, tt := range []struct{ path, body, want string }{
		{"/ScheduledQueries", `{"Name":"q"}`, "missing or null"},
		{"/ScheduledQueries", `{"Name":"q","Query":"SELECT * FROM"}`, "cannot be read"},
		{"/ScheduledQueries", `{"Name":"q","Query":"SELECT a FROM Nothing"}`, "Invalid table name"},
		{"/ScheduledQueries", `{"Name":"q","Query":"SELECT * FROM CLASAzurePropensity"}`, "Wrong column name"},
		{"/ScheduledQueries", `{"Name":"q","Query":"SELECT MPNID FROM CLASSurfacePropensity TIMESPAN LIFETIME"}`, "was not found"},
		{"/ScheduledReport", `{"ReportName":"r"}`, "missing or null"},
		{"/ScheduledReport", `{"ReportName":"r","QueryId":"x","StartTime":"` + later + `"}`, "Invalid QueryId"},
		{"/ScheduledReport", `{"ReportName":"r","QueryId":"` + query + `","StartTime":"` + soon + `","RecurrenceInterval":24}`, "at least 4 hours"},
		{"/ScheduledReport", `{"ReportName":"r","QueryId":"` + query + `","StartTime":"` + later + `","RecurrenceInterval":3}`, "between 4 and 2160"},
		{"/ScheduledReport", `{"ReportName":"r","QueryId":"` + query + `","StartTime":"` + later + `","RecurrenceInterval":2161}`, "between 4 and 2160"},
		{"/ScheduledReport", `{"ReportName":"r","QueryId":"` + query + `","StartTime":"` + soon + `","ExecuteNow":true,"Format":"XLS"}`, "Requested value"},
	} {
		if a := c.do(http.MethodPost, tt.path, tt.body); a.status != http.StatusBadRequest || !strings.Contains(a.Message, tt.want) {
			t.Errorf("%s answers %d %q, want 400 with %q", tt.body, a.status, a.Message, tt.want)
		}
	}
	if a := c.do(http.MethodGet, "/ScheduledQueries", ""); len(a.Value) != 2 {
		t.Errorf("queries %v, want the one made and a system query", a.Value)
	}
	c.token = "another"
	if a := c.do(http.MethodGet, "/ScheduledDataset", ""); a.status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", a.status)
	}
}

// TestExecutions: 404 by default until it is Completed; then a link for one use,
// to a file of TSV if that was asked for.
func TestExecutions(t *testing.T) {
	c := newCaller(t)
	c.s.Set(func(f *insightstest.Faults) { f.Polls = 3 })
	query := c.id("/ScheduledQueries", `{"Name":"q","Query":"SELECT AccountName,Domain,PostalCode FROM CLASAzurePropensity"}`, "queryId")
	report := c.id("/ScheduledReport", `{"ReportName":"r","QueryId":"`+query+`","StartTime":"2026-11-25T12:00:00Z","ExecuteNow":true,"Format":"TSV"}`, "reportId")
	path := "/ScheduledReport/execution/" + report
	if a := c.do(http.MethodGet, path, ""); a.status != http.StatusNotFound {
		t.Errorf("before it is finished, by default: %d", a.status)
	}
	if a := c.do(http.MethodGet, path+"?executionStatus=Pending;Running", ""); a.status != http.StatusNotFound {
		t.Errorf("a bare semicolon is no part of a query: %d", a.status)
	}
	if a := c.do(http.MethodGet, path+"?executionStatus=Pending%3BRunning", ""); a.status != http.StatusOK || a.Value[0]["executionStatus"] != "Running" || a.Value[0]["reportExpiryTime"] != nil {
		t.Errorf("asked for: %d %v", a.status, a.Value)
	}
	a := c.do(http.MethodGet, path, "")
	if a.status != http.StatusOK || a.Value[0]["executionStatus"] != "Completed" {
		t.Fatalf("finished: %d %v", a.status, a.Value)
	}
	link := a.Value[0]["reportAccessSecureLink"].(string)
	resp, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || !strings.HasPrefix(string(body), "\ufeff") || !strings.Contains(string(body), "\r\n") {
		t.Fatalf("file %q, %v", body, err)
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(body), "\ufeff")))
	r.Comma = '\t'
	if rows, err := r.ReadAll(); err != nil || len(rows) != 13 || rows[1][1] != "" || rows[1][2] != "01234" || rows[1][0] != "Åkeri Öst 1, AB" {
		t.Errorf("rows %v, %v", rows, err)
	}
	if again, err := http.Get(link); err != nil || again.StatusCode != http.StatusForbidden {
		t.Errorf("the link once more: %v %v", again, err)
	} else {
		again.Body.Close()
	}
	if a := c.do(http.MethodDelete, "/ScheduledReport/"+report, ""); a.status != http.StatusOK || c.s.Reports() != 0 {
		t.Errorf("deleting answers %d", a.status)
	}
	if a := c.do(http.MethodDelete, "/ScheduledQueries/"+query, ""); a.status != http.StatusOK {
		t.Errorf("deleting the query answers %d", a.status)
	}
	if a := c.do(http.MethodDelete, "/ScheduledQueries/"+query, ""); a.status != http.StatusNotFound {
		t.Errorf("deleting it twice answers %d", a.status)
	}
}
