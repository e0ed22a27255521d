package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"actnow"
	"actnow/cohorts"
	"actnow/crm"
	"actnow/reports"
	"actnow/schedule"
	"actnow/storage"
	"actnow/web"
)

// desk is the actions behind the pages of reports and settings: it looks at
// files and imports them at once, over the real store.
type desk struct {
	stranger
	db    *storage.DB
	woken int // how often the inbox was woken

	mu      sync.Mutex
	files   map[actnow.JobID]deskFile
	written map[actnow.DownloadFileID][]byte
	watched reports.WatchStatus
	ran     []string // schedules, with who asked
}

type deskFile struct {
	content []byte
	upload  web.Upload
}

func (d *desk) HookURL(name string) string { return "https://public.example/v1/hooks/" + name }
func (d *desk) WakeInbox()                 { d.woken++ }
func (d *desk) RunSchedule(_ context.Context, by actnow.Actor, key string) error {
	d.ran = append(d.ran, by.Name+" "+key)
	return nil
}

func (d *desk) PublicURL() string      { return "https://public.example" }
func (d *desk) PublicLoopback() string { return "http://127.0.0.1:8421" }

func (d *desk) StartReport(ctx context.Context, by actnow.Actor, name string, r io.Reader, month actnow.Month, complete bool) (actnow.JobID, error) {
	return d.start(ctx, by, web.JobLookReport, r, web.Upload{Name: name, Month: month, Complete: complete})
}

func (d *desk) StartCRM(ctx context.Context, by actnow.Actor, kind crm.Kind, name string, r io.Reader) (actnow.JobID, error) {
	return d.start(ctx, by, web.JobLookCRM, r, web.Upload{Name: name, Kind: kind})
}

func (d *desk) start(ctx context.Context, by actnow.Actor, kind string, r io.Reader, u web.Upload) (actnow.JobID, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return 0, err
	}
	id, failed, err := d.run(ctx, by, kind, content, u, true)
	if err != nil {
		return 0, err
	}
	if failed == nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.files[id] = deskFile{content, u}
	}
	return id, nil
}

func (d *desk) run(ctx context.Context, by actnow.Actor, kind string, content []byte, u web.Upload, dry bool) (id actnow.JobID, failed, err error) {
	if id, err = d.db.StartJob(ctx, kind, u.Name, by); err != nil {
		return 0, nil, err
	}
	now := func() time.Time { return time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC) }
	if u.Kind != "" {
		im := &crm.Importer{Store: d.db, Now: now, Log: discard()}
		var res crm.Result
		res, failed = im.Import(ctx, crm.FileConnection, u.Kind, u.Name, bytes.NewReader(content), dry, nil)
		u.CRM = web.NewCRMResult(res)
	} else {
		mapping := reports.Mapping{}
		said, err := d.db.ColumnMappings(ctx)
		if err != nil {
			return 0, nil, err
		}
		for _, m := range said {
			mapping[m.Key] = m.Field
		}
		im := &reports.Importer{Store: d.db, Now: now, Zone: time.UTC, Log: discard(), Mapping: mapping}
		var res reports.Result
		res, failed = im.Import(ctx, u.Name, bytes.NewReader(content), reports.Options{Month: u.Month, Complete: u.Complete, DryRun: dry, By: by.Name}, nil)
		u.Report = web.NewReportResult(res, []reports.NamedReading{reports.Quadrants, reports.Rows})
	}
	u.Problem = web.NewUploadProblem(failed)
	return id, failed, d.db.FinishJob(ctx, id, u, failed)
}

func (d *desk) ImportUpload(ctx context.Context, by actnow.Actor, looked actnow.JobID) (actnow.JobID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.files[looked]
	if !ok {
		return 0, actnow.ErrNotFound
	}
	delete(d.files, looked)
	id, _, err := d.run(ctx, by, web.JobImport, f.content, f.upload, false)
	return id, err
}

