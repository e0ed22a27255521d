package storage

import (
	"database/sql"
	"fmt"
	"strings"

	"actnow"
	"actnow/reports"
)

// withdrawal is the one transaction that takes a snapshot back, with what holds
// afterwards in the stage.
type withdrawal struct {
	db   *DB
	by   actnow.Actor
	past *past
	now  int64

	undo  reports.Undo
	gone  leaving
	areas []actnow.Area // of which the snapshot or the one before says something
}

func (w *withdrawal) run(tx *sql.Tx) error {
	var err error
	if w.undo, w.gone, err = w.past.summary(tx); err != nil {
		return err
	}
	for _, step := range []func(*sql.Tx) error{w.findAreas, w.scores, w.rows, w.cohorts, w.leave, w.customers, w.ownScores, w.standings, w.note} {
		if err := step(tx); err != nil {
			return err
		}
	}
	return nil
}

func (w *withdrawal) id() int64 { return w.past.undone.id }

// next is the snapshot that becomes the current one, 0 if none does.
func (w *withdrawal) next() int64 {
	if w.past.next == nil {
		return 0
	}
	return w.past.next.id
}

func (w *withdrawal) findAreas(tx *sql.Tx) error {
	return each(tx, `SELECT DISTINCT area FROM propensities WHERE month = ? AND source = ?
		UNION SELECT area FROM revenues WHERE snapshot_id = ? UNION SELECT area FROM stage.scores UNION SELECT area FROM stage.revenues`,
		[]any{string(w.past.undone.month), string(w.past.undone.report), w.id()}, func(rows *sql.Rows) error {
			var a actnow.Area
			err := rows.Scan(&a)
			w.areas = append(w.areas, a)
			return err
		})
}

// scores brings back what the snapshot before says of scores and revenue, and
// revenues of other reports that this one had replaced.
func (w *withdrawal) scores(tx *sql.Tx) error {
	month, report := string(w.past.undone.month), string(w.past.undone.report)
	if !w.past.undone.current {
		return execAll(tx, "lost", []clause{{`CREATE TABLE stage.lost (customer_id INTEGER NOT NULL, area TEXT NOT NULL)`, nil}})
	}
	return execAll(tx, "scores", []clause{
		{`DELETE FROM propensities WHERE source = ? AND month = ?`, []any{report, month}},
		{`INSERT INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, cell, cluster, cluster_from, explanation, snapshot_id, scored_at)
			SELECT customer_id, area, ?, ?, fit, intent, fit_band, intent_band, cell, cluster, CASE WHEN cluster <> '' THEN 'file' ELSE '' END, explanation, ?, ?
			FROM stage.scores`, []any{month, report, w.next(), w.now}},
		{`CREATE TABLE stage.lost (customer_id INTEGER NOT NULL, area TEXT NOT NULL, PRIMARY KEY (customer_id, area))`, nil},
		{`INSERT INTO stage.lost SELECT customer_id, area FROM revenues WHERE snapshot_id = ?`, []any{w.id()}},
		{`DELETE FROM revenues WHERE snapshot_id = ?`, []any{w.id()}},
		{`INSERT INTO revenues (customer_id, area, month, low, high, currency, text, snapshot_id)
			SELECT v.customer_id, v.area, ?, v.low, v.high, v.currency, v.text, v.snapshot_id FROM stage.revenues v
			WHERE v.snapshot_id = ? OR EXISTS (SELECT 1 FROM stage.lost l WHERE l.customer_id = v.customer_id AND l.area = v.area)
			ON CONFLICT (customer_id, area, month) DO UPDATE SET low = excluded.low, high = excluded.high,
				currency = excluded.currency, text = excluded.text, snapshot_id = excluded.snapshot_id`,
			[]any{month, w.next()}},
	})
}

