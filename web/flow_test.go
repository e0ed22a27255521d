package web_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"actnow"
	"actnow/reports"
	"actnow/web"
)

// importAs imports a report straight into the store of the site.
func (s *site) importAs(t *testing.T, content string, month actnow.Month, complete bool) reports.Result {
	t.Helper()
	im := &reports.Importer{Store: s.db, Now: s.now, Zone: time.UTC, Log: discard(), Dir: t.TempDir()}
	res, err := im.Import(t.Context(), "azure.csv", strings.NewReader(content), reports.Options{Month: month, Complete: complete, By: "Elin"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

var flowLink = regexp.MustCompile(`<td class="num"><a href="(/customers[^"]*)"[^>]*>([0-9]+)</a>`)

func TestMonthsSideBySide(t *testing.T) {
	s := open(t)
	b := s.as(t, actnow.RoleExecutiveViewer)
	b.says(b.want(b.get("/reports/months"), http.StatusOK), "There are no two months of Azure to compare")
	const header = "CustomerID,AccountName,AzureCluster\n"
	s.importAs(t, header+"1,A,Act Now\n2,B,Educate\n3,C,Nurture\n4,D,Evaluate\n", "2026-09", false)
	s.importAs(t, header+"1,A,Evaluate\n2,B,Act Now\n3,C,Nurture\n6,F,Evaluate\n", "2026-11", true)
	page := b.says(b.want(b.get("/reports/months?area=azure"), http.StatusOK), "Azure: from September 2026 to November 2026", "2 customers changed their cluster")
	links := flowLink.FindAllStringSubmatch(page.body, -1)
	if len(links) != 5 {
		t.Errorf("%d numbers lead to customers, want 5:\n%s", len(links), page.body)
	}
	for _, l := range links {
		path := html.UnescapeString(l[1])
		list := b.want(b.get(path), http.StatusOK)
		if n := strings.Count(list.body, `<th scope="row"`); fmt.Sprint(n) != l[2] {
			t.Errorf("%s lists %d customers, the number is %s", path, n, l[2])
		}
	}
	b.says(b.want(b.get("/customers?area=azure&month=2026-11&since=2026-09&flow=gone"), http.StatusOK), "1 customer gone between September 2026 and November 2026", `name="since" value="2026-09"`)
	csv := b.want(b.get("/reports/months.csv?area=azure"), http.StatusOK)
	if !strings.Contains(csv.body, "azure,2026-09,2026-11,down,Act Now,Evaluate,1") || strings.Count(csv.body, "\n") != 6 {
		t.Errorf("CSV:\n%s", csv.body)
	}
	b.header.Set("Cookie", "lang=sv")
	b.says(b.want(b.get("/reports/months?from=2026-09&to=2026-11"), http.StatusOK), "Azure: från september 2026 till november 2026", "Gick upp")
	b.header.Del("Cookie")
	b.says(b.want(b.get("/reports/months?from=2026-11&to=2026-09"), http.StatusUnprocessableEntity), "2026-11 is not before 2026-09")
	b.want(b.get("/reports/months?from=soon"), http.StatusUnprocessableEntity)
	b.want(b.get("/customers?flow=up&area=azure"), http.StatusUnprocessableEntity)
	b.want(b.get("/customers?since=2026-09&month=2026-11"), http.StatusUnprocessableEntity)

	secret, hash := web.NewSecret("an_")
	if _, err := s.db.CreateToken(t.Context(), actnow.System, hash, actnow.Token{User: 1, Name: "test", Role: actnow.RoleExecutiveViewer}); err != nil {
		t.Fatal(err)
	}
	api := s.browser(t)
	api.header.Set("Authorization", "Bearer "+secret)
	api.says(api.want(api.get("/api/v1/reports/months?area=azure"), http.StatusOK), `"from_month":"2026-09"`, `{"flow":"gone","from":"Evaluate","to":"","customers":1}`)
	api.says(api.want(api.get("/api/v1/reports/months?area=m365"), http.StatusOK), `"counts":[]`)
	api.says(api.want(api.get("/api/v1/customers?area=azure&month=2026-11&since=2026-09&flow=up"), http.StatusOK), `"total":1`)
}
