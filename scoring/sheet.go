package scoring

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"

	"actnow"
)

// sheet holds what was known of customers in an area, a row for each time that one
// was looked at, by feature. There may be many, so numbers are kept to seven digits: no
// range of a number is cut as finely.
type sheet struct {
	area    actnow.Area
	columns []sheetColumn
	place   map[string]int // of columns, by name
	rows    int
}

// sheetColumn is one feature: numbers, NaN where missing, or the levels of a category,
// "" where missing. What comes after its end is missing too.
type sheetColumn struct {
	name   string
	number bool
	nums   []float32
	levels []string
}

// line is a row of a sheet.
type line struct {
	*sheet
	row int
}

func newSheet(area actnow.Area) *sheet { return &sheet{area: area, place: map[string]int{}} }

// add writes a row.
func (s *sheet) add(known []Observation) line {
	for _, o := range known {
		j, ok := s.place[o.Feature]
		if !ok {
			j = len(s.columns)
			s.place[o.Feature] = j
			s.columns = append(s.columns, sheetColumn{name: o.Feature, number: o.Text == ""})
		}
		c := &s.columns[j]
		switch {
		case c.number && o.Text == "":
			for len(c.nums) < s.rows {
				c.nums = append(c.nums, float32(math.NaN()))
			}
			c.nums = append(c.nums, float32(o.Number))
		case !c.number:
			for len(c.levels) < s.rows {
				c.levels = append(c.levels, "")
			}
			c.levels = append(c.levels, o.Text)
		}
	}
	s.rows++
	return line{s, s.rows - 1}
}

// areaFeature tells the rows of areas apart that are learned from together.
const areaFeature = "area"

// featuresOf returns the features of the sheets that lines are of, by name, and the
// area if there is more than one.
func featuresOf(lines []line) []Feature {
	var sheets []*sheet
	var features []Feature
	for _, l := range lines {
		if slices.Contains(sheets, l.sheet) {
			continue
		}
		sheets = append(sheets, l.sheet)
		for _, c := range l.columns {
			if !slices.ContainsFunc(features, func(f Feature) bool { return f.Name == c.name }) {
				features = append(features, Feature{Name: c.name, Numeric: c.number})
			}
		}
	}
	if len(sheets) > 1 {
		features = append(features, Feature{Name: areaFeature})
	}
	slices.SortFunc(features, func(a, b Feature) int { return cmp.Compare(a.Name, b.Name) })
	return features
}

// frameOf lays lines out in the columns of features; what features lack is left out,
// what a line lacks is missing.
func frameOf(features []Feature, lines []line) *frame {
	f := &frame{ids: make([]string, len(lines)), nums: make([][]float64, len(features)), cats: make([][]string, len(features))}
	for j, c := range features {
		if c.Numeric {
			f.nums[j] = nans(len(lines))
		} else {
			f.cats[j] = make([]string, len(lines))
		}
		for i, l := range lines {
			if c.Name == areaFeature {
				f.cats[j][i] = string(l.area)
				continue
			}
			k, ok := l.place[c.Name]
			if !ok || l.columns[k].number != c.Numeric {
				continue
			}
			if from := &l.columns[k]; c.Numeric && l.row < len(from.nums) {
				f.nums[j][i] = float64(from.nums[l.row])
			} else if !c.Numeric && l.row < len(from.levels) {
				f.cats[j][i] = from.levels[l.row]
			}
		}
	}
	return f
}

// examplesFrame is frameOf for examples, with their outcomes and accounts.
func examplesFrame(features []Feature, examples []example) *frame {
	f := frameOf(features, linesOf(examples))
	f.labels, f.groups = make([]float64, len(examples)), make([]string, len(examples))
	for i, x := range examples {
		if x.Yes {
			f.labels[i] = 1
		}
		f.groups[i] = strconv.FormatInt(int64(x.Customer), 10)
	}
	return f
}

func linesOf(examples []example) []line {
	lines := make([]line, len(examples))
	for i, x := range examples {
		lines[i] = x.line
	}
	return lines
}

// dataHash names examples by all that is learned from them.
func dataHash(features []Feature, f *frame, examples []example) string {
	h := sha256.New()
	for j := range features {
		fmt.Fprintf(h, "%q\n", features[j].Name)
	}
	for i, x := range examples {
		fmt.Fprintf(h, "%d %d %d %t\n", x.Customer, x.End, x.Settled, x.Yes)
		for j := range features {
			if f.nums[j] != nil {
				fmt.Fprintf(h, "%016x\n", math.Float64bits(f.nums[j][i]))
			} else {
				fmt.Fprintf(h, "%q\n", f.cats[j][i])
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
