package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"actnow"
	"actnow/reports"
)

// keptWatched is how many files of the watched folder are remembered.
const keptWatched = 200

// KeepWatched remembers what became of a file of the watched folder. Of those
// that were moved the newest are kept.
func (db *DB) KeepWatched(ctx context.Context, w reports.Watched) error {
	sentences, err := json.Marshal(w.Sentences)
	if err != nil {
		return fmt.Errorf("keep watched file: %w", err)
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		return execAll(tx, "keep watched file", []clause{
			{`DELETE FROM watched_files WHERE name = ? AND moved = 0`, []any{validName(w.Name)}},
			{`INSERT INTO watched_files (name, size, modified_at, state, moved, snapshot_id, sentence, looked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
				[]any{validName(w.Name), w.Size, w.Modified.UnixNano(), string(w.State), w.Moved, null(w.Snapshot), string(sentences), w.At.Unix()}},
			{`DELETE FROM watched_files WHERE moved = 1 AND id NOT IN (SELECT id FROM watched_files WHERE moved = 1 ORDER BY id DESC LIMIT ?)`, []any{keptWatched}},
		})
	})
	if err != nil {
		return fmt.Errorf("keep watched file: %w", err)
	}
	return nil
}

// validName is a file's name as text.
func validName(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }

// WatchedFiles returns what became of the last files of the watched folder, the
// newest first.
func (db *DB) WatchedFiles(ctx context.Context, limit int) ([]reports.Watched, error) {
	return db.watched(ctx, `ORDER BY id DESC LIMIT ?`, limit)
}

// StuckFiles returns the files that could not be moved out of the watched folder.
func (db *DB) StuckFiles(ctx context.Context) ([]reports.Watched, error) {
	return db.watched(ctx, `WHERE moved = 0 ORDER BY id`)
}

func (db *DB) watched(ctx context.Context, which string, args ...any) ([]reports.Watched, error) {
	var list []reports.Watched
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT name, size, modified_at, state, moved, COALESCE(snapshot_id, 0), sentence, looked_at FROM watched_files `+which, args,
			func(rows *sql.Rows) error {
				var w reports.Watched
				var modified, at, snapshot int64
				var sentences []byte
				if err := rows.Scan(&w.Name, &w.Size, &modified, &w.State, &w.Moved, &snapshot, &sentences, &at); err != nil {
					return err
				}
				w.Modified, w.At, w.Snapshot = time.Unix(0, modified).UTC(), time.Unix(at, 0).UTC(), actnow.SnapshotID(snapshot)
				list = append(list, w)
				return json.Unmarshal(sentences, &list[len(list)-1].Sentences)
			})
	})
	if err != nil {
		return nil, fmt.Errorf("watched files: %w", err)
	}
	return list, nil
}
