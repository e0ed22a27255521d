package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"actnow"
	"actnow/crm"
)

// ReceiveEvent implements crm.Store.
func (db *DB) ReceiveEvent(ctx context.Context, conn actnow.ConnectionID, eventID string, body []byte) (again bool, err error) {
	err = db.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.Exec(`INSERT INTO inbox (connection_id, event_id, body, state, received_at) VALUES (?, ?, ?, 'received', ?)
			ON CONFLICT (connection_id, event_id) DO NOTHING`, conn, eventID, body, db.now().Unix())
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		again = n == 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("receive event of connection %d: %w", conn, err)
	}
	return again, nil
}

// PendingEvents implements crm.Store.
func (db *DB) PendingEvents(ctx context.Context, limit int) ([]crm.Event, error) {
	rows, err := db.readers.QueryContext(ctx, `SELECT id, connection_id, event_id, body, attempts, received_at
		FROM inbox WHERE state = 'received' ORDER BY id LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("pending events: %w", err)
	}
	defer rows.Close()
	var list []crm.Event
	for rows.Next() {
		var e crm.Event
		var at int64
		if err := rows.Scan(&e.ID, &e.Connection, &e.EventID, &e.Body, &e.Attempts, &at); err != nil {
			return nil, fmt.Errorf("pending events: %w", err)
		}
		e.ReceivedAt = time.Unix(at, 0).UTC()
		list = append(list, e)
	}
	return list, rows.Err()
}

// FinishEvent implements crm.Store.
func (db *DB) FinishEvent(ctx context.Context, event int64, conn actnow.ConnectionID, changes []crm.Change, problem string) ([]crm.Outcome, error) {
	out, err := db.FinishEvents(ctx, []crm.Finished{{Event: event, Connection: conn, Changes: changes, Problem: problem}})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// FinishEvents implements crm.Store. An event that is not pending any more is
// left alone; its changes count as unchanged.
func (db *DB) FinishEvents(ctx context.Context, done []crm.Finished) ([][]crm.Outcome, error) {
	out := make([][]crm.Outcome, len(done))
	err := db.write(ctx, func(tx *sql.Tx) error {
		for i, f := range done {
			var err error
			if out[i], err = db.finishEvent(tx, f); err != nil {
				return fmt.Errorf("event %d: %w", f.Event, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("finish events: %w", err)
	}
	return out, nil
}

func (db *DB) finishEvent(tx *sql.Tx, f crm.Finished) ([]crm.Outcome, error) {
	state := crm.EventDone
	if f.Problem != "" && len(f.Changes) == 0 {
		state = crm.EventFailed
	}
	res, err := tx.Exec(`UPDATE inbox SET state = ?, problem = ?, attempts = attempts + 1, worked_at = ?
		WHERE id = ? AND state = 'received'`, state, f.Problem, db.now().Unix(), f.Event)
	if err != nil {
		return nil, err
	}
	if n, err := res.RowsAffected(); err != nil {
		return nil, err
	} else if n == 0 {
		out := make([]crm.Outcome, len(f.Changes))
		for i := range out {
			out[i] = crm.Unchanged
		}
		return out, nil
	}
	return db.applyChanges(tx, f.Connection, f.Changes)
}

// FailEvent implements crm.Store.
func (db *DB) FailEvent(ctx context.Context, event int64, problem string, final bool) error {
	state := crm.EventReceived
	if final {
		state = crm.EventFailed
	}
	err := db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE inbox SET state = ?, problem = ?, attempts = attempts + 1, worked_at = ?
			WHERE id = ? AND state = 'received'`, state, problem, db.now().Unix(), event)
		return err
	})
	if err != nil {
		return fmt.Errorf("fail event %d: %w", event, err)
	}
	return nil
}

// ReplayEvent puts a failed event back among those that wait; the caller rings
// the worker. The error matches actnow.ErrNotFound, or actnow.ErrConflict if the
// event has not failed.
func (db *DB) ReplayEvent(ctx context.Context, by actnow.Actor, event int64) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		var state string
		if err := tx.QueryRow(`SELECT state FROM inbox WHERE id = ?`, event).Scan(&state); err != nil {
			return noRows(err)
		}
		if state != string(crm.EventFailed) {
			return &actnow.StateError{Noun: "event", Have: state, Want: string(crm.EventFailed)}
		}
		_, err := tx.Exec(`UPDATE inbox SET state = 'received', attempts = 0, worked_at = NULL WHERE id = ?`, event)
		if err != nil {
			return err
		}
		return db.audit(tx, by, "event.replay", fmt.Sprintf("event:%d", event), nil)
	})
	if err != nil {
		return fmt.Errorf("replay event %d: %w", event, err)
	}
	return nil
}

