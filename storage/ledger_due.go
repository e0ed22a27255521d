package storage

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"actnow"
	"actnow/campaigns"
)

// messageColumns are what scanMessage reads, of ledger l and campaigns c.
const messageColumns = `l.id, l.campaign_id, l.run_id, c.pack_id, l.step, l.mailbox, l.name, l.language,
	l.attempts, l.message_id, l.due_at, l.intent_at, l.fields`

// DueMessages returns up to limit rows of sending campaigns that are queued or
// deferred and due at now, in key order, with a key above after.
func (db *DB) DueMessages(ctx context.Context, now time.Time, after actnow.LedgerID, limit int) ([]campaigns.Message, error) {
	var out []campaigns.Message
	err := db.read(ctx, func(tx *sql.Tx) error {
		sending, err := sendingCampaigns(ctx, tx, now)
		if err != nil {
			return err
		}
		for _, id := range sending {
			if err := scanMessages(ctx, tx, &out, `SELECT `+messageColumns+`
				FROM ledger l JOIN campaigns c ON c.id = l.campaign_id
				WHERE l.campaign_id = ? AND l.state IN ('queued', 'deferred') AND l.next_at <= ? AND l.id > ? AND `+ofLaunched+`
				ORDER BY l.id LIMIT ?`, id, now.Unix(), after, limit); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("due messages: %w", err)
	}
	slices.SortFunc(out, func(a, b campaigns.Message) int { return int(a.Row - b.Row) })
	return out[:min(len(out), limit)], nil
}

// sendingCampaigns returns the campaigns that may send now, none if no row of
// any campaign is due.
func sendingCampaigns(ctx context.Context, tx *sql.Tx, now time.Time) ([]actnow.CampaignID, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id FROM campaigns WHERE state = 'sending' AND (
		EXISTS (SELECT 1 FROM ledger WHERE state = 'queued' AND next_at <= ?) OR
		EXISTS (SELECT 1 FROM ledger WHERE state = 'deferred' AND next_at <= ?)) ORDER BY id`, now.Unix(), now.Unix())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []actnow.CampaignID
	for rows.Next() {
		var id actnow.CampaignID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func scanMessages(ctx context.Context, tx *sql.Tx, out *[]campaigns.Message, query string, args ...any) error {
	return eachMessage(ctx, tx, func(m campaigns.Message) error {
		*out = append(*out, m)
		return nil
	}, query, args...)
}

// eachMessage calls fn with each message that the query finds, until fn fails.
func eachMessage(ctx context.Context, tx *sql.Tx, fn func(campaigns.Message) error, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var m campaigns.Message
		var due int64
		var tried sql.NullInt64
		var frozen string
		if err := rows.Scan(&m.Row, &m.Campaign, &m.Run, &m.Pack, &m.Step, &m.Address, &m.Name, &m.Language,
			&m.Attempt, &m.MessageID, &due, &tried, &frozen); err != nil {
			return err
		}
		m.Attempt++
		m.Due, m.Tried = time.Unix(due, 0).UTC(), timeOrZero(tried)
		if m.Fields, err = mergeFields(frozen, m.Language); err != nil {
			return fmt.Errorf("fields of row %d: %w", m.Row, err)
		}
		if err := fn(m); err != nil {
			return err
		}
	}
	return rows.Err()
}
