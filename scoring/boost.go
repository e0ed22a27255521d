package scoring

import (
	"context"
	"math/rand/v2"
	"slices"
)

// How boosters are grown. A small step with many trees, each grown on a part of
// the rows and features, is the usual remedy against learning noise.
const (
	maxCuts      = 64 // bins of a feature: a split is a set of them in one word
	boostBags    = 4
	heldShare    = 5 // a bag holds out one row in so many to stop by
	learningRate = 0.05
	maxTrees     = 1500
	patience     = 60 // trees without gain on the rows held out after which a bag ends
	maxLeaves    = 12
	leastLeaf    = 20.0 // weight of rows in a leaf
	leafRidge    = 2.0  // added to the curvature of a leaf
	rowShare     = 0.8  // of the rows, for each tree
	featureShare = 0.5  // of the features, for each tree
	fewFeatures  = 4    // at least so many
)

// gradient is the first and second derivative of the log likelihood of one row, or
// of many together, and their weight.
type gradient struct{ slope, curve, weight float64 }

func (a *gradient) add(b gradient) {
	a.slope += b.slope
	a.curve += b.curve
	a.weight += b.weight
}

func (a gradient) less(b gradient) gradient {
	return gradient{a.slope - b.slope, a.curve - b.curve, a.weight - b.weight}
}

// gain is by how much, to second order and but for a factor, a leaf of these rows
// makes them likelier.
func (a gradient) gain() float64 { return a.slope * a.slope / (a.curve + leafRidge) }

// step is the value of a leaf of these rows: a damped Newton step.
func (a gradient) step() float64 { return learningRate * a.slope / (a.curve + leafRidge) }

// tree is a regression tree that looks at a few columns only.
type tree struct {
	columns []int
	nodes   []node // the root first; none of a single leaf
	leaves  []leaf
}

// node sends a row on by whether the bin of a column is in a set: to another node,
// or to the leaf ^k.
type node struct {
	column  int
	bins    uint64
	in, out int
}

// leaf is the rows whose bins are in the sets, one for each column of the tree.
type leaf struct {
	bins  [maxOrder]uint64
	value float64
}

func (t *tree) value(bins []uint8) float64 {
	at := 0
	if len(t.nodes) == 0 {
		at = ^0
	}
	for at >= 0 {
		n := &t.nodes[at]
		if n.bins>>bins[n.column]&1 != 0 {
			at = n.in
		} else {
			at = n.out
		}
	}
	return t.leaves[^at].value
}

// split makes a leaf a node: what is in the set stays leaf k, the rest is a new one.
func (t *tree) split(k int, s split, leaves int) {
	for i := range t.nodes {
		n := &t.nodes[i]
		switch ^k {
		case n.in:
			n.in = len(t.nodes)
		case n.out:
			n.out = len(t.nodes)
		}
	}
	t.nodes = append(t.nodes, node{s.column, s.bins, ^k, ^leaves})
}

// boosting is a booster that is being learned.
type boosting struct {
	sample
	order   int
	columns []int   // that are learned from
	sizes   []int   // bins of each column
	ordered []bool  // columns of numbers
	width   int     // columns of the frame
	bins    []uint8 // row-major: rows × width
	random  *rand.Rand

	value     []float64  // of each row so far
	gradients []gradient // of the rows of the tree
	sums      []gradient // by column and bin, of one leaf
}

// boost learns a booster whose trees look at up to order features each. It is the
// mean of several bags, each of which holds out other rows to stop by; heldOut is
// the log loss of each row where it was held out, NaN where it was not. The same
// sample gives the same booster.
func boost(ctx context.Context, s sample, order int) (m *booster, heldOut []float64, err error) {
	m = newBooster(s)
	b := &boosting{sample: s, order: order, width: len(s.frame.nums), sizes: make([]int, len(s.frame.nums)), ordered: make([]bool, len(s.frame.nums))}
	for j := range m.cuts {
		if c := m.cuts[j]; c != nil {
			b.columns = append(b.columns, j)
			b.sizes[j], b.ordered[j] = c.bins, c.numeric()
		}
	}
	b.bins = m.binned(s.frame, s.rows)
	b.value, b.gradients = make([]float64, len(s.rows)), make([]gradient, len(s.rows))
	b.sums = make([]gradient, b.width*maxCuts)
	heldOut = nans(len(s.rows))
	level := 0.0
	var trees []tree
	for bag := range boostBags {
		from, grown, err := b.bag(ctx, bag, heldOut)
		if err != nil {
			return nil, nil, err
		}
		level += from / boostBags
		trees = append(trees, grown...)
	}
	for i := range trees {
		for k := range trees[i].leaves {
			trees[i].leaves[k].value /= boostBags
		}
	}
	m.take(level, trees, b.masses())
	return m, heldOut, nil
}

