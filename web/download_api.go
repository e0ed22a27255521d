package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/reports"
)

func (s *Server) downloadAPIRoutes() []route {
	const list, one = "/api/v1/downloads", "/api/v1/downloads/:id"
	may := actnow.RightExport
	return []route{
		{method: http.MethodGet, path: list, right: may, handle: s.apiDownloads},
		{method: http.MethodPost, path: list, right: may, maxBody: 256 << 10, handle: s.apiCreateDownload},
		{method: http.MethodGet, path: list + "/columns", right: may, handle: s.apiDownloadColumns},
		{method: http.MethodGet, path: one, right: may, handle: s.apiDownload},
		{method: http.MethodDelete, path: one, right: may, handle: s.apiDeleteDownload},
		{method: http.MethodPost, path: one + "/files", right: may, handle: s.apiMakeDownload},
		{method: http.MethodGet, path: one + "/file", right: may, handle: s.apiSendDownload},
	}
}

// downloadJSON is a list as the API answers it.
type downloadJSON struct {
	ID        actnow.DownloadID  `json:"id"`
	Name      string             `json:"name"`
	Format    string             `json:"format"`
	Query     actnow.SheetQuery  `json:"query"`
	By        string             `json:"by"`
	CreatedAt time.Time          `json:"created_at"`
	Cron      string             `json:"cron,omitempty"`
	Zone      string             `json:"zone,omitempty"`
	Files     []downloadFileJSON `json:"files"`
}

type downloadFileJSON struct {
	ID        actnow.DownloadFileID `json:"id"`
	Job       actnow.JobID          `json:"job"`
	State     actnow.JobState       `json:"state"`
	Why       string                `json:"why,omitempty"`
	Format    string                `json:"format"`
	Rows      int64                 `json:"rows"`
	Bytes     int64                 `json:"bytes"`
	By        string                `json:"by"`
	MadeAt    time.Time             `json:"made_at"`
	ExpiresAt time.Time             `json:"expires_at"`
}

func newDownloadJSON(d actnow.Download, files []actnow.DownloadFile) downloadJSON {
	out := downloadJSON{ID: d.ID, Name: d.Name, Format: d.Format, Query: d.Query, By: d.By, CreatedAt: d.CreatedAt, Cron: d.Line, Zone: d.Zone, Files: []downloadFileJSON{}}
	if out.Query.Columns == nil {
		out.Query.Columns = []string{}
	}
	for _, f := range files {
		out.Files = append(out.Files, downloadFileJSON{f.ID, f.Job, f.State, f.Message, f.Format, f.Rows, f.Bytes, f.By, f.MadeAt, f.ExpiresAt})
	}
	return out
}

// apiDownloads answers the lists, each with its newest file.
func (s *Server) apiDownloads(c echo.Context) error {
	list, err := s.store.Downloads(ctx(c), s.downloadOwner(c))
	if err != nil {
		return err
	}
	out := struct {
		Items []downloadJSON `json:"items"`
	}{[]downloadJSON{}}
	for _, d := range list {
		var files []actnow.DownloadFile
		if d.Newest != nil {
			files = append(files, *d.Newest)
		}
		out.Items = append(out.Items, newDownloadJSON(d, files))
	}
	return s.answer(c, http.StatusOK, out)
}

func (s *Server) apiDownload(c echo.Context) error {
	d, err := s.download(c)
	if err != nil {
		return err
	}
	return s.answerDownload(c, http.StatusOK, d)
}

func (s *Server) answerDownload(c echo.Context, status int, d actnow.Download) error {
	files, err := s.store.DownloadFiles(ctx(c), d.ID)
	if err != nil {
		return err
	}
	return s.answer(c, status, newDownloadJSON(d, files))
}

// apiCreateDownload keeps a list and writes its first file.
func (s *Server) apiCreateDownload(c echo.Context) error {
	var in struct {
		Name   string            `json:"name"`
		Format string            `json:"format"`
		Query  actnow.SheetQuery `json:"query"`
		Cron   string            `json:"cron"`
		Zone   string            `json:"zone"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	d := actnow.Download{Name: in.Name, Format: in.Format, Query: in.Query, Owner: s.user(c).ID, Scope: s.reader(c), Line: in.Cron, Zone: in.Zone}
	if d.Zone == "" {
		d.Zone = s.cfg.Zone.String()
	}
	d.Query.Language = s.text(c).Lang
	id, err := s.store.SaveDownload(ctx(c), s.actor(c), d)
	if err != nil {
		return err
	}
	if _, err := s.actions.StartDownload(ctx(c), s.actor(c), id); err != nil {
		return err
	}
	if d, err = s.store.Download(ctx(c), s.downloadOwner(c), id); err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/api/v1/downloads/"+idText(id))
	return s.answerDownload(c, http.StatusCreated, d)
}

// apiMakeDownload writes the file of a list again.
func (s *Server) apiMakeDownload(c echo.Context) error {
	d, err := s.download(c)
	if err != nil {
		return err
	}
	job, err := s.actions.StartDownload(ctx(c), s.actor(c), d.ID)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusAccepted, apiJobID{job})
}

func (s *Server) apiDeleteDownload(c echo.Context) error {
	d, err := s.download(c)
	if err != nil {
		return err
	}
	if err := s.store.DeleteDownload(ctx(c), s.actor(c), s.downloadOwner(c), d.ID); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// apiSendDownload sends the newest file that is ready.
func (s *Server) apiSendDownload(c echo.Context) error {
	d, err := s.download(c)
	if err != nil {
		return err
	}
	files, err := s.store.DownloadFiles(ctx(c), d.ID)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.State == actnow.JobDone {
			return s.sendDownloadFile(c, d, f)
		}
	}
	return fmt.Errorf("file of download %d: %w", d.ID, actnow.ErrNotFound)
}

// apiDownloadColumns answers the columns that a list of a source can have.
func (s *Server) apiDownloadColumns(c echo.Context) error {
	all, err := s.store.SheetColumns(ctx(c), s.scope(c), c.QueryParam("source"), s.text(c).Lang)
	if err != nil {
		return err
	}
	type column struct {
		Header  string           `json:"header"`
		Group   string           `json:"group"`
		Added   bool             `json:"added"`
		Number  bool             `json:"number"`
		About   string           `json:"about,omitempty"`
		Presets []reports.Preset `json:"presets"`
	}
	out := struct {
		Items []column `json:"items"`
	}{[]column{}}
	in := map[string][]reports.Preset{}
	for _, p := range reports.Presets {
		for _, h := range headers(p.Choose(all)) {
			in[h] = append(in[h], p)
		}
	}
	for _, k := range all {
		presets := in[k.Header]
		if presets == nil {
			presets = []reports.Preset{}
		}
		out.Items = append(out.Items, column{k.Header, k.Group, k.Added, k.Number, k.About, presets})
	}
	return s.answer(c, http.StatusOK, out)
}
