package scoring

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"actnow"
)

// Example is what was known of a customer on a day, and what came of it.
type Example struct {
	Customer actnow.CustomerID
	End      time.Time // nothing of this instant or later is in Known
	Settled  time.Time // when the outcome was known
	Yes      bool      // won, or opened
	Outcome  time.Time // of the opportunity that answered yes; zero without one
	Known    []Observation
}

// compareExamples orders by time, then by customer.
func compareExamples(a, b Example) int {
	return cmp.Or(a.End.Compare(b.End), cmp.Compare(a.Customer, b.Customer), a.Settled.Compare(b.Settled))
}

// areaFeature tells the rows of areas apart that are learned from together.
const areaFeature = "area"

// columnsOf returns the features that rows have observations of, by name.
func columnsOf(rows ...[]Observation) []Feature {
	numeric := map[string]bool{}
	for _, row := range rows {
		for _, o := range row {
			if o.Text == "" {
				numeric[o.Feature] = true
			} else if _, ok := numeric[o.Feature]; !ok {
				numeric[o.Feature] = false
			}
		}
	}
	features := make([]Feature, 0, len(numeric))
	for name, is := range numeric {
		features = append(features, Feature{Name: name, Numeric: is})
	}
	slices.SortFunc(features, func(a, b Feature) int { return cmp.Compare(a.Name, b.Name) })
	return features
}

// frameOf lays observations out in the columns of features; what features lack is
// left out, what a row lacks is missing.
func frameOf(features []Feature, rows [][]Observation) *frame {
	f := &frame{ids: make([]string, len(rows)), nums: make([][]float64, len(features)), cats: make([][]string, len(features))}
	place := make(map[string]int, len(features))
	for j, c := range features {
		place[c.Name] = j
		if c.Numeric {
			f.nums[j] = nans(len(rows))
		} else {
			f.cats[j] = make([]string, len(rows))
		}
	}
	for i, row := range rows {
		for _, o := range row {
			j, ok := place[o.Feature]
			switch {
			case !ok:
			case features[j].Numeric && o.Text == "":
				f.nums[j][i] = o.Number
			case !features[j].Numeric:
				f.cats[j][i] = o.Text
			}
		}
	}
	return f
}

// examplesFrame is frameOf for examples, with their outcomes and accounts.
func examplesFrame(features []Feature, examples []Example) *frame {
	rows := make([][]Observation, len(examples))
	for i, x := range examples {
		rows[i] = x.Known
	}
	f := frameOf(features, rows)
	f.labels, f.groups = make([]float64, len(examples)), make([]string, len(examples))
	for i, x := range examples {
		if x.Yes {
			f.labels[i] = 1
		}
		f.groups[i] = strconv.FormatInt(int64(x.Customer), 10)
	}
	return f
}

// dataHash names examples by all that is learned from them.
func dataHash(examples []Example) string {
	h := sha256.New()
	for _, x := range examples {
		fmt.Fprintf(h, "%d %d %d %t\n", x.Customer, x.End.Unix(), x.Settled.Unix(), x.Yes)
		for _, o := range x.Known {
			fmt.Fprintf(h, "\t%q %016x %q\n", o.Feature, math.Float64bits(o.Number), o.Text)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// judgedBlocks is how many blocks of time a validation judges, and foreShare the
// share of the rows before the first of them that are only learned from.
const (
	judgedBlocks = 4
	foreShare    = 0.4
	fewestToTest = 10 // outcomes of either kind that a block is foretold from
)

// forwardSplit divides examples for validation: own, the first of all in order of time,
// are judged block by block, each from what was settled before the block began.
// So nothing is foretold from what was not known yet.
func forwardSplit(all []Example, own int) []fold {
	var split []fold
	first := int(foreShare * float64(own))
	for k := range judgedBlocks {
		from, to := first+k*(own-first)/judgedBlocks, first+(k+1)*(own-first)/judgedBlocks
		if from == to {
			continue
		}
		f := fold{test: places(to)[from:]}
		yes, no := 0, 0
		for i, x := range all {
			if x.Settled.After(all[from].End) {
				continue
			}
			f.train = append(f.train, i)
			if x.Yes {
				yes++
			} else {
				no++
			}
		}
		if min(yes, no) >= fewestToTest {
			split = append(split, f)
		}
	}
	return split
}
