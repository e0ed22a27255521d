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

// errCounted ends a publication that only had to count, so that it is undone.
var errCounted = errors.New("counted")

// Compare returns res with the counts of what Publish would do.
func (s *snapshotStage) Compare(ctx context.Context, res reports.Result) (reports.Result, error) {
	p, err := s.run(ctx, res, true)
	if err != nil && !errors.Is(err, errCounted) {
		return reports.Result{}, fmt.Errorf("compare report %s of %s: %w", s.head.Kind, s.head.Month, err)
	}
	return p.res, nil
}

// Publish makes the snapshot the current one of its report and month.
func (s *snapshotStage) Publish(ctx context.Context, res reports.Result) (reports.Result, error) {
	p, err := s.run(ctx, res, false)
	if err != nil {
		return reports.Result{}, fmt.Errorf("publish report %s of %s: %w", s.head.Kind, s.head.Month, err)
	}
	return p.res, s.Discard()
}

func (s *snapshotStage) run(ctx context.Context, res reports.Result, countOnly bool) (*publication, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	rows, conflicts, err := s.count(ctx)
	if err != nil {
		return nil, err
	}
	if repeated := res.Rows - rows; repeated > 0 {
		res.Warn(reports.NewNotice("warning.report.repeated", repeated))
	}
	if conflicts > 0 {
		res.Warn(reports.NewNotice("warning.report.conflict", conflicts))
	}
	res.Rows = rows
	s.file.close()
	s.seen = nil
	p := &publication{head: s.head, res: res, db: s.db, now: s.db.now().Unix()}
	// Who cancels must know whether it was published, so the answer is waited for:
	// the publication itself looks at ctx.
	err = s.db.publish(context.WithoutCancel(ctx), s.file, func(tx *sql.Tx) error { return p.run(ctx, tx, countOnly) })
	return p, err
}

// publication is the one transaction that turns a stage into a snapshot.
type publication struct {
	db   *DB
	head reports.Head
	res  reports.Result
	now  int64

	id       int64         // of the snapshot; set from the start if it was superseded and comes back
	replaced int64         // the revision before, 0 if there is none; id itself if it is read anew
	before   int64         // the snapshot that the counts compare with, 0 if there is none
	areas    []actnow.Area // of which the report says or said something
	newest   int64         // customer that there was before
}

func (p *publication) run(ctx context.Context, tx *sql.Tx, countOnly bool) error {
	earlier, err := readImported(tx, `sha256 = ? AND report = ? AND month = ?`, p.head.SHA256, string(p.head.Kind), string(p.head.Month))
	switch {
	case err == nil && (earlier.Superseded || !reports.SameReading(earlier.Columns, p.head.Columns)):
		p.id = int64(earlier.Snapshot)
	case err == nil:
		earlier.File = p.head.File
		p.res = earlier.Again()
		return nil
	case !errors.Is(err, actnow.ErrNotFound):
		return err
	}
	steps := []func(*sql.Tx) error{p.findBefore, p.locations, p.customers, p.place, p.compare}
	if countOnly {
		steps = append(steps, func(*sql.Tx) error { return errCounted })
	}
	steps = append(steps, p.snapshot, p.rows, p.saveCustomers, p.gone, p.scores, p.cohorts, p.factsOf, p.standings, p.note)
	for _, step := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step(tx); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return nil
}

// findBefore finds the revision that this one replaces and the snapshot it is
// compared with: the current one of the month, else of the month before that
// has one.
func (p *publication) findBefore(tx *sql.Tx) error {
	err := tx.QueryRow(`SELECT COALESCE(max(revision), 0) + 1 FROM snapshots WHERE report = ? AND month = ? AND id <> ?`,
		string(p.head.Kind), string(p.head.Month), p.id).Scan(&p.res.Revision)
	if err != nil {
		return err
	}
	err = execAll(tx, "former", []clause{{`CREATE TABLE stage.former (customer_id INTEGER PRIMARY KEY)`, nil}})
	if err != nil {
		return err
	}
	var month string
	err = tx.QueryRow(`SELECT id, month FROM snapshots WHERE report = ? AND current = 1 AND month <= ? ORDER BY month DESC LIMIT 1`,
		string(p.head.Kind), string(p.head.Month)).Scan(&p.before, &month)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil || month != string(p.head.Month) {
		return err
	}
	p.replaced = p.before
	_, err = tx.Exec(`INSERT OR FAIL INTO stage.former SELECT DISTINCT customer_id FROM snapshot_rows WHERE snapshot_id = ?`, p.replaced)
	return err
}

func (p *publication) locations(tx *sql.Tx) error {
	_, err := tx.Exec(`INSERT INTO locations (global_id, name)
		SELECT global_id, max(location) FROM stage.rows WHERE true GROUP BY global_id
		ON CONFLICT (global_id) DO UPDATE SET name = CASE WHEN excluded.name <> '' THEN excluded.name ELSE locations.name END`)
	if err != nil {
		return fmt.Errorf("locations: %w", err)
	}
	return nil
}

