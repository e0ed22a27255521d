package storage

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"actnow/campaigns"
)

// DB keeps the mails of the built-in mailbox.
var _ campaigns.Mailbox = (*DB)(nil)

// KeepMail stores a caught mail; it is on disk when KeepMail returns.
func (db *DB) KeepMail(ctx context.Context, m campaigns.CaughtMail) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO caught_mails (message_id, sender, recipient, subject, raw, received_at) VALUES (?, ?, ?, ?, ?, ?)`,
			m.MessageID, m.From, m.To, m.Subject, m.Raw, m.At.Unix())
		return err
	})
	if err != nil {
		return fmt.Errorf("keep mail: %w", err)
	}
	return nil
}

// CaughtMails lists up to limit mails with keys below before (0 for the newest),
// newest first, whose recipient or subject contains search. Raw is empty.
func (db *DB) CaughtMails(ctx context.Context, search string, before int64, limit int) ([]campaigns.CaughtMail, error) {
	pattern := "%"
	if s := strings.TrimSpace(search); s != "" {
		pattern = likeInside(s)
	}
	rows, err := db.readers.QueryContext(ctx, `SELECT id, message_id, sender, recipient, subject, received_at FROM caught_mails
		WHERE (? = 0 OR id < ?) AND (fold(recipient) LIKE ? ESCAPE '\' OR fold(subject) LIKE ? ESCAPE '\')
		ORDER BY id DESC LIMIT ?`, before, before, pattern, pattern, pageLimit(limit))
	if err != nil {
		return nil, fmt.Errorf("caught mails: %w", err)
	}
	defer rows.Close()
	var out []campaigns.CaughtMail
	for rows.Next() {
		var m campaigns.CaughtMail
		var at int64
		if err := rows.Scan(&m.ID, &m.MessageID, &m.From, &m.To, &m.Subject, &at); err != nil {
			return nil, fmt.Errorf("caught mails: %w", err)
		}
		m.At = time.Unix(at, 0).UTC()
		out = append(out, m)
	}
	return out, rows.Err()
}

// CaughtMail returns one caught mail with its content.
func (db *DB) CaughtMail(ctx context.Context, id int64) (campaigns.CaughtMail, error) {
	m := campaigns.CaughtMail{ID: id}
	var at int64
	err := db.readers.QueryRowContext(ctx, `SELECT message_id, sender, recipient, subject, raw, received_at FROM caught_mails WHERE id = ?`, id).
		Scan(&m.MessageID, &m.From, &m.To, &m.Subject, &m.Raw, &at)
	if err != nil {
		return campaigns.CaughtMail{}, fmt.Errorf("caught mail %d: %w", id, noRows(err))
	}
	m.At = time.Unix(at, 0).UTC()
	return m, nil
}

// Find reports which Message-IDs the built-in mailbox has: it is the demo's
// journal.
func (db *DB) Find(ctx context.Context, messageIDs []string) (map[string]bool, error) {
	ids, err := ledgerJSON(messageIDs)
	if err != nil {
		return nil, err
	}
	rows, err := db.readers.QueryContext(ctx, `SELECT DISTINCT message_id FROM caught_mails
		WHERE message_id <> '' AND message_id IN (SELECT value FROM `+jsonEach+`)`, ids)
	if err != nil {
		return nil, fmt.Errorf("find caught mails: %w", err)
	}
	defer rows.Close()
	found := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("find caught mails: %w", err)
		}
		found[id] = true
	}
	return found, rows.Err()
}
