package storage

import (
	"database/sql"
	"fmt"

	"actnow"
	"actnow/reports"
	"actnow/scoring"
)

// customers finds the customer of every key in the stage, or the number of one to
// be made, and leaves the answer in the temporary table resolved; the new ones
// stand in made as well.
//
// A customer is found by its TPID, else by its domain, else by name and place,
// so those with the better key go first. One that was known by a weaker key
// alone is adopted when the better one appears, if just one row claims it; its
// key changes, and the decisions of people move along.
func (p *publication) customers(tx *sql.Tx) error {
	if err := tx.QueryRow(`SELECT COALESCE(max(id), 0) FROM customers`).Scan(&p.newest); err != nil {
		return err
	}
	err := execAll(tx, "customers", []clause{
		{`CREATE TABLE stage.resolved (key TEXT PRIMARY KEY, customer_id INTEGER NOT NULL) WITHOUT ROWID`, nil},
		{`CREATE TABLE stage.made (customer_id INTEGER PRIMARY KEY, key TEXT NOT NULL)`, nil},
		{`INSERT OR FAIL INTO stage.made VALUES (?, '')`, []any{p.newest}}, // so that numbers go on from there
	})
	if err != nil {
		return err
	}
	for _, kind := range []reports.KeyKind{reports.KeyTPID, reports.KeyDomain, reports.KeyName} {
		k := string(kind)
		var some bool
		if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM stage.people WHERE kind = ?)`, k).Scan(&some); err != nil {
			return err
		}
		if !some {
			continue
		}
		err := execAll(tx, "customers by "+k, []clause{
			{`INSERT OR FAIL INTO stage.resolved (key, customer_id)
				SELECT q.key, c.id FROM stage.people q JOIN customers c ON c.key = q.key WHERE q.kind = ? ORDER BY q.key`, []any{k}},
			{`INSERT OR FAIL INTO stage.resolved (key, customer_id)
				SELECT q.key, min(o.customer_id) FROM stage.people q JOIN customer_keys o ON o.key = q.key
				WHERE q.kind = ? AND q.kind <> 'tpid' AND q.key NOT IN (SELECT key FROM stage.resolved)
				GROUP BY q.key HAVING count(*) = 1`, []any{k}},
		})
		if err != nil {
			return err
		}
		if err := p.adopt(tx, k); err != nil {
			return err
		}
		if err := p.makeCustomers(tx, k); err != nil {
			return err
		}
	}
	return execAll(tx, "customers", []clause{{`DELETE FROM stage.made WHERE key = ''`, nil}})
}

// adopt gives a better key to customers that were known by a weaker one.
func (p *publication) adopt(tx *sql.Tx, kind string) error {
	type adoption struct {
		key, old string
		customer int64
	}
	var adopted []adoption
	err := each(tx, `
		WITH claims AS (
			SELECT q.key, c.id, c.key AS old, row_number() OVER (PARTITION BY q.key ORDER BY c.key = s.key2 DESC) AS nth
			FROM stage.people q JOIN stage.rows s ON s.line = q.line JOIN customers c ON c.key IN (s.key2, s.key3)
			WHERE q.kind = ? AND c.key <> '' AND q.key NOT IN (SELECT key FROM stage.resolved)
				AND c.id NOT IN (SELECT customer_id FROM stage.resolved)
		)
		SELECT min(key), min(old), id FROM claims WHERE nth = 1 GROUP BY id HAVING count(*) = 1`, []any{kind},
		func(rows *sql.Rows) error {
			var a adoption
			err := rows.Scan(&a.key, &a.old, &a.customer)
			adopted = append(adopted, a)
			return err
		})
	if err != nil {
		return fmt.Errorf("adopt by %s: %w", kind, err)
	}
	for _, a := range adopted {
		err := execAll(tx, "adopt", []clause{
			{`UPDATE customers SET key = ? WHERE id = ?`, []any{a.key, a.customer}},
			{`UPDATE match_decisions SET customer_key = ? WHERE customer_key = ?`, []any{a.key, a.old}},
			{`INSERT OR FAIL INTO stage.resolved (key, customer_id) VALUES (?, ?)`, []any{a.key, a.customer}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// makeCustomers numbers those that were not found, and remembers the keys by which
// a row with fewer of them finds a customer.
func (p *publication) makeCustomers(tx *sql.Tx, kind string) error {
	return execAll(tx, "make customers by "+kind, []clause{
		{`INSERT OR FAIL INTO stage.made (key)
			SELECT key FROM stage.people WHERE kind = ? AND key NOT IN (SELECT key FROM stage.resolved) ORDER BY line`, []any{kind}},
		{`INSERT OR FAIL INTO stage.resolved (key, customer_id) SELECT key, customer_id FROM stage.made WHERE key <> '' ON CONFLICT DO NOTHING`, nil},
		{`INSERT OR FAIL INTO customer_keys (key, customer_id)
			SELECT k.key, x.customer_id FROM (SELECT key AS own, key FROM stage.rows WHERE kind = ?1 AND kind <> 'tpid'
				UNION ALL SELECT key, key2 FROM stage.rows WHERE kind = ?1 AND key2 <> ''
				UNION ALL SELECT key, key3 FROM stage.rows WHERE kind = ?1 AND key3 <> '') k CROSS JOIN stage.resolved x ON x.key = k.own
			WHERE true ON CONFLICT DO NOTHING`, []any{kind}},
	})
}

// saveCustomers makes the new customers and takes over what the file says of the
// others. A blank cell says nothing, a masked name does not hide one that is known,
// and an older month does not overwrite a newer one.
func (p *publication) saveCustomers(tx *sql.Tx) error {
	month := string(p.head.Month)
	err := execAll(tx, "customers", []clause{
		{`CREATE TABLE stage.latest_line (customer_id INTEGER PRIMARY KEY, line INTEGER NOT NULL)`, nil},
		{`INSERT OR FAIL INTO stage.latest_line SELECT customer_id, line FROM stage.placed WHERE true ORDER BY line
			ON CONFLICT DO UPDATE SET line = excluded.line`, nil},
		{`INSERT OR FAIL INTO customers (id, key, tpid, duns, name, domain, org_size, industry, vertical, geo_area, subsidiary, sales_territory,
				city, state, postal_code, country, segment, segment_text, nonprofit, first_month, last_month, updated_at)
			SELECT m.customer_id, m.key, s.tpid, s.duns, s.name, s.domain, s.org_size, s.industry, s.vertical, s.geo_area, s.subsidiary, s.sales_territory,
				s.city, s.state, s.postal_code, s.country, CASE WHEN s.segment <> '' THEN s.segment ELSE 'Unknown' END,
				CASE WHEN s.segment <> '' THEN s.segment_text ELSE '' END, s.nonprofit, ?1, ?1, ?2
			FROM stage.made m CROSS JOIN stage.latest_line t ON t.customer_id = m.customer_id CROSS JOIN stage.rows s ON s.line = t.line
			ORDER BY m.customer_id`, []any{month, p.now}},
		{`DELETE FROM stage.latest_line WHERE customer_id > ?`, []any{p.newest}},
	})
	if err != nil {
		return err
	}
	return p.updateCustomers(tx)
}

// updateCustomers is saveCustomers for those that there were before, whose latest
// lines are left.
func (p *publication) updateCustomers(tx *sql.Tx) error {
	// A class that was computed from the size does not replace one of a file.
	const (
		betterName    = `n.name <> '' AND (n.masked = 0 OR customers.name = '')`
		betterSegment = `n.segment <> '' AND (n.segment_text <> '' OR customers.segment_text = '')`
	)
	month := string(p.head.Month)
	set, differs := "", ""
	for _, c := range []struct{ column, better string }{
		{"name", betterName}, {"segment", betterSegment}, {"segment_text", betterSegment}, {"org_size", "n.org_size IS NOT NULL"},
		{"tpid", ""}, {"duns", ""}, {"domain", ""}, {"industry", ""}, {"vertical", ""}, {"geo_area", ""}, {"subsidiary", ""},
		{"sales_territory", ""}, {"city", ""}, {"state", ""}, {"postal_code", ""}, {"country", ""}, {"nonprofit", ""},
	} {
		if c.better == "" {
			c.better = "n." + c.column + " <> ''"
		}
		set += fmt.Sprintf("%[1]s = CASE WHEN %[2]s THEN n.%[1]s ELSE customers.%[1]s END,\n\t\t\t\t", c.column, c.better)
		differs += fmt.Sprintf(" OR (%[2]s AND n.%[1]s IS DISTINCT FROM customers.%[1]s)", c.column, c.better)
	}
	return execAll(tx, "customers", []clause{
		{`UPDATE customers SET ` + set + `updated_at = ?
			FROM (SELECT t.customer_id, s.* FROM stage.latest_line t CROSS JOIN stage.rows s ON s.line = t.line) n
			WHERE customers.id = n.customer_id AND customers.last_month <= ? AND (1 = 0` + differs + `)`, []any{p.now, month}},
		{`UPDATE customers SET first_month = CASE WHEN first_month = '' OR first_month > ?1 THEN ?1 ELSE first_month END,
				last_month = CASE WHEN last_month < ?1 THEN ?1 ELSE last_month END,
				gone_month = CASE WHEN gone_month <= ?1 THEN NULL ELSE gone_month END
			WHERE id IN (SELECT customer_id FROM stage.latest_line)
				AND (first_month = '' OR first_month > ?1 OR last_month < ?1 OR gone_month <= ?1)`, []any{month}},
	})
}

// gone marks who was in the snapshot before and is missing from a complete file,
// unless another report of the month or a later one still has them.
func (p *publication) gone(tx *sql.Tx) error {
	if !p.complete() {
		return nil
	}
	return execAll(tx, "gone", []clause{{`UPDATE customers SET gone_month = ?1
		WHERE gone_month IS NULL
			AND id IN (SELECT customer_id FROM snapshot_rows WHERE snapshot_id = ?2)
			AND id NOT IN (SELECT customer_id FROM stage.resolved)
			AND NOT EXISTS (SELECT 1 FROM snapshot_rows r JOIN snapshots o ON o.id = r.snapshot_id
				WHERE r.customer_id = customers.id AND o.current = 1 AND o.month >= ?1)`,
		[]any{string(p.head.Month), p.before}}})
}

// segmentOf returns the class that the file names, else the one of its size, else "".
func segmentOf(c reports.Customer) actnow.Segment {
	if c.Segment != "" || c.OrgSize == nil || *c.OrgSize < 1 {
		return c.Segment
	}
	return scoring.SegmentOf(c.OrgSize, "", nil)
}
