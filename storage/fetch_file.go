package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

// FetchedInUse returns the names of fetched files that current snapshots were made
// of.
func (db *DB) FetchedInUse(ctx context.Context) (map[string]bool, error) {
	names := map[string]bool{}
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT f.file FROM fetches f JOIN snapshots s ON s.sha256 = f.sha256 WHERE f.file <> '' AND s.current = 1`, nil, func(rows *sql.Rows) error {
			var name string
			err := rows.Scan(&name)
			names[name] = true
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("fetched files in use: %w", err)
	}
	return names, nil
}

// ForgetFetched notes that the fetched files of these names are no longer kept.
func (db *DB) ForgetFetched(ctx context.Context, names []string) error {
	list, err := json.Marshal(names)
	if err != nil {
		return err
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE fetches SET file = '' WHERE file IN (SELECT value FROM `+jsonEach+`)`, string(list))
		return err
	})
	if err != nil {
		return fmt.Errorf("forget fetched files: %w", err)
	}
	return nil
}
