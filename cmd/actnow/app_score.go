package main

import (
	"context"
	"errors"

	"actnow"
	"actnow/scoring"
)

// score gives every customer our own fit and intent in the areas, all if none
// are named, and estimates its potential revenue, as of the latest month there are reports of.
func (a *app) score(ctx context.Context, areas []actnow.Area, progress func(done, total int64)) (scoring.Summary, error) {
	month, err := a.scoringMonth(ctx)
	if err != nil {
		return scoring.Summary{}, err
	}
	return a.scoreMonth(ctx, month, areas, progress)
}

// scoringMonth is the month of the newest report, or the one that a report made
// today would have.
func (a *app) scoringMonth(ctx context.Context) (actnow.Month, error) {
	fresh, err := a.db.Freshness(ctx)
	if err != nil {
		return "", err
	}
	month := actnow.Month("")
	for _, f := range fresh {
		month = max(month, f.Month)
	}
	if month == "" {
		month = actnow.ReportMonth(a.now().In(a.zone))
	}
	return month, nil
}

// StartScore runs score for all areas in the background.
func (a *app) StartScore(ctx context.Context, by actnow.Actor) (actnow.JobID, error) {
	return a.background(ctx, "score", "", by, func(ctx context.Context, progress func(done, total int64)) (any, error) {
		return a.score(ctx, nil, progress)
	})
}

// refresh matches and scores after an import, so that the pages show what it
// brought.
func (a *app) refresh(ctx context.Context, by actnow.Actor) error {
	_, matchErr := a.StartMatch(ctx, by)
	_, scoreErr := a.StartScore(ctx, by)
	return errors.Join(matchErr, scoreErr)
}
