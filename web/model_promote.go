package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"actnow/scoring"
)

// promotePage asks once more before a version is promoted of which the bands are turned
// round.
type promotePage struct {
	Head     Head
	Note     Note
	Promises []promiseRow
	Promote  Action
	Back     string
}

func (s *Server) showPromote(c echo.Context) error {
	if err := s.seesModels(c); err != nil {
		return err
	}
	area, err := modelArea(c)
	if err != nil {
		return err
	}
	id := c.QueryParam("id")
	var inverted *scoring.InvertedError
	err = scoring.MayPromote(ctx(c), s.store, id)
	if err == nil {
		return c.Redirect(http.StatusSeeOther, modelPath(area))
	}
	if !errors.As(err, &inverted) {
		return err
	}
	text := s.text(c)
	short := inverted.Version[:idShown]
	p := promotePage{Note: Note{Kind: "warn", Text: text.T("models.promote.why")}, Back: modelPath(area) + "?version=" + short,
		Promote: Action{Text: text.T("models.promote.anyway"), Post: modelPath(area) + "/promote?" + url.Values{"id": {inverted.Version}, "anyway": {"yes"}}.Encode(), Class: "danger"},
		Head: Head{Title: text.T("models.promote.title", short), Text: text.T("models.promote.text"), Crumbs: []Crumb{settingsCrumb(text),
			{Text: text.T("settings.models"), Href: "/scoring/models"}, {Text: area.Name(), Href: modelPath(area)}, {Text: text.T("models.promote")}}}}
	for _, b := range inverted.Promises {
		p.Promises = append(p.Promises, promiseRowOf(text, b))
	}
	return s.render(c, "promote", p)
}

// promoteModel puts a version in force. Where its bands are turned round, it first leads
// to the page that says so.
func (s *Server) promoteModel(c echo.Context) error {
	if err := s.seesModels(c); err != nil {
		return err
	}
	area, err := modelArea(c)
	if err != nil {
		return err
	}
	job, err := s.actions.PromoteModel(ctx(c), s.actor(c), c.QueryParam("id"), c.QueryParam("anyway") == "yes")
	var inverted *scoring.InvertedError
	if errors.As(err, &inverted) {
		return c.Redirect(http.StatusSeeOther, modelPath(area)+"/promote?"+url.Values{"id": {inverted.Version}}.Encode())
	}
	return s.toJob(c, job, err)
}

func (s *Server) apiPromoteModel(c echo.Context) error {
	if err := s.seesModels(c); err != nil {
		return err
	}
	var in struct {
		Anyway bool `json:"anyway"`
	}
	if c.Request().ContentLength != 0 {
		if err := body(c, &in); err != nil {
			return err
		}
	}
	job, err := s.actions.PromoteModel(ctx(c), s.actor(c), c.Param("id"), in.Anyway)
	return s.answerJob(c, job, err)
}
