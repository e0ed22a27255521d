package storage

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"actnow"
	"actnow/crm"
)

var connectionName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// AddConnection makes a connection for a hook and returns it with its secret,
// which is not shown again. The error matches actnow.ErrInvalid for a name or
// verifier that cannot be, and actnow.ErrConflict for a name that is taken.
func (db *DB) AddConnection(ctx context.Context, by actnow.Actor, n crm.NewConnection) (c crm.Connection, secret string, err error) {
	if !connectionName.MatchString(n.Name) {
		return c, "", actnow.Invalid("crm.connection_name", "name", "%q is no name for a connection: use a-z, 0-9 and -, at most 63", n.Name)
	}
	if crm.Verifiers[n.Verifier] == nil {
		return c, "", actnow.Invalid("crm.verifier", "verifier", "%q is no verifier; these are: %s", n.Verifier,
			strings.Join(slices.Sorted(maps.Keys(crm.Verifiers)), ", "))
	}
	if n.Source == "" {
		n.Source = "crm"
	}
	secret = crm.NewSecret()
	err = db.write(ctx, func(tx *sql.Tx) error {
		var taken int
		if err := tx.QueryRow(`SELECT count(*) FROM connections WHERE name = ?`, n.Name).Scan(&taken); err != nil {
			return err
		}
		if taken > 0 {
			return &actnow.StateError{Noun: "connection " + n.Name, Have: "there already", Want: "new"}
		}
		err := tx.QueryRow(`INSERT INTO connections (name, source, verifier, created_by, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id`,
			n.Name, n.Source, n.Verifier, by.Name, db.now().Unix()).Scan(&c.ID)
		if err != nil {
			return err
		}
		sealed, err := db.Seal(secretName(c.ID), []byte(secret))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE connections SET secret = ? WHERE id = ?`, sealed, c.ID); err != nil {
			return err
		}
		return db.audit(tx, by, "connection.add", connectionObject(c.ID), map[string]any{"name": n.Name, "verifier": n.Verifier, "source": n.Source})
	})
	if err != nil {
		return crm.Connection{}, "", fmt.Errorf("add connection %s: %w", n.Name, err)
	}
	c, err = db.Connection(ctx, c.ID)
	return c, secret, err
}

func secretName(id actnow.ConnectionID) string       { return fmt.Sprintf("connection:%d", id) }
func connectionObject(id actnow.ConnectionID) string { return fmt.Sprintf("connection:%d", id) }

// RotateSecret gives the connection a new secret, which is not shown again. The
// one before is taken for overlap longer, any older one no more; an overlap of 0
// ends it at once. The error matches actnow.ErrNotFound, or actnow.ErrConflict
// for a connection without a secret.
func (db *DB) RotateSecret(ctx context.Context, by actnow.Actor, id actnow.ConnectionID, overlap time.Duration) (secret string, err error) {
	secret = crm.NewSecret()
	sealed, err := db.Seal(secretName(id), []byte(secret))
	if err != nil {
		return "", err
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		var verifier string
		if err := tx.QueryRow(`SELECT verifier FROM connections WHERE id = ?`, id).Scan(&verifier); err != nil {
			return noRows(err)
		}
		if crm.Verifiers[verifier] == nil {
			return &actnow.StateError{Noun: "connection", Have: verifier, Want: "one with a secret"}
		}
		query, args := `UPDATE connections SET old_secret = secret, old_secret_until = ?, secret = ? WHERE id = ?`,
			[]any{db.now().Add(overlap).Unix(), sealed, id}
		if overlap <= 0 {
			query, args = `UPDATE connections SET old_secret = NULL, old_secret_until = NULL, secret = ? WHERE id = ?`, args[1:]
		}
		if _, err := tx.Exec(query, args...); err != nil {
			return err
		}
		return db.audit(tx, by, "connection.rotate", connectionObject(id), map[string]any{"overlap": overlap.String()})
	})
	if err != nil {
		return "", fmt.Errorf("rotate secret of connection %d: %w", id, err)
	}
	return secret, nil
}

// DisableConnection ends or resumes the taking of deliveries. What it brought
// stays.
func (db *DB) DisableConnection(ctx context.Context, by actnow.Actor, id actnow.ConnectionID, disabled bool) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		var at any
		if disabled {
			at = db.now().Unix()
		}
		if err := touchedOne(tx.Exec(`UPDATE connections SET disabled_at = ? WHERE id = ?`, at, id)); err != nil {
			return err
		}
		return db.audit(tx, by, "connection.disable", connectionObject(id), map[string]any{"disabled": disabled})
	})
	if err != nil {
		return fmt.Errorf("disable connection %d: %w", id, err)
	}
	return nil
}

// touchedOne turns a write that touched no row into actnow.ErrNotFound.
func touchedOne(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return actnow.ErrNotFound
}

// SetBasis sets the default lawful basis of a connection in words, and records
// it with the contacts that the connection brought and that have none: neither
// their own nor an earlier default. Contacts that the CRM took the basis from
// stay without. "" takes the default back, from those contacts too, so that
// nobody is mailed because of it. It returns how many contacts changed.
func (db *DB) SetBasis(ctx context.Context, by actnow.Actor, id actnow.ConnectionID, basis string) (contacts int64, err error) {
	basis = strings.Join(strings.Fields(basis), " ")
	if utf8.RuneCountInString(basis) > 1000 {
		return 0, actnow.Invalid("crm.basis_long", "basis", "the basis must be at most %d characters long", 1000)
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		var before string
		if err := tx.QueryRow(`SELECT basis FROM connections WHERE id = ?`, id).Scan(&before); err != nil {
			return noRows(err)
		}
		now := db.now().Unix()
		_, err := tx.Exec(`UPDATE connections SET basis = ?, basis_by = ?, basis_at = ? WHERE id = ?`, basis, by.Name, now, id)
		if err != nil {
			return err
		}
		query, args := `UPDATE contacts SET consent_basis = '', basis_from = 0, updated_at = ?
			WHERE basis_from = ?`, []any{now, id}
		if basis != "" {
			query = `UPDATE contacts SET consent_basis = ?, basis_from = ?, updated_at = ?
				WHERE connection_id = ? AND consent_basis = '' AND history NOT LIKE '%"consent_basis"%'`
			args = []any{basis, id, now, id}
		}
		res, err := tx.Exec(query, args...)
		if err != nil {
			return err
		}
		if contacts, err = res.RowsAffected(); err != nil {
			return err
		}
		return db.audit(tx, by, "connection.basis", connectionObject(id), map[string]any{"before": before, "basis": basis, "contacts": contacts})
	})
	if err != nil {
		return 0, fmt.Errorf("set basis of connection %d: %w", id, err)
	}
	return contacts, nil
}

// Hook returns what is needed to receive for the connection of that name. The
// error matches actnow.ErrNotFound if there is none, if it takes no deliveries,
// or if it is disabled.
func (db *DB) Hook(ctx context.Context, name string) (crm.Hook, error) {
	var h crm.Hook
	var secret, old []byte
	var until sql.NullInt64
	err := db.readers.QueryRowContext(ctx, `SELECT id, verifier, secret, old_secret, old_secret_until FROM connections
		WHERE name = ? AND verifier <> 'file' AND disabled_at IS NULL`, name).Scan(&h.Connection, &h.Verifier, &secret, &old, &until)
	if err != nil {
		return crm.Hook{}, fmt.Errorf("hook: %w", noRows(err))
	}
	sealed := [][]byte{secret}
	if len(old) > 0 && until.Valid && db.now().Unix() < until.Int64 {
		sealed = append(sealed, old)
	}
	for _, s := range sealed {
		text, err := db.Unseal(secretName(h.Connection), s)
		if err != nil {
			return crm.Hook{}, fmt.Errorf("hook: %w", err)
		}
		key, err := crm.SecretKey(string(text))
		if err != nil {
			return crm.Hook{}, fmt.Errorf("hook: %w", err)
		}
		h.Keys = append(h.Keys, key)
	}
	return h, nil
}

const connectionSQL = `SELECT c.id, c.name, c.source, c.verifier, c.basis, c.basis_by, c.basis_at, c.old_secret_until,
		c.created_by, c.created_at, c.disabled_at,
		(SELECT count(*) FROM inbox i WHERE i.connection_id = c.id AND i.state = 'received'),
		(SELECT count(*) FROM inbox i WHERE i.connection_id = c.id AND i.state = 'done'),
		(SELECT count(*) FROM inbox i WHERE i.connection_id = c.id AND i.state = 'failed')
	FROM connections c `

// Connections returns all connections by name, with counts of their events.
func (db *DB) Connections(ctx context.Context) ([]crm.Connection, error) {
	rows, err := db.readers.QueryContext(ctx, connectionSQL+`ORDER BY c.name`)
	if err != nil {
		return nil, fmt.Errorf("connections: %w", err)
	}
	defer rows.Close()
	var list []crm.Connection
	for rows.Next() {
		c, err := db.scanConnection(rows)
		if err != nil {
			return nil, fmt.Errorf("connections: %w", err)
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// Connection returns one connection. The error matches actnow.ErrNotFound.
func (db *DB) Connection(ctx context.Context, id actnow.ConnectionID) (crm.Connection, error) {
	c, err := db.scanConnection(db.readers.QueryRowContext(ctx, connectionSQL+`WHERE c.id = ?`, id))
	if err != nil {
		return c, fmt.Errorf("connection %d: %w", id, noRows(err))
	}
	return c, nil
}

// ConnectionByName is Connection by its name.
func (db *DB) ConnectionByName(ctx context.Context, name string) (crm.Connection, error) {
	c, err := db.scanConnection(db.readers.QueryRowContext(ctx, connectionSQL+`WHERE c.name = ?`, name))
	if err != nil {
		return c, fmt.Errorf("connection %q: %w", name, noRows(err))
	}
	return c, nil
}

func (db *DB) scanConnection(row interface{ Scan(...any) error }) (crm.Connection, error) {
	var c crm.Connection
	var basisAt, until, disabled sql.NullInt64
	var created int64
	err := row.Scan(&c.ID, &c.Name, &c.Source, &c.Verifier, &c.Basis, &c.BasisBy, &basisAt, &until, &c.CreatedBy, &created, &disabled,
		&c.Received, &c.Done, &c.Failed)
	if err != nil {
		return crm.Connection{}, err
	}
	c.CreatedAt, c.BasisAt, c.DisabledAt = time.Unix(created, 0).UTC(), timeOrZero(basisAt), timeOrZero(disabled)
	if t := timeOrZero(until); t.After(db.now()) {
		c.OldSecretUntil = t
	}
	return c, nil
}
