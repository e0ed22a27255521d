package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/campaigns"
	"actnow/crm"
	"actnow/matcher"
	"actnow/reports"
	"actnow/scoring"
	"actnow/storage"
)

// app is Act Now with its store open: what commands, pages and schedules set
// going. One exists for each open data folder.
type app struct {
	cfg  config
	db   *storage.DB
	log  *slog.Logger
	now  func() time.Time
	zone *time.Location
	demo bool

	crm       *crm.Importer
	rescorer  *scoring.Rescorer
	trainer   *scoring.Trainer
	estimator *scoring.Estimator
	renderer  *campaigns.Renderer
	tokens    *campaigns.Tokens
	outbox    *campaigns.Outbox // nil unless this process sends

	fetching fetching
	watcher  *reports.Watcher // nil unless this process watches a folder

	matching sync.Mutex // one match run at a time; guards live
	training sync.Mutex // one training at a time
	live     matcher.Live
	jobs     sync.WaitGroup
	running  running
	jobsCtx  context.Context // of work that outlives the request that asked for it
	endJobs  context.CancelFunc
}

// openApp opens the data folder that the settings name.
func openApp(ctx context.Context, cfg config, log *slog.Logger) (*app, error) {
	zone, err := cfg.zone()
	if err != nil {
		return nil, err
	}
	dir := cfg.get("data-dir")
	db, err := storage.Open(ctx, storage.Options{Dir: dir, KeyFile: cfg.get("key-file"), Log: log})
	if err != nil {
		return nil, err
	}
	a := &app{cfg: cfg, db: db, log: log, now: time.Now, zone: zone, renderer: &campaigns.Renderer{}}
	a.jobsCtx, a.endJobs = context.WithCancel(context.WithoutCancel(ctx))
	a.crm = &crm.Importer{Store: db, Now: a.now, Log: log}
	a.rescorer = &scoring.Rescorer{Store: db, Models: db, Cards: scoring.Cards(), Now: a.now, Log: log}
	a.estimator = &scoring.Estimator{Store: db, Prices: scoring.DefaultPriceList(), Now: a.now, Log: log}
	a.trainer = &scoring.Trainer{Store: db, Now: a.now, Log: log}
	a.tokens, err = campaigns.NewTokens(campaigns.TokenKey{ID: 1, Secret: db.Key("mail links")})
	if err == nil {
		err = a.openSpool(ctx)
	}
	if err == nil {
		err = a.readSettings(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return a, nil
}

// readSettings takes over what an administrator saved at the pages.
func (a *app) readSettings(ctx context.Context) error {
	var demo bool
	if err := a.db.Setting(ctx, "demo", &demo); err != nil && !errors.Is(err, actnow.ErrNotFound) {
		return err
	}
	a.demo = demo
	return nil
}

// close waits for what runs in the background and closes the store.
func (a *app) close() error {
	a.endJobs()
	a.jobs.Wait()
	return a.db.Close()
}

// spool is the place of an uploaded file that waits to be imported.
func (a *app) spool(name string) string {
	return filepath.Join(a.db.Dir(), "uploads", name)
}

// withApp gives fn the open app: the daemon's, or one of this process alone. If
// a daemon has the folder, the error makes execute hand the command to it.
func withApp(cmd *cobra.Command, sh *shell, fn func(ctx context.Context, a *app) error) (err error) {
	ctx := cmd.Context()
	if sh.host != nil {
		return fn(ctx, sh.host)
	}
	cfg, err := loadConfig(cmd, sh)
	if err != nil {
		return err
	}
	a, err := openApp(ctx, cfg, newLog(io.Discard, slog.LevelError))
	var locked *storage.LockedError
	if errors.As(err, &locked) {
		return &forwardError{dir: locked.Dir}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	return fn(ctx, a)
}

// newLog writes JSON lines at the level and above.
func newLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

// commandLine is who acts when a command does.
var commandLine = actnow.Actor{Name: "command line"}

// background starts work that a page shows the progress of. It goes on when the
// request is over, and ends when the daemon stops.
func (a *app) background(ctx context.Context, kind, title string, by actnow.Actor,
	work func(ctx context.Context, progress func(done, total int64)) (any, error)) (actnow.JobID, error) {
	id, err := a.db.StartJob(ctx, kind, title, by)
	if err != nil {
		return 0, err
	}
	a.goOn(ctx, id, kind, work)
	return id, nil
}

// goOn does the work of a job that was started, in the background.
func (a *app) goOn(ctx context.Context, id actnow.JobID, kind string, work func(ctx context.Context, progress func(done, total int64)) (any, error)) {
	a.jobs.Go(func() {
		if err := a.doJob(a.jobsCtx, id, work); err != nil {
			a.log.ErrorContext(ctx, "job failed", "job", id, "kind", kind, "error", err)
		}
	})
}

// doJob does the work of a job that was started and records how it ended.
func (a *app) doJob(ctx context.Context, id actnow.JobID, work func(ctx context.Context, progress func(done, total int64)) (any, error)) error {
	ctx, end := a.running.begin(ctx, id)
	defer end()
	result, err := a.guard(ctx, work, a.reporter(ctx, id))
	if err = cancelled(ctx, err); err == actnow.ErrCancelled {
		return a.db.FinishJob(context.WithoutCancel(ctx), id, nil, err)
	}
	return errors.Join(err, a.db.FinishJob(context.WithoutCancel(ctx), id, result, sentence(err)))
}

// guard turns a panic of the work into its error, so that the daemon lives.
func (a *app) guard(ctx context.Context, work func(context.Context, func(done, total int64)) (any, error), progress func(done, total int64)) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return work(ctx, progress)
}

// sentence is the error as a person may read it: an input error alone, else the
// whole chain.
func sentence(err error) error {
	var input *actnow.InputError
	if errors.As(err, &input) {
		return input
	}
	return err
}

// reporter records progress at most four times a second.
func (a *app) reporter(ctx context.Context, id actnow.JobID) func(done, total int64) {
	var last time.Time
	return func(done, total int64) {
		now := a.now()
		if now.Sub(last) < 250*time.Millisecond && done < total {
			return
		}
		last = now
		if err := a.db.JobProgress(ctx, id, done, total); err != nil {
			a.log.WarnContext(ctx, "job progress", "job", id, "error", err)
		}
	}
}
