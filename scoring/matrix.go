package scoring

import (
	"fmt"
	"math"

	"actnow"
)

// Edges are the lowest scores of the bands High, Medium and Low; below Low is
// Very low. They are data of a model, since Microsoft calls its own values
// examples that vary by model.
type Edges struct {
	High   float64 `json:"high" yaml:"high"`
	Medium float64 `json:"medium" yaml:"medium"`
	Low    float64 `json:"low" yaml:"low"`
}

// DefaultEdges are the values of the CloudAscent page.
var DefaultEdges = Edges{High: 75, Medium: 55, Low: 30}

// Band returns the band of an unrounded score in [0, 100]. NaN has no band.
func (e Edges) Band(score float64) actnow.Band {
	switch {
	case math.IsNaN(score):
		return ""
	case score >= e.High:
		return actnow.High
	case score >= e.Medium:
		return actnow.Medium
	case score >= e.Low:
		return actnow.Low
	}
	return actnow.VeryLow
}

func (e Edges) bandOf(s Score) actnow.Band {
	if s.Points == nil {
		return ""
	}
	return e.Band(*s.Points)
}

// Check returns an *actnow.InputError unless 100 ≥ High > Medium > Low > 0.
func (e Edges) Check() error {
	if e.High <= 100 && e.High > e.Medium && e.Medium > e.Low && e.Low > 0 {
		return nil
	}
	return actnow.Invalid("error.score.edges", "edges",
		"band edges must fall from High to Low between 100 and 0, not %g, %g, %g", e.High, e.Medium, e.Low)
}

// Shown returns a score as pages show it: rounded down, so that no score looks
// as if it had reached a band that it has not.
func Shown(score float64) int { return int(math.Floor(score)) }

// The names of the built-in matrices.
const (
	QuadrantsName = "quadrants"
	RowsName      = "rows"
)

// Quadrants returns the built-in matrix in which each cluster is a block of two
// by two bands: intent moves the cluster. It is the default.
func Quadrants() Matrix {
	return builtin(QuadrantsName, [4][4]actnow.Cell{
		{"A1", "A2", "B1", "B2"},
		{"A3", "A4", "B3", "B4"},
		{"C1", "C2", "D1", "D2"},
		{"C3", "C4", "D3", "D4"},
	})
}

// Rows returns the built-in matrix in which the letter is the fit band and the
// number the intent band.
func Rows() Matrix {
	return builtin(RowsName, [4][4]actnow.Cell{
		{"A1", "A2", "A3", "A4"},
		{"B1", "B2", "B3", "B4"},
		{"C1", "C2", "C3", "C4"},
		{"D1", "D2", "D3", "D4"},
	})
}

func builtin(name string, grid [4][4]actnow.Cell) Matrix {
	m := Matrix{Name: name, Version: 1, Cells: make(map[actnow.Band]map[actnow.Band]actnow.Cell, 4)}
	for i, fit := range actnow.Bands {
		m.Cells[fit] = make(map[actnow.Band]actnow.Cell, 4)
		for j, intent := range actnow.Bands {
			m.Cells[fit][intent] = grid[i][j]
		}
	}
	return m
}

// Cell returns where the two bands cross. A missing band has no cell.
func (m Matrix) Cell(fit, intent actnow.Band) actnow.Cell { return m.Cells[fit][intent] }

// Check returns an *actnow.InputError unless the matrix has a name and sixteen
// different cells from A1 to D4.
func (m Matrix) Check() error {
	if m.Name == "" {
		return actnow.Invalid("error.score.matrix.name", "name", "a matrix needs a name")
	}
	seen := make(map[actnow.Cell]bool, 16)
	for _, fit := range actnow.Bands {
		for _, intent := range actnow.Bands {
			cell := m.Cell(fit, intent)
			if cell.Cluster() == "" || seen[cell] {
				return actnow.Invalid("error.score.matrix.cell", fmt.Sprintf("%s × %s", fit, intent),
					"the cell of fit %s and intent %s must be one of A1 to D4 that no other has, not %q", fit, intent, cell)
			}
			seen[cell] = true
		}
	}
	return nil
}
