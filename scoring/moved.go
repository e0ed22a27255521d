package scoring

import "math"

// FeatureDrift is how far customers have moved since a model was learned, in one
// feature, as the population stability index. Those with an account count, as the
// model learned from such.
type FeatureDrift struct {
	Feature string  `json:"feature"`
	PSI     float64 `json:"psi"`
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

// Level returns what the drift asks for.
func (d FeatureDrift) Level() DriftLevel {
	switch {
	case d.PSI >= driftAct:
		return DriftAct
	case d.PSI >= driftWatch:
		return DriftWatch
	}
	return DriftNone
}

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

// driftCount counts a month's customers by the ranges and levels of a model's features.
type driftCount struct {
	model *Model
	bases []basis
	now   [][]int
	rows  int
}

func newDriftCount(m *Model) *driftCount {
	d := &driftCount{model: m}
	for j, f := range m.Features {
		b := f.basis(j)
		d.bases = append(d.bases, b)
		d.now = append(d.now, make([]int, b.bins))
	}
	return d
}

func (d *driftCount) add(f *frame, rows int) {
	d.rows += rows
	for j := range d.bases {
		for row := range rows {
			d.now[j][d.bases[j].bin(f, row)]++
		}
	}
}

// drift returns the index of each feature, less what chance alone would give; 0 if
// chance alone may have given it.
func (d *driftCount) drift() []FeatureDrift {
	out := make([]FeatureDrift, len(d.bases))
	for j, f := range d.model.Features {
		before, after := make([]float64, len(f.Spread)), make([]float64, len(f.Spread))
		for k := range before {
			before[k], after[k] = float64(f.Spread[k]), float64(d.now[j][k])
		}
		out[j] = FeatureDrift{f.Name, stability(before, after, float64(d.model.Learned.Present), float64(d.rows))}
	}
	return out
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
