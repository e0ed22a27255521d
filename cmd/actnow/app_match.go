package main

import (
	"context"
	"fmt"

	"actnow"
	"actnow/matcher"
)

// matchBatch is how many accounts are saved between two looks at whether to go on.
const matchBatch = 200

// match finds the customer of every account and saves the outcome; after the
// first time only of those that changed. Decisions of people stand, also those
// that are made while it runs.
func (a *app) match(ctx context.Context, progress func(done, total int64)) (actnow.MatchCounts, error) {
	a.matching.Lock()
	defer a.matching.Unlock()
	in, err := a.db.MatchInput(ctx)
	if err != nil {
		return actnow.MatchCounts{}, err
	}
	options, err := a.matchOptions(ctx)
	if err != nil {
		return actnow.MatchCounts{}, err
	}
	matches, err := a.live.Update(ctx, options, in.Customers, in.Accounts, in.Decisions)
	if err != nil {
		return actnow.MatchCounts{}, fmt.Errorf("match %d accounts: %w", len(in.Accounts), err)
	}
	if err := a.saveMatches(ctx, matches, in.LastDecision, progress); err != nil {
		a.live = matcher.Live{} // what was not saved is matched again
		return actnow.MatchCounts{}, err
	}
	return a.db.MatchCounts(ctx)
}

// matchOptions returns how matching is done by the settings in force.
func (a *app) matchOptions(ctx context.Context) (matcher.Options, error) {
	c, err := a.db.Calibration(ctx)
	if err != nil {
		return matcher.Options{}, err
	}
	oneToOne, err := a.db.OneToOne(ctx)
	return matcher.Options{Calibration: matcher.Calibration{Slope: c.Slope, Offset: c.Offset}, OneToOne: oneToOne}, err
}

func (a *app) saveMatches(ctx context.Context, matches []matcher.Match, lastDecision int64, progress func(done, total int64)) error {
	total := int64(len(matches))
	for done := 0; done < len(matches); done += matchBatch {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch := matches[done:min(done+matchBatch, len(matches))]
		if err := a.db.SaveMatches(ctx, batch, lastDecision); err != nil {
			return err
		}
		progress(int64(done+len(batch)), total)
	}
	return nil
}

// StartMatch runs match in the background.
func (a *app) StartMatch(ctx context.Context, by actnow.Actor) (actnow.JobID, error) {
	return a.background(ctx, "match", "", by, func(ctx context.Context, progress func(done, total int64)) (any, error) {
		return a.match(ctx, progress)
	})
}

// SetOneToOne says whether a customer has one account at most, and matches all
// accounts by it in the background.
func (a *app) SetOneToOne(ctx context.Context, by actnow.Actor, on bool) (actnow.JobID, error) {
	if err := a.db.SaveOneToOne(ctx, by, on); err != nil {
		return 0, err
	}
	return a.StartMatch(ctx, by)
}
