package web_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"actnow"
	"actnow/matcher"
	"actnow/storage"
	"actnow/storage/storagetest"
	"actnow/web"
)

// Requests and answers of the API about cohorts and matches are as openapi.yaml
// says, in their order: later ones see what earlier ones did.
func TestAPIOfCohortsAndMatches(t *testing.T) {
	doc := description(t)
	s := open(t)
	storagetest.Exec(t, s.db, grouped+alikes)
	secrets := map[actnow.Role]string{}
	for i, role := range []actnow.Role{actnow.RoleMarketer, actnow.RoleSteward, actnow.RoleReportViewer} {
		s.as(t, role)
		secret, hash := web.NewSecret("an_")
		if _, err := s.db.CreateToken(t.Context(), actnow.System, hash, actnow.Token{User: actnow.UserID(i + 1), Name: "test", Role: role}); err != nil {
			t.Fatal(err)
		}
		secrets[role] = secret
	}
	refit := finishedRefit(t, s.db)
	later := strings.NewReplacer() // what an answer named, for the calls after it
	const m, w, v = actnow.RoleMarketer, actnow.RoleSteward, actnow.RoleReportViewer
	for _, tt := range []struct {
		role         actnow.Role
		method, path string // as the description writes it, "@1" for its parameter
		body         string
		want         int
		has          string
	}{
		{v, "GET", "/api/v1/cohorts", "", 200, `"name":"Hot"`},
		{v, "POST", "/api/v1/cohorts", `{"name": "x", "where": "fit > 1"}`, 403, ""},
		{m, "POST", "/api/v1/cohorts", `{"name": "Finns", "where": "country=\"Finland\""}`, 201, `"filter":"country = \"Finland\""`},
		{m, "POST", "/api/v1/cohorts", `{"name": "finns", "where": "fit > 1"}`, 422, `"code":"error.cohort_name_taken","field":"name"`},
		{m, "POST", "/api/v1/cohorts", `{"nam": "finns"}`, 422, `described: there is no member \"nam\".","code":"error.body","field":"nam"`},
		{m, "POST", "/api/v1/cohorts", `{"name": "a", "where": "fit > 1"} {}`, 422, `described: more than one value."`},
		{m, "POST", "/api/v1/cohorts", `[]`, 422, `described: it is a list."`},
		{m, "POST", "/api/v1/cohorts", `{"name": "a"`, 422, `described: it breaks off."`},
		{m, "POST", "/api/v1/cohorts", ``, 422, `described: it is empty."`},
		{m, "POST", "/api/v1/cohorts", `null`, 422, `described: it is null."`},
		{m, "POST", "/api/v1/cohorts", "{\"name\": \"\xff\"}", 422, `described: it is not UTF-8."`},
		{m, "POST", "/api/v1/cohorts", `{"name": 5}`, 422, `described: name is a number, not a text.","code":"error.body","field":"name"`},
		{m, "POST", "/api/v1/cohorts", `{"name": ["a"]}`, 422, `described: name is a list, not a text."`},
		{m, "POST", "/api/v1/cohorts", `{"name": "` + strings.Repeat("a", 70_000) + `"}`, 413, ""},
		{m, "GET", "/api/v1/cohorts/{id}@3", "", 200, `"counts":{"customers":1`},
		{m, "POST", "/api/v1/cohorts/{id}@3", `{"name": "Finnar"}`, 200, `"filter":"country = \"Finland\""`},
		{m, "POST", "/api/v1/cohorts/{id}@3", `{"where": null}`, 422, `described: name and where may be left out, not null."`},
		{m, "POST", "/api/v1/cohorts/{id}@3", `{"where": "country = \"Norway\""}`, 200, `"name":"Finnar"`},
		{m, "GET", "/api/v1/cohorts/{id}@2", "", 200, `"change":{"month":"2026-11","previous":"2026-10","joined":1,"left":1}`},
		{m, "GET", "/api/v1/cohorts/{id}@404", "", 404, ""},
		{v, "POST", "/api/v1/cohorts/count", `{"where": "country in (\"Norway\", \"Finland\")"}`, 200, `{"customers":3,"matched":1,"mailable":1,`},
		{v, "POST", "/api/v1/cohorts/count", `{"where": "fit > 1 and\ncontry = \"Norway\""}`, 422, `"line":2,"column":1,"suggestion":"country"`},
		{v, "POST", "/api/v1/cohorts/count", `{"where": "revenue_low > 1"}`, 422, `"code":"error.filter_revenue"`},
		{v, "GET", "/api/v1/matches", "", 200, `"total":3`},
		{v, "GET", "/api/v1/matches?band=none&limit=1", "", 200, `"candidates":[]`},
		{v, "GET", "/api/v1/matches?band=odd", "", 422, ""},
		{v, "POST", "/api/v1/matches/{account}/decision@1", `{"customer": 1, "verdict": "yes"}`, 403, ""},
		{w, "POST", "/api/v1/matches/{account}/decision@1", `{"customer": 1, "verdict": "yes", "note": "seen"}`, 200, `"band":"match","decided":true`},
		{w, "POST", "/api/v1/matches/{account}/decision@1", `{"customer": 1, "verdict": "undone"}`, 200, `"band":"review"`},
		{w, "POST", "/api/v1/matches/{account}/decision@1", `{"customer": 1, "verdict": "undone"}`, 409, ""},
		{w, "POST", "/api/v1/matches/{account}/decision@1", `{"customer": 1, "verdict": "maybe"}`, 422, `"field":"verdict"`},
		{v, "GET", "/api/v1/matches/patterns", "", 403, ""},
		{w, "GET", "/api/v1/matches/patterns", "", 200, `"pattern":"domain-missing.name-alike.city-equal","sentence":"No domain to compare; name alike; same city","accounts":2,"low":0.4,"high":0.7,"yes":0,"no":0,"examples":[{"account":2,`},
		{w, "GET", "/api/v1/matches?pattern=domain-missing.name-alike.city-equal", "", 200, `"total":2`},
		{w, "GET", "/api/v1/matches/patterns/{pattern}@domain-missing.name-alike.city-equal", "", 200, `"seen":"`},
		{w, "GET", "/api/v1/matches/patterns/{pattern}@none", "", 404, ""},
		{w, "POST", "/api/v1/matches/patterns/{pattern}/answer@domain-missing.name-alike.city-equal", `{"verdict": "yes", "seen": "other"}`, 409, ""},
		{w, "POST", "/api/v1/matches/patterns/{pattern}/answer@domain-missing.name-alike.city-equal", `{"verdict": "undone", "seen": ""}`, 422, `"field":"verdict"`},
		{w, "POST", "/api/v1/matches/patterns/{pattern}/answer@none", `{"verdict": "yes", "seen": ""}`, 404, ""},
		{w, "POST", "/api/v1/matches/bulk/{batch}/undo@404", "", 404, ""},
		{w, "POST", "/api/v1/matches/patterns/{pattern}/answer@domain-missing.name-alike.city-equal", `{"verdict": "yes", "seen": "SEEN", "note": "all"}`, 200, `"verdict":"yes","accounts":2`},
		{w, "POST", "/api/v1/matches/bulk/{batch}/undo@BATCH", "", 200, `"verdict":"undone","accounts":2`},
		{w, "POST", "/api/v1/matches/bulk/{batch}/undo@BATCH", "", 409, ""},
		{v, "GET", "/api/v1/matches/funnel", "", 200, `"customers":`},
		{v, "GET", "/api/v1/matches/calibration", "", 403, ""},
		{w, "GET", "/api/v1/matches/calibration", "", 200, `"shipped":true,"calibration":{"slope":0,`},
		{w, "POST", "/api/v1/matches/calibration", "", 202, `{"job":8}`},
		{w, "GET", "/api/v1/matches/calibration/{job}@404", "", 404, ""},
		{w, "POST", "/api/v1/matches/calibration/{job}/accept@404", "", 404, ""},
		{w, "GET", "/api/v1/matches/calibration/{job}@" + refit, "", 200, `"answers":61,"calibration":{"slope":0.9,"offset":-0.4},`},
		{v, "POST", "/api/v1/matches/calibration/{job}/accept@" + refit, "", 403, ""},
		{w, "POST", "/api/v1/matches/calibration/{job}/accept@" + refit, "", 202, `{"job":9}`},
		{v, "DELETE", "/api/v1/matches/calibration", "", 403, ""},
		{w, "DELETE", "/api/v1/matches/calibration", "", 202, `{"job":9}`},
		{v, "GET", "/api/v1/matches/one-to-one", "", 403, ""},
		{w, "GET", "/api/v1/matches/one-to-one", "", 200, `{"one_to_one":false}`},
		{v, "PUT", "/api/v1/matches/one-to-one", `{"one_to_one": true}`, 403, ""},
		{w, "PUT", "/api/v1/matches/one-to-one", `{}`, 422, `"field":"one_to_one"`},
		{w, "PUT", "/api/v1/matches/one-to-one", `{"one_to_one": true}`, 202, `{"job":10}`},
		{w, "POST", "/api/v1/matches/{account}/decision@404", `{"customer": 1, "verdict": "yes"}`, 404, ""},
	} {
		path, key, _ := strings.Cut(later.Replace(tt.path), "@")
		tt.body = later.Replace(tt.body)
		path, query, _ := strings.Cut(path, "?")
		to := strings.NewReplacer("{id}", key, "{account}", key, "{pattern}", key, "{batch}", key, "{job}", key).Replace(path) + "?" + query
		req := httptest.NewRequestWithContext(t.Context(), tt.method, to, strings.NewReader(tt.body))
		req.Header.Set("Authorization", "Bearer "+secrets[tt.role])
		req.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		s.web.Handler().ServeHTTP(rec, req)
		if rec.Code != tt.want || !strings.Contains(rec.Body.String(), tt.has) {
			t.Errorf("%s %s %.80s answers %d, want %d with %s\n%s", tt.method, to, tt.body, rec.Code, tt.want, tt.has, rec.Body)
			continue
		}
		if found := regexp.MustCompile(`"(seen|batch)":"?(\w+)`).FindStringSubmatch(rec.Body.String()); found != nil {
			later = strings.NewReplacer(strings.ToUpper(found[1]), found[2])
		}
		item := doc.Paths.Value(path)
		if item == nil || rec.Code == http.StatusRequestEntityTooLarge {
			continue // said for all paths at once
		}
		route := &routers.Route{Spec: doc, Path: path, PathItem: item, Method: tt.method, Operation: item.GetOperation(tt.method)}
		input := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, Route: route},
			Status:                 rec.Code, Header: rec.Header(), Body: io.NopCloser(bytes.NewReader(rec.Body.Bytes())),
		}
		if err := openapi3filter.ValidateResponse(t.Context(), input); err != nil {
			t.Errorf("%s %s: %v\n%s", tt.method, to, err, rec.Body)
		}
	}
}

// finishedRefit returns the key of a job that found a refit.
func finishedRefit(t *testing.T, db *storage.DB) string {
	t.Helper()
	id, err := db.StartJob(t.Context(), "refit", "", actnow.System)
	if err == nil {
		err = db.FinishJob(t.Context(), id, matcher.Refit{Answers: 61, Calibration: matcher.Calibration{Slope: 0.9, Offset: -0.4}, Shares: []matcher.Share{{From: 0.9, Answers: 61}}}, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(int64(id), 10)
}
