package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/scoring"
)

// matrixPath is the form of an own matrix that begins as m is.
func matrixPath(m scoring.Matrix) string {
	return "/settings/scoring/matrix?" + url.Values{"name": {m.Name}, "version": {strconv.Itoa(m.Version)}}.Encode()
}

// matrixFormPage is the form of a matrix of the partner's own, with what it would
// do.
type matrixFormPage struct {
	Head    Head
	Name    Field
	Edges   []Field
	Bands   []BandHead
	Rows    []matrixFormRow
	Problem string // about the cells
	Looked  bool
	Effect  string // whom it would move, in a sentence
	Shifts  []shiftRow
}

type matrixFormRow struct {
	Fit   BandHead
	Cells []Select
}

// shiftRow is how many customers of an area would go from one cluster to another.
type shiftRow struct {
	Area      actnow.Area
	From, To  actnow.Cluster
	Customers int
}

// newMatrix shows the form as the matrix is that the query names, or the one in
// force.
func (s *Server) newMatrix(c echo.Context) error {
	all, active, err := s.store.Matrices(ctx(c))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(m scoring.Matrix) bool {
		return m.Name == c.QueryParam("name") && strconv.Itoa(m.Version) == c.QueryParam("version")
	})
	if i < 0 {
		i = active
	}
	m := all[i]
	if m.Name == scoring.QuadrantsName || m.Name == scoring.RowsName {
		m.Name = s.text(c).T("scoring.own_name")
	}
	return s.renderMatrix(c, http.StatusOK, typedMatrix(m), nil, nil)
}

// matrixForm is a matrix as it is typed.
type matrixForm struct {
	name  string
	edges [3]string
	cells map[[2]actnow.Band]string
}

func typedMatrix(m scoring.Matrix) matrixForm {
	f := matrixForm{name: m.Name, cells: map[[2]actnow.Band]string{}}
	for i, edge := range []float64{m.Edges.High, m.Edges.Medium, m.Edges.Low} {
		f.edges[i] = strconv.FormatFloat(edge, 'f', -1, 64)
	}
	for _, fit := range actnow.Bands {
		for _, intent := range actnow.Bands {
			f.cells[[2]actnow.Band{fit, intent}] = string(m.Cell(fit, intent))
		}
	}
	return f
}

// readMatrix reads the form. The error is an *actnow.InputError if an edge is no
// number.
func readMatrix(f url.Values) (matrixForm, scoring.Matrix, error) {
	form := matrixForm{name: strings.TrimSpace(f.Get("name")), cells: map[[2]actnow.Band]string{}}
	m := scoring.Matrix{Name: form.name, Cells: map[actnow.Band]map[actnow.Band]actnow.Cell{}}
	var problem error
	for i, to := range []*float64{&m.Edges.High, &m.Edges.Medium, &m.Edges.Low} {
		form.edges[i] = strings.TrimSpace(f.Get(edgeNames[i]))
		x, err := strconv.ParseFloat(strings.Replace(form.edges[i], ",", ".", 1), 64)
		if err != nil && problem == nil {
			problem = actnow.Invalid("error.score.edge", edgeNames[i], "%q is no score from 0 to 100", form.edges[i])
		}
		*to = x
	}
	for i, fit := range actnow.Bands {
		m.Cells[fit] = map[actnow.Band]actnow.Cell{}
		for j, intent := range actnow.Bands {
			cell := f.Get(cellName(i, j))
			form.cells[[2]actnow.Band{fit, intent}] = cell
			m.Cells[fit][intent] = actnow.Cell(cell)
		}
	}
	return form, m, problem
}

var edgeNames = [3]string{"high", "medium", "low"}

func cellName(fit, intent int) string { return fmt.Sprintf("cell-%d-%d", fit, intent) }

