package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"actnow"

	"github.com/robfig/cron/v3"
)

// Job is work that a schedule calls for. A run that is interrupted starts again
// with the same period, so it must be safe to repeat.
type Job interface {
	Run(ctx context.Context, period string) error
}

// JobFunc is a Job that is a function.
type JobFunc func(ctx context.Context, period string) error

// Run calls f.
func (f JobFunc) Run(ctx context.Context, period string) error { return f(ctx, period) }

const (
	// defaultLease is how long a run stays claimed without a sign of life.
	defaultLease = 2 * time.Minute
	// maxAttempts is how often a run may end with the whole process before it is
	// given up.
	maxAttempts = 5
	// addAtOnce is how many runs go into one transaction.
	addAtOnce = 1000
	// manualKey is the layout of the period of a run that a person asked for.
	manualKey = "2006-01-02T15:04:05"
)

var errLeaseLost = errors.New("the lease of the run was lost")

// Runner runs what is due: at each tick it records the periods that fell due
// and starts their jobs, one at a time for each key, keys side by side. Set the
// fields before Run is called; do not copy it.
type Runner struct {
	Store Store
	Jobs  map[string]Job // by the key of the schedule
	// Lookup finds the job of a key that is not in Jobs. It may be nil.
	Lookup func(key string) (Job, bool)
	Now    func() time.Time
	Log    *slog.Logger
	Tick   <-chan time.Time // when to look; nil is each full minute
	Lease  time.Duration    // of a run, renewed while it lasts; 0 is two minutes

	once    sync.Once
	wake    chan struct{}
	mu      sync.Mutex
	running map[string]bool // by key
}

func (r *Runner) init() {
	r.once.Do(func() {
		r.wake = make(chan struct{}, 1)
		r.running = make(map[string]bool)
		if r.Lease <= 0 {
			r.Lease = defaultLease
		}
	})
}

// Run looks for due runs at once and then at each tick, until ctx is cancelled.
// It then cancels the jobs, waits for them and returns nil; what they left
// unfinished is due again. Errors of the store are logged and tried again at the
// next tick.
func (r *Runner) Run(ctx context.Context) error {
	r.init()
	tick := r.Tick
	if tick == nil {
		var stop func()
		tick, stop = eachMinute()
		defer stop()
	}
	var jobs sync.WaitGroup
	defer jobs.Wait()
	r.addDue(ctx)
	for {
		r.start(ctx, &jobs)
		select {
		case <-ctx.Done():
			return nil
		case <-tick:
			r.addDue(ctx)
		case <-r.wake:
		}
	}
}

// eachMinute returns a channel that receives each full minute.
func eachMinute() (tick <-chan time.Time, stop func()) {
	ch := make(chan time.Time, 1)
	clock := cron.New(cron.WithParser(parser), cron.WithLocation(time.UTC))
	clock.Schedule(&cron.SpecSchedule{
		Second: 1, Minute: 1<<60 - 1, Hour: 1<<24 - 1, Dom: 1<<32 - 2, Month: 1<<13 - 2, Dow: 1<<7 - 1, Location: time.UTC,
	}, cron.FuncJob(func() {
		select {
		case ch <- time.Now():
		default: // the one before has not been taken yet
		}
	}))
	clock.Start()
	return ch, func() { clock.Stop() }
}

// RunNow asks for a run of the schedule with the key, on top of its periods; a
// disabled schedule too. The run starts when Run gets to it. The error matches
// actnow.ErrNotFound if no schedule has the key and actnow.ErrConflict if its
// job is running.
func (r *Runner) RunNow(ctx context.Context, key string) (Run, error) {
	r.init()
	s, err := r.scheduleOf(ctx, key)
	if err != nil {
		return Run{}, fmt.Errorf("run %s: %w", key, err)
	}
	if r.isRunning(key) {
		return Run{}, fmt.Errorf("run %s: %w", key, &actnow.StateError{Noun: "job", Have: "running", Want: "idle"})
	}
	loc, err := location(s.Zone)
	if err != nil {
		return Run{}, fmt.Errorf("run %s: %w", key, err)
	}
	now := r.Now()
	// The periods up to now must have their rows first: the newest row is where
	// the search for due periods starts.
	if err := r.addDueOf(ctx, s, now); err != nil {
		return Run{}, fmt.Errorf("run %s: %w", key, err)
	}
	run := Run{Schedule: s.ID, Key: key, Period: now.In(loc).Format(manualKey), DueAt: now.UTC().Truncate(time.Second), State: Due}
	if _, err := r.Store.AddRuns(ctx, []Run{run}); err != nil {
		return Run{}, fmt.Errorf("run %s: %w", key, err)
	}
	r.wakeUp()
	return run, nil
}

func (r *Runner) scheduleOf(ctx context.Context, key string) (Schedule, error) {
	all, err := r.Store.Schedules(ctx)
	if err != nil {
		return Schedule{}, err
	}
	for _, s := range all {
		if s.Key == key {
			return s, nil
		}
	}
	return Schedule{}, actnow.ErrNotFound
}

