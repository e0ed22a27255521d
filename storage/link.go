package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"actnow"
)

// OfferLink adds a one-time link and ends the unused ones of the same kind for
// the same person. The error matches actnow.ErrConflict for an invitation to an
// address that has an account.
func (db *DB) OfferLink(ctx context.Context, by actnow.Actor, l actnow.Link) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		email := foldEmail(l.User.Email)
		if l.Kind == actnow.LinkInvite {
			var taken int
			if err := tx.QueryRow(`SELECT count(*) FROM users WHERE email = ?`, email).Scan(&taken); err != nil {
				return err
			}
			if taken > 0 {
				return &actnow.StateError{Noun: "the address", Have: "taken", Want: "new"}
			}
		}
		_, err := tx.Exec(`UPDATE links SET expires_at = ? WHERE kind = ? AND used_at IS NULL AND email = ? AND coalesce(user_id, 0) = ?`,
			db.now().Unix(), l.Kind, email, l.User.ID)
		if err != nil {
			return err
		}
		locations, err := json.Marshal(append([]actnow.LocationID{}, l.User.Locations...))
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO links (hash, kind, user_id, email, name, role, all_locations, locations, created_by, created_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			l.Hash, l.Kind, null(l.User.ID), email, l.User.Name, l.User.Role, l.User.AllLocations, string(locations),
			null(by.User), db.now().Unix(), l.ExpiresAt.Unix())
		if err != nil {
			return err
		}
		return db.audit(tx, by, "link."+string(l.Kind), linkObject(l), map[string]any{"role": l.User.Role, "expires_at": l.ExpiresAt.Unix()})
	})
	if err != nil {
		return fmt.Errorf("offer %s link: %w", l.Kind, err)
	}
	return nil
}

func linkObject(l actnow.Link) string {
	switch {
	case l.User.ID != 0:
		return fmt.Sprintf("user:%d", l.User.ID)
	case l.User.Email != "":
		return "user:" + foldEmail(l.User.Email)
	}
	return "user:"
}

// LinkOf returns an unused link that has not expired. The user of a reset or
// demo link is as it is now.
func (db *DB) LinkOf(ctx context.Context, secret actnow.SecretHash) (actnow.Link, error) {
	var l actnow.Link
	err := db.read(ctx, func(tx *sql.Tx) (err error) {
		l, err = db.link(tx, secret)
		return err
	})
	if err != nil {
		return actnow.Link{}, fmt.Errorf("link: %w", err)
	}
	return l, nil
}

func (db *DB) link(tx *sql.Tx, secret actnow.SecretHash) (actnow.Link, error) {
	var l actnow.Link
	var user sql.NullInt64
	var locations string
	var created, expires int64
	err := tx.QueryRow(`SELECT hash, kind, user_id, email, name, role, all_locations, locations, created_at, expires_at
		FROM links WHERE hash = ? AND used_at IS NULL AND expires_at > ?`, secret, db.now().Unix()).
		Scan(&l.Hash, &l.Kind, &user, &l.User.Email, &l.User.Name, &l.User.Role, &l.User.AllLocations, &locations, &created, &expires)
	if err != nil {
		return l, noRows(err)
	}
	l.CreatedAt, l.ExpiresAt = time.Unix(created, 0).UTC(), time.Unix(expires, 0).UTC()
	if user.Valid {
		u, err := userOf(tx, actnow.UserID(user.Int64))
		if err == nil && u.Disabled {
			return l, actnow.ErrNotFound
		}
		l.User = u
		return l, err
	}
	return l, json.Unmarshal([]byte(locations), &l.User.Locations)
}

// UseLink uses a link up and returns whom to sign in. Set-up makes u an
// administrator with the password, invite makes the user that the link names
// with u's name and language, reset gives its user the password and ends that
// user's sessions, demo changes nothing. Set-up is refused with
// actnow.ErrConflict once there is a user.
func (db *DB) UseLink(ctx context.Context, secret actnow.SecretHash, u actnow.User, password, requestID string) (actnow.User, error) {
	var who actnow.User
	err := db.write(ctx, func(tx *sql.Tx) error {
		l, err := db.link(tx, secret)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE links SET used_at = ? WHERE hash = ?`, db.now().Unix(), secret); err != nil {
			return err
		}
		action := "user.create"
		switch l.Kind {
		case actnow.LinkSetup:
			var n int
			if err := tx.QueryRow(`SELECT count(*) FROM users`).Scan(&n); err != nil {
				return err
			}
			if n > 0 {
				return &actnow.StateError{Noun: "the installation", Have: "set up", Want: "new"}
			}
			u.Role, u.AllLocations, u.Locations = actnow.RoleAdministrator, true, nil
			who, err = db.addUser(tx, u, password)
		case actnow.LinkInvite:
			invited := l.User
			invited.Name, invited.Language = u.Name, u.Language
			who, err = db.addUser(tx, invited, password)
		case actnow.LinkReset:
			who, action = l.User, "user.password"
			err = setPassword(tx, who.ID, password, "")
		default:
			who, action = l.User, "session.demo"
		}
		if err != nil {
			return err
		}
		by := actnow.Actor{User: who.ID, Name: who.Name, RequestID: requestID}
		return db.audit(tx, by, action, fmt.Sprintf("user:%d", who.ID), map[string]any{"link": l.Kind, "role": who.Role})
	})
	if err != nil {
		return actnow.User{}, fmt.Errorf("use link: %w", err)
	}
	return who, nil
}

func (db *DB) addUser(tx *sql.Tx, u actnow.User, password string) (actnow.User, error) {
	u.Email = foldEmail(u.Email)
	err := tx.QueryRow(`INSERT INTO users (email, name, role, all_locations, password, language, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (email) DO NOTHING RETURNING id`,
		u.Email, u.Name, u.Role, u.AllLocations, password, u.Language, db.now().Unix()).Scan(&u.ID)
	if noRows(err) == actnow.ErrNotFound {
		return u, &actnow.StateError{Noun: "the address", Have: "taken", Want: "new"}
	}
	if err != nil {
		return u, err
	}
	return u, saveLocations(tx, u.ID, u.Locations)
}

// AddUser adds a user with a password hash, as the command line and the demo
// do. The error matches actnow.ErrConflict if the address is taken.
func (db *DB) AddUser(ctx context.Context, by actnow.Actor, u actnow.User, password string) (actnow.User, error) {
	err := db.write(ctx, func(tx *sql.Tx) (err error) {
		if u, err = db.addUser(tx, u, password); err != nil {
			return err
		}
		return db.audit(tx, by, "user.create", fmt.Sprintf("user:%d", u.ID), map[string]any{"role": u.Role})
	})
	if err != nil {
		return actnow.User{}, fmt.Errorf("add user: %w", err)
	}
	return u, nil
}
