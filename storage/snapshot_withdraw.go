package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"actnow"
	"actnow/reports"
)

// withdrawnSchema holds, beside what holds afterwards, whom a withdrawal concerns and
// what is to go.
const withdrawnSchema = `
	CREATE TABLE touched (customer_id INTEGER PRIMARY KEY) STRICT;
	CREATE TABLE lone_locations (location_id INTEGER PRIMARY KEY) STRICT;
	CREATE TABLE lone (customer_id INTEGER PRIMARY KEY) STRICT;
	CREATE TABLE renamed (customer_id INTEGER PRIMARY KEY) STRICT;
	CREATE TABLE scored (customer_id INTEGER PRIMARY KEY) STRICT;
	CREATE TABLE old_keys (customer_id INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (customer_id, key)) STRICT, WITHOUT ROWID;
	CREATE TABLE old_facts (customer_id INTEGER NOT NULL, field TEXT NOT NULL, PRIMARY KEY (customer_id, field)) STRICT, WITHOUT ROWID;
	CREATE TABLE old_fields (field TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
	CREATE TABLE old_candidates (customer_id INTEGER NOT NULL, account_id INTEGER NOT NULL, rank INTEGER NOT NULL,
		PRIMARY KEY (customer_id, account_id, rank)) STRICT, WITHOUT ROWID;
	CREATE TABLE lost (customer_id INTEGER NOT NULL, area TEXT NOT NULL, PRIMARY KEY (customer_id, area)) STRICT, WITHOUT ROWID;`

// withdrawal takes a snapshot back, customer by customer, in pieces between which
// others write, with what holds afterwards in the stage. Its rows go last, so that one
// that a crash ends can begin anew when the store is opened again.
type withdrawal struct {
	db       *DB
	by       actnow.Actor
	past     *past
	file     *Staging
	now      int64
	progress func(done, total int64)

	undo    reports.Undo
	areas   []actnow.Area // of which the snapshot or the one before says something
	touched int64         // customers
}

