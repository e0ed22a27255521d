package storage

import (
	"cmp"
	"database/sql"
	"slices"
	"strings"

	"actnow"
)

// censusList is the customers that a query chooses, out of a census.
type censusList struct {
	census *census
	who    bitset
	shown  bitset // of standings: at most one of each customer, which the list shows and sorts by
}

// list is chosenCustomers out of the census; choices are what the query's filter and
// cohort choose. The error is errNotKept if only SQL can tell.
func (c *census) list(tx *sql.Tx, scope actnow.Scope, q actnow.CustomerQuery, choices []choice) (*censusList, error) {
	if strings.Contains(q.Search, "\x00") || q.Disagree || q.Differ || q.Since != "" || q.Flow != "" || q.From != "" || q.Report != "" || q.Ours != "" {
		return nil, errNotKept
	}
	l := &censusList{census: c, who: censusFilter{&filterBuilder{tx: tx, scope: scope}, c}.within(slices.Clone(c.there))}
	for _, chosen := range choices {
		if chosen.census != c {
			return nil, errNotKept
		}
		l.who.and(chosen.who)
	}
	for rows, on := range map[string]bool{matchedRows: q.Matched, mailableRows: q.Mailable} {
		if !on {
			continue
		}
		known, err := c.set(tx, rows)
		if err != nil {
			return nil, err
		}
		l.who.and(known)
	}
	if q.Search != "" {
		l.who.and(c.called(fold(q.Search)))
	}
	if q.Segment != "" {
		l.who.and(c.customers.texts("segment").match(func(s string) bool { return s == string(q.Segment) }))
	}
	if q.Gone {
		l.who.and(c.customers.texts("gone_month").match(func(string) bool { return true }))
	}
	if err := l.show(tx, q); err != nil {
		return nil, err
	}
	l.stand(q)
	return l, nil
}

// called returns the customers in whose name or domain the words are, or whose TPID
// they are.
func (c *census) called(words string) bitset {
	within := func(s string) bool { return strings.Contains(untilNUL(s), words) }
	who := c.customers.texts("name").match(within)
	who.or(c.customers.texts("domain").match(within))
	who.or(c.customers.texts("tpid").match(func(s string) bool { return s == words }))
	return who
}

// show finds the standings that the list shows. Those of a month are kept if it is the
// newest one.
func (l *censusList) show(tx *sql.Tx, q actnow.CustomerQuery) error {
	t := l.census.standings
	if q.Area == "" {
		l.shown = l.census.hottest
		return nil
	}
	l.shown = t.texts("area").match(func(s string) bool { return s == string(q.Area) })
	if q.Month == "" {
		return nil
	}
	var newest actnow.Month
	if err := tx.QueryRow(`SELECT COALESCE(max(month), '') FROM standings WHERE area = ?`, string(q.Area)).Scan(&newest); err != nil {
		return err
	}
	if q.Month != newest {
		return errNotKept
	}
	l.shown.and(t.texts("month").match(func(s string) bool { return s == string(q.Month) }))
	return nil
}

// stand keeps those whose standing is as the query asks.
func (l *censusList) stand(q actnow.CustomerQuery) {
	if q.Cell == "" && q.Cluster == "" && q.Move == "" && !q.Unscored {
		return
	}
	t := l.census.standings
	cell, cluster, before, month := t.texts("cell"), t.texts("cluster"), t.texts("previous_cluster"), t.texts("previous_month")
	so, scored := newBitset(l.census.customers.rows), newBitset(l.census.customers.rows)
	l.shown.each(func(row int) {
		s := actnow.Standing{Cell: actnow.Cell(cell.at(row)), Cluster: actnow.Cluster(cluster.at(row)),
			PreviousCluster: actnow.Cluster(before.at(row)), PreviousMonth: actnow.Month(month.at(row))}
		if s.Cell != "" {
			scored.add(int(t.owner[row]))
		}
		if (q.Cell == "" || s.Cell == q.Cell) && (q.Cluster == "" || s.Cluster == q.Cluster) && (q.Move == "" || s.Move() == q.Move) {
			so.add(int(t.owner[row]))
		}
	})
	if q.Cell != "" || q.Cluster != "" || q.Move != "" {
		l.who.and(so)
	}
	if q.Unscored {
		l.who.without(scored)
	}
}

