package storage

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"actnow"
	"actnow/cohorts"
)

// filterBuilder makes SQL of filters. A filter is looked at for each customer c
// with each of its current standings p, one for an area; a customer without any
// is looked at once, with an empty p. The customer is chosen if one such row
// satisfies the whole filter: "area = azure and cluster = Nurture" speaks of one
// area throughout. What a filter says of an empty value is said at
// cohorts.Parse. Everything a person wrote is bound, never part of the SQL.
type filterBuilder struct {
	tx     *sql.Tx
	scope  actnow.Scope
	today  time.Time
	month  actnow.Month      // as it stood at the end of this month; "" is now
	opened []actnow.CohortID // cohorts whose filters are being built
	heads  []snapshotHeaders // of the newest snapshots, read once
}

// customers returns the query of the ids of customers that the filter chooses and the
// scope allows. Standings and cohort columns are those of the end of month, or current
// if it is ""; all else is as it is today. The error matches actnow.ErrInvalid if the
// filter names money and the scope has no Revenue, or a cohort within itself.
func (b *filterBuilder) customers(e cohorts.Expr) (clause, error) {
	cond, err := b.build(e)
	if err != nil {
		return clause{}, err
	}
	if b.month == "" && onlyStanding(e) {
		return b.standings(e, cond), nil
	}
	if b.month == "" && isFact(e) {
		return b.facts(e.(cohorts.Compare)), nil
	}
	q := clause{sql: "SELECT c.id FROM customers c"}
	if usesStanding(e) {
		if !pinsArea(e) {
			q.sql = "SELECT DISTINCT c.id FROM customers c"
		}
		q.sql += " LEFT JOIN standings p ON p.customer_id = c.id AND "
		if b.month == "" {
			q.sql += "p.latest = 1"
		} else {
			q.sql += "p.month = (SELECT max(x.month) FROM standings x WHERE x.customer_id = p.customer_id AND x.area = p.area AND x.month <= ?)"
			q.args = append(q.args, string(b.month))
		}
	}
	var w where
	w.andClause(cond)
	w.andClause(inScope(b.scope, "c.id"))
	if b.month != "" {
		w.and("c.first_month <= ?", string(b.month))
	}
	return clause{sql: q.sql + " WHERE " + w.sql, args: append(q.args, w.args...)}, nil
}

// usesStanding reports whether the filter looks at p.
func usesStanding(e cohorts.Expr) bool {
	switch e := e.(type) {
	case cohorts.And:
		return slices.ContainsFunc(e.Terms, usesStanding)
	case cohorts.Or:
		return slices.ContainsFunc(e.Terms, usesStanding)
	case cohorts.Not:
		return usesStanding(e.Term)
	case cohorts.Compare:
		return e.Field.Name == "held_out" || strings.HasPrefix(filterColumns[e.Field.Name], "p.")
	}
	return false
}

// onlyStanding reports whether the filter looks at nothing but p, and never chooses
// a customer that has none.
func onlyStanding(e cohorts.Expr) bool {
	other := func(e cohorts.Expr) bool { return !onlyStanding(e) }
	switch e := e.(type) {
	case cohorts.And:
		return !slices.ContainsFunc(e.Terms, other)
	case cohorts.Or:
		return !slices.ContainsFunc(e.Terms, other)
	case cohorts.Compare:
		asksForNothing := e.Op == cohorts.IsEmpty || e.Op == cohorts.Ne || e.Op == cohorts.NotIn || e.Field.Kind == cohorts.Text && len(e.Values) == 1 && e.Values[0].Text == ""
		return !asksForNothing && strings.HasPrefix(filterColumns[e.Field.Name], "p.")
	}
	return false
}

