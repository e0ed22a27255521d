package storage

import (
	"math"
	"strings"
)

// maxCodes is how many different values a coded column has at most.
const maxCodes = 1 << 16

// coded is a column of n rows with few different values: each is kept once, and a row
// says which. Code 0 is that of a row without a value.
type coded[V comparable] struct {
	values    []V
	low, high []uint8 // the code of a row is low + 256 × high; high is nil below 256 codes
	codes     map[V]int
}

func newCoded[V comparable](n int) coded[V] {
	return coded[V]{values: make([]V, 1), low: make([]uint8, n), codes: map[V]int{}}
}

// put sets the value of a row, and reports whether there was a code left for it.
func (c *coded[V]) put(row int, v V) bool {
	code, ok := c.codes[v]
	if !ok {
		if code = len(c.values); code == maxCodes {
			return false
		}
		c.codes[v] = code
		c.values = append(c.values, v)
	}
	c.low[row] = uint8(code)
	if code > math.MaxUint8 && c.high == nil {
		c.high = make([]uint8, len(c.low))
	}
	if c.high != nil {
		c.high[row] = uint8(code >> 8)
	}
	return true
}

func (c *coded[V]) code(row int) int {
	if c.high == nil {
		return int(c.low[row])
	}
	return int(c.low[row]) | int(c.high[row])<<8
}

// match returns the rows whose value passes.
func (c *coded[V]) match(passes func(V) bool) bitset {
	ok := make([]bool, max(len(c.values), 256))
	for i, v := range c.values[1:] {
		ok[i+1] = passes(v)
	}
	out := newBitset(len(c.low))
	for row := range c.low {
		if ok[c.code(row)] {
			out.add(row)
		}
	}
	return out
}

func (c *coded[V]) bytes() int { return len(c.low) + len(c.high) + 32*len(c.values) }

// column is the values of a table's rows: texts or numbers.
type column interface {
	put(row int, value any) // in ascending order of rows; nil is no value
	finish()                // no more is put
	bytes() int             // that it takes
}

// texts is a column of texts: coded, or if too many are different one after the other.
type texts struct {
	few    coded[string]
	fold   bool // they are kept folded
	all    strings.Builder
	ends   []uint32 // of each row's text in all, once they are not coded
	filled int      // rows that have an end
	there  bitset   // rows that have a text
}

func newTexts(n int, fold bool) *texts { return &texts{few: newCoded[string](n), fold: fold} }

func (t *texts) put(row int, value any) {
	s, ok := value.(string)
	if !ok {
		return
	}
	if t.fold {
		s = fold(s)
	}
	if t.ends == nil {
		if t.few.put(row, s) {
			return
		}
		t.spread(row)
	}
	t.append(row, s)
}

// spread ends the coding, before row.
func (t *texts) spread(row int) {
	t.ends, t.there = make([]uint32, len(t.few.low)), newBitset(len(t.few.low))
	for r := range row {
		if code := t.few.code(r); code != 0 {
			t.append(r, t.few.values[code])
		}
	}
	t.few = coded[string]{}
}

func (t *texts) append(row int, s string) {
	for ; t.filled < row; t.filled++ { // rows without a text end where they begin
		t.ends[t.filled] = uint32(t.all.Len())
	}
	t.all.WriteString(s)
	t.ends[row] = uint32(t.all.Len())
	t.filled = row + 1
	t.there.add(row)
}

func (t *texts) finish() { t.few.codes = nil }

// match returns the rows whose text passes. A row without a text does not.
func (t *texts) match(passes func(string) bool) bitset {
	if t.ends == nil {
		return t.few.match(passes)
	}
	out, all, from := newBitset(len(t.ends)), t.all.String(), uint32(0)
	for row, end := range t.ends {
		if t.there.has(row) && passes(all[from:end]) {
			out.add(row)
		}
		from = end
	}
	return out
}

// at returns the text of a row, "" if it has none.
func (t *texts) at(row int) string {
	if t.ends == nil {
		return t.few.values[t.few.code(row)]
	}
	if !t.there.has(row) {
		return ""
	}
	from := uint32(0)
	if row > 0 {
		from = t.ends[row-1]
	}
	return t.all.String()[from:t.ends[row]]
}

func (t *texts) bytes() int { return t.few.bytes() + t.all.Cap() + 4*len(t.ends) + 8*len(t.there) }

// numbers is a column of numbers: coded, or if too many are different as they are.
type numbers struct {
	few   coded[float64]
	plain []float64 // NaN where there is none
}

func newNumbers(n int) *numbers { return &numbers{few: newCoded[float64](n)} }

func (c *numbers) put(row int, value any) {
	var v float64
	switch n := value.(type) {
	case int64:
		v = float64(n)
	case float64:
		v = n
	default:
		return
	}
	if c.plain == nil {
		if c.few.put(row, v) {
			return
		}
		c.spread()
	}
	c.plain[row] = v
}

// spread ends the coding.
func (c *numbers) spread() {
	c.plain = make([]float64, len(c.few.low))
	for row := range c.plain {
		c.plain[row] = math.NaN()
		if code := c.few.code(row); code != 0 {
			c.plain[row] = c.few.values[code]
		}
	}
	c.few = coded[float64]{}
}

func (c *numbers) finish() { c.few.codes = nil }

// at returns the number of a row, if it has one.
func (c *numbers) at(row int) (float64, bool) {
	if c.plain == nil {
		code := c.few.code(row)
		return c.few.values[code], code != 0
	}
	return c.plain[row], !math.IsNaN(c.plain[row])
}

// match returns the rows whose number passes. A row without one does not.
func (c *numbers) match(passes func(float64) bool) bitset {
	if c.plain == nil {
		return c.few.match(passes)
	}
	out := newBitset(len(c.plain))
	for row, v := range c.plain {
		if !math.IsNaN(v) && passes(v) {
			out.add(row)
		}
	}
	return out
}

func (c *numbers) bytes() int { return c.few.bytes() + 8*len(c.plain) }
