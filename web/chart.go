package web

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"

	"actnow"
)

// The drawn parts: what a handler fills, and what the templates in
// templates/parts/charts.html make of it. Shapes are SVG that stretches, text
// stands beside it, and every chart has its numbers as a table.

// MatrixCell is one crossing as the part "matrix" shows it.
type MatrixCell struct {
	Cell  actnow.Cell
	Text  string // the number as shown
	Href  string // its rows; "" for 0, which is no link
	Delta string // change since the month before, "" for none
	Notes []string
	Heat  int  // 0 to 5, against the fullest cell of the cluster
	Open  bool // the cell whose rows are shown below
	Gap   bool // first column of the right half
}

// MatrixRow is one fit band.
type MatrixRow struct {
	Fit   BandHead
	Cells []MatrixCell
	Split bool // first row of the lower half
}

// Matrix is the fit and intent grid of an area.
type Matrix struct {
	Caption string
	Small   bool
	Heads   []BandHead // of the intent
	Rows    []MatrixRow
}

// BandHead is a band and the scores it covers: "75+", "55–74".
type BandHead struct {
	Band  actnow.Band
	Range string
}

// MatrixValue is what a page knows of a crossing before it is drawn.
type MatrixValue struct {
	Fit, Intent actnow.Band
	Cell        actnow.Cell
	Value       float64 // what heat goes by: a count or money
	Text        string
	Href        string
	Delta       string
	Notes       []string
	Open        bool
}

