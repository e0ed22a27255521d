package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"actnow"
	"actnow/reports"
	"actnow/scoring"
)

// reportDay is the day of the month on which reports are made.
const reportDay = 25

// FactsAfter returns the facts of up to limit customers with a key above after,
// in key order, as known at the end of month: the newest row of each report up
// to that month, and what the CRM says of matched accounts up to its last
// instant. Customers who are not there yet, or gone by then, are left out.
func (db *DB) FactsAfter(ctx context.Context, month actnow.Month, after actnow.CustomerID, limit int) ([]scoring.Facts, error) {
	var f factReader
	err := db.read(ctx, func(tx *sql.Tx) error {
		f = factReader{tx: tx, month: month, end: month.Add(1).First(), at: map[actnow.CustomerID]int{}, heads: map[int64]factHeads{}}
		for _, step := range []func() error{
			func() error { return f.customers(after, limit) },
			f.cells, f.agreements, f.opportunities, f.transactions, f.subscriptions,
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("facts of %s: %w", month, err)
	}
	return f.facts, nil
}

// CountFacts returns how many customers FactsAfter gives for a month.
func (db *DB) CountFacts(ctx context.Context, month actnow.Month) (n int64, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRow(`SELECT count(*) FROM customers WHERE `+thereIn, month, month).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count customers of %s: %w", month, err)
	}
	return n, nil
}

// thereIn is the condition that a customer was there in a month, bound twice.
const thereIn = `first_month <= ? AND (gone_month IS NULL OR gone_month > ?)`

// factReader reads the facts of some customers at the end of a month.
type factReader struct {
	tx    *sql.Tx
	month actnow.Month
	end   time.Time // the first instant after the month
	ids   string    // of the customers, as jsonEach takes them
	facts []scoring.Facts
	at    map[actnow.CustomerID]int // place in facts
	older map[actnow.CustomerID]bool
	heads map[int64]factHeads
}

// factHeads are the columns of a snapshot, and the day on which it was known.
type factHeads struct {
	report  string
	columns []struct{ Header, Field string }
	known   time.Time
}

func (f *factReader) customers(after actnow.CustomerID, limit int) error {
	f.older = map[actnow.CustomerID]bool{}
	var ids []actnow.CustomerID
	err := each(f.tx, `SELECT id, org_size, segment, industry, vertical, country, last_month FROM customers
		WHERE id > ? AND `+thereIn+` ORDER BY id LIMIT ?`,
		[]any{after, f.month, f.month, limit}, func(rows *sql.Rows) error {
			c := scoring.Facts{Flags: map[string]scoring.Flag{}, Values: map[string]scoring.Value{}}
			var last actnow.Month
			if err := rows.Scan(&c.Customer, &c.OrgSize, &c.Segment, &c.Industry, &c.Vertical, &c.Country, &last); err != nil {
				return err
			}
			// What the table says is of the customer's last month. Of an earlier
			// month the rows of that time tell.
			if last > f.month {
				f.older[c.Customer] = true
				c.OrgSize, c.Segment, c.Industry, c.Vertical, c.Country = nil, actnow.UnknownSegment, "", "", ""
			}
			f.at[c.Customer] = len(f.facts)
			f.facts = append(f.facts, c)
			ids = append(ids, c.Customer)
			return nil
		})
	f.ids = idList(ids)
	return err
}

// cells reads, for each customer and report, the rows of the newest snapshot
// that has any. Where several rows speak of one column, yes wins over no.
func (f *factReader) cells() error {
	type row struct {
		snapshot int64
		customer actnow.CustomerID
		cells    string
	}
	var found []row
	err := each(f.tx, `
		WITH rows_of AS (
			SELECT r.snapshot_id, r.line, r.customer_id,
				rank() OVER (PARTITION BY r.customer_id, s.report ORDER BY s.month DESC) AS age
			FROM snapshot_rows r JOIN snapshots s ON s.id = r.snapshot_id AND s.current = 1 AND s.month <= ?
			WHERE r.customer_id IN (SELECT value FROM `+jsonEach+`)
		)
		SELECT o.snapshot_id, o.customer_id, r.cells
		FROM rows_of o JOIN snapshot_rows r ON r.snapshot_id = o.snapshot_id AND r.line = o.line
		WHERE o.age = 1 ORDER BY o.customer_id, o.snapshot_id DESC, o.line`,
		[]any{f.month, f.ids}, func(rows *sql.Rows) error {
			var r row
			err := rows.Scan(&r.snapshot, &r.customer, &r.cells)
			found = append(found, r)
			return err
		})
	if err != nil {
		return err
	}
	for _, r := range found {
		heads, err := f.headsOf(r.snapshot)
		if err != nil {
			return err
		}
		var cells []string
		if err := json.Unmarshal([]byte(r.cells), &cells); err != nil {
			return fmt.Errorf("cells of customer %d: %w", r.customer, err)
		}
		c := &f.facts[f.at[r.customer]]
		for i, head := range heads.columns {
			if i >= len(cells) {
				break
			}
			cell := strings.TrimSpace(cells[i])
			if cell == "" {
				continue
			}
			if f.older[r.customer] {
				trait(c, head.Field, cell)
			}
			fact(c, head.Header, cell, heads.known)
		}
	}
	return nil
}

func (f *factReader) headsOf(snapshot int64) (factHeads, error) {
	if heads, ok := f.heads[snapshot]; ok {
		return heads, nil
	}
	var heads factHeads
	var columns string
	var month actnow.Month
	var imported int64
	err := f.tx.QueryRow(`SELECT report, month, columns, imported_at FROM snapshots WHERE id = ?`, snapshot).Scan(&heads.report, &month, &columns, &imported)
	if err != nil {
		return heads, fmt.Errorf("snapshot %d: %w", snapshot, noRows(err))
	}
	if err := json.Unmarshal([]byte(columns), &heads.columns); err != nil {
		return heads, fmt.Errorf("columns of snapshot %d: %w", snapshot, err)
	}
	heads.known = knownAt(month, imported)
	f.heads[snapshot] = heads
	return heads, nil
}

// knownAt is when a report of a month was known: the day it is made, or the
// import, should that have been earlier.
func knownAt(month actnow.Month, imported int64) time.Time {
	made := month.First().AddDate(0, 0, reportDay-1)
	if at := time.Unix(imported, 0).UTC(); at.Before(made) {
		return at
	}
	return made
}

// trait sets what a customer is from a row of its time; the first row that says
// it counts.
func trait(c *scoring.Facts, field, cell string) {
	set := func(text *string) {
		if *text == "" {
			*text = cell
		}
	}
	switch field {
	case "org_size":
		if n, ok := reports.ParseSize(cell); ok && c.OrgSize == nil {
			c.OrgSize = n
			if c.Segment == actnow.UnknownSegment {
				c.Segment = scoring.SegmentOf(n, "", nil)
			}
		}
	case "segment":
		if s, ok := scoring.ParseSegment(cell); ok {
			c.Segment = s
		}
	case "industry":
		set(&c.Industry)
	case "vertical":
		set(&c.Vertical)
	case "country":
		set(&c.Country)
	}
}

// fact keeps a cell as a flag if it is a yes or a no, as a value if it is not,
// and as both if it is 1 or 0.
func fact(c *scoring.Facts, header, cell string, at time.Time) {
	yes, known := reports.ParseYesNo(cell)
	if known {
		if have, ok := c.Flags[header]; !ok || yes && !have.Yes {
			c.Flags[header] = scoring.Flag{Yes: yes, At: at}
		}
	}
	if !known || cell == "1" || cell == "0" {
		if have, ok := c.Values[header]; !ok || at.After(have.At) {
			c.Values[header] = scoring.Value{Text: cell, At: at}
		}
	}
}

func (f *factReader) add(id actnow.CustomerID, e scoring.Event) {
	c := &f.facts[f.at[id]]
	c.Events = append(c.Events, e)
}

// agreements reads the agreements of the newest renewals report that names any
// of the customer. The area is that of the product which the division names.
func (f *factReader) agreements() error {
	return each(f.tx, `
		WITH of_month AS (
			SELECT g.customer_id, g.division, g.program, g.ends_at, COALESCE(g.expiring, 0) AS expiring, s.month, s.imported_at,
				rank() OVER (PARTITION BY g.customer_id ORDER BY s.month DESC) AS age, g.snapshot_id, g.line
			FROM agreements g JOIN snapshots s ON s.id = g.snapshot_id AND s.current = 1 AND s.month <= ?
			WHERE g.customer_id IN (SELECT value FROM `+jsonEach+`)
		)
		SELECT o.customer_id, COALESCE(p.area, ''), o.program, o.ends_at, o.expiring, o.month, o.imported_at
		FROM of_month o LEFT JOIN product_areas p ON p.product = fold(trim(o.division))
		WHERE o.age = 1 AND o.ends_at IS NOT NULL ORDER BY o.customer_id, o.ends_at, o.snapshot_id, o.line`,
		[]any{f.month, f.ids}, func(rows *sql.Rows) error {
			var id actnow.CustomerID
			var month actnow.Month
			var ends, imported int64
			e := scoring.Event{Kind: "agreement_end"}
			err := rows.Scan(&id, &e.Area, &e.Text, &ends, &e.Amount, &month, &imported)
			e.At, e.KnownAt = time.Unix(ends, 0).UTC(), knownAt(month, imported)
			if err == nil {
				f.add(id, e)
			}
			return err
		})
}

// matchedAccounts is the SQL that leads from customers to records of their
// matched accounts, as r; it takes the ids.
func matchedAccounts(table string) string {
	return ` FROM matches m JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL AND a.merged_into = ''
		JOIN ` + table + ` r ON r.source = a.source AND r.account_ref = a.external_id AND r.deleted_at IS NULL
		WHERE m.band = 'match' AND m.customer_id IN (SELECT value FROM ` + jsonEach + `) `
}

// opportunities reads those opened by the end of the month, in the state they
// had then: one closed later was still open. A closed one without a day of
// closing has no place in time and is left out.
func (f *factReader) opportunities() error {
	return each(f.tx, `SELECT m.customer_id, r.area, r.status, r.opened_at, r.closed_at, COALESCE(r.amount, 0), r.product`+
		matchedAccounts("opportunities")+`ORDER BY m.customer_id, r.opened_at, r.id`, []any{f.ids}, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		var status string
		var opened, closed sql.NullInt64
		var e scoring.Event
		if err := rows.Scan(&id, &e.Area, &status, &opened, &closed, &e.Amount, &e.Text); err != nil {
			return err
		}
		end := f.end.Unix()
		switch {
		case status != "open" && closed.Valid && closed.Int64 < end:
			e.Kind, e.At = "opportunity_"+status, time.Unix(closed.Int64, 0).UTC()
		case opened.Valid && opened.Int64 < end && (status == "open" || closed.Valid):
			e.Kind, e.At = "opportunity_open", time.Unix(opened.Int64, 0).UTC()
		default:
			return nil
		}
		f.add(id, e)
		return nil
	})
}