func (d *desk) LookAgain(ctx context.Context, by actnow.Actor, looked actnow.JobID) (actnow.JobID, error) {
	d.mu.Lock()
	f, ok := d.files[looked]
	delete(d.files, looked)
	d.mu.Unlock()
	if !ok {
		return 0, actnow.ErrNotFound
	}
	return d.start(ctx, by, web.JobLookReport, bytes.NewReader(f.content), f.upload)
}

func (d *desk) DropUpload(_ context.Context, looked actnow.JobID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, looked)
	return nil
}

func (d *desk) Watched() reports.WatchStatus { return d.watched }

func (d *desk) UndoImport(ctx context.Context, by actnow.Actor, id actnow.SnapshotID) (actnow.JobID, error) {
	if _, err := d.db.PreviewUndo(ctx, id); err != nil {
		return 0, err
	}
	job, err := d.db.StartJob(ctx, "undo", "", by)
	if err != nil {
		return 0, err
	}
	u, failed := d.db.UndoSnapshot(ctx, by, id, nil)
	return job, d.db.FinishJob(ctx, job, u, failed)
}

func (d *desk) RedoImport(ctx context.Context, by actnow.Actor, id actnow.SnapshotID) (actnow.JobID, error) {
	job, err := d.db.StartJob(ctx, "redo", "", by)
	if err != nil {
		return 0, err
	}
	res, failed := d.db.RedoSnapshot(ctx, by, id, nil)
	return job, d.db.FinishJob(ctx, job, res, failed)
}

func (d *desk) UploadWaits(looked actnow.JobID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.files[looked]
	return ok
}

func openDesk(t *testing.T) (*site, *desk) {
	t.Helper()
	d := &desk{files: map[actnow.JobID]deskFile{}, written: map[actnow.DownloadFileID][]byte{}}
	s := open(t, func(c *web.Config) {
		c.Actions, c.Messages = d, web.MergeMessages(reports.Messages, crm.Messages, schedule.Messages, cohorts.Messages)
	})
	d.db = s.db
	return s, d
}

// upload posts files with the fields before them.
func (b *browser) upload(path string, fields [][2]string, files ...[2]string) answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range fields {
		if err := form.WriteField(f[0], f[1]); err != nil {
			b.t.Fatal(err)
		}
	}
	for _, f := range files {
		w, err := form.CreateFormFile("file", f[0])
		if err != nil {
			b.t.Fatal(err)
		}
		if _, err := io.WriteString(w, f[1]); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.site.URL+path, &body)
	if err != nil {
		b.t.Fatal(err)
	}
	for k, v := range b.header {
		req.Header[k] = v
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
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

// says fails unless the page says each of the texts.
func (b *browser) says(a answer, texts ...string) answer {
	b.t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			b.t.Errorf("%s does not say %q\n%s", a.Request.URL, text, a.body)
		}
	}
	return a
}

const azureHead = "CustomerID,CustomerName,DomainName,AzureFit,AzureIntent,AzureCluster,Azure_Test_FY27,Notes\n"

const azureReport = azureHead +
	"1001,Contoso,contoso.example,88,79,Act Now,Yes,=1+1\n" +
	"1002,Fabrikam,fabrikam.example,60,20,Evaluate,No,x\n" +
	"1003,Bad,bad.example,150,20,Evaluate,No,x\n"

