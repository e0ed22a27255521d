package web

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"actnow"
	"actnow/scoring"
)

// whyArea is why our own scores of an area are what they are, beside what the
// report says.
type whyArea struct {
	Area        actnow.Area
	ID          string
	Month       actnow.Month
	Open        bool
	Scores      []whyScore
	Model       string
	ModelHref   string // what it is, for people of all locations
	Explained   []explained
	FromReports bool // the report's scores count, ours stand beside them
}

type whyScore struct {
	Title string
	Fall  Waterfall
}

type explained struct {
	Source string
	Month  actnow.Month
	Words  string
}

// whyAreas gathers the reasons of our scores and the words of the reports, by
// area, in the order of the areas.
func whyAreas(text *Text, d actnow.CustomerDetail, sources []scoring.Sourced, edges actnow.Edges) ([]whyArea, error) {
	by := map[actnow.Area]*whyArea{}
	get := func(area actnow.Area) *whyArea {
		if by[area] == nil {
			by[area] = &whyArea{Area: area, ID: "why-" + string(area)}
		}
		return by[area]
	}
	for _, r := range d.Reasons {
		var parts []scoring.Part
		if err := json.Unmarshal(r.Parts, &parts); err != nil {
			return nil, fmt.Errorf("reasons of customer %d, %s: %w", d.Customer.ID, r.Area, err)
		}
		if len(parts) == 0 {
			continue
		}
		w := get(r.Area)
		w.Month, w.Model = r.Month, r.Model
		score := ownScore(sources, r)
		w.Scores = append(w.Scores, scoreReasons(text, r, parts, score, edges))
	}
	newest := map[actnow.Area]actnow.Month{}
	for _, src := range sources {
		newest[src.Area] = max(newest[src.Area], src.Month)
	}
	for _, src := range sources {
		if src.Source == "own" || src.Month != newest[src.Area] {
			continue
		}
		if w := by[src.Area]; w != nil && (src.FitBand != "" || src.IntentBand != "" || src.Cluster != "") {
			w.FromReports = true
		}
		if src.Explanation != "" {
			w := get(src.Area)
			w.Explained = append(w.Explained, explained{Source: reportName(text, src.Source), Month: src.Month, Words: src.Explanation})
		}
	}
	var list []whyArea
	for _, area := range actnow.Areas {
		if w := by[area]; w != nil {
			list = append(list, *w)
		}
	}
	return list, nil
}

// ownScore is the score that reasons are of, nil if it is not kept.
func ownScore(sources []scoring.Sourced, r actnow.ScoreReason) *float64 {
	for _, src := range sources {
		if src.Source != "own" || src.Area != r.Area || src.Month != r.Month {
			continue
		}
		if r.Score == string(scoring.Fit) {
			return src.Fit
		}
		return src.Intent
	}
	return nil
}

// scoreReasons draws how a score came about. The points of a card add up to the
// score exactly; those of a model are log-odds, which are a chance.
func scoreReasons(text *Text, r actnow.ScoreReason, parts []scoring.Part, score *float64, edges actnow.Edges) whyScore {
	card := slices.ContainsFunc(parts, func(p scoring.Part) bool { return p.Points != 0 })
	value := func(p scoring.Part) float64 {
		if card {
			return p.Points
		}
		return p.LogOdds
	}
	name := text.T("customers." + r.Score)
	w := Waterfall{Label: text.T("customer.why_label", name, r.Area.Name()),
		Heads: [3]string{text.T("customer.reason"), text.T("customer.points"), text.T("customer.drawn")}}
	if card {
		w.Ladder = &edges
	}
	total := 0.0
	for i, p := range parts {
		v := value(p)
		total += v
		f := Fall{Sentence: partSentence(text, p), Value: v}
		if !p.At.IsZero() {
			f.Source = text.Date(p.At)
		}
		if i == 0 {
			f.Text = text.Decimal(v, decimals(v, card))
			w.Base = f
			continue
		}
		f.Text = text.SignedDecimal(v, decimals(v, card))
		w.Steps = append(w.Steps, f)
	}
	w.Total = Fall{Value: total, Text: text.Decimal(total, decimals(total, card))}
	if card {
		if score == nil {
			score = &total
		}
		w.Total.Sentence = text.T("customer.score", text.Band(edges.Band(*score)))
	} else {
		w.Total.Sentence = text.T("models.chance", text.Percent(1/(1+math.Exp(-total))))
	}
	title := name
	if score != nil {
		title = text.T("customer.why_title", name, Ladder{Score: score}.Shown(), text.Band(edges.Band(*score)))
	}
	return whyScore{Title: title, Fall: w}
}

// decimals is as many as a card's points have, which are quarters, and two for
// log-odds.
func decimals(v float64, card bool) int {
	if card {
		return -1
	}
	return 2
}

// partSentence says a reason in the reader's language; one without a sentence
// in the catalogues speaks English.
func partSentence(text *Text, p scoring.Part) string {
	if !text.Has(p.Code) {
		return p.Text
	}
	return text.T(p.Code, p.Value, p.At)
}
