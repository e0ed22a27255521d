package storage_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"actnow/reports"
	"actnow/storage/storagetest"
)

// An import that is cancelled once all is read, before it is published, leaves
// nothing behind, and the same file can be imported afterwards.
func TestImportCancelled(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	content := azureHeader + "100,Oslo,7,Åkes,akes.example,120,,Lund,Sweden,,Yes,Act Now,88,79,1000-5000,Yes\n"
	ctx, cancel := context.WithCancel(t.Context())
	im := importer(t, db)
	_, err := im.Import(ctx, "azure.csv", strings.NewReader(content), reports.Options{}, func(done, total int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v, want context.Canceled", err)
	}
	for _, table := range []string{"snapshots", "snapshot_rows", "customers", "customer_keys", "locations", "propensities", "standings"} {
		if n := one[int](t, db, `SELECT count(*) FROM `+table); n != 0 {
			t.Errorf("%s has %d rows, want none", table, n)
		}
	}
	for _, dir := range []string{filepath.Join(db.Dir(), "staging"), im.Dir} {
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("%s holds %v, %v; want nothing", dir, left, err)
		}
	}
	if res := mustImport(t, db, "azure.csv", content, reports.Options{}); res.AlreadyImported || res.New != 1 {
		t.Errorf("afterwards: %+v, want one new row", res)
	}
}
