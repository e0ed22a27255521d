package web

import (
	"actnow"
	"actnow/scoring"
)

// bandPanel compares what each band promises with what came of the rows in it, and
// each band with the one below.
type bandPanel struct {
	Bands    []rateRow
	Promises []promiseRow
}

// promiseRow says whether a band did better than the one below it.
type promiseRow struct {
	Name       string
	Difference string
	Between    string // its 95 % interval
	Badge      Badge
	Note       string
}

// newBandPanel draws a tally; base is the chance of the average account.
func newBandPanel(text *Text, t scoring.BandTally, base float64) *bandPanel {
	p := &bandPanel{}
	rate, _ := t.Rate()
	heads := bandHeads(text, t.Edges)
	for i, o := range t.Outcomes {
		r := rateRow{Name: text.Band(o.Band) + " " + heads[i].Range, Promised: promised(text, t.Edges, o.Band, base), Rows: o.Rows, Rate: "–", Between: "–", Lift: "–"}
		if o.Rows > 0 {
			low, high := t.Within(o)
			r.fill(text, float64(o.Hits)/float64(o.Rows), low, high, rate)
		}
		p.Bands = append(p.Bands, r)
	}
	for _, b := range t.Promises {
		p.Promises = append(p.Promises, promiseRowOf(text, b))
	}
	return p
}

// promised is the chance that a band promises where the average account has base.
func promised(text *Text, e actnow.Edges, b actnow.Band, base float64) string {
	if !(base > 0 && base < 1) {
		return "–"
	}
	from, to := e.Of(b)
	low, high := text.Percent(scoring.Probability(from, base)), text.Percent(scoring.Probability(to, base))
	switch b {
	case actnow.High:
		return text.T("models.at_least", low)
	case actnow.VeryLow:
		return text.T("models.below", high)
	}
	return low + "–" + high
}

func promiseRowOf(text *Text, b scoring.BandPromise) promiseRow {
	higher, lower := text.Band(b.Higher), text.Band(b.Lower)
	r := promiseRow{Name: text.T("models.bands.over", higher, lower), Difference: "–", Between: "–", Badge: Badge{Kind: "line", Text: text.T("models.bands.open")}}
	if b.High-b.Low < 2 {
		r.Difference = text.SignedDecimal(100*b.Difference, 1)
		r.Between = text.SignedDecimal(100*b.Low, 1) + " … " + text.SignedDecimal(100*b.High, 1)
	}
	switch b.Verdict {
	case scoring.BandKept:
		r.Badge = Badge{Kind: "ok", Icon: "check", Text: text.T("models.bands.kept")}
	case scoring.BandFlat:
		r.Badge = Badge{Kind: "warn", Icon: "triangle-alert", Text: text.T("models.bands.flat")}
		r.Note = text.T("models.bands.flat_text", higher, lower)
	case scoring.BandInverted:
		r.Badge = Badge{Kind: "danger", Icon: "octagon-x", Text: text.T("models.bands.inverted")}
		r.Note = text.T("models.bands.inverted_text", higher, lower)
	case scoring.BandOpen:
		r.Note = text.TN("models.bands.open_text", int64(b.Missing))
	}
	return r
}
