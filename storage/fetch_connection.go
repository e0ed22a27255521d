package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"actnow"
	"actnow/reports/insights"
)

// Names under which the secrets of fetching are sealed.
const (
	fetchSecretName = "fetching:secret"
	fetchTokenName  = "fetching:token"
	fetchingObject  = "setting:fetching"
)

// FetchConnection returns how reports are fetched. The error matches
// actnow.ErrNotFound if nobody has said so yet.
func (db *DB) FetchConnection(ctx context.Context) (insights.Connection, error) {
	var c insights.Connection
	var at sql.NullInt64
	err := db.readers.QueryRowContext(ctx, `SELECT tenant, client_id, secret IS NOT NULL, days, token IS NOT NULL, connected_by, connected_at FROM fetch_connection`).
		Scan(&c.Tenant, &c.ClientID, &c.HasSecret, &c.Days, &c.Connected, &c.ConnectedBy, &at)
	if err != nil {
		return c, fmt.Errorf("fetching: %w", noRows(err))
	}
	if at.Valid {
		c.ConnectedAt = time.Unix(at.Int64, 0).UTC()
	}
	return c, nil
}

// SaveFetchConnection keeps the app registration by which reports are fetched.
// Another tenant or app ends the consent, which was not for it. The error
// matches actnow.ErrInvalid.
func (db *DB) SaveFetchConnection(ctx context.Context, by actnow.Actor, r insights.Registration) error {
	if err := r.Check(); err != nil {
		return err
	}
	var sealed []byte
	if r.Secret != nil && *r.Secret != "" {
		var err error
		if sealed, err = db.Seal(fetchSecretName, []byte(*r.Secret)); err != nil {
			return err
		}
	}
	return db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO fetch_connection (id, tenant, client_id, secret, days) VALUES (1, ?1, ?2, ?3, ?4)
			ON CONFLICT (id) DO UPDATE SET
				token        = CASE WHEN tenant = ?1 AND client_id = ?2 THEN token END,
				connected_at = CASE WHEN tenant = ?1 AND client_id = ?2 THEN connected_at END,
				connected_by = CASE WHEN tenant = ?1 AND client_id = ?2 THEN connected_by ELSE '' END,
				secret       = CASE WHEN ?5 THEN secret ELSE ?3 END,
				tenant = ?1, client_id = ?2, days = ?4`,
			r.Tenant, r.ClientID, sealed, r.Days, r.Secret == nil)
		if err != nil {
			return err
		}
		return db.audit(tx, by, "fetching.save", fetchingObject, map[string]any{"tenant": r.Tenant, "client_id": r.ClientID, "days": r.Days, "secret": r.Secret != nil})
	})
}

// FetchSecret returns the client secret of the app registration, "" without one.
func (db *DB) FetchSecret(ctx context.Context) (string, error) {
	return db.fetchSealed(ctx, "secret", fetchSecretName)
}

// RefreshToken returns the consent by which reports are fetched. The error
// matches actnow.ErrNotFound if nobody has signed in.
func (db *DB) RefreshToken(ctx context.Context) (string, error) {
	token, err := db.fetchSealed(ctx, "token", fetchTokenName)
	if err == nil && token == "" {
		err = actnow.ErrNotFound
	}
	return token, err
}

func (db *DB) fetchSealed(ctx context.Context, column, name string) (string, error) {
	var sealed []byte
	if err := db.readers.QueryRowContext(ctx, `SELECT `+column+` FROM fetch_connection`).Scan(&sealed); err != nil {
		return "", fmt.Errorf("%s: %w", name, noRows(err))
	}
	if sealed == nil {
		return "", nil
	}
	plain, err := db.Unseal(name, sealed)
	return string(plain), err
}

// SaveRefreshToken keeps a new consent in place of the one before, sealed. The
// error matches actnow.ErrNotFound if the app registration is gone.
func (db *DB) SaveRefreshToken(ctx context.Context, token string) error {
	sealed, err := db.Seal(fetchTokenName, []byte(token))
	if err != nil {
		return err
	}
	return db.write(ctx, func(tx *sql.Tx) error {
		return touchedOne(tx.Exec(`UPDATE fetch_connection SET token = ?`, sealed))
	})
}

// NoteFetchConnected records who signed in.
func (db *DB) NoteFetchConnected(ctx context.Context, by actnow.Actor) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		if err := touchedOne(tx.Exec(`UPDATE fetch_connection SET connected_by = ?, connected_at = ?`, by.Name, db.now().Unix())); err != nil {
			return err
		}
		return db.audit(tx, by, "fetching.connect", fetchingObject, map[string]any{})
	})
}

// DisconnectFetching forgets the consent. The app registration stays.
func (db *DB) DisconnectFetching(ctx context.Context, by actnow.Actor) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		if err := touchedOne(tx.Exec(`UPDATE fetch_connection SET token = NULL, connected_by = '', connected_at = NULL`)); err != nil {
			return err
		}
		return db.audit(tx, by, "fetching.disconnect", fetchingObject, map[string]any{})
	})
}
