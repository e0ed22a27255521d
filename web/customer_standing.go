package web

import (
	"math"
	"slices"

	"actnow"
)

// standingLine is where the customer stands in one area.
type standingLine struct {
	actnow.Standing
	Area         actnow.Area // also where there is no standing
	Scored       bool
	Href         string // its reasons on this page, "" without any
	FitScore     scoreLine
	IntentScore  scoreLine
	Spark        *Spark
	Disagreement string // report and own score in a sentence, or ""
	HeldOut      string // that campaigns leave the customer out, or ""
	Move         string // up from, down from, in words
}

// scoreLine is a score on its ladder, or the band where only that is known, with
// who says so.
type scoreLine struct {
	Ladder Ladder
	Band   actnow.Band
	From   string
}

// standingLines has a line for every area, also those without a score.
func standingLines(text *Text, d actnow.CustomerDetail, why []whyArea, edges actnow.Edges) []standingLine {
	at := map[actnow.Area]map[actnow.Month]actnow.Standing{}
	var months []actnow.Month
	for _, h := range d.History {
		if at[h.Area] == nil {
			at[h.Area] = map[actnow.Month]actnow.Standing{}
		}
		at[h.Area][h.Month] = h
		if !slices.Contains(months, h.Month) {
			months = append(months, h.Month)
		}
	}
	slices.Sort(months)
	months = months[max(0, len(months)-historyMonths):]
	var lines []standingLine
	for _, area := range actnow.Areas {
		l := standingLine{Area: area}
		for _, now := range d.Standings {
			if now.Area == area {
				l.Standing, l.Scored = now, now.Cell != "" || now.Cluster != "" || now.FitBand != "" || now.IntentBand != ""
			}
		}
		for _, h := range d.HeldOut {
			if h.Area == area {
				l.HeldOut = text.T("holdout.customer", h.Since)
			}
		}
		if !l.Scored {
			lines = append(lines, l)
			continue
		}
		before := at[area][l.PreviousMonth]
		l.FitScore = scoreLine{ladder(text, edges, l.Fit, before.Fit), l.FitBand, saidBy(text, l.FitFrom)}
		l.IntentScore = scoreLine{ladder(text, edges, l.Intent, before.Intent), l.IntentBand, saidBy(text, l.IntentFrom)}
		if i := slices.IndexFunc(why, func(w whyArea) bool { return w.Area == area }); i >= 0 {
			l.Href = "#" + why[i].ID
		}
		l.Spark = intentSpark(text, area, edges, months, at[area])
		l.Move = moveSentence(text, l.Standing)
		if l.MicrosoftCluster != "" && l.OwnCluster != "" && l.MicrosoftCluster != l.OwnCluster {
			l.Disagreement = text.T("customer.disagree", text.Cluster(l.MicrosoftCluster), text.Cluster(l.OwnCluster))
		}
		lines = append(lines, l)
	}
	return lines
}

// saidBy names the report that a score is from, or that it is ours.
func saidBy(text *Text, source string) string {
	switch source {
	case "":
		return ""
	case "own":
		return text.T("customer.from_own")
	}
	return text.T("customer.from_report", reportName(text, source))
}

func ladder(text *Text, edges actnow.Edges, now, before *float64) Ladder {
	l := Ladder{Score: now, Edges: edges}
	if now == nil || before == nil {
		return l
	}
	change := int64(math.Floor(*now)) - int64(math.Floor(*before))
	l.Delta, l.Class = text.Signed(change), "faint"
	switch {
	case change > 0:
		l.Class = "up"
	case change < 0:
		l.Class = "down"
	}
	return l
}

// intentSpark draws the intent of the months, or nothing if there are not two.
func intentSpark(text *Text, area actnow.Area, edges actnow.Edges, months []actnow.Month, at map[actnow.Month]actnow.Standing) *Spark {
	sp := Spark{Edges: edges}
	var first, last *float64
	known := 0
	for _, m := range months {
		v := at[m].Intent
		sp.Values = append(sp.Values, v)
		if v == nil {
			continue
		}
		known++
		if first == nil {
			first = v
		}
		last = v
	}
	if known < 2 {
		return nil
	}
	sp.Label = text.T("customer.spark", area.Name(), len(months), int(math.Floor(*first)), int(math.Floor(*last)))
	return &sp
}

func moveSentence(text *Text, p actnow.Standing) string {
	if p.PreviousMonth == "" || p.PreviousCluster == "" {
		return ""
	}
	switch m := p.Move(); m {
	case actnow.MovedNew, actnow.MovedUp, actnow.MovedDown:
		return text.T("customer.moved_"+string(m), text.Cluster(p.PreviousCluster), p.PreviousMonth)
	}
	return text.T("customer.stayed", p.PreviousMonth)
}

// bestStanding returns the line of the area asked for, else the hottest one.
func bestStanding(lines []standingLine, area actnow.Area) *standingLine {
	var best *standingLine
	for i := range lines {
		l := &lines[i]
		switch {
		case !l.Scored:
		case l.Area == area:
			return l
		case best == nil || hotter(l.Standing, best.Standing):
			best = l
		}
	}
	return best
}

// hotter orders standings as lists of customers do: by cluster, then by money.
func hotter(a, b actnow.Standing) bool {
	if a.Cluster != b.Cluster {
		return a.Cluster.Heat() > b.Cluster.Heat()
	}
	high := func(p actnow.Standing) int64 {
		if p.Revenue.High == nil {
			return 0
		}
		return *p.Revenue.High
	}
	return high(a) > high(b)
}
