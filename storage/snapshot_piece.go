package storage

import (
	"database/sql"
)

// piece publishes all that the file says of some customers.
func (p *publication) piece(tx *sql.Tx, of span) error {
	for _, step := range []func(*sql.Tx, span) error{p.adopt, p.saveCustomers, p.rows, p.scores, p.cohortMembers, p.facts, p.standings} {
		if err := step(tx, of); err != nil {
			return err
		}
	}
	return nil
}

// rows keeps the rows with their raw cells. Where the revision before placed a
// customer in a location that no current snapshot names, it is there no more.
func (p *publication) rows(tx *sql.Tx, of span) error {
	const staged = ` FROM stage.placed x CROSS JOIN stage.rows s ON s.line = x.line CROSS JOIN locations l ON l.global_id = s.global_id
			WHERE x.customer_id > ? AND x.customer_id <= ?`
	const named = ` WHERE n.global_id IN (SELECT s.global_id FROM stage.placed x CROSS JOIN stage.rows s ON s.line = x.line
			WHERE x.customer_id > ? AND x.customer_id <= ?)`
	return execAll(tx, "rows", []clause{
		{`INSERT INTO locations (global_id, name) SELECT n.global_id, n.name FROM stage.places n` + named + `
			ON CONFLICT (global_id) DO UPDATE SET name = excluded.name WHERE excluded.name <> '' AND excluded.name <> locations.name`, []any{of.after, of.last}},
		{`INSERT INTO location_names (location_id, snapshot_id, name)
			SELECT l.id, ?, n.name FROM stage.places n CROSS JOIN locations l ON l.global_id = n.global_id` + named + ` ON CONFLICT DO NOTHING`,
			[]any{p.id, of.after, of.last}},
		{`INSERT OR FAIL INTO snapshot_rows (snapshot_id, line, customer_id, location_id, hash, cells)
			SELECT ?, x.line, x.customer_id, l.id, s.hash, s.cells` + staged + ` ORDER BY x.line`, []any{p.id, of.after, of.last}},
		{`INSERT OR FAIL INTO customer_locations (customer_id, location_id)
			SELECT x.customer_id, l.id` + staged + ` ON CONFLICT DO NOTHING`, []any{of.after, of.last}},
		{`DELETE FROM customer_locations
			WHERE customer_id IN (SELECT customer_id FROM stage.former WHERE customer_id > ? AND customer_id <= ?)
				AND NOT EXISTS (SELECT 1 FROM snapshot_rows r JOIN snapshots s ON s.id = r.snapshot_id
					WHERE r.customer_id = customer_locations.customer_id AND r.location_id = customer_locations.location_id
						AND (s.current = 1 AND s.id <> ? OR s.id = ?))`, []any{of.after, of.last, p.replaced, p.id}},
		{`INSERT OR FAIL INTO agreements (snapshot_id, line, customer_id, agreement_id, program, division, ends_at, expiring, currency)
			SELECT ?, x.line, x.customer_id, s.agreement_id, s.program, s.division, s.ends_at, s.expiring, s.currency` + staged + `
				AND (s.agreement_id <> '' OR s.ends_at IS NOT NULL OR s.expiring IS NOT NULL OR s.program <> '' OR s.division <> '')`,
			[]any{p.id, of.after, of.last}},
	})
}

// scores replaces what the report said of scores and revenue in the month. Of
// several lines of one customer the last one that says something counts, since it
// is written last.
func (p *publication) scores(tx *sql.Tx, of span) error {
	report, month := string(p.head.Kind), string(p.head.Month)
	const (
		before = ` WHERE customer_id IN (SELECT customer_id FROM stage.former WHERE customer_id > ? AND customer_id <= ?) AND month = ?`
		within = ` ON v.line = x.line WHERE x.customer_id > ? AND x.customer_id <= ? ORDER BY x.customer_id, x.line`
	)
	return execAll(tx, "scores", []clause{
		{`DELETE FROM propensities` + before + ` AND source = ?`, []any{of.after, of.last, month, report}},
		{`INSERT OR FAIL INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, cell, cluster, cluster_from, explanation, snapshot_id, scored_at)
			SELECT x.customer_id, v.area, ?, ?, v.fit, v.intent, v.fit_band, v.intent_band, v.cell, v.cluster, CASE WHEN v.cluster <> '' THEN 'file' ELSE '' END,
				v.explanation, ?, ?
			FROM stage.placed x CROSS JOIN stage.scores v` + within + `
			ON CONFLICT (customer_id, area, month, source) DO UPDATE SET fit = excluded.fit, intent = excluded.intent,
				fit_band = excluded.fit_band, intent_band = excluded.intent_band, cell = excluded.cell, cluster = excluded.cluster,
				cluster_from = excluded.cluster_from, explanation = excluded.explanation, snapshot_id = excluded.snapshot_id, scored_at = excluded.scored_at`,
			[]any{month, report, p.id, p.now, of.after, of.last}},
		{`DELETE FROM revenues` + before + ` AND snapshot_id = ?`, []any{of.after, of.last, month, p.replaced}},
		{`INSERT OR FAIL INTO revenues (customer_id, area, month, low, high, currency, text, snapshot_id)
			SELECT x.customer_id, v.area, ?, v.low, v.high, v.currency, v.text, ?
			FROM stage.placed x CROSS JOIN stage.revenues v` + within + `
			ON CONFLICT (customer_id, area, month) DO UPDATE SET low = excluded.low, high = excluded.high,
				currency = excluded.currency, text = excluded.text, snapshot_id = excluded.snapshot_id`,
			[]any{month, p.id, of.after, of.last}},
	})
}

// facts keeps the newest known value of each column of facts.
func (p *publication) facts(tx *sql.Tx, of span) error {
	return execAll(tx, "facts", []clause{{`INSERT OR FAIL INTO customer_facts (customer_id, field, value, month)
		SELECT x.customer_id, f.field, f.value, ? FROM stage.placed x CROSS JOIN stage.facts f ON f.line = x.line
		WHERE x.customer_id > ? AND x.customer_id <= ? ORDER BY x.customer_id, x.line
		ON CONFLICT (customer_id, field) DO UPDATE SET value = excluded.value, month = excluded.month
		WHERE customer_facts.month <= excluded.month`, []any{string(p.head.Month), of.after, of.last}}})
}

func (p *publication) standings(tx *sql.Tx, of span) error {
	return refreshStandings(tx, p.db.now(), p.head.Month, p.areas, `SELECT customer_id FROM stage.touched WHERE customer_id > ? AND customer_id <= ?`, of.after, of.last)
}

// gone marks those who are missing from a complete file.
func (p *publication) gone(tx *sql.Tx, of span) error {
	return execAll(tx, "gone", []clause{{`UPDATE customers SET gone_month = ?
		WHERE id IN (SELECT customer_id FROM stage.leaving WHERE customer_id > ? AND customer_id <= ?)`, []any{string(p.head.Month), of.after, of.last}}})
}
