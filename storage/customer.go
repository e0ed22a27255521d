package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"actnow"
)

// maxPage is the most rows a page asks for at once.
const maxPage = 500

// pageLimit is how many rows a page has: 50 unless it asks for some, at most
// maxPage.
func pageLimit(n int) int {
	if n <= 0 {
		return 50
	}
	return min(n, maxPage)
}

const customerColumns = `c.id, c.key, c.tpid, c.duns, c.name, c.domain, c.org_size, c.industry, c.vertical,
	c.city, c.state, c.postal_code, c.country, c.segment, c.nonprofit, c.first_month, c.last_month, COALESCE(c.gone_month, '')`

func customerFields(c *actnow.Customer) []any {
	return []any{&c.ID, &c.Key, &c.TPID, &c.DUNS, &c.Name, &c.Domain, &c.OrgSize, &c.Industry, &c.Vertical,
		&c.City, &c.State, &c.PostalCode, &c.Country, &c.Segment, &c.Nonprofit, &c.FirstMonth, &c.LastMonth, &c.GoneMonth}
}

const standingColumns = `COALESCE(p.area, ''), COALESCE(p.month, ''), p.fit, p.intent, COALESCE(p.fit_band, ''), COALESCE(p.intent_band, ''),
	COALESCE(p.fit_from, ''), COALESCE(p.intent_from, ''), COALESCE(p.cell, ''), COALESCE(p.cluster, ''), COALESCE(p.cluster_from, ''),
	COALESCE(p.microsoft_cluster, ''), COALESCE(p.own_cluster, ''), COALESCE(p.previous_cluster, ''), COALESCE(p.previous_month, ''),
	p.revenue_low, p.revenue_high, COALESCE(p.currency, ''), COALESCE(p.revenue_from, ''), COALESCE(p.revenue_kind, '')`

func standingFields(s *actnow.Standing) []any {
	return []any{&s.Area, &s.Month, &s.Fit, &s.Intent, &s.FitBand, &s.IntentBand,
		&s.FitFrom, &s.IntentFrom, &s.Cell, &s.Cluster, &s.ClusterFrom,
		&s.MicrosoftCluster, &s.OwnCluster, &s.PreviousCluster, &s.PreviousMonth,
		&s.Revenue.Low, &s.Revenue.High, &s.Revenue.Currency, &s.RevenueFrom, &s.RevenueKind}
}

// areaList is all areas as the JSON array that jsonEach takes.
var areaList = func() string {
	b, _ := json.Marshal(actnow.Areas) // of texts: it has no errors
	return string(b)
}()

// byHeat orders clusters, hottest first, for SQL.
const byHeat = `CASE %s WHEN 'Act Now' THEN 1 WHEN 'Evaluate' THEN 2 WHEN 'Nurture' THEN 3 WHEN 'Educate' THEN 4 ELSE 5 END`

// Customers returns a page of the customers that the query chooses and the scope
// allows. Money is empty without Scope.Revenue. The error matches
// actnow.ErrInvalid if the query's filter cannot be read.
func (db *DB) Customers(ctx context.Context, scope actnow.Scope, q actnow.CustomerQuery) (actnow.CustomerPage, error) {
	var page actnow.CustomerPage
	err := db.read(ctx, func(tx *sql.Tx) error {
		from, err := db.chosenCustomers(tx, scope, q)
		if err != nil {
			return err
		}
		page, err = customerPage(tx, scope, from, q)
		return err
	})
	if err != nil {
		return page, fmt.Errorf("list customers: %w", err)
	}
	return page, nil
}

// customerPage counts what is chosen and reads the page that q asks for.
func customerPage(tx *sql.Tx, scope actnow.Scope, from chosen, q actnow.CustomerQuery) (actnow.CustomerPage, error) {
	var page actnow.CustomerPage
	all := from.count()
	err := tx.QueryRow(`SELECT count(*), COALESCE(sum(`+isMatched+`), 0), COALESCE(sum(`+isMailable+`), 0)`+all.sql, all.args...).
		Scan(&page.Total, &page.Matched, &page.Mailable)
	if err != nil {
		return page, err
	}
	page.Rows, err = customerRows(tx, scope, from, q.Sort, pageLimit(q.Limit), max(q.Offset, 0))
	return page, err
}

