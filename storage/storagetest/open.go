// Package storagetest opens stores on disk for tests.
package storagetest

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
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

// OpenAt is Open in a given folder, with a given clock. A store that is there already
// is opened as it is.
func OpenAt(t testing.TB, dir string, now func() time.Time, seeds ...string) *storage.DB {
	t.Helper()
	if err := makeStore(dir); err != nil {
		t.Fatal(err)
	}
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

// empty is the file of a store in which nothing has happened. Its schema is made once:
// that takes longer than most tests.
var empty = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "actnow-storagetest-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := storage.Open(context.Background(), storage.Options{Dir: filepath.Join(dir, "data"), Now: func() time.Time { return Now }})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil { // which folds the log into the file
		return nil, err
	}
	return os.ReadFile(db.Path())
})

// makeStore writes the empty store into dir, unless there is one.
func makeStore(dir string) error {
	file, err := empty()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "actnow.db")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(path, file, 0o600))
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
