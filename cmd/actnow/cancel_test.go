package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"actnow"
	"actnow/reports"
	"actnow/web"
)

// An import that is cancelled while it reads ends as cancelled and leaves nothing:
// no snapshot, nothing staged, nothing in the spool.
func TestCancelJob(t *testing.T) {
	cfg := config{}
	for _, o := range options {
		cfg[o.name] = setting{option: o, value: o.fallback}
	}
	dir := filepath.Join(t.TempDir(), "data")
	cfg["data-dir"] = setting{value: dir}
	a, err := openApp(t.Context(), cfg, newLog(io.Discard, slog.LevelError))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	}()
	by := actnow.Actor{Name: "Elin"}
	const file = "CustomerID,AccountName,AzureCluster\n7,Åkes,Act Now\n"
	reading := make(chan struct{})
	id, err := a.background(t.Context(), web.JobImport, "azure.csv", by, func(ctx context.Context, progress func(done, total int64)) (any, error) {
		return a.importReport(ctx, "azure.csv", strings.NewReader(file), reports.Options{}, func(done, total int64) {
			close(reading)
			<-ctx.Done()
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	<-reading
	if err := a.CancelJob(t.Context(), by, id); err != nil {
		t.Fatal(err)
	}
	a.jobs.Wait()
	j, err := a.db.Job(t.Context(), id)
	if err != nil || j.State != actnow.JobCancelled || j.Message != "" {
		t.Errorf("the job is %s (%s), %v; want it cancelled", j.State, j.Message, err)
	}
	list, err := a.db.Snapshots(t.Context(), actnow.Everything, "", 10)
	if err != nil || len(list) != 0 {
		t.Errorf("snapshots = %v, %v; want none", list, err)
	}
	for _, folder := range []string{"staging", "uploads"} {
		if left, err := os.ReadDir(filepath.Join(dir, folder)); err != nil || len(left) != 0 {
			t.Errorf("%s holds %v, %v; want nothing", folder, left, err)
		}
	}
	if err := a.CancelJob(t.Context(), by, id); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("cancelling again: %v, want a conflict", err)
	}
	if err := a.CancelJob(t.Context(), by, 404); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("cancelling what is not there: %v", err)
	}
	res, err := a.importReport(t.Context(), "azure.csv", strings.NewReader(file), reports.Options{}, nil)
	if err != nil || res.Rows != 1 || res.AlreadyImported {
		t.Errorf("the same file afterwards: %+v, %v", res, err)
	}
}

// Only work that reads files can be cancelled.
func TestCancelOtherJob(t *testing.T) {
	cfg := config{}
	for _, o := range options {
		cfg[o.name] = setting{option: o, value: o.fallback}
	}
	cfg["data-dir"] = setting{value: filepath.Join(t.TempDir(), "data")}
	a, err := openApp(t.Context(), cfg, newLog(io.Discard, slog.LevelError))
	if err != nil {
		t.Fatal(err)
	}
	on := make(chan struct{})
	id, err := a.background(t.Context(), "score", "x", commandLine, func(ctx context.Context, _ func(done, total int64)) (any, error) {
		<-on
		return nil, ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.CancelJob(t.Context(), commandLine, id); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("cancelling a scoring run: %v, want a conflict", err)
	}
	close(on)
	a.jobs.Wait()
	if j, err := a.db.Job(t.Context(), id); err != nil || j.State != actnow.JobDone {
		t.Errorf("it ended as %s, %v; want done", j.State, err)
	}
	if err := a.close(); err != nil {
		t.Error(err)
	}
}
