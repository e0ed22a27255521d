package storage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow/reports"
	"actnow/storage/storagetest"
)

func TestWatchedFiles(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t)
	stuck := reports.Watched{Name: "stuck.csv", Size: 7, Modified: time.Unix(0, 1234567891).UTC(), State: reports.WatchedDone,
		Sentences: []reports.Notice{reports.NewNotice("watch.stuck", "done", "full")}, At: storagetest.Now}
	if err := db.KeepWatched(t.Context(), stuck); err != nil {
		t.Fatal(err)
	}
	for i := range 210 {
		w := reports.Watched{Name: fmt.Sprintf("f%d\xff.csv", i), State: reports.WatchedFailed, Moved: true, At: storagetest.Now, Modified: storagetest.Now}
		if err := db.KeepWatched(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	list, err := db.WatchedFiles(t.Context(), 500)
	if err != nil || len(list) != 201 || list[0].Name != "f209\uFFFD.csv" {
		t.Errorf("%d files, the newest %+v, %v; want the last 200 and the one that is stuck", len(list), list[0], err)
	}
	left, err := db.StuckFiles(t.Context())
	if diff := cmp.Diff([]reports.Watched{stuck}, left); diff != "" || err != nil {
		t.Errorf("stuck files (-want +got), %v:\n%s", err, diff)
	}
	stuck.Moved = true
	if err := db.KeepWatched(t.Context(), stuck); err != nil {
		t.Fatal(err)
	}
	if left, err := db.StuckFiles(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("after it was moved %+v, %v are stuck", left, err)
	}
}
