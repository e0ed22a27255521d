package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"actnow"
	"actnow/campaigns"
	"actnow/crm"
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
		return db.suppress(tx, actnow.System, address, crm.Suppression{Reason: crm.Unsubscribed, Evidence: source, LedgerRow: row})
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

// settleSuppressed settles what waits for a suppressed address in any campaign.
func (db *DB) settleSuppressed(tx *sql.Tx, address, reason string) error {
	rows, err := tx.Query(`UPDATE ledger SET state = 'suppressed', why = ?, settled_at = ?
		WHERE address = ? AND state IN ('queued', 'deferred') RETURNING campaign_id`, reason, db.now().Unix(), address)
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
