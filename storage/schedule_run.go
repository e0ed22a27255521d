package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"actnow"
	"actnow/schedule"
)

const runSelect = `SELECT r.schedule_id, s.key, r.period, r.due_at, r.state, r.attempt, r.started_at, r.finished_at, r.message, r.failure
	FROM schedule_runs r JOIN schedules s ON s.id = r.schedule_id`

func scanRun(row interface{ Scan(...any) error }) (schedule.Run, error) {
	var r schedule.Run
	var due int64
	var started, ended sql.NullInt64
	err := row.Scan(&r.Schedule, &r.Key, &r.Period, &due, &r.State, &r.Attempt, &started, &ended, &r.Message, readFailure{&r.Failure})
	r.DueAt = time.Unix(due, 0).UTC()
	if started.Valid {
		r.StartedAt = time.Unix(started.Int64, 0).UTC()
	}
	if ended.Valid {
		r.EndedAt = time.Unix(ended.Int64, 0).UTC()
	}
	return r, err
}

func readRuns(tx *sql.Tx, query string, args ...any) ([]schedule.Run, error) {
	var list []schedule.Run
	err := each(tx, query, args, func(rows *sql.Rows) error {
		r, err := scanRun(rows)
		list = append(list, r)
		return err
	})
	return list, err
}

// LastRun returns the newest run of a schedule, by due time. The error matches
// actnow.ErrNotFound.
func (db *DB) LastRun(ctx context.Context, id actnow.ScheduleID) (run schedule.Run, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		run, err = lastRun(tx, id)
		return noRows(err)
	})
	if err != nil {
		return run, fmt.Errorf("last run of schedule %d: %w", id, err)
	}
	return run, nil
}

func lastRun(tx *sql.Tx, id actnow.ScheduleID) (schedule.Run, error) {
	return scanRun(tx.QueryRow(runSelect+` WHERE r.schedule_id = ? ORDER BY r.due_at DESC, r.period DESC LIMIT 1`, int64(id)))
}

// Runs returns the newest runs of a schedule, newest first.
func (db *DB) Runs(ctx context.Context, id actnow.ScheduleID, limit int) (list []schedule.Run, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		list, err = readRuns(tx, runSelect+` WHERE r.schedule_id = ? ORDER BY r.due_at DESC, r.period DESC LIMIT ?`, int64(id), limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("runs of schedule %d: %w", id, err)
	}
	return list, nil
}

// AskingRuns returns the runs that wait for a person's answer, oldest first.
func (db *DB) AskingRuns(ctx context.Context) (list []schedule.Run, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		list, err = readRuns(tx, runSelect+` WHERE r.state = 'asks' ORDER BY r.due_at, s.key`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("asking runs: %w", err)
	}
	return list, nil
}

// AddRuns records runs; a period that has a row keeps it. A run that asks and is
// not the newest any more is skipped. AddRuns returns those that were added.
func (db *DB) AddRuns(ctx context.Context, runs []schedule.Run) ([]schedule.Run, error) {
	var added []schedule.Run
	err := db.write(ctx, func(tx *sql.Tx) (err error) {
		added, err = addRuns(tx, runs)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("add runs: %w", err)
	}
	return added, nil
}

func addRuns(tx *sql.Tx, runs []schedule.Run) (added []schedule.Run, err error) {
	for _, r := range runs {
		var why error
		if r.Failure != nil {
			why = r.Failure
		}
		message, said, err := runSaid(why)
		if err != nil {
			return nil, err
		}
		res, err := tx.Exec(`INSERT INTO schedule_runs (schedule_id, period, due_at, state, message, failure) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (schedule_id, period) DO NOTHING`, int64(r.Schedule), r.Period, r.DueAt.Unix(), string(r.State), message, said)
		if err != nil {
			return nil, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return nil, err
		}
		if n == 0 {
			continue
		}
		added = append(added, r)
		if err := skipRuns(tx, schedule.Overtaken, `schedule_id = ? AND state = 'asks' AND due_at < ?`, int64(r.Schedule), r.DueAt.Unix()); err != nil {
			return nil, err
		}
	}
	return added, nil
}

// ClaimableRuns returns runs in state due, or running with a lease that ended
// before now, oldest first.
func (db *DB) ClaimableRuns(ctx context.Context, now time.Time) (list []schedule.Run, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		list, err = readRuns(tx, runSelect+` WHERE r.state = 'due' OR r.state = 'running' AND r.lease_until < ?
			ORDER BY r.due_at, r.schedule_id, r.period`, now.Unix())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claimable runs: %w", err)
	}
	return list, nil
}