// addDue records the periods that fell due, each schedule for itself: one that
// cannot be read does not hold up the others.
func (r *Runner) addDue(ctx context.Context) {
	all, err := r.Store.Schedules(ctx)
	if err != nil {
		r.logError(ctx, "read schedules", "", err)
		return
	}
	for _, s := range all {
		if err := r.addDueOf(ctx, s, r.Now()); err != nil {
			r.logError(ctx, "look for due runs", s.Key, err)
		}
	}
}

func (r *Runner) addDueOf(ctx context.Context, s Schedule, now time.Time) error {
	var last *Run
	switch run, err := r.Store.LastRun(ctx, s.ID); {
	case err == nil:
		last = &run
	case !errors.Is(err, actnow.ErrNotFound):
		return err
	}
	runs, err := DueRuns(s, last, now)
	if err != nil {
		return err
	}
	for len(runs) > 0 {
		n := min(addAtOnce, len(runs))
		added, err := r.Store.AddRuns(ctx, runs[:n])
		if err != nil {
			return err
		}
		for _, run := range added {
			r.Log.InfoContext(ctx, "run added", "job", run.Key, "period", run.Period, "state", string(run.State))
		}
		runs = runs[n:]
	}
	return nil
}

// start claims what can be claimed and starts its jobs.
func (r *Runner) start(ctx context.Context, jobs *sync.WaitGroup) {
	if ctx.Err() != nil {
		return
	}
	runs, err := r.Store.ClaimableRuns(ctx, r.Now())
	if err != nil {
		r.logError(ctx, "read claimable runs", "", err)
		return
	}
	for _, run := range runs {
		if !r.take(run.Key) {
			continue // its turn comes when the present run ends
		}
		ok, err := r.Store.ClaimRun(ctx, run.Schedule, run.Period, r.Now(), r.Lease)
		if err != nil {
			r.logError(ctx, "claim run", run.Key, err)
		}
		if err != nil || !ok {
			r.release(run.Key)
			continue
		}
		jobs.Go(func() {
			r.execute(ctx, run)
			r.release(run.Key)
			r.wakeUp()
		})
	}
}

// execute runs the job of a claimed run and records what came of it.
func (r *Runner) execute(ctx context.Context, run Run) {
	log := r.Log.With("job", run.Key, "period", run.Period)
	started := r.Now()
	err := r.call(ctx, run)
	state, why := Done, error(nil)
	switch {
	case errors.Is(err, errLeaseLost):
		log.ErrorContext(ctx, "run lost", "error", err)
		return
	case err != nil && ctx.Err() != nil:
		state, why = Due, Interrupted
		log.InfoContext(ctx, "run interrupted", "error", err)
	case err != nil:
		state, why = Failed, err
		log.ErrorContext(ctx, "run failed", "error", err)
	default:
		log.InfoContext(ctx, "run done", "took", r.Now().Sub(started))
	}
	// The outcome is recorded although the daemon is stopping.
	if err := r.Store.FinishRun(context.WithoutCancel(ctx), run.Schedule, run.Period, state, why, r.Now()); err != nil {
		log.ErrorContext(ctx, "record run", "error", err)
	}
}

// call runs the job with a lease that is renewed, and turns a panic into an
// error.
func (r *Runner) call(ctx context.Context, run Run) (err error) {
	job, ok := r.Jobs[run.Key]
	if !ok && r.Lookup != nil {
		job, ok = r.Lookup(run.Key)
	}
	if !ok {
		return actnow.Invalid("run.no_job", "", "there is no job %q", run.Key)
	}
	if run.State == Running && run.Attempt >= maxAttempts {
		return actnow.Invalid("run.given_up", "", "given up: the daemon ended %d times during this run", run.Attempt)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() { r.renew(ctx, run, cancel) })
	defer func() {
		if p := recover(); p != nil {
			r.Log.ErrorContext(ctx, "job panicked", "job", run.Key, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
		if errors.Is(context.Cause(ctx), errLeaseLost) {
			err = errLeaseLost
		}
		cancel(nil)
		renewing.Wait()
	}()
	return job.Run(ctx, run.Period)
}

// renew prolongs the lease until ctx ends, and cancels the job if the run is no
// longer ours.
func (r *Runner) renew(ctx context.Context, run Run, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(r.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		ok, err := r.Store.RenewRun(ctx, run.Schedule, run.Period, r.Now(), r.Lease)
		switch {
		case err != nil && ctx.Err() == nil:
			r.logError(ctx, "renew lease", run.Key, err)
		case err == nil && !ok:
			cancel(errLeaseLost)
			return
		}
	}
}

// take marks the key as running; ok is false if it is.
func (r *Runner) take(key string) (ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running[key] {
		return false
	}
	r.running[key] = true
	return true
}

func (r *Runner) release(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, key)
}

func (r *Runner) isRunning(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running[key]
}

// wakeUp makes Run look for claimable runs.
func (r *Runner) wakeUp() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *Runner) logError(ctx context.Context, doing, key string, err error) {
	if ctx.Err() != nil {
		return
	}
	r.Log.ErrorContext(ctx, doing, "job", key, "error", err)
}
