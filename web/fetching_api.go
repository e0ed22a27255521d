package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/reports/insights"
)

func (s *Server) fetchingAPIRoutes() []route {
	const base = "/api/v1/fetching"
	return []route{
		{method: http.MethodGet, path: base, right: actnow.RightImport, handle: s.apiFetching},
		{method: http.MethodPut, path: base, right: actnow.RightAdmin, handle: s.apiSaveFetching},
		{method: http.MethodPost, path: base + "/device", right: actnow.RightAdmin, handle: s.apiFetchingDevice},
		{method: http.MethodDelete, path: base + "/consent", right: actnow.RightAdmin, handle: s.apiDisconnectFetching},
		{method: http.MethodGet, path: base + "/fetches", right: actnow.RightImport, handle: s.apiFetches},
		{method: http.MethodPost, path: base + "/fetches", right: actnow.RightImport, handle: s.apiRunFetch},
	}
}

// apiFetchRows are fetches with their sentences in the caller's language.
func apiFetchRows(text *Text, list []insights.Fetch) []insights.Fetch {
	rows := []insights.Fetch{}
	for _, f := range list {
		f.Sentence = fetchSentence(text, f)
		rows = append(rows, f)
	}
	return rows
}

func (s *Server) apiFetching(c echo.Context) error {
	conn, err := s.store.FetchConnection(ctx(c))
	if err != nil && !errors.Is(err, actnow.ErrNotFound) {
		return err
	}
	latest, err := s.store.LatestFetches(ctx(c))
	if err != nil {
		return err
	}
	conn.Days = connDays(conn)
	return s.answer(c, http.StatusOK, struct {
		Connection insights.Connection `json:"connection"`
		Fetches    []insights.Fetch    `json:"fetches"`
	}{conn, apiFetchRows(s.text(c), latest)})
}

func (s *Server) apiSaveFetching(c echo.Context) error {
	var in struct {
		Tenant       string  `json:"tenant"`
		ClientID     string  `json:"client_id"`
		ClientSecret *string `json:"client_secret"`
		Days         int     `json:"days"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	if err := s.store.SaveFetchConnection(ctx(c), s.actor(c), insights.Registration{Tenant: in.Tenant, ClientID: in.ClientID, Secret: in.ClientSecret, Days: in.Days}); err != nil {
		return err
	}
	return s.apiFetching(c)
}

func (s *Server) apiFetchingDevice(c echo.Context) error {
	d, job, err := s.actions.StartFetchDevice(ctx(c), s.actor(c))
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusAccepted, struct {
		Job   actnow.JobID `json:"job"`
		URL   string       `json:"url"`
		Code  string       `json:"code"`
		Until time.Time    `json:"until"`
	}{job, d.URL, d.Code, d.Until.UTC()})
}

func (s *Server) apiDisconnectFetching(c echo.Context) error {
	if err := s.store.DisconnectFetching(ctx(c), s.actor(c)); err != nil && !errors.Is(err, actnow.ErrNotFound) {
		return err
	}
	return s.apiFetching(c)
}

func (s *Server) apiFetches(c echo.Context) error {
	limit, err := queryLimit(c, 1000)
	if err != nil {
		return err
	}
	list, err := s.store.Fetches(ctx(c), limit)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, struct {
		Items []insights.Fetch `json:"items"`
	}{apiFetchRows(s.text(c), list)})
}

func (s *Server) apiRunFetch(c echo.Context) error {
	var in struct {
		Datasets []string `json:"datasets"`
	}
	if c.Request().ContentLength != 0 {
		if err := body(c, &in); err != nil {
			return err
		}
	}
	job, err := s.actions.StartFetch(ctx(c), s.actor(c), in.Datasets)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusAccepted, apiJobID{job})
}
