package scoring

import (
	"math"
	"slices"
	"sort"
)

// resolution says how finely features are cut: bins of a number, levels of a
// category.
type resolution struct{ bins, levels int }

// resolutionFor shares about six hundred parameters out among the numbers in
// use, and as many among the categories: the cost of a fit grows with their cube.
func resolutionFor(f *frame, use []bool) resolution {
	const parameters = 600
	numbers, categories := 0, 0
	for j := range f.nums {
		switch {
		case use != nil && !use[j]:
		case f.cats[j] == nil:
			numbers++
		default:
			categories++
		}
	}
	return resolution{
		bins:   min(max(parameters/max(numbers, 1), 6), 32),
		levels: min(max(parameters/max(categories, 1), 8), 100),
	}
}

// basis turns one feature into bins: ranges of a number, each of about equally
// many training rows, then one bin for missing; or levels of a category, of
// which missing is one, then one bin for the rare and the unseen.
type basis struct {
	column int
	edges  []float64 // upper edge of each range but the last; nil of a category
	levels map[string]int
	names  []string
	bins   int // with the last, special one
}

func (b *basis) numeric() bool { return b.levels == nil }

// newBasis reads the bins off the rows. ok is false if the feature has one bin
// only, and so nothing to say.
func newBasis(f *frame, column int, rows []int, fine resolution) (b basis, ok bool) {
	if f.nums[column] != nil {
		return numericBasis(f.nums[column], column, rows, fine.bins)
	}
	return categoryBasis(f.cats[column], column, rows, fine.levels)
}

func numericBasis(values []float64, column int, rows []int, maxBins int) (b basis, ok bool) {
	known := make([]float64, 0, len(rows))
	for _, i := range rows {
		if !math.IsNaN(values[i]) {
			known = append(known, values[i])
		}
	}
	slices.Sort(known)
	b = basis{column: column}
	ranges := 0
	if len(known) > 0 {
		want := min(maxBins, max(4, len(known)/12))
		// A value so frequent that it fills a bin gets one of its own; the rest
		// is cut into equal shares of what is left.
		for start, left := 0, want; start < len(known); left-- {
			size := (len(known) - start + left - 1) / max(left, 1)
			end := min(start+max(size, 1), len(known))
			if left <= 1 {
				end = len(known)
			}
			// Never cut between equal values: go to the end of the run, or stop
			// before it if it is large and something stands before it.
			value := known[end-1]
			runStart := sort.SearchFloat64s(known, value)
			runEnd := sort.Search(len(known), func(i int) bool { return known[i] > value })
			if runStart > start && runEnd-end > end-runStart && left > 1 {
				end = runStart
			} else {
				end = runEnd
			}
			ranges++
			if end < len(known) {
				b.edges = append(b.edges, known[end-1]+(known[end]-known[end-1])/2)
			}
			start = end
		}
	}
	b.bins = ranges + 1
	return b, ranges > 1 || ranges == 1 && len(known) < len(rows)
}

func categoryBasis(values []string, column int, rows []int, maxLevels int) (b basis, ok bool) {
	count := map[string]int{}
	for _, i := range rows {
		count[values[i]]++
	}
	rare := max(2, len(rows)/2000)
	names := make([]string, 0, len(count))
	for name, n := range count {
		if n >= rare {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(x, y string) int {
		if count[x] != count[y] {
			return count[y] - count[x]
		}
		if x < y {
			return -1
		}
		return 1
	})
	names = names[:min(len(names), maxLevels)]
	b = basis{column: column, levels: make(map[string]int, len(names)), names: names, bins: len(names) + 1}
	held := 0
	for k, name := range names {
		b.levels[name] = k
		held += count[name]
	}
	return b, len(names) > 1 || len(names) == 1 && held < len(rows)
}

// bin returns the bin of a row.
func (b *basis) bin(f *frame, row int) int {
	if !b.numeric() {
		if k, ok := b.levels[f.cats[b.column][row]]; ok {
			return k
		}
		return b.bins - 1
	}
	v := f.nums[b.column][row]
	if math.IsNaN(v) {
		return b.bins - 1
	}
	return sort.SearchFloat64s(b.edges, v)
}

// penalty returns the matrix by which the effects of the bins are held together
// before a strength is chosen: neighbouring ranges near each other, levels near
// zero.
func (b *basis) penalty() [][]float64 {
	if !b.numeric() {
		return identity(b.bins)
	}
	s := square(b.bins)
	ordered := b.bins - 1
	n := float64(max(ordered, 1))
	for k := range ordered {
		s[k][k] += 0.2 / n
		if k > 0 {
			s[k][k]++
			s[k-1][k-1]++
			s[k][k-1]--
			s[k-1][k]--
		}
	}
	s[ordered][ordered] = 2 / n
	return s
}

// spread is the variance around their mean that the penalty lets the effects of the bins
// have under a strength of 1: that of a random walk over the ranges of a number.
func (b *basis) spread() float64 {
	if !b.numeric() {
		return 1
	}
	n := float64(b.bins - 1)
	return (n*n - 1) / (6 * n)
}

func square(n int) [][]float64 {
	s, cells := make([][]float64, n), make([]float64, n*n)
	for i := range s {
		s[i] = cells[i*n : (i+1)*n]
	}
	return s
}

// identity holds each of n parameters near zero on its own.
func identity(n int) [][]float64 {
	s := square(n)
	for k := range s {
		s[k][k] = 1
	}
	return s
}