// ReplayFailed is ReplayEvent for all failed events of a connection and returns
// how many there were.
func (db *DB) ReplayFailed(ctx context.Context, by actnow.Actor, conn actnow.ConnectionID) (n int64, err error) {
	err = db.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.Exec(`UPDATE inbox SET state = 'received', attempts = 0, worked_at = NULL
			WHERE connection_id = ? AND state = 'failed'`, conn)
		if err != nil {
			return err
		}
		if n, err = res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return db.audit(tx, by, "event.replay", fmt.Sprintf("connection:%d", conn), map[string]any{"events": n})
	})
	if err != nil {
		return 0, fmt.Errorf("replay failed events of connection %d: %w", conn, err)
	}
	return n, nil
}

// PruneInbox removes events that were done before a moment and returns how many.
// Their ids are then forgotten, so the moment must lie further back than senders
// repeat: 30 days.
func (db *DB) PruneInbox(ctx context.Context, before time.Time) (n int64, err error) {
	err = db.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.Exec(`DELETE FROM inbox WHERE state = 'done' AND problem = '' AND worked_at < ?`, before.Unix())
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("prune inbox: %w", err)
	}
	return n, nil
}

// Inbox returns a page of events, newest first. Bodies are personal data.
func (db *DB) Inbox(ctx context.Context, scope actnow.Scope, q crm.InboxQuery) (crm.InboxPage, error) {
	where, args := `WHERE 1 = 1`, []any{}
	if q.Connection != 0 {
		where, args = where+` AND i.connection_id = ?`, append(args, q.Connection)
	}
	if q.State != "" {
		where, args = where+` AND i.state = ?`, append(args, q.State)
	}
	if q.Problem {
		where += ` AND i.problem <> ''`
	}
	var page crm.InboxPage
	err := db.read(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRow(`SELECT count(*) FROM inbox i `+where, args...).Scan(&page.Total); err != nil {
			return err
		}
		rows, err := tx.Query(inboxSQL+where+` ORDER BY i.id DESC LIMIT ? OFFSET ?`, append(args, pageLimit(q.Limit), max(q.Offset, 0))...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			e, err := scanInbox(rows, scope)
			if err != nil {
				return err
			}
			page.Events = append(page.Events, e)
		}
		return rows.Err()
	})
	if err != nil {
		return crm.InboxPage{}, fmt.Errorf("inbox: %w", err)
	}
	return page, nil
}

// InboxEvent returns one event. The error matches actnow.ErrNotFound.
func (db *DB) InboxEvent(ctx context.Context, scope actnow.Scope, id int64) (crm.InboxEvent, error) {
	e, err := scanInbox(db.readers.QueryRowContext(ctx, inboxSQL+`WHERE i.id = ?`, id), scope)
	if err != nil {
		return e, fmt.Errorf("event %d: %w", id, noRows(err))
	}
	return e, nil
}

const inboxSQL = `SELECT i.id, i.connection_id, c.name, i.event_id, i.state, i.attempts, i.problem, i.received_at, i.worked_at, i.body
	FROM inbox i JOIN connections c ON c.id = i.connection_id `

func scanInbox(row interface{ Scan(...any) error }, scope actnow.Scope) (crm.InboxEvent, error) {
	var e crm.InboxEvent
	var received int64
	var worked sql.NullInt64
	err := row.Scan(&e.ID, &e.Connection, &e.Name, &e.EventID, &e.State, &e.Attempts, &e.Problem, &received, &worked, &e.Body)
	if err != nil {
		return crm.InboxEvent{}, err
	}
	e.ReceivedAt, e.WorkedAt = time.Unix(received, 0).UTC(), timeOrZero(worked)
	if !scope.Personal {
		e.Body, e.Withheld, e.Problem = nil, e.Problem != "", ""
	}
	return e, nil
}
