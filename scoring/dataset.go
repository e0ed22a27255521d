package scoring

import (
	"errors"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"actnow"
)

// Bounds of what a data set may make the reader hold, and of amounts that can be
// added up.
const (
	maxColumns = 5000
	maxCell    = 64 << 10
	maxAmount  = 1e15
)

// dataset is a folder in the layout of score try: schema.json, train.csv,
// test.csv and, for a backtest, test_labels.csv.
type dataset struct {
	features []columnSpec
	train    frame
	test     frame
	money    bool // train.csv has amounts
	judged   bool // the outcomes of test.csv are known
	// unread counts the cells of numeric and date features that hold something
	// else, by feature. They count as missing.
	unread map[string]int
}

// frame holds rows by column. A feature is either in nums, NaN where missing,
// or in cats, "" where missing; the other is nil.
type frame struct {
	ids     []string
	nums    [][]float64
	cats    [][]string
	labels  []float64 // 0 or 1; nil if not known
	amounts []float64 // nil if there is no money
	times   []string  // nil without a time column
	groups  []string  // the account of a row; nil without an id column
}

func (f *frame) rows() int { return len(f.ids) }

// join returns the rows of f and then those of g.
func (f *frame) join(g *frame) frame {
	out := frame{
		ids:     slices.Concat(f.ids, g.ids),
		nums:    make([][]float64, len(f.nums)),
		cats:    make([][]string, len(f.cats)),
		labels:  slices.Concat(f.labels, g.labels),
		amounts: slices.Concat(f.amounts, g.amounts),
		times:   slices.Concat(f.times, g.times),
		groups:  slices.Concat(f.groups, g.groups),
	}
	for j := range f.nums {
		if f.nums[j] != nil {
			out.nums[j] = slices.Concat(f.nums[j], g.nums[j])
		} else {
			out.cats[j] = slices.Concat(f.cats[j], g.cats[j])
		}
	}
	return out
}

