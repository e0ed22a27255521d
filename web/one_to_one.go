package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"actnow"
)

// oneToOneStore reads whether a customer has one account at most.
type oneToOneStore interface {
	OneToOne(ctx context.Context) (bool, error)
}

// oneToOneActions say whether a customer has one account at most, and match again.
type oneToOneActions interface {
	SetOneToOne(ctx context.Context, by actnow.Actor, on bool) (actnow.JobID, error)
}

func (s *Server) oneToOneRoutes() []route {
	return []route{
		{method: http.MethodPost, path: "/matches/one-to-one", right: actnow.RightReview, handle: s.setOneToOne},
		{method: http.MethodGet, path: "/api/v1/matches/one-to-one", right: actnow.RightReview, handle: s.apiOneToOne},
		{method: http.MethodPut, path: "/api/v1/matches/one-to-one", right: actnow.RightReview, maxBody: 64 << 10, handle: s.apiSetOneToOne},
	}
}

// oneToOnePanel is what the page of matches says of how many accounts a customer
// may have, with a way to the other.
type oneToOnePanel struct {
	State  string
	Change Action
}

// oneToOnePanel returns nil to those who may not change what concerns every
// location.
func (s *Server) oneToOnePanel(c echo.Context) (*oneToOnePanel, error) {
	if !s.mayCalibrate(c) {
		return nil, nil
	}
	on, err := s.store.OneToOne(ctx(c))
	if err != nil {
		return nil, err
	}
	text, p := s.text(c), &oneToOnePanel{}
	if on {
		p.State = text.T("one_to_one.on")
		p.Change = Action{Text: text.T("one_to_one.allow"), Post: "/matches/one-to-one?on=false", Class: "small"}
	} else {
		p.State = text.T("one_to_one.off")
		p.Change = Action{Text: text.T("one_to_one.forbid"), Post: "/matches/one-to-one?on=true", Class: "small"}
	}
	return p, nil
}

func (s *Server) setOneToOne(c echo.Context) error {
	if !s.mayCalibrate(c) {
		return actnow.ErrForbidden
	}
	job, err := s.actions.SetOneToOne(ctx(c), s.actor(c), c.QueryParam("on") == "true")
	if err != nil {
		return err
	}
	return s.done(c, "/jobs/"+idText(job), "", "")
}

// oneToOneJSON is whether a customer has one account at most.
type oneToOneJSON struct {
	OneToOne *bool `json:"one_to_one"`
}

func (s *Server) apiOneToOne(c echo.Context) error {
	if !s.mayCalibrate(c) {
		return actnow.ErrForbidden
	}
	on, err := s.store.OneToOne(ctx(c))
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, oneToOneJSON{&on})
}

func (s *Server) apiSetOneToOne(c echo.Context) error {
	if !s.mayCalibrate(c) {
		return actnow.ErrForbidden
	}
	var in oneToOneJSON
	if err := body(c, &in); err != nil {
		return err
	}
	if in.OneToOne == nil {
		return invalidBody("one_to_one", "one_to_one is missing: say true or false")
	}
	job, err := s.actions.SetOneToOne(ctx(c), s.actor(c), *in.OneToOne)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusAccepted, apiJobID{job})
}
