package storage

import (
	"database/sql"

	"actnow"
)

// piece takes back all that the snapshot says of some customers.
func (w *withdrawal) piece(tx *sql.Tx, of span) error {
	gone, kept, err := w.past.leavingCustomers(tx, of)
	if err != nil {
		return err
	}
	w.undo.Customers, w.undo.Kept = w.undo.Customers+len(gone), w.undo.Kept+kept
	for _, step := range []func(*sql.Tx, span) error{w.scores, w.cohortMembers} {
		if err := step(tx, of); err != nil {
			return err
		}
	}
	if err := w.leave(tx, idList(gone)); err != nil {
		return err
	}
	if err := w.customers(tx, of); err != nil {
		return err
	}
	return refreshStandings(tx, w.db.now(), w.past.undone.month, w.areas, `SELECT customer_id FROM stage.touched WHERE customer_id > ? AND customer_id <= ?`, of.after, of.last)
}

// scores brings back what the snapshot before says of scores and revenue, and
// revenues of other reports that this one had replaced.
func (w *withdrawal) scores(tx *sql.Tx, of span) error {
	if !w.past.undone.current {
		return nil
	}
	month, report := string(w.past.undone.month), string(w.past.undone.report)
	return execAll(tx, "scores", []clause{
		{`DELETE FROM propensities WHERE customer_id > ? AND customer_id <= ? AND +source = ? AND +month = ?`, []any{of.after, of.last, report, month}},
		{`INSERT INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, cell, cluster, cluster_from, explanation, snapshot_id, scored_at)
			SELECT customer_id, area, ?, ?, fit, intent, fit_band, intent_band, cell, cluster, CASE WHEN cluster <> '' THEN 'file' ELSE '' END, explanation, ?, ?
			FROM stage.scores WHERE customer_id > ? AND customer_id <= ?`, []any{month, report, w.next(), w.now, of.after, of.last}},
		{`INSERT INTO stage.lost SELECT customer_id, area FROM revenues WHERE customer_id > ? AND customer_id <= ? AND +snapshot_id = ?`, []any{of.after, of.last, w.id()}},
		{`DELETE FROM revenues WHERE customer_id > ? AND customer_id <= ? AND +snapshot_id = ?`, []any{of.after, of.last, w.id()}},
		{`INSERT INTO revenues (customer_id, area, month, low, high, currency, text, snapshot_id)
			SELECT v.customer_id, v.area, ?, v.low, v.high, v.currency, v.text, v.snapshot_id FROM stage.revenues v
			WHERE v.customer_id > ? AND v.customer_id <= ?
				AND (v.snapshot_id = ? OR EXISTS (SELECT 1 FROM stage.lost l WHERE l.customer_id = v.customer_id AND l.area = v.area))
			ON CONFLICT (customer_id, area, month) DO UPDATE SET low = excluded.low, high = excluded.high,
				currency = excluded.currency, text = excluded.text, snapshot_id = excluded.snapshot_id`,
			[]any{month, of.after, of.last, w.next()}},
	})
}

// rows lays the rows aside, but for those of a snapshot that was never published or
// that were laid aside before.
func (w *withdrawal) rows(tx *sql.Tx, of span) error {
	const theirs = ` FROM snapshot_rows WHERE customer_id > ? AND customer_id <= ? AND +snapshot_id = ?`
	args := []any{of.after, of.last, w.id()}
	statements := []clause{
		{`DELETE FROM agreements WHERE customer_id > ? AND customer_id <= ? AND +snapshot_id = ?`, args},
		{`DELETE` + theirs, args},
	}
	if !w.past.undone.partial {
		statements = append([]clause{{`INSERT INTO undone_rows (snapshot_id, line, cells) SELECT snapshot_id, line, cells` + theirs, args}}, statements...)
	}
	return execAll(tx, "rows", statements)
}

// cohortMembers brings back who says Yes in the snapshot before.
func (w *withdrawal) cohortMembers(tx *sql.Tx, of span) error {
	if !w.past.undone.current {
		return nil
	}
	month, report := string(w.past.undone.month), string(w.past.undone.report)
	return execAll(tx, "cohort members", []clause{
		{`DELETE FROM cohort_members WHERE month = ? AND column_id IN (SELECT id FROM cohort_columns WHERE report = ?)
			AND customer_id > ? AND customer_id <= ?`, []any{month, report, of.after, of.last}},
		{`INSERT INTO cohort_members (column_id, month, customer_id)
			SELECT k.id, ?, m.customer_id FROM stage.members m CROSS JOIN cohort_columns k ON k.report = ? AND k.key = m.key
			WHERE m.customer_id > ? AND m.customer_id <= ?`, []any{month, report, of.after, of.last}},
	})
}

// ofCustomers are the tables, in the order of customers, whose rows go with a customer.
var ofCustomers = []string{"customer_locations", "agreements", "propensities", "score_parts", "revenues", "revenue_estimates", "standings", "hold_outs", "shadow_scores"}

// goesAlong are the other tables that name a customer and do not keep it.
var goesAlong = []string{"snapshot_rows", "matches", "match_candidates", "customer_keys", "customer_facts", "cohort_members"}

// oldFacts says of rows of customer_facts that they go. Its order is by fields.
const oldFacts = ` AND field IN (SELECT field FROM stage.old_fields)
	AND EXISTS (SELECT 1 FROM stage.old_facts o WHERE o.customer_id = customer_facts.customer_id AND o.field = customer_facts.field)`