func (f *factReader) transactions() error {
	return each(f.tx, `SELECT m.customer_id, r.area, r.at, COALESCE(r.amount, 0), r.product`+
		matchedAccounts("transactions")+`AND r.at < ? ORDER BY m.customer_id, r.at, r.id`, []any{f.ids, f.end.Unix()}, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		var at int64
		e := scoring.Event{Kind: "transaction"}
		err := rows.Scan(&id, &e.Area, &at, &e.Amount, &e.Text)
		e.At = time.Unix(at, 0).UTC()
		if err == nil {
			f.add(id, e)
		}
		return err
	})
}

// subscriptions reads those begun by the end of the month. Their end is the end
// of an agreement, known since they began.
func (f *factReader) subscriptions() error {
	return each(f.tx, `SELECT m.customer_id, r.area, r.start_at, r.end_at, COALESCE(r.amount, 0), COALESCE(r.seats, 0), r.product`+
		matchedAccounts("subscriptions")+`AND r.start_at < ? ORDER BY m.customer_id, r.start_at, r.id`, []any{f.ids, f.end.Unix()}, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		var start int64
		var ends sql.NullInt64
		e := scoring.Event{Kind: "subscription"}
		if err := rows.Scan(&id, &e.Area, &start, &ends, &e.Amount, &e.Seats, &e.Text); err != nil {
			return err
		}
		e.At = time.Unix(start, 0).UTC()
		f.add(id, e)
		if ends.Valid {
			e.Kind, e.KnownAt, e.At = "agreement_end", e.At, time.Unix(ends.Int64, 0).UTC()
			f.add(id, e)
		}
		return nil
	})
}
