package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"actnow"
	"actnow/web"
)

// caller asks the API with a token and holds the answers to the description.
type caller struct {
	t     *testing.T
	s     *site
	token string
}

func (s *site) caller(t *testing.T, role actnow.Role) *caller {
	t.Helper()
	u, err := s.db.AddUser(t.Context(), actnow.System, actnow.User{Email: "api-" + string(role) + "@nordvik.example", Name: "API", Role: role, AllLocations: true, Language: "en"}, "")
	if err != nil {
		t.Fatal(err)
	}
	secret, hash := web.NewSecret("an_")
	if _, err := s.db.CreateToken(t.Context(), actnow.System, hash, actnow.Token{User: u.ID, Name: "test", Role: role}); err != nil {
		t.Fatal(err)
	}
	return &caller{t: t, s: s, token: secret}
}

// ask makes a request and returns its answer, also read into out as JSON unless
// that is nil; described is its path in the description.
func (c *caller) ask(method, described, path, body string, want int, out any) string {
	c.t.Helper()
	req := httptest.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+c.token)
	rec := httptest.NewRecorder()
	c.s.web.Handler().ServeHTTP(rec, req)
	if rec.Code != want {
		c.t.Fatalf("%s %s answers %d, want %d\n%s", method, path, rec.Code, want, rec.Body)
	}
	doc := description(c.t)
	item := doc.Paths.Value(described)
	if item == nil {
		c.t.Fatalf("%s is not described", described)
	}
	route := &routers.Route{Spec: doc, Path: described, PathItem: item, Method: method, Operation: item.GetOperation(method)}
	input := &openapi3filter.ResponseValidationInput{RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, Route: route},
		Status: rec.Code, Header: rec.Header(), Body: io.NopCloser(bytes.NewReader(rec.Body.Bytes()))}
	if err := openapi3filter.ValidateResponse(context.WithoutCancel(c.t.Context()), input); err != nil {
		c.t.Errorf("%s %s: %v\n%s", method, path, err, rec.Body)
	}
	if out != nil {
		if err := json.Unmarshal(rec.Body.Bytes(), out); err != nil {
			c.t.Fatal(err)
		}
	}
	return rec.Body.String()
}

func TestReportsByAPI(t *testing.T) {
	s, _ := openDesk(t)
	c := s.caller(t, actnow.RoleSteward)
	const list = "/api/v1/reports"
	var started struct{ Job int64 }
	c.ask(http.MethodPost, list, list, azureReport, http.StatusUnprocessableEntity, nil) // no name
	c.ask(http.MethodPost, list, list+"?file=a.csv&month=soon", azureReport, http.StatusUnprocessableEntity, nil)
	c.ask(http.MethodPost, list, list+"?file=azure.csv&month=2026-11&complete=true", azureReport, http.StatusAccepted, &started)
	var job struct {
		State  string
		Result struct {
			Name   string
			Report struct {
				Rows, New int
				Rejected  []struct{ Line int }
			}
		}
	}
	path := fmt.Sprintf("/api/v1/jobs/%d", started.Job)
	c.ask(http.MethodGet, "/api/v1/jobs/{id}", path, "", http.StatusOK, &job)
	if r := job.Result.Report; job.State != "done" || job.Result.Name != "azure.csv" || r.Rows != 2 || r.New != 2 || len(r.Rejected) != 1 || r.Rejected[0].Line != 4 {
		t.Errorf("job %+v", job)
	}
	c.ask(http.MethodPost, "/api/v1/jobs/{id}/import", path+"/import", "", http.StatusAccepted, &started)
	c.ask(http.MethodPost, "/api/v1/jobs/{id}/import", path+"/import", "", http.StatusNotFound, nil)
	var all struct {
		Items []struct {
			Report string
			Rows   int
		}
	}
	c.ask(http.MethodGet, list, list+"?report=azure&limit=5", "", http.StatusOK, &all)
	if len(all.Items) != 1 || all.Items[0].Report != "azure" || all.Items[0].Rows != 2 {
		t.Errorf("reports %+v", all)
	}
	c.ask(http.MethodGet, list, list+"?limit=x", "", http.StatusUnprocessableEntity, nil)
	c.ask(http.MethodGet, list, list+"?report=weather", "", http.StatusUnprocessableEntity, nil)
	c.ask(http.MethodPost, list, list+"?file=a.csv&complete=maybe", azureReport, http.StatusUnprocessableEntity, nil)
	c.ask(http.MethodPost, "/api/v1/crm/{kind}", "/api/v1/crm/account?file=a.csv", "id,name\nA-1,Contoso\n", http.StatusAccepted, &started)
	c.ask(http.MethodPost, "/api/v1/crm/{kind}", "/api/v1/crm/weather?file=a.csv", "id\n1\n", http.StatusNotFound, nil)
	viewer := s.caller(t, actnow.RoleReportViewer)
	viewer.ask(http.MethodPost, list, list+"?file=a.csv", azureReport, http.StatusForbidden, nil)
	viewer.ask(http.MethodGet, "/api/v1/jobs/{id}", path, "", http.StatusForbidden, nil)
}

func TestHooksByAPI(t *testing.T) {
	s, _ := openDesk(t)
	c := s.caller(t, actnow.RoleAdministrator)
	const path = "/api/v1/hooks"
	var made struct{ URL, Secret string }
	c.ask(http.MethodPost, path, path, `{"name":"crm"}`, http.StatusCreated, &made)
	if made.URL != "https://public.example/v1/hooks/crm" || !strings.HasPrefix(made.Secret, "whsec_") {
		t.Errorf("made %+v", made)
	}
	c.ask(http.MethodPost, path, path, `{"name":"crm"}`, http.StatusConflict, nil)
	c.ask(http.MethodPost, path, path, `{"name":"My CRM"}`, http.StatusUnprocessableEntity, nil)
	c.ask(http.MethodPost, path, path, `name`, http.StatusUnprocessableEntity, nil)
	c.ask(http.MethodPost, path, path, `{"name":"other","verifier":"none"}`, http.StatusUnprocessableEntity, nil) // not made as if it were standard
	var all struct {
		Items []struct{ Name, Secret string }
	}
	c.ask(http.MethodGet, path, path, "", http.StatusOK, &all)
	if len(all.Items) != 1 || all.Items[0].Name != "crm" || all.Items[0].Secret != "" {
		t.Errorf("hooks %+v", all)
	}
}
