package scoring

import (
	"math"
	"strconv"
	"strings"
	"time"

	"actnow"
)

// lookup answers conditions for one customer in one area.
type lookup struct {
	*Scorer
	facts              Facts
	area               actnow.Area
	end                time.Time // the first instant after the day
	size               *int64
	industry, vertical string
}

// truth is the answer to a condition: unknown if there is no fact to ask.
type truth int

const (
	unknown truth = iota
	no
	yes
)

type answer struct {
	truth truth
	value string
	at    time.Time
}

// score adds up the points of a side. Its points are multiples of a quarter, so
// the sum is exact.
func (l *lookup) score(side scorerSide) Score {
	sum, claimed := side.base, false
	parts := make([]Part, 1, 8)
	parts[0] = Part{Feature: "base", Value: format(side.base), Points: side.base, Code: "card.base", Text: Messages["card.base"][0]}
	for i := range side.points {
		p := &side.points[i]
		a := l.all(p)
		claimed = claimed || a.truth != unknown
		if a.truth != yes {
			continue
		}
		points := p.Points
		if p.HalfLife > 0 {
			points = fade(points, l.end.Sub(a.at)-1, p.HalfLife)
		}
		if points == 0 {
			continue
		}
		sum += points
		part := Part{Feature: p.Key, Value: a.value, Points: points, Code: side.prefix + p.Key, At: a.at}
		part.Text = fill(p.EN, part)
		parts = append(parts, part)
	}
	if !claimed {
		return Score{}
	}
	if limited := min(max(sum, 0), 100); limited != sum {
		part := Part{Feature: "limit", Value: format(sum), Points: limited - sum, Code: "card.limit"}
		part.Text = fill(Messages[part.Code][0], part)
		parts = append(parts, part)
		sum = limited
	}
	return Score{Points: &sum, Parts: parts}
}

// fade halves points with every halfLife days of age, rounded to a quarter.
func fade(points float64, age time.Duration, halfLife int) float64 {
	days := math.Floor(age.Hours() / 24)
	return math.Round(4*points*math.Exp2(-days/float64(halfLife))) / 4
}

// fill puts the value and the day of a part into a sentence.
func fill(sentence string, p Part) string {
	if !strings.Contains(sentence, "{") {
		return sentence
	}
	sentence = strings.ReplaceAll(sentence, "{0}", p.Value)
	if p.At.IsZero() || !strings.Contains(sentence, "{1}") {
		return sentence
	}
	return strings.ReplaceAll(sentence, "{1}", p.At.UTC().Format(time.DateOnly))
}

func format(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// all joins the conditions of a point: one no makes it no, else one unknown
// makes it unknown. Value and day are those of the first condition.
func (l *lookup) all(p *scorerPoint) answer {
	var first answer
	truth := yes
	for i := range p.When {
		a := l.one(&p.When[i], p.index[i], p.tests[i])
		if i == 0 {
			first = a
		}
		switch {
		case a.truth == no:
			return answer{truth: no}
		case a.truth == unknown:
			truth = unknown
		}
	}
	first.truth = truth
	return first
}

func (l *lookup) one(c *Condition, index int, texts []string) answer {
	switch {
	case c.Flag != "" || len(c.FlagWith) > 0:
		a := l.flagAnswers[index]
		if !a.known {
			return answer{}
		}
		word := "No"
		if a.yes {
			word = "Yes"
		}
		return answer{truth: truthOf(a.yes == (c.Is != "no")), value: word, at: a.at}
	case c.Value != "":
		return l.value(c, l.valueAnswers[index], texts)
	case c.Event != "":
		return l.event(c)
	case c.Size:
		if l.size == nil {
			return answer{}
		}
		return answer{truth: truthOf(within(c, float64(*l.size))), value: strconv.FormatInt(*l.size, 10)}
	}
	return l.trade(texts)
}

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func within(c *Condition, v float64) bool {
	return (c.From == nil || v >= *c.From) && (c.To == nil || v <= *c.To)
}

func (l *lookup) value(c *Condition, a valueAnswer, texts []string) answer {
	if !a.known {
		return answer{}
	}
	found := answer{value: strings.TrimSpace(a.Text), at: a.At}
	if len(texts) > 0 {
		found.truth = truthOf(containsAny(foldHeader(a.Text), texts))
		return found
	}
	v, err := strconv.ParseFloat(found.value, 64)
	if err != nil || math.IsNaN(v) {
		return answer{}
	}
	found.truth = truthOf(within(c, v))
	return found
}

// trade looks for a text in the industry, then in the vertical.
func (l *lookup) trade(texts []string) answer {
	switch {
	case l.industry == "" && l.vertical == "":
		return answer{}
	case containsAny(l.industry, texts):
		return answer{truth: yes, value: strings.TrimSpace(l.facts.Industry)}
	case containsAny(l.vertical, texts):
		return answer{truth: yes, value: strings.TrimSpace(l.facts.Vertical)}
	}
	return answer{truth: no}
}

func containsAny(s string, texts []string) bool {
	for _, text := range texts {
		if strings.Contains(s, text) {
			return true
		}
	}
	return false
}

// event looks for the event nearest to the day that fits. A customer of whom no
// event of the kind is known gives no answer: perhaps nobody looked.
func (l *lookup) event(c *Condition) answer {
	const day = 24 * time.Hour
	var best answer
	for i := range l.facts.Events {
		e := &l.facts.Events[i]
		if e.Kind != c.Event || !e.KnownAt.Before(l.end) || c.Ahead == 0 && !e.At.Before(l.end) {
			continue
		}
		if best.truth == unknown {
			best.truth = no
		}
		if c.In != "any" && (e.Area == l.area) == (c.In == "other") || !within(c, float64(e.Seats)) {
			continue
		}
		// Days are whole: an event on the day itself is 0 days away.
		away := int(math.Floor(float64(l.end.Sub(e.At)-1) / float64(day)))
		if c.Ahead > 0 {
			away = -away
		}
		if limit := max(c.Within, c.Ahead); away < 0 || away > limit {
			continue
		}
		nearer := c.Ahead > 0 && e.At.Before(best.at) || c.Ahead == 0 && e.At.After(best.at)
		if best.truth != yes || nearer {
			best = answer{truth: yes, at: e.At}
		}
	}
	if best.truth == yes {
		best.value = best.at.UTC().Format(time.DateOnly)
	}
	return best
}
