package storage

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date: each file once, in the order of its
// number, each in a transaction of its own. A database that is newer than the
// program is refused.
func migrate(ctx context.Context, w *sql.DB, now func() time.Time) error {
	if _, err := w.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migrations (
		number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT`); err != nil {
		return fmt.Errorf("migrations table: %w", err)
	}
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	known := map[int]bool{}
	for _, f := range files { // Glob sorts, and numbers have four digits
		name := strings.TrimSuffix(strings.TrimPrefix(f, "migrations/"), ".sql")
		number, err := strconv.Atoi(strings.SplitN(name, "_", 2)[0])
		if err != nil {
			return fmt.Errorf("migration %s has no number", name)
		}
		known[number] = true
		if err := applyMigration(ctx, w, number, name, f, now); err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
	}
	var newest sql.NullInt64
	if err := w.QueryRowContext(ctx, `SELECT max(number) FROM migrations`).Scan(&newest); err != nil {
		return err
	}
	if newest.Valid && !known[int(newest.Int64)] {
		return fmt.Errorf("the data is of a newer version of Act Now (schema %d): use that version, or restore an older backup", newest.Int64)
	}
	return nil
}

func applyMigration(ctx context.Context, w *sql.DB, number int, name, file string, now func() time.Time) error {
	script, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	tx, err := w.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var n int
	if err := tx.QueryRow(`SELECT count(*) FROM migrations WHERE number = ?`, number).Scan(&n); err != nil || n > 0 {
		return err
	}
	if _, err := tx.Exec(string(script)); err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO migrations (number, name, applied_at) VALUES (?, ?, ?)`, number, name, now().Unix()); err != nil {
		return err
	}
	return tx.Commit()
}
