package storage

import (
	"database/sql"
	"fmt"

	"actnow"
)

// Rows m of customers that have a matched account, or someone to mail.
const (
	matchedRows  = `matches m WHERE m.band = 'match'`
	mailableRows = `mailable_contacts m WHERE 1 = 1`
)

// Whether the customer c has one.
var (
	isMatched  = isAmong(matchedRows, "c.id")
	isMailable = isAmong(mailableRows, "c.id")
)

// isAmong is the condition that the customer is that of a row m.
func isAmong(rows, customer string) string {
	return `EXISTS (SELECT 1 FROM ` + rows + ` AND m.customer_id = ` + customer + `)`
}

// chosenCustomers returns which customers c a query chooses, and how their
// standing p is joined.
func (db *DB) chosenCustomers(tx *sql.Tx, scope actnow.Scope, q actnow.CustomerQuery) (chosen, error) {
	from := clause{sql: " LEFT JOIN standings p ON p.customer_id = c.id AND "}
	switch {
	case q.Area != "" && q.Month != "":
		from.sql += "p.area = ? AND p.month = ?"
		from.args = append(from.args, string(q.Area), string(q.Month))
	case q.Area != "":
		from.sql += "p.latest = 1 AND p.area = ?"
		from.args = append(from.args, string(q.Area))
	default:
		from.sql += `p.latest = 1 AND p.area = (SELECT h.area FROM standings h WHERE h.customer_id = c.id AND h.latest = 1
			ORDER BY ` + fmt.Sprintf(byHeat, "h.cluster") + `, COALESCE(h.revenue_high, 0) DESC, h.area LIMIT 1)`
	}
	if q.Since != "" {
		from.sql += flowFrom
		from.args = append(from.args, string(q.Area), string(q.Since))
	}
	var w where
	w.andClause(inScope(scope, "c.id"))
	if q.Flow != "" {
		w.and(flowOf+" = ?", string(q.Since), string(q.Month), string(q.Flow))
	}
	if q.From != "" {
		w.and("f.cluster = ?", string(q.From))
	}
	if q.Report != "" {
		w.and("p.microsoft_cluster = ?", string(q.Report))
	}
	if q.Ours != "" {
		w.and("p.own_cluster = ?", string(q.Ours))
	}
	if q.Differ {
		w.and(differs)
	}
	if q.Cell != "" {
		w.and("p.cell = ?", string(q.Cell))
	}
	if q.Unscored {
		w.and("COALESCE(p.cell, '') = ''")
	}
	standing := onStanding(q)
	if standing.sql != "" {
		w.andClause(standing)
	}
	if q.Area == "" && standing.sql != "" { // few have any such standing; only of those the hottest is looked for
		w.and("c.id IN (SELECT p.customer_id FROM standings p WHERE p.latest = 1 AND p.area IN (SELECT value FROM "+jsonEach+") AND "+standing.sql+")",
			append([]any{areaList}, standing.args...)...)
	}
	if q.Segment != "" {
		w.and("c.segment = ?", string(q.Segment))
	}
	if q.Gone {
		w.and("c.gone_month IS NOT NULL")
	}
	if q.Matched {
		w.and(isMatched)
	}
	if q.Mailable {
		w.and(isMailable)
	}
	if q.Search != "" {
		like := likeInside(q.Search)
		w.and(`(fold(c.name) LIKE ? ESCAPE '\' OR fold(c.domain) LIKE ? ESCAPE '\' OR fold(c.tpid) = ?)`, like, like, fold(q.Search))
	}
	choices, err := db.choices(tx, scope, q.Filter, q.Cohort)
	if err != nil {
		return chosen{}, err
	}
	for _, c := range choices {
		w.andClause(c.condition())
	}
	byStanding := standing.sql != "" || q.Cell != "" || q.Unscored ||
		q.Since != "" || q.Report != "" || q.Ours != "" || q.Differ
	return chosen{standing: from, where: w, byStanding: byStanding, choices: choices}, nil
}

// onStanding is what a query without an area may ask of the standing p; "" if it asks
// nothing.
func onStanding(q actnow.CustomerQuery) clause {
	var w where
	if q.Cluster != "" {
		w.and("p.cluster = ?", string(q.Cluster))
	}
	if q.Disagree {
		w.and(disagrees)
	}
	switch q.Move {
	case actnow.MovedNew:
		w.and(movedNew)
	case actnow.MovedUp:
		w.and(movedUp)
	case actnow.MovedDown:
		w.and(movedDown)
	}
	return clause(w)
}

// chosen is a list of customers c before it is ordered and cut.
type chosen struct {
	standing   clause // joins the standing p
	where      where
	byStanding bool     // where looks at p
	choices    []choice // that where holds to
}

// count is the FROM and WHERE for counting: without the join where it decides
// nothing.
func (k chosen) count() clause {
	if k.byStanding {
		return k.rows()
	}
	return clause{sql: "\n\tFROM customers c WHERE " + k.where.sql, args: k.where.args}
}

// rows is the FROM and WHERE with the standing.
func (k chosen) rows() clause {
	return clause{sql: "\n\tFROM customers c" + k.standing.sql + "\n\tWHERE " + k.where.sql, args: append(k.standing.args[:len(k.standing.args):len(k.standing.args)], k.where.args...)}
}

// disagrees holds for a standing p whose file names another cluster than its
// cell does.
const disagrees = `(p.cell <> '' AND p.microsoft_cluster <> '' AND p.microsoft_cluster <> CASE substr(p.cell, 1, 1) WHEN 'A' THEN 'Act Now' WHEN 'B' THEN 'Evaluate' WHEN 'C' THEN 'Nurture' ELSE 'Educate' END)`

// differs holds for a standing p whose file names another cluster than our own
// scores do.
const differs = `(p.microsoft_cluster <> '' AND p.own_cluster <> '' AND p.microsoft_cluster <> p.own_cluster)`

// How a standing p moved since the month before; in step with
// actnow.Standing.Move.
var (
	movedNew  = `(p.cluster = 'Act Now' AND p.previous_month <> '' AND p.previous_cluster <> 'Act Now')`
	movedUp   = `(p.cluster <> '' AND p.cluster <> 'Act Now' AND p.previous_month <> '' AND ` + fmt.Sprintf(byHeat, "p.cluster") + ` < ` + fmt.Sprintf(byHeat, "p.previous_cluster") + `)`
	movedDown = `(p.cluster <> '' AND p.previous_month <> '' AND ` + fmt.Sprintf(byHeat, "p.cluster") + ` > ` + fmt.Sprintf(byHeat, "p.previous_cluster") + `)`
)
