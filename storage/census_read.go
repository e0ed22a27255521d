package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"actnow"
	"actnow/cohorts"
)

// errTooLarge ends the reading of a census that takes more memory than it may.
var errTooLarge = errors.New("they would take more memory than they may")

// TakeCensus reads what filters ask about customers into memory, once. Filters are
// answered from there until the reports change.
func (db *DB) TakeCensus(ctx context.Context, bytes int) error {
	var r *censusReader
	err := db.read(ctx, func(tx *sql.Tx) error {
		r = &censusReader{tx: tx, limit: bytes, census: &census{facts: map[string]*texts{}, members: map[int64]columnMembers{}}}
		return r.read()
	})
	if err != nil {
		return fmt.Errorf("read census: %w", err)
	}
	db.census.Store(r.census)
	return nil
}

// censusReader reads a census.
type censusReader struct {
	*census
	tx    *sql.Tx
	limit int // bytes
	n     int // the greatest id of a customer, and one more
	since int // rows, since the limit was looked at
}

func (r *censusReader) read() (err error) {
	if r.changes, err = countChanges(r.tx, "reports"); err != nil {
		return err
	}
	var most int64
	if err := r.tx.QueryRow(`SELECT COALESCE(max(id), 0) FROM customers`).Scan(&most); err != nil {
		return err
	}
	if most >= min(int64(8*r.limit), math.MaxUint32) {
		return errTooLarge
	}
	r.n = int(most) + 1
	r.there = newBitset(r.n)
	for _, step := range []func() error{r.readCustomers, r.readKeys, r.readStandings, r.readLocations, r.readAgreements, r.readFacts, r.readMembers, r.readCRM} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// fieldsOf returns the fields that are columns of c or p, and the columns.
func fieldsOf(letter string) (names, columns []string) {
	for name, c := range filterColumns {
		if strings.HasPrefix(c, letter+".") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		columns = append(columns, filterColumns[name])
	}
	return names, columns
}

// Columns that are no fields: of locations, and the currency as it is written.
const (
	locationID = "location_id"
	currencyOf = "currency_of"
)

// newColumn is an empty column of n rows for the values of a field.
func newColumn(field string, n int) column {
	info, _ := cohorts.Info(field)
	if info.Kind == cohorts.Number || info.Kind == cohorts.Day || field == locationID {
		return newNumbers(n)
	}
	return newTexts(n, info.Kind == cohorts.Text && field != currencyOf)
}

func (r *censusReader) readCustomers() error {
	names, columns := fieldsOf("c")
	r.customers = &table{rows: r.n}
	return r.fill(r.customers, append(names, "gone_month"), `SELECT c.id, `+strings.Join(append(columns, "c.gone_month"), ", ")+` FROM customers c ORDER BY c.id`)
}

func (r *censusReader) readKeys() error {
	r.places = make([]uint32, r.n)
	place := uint32(0)
	return each(r.tx, `SELECT id FROM customers ORDER BY key`, nil, func(rows *sql.Rows) error {
		var id int
		err := rows.Scan(&id)
		r.places[id], place = place, place+1
		return err
	})
}

func (r *censusReader) readStandings() error {
	names, columns := fieldsOf("p")
	const from = ` FROM customers c LEFT JOIN standings p ON p.customer_id = c.id AND p.latest = 1`
	err := r.owned(&r.standings, append(names, "month", "previous_month", currencyOf), append(columns, "p.month", "p.previous_month", "p.currency"), "c.id", from)
	if err == nil {
		r.hottest = r.standings.hottest()
	}
	return err
}

func (r *censusReader) readLocations() error {
	return r.owned(&r.locations, []string{locationID}, []string{locationID}, "customer_id", ` FROM customer_locations`)
}

func (r *censusReader) readAgreements() error {
	var id sql.NullInt64
	if err := r.tx.QueryRow(`SELECT ` + newestRenewals).Scan(&id); err != nil {
		return err
	}
	r.renewals = actnow.SnapshotID(id.Int64)
	return r.owned(&r.agreements, []string{"agreement_end", "expiring_revenue", "license_program", "revenue_division"},
		[]string{"ends_at", "expiring", "program", "division"}, "customer_id", ` FROM agreements WHERE snapshot_id = ?`, id.Int64)
}

// owned reads a table of rows that are not customers.
func (r *censusReader) owned(to **table, names, columns []string, owner, from string, args ...any) error {
	var n int
	if err := r.tx.QueryRow(`SELECT count(*)`+from, args...).Scan(&n); err != nil {
		return err
	}
	*to = &table{rows: n, owner: make([]uint32, 0, n)}
	return r.fill(*to, names, `SELECT `+owner+`, `+strings.Join(columns, ", ")+from+` ORDER BY 1`, args...)
}

// fill reads the rows of a query into a table: the customer, then the values of the
// names.
func (r *censusReader) fill(t *table, names []string, query string, args ...any) error {
	t.columns = make(map[string]column, len(names))
	columns := make([]column, len(names))
	values := make([]any, len(names)+1)
	to := make([]any, len(values))
	to[0] = &values[0]
	for i, name := range names {
		columns[i] = newColumn(name, t.rows)
		t.columns[name] = columns[i]
		to[i+1] = &values[i+1]
	}
	err := each(r.tx, query, args, func(rows *sql.Rows) error {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		row := int(values[0].(int64))
		if t.owner != nil {
			t.owner = append(t.owner, uint32(row))
			row = len(t.owner) - 1
		} else {
			r.there.add(row)
		}
		for i, c := range columns {
			c.put(row, values[i+1])
		}
		return r.fits()
	})
	for _, c := range columns {
		c.finish()
	}
	return err
}

// fits looks now and then whether the census is still within its limit.
func (r *censusReader) fits() error {
	if r.since++; r.since < 1<<14 {
		return nil
	}
	r.since = 0
	if r.bytes() > r.limit {
		return errTooLarge
	}
	return nil
}

// readFacts reads field after field: the key of the table begins with it.
func (r *censusReader) readFacts() error {
	for field := ""; ; {
		var next sql.NullString
		if err := r.tx.QueryRow(`SELECT min(field) FROM customer_facts WHERE field > ?`, field).Scan(&next); err != nil || !next.Valid {
			return err
		}
		field = next.String
		info, _ := cohorts.Info(field)
		values := newTexts(r.n, info.Kind == cohorts.Text)
		r.facts[field] = values
		err := each(r.tx, `SELECT customer_id, value FROM customer_facts WHERE field = ? ORDER BY customer_id`, []any{field}, func(rows *sql.Rows) error {
			var id int
			var value any
			if err := rows.Scan(&id, &value); err != nil {
				return err
			}
			values.put(id, value)
			return r.fits()
		})
		if err != nil {
			return err
		}
		values.finish()
	}
}

func (r *censusReader) readMembers() error {
	months := map[int64]actnow.Month{}
	err := each(r.tx, `SELECT cc.id, (SELECT max(m.month) FROM cohort_members m WHERE m.column_id = cc.id) FROM cohort_columns cc`, nil, func(rows *sql.Rows) error {
		var id int64
		var month sql.NullString
		err := rows.Scan(&id, &month)
		if month.Valid {
			months[id] = actnow.Month(month.String)
		}
		return err
	})
	if err != nil {
		return err
	}
	for id, month := range months {
		who, err := r.census.read(r.tx, clause{`SELECT customer_id FROM cohort_members WHERE column_id = ? AND month = ?`, []any{id, string(month)}})
		if err != nil {
			return err
		}
		r.members[id] = columnMembers{month, who}
		if r.bytes() > r.limit {
			return errTooLarge
		}
	}
	return nil
}

// readCRM asks what every count asks.
func (r *censusReader) readCRM() error {
	_, err := r.count(r.tx, r.there)
	return err
}
