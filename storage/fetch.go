package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"actnow"
	"actnow/reports/insights"
)

// BeginFetch records that a fetch runs, and fails those of other periods that a
// stop left running. What the same dataset and period said before is gone.
func (db *DB) BeginFetch(ctx context.Context, f insights.Fetch) (insights.Fetch, error) {
	f.State = insights.Running
	err := db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE fetches SET state = 'failed', code = 'error.insights.stopped', args = '[]', ended_at = ? WHERE state = 'running' AND period <> ?`,
			f.StartedAt.Unix(), f.Period)
		if err != nil {
			return err
		}
		return tx.QueryRow(`INSERT INTO fetches (dataset, period, month, state, started_at) VALUES (?, ?, ?, 'running', ?)
			ON CONFLICT (dataset, period) DO UPDATE SET month = excluded.month, state = 'running', report = '', rows = 0, bytes = 0, sha256 = '', content = '',
				file = '', first = 0, redacted = 0, code = '', args = '[]', started_at = excluded.started_at, ended_at = NULL
			RETURNING id`, f.Dataset, f.Period, string(f.Month), f.StartedAt.Unix()).Scan(&f.ID)
	})
	if err != nil {
		return f, fmt.Errorf("begin fetch of %s: %w", f.Dataset, err)
	}
	return f, nil
}

// EndFetch records what came of a fetch.
func (db *DB) EndFetch(ctx context.Context, f insights.Fetch) error {
	args := f.Note.Args
	if args == nil {
		args = []any{}
	}
	text, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("end fetch of %s: %w", f.Dataset, err)
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		return touchedOne(tx.Exec(`UPDATE fetches SET state = ?, report = ?, rows = ?, bytes = ?, sha256 = ?, content = ?, file = ?, first = ?, redacted = ?,
			code = ?, args = ?, ended_at = ? WHERE id = ?`,
			string(f.State), f.Report, f.Rows, f.Bytes, f.SHA256, f.Content, f.File, f.First, f.Redacted, f.Note.Code, string(text), f.EndedAt.Unix(), f.ID))
	})
	if err != nil {
		return fmt.Errorf("end fetch of %s: %w", f.Dataset, err)
	}
	return nil
}

// FetchesOf returns the fetches of a month, oldest first.
func (db *DB) FetchesOf(ctx context.Context, month actnow.Month) ([]insights.Fetch, error) {
	return db.fetches(ctx, `WHERE month = ? ORDER BY id`, string(month))
}

// Fetches returns the newest fetches, newest first.
func (db *DB) Fetches(ctx context.Context, limit int) ([]insights.Fetch, error) {
	return db.fetches(ctx, `ORDER BY started_at DESC, id DESC LIMIT ?`, limit)
}

// LatestFetches returns the newest fetch of each dataset, by name.
func (db *DB) LatestFetches(ctx context.Context) ([]insights.Fetch, error) {
	return db.fetches(ctx, `f WHERE NOT EXISTS (SELECT 1 FROM fetches n WHERE n.dataset = f.dataset AND (n.started_at, n.id) > (f.started_at, f.id)) ORDER BY dataset`)
}

// LastContent returns the content of the newest file of a dataset that was
// imported or found unchanged. The error matches actnow.ErrNotFound.
func (db *DB) LastContent(ctx context.Context, dataset string) (string, error) {
	var content string
	err := db.readers.QueryRowContext(ctx, `SELECT content FROM fetches WHERE dataset = ? AND content <> '' AND state IN ('imported', 'unchanged', 'given_up')
		ORDER BY ended_at DESC, id DESC LIMIT 1`, dataset).Scan(&content)
	if err != nil {
		return "", fmt.Errorf("last content of %s: %w", dataset, noRows(err))
	}
	return content, nil
}

func (db *DB) fetches(ctx context.Context, where string, args ...any) ([]insights.Fetch, error) {
	list := []insights.Fetch{}
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT id, dataset, period, month, state, report, rows, bytes, sha256, content, file, first, redacted, code, args, started_at, ended_at
			FROM fetches `+where, args, func(rows *sql.Rows) error {
			var f insights.Fetch
			var started int64
			var ended sql.NullInt64
			var text []byte
			err := rows.Scan(&f.ID, &f.Dataset, &f.Period, &f.Month, &f.State, &f.Report, &f.Rows, &f.Bytes, &f.SHA256, &f.Content, &f.File,
				&f.First, &f.Redacted, &f.Note.Code, &text, &started, &ended)
			if err != nil {
				return err
			}
			f.StartedAt = time.Unix(started, 0).UTC()
			if ended.Valid {
				f.EndedAt = time.Unix(ended.Int64, 0).UTC()
			}
			err = json.Unmarshal(text, &f.Note.Args)
			f.Sentence = f.Note.String()
			list = append(list, f)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("fetches: %w", err)
	}
	return list, nil
}
