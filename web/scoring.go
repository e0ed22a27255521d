package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/scoring"
)

// scoringStore keeps the matrices by which scores become cells.
type scoringStore interface {
	// Matrix returns the one in force.
	Matrix(ctx context.Context) (scoring.Matrix, error)
	// Matrices returns all versions of all matrices; active is the place of the
	// one in force.
	Matrices(ctx context.Context) (all []scoring.Matrix, active int, err error)
	// ChooseMatrix puts a version in force and places all customers anew.
	ChooseMatrix(ctx context.Context, by actnow.Actor, name string, version int) error
	// MatrixEffect returns whom a matrix would move if it were in force.
	MatrixEffect(ctx context.Context, m scoring.Matrix) ([]scoring.Shift, error)
	// AddMatrix keeps a matrix of the partner's own as its next version.
	AddMatrix(ctx context.Context, by actnow.Actor, m scoring.Matrix) (scoring.Matrix, error)
}

func (s *Server) scoringRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/settings/scoring", right: actnow.RightAdmin, nav: "settings", handle: s.showScoring},
		{method: http.MethodPost, path: "/settings/scoring", right: actnow.RightAdmin, maxBody: 64 << 10, handle: s.chooseMatrix},
		{method: http.MethodGet, path: "/settings/scoring/matrix", right: actnow.RightAdmin, nav: "settings", handle: s.newMatrix},
		{method: http.MethodPost, path: "/settings/scoring/matrix", right: actnow.RightAdmin, nav: "settings", maxBody: 64 << 10, handle: s.saveMatrix},
	}
}

type scoringPage struct {
	Head     Head
	Bands    []pair
	Matrices []matrixChoice
}

type matrixChoice struct {
	Name    string
	About   string
	Key     string
	Version string
	Active  bool
	Moves   string // what choosing it would do
	Change  string // path of the form that begins with it
	Matrix  Matrix
}

func (s *Server) showScoring(c echo.Context) error {
	text := s.text(c)
	all, active, err := s.store.Matrices(ctx(c))
	if err != nil {
		return err
	}
	p := scoringPage{Head: Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("settings.scoring")}}, Text: text.T("scoring.text")}}
	p.Head.Title = text.T("scoring.title", matrixName(text, all[active].Name))
	p.Head.Actions = []Action{{Text: text.T("scoring.own"), Href: matrixPath(all[active]), Icon: "sliders-horizontal"}, {Text: text.T("scoring.holdout"), Href: holdOutPath}}
	for _, h := range bandHeads(text, all[active].Edges) {
		p.Bands = append(p.Bands, pair{Name: text.Band(h.Band), Value: h.Range})
	}
	for i, m := range all {
		choice := matrixChoice{Name: matrixName(text, m.Name), Key: m.Name, Version: strconv.Itoa(m.Version), Active: i == active, Change: matrixPath(m),
			Matrix: NewMatrix(text, matrixName(text, m.Name), true, m.Edges, matrixCells(m))}
		if m.Version > 1 {
			choice.Name = text.T("scoring.version", choice.Name, m.Version)
		}
		if key := "scoring.about_" + m.Name; text.Has(key) {
			choice.About = text.T(key)
		}
		if i != active {
			shifts, err := s.store.MatrixEffect(ctx(c), m)
			if err != nil {
				return err
			}
			choice.Moves = effectSentence(text, shifts)
		}
		p.Matrices = append(p.Matrices, choice)
	}
	return s.render(c, "scoring", p)
}

// matrixCells draws a matrix without counts.
func matrixCells(m scoring.Matrix) []MatrixValue {
	var values []MatrixValue
	for _, fit := range actnow.Bands {
		for _, intent := range actnow.Bands {
			cell := m.Cell(fit, intent)
			values = append(values, MatrixValue{Fit: fit, Intent: intent, Cell: cell, Value: 1})
		}
	}
	return values
}

func (s *Server) chooseMatrix(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(f.Get("version"))
	if err != nil {
		return fmt.Errorf("matrix version: %w", actnow.ErrNotFound)
	}
	if err := s.store.ChooseMatrix(ctx(c), s.actor(c), f.Get("name"), version); err != nil {
		return err
	}
	text := s.text(c)
	return s.done(c, "/settings/scoring", text.T("scoring.chosen", matrixName(text, f.Get("name"))), "")
}
