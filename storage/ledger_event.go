package storage

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"actnow"
	"actnow/campaigns"
)

// Unsubscribe takes the address of a ledger row off every list, for good, from
// the next mail on. It is safe to repeat: the first time counts. source names
// how it was asked for: "one-click", "page", "reply". The error matches
// actnow.ErrNotFound if there is no such row.
func (db *DB) Unsubscribe(ctx context.Context, row actnow.LedgerID, source string, now time.Time) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		var address string
		if err := tx.QueryRow(`SELECT address FROM ledger WHERE id = ?`, row).Scan(&address); err != nil {
			return noRows(err)
		}
		if err := addEvent(tx, row, campaigns.LedgerEvent{Kind: "unsubscribed", At: now, Detail: source}); err != nil {
			return err
		}
		return db.suppress(tx, address, "unsubscribed", source, row, actnow.System, now)
	})
	if err != nil {
		return fmt.Errorf("unsubscribe row %d: %w", row, err)
	}
	return nil
}

// Unsubscribed reports whether the address of a ledger row is suppressed.
func (db *DB) Unsubscribed(ctx context.Context, row actnow.LedgerID) (bool, error) {
	var yes bool
	err := db.readers.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM suppressions s
		WHERE s.address = l.address AND s.lifted_at IS NULL) FROM ledger l WHERE l.id = ?`, row).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("row %d: %w", row, noRows(err))
	}
	return yes, nil
}

// Suppress notes a standing reason not to mail an address: "manual",
// "complained" or "bounced". It is safe to repeat.
func (db *DB) Suppress(ctx context.Context, by actnow.Actor, address, reason, evidence string, now time.Time) error {
	normal := normalMailbox(address)
	if !strings.Contains(normal, "@") {
		return actnow.Invalid("error.address", "address", "%q is no e-mail address", address)
	}
	err := db.write(ctx, func(tx *sql.Tx) error {
		if err := db.suppress(tx, normal, reason, evidence, 0, by, now); err != nil {
			return err
		}
		return db.audit(tx, by, "suppression.add", "suppression", map[string]string{"reason": reason})
	})
	if err != nil {
		return fmt.Errorf("suppress: %w", err)
	}
	return nil
}

// LiftSuppression lets an address be mailed again; the evidence stays. The error
// matches actnow.ErrNotFound if it is not suppressed.
func (db *DB) LiftSuppression(ctx context.Context, by actnow.Actor, address string, now time.Time) error {
	normal := normalMailbox(address)
	err := db.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.Exec(`UPDATE suppressions SET lifted_by = ?, lifted_at = ? WHERE address = ? AND lifted_at IS NULL`,
			by.Name, now.Unix(), normal)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			if err == nil {
				err = actnow.ErrNotFound
			}
			return err
		}
		return db.audit(tx, by, "suppression.lift", "suppression", map[string]string{})
	})
	if err != nil {
		return fmt.Errorf("lift suppression: %w", err)
	}
	return nil
}

// normalMailbox is the form under which the ledger and the suppressions hold an
// address.
func normalMailbox(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// suppress notes the suppression, if there is none in force, and settles what
// waits for the address in any campaign.
func (db *DB) suppress(tx *sql.Tx, address, reason, evidence string, row actnow.LedgerID, by actnow.Actor, now time.Time) error {
	_, err := tx.Exec(`INSERT INTO suppressions (address, reason, evidence, ledger_id, created_by, created_at)
		VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (address) DO UPDATE SET reason = excluded.reason, evidence = excluded.evidence, ledger_id = excluded.ledger_id,
			created_by = excluded.created_by, created_at = excluded.created_at, lifted_by = '', lifted_at = NULL
		WHERE suppressions.lifted_at IS NOT NULL`, address, reason, evidence, null(row), by.Name, now.Unix())
	if err != nil {
		return fmt.Errorf("suppress: %w", err)
	}
	rows, err := tx.Query(`UPDATE ledger SET state = 'suppressed', why = ?, settled_at = ?
		WHERE address = ? AND state IN ('queued', 'deferred') RETURNING campaign_id`, reason, now.Unix(), address)
	if err != nil {
		return err
	}
	defer rows.Close()
	touched := map[actnow.CampaignID]bool{}
	for rows.Next() {
		var id actnow.CampaignID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		touched[id] = true
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if err := rows.Close(); err != nil {
		return err
	}
	for id := range touched {
		if err := db.finish(tx, id); err != nil {
			return err
		}
	}
	return nil
}

// AddLedgerEvent notes what came after SMTP on a row: "bounced", "complained",
// "replied", "opened", "clicked". The same kind and source count once.
func (db *DB) AddLedgerEvent(ctx context.Context, row actnow.LedgerID, e campaigns.LedgerEvent) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		var there bool
		if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM ledger WHERE id = ?)`, row).Scan(&there); err != nil {
			return err
		}
		if !there {
			return actnow.ErrNotFound
		}
		return addEvent(tx, row, e)
	})
	if err != nil {
		return fmt.Errorf("event of row %d: %w", row, err)
	}
	return nil
}

func addEvent(tx *sql.Tx, row actnow.LedgerID, e campaigns.LedgerEvent) error {
	_, err := tx.Exec(`INSERT INTO ledger_events (ledger_id, kind, source_id, at, detail) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (ledger_id, kind, source_id) DO NOTHING`, row, e.Kind, e.Source, e.At.Unix(), e.Detail)
	return err
}
