package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"actnow"
	"actnow/reports"
)

// Imported returns the result of the import of the same content for the same
// report and month, unless it was taken back.
func (db *DB) Imported(ctx context.Context, sha256 string, kind reports.Kind, month actnow.Month) (reports.Result, error) {
	return db.imported(ctx, `s.undone_at IS NULL AND s.sha256 = ? AND s.report = ? AND s.month = ?`, sha256, string(kind), string(month))
}

// ImportedAnyMonth returns the result of the latest import of the same content.
func (db *DB) ImportedAnyMonth(ctx context.Context, sha256 string) (reports.Result, error) {
	return db.imported(ctx, `s.undone_at IS NULL AND s.sha256 = ?`, sha256)
}

func (db *DB) imported(ctx context.Context, where string, args ...any) (res reports.Result, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		res, err = readImported(tx, where, args...)
		return err
	})
	if err != nil {
		return reports.Result{}, fmt.Errorf("earlier import: %w", err)
	}
	return res, nil
}

// readImported reads the result of the latest snapshot for which where holds.
func readImported(tx *sql.Tx, where string, args ...any) (reports.Result, error) {
	var list []reports.Snapshot
	err := each(tx, snapshotSQL("s.rows")+` AND `+where+` ORDER BY s.id DESC LIMIT 1`, args, collectSnapshots(&list))
	if err != nil {
		return reports.Result{}, err
	}
	if len(list) == 0 {
		return reports.Result{}, actnow.ErrNotFound
	}
	s := list[0]
	res := reports.Result{
		File: s.File, Report: s.Report, Month: s.Month, Revision: s.Revision,
		Rows: s.Rows, New: s.New, Changed: s.Changed, Unchanged: s.Unchanged, Gone: s.Gone,
		UnknownColumns: []string{}, CohortCandidates: []string{}, Columns: s.Columns, Snapshot: s.ID, Superseded: !s.Current,
	}
	for _, n := range s.Notices {
		res.Warn(n)
	}
	for _, c := range s.Columns {
		if !c.Unknown() {
			continue
		}
		res.UnknownColumns = append(res.UnknownColumns, c.Header)
		if c.Candidate {
			res.CohortCandidates = append(res.CohortCandidates, c.Header)
		}
	}
	res.Rejected, err = readRejected(tx, s.ID, s.Rejected, 0)
	return res, err
}

// snapshotSQL selects the columns that collectSnapshots reads of all imports, to be
// narrowed with AND; rows is the SQL of how many rows there are to see.
func snapshotSQL(rows string) string {
	return `SELECT s.id, s.report, s.month, s.revision, s.current, s.file, s.encoding, s.separator, s.complete, ` + rows + `,
		s.new, s.changed, s.unchanged, s.gone, (SELECT count(*) FROM rejected_rows x WHERE x.snapshot_id = s.id),
		s.warnings, s.columns, s.imported_by, s.imported_at, COALESCE(s.undone_at, 0), s.undone_by FROM snapshots s WHERE s.state = 'published'`
}

func collectSnapshots(list *[]reports.Snapshot) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var s reports.Snapshot
		var warnings, columns []byte
		var at, undone int64
		err := rows.Scan(&s.ID, &s.Report, &s.Month, &s.Revision, &s.Current, &s.File, &s.Encoding, &s.Separator, &s.Complete, &s.Rows,
			&s.New, &s.Changed, &s.Unchanged, &s.Gone, &s.Rejected, &warnings, &columns, &s.By, &at, &undone, &s.UndoneBy)
		if err != nil {
			return err
		}
		s.At = time.Unix(at, 0).UTC()
		if undone != 0 {
			s.UndoneAt = time.Unix(undone, 0).UTC()
		}
		*list = append(*list, s)
		last := &(*list)[len(*list)-1]
		return errors.Join(json.Unmarshal(warnings, &last.Notices), json.Unmarshal(columns, &last.Columns))
	}
}

