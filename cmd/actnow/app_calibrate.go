package main

import (
	"context"
	"fmt"

	"actnow"
	"actnow/matcher"
)

// refit fits the calibration to what people answered, matches all accounts with
// it beside the one in force, and saves neither.
func (a *app) refit(ctx context.Context, progress func(done, total int64)) (matcher.Refit, error) {
	a.matching.Lock()
	defer a.matching.Unlock()
	now, err := a.matchOptions(ctx)
	if err != nil {
		return matcher.Refit{}, err
	}
	in, err := a.db.MatchInput(ctx)
	if err != nil {
		return matcher.Refit{}, err
	}
	given, err := a.db.Answers(ctx)
	if err != nil {
		return matcher.Refit{}, err
	}
	const steps = 4
	ix := matcher.New(in.Customers, now)
	progress(1, steps)
	answers, err := ix.Answers(ctx, in.Accounts, given)
	if err != nil {
		return matcher.Refit{}, fmt.Errorf("read %d answers: %w", len(given), err)
	}
	r, err := matcher.NewRefit(answers, now.Calibration)
	if err != nil {
		return matcher.Refit{}, err
	}
	progress(2, steps)
	before, err := ix.Match(ctx, in.Accounts, in.Decisions)
	if err != nil {
		return matcher.Refit{}, fmt.Errorf("match %d accounts as now: %w", len(in.Accounts), err)
	}
	progress(3, steps)
	after, err := ix.With(r.Calibration).Match(ctx, in.Accounts, in.Decisions)
	if err != nil {
		return matcher.Refit{}, fmt.Errorf("match %d accounts anew: %w", len(in.Accounts), err)
	}
	r.Moves = matcher.Moves(before, after)
	progress(steps, steps)
	return r, nil
}

// StartRefit runs refit in the background; its result is a matcher.Refit.
func (a *app) StartRefit(ctx context.Context, by actnow.Actor) (actnow.JobID, error) {
	return a.background(ctx, "refit", "", by, func(ctx context.Context, progress func(done, total int64)) (any, error) {
		return a.refit(ctx, progress)
	})
}

// Calibrate puts a calibration in force, the zero value for the one shipped, and
// matches all accounts with it in the background.
func (a *app) Calibrate(ctx context.Context, by actnow.Actor, c actnow.MatchCalibration) (actnow.JobID, error) {
	if err := a.db.SaveCalibration(ctx, by, c); err != nil {
		return 0, err
	}
	return a.StartMatch(ctx, by)
}
