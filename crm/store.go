package crm

import (
	"context"

	"actnow"
)

// Store keeps CRM records and the inbox of events.
type Store interface {
	// ApplyChanges applies the changes of one connection in one transaction and
	// returns the outcome of each, in order. Applying the same change again is
	// Unchanged; an older one is Stale and changes nothing.
	ApplyChanges(ctx context.Context, conn actnow.ConnectionID, changes []Change) ([]Outcome, error)
	// ReceiveEvent stores a verified event durably before it returns. again is
	// true if the id was stored before.
	ReceiveEvent(ctx context.Context, conn actnow.ConnectionID, eventID string, body []byte) (again bool, err error)
	// PendingEvents returns up to limit received events, oldest first.
	PendingEvents(ctx context.Context, limit int) ([]Event, error)
	// FinishEvent applies the event's changes and marks it done, in one
	// transaction. problem lists what could not be used, "" if nothing; an event
	// with a problem and no changes is marked failed.
	FinishEvent(ctx context.Context, event int64, conn actnow.ConnectionID, changes []Change, problem string) ([]Outcome, error)
}
