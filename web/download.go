package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/cohorts"
	"actnow/reports"
	"actnow/schedule"
)

// downloadStore keeps the lists that people made and their files. Those of a
// person, or of everybody if of is 0.
type downloadStore interface {
	SheetColumns(ctx context.Context, scope actnow.Scope, source, language string) ([]reports.SheetColumn, error)
	SheetCount(ctx context.Context, scope actnow.Scope, q actnow.SheetQuery) (int64, error)
	SaveDownload(ctx context.Context, by actnow.Actor, d actnow.Download) (actnow.DownloadID, error)
	Downloads(ctx context.Context, of actnow.UserID) ([]actnow.Download, error)
	Download(ctx context.Context, of actnow.UserID, id actnow.DownloadID) (actnow.Download, error)
	DownloadFiles(ctx context.Context, id actnow.DownloadID) ([]actnow.DownloadFile, error)
	DeleteDownload(ctx context.Context, by actnow.Actor, of actnow.UserID, id actnow.DownloadID) error
	RestoreDownload(ctx context.Context, by actnow.Actor, of actnow.UserID, id actnow.DownloadID) error
}

// downloadActions write the files.
type downloadActions interface {
	StartDownload(ctx context.Context, by actnow.Actor, id actnow.DownloadID) (actnow.JobID, error)
	// OpenDownload opens a file. The error matches actnow.ErrNotFound if it is no
	// longer there.
	OpenDownload(f actnow.DownloadFile) (io.ReadSeekCloser, error)
}

const downloadsPath = "/reports/downloads"

func (s *Server) downloadRoutes() []route {
	const one = downloadsPath + "/:id"
	may := actnow.RightExport
	return []route{
		{method: http.MethodGet, path: downloadsPath, right: may, nav: "reports", handle: s.showDownloads},
		{method: http.MethodPost, path: downloadsPath, right: may, maxBody: 256 << 10, handle: s.createDownload},
		{method: http.MethodGet, path: downloadsPath + "/new", right: may, nav: "reports", handle: s.newDownload},
		{method: http.MethodPost, path: downloadsPath + "/look", right: may, nav: "reports", maxBody: 256 << 10, handle: s.lookDownload},
		{method: http.MethodGet, path: one, right: may, nav: "reports", handle: s.showDownload},
		{method: http.MethodPost, path: one, right: may, maxBody: 256 << 10, handle: s.changeDownload},
		{method: http.MethodGet, path: one + "/edit", right: may, nav: "reports", handle: s.editDownload},
		{method: http.MethodPost, path: one + "/make", right: may, handle: s.makeDownload},
		{method: http.MethodPost, path: one + "/delete", right: may, handle: s.deleteDownload},
		{method: http.MethodPost, path: one + "/restore", right: may, handle: s.restoreDownload},
		{method: http.MethodGet, path: one + "/files/:file", right: may, handle: s.sendDownload},
	}
}

func downloadPath(id actnow.DownloadID) string { return downloadsPath + "/" + idText(id) }

// downloadOwner is whose lists the caller may reach: an administrator reaches
// those of everybody.
func (s *Server) downloadOwner(c echo.Context) actnow.UserID {
	if s.may(c, actnow.RightAdmin) {
		return 0
	}
	return s.user(c).ID
}

func (s *Server) download(c echo.Context) (actnow.Download, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return actnow.Download{}, err
	}
	return s.store.Download(ctx(c), s.downloadOwner(c), actnow.DownloadID(id))
}

type downloadsPage struct {
	Head  Head
	Empty *Empty
	Rows  []downloadRow
}

// downloadRow is a list with its newest file.
type downloadRow struct {
	Name, Href, What, By string
	File                 downloadFileRow
	Times                string // when it is made again
}

// downloadFileRow is a file of a list.
type downloadFileRow struct {
	Href                   string // "" if it cannot be fetched
	Format, At, By         string
	State                  Badge
	Rows, Size             string
	Expires, Why           string
	Progress               *Progress
	Withheld, Running, Was bool // Was: there is one at all
}

