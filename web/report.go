package web

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/reports"
)

// reportStore keeps the snapshots of reports.
type reportStore interface {
	// Snapshots returns the imports of a report, or of all if kind is "", the
	// newest first.
	Snapshots(ctx context.Context, scope actnow.Scope, kind reports.Kind, limit int) ([]reports.Snapshot, error)
	Snapshot(ctx context.Context, scope actnow.Scope, id actnow.SnapshotID) (reports.Snapshot, error)
	RejectedRows(ctx context.Context, scope actnow.Scope, id actnow.SnapshotID, offset, limit int) ([]reports.Rejected, int, error)
	// OpenSheet returns a list to be written as a file.
	OpenSheet(ctx context.Context, scope actnow.Scope, q actnow.SheetQuery) (reports.Sheet, error)
	Jobs(ctx context.Context, kind string, limit int) ([]actnow.Job, error)
}

func (s *Server) reportRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/reports", nav: "reports", handle: s.showReports},
		{method: http.MethodPost, path: "/reports", right: actnow.RightImport, nav: "reports", maxBody: maxUpload, handle: s.uploadReports},
		{method: http.MethodGet, path: "/reports/write", right: actnow.RightExport, nav: "reports", handle: s.writeReport},
	}
}

type reportsPage struct {
	Head      Head
	Reports   []reportRow
	MayImport bool
	Month     Field
	Problem   *Note // why an upload was refused
	Waiting   []waitingUpload
	Watched   *watchPanel
	History   []snapshotRow
	Chosen    string // the report whose history it is, "" for all
	MayExport bool
	Hub       *hubPanel
}

// reportRow says of one of the six reports how new it is.
type reportRow struct {
	Name         string
	Path         string // the newest snapshot, or ""
	Month        actnow.Month
	Rows         int
	Rejected     int
	RejectedPath string
	By           string
	At           string
	State        Badge
	CSV, XLSX    string
}

// waitingUpload is a file that was looked at and not yet imported or dropped.
type waitingUpload struct {
	Name, Path, By string
	State          Badge
}

type snapshotRow struct {
	Path, Report, File, By, At   string
	Month                        actnow.Month
	Revision                     int
	Current, Undone              bool
	Rows, New, Changed, Rejected int
}

// hubPanel leads to the lists that people make of what is known.
type hubPanel struct {
	Mine   string // "3 reports of yours"
	Starts []Action
}

func (s *Server) showReports(c echo.Context) error {
	p, err := s.reportsPage(c)
	if err != nil {
		return err
	}
	return s.render(c, "reports", p)
}

