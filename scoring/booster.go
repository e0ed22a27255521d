package scoring

import (
	"math"
	"slices"
)

// maxOrder is how many features a tree of a booster may look at, and so how many an
// interaction has.
const maxOrder = 3

// booster is gradient boosting with trees that look at one to three features each,
// after Lou, Caruana, Gehrke and Hooker, "Accurate intelligible models with pairwise
// interactions" (2013). Its trees add up to an effect for each bin of each feature
// and interactions of two or three of them, so its reasons are as exact as a
// scorecard's. The effects are those of the functional ANOVA over the training rows'
// own shares of each bin: an interaction averages to zero along each of its features.
type booster struct {
	cuts         []*basis // by column; nil where nothing is learned from it
	level        float64
	mains        [][]float64 // by column and bin
	interactions []interaction
}

// interaction is an effect of several columns for each crossing of classes of their
// bins.
type interaction struct {
	columns []int
	classes [][]uint8 // by column and bin
	sizes   []int     // classes of each column
	effects []float64 // row-major
}

// newBooster returns a booster that knows how to read the sample's columns.
func newBooster(s sample) *booster {
	m := &booster{cuts: make([]*basis, len(s.frame.nums)), mains: make([][]float64, len(s.frame.nums))}
	for j := range m.cuts {
		if s.use != nil && !s.use[j] {
			continue
		}
		if b, ok := newBasis(s.frame, j, s.rows, resolution{maxCuts - 1, maxCuts - 1}); ok {
			m.cuts[j], m.mains[j] = &b, make([]float64, b.bins)
		}
	}
	return m
}

// binned returns the bins of the rows, row-major by column; 0 where nothing is
// learned from one.
func (m *booster) binned(f *frame, rows []int) []uint8 {
	out := make([]uint8, len(rows)*len(m.cuts))
	for i, row := range rows {
		for j, c := range m.cuts {
			if c != nil {
				out[i*len(m.cuts)+j] = uint8(c.bin(f, row))
			}
		}
	}
	return out
}

func (m *booster) base() float64 { return m.level }

func (m *booster) values(f *frame, rows []int) []float64 {
	out := make([]float64, len(rows))
	eachShares(m, f, rows, func(i int, shares []float64) {
		out[i] = m.level
		for _, share := range shares {
			out[i] += share
		}
	})
	return out
}

// share adds each feature's share of the rows' values, times weight, to the rows of
// shares: its own effect and an equal part of each interaction that it is in, which
// is its Shapley value.
func (m *booster) share(f *frame, rows []int, weight float64, shares []float64) {
	bins, width := m.binned(f, rows), len(m.cuts)
	for j, effects := range m.mains {
		if effects != nil {
			for i := j; i < len(bins); i += width {
				shares[i] += weight * effects[bins[i]]
			}
		}
	}
	for k := range m.interactions { // one table after the other: it stays in the cache
		t := &m.interactions[k]
		weight := weight / float64(len(t.columns))
		a, b := t.columns[0], t.columns[1]
		inA, inB, sizeB := t.classes[0], t.classes[1], t.sizes[1]
		if len(t.columns) == 2 {
			for i := 0; i < len(bins); i += width {
				part := weight * t.effects[int(inA[bins[i+a]])*sizeB+int(inB[bins[i+b]])]
				shares[i+a] += part
				shares[i+b] += part
			}
			continue
		}
		c, inC, sizeC := t.columns[2], t.classes[2], t.sizes[2]
		for i := 0; i < len(bins); i += width {
			part := weight * t.effects[(int(inA[bins[i+a]])*sizeB+int(inB[bins[i+b]]))*sizeC+int(inC[bins[i+c]])]
			shares[i+a] += part
			shares[i+b] += part
			shares[i+c] += part
		}
	}
}

// take adds up trees. masses are the shares of the training rows in each bin.
func (m *booster) take(level float64, trees []tree, masses [][]float64) {
	m.level = level
	d := decomposition{booster: m, masses: masses, tables: make(map[[maxOrder]int]int)}
	for _, group := range byColumns(trees) {
		t := tabulate(group, m.mains)
		d.add(t, 0)
	}
}

// byColumns puts trees that look at the same columns together, in a fixed order.
// Their columns come out sorted.
func byColumns(trees []tree) [][]tree {
	at := make(map[[maxOrder]int]int)
	var groups [][]tree
	for _, t := range trees {
		sorted := t.sorted()
		key := columnsKey(sorted.columns)
		k, known := at[key]
		if !known {
			k = len(groups)
			at[key], groups = k, append(groups, nil)
		}
		groups[k] = append(groups[k], sorted)
	}
	return groups
}

// columnsKey names up to maxOrder columns.
func columnsKey(columns []int) (key [maxOrder]int) {
	for k := range key {
		key[k] = -1
	}
	copy(key[:], columns)
	return key
}

// sorted returns the tree with its columns in order.
func (t *tree) sorted() tree {
	order := places(len(t.columns))
	slices.SortFunc(order, func(a, b int) int { return t.columns[a] - t.columns[b] })
	out := tree{columns: make([]int, len(order)), nodes: t.nodes, leaves: slices.Clone(t.leaves)}
	for k, from := range order {
		out.columns[k] = t.columns[from]
		for i := range out.leaves {
			out.leaves[i].bins[k] = t.leaves[i].bins[from]
		}
	}
	return out
}

