package web

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
)

func (s *Server) lookRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/reports/look/:id", right: actnow.RightImport, nav: "reports", handle: s.showLook},
		{method: http.MethodGet, path: "/reports/look/:id/rejected.csv", right: actnow.RightImport, nav: "reports", handle: s.exportLookRejected},
		{method: http.MethodPost, path: "/reports/look/:id/import", right: actnow.RightImport, nav: "reports", handle: s.importLook},
		{method: http.MethodPost, path: "/reports/look/:id/drop", right: actnow.RightImport, nav: "reports", handle: s.dropLook},
	}
}

// isUpload reports whether jobs of the kind have an Upload as their result.
func isUpload(kind string) bool {
	return kind == JobLookReport || kind == JobLookCRM || kind == JobImport
}

type lookPage struct {
	Head     Head
	Progress *Progress // while it runs
	Steps    []lookStep
	Safe     string // what is not yet done
	Figures  []Figure
	Notes    []Note
	Columns  *columnsPanel
	Map      *mapForm // corrects a column, while the file waits
	Kind     []pair   // what we think it is
	Evidence []Note
	Rejected rejectedPanel
	Doubts   []rejectedRow
	Next     []Action
}

// lookStep is one of the steps from a file to its import.
type lookStep struct {
	Text          string
	Done, Current bool
	Number        int
}

type pair struct{ Name, Value, Note string }

// rejectedPanel lists the lines that could not be used.
type rejectedPanel struct {
	Title string
	Rows  []rejectedRow
	More  string // how many are not shown, "" for none
	CSV   string
	Foot  string
}

type rejectedRow struct {
	Line          int
	Field, Reason string
}

// unknownColumns is the notice of columns that are listed as unknown anyway.
const unknownColumns = "warning.report.unknown_columns"

// shownRejected is how many lines a page lists; the file has them all.
const shownRejected = 20

// upload reads a job that looked at a file or imported it. ok is false while it
// runs or if it broke off.
func (s *Server) upload(c echo.Context) (j actnow.Job, u Upload, ok bool, err error) {
	if j, err = s.job(c); err != nil {
		return j, u, false, err
	}
	if !isUpload(j.Kind) {
		return j, u, false, actnow.ErrNotFound
	}
	if len(j.Result) > 0 {
		if err := json.Unmarshal(j.Result, &u); err != nil {
			return j, u, false, fmt.Errorf("result of job %d: %w", j.ID, err)
		}
	}
	return j, u, j.State == actnow.JobDone && (u.Report != nil || u.CRM != nil), nil
}