// place notes the customer and the location of each line, which all that
// follows asks for.
func (p *publication) place(tx *sql.Tx) error {
	return execAll(tx, "place", []clause{
		{`CREATE TABLE stage.placed (line INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, location_id INTEGER NOT NULL)`, nil},
		{`INSERT OR FAIL INTO stage.placed (line, customer_id, location_id)
			SELECT s.line, x.customer_id, l.id FROM stage.rows s CROSS JOIN stage.resolved x ON x.key = s.key CROSS JOIN locations l ON l.global_id = s.global_id
			ORDER BY s.line`, nil},
	})
}

// compare counts the rows of the stage against the snapshot before. A row is
// the same if customer, location and agreement are.
func (p *publication) compare(tx *sql.Tx) error {
	err := tx.QueryRow(`
		WITH old AS (
			SELECT r.customer_id, r.location_id, COALESCE(a.agreement_id, '') AS agreement_id, r.hash
			FROM snapshot_rows r LEFT JOIN agreements a ON a.snapshot_id = r.snapshot_id AND a.line = r.line
			WHERE r.snapshot_id = ?1
		),
		judged AS (
			SELECT CASE
				WHEN EXISTS (SELECT 1 FROM old o WHERE o.customer_id = l.customer_id AND o.location_id = l.location_id AND o.agreement_id = s.agreement_id AND o.hash = s.hash) THEN 'unchanged'
				WHEN EXISTS (SELECT 1 FROM old o WHERE o.customer_id = l.customer_id AND o.location_id = l.location_id AND o.agreement_id = s.agreement_id) THEN 'changed'
				ELSE 'new' END AS verdict
			FROM stage.rows s JOIN stage.placed l ON l.line = s.line
		)
		SELECT COALESCE(sum(verdict = 'new'), 0), COALESCE(sum(verdict = 'changed'), 0), COALESCE(sum(verdict = 'unchanged'), 0) FROM judged`,
		p.before).Scan(&p.res.New, &p.res.Changed, &p.res.Unchanged)
	if err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	if !p.complete() {
		return nil
	}
	return tx.QueryRow(`SELECT count(DISTINCT customer_id) FROM snapshot_rows
		WHERE snapshot_id = ? AND customer_id NOT IN (SELECT customer_id FROM stage.resolved)`, p.before).Scan(&p.res.Gone)
}

// complete reports whether who is missing from the file is gone. A line that
// was rejected may have named anybody.
func (p *publication) complete() bool { return p.head.Complete && len(p.res.Rejected) == 0 }

