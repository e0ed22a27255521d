package storage

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"actnow"
	"actnow/cohorts"
)

// errNotKept says that a census lacks what a filter asks for.
var errNotKept = errors.New("not kept in the census")

// censusFilter answers filters from a census, as filterBuilder does in SQL: the tree
// is the same, a condition is the set of rows for which it holds.
type censusFilter struct {
	*filterBuilder
	census *census
}

// customers is filterBuilder.customers. The error is errNotKept if only SQL can tell.
func (f censusFilter) customers(e cohorts.Expr) (bitset, error) {
	if f.month != "" {
		return nil, errNotKept
	}
	t := f.census.customers
	if usesStanding(e) {
		t = f.census.standings
	}
	rows, err := f.rows(e, t)
	if err != nil {
		return nil, err
	}
	return f.within(t.ownersOf(rows, f.census.customers.rows)), nil
}

// within keeps those in the scope.
func (f censusFilter) within(who bitset) bitset {
	if f.scope.AllLocations {
		return who
	}
	in := f.locations(func(id actnow.LocationID) bool { return slices.Contains(f.scope.Locations, id) })
	in.and(who)
	return in
}

// locations returns the customers of the locations that pass.
func (f censusFilter) locations(passes func(actnow.LocationID) bool) bitset {
	t := f.census.locations
	return f.owners(t, t.numbers(locationID).match(func(id float64) bool { return passes(actnow.LocationID(id)) }))
}

func (f censusFilter) owners(t *table, rows bitset) bitset {
	return t.ownersOf(rows, f.census.customers.rows)
}

// rows returns the rows of t, customers or standings, for which e holds.
func (f censusFilter) rows(e cohorts.Expr, t *table) (bitset, error) {
	switch e := e.(type) {
	case cohorts.And:
		return f.join(e.Terms, t, bitset.and)
	case cohorts.Or:
		return f.join(e.Terms, t, bitset.or)
	case cohorts.Not:
		rows, err := f.rows(e.Term, t)
		return f.others(rows, t), err
	case cohorts.Compare:
		return f.compare(e, t)
	}
	return nil, fmt.Errorf("filter node %T", e)
}

func (f censusFilter) join(terms []cohorts.Expr, t *table, with func(b, o bitset)) (bitset, error) {
	var all bitset
	for i, term := range terms {
		rows, err := f.rows(term, t)
		switch {
		case err != nil:
			return nil, err
		case i == 0:
			all = slices.Clone(rows)
		default:
			with(all, rows)
		}
	}
	return all, nil
}

// others returns the rows of t that are not among rows.
func (f censusFilter) others(rows bitset, t *table) bitset {
	all := slices.Clone(f.census.there)
	if t != f.census.customers {
		all = t.all()
	}
	all.without(rows)
	return all
}

// compare is filterBuilder.compare.
func (f censusFilter) compare(c cohorts.Compare, t *table) (bitset, error) {
	switch {
	case c.Op == cohorts.Ne, c.Op == cohorts.NotIn:
		c.Op = map[cohorts.Op]cohorts.Op{cohorts.Ne: cohorts.Eq, cohorts.NotIn: cohorts.In}[c.Op]
		rows, err := f.compare(c, t)
		return f.others(rows, t), err
	case c.Op == cohorts.Eq && c.Field.Kind == cohorts.Text && c.Values[0].Text == "":
		c.Op, c.Values = cohorts.IsEmpty, nil
	}
	switch {
	case strings.HasPrefix(filterColumns[c.Field.Name], "p."):
		return f.column(c, t), nil
	case usesStanding(c): // of another table, such as who is held out
		return nil, errNotKept
	}
	who, err := f.who(c)
	return t.rowsOf(who), err
}

// who returns the customers for whom c holds, which asks for nothing of standings.
func (f censusFilter) who(c cohorts.Compare) (bitset, error) {
	customers, agreements := f.census.customers, f.census.agreements
	name := c.Field.Name
	_, isColumn := filterColumns[name]
	switch {
	case c.Field.Kind == cohorts.YesNo:
		return f.yesNo(c)
	case isColumn:
		return f.column(c, customers), nil
	case name == "cohort":
		return f.cohort(c)
	case name == "location":
		return f.location(c)
	case agreements.columns[name] != nil:
		return f.agreement(c)
	}
	if values := f.census.facts[name]; values != nil {
		return f.among(c, customers, f.matching(c, values)), nil
	}
	return f.asked(c)
}

// asked asks SQL for what is not kept.
func (f censusFilter) asked(c cohorts.Compare) (bitset, error) {
	cond, err := f.filterBuilder.compare(c)
	if err != nil {
		return nil, err
	}
	return f.census.read(f.tx, clause{"SELECT c.id FROM customers c WHERE " + cond.sql, cond.args})
}