// bag grows trees on all rows but those it holds out, and keeps them up to where
// the rows held out were likeliest.
func (b *boosting) bag(ctx context.Context, bag int, heldOut []float64) (level float64, trees []tree, err error) {
	b.random = rand.New(rand.NewPCG(uint64(bag)+b.seed<<8, uint64(b.order)))
	grown, held := b.deal(bag)
	sum, n := 0.0, 0.0
	for _, i := range grown {
		sum += b.weight[i] * b.outcome[i]
		n += b.weight[i]
	}
	level = logit(min(max(sum/n, 1/(n+2)), 1-1/(n+2)))
	for i := range b.value {
		b.value[i] = level
	}
	best, kept := b.loss(held, nil), 0
	for len(trees) < maxTrees && len(trees)-kept < patience {
		if err := ctx.Err(); err != nil {
			return 0, nil, err
		}
		t, ok := b.grow(grown)
		if !ok {
			break
		}
		trees = append(trees, t)
		for i := range b.value {
			b.value[i] += t.value(b.bins[i*b.width : (i+1)*b.width])
		}
		if loss := b.loss(held, nil); loss < best {
			best, kept = loss, len(trees)
		}
	}
	for _, i := range held {
		for k := range trees[kept:] {
			b.value[i] -= trees[kept+k].value(b.bins[int(i)*b.width : (int(i)+1)*b.width])
		}
	}
	b.loss(held, heldOut)
	return level, trees[:kept], nil
}

// deal returns the rows to grow on and those held out: the same for each order of
// booster, others for each bag, positives and negatives in fair shares.
func (b *boosting) deal(bag int) (grown, held []int32) {
	dealt := [2]int{}
	for _, i := range rand.New(rand.NewPCG(1+b.seed<<8, 1)).Perm(len(b.outcome)) {
		y := int(b.outcome[i])
		if dealt[y]++; dealt[y]%heldShare == bag {
			held = append(held, int32(i))
		} else {
			grown = append(grown, int32(i))
		}
	}
	slices.Sort(grown)
	slices.Sort(held)
	return grown, held
}

// loss returns the weighted log loss of rows, and notes that of each in of.
func (b *boosting) loss(rows []int32, of []float64) float64 {
	sum := 0.0
	for _, i := range rows {
		l := logLoss(sigmoid(b.value[i]), b.outcome[i])
		sum += b.weight[i] * l
		if of != nil {
			of[i] = l
		}
	}
	return sum
}

// growing is a leaf of a tree that grows, and its best split.
type growing struct {
	leaf
	rows []int32
	sum  gradient
	best split
}

// split divides the rows of a leaf by whether the bin of a column is in a set.
type split struct {
	gain   float64 // 0 for none
	column int
	bins   uint64
	inside gradient // of the rows in the set
}

