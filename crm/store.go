package crm

import (
	"context"

	"actnow"
)

// Store keeps CRM records and the inbox of events.
type Store interface {
	// ApplyChanges applies the changes of one connection in one transaction and
	// returns the outcome of each, in order. Applying the same change again is
	// Unchanged; an older one is Stale and changes nothing that is newer.
	ApplyChanges(ctx context.Context, conn actnow.ConnectionID, changes []Change) ([]Outcome, error)
	// CompareChanges returns what ApplyChanges would, and writes nothing.
	CompareChanges(ctx context.Context, conn actnow.ConnectionID, changes []Change) ([]Outcome, error)
	// ReceiveEvent stores a verified event durably before it returns. again is
	// true if the id was stored before; the first body stands.
	ReceiveEvent(ctx context.Context, conn actnow.ConnectionID, eventID string, body []byte) (again bool, err error)
	// PendingEvents returns up to limit received events, oldest first.
	PendingEvents(ctx context.Context, limit int) ([]Event, error)
	// FinishEvent applies the event's changes and marks it done, in one
	// transaction. problem lists what could not be used, "" if nothing; an event
	// with a problem and no changes is marked failed.
	FinishEvent(ctx context.Context, event int64, conn actnow.ConnectionID, changes []Change, problem string) ([]Outcome, error)
	// FinishEvents is FinishEvent for several events in one transaction: all of
	// it happens or none of it.
	FinishEvents(ctx context.Context, done []Finished) ([][]Outcome, error)
	// FailEvent counts an attempt that ended in problem. With final the event is
	// marked failed, else it stays pending.
	FailEvent(ctx context.Context, event int64, problem string, final bool) error
}

// Finished is an event with what it says.
type Finished struct {
	Event      int64
	Connection actnow.ConnectionID
	Changes    []Change
	Problem    string
}
