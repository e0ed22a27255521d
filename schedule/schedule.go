// Package schedule says what is due: it reads cron lines, names the periods
// they make, and runs each period once, over downtime and changes of the clock.
// robfig/cron is its parser and its tick, nothing more.
package schedule

import (
	"context"
	"time"

	"actnow"
)

// State is where a run stands.
type State string

// The states of a run. asks means that a campaign's send was missed and a
// person is asked whether it should still go out.
const (
	Due     State = "due"
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
	Skipped State = "skipped"
	Asks    State = "asks"
)

// CatchUp says what becomes of periods that were missed.
type CatchUp string

// The policies for missed periods.
const (
	CatchLatest CatchUp = "latest" // the newest runs, the others are skipped
	CatchAll    CatchUp = "all"
	CatchNone   CatchUp = "none"
	CatchAsk    CatchUp = "ask" // the newest asks a person, the others are skipped
)

// Schedule is a standing order: a cron line in a zone, or one instant.
type Schedule struct {
	ID      actnow.ScheduleID
	Key     string // "job:score", "campaign:7": what runs
	Line    string // five cron fields; "" if At is set
	At      time.Time
	Zone    string // IANA name
	Last    bool   // a day beyond the month's end is its last day
	CatchUp CatchUp
	MaxLate time.Duration // 0 is MaxLateJob, or MaxLateAsk for CatchAsk
	Since   time.Time     // periods of Line due at or before this instant are none of ours
	Enabled bool
}

// Run is one period of a schedule.
type Run struct {
	Schedule actnow.ScheduleID
	Key      string
	// Period is what may happen once: "2026", "2026-Q4", "2026-11", "2026-11-25"
	// or "2026-11-25T06:00", in the schedule's zone; with seconds,
	// "2026-11-25T06:00:07", if a person asked for the run.
	Period  string
	DueAt   time.Time
	State   State
	Attempt int // how often it was claimed
	// StartedAt and EndedAt are zero, Message is empty, until there is something
	// to say.
	StartedAt, EndedAt time.Time
	Message            string
	Failure            *actnow.InputError // the same as a sentence of the catalogues, nil if there is none
}

// Store keeps schedules and their runs.
type Store interface {
	Schedules(ctx context.Context) ([]Schedule, error)
	// LastRun returns the newest run of a schedule, by due time. The error
	// matches actnow.ErrNotFound.
	LastRun(ctx context.Context, id actnow.ScheduleID) (Run, error)
	// AddRuns records runs; a period that has a row keeps it. It returns those
	// that were added.
	AddRuns(ctx context.Context, runs []Run) ([]Run, error)
	// ClaimableRuns returns runs in state due, or running with a lease that
	// ended before now, oldest first.
	ClaimableRuns(ctx context.Context, now time.Time) ([]Run, error)
	// ClaimRun takes a due run, or a running one whose lease has ended, for
	// lease. ok is false if another has it, or has another period of the same
	// schedule.
	ClaimRun(ctx context.Context, id actnow.ScheduleID, period string, now time.Time, lease time.Duration) (ok bool, err error)
	// RenewRun prolongs the lease of a running run. ok is false if the run is no
	// longer running.
	RenewRun(ctx context.Context, id actnow.ScheduleID, period string, now time.Time, lease time.Duration) (ok bool, err error)
	// FinishRun records the outcome of a running run: done, failed, or due if it
	// was interrupted and is to start again. why, which may be nil, says why it
	// is not done.
	FinishRun(ctx context.Context, id actnow.ScheduleID, period string, state State, why error, now time.Time) error
}
