package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"actnow"
)

// seenStep is how often at most it is noted that a session or token was used.
const seenStep = time.Minute

// StartSession keeps a new session that ends after life; its times are set
// here. Sessions that have expired are swept on the way.
func (db *DB) StartSession(ctx context.Context, by actnow.Actor, s actnow.Session, life time.Duration) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		now := db.now()
		if _, err := tx.Exec(`DELETE FROM sessions WHERE expires_at <= ?`, now.Unix()); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO sessions (hash, user_id, created_at, seen_at, expires_at, address, agent) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			s.Hash, s.User, now.Unix(), now.Unix(), now.Add(life).Unix(), s.Address, s.Agent)
		if err != nil {
			return err
		}
		return db.audit(tx, by, "session.start", fmt.Sprintf("user:%d", s.User), struct{}{})
	})
	if err != nil {
		return fmt.Errorf("start session: %w", err)
	}
	return nil
}

// SessionOf returns a session that has not expired and was seen within idle, of
// a user who is not disabled, and notes that it was seen, at most once a minute.
func (db *DB) SessionOf(ctx context.Context, secret actnow.SecretHash, idle time.Duration) (actnow.Session, actnow.User, error) {
	var s actnow.Session
	var u actnow.User
	now := db.now()
	err := db.read(ctx, func(tx *sql.Tx) error {
		row := tx.QueryRow(`SELECT hash, user_id, created_at, seen_at, expires_at, address, agent FROM sessions
			WHERE hash = ? AND expires_at > ? AND seen_at > ?`, secret, now.Unix(), now.Add(-idle).Unix())
		var err error
		if s, err = scanSession(row); err != nil {
			return err
		}
		if u, err = userOf(tx, s.User); err == nil && u.Disabled {
			return actnow.ErrNotFound
		}
		return err
	})
	if err != nil {
		return actnow.Session{}, actnow.User{}, fmt.Errorf("session: %w", err)
	}
	if now.Sub(s.SeenAt) >= seenStep {
		err := db.write(ctx, func(tx *sql.Tx) error {
			_, err := tx.Exec(`UPDATE sessions SET seen_at = ? WHERE hash = ?`, now.Unix(), secret)
			return err
		})
		if err != nil {
			return actnow.Session{}, actnow.User{}, fmt.Errorf("session: %w", err)
		}
	}
	return s, u, nil
}

// Sessions returns the sessions of a user that are still good, the one seen last
// first.
func (db *DB) Sessions(ctx context.Context, user actnow.UserID, idle time.Duration) ([]actnow.Session, error) {
	now := db.now()
	rows, err := db.readers.QueryContext(ctx, `SELECT hash, user_id, created_at, seen_at, expires_at, address, agent FROM sessions
		WHERE user_id = ? AND expires_at > ? AND seen_at > ? ORDER BY seen_at DESC, hash`, user, now.Unix(), now.Add(-idle).Unix())
	if err != nil {
		return nil, fmt.Errorf("list sessions of user %d: %w", user, err)
	}
	defer rows.Close()
	var list []actnow.Session
	for rows.Next() {
		s, err := scanSession(rows)
		if err != nil {
			return nil, fmt.Errorf("list sessions of user %d: %w", user, err)
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

func scanSession(row interface{ Scan(...any) error }) (actnow.Session, error) {
	var s actnow.Session
	var created, seen, expires int64
	if err := row.Scan(&s.Hash, &s.User, &created, &seen, &expires, &s.Address, &s.Agent); err != nil {
		return s, noRows(err)
	}
	s.CreatedAt, s.SeenAt, s.ExpiresAt = time.Unix(created, 0).UTC(), time.Unix(seen, 0).UTC(), time.Unix(expires, 0).UTC()
	return s, nil
}

// EndSession ends one session of the user; ending it again is no error.
func (db *DB) EndSession(ctx context.Context, by actnow.Actor, user actnow.UserID, session actnow.SecretHash) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.Exec(`DELETE FROM sessions WHERE hash = ? AND user_id = ?`, session, user)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return db.audit(tx, by, "session.end", fmt.Sprintf("user:%d", user), struct{}{})
	})
	if err != nil {
		return fmt.Errorf("end session of user %d: %w", user, err)
	}
	return nil
}

// TrySignin counts a try for each key and returns 0, unless one of them has to
// wait yet; then it counts nothing and returns the longest wait. wait says how
// long the try after so many failures has to wait. A day without a try forgets
// them.
func (db *DB) TrySignin(ctx context.Context, keys []string, wait func(key string, failures int) time.Duration) (time.Duration, error) {
	var longest time.Duration
	err := db.write(ctx, func(tx *sql.Tx) error {
		now := db.now()
		if _, err := tx.Exec(`DELETE FROM login_failures WHERE updated_at < ?`, now.Add(-24*time.Hour).Unix()); err != nil {
			return err
		}
		for _, key := range keys {
			var until int64
			err := tx.QueryRow(`SELECT until_at FROM login_failures WHERE key = ?`, key).Scan(&until)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			longest = max(longest, time.Unix(until, 0).Sub(now))
		}
		if longest > 0 {
			return nil
		}
		longest = 0
		for _, key := range keys {
			var failures int
			err := tx.QueryRow(`INSERT INTO login_failures (key, failures, until_at, updated_at) VALUES (?, 1, 0, ?)
				ON CONFLICT (key) DO UPDATE SET failures = failures + 1, updated_at = excluded.updated_at
				RETURNING failures`, key, now.Unix()).Scan(&failures)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(`UPDATE login_failures SET until_at = ? WHERE key = ?`, now.Add(wait(key, failures)).Unix(), key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("count try to sign in: %w", err)
	}
	return longest, nil
}

// ForgetSignin forgets the failures of account and takes the last try of
// address back.
func (db *DB) ForgetSignin(ctx context.Context, account, address string) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec(`DELETE FROM login_failures WHERE key = ?`, account); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE login_failures SET failures = failures - 1, until_at = 0 WHERE key = ? AND failures > 0`, address)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget tries to sign in: %w", err)
	}
	return nil
}
