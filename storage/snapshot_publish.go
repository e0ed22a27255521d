package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"actnow"
	"actnow/reports"
)

// Compare returns res with the counts of what Publish would do.
func (s *snapshotStage) Compare(ctx context.Context, res reports.Result) (reports.Result, error) {
	p, err := s.settle(ctx, res, func(done, total int64) {})
	if err != nil {
		return reports.Result{}, fmt.Errorf("compare report %s of %s: %w", s.head.Kind, s.head.Month, err)
	}
	return p.res, nil
}

// Publish makes the snapshot the current one of its report and month.
func (s *snapshotStage) Publish(ctx context.Context, res reports.Result, progress func(done, total int64)) (reports.Result, error) {
	res, err := s.publish(ctx, res, progress)
	if err != nil {
		return reports.Result{}, fmt.Errorf("publish report %s of %s: %w", s.head.Kind, s.head.Month, err)
	}
	return res, s.Discard()
}

func (s *snapshotStage) publish(ctx context.Context, res reports.Result, progress func(done, total int64)) (reports.Result, error) {
	free, err := s.db.takeImports(ctx)
	if err != nil {
		return res, err
	}
	defer free()
	settled, err := s.settle(ctx, res, func(done, total int64) { progress(done, 4*total) })
	if err != nil {
		return res, err
	}
	if settled.done {
		return settled.res, nil
	}
	p := &publication{settlement: settled, db: s.db, file: s.file, now: s.db.now().Unix(),
		progress: func(done, total int64) { progress(total+3*done, 4*total) }}
	err = p.run(ctx)
	return p.res, err
}

