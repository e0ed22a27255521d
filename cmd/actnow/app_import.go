package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"actnow"
	"actnow/crm"
	"actnow/reports"
	"actnow/web"
)

// readings are the matrices that a report's clusters are held against, the one
// in force first.
func (a *app) readings(ctx context.Context) ([]reports.NamedReading, error) {
	active, err := a.db.Matrix(ctx)
	if err != nil {
		return nil, err
	}
	list := []reports.NamedReading{{Name: active.Name, Reading: func(fit, intent actnow.Band) actnow.Cluster { return active.Cell(fit, intent).Cluster() }}}
	for _, built := range []reports.NamedReading{reports.Quadrants, reports.Rows} {
		if built.Name != active.Name {
			list = append(list, built)
		}
	}
	return list, nil
}

// importReport reads a report and holds its clusters against the readings.
func (a *app) importReport(ctx context.Context, name string, r io.Reader, opt reports.Options, progress func(done, total int64)) (reports.Result, error) {
	readings, err := a.readings(ctx)
	if err != nil {
		return reports.Result{}, err
	}
	mapping, err := a.mapping(ctx)
	if err != nil {
		return reports.Result{}, err
	}
	im := &reports.Importer{Store: a.db, Now: a.now, Zone: a.zone, Log: a.log, Dir: a.spool(""), Readings: readings, Mapping: mapping}
	return im.Import(ctx, name, r, opt, progress)
}

// maxUpload is the largest file a page takes, in bytes.
const maxUpload = 2 << 30

// openSpool makes the spool and removes what a crash left in it: only files that
// were looked at stay, since they wait for somebody's word. The folder must be
// ours alone, so that nobody is writing there.
func (a *app) openSpool(ctx context.Context) error {
	if err := os.MkdirAll(a.spool(""), 0o700); err != nil {
		return err
	}
	files, err := os.ReadDir(a.spool(""))
	if err != nil {
		return err
	}
	for _, f := range files {
		job, notNumber := strconv.ParseInt(f.Name(), 10, 64)
		switch {
		case f.IsDir():
			continue
		case notNumber == nil:
			if _, err := a.lookedAt(ctx, actnow.JobID(job)); err == nil {
				continue
			} else if !isNotFound(err) {
				return err
			}
		case !strings.HasPrefix(f.Name(), "upload-") && !strings.HasPrefix(f.Name(), "report-"):
			continue
		}
		if err := os.Remove(a.spool(f.Name())); err != nil {
			return fmt.Errorf("clear uploads: %w", err)
		}
	}
	return nil
}

