package scoring

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"actnow"
)

// Observation is the value of one feature as it was known on a day. A feature
// without an observation is missing, which tells something too.
type Observation struct {
	Feature string
	Number  float64   // unless there is a Text
	Text    string    // of a category
	At      time.Time // when it happened or was said; zero for no day
}

// day is 24 hours: events carry days in UTC.
const day = 24 * time.Hour

// Observe returns what a score of an area may be learned from or told by: what
// was known of the customer before end. Fit sees what a customer is and has,
// intent what has happened.
func (h *History) Observe(target Target, area actnow.Area, end time.Time) []Observation {
	k := h.before(end)
	if target == Fit {
		return k.traits(area)
	}
	return k.pulse(area)
}

// traits are what the customer is and has. What it has in the area itself is left
// out: it would tell what is asked.
func (k *known) traits(area actnow.Area) []Observation {
	var out traits
	for _, field := range []string{"industry", "vertical", "country"} {
		c := k.cells[field]
		out.category(field, c.text, c.at)
	}
	var size *int64
	if n, err := strconv.ParseInt(k.text("org_size"), 10, 64); err == nil && n > 0 {
		size = &n
		out.number("size", float64(n), k.cells["org_size"].at)
	}
	if s := SegmentOf(size, k.text("segment"), nil); s != actnow.UnknownSegment {
		out.category("segment", string(s), time.Time{})
	}
	for field, c := range k.cells {
		if c.text == "yes" || c.text == "no" {
			out.category("flag."+field, c.text, c.at)
		}
	}
	if fit, ok := reportedFit(k.text("fit." + string(area))); ok {
		out.number("microsoft_fit", fit, k.cells["fit."+string(area)].at)
	}
	if running := k.running(); len(k.agreements) > 0 {
		out.number("agreements", float64(running), time.Time{})
	}
	if k.Account {
		k.dealings(area, &out)
	}
	out.sort()
	return out
}

// running counts the agreements of the reports that had not ended.
func (k *known) running() (n int) {
	for _, e := range k.agreements {
		if !e.At.Before(k.end) {
			n++
		}
	}
	return n
}

// dealings are what the CRM tells of the customer: what it subscribes to and has
// spent elsewhere, and how earlier opportunities ended.
func (k *known) dealings(area actnow.Area, out *traits) {
	owned := map[actnow.Area]bool{}
	counts := map[string]float64{"wins.same": 0, "wins.other": 0, "losses.same": 0, "losses.other": 0}
	spent := map[string]int64{}
	seats, first := int64(0), time.Time{}
	k.events(func(e *Event) {
		where := ".other"
		if e.Area == area {
			where = ".same"
		}
		switch e.Kind {
		case "opportunity_won":
			counts["wins"+where]++
		case "opportunity_lost":
			counts["losses"+where]++
			return
		case "opportunity_open", EventClick, EventReply, "agreement_end":
			return
		case "subscription":
			if e.Area != area && k.lasts(e) {
				owned[e.Area] = true
				seats += e.Seats
			}
		case "transaction":
			if e.Area != area && e.Currency != "" && k.end.Sub(e.At) <= 365*day {
				spent[e.Currency] += e.Amount
			}
		}
		if first.IsZero() || e.At.Before(first) {
			first = e.At
		}
	})
	for name, n := range counts {
		out.number(name, n, time.Time{})
	}
	n := 0
	for _, a := range actnow.Areas {
		if a == area {
			continue
		}
		if owned[a] {
			n++
		}
		out.category("owns."+string(a), yesOrNo(owned[a]), time.Time{})
	}
	out.number("owned_areas", float64(n), time.Time{})
	out.number("seats", float64(seats), time.Time{})
	for currency, amount := range spent {
		out.number("spent."+currency, float64(amount)/100, time.Time{})
	}
	if !first.IsZero() {
		out.number("years", math.Floor(float64(k.end.Sub(first))/float64(day)/36.525)/10, first)
	}
}

// lasts reports whether a subscription had not ended.
func (k *known) lasts(e *Event) bool { return e.Until.IsZero() || !e.Until.Before(k.end) }

func yesOrNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// reportedFit reads a fit as reports write it: points, or a band, which stands for
// its middle.
func reportedFit(text string) (float64, bool) {
	if v, err := strconv.ParseFloat(text, 64); err == nil && v >= 0 && v <= 100 {
		return v, true
	}
	switch b, _ := actnow.ParseBand(text); b {
	case actnow.High:
		return 87.5, true
	case actnow.Medium:
		return 65, true
	case actnow.Low:
		return 42.5, true
	case actnow.VeryLow:
		return 15, true
	}
	return 0, false
}