func (w *withdrawal) run(ctx context.Context) error {
	w.undo = w.past.undo()
	if err := w.settle(ctx); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // begun, it comes to an end
	if err := w.db.write(ctx, w.open); err != nil {
		return err
	}
	pass := func(table string, fn func(*sql.Tx, span) error, done func(n int64)) func() error {
		return func() error { return w.db.eachSpan(ctx, w.file, table, fn, done) }
	}
	none := func(n int64) {}
	for _, step := range []func() error{
		pass("touched", w.piece, func(n int64) { w.progress(n, 2*w.touched) }),
		pass("renamed", w.rename, none),
		pass("scored", w.ownScores, none),
		func() error { return w.db.publish(ctx, w.file, w.locationNames) },
		func() error { return w.db.publish(ctx, w.file, w.emptyLocations) },
		pass("touched", w.rows, func(n int64) { w.progress(w.touched+n, 2*w.touched) }),
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return w.db.write(ctx, w.finish)
}

func (w *withdrawal) id() int64 { return w.past.undone.id }

// next is the snapshot that becomes the current one, 0 if none does.
func (w *withdrawal) next() int64 {
	if w.past.next == nil {
		return 0
	}
	return w.past.next.id
}

// settle finds whom and what the withdrawal concerns. It reads the store from the
// stage's own connection, so that nobody waits for it.
func (w *withdrawal) settle(ctx context.Context) error {
	if _, err := w.file.DB.ExecContext(ctx, withdrawnSchema); err != nil {
		return err
	}
	if err := w.file.attachStore(ctx, w.db); err != nil {
		return err
	}
	tx, err := w.file.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, step := range []func(*sql.Tx) error{w.findTouched, w.findOld, w.findScored, w.findAreas} {
		if err := errors.Join(ctx.Err(), step(tx)); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	w.file.close()
	return nil
}

// findTouched finds the customers whom the snapshot, the one before and the next one
// name, and the customers and locations that it alone names.
func (w *withdrawal) findTouched(tx *sql.Tx) error {
	err := execAll(tx, "touched", []clause{
		{`INSERT INTO touched SELECT DISTINCT customer_id FROM store.snapshot_rows WHERE snapshot_id IN (?, ?, ?)`, []any{w.id(), w.next(), w.past.undone.before}},
		{`INSERT INTO lone SELECT DISTINCT customer_id FROM store.snapshot_rows r WHERE snapshot_id = ?1
			AND NOT EXISTS (SELECT 1 FROM store.snapshot_rows o WHERE o.customer_id = r.customer_id AND o.snapshot_id <> ?1)`, []any{w.id()}},
		{`INSERT INTO lone_locations SELECT location_id FROM (SELECT DISTINCT location_id FROM store.snapshot_rows WHERE snapshot_id = ?1) l
			WHERE NOT EXISTS (SELECT 1 FROM store.snapshot_rows o WHERE o.location_id = l.location_id AND o.snapshot_id <> ?1)`, []any{w.id()}},
	})
	if err != nil {
		return err
	}
	return tx.QueryRow(`SELECT count(*) FROM touched`).Scan(&w.touched)
}

// findOld finds what no import that stands says, in tables that are not in the order of
// customers.
func (w *withdrawal) findOld(tx *sql.Tx) error {
	return execAll(tx, "what goes", []clause{
		{`INSERT INTO old_keys SELECT o.customer_id, o.key FROM store.customer_keys o WHERE o.customer_id IN (SELECT customer_id FROM touched)
			AND NOT EXISTS (SELECT 1 FROM keys n WHERE n.customer_id = o.customer_id AND n.key = o.key)`, nil},
		{`INSERT INTO old_facts SELECT o.customer_id, o.field FROM store.customer_facts o WHERE o.customer_id IN (SELECT customer_id FROM touched)
			AND NOT EXISTS (SELECT 1 FROM facts n WHERE n.customer_id = o.customer_id AND n.field = o.field)`, nil},
		{`INSERT INTO old_fields SELECT DISTINCT field FROM old_facts`, nil},
		{`INSERT INTO old_candidates SELECT customer_id, account_id, rank FROM store.match_candidates WHERE customer_id IN (SELECT customer_id FROM lone)`, nil},
		{`INSERT INTO renamed SELECT n.customer_id FROM main.customers n JOIN store.customers c ON c.id = n.customer_id WHERE c.key <> n.key`, nil},
	})
}

// findScored finds whom we have scored in a month of which there is no report any
// more.
func (w *withdrawal) findScored(tx *sql.Tx) error {
	month := string(w.past.undone.month)
	var reported bool
	err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM store.snapshots WHERE month = ? AND id <> ? AND (current = 1 OR id = ?))`, month, w.id(), w.next()).Scan(&reported)
	if err != nil || reported {
		return err
	}
	return execAll(tx, "own scores", []clause{
		{`INSERT INTO scored SELECT DISTINCT customer_id FROM store.propensities WHERE source = 'own' AND month = ?`, []any{month}}})
}

func (w *withdrawal) findAreas(tx *sql.Tx) error {
	return each(tx, `SELECT DISTINCT area FROM store.propensities WHERE month = ? AND source = ?
		UNION SELECT area FROM store.revenues WHERE snapshot_id = ? UNION SELECT area FROM scores UNION SELECT area FROM main.revenues`,
		[]any{string(w.past.undone.month), string(w.past.undone.report), w.id()}, func(rows *sql.Rows) error {
			var a actnow.Area
			err := rows.Scan(&a)
			w.areas = append(w.areas, a)
			return err
		})
}

// open takes the snapshot from among the imports. One that was never published is not
// among them.
func (w *withdrawal) open(tx *sql.Tx) error {
	if w.past.undone.partial {
		return nil
	}
	_, err := tx.Exec(`UPDATE snapshots SET state = 'withdrawing', undone_at = ?, undone_by = ? WHERE id = ?`, w.now, w.by.Name, w.id())
	return err
}

// finish puts the snapshot among those that were taken back, and makes the one before
// the current one. One that was never published goes, and one that was taken back
// before still is.
func (w *withdrawal) finish(tx *sql.Tx) error {
	id := w.id()
	err := execAll(tx, "revision", []clause{
		{`DELETE FROM rejected_rows WHERE snapshot_id IN (SELECT id FROM snapshots WHERE id = ? AND undone_at IS NULL)`, []any{id}},
		{`DELETE FROM snapshots WHERE id = ? AND undone_at IS NULL`, []any{id}},
		{`UPDATE snapshots SET current = 0, state = 'published' WHERE id = ?`, []any{id}},
		{`UPDATE snapshots SET current = 1 WHERE id = ?`, []any{w.next()}},
		{`UPDATE snapshots SET before_id = NULLIF(?, id) WHERE before_id = ?`, []any{null(w.past.undone.before), id}},
	})
	if err != nil {
		return err
	}
	for _, step := range []func(*sql.Tx) error{w.cohortColumns, w.note} {
		if err := step(tx); err != nil {
			return err
		}
	}
	return nil
}

// cohortColumns brings the Yes/No columns of the report back to what the imports that
// stand say of them.
func (w *withdrawal) cohortColumns(tx *sql.Tx) error {
	report := string(w.past.undone.report)
	leaving, headers, err := w.past.leavingColumns(tx)
	if err != nil {
		return err
	}
	w.undo.Cohorts = headers
	columns := idList(leaving)
	err = execAll(tx, "cohort columns", []clause{
		{`DELETE FROM cohort_members WHERE column_id IN (SELECT value FROM ` + jsonEach + `)`, []any{columns}},
		{`DELETE FROM cohorts WHERE column_id IN (SELECT value FROM ` + jsonEach + `)`, []any{columns}},
		{`DELETE FROM cohort_columns WHERE id IN (SELECT value FROM ` + jsonEach + `)`, []any{columns}},
	})
	if err != nil {
		return err
	}
	stand := w.past.cohortColumns()
	for _, key := range sorted(stand) {
		c := stand[key]
		_, err := tx.Exec(`UPDATE cohort_columns SET header = ?1, first_month = ?2, last_month = ?3
			WHERE report = ?4 AND key = ?5 AND (header <> ?1 OR first_month <> ?2 OR last_month <> ?3)`, c.header, string(c.first), string(c.last), report, key)
		if err != nil {
			return fmt.Errorf("cohort column %q: %w", key, err)
		}
	}
	return nil
}

// emptyLocations takes away locations that only the snapshot named, and nothing else
// does.
func (w *withdrawal) emptyLocations(tx *sql.Tx) error {
	named := []string{}
	err := each(tx, referencesTo, []any{"locations"}, func(rows *sql.Rows) error {
		var table, column string
		err := rows.Scan(&table, &column)
		if table != "snapshot_rows" {
			named = append(named, fmt.Sprintf("NOT EXISTS (SELECT 1 FROM %s x WHERE x.%s = locations.id)", table, column))
		}
		return err
	})
	if err != nil {
		return err
	}
	return execAll(tx, "locations", []clause{{`DELETE FROM locations WHERE id IN (SELECT location_id FROM stage.lone_locations) AND ` + strings.Join(named, " AND "), nil}})
}

func (w *withdrawal) note(tx *sql.Tx) error {
	if w.past.undone.partial {
		return nil // it was never said to be there
	}
	return w.db.audit(tx, w.by, "report.undo", fmt.Sprintf("snapshot:%d", w.id()), map[string]any{
		"report": w.undo.Report, "month": w.undo.Month, "revision": w.undo.Revision, "becomes": w.undo.Becomes,
		"rows": w.undo.Rows, "customers": w.undo.Customers, "kept": w.undo.Kept,
	})
}