func TestReports(t *testing.T) {
	s, _ := openDesk(t)
	b := s.as(t, actnow.RoleMarketer)
	b.says(b.want(b.get("/reports"), http.StatusOK), "No report has been read yet", "Upload reports")

	a := b.want(b.upload("/reports", [][2]string{{"month", "2026-11"}}, [2]string{"azure.csv", azureReport}), http.StatusSeeOther)
	look := a.Header.Get("Location")
	b.says(b.want(b.get("/reports"), http.StatusOK), "Files that wait for you", look)
	b.says(b.want(b.get(look), http.StatusOK), "Azure report, November 2026", "Import 2 rows", "Azure_Test_FY27", "looks like a cohort",
		"AzureFit is “150”", "1 rejected row", "utf-8 with commas", "adds up")
	bad := b.want(b.upload("/reports", [][2]string{{"month", "2026-11"}}, [2]string{"bad.csv", azureHead + "1003,Bad,bad.example,150,20,Evaluate,No,x\n"}), http.StatusSeeOther).Header.Get("Location")
	b.says(b.want(b.get(bad), http.StatusOK), "1 rejected row", "there is nothing to import")
	b.header.Set("Cookie", "lang=sv")
	b.says(b.want(b.get(bad), http.StatusOK), "det finns inget att importera")
	b.says(b.want(b.get(look), http.StatusOK), "Rapporten Azure, november 2026", "Importera 2 rader", "är ”150”")
	csv := b.want(b.get(look+"/rejected.csv"), http.StatusOK)
	if !strings.HasPrefix(csv.body, "line,column,reason\n4,AzureFit,") || !strings.Contains(csv.body, "150") {
		t.Errorf("rejected lines as CSV:\n%s", csv.body)
	}
	b.header.Del("Cookie")
	if list, err := s.db.Snapshots(t.Context(), actnow.Everything, "", 10); err != nil || len(list) > 0 {
		t.Fatalf("looking stored %v, %v", list, err)
	}

	a = b.want(b.post(look+"/import", nil), http.StatusSeeOther)
	b.says(b.want(b.get(a.Header.Get("Location")), http.StatusOK), "It is imported", "/reports/1", "See the customers")
	b.says(b.want(b.get(look), http.StatusOK), "This was decided")
	b.want(b.post(look+"/import", nil), http.StatusNotFound)
	b.says(b.want(b.get("/reports"), http.StatusOK), "1 of 6 reports are here for November 2026", "never came", `href="#upload"`, "/reports/1")
	b.says(b.want(b.get("/reports/1"), http.StatusOK), "azure.csv, imported by Elin Sjöberg", "1 revision of this month", "/reports/1/rejected.csv", "is “150”")
	b.says(b.want(b.get("/reports/1/rejected.csv"), http.StatusOK), "line,column,reason\n4,AzureFit,")
	b.want(b.get("/reports/2"), http.StatusNotFound)

	file := b.want(b.get("/reports/write?report=azure&format=csv"), http.StatusOK)
	b.says(file, "CustomerID,CustomerName", "1001,Contoso", ",'=1+1")
	some := b.want(b.get("/reports/write?report=azure&format=csv&columns=CustomerName&where=cluster+%3D+%22Act+Now%22"), http.StatusOK)
	if !strings.HasSuffix(some.body, "CustomerName\nContoso\n") {
		t.Errorf("a part of the report:\n%q", some.body)
	}
	b.want(b.get("/reports/write?report=azure&format=xlsx"), http.StatusOK)
	b.says(b.want(b.get("/reports/write?report=azure&format=csv&where=colour+%3D+red"), http.StatusUnprocessableEntity), "colour")
	b.header.Set("Cookie", "lang=sv")
	b.says(b.want(b.get("/reports/write?report=azure&format=pdf"), http.StatusUnprocessableEntity), "”azure.pdf” är varken .csv eller .xlsx.")
	b.header.Del("Cookie")
	b.want(b.get("/reports/write?report=other&format=csv"), http.StatusNotFound)
}

func TestRevisions(t *testing.T) {
	s, _ := openDesk(t)
	b := s.as(t, actnow.RoleMarketer)
	for i, content := range []string{azureReport, strings.Replace(azureReport, "Contoso", "Contoso AB", 1)} {
		a := b.want(b.upload("/reports", [][2]string{{"month", "2026-10"}, {"complete", "1"}}, [2]string{fmt.Sprintf("azure%d.csv", i), content}), http.StatusSeeOther)
		b.want(b.post(a.Header.Get("Location")+"/import", nil), http.StatusSeeOther)
	}
	b.says(b.want(b.get("/reports/1"), http.StatusOK), "revision 2 came later", "2 revisions of this month", "replaced", "nobody is counted as gone")
	b.says(b.want(b.get("/reports?kind=azure"), http.StatusOK), "November 2026 is due", "Azure alone", "azure0.csv", "azure1.csv")
	s.later(100 * 24 * time.Hour)
	b = s.as(t, actnow.RoleSteward)
	b.says(b.want(b.get("/reports"), http.StatusOK), "missing since November 2026")
}