// rows lays the rows aside and makes the snapshot before the current one. One that was
// never published goes, and one that was taken back before still is.
func (w *withdrawal) rows(tx *sql.Tx) error {
	id := w.id()
	keep := []clause{
		{`INSERT INTO undone_rows (snapshot_id, line, cells) SELECT snapshot_id, line, cells FROM snapshot_rows WHERE snapshot_id = ?`, []any{id}},
		{`UPDATE snapshots SET current = 0, undone_at = ?, undone_by = ? WHERE id = ?`, []any{w.now, w.by.Name, id}},
	}
	if w.past.undone.partial {
		keep = []clause{
			{`UPDATE snapshots SET state = 'published' WHERE id = ? AND undone_at IS NOT NULL`, []any{id}},
			{`DELETE FROM rejected_rows WHERE snapshot_id IN (SELECT id FROM snapshots WHERE id = ? AND state = 'publishing')`, []any{id}},
			{`DELETE FROM snapshots WHERE id = ? AND state = 'publishing'`, []any{id}},
		}
	}
	return execAll(tx, "rows", append([]clause{
		{`CREATE TABLE stage.placed (customer_id INTEGER NOT NULL, location_id INTEGER NOT NULL, PRIMARY KEY (customer_id, location_id))`, nil},
		{`INSERT INTO stage.placed SELECT DISTINCT customer_id, location_id FROM snapshot_rows WHERE snapshot_id = ?`, []any{id}},
	}, append(keep, []clause{
		{`DELETE FROM agreements WHERE snapshot_id = ?`, []any{id}},
		{`DELETE FROM snapshot_rows WHERE snapshot_id = ?`, []any{id}},
		{`UPDATE snapshots SET current = 1 WHERE id = ?`, []any{w.next()}},
		{`UPDATE snapshots SET before_id = NULLIF(?, id) WHERE before_id = ?`, []any{null(w.past.undone.before), id}},
	}...)...))
}

