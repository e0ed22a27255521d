package storage

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// stagingMark tells a staging file's connection from the others.
const stagingMark = "staging"

// stagePragmas make the attached file as quick to write as it is by itself: what a
// publication notes on its way goes there too, so that memory does not grow.
const stagePragmas = "PRAGMA stage.journal_mode = OFF; PRAGMA stage.synchronous = OFF; PRAGMA stage.cache_size = -8192; "

// Staging is a database file of its own in which an import gathers its rows, so
// that live traffic does not feel it. It need not survive a crash: what is left
// over is removed at the next start.
type Staging struct {
	DB   *sql.DB // its own tables are made by the import
	path string
}

// stage makes an empty staging file with the given schema.
func (db *DB) stage(ctx context.Context, schema string) (*Staging, error) {
	f, err := os.CreateTemp(stagingDir(db.dir), "*.db")
	if err != nil {
		return nil, fmt.Errorf("make staging file: %w", err)
	}
	path := f.Name()
	if err := f.Close(); err != nil {
		return nil, err
	}
	s := &Staging{path: path}
	s.DB, err = sql.Open(driverName, "file:"+(&url.URL{Path: path}).EscapedPath()+
		"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=locking_mode(NORMAL)&_pragma=cache_size(-8192)&_txlock=immediate")
	if err == nil {
		s.DB.SetMaxOpenConns(1)
		_, err = s.DB.ExecContext(ctx, schema)
	}
	if err != nil {
		s.Discard()
		return nil, fmt.Errorf("make staging tables: %w", err)
	}
	return s, nil
}

// attachStore lets the staging file's connection read the store, as schema "store".
func (s *Staging) attachStore(ctx context.Context, db *DB) error {
	store := "file:" + (&url.URL{Path: db.Path()}).EscapedPath() + "?mode=ro"
	if _, err := s.DB.ExecContext(ctx, `ATTACH DATABASE ? AS store`, store); err != nil {
		return fmt.Errorf("attach store: %w", err)
	}
	return nil
}

// close gives the memory of the connection back; the file stays to be attached.
func (s *Staging) close() {
	if s.DB != nil {
		s.DB.Close()
		s.DB = nil
	}
}

// Discard closes and removes the file. It may be called again.
func (s *Staging) Discard() error {
	s.close()
	if err := os.Remove(s.path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

func stagingDir(dir string) string { return filepath.Join(dir, stagingMark) }

// clearStaging makes the folder and removes what a crash left in it.
func clearStaging(dir string) error {
	if err := os.RemoveAll(stagingDir(dir)); err != nil {
		return err
	}
	return os.MkdirAll(stagingDir(dir), 0o700)
}
