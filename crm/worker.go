package crm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"actnow"
)

const (
	workBatch   = 64 // events in one transaction
	maxAttempts = 5
)

// Worker works the events of the inbox. One of it runs at a time.
type Worker struct {
	Store Store
	Now   func() time.Time
	Log   *slog.Logger
	// Touched, if not nil, is told the ids of accounts that became new, changed
	// or went, and of those whose contacts did as far as the event names them,
	// so that matching can follow.
	Touched func(ctx context.Context, conn actnow.ConnectionID, accounts []string)
	// Bell wakes Serve.
	Bell Bell
}

// Bell wakes a worker. Rings while it is busy add up to one.
type Bell chan struct{}

// NewBell returns a bell.
func NewBell() Bell { return make(Bell, 1) }

// Ring wakes the worker; it never blocks.
func (b Bell) Ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// Serve runs the worker at once and after each ring until ctx ends, which is
// its only error. When the store fails it waits, from one second up to a minute,
// and tries again.
func (w *Worker) Serve(ctx context.Context) error {
	const first, last = time.Second, time.Minute
	wait := first
	for {
		err := w.Run(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var again <-chan time.Time
		if err != nil {
			w.Log.ErrorContext(ctx, "work inbox", "error", err, "again_in", wait)
			again, wait = time.After(wait), min(wait*2, last)
		} else {
			wait = first
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again:
		case <-w.Bell:
		}
	}
}

// Run works the pending events, oldest first, until there are none or ctx ends.
// What an event says is applied and the event marked done in one transaction, so
// each counts once whatever happens between. An event that cannot be applied is
// tried five times, then marked failed with the reason; the others go on.
func (w *Worker) Run(ctx context.Context) error {
	start, n := w.Now(), 0
	for {
		events, err := w.Store.PendingEvents(ctx, workBatch)
		if err != nil {
			return fmt.Errorf("read inbox: %w", err)
		}
		if len(events) == 0 {
			break
		}
		if err := w.work(ctx, events); err != nil {
			return err
		}
		n += len(events)
	}
	if n > 0 {
		w.Log.InfoContext(ctx, "worked inbox", "events", n, "took", w.Now().Sub(start))
	}
	return nil
}

func (w *Worker) work(ctx context.Context, events []Event) error {
	done := make([]Finished, len(events))
	for i, e := range events {
		done[i] = Read(e)
	}
	outcomes, err := w.Store.FinishEvents(ctx, done)
	if err == nil {
		for i := range done {
			w.tell(ctx, done[i], outcomes[i])
		}
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// One of them cannot be applied: find it, one by one.
	for i, f := range done {
		o, err := w.Store.FinishEvent(ctx, f.Event, f.Connection, f.Changes, f.Problem)
		switch {
		case err == nil:
			w.tell(ctx, f, o)
		case ctx.Err() != nil:
			return ctx.Err()
		default:
			final := events[i].Attempts+1 >= maxAttempts
			w.Log.ErrorContext(ctx, "apply event", "event", f.Event, "connection", f.Connection, "final", final, "error", err)
			if failErr := w.Store.FailEvent(ctx, f.Event, err.Error(), final); failErr != nil {
				return errors.Join(fmt.Errorf("apply event %d: %w", f.Event, err), failErr)
			}
		}
	}
	return nil
}

func (w *Worker) tell(ctx context.Context, f Finished, outcomes []Outcome) {
	if w.Touched == nil {
		return
	}
	var ids []string
	touched := false
	for i, c := range f.Changes {
		if outcomes[i] != New && outcomes[i] != Changed {
			continue
		}
		other := "merged_into"
		switch c.Kind {
		case Account:
			ids = append(ids, c.ID)
		case Contact:
			other = "account_id"
		default:
			continue
		}
		touched = true
		if id, ok := c.Fields[other].(string); ok {
			ids = append(ids, id)
		}
	}
	if touched {
		w.Touched(ctx, f.Connection, ids)
	}
}

// Read returns what a stored event says, with its times clamped to when it was
// received.
func Read(e Event) Finished {
	f := Finished{Event: e.ID, Connection: e.Connection}
	envelope, err := ParseEnvelope(e.Body)
	if err != nil {
		f.Problem = err.Error()
		return f
	}
	envelope.Clamp(e.ReceivedAt)
	f.Changes, f.Problem = envelope.Changes, envelope.Problem()
	return f
}
