package main

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"actnow"
	"actnow/web"
)

// running are the jobs of this process that can be cancelled.
type running struct {
	mu     sync.Mutex
	cancel map[actnow.JobID]context.CancelCauseFunc
}

// begin returns a context for the job that cancelling it ends. end forgets the job.
func (r *running) begin(ctx context.Context, id actnow.JobID) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel == nil {
		r.cancel = map[actnow.JobID]context.CancelCauseFunc{}
	}
	r.cancel[id] = cancel
	return ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.cancel, id)
		cancel(nil)
	}
}

// CancelJob cancels a job that reads a file. What the job staged goes with it.
func (a *app) CancelJob(ctx context.Context, by actnow.Actor, id actnow.JobID) error {
	j, err := a.db.Job(ctx, id)
	if err != nil {
		return err
	}
	a.running.mu.Lock()
	cancel := a.running.cancel[id]
	a.running.mu.Unlock()
	switch {
	case j.State != actnow.JobRunning:
		return fmt.Errorf("cancel job %d: %w", id, &actnow.StateError{Noun: "job", Have: string(j.State), Want: string(actnow.JobRunning)})
	case cancel == nil || !slices.Contains(web.JobsToCancel, j.Kind):
		return fmt.Errorf("cancel job %d: %w", id, &actnow.StateError{Noun: "job", Have: "one of " + j.Kind, Want: "one that reads a file"})
	}
	cancel(actnow.ErrCancelled)
	a.log.InfoContext(ctx, "job cancelled", "job", id, "kind", j.Kind, "by", by.Name)
	return nil
}

// cancelled returns actnow.ErrCancelled if err comes of a person's cancelling.
func cancelled(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && context.Cause(ctx) == actnow.ErrCancelled {
		return actnow.ErrCancelled
	}
	return err
}
