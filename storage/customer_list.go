package storage

import (
	"database/sql"
	"errors"
	"strings"

	"actnow"
)

// customerList is the customers that a query chooses, in its order: which they are
// comes out of SQL, or out of the census where that can tell.
type customerList struct {
	chosen
	tx     *sql.Tx
	scope  actnow.Scope
	sort   actnow.CustomerSort
	census *censusList // nil if SQL tells
}

// customerList returns the list of a query. The error is that of Customers.
func (db *DB) customerList(tx *sql.Tx, scope actnow.Scope, q actnow.CustomerQuery) (customerList, error) {
	from, err := db.chosenCustomers(tx, scope, q)
	if err != nil {
		return customerList{}, err
	}
	l := listOf(tx, scope, from, q)
	if census := db.censusIn(tx); census != nil {
		l.census, err = census.list(tx, scope, q, from.choices)
		if errors.Is(err, errNotKept) {
			l.census, err = nil, nil
		}
	}
	return l, err
}

// listOf is the list of what is chosen, out of SQL. Who may not see money cannot have it
// ordered by money.
func listOf(tx *sql.Tx, scope actnow.Scope, from chosen, q actnow.CustomerQuery) customerList {
	l := customerList{chosen: from, tx: tx, scope: scope, sort: q.Sort}
	if q.Sort == actnow.SortRevenue && !scope.Revenue {
		l.sort = actnow.SortName
	}
	return l
}

// page counts what is chosen and reads the page that q asks for.
func (l customerList) page(q actnow.CustomerQuery) (page actnow.CustomerPage, err error) {
	if page.Total, page.Matched, page.Mailable, err = l.count(); err != nil {
		return page, err
	}
	ids, err := l.ids(pageLimit(q.Limit), max(q.Offset, 0))
	if err != nil {
		return page, err
	}
	page.Rows, err = l.rows(ids)
	return page, err
}

// count counts all, and among them those whom a CRM knows.
func (l customerList) count() (total, matched, mailable int, err error) {
	if l.census != nil {
		n, err := l.census.census.count(l.tx, l.census.who)
		return n.Customers, n.Matched, n.Mailable, err
	}
	all := l.chosen.count()
	err = l.tx.QueryRow(`SELECT count(*), COALESCE(sum(`+isMatched+`), 0), COALESCE(sum(`+isMailable+`), 0)`+all.sql, all.args...).
		Scan(&total, &matched, &mailable)
	return total, matched, mailable, err
}

// customerOrders are the orders in SQL, of customers c with their standing p.
var customerOrders = map[actnow.CustomerSort]string{
	actnow.SortRevenue: "COALESCE(p.revenue_high, p.revenue_low, -1) DESC",
	actnow.SortFit:     "COALESCE(p.fit, -1) DESC",
	actnow.SortIntent:  "COALESCE(p.intent, -1) DESC",
	actnow.SortSize:    "COALESCE(c.org_size, -1) DESC",
}

// order is the ORDER BY.
func (l customerList) order() string {
	order := customerOrders[l.sort]
	if order == "" {
		order = "fold(c.name)"
	}
	return order + ", c.key"
}

// ids returns limit customers after the first offset ones, all if limit is negative.
// Where nothing but the customer decides which those are, no standing is looked up.
func (l customerList) ids(limit, offset int) ([]actnow.CustomerID, error) {
	if l.census != nil {
		return l.census.ids(l.sort, limit, offset), nil
	}
	from := l.chosen.count()
	if strings.Contains(l.order(), "p.") {
		from = l.chosen.rows()
	}
	var ids []actnow.CustomerID
	err := each(l.tx, `SELECT c.id`+from.sql+` ORDER BY `+l.order()+` LIMIT ? OFFSET ?`, append(from.args, limit, offset), func(rows *sql.Rows) error {
		var id actnow.CustomerID
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// rows reads what a list shows of the customers, in its order.
func (l customerList) rows(ids []actnow.CustomerID) (list []actnow.CustomerRow, err error) {
	query := `SELECT ` + customerColumns + `, ` + standingColumns + `,
		COALESCE((SELECT min(m.account_id) FROM matches m WHERE m.customer_id = c.id AND m.band = 'match'), 0),
		EXISTS (SELECT 1 FROM matches m WHERE m.customer_id = c.id AND m.band = 'review'),
		(SELECT count(*) FROM mailable_contacts mc WHERE mc.customer_id = c.id)
		FROM customers c` + l.standing.sql + ` WHERE c.id IN (SELECT value FROM ` + jsonEach + `) ORDER BY ` + l.order()
	args := append(l.standing.args[:len(l.standing.args):len(l.standing.args)], idList(ids))
	err = each(l.tx, query, args, func(rows *sql.Rows) error {
		var r actnow.CustomerRow
		fields := append(customerFields(&r.Customer), standingFields(&r.Standing)...)
		err := rows.Scan(append(fields, &r.Account, &r.Review, &r.Mailable)...)
		if !l.scope.Revenue {
			r.Standing.Revenue, r.Standing.RevenueFrom = actnow.MoneyRange{}, ""
		}
		list = append(list, r)
		return err
	})
	return list, err
}
