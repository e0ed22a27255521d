// Package storagetest opens stores on disk for tests.
package storagetest

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"actnow/storage"
)

// Now is the clock of a store that Open made: Thursday 26 November 2026, 09:00
// UTC, the day after the reports came.
var Now = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

// Open opens an empty store in a folder of the test, runs each seed of SQL on
// it, and closes it with the test.
func Open(t testing.TB, seeds ...string) *storage.DB {
	t.Helper()
	return OpenAt(t, filepath.Join(t.TempDir(), "data"), func() time.Time { return Now }, seeds...)
}

// OpenAt is Open in a given folder, with a given clock.
func OpenAt(t testing.TB, dir string, now func() time.Time, seeds ...string) *storage.DB {
	t.Helper()
	db, err := storage.Open(t.Context(), storage.Options{Dir: dir, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	for _, s := range seeds {
		Exec(t, db, s)
	}
	return db
}

// Exec runs SQL on the store's file over a connection of its own, and says that
// everything has changed: the store does not see by itself what another connection
// does.
func Exec(t testing.TB, db *storage.DB, script string, args ...any) {
	t.Helper()
	raw := Raw(t, db)
	defer raw.Close()
	if _, err := raw.Exec(script, args...); err != nil {
		t.Fatalf("seed: %v", err)
	}
	if _, err := raw.Exec(`UPDATE changes SET count = count + 1`); err != nil {
		t.Fatalf("seed: %v", err)
	}
}

// Raw opens a connection of its own to the store's file, for looking behind the
// exported methods.
func Raw(t testing.TB, db *storage.DB) *sql.DB {
	t.Helper()
	raw, err := sql.Open("actnow-sqlite", storage.RawDSN(db.Path()))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
