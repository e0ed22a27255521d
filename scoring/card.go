package scoring

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"actnow"
)

// Card is a points card: what is asked of a customer in one solution area, how
// many points each answer gives, and why, in words. It is used where no model
// has learned from enough outcomes.
type Card struct {
	Area    actnow.Area `yaml:"area"`
	Version int         `yaml:"version"`
	Fit     Side        `yaml:"fit"`
	Intent  Side        `yaml:"intent"`

	id string
}

// Side is one of the two scores of a card: Base points for whoever anything is
// known of, and points on top.
type Side struct {
	Base   float64 `yaml:"base"`
	Points []Point `yaml:"points"`
}

// Point is a line of a card: if every condition of When holds, Points are added.
// With a half-life, given in days, they fade with the age of the newest event
// that fits, rounded to a quarter of a point.
type Point struct {
	Key      string      `yaml:"key"`
	Points   float64     `yaml:"points"`
	HalfLife int         `yaml:"half_life"`
	When     []Condition `yaml:"when"`
	EN       string      `yaml:"en"` // {0} is the value, {1} its day
	SV       string      `yaml:"sv"`
}

// Condition asks one thing of a customer; exactly one of Flag, FlagWith, Value,
// Event, Size and Industry is set. Headers are compared by letters, digits, <, >
// and + only. A fact that is not there makes it unknown, not false.
type Condition struct {
	Flag     string   `yaml:"flag"`      // a yes/no column
	FlagWith []string `yaml:"flag_with"` // any yes/no column whose header holds all these texts
	Is       string   `yaml:"is"`        // "yes", the default, or "no"; of Flag and FlagWith
	Value    string   `yaml:"value"`     // a column, as a number or as text
	Contains []string `yaml:"contains"`  // any of these texts; of Value
	Event    string   `yaml:"event"`     // a kind of Event
	In       string   `yaml:"in"`        // "same" area, the default, "other" or "any"; of Event
	Within   int      `yaml:"within"`    // at most so many days ago; of Event
	Ahead    int      `yaml:"ahead"`     // at most so many days ahead; of Event
	Size     bool     `yaml:"size"`      // employees
	Industry []string `yaml:"industry"`  // industry or vertical holds any of these texts
	From     *float64 `yaml:"from"`      // of Value, Size, and of Event its seats
	To       *float64 `yaml:"to"`
}

// The kinds of event that a card may ask for.
var eventKinds = []string{"opportunity_open", "opportunity_won", "opportunity_lost",
	"agreement_end", "transaction", "subscription"}

// Limits of a card, so that a mistake in a file cannot make scores senseless.
const (
	maxCardBytes  = 64 << 10
	maxCardPoints = 100
	maxDays       = 3660
)

//go:embed cards/*.yaml
var cardFiles embed.FS

// Cards returns the points cards that Act Now ships with, one for each built-in
// area, in the order of actnow.Areas.
func Cards() []Card {
	cards := make([]Card, 0, len(actnow.Areas))
	for _, area := range actnow.Areas {
		data, err := cardFiles.ReadFile("cards/" + string(area) + ".yaml")
		if err != nil {
			panic(fmt.Sprintf("embedded card of %s: %v", area, err))
		}
		card, err := ParseCard(data)
		if err != nil {
			panic(fmt.Sprintf("embedded card of %s: %v", area, err))
		}
		cards = append(cards, card)
	}
	return cards
}

// ID names the card by its content, "card:azure@1a2b3c4d": the first eight hex
// digits of the SHA-256 of the file it was read from.
func (c Card) ID() string { return c.id }

var (
	areaKey  = regexp.MustCompile(`^[a-z0-9]{1,32}$`)
	pointKey = regexp.MustCompile(`^[a-z0-9_]{1,60}$`)
)

