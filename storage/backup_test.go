package storage_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"actnow"
	"actnow/storage"
	"actnow/storage/storagetest"
)

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	open := func() *storage.DB {
		t.Helper()
		db, err := storage.Open(t.Context(), storage.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open()
	storagetest.Exec(t, db, people)
	storagetest.Exec(t, db, `
		INSERT INTO packs (id, name, revision, sha256, languages, manifest, created_at) VALUES (1, 'p', 1, 'x', '[]', '{}', 0);
		INSERT INTO cohorts (id, name, kind, created_at, updated_at) VALUES (1, 'c', 'filter', 0, 0);
		INSERT INTO campaigns (id, name, pack_id, cohort_id, state, created_at) VALUES (1, 'Azure', 1, 1, 'sending', 0)`)
	sealed, err := db.Seal("hook:1", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "backup.db")
	info, err := db.Backup(t.Context(), file)
	if err != nil || info.Customers != 4 || info.Contacts != 3 || info.Campaigns != 1 {
		t.Fatalf("Backup = %+v, %v", info, err)
	}
	if _, err := db.Backup(t.Context(), file); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("a second backup of the same name = %v, want ErrInvalid", err)
	}
	if _, _, err := storage.Restore(t.Context(), dir, file, storagetest.Now); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("restore under a running daemon = %v, want ErrConflict", err)
	}
	storagetest.Exec(t, db, `DELETE FROM match_candidates; DELETE FROM matches; DELETE FROM contacts`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	_, kept, err := storage.Restore(t.Context(), dir, file, storagetest.Now)
	if err != nil {
		t.Fatal(err)
	}
	if before, err := storage.InspectBackup(t.Context(), kept); err != nil || before.Contacts != 0 {
		t.Errorf("what was there before: %+v, %v; want it kept, without contacts", before, err)
	}
	db = open()
	defer db.Close()
	d, err := db.Customer(t.Context(), actnow.Everything, 1)
	if err != nil || len(d.Contacts) != 2 {
		t.Errorf("after the restore customer 1 has %d contacts, %v; want 2", len(d.Contacts), err)
	}
	if got, err := db.Unseal("hook:1", sealed); err != nil || string(got) != "secret" {
		t.Errorf("a secret after the restore: %q, %v", got, err)
	}
	raw := storagetest.Raw(t, db)
	defer raw.Close()
	var state string
	if err := raw.QueryRow(`SELECT state FROM campaigns`).Scan(&state); err != nil || state != "paused" {
		t.Errorf("a campaign that was sending is %s after the restore (%v), want paused", state, err)
	}
}

func TestRestoreRefusesWhatIsNoBackup(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(file, []byte("not a database, but long enough to be taken for one by its name alone"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	for _, f := range []string{file, filepath.Join(t.TempDir(), "none.db")} {
		if _, _, err := storage.Restore(t.Context(), dir, f, storagetest.Now); !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("Restore(%s) = %v, want ErrInvalid", f, err)
		}
	}
}
