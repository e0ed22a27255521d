package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/crm"
	"actnow/reports"
)

func (s *Server) reportAPIRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/api/v1/reports", handle: s.apiReports},
		{method: http.MethodPost, path: "/api/v1/reports", right: actnow.RightImport, maxBody: maxUpload, handle: s.apiUploadReport},
		{method: http.MethodPost, path: "/api/v1/crm/:kind", right: actnow.RightImport, maxBody: maxUpload, handle: s.apiUploadCRM},
		{method: http.MethodGet, path: "/api/v1/jobs/:id", right: actnow.RightImport, handle: s.apiJob},
		{method: http.MethodPost, path: "/api/v1/jobs/:id/import", right: actnow.RightImport, handle: s.apiImport},
		{method: http.MethodGet, path: "/api/v1/hooks", right: actnow.RightAdmin, handle: s.apiHooks},
		{method: http.MethodPost, path: "/api/v1/hooks", right: actnow.RightAdmin, maxBody: 64 << 10, handle: s.apiAddHook},
	}
}

// apiReport is a snapshot as the API tells of it.
type apiReport struct {
	ID        int64        `json:"id"`
	Report    reports.Kind `json:"report"`
	Month     actnow.Month `json:"month"`
	Revision  int          `json:"revision"`
	Current   bool         `json:"current"`
	File      string       `json:"file"`
	Rows      int          `json:"rows"`
	New       int          `json:"new"`
	Changed   int          `json:"changed"`
	Unchanged int          `json:"unchanged"`
	Gone      int          `json:"gone"`
	Rejected  int          `json:"rejected"`
	By        string       `json:"by"`
	At        time.Time    `json:"at"`
	UndoneBy  string       `json:"undone_by,omitempty"`
	UndoneAt  time.Time    `json:"undone_at,omitzero"`
}

func (s *Server) apiReports(c echo.Context) error {
	limit, err := queryLimit(c, 1000)
	if err != nil {
		return err
	}
	kind, err := queryChoice(c, "report", reports.Kinds)
	if err != nil {
		return err
	}
	list, err := s.store.Snapshots(ctx(c), s.scope(c), kind, limit)
	if err != nil {
		return err
	}
	out := struct {
		Items []apiReport `json:"items"`
	}{Items: []apiReport{}}
	for _, r := range list {
		out.Items = append(out.Items, apiReport{ID: int64(r.ID), Report: r.Report, Month: r.Month, Revision: r.Revision, Current: r.Current, File: r.File,
			Rows: r.Rows, New: r.New, Changed: r.Changed, Unchanged: r.Unchanged, Gone: r.Gone, Rejected: r.Rejected, By: r.By, At: r.At.UTC(), UndoneBy: r.UndoneBy, UndoneAt: r.UndoneAt})
	}
	return s.answer(c, http.StatusOK, out)
}

// apiJobID is the job that a request set going.
type apiJobID struct {
	Job actnow.JobID `json:"job"`
}

// apiFile returns the name that a file in the body of a request has.
func apiFile(c echo.Context) (string, error) {
	name := strings.TrimSpace(c.QueryParam("file"))
	if name == "" {
		return "", actnow.Invalid("error.file_name", "file", "say the name of the file, as ?file=azure.csv")
	}
	return name, nil
}

func (s *Server) apiUploadReport(c echo.Context) error {
	name, err := apiFile(c)
	if err != nil {
		return err
	}
	var month actnow.Month
	if m := c.QueryParam("month"); m != "" {
		if month, err = actnow.ParseMonth(m); err != nil {
			return err
		}
	}
	complete, err := queryChoice(c, "complete", []string{"false", "true"})
	if err != nil {
		return err
	}
	id, err := s.actions.StartReport(ctx(c), s.actor(c), name, c.Request().Body, month, complete == "true")
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusAccepted, apiJobID{id})
}

func (s *Server) apiUploadCRM(c echo.Context) error {
	kind := crm.Kind(c.Param("kind"))
	if !kind.Valid() {
		return actnow.ErrNotFound
	}
	name, err := apiFile(c)
	if err != nil {
		return err
	}
	id, err := s.actions.StartCRM(ctx(c), s.actor(c), kind, name, c.Request().Body)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusAccepted, apiJobID{id})
}

func (s *Server) apiJob(c echo.Context) error {
	j, err := s.job(c)
	if err != nil {
		return err
	}
	type job struct {
		ID      int64           `json:"id"`
		Kind    string          `json:"kind"`
		Title   string          `json:"title"`
		State   actnow.JobState `json:"state"`
		Done    int64           `json:"done"`
		Total   int64           `json:"total"`
		Message string          `json:"message,omitempty"`
		Result  json.RawMessage `json:"result,omitempty"`
	}
	out := job{ID: int64(j.ID), Kind: j.Kind, Title: j.Title, State: j.State, Done: j.Done, Total: j.Total, Message: j.Message}
	if json.Valid(j.Result) && string(j.Result) != "null" {
		out.Result = j.Result
	}
	return s.answer(c, http.StatusOK, out)
}

func (s *Server) apiImport(c echo.Context) error {
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
	return s.answer(c, http.StatusAccepted, apiJobID{id})
}

// apiHook is a webhook as the API tells of it.
type apiHook struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	URL      string `json:"url"`
	Secret   string `json:"secret,omitempty"` // only where it was just made
	Basis    string `json:"basis"`
	Disabled bool   `json:"disabled"`
	Received int    `json:"received"`
	Done     int    `json:"done"`
	Failed   int    `json:"failed"`
}

func (s *Server) newAPIHook(k crm.Connection, secret string) apiHook {
	return apiHook{ID: int64(k.ID), Name: k.Name, URL: s.actions.HookURL(k.Name), Secret: secret, Basis: k.Basis, Disabled: !k.DisabledAt.IsZero(),
		Received: k.Received, Done: k.Done, Failed: k.Failed}
}

func (s *Server) apiHooks(c echo.Context) error {
	all, err := s.store.Connections(ctx(c))
	if err != nil {
		return err
	}
	out := struct {
		Items []apiHook `json:"items"`
	}{Items: []apiHook{}}
	for _, k := range all {
		if isHook(k) {
			out.Items = append(out.Items, s.newAPIHook(k, ""))
		}
	}
	return s.answer(c, http.StatusOK, out)
}

func (s *Server) apiAddHook(c echo.Context) error {
	var in struct {
		Name string `json:"name"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	k, secret, err := s.store.AddConnection(ctx(c), s.actor(c), crm.NewConnection{Name: in.Name, Verifier: "standard"})
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusCreated, s.newAPIHook(k, secret))
}
