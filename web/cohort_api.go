package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/cohorts"
)

func (s *Server) cohortAPIRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/api/v1/cohorts", handle: s.apiCohorts},
		{method: http.MethodPost, path: "/api/v1/cohorts", right: actnow.RightCohorts, maxBody: 64 << 10, handle: s.apiCreateCohort},
		{method: http.MethodPost, path: "/api/v1/cohorts/count", maxBody: 64 << 10, handle: s.apiCountCohort},
		{method: http.MethodGet, path: "/api/v1/cohorts/:id", handle: s.apiCohort},
		{method: http.MethodPost, path: "/api/v1/cohorts/:id", right: actnow.RightCohorts, maxBody: 64 << 10, handle: s.apiChangeCohort},
	}
}

// cohortJSON is a cohort as the API answers it.
type cohortJSON struct {
	ID        actnow.CohortID `json:"id"`
	Name      string          `json:"name"`
	Kind      cohorts.Kind    `json:"kind"`
	Filter    string          `json:"filter"`
	Report    string          `json:"report,omitempty"`
	Header    string          `json:"header,omitempty"`
	Play      string          `json:"play,omitempty"`
	By        string          `json:"by"`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
	Counts    *cohorts.Counts `json:"counts,omitempty"` // absent if withheld
	Change    *changeJSON     `json:"change,omitempty"`
}

type changeJSON struct {
	Month    actnow.Month `json:"month"`
	Previous actnow.Month `json:"previous"`
	Joined   int          `json:"joined"`
	Left     int          `json:"left"`
}

func newCohortJSON(k cohorts.Cohort) cohortJSON {
	out := cohortJSON{ID: k.ID, Name: k.Name, Kind: k.Kind, Filter: k.Filter, Report: k.Report, Header: k.Header, Play: k.Play, By: k.By, CreatedAt: k.CreatedAt, UpdatedAt: k.UpdatedAt}
	if !k.Withheld {
		out.Counts = &k.Counts
	}
	return out
}

func (s *Server) apiCohorts(c echo.Context) error {
	list, err := s.store.Cohorts(ctx(c), s.scope(c))
	if err != nil {
		return err
	}
	out := struct {
		Items []cohortJSON `json:"items"`
	}{[]cohortJSON{}}
	for _, k := range list {
		out.Items = append(out.Items, newCohortJSON(k))
	}
	return s.answer(c, http.StatusOK, out)
}

func (s *Server) apiCohort(c echo.Context) error {
	k, err := s.cohort(c)
	if err != nil {
		return err
	}
	out := newCohortJSON(k)
	if !k.Withheld {
		change, err := s.store.CohortChange(ctx(c), s.scope(c), k.ID)
		if err != nil {
			return err
		}
		if change.Previous != "" {
			out.Change = &changeJSON{change.Month, change.Previous, change.Joined, change.Left}
		}
	}
	return s.answer(c, http.StatusOK, out)
}

func (s *Server) apiCreateCohort(c echo.Context) error {
	var in struct{ Name, Where string }
	if err := body(c, &in); err != nil {
		return err
	}
	k, err := s.store.CreateCohort(ctx(c), s.scope(c), s.actor(c), in.Name, in.Where)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/api/v1/cohorts/"+idText(k.ID))
	return s.answer(c, http.StatusCreated, newCohortJSON(k))
}

// apiChangeCohort changes what is sent and leaves the rest.
func (s *Server) apiChangeCohort(c echo.Context) error {
	k, err := s.cohort(c)
	if err != nil {
		return err
	}
	in := struct{ Name, Where *string }{&k.Name, &k.Filter}
	if err := body(c, &in); err != nil {
		return err
	}
	if in.Name == nil || in.Where == nil {
		return invalidBody("", "name and where may be left out, not null")
	}
	if err := s.store.ChangeCohort(ctx(c), s.scope(c), s.actor(c), k.ID, *in.Name, *in.Where); err != nil {
		return err
	}
	if k, err = s.store.Cohort(ctx(c), s.scope(c), k.ID); err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, newCohortJSON(k))
}

// apiCountCohort says what a filter means and how many customers it chooses.
func (s *Server) apiCountCohort(c echo.Context) error {
	var in struct{ Where string }
	if err := body(c, &in); err != nil {
		return err
	}
	e, err := cohorts.Parse(in.Where)
	if err != nil {
		return err
	}
	counts, err := s.store.CountFilter(ctx(c), s.scope(c), in.Where)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, struct {
		cohorts.Counts
		Filter   string `json:"filter"`
		Sentence string `json:"sentence"`
	}{counts, cohorts.Format(e), cohorts.Sentence(e, s.text(c).Lang)})
}
