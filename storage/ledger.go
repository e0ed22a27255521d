package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"actnow"
	"actnow/campaigns"
	"actnow/crm"
)

// DB is the ledger of the outbox.
var _ campaigns.Store = (*DB)(nil)

// MarkIntent checks in one durable transaction that the row may still be sent
// and sets it to intent. A row whose recipient may no longer be mailed becomes
// suppressed and says why; one that is not due, or whose campaign does not send,
// stays as it is. In both cases ok is false.
func (db *DB) MarkIntent(ctx context.Context, row actnow.LedgerID, now time.Time) (ok bool, err error) {
	err = db.write(ctx, func(tx *sql.Tx) (err error) {
		ok, _, err = db.markIntent(tx, row, now)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("mark intent: %w", err)
	}
	return ok, nil
}

// Turn is MarkVerdict of one row and MarkIntent of the next in one transaction.
func (db *DB) Turn(ctx context.Context, row actnow.LedgerID, v campaigns.Verdict, next actnow.LedgerID, now time.Time) (ok bool, err error) {
	err = db.write(ctx, func(tx *sql.Tx) (err error) {
		settled, err := db.markVerdict(tx, row, v, now)
		if err != nil {
			return err
		}
		var campaign actnow.CampaignID
		if ok, campaign, err = db.markIntent(tx, next, now); err != nil || settled == 0 || ok && campaign == settled {
			return err // a campaign with an intent is not finished
		}
		return db.finish(tx, settled)
	})
	if err != nil {
		return false, fmt.Errorf("turn from row %d to %d: %w", row, next, err)
	}
	return ok, nil
}

// markIntent also returns the campaign of the row.
func (db *DB) markIntent(tx *sql.Tx, row actnow.LedgerID, now time.Time) (ok bool, campaign actnow.CampaignID, err error) {
	var state actnow.LedgerState
	var campaignState actnow.CampaignState
	var nextAt int64
	var gone, no, suppressed, held bool
	var basis, address string
	var capMails, capDays int
	err = tx.QueryRow(`SELECT l.campaign_id, l.state, l.next_at, l.address, c.state, c.cap_mails, c.cap_days,
			k.deleted_at IS NOT NULL, k.consent_basis,
			EXISTS (SELECT 1 FROM contacts d WHERE d.address = l.address AND d.do_not_email = 1 AND d.deleted_at IS NULL),
			EXISTS (SELECT 1 FROM suppressions s WHERE s.address = l.address AND s.lifted_at IS NULL),
			`+heldOutSQL("l.customer_id", "c.area")+`
		FROM ledger l JOIN campaigns c ON c.id = l.campaign_id JOIN contacts k ON k.id = l.contact_id
		WHERE l.id = ?`, row).
		Scan(&campaign, &state, &nextAt, &address, &campaignState, &capMails, &capDays, &gone, &basis, &no, &suppressed, &held)
	if err != nil {
		return false, 0, noRows(err)
	}
	if campaignState != actnow.CampaignSending || nextAt > now.Unix() ||
		state != actnow.LedgerQueued && state != actnow.LedgerDeferred {
		return false, campaign, nil
	}
	why := campaigns.LeftOut("")
	switch {
	case gone:
		why = campaigns.OutNoContact
	case no:
		why = campaigns.OutDoNotEmail
	case suppressed:
		why = campaigns.OutSuppressed
	case basis == "":
		why = campaigns.OutNoBasis
	case held:
		why = campaigns.OutHeldOut
	case capDays > 0:
		capped, err := overCap(tx, campaign, address, capMails, now.AddDate(0, 0, -capDays))
		if err != nil {
			return false, campaign, err
		}
		if capped {
			why = campaigns.OutFrequencyCap
		}
	}
	if why != "" {
		_, err := tx.Exec(`UPDATE ledger SET state = 'suppressed', why = ?, settled_at = ? WHERE id = ?`, why, now.Unix(), row)
		if err != nil {
			return false, campaign, err
		}
		return false, campaign, db.finish(tx, campaign)
	}
	_, err = tx.Exec(`UPDATE ledger SET state = 'intent', attempts = attempts + 1, intent_at = ? WHERE id = ?`, now.Unix(), row)
	return err == nil, campaign, err
}

// overCap reports whether the address has got more than mails from other
// campaigns since then.
func overCap(tx *sql.Tx, campaign actnow.CampaignID, address string, mails int, since time.Time) (capped bool, err error) {
	err = tx.QueryRow(`SELECT count(*) > ? FROM ledger WHERE address = ? AND campaign_id <> ?
		AND state IN ('sent', 'unknown', 'intent') AND intent_at >= ?`, mails, address, campaign, since.Unix()).Scan(&capped)
	return capped, err
}

// MarkVerdict records what the try came to. It suppresses the address, stops or
// finishes the campaign if that follows, in the same transaction. A row is
// settled once: a verdict on a row that is not in intent is refused with a
// *actnow.StateError, except cancelled, which needs no try.
func (db *DB) MarkVerdict(ctx context.Context, row actnow.LedgerID, v campaigns.Verdict, now time.Time) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		settled, err := db.markVerdict(tx, row, v, now)
		if err != nil || settled == 0 {
			return err
		}
		return db.finish(tx, settled)
	})
	if err != nil {
		return fmt.Errorf("mark verdict: %w", err)
	}
	return nil
}