// among is the customers of rows of t that match c: with IsEmpty, the others.
func (f censusFilter) among(c cohorts.Compare, t *table, rows bitset) bitset {
	who := f.owners(t, rows)
	if c.Op == cohorts.IsEmpty {
		return f.others(who, f.census.customers)
	}
	return who
}

// matching returns the rows whose value stands in the relation of c, or for IsEmpty
// those that have one.
func (f censusFilter) matching(c cohorts.Compare, values column) bitset {
	switch values := values.(type) {
	case *texts:
		return values.match(f.textTest(c))
	case *numbers:
		return values.match(f.numberTest(c))
	}
	return nil
}

// column is the rows of t, of which the field is a column, that satisfy c.
func (f censusFilter) column(c cohorts.Compare, t *table) bitset {
	name := c.Field.Name
	rows := f.matching(c, t.columns[name])
	scored := name == "fit" || name == "intent"
	bands, _ := t.columns[name+"_band"].(*texts)
	switch {
	case c.Op == cohorts.IsEmpty && name == "segment":
		return t.texts(name).match(func(s string) bool { return s == string(actnow.UnknownSegment) })
	case c.Op == cohorts.IsEmpty:
		if scored {
			rows.or(bands.match(func(s string) bool { return s != "" }))
		}
		return f.others(rows, t)
	case scored && c.Op != cohorts.In:
		within := bandsWithin(c.Op, c.Values[0].Number)
		only := bands.match(func(s string) bool { return slices.Contains(within, "'"+s+"'") })
		only.without(t.numbers(name).match(func(float64) bool { return true }))
		rows.or(only)
	}
	return rows
}

// textTest is filterBuilder.relation for texts, which are folded if the field is a
// text. For IsEmpty it is that there is one.
func (f censusFilter) textTest(c cohorts.Compare) func(string) bool {
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = fmt.Sprint(f.bound(c.Field, v))
	}
	switch c.Op {
	case cohorts.IsEmpty:
		return func(s string) bool { return s != "" }
	case cohorts.In:
		return func(s string) bool { return slices.Contains(values, s) }
	case cohorts.Contains:
		return func(s string) bool { return strings.Contains(untilNUL(s), values[0]) }
	case cohorts.StartsWith:
		return func(s string) bool { return strings.HasPrefix(untilNUL(s), values[0]) }
	}
	return func(s string) bool { return compared(c.Op, strings.Compare(s, values[0])) }
}

// untilNUL is as much of a text as LIKE looks at.
func untilNUL(s string) string {
	before, _, _ := strings.Cut(s, "\x00")
	return before
}

// numberTest is filterBuilder.relation for numbers and days.
func (f censusFilter) numberTest(c cohorts.Compare) func(float64) bool {
	values := make([]float64, len(c.Values))
	for i, v := range c.Values {
		switch n := f.bound(c.Field, v).(type) {
		case float64:
			values[i] = n
		case int64:
			values[i] = float64(n)
		}
	}
	switch c.Op {
	case cohorts.IsEmpty:
		return func(float64) bool { return true }
	case cohorts.In:
		return func(n float64) bool { return slices.Contains(values, n) }
	}
	return func(n float64) bool {
		order := 0
		if n < values[0] {
			order = -1
		} else if n > values[0] {
			order = 1
		}
		return compared(c.Op, order)
	}
}

// compared reports whether op holds for two values whose order is negative, 0 or
// positive.
func compared(op cohorts.Op, order int) bool {
	switch op {
	case cohorts.Eq:
		return order == 0
	case cohorts.Lt:
		return order < 0
	case cohorts.Le:
		return order <= 0
	case cohorts.Gt:
		return order > 0
	case cohorts.Ge:
		return order >= 0
	}
	return false
}

