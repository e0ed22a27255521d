package storage

import (
	"context"
	"database/sql"
	"fmt"

	"actnow"
)

// resume puts right what a crash or a full disk left: it takes publications back that
// did not come to an end, ends undos, clears away what was published anew, and takes
// launches back that did not come to an end.
func (db *DB) resume(ctx context.Context) error {
	var ids []int64
	var by []actnow.Actor
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT id, undone_by FROM snapshots WHERE state IN ('publishing', 'withdrawing') ORDER BY id DESC`, nil, func(rows *sql.Rows) error {
			var id int64
			var a actnow.Actor
			err := rows.Scan(&id, &a.Name)
			ids, by = append(ids, id), append(by, a)
			return err
		})
	})
	if err != nil {
		return err
	}
	for i, id := range ids {
		db.log.WarnContext(ctx, "an import or an undo was interrupted: what there is of the import is taken back", "snapshot", id)
		if err := db.takeBack(ctx, by[i], id); err != nil {
			return err
		}
	}
	if err := db.clearReplaced(ctx); err != nil {
		return err
	}
	return db.forgetUnlaunched(ctx)
}

// takeBack undoes what there is of an import that did not come to an end, or whose undo
// did not.
func (db *DB) takeBack(ctx context.Context, by actnow.Actor, id int64) error {
	if _, err := db.undo(ctx, by, actnow.SnapshotID(id), nil); err != nil {
		return fmt.Errorf("take publication %d back: %w", id, err)
	}
	return nil
}

// clearReplaced removes, some at a time, the rows of snapshots whose content was
// published anew, and those that lie aside of an import that is in force again.
func (db *DB) clearReplaced(ctx context.Context) error {
	const replaced = `s.state = 'replaced'`
	for _, of := range []struct{ table, snapshots string }{
		{"agreements", replaced}, {"location_names", replaced}, {"snapshot_rows", replaced}, {"rejected_rows", replaced}, {"undone_rows", `s.undone_at IS NULL`},
	} {
		err := db.deleteInPieces(ctx, of.table+` WHERE rowid IN (SELECT r.rowid FROM snapshots s JOIN `+of.table+` r ON r.snapshot_id = s.id
			WHERE `+of.snapshots+` LIMIT 500)`)
		if err != nil {
			return fmt.Errorf("clear %s: %w", of.table, err)
		}
	}
	return nil
}
