package matcher

import (
	"math"
	"slices"
	"sync"
)

// booster grows a forest on top of the match weights of choices, by gradient
// boosting with second derivatives (Chen and Guestrin, "XGBoost", 2016) of the
// loss that the weights were fitted by: the log likelihood of the true customer,
// or of none, among an account's candidates.
type booster struct {
	trees   int
	leaves  int     // of a tree
	depth   int     // inner nodes above a leaf
	rate    float64 // share of a step that is taken
	ridge   float64 // on the weight of a leaf
	leastH  float64 // least sum of second derivatives in a leaf
	columns [numFeatures][]uint8
	cuts    [numFeatures][]float32
	g, h    []float64
}

func newBooster() *booster {
	return &booster{trees: 160, leaves: 16, depth: 6, rate: 0.08, ridge: 5, leastH: 5}
}

// maxBins caps the values of a feature that are told apart.
const maxBins = 64

// grow returns the forest, with leaves in bits.
func (b *booster) grow(choices []choice) forest {
	var x []*features
	var starts []int
	for i := range choices {
		starts = append(starts, len(x))
		x = append(x, choices[i].x...)
	}
	starts = append(starts, len(x))
	b.bin(x)
	sum := make([]float64, len(x)) // log odds so far
	for i := range x {
		sum[i] = float64(x[i][featWeight]) * math.Ln2
	}
	b.g, b.h = make([]float64, len(x)), make([]float64, len(x))
	var f forest
	for range b.trees {
		for i := range choices {
			b.derive(&choices[i], sum[starts[i]:starts[i+1]], starts[i])
		}
		t := b.tree()
		for i := range x {
			sum[i] += t.bits(x[i])
		}
		for i := range t {
			t[i].bits /= math.Ln2
		}
		f = append(f, t)
	}
	return f
}

// derive sets the first and second derivatives of the loss of one choice.
func (b *booster) derive(c *choice, sum []float64, first int) {
	most := 0.0
	for _, s := range sum {
		most = max(most, s)
	}
	total := math.Exp(-most)
	for _, s := range sum {
		total += math.Exp(s - most)
	}
	for j, s := range sum {
		p, y := math.Exp(s-most)/total, 0.0
		if j == c.right {
			y = 1
		}
		b.g[first+j], b.h[first+j] = c.weight*(p-y), c.weight*max(p*(1-p), 1e-6)
	}
}

// bin sorts the values of each feature into bins of about as many pairs.
func (b *booster) bin(x []*features) {
	for f := range numFeatures {
		values := make([]float32, len(x))
		for i := range x {
			values[i] = x[i][f]
		}
		slices.Sort(values)
		var cuts []float32
		if distinct := slices.Compact(slices.Clone(values)); len(distinct) <= maxBins {
			for i := range len(distinct) - 1 {
				cuts = append(cuts, (distinct[i]+distinct[i+1])/2)
			}
		} else {
			for k := 1; k < maxBins; k++ {
				if v := values[len(values)*k/maxBins]; len(cuts) == 0 || cuts[len(cuts)-1] != v {
					cuts = append(cuts, v)
				}
			}
		}
		b.cuts[f], b.columns[f] = cuts, make([]uint8, len(x))
		for i := range x {
			k, _ := slices.BinarySearch(cuts, x[i][f])
			b.columns[f][i] = uint8(k)
		}
	}
}

// part is a node that may be split, and the pairs in it.
type part struct {
	node    int
	depth   int
	pairs   []int32
	g, h    float64
	gain    float64
	feature feature
	cut     int
}

// tree returns the next tree, split where the loss falls most.
func (b *booster) tree() tree {
	root := &part{pairs: make([]int32, len(b.g))}
	for i := range root.pairs {
		root.pairs[i] = int32(i)
		root.g += b.g[i]
		root.h += b.h[i]
	}
	b.best(root)
	t := tree{{}}
	open := []*part{root}
	for len(open) < b.leaves {
		at := -1
		for i, p := range open {
			if p.gain > 0 && p.depth < b.depth && (at < 0 || p.gain > open[at].gain) {
				at = i
			}
		}
		if at < 0 {
			break
		}
		p := open[at]
		left, right := &part{node: len(t), depth: p.depth + 1}, &part{node: len(t) + 1, depth: p.depth + 1}
		for _, i := range p.pairs {
			to := right
			if int(b.columns[p.feature][i]) <= p.cut {
				to = left
			}
			to.pairs = append(to.pairs, i)
			to.g += b.g[i]
			to.h += b.h[i]
		}
		t = append(t, node{}, node{})
		t[p.node] = node{feature: p.feature, cut: b.cuts[p.feature][p.cut], left: int16(left.node), right: int16(right.node)}
		b.best(left)
		b.best(right)
		open[at] = left
		open = append(open, right)
	}
	for _, p := range open {
		t[p.node].bits = float32(-b.rate * p.g / (p.h + b.ridge))
	}
	return t
}

// best finds where to split a part.
func (b *booster) best(p *part) {
	var found [2]part
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for f := feature(w); f < numFeatures; f += 2 {
				var g, h [maxBins + 1]float64
				column := b.columns[f]
				for _, i := range p.pairs {
					k := column[i]
					g[k] += b.g[i]
					h[k] += b.h[i]
				}
				gl, hl := 0.0, 0.0
				for k := range b.cuts[f] {
					gl, hl = gl+g[k], hl+h[k]
					if hl < b.leastH || p.h-hl < b.leastH {
						continue
					}
					gr, hr := p.g-gl, p.h-hl
					gain := gl*gl/(hl+b.ridge) + gr*gr/(hr+b.ridge) - p.g*p.g/(p.h+b.ridge)
					if gain > found[w].gain+1e-9 {
						found[w] = part{gain: gain, feature: f, cut: k}
					}
				}
			}
		})
	}
	wg.Wait()
	for _, f := range found {
		if f.gain > p.gain {
			p.gain, p.feature, p.cut = f.gain, f.feature, f.cut
		}
	}
}
