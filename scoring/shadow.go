package scoring

import (
	"context"
	"time"

	"actnow"
)

// ShadowRun is a challenger's turn in the shadow of what is in force.
type ShadowRun struct {
	Challenger string
	Champion   string    // id of the version in force, "" of a points card, which claims the average
	From       time.Time // start of the day after, from which on outcomes count
}

// ShadowScore is what the two said of a customer: chances, 0 to 1.
type ShadowScore struct {
	Customer actnow.CustomerID
	Said     float64 // by the challenger
	Against  float64 // by what was in force
}

// ShadowStore keeps what challengers said as they said it.
type ShadowStore interface {
	// Challengers returns the challengers that can be read, by area and score.
	Challengers(ctx context.Context) ([]*Model, error)
	// SaveShadow keeps what was said in a run. The first run of a challenger in a
	// calendar month stands: of a later one nothing is kept, so that nobody corrects
	// what was said once it is known what came.
	SaveShadow(ctx context.Context, run ShadowRun, scores []ShadowScore) error
}

// Shadowed is what was said of a customer in a run, as it is kept.
type Shadowed struct {
	Area actnow.Area
	ShadowRun
	ShadowScore
}

// saveShadow keeps what a challenger says of customers of whom known is known, and what
// the champion says, nil for a points card.
func (p *panel) saveShadow(ctx context.Context, challenger, champion *Model, customers []actnow.CustomerID, known [][]Observation) error {
	run := ShadowRun{Challenger: challenger.ID(), From: p.tomorrow}
	said := challenger.chances(challenger.frame(known))
	var against []float64
	if champion != nil {
		run.Champion = champion.ID()
		against = champion.chances(champion.frame(known))
	}
	scores := make([]ShadowScore, len(customers))
	for i, id := range customers {
		scores[i] = ShadowScore{Customer: id, Said: said[i], Against: challenger.Base}
		if champion != nil {
			scores[i].Against = against[i]
		}
	}
	return p.store.SaveShadow(ctx, run, scores)
}

// followed is what was said of a customer in a run, and what came of it.
type followed struct {
	Shadowed
	example
}

// follow adds what came of what was said of a customer. Of fit: each opportunity that
// was won or lost, by what was said last before the day it opened. Of intent: each
// saying whose ninety days are over.
func (l *lesson) follow(h *History, said []Shadowed) {
	for _, s := range said {
		if l.target == Intent {
			if until := s.From.AddDate(0, 0, HorizonDays); !until.After(l.end) {
				l.add(s, h.opened(s.Area, s.From, until))
			}
			continue
		}
		for _, o := range h.Opportunities {
			if o.Area == s.Area && o.settled(l.end) && lastBefore(said, s, dayOf(o.Opened)) {
				l.add(s, example{Customer: h.Customer, Settled: o.Closed.Unix(), Yes: o.Won, Outcome: o.Opened.Unix()})
			}
		}
	}
}

func (l *lesson) add(s Shadowed, x example) {
	l.followed[s.Challenger] = append(l.followed[s.Challenger], followed{s, x})
}

// lastBefore reports whether s is the last that its challenger said before a day.
func lastBefore(said []Shadowed, s Shadowed, day time.Time) bool {
	if s.From.After(day) {
		return false
	}
	for _, other := range said {
		if other.Challenger == s.Challenger && other.From.After(s.From) && !other.From.After(day) {
			return false
		}
	}
	return true
}