// keepUpload writes an uploaded file into the spool.
func (a *app) keepUpload(r io.Reader) (path string, err error) {
	f, err := os.CreateTemp(a.spool(""), "upload-*")
	if err != nil {
		return "", fmt.Errorf("keep upload: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	n, err := io.Copy(f, io.LimitReader(r, maxUpload+1))
	if err == nil && n > maxUpload {
		err = actnow.Invalid("error.upload_large", "file", "the file is larger than %d MiB: import it with the command actnow import", maxUpload>>20)
	}
	return f.Name(), errors.Join(err, f.Close())
}

// StartReport looks at an uploaded report in the background, without importing
// it: the job's result says what an import would do.
func (a *app) StartReport(ctx context.Context, by actnow.Actor, name string, r io.Reader, month actnow.Month, complete bool) (actnow.JobID, error) {
	path, err := a.keepUpload(r)
	if err != nil {
		return 0, err
	}
	return a.look(ctx, by, "report", path, web.Upload{Name: filepath.Base(name), Month: month, Complete: complete})
}

// StartCRM looks at an uploaded CRM file in the background, without importing
// it.
func (a *app) StartCRM(ctx context.Context, by actnow.Actor, kind crm.Kind, name string, r io.Reader) (actnow.JobID, error) {
	path, err := a.keepUpload(r)
	if err != nil {
		return 0, err
	}
	return a.look(ctx, by, "crm", path, web.Upload{Name: filepath.Base(name), Kind: kind})
}

func (a *app) look(ctx context.Context, by actnow.Actor, kind, path string, u web.Upload) (actnow.JobID, error) {
	kept := make(chan string, 1) // the file's place under the job's number
	id, err := a.background(ctx, "look-"+kind, u.Name, by, func(ctx context.Context, progress func(done, total int64)) (any, error) {
		select {
		case path := <-kept:
			err := a.run(ctx, by, path, &u, true, progress)
			if err != nil {
				os.Remove(path) // there is nothing to decide
			}
			return u, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	if err != nil {
		os.Remove(path)
		return 0, err
	}
	under := a.spool(fmt.Sprint(id))
	if err := os.Rename(path, under); err != nil {
		kept <- path
		return id, err
	}
	kept <- under
	return id, nil
}

// run imports, or only looks at, the file at path and puts the result into u.
func (a *app) run(ctx context.Context, by actnow.Actor, path string, u *web.Upload, dry bool, progress func(done, total int64)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if u.Kind != "" {
		res, err := a.crm.Import(ctx, crm.FileConnection, u.Kind, u.Name, f, dry, progress)
		u.CRM, u.Problem = web.NewCRMResult(res), web.NewUploadProblem(err)
		return err
	}
	readings, err := a.readings(ctx)
	if err != nil {
		return err
	}
	res, err := a.importReport(ctx, u.Name, f, reports.Options{Month: u.Month, Complete: u.Complete, DryRun: dry, By: by.Name}, progress)
	u.Report, u.Problem = nil, web.NewUploadProblem(err)
	if err == nil {
		u.Report = web.NewReportResult(res, readings)
	}
	return err
}

// lookedAt returns what looking at an uploaded file found. The error matches
// actnow.ErrNotFound if the job did not look at a file or the file is gone.
func (a *app) lookedAt(ctx context.Context, job actnow.JobID) (web.Upload, error) {
	var u web.Upload
	j, err := a.db.Job(ctx, job)
	if err != nil {
		return u, err
	}
	if j.State != actnow.JobDone || (j.Kind != web.JobLookReport && j.Kind != web.JobLookCRM) {
		return u, fmt.Errorf("upload of job %d: %w", job, actnow.ErrNotFound)
	}
	err = unmarshal(j.Result, &u)
	return u, err
}

// waiting is lookedAt with where the file lies. The error is an *actnow.InputError
// if it is no longer there.
func (a *app) waiting(ctx context.Context, looked actnow.JobID) (u web.Upload, path string, err error) {
	if u, err = a.lookedAt(ctx, looked); err != nil {
		return u, "", err
	}
	path = a.spool(fmt.Sprint(looked))
	if _, err := os.Stat(path); err != nil {
		return u, "", actnow.Invalid("error.upload_gone", "file", "the uploaded file is no longer there: upload it again")
	}
	return u, path, nil
}

// ImportUpload imports a file that was looked at, in the background, then
// matches and scores.
func (a *app) ImportUpload(ctx context.Context, by actnow.Actor, looked actnow.JobID) (actnow.JobID, error) {
	u, path, err := a.waiting(ctx, looked)
	if err != nil {
		return 0, err
	}
	return a.background(ctx, web.JobImport, u.Name, by, func(ctx context.Context, progress func(done, total int64)) (any, error) {
		if err := a.run(ctx, by, path, &u, false, progress); err != nil {
			if cancelled(ctx, err) == actnow.ErrCancelled {
				os.Remove(path) // nothing is left to decide
			}
			return u, err
		}
		// What is published stands: whoever cancels now is too late.
		return u, errors.Join(os.Remove(path), a.refresh(a.jobsCtx, by))
	})
}

// DropUpload forgets a file that was looked at.
func (a *app) DropUpload(ctx context.Context, looked actnow.JobID) error {
	if _, err := a.lookedAt(ctx, looked); err != nil {
		return err
	}
	if err := os.Remove(a.spool(fmt.Sprint(looked))); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// UploadWaits reports whether the file that a job looked at is still there.
func (a *app) UploadWaits(looked actnow.JobID) bool {
	_, err := os.Stat(a.spool(fmt.Sprint(looked)))
	return err == nil
}

// pruneUploads forgets files that came before the given time and were neither
// imported nor dropped.
func (a *app) pruneUploads(before time.Time) error {
	files, err := os.ReadDir(a.spool(""))
	if err != nil {
		return fmt.Errorf("prune uploads: %w", err)
	}
	var failed error
	for _, f := range files {
		info, err := f.Info()
		if err != nil || !info.Mode().IsRegular() || !info.ModTime().Before(before) {
			continue // gone meanwhile, no file, or still awaited
		}
		if err := os.Remove(a.spool(f.Name())); err != nil && !os.IsNotExist(err) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
