package main

import (
	"context"
	"errors"

	"actnow"
	"actnow/schedule"
	"actnow/scoring"
)

// train learns the targets in the areas, all if none are named.
func (a *app) train(ctx context.Context, areas []actnow.Area, targets []scoring.Target, progress func(done, total int64)) (scoring.Training, error) {
	if !a.training.TryLock() {
		return scoring.Training{}, actnow.Invalid("error.model.training", "train", "a training is running already: wait until it is done")
	}
	defer a.training.Unlock()
	return a.trainer.Run(ctx, areas, targets, progress)
}

// StartTrain runs train in the background; its result is a scoring.Training.
func (a *app) StartTrain(ctx context.Context, by actnow.Actor, areas []actnow.Area) (actnow.JobID, error) {
	return a.background(ctx, "train", "", by, func(ctx context.Context, progress func(done, total int64)) (any, error) {
		return a.train(ctx, areas, nil, progress)
	})
}

// trainingJob learns one of the two scores in all areas when it is due.
func (a *app) trainingJob(target scoring.Target) schedule.Job {
	return schedule.JobFunc(func(ctx context.Context, _ string) error {
		_, err := a.train(ctx, nil, []scoring.Target{target}, nil)
		return err
	})
}

// promote puts a version in force; one of which the bands are turned round only if
// anyway is set.
func (a *app) promote(ctx context.Context, by actnow.Actor, id string, anyway bool) (v scoring.Version, err error) {
	if !anyway {
		err = scoring.MayPromote(ctx, a.db, id)
	}
	if err == nil {
		v, err = a.db.Promote(ctx, by, id)
	}
	switch {
	case errors.Is(err, actnow.ErrNotFound):
		return v, actnow.Invalid("error.model.missing", "id", "there is no version of a model with the id %s: see actnow score models", id)
	case errors.Is(err, actnow.ErrConflict):
		return v, actnow.Invalid("error.model.inforce", "id", "the version %s is in force already", id)
	}
	return v, err
}

// rollback takes the version in force back.
func (a *app) rollback(ctx context.Context, by actnow.Actor, area actnow.Area, target scoring.Target) (scoring.Version, error) {
	v, err := a.db.Rollback(ctx, by, area, target)
	if errors.Is(err, actnow.ErrNotFound) {
		return v, actnow.Invalid("error.model.none", "area", "no model is in force for %s of %s: the points card scores already", target, area.Name())
	}
	return v, err
}

// PromoteModel puts a version in force and scores its area with it in the background.
// Without anyway the error is a *scoring.InvertedError if its bands are turned round.
func (a *app) PromoteModel(ctx context.Context, by actnow.Actor, id string, anyway bool) (actnow.JobID, error) {
	v, err := a.promote(ctx, by, id, anyway)
	if err != nil {
		return 0, err
	}
	return a.startScoreOf(ctx, by, v.Area)
}

// RollbackModel takes the version in force back and scores the area with the one
// before it, or the points card, in the background.
func (a *app) RollbackModel(ctx context.Context, by actnow.Actor, area actnow.Area, target scoring.Target) (actnow.JobID, error) {
	if _, err := a.rollback(ctx, by, area, target); err != nil {
		return 0, err
	}
	return a.startScoreOf(ctx, by, area)
}

func (a *app) startScoreOf(ctx context.Context, by actnow.Actor, area actnow.Area) (actnow.JobID, error) {
	return a.background(ctx, "score", "", by, func(ctx context.Context, progress func(done, total int64)) (any, error) {
		return a.score(ctx, []actnow.Area{area}, progress)
	})
}

// modelStatuses says how the scores of the areas stand, of one area unless it is "".
func (a *app) modelStatuses(ctx context.Context, area actnow.Area) ([]scoring.Status, error) {
	return scoring.Statuses(ctx, a.db, a.rescorer.Cards, area, a.now())
}