// NewMatrix lays the values out, fit down and intent across; a crossing without a
// value is an empty cell. Heat is relative to
// the fullest cell of the same cluster, so that the crowd does not outshine the
// few who are ready.
func NewMatrix(text *Text, caption string, small bool, edges actnow.Edges, values []MatrixValue) Matrix {
	top := map[actnow.Cluster]float64{}
	at := map[[2]actnow.Band]MatrixValue{}
	for _, v := range values {
		top[v.Cell.Cluster()] = max(top[v.Cell.Cluster()], v.Value)
		at[[2]actnow.Band{v.Fit, v.Intent}] = v
	}
	m := Matrix{Caption: caption, Small: small, Heads: bandHeads(text, edges)}
	for i, fit := range actnow.Bands {
		row := MatrixRow{Fit: m.Heads[i], Split: i == 2}
		for j, intent := range actnow.Bands {
			v, ok := at[[2]actnow.Band{fit, intent}]
			if !ok {
				v.Text = "0"
			}
			c := MatrixCell{Cell: v.Cell, Text: v.Text, Delta: v.Delta, Notes: v.Notes, Open: v.Open, Gap: j == 2,
				Heat: heat(v.Value, top[v.Cell.Cluster()])}
			if v.Value > 0 {
				c.Href = v.Href
			}
			row.Cells = append(row.Cells, c)
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

// heat returns 0 for nothing, else 1 to 5 by fifths of top.
func heat(value, top float64) int {
	if value <= 0 || top <= 0 {
		return 0
	}
	return min(5, max(1, int(math.Ceil(value/top*5))))
}

// bandHeads are the bands with the scores they cover. Scores are shown rounded down,
// so that whole numbers tell bands with whole edges apart.
func bandHeads(text *Text, e actnow.Edges) []BandHead {
	heads := make([]BandHead, len(actnow.Bands))
	for i, b := range actnow.Bands {
		low, high := e.Of(b)
		from, to := text.Decimal(low, -1), text.Decimal(math.Ceil(high)-1, -1)
		heads[i] = BandHead{Band: b, Range: from + "–" + to}
		if b == actnow.High {
			heads[i].Range = from + "+"
		}
	}
	return heads
}

// Piece is one part of a stacked bar and its line in the legend.
type Piece struct {
	Name  string
	Text  string // the number as shown
	Value float64
	Class string // "fill-a" … "fill-d", "f-ok", "f-warn", "f-danger", "f-now", "f-wait", "f-rest"
	Href  string
}

// Bar is a stacked bar whose pieces add up to the whole.
type Bar struct {
	Label  string
	Tall   bool
	Pieces []Piece
}

// Rects returns the pieces as shapes on a width of 100.
func (b Bar) Rects() template.HTML {
	var total float64
	for _, p := range b.Pieces {
		total += max(0, p.Value)
	}
	var s strings.Builder
	x := 0.0
	for _, p := range b.Pieces {
		if p.Value <= 0 || total == 0 {
			continue
		}
		w := p.Value / total * 100
		fmt.Fprintf(&s, `<rect class="%s gap" x="%s" width="%s" height="10"/>`, template.HTMLEscapeString(p.Class), coord(x), coord(w))
		x += w
	}
	return template.HTML(s.String())
}

// Spoken is the bar for the ear: every piece with its number.
func (b Bar) Spoken() string {
	var parts []string
	for _, p := range b.Pieces {
		parts = append(parts, p.Name+" "+p.Text)
	}
	return b.Label + ": " + strings.Join(parts, ", ")
}

// Months is a row of stacked columns, one a month, with its table. Each column
// has one value for each of Names.
type Months struct {
	Title   string
	Names   []string
	Classes []string // fill of each name, bottom first: "fill-a", "fill-b"
	Columns []MonthColumn
}

// MonthColumn is one month.
type MonthColumn struct {
	Month  string // as the table says it
	Short  string // one letter, for the axis
	Values []float64
	Texts  []string
}

// Rects returns the columns as shapes on 100 by 100.
func (m Months) Rects() template.HTML {
	top := 0.0
	for _, c := range m.Columns {
		top = max(top, sum(c.Values))
	}
	var s strings.Builder
	step := 100 / float64(max(len(m.Columns), 1))
	for i, c := range m.Columns {
		y := 100.0
		for j, v := range c.Values {
			if v <= 0 || top == 0 {
				continue
			}
			h := v / top * 100
			y -= h
			fmt.Fprintf(&s, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>`, template.HTMLEscapeString(m.Classes[j]),
				coord(float64(i)*step+step*0.14), coord(y), coord(step*0.72), coord(h))
		}
	}
	return template.HTML(s.String())
}

func sum(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += max(0, v)
	}
	return total
}

// Spark is a line of scores from 0 to 100 over months; nil is a month without.
type Spark struct {
	Label  string // for the ear: "Intent for Azure, 12 months, from 28 to 79"
	Values []*float64
	Two    bool         // drawn in the accent
	Edges  actnow.Edges // where its lines are drawn
}

// Lines returns the lines of the edges, and one polyline for each run of months with a
// score.
func (s Spark) Lines() template.HTML {
	var b strings.Builder
	class := ""
	if s.Two {
		class = ` class="two"`
	}
	for _, edge := range rungs(s.Edges) {
		fmt.Fprintf(&b, `<line class="rule" x1="0" x2="100" y1="%[1]s" y2="%[1]s"/>`, coord(100-edge))
	}
	step := 100 / float64(max(len(s.Values)-1, 1))
	for i := 0; i < len(s.Values); {
		var points []string
		for ; i < len(s.Values) && s.Values[i] != nil; i++ {
			x, y := float64(i)*step, coord(100-min(100, max(0, *s.Values[i])))
			points = append(points, coord(x)+","+y)
			alone := len(points) == 1 && (i+1 == len(s.Values) || s.Values[i+1] == nil)
			if alone { // a short line, else it could not be seen
				points = append(points, coord(x+1)+","+y)
			}
		}
		if len(points) > 0 {
			fmt.Fprintf(&b, `<polyline%s points="%s"/>`, class, strings.Join(points, " "))
		}
		i++
	}
	return template.HTML(b.String())
}

// Ladder is a score from 0 to 100 with a rung where each band begins.
type Ladder struct {
	Score *float64 // nil: no score
	Delta string
	Class string // of the delta: "up", "down", "faint"
	Edges actnow.Edges
}

// Shown is the score rounded down, as everywhere.
func (l Ladder) Shown() string {
	if l.Score == nil {
		return "–"
	}
	return strconv.Itoa(int(math.Floor(*l.Score)))
}

// Width is the length of the bar.
func (l Ladder) Width() string {
	if l.Score == nil {
		return "0"
	}
	return coord(min(100, max(0, *l.Score)))
}

// Rungs is the path of the rungs, on a width of 100 and a height of 10.
func (l Ladder) Rungs() string {
	var b strings.Builder
	for _, edge := range rungs(l.Edges) {
		fmt.Fprintf(&b, "M%s 0V10", coord(edge))
	}
	return b.String()
}

// rungs are where bands begin above 0, from below.
func rungs(e actnow.Edges) []float64 { return []float64{e.Low, e.Medium, e.High} }

// coord writes a coordinate with at most two decimals.
func coord(x float64) string {
	return strconv.FormatFloat(math.Round(x*100)/100, 'f', -1, 64)
}
