package web_test

import (
	"net/http"
	"strings"
	"testing"

	"actnow"
	"actnow/storage/storagetest"
	"actnow/web"
)

const rowsReport = "CustomerID,AccountName,AzureFit,AzureIntent,AzureCluster\n" +
	"1,A,88,88,Act Now\n2,B,88,10,Act Now\n3,C,60,90,Evaluate\n"

func TestDisagreement(t *testing.T) {
	s, _ := openDesk(t)
	steward := s.as(t, actnow.RoleSteward)
	steward.says(steward.want(steward.get("/reports/disagreement"), http.StatusOK), "Azure: nothing to compare", "nothing speaks for or against a matrix")
	a := steward.want(steward.upload("/reports", nil, [2]string{"azure.csv", rowsReport}), http.StatusSeeOther)
	look := a.Header.Get("Location")
	if page := steward.says(steward.want(steward.get(look), http.StatusOK), "1 bear out the matrix Quadrants, 2 do not"); strings.Contains(page.body, "Switch to Rows") {
		t.Error("a steward is offered to switch the matrix")
	}
	steward.want(steward.post(look+"/import", nil), http.StatusSeeOther)
	storagetest.Exec(t, s.db, `INSERT INTO propensities (customer_id, area, month, source, fit_band, intent_band, cell, cluster, cluster_from, scored_at)
			SELECT id, 'azure', '2026-11', 'own', 'High', 'High', 'A1', 'Act Now', 'matrix', 0 FROM customers;
		UPDATE standings SET own_cluster = 'Act Now'`)
	steward.says(steward.want(steward.get("/reports/1"), http.StatusOK), "contradict the matrix", "See what the reports bear out")
	page := steward.says(steward.want(steward.get("/reports/disagreement?area=azure"), http.StatusOK), "Azure: the report and our own scores differ for 1 customer", "differs", "report=Evaluate")
	if strings.Contains(page.body, "Switch to Rows") {
		t.Error("a steward is offered to switch the matrix")
	}
	steward.says(steward.want(steward.get("/customers?area=azure&differ=1"), http.StatusOK), "1 customer of whom the report and our own scores differ")
	steward.says(steward.want(steward.get("/customers?area=azure&report=Act+Now&ours=Act+Now"), http.StatusOK), "2 customers: the report says Act Now, our own scores Act Now")
	steward.want(steward.get("/customers?differ=1"), http.StatusUnprocessableEntity)
	steward.want(steward.post("/reports/disagreement/rows", nil), http.StatusForbidden)

	admin := s.as(t, actnow.RoleAdministrator)
	admin.says(admin.want(admin.get(look), http.StatusOK), "Switch to Rows")
	admin.says(admin.want(admin.get("/reports/disagreement"), http.StatusOK), "Switch to Rows", `action="/reports/disagreement/rows"`)
	csv := admin.want(admin.get("/reports/disagreement.csv"), http.StatusOK)
	if !strings.Contains(csv.body, "azure,2026-11,Evaluate,Act Now,1") {
		t.Errorf("CSV:\n%s", csv.body)
	}
	admin.want(admin.post("/reports/disagreement/spirals", nil), http.StatusNotFound)
	admin.want(admin.post("/reports/disagreement/rows", nil), http.StatusSeeOther)
	if page := admin.want(admin.get("/reports/disagreement"), http.StatusOK); strings.Contains(page.body, "Switch to") {
		t.Error("the matrix that the reports bear out is in force, and another is offered")
	}
	admin.header.Set("Cookie", "lang=sv")
	admin.says(admin.want(admin.get("/reports/disagreement"), http.StatusOK), "för 1 kund skiljer sig rapporten", "Vilken matris rapporterna stöder")
	admin.header.Del("Cookie")

	secret, hash := web.NewSecret("an_")
	if _, err := s.db.CreateToken(t.Context(), actnow.System, hash, actnow.Token{User: 2, Name: "test", Role: actnow.RoleAdministrator}); err != nil {
		t.Fatal(err)
	}
	api := s.browser(t)
	api.header.Set("Authorization", "Bearer "+secret)
	api.says(api.want(api.get("/api/v1/reports/disagreement"), http.StatusOK), `{"report":"Evaluate","ours":"Act Now","customers":1}`, `{"name":"rows","version":1,"active":true,"contradict":0,"all":3}`)
}
