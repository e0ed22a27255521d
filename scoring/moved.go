package scoring

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"actnow"
)

// Drift is how far customers have moved since a model was learned. Those with an
// account count, as the model learned from such.
type Drift struct {
	Month    actnow.Month   `json:"month"`           // whose customers are meant, "" before the model scored any
	Score    *FeatureDrift  `json:"score,omitempty"` // of the score itself; nil if the model does not tell how it was spread
	Features []FeatureDrift `json:"features"`        // the farthest first
}

// Worst returns what the drift asks for in all.
func (d *Drift) Worst() DriftLevel {
	worst := 0.0
	for _, f := range d.Features {
		worst = max(worst, f.PSI)
	}
	if d.Score != nil {
		worst = max(worst, d.Score.PSI)
	}
	return NewFeatureDrift("", worst).Level
}

// FeatureDrift is the drift of one feature, as the population stability index.
type FeatureDrift struct {
	Feature string     `json:"feature,omitempty"` // "" of the score itself
	PSI     float64    `json:"psi"`
	Level   DriftLevel `json:"level,omitempty"`
}

// NewFeatureDrift says what an index asks for.
func NewFeatureDrift(feature string, psi float64) FeatureDrift {
	d := FeatureDrift{Feature: feature, PSI: psi}
	switch {
	case psi >= driftAct:
		d.Level = DriftAct
	case psi >= driftWatch:
		d.Level = DriftWatch
	}
	return d
}

// DriftLevel is what a population stability index asks for.
type DriftLevel string

// The levels of drift: from 0.10 on a change is worth a look, from 0.25 on the model
// should be learned anew.
const (
	DriftNone  DriftLevel = ""
	DriftWatch DriftLevel = "watch"
	DriftAct   DriftLevel = "act"
)

// basis returns the ranges or levels of the feature in a column.
func (f *Feature) basis(column int) basis {
	b := basis{column: column, edges: f.Edges, bins: f.bins()}
	if !f.Numeric {
		b.names, b.levels = f.Levels, make(map[string]int, len(f.Levels))
		for k, name := range f.Levels {
			b.levels[name] = k
		}
	}
	return b
}

// spreadOf returns how scores are spread, in tenths of them.
func spreadOf(points []float64) *Feature {
	b, _ := numericBasis(points, 0, places(len(points)), 10)
	f := &Feature{Name: "score", Numeric: true, Edges: b.edges}
	f.Spread = make([]int, f.bins())
	countScores(f.Spread, f, points)
	return f
}

// countRows adds the rows of a frame to the bins that they fall in.
func countRows(bins []int, b basis, f *frame, rows int) {
	for row := range rows {
		bins[b.bin(f, row)]++
	}
}

// countScores adds scores to the bins that they fall in.
func countScores(bins []int, f *Feature, points []float64) {
	countRows(bins, f.basis(0), &frame{nums: [][]float64{points}, cats: [][]string{nil}}, len(points))
}

// driftCount counts a month's customers by the ranges and levels of a model's features,
// and of its score.
type driftCount struct {
	model  *Model
	bases  []basis
	now    [][]int
	scored []int // nil if the model does not tell how its scores were spread
	rows   int
}

func newDriftCount(m *Model) *driftCount {
	d := &driftCount{model: m}
	for j, f := range m.Features {
		b := f.basis(j)
		d.bases = append(d.bases, b)
		d.now = append(d.now, make([]int, b.bins))
	}
	if m.Scored != nil {
		d.scored = make([]int, m.Scored.bins())
	}
	return d
}

// add counts customers that the model has scored.
func (d *driftCount) add(f *frame, points []float64) {
	d.rows += len(points)
	for j, b := range d.bases {
		countRows(d.now[j], b, f, len(points))
	}
	if d.scored != nil {
		countScores(d.scored, d.model.Scored, points)
	}
}

// drift returns the index of each feature and of the score, less what chance alone
// would give; 0 if chance alone may have given it.
func (d *driftCount) drift(month actnow.Month) Drift {
	out := Drift{Month: month}
	for j, f := range d.model.Features {
		out.Features = append(out.Features, NewFeatureDrift(f.Name, d.index(f.Spread, d.now[j])))
	}
	slices.SortFunc(out.Features, func(a, b FeatureDrift) int {
		return cmp.Or(cmp.Compare(b.PSI, a.PSI), strings.Compare(a.Feature, b.Feature))
	})
	if d.scored != nil {
		score := NewFeatureDrift("", d.index(d.model.Scored.Spread, d.scored))
		out.Score = &score
	}
	return out
}

func (d *driftCount) index(was, is []int) float64 {
	before, after := make([]float64, len(was)), make([]float64, len(was))
	for k := range was {
		before[k], after[k] = float64(was[k]), float64(is[k])
	}
	return stability(before, after, float64(d.model.Learned.Present), float64(d.rows))
}

// stability returns the population stability index between two counts by bin, of n
// and of m rows.
func stability(before, after []float64, n, m float64) float64 {
	if n == 0 || m == 0 {
		return 0
	}
	bins, psi := float64(len(before)), 0.0
	for k := range before {
		p, q := (before[k]+0.5)/(n+0.5*bins), (after[k]+0.5)/(m+0.5*bins)
		psi += (q - p) * math.Log(q/p)
	}
	// Without any change, n·m/(n+m) times the index is about chi-squared.
	chance := (1/n + 1/m) * (bins - 1)
	spread := (1/n + 1/m) * math.Sqrt(2*(bins-1))
	if psi -= chance; psi < 4*spread {
		return 0
	}
	return psi
}