// leave takes away the customers that nothing else names. An account that was matched
// with one waits for the next match run.
func (w *withdrawal) leave(tx *sql.Tx, ids string) error {
	const theirs = ` WHERE customer_id IN (SELECT value FROM ` + jsonEach + `)`
	statements := []clause{
		{`UPDATE matches SET customer_id = NULL, band = 'none', machine_band = 'none', decided = 0, stage = '', probability = 0, reason = ''` + theirs, []any{ids}},
		{`DELETE FROM match_candidates WHERE (account_id, rank, customer_id) IN (SELECT account_id, rank, customer_id FROM stage.old_candidates` + theirs + `)`, []any{ids}},
		{`DELETE FROM customer_keys WHERE (key, customer_id) IN (SELECT key, customer_id FROM stage.old_keys` + theirs + `)`, []any{ids}},
		{`DELETE FROM customer_facts` + theirs + oldFacts, []any{ids}},
		{`DELETE FROM cohort_members WHERE month = ? AND column_id IN (SELECT id FROM cohort_columns) AND customer_id IN (SELECT value FROM ` + jsonEach + `)`,
			[]any{string(w.past.undone.month), ids}},
	}
	for _, table := range ofCustomers {
		statements = append(statements, clause{`DELETE FROM ` + table + theirs, []any{ids}})
	}
	statements = append(statements, clause{`DELETE FROM customers WHERE id IN (SELECT value FROM ` + jsonEach + `)`, []any{ids}})
	return execAll(tx, "customers that go", statements)
}

// customers says of those that stay what the imports that stand say.
func (w *withdrawal) customers(tx *sql.Tx, of span) error {
	columns := []string{"tpid", "duns", "name", "domain", "org_size", "industry", "vertical", "geo_area", "subsidiary", "sales_territory", "city", "state",
		"postal_code", "country", "segment", "segment_text", "nonprofit", "first_month", "last_month", "gone_month"}
	set, differs := "", ""
	for _, c := range columns {
		set += c + " = n." + c + ", "
		differs += " OR customers." + c + " IS DISTINCT FROM n." + c
	}
	const (
		within = ` WHERE customer_id > ? AND customer_id <= ?`
		stay   = within + ` AND +customer_id IN (SELECT customer_id FROM stage.customers)`
	)
	args := []any{of.after, of.last}
	return execAll(tx, "customers", []clause{
		{`UPDATE customers SET ` + set + `updated_at = ? FROM stage.customers n
			WHERE customers.id = n.customer_id AND n.customer_id > ? AND n.customer_id <= ? AND (1 = 0` + differs + `)`, []any{w.now, of.after, of.last}},
		{`DELETE FROM customer_keys WHERE (key, customer_id) IN (SELECT key, customer_id FROM stage.old_keys` + stay + `)`, args},
		{`INSERT INTO customer_keys (key, customer_id) SELECT key, customer_id FROM stage.keys` + within + ` ON CONFLICT DO NOTHING`, args},
		{`DELETE FROM customer_facts` + stay + oldFacts, args},
		{`INSERT INTO customer_facts (customer_id, field, value, month) SELECT customer_id, field, value, month FROM stage.facts` + within + `
			ON CONFLICT (customer_id, field) DO UPDATE SET value = excluded.value, month = excluded.month
			WHERE customer_facts.value <> excluded.value OR customer_facts.month <> excluded.month`, args},
		{`DELETE FROM customer_locations` + stay + `
			AND NOT EXISTS (SELECT 1 FROM stage.places n WHERE n.customer_id = customer_locations.customer_id AND n.location_id = customer_locations.location_id)`, args},
		{`INSERT INTO customer_locations (customer_id, location_id) SELECT customer_id, location_id FROM stage.places` + within + ` ON CONFLICT DO NOTHING`, args},
	})
}

// rename gives customers the key they had before a better one appeared, unless
// another has it by now. The decisions of people move along.
func (w *withdrawal) rename(tx *sql.Tx, of span) error {
	type renaming struct {
		id       actnow.CustomerID
		old, key string
	}
	var list []renaming
	err := each(tx, `SELECT c.id, c.key, n.key FROM stage.customers n JOIN customers c ON c.id = n.customer_id
		WHERE n.customer_id > ? AND n.customer_id <= ? AND c.key <> n.key AND NOT EXISTS (SELECT 1 FROM customers o WHERE o.key = n.key) ORDER BY c.id`,
		[]any{of.after, of.last},
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

// ownScores forgets our own scores of a month of which there is no report any more.
func (w *withdrawal) ownScores(tx *sql.Tx, of span) error {
	month := string(w.past.undone.month)
	err := execAll(tx, "own scores", []clause{
		{`DELETE FROM propensities WHERE customer_id > ? AND customer_id <= ? AND +source = 'own' AND +month = ?`, []any{of.after, of.last, month}},
		{`DELETE FROM score_parts WHERE customer_id > ? AND customer_id <= ? AND month = ?`, []any{of.after, of.last, month}},
	})
	if err != nil {
		return err
	}
	return refreshStandings(tx, w.db.now(), w.past.undone.month, actnow.Areas, `SELECT customer_id FROM stage.scored WHERE customer_id > ? AND customer_id <= ?`, of.after, of.last)
}
