package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/matcher"
)

// calibrationStore reads how matching is calibrated, and how many answers a refit
// could learn from.
type calibrationStore interface {
	Calibration(ctx context.Context) (actnow.MatchCalibration, error)
	AnswerCount(ctx context.Context) (int, error)
}

// calibrationActions refit the calibration of matching.
type calibrationActions interface {
	// StartRefit computes a matcher.Refit as the result of a job of kind "refit".
	StartRefit(ctx context.Context, by actnow.Actor) (actnow.JobID, error)
	// Calibrate puts a calibration in force, the zero value for the one shipped,
	// and matches again.
	Calibrate(ctx context.Context, by actnow.Actor, c actnow.MatchCalibration) (actnow.JobID, error)
}

func (s *Server) calibrationRoutes() []route {
	return []route{
		{method: http.MethodPost, path: "/matches/calibration", right: actnow.RightReview, handle: s.startRefit},
		{method: http.MethodPost, path: "/matches/calibration/shipped", right: actnow.RightReview, handle: s.shippedCalibration},
		{method: http.MethodGet, path: "/matches/calibration/:job", right: actnow.RightReview, nav: "matches", handle: s.showRefit},
		{method: http.MethodPost, path: "/matches/calibration/:job", right: actnow.RightReview, handle: s.acceptRefit},
	}
}

// refitPath is where the result of a refit is seen.
func refitPath(id actnow.JobID) string { return fmt.Sprintf("/matches/calibration/%d", id) }

// calibrationPanel is what the page of matches says of the calibration.
type calibrationPanel struct {
	Answers int
	State   string // since when, by whom
	Missing int    // answers until a refit can be tried
	Refit   *Action
	Shipped *Action // back to it; nil while it is in force
}

// mayCalibrate reports whether the person may change what concerns every
// location.
func (s *Server) mayCalibrate(c echo.Context) bool {
	return s.may(c, actnow.RightReview) && s.user(c).AllLocations
}

func (s *Server) calibrationPanel(c echo.Context) (*calibrationPanel, error) {
	if !s.mayCalibrate(c) {
		return nil, nil
	}
	now, err := s.store.Calibration(ctx(c))
	if err != nil {
		return nil, err
	}
	text := s.text(c)
	p := &calibrationPanel{State: text.T("calibration.shipped")}
	if p.Answers, err = s.store.AnswerCount(ctx(c)); err != nil {
		return nil, err
	}
	if !now.Shipped() {
		p.State = text.T("calibration.since", text.Date(time.Unix(now.At, 0)), now.By, now.Answers)
		p.Shipped = &Action{Text: text.T("calibration.back"), Post: "/matches/calibration/shipped", Icon: "rotate-ccw", Class: "small"}
	}
	p.Missing = max(0, matcher.RefitFrom-p.Answers)
	if p.Missing == 0 {
		p.Refit = &Action{Text: text.T("calibration.try"), Post: "/matches/calibration", Class: "small"}
	}
	return p, nil
}

func (s *Server) startRefit(c echo.Context) error {
	if !s.mayCalibrate(c) {
		return actnow.ErrForbidden
	}
	job, err := s.actions.StartRefit(ctx(c), s.actor(c))
	if err != nil {
		return err
	}
	return s.done(c, "/jobs/"+idText(job), "", "")
}

type refitPage struct {
	Head    Head
	Figures []Figure
	Note    *Note
	Shares  []shareRow
	Moves   []moveRow
	Post    string
}

// shareRow compares probabilities and answers in one range.
type shareRow struct {
	Range                string
	Answers              int
	Before, After, Right string
}

// moveRow is how many accounts change their band.
type moveRow struct {
	From, To string
	Accounts int
}

// refit reads what the job in the path found.
func (s *Server) refit(c echo.Context) (matcher.Refit, error) {
	var r matcher.Refit
	if !s.mayCalibrate(c) {
		return r, actnow.ErrForbidden
	}
	id, err := pathID(c, "job")
	if err != nil {
		return r, err
	}
	job, err := s.store.Job(ctx(c), actnow.JobID(id))
	if err != nil {
		return r, err
	}
	if job.Kind != "refit" || job.State != actnow.JobDone {
		return r, actnow.ErrNotFound
	}
	if err := json.Unmarshal(job.Result, &r); err != nil {
		return r, fmt.Errorf("result of job %d: %w", id, err)
	}
	return r, nil
}

func (s *Server) showRefit(c echo.Context) error {
	r, err := s.refit(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	p := refitPage{Post: c.Request().URL.Path}
	moved := 0
	for _, m := range r.Moves {
		moved += m.Accounts
		p.Moves = append(p.Moves, moveRow{text.T("match.band." + string(m.From)), text.T("match.band." + string(m.To)), m.Accounts})
	}
	p.Head = Head{Crumbs: []Crumb{{Text: text.T("nav.matches"), Href: "/matches"}, {Text: text.T("calibration.title")}},
		Title: text.TN("calibration.moves", int64(moved)), Text: text.TN("calibration.learned", int64(r.Answers))}
	if moved == 0 {
		p.Head.Title = text.T("calibration.moves_none")
	}
	p.Figures = []Figure{
		{Name: text.T("calibration.loss_before"), Value: text.Decimal(r.Before, 3), Note: text.T("calibration.loss_text")},
		{Name: text.T("calibration.loss_after"), Value: text.Decimal(r.After, 3), Note: text.T("calibration.loss_unseen")},
		{Name: text.T("calibration.slope"), Value: text.Decimal(r.Calibration.Slope, 2), Note: text.T("calibration.slope_text")},
		{Name: text.T("calibration.offset"), Value: text.SignedDecimal(r.Calibration.Offset, 2), Note: text.T("calibration.offset_text")},
	}
	if r.After >= r.Before {
		p.Note = &Note{Kind: "warn", Text: text.T("calibration.no_better")}
	} else if r.Bounded {
		p.Note = &Note{Text: text.T("calibration.bounded")}
	}
	for i, k := range r.Shares {
		to := 1.0
		if i+1 < len(r.Shares) {
			to = r.Shares[i+1].From
		}
		if k.Answers > 0 {
			p.Shares = append(p.Shares, shareRow{text.Percent(k.From) + "–" + text.Percent(to), k.Answers, text.Percent(k.Before), text.Percent(k.After), text.Percent(k.Right)})
		}
	}
	return s.render(c, "refit", p)
}

// acceptRefit puts in force exactly what the job found.
func (s *Server) acceptRefit(c echo.Context) error {
	r, err := s.refit(c)
	if err != nil {
		return err
	}
	return s.calibrate(c, calibrationOf(r))
}

// calibrationOf returns what a refit found, ready to be put in force.
func calibrationOf(r matcher.Refit) actnow.MatchCalibration {
	return actnow.MatchCalibration{Slope: r.Calibration.Slope, Offset: r.Calibration.Offset, Answers: r.Answers}
}

func (s *Server) shippedCalibration(c echo.Context) error {
	return s.calibrate(c, actnow.MatchCalibration{})
}

func (s *Server) calibrate(c echo.Context, to actnow.MatchCalibration) error {
	if !s.mayCalibrate(c) {
		return actnow.ErrForbidden
	}
	job, err := s.actions.Calibrate(ctx(c), s.actor(c), to)
	if err != nil {
		return err
	}
	return s.done(c, "/jobs/"+idText(job), "", "")
}
