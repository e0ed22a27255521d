package scoring

import (
	"fmt"
	"math"

	"actnow"
)

// Edges are where the bands of a score begin.
type Edges = actnow.Edges

// DefaultEdges are the values of the CloudAscent page.
var DefaultEdges = actnow.DefaultEdges

// bandOf returns the band of a score, "" without one.
func bandOf(e Edges, s Score) actnow.Band {
	if s.Points == nil {
		return ""
	}
	return e.Band(*s.Points)
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
	m := Matrix{Name: name, Version: 1, Edges: DefaultEdges, Cells: make(map[actnow.Band]map[actnow.Band]actnow.Cell, 4)}
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

// Check returns an *actnow.InputError unless the matrix has a name, edges that
// fall, and sixteen different cells from A1 to D4.
func (m Matrix) Check() error {
	if m.Name == "" {
		return actnow.Invalid("error.score.matrix.name", "name", "a matrix needs a name")
	}
	if err := m.Edges.Check(); err != nil {
		return err
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