// ClaimRun takes a due run, or a running one whose lease has ended, for lease.
// ok is false if another has it, or has another period of the same schedule.
func (db *DB) ClaimRun(ctx context.Context, id actnow.ScheduleID, period string, now time.Time, lease time.Duration) (ok bool, err error) {
	ok, err = db.changeRun(ctx, `UPDATE schedule_runs SET state = 'running', attempt = attempt + 1, lease_until = ?, started_at = ?, finished_at = NULL, message = '', failure = ''
		WHERE schedule_id = ? AND period = ? AND (state = 'due' OR state = 'running' AND lease_until < ?)
			AND NOT EXISTS (SELECT 1 FROM schedule_runs o WHERE o.schedule_id = schedule_runs.schedule_id AND o.period <> schedule_runs.period
				AND o.state = 'running' AND o.lease_until >= ?)`,
		now.Add(lease).Unix(), now.Unix(), int64(id), period, now.Unix(), now.Unix())
	if err != nil {
		return false, fmt.Errorf("claim run %s of schedule %d: %w", period, id, err)
	}
	return ok, nil
}

// RenewRun prolongs the lease of a running run. ok is false if the run is no
// longer running.
func (db *DB) RenewRun(ctx context.Context, id actnow.ScheduleID, period string, now time.Time, lease time.Duration) (ok bool, err error) {
	ok, err = db.changeRun(ctx, `UPDATE schedule_runs SET lease_until = ? WHERE schedule_id = ? AND period = ? AND state = 'running'`,
		now.Add(lease).Unix(), int64(id), period)
	if err != nil {
		return false, fmt.Errorf("renew run %s of schedule %d: %w", period, id, err)
	}
	return ok, nil
}

// FinishRun records the outcome of a running run: done, failed, or due if it was
// interrupted and is to start again. why, which may be nil, is kept as it is logged and,
// if it has one, as a sentence of the catalogues. The error matches actnow.ErrConflict if the
// run is not running.
func (db *DB) FinishRun(ctx context.Context, id actnow.ScheduleID, period string, state schedule.State, why error, now time.Time) error {
	message, said, err := runSaid(why)
	if err != nil {
		return err
	}
	var ended any = now.Unix()
	if state == schedule.Due {
		ended = nil
	}
	ok, err := db.changeRun(ctx, `UPDATE schedule_runs SET state = ?, message = ?, failure = ?, finished_at = ?, lease_until = NULL
		WHERE schedule_id = ? AND period = ? AND state = 'running'`, string(state), message, said, ended, int64(id), period)
	if err == nil && !ok {
		err = &actnow.StateError{Noun: "run", Have: "not running", Want: "running"}
	}
	if err != nil {
		return fmt.Errorf("finish run %s of schedule %d: %w", period, id, err)
	}
	return nil
}

// skipRuns skips the runs that the condition names, and says why.
func skipRuns(tx *sql.Tx, why error, where string, args ...any) error {
	message, said, err := runSaid(why)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE schedule_runs SET state = 'skipped', message = ?, failure = ? WHERE `+where, append([]any{message, said}, args...)...)
	return err
}

// runSaid is what is kept of why a run ended as it did: as it is logged, and as a
// sentence if it has one.
func runSaid(why error) (message, said string, err error) {
	if why == nil {
		return "", "", nil
	}
	said, err = failureJSON(why)
	return why.Error(), said, err
}

// changeRun reports whether the statement changed a row. The work may outlive
// ctx, so what it counts is looked at only if it was waited for.
func (db *DB) changeRun(ctx context.Context, query string, args ...any) (bool, error) {
	var rows int64
	err := db.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.Exec(query, args...)
		if err != nil {
			return err
		}
		rows, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return false, err
	}
	return rows > 0, nil
}

// AnswerRun answers a run that asks: with yes it is due at once, else it is
// skipped. The error matches actnow.ErrNotFound if there is no such run and
// actnow.ErrConflict if it does not ask (any more).
func (db *DB) AnswerRun(ctx context.Context, by actnow.Actor, id actnow.ScheduleID, period string, yes bool) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		run, err := scanRun(tx.QueryRow(runSelect+` WHERE r.schedule_id = ? AND r.period = ?`, int64(id), period))
		if err != nil {
			return noRows(err)
		}
		if run.State != schedule.Asks {
			return &actnow.StateError{Noun: "run", Have: string(run.State), Want: string(schedule.Asks)}
		}
		const this = `schedule_id = ? AND period = ?`
		if yes {
			_, err = tx.Exec(`UPDATE schedule_runs SET state = 'due' WHERE `+this, int64(id), period)
		} else {
			err = skipRuns(tx, schedule.Declined, this, int64(id), period)
		}
		if err != nil {
			return err
		}
		return db.audit(tx, by, "schedule.answer", "schedule:"+run.Key, map[string]any{"period": period, "yes": yes})
	})
	if err != nil {
		return fmt.Errorf("answer run %s of schedule %d: %w", period, id, err)
	}
	return nil
}
