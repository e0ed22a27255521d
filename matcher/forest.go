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

type tree []node

type node struct {
	cut     float32
	bits    float32 // of a leaf
	feature feature
	next    int16 // 0 in a leaf
}

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
	for _, t := range forestOnce() { // a tree stays in the cache for all
		for _, f := range asked[:n] {
			f.together += t.bits(f.x)
		}
	}
	for _, f := range asked[:n] {
		f.score += f.together
	}
}

func (t tree) bits(x *features) float64 {
	n := &t[0]
	for n.next != 0 {
		above := math.Float32bits(n.cut-x[n.feature]) >> 31 // the sign: no branch to mistake
		n = &t[n.next+int16(above)]
	}
	return float64(n.bits)
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
	nodes := make([]node, strings.Count(text, " ")+strings.Count(text, "\n")+1) // of all trees, side by side
	for line := range dataLines(text) {
		fields := strings.Fields(line)
		var t tree
		t, nodes = nodes[:len(fields)], nodes[len(fields):]
		for i, s := range fields {
			if err := t[i].read(s, i, len(fields)); err != nil {
				return nil, fmt.Errorf("tree %d, node %d: %w", len(f)+1, i, err)
			}
		}
		f = append(f, t)
	}
	return f, nil
}

// read reads the node at place i of n. Children stand after their parent, so
// that every way ends.
func (nd *node) read(s string, i, n int) error {
	part := strings.Split(s, ":")
	if len(part) == 1 {
		bits, err := strconv.ParseFloat(s, 32)
		if err == nil && (math.IsNaN(bits) || math.IsInf(bits, 0)) {
			err = fmt.Errorf("%s is no weight", s)
		}
		nd.bits = float32(bits)
		return err
	}
	if len(part) != 3 {
		return fmt.Errorf("%q has %d parts, want 1 or 3", s, len(part))
	}
	feat, err := strconv.Atoi(part[0])
	if err != nil {
		return err
	}
	next, err := strconv.Atoi(part[2])
	if err != nil {
		return err
	}
	cut, err := strconv.ParseFloat(part[1], 32)
	if err != nil {
		return err
	}
	if feat < 0 || feat >= int(numFeatures) || next <= i || next+1 >= n {
		return fmt.Errorf("%q leads nowhere", s)
	}
	*nd = node{feature: feature(feat), cut: float32(cut), next: int16(next)}
	return nil
}

// write appends the tree as a line of the file.
func (t tree) write(b *strings.Builder) {
	for i, n := range t {
		if i > 0 {
			b.WriteByte(' ')
		}
		if n.next == 0 {
			fmt.Fprintf(b, "%.3g", n.bits)
		} else {
			fmt.Fprintf(b, "%d:%s:%d", n.feature, strconv.FormatFloat(float64(n.cut), 'g', 6, 32), n.next)
		}
	}
	b.WriteByte('\n')
}
