package storage_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"actnow"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// elin is a marketer who sees everything.
const elin = `INSERT INTO users (id, email, name, role, all_locations, language, created_at) VALUES (7, 'elin@partner.example', 'Elin', 'marketer', 1, 'sv', 0);`

var byElin = actnow.Actor{User: 7, Name: "Elin"}

func mustSaveDownload(t *testing.T, db *storage.DB, d actnow.Download) actnow.DownloadID {
	t.Helper()
	id, err := db.SaveDownload(t.Context(), byElin, d)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func swedes() actnow.Download {
	return actnow.Download{Name: " Swedes ", Format: "csv", Owner: 7, Scope: actnow.Everything,
		Query: actnow.SheetQuery{Source: actnow.CustomersSource, Where: `country = "Sweden"`, Language: "sv"}}
}

func TestDownloadsAreKept(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people, elin)
	d := swedes()
	d.Line, d.Zone = "0 6 26 * *", "Europe/Stockholm"
	id := mustSaveDownload(t, db, d)
	got, err := db.Download(t.Context(), 7, id)
	if err != nil || got.Name != "Swedes" || got.Line != d.Line || got.Query.Where != d.Query.Where || got.Query.Language != "sv" || got.Owner != 7 || !got.Scope.Covers(actnow.Everything) || got.Newest != nil {
		t.Fatalf("kept as %+v, %v", got, err)
	}
	if _, err := db.Download(t.Context(), 8, id); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("somebody else's: %v", err)
	}
	if all, err := db.Downloads(t.Context(), 0); len(all) != 1 || err != nil {
		t.Errorf("everybody's: %d, %v", len(all), err)
	}

	f, err := db.StartDownloadFile(t.Context(), byElin, id, actnow.Everything, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	f.Rows, f.Bytes = 2, 99
	if err := errors.Join(db.FinishDownloadFile(t.Context(), byElin, f), db.FinishJob(t.Context(), f.Job, f, nil)); err != nil {
		t.Fatal(err)
	}
	got.Format, got.Line, got.Name = "xlsx", "", "Sverige"
	mustSaveDownload(t, db, got)
	got, err = db.Download(t.Context(), 0, id)
	if err != nil || got.Name != "Sverige" || got.Line != "" || got.Newest == nil || got.Newest.State != actnow.JobDone || got.Newest.Format != "csv" || got.Newest.Rows != 2 || got.Newest.Bytes != 99 {
		t.Errorf("after a change: %+v with the file %+v, %v", got, got.Newest, err)
	}
}

func TestDownloadsAreRefused(t *testing.T) {
	t.Parallel()
	db := storagetest.Open(t, people, elin)
	for name, change := range map[string]func(*actnow.Download){
		"no name":     func(d *actnow.Download) { d.Name = "  " },
		"format":      func(d *actnow.Download) { d.Format = "pdf" },
		"source":      func(d *actnow.Download) { d.Query.Source = "weather" },
		"filter":      func(d *actnow.Download) { d.Query.Where = "colour = red" },
		"column":      func(d *actnow.Download) { d.Query.Columns = []string{"colour"} },
		"order":       func(d *actnow.Download) { d.Query.Sort = "colour" },
		"cron":        func(d *actnow.Download) { d.Line, d.Zone = "often", "UTC" },
		"zone":        func(d *actnow.Download) { d.Line, d.Zone = "0 6 * * *", "Mars/Base" },
		"money alike": func(d *actnow.Download) { d.Scope.Revenue, d.Query.Where = false, "revenue_low > 5" },
	} {
		d := swedes()
		change(&d)
		if _, err := db.SaveDownload(t.Context(), byElin, d); !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("%s: %v, want an input error", name, err)
		}
	}
	d := swedes()
	d.Scope.Export = false
	if _, err := db.SaveDownload(t.Context(), byElin, d); !errors.Is(err, actnow.ErrForbidden) {
		t.Errorf("without the right to export: %v", err)
	}
	if all, err := db.Downloads(t.Context(), 0); len(all) != 0 || err != nil {
		t.Errorf("something was kept: %+v, %v", all, err)
	}
}

func TestDownloadsAreDeletedAndPruned(t *testing.T) {
	t.Parallel()
	clock := &clock{storagetest.Now}
	db := storagetest.OpenAt(t, t.TempDir()+"/data", clock.now, people, elin)
	scheduled, once := swedes(), swedes()
	scheduled.Line, scheduled.Zone = "0 6 26 * *", "UTC"
	ids := []actnow.DownloadID{mustSaveDownload(t, db, scheduled), mustSaveDownload(t, db, once)}
	var files []actnow.DownloadFile
	for i, id := range ids {
		f, err := db.StartDownloadFile(t.Context(), byElin, id, actnow.Everything, time.Duration(i+1)*48*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.FinishJob(t.Context(), f.Job, f, nil); err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	clock.t = clock.t.Add(time.Minute)
	for _, id := range ids {
		if err := db.DeleteDownload(t.Context(), byElin, 8, id); !errors.Is(err, actnow.ErrNotFound) {
			t.Errorf("deleted by somebody else: %v", err)
		}
		if err := db.DeleteDownload(t.Context(), byElin, 7, id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.StartDownloadFile(t.Context(), byElin, ids[0], actnow.Everything, time.Hour); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("written though deleted: %v", err)
	}
	for i, want := range []string{"0 6 26 * *", ""} {
		if err := db.RestoreDownload(t.Context(), byElin, 7, ids[i]); err != nil {
			t.Fatal(err)
		}
		if d, err := db.Download(t.Context(), 7, ids[i]); err != nil || d.Line != want {
			t.Errorf("brought back with the times %q, %v, want %q", d.Line, err, want)
		}
	}

	kept := func() []actnow.DownloadFileID {
		t.Helper()
		list, err := db.PruneDownloads(t.Context(), clock.t.Add(-24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		var have []actnow.DownloadFileID
		for _, f := range list {
			have = append(have, f.ID)
		}
		return have
	}
	if got := kept(); len(got) != 2 {
		t.Errorf("kept %v, want both", got)
	}
	clock.t = clock.t.Add(72 * time.Hour)
	if got := kept(); !slices.Equal(got, []actnow.DownloadFileID{files[1].ID}) {
		t.Errorf("after three days %v is kept", got)
	}
	if err := db.DeleteDownload(t.Context(), byElin, 0, ids[1]); err != nil {
		t.Fatal(err)
	}
	clock.t = clock.t.Add(20 * time.Hour)
	if got := kept(); len(got) != 1 {
		t.Errorf("a day has not passed since it was deleted, but %v is kept", got)
	}
	clock.t = clock.t.Add(5 * time.Hour)
	if got := kept(); len(got) != 0 {
		t.Errorf("deleted a day ago, but %v is kept", got)
	}
	if err := db.RestoreDownload(t.Context(), byElin, 7, ids[1]); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("brought back after it was pruned: %v", err)
	}
}