// grow grows a tree on a part of the rows and columns, leaf by leaf where most is
// gained. ok is false if nothing is.
func (b *boosting) grow(from []int32) (t tree, ok bool) {
	root := growing{rows: make([]int32, 0, len(from))}
	for k := range root.bins {
		root.bins[k] = ^uint64(0)
	}
	for _, i := range from {
		if b.random.Float64() >= rowShare {
			continue
		}
		p := sigmoid(b.value[i])
		b.gradients[i] = gradient{b.weight[i] * (b.outcome[i] - p), b.weight[i] * max(p*(1-p), 1e-6), b.weight[i]}
		root.sum.add(b.gradients[i])
		root.rows = append(root.rows, i)
	}
	may := b.someColumns()
	root.best = b.bestSplit(&root, may)
	leaves := []growing{root}
	for len(leaves) < maxLeaves {
		at := 0
		for k := range leaves {
			if leaves[k].best.gain > leaves[at].best.gain {
				at = k
			}
		}
		s := leaves[at].best
		if s.gain <= 0 {
			break
		}
		filled := false
		if !slices.Contains(t.columns, s.column) {
			t.columns = append(t.columns, s.column)
			if filled = len(t.columns) == b.order; filled {
				may = t.columns
			}
		}
		t.split(at, s, len(leaves))
		in, out := b.divide(&leaves[at], s, slices.Index(t.columns, s.column))
		in.best, out.best = b.bestSplit(&in, may), b.bestSplit(&out, may)
		leaves[at] = in
		leaves = append(leaves, out)
		for k := range leaves {
			if filled && leaves[k].best.gain > 0 && !slices.Contains(may, leaves[k].best.column) {
				leaves[k].best = b.bestSplit(&leaves[k], may)
			}
		}
	}
	for i := range leaves {
		leaves[i].value = leaves[i].sum.step()
		t.leaves = append(t.leaves, leaves[i].leaf)
	}
	return t, len(t.columns) > 0
}

func (b *boosting) someColumns() []int {
	n := max(fewFeatures, int(featureShare*float64(len(b.columns))))
	if n >= len(b.columns) {
		return b.columns
	}
	some := slices.Clone(b.columns)
	b.random.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	some = some[:n]
	slices.Sort(some)
	return some
}

// divide splits a leaf, whose rows it puts in another order, by a split of the
// tree's column k.
func (b *boosting) divide(l *growing, s split, k int) (in, out growing) {
	i, j := 0, len(l.rows)
	for i < j {
		if s.bins>>b.bins[int(l.rows[i])*b.width+s.column]&1 != 0 {
			i++
		} else {
			j--
			l.rows[i], l.rows[j] = l.rows[j], l.rows[i]
		}
	}
	in = growing{leaf: l.leaf, rows: l.rows[:i], sum: s.inside}
	out = growing{leaf: l.leaf, rows: l.rows[i:], sum: l.sum.less(s.inside)}
	in.bins[k] &= s.bins
	out.bins[k] &^= s.bins
	return in, out
}

// bestSplit returns the split of a leaf by one of the columns that gains most: a
// range of a number, with missing on either side, or one level of a category
// against the others.
func (b *boosting) bestSplit(l *growing, columns []int) (best split) {
	if l.sum.weight < 2*leastLeaf {
		return best
	}
	for _, j := range columns {
		clear(b.sums[j*maxCuts : j*maxCuts+b.sizes[j]])
	}
	for _, i := range l.rows {
		g := b.gradients[i]
		bins := b.bins[int(i)*b.width : (int(i)+1)*b.width]
		for _, j := range columns {
			b.sums[j*maxCuts+int(bins[j])].add(g)
		}
	}
	whole := l.sum.gain()
	consider := func(column int, bins uint64, inside gradient) {
		outside := l.sum.less(inside)
		if inside.weight < leastLeaf || outside.weight < leastLeaf {
			return
		}
		if gain := inside.gain() + outside.gain() - whole; gain > max(best.gain, 1e-9) {
			best = split{gain, column, bins, inside}
		}
	}
	for _, j := range columns {
		sums := b.sums[j*maxCuts : j*maxCuts+b.sizes[j]]
		if !b.ordered[j] {
			for k, sum := range sums {
				consider(j, 1<<k, sum)
			}
			continue
		}
		missing := len(sums) - 1
		var below gradient
		for k := range missing {
			below.add(sums[k])
			bins := uint64(1)<<(k+1) - 1
			consider(j, bins, below)
			if sums[missing].weight > 0 {
				with := below
				with.add(sums[missing])
				consider(j, bins|1<<missing, with)
			}
		}
	}
	return best
}

// masses returns the share of the rows' weight in each bin, by column.
func (b *boosting) masses() [][]float64 {
	all := 0.0
	for _, w := range b.weight {
		all += w
	}
	out := make([][]float64, b.width)
	for _, j := range b.columns {
		out[j] = make([]float64, b.sizes[j])
		for i, w := range b.weight {
			out[j][b.bins[i*b.width+j]] += w / all
		}
	}
	return out
}