// markVerdict returns the campaign if it may be finished now, else 0.
func (db *DB) markVerdict(tx *sql.Tx, row actnow.LedgerID, v campaigns.Verdict, now time.Time) (settled actnow.CampaignID, err error) {
	if v.State == actnow.LedgerSent {
		// Most verdicts, in one statement.
		err := tx.QueryRow(`UPDATE ledger SET state = 'sent', last_code = ?, last_reply = ?, why = ?, settled_at = ?
			WHERE id = ? AND state = 'intent' RETURNING campaign_id`, v.Code, v.Reply, v.Why, now.Unix(), row).Scan(&settled)
		if !errors.Is(err, sql.ErrNoRows) {
			return settled, err
		}
	}
	var r settling
	err = tx.QueryRow(`SELECT l.id, l.campaign_id, l.state, l.address, c.state, c.policy
		FROM ledger l JOIN campaigns c ON c.id = l.campaign_id WHERE l.id = ?`, row).
		Scan(&r.row, &r.campaign, &r.state, &r.address, &r.campaignState, &r.policy)
	if err != nil {
		return 0, noRows(err)
	}
	waits := r.state == actnow.LedgerQueued || r.state == actnow.LedgerDeferred
	if r.state != actnow.LedgerIntent && !(v.State == actnow.LedgerCancelled && waits) {
		return 0, &actnow.StateError{Noun: "message", Have: string(r.state), Want: string(actnow.LedgerIntent)}
	}
	return db.settle(tx, r, v, now)
}

// settling is a ledger row on its way out of intent.
type settling struct {
	row           actnow.LedgerID
	campaign      actnow.CampaignID
	state         actnow.LedgerState
	address       string
	campaignState actnow.CampaignState
	policy        actnow.UnknownPolicy
}

// settle returns the campaign if it may be finished now, else 0.
func (db *DB) settle(tx *sql.Tx, r settling, v campaigns.Verdict, now time.Time) (settled actnow.CampaignID, err error) {
	state, why, nextAt := v.State, v.Why, now
	switch state {
	case actnow.LedgerSent, actnow.LedgerBounced, actnow.LedgerCancelled, actnow.LedgerQueued:
	case actnow.LedgerDeferred:
		nextAt = notBefore(v.RetryAt, now)
	case actnow.LedgerUnknown:
		if r.policy == actnow.PolicyResend {
			state, why, nextAt = actnow.LedgerDeferred, why+", sent again", notBefore(v.RetryAt, now)
		}
	default:
		return 0, fmt.Errorf("%q is no verdict", state)
	}
	if (state == actnow.LedgerQueued || state == actnow.LedgerDeferred) && r.campaignState == actnow.CampaignCancelled {
		state, why = actnow.LedgerCancelled, "campaign cancelled"
	}
	var settledAt any
	if state != actnow.LedgerQueued && state != actnow.LedgerDeferred {
		settledAt = now.Unix()
	}
	unoffered := 0
	if v.State == actnow.LedgerQueued {
		unoffered = 1 // it does not count as a try
	}
	_, err = tx.Exec(`UPDATE ledger SET state = ?, next_at = ?, last_code = ?, last_reply = ?, why = ?, settled_at = ?,
		attempts = attempts - ? WHERE id = ?`, state, nextAt.Unix(), v.Code, v.Reply, why, settledAt, unoffered, r.row)
	if err != nil {
		return 0, err
	}
	if v.Suppress {
		if err := db.suppress(tx, actnow.System, r.address, crm.Suppression{Reason: crm.Bounced, Evidence: v.Reply, LedgerRow: r.row}); err != nil {
			return 0, err
		}
	}
	if v.Stop && (r.campaignState == actnow.CampaignSending || r.campaignState == actnow.CampaignPaused) {
		_, err := tx.Exec(`UPDATE campaigns SET state = 'stopped', why = ? WHERE id = ?`, v.Reply, r.campaign)
		if err != nil {
			return 0, err
		}
		return 0, db.audit(tx, actnow.System, "campaign.stop", campaignKey(r.campaign), map[string]any{"code": v.Code, "why": v.Why})
	}
	if settledAt == nil {
		return 0, nil
	}
	return r.campaign, nil
}

func notBefore(t, now time.Time) time.Time {
	if t.Before(now) {
		return now
	}
	return t
}

