package web_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"actnow"
	"actnow/reports"
	"actnow/storage/storagetest"
)

// StartDownload writes the file of a list at once, into memory.
func (d *desk) StartDownload(ctx context.Context, by actnow.Actor, id actnow.DownloadID) (actnow.JobID, error) {
	list, err := d.db.Download(ctx, 0, id)
	if err != nil {
		return 0, err
	}
	f, err := d.db.StartDownloadFile(ctx, by, id, list.Scope, time.Hour)
	if err != nil {
		return 0, err
	}
	var b bytes.Buffer
	sheet, failed := d.db.OpenSheet(ctx, list.Scope, list.Query)
	if failed == nil {
		var n int
		n, failed = reports.WriteSheet(&b, reports.Format(f.Format), sheet)
		f.Rows, f.Bytes = int64(n), int64(b.Len())
	}
	d.mu.Lock()
	d.written[f.ID] = b.Bytes()
	d.mu.Unlock()
	if failed == nil {
		failed = d.db.FinishDownloadFile(ctx, by, f)
	}
	return f.Job, d.db.FinishJob(ctx, f.Job, f, failed)
}

func (d *desk) OpenDownload(f actnow.DownloadFile) (io.ReadSeekCloser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	content, ok := d.written[f.ID]
	if !ok {
		return nil, actnow.ErrNotFound
	}
	return readSeekCloser{bytes.NewReader(content)}, nil
}

type readSeekCloser struct{ *bytes.Reader }

func (readSeekCloser) Close() error { return nil }

// withReport is a desk whose store has the report azure.
func withReport(t *testing.T) (*site, *desk) {
	t.Helper()
	s, d := openDesk(t)
	b := s.as(t, actnow.RoleSteward)
	a := b.want(b.upload("/reports", [][2]string{{"month", "2026-11"}}, [2]string{"azure.csv", azureReport}), http.StatusSeeOther)
	b.want(b.post(a.Header.Get("Location")+"/import", nil), http.StatusSeeOther)
	return s, d
}

func TestReportIsPutTogether(t *testing.T) {
	s, d := withReport(t)
	b := s.as(t, actnow.RoleMarketer)
	b.says(b.want(b.get("/reports"), http.StatusOK), "/reports/downloads/new")
	b.says(b.want(b.get("/reports/downloads"), http.StatusOK), "No report has been put together yet")
	page := b.says(b.want(b.get("/reports/downloads/new"), http.StatusOK), `value="azure" selected`, "CustomerName", "Act Now: Azure cluster", "2 rows in all", "Contoso", "First rows")
	if !strings.Contains(page.body, `value="CustomerName" checked`) {
		t.Error("a new report begins without its columns")
	}

	look := url.Values{"source": {"azure"}, "was": {"azure"}, "column": {"CustomerName"}, "where": {"colour = red"}}
	b.says(b.want(b.post("/reports/downloads/look", look), http.StatusOK), "There is no field “colour”", "line 1, column 1")
	look.Set("where", `cluster = "Act Now"`)
	b.says(b.want(b.post("/reports/downloads/look", look), http.StatusOK), "1 row in all", "customers who meet it in any solution area", `value="area = azure and cluster = &#34;Act Now&#34;"`)
	look.Set("quick", `area = azure and cluster = "Act Now"`)
	if a := b.says(b.want(b.post("/reports/downloads/look", look), http.StatusOK), "1 row in all", "area = azure and cluster = &#34;Act Now&#34;</textarea>"); strings.Contains(a.body, "in any solution area") {
		t.Error("a filter of one area is said to be of any")
	}
	look.Set("quick", "org_size > 100000")
	b.says(b.want(b.post("/reports/downloads/look", look), http.StatusOK), "Nobody is chosen")
	look.Del("quick")
	look.Set("do", "none")
	b.says(b.want(b.post("/reports/downloads/look", look), http.StatusOK), "Choose at least one column")
	look.Set("do", "call")
	b.says(b.want(b.post("/reports/downloads/look", look), http.StatusOK), `value="Act Now: CRM owner" checked`)
	look.Set("source", "cohort:404")
	b.says(b.want(b.post("/reports/downloads/look", look), http.StatusOK), "no longer there")

	form := url.Values{"name": {""}, "source": {"azure"}, "was": {"azure"}, "column": {"CustomerName", "Act Now: Azure cluster"}, "where": {`cluster = "Act Now"`}, "format": {"csv"}, "repeat": {"own"}, "cron": {"often"}}
	b.says(b.want(b.post("/reports/downloads", form), http.StatusUnprocessableEntity), "needs a name")
	form.Set("name", "Åkes lista")
	b.says(b.want(b.post("/reports/downloads", form), http.StatusUnprocessableEntity), `id="cron-error"`, "CustomerName\" checked")
	form.Set("cron", "0 6 26 * *")
	made := b.want(b.post("/reports/downloads", form), http.StatusSeeOther).Header.Get("Location")
	b.says(b.want(b.get(made), http.StatusOK), "Åkes lista", "ready", made+"/files/1", "next")
	file := b.want(b.get(made+"/files/1"), http.StatusOK)
	if file.body != "\ufeffCustomerName,Act Now: Azure cluster\nContoso,Act Now\n" || !strings.Contains(file.Header.Get("Content-Disposition"), `filename="akes-lista-`) {
		t.Errorf("the file is %q, named %s", file.body, file.Header.Get("Content-Disposition"))
	}
	b.says(b.want(b.get("/reports/downloads"), http.StatusOK), "1 report of yours", "2 columns", "Åkes lista")
	b.says(b.want(b.get("/settings/schedules"), http.StatusOK), "Report “Åkes lista”: write its file")

	edit := b.says(b.want(b.get(made+"/edit"), http.StatusOK), "Change Åkes lista", `value="0 6 26 * *" selected`)
	if strings.Contains(edit.body, `value="AzureFit" checked`) {
		t.Error("the form of a kept report ticks columns that it has not")
	}
	form.Set("repeat", "")
	form.Set("format", "xlsx")
	b.want(b.post(made, form), http.StatusSeeOther)
	b.says(b.want(b.get(made), http.StatusOK), "only when asked", made+"/files/2", "XLSX")
	if again := b.want(b.get(made+"/files/2"), http.StatusOK); !strings.HasPrefix(again.body, "PK") {
		t.Error("the second file is no workbook")
	}
	b.want(b.post(made+"/make", nil), http.StatusSeeOther)
	b.want(b.get(made+"/files/3"), http.StatusOK)
	d.mu.Lock()
	delete(d.written, 3)
	d.mu.Unlock()
	b.want(b.get(made+"/files/3"), http.StatusNotFound)

	b.want(b.post(made+"/delete", nil), http.StatusSeeOther)
	b.want(b.get(made), http.StatusNotFound)
	b.want(b.post(made+"/restore", nil), http.StatusSeeOther)
	b.want(b.get(made), http.StatusOK)
}