// EachCustomer calls fn with every customer that the query chooses, in its
// order, for taking a list out as a file. The error matches actnow.ErrForbidden
// without Scope.Export.
func (db *DB) EachCustomer(ctx context.Context, scope actnow.Scope, q actnow.CustomerQuery, fn func(actnow.CustomerRow) error) error {
	if !scope.Export {
		return fmt.Errorf("export customers: %w", actnow.ErrForbidden)
	}
	return db.read(ctx, func(tx *sql.Tx) error {
		from, err := db.chosenCustomers(tx, scope, q)
		if err != nil {
			return err
		}
		for offset := 0; ; offset += maxPage {
			rows, err := customerRows(tx, scope, from, q.Sort, maxPage, offset)
			if err != nil {
				return fmt.Errorf("export customers: %w", err)
			}
			for _, r := range rows {
				if err := fn(r); err != nil {
					return err
				}
			}
			if len(rows) < maxPage {
				return nil
			}
		}
	})
}

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
		w.and(`(fold(c.name) LIKE ? ESCAPE '\' OR fold(c.domain) LIKE ? ESCAPE '\' OR c.tpid = ?)`, like, like, q.Search)
	}
	filter, err := db.filterQuery(tx, scope, q.Filter, q.Cohort)
	if err != nil {
		return chosen{}, err
	}
	w.andClause(filter)
	byStanding := standing.sql != "" || q.Cell != "" || q.Unscored ||
		q.Since != "" || q.Report != "" || q.Ours != "" || q.Differ
	return chosen{standing: from, where: w, byStanding: byStanding}, nil
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
	byStanding bool // where looks at p
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

// page is the FROM and WHERE of a page. Where nothing but the customer decides
// which rows those are, standings are looked up for them alone.
func (k chosen) page(order string, limit, offset int) clause {
	if k.byStanding || strings.Contains(order, "p.") {
		c := k.rows()
		return clause{sql: c.sql + "\n\tORDER BY " + order + " LIMIT ? OFFSET ?", args: append(c.args, limit, offset)}
	}
	c := k.count()
	args := append(k.standing.args[:len(k.standing.args):len(k.standing.args)], c.args...)
	return clause{
		sql:  "\n\tFROM customers c" + k.standing.sql + "\n\tWHERE c.id IN (SELECT c.id" + c.sql + " ORDER BY " + order + " LIMIT ? OFFSET ?)\n\tORDER BY " + order,
		args: append(args, limit, offset),
	}
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

func customerRows(tx *sql.Tx, scope actnow.Scope, from chosen, sort actnow.CustomerSort, limit, offset int) ([]actnow.CustomerRow, error) {
	order := map[actnow.CustomerSort]string{
		actnow.SortRevenue: "COALESCE(p.revenue_high, p.revenue_low, -1) DESC",
		actnow.SortFit:     "COALESCE(p.fit, -1) DESC",
		actnow.SortIntent:  "COALESCE(p.intent, -1) DESC",
		actnow.SortSize:    "COALESCE(c.org_size, -1) DESC",
	}[sort]
	if order == "" || (sort == actnow.SortRevenue && !scope.Revenue) {
		order = "fold(c.name)"
	}
	page := from.page(order+", c.key", limit, offset)
	rows, err := tx.Query(`SELECT `+customerColumns+`, `+standingColumns+`,
		COALESCE((SELECT min(m.account_id) FROM matches m WHERE m.customer_id = c.id AND m.band = 'match'), 0),
		EXISTS (SELECT 1 FROM matches m WHERE m.customer_id = c.id AND m.band = 'review'),
		(SELECT count(*) FROM mailable_contacts mc WHERE mc.customer_id = c.id)`+
		page.sql, page.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []actnow.CustomerRow
	for rows.Next() {
		var r actnow.CustomerRow
		fields := append(customerFields(&r.Customer), standingFields(&r.Standing)...)
		if err := rows.Scan(append(fields, &r.Account, &r.Review, &r.Mailable)...); err != nil {
			return nil, err
		}
		if !scope.Revenue {
			r.Standing.Revenue, r.Standing.RevenueFrom = actnow.MoneyRange{}, ""
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
