package scoring

import (
	"iter"
	"slices"

	"actnow"
)

// maxLent bounds the examples that other areas lend, and so the time that learning takes.
const maxLent = 40_000

// lent is what other areas lend to one: examples in order of time. Where there are many
// they are a sample, in which each stands for several of its outcome.
type lent struct {
	examples []example
	yes, no  float64 // how many an example of either outcome stands for
}

func (l lent) weight(x example) float64 {
	if x.Yes {
		return l.yes
	}
	return l.no
}

// lenders returns what the other areas lend. Of the rarer outcome as many are kept as
// there is room for, up to a half, since it tells the most; weights make the likelihood
// that of all examples, on the mean (Horvitz and Thompson, 1952).
func (l *lesson) lenders(area actnow.Area) lent {
	yes, no := 0, 0
	for x := range l.others(area) {
		if x.Yes {
			yes++
		} else {
			no++
		}
	}
	share := func(n, other int) float64 {
		return min(1, float64(max(maxLent/2, maxLent-other))/float64(max(n, 1)))
	}
	shareYes, shareNo := share(yes, no), share(no, yes)
	out := lent{examples: make([]example, 0, min(yes+no, maxLent+maxLent/8)), yes: 1 / shareYes, no: 1 / shareNo}
	for x := range l.others(area) {
		if drawLent.sampled(x.Customer^actnow.CustomerID(x.End), 1/out.weight(x)) {
			out.examples = append(out.examples, x)
		}
	}
	slices.SortStableFunc(out.examples, compareExamples)
	return out
}

// others returns the examples of all areas but one.
func (l *lesson) others(area actnow.Area) iter.Seq[example] {
	return func(yield func(example) bool) {
		for _, a := range actnow.Areas {
			if a == area {
				continue
			}
			for _, x := range l.examples[a] {
				if !yield(x) {
					return
				}
			}
		}
	}
}
