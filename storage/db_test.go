package storage_test

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"actnow"
	"actnow/storage"
	"actnow/storage/storagetest"
)

func TestOpenRefusesSecondProcess(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	_, err := storage.Open(t.Context(), storage.Options{Dir: db.Dir()})
	var locked *storage.LockedError
	if !errors.As(err, &locked) || locked.PID == "" {
		t.Fatalf("second Open = %v, want a LockedError that names the process", err)
	}
	if !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("second Open = %v, want it to match ErrConflict", err)
	}
}

func TestSettingSurvivesReopen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	open := func() *storage.DB {
		db, err := storage.Open(t.Context(), storage.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open()
	if err := db.SaveSetting(t.Context(), actnow.System, "zone", "Europe/Stockholm"); err != nil {
		t.Fatal(err)
	}
	sealed, err := db.Seal("hook:1", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	db = open()
	defer db.Close()
	var zone string
	if err := db.Setting(t.Context(), "zone", &zone); err != nil || zone != "Europe/Stockholm" {
		t.Errorf("Setting(zone) = %q, %v", zone, err)
	}
	if err := db.Setting(t.Context(), "none", &zone); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("Setting(none) = %v, want ErrNotFound", err)
	}
	if got, err := db.Unseal("hook:1", sealed); err != nil || string(got) != "secret" {
		t.Errorf("Unseal = %q, %v", got, err)
	}
	if _, err := db.Unseal("hook:2", sealed); err == nil {
		t.Error("a secret opened under another name")
	}
}

func TestManyCallersShareTheWriter(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	const callers, writes = 64, 20
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range writes {
				if err := db.SaveSetting(t.Context(), actnow.System, "n", 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	raw := storagetest.Raw(t, db)
	defer raw.Close()
	var n int
	if err := raw.QueryRow(`SELECT count(*) FROM audit WHERE action = 'setting.save'`).Scan(&n); err != nil || n != callers*writes {
		t.Errorf("%d writes are on disk (%v), want %d", n, err, callers*writes)
	}
}

func TestSchemaRefusesUnknownStates(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	raw := storagetest.Raw(t, db)
	defer raw.Close()
	_, err := raw.Exec(`INSERT INTO users (email, name, role, created_at) VALUES ('a@b.example', 'A', 'king', 0)`)
	if err == nil || !strings.Contains(err.Error(), "CHECK") {
		t.Errorf("insert of an unknown role = %v, want a CHECK to fail", err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	db, err := storage.Open(t.Context(), storage.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	storagetest.Exec(t, db, `INSERT INTO migrations VALUES (9999, '9999_future', 0)`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err := storage.Open(t.Context(), storage.Options{Dir: dir, Now: time.Now}); err == nil {
		db.Close()
		t.Error("a database of a newer version was opened")
	} else if !strings.Contains(err.Error(), "newer version") {
		t.Errorf("Open = %v, want a sentence about the newer version", err)
	}
}
