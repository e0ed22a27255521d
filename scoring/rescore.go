package scoring

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"actnow"
)

// Rescorer is the scoring job: it gives each customer fit and intent in each area, by
// the model in force, else by the points card. What a report says of a customer stays
// beside it in the store and is read first.
type Rescorer struct {
	Store  Store
	Cards  []Card     // as Cards returns them
	Models ModelStore // nil: cards only
	Batch  int        // customers handed to the store at a time; 0 means 500
	Now    func() time.Time
	Log    *slog.Logger
}

// Summary is what a run did. Its JSON is a contract with scripts.
type Summary struct {
	Areas []AreaSummary `json:"areas"`
}

// AreaSummary counts one area: the customers that got a score, and where all
// customers stand now, be it by a report or by us, as the pages show it. All four
// clusters are always there; who lacks fit or intent is in none.
type AreaSummary struct {
	Area      actnow.Area            `json:"area"`
	Model     string                 `json:"model"`
	Customers int                    `json:"customers"`
	ByCluster map[actnow.Cluster]int `json:"by_cluster"`
}

// Run scores all customers for month in the areas, or in all that have a card if
// areas is empty, a batch at a time, and calls progress, if not nil,
// with the number of customers done so far and in all. Facts count up to the end of the
// month, or of today while the month lasts. Batches saved before an error stay
// saved; running again is safe and, on the same facts, changes nothing.
//
// The error is an *actnow.InputError if an area has no card or month is none.
func (r *Rescorer) Run(ctx context.Context, month actnow.Month, areas []actnow.Area, progress func(done, total int64)) (Summary, error) {
	if _, err := actnow.ParseMonth(string(month)); err != nil {
		return Summary{}, err
	}
	cards, err := r.cards(areas)
	if err != nil {
		return Summary{}, err
	}
	matrix, err := r.Store.Matrix(ctx)
	if err != nil {
		return Summary{}, fmt.Errorf("read matrix: %w", err)
	}
	panel, err := r.panel(ctx, month, cards)
	if err != nil {
		return Summary{}, err
	}
	total, err := r.Store.CountFacts(ctx, month)
	if err != nil {
		return Summary{}, err
	}
	start, n := r.Now(), 0
	day := month.Add(1).First().AddDate(0, 0, -1)
	if start.Before(day) {
		day = start
	}
	var sum Summary
	for i, c := range cards {
		sum.Areas = append(sum.Areas, AreaSummary{Area: c.Area, Model: panel.name(i, c)})
	}
	batchSize := r.Batch
	if batchSize <= 0 {
		batchSize = 500
	}
	scorer := NewScorer(cards)
	for after := actnow.CustomerID(0); ; {
		batch, err := r.Store.FactsAfter(ctx, month, after, batchSize)
		if err != nil {
			return sum, fmt.Errorf("read facts after customer %d: %w", after, err)
		}
		if len(batch) == 0 {
			break
		}
		ps := make([]Propensity, 0, len(batch)*len(cards))
		for _, f := range batch {
			ps = append(ps, scorer.Score(f, day, matrix)...)
		}
		if err := panel.score(ctx, ps, day, matrix); err != nil {
			return sum, fmt.Errorf("score after customer %d: %w", after, err)
		}
		if err := r.Store.SavePropensities(ctx, month, ps); err != nil {
			return sum, fmt.Errorf("save scores after customer %d: %w", after, err)
		}
		for i, p := range ps {
			if p.Fit.Points != nil || p.Intent.Points != nil {
				sum.Areas[i%len(cards)].Customers++
			}
		}
		after, n = batch[len(batch)-1].Customer, n+len(batch)
		if progress != nil {
			progress(int64(n), max(total, int64(n)))
		}
	}
	if err := panel.saveDrift(ctx); err != nil {
		return sum, fmt.Errorf("save drift: %w", err)
	}
	for i := range sum.Areas {
		a := &sum.Areas[i]
		if a.ByCluster, err = r.Store.Clusters(ctx, a.Area, month); err != nil {
			return sum, err
		}
	}
	r.Log.InfoContext(ctx, "rescored", "month", string(month), "customers", n, "areas", len(cards), "took", r.Now().Sub(start))
	return sum, nil
}

func (r *Rescorer) cards(areas []actnow.Area) ([]Card, error) {
	if len(areas) == 0 {
		return r.Cards, nil
	}
	for _, area := range areas {
		if !slices.ContainsFunc(r.Cards, func(c Card) bool { return c.Area == area }) {
			return nil, actnow.Invalid("error.score.area", "area", "there is no points card for the area %q", string(area))
		}
	}
	var cards []Card
	for _, c := range r.Cards {
		if slices.Contains(areas, c.Area) {
			cards = append(cards, c)
		}
	}
	return cards, nil
}
