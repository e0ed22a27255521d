package storage

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"actnow"
	"actnow/cohorts"
)

// source is a query of customer ids to which a condition on x can be added.
type source struct {
	clause
	x string
}

// among returns the condition that the customer is in one of the sources with a
// value that stands in the relation of c, or, for IsEmpty, with none.
func (b *filterBuilder) among(c cohorts.Compare, sources []source) clause {
	queries := make([]clause, len(sources))
	for i, s := range sources {
		rel := clause{sql: s.x + " <> ''"}
		switch {
		case c.Op != cohorts.IsEmpty:
			rel = b.relation(c, s.x)
		case c.Field.Kind != cohorts.Text:
			rel = clause{sql: s.x + " IS NOT NULL"}
		}
		queries[i] = clause{sql: s.sql + " AND " + rel.sql, args: append(s.args[:len(s.args):len(s.args)], rel.args...)}
	}
	in := never
	if len(queries) > 0 {
		in = joinClauses(queries, " UNION ALL ")
		in.sql = "c.id IN " + in.sql
	}
	if c.Op == cohorts.IsEmpty {
		return negate(in)
	}
	return in
}

const newestRenewals = `(SELECT s.id FROM snapshots s WHERE s.report = 'renewals' AND s.current = 1 ORDER BY s.month DESC LIMIT 1)`

// sources returns where the values of a field are that a customer may have none
// or several of.
func (b *filterBuilder) sources(f cohorts.Field) ([]source, error) {
	switch f.Name {
	case "raw":
		return b.rawSources(f.Raw)
	case "cohort":
		return []source{b.cohortColumns()}, nil
	case "location":
		own := inScope(b.scope, "cl.customer_id")
		if !b.scope.AllLocations {
			own = clause{sql: "l.id IN (SELECT value FROM " + jsonEach + ")", args: []any{idList(b.scope.Locations)}}
		}
		from := clause{sql: "SELECT cl.customer_id FROM customer_locations cl JOIN locations l ON l.id = cl.location_id WHERE " + own.sql, args: own.args}
		return []source{{from, "l.name"}, {from, "l.global_id"}}, nil
	case "matched_by":
		// What carries the account that is trusted most: one for a customer.
		return []source{{clause{sql: `SELECT b.customer_id FROM (SELECT m.customer_id,
				CASE min(CASE m.stage WHEN 'domain' THEN 1 WHEN 'name' THEN 2 ELSE 3 END) WHEN 1 THEN 'domain' WHEN 2 THEN 'name' ELSE 'tpid' END AS stage
				FROM matches m WHERE m.band = 'match' GROUP BY m.customer_id) b WHERE b.customer_id IS NOT NULL`}, "b.stage"}}, nil
	case "agreement_end":
		// The next end, or the last if all are past: one for a customer.
		return []source{{clause{sql: `SELECT e.customer_id FROM (SELECT customer_id,
				COALESCE(min(CASE WHEN ends_at >= ? THEN ends_at END), max(ends_at)) AS ends_at
				FROM agreements WHERE snapshot_id = ` + newestRenewals + ` GROUP BY customer_id) e WHERE 1 = 1`,
			args: []any{cohorts.Value{Relative: true}.At(b.today).Unix()}}, "e.ends_at"}}, nil
	case "expiring_revenue":
		return []source{{clause{sql: `SELECT e.customer_id FROM (SELECT customer_id, max(expiring) AS expiring
				FROM agreements WHERE snapshot_id = ` + newestRenewals + ` GROUP BY customer_id) e WHERE 1 = 1`}, "e.expiring"}}, nil
	case "license_program", "revenue_division":
		column := map[string]string{"license_program": "a.program", "revenue_division": "a.division"}[f.Name]
		return []source{{clause{sql: "SELECT a.customer_id FROM agreements a WHERE a.snapshot_id = " + newestRenewals}, column}}, nil
	}
	return []source{{clause{sql: "SELECT f.customer_id FROM customer_facts f WHERE f.field = ?", args: []any{f.Name}}, "f.value"}}, nil
}

// snapshotHeaders are the columns of the newest snapshot of a report.
type snapshotHeaders struct {
	id      actnow.SnapshotID
	headers []string // folded
}

// rawSources returns the cells under a header in the newest snapshot of each
// report that has it.
func (b *filterBuilder) rawSources(header string) ([]source, error) {
	if b.heads == nil {
		if err := b.readHeaders(); err != nil {
			return nil, err
		}
	}
	var all []source
	for _, s := range b.heads {
		if i := slices.Index(s.headers, fold(header)); i >= 0 {
			all = append(all, source{
				clause{sql: "SELECT r.customer_id FROM snapshot_rows r WHERE r.snapshot_id = ?", args: []any{int64(s.id)}},
				jsonAt("r.cells", i),
			})
		}
	}
	return all, nil
}

