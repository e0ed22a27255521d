package scoring

import (
	"slices"
	"strings"
	"time"
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
		p.FitBand, p.IntentBand = bandOf(m.Edges, p.Fit), bandOf(m.Edges, p.Intent)
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
