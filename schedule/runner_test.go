package schedule_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"actnow"
	"actnow/schedule"
)

// memory is a Store that keeps what the interface promises, in maps. The
// database has tests of its own.
type memory struct {
	mu        sync.Mutex
	schedules []schedule.Schedule
	runs      []schedule.Run
	leases    map[string]time.Time
	history   []string // "period state", in the order of FinishRun
	lost      bool     // RenewRun answers that another has the run
	fail      error
}

func (m *memory) Schedules(context.Context) ([]schedule.Schedule, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.schedules), m.fail
}

func (m *memory) find(id actnow.ScheduleID, period string) *schedule.Run {
	for i := range m.runs {
		if m.runs[i].Schedule == id && m.runs[i].Period == period {
			return &m.runs[i]
		}
	}
	return nil
}

func (m *memory) LastRun(_ context.Context, id actnow.ScheduleID) (schedule.Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var last schedule.Run
	for _, r := range m.runs {
		if r.Schedule == id && r.DueAt.After(last.DueAt) {
			last = r
		}
	}
	if last.Period == "" {
		return last, actnow.ErrNotFound
	}
	return last, nil
}

func (m *memory) AddRuns(_ context.Context, runs []schedule.Run) (added []schedule.Run, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range runs {
		if m.find(r.Schedule, r.Period) == nil {
			m.runs, added = append(m.runs, r), append(added, r)
		}
	}
	return added, nil
}

func (m *memory) claimable(r schedule.Run, now time.Time) bool {
	return r.State == schedule.Due || r.State == schedule.Running && m.leases[r.Period].Before(now)
}

func (m *memory) ClaimableRuns(_ context.Context, now time.Time) (all []schedule.Run, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.runs {
		if m.claimable(r, now) {
			all = append(all, r)
		}
	}
	return all, nil
}

func (m *memory) ClaimRun(_ context.Context, id actnow.ScheduleID, period string, now time.Time, lease time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.find(id, period)
	if !m.claimable(*r, now) {
		return false, nil
	}
	r.State, r.Attempt, m.leases[period] = schedule.Running, r.Attempt+1, now.Add(lease)
	return true, nil
}

func (m *memory) RenewRun(_ context.Context, id actnow.ScheduleID, period string, now time.Time, lease time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leases[period] = now.Add(lease)
	return !m.lost, nil
}

func (m *memory) FinishRun(_ context.Context, id actnow.ScheduleID, period string, state schedule.State, why error, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.find(id, period)
	r.State, r.EndedAt = state, now
	if why != nil {
		r.Message = why.Error()
		_ = errors.As(why, &r.Failure)
	}
	m.history = append(m.history, period+" "+string(state))
	return nil
}

func (m *memory) run(t *testing.T, period string) schedule.Run {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.find(1, period)
	if r == nil {
		t.Fatalf("no row for period %s in %v", period, m.runs)
	}
	return *r
}

// newRunner returns a runner of one job, on a clock that starts at midnight UTC
// of 2000-01-01 inside a synctest bubble.
func newRunner(line string, policy schedule.CatchUp, job schedule.JobFunc) (*schedule.Runner, *memory) {
	m := &memory{
		leases: map[string]time.Time{},
		schedules: []schedule.Schedule{{ID: 1, Key: "job:test", Line: line, Zone: "UTC", CatchUp: policy,
			Since: time.Now(), Enabled: true}},
	}
	return &schedule.Runner{Store: m, Jobs: map[string]schedule.Job{"job:test": job}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}, m
}

// during runs r while f does, and then stops it.
func during(t *testing.T, r *schedule.Runner, f func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	f()
	synctest.Wait()
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v, want nil after a stop", err)
	}
}

// pass lets the bubble's clock run on.
func pass(t *testing.T, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	<-ctx.Done()
	synctest.Wait()
}

func TestRunnerRunsEachPeriodOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var periods []string
		r, m := newRunner("0 6 * * *", schedule.CatchLatest, func(_ context.Context, period string) error {
			periods = append(periods, period)
			return nil
		})
		during(t, r, func() { pass(t, 76*time.Hour) })
		if want := []string{"2000-01-01", "2000-01-02", "2000-01-03"}; !slices.Equal(periods, want) {
			t.Errorf("periods = %v, want %v", periods, want)
		}
		// The same rows after a restart: nothing runs again.
		during(t, r, func() { pass(t, time.Hour) })
		if len(periods) != 3 || m.run(t, "2000-01-03").State != schedule.Done {
			t.Errorf("after a restart: %v", periods)
		}
		if at := m.run(t, "2000-01-02").EndedAt; at.Hour() != 6 || at.Minute() != 0 {
			t.Errorf("ran at %s, want within the minute", at)
		}
	})
}