func (s *Server) showDownloads(c echo.Context) error {
	text := s.text(c)
	list, err := s.store.Downloads(ctx(c), s.downloadOwner(c))
	if err != nil {
		return err
	}
	create := Action{Text: text.T("download.new"), Href: downloadsPath + "/new", Icon: "plus", Class: "main"}
	p := downloadsPage{Head: Head{Crumbs: []Crumb{{Text: text.T("nav.reports"), Href: "/reports"}, {Text: text.T("download.mine")}},
		Title: text.TN("download.title", int64(len(list))), Text: text.T("download.text"), Actions: []Action{create}}}
	if len(list) == 0 {
		p.Head.Actions = nil
		p.Empty = &Empty{Icon: "file-spreadsheet", Title: text.T("download.empty"), Text: text.T("download.empty_text"), Actions: []Action{create}}
	}
	for _, d := range list {
		row := downloadRow{Name: d.Name, Href: downloadPath(d.ID), By: d.By}
		if row.What, err = s.downloadWords(c, d); err != nil {
			return err
		}
		if row.Times, err = s.downloadNext(c, d); err != nil {
			return err
		}
		if d.Newest != nil {
			row.File = s.downloadFileRow(c, *d.Newest)
		}
		p.Rows = append(p.Rows, row)
	}
	return s.render(c, "downloads", p)
}

// sourceName is what the source of a list is called.
func (s *Server) sourceName(c echo.Context, source string) (string, error) {
	text := s.text(c)
	id, isCohort := strings.CutPrefix(source, actnow.CohortSource)
	switch {
	case !isCohort && source == actnow.CustomersSource:
		return text.T("download.customers"), nil
	case !isCohort:
		return reportName(text, source), nil
	}
	n, err := parseID(id)
	if err != nil {
		return source, nil
	}
	k, err := s.store.Cohort(ctx(c), s.scope(c), actnow.CohortID(n))
	if errors.Is(err, actnow.ErrNotFound) {
		return text.T("download.no_cohort"), nil
	}
	return k.Name, err
}

// downloadWords says in a line what a list holds.
func (s *Server) downloadWords(c echo.Context, d actnow.Download) (string, error) {
	text := s.text(c)
	name, err := s.sourceName(c, d.Query.Source)
	if err != nil {
		return "", err
	}
	parts := []string{name}
	switch {
	case len(d.Query.Columns) > 0:
		parts = append(parts, text.TN("download.columns", int64(len(d.Query.Columns))))
	case d.Query.Added:
		parts = append(parts, text.T("download.all_added"))
	default:
		parts = append(parts, text.T("download.all"))
	}
	if d.Query.Where != "" {
		words := d.Query.Where
		if e, err := cohorts.Parse(words); err == nil {
			words = cohorts.Sentence(e, text.Lang)
		}
		parts = append(parts, words)
	}
	if d.Query.Sort != "" {
		parts = append(parts, text.T("download.by_"+d.Query.Sort))
	}
	return strings.Join(append(parts, strings.ToUpper(d.Format)), " · "), nil
}

// downloadNext says when a list is made again.
func (s *Server) downloadNext(c echo.Context, d actnow.Download) (string, error) {
	text := s.text(c)
	if d.Line == "" {
		return text.T("download.once"), nil
	}
	next, err := schedule.Upcoming(schedule.Schedule{Line: d.Line, Zone: d.Zone, Since: s.now(), Enabled: true}, s.now(), 1)
	if err != nil || len(next) == 0 {
		return d.Line, err
	}
	return text.T("download.next", inZone(text, d.Zone).DateTime(next[0])), nil
}

func (s *Server) downloadFileRow(c echo.Context, f actnow.DownloadFile) downloadFileRow {
	text := s.text(c)
	row := downloadFileRow{Was: true, Format: strings.ToUpper(f.Format), At: text.DateTime(f.MadeAt), By: f.By}
	switch f.State {
	case actnow.JobRunning:
		row.Running, row.State = true, Badge{Icon: "clock", Text: text.T("download.running")}
	case actnow.JobDone:
		row.Rows, row.Size, row.Expires = text.Number(f.Rows), text.Size(f.Bytes), text.Date(f.ExpiresAt)
		row.State = Badge{Kind: "ok", Icon: "check", Text: text.T("download.ready")}
		if row.Withheld = !s.reader(c).Covers(f.Scope); !row.Withheld {
			row.Href = downloadPath(f.Download) + "/files/" + idText(f.ID)
		}
	default:
		row.State, row.Why = Badge{Kind: "danger", Icon: "circle-alert", Text: text.T("download.failed")}, text.failure(f.Failure, f.Message)
	}
	return row
}

type downloadPage struct {
	Head     Head
	Facts    []pair
	Progress *Progress
	Files    []downloadFileRow
}

