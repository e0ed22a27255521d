package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"actnow"
	"actnow/web"
)

func TestMappingInTheWizard(t *testing.T) {
	s, _ := openDesk(t)
	b := s.as(t, actnow.RoleSteward)
	a := b.want(b.upload("/reports", nil, [2]string{"azure.csv", "CustomerID,AccountName,Staff <all>,AzureCluster,Azure potential revenue\n7,Åkes,120,Act Now,777\n8,Bro,,Educate,\n"}), http.StatusSeeOther)
	look := a.Header.Get("Location")
	page := b.says(b.want(b.get(look), http.StatusOK), "Is a column wrong?", ">50%<", "7 · 8", `<option value="Staff &lt;all&gt;">`, `<option value="org_size">`)
	if strings.Contains(page.body, "777") {
		t.Error("the samples show money")
	}
	b.want(b.post(look+"/map", url.Values{"header": {"Staff <all>"}, "field": {"shoes"}}), http.StatusUnprocessableEntity)
	b.want(b.post(look+"/map", url.Values{"header": {"Not there"}, "field": {"org_size"}}), http.StatusUnprocessableEntity)
	a = b.want(b.post(look+"/map", url.Values{"header": {"Staff <all>"}, "field": {"org_size"}}), http.StatusSeeOther)
	again := a.Header.Get("Location")
	if again == look {
		t.Fatal("the file was not looked at again")
	}
	b.says(b.want(b.get(again), http.StatusOK), "5 of 5 known")
	b.want(b.post(look+"/map", url.Values{"header": {"Staff <all>"}, "field": {"org_size"}}), http.StatusNotFound) // it waits no more
	b.want(b.post(again+"/import", nil), http.StatusSeeOther)
	b.says(b.want(b.get("/reports/mappings"), http.StatusOK), "1 column was mapped by a person", "Staff &lt;all&gt;", "OrgSize")
	// A later file follows.
	a = b.want(b.upload("/reports", [][2]string{{"month", "2026-09"}}, [2]string{"azure.csv", "CustomerID,staff_<ALL>,AzureCluster\n7,130,Act Now\n"}), http.StatusSeeOther)
	later := a.Header.Get("Location")
	b.says(b.want(b.get(later), http.StatusOK), "3 of 3 known")
	a = b.want(b.post(later+"/map", url.Values{"header": {"staff_<ALL>"}, "field": {"recognise"}}), http.StatusSeeOther)
	b.says(b.want(b.get(a.Header.Get("Location")), http.StatusOK), "2 of 3 known")
	b.header.Set("Cookie", "lang=sv")
	b.says(b.want(b.get(a.Header.Get("Location")), http.StatusOK), "Är en kolumn fel?", "Ifylld")
	b.says(b.want(b.get("/reports/mappings"), http.StatusOK), "0 kolumner har tolkats", `href="/reports#upload"`)
	b.header.Del("Cookie")
	b.want(b.post("/reports/mappings", url.Values{"header": {"never"}}), http.StatusNotFound)

	secret, hash := web.NewSecret("an_")
	if _, err := s.db.CreateToken(t.Context(), actnow.System, hash, actnow.Token{User: 1, Name: "test", Role: actnow.RoleSteward}); err != nil {
		t.Fatal(err)
	}
	api := s.browser(t)
	api.header.Set("Authorization", "Bearer "+secret)
	api.says(api.want(api.sendJSON("/api/v1/column-mappings", `{"header":"Staff #","field":"org_size"}`), http.StatusOK), `"key":"staff","header":"Staff #","field":"org_size"`)
	api.want(api.sendJSON("/api/v1/column-mappings", `{"header":"Staff","field":"shoes"}`), http.StatusUnprocessableEntity)
	api.says(api.want(api.get("/api/v1/column-mappings"), http.StatusOK), `"by":"Elin`)
	api.want(api.do(http.MethodDelete, "/api/v1/column-mappings/Staff", nil), http.StatusNoContent)
	api.want(api.do(http.MethodDelete, "/api/v1/column-mappings/Staff", nil), http.StatusNotFound)
}