// standings is customers for a filter that looks at p alone: customers need not be
// looked up.
func (b *filterBuilder) standings(e cohorts.Expr, cond clause) clause {
	var w where
	w.and("p.latest = 1")
	w.andClause(cond)
	w.andClause(inScope(b.scope, "p.customer_id"))
	q := "SELECT p.customer_id AS id FROM standings p WHERE "
	if !pinsArea(e) {
		q = "SELECT DISTINCT p.customer_id AS id FROM standings p WHERE "
	}
	return clause{sql: q + w.sql, args: w.args}
}

// isFact reports whether the filter asks for one fact of reports.
func isFact(e cohorts.Expr) bool {
	c, ok := e.(cohorts.Compare)
	return ok && c.Field.Kind == cohorts.YesNo && c.Op == cohorts.Eq && !ownYesNo[c.Field.Name]
}

// facts is customers for such a filter.
func (b *filterBuilder) facts(c cohorts.Compare) clause {
	var w where
	w.and("f.field = ? AND f.value = ?", c.Field.Name, yesOrNo(c.Values[0].Yes))
	w.andClause(inScope(b.scope, "f.customer_id"))
	return clause{sql: "SELECT f.customer_id AS id FROM customer_facts f WHERE " + w.sql, args: w.args}
}

// ownYesNo are the yes/no fields that are no facts of reports.
var ownYesNo = map[string]bool{"matched": true, "waiting": true, "has_contact": true, "mailable": true, "held_out": true, "gone": true, "is_nonprofit": true}

func yesOrNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// pinsArea reports whether the filter is of one area, so that a customer has one
// row at most.
func pinsArea(e cohorts.Expr) bool {
	switch e := e.(type) {
	case cohorts.And:
		return slices.ContainsFunc(e.Terms, pinsArea)
	case cohorts.Compare:
		return e.Field.Name == "area" && e.Op == cohorts.Eq
	}
	return false
}

func (b *filterBuilder) build(e cohorts.Expr) (clause, error) {
	switch e := e.(type) {
	case cohorts.And:
		return b.join(e.Terms, " AND ")
	case cohorts.Or:
		return b.join(e.Terms, " OR ")
	case cohorts.Not:
		c, err := b.build(e.Term)
		return negate(c), err
	case cohorts.Compare:
		return b.compare(e)
	}
	return clause{}, fmt.Errorf("filter node %T", e)
}

func (b *filterBuilder) join(terms []cohorts.Expr, word string) (clause, error) {
	all := make([]clause, len(terms))
	for i, t := range terms {
		var err error
		if all[i], err = b.build(t); err != nil {
			return clause{}, err
		}
	}
	return joinClauses(all, word), nil
}

func joinClauses(all []clause, word string) clause {
	var c clause
	for i, part := range all {
		if i > 0 {
			c.sql += word
		}
		c.sql += part.sql
		c.args = append(c.args, part.args...)
	}
	c.sql = "(" + c.sql + ")"
	return c
}

// negate holds where c is false or unknown.
func negate(c clause) clause { return clause{sql: "((" + c.sql + ") IS NOT TRUE)", args: c.args} }

var never = clause{sql: "1 = 0"}

func (b *filterBuilder) compare(c cohorts.Compare) (clause, error) {
	info, _ := cohorts.Info(c.Field.Name)
	if info.Money && !b.scope.Revenue {
		return clause{}, actnow.Invalid("error.filter_revenue", "filter", "the field %s holds money, which you may not see", info.Name)
	}
	switch {
	case c.Op == cohorts.Ne, c.Op == cohorts.NotIn:
		c.Op = map[cohorts.Op]cohorts.Op{cohorts.Ne: cohorts.Eq, cohorts.NotIn: cohorts.In}[c.Op]
		same, err := b.compare(c)
		return negate(same), err
	case c.Op == cohorts.Eq && c.Field.Kind == cohorts.Text && c.Values[0].Text == "":
		c.Op, c.Values = cohorts.IsEmpty, nil
	}
	if c.Field.Kind == cohorts.YesNo {
		return b.yesNo(c), nil
	}
	if column, ok := filterColumns[c.Field.Name]; ok {
		if c.Op == cohorts.IsEmpty {
			return clause{sql: emptyColumn(c.Field, column)}, nil
		}
		if fewValues[c.Field.Name] {
			return b.oneOfFew(c, column), nil
		}
		return b.relation(c, column), nil
	}
	if c.Field.Name == "cohort" && c.Op != cohorts.IsEmpty {
		return b.cohort(c)
	}
	sources, err := b.sources(c.Field)
	if err != nil {
		return clause{}, err
	}
	return b.among(c, sources), nil
}