func (s *Server) reportsPage(c echo.Context) (reportsPage, error) {
	text := s.text(c)
	due := actnow.ReportMonth(s.now().In(s.cfg.Zone))
	chosen := reports.Kind(c.QueryParam("kind"))
	if !slices.Contains(reports.Kinds, chosen) {
		chosen = ""
	}
	p := reportsPage{MayImport: s.may(c, actnow.RightImport), Month: monthField(text, string(due))}
	fresh := 0
	var all []reports.Snapshot
	for _, kind := range reports.Kinds {
		list, err := s.store.Snapshots(ctx(c), s.scope(c), kind, 50)
		if err != nil {
			return p, err
		}
		row := s.reportRow(c, kind, list, due)
		if row.Month >= due {
			fresh++
		}
		p.Reports = append(p.Reports, row)
		if chosen == "" || chosen == kind {
			all = append(all, list...)
		}
	}
	slices.SortFunc(all, func(a, b reports.Snapshot) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	for _, snap := range all[:min(len(all), 50)] {
		p.History = append(p.History, newSnapshotRow(text, snap))
	}
	if chosen != "" {
		p.Chosen = reportName(text, string(chosen))
	}
	p.Head = Head{Title: text.T("reports.title", fresh, len(reports.Kinds), due), Text: text.T("reports.text"),
		Actions: []Action{{Text: text.T("flow.link"), Href: "/reports/months", Icon: "history"},
			{Text: text.T("disagreement.link"), Href: "/reports/disagreement", Icon: "git-compare"}}}
	if len(all) == 0 {
		p.Head = Head{Title: text.T("reports.none"), Text: text.T("reports.none_text")}
	}
	if p.MayExport = s.may(c, actnow.RightExport); p.MayExport && len(all) > 0 {
		list, err := s.store.Downloads(ctx(c), s.user(c).ID)
		if err != nil {
			return p, err
		}
		p.Hub = &hubPanel{Mine: text.TN("download.title", int64(len(list))), Starts: []Action{
			{Text: text.T("download.mine"), Href: downloadsPath}, {Text: text.T("download.new"), Href: downloadsPath + "/new", Icon: "plus"}}}
	}
	if p.MayImport {
		var err error
		if p.Waiting, err = s.waitingUploads(c, JobLookReport); err != nil {
			return p, err
		}
		p.Watched, err = s.watchPanel(c)
		return p, err
	}
	return p, nil
}

// reportRow describes the newest month of a report's snapshots.
func (s *Server) reportRow(c echo.Context, kind reports.Kind, list []reports.Snapshot, due actnow.Month) reportRow {
	text := s.text(c)
	row := reportRow{Name: reportName(text, string(kind)), State: Badge{Kind: "line", Text: text.T("reports.never")}}
	snap, ok := newest(list)
	if !ok {
		return row
	}
	row.Path, row.Month, row.Rows, row.Rejected = snapshotPath(snap.ID), snap.Month, snap.Rows, snap.Rejected
	row.By, row.At = snap.By, text.DateTime(snap.At)
	if snap.Rejected > 0 {
		row.RejectedPath = row.Path + "#rejected"
	}
	switch {
	case snap.Month >= due:
		row.State = Badge{Kind: "ok", Icon: "check", Text: text.T("reports.here")}
	case snap.Month.Add(1) >= due:
		row.State = Badge{Kind: "warn", Icon: "clock", Text: text.T("reports.due", due)}
	default:
		row.State = Badge{Kind: "danger", Icon: "circle-alert", Text: text.T("reports.missing", snap.Month.Add(1))}
	}
	if s.may(c, actnow.RightExport) {
		row.CSV, row.XLSX = writePath(kind, reports.CSVFormat), writePath(kind, reports.XLSXFormat)
	}
	return row
}

// newest returns the current snapshot of the latest month.
func newest(list []reports.Snapshot) (best reports.Snapshot, ok bool) {
	for _, snap := range list {
		if snap.Current && (!ok || snap.Month > best.Month) {
			best, ok = snap, true
		}
	}
	return best, ok
}

func newSnapshotRow(text *Text, snap reports.Snapshot) snapshotRow {
	return snapshotRow{Path: snapshotPath(snap.ID), Report: reportName(text, string(snap.Report)), File: snap.File, By: snap.By, At: text.DateTime(snap.At),
		Month: snap.Month, Revision: snap.Revision, Current: snap.Current, Undone: snap.Undone(), Rows: snap.Rows, New: snap.New, Changed: snap.Changed, Rejected: snap.Rejected}
}

func monthField(text *Text, month string) Field {
	return Field{Name: "month", Label: text.T("reports.month"), Type: "month", Value: month, Hint: text.T("reports.month_hint"), Autocomplete: "off"}
}

// waitingUploads are the files that jobs of the kind look at or have looked at.
func (s *Server) waitingUploads(c echo.Context, kind string) ([]waitingUpload, error) {
	jobs, err := s.store.Jobs(ctx(c), kind, 50)
	if err != nil {
		return nil, err
	}
	text := s.text(c)
	var list []waitingUpload
	for _, j := range jobs {
		if !s.actions.UploadWaits(j.ID) {
			continue
		}
		w := waitingUpload{Name: j.Title, Path: lookPath(j.ID), By: j.By}
		switch j.State {
		case actnow.JobRunning:
			w.State = Badge{Icon: "clock", Text: text.T("reports.looking")}
		case actnow.JobDone:
			w.State = Badge{Kind: "now", Icon: "bell", Text: text.T("reports.waits")}
		default:
			continue
		}
		list = append(list, w)
	}
	return list, nil
}

// uploadReports starts a look at each file of the form. One file leads to its
// dry run, several to the list of those that wait.
func (s *Server) uploadReports(c echo.Context) error {
	var started []actnow.JobID
	err := eachUpload(c, func(f url.Values, name string, r io.Reader) error {
		month, err := s.uploadMonth(f.Get("month"))
		if err != nil {
			return err
		}
		id, err := s.actions.StartReport(ctx(c), s.actor(c), name, r, month, f.Get("complete") != "")
		if err == nil {
			started = append(started, id)
		}
		return err
	})
	return s.uploaded(c, "/reports", started, err, func(problem *Note) error {
		p, err := s.reportsPage(c)
		if err != nil {
			return err
		}
		p.Problem = problem
		return s.renderStatus(c, http.StatusUnprocessableEntity, "reports", p)
	})
}

// uploadMonth reads the month of a form. The default is left to the import,
// which knows a file that came before by its content, for whatever month.
func (s *Server) uploadMonth(month string) (actnow.Month, error) {
	m := strings.TrimSpace(month)
	if m == "" || m == string(actnow.ReportMonth(s.now().In(s.cfg.Zone))) {
		return "", nil
	}
	return actnow.ParseMonth(m)
}

func snapshotPath(id actnow.SnapshotID) string { return fmt.Sprintf("/reports/%d", id) }

func writePath(kind reports.Kind, format reports.Format) string {
	return "/reports/write?" + url.Values{"report": {string(kind)}, "format": {string(format)}}.Encode()
}

// writeReport sends a report again, as the file that Partner Center gave or as
// the rows that a filter chooses.
func (s *Server) writeReport(c echo.Context) error {
	kind := reports.Kind(c.QueryParam("report"))
	if !slices.Contains(reports.Kinds, kind) {
		return actnow.ErrNotFound
	}
	name := string(kind) + "." + c.QueryParam("format")
	format, err := reports.FormatOf(name)
	if err != nil {
		return err
	}
	columns := reports.ParseHeaders(c.QueryParam("columns"))
	where := strings.TrimSpace(c.QueryParam("where"))
	sheet, err := s.store.OpenSheet(ctx(c), s.scope(c), actnow.SheetQuery{Source: string(kind), Columns: columns, Where: where, Language: s.text(c).Lang})
	if err != nil {
		return err
	}
	return s.sendSheet(c, name, format, sheet)
}
