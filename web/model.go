package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/scoring"
)

// modelStore reads what scores the areas, and what came of it.
type modelStore interface {
	scoring.StatusStore
	Model(ctx context.Context, id string) (*scoring.Model, error)
	Drift(ctx context.Context, model string) (scoring.Drift, error)
	BandTally(ctx context.Context, area actnow.Area, target scoring.Target) (scoring.BandTally, error)
	ClusterOutcomes(ctx context.Context, area actnow.Area) ([]scoring.ClusterOutcome, error)
}

// modelActions learn models and put them in force.
type modelActions interface {
	// StartTrain learns the areas, all if none are named, as a job of kind "train".
	StartTrain(ctx context.Context, by actnow.Actor, areas []actnow.Area) (actnow.JobID, error)
	// PromoteModel and RollbackModel change what is in force and score the area. A
	// version of which the bands are turned round is promoted with anyway alone; else the
	// error is a *scoring.InvertedError.
	PromoteModel(ctx context.Context, by actnow.Actor, id string, anyway bool) (actnow.JobID, error)
	RollbackModel(ctx context.Context, by actnow.Actor, area actnow.Area, target scoring.Target) (actnow.JobID, error)
}

func (s *Server) modelRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/scoring/models", nav: "settings", handle: s.showModels},
		{method: http.MethodPost, path: "/scoring/models/train", right: actnow.RightAdmin, handle: s.trainModels},
		{method: http.MethodGet, path: "/scoring/models/:area", nav: "settings", handle: s.showModel},
		{method: http.MethodGet, path: "/scoring/models/:area/promote", right: actnow.RightAdmin, nav: "settings", handle: s.showPromote},
		{method: http.MethodPost, path: "/scoring/models/:area/promote", right: actnow.RightAdmin, handle: s.promoteModel},
		{method: http.MethodPost, path: "/scoring/models/:area/rollback", right: actnow.RightAdmin, handle: s.rollbackModel},
	}
}

// modelCards are the points cards that score where no model does.
var modelCards = scoring.Cards()

// modelPath is the page of an area's models.
func modelPath(area actnow.Area) string { return "/scoring/models/" + string(area) }

// seesModels refuses who may not see what concerns every location.
func (s *Server) seesModels(c echo.Context) error {
	if !s.user(c).AllLocations {
		return actnow.ErrForbidden
	}
	return nil
}

// modelStatuses returns how the scores stand, of one area unless it is "".
func (s *Server) modelStatuses(c echo.Context, area actnow.Area) ([]scoring.Status, error) {
	if err := s.seesModels(c); err != nil {
		return nil, err
	}
	return scoring.Statuses(ctx(c), s.store, modelCards, area, s.now())
}

type modelsPage struct {
	Head  Head
	Areas []modelsRow
}

// modelsRow is an area with its two scores.
type modelsRow struct {
	Area   actnow.Area
	Href   string
	Scores []modelsCell
}

// modelsCell says what makes one score, and how sure that is or why it is a card.
type modelsCell struct {
	Badge   Badge
	Note    string
	Shadow  string
	Verdict string // when one on the challenger is to be expected
}

func (s *Server) showModels(c echo.Context) error {
	all, err := s.modelStatuses(c, "")
	if err != nil {
		return err
	}
	text := s.text(c)
	learned := 0
	var rows []modelsRow
	for _, st := range all {
		if len(rows) == 0 || rows[len(rows)-1].Area != st.Area {
			rows = append(rows, modelsRow{Area: st.Area, Href: modelPath(st.Area)})
		}
		cell := modelsCell{Badge: inForceBadge(text, st)}
		if st.Champion != nil {
			learned++
			cell.Note = text.T("models.sure", text.Decimal(st.Champion.Metrics.AUC, 2), st.Champion.Learned.Outcomes)
		} else {
			code, args := st.Reason()
			cell.Note = text.T(code, args...)
		}
		if st.Champion != nil && st.Challenger != nil {
			cell.Shadow = text.T("models.waits", dayOf(text, st.Challenger.Day))
		}
		if st.Wait != nil {
			cell.Verdict = verdictDay(text, *st.Wait)
		}
		row := &rows[len(rows)-1]
		row.Scores = append(row.Scores, cell)
	}
	h := Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("settings.models")}}, Title: text.T("models.title", learned, len(all)), Text: text.T("models.text")}
	if s.may(c, actnow.RightAdmin) {
		h.Actions = []Action{{Text: text.T("models.train_all"), Post: "/scoring/models/train", Icon: "refresh-cw", Class: "main"}}
	}
	return s.render(c, "models", modelsPage{h, rows})
}

// dayOf writes a day of a model, "2026-11-26", as the reader does.
func dayOf(text *Text, day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return text.Date(at)
}

func inForceBadge(text *Text, st scoring.Status) Badge {
	if st.Champion != nil {
		return Badge{Kind: "ok", Icon: "check", Text: text.T("models.by_model")}
	}
	return Badge{Kind: "line", Text: text.T("models.by_card")}
}

// modelArea is the area in the path; none else has a page.
func modelArea(c echo.Context) (actnow.Area, error) {
	area := actnow.Area(c.Param("area"))
	if !area.Valid() {
		return "", actnow.ErrNotFound
	}
	return area, nil
}

func (s *Server) trainModels(c echo.Context) error {
	if err := s.seesModels(c); err != nil {
		return err
	}
	var areas []actnow.Area
	area, err := queryArea(c, "")
	if err != nil {
		return err
	}
	if area != "" {
		areas = []actnow.Area{area}
	}
	job, err := s.actions.StartTrain(ctx(c), s.actor(c), areas)
	return s.toJob(c, job, err)
}

func (s *Server) rollbackModel(c echo.Context) error {
	if err := s.seesModels(c); err != nil {
		return err
	}
	area, err := modelArea(c)
	if err != nil {
		return err
	}
	target, err := parseTarget(c.QueryParam("score"))
	if err != nil {
		return err
	}
	job, err := s.actions.RollbackModel(ctx(c), s.actor(c), area, target)
	return s.toJob(c, job, err)
}

func parseTarget(word string) (scoring.Target, error) {
	switch t := scoring.Target(word); t {
	case scoring.Fit, scoring.Intent:
		return t, nil
	}
	return "", actnow.Invalid("error.model.score", "score", "a score is fit or intent, not %q", word)
}

// toJob leads to a job that was started.
func (s *Server) toJob(c echo.Context, job actnow.JobID, err error) error {
	if err != nil {
		return err
	}
	return s.done(c, "/jobs/"+idText(job), "", "")
}

// modelAction is a button of the page of an area's models.
func modelAction(area actnow.Area, verb, name, value, label, class string) *Action {
	return &Action{Text: label, Post: modelPath(area) + "/" + verb + "?" + url.Values{name: {value}}.Encode(), Class: class}
}
