package web

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/scoring"
)

// holdOutStore keeps the share of Act Now that campaigns leave out.
type holdOutStore interface {
	// HoldOut returns the hold-out in force and what it came to.
	HoldOut(ctx context.Context) (scoring.HoldOutReport, error)
	// SaveHoldOut draws the customers of Act Now that were not drawn yet, or releases
	// all with a share of 0.
	SaveHoldOut(ctx context.Context, by actnow.Actor, h scoring.HoldOut) error
}

const holdOutPath = "/settings/scoring/holdout"

func (s *Server) holdOutRoutes() []route {
	return []route{
		{method: http.MethodGet, path: holdOutPath, right: actnow.RightAdmin, nav: "settings", handle: s.showHoldOut},
		{method: http.MethodPost, path: holdOutPath, right: actnow.RightAdmin, nav: "settings", maxBody: 4 << 10, handle: s.saveHoldOut},
		{method: http.MethodGet, path: "/api/v1/holdout", right: actnow.RightAdmin, handle: s.apiHoldOut},
		{method: http.MethodPut, path: "/api/v1/holdout", right: actnow.RightAdmin, maxBody: 4 << 10, handle: s.apiSaveHoldOut},
	}
}

type holdOutPage struct {
	Head   Head
	Fields []Field
	Rows   []holdOutRow
}

// holdOutRow is an area, or all together.
type holdOutRow struct {
	Name    string
	HeldNow string
	Href    string // who is held out, "" for none
	Opened  holdOutCells
	Won     holdOutCells
}

// holdOutCells compare a rate of those held out with that of the others.
type holdOutCells struct {
	Held, Others string
	Adds         string // with its 95 % interval
	Verdict      string
}

// percent is a share in per cent, without the noise of the binary point.
func percent(share float64) float64 { return math.Round(1e6*share) / 1e4 }

// holdOutForm is what was typed into the form.
type holdOutForm struct{ percent, seed string }

func (s *Server) showHoldOut(c echo.Context) error {
	return s.renderHoldOut(c, http.StatusOK, nil, nil)
}

// renderHoldOut shows the form as it was typed, nil as it is in force.
func (s *Server) renderHoldOut(c echo.Context, status int, typed *holdOutForm, problem *actnow.InputError) error {
	h, err := s.store.HoldOut(ctx(c))
	if err != nil {
		return err
	}
	if typed == nil {
		typed = &holdOutForm{strconv.FormatFloat(percent(h.Share), 'f', -1, 64), strconv.FormatInt(h.Seed, 10)}
	}
	text := s.text(c)
	p := holdOutPage{Head: Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("settings.scoring"), Href: "/settings/scoring"}, {Text: text.T("holdout.name")}},
		Title: text.T("holdout.off"), Text: text.T("holdout.text")}}
	if h.Share > 0 {
		p.Head.Title = text.T("holdout.title", percent(h.Share))
	}
	p.Fields = []Field{
		{Name: "share", Label: text.T("holdout.share"), Value: typed.percent, Hint: text.T("holdout.share_hint"), Required: true, Autocomplete: "off"},
		{Name: "seed", Label: text.T("holdout.seed"), Value: typed.seed, Hint: text.T("holdout.seed_hint"), Required: true, Autocomplete: "off"},
	}
	markField(text, p.Fields, problem)
	for _, r := range h.Areas {
		p.Rows = append(p.Rows, newHoldOutRow(text, r))
	}
	if len(h.Areas) > 1 {
		p.Rows = append(p.Rows, newHoldOutRow(text, h.All))
	}
	return s.renderStatus(c, status, "holdout", p)
}

func newHoldOutRow(text *Text, r scoring.HoldOutResult) holdOutRow {
	row := holdOutRow{Name: r.Area.Name(), HeldNow: text.T("holdout.of", r.HeldNow, r.HeldNow+r.OthersNow),
		Opened: newHoldOutCells(text, r.Held.Opened, r.Held.Customers, r.Others.Opened, r.Others.Customers, r.Opened),
		Won:    newHoldOutCells(text, r.Held.Won, r.Held.Customers, r.Others.Won, r.Others.Customers, r.Won)}
	switch {
	case r.Area == "": // in which a customer may be held out of several areas
		row.Name = text.T("holdout.all")
	case r.HeldNow > 0:
		row.Href = filterPath("area = " + string(r.Area) + " and held_out = yes")
	}
	return row
}

func newHoldOutCells(text *Text, heldHits, held, otherHits, others int, e scoring.HoldOutEffect) holdOutCells {
	rate := func(hits, rows int) string {
		if rows == 0 {
			return "–"
		}
		return text.T("holdout.rate", text.Percent(float64(hits)/float64(rows)), rows)
	}
	c := holdOutCells{Held: rate(heldHits, held), Others: rate(otherHits, others), Adds: "–", Verdict: text.T("holdout." + string(e.Verdict))}
	if held > 0 && others > 0 {
		c.Adds = text.T("holdout.adds", text.SignedDecimal(100*e.Difference, 1), text.SignedDecimal(100*e.Low, 1), text.SignedDecimal(100*e.High, 1))
	}
	if e.Missing > 0 {
		c.Verdict = text.TN("holdout.missing", int64(e.Missing))
	}
	return c
}

func (s *Server) saveHoldOut(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	typed := holdOutForm{strings.TrimSpace(f.Get("share")), strings.TrimSpace(f.Get("seed"))}
	h, problem := typed.holdOut()
	if problem != nil {
		return s.renderHoldOut(c, http.StatusUnprocessableEntity, &typed, problem)
	}
	if err := s.store.SaveHoldOut(ctx(c), s.actor(c), h); err != nil {
		return err
	}
	text := s.text(c)
	said := text.T("holdout.ended")
	if h.Share > 0 {
		said = text.T("holdout.saved", percent(h.Share))
	}
	return s.done(c, holdOutPath, said, "")
}

// holdOut reads the form; a comma may stand for the point.
func (f holdOutForm) holdOut() (h scoring.HoldOut, problem *actnow.InputError) {
	typed, err := strconv.ParseFloat(strings.Replace(strings.TrimSuffix(f.percent, "%"), ",", ".", 1), 64)
	if h = (scoring.HoldOut{Share: typed / 100}); err != nil || h.Check() != nil {
		return h, actnow.Invalid("error.holdout.percent", "share", "a share is a number from 0 to %g, not %q", 100*scoring.MaxHoldOut, f.percent)
	}
	if h.Seed, err = strconv.ParseInt(f.seed, 10, 64); err != nil {
		return h, actnow.Invalid("error.holdout.seed", "seed", "a seed is a whole number, not %q", f.seed)
	}
	return h, nil
}

func (s *Server) apiHoldOut(c echo.Context) error {
	h, err := s.store.HoldOut(ctx(c))
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, h)
}

func (s *Server) apiSaveHoldOut(c echo.Context) error {
	var h scoring.HoldOut
	if err := body(c, &h); err != nil {
		return err
	}
	if err := s.store.SaveHoldOut(ctx(c), s.actor(c), h); err != nil {
		return err
	}
	return s.apiHoldOut(c)
}
