package matcher

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// booster grows a forest on top of the match weights of choices, by gradient
// boosting with second derivatives (Chen and Guestrin, "XGBoost", 2016) of the
// loss that the weights were fitted by: the log likelihood of the true customer,
// or of none, among an account's candidates. Each tree sees a sample of the
// features, all pairs that it can learn from, and a sample of the others
// (Ke and others, "LightGBM", 2017).
type booster struct {
	trees    int
	leaves   int     // of a tree
	depth    int     // inner nodes above a leaf
	rate     float64 // share of a step that is taken
	ridge    float64 // on the weight of a leaf
	leastH   float64 // least sum of second derivatives in a leaf
	sureFrom float64 // pairs whose first derivative is less, in accounts, are sampled
	sureRate float64 // and how many of them a tree sees
	share    float64 // of the features that a tree sees
	random   *rand.Rand
	columns  [numFeatures][]uint8
	cuts     [numFeatures][]float32
	seen     [numFeatures]bool
	g, h     []float64
}

func newBooster() *booster {
	return &booster{trees: 320, leaves: 32, depth: mostSteps, rate: 0.075, ridge: 10, leastH: 10,
		sureFrom: 0.02, sureRate: 0.15, share: 0.5, random: rand.New(rand.NewPCG(3, 9))}
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
		var pairs []int32
		for i := range choices {
			b.derive(&choices[i], sum[starts[i]:starts[i+1]], starts[i])
			for j := starts[i]; j < starts[i+1]; j++ {
				if math.Abs(b.g[j]) >= b.sureFrom*choices[i].weight {
					pairs = append(pairs, int32(j))
				} else if b.random.Float64() < b.sureRate {
					pairs = append(pairs, int32(j))
					b.g[j] /= b.sureRate
					b.h[j] /= b.sureRate
				}
			}
		}
		for k := range b.seen {
			b.seen[k] = b.random.Float64() < b.share
		}
		t := b.tree(pairs)
		var wg sync.WaitGroup
		for half := range 2 {
			wg.Go(func() {
				for i := len(x) * half / 2; i < len(x)*(half+1)/2; i++ {
					sum[i] += math.Ln2 * forest{t}.bits(x[i])
				}
			})
		}
		wg.Wait()
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
	var wg sync.WaitGroup
	for half := range feature(2) {
		wg.Go(func() {
			for f := half; f < numFeatures; f += 2 {
				b.binOne(x, f)
			}
		})
	}
	wg.Wait()
}

func (b *booster) binOne(x []*features, f feature) {
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

// bucket is the sum of the derivatives of the pairs in a bin.
type bucket struct{ g, h float64 }

type histogram [numFeatures][maxBins + 1]bucket

// part is a node that may be split, and the pairs in it.
type part struct {
	node      int
	depth     int
	pairs     []int32
	sums      *histogram
	g, h      float64
	low, high float64 // between which its weight must lie
	gain      float64
	feature   feature
	cut       int
}

// tree returns the next tree, split where the loss falls most.
func (b *booster) tree(pairs []int32) tree {
	root := &part{pairs: pairs, low: math.Inf(-1), high: math.Inf(1)}
	for _, i := range pairs {
		root.g += b.g[i]
		root.h += b.h[i]
	}
	root.sums = b.histogram(pairs)
	b.best(root)
	var t tree
	nodes := 1
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
		left, right := b.split(p, nodes)
		nodes += 2
		t[p.node] = makeInner(p.feature, b.cuts[p.feature][p.cut], left.node)
		p.sums, p.pairs = nil, nil
		b.best(left)
		b.best(right)
		open[at] = left
		open = append(open, right)
	}
	for _, p := range open {
		t[p.node] = makeLeaf(float32(b.rate*b.leaf(p.g, p.h, p)/math.Ln2), p.node)
	}
	return t
}

