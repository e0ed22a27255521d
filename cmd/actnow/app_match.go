package main

import (
	"context"
	"fmt"

	"actnow"
	"actnow/matcher"
)

// matchBatch is how many accounts one transaction saves.
const matchBatch = 200

// match finds the customer of every account and saves the outcome. Decisions of
// people stand, also those that are made while it runs.
func (a *app) match(ctx context.Context, progress func(done, total int64)) (actnow.MatchCounts, error) {
	a.matching.Lock()
	defer a.matching.Unlock()
	in, err := a.db.MatchInput(ctx)
	if err != nil {
		return actnow.MatchCounts{}, err
	}
	calibration, err := a.calibration(ctx)
	if err != nil {
		return actnow.MatchCounts{}, err
	}
	matches, err := matcher.New(in.Customers, matcher.Options{Calibration: calibration}).Match(ctx, in.Accounts, in.Decisions)
	if err != nil {
		return actnow.MatchCounts{}, fmt.Errorf("match %d accounts: %w", len(in.Accounts), err)
	}
	total := int64(len(matches))
	for done := 0; done < len(matches); done += matchBatch {
		if err := ctx.Err(); err != nil {
			return actnow.MatchCounts{}, err
		}
		batch := matches[done:min(done+matchBatch, len(matches))]
		if err := a.db.SaveMatches(ctx, batch, in.LastDecision); err != nil {
			return actnow.MatchCounts{}, err
		}
		progress(int64(done+len(batch)), total)
	}
	return a.db.MatchCounts(ctx)
}

// StartMatch runs match in the background.
func (a *app) StartMatch(ctx context.Context, by actnow.Actor) (actnow.JobID, error) {
	return a.background(ctx, "match", "", by, func(ctx context.Context, progress func(done, total int64)) (any, error) {
		return a.match(ctx, progress)
	})
}
