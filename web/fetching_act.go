package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/reports/insights"
)

// saveFetching keeps the app registration.
func (s *Server) saveFetching(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	r := insights.Registration{Tenant: f.Get("tenant"), ClientID: f.Get("client_id")}
	secret := strings.TrimSpace(f.Get("secret"))
	if secret != "" || f.Get("forget") == "1" {
		r.Secret = &secret
	}
	days, err := strconv.Atoi(strings.TrimSpace(f.Get("days")))
	if err != nil {
		days = -1 // no number of days either
	}
	r.Days = days
	var input *actnow.InputError
	switch err := s.store.SaveFetchConnection(ctx(c), s.actor(c), r); {
	case errors.As(err, &input):
		return s.renderFetching(c, http.StatusUnprocessableEntity, fetchingExtra{problem: err, typed: &r})
	case err != nil:
		return err
	}
	return s.done(c, fetchingPath, s.text(c).T("fetching.saved"), "")
}

// refuseFetching shows the page with the sentence of an error that has one.
func (s *Server) refuseFetching(c echo.Context, err error) error {
	var input *actnow.InputError
	if !errors.As(err, &input) {
		return err
	}
	return s.renderFetching(c, http.StatusUnprocessableEntity, fetchingExtra{problem: err})
}

// connectFetching begins a sign-in: the page shows the link to Microsoft, since
// a form must not lead to another host.
func (s *Server) connectFetching(c echo.Context) error {
	redirect, _ := s.fetchingRedirect(c.Request())
	to, err := s.actions.FetchSignIn(ctx(c), redirect)
	if err != nil {
		return s.refuseFetching(c, err)
	}
	return s.renderFetching(c, http.StatusOK, fetchingExtra{signIn: to})
}

// fetchingCallback is where Microsoft sends the browser back to.
func (s *Server) fetchingCallback(c echo.Context) error {
	if err := s.actions.FinishFetchSignIn(ctx(c), s.actor(c), c.QueryParams()); err != nil {
		return s.refuseFetching(c, err)
	}
	return s.done(c, fetchingPath, s.text(c).T("fetching.now_connected"), "")
}

// fetchingDevice begins a sign-in by device code; the page shows the code.
func (s *Server) fetchingDevice(c echo.Context) error {
	if _, _, err := s.actions.StartFetchDevice(ctx(c), s.actor(c)); err != nil {
		return s.refuseFetching(c, err)
	}
	return s.done(c, fetchingPath, "", "")
}

func (s *Server) disconnectFetching(c echo.Context) error {
	if err := s.store.DisconnectFetching(ctx(c), s.actor(c)); err != nil && !errors.Is(err, actnow.ErrNotFound) {
		return err
	}
	return s.done(c, fetchingPath, s.text(c).T("fetching.now_disconnected"), "")
}

func (s *Server) runFetch(c echo.Context) error {
	if _, err := s.actions.StartFetch(ctx(c), s.actor(c), nil); err != nil {
		return s.refuseFetching(c, err)
	}
	return s.done(c, fetchingPath, "", "")
}
