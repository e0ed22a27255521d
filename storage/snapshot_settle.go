package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"actnow"
	"actnow/reports"
)

// settledSchema holds what a staged file means for the store.
const settledSchema = `
	CREATE TABLE people (key TEXT PRIMARY KEY, kind TEXT NOT NULL, line INTEGER NOT NULL, lines INTEGER NOT NULL) STRICT, WITHOUT ROWID;
	CREATE TABLE resolved (key TEXT PRIMARY KEY, customer_id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
	CREATE TABLE made (customer_id INTEGER PRIMARY KEY, key TEXT NOT NULL) STRICT;
	CREATE TABLE adopted (customer_id INTEGER PRIMARY KEY, key TEXT NOT NULL, old TEXT NOT NULL) STRICT;
	CREATE TABLE keys (customer_id INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (customer_id, key)) STRICT, WITHOUT ROWID;
	CREATE TABLE placed (customer_id INTEGER NOT NULL, line INTEGER NOT NULL, PRIMARY KEY (customer_id, line)) STRICT, WITHOUT ROWID;
	CREATE TABLE latest (customer_id INTEGER PRIMARY KEY, line INTEGER NOT NULL) STRICT;
	CREATE TABLE places (global_id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
	CREATE TABLE former (customer_id INTEGER PRIMARY KEY) STRICT;
	CREATE TABLE touched (customer_id INTEGER PRIMARY KEY) STRICT;
	CREATE TABLE leaving (customer_id INTEGER PRIMARY KEY) STRICT;
	CREATE TABLE member_columns (place INTEGER PRIMARY KEY, column_id INTEGER NOT NULL) STRICT;`

// settlement says what a staged file means for the store as it stands: who its
// customers are, which rows are new, and who is missing. It reads the store and
// writes into the stage alone, so that nobody waits for it.
type settlement struct {
	head reports.Head
	res  reports.Result // with the counts

	done     bool          // the same content is in force already: res says so, and nothing is to be done
	again    int64         // the snapshot of the same content that is published anew, 0 if there is none
	undone   bool          // that one was taken back, and so has no rows
	replaced int64         // the current revision of the month, 0 if there is none
	before   int64         // the snapshot that the counts compare with, 0 if there is none
	newest   int64         // customer that there is
	areas    []actnow.Area // of which the report says or said something
	touched  int64         // customers whom the file or the replaced revision names
}