// RecoverIntents turns every intent into unknown: the last process knew no
// answer, or did not live to write it down. Rows of campaigns with the policy
// resend are queued again at once, unless the campaign is cancelled.
func (db *DB) RecoverIntents(ctx context.Context, now time.Time) (campaigns.RecoveredRows, error) {
	var n campaigns.RecoveredRows
	err := db.write(ctx, func(tx *sql.Tx) error {
		n = campaigns.RecoveredRows{}
		rows, err := tx.Query(`SELECT c.policy, c.state, count(*) FROM ledger l JOIN campaigns c ON c.id = l.campaign_id
			WHERE l.state = 'intent' GROUP BY c.policy, c.state`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var policy actnow.UnknownPolicy
			var state actnow.CampaignState
			var k int
			if err := rows.Scan(&policy, &state, &k); err != nil {
				return err
			}
			n.Unknown += k
			switch {
			case policy == actnow.PolicyReconcile:
				n.ToReconcile += k
			case policy == actnow.PolicyResend && state != actnow.CampaignCancelled:
				n.Requeued += k
			default:
				n.Held += k
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		const stopped = "stopped before the answer was recorded"
		_, err = tx.Exec(`UPDATE ledger SET state = 'queued', next_at = ?, why = ? WHERE state = 'intent'
			AND campaign_id IN (SELECT id FROM campaigns WHERE policy = 'resend' AND state <> 'cancelled')`,
			now.Unix(), stopped+", sent again")
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE ledger SET state = 'unknown', why = ?, settled_at = ? WHERE state = 'intent'`, stopped, now.Unix())
		return err
	})
	if err != nil {
		return campaigns.RecoveredRows{}, fmt.Errorf("recover intents: %w", err)
	}
	return n, nil
}

// UnknownToReconcile returns unknown rows of campaigns with the policy
// reconcile, those that were tried longest ago first.
func (db *DB) UnknownToReconcile(ctx context.Context, limit int) ([]campaigns.Message, error) {
	var out []campaigns.Message
	err := db.read(ctx, func(tx *sql.Tx) error {
		return scanMessages(ctx, tx, &out, `SELECT `+messageColumns+`
			FROM ledger l JOIN campaigns c ON c.id = l.campaign_id
			WHERE l.state = 'unknown' AND c.policy = 'reconcile' ORDER BY l.intent_at, l.id LIMIT ?`, limit)
	})
	if err != nil {
		return nil, fmt.Errorf("unknown messages: %w", err)
	}
	return out, nil
}

// ResolveUnknown settles an unknown row by evidence or by a person's word: sent,
// queued or cancelled. The error matches actnow.ErrConflict if the row is not
// unknown, or is to be queued in a campaign that is cancelled.
func (db *DB) ResolveUnknown(ctx context.Context, row actnow.LedgerID, to actnow.LedgerState, why, by string, now time.Time) error {
	if !slices.Contains([]actnow.LedgerState{actnow.LedgerSent, actnow.LedgerQueued, actnow.LedgerCancelled}, to) {
		return actnow.Invalid("error.resolve", "state", "an unknown mail becomes sent, queued or cancelled, not %q", string(to))
	}
	err := db.write(ctx, func(tx *sql.Tx) error {
		var campaign actnow.CampaignID
		var state actnow.LedgerState
		var campaignState actnow.CampaignState
		err := tx.QueryRow(`SELECT l.campaign_id, l.state, c.state FROM ledger l JOIN campaigns c ON c.id = l.campaign_id
			WHERE l.id = ?`, row).Scan(&campaign, &state, &campaignState)
		switch {
		case err != nil:
			return noRows(err)
		case state != actnow.LedgerUnknown:
			return &actnow.StateError{Noun: "message", Have: string(state), Want: string(actnow.LedgerUnknown)}
		case to == actnow.LedgerQueued && campaignState == actnow.CampaignCancelled:
			return &actnow.StateError{Noun: "campaign", Have: string(campaignState), Want: string(actnow.CampaignSending)}
		}
		var settled any
		if to != actnow.LedgerQueued {
			settled = now.Unix()
		}
		_, err = tx.Exec(`UPDATE ledger SET state = ?, why = ?, next_at = ?, settled_at = ? WHERE id = ?`,
			to, why, now.Unix(), settled, row)
		if err != nil {
			return err
		}
		if err := addEvent(tx, row, campaigns.LedgerEvent{Kind: "resolved", Source: fmt.Sprint(now.UnixNano()), At: now,
			Detail: strings.TrimSpace(string(to) + ": " + why + " (" + by + ")")}); err != nil {
			return err
		}
		return db.finish(tx, campaign)
	})
	if err != nil {
		return fmt.Errorf("resolve row %d: %w", row, err)
	}
	return nil
}