// saveMatrix shows what the matrix of the form would do, keeps it as a new version,
// or also puts it in force.
func (s *Server) saveMatrix(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	typed, m, err := readMatrix(f)
	if err == nil {
		err = m.Check()
	}
	do := f.Get("do")
	if err == nil && do == "look" {
		shifts, err := s.store.MatrixEffect(ctx(c), m)
		if err != nil {
			return err
		}
		return s.renderMatrix(c, http.StatusOK, typed, append([]scoring.Shift{}, shifts...), nil)
	}
	if err == nil {
		m, err = s.store.AddMatrix(ctx(c), s.actor(c), m)
	}
	var input *actnow.InputError
	if errors.As(err, &input) {
		return s.renderMatrix(c, http.StatusUnprocessableEntity, typed, nil, input)
	}
	if err != nil {
		return err
	}
	said := "scoring.saved"
	if do == "use" {
		said = "scoring.chosen"
		if err := s.store.ChooseMatrix(ctx(c), s.actor(c), m.Name, m.Version); err != nil {
			return err
		}
	}
	return s.done(c, "/settings/scoring", s.text(c).T(said, m.Name, m.Version), "")
}

// renderMatrix shows the form; shifts are what the matrix would do, nil if nobody
// asked.
func (s *Server) renderMatrix(c echo.Context, status int, f matrixForm, shifts []scoring.Shift, problem *actnow.InputError) error {
	text := s.text(c)
	p := matrixFormPage{
		Head: Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("settings.scoring"), Href: "/settings/scoring"}, {Text: text.T("scoring.own")}}, Title: text.T("scoring.own"), Text: text.T("scoring.own_text")},
		Name: Field{Name: "name", Label: text.T("scoring.name"), Hint: text.T("scoring.name_hint"), Value: f.name, Required: true, Autocomplete: "off"}}
	for i, b := range actnow.Bands[:3] {
		p.Edges = append(p.Edges, Field{Name: edgeNames[i], Label: text.T("scoring.from_score", text.Band(b)), Value: f.edges[i], Required: true, Autocomplete: "off"})
	}
	for _, b := range actnow.Bands {
		p.Bands = append(p.Bands, BandHead{Band: b})
	}
	for i, fit := range actnow.Bands {
		row := matrixFormRow{Fit: p.Bands[i]}
		for j, intent := range actnow.Bands {
			cell := Select{Name: cellName(i, j), Label: text.T("scoring.cell", text.Band(fit), text.Band(intent))}
			for _, letter := range "ABCD" {
				for n := 1; n <= 4; n++ {
					name := fmt.Sprintf("%c%d", letter, n)
					cell.Options = append(cell.Options, Option{Value: name, Text: name + " " + text.Cluster(actnow.Cell(name).Cluster()), Selected: f.cells[[2]actnow.Band{fit, intent}] == name})
				}
			}
			row.Cells = append(row.Cells, cell)
		}
		p.Rows = append(p.Rows, row)
	}
	if problem != nil {
		markField(text, p.Edges, problem)
		switch {
		case problem.Field == "name":
			p.Name.Error = text.Error(problem)
		case !slices.Contains(edgeNames[:], problem.Field):
			p.Problem = text.Error(problem)
		}
	}
	if shifts != nil {
		p.Looked, p.Effect = true, effectSentence(text, shifts)
		for _, sh := range shifts {
			p.Shifts = append(p.Shifts, shiftRow(sh))
		}
	}
	return s.renderStatus(c, status, "matrix_form", p)
}

// effectSentence says whom a matrix would move: "12 customers move to Act Now, 5
// leave it; 40 move in all."
func effectSentence(text *Text, shifts []scoring.Shift) string {
	n := 0
	for _, s := range shifts {
		n += s.Customers
	}
	if n == 0 {
		return text.T("scoring.moves_none")
	}
	in, out := scoring.Moved(shifts, actnow.ActNow)
	return text.TN("scoring.moves_in", int64(in)) + " " + text.TN("scoring.moves_out", int64(out)) + " " + text.TN("scoring.moves", int64(n))
}
