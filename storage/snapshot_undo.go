package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"actnow"
	"actnow/reports"
)

// PreviewUndo says what UndoSnapshot would change. The errors are those of
// UndoSnapshot.
func (db *DB) PreviewUndo(ctx context.Context, id actnow.SnapshotID) (reports.Undo, error) {
	var u reports.Undo
	err := db.read(ctx, func(tx *sql.Tx) error {
		past, err := readPast(tx, id)
		if err != nil {
			return err
		}
		u, err = past.preview(tx)
		return err
	})
	if err != nil {
		return reports.Undo{}, fmt.Errorf("preview undo of snapshot %d: %w", id, err)
	}
	return u, nil
}

// UndoSnapshot takes an import back: the revision before, if there is one, is
// the current one again, and scores, customers, cohort columns and agreements
// are as if it had never been published. Its rows are kept aside for
// RedoSnapshot. Customers whom no other import names go, but for those that a
// campaign names; columns that a person has decided about stay too. Customer by
// customer, as it was published, so that others write meanwhile. progress, which may
// be nil, is called with how much is done of how much.
//
// The error matches actnow.ErrNotFound if there is no such import, and
// actnow.ErrConflict if it was taken back before.
func (db *DB) UndoSnapshot(ctx context.Context, by actnow.Actor, id actnow.SnapshotID, progress func(done, total int64)) (reports.Undo, error) {
	free, err := db.takeImports(ctx)
	if err != nil {
		return reports.Undo{}, err
	}
	defer free()
	u, err := db.undo(ctx, by, id, progress)
	if err != nil {
		return reports.Undo{}, fmt.Errorf("undo snapshot %d: %w", id, err)
	}
	return u, nil
}

func (db *DB) undo(ctx context.Context, by actnow.Actor, id actnow.SnapshotID, progress func(done, total int64)) (reports.Undo, error) {
	file, err := db.stage(ctx, undoSchema)
	if err != nil {
		return reports.Undo{}, err
	}
	defer file.Discard()
	telling, withdrawing := actnow.Halves(progress)
	r := &retelling{file: file, progress: telling}
	err = db.read(ctx, func(tx *sql.Tx) error {
		past, err := readPast(tx, id)
		if err != nil {
			return err
		}
		r.past = past
		return r.run(ctx, tx)
	})
	if err != nil {
		return reports.Undo{}, err
	}
	w := &withdrawal{db: db, by: by, past: r.past, file: file, now: db.now().Unix(), progress: withdrawing}
	err = w.run(ctx)
	return w.undo, err
}

// RedoSnapshot publishes an import again that was taken back, from the rows that
// were kept. The error matches actnow.ErrNotFound if there is no such import,
// and actnow.ErrConflict if it was not taken back.
func (db *DB) RedoSnapshot(ctx context.Context, by actnow.Actor, id actnow.SnapshotID, progress func(done, total int64)) (reports.Result, error) {
	res, err := db.redo(ctx, by, id, progress)
	if err != nil {
		return reports.Result{}, fmt.Errorf("redo snapshot %d: %w", id, err)
	}
	return res, nil
}

func (db *DB) redo(ctx context.Context, by actnow.Actor, id actnow.SnapshotID, progress func(done, total int64)) (reports.Result, error) {
	var old reports.Result
	var s reports.Snapshot
	head := reports.Head{By: by.Name}
	err := db.read(ctx, func(tx *sql.Tx) error {
		var list []reports.Snapshot
		err := each(tx, snapshotSQL("s.rows")+` AND s.id = ?`, []any{id}, collectSnapshots(&list))
		switch {
		case err != nil:
			return err
		case len(list) == 0:
			return actnow.ErrNotFound
		case !list[0].Undone():
			return &actnow.StateError{Noun: "import", Have: "in force", Want: "taken back"}
		}
		s = list[0]
		if err := tx.QueryRow(`SELECT sha256 FROM snapshots WHERE id = ?`, id).Scan(&head.SHA256); err != nil {
			return err
		}
		old, err = readImported(tx, `s.id = ?`, id)
		return err
	})
	if err != nil {
		return reports.Result{}, err
	}
	head.File, head.Kind, head.Month, head.Complete = s.File, s.Report, s.Month, s.Complete
	head.Encoding, head.Separator, head.Columns = s.Encoding, s.Separator, s.Columns
	stage, err := db.Stage(ctx, head)
	if err != nil {
		return reports.Result{}, err
	}
	defer func() { _ = stage.Discard() }()
	reading, publishing := actnow.Halves(progress)
	n, err := db.restage(ctx, stage, id, reports.NewRereader(s.Report, s.Separator, s.Columns), int64(s.Rows), reading)
	if err != nil {
		return reports.Result{}, err
	}
	res := reports.Result{File: s.File, Report: s.Report, Month: s.Month, Rows: n, Rejected: old.Rejected,
		UnknownColumns: old.UnknownColumns, CohortCandidates: old.CohortCandidates, Columns: s.Columns, Encoding: s.Encoding, Separator: s.Separator}
	for _, notice := range s.Notices {
		if notice.Code != "warning.report.conflict" { // which is said anew
			res.Warn(notice)
		}
	}
	return stage.Publish(ctx, res, publishing)
}

// restage puts the rows that were kept into the stage and returns how many.
func (db *DB) restage(ctx context.Context, stage reports.Stage, id actnow.SnapshotID, reader *reports.Rereader, total int64, progress func(done, total int64)) (int, error) {
	const batch = 500
	n := 0
	for after := 0; ; {
		var rows []reports.Row
		seen := 0
		err := db.read(ctx, func(tx *sql.Tx) error {
			return each(tx, `SELECT line, cells FROM undone_rows WHERE snapshot_id = ? AND line > ? ORDER BY line LIMIT ?`, []any{id, after, batch},
				func(r *sql.Rows) error {
					var cells []string
					var text []byte
					if err := r.Scan(&after, &text); err != nil {
						return err
					}
					seen++
					if err := json.Unmarshal(text, &cells); err != nil {
						return fmt.Errorf("cells of line %d: %w", after, err)
					}
					if row, ok := reader.Row(after, cells); ok {
						rows = append(rows, row)
					}
					return nil
				})
		})
		if err != nil {
			return 0, err
		}
		if seen == 0 {
			return n, nil
		}
		if err := stage.Add(ctx, rows); err != nil {
			return 0, err
		}
		n += len(rows)
		progress(int64(n), total)
	}
}