// halfLives are the days in which an event loses half its weight. The data say
// which of them tells most.
var halfLives = [...]struct {
	name string
	days float64
}{{".7d", 7}, {".30d", 30}, {".90d", 90}}

// Bounds of what intent looks at, in days.
const (
	aheadDays   = 365 // how far ahead the end of an agreement is seen
	breadthDays = 90  // events of so long ago still count as breadth
)

// seriesKinds are the kinds of series, and whether counts of them that fade are looked
// at: a few come often, of the others the last one says what there is to say.
var seriesKinds = []struct {
	name   string
	counts bool
}{{"opportunity", true}, {"purchase", true}, {"won", false}, {"lost", false}, {"subscription", false}}

// pulse is what has happened: for each kind of event, in the area and elsewhere,
// counts that fade, and how long ago the last one was; in how many areas anything
// happened; how soon an agreement ends.
func (k *known) pulse(area actnow.Area) []Observation {
	out := make(traits, 0, 32)
	if k.Account {
		all := map[string]*series{}
		for _, kind := range seriesKinds {
			all[kind.name+".same"], all[kind.name+".other"] = &series{often: kind.counts}, &series{often: kind.counts}
		}
		all["engagement"] = &series{often: true}
		busy := map[actnow.Area]bool{}
		var newest time.Time
		k.events(func(e *Event) {
			name := seriesOf(e, area)
			if name == "" {
				return
			}
			all[name].add(e.At, k.end)
			if k.end.Sub(e.At) <= breadthDays*day {
				busy[e.Area] = true
			}
			if e.At.After(newest) {
				newest = e.At
			}
		})
		for name, s := range all {
			for i, half := range halfLives[:s.fading()] {
				out.number(name+half.name, s.counts[i], s.newest)
			}
			if !s.newest.IsZero() {
				out.number(name+".days", math.Floor(float64(k.end.Sub(s.newest))/float64(day)), s.newest)
			}
		}
		out.number("breadth", float64(len(busy)), newest)
	}
	soon := map[string]time.Time{}
	k.ends(func(e *Event) {
		where := "ending.other"
		if e.Area == area {
			where = "ending.same"
		}
		if at, ok := soon[where]; e.At.Sub(k.end) <= aheadDays*day && (!ok || e.At.Before(at)) {
			soon[where] = e.At
		}
	})
	for name, at := range soon {
		out.number(name, math.Floor(float64(at.Sub(k.end))/float64(day)), at)
	}
	out.sort()
	return out
}

// series is the events of one kind: three counts that fade, and the newest.
type series struct {
	often  bool
	counts [len(halfLives)]float64
	newest time.Time
}

// fading is how many of the counts are looked at.
func (s *series) fading() int {
	if s.often {
		return len(s.counts)
	}
	return 0
}

func (s *series) add(at, end time.Time) {
	age := float64(end.Sub(at)) / float64(day)
	for i, half := range halfLives {
		s.counts[i] += math.Exp2(-age / half.days)
	}
	if at.After(s.newest) {
		s.newest = at
	}
}

// seriesOf names the series that an event belongs to, "" for none.
func seriesOf(e *Event, area actnow.Area) string {
	name := map[string]string{"opportunity_open": "opportunity", "opportunity_won": "won", "opportunity_lost": "lost",
		"transaction": "purchase", "subscription": "subscription"}[e.Kind]
	switch {
	case e.Kind == EventClick || e.Kind == EventReply:
		return "engagement"
	case name == "":
		return ""
	case e.Area == area:
		return name + ".same"
	}
	return name + ".other"
}

// traits are observations that are being gathered.
type traits []Observation

func (t *traits) number(name string, v float64, at time.Time) {
	*t = append(*t, Observation{Feature: name, Number: v, At: at})
}

func (t *traits) category(name, text string, at time.Time) {
	if text = strings.ToValidUTF8(strings.TrimSpace(text), ""); text != "" {
		*t = append(*t, Observation{Feature: name, Text: text, At: at})
	}
}

// sort puts the features in the order of their names, whatever map they came from.
func (t *traits) sort() {
	slices.SortFunc(*t, func(a, b Observation) int { return strings.Compare(a.Feature, b.Feature) })
}
