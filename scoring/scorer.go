package scoring

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"actnow"
)

// Scorer scores customers by points cards. It remembers which headers its cards
// ask for, so that a customer costs a glance at each of its facts; it is for one
// goroutine at a time. The same facts always get the same scores.
type Scorer struct {
	cards  []Card
	sides  []scorerSide
	flags  []headerTest
	values []headerTest
	// which tests a header answers, by header as written
	flagsOf, valuesOf map[string][]int
	// answers of the customer at hand, by test
	flagAnswers  []flagAnswer
	valueAnswers []valueAnswer
}

// headerTest asks for one header, or for any that holds all texts.
type headerTest struct {
	exact string
	with  []string
}

func (t headerTest) matches(folded string) bool {
	if t.exact != "" {
		return folded == t.exact
	}
	for _, text := range t.with {
		if !strings.Contains(folded, text) {
			return false
		}
	}
	return true
}

type flagAnswer struct {
	known, yes bool
	at         time.Time
}

type valueAnswer struct {
	known bool
	Value
}

type scorerSide struct {
	prefix string // "card.azure.fit."
	base   float64
	points []scorerPoint
}

type scorerPoint struct {
	Point
	tests [][]string // per condition: folded texts of Contains or Industry
	index []int      // per condition: its flag or value test
}

// NewScorer returns a scorer for cards as ParseCard returns them.
func NewScorer(cards []Card) *Scorer {
	s := &Scorer{cards: cards, flagsOf: map[string][]int{}, valuesOf: map[string][]int{}}
	for _, c := range cards {
		s.sides = append(s.sides,
			s.compile("card."+string(c.Area)+".fit.", c.Fit),
			s.compile("card."+string(c.Area)+".intent.", c.Intent))
	}
	s.flagAnswers = make([]flagAnswer, len(s.flags))
	s.valueAnswers = make([]valueAnswer, len(s.values))
	return s
}

func (s *Scorer) compile(prefix string, side Side) scorerSide {
	out := scorerSide{prefix: prefix, base: side.Base}
	for _, p := range side.Points {
		sp := scorerPoint{Point: p, tests: make([][]string, len(p.When)), index: make([]int, len(p.When))}
		for i, c := range p.When {
			switch {
			case c.Flag != "":
				sp.index[i] = addTest(&s.flags, headerTest{exact: foldHeader(c.Flag)})
			case len(c.FlagWith) > 0:
				sp.index[i] = addTest(&s.flags, headerTest{with: foldAll(c.FlagWith)})
			case c.Value != "":
				sp.index[i] = addTest(&s.values, headerTest{exact: foldHeader(c.Value)})
				sp.tests[i] = foldAll(c.Contains)
			case len(c.Industry) > 0:
				sp.tests[i] = foldAll(c.Industry)
			}
		}
		out.points = append(out.points, sp)
	}
	return out
}

func addTest(tests *[]headerTest, t headerTest) int {
	for i, have := range *tests {
		if have.exact == t.exact && slices.Equal(have.with, t.with) {
			return i
		}
	}
	*tests = append(*tests, t)
	return len(*tests) - 1
}

func foldAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = foldHeader(text)
	}
	return out
}

// Score returns what the cards say of a customer at the end of day, one
// propensity a card, in the order of the cards. Facts known only after day are
// not looked at. Where a score has no claim its Points are nil, and then there
// is no cell and no cluster.
func (s *Scorer) Score(f Facts, day time.Time, m Matrix) []Propensity {
	end := day.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
	s.answer(f, end)
	look := lookup{
		Scorer: s, facts: f, end: end, size: f.OrgSize,
		industry: foldHeader(f.Industry), vertical: foldHeader(f.Vertical),
	}
	if look.size != nil && *look.size <= 0 {
		look.size = nil
	}
	out := make([]Propensity, len(s.cards))
	for i, card := range s.cards {
		look.area = card.Area
		p := Propensity{Customer: f.Customer, Area: card.Area, Model: card.ID(),
			Fit: look.score(s.sides[2*i]), Intent: look.score(s.sides[2*i+1])}
		p.FitBand, p.IntentBand = card.Edges.bandOf(p.Fit), card.Edges.bandOf(p.Intent)
		p.Cell = m.Cell(p.FitBand, p.IntentBand)
		p.Cluster = p.Cell.Cluster()
		out[i] = p
	}
	return out
}

// answer asks the customer's columns all tests at once. Where several headers
// answer one test, yes wins over no, then the newer day, so that the order of a
// map decides nothing.
func (s *Scorer) answer(f Facts, end time.Time) {
	clear(s.flagAnswers)
	clear(s.valueAnswers)
	for header, flag := range f.Flags {
		if !flag.At.Before(end) {
			continue
		}
		for _, i := range testsOf(s.flagsOf, s.flags, header) {
			a := &s.flagAnswers[i]
			if !a.known || flag.Yes && !a.yes || flag.Yes == a.yes && flag.At.After(a.at) {
				*a = flagAnswer{known: true, yes: flag.Yes, at: flag.At}
			}
		}
	}
	for header, value := range f.Values {
		if !value.At.Before(end) || strings.TrimSpace(value.Text) == "" {
			continue
		}
		for _, i := range testsOf(s.valuesOf, s.values, header) {
			a := &s.valueAnswers[i]
			if !a.known || value.At.After(a.At) || value.At.Equal(a.At) && value.Text > a.Text {
				*a = valueAnswer{known: true, Value: value}
			}
		}
	}
}

// maxHeaders bounds what a scorer remembers, should headers never repeat.
const maxHeaders = 10000

func testsOf(known map[string][]int, tests []headerTest, header string) []int {
	if found, ok := known[header]; ok {
		return found
	}
	folded := foldHeader(header)
	var found []int
	for i, t := range tests {
		if t.matches(folded) {
			found = append(found, i)
		}
	}
	if len(known) < maxHeaders {
		known[header] = found
	}
	return found
}

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
		if c.In != "any" && e.Area != l.area || !within(c, float64(e.Seats)) {
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