func (p *publication) snapshot(tx *sql.Tx) error {
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
	err = execAll(tx, "revision", []clause{
		{`UPDATE snapshots SET revision = -id WHERE id = ?`, []any{p.id}}, // it may get the same number again
		{`UPDATE snapshots SET current = 0 WHERE report = ? AND month = ?`, []any{string(p.head.Kind), string(p.head.Month)}},
		{`DELETE FROM agreements WHERE snapshot_id = ?`, []any{p.id}},
		{`DELETE FROM snapshot_rows WHERE snapshot_id = ?`, []any{p.id}},
		{`DELETE FROM rejected_rows WHERE snapshot_id = ?`, []any{p.id}},
		{`DELETE FROM undone_rows WHERE snapshot_id = ?`, []any{p.id}},
	})
	if err != nil {
		return err
	}
	err = tx.QueryRow(`INSERT INTO snapshots (report, month, revision, current, file, sha256, encoding, separator, columns, complete,
			rows, new, changed, unchanged, gone, warnings, imported_by, imported_at, before_id, seq)
		VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT COALESCE(max(seq), 0) + 1 FROM snapshots))
		ON CONFLICT (sha256, report, month) DO UPDATE SET revision = excluded.revision, current = 1, file = excluded.file,
			columns = excluded.columns, complete = excluded.complete, rows = excluded.rows, new = excluded.new, changed = excluded.changed,
			unchanged = excluded.unchanged, gone = excluded.gone, warnings = excluded.warnings,
			imported_by = excluded.imported_by, imported_at = excluded.imported_at,
			before_id = CASE WHEN excluded.before_id = snapshots.id THEN snapshots.before_id ELSE excluded.before_id END, seq = excluded.seq, undone_at = NULL, undone_by = ''
		RETURNING id`,
		string(p.head.Kind), string(p.head.Month), p.res.Revision, p.head.File, p.head.SHA256, p.head.Encoding, p.head.Separator,
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
	return nil
}

// rows keeps the rows with their raw cells. Where the revision before placed a
// customer in a location that no current snapshot names, it is there no more.
func (p *publication) rows(tx *sql.Tx) error {
	return execAll(tx, "rows", []clause{
		{`INSERT OR FAIL INTO snapshot_rows (snapshot_id, line, customer_id, location_id, hash, cells)
			SELECT ?, s.line, l.customer_id, l.location_id, s.hash, s.cells
			FROM stage.rows s CROSS JOIN stage.placed l ON l.line = s.line ORDER BY s.line`,
			[]any{p.id}},
		{`INSERT OR FAIL INTO customer_locations (customer_id, location_id)
			SELECT customer_id, location_id FROM stage.placed WHERE true ON CONFLICT DO NOTHING`, nil},
		{`DELETE FROM customer_locations
			WHERE customer_id IN (SELECT customer_id FROM stage.former)
				AND NOT EXISTS (SELECT 1 FROM snapshot_rows r JOIN snapshots s ON s.id = r.snapshot_id
					WHERE r.customer_id = customer_locations.customer_id AND r.location_id = customer_locations.location_id AND s.current = 1)`, nil},
		{`INSERT OR FAIL INTO agreements (snapshot_id, line, customer_id, agreement_id, program, division, ends_at, expiring, currency)
			SELECT ?, s.line, l.customer_id, s.agreement_id, s.program, s.division, s.ends_at, s.expiring, s.currency
			FROM stage.rows s CROSS JOIN stage.placed l ON l.line = s.line
			WHERE s.agreement_id <> '' OR s.ends_at IS NOT NULL OR s.expiring IS NOT NULL OR s.program <> '' OR s.division <> ''`,
			[]any{p.id}},
	})
}

// scores replaces what the report said of scores and revenue in the month. Of
// several lines of one customer the last one that says something counts, since it
// is written last.
func (p *publication) scores(tx *sql.Tx) error {
	report, month := string(p.head.Kind), string(p.head.Month)
	const before = ` WHERE customer_id IN (SELECT customer_id FROM stage.former) AND month = ?`
	err := each(tx, `SELECT DISTINCT area FROM propensities`+before+` AND source = ?
		UNION SELECT area FROM revenues`+before+` AND snapshot_id = ? UNION SELECT area FROM stage.scores UNION SELECT area FROM stage.revenues`,
		[]any{month, report, month, p.replaced}, func(rows *sql.Rows) error {
			var a actnow.Area
			err := rows.Scan(&a)
			p.areas = append(p.areas, a)
			return err
		})
	if err != nil {
		return err
	}
	return execAll(tx, "scores", []clause{
		{`DELETE FROM propensities` + before + ` AND source = ?`, []any{month, report}},
		{`INSERT OR FAIL INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, cell, cluster, cluster_from, explanation, snapshot_id, scored_at)
			SELECT x.customer_id, v.area, ?, ?, v.fit, v.intent, v.fit_band, v.intent_band, v.cell, v.cluster, CASE WHEN v.cluster <> '' THEN 'file' ELSE '' END,
				v.explanation, ?, ?
			FROM stage.scores v CROSS JOIN stage.placed x ON x.line = v.line ORDER BY v.rowid
			ON CONFLICT (customer_id, area, month, source) DO UPDATE SET fit = excluded.fit, intent = excluded.intent,
				fit_band = excluded.fit_band, intent_band = excluded.intent_band, cell = excluded.cell, cluster = excluded.cluster,
				cluster_from = excluded.cluster_from, explanation = excluded.explanation, snapshot_id = excluded.snapshot_id, scored_at = excluded.scored_at`,
			[]any{month, report, p.id, p.now}},
		{`DELETE FROM revenues` + before + ` AND snapshot_id = ?`, []any{month, p.replaced}},
		{`INSERT OR FAIL INTO revenues (customer_id, area, month, low, high, currency, text, snapshot_id)
			SELECT x.customer_id, v.area, ?, v.low, v.high, v.currency, v.text, ?
			FROM stage.revenues v CROSS JOIN stage.placed x ON x.line = v.line ORDER BY v.rowid
			ON CONFLICT (customer_id, area, month) DO UPDATE SET low = excluded.low, high = excluded.high,
				currency = excluded.currency, text = excluded.text, snapshot_id = excluded.snapshot_id`,
			[]any{month, p.id}},
	})
}

// factsOf keeps the newest known value of each column of facts.
func (p *publication) factsOf(tx *sql.Tx) error {
	return execAll(tx, "facts", []clause{{`INSERT OR FAIL INTO customer_facts (customer_id, field, value, month)
		SELECT x.customer_id, f.field, f.value, ? FROM stage.facts f CROSS JOIN stage.placed x ON x.line = f.line ORDER BY f.rowid
		ON CONFLICT (customer_id, field) DO UPDATE SET value = excluded.value, month = excluded.month
		WHERE customer_facts.month <= excluded.month`, []any{string(p.head.Month)}}})
}

func (p *publication) standings(tx *sql.Tx) error {
	err := execAll(tx, "touched", []clause{
		{`CREATE TABLE stage.touched (customer_id INTEGER PRIMARY KEY)`, nil},
		{`INSERT OR FAIL INTO stage.touched SELECT customer_id FROM stage.placed UNION SELECT customer_id FROM stage.former`, nil},
	})
	if err != nil {
		return err
	}
	return refreshStandings(tx, p.head.Month, p.areas, `SELECT customer_id FROM stage.touched`)
}

func (p *publication) note(tx *sql.Tx) error {
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