// yesNo is filterBuilder.yesNo.
func (f censusFilter) yesNo(c cohorts.Compare) (yes bitset, err error) {
	customers := f.census.customers
	var no bitset // nil: whoever is not among yes
	switch name := c.Field.Name; name {
	case "matched":
		yes, err = f.census.set(f.tx, matchedRows)
	case "waiting":
		yes, err = f.census.set(f.tx, waitingRows)
	case "has_contact":
		yes, err = f.census.set(f.tx, contactRows)
	case "mailable":
		yes, err = f.census.set(f.tx, mailableRows)
	case "gone":
		yes = customers.texts("gone_month").match(func(string) bool { return true })
	case "is_nonprofit":
		isNo := func(s string) bool { return slices.Contains([]string{"no", "n", "0", "false"}, s) }
		values := customers.texts("nonprofit")
		yes = values.match(func(s string) bool { return s != "" && !isNo(s) })
		no = values.match(isNo)
	default:
		values := f.census.facts[name]
		if values == nil {
			return f.asked(c)
		}
		yes = values.match(func(s string) bool { return s == yesOrNo(true) })
		no = values.match(func(s string) bool { return s == yesOrNo(false) })
	}
	switch {
	case err != nil:
		return nil, err
	case c.Op != cohorts.IsEmpty && c.Values[0].Yes:
		return yes, nil
	case no == nil:
		no = f.others(yes, customers)
	}
	if c.Op == cohorts.IsEmpty {
		no.or(yes)
		no = f.others(no, customers)
	}
	return no, nil
}

// location asks for locations by their names, and for their customers here.
func (f censusFilter) location(c cohorts.Compare) (bitset, error) {
	named := clause{sql: "l.name <> '' OR l.global_id <> ''"}
	if c.Op != cohorts.IsEmpty {
		named = joinClauses([]clause{f.relation(c, "l.name"), f.relation(c, "l.global_id")}, " OR ")
	}
	var ids []actnow.LocationID
	err := each(f.tx, `SELECT l.id FROM locations l WHERE `+named.sql, named.args, func(rows *sql.Rows) error {
		var id actnow.LocationID
		err := rows.Scan(&id)
		if f.scope.AllLocations || slices.Contains(f.scope.Locations, id) {
			ids = append(ids, id)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	who := f.locations(func(id actnow.LocationID) bool { return slices.Contains(ids, id) })
	if c.Op == cohorts.IsEmpty {
		who = f.others(who, f.census.customers)
	}
	return who, nil
}

// agreement asks for the agreements of the newest renewals report. A customer has the
// next end or, if all are past, the last, and the largest expiring revenue.
func (f censusFilter) agreement(c cohorts.Compare) (bitset, error) {
	var newest sql.NullInt64
	if err := f.tx.QueryRow(`SELECT ` + newestRenewals).Scan(&newest); err != nil {
		return nil, err
	}
	if actnow.SnapshotID(newest.Int64) != f.census.renewals {
		return nil, errNotKept
	}
	t := f.census.agreements
	values := t.columns[c.Field.Name]
	today := float64(cohorts.Value{Relative: true}.At(f.today).Unix())
	var rows bitset
	switch c.Field.Name {
	case "agreement_end":
		rows = t.best(values.(*numbers), func(end, than float64) bool {
			if than >= today {
				return end >= today && end < than
			}
			return end > than
		})
	case "expiring_revenue":
		rows = t.best(values.(*numbers), func(expiring, than float64) bool { return expiring > than })
	default:
		rows = t.all()
	}
	rows.and(f.matching(c, values))
	return f.among(c, t, rows), nil
}

// cohort is filterBuilder.cohort.
func (f censusFilter) cohort(c cohorts.Compare) (bitset, error) {
	named := clause{sql: "cc.header <> ''"}
	if c.Op != cohorts.IsEmpty {
		named = f.relation(c, "cc.header")
	}
	who, err := f.columnMembers(named)
	if err != nil || c.Op == cohorts.IsEmpty {
		return f.others(who, f.census.customers), err
	}
	rules, err := f.rules(c)
	if err != nil {
		return nil, err
	}
	for _, r := range rules {
		members, err := f.members(r)
		if err != nil {
			return nil, err
		}
		who.or(members)
	}
	return who, nil
}

// members is filterBuilder.members.
func (f censusFilter) members(r cohortRule) (who bitset, err error) {
	if r.kind == "column" {
		who, err = f.columnMembers(clause{"cc.id = ?", []any{r.column}})
		return f.within(who), err
	}
	err = f.open(r, func(e cohorts.Expr) error {
		who, err = f.customers(e)
		return err
	})
	return who, err
}

// columnMembers returns who is in the confirmed cohort columns cc for which the
// condition holds.
func (f censusFilter) columnMembers(cond clause) (bitset, error) {
	who := newBitset(f.census.customers.rows)
	err := each(f.tx, `SELECT cc.id, cc.last_month FROM cohort_columns cc WHERE cc.state = 'confirmed' AND `+cond.sql, cond.args, func(rows *sql.Rows) error {
		var id int64
		var month actnow.Month
		if err := rows.Scan(&id, &month); err != nil {
			return err
		}
		m, ok := f.census.members[id]
		if ok && m.month != month {
			return errNotKept
		}
		who.or(m.who)
		return nil
	})
	return who, err
}
