package matcher

import (
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
)

// treesText holds the trees: one a line, its nodes divided by blanks. An inner
// node is feature:cut:next; a pair whose feature is at most the cut goes on at the
// node with that place, another at the one after. A leaf is a weight in bits. Gradient
// boosting makes them (Friedman, "Greedy Function Approximation", 2001), on top
// of the match weights and with the loss that those were fitted by; TestFit in
// fit_test.go writes the file.
//
//go:embed data/trees.txt
var treesText string

// forest weighs what the fields of a pair say together and none says alone.
type forest []tree

// tree holds its nodes from the root on, children after their parent. It is an
// array and its nodes are small, so that a walk through many trees stays close to
// the processor.
type tree [mostNodes]node

// The most nodes of a tree, and steps from its root to a leaf.
const (
	mostNodes = 64
	mostSteps = 7
)

// node is an inner node, or a leaf if it looks at leafFeature. A leaf leads to
// itself, so that a walk may go on for longer than the way is.
type node struct {
	cut     float32 // of a leaf: its weight in bits
	feature uint8
	next    uint8
}

// leafFeature is below any cut.
const leafFeature = uint8(numFeatures)

func makeLeaf(bits float32, place int) node {
	return node{cut: bits, feature: leafFeature, next: uint8(place)}
}

func makeInner(f feature, cut float32, next int) node {
	return node{cut: cut, feature: uint8(f), next: uint8(next)}
}

func (n *node) isLeaf() bool { return n.feature == leafFeature }

// The trees are not asked about a pair whose match weight is below hopeless, or
// that is outdone by so many bits by another customer: they would not make a match
// of it.
const (
	hopeless = -10
	outdone  = 8
)

// askTrees adds to the score of each finalist what the trees say. The features
// are valid until the next call.
func (m *matching) askTrees(a *entity, field []*finalist, s *scratch) {
	var alone [maxFinalists]float64
	most := math.Inf(-1)
	for i, f := range field {
		alone[i] = f.score
		most = max(most, f.score)
	}
	var asked [maxFinalists]*finalist
	n := 0
	for i, f := range field {
		if alone[i] < max(hopeless, most-outdone) {
			continue
		}
		best, near := 0.0, 0 // nobody is a rival too
		var name rivalName
		for j, rival := range alone[:len(field)] {
			if j == i {
				continue
			}
			best = max(best, rival)
			name.sim, name.shared = max(name.sim, field[j].e.name.sim), max(name.shared, field[j].e.name.shared)
			if rival > alone[i]-rivalReach {
				near++
			}
		}
		f.x = &s.numbers[i]
		m.features(f.x, a, f, alone[i]-best, near, name, &s.others)
		asked[n] = f
		n++
	}
	for _, f := range asked[:n] {
		f.together = forestOnce().bits(f.x)
		f.score += f.together
	}
}

// abreast is how many trees are walked at a time. A step waits for the one before
// in its own tree, not for those in others.
const abreast = 8

// bits returns what the trees add to the match weight of a pair.
func (f forest) bits(x *features) float64 {
	var seen [256]float32 // by all that a node can name
	copy(seen[:], x[:])
	seen[leafFeature] = float32(math.Inf(-1))
	sum := 0.0
	for ; len(f) >= abreast; f = f[abreast:] {
		group := (*[abreast]tree)(f)
		var at [abreast]uint32
		for range mostSteps {
			for i := range group {
				at[i] = group[i].step(at[i], &seen)
			}
		}
		for i := range group {
			sum += float64(group[i][at[i]%mostNodes].cut)
		}
	}
	for i := range f {
		sum += float64(f[i].leaf(&seen).cut)
	}
	return sum
}

// leaf returns the leaf that a walk ends at.
func (t *tree) leaf(seen *[256]float32) *node {
	at := uint32(0)
	for range mostSteps {
		at = t.step(at, seen)
	}
	return &t[at%mostNodes]
}

// step returns the place of the node that follows the one at a place.
func (t *tree) step(at uint32, seen *[256]float32) uint32 {
	n := &t[at%mostNodes]
	above := math.Float32bits(n.cut-seen[n.feature]) >> 31 // the sign: no branch to mistake
	return uint32(n.next) + above
}

var forestOnce = sync.OnceValue(func() forest {
	f, err := readForest(treesText)
	if err != nil {
		panic(err) // the file is part of the program
	}
	return f
})

func readForest(text string) (forest, error) {
	var f forest
	for line := range dataLines(text) {
		t, err := readTree(strings.Fields(line))
		if err != nil {
			return nil, fmt.Errorf("tree %d: %w", len(f)+1, err)
		}
		f = append(f, t)
	}
	return f, nil
}

func readTree(fields []string) (t tree, err error) {
	if len(fields) > mostNodes {
		return t, fmt.Errorf("%d nodes, at most %d", len(fields), mostNodes)
	}
	var depth [mostNodes]int
	for i, s := range fields {
		if t[i], err = readNode(s, i, len(fields)); err != nil {
			return t, fmt.Errorf("node %d: %w", i, err)
		}
		if t[i].isLeaf() {
			continue
		}
		if depth[i] == mostSteps {
			return t, fmt.Errorf("node %d: more than %d steps from the root", i, mostSteps)
		}
		for child := range 2 {
			below := &depth[int(t[i].next)+child]
			*below = max(*below, depth[i]+1)
		}
	}
	return t, nil
}

// readNode reads the node at place i of n. Children stand after their parent, so
// that every way ends.
func readNode(s string, i, n int) (node, error) {
	part := strings.Split(s, ":")
	if len(part) == 1 {
		bits, err := strconv.ParseFloat(s, 32)
		if err == nil && (math.IsNaN(bits) || math.IsInf(bits, 0)) {
			err = fmt.Errorf("%s is no weight", s)
		}
		return makeLeaf(float32(bits), i), err
	}
	if len(part) != 3 {
		return node{}, fmt.Errorf("%q has %d parts, want 1 or 3", s, len(part))
	}
	feat, err := strconv.Atoi(part[0])
	if err != nil {
		return node{}, err
	}
	next, err := strconv.Atoi(part[2])
	if err != nil {
		return node{}, err
	}
	cut, err := strconv.ParseFloat(part[1], 32)
	if err != nil {
		return node{}, err
	}
	if feat < 0 || feat >= int(numFeatures) || next <= i || next+1 >= n {
		return node{}, fmt.Errorf("%q leads nowhere", s)
	}
	return makeInner(feature(feat), float32(cut), next), nil
}
