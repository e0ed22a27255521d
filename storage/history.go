package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"actnow"
	"actnow/reports"
	"actnow/scoring"
)

// Matched returns the customers that have an account in the CRM, by id.
func (db *DB) Matched(ctx context.Context) ([]actnow.CustomerID, error) {
	var ids []actnow.CustomerID
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT DISTINCT m.customer_id FROM matches m JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL AND a.merged_into = ''
			WHERE m.band = 'match' AND m.customer_id IS NOT NULL ORDER BY m.customer_id`, nil, func(rows *sql.Rows) error {
			var id actnow.CustomerID
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("matched customers: %w", err)
	}
	return ids, nil
}

// FirstOpportunity returns since when opportunities are kept: when the first of them
// was opened, but for the earliest one in a hundred, whose days may be mistakes. It is
// the zero time if there are none.
func (db *DB) FirstOpportunity(ctx context.Context) (time.Time, error) {
	var at sql.NullInt64
	err := db.readers.QueryRowContext(ctx, `SELECT min(opened_at) FROM (
		SELECT opened_at, row_number() OVER (ORDER BY opened_at) AS place, count(*) OVER () AS n FROM opportunities WHERE deleted_at IS NULL AND opened_at IS NOT NULL
	) o WHERE place > n / 100`).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("first opportunity: %w", err)
	}
	if !at.Valid {
		return time.Time{}, nil
	}
	return time.Unix(at.Int64, 0).UTC(), nil
}

// Histories returns what is known of customers, in the order of their ids, each
// fact with the day on which it was known: of the reports all rows, or, of a month,
// the newest row of each report up to that month.
func (db *DB) Histories(ctx context.Context, month actnow.Month, ids []actnow.CustomerID) ([]scoring.History, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	h := historyReader{month: month, ids: idList(ids), at: make(map[actnow.CustomerID]int, len(ids)), heads: map[int64]historyHeads{}}
	for i, id := range ids {
		h.at[id] = i
		h.list = append(h.list, scoring.History{Customer: id})
	}
	err := db.read(ctx, func(tx *sql.Tx) error {
		h.tx = tx
		for _, step := range []func() error{h.accounts, h.rows, h.agreements, h.opportunities, h.transactions, h.subscriptions, h.engagement} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("histories of %d customers: %w", len(ids), err)
	}
	return h.list, nil
}

// historyReader reads the histories of some customers.
type historyReader struct {
	tx    *sql.Tx
	month actnow.Month
	ids   string // as jsonEach takes them
	list  []scoring.History
	at    map[actnow.CustomerID]int // place in list
	heads map[int64]historyHeads
}

// historyHeads are the columns of a snapshot that histories are made of, and the day
// on which it was known.
type historyHeads struct {
	report string
	known  time.Time
	fields []historyField
}

type historyField struct {
	column int
	name   string
	kind   reports.FieldType
}

func (h *historyReader) of(id actnow.CustomerID) *scoring.History { return &h.list[h.at[id]] }

func (h *historyReader) accounts() error {
	return each(h.tx, `SELECT DISTINCT m.customer_id FROM matches m JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL AND a.merged_into = ''
		WHERE m.band = 'match' AND m.customer_id IN (SELECT value FROM `+jsonEach+`)`, []any{h.ids}, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		err := rows.Scan(&id)
		h.of(id).Account = true
		return err
	})
}

// rows reads the rows of the reports, the oldest first. Several lines of a customer
// in one snapshot are one row: of a flag yes wins over no, else the first that speaks.
func (h *historyReader) rows() error {
	type line struct {
		snapshot int64
		customer actnow.CustomerID
		cells    string
	}
	var lines []line
	err := each(h.tx, `
		WITH rows_of AS (
			SELECT r.snapshot_id, r.line, r.customer_id, s.month, s.report,
				rank() OVER (PARTITION BY r.customer_id, s.report ORDER BY s.month DESC) AS age
			FROM snapshot_rows r JOIN snapshots s ON s.id = r.snapshot_id AND s.current = 1 AND (? = '' OR s.month <= ?)
			WHERE r.customer_id IN (SELECT value FROM `+jsonEach+`)
		)
		SELECT o.snapshot_id, o.customer_id, r.cells
		FROM rows_of o JOIN snapshot_rows r ON r.snapshot_id = o.snapshot_id AND r.line = o.line
		WHERE ? = '' OR o.age = 1
		ORDER BY o.customer_id, o.month, o.report, o.snapshot_id, o.line`, []any{h.month, h.month, h.ids, h.month}, func(rows *sql.Rows) error {
		var l line
		err := rows.Scan(&l.snapshot, &l.customer, &l.cells)
		lines = append(lines, l)
		return err
	})
	if err != nil {
		return err
	}
	for i, l := range lines {
		heads, err := h.headsOf(l.snapshot)
		if err != nil {
			return err
		}
		var cells []string
		if err := json.Unmarshal([]byte(l.cells), &cells); err != nil {
			return fmt.Errorf("cells of customer %d: %w", l.customer, err)
		}
		c := h.of(l.customer)
		if i == 0 || lines[i-1].customer != l.customer || lines[i-1].snapshot != l.snapshot {
			c.Rows = append(c.Rows, scoring.ReportRow{Report: heads.report, KnownAt: heads.known})
		}
		heads.read(cells, &c.Rows[len(c.Rows)-1])
	}
	return nil
}

// read adds what the cells of a line say to a row.
func (s *historyHeads) read(cells []string, row *scoring.ReportRow) {
	for _, f := range s.fields {
		if f.column >= len(cells) {
			continue
		}
		text := f.value(cells[f.column])
		if text == "" {
			continue
		}
		i := slices.IndexFunc(row.Cells, func(c scoring.Cell) bool { return c.Field == f.name })
		switch {
		case i < 0:
			row.Cells = append(row.Cells, scoring.Cell{Field: f.name, Text: text})
		case text == "yes":
			row.Cells[i].Text = text
		}
	}
}

// value is what a cell says, "" for nothing.
func (f *historyField) value(cell string) string {
	cell = strings.TrimSpace(cell)
	switch f.kind {
	case reports.YesNoField:
		yes, known := reports.ParseYesNo(cell)
		switch {
		case !known:
			return ""
		case yes:
			return "yes"
		}
		return "no"
	case reports.SizeField:
		if n, ok := reports.ParseSize(cell); ok && n != nil {
			return strconv.FormatInt(*n, 10)
		}
		return ""
	}
	return cell
}

func (h *historyReader) headsOf(snapshot int64) (historyHeads, error) {
	if heads, ok := h.heads[snapshot]; ok {
		return heads, nil
	}
	var heads historyHeads
	var columns string
	var month actnow.Month
	var imported int64
	err := h.tx.QueryRow(`SELECT report, month, columns, imported_at FROM snapshots WHERE id = ?`, snapshot).Scan(&heads.report, &month, &columns, &imported)
	if err != nil {
		return heads, fmt.Errorf("snapshot %d: %w", snapshot, noRows(err))
	}
	var named []struct{ Header, Field string }
	if err := json.Unmarshal([]byte(columns), &named); err != nil {
		return heads, fmt.Errorf("columns of snapshot %d: %w", snapshot, err)
	}
	heads.known = knownAt(month, imported)
	for i, column := range named {
		f, ok := reports.FieldNamed(column.Field)
		if !ok {
			continue
		}
		name := f.Name
		switch {
		case f.Type == reports.FitField && f.Area != "":
			name = "fit." + string(f.Area)
		case f.Type != reports.YesNoField && !slices.Contains(historyTraits, name):
			continue
		}
		heads.fields = append(heads.fields, historyField{i, name, f.Type})
	}
	h.heads[snapshot] = heads
	return heads, nil
}

// historyTraits are the columns that say what a customer is, beside the flags.
var historyTraits = []string{"org_size", "segment", "industry", "vertical", "country"}

// agreements adds to the rows of the renewals report the agreements that it names.
func (h *historyReader) agreements() error {
	return each(h.tx, `SELECT g.customer_id, COALESCE(p.area, ''), g.program, g.ends_at, COALESCE(g.expiring, 0), g.currency, s.report, s.month, s.imported_at
		FROM agreements g JOIN snapshots s ON s.id = g.snapshot_id AND s.current = 1
		LEFT JOIN product_areas p ON p.product = fold(trim(g.division))
		WHERE g.ends_at IS NOT NULL AND g.customer_id IN (SELECT value FROM `+jsonEach+`)
		ORDER BY g.customer_id, g.ends_at, g.snapshot_id, g.line`, []any{h.ids}, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		var report string
		var month actnow.Month
		var ends, imported int64
		e := scoring.Event{Kind: "agreement_end"}
		if err := rows.Scan(&id, &e.Area, &e.Text, &ends, &e.Amount, &e.Currency, &report, &month, &imported); err != nil {
			return err
		}
		e.At, e.KnownAt = time.Unix(ends, 0).UTC(), knownAt(month, imported)
		c := h.of(id)
		for i := range c.Rows {
			if row := &c.Rows[i]; row.Report == report && row.KnownAt.Equal(e.KnownAt) {
				row.Agreements = append(row.Agreements, e)
				break
			}
		}
		return nil
	})
}

// opportunities reads those that say when they were opened.
func (h *historyReader) opportunities() error {
	return each(h.tx, `SELECT m.customer_id, r.area, r.status, r.opened_at, r.closed_at`+
		matchedAccounts("opportunities")+`AND r.opened_at IS NOT NULL ORDER BY m.customer_id, r.opened_at, r.id`, []any{h.ids}, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		var status string
		var opened int64
		var closed sql.NullInt64
		var o scoring.Opportunity
		if err := rows.Scan(&id, &o.Area, &status, &opened, &closed); err != nil {
			return err
		}
		o.Opened, o.Won = time.Unix(opened, 0).UTC(), status == "won"
		if status != "open" && closed.Valid {
			o.Closed = time.Unix(closed.Int64, 0).UTC()
		}
		h.of(id).Opportunities = append(h.of(id).Opportunities, o)
		return nil
	})
}

func (h *historyReader) transactions() error {
	return each(h.tx, `SELECT m.customer_id, r.area, r.at, COALESCE(r.amount, 0), r.currency`+
		matchedAccounts("transactions")+`AND r.at IS NOT NULL ORDER BY m.customer_id, r.at, r.id`, []any{h.ids}, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		var at int64
		e := scoring.Event{Kind: "transaction"}
		err := rows.Scan(&id, &e.Area, &at, &e.Amount, &e.Currency)
		e.At = time.Unix(at, 0).UTC()
		if err == nil {
			h.of(id).Events = append(h.of(id).Events, e)
		}
		return err
	})
}

// subscriptions reads those that say when they began. Their end is the end of an
// agreement, known since they began.
func (h *historyReader) subscriptions() error {
	return each(h.tx, `SELECT m.customer_id, r.area, r.start_at, r.end_at, COALESCE(r.seats, 0)`+
		matchedAccounts("subscriptions")+`AND r.start_at IS NOT NULL ORDER BY m.customer_id, r.start_at, r.id`, []any{h.ids}, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		var start int64
		var ends sql.NullInt64
		e := scoring.Event{Kind: "subscription"}
		if err := rows.Scan(&id, &e.Area, &start, &ends, &e.Seats); err != nil {
			return err
		}
		c := h.of(id)
		e.At = time.Unix(start, 0).UTC()
		if ends.Valid {
			e.Until = time.Unix(ends.Int64, 0).UTC()
			c.Events = append(c.Events, scoring.Event{Kind: "agreement_end", Area: e.Area, At: e.Until, KnownAt: e.At, Seats: e.Seats})
		}
		c.Events = append(c.Events, e)
		return nil
	})
}

// engagement reads the clicks on and answers to mails.
func (h *historyReader) engagement() error {
	return each(h.tx, `SELECT l.customer_id, e.kind, e.at FROM ledger_events e JOIN ledger l ON l.id = e.ledger_id
		WHERE e.kind IN ('clicked','replied') AND l.customer_id IN (SELECT value FROM `+jsonEach+`) ORDER BY l.customer_id, e.at, e.id`, []any{h.ids}, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		var e scoring.Event
		var at int64
		err := rows.Scan(&id, &e.Kind, &at)
		e.At = time.Unix(at, 0).UTC()
		if err == nil {
			h.of(id).Events = append(h.of(id).Events, e)
		}
		return err
	})
}
