package web

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"actnow/scoring"
)

// PromisePlot draws what was said of equal parts of the rows against what happened, with
// the line on which both are the same, and says it as a table.
type PromisePlot struct {
	Label string
	Top   string // where both axes end
	Steps []promiseStep
	top   float64
}

type promiseStep struct {
	Rows                   int
	Said, Happened, Within string
	said, rate, low, high  float64
}

func newPromisePlot(text *Text, m *scoring.Model) *PromisePlot {
	p := &PromisePlot{Label: text.T("models.plot_label")}
	for _, s := range m.Promise {
		rate := float64(s.Hits) / float64(s.Rows)
		low, high := scoring.Interval(s.Hits, s.Rows)
		p.top = max(p.top, s.Said, high)
		p.Steps = append(p.Steps, promiseStep{Rows: s.Rows, Said: text.Percent(s.Said), Happened: text.Percent(rate),
			Within: text.Percent(low) + "–" + text.Percent(high), said: s.Said, rate: rate, low: low, high: high})
	}
	p.top = min(1, math.Ceil(p.top*10)/10)
	p.Top = text.Percent(p.top)
	return p
}

// Lines returns the plot on 100 by 100: what was said goes right, what happened up.
func (p *PromisePlot) Lines() template.HTML {
	if p.top == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(`<line class="rule" x1="0" x2="100" y1="100" y2="0"/>`)
	x := func(v float64) string { return coord(v / p.top * 100) }
	y := func(v float64) string { return coord(100 - v/p.top*100) }
	var points []string
	for _, s := range p.Steps {
		fmt.Fprintf(&b, `<polyline points="%[1]s,%[2]s %[1]s,%[3]s"/>`, x(s.said), y(s.low), y(s.high))
		at := x(s.said) + "," + y(s.rate)
		points = append(points, at)
		fmt.Fprintf(&b, `<polyline class="two dot" points="%[1]s %[1]s"/>`, at)
	}
	fmt.Fprintf(&b, `<polyline class="two" points="%s"/>`, strings.Join(points, " "))
	return template.HTML(b.String())
}
