package web

import (
	"slices"
	"sync"

	"actnow"
	"actnow/scoring"
)

// revenueLine is what a customer could bring in an area: what the report says, and
// our own estimate beside it.
type revenueLine struct {
	Area     actnow.Area
	Kind     string // whitespace or upsell, in words
	Owns     string // what of the area the customer has
	Report   string // the range of the report, "" without one
	Own      string // our range, "" without an estimate
	Middle   string
	Rests    string // what our estimate rests on
	Chance   string // how many like it buy, "" where that is not known
	List     bool   // from list prices
	Month    actnow.Month
	Outdated bool // of a month before that of the standings
}

// listPriceDate is the day of the prices that estimates rest on.
var listPriceDate = sync.OnceValue(func() string { return scoring.DefaultPriceList().Date })

// revenueLines has a line for each area of which the report or we say something.
func revenueLines(text *Text, d actnow.CustomerDetail, month actnow.Month) []revenueLine {
	var lines []revenueLine
	for _, area := range actnow.Areas {
		l := revenueLine{Area: area}
		if i := slices.IndexFunc(d.Standings, func(s actnow.Standing) bool { return s.Area == area && s.RevenueFrom == "report" }); i >= 0 {
			l.Report = text.Revenue(d.Standings[i].Revenue)
		}
		if i := slices.IndexFunc(d.Estimates, func(e actnow.RevenueEstimate) bool { return e.Area == area }); i >= 0 {
			l.estimate(text, d.Estimates[i], month)
		}
		if l.Report != "" || l.Own != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

func (l *revenueLine) estimate(text *Text, e actnow.RevenueEstimate, month actnow.Month) {
	l.Kind, l.Month, l.Outdated = text.T("revenue.kind."+string(e.Kind)), e.Month, e.Month < month
	switch {
	case e.Paid > 0:
		l.Owns = text.T("revenue.pays", text.Money(e.Paid, e.Currency))
	case e.Kind == actnow.Upsell:
		l.Owns = text.T("revenue.elsewhere")
	default:
		l.Owns = text.T("revenue.nothing")
	}
	if e.P90 == 0 {
		l.Own = text.T("revenue.enough")
	} else {
		l.Own = text.MoneyRange(e.P10, e.P90, e.Currency)
		l.Middle = text.T("revenue.middle", text.Money(e.P50, e.Currency))
		if e.P50 == 0 {
			l.Middle = text.T("revenue.middle_none")
		}
	}
	n := int64(e.Peers)
	switch {
	case e.Basis == actnow.BasisPeers:
		l.Rests = text.TN("revenue.rests."+string(e.Alike), n)
	case n == 0:
		l.List, l.Rests = true, text.T("revenue.list_none")
	default:
		l.List, l.Rests = true, text.TN("revenue.list", n)
	}
	if e.Chance != nil && e.Expected != nil {
		l.Chance = text.T("revenue.chance", text.Percent(*e.Chance), text.Money(*e.Expected, e.Currency))
	}
}

// apiEstimate is our own estimate, in minor units.
type apiEstimate struct {
	Area     actnow.Area         `json:"area"`
	Month    actnow.Month        `json:"month"`
	Kind     actnow.RevenueKind  `json:"kind"`
	P10      int64               `json:"p10"`
	P50      int64               `json:"p50"`
	P90      int64               `json:"p90"`
	Currency string              `json:"currency"`
	Basis    actnow.RevenueBasis `json:"basis"`
	Peers    int                 `json:"peers"`
	Alike    actnow.Likeness     `json:"alike,omitempty"`
	Paid     int64               `json:"paid"`
	Chance   *float64            `json:"chance,omitempty"`
	Expected *int64              `json:"expected,omitempty"`
}

func toAPIEstimates(es []actnow.RevenueEstimate) []apiEstimate {
	out := []apiEstimate{}
	for _, e := range es {
		out = append(out, apiEstimate{e.Area, e.Month, e.Kind, e.P10, e.P50, e.P90, e.Currency, e.Basis, e.Peers, e.Alike, e.Paid, e.Chance, e.Expected})
	}
	return out
}