// filterColumns are the fields that are columns of a customer or a standing.
var filterColumns = map[string]string{
	"area": "p.area", "cluster": "p.cluster", "cell": "p.cell", "fit": "p.fit", "intent": "p.intent",
	"fit_band": "p.fit_band", "intent_band": "p.intent_band", "microsoft_cluster": "p.microsoft_cluster",
	"previous_cluster": "p.previous_cluster", "revenue_low": "p.revenue_low", "revenue_high": "p.revenue_high", "revenue_kind": "p.revenue_kind", "currency": "p.currency",
	"segment": "c.segment", "org_size": "c.org_size", "industry": "c.industry", "vertical": "c.vertical", "country": "c.country",
	"state": "c.state", "city": "c.city", "postal_code": "c.postal_code", "name": "c.name", "domain": "c.domain", "tpid": "c.tpid",
	"duns": "c.duns", "geo_area": "c.geo_area", "subsidiary": "c.subsidiary", "sales_territory": "c.sales_territory",
	"nonprofit": "c.nonprofit", "first_month": "c.first_month", "last_month": "c.last_month",
}

// fewValues are the texts of which customers have few different ones.
var fewValues = map[string]bool{
	"industry": true, "vertical": true, "country": true, "state": true, "geo_area": true, "subsidiary": true,
	"sales_territory": true, "nonprofit": true, "segment": true,
}

// oneOfFew is relation for a column of customers with few different values: it
// folds those, not the values of all customers, and can use the column's index. So
// does the search for the values, which goes from each to the next.
func (b *filterBuilder) oneOfFew(c cohorts.Compare, column string) clause {
	rel := b.relation(c, "v.x")
	return clause{sql: column + ` IN (WITH RECURSIVE v (x) AS (SELECT min(` + column + `) FROM customers c
		UNION ALL SELECT (SELECT min(` + column + `) FROM customers c WHERE ` + column + ` > v.x) FROM v WHERE v.x IS NOT NULL) SELECT v.x FROM v WHERE ` + rel.sql + `)`, args: rel.args}
}

func emptyColumn(f cohorts.Field, column string) string {
	switch {
	case f.Name == "segment":
		return "c.segment = '" + string(actnow.UnknownSegment) + "'"
	case f.Name == "fit" || f.Name == "intent":
		return "(" + column + " IS NULL AND COALESCE(" + column + "_band, '') = '')"
	case f.Kind == cohorts.Number:
		return column + " IS NULL"
	}
	return "COALESCE(" + column + ", '') = ''"
}

