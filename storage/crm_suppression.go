package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"actnow"
	"actnow/crm"
)

// Suppress records a standing reason not to mail an address. Where one holds
// already it stays as it is; one that was lifted holds again, for the new
// reason. The error matches actnow.ErrInvalid if it is no address.
func (db *DB) Suppress(ctx context.Context, by actnow.Actor, s crm.Suppression) error {
	address, err := actnow.NormalAddress(s.Address)
	if err != nil {
		return err
	}
	switch s.Reason {
	case crm.Unsubscribed, crm.Bounced, crm.Complained, crm.Manual:
	default:
		return actnow.Invalid("crm.suppression", "reason", "%q is no reason for a suppression", s.Reason)
	}
	err = db.write(ctx, func(tx *sql.Tx) error { return db.suppress(tx, by, address, s) })
	if err != nil {
		return fmt.Errorf("suppress: %w", err)
	}
	return nil
}

// suppress is Suppress in a transaction, for an address in its normal form. What
// waits for the address in any campaign is settled with it.
func (db *DB) suppress(tx *sql.Tx, by actnow.Actor, address string, s crm.Suppression) error {
	res, err := tx.Exec(`INSERT INTO suppressions (address, reason, evidence, ledger_id, created_by, created_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (address) DO UPDATE SET reason = excluded.reason, evidence = excluded.evidence, ledger_id = excluded.ledger_id,
			created_by = excluded.created_by, created_at = excluded.created_at, lifted_by = '', lifted_at = NULL
		WHERE suppressions.lifted_at IS NOT NULL`,
		address, s.Reason, s.Evidence, null(s.LedgerRow), by.Name, db.now().Unix())
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if err := db.settleSuppressed(tx, address, string(s.Reason)); err != nil {
		return err
	}
	return db.audit(tx, by, "suppression.add", "suppression", map[string]any{"reason": s.Reason})
}

// LiftSuppression ends a suppression by a person's word. No CRM and no file can.
// The error matches actnow.ErrNotFound if none holds.
func (db *DB) LiftSuppression(ctx context.Context, by actnow.Actor, address string) error {
	address, err := actnow.NormalAddress(address)
	if err != nil {
		return err
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		err := touchedOne(tx.Exec(`UPDATE suppressions SET lifted_by = ?, lifted_at = ? WHERE address = ? AND lifted_at IS NULL`,
			by.Name, db.now().Unix(), address))
		if err != nil {
			return err
		}
		return db.audit(tx, by, "suppression.lift", "suppression", nil)
	})
	if err != nil {
		return fmt.Errorf("lift suppression: %w", err)
	}
	return nil
}

// Suppressions returns a page of suppressions, newest first, those that were
// lifted among them; search finds a part of the address and needs
// Scope.Personal.
func (db *DB) Suppressions(ctx context.Context, scope actnow.Scope, search string, offset, limit int) (crm.SuppressionPage, error) {
	where, args := ``, []any{}
	if search != "" && scope.Personal {
		where, args = ` WHERE address LIKE ? ESCAPE '\'`, []any{likeInside(search)}
	}
	var page crm.SuppressionPage
	err := db.read(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRow(`SELECT count(*) FROM suppressions`+where, args...).Scan(&page.Total); err != nil {
			return err
		}
		rows, err := tx.Query(`SELECT address, reason, evidence, COALESCE(ledger_id, 0), created_by, created_at, lifted_by, lifted_at
			FROM suppressions`+where+` ORDER BY created_at DESC, address LIMIT ? OFFSET ?`, append(args, pageLimit(limit), max(offset, 0))...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s crm.Suppression
			var at int64
			var lifted sql.NullInt64
			if err := rows.Scan(&s.Address, &s.Reason, &s.Evidence, &s.LedgerRow, &s.By, &at, &s.LiftedBy, &lifted); err != nil {
				return err
			}
			s.At, s.LiftedAt = time.Unix(at, 0).UTC(), timeOrZero(lifted)
			if !scope.Personal {
				s.Address, s.Evidence = "", ""
			}
			page.Rows = append(page.Rows, s)
		}
		return rows.Err()
	})
	if err != nil {
		return crm.SuppressionPage{}, fmt.Errorf("suppressions: %w", err)
	}
	return page, nil
}
