package main

import (
	"context"
	"fmt"

	"actnow"
	"actnow/scoring"
)

// revenue estimates the potential revenue of every customer in the areas, all if
// none are named, as of the latest month there are reports of.
func (a *app) revenue(ctx context.Context, areas []actnow.Area, progress func(done, total int64)) (scoring.RevenueSummary, error) {
	month, err := a.scoringMonth(ctx)
	if err != nil {
		return scoring.RevenueSummary{}, err
	}
	return a.estimator.Run(ctx, month, areas, progress)
}

// scoreMonth scores all customers for month in the areas, then estimates their
// potential revenue, each of which is half of the progress.
func (a *app) scoreMonth(ctx context.Context, month actnow.Month, areas []actnow.Area, progress func(done, total int64)) (scoring.Summary, error) {
	scores, revenues := actnow.Halves(progress)
	sum, err := a.rescorer.Run(ctx, month, areas, scores)
	if err != nil {
		return sum, err
	}
	if _, err := a.estimator.Run(ctx, month, areas, revenues); err != nil {
		return sum, fmt.Errorf("estimate potential revenue: %w", err)
	}
	return sum, nil
}
