package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"

	"actnow"
	"actnow/reports"
	"actnow/schedule"
)

// keepDownloads is how long the file of a list is kept, and keepDeleted how long
// a list that was deleted can be brought back.
const (
	keepDownloads = 60 * 24 * time.Hour
	keepDeleted   = 24 * time.Hour
)

// downloadPath is the place of a file of a list.
func (a *app) downloadPath(f actnow.DownloadFile) string {
	return filepath.Join(a.db.Dir(), "downloads", fmt.Sprintf("%d.%s", f.ID, f.Format))
}

// readerOf returns what a list may show now: what its owner may see, as far as it
// was made to. The error matches actnow.ErrInvalid if that person may not export
// any more.
func (a *app) readerOf(ctx context.Context, d actnow.Download) (actnow.Scope, error) {
	if d.Owner == 0 {
		return d.Scope, nil
	}
	u, err := a.db.User(ctx, d.Owner)
	if err != nil {
		return actnow.Scope{}, err
	}
	if scope := u.Scope().Within(d.Scope); scope.Export && !u.Disabled {
		return scope, nil
	}
	return actnow.Scope{}, actnow.Invalid("error.download_owner", "", "%s may not export lists any more: make the list anew as somebody who may", u.Name)
}

// StartDownload writes the file of a list in the background.
func (a *app) StartDownload(ctx context.Context, by actnow.Actor, id actnow.DownloadID) (actnow.JobID, error) {
	f, work, err := a.beginDownload(ctx, by, id)
	if err != nil {
		return 0, err
	}
	a.goOn(ctx, f.Job, "download", work)
	return f.Job, nil
}

// makeDownload writes the file of a list.
func (a *app) makeDownload(ctx context.Context, by actnow.Actor, id actnow.DownloadID) error {
	f, work, err := a.beginDownload(ctx, by, id)
	if err != nil {
		return err
	}
	return a.doJob(ctx, f.Job, work)
}

// beginDownload records that a file is being written and returns the work of it,
// whose result is an actnow.DownloadFile.
func (a *app) beginDownload(ctx context.Context, by actnow.Actor, id actnow.DownloadID) (actnow.DownloadFile, func(context.Context, func(done, total int64)) (any, error), error) {
	d, err := a.db.Download(ctx, 0, id)
	if err != nil {
		return actnow.DownloadFile{}, nil, err
	}
	scope, refused := a.readerOf(ctx, d)
	f, err := a.db.StartDownloadFile(ctx, by, id, scope, keepDownloads)
	work := func(ctx context.Context, progress func(done, total int64)) (any, error) {
		if refused != nil {
			return f, refused
		}
		if err := a.writeDownload(ctx, &f, d.Query, progress); err != nil {
			return f, err
		}
		return f, a.db.FinishDownloadFile(ctx, by, f)
	}
	return f, work, err
}

// writeDownload writes the list that q chooses to the place of f, whole or not at
// all, and notes its size in f.
func (a *app) writeDownload(ctx context.Context, f *actnow.DownloadFile, q actnow.SheetQuery, progress func(done, total int64)) (err error) {
	total, err := a.db.SheetCount(ctx, f.Scope, q)
	if err != nil {
		return err
	}
	sheet, err := a.db.OpenSheet(ctx, f.Scope, q)
	if err != nil {
		return err
	}
	path := a.downloadPath(*f)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	out, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithPermissions(0o600))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Cleanup()) }()
	rows := sheet.Rows
	sheet.Rows = func(yield func([]string, error) bool) {
		var done int64
		for row, err := range rows {
			if done++; done%256 == 0 {
				progress(done, total)
			}
			if err == nil {
				err = ctx.Err()
			}
			if !yield(row, err) {
				return
			}
		}
	}
	n, err := reports.WriteSheet(out, reports.Format(f.Format), sheet)
	if err != nil {
		return err
	}
	st, err := out.Stat()
	if err != nil {
		return err
	}
	f.Rows, f.Bytes = int64(n), st.Size()
	return out.CloseAtomicallyReplace()
}

// OpenDownload opens a file of a list. The error matches actnow.ErrNotFound if it
// is no longer there.
func (a *app) OpenDownload(f actnow.DownloadFile) (io.ReadSeekCloser, error) {
	file, err := os.Open(a.downloadPath(f))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("file %d: %w", f.ID, actnow.ErrNotFound)
	}
	return file, err
}

// pruneDownloads forgets files that have expired and what a crash left of others.
func (a *app) pruneDownloads(ctx context.Context) error {
	kept, err := a.db.PruneDownloads(ctx, a.now().Add(-keepDeleted))
	if err != nil {
		return err
	}
	live := map[string]bool{}
	for _, f := range kept {
		live[filepath.Base(a.downloadPath(f))] = true
	}
	dir := filepath.Dir(a.downloadPath(actnow.DownloadFile{}))
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("prune downloads: %w", err)
	}
	var failed error
	for _, f := range files {
		info, err := f.Info()
		if err != nil || live[f.Name()] || a.now().Sub(info.ModTime()) < keepDeleted {
			continue // gone meanwhile, kept, or being written
		}
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// downloadJob is the schedule's job of a list: its file, once a period.
func (d *daemon) downloadJob(key string) (schedule.Job, bool) {
	var id actnow.DownloadID
	if _, err := fmt.Sscanf(key, "download:%d", &id); err != nil {
		return nil, false
	}
	return schedule.JobFunc(func(ctx context.Context, _ string) error {
		return d.makeDownload(ctx, actnow.Actor{Name: "schedule"}, id)
	}), true
}
