package storage

import (
	"database/sql"
	"errors"

	"actnow"
	"actnow/cohorts"
)

// choice is the customers that a filter or a cohort chooses now: those of a query, and
// the same out of the census where that can tell.
type choice struct {
	tx     *sql.Tx
	query  clause
	census *census // nil if it does not hold
	who    bitset
}

// choice returns what a filter chooses within the scope. The error is that of
// filterBuilder.customers.
func (db *DB) choice(tx *sql.Tx, scope actnow.Scope, e cohorts.Expr) (choice, error) {
	return db.choose(tx, scope, func(b *filterBuilder) (clause, error) { return b.customers(e) },
		func(f censusFilter) (bitset, error) { return f.customers(e) })
}

// cohortChoice returns the customers of a cohort within the scope. The error is that
// of cohortMembers.
func (db *DB) cohortChoice(tx *sql.Tx, scope actnow.Scope, id actnow.CohortID) (choice, error) {
	rule, err := cohortByID(tx, id)
	if err != nil {
		return choice{}, err
	}
	return db.choose(tx, scope, func(b *filterBuilder) (clause, error) { return b.members(rule) },
		func(f censusFilter) (bitset, error) { return f.members(rule) })
}

// choices returns what the filter and the cohort of a query choose: whoever is meant is
// in all of them. The error matches actnow.ErrInvalid or actnow.ErrNotFound.
func (db *DB) choices(tx *sql.Tx, scope actnow.Scope, filter string, cohort actnow.CohortID) (all []choice, err error) {
	if filter != "" {
		e, err := cohorts.Parse(filter)
		if err != nil {
			return nil, err
		}
		c, err := db.choice(tx, scope, e)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	if cohort != 0 {
		c, err := db.cohortChoice(tx, scope, cohort)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func (db *DB) choose(tx *sql.Tx, scope actnow.Scope, build func(*filterBuilder) (clause, error), look func(censusFilter) (bitset, error)) (choice, error) {
	b := &filterBuilder{tx: tx, scope: scope, today: db.now()}
	query, err := build(b)
	c := choice{tx: tx, query: query, census: db.censusIn(tx)}
	if err != nil || c.census == nil {
		return c, err
	}
	c.who, err = look(censusFilter{b, c.census})
	if errors.Is(err, errNotKept) {
		c.census, err = nil, nil
	}
	return c, err
}

// count counts them. Only a matched customer can have someone to mail, so the others
// are not asked; each is asked once, and both counts go into one sum.
func (c choice) count() (n cohorts.Counts, err error) {
	if c.census != nil {
		return c.census.count(c.tx, c.who)
	}
	const mailable = 1 << 32
	var sum int64
	err = c.tx.QueryRow(`SELECT count(*), COALESCE(sum(CASE WHEN `+isMatched+` THEN CASE WHEN `+isMailable+` THEN ? ELSE 1 END ELSE 0 END), 0)
		FROM (`+c.query.sql+`) c`, append([]any{mailable + 1}, c.query.args...)...).Scan(&n.Customers, &sum)
	n.Matched, n.Mailable = int(sum%mailable), int(sum/mailable)
	return n, err
}

// fewChosen is how many customers a query is given by their ids.
const fewChosen = 1000

// condition is the condition on c.id that the customer is one of them.
func (c choice) condition() clause {
	if c.census != nil && c.who.count() <= fewChosen {
		ids, _ := c.ids() // from the census, which has no errors
		return clause{sql: "c.id IN (SELECT value FROM " + jsonEach + ")", args: []any{idList(ids)}}
	}
	return clause{sql: "c.id IN (" + c.query.sql + ")", args: c.query.args}
}

// has reports whether the customer is one of them.
func (c choice) has(id actnow.CustomerID) (in bool, err error) {
	if c.census != nil {
		return c.who.has(int(id)), nil
	}
	err = c.tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM (`+c.query.sql+`) x WHERE x.id = ?)`, append(c.query.args, id)...).Scan(&in)
	return in, err
}

// ids returns their ids, in ascending order.
func (c choice) ids() ([]actnow.CustomerID, error) {
	ids := []actnow.CustomerID{}
	if c.census != nil {
		c.who.each(func(i int) { ids = append(ids, actnow.CustomerID(i)) })
		return ids, nil
	}
	err := each(c.tx, `WITH hit (id) AS (`+c.query.sql+`) SELECT id FROM hit ORDER BY id`, c.query.args, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}