func (b *filterBuilder) readHeaders() error {
	b.heads = []snapshotHeaders{}
	return each(b.tx, `SELECT s.id, s.columns FROM snapshots s WHERE s.current = 1
		AND s.month = (SELECT max(n.month) FROM snapshots n WHERE n.report = s.report AND n.current = 1) ORDER BY s.id`, nil,
		func(rows *sql.Rows) error {
			var s snapshotHeaders
			var text []byte
			if err := rows.Scan(&s.id, &text); err != nil {
				return err
			}
			var columns []struct{ Header string }
			if err := json.Unmarshal(text, &columns); err != nil {
				return fmt.Errorf("columns of snapshot %d: %w", s.id, err)
			}
			for _, c := range columns {
				s.headers = append(s.headers, fold(c.Header))
			}
			b.heads = append(b.heads, s)
			return nil
		})
}

// cohortColumns are the confirmed cohort columns that say Yes.
func (b *filterBuilder) cohortColumns() source {
	s := source{clause{sql: `SELECT cm.customer_id FROM cohort_columns cc JOIN cohort_members cm ON cm.column_id = cc.id
		WHERE cc.state = 'confirmed' AND cm.month = `}, "cc.header"}
	if b.month == "" {
		s.sql += "cc.last_month"
	} else {
		s.sql += "(SELECT max(x.month) FROM cohort_members x WHERE x.column_id = cc.id AND x.month <= ?)"
		s.args = append(s.args, string(b.month))
	}
	return s
}

// cohort chooses the members of cohorts by their names: of confirmed columns,
// and of the cohorts that people made, whose filters are looked at by
// themselves.
func (b *filterBuilder) cohort(c cohorts.Compare) (clause, error) {
	all := []clause{b.among(c, []source{b.cohortColumns()})}
	rules, err := b.rules(c)
	if err != nil {
		return clause{}, err
	}
	for _, r := range rules {
		members, err := b.members(r)
		if err != nil {
			return clause{}, err
		}
		all = append(all, clause{sql: "c.id IN (" + members.sql + ")", args: members.args})
	}
	return joinClauses(all, " OR "), nil
}

// rules returns the cohorts that people made whose names are meant.
func (b *filterBuilder) rules(c cohorts.Compare) ([]cohortRule, error) {
	name := b.relation(c, "h.name")
	var made []cohortRule
	err := each(b.tx, `SELECT h.id, h.name, h.kind, h.filter, COALESCE(h.column_id, 0) FROM cohorts h
		WHERE h.deleted_at IS NULL AND `+name.sql+` ORDER BY h.id`, name.args, func(rows *sql.Rows) error {
		var r cohortRule
		err := rows.Scan(&r.id, &r.name, &r.kind, &r.filter, &r.column)
		made = append(made, r)
		return err
	})
	return made, err
}

// cohortRule is who belongs to a cohort.
type cohortRule struct {
	id           actnow.CohortID
	name         string
	kind, filter string
	column       int64
}

// members returns the query of the ids of customers in a cohort.
func (b *filterBuilder) members(r cohortRule) (q clause, err error) {
	if r.kind == "column" {
		s := b.cohortColumns()
		q := clause{sql: "SELECT c.id FROM customers c WHERE c.id IN (" + s.sql + " AND cc.id = ?)", args: append(s.args, r.column)}
		in := inScope(b.scope, "c.id")
		return clause{sql: q.sql + " AND " + in.sql, args: append(q.args, in.args...)}, nil
	}
	err = b.open(r, func(e cohorts.Expr) error {
		q, err = b.customers(e)
		return err
	})
	return q, err
}

// open calls fn with the filter of a cohort. The error matches actnow.ErrInvalid if
// that is within itself.
func (b *filterBuilder) open(r cohortRule, fn func(e cohorts.Expr) error) error {
	if slices.Contains(b.opened, r.id) {
		return actnow.Invalid("error.filter_circle", "filter", "the cohort %s would contain itself", r.name)
	}
	e, err := cohorts.Parse(r.filter)
	if err != nil {
		return fmt.Errorf("cohort %s: %w", r.name, err)
	}
	b.opened = append(b.opened, r.id)
	defer func() { b.opened = b.opened[:len(b.opened)-1] }()
	return fn(e)
}