// TestRunnerAfterSuspend: the clock jumps three days, as after a suspend.
func TestRunnerAfterSuspend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var periods []string
		r, m := newRunner("0 6 * * *", schedule.CatchLatest, func(_ context.Context, period string) error {
			periods = append(periods, period)
			return nil
		})
		var jump time.Duration
		tick := make(chan time.Time)
		r.Tick, r.Now = tick, func() time.Time { return time.Now().Add(jump) }
		during(t, r, func() {
			tick <- time.Now()
			synctest.Wait()
			jump = 3*24*time.Hour + 7*time.Hour
			for range 3 {
				tick <- time.Now()
			}
		})
		if want := []string{"2000-01-04"}; !slices.Equal(periods, want) {
			t.Errorf("periods = %v, want the newest only, %v", periods, want)
		}
		if len(m.runs) != 4 || m.run(t, "2000-01-03").State != schedule.Skipped {
			t.Errorf("rows = %+v, want four, the older ones skipped", m.runs)
		}
	})
}

func TestRunnerSurvivesPanicAndError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		days := 0
		r, m := newRunner("0 6 * * *", schedule.CatchLatest, func(context.Context, string) error {
			switch days++; days {
			case 1:
				panic("boom")
			case 2:
				return errors.New("no luck")
			}
			return nil
		})
		during(t, r, func() { pass(t, 76*time.Hour) })
		for period, want := range map[string]schedule.Run{
			"2000-01-01": {State: schedule.Failed, Message: "panic: boom"},
			"2000-01-02": {State: schedule.Failed, Message: "no luck"},
			"2000-01-03": {State: schedule.Done},
		} {
			if got := m.run(t, period); got.State != want.State || got.Message != want.Message {
				t.Errorf("%s is %s %q, want %s %q", period, got.State, got.Message, want.State, want.Message)
			}
		}
	})
}

// TestRunnerNeverOverlaps: a job of fifty hours on a daily line runs through, its
// lease renewed, and the periods that wait for it follow one by one.
func TestRunnerNeverOverlaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		active, most := 0, 0
		r, m := newRunner("0 6 * * *", schedule.CatchAll, func(ctx context.Context, period string) error {
			mu.Lock()
			active++
			most = max(most, active)
			mu.Unlock()
			defer func() { mu.Lock(); active--; mu.Unlock() }()
			if period == "2000-01-01" {
				work := time.NewTimer(50 * time.Hour)
				select {
				case <-work.C:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
		during(t, r, func() { pass(t, 57*time.Hour) })
		if want := []string{"2000-01-01 done", "2000-01-02 done", "2000-01-03 done"}; most != 1 || !slices.Equal(m.history, want) {
			t.Errorf("at most %d at once, %v; want 1, %v", most, m.history, want)
		}
		if n := m.run(t, "2000-01-01").Attempt; n != 1 {
			t.Errorf("claimed %d times, want once", n)
		}
	})
}

func TestRunnerStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := newRunner("0 6 * * *", schedule.CatchLatest, func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		})
		during(t, r, func() { pass(t, 7*time.Hour) })
		if run := m.run(t, "2000-01-01"); run.State != schedule.Due {
			t.Errorf("interrupted run is %s, want due again", run.State)
		}
		done := false
		r.Jobs["job:test"] = schedule.JobFunc(func(context.Context, string) error { done = true; return nil })
		during(t, r, func() {})
		if run := m.run(t, "2000-01-01"); !done || run.State != schedule.Done || run.Attempt != 2 {
			t.Errorf("after the restart: ran %t, %+v", done, run)
		}
	})
}

