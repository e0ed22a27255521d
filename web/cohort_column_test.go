package web_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"actnow"
	"actnow/storage/storagetest"
	"actnow/web"
)

// sendJSON posts a body to the API.
func (b *browser) sendJSON(path, body string) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.site.URL+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header = b.header.Clone()
	req.Header.Set("Content-Type", "application/json")
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

func TestColumnBecomesACohortOfAPlay(t *testing.T) {
	s := open(t)
	s.importAs(t, "CustomerID,AccountName,AzureCluster,New \"Idea\"\n1,Alma,Act Now,Yes\n2,Bo,Act Now,No\n3,Cy,Act Now,\n", "2026-11", false)
	storagetest.Exec(t, s.db, `INSERT INTO packs (id, name, revision, sha256, play, languages, manifest, created_at) VALUES
		(1, 'Old', 1, 'x', 'Migrate', '["en"]', '{"Play":"Migrate"}', 0), (2, 'New', 1, 'y', 'migrate ', '["en"]', '{"Play":"migrate "}', 0), (3, 'Other', 1, 'z', 'Copilot', '["en"]', '{"Play":"Copilot"}', 0)`)
	b := s.as(t, actnow.RoleMarketer)
	b.says(b.want(b.get("/cohorts"), http.StatusOK), `href="/cohorts/columns/1"`)
	b.says(b.want(b.get("/cohorts/columns/1"), http.StatusOK), "A Yes/No column of the report Azure", "Alma", `<option value="Copilot">`, "asked once")
	b.says(b.want(b.post("/cohorts/columns/1", url.Values{"name": {strings.Repeat("x", 201)}, "play": {"Migrate"}}), http.StatusUnprocessableEntity), "at most 200 characters", `value="Migrate"`)
	b.want(b.post("/cohorts/columns/1", url.Values{"name": {"Warm leads"}, "play": {"Migrate"}}), http.StatusSeeOther)
	b.says(b.want(b.get("/cohorts"), http.StatusOK), "Warm leads", "Play: Migrate")
	b.says(b.want(b.get("/cohorts/1"), http.StatusOK), "/campaigns/new?cohort=1&amp;pack=2", `href="/cohorts/columns/1"`)
	b.header.Set("Cookie", "lang=sv")
	b.says(b.want(b.get("/cohorts/columns/1"), http.StatusOK), "Säljspår", "Några som svarar Yes")
	b.header.Del("Cookie")
	b.want(b.get("/cohorts/columns/9"), http.StatusNotFound)
	b.want(b.post("/cohorts/columns/9", url.Values{}), http.StatusNotFound)

	secret, hash := web.NewSecret("an_")
	if _, err := s.db.CreateToken(t.Context(), actnow.System, hash, actnow.Token{User: 1, Name: "test", Role: actnow.RoleMarketer}); err != nil {
		t.Fatal(err)
	}
	api := s.browser(t)
	api.header.Set("Authorization", "Bearer "+secret)
	api.says(api.want(api.get("/api/v1/cohort-columns?state=confirmed"), http.StatusOK), `"name":"Warm leads","play":"Migrate"`)
	send := func(body string, status int) answer {
		t.Helper()
		return api.want(api.sendJSON("/api/v1/cohort-columns/1", body), status)
	}
	api.says(send(`{"state":"confirmed","play":"Copilot"}`, http.StatusOK), `"name":"Warm leads","play":"Copilot"`)
	api.says(send(`{"state":"dismissed"}`, http.StatusOK), `"state":"dismissed"`)
	send(`{"state":"perhaps"}`, http.StatusUnprocessableEntity)
	api.want(api.get("/api/v1/cohort-columns?state=perhaps"), http.StatusUnprocessableEntity)
}