// settle reads the store as it stands at one moment. progress is called after each
// of its steps.
func (s *snapshotStage) settle(ctx context.Context, res reports.Result, progress func(done, total int64)) (*settlement, error) {
	if err := s.end(); err != nil {
		return nil, err
	}
	p := &settlement{head: s.head, res: res}
	if repeated := p.res.Rows - len(s.seen); repeated > 0 {
		p.res.Warn(reports.NewNotice("warning.report.repeated", repeated))
	}
	p.res.Rows = len(s.seen)
	s.seen = nil
	if _, err := s.file.DB.ExecContext(ctx, settledSchema); err != nil {
		return nil, err
	}
	if err := s.file.attachStore(ctx, s.db); err != nil {
		return nil, err
	}
	tx, err := s.file.DB.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	steps := []func(*sql.Tx) error{p.findEarlier, p.findBefore, p.people, p.customers, p.place, p.touch, p.compare, p.leave, p.findAreas}
	for i, step := range steps {
		if err := ctx.Err(); err != nil {
			return nil, errors.Join(err, tx.Rollback())
		}
		if err := step(tx); err != nil {
			return nil, errors.Join(err, tx.Rollback())
		}
		if p.done {
			break
		}
		progress(int64(i+1), int64(len(steps)))
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	s.file.close()
	return p, nil
}

// complete reports whether who is missing from the file is gone. A line that
// was rejected may have named anybody.
func (p *settlement) complete() bool { return p.head.Complete && len(p.res.Rejected) == 0 }

// findEarlier looks for the same content.
func (p *settlement) findEarlier(tx *sql.Tx) error {
	earlier, err := readImported(tx, `s.sha256 = ? AND s.report = ? AND s.month = ?`, p.head.SHA256, string(p.head.Kind), string(p.head.Month))
	switch {
	case errors.Is(err, actnow.ErrNotFound):
		return nil
	case err != nil:
		return err
	case earlier.Superseded || !reports.SameReading(earlier.Columns, p.head.Columns):
		p.again = int64(earlier.Snapshot)
		return tx.QueryRow(`SELECT undone_at IS NOT NULL FROM store.snapshots WHERE id = ?`, p.again).Scan(&p.undone)
	}
	earlier.File = p.head.File
	p.res, p.done = earlier.Again(), true
	return nil
}

// findBefore finds the revision that this one replaces and the snapshot it is
// compared with: the current one of the month, else of the month before that
// has one.
func (p *settlement) findBefore(tx *sql.Tx) error {
	err := tx.QueryRow(`SELECT COALESCE(max(revision), 0) + 1 FROM store.snapshots WHERE report = ? AND month = ? AND id <> ?`,
		string(p.head.Kind), string(p.head.Month), p.again).Scan(&p.res.Revision)
	if err != nil {
		return err
	}
	var month string
	err = tx.QueryRow(`SELECT id, month FROM store.snapshots WHERE report = ? AND current = 1 AND month <= ? ORDER BY month DESC LIMIT 1`,
		string(p.head.Kind), string(p.head.Month)).Scan(&p.before, &month)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil || month != string(p.head.Month) {
		return err
	}
	p.replaced = p.before
	return execAll(tx, "former", []clause{{`INSERT OR FAIL INTO former SELECT DISTINCT customer_id FROM store.snapshot_rows WHERE snapshot_id = ?`, []any{p.replaced}}})
}

// people finds the customers that the file names, for each its last line, and how
// many of them have different names on different lines.
func (p *settlement) people(tx *sql.Tx) error {
	err := execAll(tx, "people", []clause{{`INSERT OR FAIL INTO people (key, kind, line, lines)
		SELECT key, max(kind), max(line), count(*) FROM rows GROUP BY key`, nil}})
	if err != nil {
		return err
	}
	var conflicts int
	err = tx.QueryRow(`SELECT count(*) FROM (SELECT key FROM rows
		WHERE masked = 0 AND key IN (SELECT key FROM people WHERE lines > 1) GROUP BY key HAVING min(name) <> max(name)) c`).Scan(&conflicts)
	if conflicts > 0 {
		p.res.Warn(reports.NewNotice("warning.report.conflict", conflicts))
	}
	return err
}

// customers finds the customer of every key, or the number of one to be made.
//
// A customer is found by its TPID, else by its domain, else by name and place,
// so those with the better key go first. One that was known by a weaker key
// alone is adopted when the better one appears, if just one row claims it.
func (p *settlement) customers(tx *sql.Tx) error {
	if err := tx.QueryRow(`SELECT COALESCE(max(id), 0) FROM store.customers`).Scan(&p.newest); err != nil {
		return err
	}
	err := execAll(tx, "customers", []clause{{`INSERT OR FAIL INTO made VALUES (?, '')`, []any{p.newest}}}) // so that numbers go on from there
	if err != nil {
		return err
	}
	for _, kind := range []reports.KeyKind{reports.KeyTPID, reports.KeyDomain, reports.KeyName} {
		var some bool
		if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM people WHERE kind = ?)`, string(kind)).Scan(&some); err != nil {
			return err
		}
		if !some {
			continue
		}
		if err := execAll(tx, "customers by "+string(kind), customersBy(kind)); err != nil {
			return err
		}
	}
	return execAll(tx, "customers", []clause{{`DELETE FROM made WHERE key = ''`, nil}})
}

// customersBy finds those whose best key is of a kind: by the key they go by, by one
// they were ever known by, by adoption; the rest are numbered. Then it notes the keys
// by which a row with fewer of them finds a customer.
func customersBy(kind reports.KeyKind) []clause {
	k := []any{string(kind)}
	statements := []clause{
		{`INSERT OR FAIL INTO resolved (key, customer_id)
			SELECT q.key, c.id FROM people q JOIN store.customers c ON c.key = q.key
			WHERE q.kind = ? AND c.id NOT IN (SELECT customer_id FROM adopted) ORDER BY q.key`, k},
	}
	if kind != reports.KeyTPID { // which leads to one customer as it is
		statements = append(statements,
			clause{`CREATE INDEX IF NOT EXISTS keys_key ON keys (key)`, nil},
			clause{`INSERT OR FAIL INTO resolved (key, customer_id)
				SELECT key, min(customer_id) FROM (
					SELECT q.key, o.customer_id FROM people q JOIN store.customer_keys o ON o.key = q.key WHERE q.kind = ?1
					UNION SELECT q.key, o.customer_id FROM people q JOIN keys o ON o.key = q.key WHERE q.kind = ?1)
				WHERE key NOT IN (SELECT key FROM resolved) GROUP BY key HAVING count(*) = 1`, k})
	}
	return append(statements,
		clause{`INSERT OR FAIL INTO adopted (customer_id, key, old)
			WITH claims AS (
				SELECT q.key, c.id, c.key AS old, row_number() OVER (PARTITION BY q.key ORDER BY c.key = s.key2 DESC) AS nth
				FROM people q JOIN rows s ON s.line = q.line JOIN store.customers c ON c.key IN (s.key2, s.key3)
				WHERE q.kind = ? AND c.key <> '' AND q.key NOT IN (SELECT key FROM resolved)
					AND c.id NOT IN (SELECT customer_id FROM resolved)
			)
			SELECT id, min(key), min(old) FROM claims WHERE nth = 1 GROUP BY id HAVING count(*) = 1`, k},
		clause{`INSERT OR FAIL INTO resolved (key, customer_id) SELECT key, customer_id FROM adopted WHERE key NOT IN (SELECT key FROM resolved)`, nil},
		clause{`INSERT OR FAIL INTO made (key)
			SELECT key FROM people WHERE kind = ? AND key NOT IN (SELECT key FROM resolved) ORDER BY line`, k},
		clause{`INSERT OR FAIL INTO resolved (key, customer_id) SELECT key, customer_id FROM made WHERE key <> '' ON CONFLICT DO NOTHING`, nil},
		clause{`INSERT OR FAIL INTO keys (customer_id, key)
			SELECT x.customer_id, k.key FROM (SELECT key AS own, key FROM rows WHERE kind = ?1 AND kind <> 'tpid'
				UNION ALL SELECT key, key2 FROM rows WHERE kind = ?1 AND key2 <> ''
				UNION ALL SELECT key, key3 FROM rows WHERE kind = ?1 AND key3 <> '') k CROSS JOIN resolved x ON x.key = k.own
			WHERE NOT EXISTS (SELECT 1 FROM store.customer_keys o WHERE o.key = k.key AND o.customer_id = x.customer_id)
			ON CONFLICT DO NOTHING`, k})
}

// place notes the lines of each customer, and the locations that the file names.
func (p *settlement) place(tx *sql.Tx) error {
	return execAll(tx, "place", []clause{
		{`INSERT OR FAIL INTO placed (customer_id, line)
			SELECT x.customer_id, s.line FROM rows s CROSS JOIN resolved x ON x.key = s.key ORDER BY x.customer_id, s.line`, nil},
		{`INSERT OR FAIL INTO latest (customer_id, line) SELECT customer_id, max(line) FROM placed GROUP BY customer_id`, nil},
		{`INSERT OR FAIL INTO places (global_id, name) SELECT global_id, max(location) FROM rows GROUP BY global_id`, nil},
	})
}

// touch notes whom the publication concerns.
func (p *settlement) touch(tx *sql.Tx) error {
	err := execAll(tx, "touched", []clause{{`INSERT OR FAIL INTO touched SELECT customer_id FROM latest UNION SELECT customer_id FROM former`, nil}})
	if err != nil {
		return err
	}
	return tx.QueryRow(`SELECT count(*) FROM touched`).Scan(&p.touched)
}

// compare counts the rows of the stage against the snapshot before. A row is
// the same if customer, location and agreement are.
func (p *settlement) compare(tx *sql.Tx) error {
	if p.before == 0 {
		p.res.New = p.res.Rows
		return nil
	}
	err := tx.QueryRow(`
		WITH judged AS (
			SELECT (SELECT max(1 + (r.hash = s.hash)) FROM store.snapshot_rows r JOIN store.locations g ON g.id = r.location_id
					LEFT JOIN store.agreements a ON a.snapshot_id = r.snapshot_id AND a.line = r.line
				WHERE r.customer_id = l.customer_id AND r.snapshot_id = ?1 AND g.global_id = s.global_id AND COALESCE(a.agreement_id, '') = s.agreement_id) AS alike
			FROM placed l CROSS JOIN rows s ON s.line = l.line
		)
		SELECT COALESCE(sum(alike IS NULL), 0), COALESCE(sum(alike = 1), 0), COALESCE(sum(alike = 2), 0) FROM judged`,
		p.before).Scan(&p.res.New, &p.res.Changed, &p.res.Unchanged)
	if err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	return nil
}

// leave notes who was in the snapshot before and is missing from a complete file,
// and leaves out those whom another report of the month or a later one still has.
func (p *settlement) leave(tx *sql.Tx) error {
	if !p.complete() || p.before == 0 {
		return nil
	}
	err := tx.QueryRow(`SELECT count(DISTINCT customer_id) FROM store.snapshot_rows
		WHERE snapshot_id = ? AND customer_id NOT IN (SELECT customer_id FROM latest)`, p.before).Scan(&p.res.Gone)
	if err != nil {
		return err
	}
	return execAll(tx, "gone", []clause{{`INSERT OR FAIL INTO leaving SELECT id FROM store.customers c
		WHERE gone_month IS NULL
			AND id IN (SELECT customer_id FROM store.snapshot_rows WHERE snapshot_id = ?2)
			AND id NOT IN (SELECT customer_id FROM latest)
			AND NOT EXISTS (SELECT 1 FROM store.snapshot_rows r JOIN store.snapshots o ON o.id = r.snapshot_id
				WHERE r.customer_id = c.id AND o.current = 1 AND o.id <> ?3 AND o.month >= ?1)`,
		[]any{string(p.head.Month), p.before, p.replaced}}})
}

func (p *settlement) findAreas(tx *sql.Tx) error {
	const before = ` WHERE customer_id IN (SELECT customer_id FROM former) AND month = ?`
	return each(tx, `SELECT DISTINCT area FROM store.propensities`+before+` AND source = ?
		UNION SELECT area FROM store.revenues`+before+` AND snapshot_id = ? UNION SELECT area FROM scores UNION SELECT area FROM main.revenues`,
		[]any{string(p.head.Month), string(p.head.Kind), string(p.head.Month), p.replaced}, func(rows *sql.Rows) error {
			var a actnow.Area
			err := rows.Scan(&a)
			p.areas = append(p.areas, a)
			return err
		})
}