// readDataset reads a folder. Whatever is wrong with it is an
// *actnow.InputError that names the file, and the line or the column.
func readDataset(fsys fs.FS, withOutcomes bool) (*dataset, error) {
	columns, err := readSchema(fsys)
	if err != nil {
		return nil, err
	}
	d := &dataset{unread: map[string]int{}}
	for _, c := range columns {
		if c.Role == "feature" {
			d.features = append(d.features, c)
		}
	}
	if d.train, err = d.read(fsys, "train.csv", columns, true); err != nil {
		return nil, err
	}
	d.money = d.train.amounts != nil
	if len(d.train.ids) == 0 {
		return nil, actnow.Invalid("error.data.rows", "train.csv", "there are no rows to learn from")
	}
	d.test, err = d.read(fsys, "test.csv", columns, false)
	if withOutcomes && errors.Is(err, fs.ErrNotExist) {
		d.test, err = frame{nums: make([][]float64, len(d.features)), cats: make([][]string, len(d.features))}, nil
	}
	if err != nil {
		return nil, err
	}
	if withOutcomes {
		if err := d.judge(fsys); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// read reads the features of one file and what stands beside them.
func (d *dataset) read(fsys fs.FS, name string, columns []columnSpec, outcomes bool) (frame, error) {
	data, err := readFile(fsys, name)
	if err != nil {
		return frame{}, err
	}
	f := frame{nums: make([][]float64, len(d.features)), cats: make([][]string, len(d.features))}
	at := map[string]int{}
	var featureAt []int
	timeAt, groupAt, labelAt, amountAt := -1, -1, -1, -1
	header := func(cells []string) error {
		for i, cell := range cells {
			if _, twice := at[cell]; twice {
				return atLine(1, actnow.Invalid("error.data.twice", name, "the column %q is there twice", cell))
			}
			at[cell] = i
		}
		need := []string{"row_id"}
		if outcomes {
			need = append(need, "label")
		}
		for _, c := range columns {
			switch i, ok := at[c.Name]; {
			case c.Role == "feature":
				need = append(need, c.Name)
				featureAt = append(featureAt, i)
			case ok && c.Role == "time" && timeAt < 0:
				timeAt = i
			case ok && c.Role == "id" && groupAt < 0:
				groupAt = i
			}
		}
		for _, column := range need {
			if _, ok := at[column]; !ok {
				return atLine(1, actnow.Invalid("error.data.column", name, "the column %q is missing", column))
			}
		}
		if outcomes {
			labelAt = at["label"]
			if i, ok := at["amount"]; ok {
				amountAt = i
			}
		}
		return nil
	}
	seen := map[string]bool{}
	err = csvRows(name, data, header, func(line int, cells []string) error {
		id := strings.Clone(cells[at["row_id"]])
		if id == "" || seen[id] {
			return atLine(line, actnow.Invalid("error.data.id", name, "each row needs a row_id of its own, not %q", id))
		}
		seen[id] = true
		f.ids = append(f.ids, id)
		for j, spec := range d.features {
			cell := strings.TrimSpace(cells[featureAt[j]])
			if spec.Kind == "categorical" {
				f.cats[j] = append(f.cats[j], strings.Clone(cell))
				continue
			}
			v, ok := readNumber(cell, spec.Kind)
			if !ok {
				d.unread[spec.Name]++
			}
			f.nums[j] = append(f.nums[j], v)
		}
		if timeAt >= 0 {
			f.times = append(f.times, strings.TrimSpace(strings.Clone(cells[timeAt])))
		}
		if groupAt >= 0 {
			f.groups = append(f.groups, strings.Clone(cells[groupAt]))
		}
		return f.outcome(name, line, cells, labelAt, amountAt)
	})
	return f, err
}

// outcome reads label and amount where their columns are, -1 if they are none.
func (f *frame) outcome(name string, line int, cells []string, labelAt, amountAt int) error {
	if labelAt >= 0 {
		v, err := strconv.ParseFloat(strings.TrimSpace(cells[labelAt]), 64)
		if err != nil || v != 0 && v != 1 {
			return atLine(line, actnow.Invalid("error.data.label", name, "a label must be 0 or 1, not %q", cells[labelAt]))
		}
		f.labels = append(f.labels, v)
	}
	if amountAt >= 0 {
		v, ok := readNumber(strings.TrimSpace(cells[amountAt]), "numeric")
		if !ok || math.Abs(v) > maxAmount {
			return atLine(line, actnow.Invalid("error.data.amount", name, "an amount must be a number or empty, not %q", cells[amountAt]))
		}
		f.amounts = append(f.amounts, v)
	}
	return nil
}

// judge reads the outcomes of the test rows, if the folder has them.
func (d *dataset) judge(fsys fs.FS) error {
	const name = "test_labels.csv"
	data, err := readFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	at := map[string]int{}
	amountAt := -1
	known := map[string]int{}
	var f frame
	header := func(cells []string) error {
		for i, cell := range cells {
			at[cell] = i
		}
		for _, column := range []string{"row_id", "label"} {
			if _, ok := at[column]; !ok {
				return atLine(1, actnow.Invalid("error.data.column", name, "the column %q is missing", column))
			}
		}
		if i, ok := at["amount"]; ok && d.money {
			amountAt = i
		}
		return nil
	}
	err = csvRows(name, data, header, func(line int, cells []string) error {
		known[strings.Clone(cells[at["row_id"]])] = len(f.labels)
		return f.outcome(name, line, cells, at["label"], amountAt)
	})
	if err != nil {
		return err
	}
	for _, id := range d.test.ids {
		i, ok := known[id]
		if !ok {
			return actnow.Invalid("error.data.unjudged", name, "the outcome of the row %q is missing", id)
		}
		d.test.labels = append(d.test.labels, f.labels[i])
		if d.money {
			amount := math.NaN()
			if amountAt >= 0 {
				amount = f.amounts[i]
			}
			d.test.amounts = append(d.test.amounts, amount)
		}
	}
	d.judged = len(d.test.ids) > 0
	return nil
}

var dateLayouts = []string{time.DateOnly, time.RFC3339, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006/01/02", "02/01/2006", "2006-01", "20060102"}

// readNumber reads a numeric cell, or a date as days since 1970. Empty is NaN.
// ok is false if the cell holds something else, which is NaN too.
func readNumber(cell, kind string) (v float64, ok bool) {
	if cell == "" {
		return math.NaN(), true
	}
	if kind == "date" {
		for _, layout := range dateLayouts {
			if t, err := time.Parse(layout, cell); err == nil {
				return float64(t.Unix()) / 86400, true
			}
		}
	}
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return math.NaN(), false
	}
	return v, true
}

// timeOrder returns the rows in time order: by the time column if there is one,
// as dates or numbers if every cell is one, else as text; rows of the same time
// stay in file order.
func (f *frame) timeOrder() []int {
	order := make([]int, f.rows())
	for i := range order {
		order[i] = i
	}
	if f.times == nil {
		return order
	}
	keys, all := make([]float64, len(f.times)), true
	for i, cell := range f.times {
		v, ok := readNumber(cell, "date")
		if !ok {
			all = false
			break
		}
		if math.IsNaN(v) {
			v = math.Inf(-1)
		}
		keys[i] = v
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if !all {
			return strings.Compare(f.times[a], f.times[b])
		}
		switch {
		case keys[a] < keys[b]:
			return -1
		case keys[a] > keys[b]:
			return 1
		}
		return 0
	})
	return order
}