// takeImports waits until no other import is published or taken back, so that what
// one finds out of the store stays true until it ends with free. What one before left
// half done is put right first.
func (db *DB) takeImports(ctx context.Context) (free func(), err error) {
	select {
	case db.imports <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	free = func() { <-db.imports }
	if err := db.resume(ctx); err != nil {
		free()
		return nil, err
	}
	return free, nil
}

// publication turns a settled stage into a snapshot, customer by customer, in pieces
// between which others write. Each piece leaves the store as the import of a
// shorter file would, so that one which ends early is taken back as any import is.
// The snapshot is not among the imports before the last of them.
type publication struct {
	*settlement
	db       *DB
	file     *Staging
	now      int64
	progress func(done, total int64)

	id int64 // of the snapshot
}

func (p *publication) run(ctx context.Context) error {
	if err := p.db.publish(context.WithoutCancel(ctx), p.file, p.open); err != nil {
		return err
	}
	err := p.db.eachSpan(ctx, p.file, "touched", p.piece, func(done int64) { p.progress(done, p.touched) })
	if err == nil {
		err = p.db.eachSpan(ctx, p.file, "leaving", p.gone, func(done int64) {})
	}
	if err == nil {
		err = p.db.write(context.WithoutCancel(ctx), p.finish)
	}
	if err != nil {
		return errors.Join(err, p.db.takeBack(context.WithoutCancel(ctx), actnow.System, p.id))
	}
	if err := p.db.clearReplaced(context.WithoutCancel(ctx)); err != nil {
		p.db.log.WarnContext(ctx, "rows of an import that was published anew stay until the next import", "error", err)
	}
	return nil
}

// open makes the snapshot, which is not to be seen yet, and the cohort columns of
// the file. One that was taken back keeps its number.
func (p *publication) open(tx *sql.Tx) error {
	columns, err := json.Marshal(p.res.Columns)
	if err != nil {
		return err
	}
	notices := p.res.Notices
	if notices == nil {
		notices = []reports.Notice{}
	}
	warnings, err := json.Marshal(notices)
	if err != nil {
		return err
	}
	var id any // a new one
	sha256 := ""
	if p.undone {
		id, sha256 = p.again, p.head.SHA256
		if _, err := tx.Exec(`DELETE FROM rejected_rows WHERE snapshot_id = ?`, id); err != nil {
			return err
		}
	}
	err = tx.QueryRow(`INSERT INTO snapshots (id, report, month, revision, current, state, file, sha256, encoding, separator, columns, complete,
			rows, new, changed, unchanged, gone, warnings, imported_by, imported_at, before_id, seq)
		SELECT ?, ?, ?, -1 - COALESCE(max(id), 0), 0, 'publishing', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, COALESCE(max(seq), 0) + 1 FROM snapshots WHERE true
		ON CONFLICT (sha256, report, month) DO UPDATE SET state = excluded.state, file = excluded.file, encoding = excluded.encoding, separator = excluded.separator,
			columns = excluded.columns, complete = excluded.complete, rows = excluded.rows, new = excluded.new, changed = excluded.changed,
			unchanged = excluded.unchanged, gone = excluded.gone, warnings = excluded.warnings,
			imported_by = excluded.imported_by, imported_at = excluded.imported_at, before_id = excluded.before_id, seq = excluded.seq
		RETURNING id`,
		id, string(p.head.Kind), string(p.head.Month), p.head.File, sha256, p.head.Encoding, p.head.Separator,
		string(columns), p.head.Complete, p.res.Rows, p.res.New, p.res.Changed, p.res.Unchanged, p.res.Gone,
		string(warnings), p.head.By, p.now, null(p.before)).Scan(&p.id)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	p.res.Snapshot = actnow.SnapshotID(p.id)
	into := bulk{table: "rejected_rows", columns: 6, repeat: " ON CONFLICT DO NOTHING"}
	for _, r := range p.res.Rejected {
		args, err := json.Marshal(r.Args)
		if err != nil {
			return err
		}
		into.add(p.id, r.Line, r.Field, r.Reason, r.Code, string(args))
	}
	if err := into.insert(context.Background(), tx); err != nil {
		return fmt.Errorf("rejected lines: %w", err)
	}
	return p.cohorts(tx)
}

// finish puts the snapshot among the imports, in the place of the revision before,
// and of an earlier one with the same content.
func (p *publication) finish(tx *sql.Tx) error {
	statements := []clause{{`UPDATE snapshots SET current = 0 WHERE report = ? AND month = ?`, []any{string(p.head.Kind), string(p.head.Month)}}}
	if p.again != 0 && !p.undone {
		statements = append(statements,
			clause{`UPDATE snapshots SET before_id = (SELECT NULLIF(o.before_id, ?1) FROM snapshots o WHERE o.id = ?2) WHERE id = ?1 AND before_id = ?2`, []any{p.id, p.again}},
			clause{`UPDATE snapshots SET before_id = ?1 WHERE before_id = ?2 AND id <> ?2`, []any{p.id, p.again}},
			clause{`UPDATE watched_files SET snapshot_id = ? WHERE snapshot_id = ?`, []any{p.id, p.again}},
			clause{`UPDATE snapshots SET state = 'replaced', revision = -id, sha256 = 'replaced ' || id WHERE id = ?`, []any{p.again}})
	}
	err := execAll(tx, "revision", append(statements,
		clause{`UPDATE snapshots SET state = 'published', current = 1, undone_at = NULL, undone_by = '', revision = ?, sha256 = ? WHERE id = ?`,
			[]any{p.res.Revision, p.head.SHA256, p.id}}))
	if err != nil {
		return err
	}
	return p.db.audit(tx, actnow.Actor{Name: p.head.By}, "report.import", fmt.Sprintf("snapshot:%d", p.id), map[string]any{
		"report": p.head.Kind, "month": p.head.Month, "revision": p.res.Revision, "file": p.head.File,
		"rows": p.res.Rows, "rejected": len(p.res.Rejected),
	})
}

// execAll runs statements in order; what they do names them in an error. Those that
// write many rows say OR FAIL: an error undoes the transaction anyway, so none of
// them needs to be undone by itself.
func execAll(tx *sql.Tx, what string, statements []clause) error {
	for _, s := range statements {
		if _, err := tx.Exec(s.sql, s.args...); err != nil {
			return fmt.Errorf("%s: %w: %s", what, err, strings.Join(strings.Fields(s.sql)[:3], " "))
		}
	}
	return nil
}