// tabulate adds up trees on the same columns, by classes of bins that none of them
// tells apart.
func tabulate(trees []tree, mains [][]float64) interaction {
	columns := trees[0].columns
	t := interaction{columns: columns, classes: make([][]uint8, len(columns)), sizes: make([]int, len(columns))}
	cells := 1
	for k, j := range columns {
		t.classes[k], t.sizes[k] = make([]uint8, len(mains[j])), 1
		for i := range trees {
			for l := range trees[i].leaves {
				t.refine(k, trees[i].leaves[l].bins[k])
			}
		}
		cells *= t.sizes[k]
	}
	t.effects = make([]float64, cells)
	bins := make([]uint8, len(mains))
	first := make([][]uint8, len(columns)) // a bin of each class
	for k := range columns {
		first[k] = make([]uint8, t.sizes[k])
		for bin := len(t.classes[k]) - 1; bin >= 0; bin-- {
			first[k][t.classes[k][bin]] = uint8(bin)
		}
	}
	for c := range t.effects {
		rest := c
		for k := len(columns) - 1; k >= 0; k-- {
			bins[columns[k]] = first[k][rest%t.sizes[k]]
			rest /= t.sizes[k]
		}
		for i := range trees {
			t.effects[c] += trees[i].value(bins)
		}
	}
	return t
}

// refine divides the classes of column k by a set of bins.
func (t *interaction) refine(k int, set uint64) {
	var to [2 * maxCuts]uint8 // new class by old one and side, from 1 on
	size := 0
	for bin, class := range t.classes[k] {
		at := 2*int(class) + int(set>>bin&1)
		if to[at] == 0 {
			size++
			to[at] = uint8(size)
		}
		t.classes[k][bin] = to[at] - 1
	}
	t.sizes[k] = size
}

// decomposition divides tables into effects of single columns and interactions that
// average to zero along each column.
type decomposition struct {
	*booster
	masses [][]float64
	tables map[[maxOrder]int]int // places of interactions by their columns
}

// add divides a table along its axes from the one given on: into its mean along an
// axis, which has one column less, and what is left.
func (d *decomposition) add(t interaction, axis int) {
	if axis == len(t.columns) {
		d.put(t)
		return
	}
	mass := make([]float64, t.sizes[axis])
	for bin, class := range t.classes[axis] {
		mass[class] += d.masses[t.columns[axis]][bin]
	}
	inner := 1
	for _, n := range t.sizes[axis+1:] {
		inner *= n
	}
	size := t.sizes[axis]
	mean := interaction{columns: without(t.columns, axis), classes: without(t.classes, axis), sizes: without(t.sizes, axis), effects: make([]float64, len(t.effects)/size)}
	rest := t
	rest.effects = slices.Clone(t.effects)
	for c := range mean.effects {
		from := c/inner*inner*size + c%inner
		for k, w := range mass {
			mean.effects[c] += w * t.effects[from+k*inner]
		}
		for k := range mass {
			rest.effects[from+k*inner] -= mean.effects[c]
		}
	}
	d.add(mean, axis)
	d.add(rest, axis+1)
}

func without[T any](list []T, at int) []T {
	return slices.Concat(list[:at], list[at+1:])
}

// put adds effects to those of the same columns.
func (d *decomposition) put(t interaction) {
	switch len(t.columns) {
	case 0:
		d.level += t.effects[0]
		return
	case 1:
		for bin, class := range t.classes[0] {
			d.mains[t.columns[0]][bin] += t.effects[class]
		}
		return
	}
	key := columnsKey(t.columns)
	at, known := d.tables[key]
	if !known {
		d.tables[key] = len(d.interactions)
		d.interactions = append(d.interactions, t)
		return
	}
	d.interactions[at] = d.interactions[at].plus(t)
}

// plus returns the sum of two tables of the same columns, by the classes of both.
func (t interaction) plus(u interaction) interaction {
	sum := interaction{columns: t.columns, classes: make([][]uint8, len(t.columns)), sizes: make([]int, len(t.columns))}
	type pairOf struct{ a, b uint8 }
	from := make([][]pairOf, len(t.columns))
	cells := 1
	for k := range t.columns {
		sum.classes[k] = make([]uint8, len(t.classes[k]))
		at := make(map[pairOf]uint8)
		for bin := range t.classes[k] {
			p := pairOf{t.classes[k][bin], u.classes[k][bin]}
			class, known := at[p]
			if !known {
				class = uint8(len(from[k]))
				at[p] = class
				from[k] = append(from[k], p)
			}
			sum.classes[k][bin] = class
		}
		sum.sizes[k] = len(from[k])
		cells *= sum.sizes[k]
	}
	sum.effects = make([]float64, cells)
	for c := range sum.effects {
		rest, inT, inU, stepT, stepU := c, 0, 0, 1, 1
		for k := len(t.columns) - 1; k >= 0; k-- {
			p := from[k][rest%sum.sizes[k]]
			rest /= sum.sizes[k]
			inT, stepT = inT+int(p.a)*stepT, stepT*t.sizes[k]
			inU, stepU = inU+int(p.b)*stepU, stepU*u.sizes[k]
		}
		sum.effects[c] = t.effects[inT] + u.effects[inU]
	}
	return sum
}

// nans returns n numbers that are not known.
func nans(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}