func TestUploadRefusals(t *testing.T) {
	s, _ := openDesk(t)
	b := s.as(t, actnow.RoleSteward)
	b.says(b.want(b.upload("/reports", nil), http.StatusUnprocessableEntity), "Choose a file first")
	b.says(b.want(b.upload("/reports", [][2]string{{"month", "soon"}}, [2]string{"a.csv", azureReport}), http.StatusUnprocessableEntity), "soon")
	b.want(b.post("/reports", nil), http.StatusUnprocessableEntity) // no multipart form
	a := b.want(b.upload("/reports", nil, [2]string{"notes.txt", "buy milk\n"}), http.StatusSeeOther)
	b.says(b.want(b.get(a.Header.Get("Location")), http.StatusOK), "notes.txt cannot be used", "no report that Act Now knows")
	b.header.Set("Cookie", "lang=sv")
	b.says(b.want(b.get(a.Header.Get("Location")), http.StatusOK), "notes.txt kan inte användas", "ingen rapport som Act Now känner till")
	b.header.Del("Cookie")

	a = b.want(b.upload("/reports", nil, [2]string{"azure.csv", azureReport}, [2]string{"again.csv", azureReport}), http.StatusSeeOther)
	if a.Header.Get("Location") != "/reports" {
		t.Errorf("two files lead to %s", a.Header.Get("Location"))
	}
	b.says(b.want(b.get("/reports"), http.StatusOK), "2 files are being looked at", "azure.csv", "again.csv")
	b.want(b.post("/reports/look/2/drop", nil), http.StatusSeeOther)
	page := b.says(b.want(b.get("/reports"), http.StatusOK), "azure.csv was thrown away")
	if strings.Contains(page.body, `href="/reports/look/2"`) || !strings.Contains(page.body, `href="/reports/look/3"`) {
		t.Errorf("waiting after one was dropped:\n%s", page.body)
	}
	other, err := s.db.StartJob(t.Context(), "match", "Matching", actnow.System)
	if err != nil {
		t.Fatal(err)
	}
	b.want(b.get(fmt.Sprintf("/reports/look/%d", other)), http.StatusNotFound)
	b.want(b.post("/reports/look/99/import", nil), http.StatusNotFound)

	viewer := s.as(t, actnow.RoleReportViewer)
	viewer.want(viewer.get("/reports/look/3"), http.StatusForbidden)
	if page := viewer.want(viewer.get("/reports"), http.StatusOK); strings.Contains(page.body, "multipart") || strings.Contains(page.body, "look/3") {
		t.Errorf("a viewer is shown how to upload:\n%s", page.body)
	}
}

func TestRunningLook(t *testing.T) {
	s, _ := openDesk(t)
	b := s.as(t, actnow.RoleSteward)
	id, err := s.db.StartJob(t.Context(), web.JobLookReport, "azure.csv", actnow.System)
	if err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("/reports/look/%d", id)
	b.says(b.want(b.get(path), http.StatusOK), "Looking at azure.csv", fmt.Sprintf("/jobs/%d/events", id))
	b.want(b.post(path+"/import", nil), http.StatusNotFound)
	if err := s.db.FinishJob(t.Context(), id, json.RawMessage(`{"name":"azure.csv"}`), actnow.ErrConflict); err != nil {
		t.Fatal(err)
	}
	b.says(b.want(b.get(path), http.StatusOK), "azure.csv cannot be used")
	b.says(b.want(b.get(fmt.Sprintf("/jobs/%d", id)), http.StatusOK), "Stopped")
}