// relation returns the condition that x, which is the SQL of a value, stands in
// the relation of c to its values. Op is none of Ne, NotIn, IsEmpty.
func (b *filterBuilder) relation(c cohorts.Compare, x string) clause {
	if c.Field.Kind == cohorts.Text {
		x = "fold(" + x + ")"
	}
	switch c.Op {
	case cohorts.Contains:
		return clause{sql: x + ` LIKE ? ESCAPE '\'`, args: []any{likeInside(c.Values[0].Text)}}
	case cohorts.StartsWith:
		return clause{sql: x + ` LIKE ? ESCAPE '\'`, args: []any{likePrefix(c.Values[0].Text)}}
	case cohorts.In:
		in := clause{sql: x + " IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(c.Values)), ", ") + ")"}
		for _, v := range c.Values {
			in.args = append(in.args, b.bound(c.Field, v))
		}
		return in
	}
	op := map[cohorts.Op]string{cohorts.Eq: "=", cohorts.Lt: "<", cohorts.Le: "<=", cohorts.Gt: ">", cohorts.Ge: ">="}[c.Op]
	plain := clause{sql: x + " " + op + " ?", args: []any{b.bound(c.Field, c.Values[0])}}
	if c.Field.Name != "fit" && c.Field.Name != "intent" {
		return plain
	}
	// Where only a band is known, it must satisfy the relation as a whole.
	bands := bandsWithin(c.Op, c.Values[0].Number)
	if len(bands) == 0 {
		return plain
	}
	return clause{sql: "(" + plain.sql + " OR " + x + " IS NULL AND " + x + "_band IN (" + strings.Join(bands, ", ") + "))", args: plain.args}
}

// bandsWithin returns the bands, quoted, all of whose scores satisfy the
// relation to n.
func bandsWithin(op cohorts.Op, n float64) []string {
	var all []string
	for _, band := range []struct {
		name      actnow.Band
		low, high float64
		closed    bool // high belongs to it
	}{{actnow.High, 75, 100, true}, {actnow.Medium, 55, 75, false}, {actnow.Low, 30, 55, false}, {actnow.VeryLow, 0, 30, false}} {
		ok := false
		switch op {
		case cohorts.Ge:
			ok = band.low >= n
		case cohorts.Gt:
			ok = band.low > n
		case cohorts.Le:
			ok = band.high <= n
		case cohorts.Lt:
			ok = band.high < n || band.high == n && !band.closed
		}
		if ok {
			all = append(all, "'"+string(band.name)+"'")
		}
	}
	return all
}

// bound returns what a value is bound as.
func (b *filterBuilder) bound(f cohorts.Field, v cohorts.Value) any {
	switch f.Kind {
	case cohorts.Number:
		if info, _ := cohorts.Info(f.Name); info.Money {
			return v.Number * 100 // minor units
		}
		return v.Number
	case cohorts.Day:
		return v.At(b.today).Unix()
	case cohorts.Text:
		return fold(v.Text)
	}
	return v.Text
}

// yesNo compares a field that is yes or no. Facts of reports may be unknown.
func (b *filterBuilder) yesNo(c cohorts.Compare) clause {
	var yes, no clause
	switch c.Field.Name {
	case "matched":
		yes = clause{sql: isMatched}
		no = negate(yes)
	case "waiting":
		yes = clause{sql: isWaiting}
		no = negate(yes)
	case "has_contact":
		yes = clause{sql: hasContact}
		no = negate(yes)
	case "mailable":
		yes = clause{sql: isMailable}
		no = negate(yes)
	case "held_out":
		yes = clause{sql: heldOutSQL("c.id", "COALESCE(p.area, '')")}
		no = negate(yes)
	case "gone":
		yes, no = clause{sql: "c.gone_month IS NOT NULL"}, clause{sql: "c.gone_month IS NULL"}
	case "is_nonprofit":
		const words = `('no', 'n', '0', 'false')`
		yes = clause{sql: "(c.nonprofit <> '' AND fold(c.nonprofit) NOT IN " + words + ")"}
		no = clause{sql: "fold(c.nonprofit) IN " + words}
	default:
		const fact = "c.id IN (SELECT f.customer_id FROM customer_facts f WHERE f.field = ? AND f.value = ?)"
		yes, no = clause{sql: fact, args: []any{c.Field.Name, yesOrNo(true)}}, clause{sql: fact, args: []any{c.Field.Name, yesOrNo(false)}}
	}
	switch {
	case c.Op == cohorts.IsEmpty:
		return negate(joinClauses([]clause{yes, no}, " OR "))
	case c.Values[0].Yes:
		return yes
	}
	return no
}
