package scoring

import (
	"context"
	"time"

	"actnow"
)

// panel is the models in force during a run, beside the cards, and those that stand in
// their shadow.
type panel struct {
	store    ModelStore
	month    actnow.Month
	tomorrow time.Time // start of the day after the run
	cards    []Card
	models   []map[Target]*Model // by card
	shadows  []map[Target]*Model // by card
	any      bool
	drifts   map[string]*driftCount // by id of the model
}

// panel reads the models in force in the areas of the cards.
func (r *Rescorer) panel(ctx context.Context, month actnow.Month, cards []Card) (*panel, error) {
	p := &panel{store: r.Models, month: month, tomorrow: dayOf(r.Now()).AddDate(0, 0, 1), cards: cards,
		models: make([]map[Target]*Model, len(cards)), shadows: make([]map[Target]*Model, len(cards)), drifts: map[string]*driftCount{}}
	if r.Models == nil {
		return p, nil
	}
	champions, err := r.Models.Champions(ctx)
	if err != nil {
		return nil, err
	}
	challengers, err := r.Models.Challengers(ctx)
	if err != nil {
		return nil, err
	}
	for i, c := range cards {
		p.models[i], p.shadows[i] = modelsOf(champions, c.Area), modelsOf(challengers, c.Area)
		p.any = p.any || len(p.models[i])+len(p.shadows[i]) > 0
		for _, m := range p.models[i] {
			p.drifts[m.ID()] = newDriftCount(m)
		}
	}
	return p, nil
}

// modelsOf returns the models of an area by what they score.
func modelsOf(models []*Model, area actnow.Area) map[Target]*Model {
	of := map[Target]*Model{}
	for _, m := range models {
		if m.Area == area {
			of[m.Target] = m
		}
	}
	return of
}

// name says what scores an area: the card, or the models with the card where one of
// the two scores has none.
func (p *panel) name(i int, card Card) string {
	fit, intent := p.models[i][Fit], p.models[i][Intent]
	switch {
	case fit == nil && intent == nil:
		return card.ID()
	case intent == nil:
		return fit.Name() + " " + card.ID()
	case fit == nil:
		return card.ID() + " " + intent.Name()
	}
	return fit.Name() + " " + intent.Name()
}

// score puts what models say in the place of what cards said, customer by customer
// and card by card, of what was known at the end of day.
func (p *panel) score(ctx context.Context, ps []Propensity, day time.Time, matrix Matrix) error {
	if !p.any {
		return nil
	}
	ids := make([]actnow.CustomerID, 0, len(ps)/len(p.cards))
	for i := 0; i < len(ps); i += len(p.cards) {
		ids = append(ids, ps[i].Customer)
	}
	histories, err := p.store.Histories(ctx, p.month, ids)
	if err != nil {
		return err
	}
	end := dayOf(day).AddDate(0, 0, 1)
	for c, card := range p.cards {
		for _, target := range Targets {
			m, shadow := p.models[c][target], p.shadows[c][target]
			if m == nil && shadow == nil {
				continue
			}
			known := make([][]Observation, len(histories))
			var matched []int // those with an account, of whom it can be known what comes
			for i := range histories {
				known[i] = histories[i].Observe(target, card.Area, end)
				if histories[i].Account {
					matched = append(matched, i)
				}
			}
			if shadow != nil {
				if err := p.saveShadow(ctx, shadow, m, pick(ids, matched), pick(known, matched)); err != nil {
					return err
				}
			}
			if m == nil {
				continue
			}
			scores := m.Scores(known)
			p.drifts[m.ID()].add(m.frame(pick(known, matched)), pointsIn(pick(scores, matched)))
			for i, s := range scores {
				q := &ps[i*len(p.cards)+c]
				if target == Fit {
					q.Fit, q.FitBand = s, bandOf(matrix.Edges, s)
				} else {
					q.Intent, q.IntentBand = s, bandOf(matrix.Edges, s)
				}
				q.Cell = matrix.Cell(q.FitBand, q.IntentBand)
				q.Cluster = q.Cell.Cluster()
				q.Model = p.name(c, card)
			}
		}
	}
	return nil
}

// pick returns the values at places.
func pick[T any](values []T, at []int) []T {
	out := make([]T, len(at))
	for i, k := range at {
		out[i] = values[k]
	}
	return out
}

// pointsIn returns the points of scores, NaN without any.
func pointsIn(scores []Score) []float64 {
	out := nans(len(scores))
	for i, s := range scores {
		if s.Points != nil {
			out[i] = *s.Points
		}
	}
	return out
}

func (p *panel) saveDrift(ctx context.Context) error {
	for _, models := range p.models {
		for _, target := range Targets {
			if m := models[target]; m != nil {
				if err := p.store.SaveDrift(ctx, m.ID(), p.drifts[m.ID()].drift(p.month)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
