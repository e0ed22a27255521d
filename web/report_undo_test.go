package web_test

import (
	"net/http"
	"strings"
	"testing"

	"actnow"
	"actnow/web"
)

func TestUndoOfAnImport(t *testing.T) {
	s, _ := openDesk(t)
	b := s.as(t, actnow.RoleSteward)
	for _, content := range []string{azureReport, azureReport + "1004,One More,more.example,9,9,Educate,No,x\n"} {
		a := b.want(b.upload("/reports", nil, [2]string{"azure.csv", content}), http.StatusSeeOther)
		b.want(b.post(a.Header.Get("Location")+"/import", nil), http.StatusSeeOther)
	}
	b.says(b.want(b.get("/reports/2"), http.StatusOK), `href="/reports/2/undo"`)
	b.says(b.want(b.get("/reports/2/undo"), http.StatusOK), "Take the Azure report of November 2026 back?", "Revision 1 of November 2026 becomes the current one again")
	b.header.Set("Cookie", "lang=sv")
	b.says(b.want(b.get("/reports/2/undo"), http.StatusOK), "Ångra importen av rapporten Azure", "Version 1 av november 2026 blir den gällande igen")
	b.header.Del("Cookie")
	a := b.want(b.post("/reports/2/undo", nil), http.StatusSeeOther)
	b.says(b.want(b.get(a.Header.Get("Location")), http.StatusOK), "Taking an import back", "/reports#history")
	b.says(b.want(b.get("/reports/2"), http.StatusOK), "Taken back by", "Bring it back", `action="/reports/2/redo"`)
	b.says(b.want(b.get("/reports"), http.StatusOK), "taken back")
	b.want(b.post("/reports/2/undo", nil), http.StatusConflict)
	b.want(b.get("/reports/99/undo"), http.StatusNotFound)
	b.says(b.want(b.get("/reports/1/undo"), http.StatusOK), "there is no Azure report of November 2026 any more")
	b.want(b.post("/reports/2/redo", nil), http.StatusSeeOther)
	if page := b.want(b.get("/reports/2"), http.StatusOK); strings.Contains(page.body, "Taken back by") {
		t.Errorf("the import is back, and its page says it is not:\n%s", page.body)
	}
	viewer := s.as(t, actnow.RoleReportViewer)
	viewer.want(viewer.get("/reports/2/undo"), http.StatusForbidden)
	if page := viewer.want(viewer.get("/reports/2"), http.StatusOK); strings.Contains(page.body, "/undo") {
		t.Error("a viewer is offered to take an import back")
	}

	secret, hash := web.NewSecret("an_")
	if _, err := s.db.CreateToken(t.Context(), actnow.System, hash, actnow.Token{User: 1, Name: "test", Role: actnow.RoleSteward}); err != nil {
		t.Fatal(err)
	}
	api := s.browser(t)
	api.header.Set("Authorization", "Bearer "+secret)
	api.says(api.want(api.get("/api/v1/reports/2/undo"), http.StatusOK), `"becomes":1`, `"dry_run":true`)
	api.says(api.want(api.post("/api/v1/reports/2/undo", nil), http.StatusAccepted), `"job":`)
	api.says(api.want(api.get("/api/v1/reports"), http.StatusOK), `"undone_by":`)
	api.want(api.get("/api/v1/reports/2/undo"), http.StatusConflict)
	api.says(api.want(api.post("/api/v1/reports/2/redo", nil), http.StatusAccepted), `"job":`)
}