// ids returns limit customers after the first offset ones, in the order of sort, all if
// limit is negative.
func (l *censusList) ids(sort actnow.CustomerSort, limit, offset int) []actnow.CustomerID {
	order := l.order(sort)
	all := l.who.count()
	if offset >= all {
		return nil
	}
	first := all
	if limit >= 0 {
		first = min(offset+limit, all)
	}
	// Those that are among the first so far, and as many more before they are looked at.
	ids := make([]actnow.CustomerID, 0, min(2*first, all))
	full := false // ids has had as many as are wanted, in order
	l.who.each(func(i int) {
		id := actnow.CustomerID(i)
		if full && order(id, ids[first-1]) > 0 {
			return
		}
		if ids = append(ids, id); len(ids) == 2*first {
			slices.SortFunc(ids, order)
			ids, full = ids[:first], true
		}
	})
	slices.SortFunc(ids, order)
	return ids[offset:first]
}

// order compares two customers as the ORDER BY of a customerList does.
func (l *censusList) order(sort actnow.CustomerSort) func(a, b actnow.CustomerID) int {
	places := l.census.places
	byKey := func(a, b actnow.CustomerID) int { return cmp.Compare(places[a], places[b]) }
	values := l.values(sort)
	if values == nil {
		names := l.census.customers.texts("name")
		return func(a, b actnow.CustomerID) int {
			return cmp.Or(cmp.Compare(names.at(int(a)), names.at(int(b))), byKey(a, b))
		}
	}
	return func(a, b actnow.CustomerID) int { return cmp.Or(cmp.Compare(values[b], values[a]), byKey(a, b)) }
}

// values are the numbers by which customers are sorted, the highest first, -1 where one
// has none; nil for names.
func (l *censusList) values(sort actnow.CustomerSort) []float64 {
	c := l.census
	var columns []*numbers // the first that has a number counts
	switch sort {
	case actnow.SortSize:
		columns = []*numbers{c.customers.numbers("org_size")}
	case actnow.SortRevenue:
		columns = []*numbers{c.standings.numbers("revenue_high"), c.standings.numbers("revenue_low")}
	case actnow.SortFit:
		columns = []*numbers{c.standings.numbers("fit")}
	case actnow.SortIntent:
		columns = []*numbers{c.standings.numbers("intent")}
	default:
		return nil
	}
	values := make([]float64, c.customers.rows)
	for i := range values {
		values[i] = -1
	}
	rows, owner := l.shown, c.standings.owner
	if sort == actnow.SortSize {
		rows, owner = l.who, nil
	}
	rows.each(func(row int) {
		id := row
		if owner != nil {
			id = int(owner[row])
		}
		for _, column := range columns {
			if v, ok := column.at(row); ok {
				values[id] = v
				return
			}
		}
	})
	return values
}

// hottest returns of each customer's standings the one that a list without an area
// shows: of the hottest cluster, then of the most revenue, then of the first area.
func (t *table) hottest() bitset {
	area, cluster, high := t.texts("area"), t.texts("cluster"), t.numbers("revenue_high")
	money := func(row int) float64 {
		if v, ok := high.at(row); ok {
			return v
		}
		return 0
	}
	heat := func(row int) int { return actnow.Cluster(cluster.at(row)).Heat() }
	hotter := func(a, b int) bool {
		return cmp.Or(cmp.Compare(heat(b), heat(a)), cmp.Compare(money(b), money(a)), cmp.Compare(area.at(a), area.at(b))) < 0
	}
	out, best := newBitset(t.rows), -1
	for row, id := range t.owner {
		switch {
		case area.at(row) == "": // a customer without standings
		case best >= 0 && t.owner[best] == id:
			if hotter(row, best) {
				best = row
			}
		default:
			if best >= 0 {
				out.add(best)
			}
			best = row
		}
	}
	if best >= 0 {
		out.add(best)
	}
	return out
}
