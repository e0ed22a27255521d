package scoring

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"actnow"
)

// market is a made-up partner of which the truth is known: manufacturers and larger
// customers win, a purchase in the area makes an opportunity likely. With strength 0
// everything is chance.
type market struct {
	customers int
	strength  float64
	areas     map[actnow.Area]float64 // share of the customers that deal in an area
	seed      uint64
}

// marketEnd is the instant at which a market is looked at.
var marketEnd = time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)

const marketMonths = 24

var marketTrades = []string{"Manufacturing", "Retail", "Health", "Education"}

func (m market) make() []History {
	out := make([]History, m.customers)
	for i := range out {
		out[i] = m.history(actnow.CustomerID(i + 1))
	}
	return out
}

// history is that of one customer.
func (m market) history(id actnow.CustomerID) History {
	r := rand.New(rand.NewPCG(m.seed, uint64(id-1)))
	h := History{Customer: id, Account: true}
	size := int(math.Exp(r.NormFloat64()*1.1 + 4))
	trade := marketTrades[r.IntN(len(marketTrades))]
	flag := yesOrNo(r.IntN(2) == 0)
	for month := range marketMonths {
		h.Rows = append(h.Rows, ReportRow{Report: "azure", KnownAt: marketEnd.AddDate(0, month-marketMonths-1, -2), Cells: []Cell{
			{"org_size", strconv.Itoa(size)}, {"industry", trade}, {"has_aws", flag}, {"country", "Sweden"}}})
	}
	value := math.Log(float64(size)) - 4
	if trade == "Manufacturing" {
		value += 1.5
	}
	for _, area := range actnow.Areas {
		if share := m.areas[area]; r.Float64() < share {
			m.deal(r, &h, area, value)
		}
	}
	return h
}

// deal lets purchases and opportunities of an area happen.
func (m market) deal(r *rand.Rand, h *History, area actnow.Area, value float64) {
	var bought time.Time
	for week := range marketMonths * 4 {
		at := marketEnd.AddDate(0, 0, 7*(week-marketMonths*4)+r.IntN(7)-1)
		if r.Float64() < 0.02 {
			bought = at
			h.Events = append(h.Events, Event{Kind: "transaction", Area: area, At: at, Amount: 100_00, Currency: "SEK"})
		}
		odds := -4.8
		if !bought.IsZero() && at.Sub(bought) < 60*day {
			odds += 2.4 * m.strength
		}
		if r.Float64() >= sigmoid(odds) {
			continue
		}
		o := Opportunity{Area: area, Opened: at, Won: r.Float64() < sigmoid(m.strength*value-0.4)}
		if closed := at.AddDate(0, 0, 20+r.IntN(40)); closed.Before(marketEnd) {
			o.Closed = closed
		} else {
			o.Won = false
		}
		h.Opportunities = append(h.Opportunities, o)
	}
}

// lesson gathers the examples of a market as the trainer does.
func (m market) lesson(target Target) *lesson {
	l := newLesson(target, marketEnd, DefaultEdges)
	days := monthDays(marketEnd.AddDate(0, -marketMonths+1, 0), marketEnd)
	for _, h := range m.make() {
		l.hear(&h, days, true, true)
	}
	l.settle()
	return l
}

// present is what is known of a market's customers today.
func (m market) present(target Target, area actnow.Area) [][]Observation {
	var out [][]Observation
	for _, h := range m.make() {
		out = append(out, h.Observe(target, area, marketEnd))
	}
	return out
}
