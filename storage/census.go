package storage

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"actnow"
	"actnow/cohorts"
)

// census is what filters ask about customers, in memory, as it was in one moment. It
// holds in every transaction that counts as many changes of the reports. The file
// stays the truth: where the census does not hold, or lacks something, SQL answers,
// and the answer is the same.
type census struct {
	changes    int64    // of reports, when it was read
	customers  *table   // a row is the customer of that id
	there      bitset   // customers that there are
	places     []uint32 // of each customer in the order of keys
	standings  *table   // the latest ones; a customer without any has a row without values
	hottest    bitset   // of each customer's standings one
	locations  *table
	agreements *table
	renewals   actnow.SnapshotID       // whose agreements they are
	facts      map[string]*texts       // by field; rows as in customers
	members    map[int64]columnMembers // by cohort column; a column without any is not in it
	crm        crmSets
}

// table is rows that belong to customers.
type table struct {
	rows    int
	owner   []uint32 // the customer of each row; nil if it is the row itself
	columns map[string]column
}

// columnMembers are the customers of a cohort column in its latest month.
type columnMembers struct {
	month actnow.Month
	who   bitset
}

// ownersOf returns the customers of the rows, of which n-1 is the greatest id.
func (t *table) ownersOf(rows bitset, n int) bitset {
	if t.owner == nil {
		return rows
	}
	out := newBitset(n)
	rows.each(func(row int) { out.add(int(t.owner[row])) })
	return out
}

// rowsOf returns the rows of the customers.
func (t *table) rowsOf(who bitset) bitset {
	if t.owner == nil {
		return who
	}
	out := newBitset(t.rows)
	for row, id := range t.owner {
		if who.has(int(id)) {
			out.add(row)
		}
	}
	return out
}

// all returns every row.
func (t *table) all() bitset {
	out := newBitset(t.rows)
	for row := range t.rows {
		out.add(row)
	}
	return out
}

// best returns, of the rows of each customer that have a number, the one that is
// better than the others. Rows of a customer lie together.
func (t *table) best(values *numbers, better func(n, than float64) bool) bitset {
	out := newBitset(t.rows)
	owner, best, have := uint32(0), 0, false
	var most float64
	for row, id := range t.owner {
		n, ok := values.at(row)
		switch {
		case !ok:
			continue
		case have && id == owner && !better(n, most):
			continue
		case have && id != owner:
			out.add(best)
		}
		owner, best, most, have = id, row, n, true
	}
	if have {
		out.add(best)
	}
	return out
}

// texts and numbers return the column of the name, which is of the kind.
func (t *table) texts(name string) *texts     { return t.columns[name].(*texts) }
func (t *table) numbers(name string) *numbers { return t.columns[name].(*numbers) }

func (t *table) bytes() int {
	n := 4 * len(t.owner)
	for _, c := range t.columns {
		n += c.bytes()
	}
	return n
}

func (c *census) bytes() int {
	n := 8*(len(c.there)+len(c.hottest)) + 4*len(c.places)
	for _, t := range []*table{c.customers, c.standings, c.locations, c.agreements} {
		if t != nil {
			n += t.bytes()
		}
	}
	for _, f := range c.facts {
		n += f.bytes()
	}
	for _, m := range c.members {
		n += 8 * len(m.who)
	}
	return n
}

// crmSets are customers of whom a CRM says something, kept until it changes.
type crmSets struct {
	mu      sync.Mutex
	changes int64
	sets    map[string]bitset
}

// set returns the customers of the rows m that the FROM clause selects.
func (c *census) set(tx *sql.Tx, from string) (bitset, error) {
	c.crm.mu.Lock()
	defer c.crm.mu.Unlock()
	n, err := countChanges(tx, "crm")
	if err != nil {
		return nil, err
	}
	if c.crm.sets == nil || c.crm.changes != n {
		c.crm.changes, c.crm.sets = n, map[string]bitset{}
	}
	if s, ok := c.crm.sets[from]; ok {
		return s, nil
	}
	s, err := c.read(tx, clause{sql: "SELECT m.customer_id FROM " + from})
	if err == nil {
		c.crm.sets[from] = s
	}
	return s, err
}

// count counts customers, and among them those whom a CRM knows.
func (c *census) count(tx *sql.Tx, who bitset) (n cohorts.Counts, err error) {
	matched, err := c.set(tx, matchedRows)
	if err != nil {
		return n, err
	}
	mailable, err := c.set(tx, mailableRows)
	return cohorts.Counts{Customers: who.count(), Matched: who.countBoth(matched), Mailable: who.countBoth(mailable)}, err
}

// read returns the customers of a query of ids.
func (c *census) read(tx *sql.Tx, q clause) (bitset, error) {
	out := newBitset(c.customers.rows)
	err := each(tx, q.sql, q.args, func(rows *sql.Rows) error {
		var id sql.NullInt64
		err := rows.Scan(&id)
		if id.Valid {
			out.add(int(id.Int64))
		}
		return err
	})
	return out, err
}

// CensusBytes returns how much memory the census takes, 0 if there is none.
func (db *DB) CensusBytes() int {
	c := db.census.Load()
	if c == nil {
		return 0
	}
	return c.bytes()
}

// censusIn returns the census if it holds in the transaction, else nil.
func (db *DB) censusIn(tx *sql.Tx) *census {
	c := db.census.Load()
	if c == nil {
		return nil
	}
	if n, err := countChanges(tx, "reports"); err != nil || n != c.changes {
		return nil
	}
	return c
}

// countChanges returns how often what is counted under the name has changed.
func countChanges(tx *sql.Tx, what string) (n int64, err error) {
	err = tx.QueryRow(`SELECT COALESCE((SELECT count FROM changes WHERE what = ?), 0)`, what).Scan(&n)
	return n, err
}

// censusTick is how often KeepCensus looks for changes. What has changed is read
// again when it stayed the same from one look to the next.
const censusTick = time.Second

// KeepCensus keeps in memory what filters ask about customers, so that they answer at
// once, until ctx ends. It takes at most the bytes: if it would take more there is
// none, and filters are answered from the file, as they are while it is being read.
func (db *DB) KeepCensus(ctx context.Context, bytes int) error {
	defer db.census.Store(nil)
	tick := time.NewTicker(censusTick)
	defer tick.Stop()
	before, tried := int64(-1), int64(-1)
	for ctx.Err() == nil {
		now, err := db.reportChanges(ctx)
		if c := db.census.Load(); err == nil && c != nil && c.changes != now {
			db.census.Store(nil) // its memory is for what changes the reports
		}
		if err == nil && now == before && now != tried {
			tried = now
			err = db.TakeCensus(ctx, bytes)
		}
		if err != nil && ctx.Err() == nil {
			db.log.WarnContext(ctx, "filters are answered from the file", "error", err)
		}
		before = now
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return ctx.Err()
}

func (db *DB) reportChanges(ctx context.Context) (n int64, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		n, err = countChanges(tx, "reports")
		return err
	})
	return n, err
}
