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
	// Matrices returns all versions of all matrices; active is the place of the
	// one in force.
	Matrices(ctx context.Context) (all []scoring.Matrix, active int, err error)
	// ChooseMatrix puts a version in force and places all customers anew.
	ChooseMatrix(ctx context.Context, by actnow.Actor, name string, version int) error
	Grid(ctx context.Context, scope actnow.Scope, area actnow.Area, month actnow.Month) (actnow.Grid, error)
}

func (s *Server) scoringRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/settings/scoring", right: actnow.RightAdmin, nav: "settings", handle: s.showScoring},
		{method: http.MethodPost, path: "/settings/scoring", right: actnow.RightAdmin, maxBody: 64 << 10, handle: s.chooseMatrix},
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
	Matrix  Matrix
}

func (s *Server) showScoring(c echo.Context) error {
	text := s.text(c)
	all, active, err := s.store.Matrices(ctx(c))
	if err != nil {
		return err
	}
	var grids []actnow.Grid
	for _, area := range actnow.Areas {
		g, err := s.store.Grid(ctx(c), actnow.Everything, area, "")
		if err != nil {
			return err
		}
		grids = append(grids, g)
	}
	p := scoringPage{Head: Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("settings.scoring")}}, Text: text.T("scoring.text")}}
	if len(all) > 0 {
		p.Head.Title = text.T("scoring.title", matrixName(text, all[active].Name))
	}
	for _, b := range actnow.Bands {
		p.Bands = append(p.Bands, pair{Name: text.Band(b), Value: BandRange(b)})
	}
	for i, m := range all {
		choice := matrixChoice{Name: matrixName(text, m.Name), Key: m.Name, Version: strconv.Itoa(m.Version), Active: i == active,
			Matrix: NewMatrix(matrixName(text, m.Name), true, matrixCells(m))}
		if m.Version > 1 {
			choice.Name = text.T("scoring.version", choice.Name, m.Version)
		}
		if key := "scoring.about_" + m.Name; text.Has(key) {
			choice.About = text.T(key)
		}
		if i != active {
			choice.Moves = text.TN("scoring.moves", int64(movers(grids, all[active], m)))
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

// movers counts the scores whose cluster another matrix would change, in the
// latest month of each area. Clusters that a file names stay, so it is an upper
// bound where files name them.
func movers(grids []actnow.Grid, now, other scoring.Matrix) int {
	n := 0
	for _, g := range grids {
		for _, cell := range g.Cells {
			if now.Cell(cell.Fit, cell.Intent).Cluster() != other.Cell(cell.Fit, cell.Intent).Cluster() {
				n += cell.Count
			}
		}
	}
	return n
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