// ParseCard reads a card in YAML of at most 64 kB. Every error is an
// *actnow.InputError that names the line of the card that is at fault.
func ParseCard(data []byte) (Card, error) {
	var c Card
	if len(data) > maxCardBytes {
		return Card{}, actnow.Invalid("error.card.size", "card", "a card may be %d bytes long, this one has %d", maxCardBytes, len(data))
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&c); err != nil {
		return Card{}, actnow.Invalid("error.card.yaml", "card", "this is no card: %s", oneLine(err))
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Card{}, actnow.Invalid("error.card.yaml", "card", "this is no card: %s", "something follows the first document")
	}
	if !areaKey.MatchString(string(c.Area)) {
		return Card{}, actnow.Invalid("error.card.area", "area", "%q is no key of a solution area", c.Area)
	}
	if c.Version < 1 {
		return Card{}, actnow.Invalid("error.card.version", "version", "the version must be 1 or more, not %d", c.Version)
	}
	seen := map[string]bool{}
	for _, side := range []struct {
		name string
		Side
	}{{"fit", c.Fit}, {"intent", c.Intent}} {
		if err := side.check(side.name, seen); err != nil {
			return Card{}, err
		}
	}
	sum := sha256.Sum256(data)
	c.id = fmt.Sprintf("card:%s@%s", c.Area, hex.EncodeToString(sum[:4]))
	return c, nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func (s Side) check(name string, seen map[string]bool) error {
	if !(s.Base >= 0 && s.Base <= 100) || !quarters(s.Base) {
		return actnow.Invalid("error.card.base", name, "the base must be 0 to 100 in quarters, not %g", s.Base)
	}
	if len(s.Points) == 0 || len(s.Points) > maxCardPoints {
		return actnow.Invalid("error.card.lines", name, "a score has 1 to %d lines of points, not %d", maxCardPoints, len(s.Points))
	}
	for _, p := range s.Points {
		line := name + "." + p.Key
		switch {
		case !pointKey.MatchString(p.Key) || seen[line]:
			return actnow.Invalid("error.card.key", line, "each line needs a key of its own, of letters, digits and _, not %q", p.Key)
		case !(math.Abs(p.Points) <= 100) || p.Points == 0 || !quarters(p.Points):
			return actnow.Invalid("error.card.points", line, "a line gives -100 to 100 points in quarters and not 0, not %g", p.Points)
		case p.HalfLife < 0 || p.HalfLife > maxDays:
			return actnow.Invalid("error.card.days", line, "days must be 0 to %d, not %d", maxDays, p.HalfLife)
		case strings.TrimSpace(p.EN) == "" || strings.TrimSpace(p.SV) == "":
			return actnow.Invalid("error.card.sentence", line, "each line needs a sentence in English and in Swedish")
		case len(p.When) == 0 || len(p.When) > 8:
			return actnow.Invalid("error.card.when", line, "each line needs 1 to %d conditions, not %d", 8, len(p.When))
		case p.HalfLife > 0 && p.When[0].Event == "":
			return actnow.Invalid("error.card.fade", line, "only points for an event can fade: make the event the first condition")
		}
		seen[line] = true
		for _, c := range p.When {
			if err := c.check(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// quarters reports whether v is a whole number of quarters. Sums of a few
// hundred such numbers are exact in floating point, in any order.
func quarters(v float64) bool { return v*4 == math.Trunc(v*4) }

func (c Condition) check(line string) error {
	subjects := 0
	for _, set := range []bool{c.Flag != "", len(c.FlagWith) > 0, c.Value != "", c.Event != "", c.Size, len(c.Industry) > 0} {
		if set {
			subjects++
		}
	}
	if subjects != 1 {
		return actnow.Invalid("error.card.subject", line,
			"a condition asks for exactly one of flag, flag_with, value, event, size, industry, not for %d", subjects)
	}
	flag := c.Flag != "" || len(c.FlagWith) > 0
	misplaced := ""
	switch {
	case c.Is != "" && !flag:
		misplaced = "is"
	case len(c.Contains) > 0 && c.Value == "":
		misplaced = "contains"
	case (c.In != "" || c.Within != 0 || c.Ahead != 0) && c.Event == "":
		misplaced = "in, within, ahead"
	case (c.From != nil || c.To != nil) && (flag || len(c.Industry) > 0 || len(c.Contains) > 0):
		misplaced = "from, to"
	}
	switch {
	case misplaced != "":
		return actnow.Invalid("error.card.misplaced", line, "%s does not belong to this condition", misplaced)
	case c.Is != "" && c.Is != "yes" && c.Is != "no":
		return actnow.Invalid("error.card.is", line, "is must be yes or no, in quotes, not %q", c.Is)
	case c.In != "" && c.In != "same" && c.In != "other" && c.In != "any":
		return actnow.Invalid("error.card.in", line, "in must be same, other or any, not %q", c.In)
	case c.Within < 0 || c.Within > maxDays:
		return actnow.Invalid("error.card.days", line, "days must be 0 to %d, not %d", maxDays, c.Within)
	case c.Ahead < 0 || c.Ahead > maxDays:
		return actnow.Invalid("error.card.days", line, "days must be 0 to %d, not %d", maxDays, c.Ahead)
	case c.Event != "" && (c.Within == 0) == (c.Ahead == 0):
		return actnow.Invalid("error.card.window", line, "an event needs either within or ahead, in days")
	case c.Value != "" && len(c.Contains) == 0 && c.From == nil && c.To == nil:
		return actnow.Invalid("error.card.range", line, "%s needs from, to or contains", "value")
	case c.Size && c.From == nil && c.To == nil:
		return actnow.Invalid("error.card.range", line, "%s needs from, to or contains", "size")
	}
	if c.Event != "" {
		for _, kind := range eventKinds {
			if c.Event == kind {
				return nil
			}
		}
		return actnow.Invalid("error.card.event", line, "%q is no kind of event", c.Event)
	}
	texts := append(append([]string{}, c.FlagWith...), c.Contains...)
	texts = append(texts, c.Industry...)
	if c.Flag != "" || c.Value != "" {
		texts = append(texts, c.Flag+c.Value)
	}
	for _, text := range texts {
		if foldHeader(text) == "" {
			return actnow.Invalid("error.card.text", line, "%q has no letter or digit to look for", text)
		}
	}
	return nil
}

// foldHeader keeps what tells headers apart: letters and digits in lower case,
// and <, > and +.
func foldHeader(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '<' || r == '>' || r == '+' || r > 127 {
			b.WriteRune(r)
		}
	}
	return b.String()
}
