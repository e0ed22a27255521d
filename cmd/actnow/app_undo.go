package main

import (
	"context"
	"errors"
	"fmt"

	"actnow"
	"actnow/matcher"
	"actnow/reports"
)

// UndoImport takes an import back in the background, then matches and scores.
func (a *app) UndoImport(ctx context.Context, by actnow.Actor, id actnow.SnapshotID) (actnow.JobID, error) {
	u, err := a.db.PreviewUndo(ctx, id)
	if err != nil {
		return 0, err
	}
	return a.background(ctx, "undo", undoTitle(u.Report, u.Month), by, func(ctx context.Context, progress func(done, total int64)) (any, error) {
		u, err := a.undoSnapshot(ctx, by, id, progress)
		if err != nil {
			return nil, err
		}
		return u, a.refresh(ctx, by)
	})
}

// RedoImport brings an import back that was taken back, in the background, then
// matches and scores.
func (a *app) RedoImport(ctx context.Context, by actnow.Actor, id actnow.SnapshotID) (actnow.JobID, error) {
	s, err := a.db.Snapshot(ctx, actnow.Everything, id)
	switch {
	case errors.Is(err, actnow.ErrNotFound):
		return 0, err
	case err != nil:
		return 0, fmt.Errorf("redo import %d: %w", id, err)
	case !s.Undone():
		return 0, &actnow.StateError{Noun: "import", Have: "in force", Want: "taken back"}
	}
	return a.background(ctx, "redo", undoTitle(s.Report, s.Month), by, func(ctx context.Context, progress func(done, total int64)) (any, error) {
		res, err := a.db.RedoSnapshot(ctx, by, id, progress)
		if err != nil {
			return nil, err
		}
		return res, a.refresh(ctx, by)
	})
}

// undoSnapshot takes an import back. Accounts that were matched with customers
// who go wait for the next match run, which looks at every account.
func (a *app) undoSnapshot(ctx context.Context, by actnow.Actor, id actnow.SnapshotID, progress func(done, total int64)) (reports.Undo, error) {
	a.matching.Lock()
	defer a.matching.Unlock()
	u, err := a.db.UndoSnapshot(ctx, by, id, progress)
	a.live = matcher.Live{}
	return u, err
}

func undoTitle(report reports.Kind, month actnow.Month) string {
	return report.Name() + ", " + string(month)
}