// split parts the pairs of p. The sums of the larger child are those of p
// without those of the smaller.
func (b *booster) split(p *part, node int) (left, right *part) {
	left = &part{node: node, depth: p.depth + 1, low: p.low, high: p.high}
	right = &part{node: node + 1, depth: p.depth + 1, low: p.low, high: p.high}
	for _, i := range p.pairs {
		to := right
		if int(b.columns[p.feature][i]) <= p.cut {
			to = left
		}
		to.pairs = append(to.pairs, i)
		to.g += b.g[i]
		to.h += b.h[i]
	}
	middle := (b.leaf(left.g, left.h, p) + b.leaf(right.g, right.h, p)) / 2
	switch direction[p.feature] {
	case 1:
		left.high, right.low = middle, middle
	case -1:
		left.low, right.high = middle, middle
	}
	small, large := left, right
	if len(left.pairs) > len(right.pairs) {
		small, large = right, left
	}
	small.sums, large.sums = b.histogram(small.pairs), p.sums
	for f := range large.sums {
		for k := range b.cuts[f] {
			large.sums[f][k].g -= small.sums[f][k].g
			large.sums[f][k].h -= small.sums[f][k].h
		}
	}
	return left, right
}

// leaf returns the weight of a leaf within the bounds of p.
func (b *booster) leaf(g, h float64, p *part) float64 {
	return min(max(-g/(h+b.ridge), p.low), p.high)
}

// histogram adds up the derivatives of pairs by the bins of each feature.
func (b *booster) histogram(pairs []int32) *histogram {
	sums := new(histogram)
	d := make([]bucket, len(pairs))
	for j, i := range pairs {
		d[j] = bucket{b.g[i], b.h[i]}
	}
	var wg sync.WaitGroup
	for half := range feature(2) {
		wg.Go(func() {
			for f := half; f < numFeatures; f += 2 {
				if !b.seen[f] {
					continue
				}
				column, s := b.columns[f], &sums[f]
				for j, i := range pairs {
					k := &s[column[i]]
					k.g += d[j].g
					k.h += d[j].h
				}
			}
		})
	}
	wg.Wait()
	return sums
}

// best finds where to split a part.
func (b *booster) best(p *part) {
	fall := func(g, h, w float64) float64 { return -2*g*w - (h+b.ridge)*w*w }
	whole := fall(p.g, p.h, b.leaf(p.g, p.h, p))
	for f := range numFeatures {
		if !b.seen[f] {
			continue
		}
		gl, hl := 0.0, 0.0
		for k := range b.cuts[f] {
			gl, hl = gl+p.sums[f][k].g, hl+p.sums[f][k].h
			if hl < b.leastH || p.h-hl < b.leastH {
				continue
			}
			gr, hr := p.g-gl, p.h-hl
			wl, wr := b.leaf(gl, hl, p), b.leaf(gr, hr, p)
			if float64(direction[f])*(wr-wl) < 0 {
				continue
			}
			if gain := fall(gl, hl, wl) + fall(gr, hr, wr) - whole; gain > p.gain+1e-9 {
				p.gain, p.feature, p.cut = gain, f, k
			}
		}
	}
}

// direction says along which features more must not weigh less (1), or more (-1),
// whatever a sample says.
var direction = [numFeatures]int8{
	featSim: 1, featCompact: 1, featDice: 1, featOddAccountRare: -1, featOddCustomerRare: -1, featNamesakes: -1,
	featLead: 1, featRivals: -1, featSimLead: 1, featSharedLead: 1, featSameText: 1,
	featAccountsNamed: -1, featAccountsBegin: -1, featAccountsAt: -1, featAccountsID: -1,
}

// write appends the tree as a line of the file.
func (t *tree) write(b *strings.Builder) {
	for i := range t {
		n := &t[i]
		if !n.isLeaf() && n.next == 0 { // nothing more
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		if n.isLeaf() {
			fmt.Fprintf(b, "%.3g", n.cut)
		} else {
			fmt.Fprintf(b, "%d:%s:%d", n.feature, strconv.FormatFloat(float64(n.cut), 'g', 6, 32), n.next)
		}
	}
	b.WriteByte('\n')
}
