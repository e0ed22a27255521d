package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"actnow"
)

// StartJob records a piece of long work as running.
func (db *DB) StartJob(ctx context.Context, kind, title string, by actnow.Actor) (actnow.JobID, error) {
	var id actnow.JobID
	err := db.write(ctx, func(tx *sql.Tx) (err error) {
		id, err = db.startJob(tx, kind, title, by)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("start job: %w", err)
	}
	return id, nil
}

// startJob is StartJob within a transaction.
func (db *DB) startJob(tx *sql.Tx, kind, title string, by actnow.Actor) (id actnow.JobID, err error) {
	now := db.now().Unix()
	err = tx.QueryRow(`INSERT INTO jobs (kind, title, state, started_by, started_at, updated_at) VALUES (?, ?, 'running', ?, ?, ?) RETURNING id`,
		kind, title, by.Name, now, now).Scan(&id)
	return id, err
}

// JobProgress records how far a running job is. total 0 means not known.
func (db *DB) JobProgress(ctx context.Context, id actnow.JobID, done, total int64) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE jobs SET done = ?, total = ?, updated_at = ? WHERE id = ? AND state = 'running'`, done, total, db.now().Unix(), id)
		return err
	})
}

// FinishJob records the outcome of a job: its result as JSON, or why it failed. It
// is cancelled if that matches actnow.ErrCancelled.
func (db *DB) FinishJob(ctx context.Context, id actnow.JobID, result any, failure error) error {
	state, message := actnow.JobDone, ""
	switch {
	case errors.Is(failure, actnow.ErrCancelled):
		state = actnow.JobCancelled
	case failure != nil:
		state, message = actnow.JobFailed, failure.Error()
	}
	text, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("finish job %d: %w", id, err)
	}
	said, err := failureJSON(failure)
	if err != nil {
		return fmt.Errorf("finish job %d: %w", id, err)
	}
	return db.write(ctx, func(tx *sql.Tx) error {
		now := db.now().Unix()
		_, err := tx.Exec(`UPDATE jobs SET state = ?, message = ?, failure = ?, result = ?, updated_at = ?, finished_at = ?,
			done = CASE WHEN ? = 'done' AND total > 0 THEN total ELSE done END WHERE id = ?`,
			string(state), message, said, string(text), now, now, string(state), id)
		return err
	})
}

// failureJSON is the sentence of a failure as it is kept, "" if it has none.
func failureJSON(failure error) (string, error) {
	var input *actnow.InputError
	switch {
	case errors.As(failure, &input):
	case errors.Is(failure, actnow.ErrConflict):
		input = &actnow.InputError{Code: "error.text.conflict", Text: failure.Error()}
	case errors.Is(failure, actnow.ErrForbidden):
		input = &actnow.InputError{Code: "error.text.forbidden", Text: failure.Error()}
	default:
		return "", nil
	}
	text, err := json.Marshal(input)
	return string(text), err
}

// readFailure reads what failureJSON made.
type readFailure struct{ to **actnow.InputError }

// Scan implements sql.Scanner.
func (r readFailure) Scan(src any) error {
	text, _ := src.(string)
	if *r.to = nil; text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), r.to)
}

// EndJobs marks jobs that a crash left running as failed. It is called once at
// the start.
func (db *DB) EndJobs(ctx context.Context) error {
	stopped := actnow.Invalid("job.stopped", "", "the daemon stopped while it ran; nothing of it was kept")
	said, err := failureJSON(stopped)
	if err != nil {
		return err
	}
	return db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE jobs SET state = 'failed', message = ?, failure = ?, finished_at = ? WHERE state = 'running'`, stopped.Text, said, db.now().Unix())
		return err
	})
}

const jobColumns = `id, kind, title, state, done, total, message, failure, result, started_by, started_at, updated_at, COALESCE(finished_at, 0)`

func jobFields(j *actnow.Job) []any {
	return []any{&j.ID, &j.Kind, &j.Title, &j.State, &j.Done, &j.Total, &j.Message, readFailure{&j.Failure}, &j.Result, &j.By, &j.StartedAt, &j.UpdatedAt, &j.FinishedAt}
}

// Job returns a job. The error matches actnow.ErrNotFound.
func (db *DB) Job(ctx context.Context, id actnow.JobID) (actnow.Job, error) {
	var j actnow.Job
	err := db.readers.QueryRowContext(ctx, `SELECT `+jobColumns+` FROM jobs WHERE id = ?`, id).Scan(jobFields(&j)...)
	if err != nil {
		return j, fmt.Errorf("job %d: %w", id, noRows(err))
	}
	return j, nil
}

// Jobs returns the newest jobs of a kind, "" for all, newest first.
func (db *DB) Jobs(ctx context.Context, kind string, limit int) ([]actnow.Job, error) {
	var list []actnow.Job
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT `+jobColumns+` FROM jobs WHERE ? = '' OR kind = ? ORDER BY id DESC LIMIT ?`, []any{kind, kind, limit},
			func(rows *sql.Rows) error {
				var j actnow.Job
				err := rows.Scan(jobFields(&j)...)
				list = append(list, j)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return list, nil
}