// visibleSnapshots is the SQL of all snapshots with the rows that the scope
// allows, and a condition for those that have any.
func visibleSnapshots(scope actnow.Scope) (query string, seen clause) {
	if scope.AllLocations {
		return snapshotSQL("s.rows"), clause{sql: "1 = 1"}
	}
	const mine = `r.snapshot_id = s.id AND r.location_id IN (SELECT value FROM ` + jsonEach + `)`
	ids := idList(scope.Locations)
	query = snapshotSQL(`(SELECT count(*) FROM snapshot_rows r WHERE ` + mine + `)`)
	return query, clause{`EXISTS (SELECT 1 FROM snapshot_rows r WHERE ` + mine + `)`, []any{ids, ids}}
}

// Snapshots returns the imports of a report, or of all if kind is "", the newest
// first and at most limit of them. A person who may not see every location sees
// those with rows of their own.
func (db *DB) Snapshots(ctx context.Context, scope actnow.Scope, kind reports.Kind, limit int) ([]reports.Snapshot, error) {
	query, seen := visibleSnapshots(scope)
	args := append(seen.args, string(kind), string(kind), limit)
	var list []reports.Snapshot
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, query+` AND `+seen.sql+` AND (? = '' OR s.report = ?) ORDER BY s.imported_at DESC, s.id DESC LIMIT ?`,
			args, collectSnapshots(&list))
	})
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	return list, nil
}

// Snapshot returns one import. The error matches actnow.ErrNotFound if there is
// none, or none of it that the person may see.
func (db *DB) Snapshot(ctx context.Context, scope actnow.Scope, id actnow.SnapshotID) (reports.Snapshot, error) {
	query, seen := visibleSnapshots(scope)
	var list []reports.Snapshot
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, query+` AND `+seen.sql+` AND s.id = ?`, append(seen.args, id), collectSnapshots(&list))
	})
	if err == nil && len(list) == 0 {
		err = actnow.ErrNotFound
	}
	if err != nil {
		return reports.Snapshot{}, fmt.Errorf("snapshot %d: %w", id, err)
	}
	return list[0], nil
}

// RejectedRows returns lines of a snapshot that could not be used, in the order
// of the file, from offset on, and how many there are in all. Nobody knows of
// what location such a line is, so the error matches actnow.ErrForbidden for a
// person who may not see all. Without Scope.Revenue an amount that could not be
// read is withheld.
func (db *DB) RejectedRows(ctx context.Context, scope actnow.Scope, id actnow.SnapshotID, offset, limit int) (rejected []reports.Rejected, total int, err error) {
	if !scope.AllLocations {
		return nil, 0, fmt.Errorf("rejected lines of snapshot %d: %w", id, actnow.ErrForbidden)
	}
	err = db.read(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRow(`SELECT (SELECT count(*) FROM rejected_rows r WHERE r.snapshot_id = s.id) FROM snapshots s WHERE s.id = ?`, id).Scan(&total)
		if err != nil {
			return noRows(err)
		}
		rejected, err = readRejected(tx, id, limit, offset)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("rejected lines of snapshot %d: %w", id, err)
	}
	if !scope.Revenue {
		for i, r := range rejected {
			if r.Code == "reject.money" && len(r.Args) == 2 {
				r.Args[1] = "…"
				rejected[i].Reason = reports.NewNotice(r.Code, r.Args...).String()
			}
		}
	}
	return rejected, total, nil
}

func readRejected(tx *sql.Tx, id actnow.SnapshotID, limit, offset int) ([]reports.Rejected, error) {
	list := []reports.Rejected{}
	err := each(tx, `SELECT line, field, reason, code, args FROM rejected_rows WHERE snapshot_id = ? ORDER BY line LIMIT ? OFFSET ?`,
		[]any{id, limit, offset}, func(rows *sql.Rows) error {
			var r reports.Rejected
			var args []byte
			if err := rows.Scan(&r.Line, &r.Field, &r.Reason, &r.Code, &args); err != nil {
				return err
			}
			list = append(list, r)
			return json.Unmarshal(args, &list[len(list)-1].Args)
		})
	return list, err
}