func (s *Server) showLook(c echo.Context) error {
	j, u, ok, err := s.upload(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	p := lookPage{Head: Head{Crumbs: lookCrumbs(text, j, u), Title: j.Title}}
	switch {
	case j.State == actnow.JobRunning:
		p.Head.Title, p.Head.Text = text.T("look.running", j.Title), text.T("look.running_text")
		progress := s.jobProgress(c, j)
		p.Progress = &progress
	case j.State == actnow.JobCancelled:
		p.Head.Title, p.Head.Text = text.T("look.cancelled", j.Title), text.T("look.cancelled_text")
		p.Head.Actions = []Action{{Text: text.T("look.another"), Href: p.Head.Crumbs[0].Href, Class: "main"}}
	case !ok:
		p.Head.Title = text.T("look.unusable", j.Title)
		p.Head.Text = text.T("look.unusable_text")
		sentence := text.failure(j.Failure, j.Message)
		if u.Problem != nil {
			sentence = u.Problem.sentence(text)
		}
		p.Notes = []Note{{Kind: "danger", Text: sentence}}
		p.Head.Actions = []Action{{Text: text.T("look.another"), Href: p.Head.Crumbs[0].Href, Class: "main"}}
	case u.CRM != nil:
		s.lookCRM(&p, text, j, u)
	default:
		s.lookReport(c, &p, j, u)
	}
	if ok {
		s.lookDecision(&p, text, j, u)
	}
	return s.render(c, "look", p)
}

func lookCrumbs(text *Text, j actnow.Job, u Upload) []Crumb {
	if j.Kind == JobLookCRM || u.CRM != nil {
		return []Crumb{{Text: text.T("connections.page"), Href: "/settings/connections"}, {Text: text.T("look.crumb")}}
	}
	return []Crumb{{Text: text.T("nav.reports"), Href: "/reports"}, {Text: text.T("look.crumb")}}
}

// lookDecision adds the steps and what there is to do.
func (s *Server) lookDecision(p *lookPage, text *Text, j actnow.Job, u Upload) {
	imported := j.Kind == JobImport
	for i, key := range []string{"file", "columns", "dry", "import"} {
		p.Steps = append(p.Steps, lookStep{Text: text.T("look.step_" + key), Number: i + 1,
			Done: imported || i < 2, Current: !imported && i == 2 || imported && i == 3})
	}
	switch {
	case imported:
		p.Safe = text.T("look.imported")
	case !s.actions.UploadWaits(j.ID):
		p.Safe = text.T("look.decided")
	default:
		p.Safe = text.T("look.safe")
		rows := 0
		if u.Report != nil {
			rows = u.Report.Rows
		} else {
			rows = u.CRM.Rows - len(u.CRM.Rejected)
		}
		p.Head.Actions = append(p.Head.Actions, Action{Text: text.T("look.drop"), Post: lookPath(j.ID) + "/drop", Class: "quiet"})
		if rows > 0 {
			p.Head.Actions = append(p.Head.Actions, Action{Text: text.TN("look.import", int64(rows)), Post: lookPath(j.ID) + "/import", Class: "main"})
		}
	}
}

func (s *Server) lookReport(c echo.Context, p *lookPage, j actnow.Job, u Upload) {
	text, r := s.text(c), u.Report
	p.Head.Title = text.T("look.report", reportName(text, string(r.Report)), r.Month)
	p.Head.Text = text.T("look.read_as", j.Title, encodingWords(text, r.Encoding, r.Separator))
	lines := r.Rows + len(r.Rejected)
	p.Figures = []Figure{
		{Name: text.T("look.new"), Value: text.Number(int64(r.New)), Note: text.T("look.new_note")},
		{Name: text.T("look.changed"), Value: text.Number(int64(r.Changed)), Note: text.T("look.changed_note")},
		{Name: text.T("look.unchanged"), Value: text.Number(int64(r.Unchanged)), Note: text.T("look.unchanged_note")},
		rejectedFigure(text, len(r.Rejected)),
		{Name: text.T("look.rows"), Value: text.Number(int64(lines)), Note: addsUp(text, r.New+r.Changed+r.Unchanged+len(r.Rejected), lines)},
	}
	if r.AlreadyImported {
		p.Notes = append(p.Notes, Note{Text: text.T("look.again", r.Month, r.Revision)})
	}
	if r.Gone > 0 {
		p.Notes = append(p.Notes, Note{Text: text.TN("look.gone", int64(r.Gone))})
	}
	for _, n := range r.Notices {
		if strings.HasPrefix(n.Code, "warning.report.matrix") || n.Code == unknownColumns {
			continue // shown in panels of their own
		}
		p.Notes = append(p.Notes, Note{Kind: "warn", Text: sentenceOf(text, n.Code, n.String(), n.Args)})
	}
	p.Columns = newColumnsPanel(text, r.Columns, r.Fill, r.Rows)
	if j.Kind == JobLookReport && s.actions.UploadWaits(j.ID) {
		p.Map = newMapForm(text, j, r.Columns)
	}
	known := len(r.Columns) - len(r.UnknownColumns)
	p.Kind = []pair{
		{Name: text.T("reports.report"), Value: reportName(text, string(r.Report)), Note: text.T("look.fit", known, len(r.Columns))},
		{Name: text.T("reports.month"), Value: text.Month(r.Month)},
		{Name: text.T("reports.revision"), Value: text.Number(int64(r.Revision))},
		{Name: text.T("look.encoding"), Value: encodingWords(text, r.Encoding, r.Separator)},
		{Name: text.T("look.everyone"), Value: yesNo(text, u.Complete)},
	}
	p.Evidence = s.evidenceNotes(c, r.Evidence)
	p.Rejected = s.rejectedPanel(text, j, r.Details, r.Rows == 0)
	if j.Kind == JobImport {
		if r.Snapshot != 0 && s.mayUndo(c) && !r.AlreadyImported {
			p.Head.Actions = append(p.Head.Actions, Action{Text: text.T("undo.crumb"), Href: snapshotPath(r.Snapshot) + "/undo", Icon: "rotate-ccw"})
		}
		if r.Snapshot != 0 {
			p.Head.Actions = append(p.Head.Actions, Action{Text: text.T("look.snapshot"), Href: snapshotPath(r.Snapshot)})
		}
		p.Head.Actions = append(p.Head.Actions, Action{Text: text.T("look.customers"), Href: "/customers", Class: "main"})
	}
}

func rejectedFigure(text *Text, n int) Figure {
	f := Figure{Name: text.T("look.rejected"), Value: text.Number(int64(n)), Note: text.T("look.rejected_none")}
	if n > 0 {
		f.Href, f.Note = "#rejected", text.T("look.rejected_note")
	}
	return f
}

// addsUp says so if the parts make the whole; repeated lines count once, and
// then they do not.
func addsUp(text *Text, sum, whole int) string {
	if sum == whole {
		return text.T("look.adds_up")
	}
	return text.T("look.repeated", whole-sum)
}

// encodingWords says how a file was read.
func encodingWords(text *Text, encoding, separator string) string {
	names := map[string]string{",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
	switch name := names[separator]; {
	case encoding == "xlsx":
		return text.T("look.workbook")
	case encoding == "":
		return text.T("look.encoding_unknown")
	case name == "":
		return encoding
	default:
		return text.T("look.separator_"+name, encoding)
	}
}

func yesNo(text *Text, yes bool) string {
	if yes {
		return text.T("look.yes")
	}
	return text.T("look.no")
}

// matrixName is the name of a matrix as people read it.
func matrixName(text *Text, name string) string {
	if key := "matrix." + name; text.Has(key) {
		return text.T(key)
	}
	return name
}

func (s *Server) lookCRM(p *lookPage, text *Text, j actnow.Job, u Upload) {
	r := u.CRM
	p.Head.Title = text.T("look.crm_"+string(u.Kind), r.Rows)
	p.Head.Text = j.Title
	p.Figures = []Figure{
		{Name: text.T("look.new"), Value: text.Number(int64(r.New)), Note: text.T("look.crm_new")},
		{Name: text.T("look.changed"), Value: text.Number(int64(r.Changed)), Note: text.T("look.crm_changed")},
		{Name: text.T("look.unchanged"), Value: text.Number(int64(r.Unchanged)), Note: text.T("look.crm_unchanged")},
		rejectedFigure(text, len(r.Rejected)),
		{Name: text.T("look.rows"), Value: text.Number(int64(r.Rows)), Note: addsUp(text, r.New+r.Changed+r.Unchanged+len(r.Rejected), r.Rows)},
	}
	p.Kind = []pair{{Name: text.T("connections.kind"), Value: text.T("crm.kind_" + string(u.Kind))}}
	if len(r.Custom) > 0 {
		p.Columns = &columnsPanel{Text: text.TN("look.custom", int64(len(r.Custom)))}
		for _, h := range r.Custom {
			p.Columns.Special = append(p.Columns.Special, columnRow{Header: h, Means: text.T("look.kept")})
		}
	}
	p.Rejected = s.rejectedPanel(text, j, r.Details, len(r.Rejected) == r.Rows)
	for _, d := range r.Doubts[:min(len(r.Doubts), shownRejected)] {
		p.Doubts = append(p.Doubts, rejectedRow{Line: d.Line, Field: d.Field, Reason: d.sentence(text)})
	}
	if j.Kind == JobImport {
		p.Head.Actions = append(p.Head.Actions, Action{Text: text.T("look.matches"), Href: "/matches", Class: "main"})
	}
}

// rejectedPanel lists the lines that cannot be used; all says that no other is there.
func (s *Server) rejectedPanel(text *Text, j actnow.Job, lines []RejectedLine, all bool) rejectedPanel {
	p := rejectedPanel{Title: text.TN("look.rejected_title", int64(len(lines)))}
	for _, l := range lines[:min(len(lines), shownRejected)] {
		p.Rows = append(p.Rows, rejectedRow{Line: l.Line, Field: l.Field, Reason: l.sentence(text)})
	}
	if len(lines) > 0 {
		p.CSV = lookPath(j.ID) + "/rejected.csv"
		p.Foot = text.T("look.others")
		if all {
			p.Foot = text.T("look.none")
		}
	}
	if n := len(lines) - len(p.Rows); n > 0 {
		p.More = text.TN("look.more", int64(n))
	}
	return p
}

// exportLookRejected sends the lines that cannot be used, with their reasons.
func (s *Server) exportLookRejected(c echo.Context) error {
	_, u, ok, err := s.upload(c)
	if err != nil {
		return err
	}
	if !ok {
		return actnow.ErrNotFound
	}
	var lines []RejectedLine
	if u.Report != nil {
		lines = u.Report.Details
	} else {
		lines = u.CRM.Details
	}
	text := s.text(c)
	return s.sendRejected(c, func(yield func(rejectedRow) error) error {
		for _, l := range lines {
			if err := yield(rejectedRow{Line: l.Line, Field: l.Field, Reason: l.sentence(text)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// sendRejected sends lines as CSV. Reasons quote the file, so every cell is made
// harmless.
func (s *Server) sendRejected(c echo.Context, each func(yield func(rejectedRow) error) error) error {
	h := c.Response().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="rejected.csv"`)
	h.Set("Cache-Control", "no-store")
	w := csv.NewWriter(c.Response())
	if err := w.Write([]string{"line", "column", "reason"}); err != nil {
		return err
	}
	err := each(func(r rejectedRow) error {
		return w.Write([]string{strconv.Itoa(r.Line), csvCell(r.Field), csvCell(r.Reason)})
	})
	if err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

func (s *Server) importLook(c echo.Context) error {
	j, _, ok, err := s.upload(c)
	if err != nil {
		return err
	}
	if !ok || j.Kind == JobImport {
		return actnow.ErrNotFound
	}
	id, err := s.actions.ImportUpload(ctx(c), s.actor(c), j.ID)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, lookPath(id))
}

func (s *Server) dropLook(c echo.Context) error {
	j, _, _, err := s.upload(c)
	if err != nil {
		return err
	}
	if j.Kind == JobImport {
		return actnow.ErrNotFound
	}
	if err := s.actions.DropUpload(ctx(c), j.ID); err != nil {
		return err
	}
	to := "/reports"
	if j.Kind == JobLookCRM {
		to = "/settings/connections"
	}
	return s.done(c, to, s.text(c).T("look.dropped", j.Title), "")
}
