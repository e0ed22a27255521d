package web_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"actnow"
	"actnow/storage/storagetest"
	"actnow/web"
)

func description(t *testing.T) *openapi3.T {
	t.Helper()
	data, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDescriptionNamesEveryRoute(t *testing.T) {
	doc := description(t)
	described := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			described[method+" "+path] = true
		}
	}
	for _, r := range open(t).web.Routes() {
		if !strings.HasPrefix(r.Path, "/api/v1/") {
			continue
		}
		parts := strings.Split(r.Path, "/")
		for i, p := range parts {
			if strings.HasPrefix(p, ":") {
				parts[i] = "{" + p[1:] + "}"
			}
		}
		key := r.Method + " " + strings.Join(parts, "/")
		if !described[key] {
			t.Errorf("openapi.yaml does not describe %s", key)
		}
		delete(described, key)
	}
	for key := range described {
		t.Errorf("openapi.yaml describes %s, which is not there", key)
	}
}

// pathKey is the key of a thing in a path.
var pathKey = regexp.MustCompile(`/[0-9]+\b`)

// Answers are as openapi.yaml says.
func TestAnswersFitTheDescription(t *testing.T) {
	doc := description(t)
	s := openPeople(t)
	storagetest.Exec(t, s.db, estimates)
	s.as(t, actnow.RoleAdministrator)
	viewer := s.as(t, actnow.RoleReportViewer)
	viewer.want(viewer.get("/api/docs"), http.StatusOK)
	secrets := map[string]string{}
	for id, role := range []actnow.Role{actnow.RoleAdministrator, actnow.RoleReportViewer} {
		secret, hash := web.NewSecret("an_")
		if _, err := s.db.CreateToken(t.Context(), actnow.System, hash, actnow.Token{User: actnow.UserID(id + 1), Name: "test", Role: role}); err != nil {
			t.Fatal(err)
		}
		secrets[string(role)] = secret
	}
	for _, tt := range []struct {
		role, path string
		want       int
	}{
		{"", "/api/v1/health", 200},
		{"administrator", "/api/v1/session", 200},
		{"", "/api/v1/session", 401},
		{"administrator", "/api/v1/activity?limit=2", 200},
		{"administrator", "/api/v1/activity?noun=campaign", 200},
		{"administrator", "/api/v1/activity?noun=nothing", 422},
		{"report_viewer", "/api/v1/activity", 403},
		{"administrator", "/api/v1/activity?from=x", 422},
		{"administrator", "/api/v1/customers", 200},
		{"administrator", "/api/v1/customers?area=azure&limit=1", 200},
		{"administrator", "/api/v1/customers?where=org_size", 422},
		{"administrator", "/api/v1/reports/months", 200},
		{"administrator", "/api/v1/reports/months?area=azure&to=2031-01", 422},
		{"administrator", "/api/v1/reports/disagreement?area=azure", 200},
		{"report_viewer", "/api/v1/reports/disagreement", 200},
		{"administrator", "/api/v1/reports/watched", 200},
		{"report_viewer", "/api/v1/reports/watched", 403},
		{"administrator", "/api/v1/cohort-columns", 200},
		{"administrator", "/api/v1/reports/99/undo", 404},
		{"report_viewer", "/api/v1/customers?area=azure", 200},
		{"", "/api/v1/customers", 401},
		{"administrator", "/api/v1/customers/1", 200},
		{"administrator", "/api/v1/customers/4", 200},
		{"report_viewer", "/api/v1/customers/1", 200},
		{"administrator", "/api/v1/customers/99", 404},
		{"administrator", "/api/v1/grid?area=azure", 200},
		{"report_viewer", "/api/v1/grid?area=surface", 200},
		{"administrator", "/api/v1/grid?month=x", 422},
	} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, nil)
		if tt.role != "" {
			req.Header.Set("Authorization", "Bearer "+secrets[tt.role])
		}
		rec := httptest.NewRecorder()
		s.web.Handler().ServeHTTP(rec, req)
		if rec.Code != tt.want {
			t.Errorf("GET %s as %q answers %d, want %d", tt.path, tt.role, rec.Code, tt.want)
			continue
		}
		path, _, _ := strings.Cut(tt.path, "?")
		path = pathKey.ReplaceAllString(path, "/{id}")
		item := doc.Paths.Value(path)
		if item == nil {
			t.Fatalf("%s is not described", path)
		}
		route := &routers.Route{Spec: doc, Path: path, PathItem: item, Method: req.Method, Operation: item.GetOperation(req.Method)}
		input := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, Route: route},
			Status:                 rec.Code, Header: rec.Header(), Body: io.NopCloser(bytes.NewReader(rec.Body.Bytes())),
		}
		if err := openapi3filter.ValidateResponse(context.WithoutCancel(t.Context()), input); err != nil {
			t.Errorf("GET %s as %q: %v\n%s", tt.path, tt.role, err, rec.Body)
		}
	}
}