// cohorts brings the Yes/No columns of the report back to what the imports that
// stand say of them.
func (w *withdrawal) cohorts(tx *sql.Tx) error {
	month, report := string(w.past.undone.month), string(w.past.undone.report)
	if w.past.undone.current {
		err := execAll(tx, "cohort members", []clause{
			{`DELETE FROM cohort_members WHERE month = ? AND column_id IN (SELECT id FROM cohort_columns WHERE report = ?)`, []any{month, report}},
			{`INSERT INTO cohort_members (column_id, month, customer_id)
				SELECT k.id, ?, m.customer_id FROM stage.members m JOIN cohort_columns k ON k.report = ? AND k.key = m.key`, []any{month, report}},
		})
		if err != nil {
			return err
		}
	}
	columns := idList(w.gone.columns)
	err := execAll(tx, "cohort columns", []clause{
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

// leave takes away the customers and locations that nothing else names. An
// account that was matched with one waits for the next match run.
func (w *withdrawal) leave(tx *sql.Tx) error {
	ids := idList(w.gone.customers)
	const theirs = ` WHERE customer_id IN (SELECT value FROM ` + jsonEach + `)`
	statements := []clause{{`UPDATE matches SET customer_id = NULL, band = 'none', machine_band = 'none', decided = 0, stage = '', probability = 0, reason = ''` + theirs, []any{ids}}}
	for _, table := range ofCustomers {
		statements = append(statements, clause{`DELETE FROM ` + table + theirs, []any{ids}})
	}
	statements = append(statements, clause{`DELETE FROM customers WHERE id IN (SELECT value FROM ` + jsonEach + `)`, []any{ids}})
	if err := execAll(tx, "customers that go", statements); err != nil {
		return err
	}
	return nil
}

// customers says of those that stay what the imports that stand say.
func (w *withdrawal) customers(tx *sql.Tx) error {
	columns := []string{"tpid", "duns", "name", "domain", "org_size", "industry", "vertical", "geo_area", "subsidiary", "sales_territory", "city", "state",
		"postal_code", "country", "segment", "segment_text", "nonprofit", "first_month", "last_month", "gone_month"}
	set, differs := "", ""
	for _, c := range columns {
		set += c + " = n." + c + ", "
		differs += " OR customers." + c + " IS DISTINCT FROM n." + c
	}
	statements := []clause{
		{`UPDATE customers SET ` + set + `updated_at = ? FROM stage.customers n WHERE customers.id = n.customer_id AND (1 = 0` + differs + `)`, []any{w.now}},
		{`DELETE FROM customer_keys WHERE customer_id IN (SELECT customer_id FROM stage.customers) 
			AND NOT EXISTS (SELECT 1 FROM stage.keys n WHERE n.key = customer_keys.key AND n.customer_id = customer_keys.customer_id)`, nil},
		{`INSERT INTO customer_keys (key, customer_id) SELECT key, customer_id FROM stage.keys WHERE true ON CONFLICT DO NOTHING`, nil},
		{`DELETE FROM customer_facts WHERE customer_id IN (SELECT customer_id FROM stage.customers) 
			AND NOT EXISTS (SELECT 1 FROM stage.facts n WHERE n.customer_id = customer_facts.customer_id AND n.field = customer_facts.field)`, nil},
		{`INSERT INTO customer_facts (customer_id, field, value, month) SELECT customer_id, field, value, month FROM stage.facts WHERE true
			ON CONFLICT (customer_id, field) DO UPDATE SET value = excluded.value, month = excluded.month
			WHERE customer_facts.value <> excluded.value OR customer_facts.month <> excluded.month`, nil},
		{`DELETE FROM customer_locations WHERE customer_id IN (SELECT customer_id FROM stage.customers)
			AND NOT EXISTS (SELECT 1 FROM stage.places n WHERE n.customer_id = customer_locations.customer_id AND n.location_id = customer_locations.location_id)`, nil},
		{`INSERT INTO customer_locations (customer_id, location_id) SELECT customer_id, location_id FROM stage.places WHERE true ON CONFLICT DO NOTHING`, nil},
	}
	if err := execAll(tx, "customers", statements); err != nil {
		return err
	}
	if err := w.rename(tx); err != nil {
		return err
	}
	return w.emptyLocations(tx)
}

// rename gives customers the key they had before a better one appeared, unless
// another has it by now. The decisions of people move along.
func (w *withdrawal) rename(tx *sql.Tx) error {
	type renaming struct {
		id       actnow.CustomerID
		old, key string
	}
	var list []renaming
	err := each(tx, `SELECT c.id, c.key, n.key FROM stage.customers n JOIN customers c ON c.id = n.customer_id
		WHERE c.key <> n.key AND NOT EXISTS (SELECT 1 FROM customers o WHERE o.key = n.key) ORDER BY c.id`, nil,
		func(rows *sql.Rows) error {
			var r renaming
			err := rows.Scan(&r.id, &r.old, &r.key)
			list = append(list, r)
			return err
		})
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, r := range list {
		if taken[r.key] {
			continue
		}
		taken[r.key] = true
		err := execAll(tx, "key", []clause{
			{`UPDATE customers SET key = ? WHERE id = ?`, []any{r.key, r.id}},
			{`UPDATE match_decisions SET customer_key = ? WHERE customer_key = ?`, []any{r.key, r.old}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// emptyLocations takes away locations that only the snapshot named.
func (w *withdrawal) emptyLocations(tx *sql.Tx) error {
	named := []string{}
	err := each(tx, referencesTo, []any{"locations"}, func(rows *sql.Rows) error {
		var table, column string
		err := rows.Scan(&table, &column)
		named = append(named, fmt.Sprintf("NOT EXISTS (SELECT 1 FROM %s x WHERE x.%s = locations.id)", table, column))
		return err
	})
	if err != nil {
		return err
	}
	return execAll(tx, "locations", []clause{{`DELETE FROM locations WHERE id IN (SELECT location_id FROM stage.placed) AND ` + strings.Join(named, " AND "), nil}})
}

// ownScores forgets our own scores of a month of which there is no report any
// more.
func (w *withdrawal) ownScores(tx *sql.Tx) error {
	month := string(w.past.undone.month)
	var reported bool
	if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM snapshots WHERE month = ? AND current = 1)`, month).Scan(&reported); err != nil {
		return err
	}
	statements := []clause{
		{`CREATE TABLE stage.touched (customer_id INTEGER PRIMARY KEY)`, nil},
		{`INSERT INTO stage.touched SELECT p.customer_id FROM stage.placed p JOIN customers c ON c.id = p.customer_id UNION SELECT customer_id FROM stage.customers`, nil},
	}
	if !reported {
		w.areas = actnow.Areas
		statements = append(statements,
			clause{`INSERT INTO stage.touched SELECT DISTINCT customer_id FROM propensities WHERE source = 'own' AND month = ? ON CONFLICT DO NOTHING`, []any{month}},
			clause{`DELETE FROM propensities WHERE source = 'own' AND month = ?`, []any{month}},
			clause{`DELETE FROM score_parts WHERE month = ?`, []any{month}})
	}
	return execAll(tx, "own scores", statements)
}

func (w *withdrawal) standings(tx *sql.Tx) error {
	return refreshStandings(tx, w.past.undone.month, w.areas, `SELECT customer_id FROM stage.touched`)
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
