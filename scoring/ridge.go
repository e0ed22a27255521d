package scoring

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// ridge is a linear model of a number: each numeric feature as it is and as its
// signed logarithm, both standardised, each frequent level of a category.
type ridge struct {
	columns []ridgeColumn
	mean    float64
	effects []float64
}

// ridgeColumn is one term: a feature, and how a row's value of it is read.
type ridgeColumn struct {
	feature       int
	level         string // of a category
	form          ridgeForm
	center, scale float64
}

type ridgeForm int

const (
	formValue ridgeForm = iota
	formLog
	formMissing
	formLevel
)

// ridgeStrengths are what the penalty is chosen from, per row.
var ridgeStrengths = []float64{1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1}

func (c *ridgeColumn) read(f *frame, row int) float64 {
	if c.form == formLevel {
		if f.cats[c.feature][row] == c.level {
			return 1
		}
		return 0
	}
	v := f.nums[c.feature][row]
	missing := math.IsNaN(v)
	switch {
	case c.form == formMissing && missing:
		return 1
	case c.form == formMissing:
		return 0
	case missing:
		return c.center
	case c.form == formLog:
		return math.Copysign(math.Log1p(math.Abs(v)), v)
	}
	return v
}

// term is the value of the term, bounded so that a row far outside the training
// rows does not run away.
func (c *ridgeColumn) term(f *frame, row int) float64 {
	return min(max((c.read(f, row)-c.center)/c.scale, -20), 20)
}

// newRidge lays out the terms of the features in use, nil for all, for rows, and
// gathers their normal equations.
func newRidge(f *frame, rows []int, use []bool, target func(row int) float64) (r *ridge, gram *mat.SymDense, moments []float64) {
	r = &ridge{}
	fine := resolutionFor(f, use)
	for j := range f.nums {
		if use != nil && !use[j] {
			continue
		}
		if f.cats[j] == nil {
			for _, form := range []ridgeForm{formValue, formLog, formMissing} {
				r.columns = append(r.columns, ridgeColumn{feature: j, form: form})
			}
			continue
		}
		if b, ok := newBasis(f, j, rows, fine); ok {
			for _, level := range b.names {
				r.columns = append(r.columns, ridgeColumn{feature: j, form: formLevel, level: level})
			}
		}
	}
	kept := r.columns[:0]
	for _, c := range r.columns {
		if c.standardise(f, rows) {
			kept = append(kept, c)
		}
	}
	r.columns = kept
	for _, row := range rows {
		r.mean += target(row) / float64(len(rows))
	}
	p := len(r.columns)
	if p == 0 {
		return r, nil, nil
	}
	gram, moments = mat.NewSymDense(p, nil), make([]float64, p)
	cells, terms := gram.RawSymmetric().Data, make([]float64, p)
	for _, row := range rows {
		for k := range r.columns {
			terms[k] = r.columns[k].term(f, row)
		}
		y := target(row) - r.mean
		for a, v := range terms {
			if v == 0 {
				continue
			}
			line := cells[a*p : a*p+p]
			for b := a; b < p; b++ {
				line[b] += v * terms[b]
			}
			moments[a] += v * y
		}
	}
	return r, gram, moments
}

// standardise sets center and scale over rows; ok is false if all rows are alike.
func (c *ridgeColumn) standardise(f *frame, rows []int) (ok bool) {
	n, sum, square := 0.0, 0.0, 0.0
	for _, row := range rows {
		if c.form < formMissing && math.IsNaN(f.nums[c.feature][row]) {
			continue
		}
		v := c.read(f, row)
		n, sum = n+1, sum+v
	}
	if n == 0 {
		return false
	}
	center := sum / n
	for _, row := range rows {
		if c.form < formMissing && math.IsNaN(f.nums[c.feature][row]) {
			continue
		}
		square += (c.read(f, row) - center) * (c.read(f, row) - center)
	}
	c.center, c.scale = center, math.Sqrt(square/n)
	return c.scale > 1e-9*(1+math.Abs(center))
}

// solve sets the effects under a penalty of strength times n.
func (r *ridge) solve(gram *mat.SymDense, moments []float64, strength float64, n int) bool {
	if gram == nil {
		return true
	}
	p := len(moments)
	h := mat.NewSymDense(p, nil)
	h.CopySym(gram)
	for k := range p {
		h.SetSym(k, k, h.At(k, k)+strength*float64(n)+1e-9)
	}
	var chol mat.Cholesky
	if !chol.Factorize(h) {
		return false
	}
	out := mat.NewVecDense(p, nil)
	if err := chol.SolveVecTo(out, mat.NewVecDense(p, moments)); err != nil && !finite(out.RawVector().Data) {
		return false
	}
	r.effects = append([]float64(nil), out.RawVector().Data...)
	return finite(r.effects)
}

func (r *ridge) values(f *frame, rows []int) []float64 {
	out := make([]float64, len(rows))
	for i, row := range rows {
		out[i] = r.mean
		for k := range r.columns {
			if r.effects != nil && r.effects[k] != 0 {
				out[i] += r.effects[k] * r.columns[k].term(f, row)
			}
		}
	}
	return out
}
