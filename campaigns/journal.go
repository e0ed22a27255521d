package campaigns

import (
	"context"
	"fmt"
	"time"

	"actnow"
)

// Journal knows which mails the server has really taken: a mailbox that gets a
// copy of everything, the relay's log, the demo's own mailbox.
type Journal interface {
	// Find reports which of the Message-IDs, with their angle brackets, it has
	// seen. What it does not name it has not seen yet.
	Find(ctx context.Context, messageIDs []string) (map[string]bool, error)
}

// reconcilePage is how many unknown rows are looked up at once.
const reconcilePage = 500

// Reconcile looks up the unknown rows of campaigns with the policy reconcile.
// What the journal has is sent; what it has not JournalGrace after the try was
// not taken and is queued again. It returns how many rows went either way.
func (o *Outbox) Reconcile(ctx context.Context) (sent, requeued int, err error) {
	if o.Journal == nil {
		return 0, 0, nil
	}
	rows, err := o.Store.UnknownToReconcile(ctx, reconcilePage)
	if err != nil {
		return 0, 0, fmt.Errorf("reconcile: %w", err)
	}
	if len(rows) == 0 {
		return 0, 0, nil
	}
	// The clock is read before the journal: a copy that arrives in between is
	// found next time.
	now := o.Now()
	ids := make([]string, len(rows))
	for i, m := range rows {
		ids[i] = m.MessageID
	}
	found, err := o.Journal.Find(ctx, ids)
	if err != nil {
		return 0, 0, fmt.Errorf("reconcile: look into the journal: %w", err)
	}
	for _, m := range rows {
		to, why := actnow.LedgerSent, "found in the journal"
		if !found[m.MessageID] {
			if now.Sub(m.Tried) < orDefault(o.JournalGrace, 15*time.Minute) {
				continue
			}
			to, why = actnow.LedgerQueued, "not in the journal"
		}
		if err := o.Store.ResolveUnknown(ctx, m.Row, to, why, "journal", o.Now()); err != nil {
			return sent, requeued, fmt.Errorf("reconcile row %d: %w", m.Row, err)
		}
		if to == actnow.LedgerSent {
			sent++
		} else {
			requeued++
		}
	}
	return sent, requeued, nil
}

func (o *Outbox) reconcileLoop(ctx context.Context) {
	tick := time.NewTicker(orDefault(o.ReconcileEvery, time.Minute))
	defer tick.Stop()
	for {
		sent, requeued, err := o.Reconcile(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			o.Log.ErrorContext(ctx, "reconcile unknown mails", "error", err)
		case sent+requeued > 0:
			o.Log.InfoContext(ctx, "reconciled unknown mails", "sent", sent, "requeued", requeued)
			o.Wake()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