func (s *Server) showDownload(c echo.Context) error {
	d, err := s.download(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	path := downloadPath(d.ID)
	p := downloadPage{Head: Head{Crumbs: []Crumb{{Text: text.T("nav.reports"), Href: "/reports"}, {Text: text.T("download.mine"), Href: downloadsPath}, {Text: d.Name}}, Title: d.Name,
		Actions: []Action{{Text: text.T("download.delete"), Post: path + "/delete", Class: "quiet"}, {Text: text.T("download.edit"), Href: path + "/edit"},
			{Text: text.T("download.make"), Post: path + "/make", Icon: "refresh-cw", Class: "main"}}}}
	if p.Head.Text, err = s.downloadWords(c, d); err != nil {
		return err
	}
	next, err := s.downloadNext(c, d)
	if err != nil {
		return err
	}
	p.Facts = []pair{{Name: text.T("download.when"), Value: next}, {Name: text.T("download.owner"), Value: d.By}}
	if d.Query.Where != "" {
		p.Facts = append(p.Facts, pair{Name: text.T("download.filter"), Value: d.Query.Where})
	}
	if len(d.Query.Columns) > 0 {
		p.Facts = append(p.Facts, pair{Name: text.T("download.which"), Value: strings.Join(d.Query.Columns, ", ")})
	}
	files, err := s.store.DownloadFiles(ctx(c), d.ID)
	if err != nil {
		return err
	}
	for _, f := range files {
		p.Files = append(p.Files, s.downloadFileRow(c, f))
	}
	if i := slices.IndexFunc(files, func(f actnow.DownloadFile) bool { return f.State == actnow.JobRunning }); i >= 0 {
		j, err := s.store.Job(ctx(c), files[i].Job)
		if err != nil {
			return err
		}
		running := progress(j, text)
		p.Progress = &running
	}
	return s.render(c, "download", p)
}

func (s *Server) makeDownload(c echo.Context) error {
	d, err := s.download(c)
	if err != nil {
		return err
	}
	if _, err := s.actions.StartDownload(ctx(c), s.actor(c), d.ID); err != nil {
		return err
	}
	return s.done(c, downloadPath(d.ID), "", "")
}

func (s *Server) deleteDownload(c echo.Context) error {
	d, err := s.download(c)
	if err != nil {
		return err
	}
	if err := s.store.DeleteDownload(ctx(c), s.actor(c), s.downloadOwner(c), d.ID); err != nil {
		return err
	}
	return s.done(c, downloadsPath, s.text(c).T("download.deleted", d.Name), downloadPath(d.ID)+"/restore")
}

func (s *Server) restoreDownload(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.store.RestoreDownload(ctx(c), s.actor(c), s.downloadOwner(c), actnow.DownloadID(id)); err != nil {
		return err
	}
	return s.done(c, downloadPath(actnow.DownloadID(id)), s.text(c).T("download.restored"), "")
}

// sendDownload sends a file, to somebody who may see all that it shows.
func (s *Server) sendDownload(c echo.Context) error {
	d, err := s.download(c)
	if err != nil {
		return err
	}
	id, err := pathID(c, "file")
	if err != nil {
		return err
	}
	files, err := s.store.DownloadFiles(ctx(c), d.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(files, func(f actnow.DownloadFile) bool { return int64(f.ID) == id })
	if i < 0 {
		return fmt.Errorf("file %d of download %d: %w", id, d.ID, actnow.ErrNotFound)
	}
	return s.sendDownloadFile(c, d, files[i])
}

func (s *Server) sendDownloadFile(c echo.Context, d actnow.Download, f actnow.DownloadFile) error {
	switch {
	case f.State != actnow.JobDone:
		return &actnow.StateError{Noun: "file", Have: string(f.State), Want: string(actnow.JobDone)}
	case !s.reader(c).Covers(f.Scope):
		return fmt.Errorf("file %d of download %d: %w", f.ID, d.ID, actnow.ErrForbidden)
	}
	file, err := s.actions.OpenDownload(f)
	if err != nil {
		return err
	}
	defer file.Close()
	sheetHeaders(c, fileName(d.Name, f.MadeAt)+"."+f.Format, reports.Format(f.Format))
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, file)
	return nil
}

// fileName is a name as every file system takes it, with the day.
func fileName(name string, at time.Time) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case strings.ContainsRune("åäà", r):
			return 'a'
		case r == 'ö' || r == 'ø':
			return 'o'
		}
		return '-'
	}, strings.ToLower(name))
	words := strings.FieldsFunc(plain, func(r rune) bool { return r == '-' })
	return strings.Join(append(words, at.Format(time.DateOnly)), "-")
}
