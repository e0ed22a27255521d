package campaigns

import (
	"context"
	"time"

	"actnow"
)

// Store is the ledger as the Outbox sees it.
type Store interface {
	// DueMessages returns up to limit rows of sending campaigns that are queued
	// or deferred and due at now, in key order, with a key above after.
	DueMessages(ctx context.Context, now time.Time, after actnow.LedgerID, limit int) ([]Message, error)
	// MarkIntent checks in one durable transaction that the row may still be
	// sent (campaign sending, contact there, no do-not-mail, no suppression,
	// lawful basis) and sets it to intent. If it may not, the row goes to the
	// state that says why and ok is false.
	MarkIntent(ctx context.Context, row actnow.LedgerID, now time.Time) (ok bool, err error)
	// MarkVerdict records what the try came to, durably, and finishes or stops
	// the campaign if that follows.
	MarkVerdict(ctx context.Context, row actnow.LedgerID, v Verdict, now time.Time) error
	// Turn records the verdict of one row and marks the next as intent, as
	// MarkVerdict and MarkIntent do, in one durable transaction: what the verdict
	// changes (a stopped campaign, a suppressed address) holds for the intent.
	Turn(ctx context.Context, row actnow.LedgerID, v Verdict, next actnow.LedgerID, now time.Time) (ok bool, err error)
	// RecoverIntents turns every intent into unknown and applies the policy of
	// each campaign: hold leaves it, resend queues it again, reconcile leaves it
	// for the journal. It is called once, before anything is sent.
	RecoverIntents(ctx context.Context, now time.Time) (RecoveredRows, error)
	// UnknownToReconcile returns unknown rows of campaigns with the policy
	// reconcile.
	UnknownToReconcile(ctx context.Context, limit int) ([]Message, error)
	// ResolveUnknown settles an unknown row by evidence or by a person's word:
	// sent, queued or cancelled.
	ResolveUnknown(ctx context.Context, row actnow.LedgerID, to actnow.LedgerState, why, by string, now time.Time) error
	// PackOf returns the pack of a message, for rendering.
	PackOf(ctx context.Context, id actnow.PackID) (*Pack, error)
}

// RecoveredRows counts what a restart found.
type RecoveredRows struct {
	Unknown, Held, Requeued, ToReconcile int
}