// TestRunnerTakesOver: a run that a killed daemon left behind starts again when
// its lease has ended, but not for ever.
func TestRunnerTakesOver(t *testing.T) {
	tests := []struct {
		attempt int
		want    schedule.State
	}{{1, schedule.Done}, {5, schedule.Failed}}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			r, m := newRunner("0 6 1 1 *", schedule.CatchLatest, func(context.Context, string) error { return nil })
			m.runs = []schedule.Run{{Schedule: 1, Key: "job:test", Period: "1999", State: schedule.Running, Attempt: tt.attempt, DueAt: time.Now()}}
			m.leases["1999"] = time.Now().Add(90 * time.Second)
			during(t, r, func() {
				pass(t, 80*time.Second)
				if got := m.run(t, "1999").State; got != schedule.Running {
					t.Errorf("within the lease the run is %s", got)
				}
				pass(t, time.Minute)
			})
			if got := m.run(t, "1999").State; got != tt.want {
				t.Errorf("after %d attempts the run is %s, want %s", tt.attempt, got, tt.want)
			}
		})
	}
}

func TestRunnerLosesItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cause error
		r, m := newRunner("0 6 * * *", schedule.CatchLatest, func(ctx context.Context, _ string) error {
			<-ctx.Done()
			cause = context.Cause(ctx)
			return ctx.Err()
		})
		m.lost = true
		during(t, r, func() { pass(t, 6*time.Hour+90*time.Second) })
		if cause == nil || len(m.history) != 0 {
			t.Errorf("job cancelled by %v, outcomes %v; want a cause and no outcome", cause, m.history)
		}
	})
}

func TestRunNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan bool)
		var periods []string
		r, m := newRunner("0 6 * * *", schedule.CatchLatest, func(_ context.Context, period string) error {
			periods = append(periods, period)
			<-release
			return nil
		})
		during(t, r, func() {
			pass(t, 5*time.Hour)
			run, err := r.RunNow(t.Context(), "job:test")
			if err != nil || run.Period != "2000-01-01T05:00:00" {
				t.Fatalf("RunNow = %+v, %v", run, err)
			}
			synctest.Wait()
			if _, err := r.RunNow(t.Context(), "job:test"); !errors.Is(err, actnow.ErrConflict) {
				t.Errorf("RunNow of a running job: %v, want ErrConflict", err)
			}
			if _, err := r.RunNow(t.Context(), "job:none"); !errors.Is(err, actnow.ErrNotFound) {
				t.Errorf("RunNow of no schedule: %v, want ErrNotFound", err)
			}
			release <- true
			pass(t, 2*time.Hour)
			release <- true
		})
		if want := []string{"2000-01-01T05:00:00", "2000-01-01"}; !slices.Equal(periods, want) {
			t.Errorf("periods = %v, want %v", periods, want)
		}
		if got := m.run(t, "2000-01-01").State; got != schedule.Done {
			t.Errorf("the period of the day is %s", got)
		}
	})
}

// TestRunnerLookup: keys that are not in Jobs are looked up, and a key without a
// job fails its run instead of waiting for ever.
func TestRunnerLookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ran string
		r, m := newRunner("0 6 * * *", schedule.CatchLatest, nil)
		r.Jobs = nil
		r.Lookup = func(key string) (schedule.Job, bool) {
			return schedule.JobFunc(func(context.Context, string) error { ran = key; return nil }), key == "campaign:7"
		}
		m.schedules = append(m.schedules, schedule.Schedule{ID: 2, Key: "campaign:7", At: time.Now().Add(time.Hour), Zone: "UTC", Enabled: true},
			schedule.Schedule{ID: 3, Key: "job:odd", Line: "what", Zone: "UTC", Enabled: true})
		during(t, r, func() { pass(t, 7*time.Hour) })
		if ran != "campaign:7" {
			t.Errorf("ran %q, want campaign:7", ran)
		}
		if got := m.run(t, "2000-01-01"); got.State != schedule.Failed || got.Message == "" {
			t.Errorf("run without a job = %+v, want failed with a message", got)
		}
	})
}

// TestRunnerOutlivesStore: a store that fails for a while costs no period.
func TestRunnerOutlivesStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ran := 0
		r, m := newRunner("0 6 * * *", schedule.CatchLatest, func(context.Context, string) error { ran++; return nil })
		m.fail = errors.New("disk full")
		during(t, r, func() {
			pass(t, 7*time.Hour)
			m.mu.Lock()
			m.fail = nil
			m.mu.Unlock()
			pass(t, 2*time.Minute)
		})
		if ran != 1 {
			t.Errorf("ran %d times, want once", ran)
		}
	})
}
