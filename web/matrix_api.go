package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/scoring"
)

func (s *Server) matrixAPIRoutes() []route {
	const list = "/api/v1/matrices"
	return []route{
		{method: http.MethodGet, path: list, handle: s.apiMatrices},
		{method: http.MethodPost, path: list, right: actnow.RightAdmin, maxBody: 64 << 10, handle: s.apiAddMatrix},
		{method: http.MethodPost, path: list + "/effect", right: actnow.RightAdmin, maxBody: 64 << 10, handle: s.apiMatrixEffect},
		{method: http.MethodPost, path: list + "/use", right: actnow.RightAdmin, maxBody: 64 << 10, handle: s.apiUseMatrix},
	}
}

// matrixJSON is a version of a matrix as the API answers it.
type matrixJSON struct {
	scoring.Matrix
	Active bool `json:"active"`
}

func (s *Server) apiMatrices(c echo.Context) error {
	all, active, err := s.store.Matrices(ctx(c))
	if err != nil {
		return err
	}
	out := struct {
		Items []matrixJSON `json:"items"`
	}{[]matrixJSON{}}
	for i, m := range all {
		out.Items = append(out.Items, matrixJSON{m, i == active})
	}
	return s.answer(c, http.StatusOK, out)
}

// bodyMatrix reads a matrix; without edges it has the default ones.
func bodyMatrix(c echo.Context) (scoring.Matrix, error) {
	m := scoring.Matrix{Edges: actnow.DefaultEdges}
	if err := body(c, &m); err != nil {
		return m, err
	}
	return m, m.Check()
}

func (s *Server) apiAddMatrix(c echo.Context) error {
	m, err := bodyMatrix(c)
	if err == nil {
		m, err = s.store.AddMatrix(ctx(c), s.actor(c), m)
	}
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusCreated, matrixJSON{Matrix: m})
}

// apiMatrixEffect answers whom a matrix would move, and saves nothing.
func (s *Server) apiMatrixEffect(c echo.Context) error {
	m, err := bodyMatrix(c)
	if err != nil {
		return err
	}
	shifts, err := s.store.MatrixEffect(ctx(c), m)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, map[string][]scoring.Shift{"shifts": shifts})
}

func (s *Server) apiUseMatrix(c echo.Context) error {
	var in struct {
		Name    string `json:"name"`
		Version int    `json:"version"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	if err := s.store.ChooseMatrix(ctx(c), s.actor(c), in.Name, in.Version); err != nil {
		return err
	}
	return s.apiMatrices(c)
}
