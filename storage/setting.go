package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"actnow"
)

// Setting reads the setting key into v. The error matches actnow.ErrNotFound if
// it was never saved.
func (db *DB) Setting(ctx context.Context, key string, v any) error {
	var text string
	err := db.readers.QueryRowContext(ctx, `SELECT value FROM settings WHERE key = ?`, key).Scan(&text)
	if err != nil {
		return fmt.Errorf("setting %s: %w", key, noRows(err))
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("setting %s: %w", key, err)
	}
	return nil
}

// SaveSetting saves v as the setting key and notes it in the audit trail.
func (db *DB) SaveSetting(ctx context.Context, by actnow.Actor, key string, v any) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		if err := db.saveSetting(tx, key, v); err != nil {
			return err
		}
		return db.audit(tx, by, "setting.save", "setting:"+key, v)
	})
}

func (db *DB) saveSetting(tx *sql.Tx, key string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("setting %s: %w", key, err)
	}
	_, err = tx.Exec(`INSERT INTO settings (key, value, updated_at) VALUES (?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
		key, string(text), db.now().Unix())
	return err
}

// audit adds a row to the audit trail, in the transaction of the change it
// tells of. detail is kept as JSON; it must hold no secret.
func (db *DB) audit(tx *sql.Tx, by actnow.Actor, action, object string, detail any) error {
	text, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	_, err = tx.Exec(`INSERT INTO audit (at, user_id, actor, action, object, detail, request_id) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		db.now().Unix(), null(by.User), by.Name, action, object, string(text), by.RequestID)
	return err
}

// null binds the zero value as NULL.
func null[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}
