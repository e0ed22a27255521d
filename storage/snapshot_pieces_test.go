package storage_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/reports"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// openIn opens the store in a folder, for the first time or again.
func openIn(t *testing.T, dir string) *storage.DB {
	t.Helper()
	db, err := storage.Open(t.Context(), storage.Options{Dir: dir, Now: func() time.Time { return storagetest.Now }})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// errTold ends an import from within its progress.
var errTold = errors.New("told to end")

// importUntil imports a file whose publication is far along when end is called.
func importUntil(t *testing.T, ctx context.Context, db *storage.DB, f madeUp, part float64, end func()) (err error) {
	t.Helper()
	defer func() {
		if r := recover(); r == errTold {
			err = errTold
		} else if r != nil {
			panic(r)
		}
	}()
	published := false
	_, err = importer(t, db).Import(ctx, f.name, strings.NewReader(f.content), f.opt, func(done, total int64) {
		if !published && float64(done) >= part*float64(total) {
			published = true
			end()
		}
	})
	return err
}

// However far the publication of an import has come, whoever cancels it, and whatever
// crashes, leaves what was before, at the latest when the store is opened again or
// another import comes; and the same file can be imported afterwards, with the outcome
// it would have had.
func TestInterruptedImportLeavesWhatWasBefore(t *testing.T) {
	t.Parallel()
	for seed := range uint64(24) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 3))
			dir := filepath.Join(t.TempDir(), "data")
			db := openIn(t, dir)
			defer func() { _ = db.Close() }()
			want := storagetest.Open(t)
			var files []madeUp
			for range 1 + r.IntN(3) {
				f := makeUpOf(r, false, 150, 200)
				mustImport(t, db, f.name, f.content, f.opt)
				mustImport(t, want, f.name, f.content, f.opt)
				files = append(files, f)
			}
			f := makeUpOf(r, false, 200, 250)
			switch r.IntN(3) {
			case 0: // content that was there before and another followed
				f = files[0]
			case 1: // content that was taken back
				taken := mustImport(t, db, f.name, f.content, f.opt)
				mustImport(t, want, f.name, f.content, f.opt)
				for _, db := range []*storage.DB{db, want} {
					if _, err := db.UndoSnapshot(t.Context(), actnow.System, taken.Snapshot, nil); err != nil {
						t.Fatal(err)
					}
				}
			}
			storagetest.Exec(t, db, `INSERT INTO match_decisions (customer_key, account_key, verdict, decided_at) SELECT key, 'crm:A-' || id, 'yes', 1 FROM customers ORDER BY id`)
			storagetest.Exec(t, want, `INSERT INTO match_decisions (customer_key, account_key, verdict, decided_at) SELECT key, 'crm:A-' || id, 'yes', 1 FROM customers ORDER BY id`)
			before, imports := visible(t, db), one[int](t, db, `SELECT count(*) FROM snapshots WHERE state = 'published'`)
			for _, crash := range []bool{false, true} {
				part := 0.625 + r.Float64()*0.37
				ctx, cancel := context.WithCancel(t.Context())
				ended := importUntil(t, ctx, db, f, part, func() {
					if crash {
						panic(errTold)
					}
					cancel()
				})
				cancel()
				if crash && ended == errTold && seed%3 == 0 {
					continue // the next import puts it right
				}
				if crash && ended == errTold {
					if err := db.Close(); err != nil {
						t.Fatal(err)
					}
					db = openIn(t, dir)
				}
				if ended == nil {
					return // it was in force already, or ended before it could be ended
				}
				if ended != errTold && !errors.Is(ended, context.Canceled) {
					t.Fatal(ended)
				}
				if diff := cmp.Diff(before, visible(t, db)); diff != "" {
					t.Fatalf("crash %v at %.2f (-before +now):\n%s", crash, part, diff)
				}
				sound(t, db)
				if n := one[int](t, db, `SELECT count(*) FROM snapshots WHERE state = 'published'`); n != imports {
					t.Errorf("%d imports are there, want %d", n, imports)
				}
				if left, err := os.ReadDir(filepath.Join(dir, "staging")); err != nil || len(left) != 0 && !crash {
					t.Errorf("staging holds %v, %v; want nothing", left, err)
				}
			}
			mustImport(t, db, f.name, f.content, f.opt)
			mustImport(t, want, f.name, f.content, f.opt)
			if diff := cmp.Diff(visible(t, want), visible(t, db)); diff != "" {
				t.Errorf("imported at last (-without interruption +with):\n%s", diff)
			}
			sound(t, db)
		})
	}
}

// An undo that a crash ends comes to its end when the store is opened again, and the
// import can be brought back.
func TestInterruptedUndoComesToAnEnd(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 4))
			dir := filepath.Join(t.TempDir(), "data")
			db := openIn(t, dir)
			defer func() { _ = db.Close() }()
			want := storagetest.Open(t)
			var taken actnow.SnapshotID
			for range 1 + r.IntN(3) {
				f := makeUpOf(r, false, 150, 200)
				mustImport(t, db, f.name, f.content, f.opt)
				taken = mustImport(t, want, f.name, f.content, f.opt).Snapshot
			}
			imported := visible(t, db)
			if _, err := want.UndoSnapshot(t.Context(), actnow.System, taken, nil); err != nil {
				t.Fatal(err)
			}
			part, crashed := 0.5+r.Float64()*0.5, false
			var err error
			func() {
				defer func() { crashed = recover() == errTold }()
				_, err = db.UndoSnapshot(t.Context(), actnow.System, taken, func(done, total int64) {
					if float64(done) >= part*float64(total) {
						panic(errTold)
					}
				})
			}()
			if !crashed {
				t.Fatalf("the undo did not crash at %.2f: %v", part, err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = openIn(t, dir)
			if diff := cmp.Diff(visible(t, want), visible(t, db)); diff != "" {
				t.Fatalf("crash at %.2f (-undone +undone after a crash):\n%s", part, diff)
			}
			sound(t, db)
			if _, err := db.RedoSnapshot(t.Context(), actnow.System, taken, nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(imported, visible(t, db)); diff != "" {
				t.Errorf("brought back (-import +redo):\n%s", diff)
			}
			sound(t, db)
		})
	}
}

// sound checks that no row names one that is not there.
func sound(t *testing.T, db *storage.DB) {
	t.Helper()
	if n := one[int](t, db, `SELECT count(*) FROM pragma_foreign_key_check`); n != 0 {
		t.Errorf("%d rows name others that are not there", n)
	}
}

// Others write between the pieces of an import, and progress never goes back.
func TestOthersWriteDuringImport(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	var written, calls int
	var last float64
	_, err := importer(t, db).Import(t.Context(), "azure.csv", strings.NewReader(wideReport(1000)), reports.Options{}, func(done, total int64) {
		if part := float64(done) / float64(total); part < last || part > 1 {
			t.Errorf("progress went from %.3f to %.3f", last, part)
		} else {
			last = part
		}
		calls++
		if err := db.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		if last > 0.625 && last < 1 {
			written++
			if w, err := db.Waiting(t.Context(), actnow.Everything); err != nil || w.Importing != "2026-11" {
				t.Errorf("meanwhile %+v waits, %v; want the import told", w, err)
			}
		}
	})
	if err != nil || last != 1 {
		t.Errorf("import ended at %.3f: %v", last, err)
	}
	if written < 5 {
		t.Errorf("others wrote %d times while 1,000 customers were published, want at least 5", written)
	}
	if w, err := db.Waiting(t.Context(), actnow.Everything); err != nil || w.Importing != "" {
		t.Errorf("afterwards %+v waits, %v", w, err)
	}
}