// A file is for those who may see all that it shows.
func TestReportsOfOthers(t *testing.T) {
	s, _ := withReport(t)
	mine := s.as(t, actnow.RoleMarketer)
	form := url.Values{"name": {"All"}, "source": {"azure"}, "was": {"azure"}, "column": {"CustomerName"}, "format": {"csv"}}
	made := mine.want(mine.post("/reports/downloads", form), http.StatusSeeOther).Header.Get("Location")
	other := s.as(t, actnow.RoleApprover)
	other.want(other.get(made), http.StatusNotFound)
	other.want(other.post(made+"/delete", nil), http.StatusNotFound)
	viewer := s.as(t, actnow.RoleReportViewer)
	viewer.want(viewer.get("/reports/downloads"), http.StatusForbidden)
	admin := s.as(t, actnow.RoleAdministrator)
	admin.says(admin.want(admin.get("/reports/downloads"), http.StatusOK), "All")
	admin.want(admin.get(made+"/files/1"), http.StatusOK)
	storagetest.Exec(t, s.db, `UPDATE users SET all_locations = 0 WHERE role = 'administrator'`)
	narrow := admin.says(admin.want(admin.get(made), http.StatusOK), "shows more than you may see")
	if strings.Contains(narrow.body, "files/1") {
		t.Error("the page leads to a file that may not be seen")
	}
	admin.want(admin.get(made+"/files/1"), http.StatusForbidden)
}

func TestReportsPutTogetherByAPI(t *testing.T) {
	s, _ := withReport(t)
	m, w, v := s.caller(t, actnow.RoleMarketer), s.caller(t, actnow.RoleSteward), s.caller(t, actnow.RoleReportViewer)
	const list = "/api/v1/downloads"
	for _, step := range []struct {
		who             *caller
		method          string
		described, path string // after list
		body            string
		want            int
		has             string
	}{
		{m, "POST", "", "", `{"name":"A","format":"csv","query":{"source":"azure","columns":["CustomerName"],"where":"","sort":"revenue"},"cron":"0 6 26 * *"}`, 201, `"cron":"0 6 26 * *"`},
		{m, "GET", "", "", "", 200, `"state":"done"`},
		{m, "GET", "/columns", "/columns?source=azure", "", 200, `"header":"Act Now: CRM owner"`},
		{m, "GET", "/columns", "/columns?source=weather", "", 422, "weather"},
		{m, "GET", "/columns", "/columns?source=m365", "", 404, ""},
		{m, "POST", "/{id}/files", "/1/files", "", 202, `"job"`},
		{m, "GET", "/{id}", "/1", "", 200, `"rows":2`},
		{m, "GET", "/{id}/file", "/1/file", "", 200, "CustomerName\nContoso"},
		{m, "POST", "", "", `{"name":"A","format":"csv","query":{"source":"azure","columns":["Colour"]}}`, 422, "Colour"},
		{m, "POST", "", "", `{"name":"A","format":"csv","query":{"source":"azure","colour":1}}`, 422, "colour"},
		{w, "GET", "/{id}", "/1", "", 404, ""},
		{v, "GET", "", "", "", 403, ""},
		{m, "DELETE", "/{id}", "/1", "", 204, ""},
		{m, "GET", "/{id}/file", "/1/file", "", 404, ""},
	} {
		if got := step.who.ask(step.method, list+step.described, list+step.path, step.body, step.want, nil); !strings.Contains(got, step.has) {
			t.Errorf("%s %s answers %s, want %s", step.method, step.path, got, step.has)
		}
	}
}
