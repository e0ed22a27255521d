package storage

import (
	"database/sql"
	"fmt"

	"actnow"
	"actnow/reports"
	"actnow/scoring"
)

// adopt gives a better key to customers that were known by a weaker one. The
// decisions of people move along.
func (p *publication) adopt(tx *sql.Tx, of span) error {
	const theirs = ` FROM stage.adopted a WHERE a.customer_id > ? AND a.customer_id <= ? AND `
	return execAll(tx, "adopt", []clause{
		{`UPDATE match_decisions SET customer_key = a.key` + theirs + `match_decisions.customer_key = a.old`, []any{of.after, of.last}},
		{`UPDATE customers SET key = a.key` + theirs + `customers.id = a.customer_id`, []any{of.after, of.last}},
	})
}

// saveCustomers makes the new customers and takes over what the file says of the
// others. A blank cell says nothing, a masked name does not hide one that is known,
// and an older month does not overwrite a newer one.
func (p *publication) saveCustomers(tx *sql.Tx, of span) error {
	month := string(p.head.Month)
	err := execAll(tx, "customers", []clause{
		{`INSERT OR FAIL INTO customers (id, key, tpid, duns, name, domain, org_size, industry, vertical, geo_area, subsidiary, sales_territory,
				city, state, postal_code, country, segment, segment_text, nonprofit, first_month, last_month, updated_at)
			SELECT m.customer_id, m.key, s.tpid, s.duns, s.name, s.domain, s.org_size, s.industry, s.vertical, s.geo_area, s.subsidiary, s.sales_territory,
				s.city, s.state, s.postal_code, s.country, CASE WHEN s.segment <> '' THEN s.segment ELSE 'Unknown' END,
				CASE WHEN s.segment <> '' THEN s.segment_text ELSE '' END, s.nonprofit, ?1, ?1, ?2
			FROM stage.made m CROSS JOIN stage.latest t ON t.customer_id = m.customer_id CROSS JOIN stage.rows s ON s.line = t.line
			WHERE m.customer_id > ?3 AND m.customer_id <= ?4 ORDER BY m.customer_id`, []any{month, p.now, of.after, of.last}},
		{`INSERT OR FAIL INTO customer_keys (key, customer_id) SELECT key, customer_id FROM stage.keys
			WHERE customer_id > ? AND customer_id <= ? ON CONFLICT DO NOTHING`, []any{of.after, of.last}},
	})
	if of.last = min(of.last, p.newest); err != nil || of.after >= of.last {
		return err
	}
	return p.updateCustomers(tx, of)
}

// updateCustomers is saveCustomers for those that there were before.
func (p *publication) updateCustomers(tx *sql.Tx, of span) error {
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
			FROM (SELECT t.customer_id, s.* FROM stage.latest t CROSS JOIN stage.rows s ON s.line = t.line WHERE t.customer_id > ? AND t.customer_id <= ?) n
			WHERE customers.id = n.customer_id AND customers.last_month <= ? AND (1 = 0` + differs + `)`, []any{p.now, of.after, of.last, month}},
		{`UPDATE customers SET first_month = CASE WHEN first_month = '' OR first_month > ?1 THEN ?1 ELSE first_month END,
				last_month = CASE WHEN last_month < ?1 THEN ?1 ELSE last_month END,
				gone_month = CASE WHEN gone_month <= ?1 THEN NULL ELSE gone_month END
			WHERE id IN (SELECT customer_id FROM stage.latest WHERE customer_id > ?2 AND customer_id <= ?3)
				AND (first_month = '' OR first_month > ?1 OR last_month < ?1 OR gone_month <= ?1)`, []any{month, of.after, of.last}},
	})
}

// segmentOf returns the class that the file names, else the one of its size, else "".
func segmentOf(c reports.Customer) actnow.Segment {
	if c.Segment != "" || c.OrgSize == nil || *c.OrgSize < 1 {
		return c.Segment
	}
	return scoring.SegmentOf(c.OrgSize, "", nil)
}
