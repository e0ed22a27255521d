package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"actnow"
)

// CreateToken keeps a new API token of t.User and returns it with its key.
func (db *DB) CreateToken(ctx context.Context, by actnow.Actor, secret actnow.SecretHash, t actnow.Token) (actnow.Token, error) {
	err := db.write(ctx, func(tx *sql.Tx) error {
		t.CreatedAt = db.now().UTC().Truncate(time.Second)
		err := tx.QueryRow(`INSERT INTO tokens (hash, prefix, name, user_id, role, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			secret, t.Prefix, t.Name, t.User, t.Role, t.CreatedAt.Unix(), unixOrNull(t.ExpiresAt)).Scan(&t.ID)
		if err != nil {
			return err
		}
		return db.audit(tx, by, "token.create", fmt.Sprintf("token:%d", t.ID), map[string]any{"name": t.Name, "role": t.Role, "prefix": t.Prefix})
	})
	if err != nil {
		return actnow.Token{}, fmt.Errorf("create token: %w", err)
	}
	return t, nil
}

const tokenColumns = `id, user_id, name, prefix, role, created_at, expires_at, used_at`

// TokenOf returns a token that is neither revoked nor expired, of a user who is
// not disabled, and notes that it was used, at most once a minute.
func (db *DB) TokenOf(ctx context.Context, secret actnow.SecretHash) (actnow.Token, actnow.User, error) {
	var t actnow.Token
	var u actnow.User
	now := db.now()
	err := db.read(ctx, func(tx *sql.Tx) error {
		var err error
		t, err = scanToken(tx.QueryRow(`SELECT `+tokenColumns+` FROM tokens
			WHERE hash = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)`, secret, now.Unix()))
		if err != nil {
			return err
		}
		if u, err = userOf(tx, t.User); err == nil && u.Disabled {
			return actnow.ErrNotFound
		}
		return err
	})
	if err == nil && now.Sub(t.UsedAt) >= seenStep {
		err = db.write(ctx, func(tx *sql.Tx) error {
			_, err := tx.Exec(`UPDATE tokens SET used_at = ? WHERE id = ?`, now.Unix(), t.ID)
			return err
		})
	}
	if err != nil {
		return actnow.Token{}, actnow.User{}, fmt.Errorf("token: %w", err)
	}
	return t, u, nil
}

// Tokens returns the tokens of a user that are not revoked, the newest first.
func (db *DB) Tokens(ctx context.Context, user actnow.UserID) ([]actnow.Token, error) {
	rows, err := db.readers.QueryContext(ctx, `SELECT `+tokenColumns+` FROM tokens WHERE user_id = ? AND revoked_at IS NULL ORDER BY id DESC`, user)
	if err != nil {
		return nil, fmt.Errorf("list tokens of user %d: %w", user, err)
	}
	defer rows.Close()
	var list []actnow.Token
	for rows.Next() {
		t, err := scanToken(rows)
		if err != nil {
			return nil, fmt.Errorf("list tokens of user %d: %w", user, err)
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// RevokeToken ends a token of the user at once; doing it again is no error.
func (db *DB) RevokeToken(ctx context.Context, by actnow.Actor, user actnow.UserID, id int64) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.Exec(`UPDATE tokens SET revoked_at = ? WHERE id = ? AND user_id = ? AND revoked_at IS NULL`, db.now().Unix(), id, user)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return db.audit(tx, by, "token.revoke", fmt.Sprintf("token:%d", id), struct{}{})
	})
	if err != nil {
		return fmt.Errorf("revoke token %d: %w", id, err)
	}
	return nil
}

func scanToken(row interface{ Scan(...any) error }) (actnow.Token, error) {
	var t actnow.Token
	var created int64
	var expires, used sql.NullInt64
	if err := row.Scan(&t.ID, &t.User, &t.Name, &t.Prefix, &t.Role, &created, &expires, &used); err != nil {
		return t, noRows(err)
	}
	t.CreatedAt, t.ExpiresAt, t.UsedAt = time.Unix(created, 0).UTC(), timeOrZero(expires), timeOrZero(used)
	return t, nil
}
