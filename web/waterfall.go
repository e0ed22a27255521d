package web

import (
	"fmt"
	"html/template"
	"strings"

	"actnow"
)

// Fall is one step of a waterfall: a reason in a sentence, where it comes from,
// and what it adds.
type Fall struct {
	Sentence string
	Source   string // "12 Nov · job adverts"; "" for none
	Href     string // the evidence; "" for none
	Evidence string // the text of that link
	Text     string // the number as shown: "+22"
	Value    float64
}

// Waterfall shows how a sum came about: it starts at Base, each step moves it,
// and it ends at Total, which the steps must add up to.
type Waterfall struct {
	Label  string
	Heads  [3]string // reason, number, drawn: for the ear
	Base   Fall
	Steps  []Fall
	Total  Fall
	Ladder *actnow.Edges // the scale is 0 to 100 with a rung where each band begins; nil: as wide as the values
}

// FallRow is a line of the table with its drawing.
type FallRow struct {
	Fall
	Class string // "up", "down" or "" for the number
	Draw  template.HTML
}

// Rows returns the base and the steps, drawn.
func (w Waterfall) Rows() []FallRow {
	scale := w.scale()
	rows := []FallRow{{Fall: w.Base, Draw: scale.draw("base", min(0, w.Base.Value), max(0, w.Base.Value))}}
	at := w.Base.Value
	for _, f := range w.Steps {
		class, shape := "up", "plus"
		if f.Value < 0 {
			class, shape = "down", "minus"
		}
		rows = append(rows, FallRow{Fall: f, Class: class, Draw: scale.draw(shape, min(at, at+f.Value), max(at, at+f.Value))})
		at += f.Value
	}
	return rows
}

// Sum returns the last line, drawn.
func (w Waterfall) Sum() FallRow {
	return FallRow{Fall: w.Total, Draw: w.scale().draw("sum", min(0, w.Total.Value), max(0, w.Total.Value))}
}

// fallScale maps values to a width of 100.
type fallScale struct {
	low, high float64
	ladder    *actnow.Edges
}

func (w Waterfall) scale() fallScale {
	if w.Ladder != nil {
		return fallScale{0, 100, w.Ladder}
	}
	s := fallScale{low: min(0, w.Base.Value, w.Total.Value), high: max(0, w.Base.Value, w.Total.Value)}
	at := w.Base.Value
	for _, f := range w.Steps {
		at += f.Value
		s.low, s.high = min(s.low, at), max(s.high, at)
	}
	margin := (s.high - s.low) * 0.05
	s.low, s.high = s.low-margin, s.high+margin
	return s
}

func (s fallScale) x(v float64) float64 {
	if s.high == s.low {
		return 0
	}
	return min(100, max(0, (v-s.low)/(s.high-s.low)*100))
}

func (s fallScale) draw(class string, from, to float64) template.HTML {
	var b strings.Builder
	if s.ladder != nil {
		for _, rung := range rungs(*s.ladder) {
			fmt.Fprintf(&b, `<line class="band" x1="%[1]s" x2="%[1]s" y1="0" y2="20"/>`, coord(rung))
		}
	} else {
		fmt.Fprintf(&b, `<line class="zero" x1="%[1]s" x2="%[1]s" y1="0" y2="20"/>`, coord(s.x(0)))
	}
	fmt.Fprintf(&b, `<rect class="%s" x="%s" y="5" width="%s" height="10"/>`, class, coord(s.x(from)), coord(s.x(to)-s.x(from)))
	return template.HTML(b.String())
}

// FunnelStep is one step from all customers to those who are mailed.
type FunnelStep struct {
	Name  string
	Text  string // how many remain
	Href  string
	Note  string // what those who remain are worth; "" for nothing
	Lost  []FunnelLoss
	Value float64
}

// FunnelLoss is those whom a step lost for one reason.
type FunnelLoss struct {
	Text, Href string // how many and why, and who
	Worth      string // what they may have brought; "" for nothing
}

// Funnel shows how many remain at each step; the first is the whole.
type Funnel struct {
	Label string
	Heads [3]string // step, how many, drawn: for the ear
	Steps []FunnelStep
}

// Widths returns what share of the first step each has, of 100.
func (f Funnel) Widths() []string {
	widths := make([]string, len(f.Steps))
	for i, s := range f.Steps {
		widths[i] = "0"
		if first := f.Steps[0].Value; first > 0 {
			widths[i] = coord(min(100, max(0, s.Value/first*100)))
		}
	}
	return widths
}
