package storage_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/reports"
	"actnow/storage/storagetest"
)

func TestColumnMappings(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	by := actnow.Actor{Name: "Elin"}
	if err := db.MapColumns(t.Context(), by, map[string]string{"Staff count": "org_size", "Odd": "nonsense"}); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("a field that is none: %v", err)
	}
	if list, err := db.ColumnMappings(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("after a refusal %+v, %v are kept", list, err)
	}
	for _, field := range []string{"org_size", reports.KeepOnly} {
		if err := db.MapColumns(t.Context(), by, map[string]string{"Staff count": field}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := db.ColumnMappings(t.Context())
	want := []reports.MappedColumn{{Key: "staffcount", Header: "Staff count", Field: reports.KeepOnly, By: "Elin", At: storagetest.Now.Unix()}}
	if diff := cmp.Diff(want, list); diff != "" || err != nil {
		t.Errorf("mappings (-want +got), %v:\n%s", err, diff)
	}
	if err := db.ForgetColumn(t.Context(), by, "staff_count"); err != nil {
		t.Error(err)
	}
	if err := db.ForgetColumn(t.Context(), by, "staff_count"); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("forgotten twice: %v", err)
	}
}

// A file that comes again with its columns read otherwise is read anew, and
// everything is as if it had been read so at once.
func TestImportReadsAnewWhatWasMapped(t *testing.T) {
	t.Parallel()
	const content = "GlobalID,CustomerID,AccountName,Staff,AzureCluster,Idea\n1,7,Åkes,120,Act Now,Yes\n2,8,Bro,12,Educate,No\n"
	said := reports.Mapping{"staff": "org_size", "globalid": reports.KeepOnly}
	db, want := storagetest.Open(t), storagetest.Open(t)
	first := mustImport(t, db, "azure.csv", content, reports.Options{})
	again := mustImport(t, db, "azure.csv", content, reports.Options{Map: said})
	if again.AlreadyImported || again.Snapshot == first.Snapshot || again.Revision != first.Revision || again.Rows != 2 {
		t.Errorf("read anew = %+v, want an import with the new reading in the place of the first", again)
	}
	if _, err := db.Snapshot(t.Context(), actnow.Everything, first.Snapshot); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("the first reading: %v, want it gone", err)
	}
	if third := mustImport(t, db, "azure.csv", content, reports.Options{Map: said}); !third.AlreadyImported {
		t.Errorf("and once more = %+v, want nothing to change", third)
	}
	mustImport(t, want, "azure.csv", content, reports.Options{Map: said})
	// Locations that nothing names any more stay, as they do after a revision.
	storagetest.Exec(t, db, `DELETE FROM locations WHERE global_id <> ''`)
	if diff := cmp.Diff(visible(t, want), visible(t, db)); diff != "" {
		t.Errorf("(-read so at once +read anew):\n%s", diff)
	}
	if _, err := db.UndoSnapshot(t.Context(), actnow.System, again.Snapshot, nil); err != nil {
		t.Fatal(err)
	}
	if n := one[int](t, db, `SELECT (SELECT count(*) FROM customers) + (SELECT count(*) FROM standings) + (SELECT count(*) FROM cohort_columns)`); n != 0 {
		t.Errorf("after the undo %d rows are left", n)
	}
	if _, err := db.RedoSnapshot(t.Context(), actnow.System, again.Snapshot, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(visible(t, want), visible(t, db)); diff != "" {
		t.Errorf("brought back (-read so at once +now):\n%s", diff)
	}
}
