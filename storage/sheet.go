package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"actnow"
	"actnow/reports"
)

// errEnough ends the reading of a list of which no more rows are wanted.
var errEnough = errors.New("enough rows")

// OpenSheet returns the list that the query asks for, within the scope. Columns of
// money are left out without Scope.Revenue. The error matches actnow.ErrForbidden
// without Scope.Export, actnow.ErrNotFound if the report never came or there is no
// such cohort, and actnow.ErrInvalid for a source or a header that is none or a
// filter that cannot be read.
func (db *DB) OpenSheet(ctx context.Context, scope actnow.Scope, q actnow.SheetQuery) (reports.Sheet, error) {
	var l *sheetList
	err := db.readSheet(ctx, scope, q, func(tx *sql.Tx, laid *sheetList) error {
		l = laid
		_, err := l.rows(tx) // so that a filter is refused before the file is begun
		return err
	})
	if err != nil {
		return reports.Sheet{}, err
	}
	out := reports.Sheet{Columns: l.heads(), Notes: l.notes}
	out.Rows = func(yield func([]string, error) bool) {
		err := db.read(ctx, func(tx *sql.Tx) error {
			return l.each(tx, func(cells []string) error {
				if !yield(cells, nil) {
					return errEnough
				}
				return nil
			})
		})
		if err != nil && err != errEnough {
			yield(nil, err)
		}
	}
	return out, nil
}

// SheetCount returns how many rows the list has. Its errors are those of
// OpenSheet.
func (db *DB) SheetCount(ctx context.Context, scope actnow.Scope, q actnow.SheetQuery) (n int64, err error) {
	err = db.readSheet(ctx, scope, q, func(tx *sql.Tx, l *sheetList) error {
		from, err := l.rows(tx)
		if err != nil {
			return err
		}
		return tx.QueryRow(`SELECT count(*)`+from.sql, from.args...).Scan(&n)
	})
	return n, err
}

// SheetColumns returns all columns that a list of the source can have: its own,
// then what is added, with About in the language. Its errors are those of
// OpenSheet.
func (db *DB) SheetColumns(ctx context.Context, scope actnow.Scope, source, language string) (list []reports.SheetColumn, err error) {
	q := actnow.SheetQuery{Source: source, Added: true, Language: language}
	err = db.readSheet(ctx, scope, q, func(_ *sql.Tx, l *sheetList) error {
		list = l.heads()
		return nil
	})
	return list, err
}

// readSheet calls f with the list, laid out.
func (db *DB) readSheet(ctx context.Context, scope actnow.Scope, q actnow.SheetQuery, f func(tx *sql.Tx, l *sheetList) error) error {
	err := actnow.ErrForbidden
	if scope.Export {
		err = db.read(ctx, func(tx *sql.Tx) error {
			l, err := db.layOut(tx, scope, q)
			if err != nil {
				return err
			}
			return f(tx, l)
		})
	}
	if err != nil {
		return fmt.Errorf("list %s: %w", q.Source, err)
	}
	return nil
}

// sheetList is a list as it is read from the store.
type sheetList struct {
	db       *DB
	scope    actnow.Scope
	query    actnow.SheetQuery
	snapshot actnow.SnapshotID // of a report; 0 for customers
	cohort   actnow.CohortID
	areas    []actnow.Area
	columns  []sheetColumn
	notes    [][2]string
}

// layOut finds the source and its columns.
func (db *DB) layOut(tx *sql.Tx, scope actnow.Scope, q actnow.SheetQuery) (*sheetList, error) {
	if !slices.Contains([]string{"", actnow.SheetByRevenue, actnow.SheetByEnd}, q.Sort) {
		return nil, actnow.Invalid("error.sheet_sort", "sort", "%q is no order: leave it empty, or say revenue or end", q.Sort)
	}
	l := &sheetList{db: db, scope: scope, query: q, areas: actnow.Areas}
	var all []sheetColumn
	id, isCohort := strings.CutPrefix(q.Source, actnow.CohortSource)
	switch kind := reports.Kind(q.Source); {
	case slices.Contains(reports.Kinds, kind):
		var columns string
		var month actnow.Month
		err := tx.QueryRow(`SELECT id, columns, month FROM snapshots WHERE report = ? AND current = 1 ORDER BY month DESC LIMIT 1`, q.Source).Scan(&l.snapshot, &columns, &month)
		if err != nil {
			return nil, noRows(err)
		}
		var heads []reports.Column
		if err := json.Unmarshal([]byte(columns), &heads); err != nil {
			return nil, err
		}
		l.areas = reports.AreasOf(kind)
		all = reportColumns(heads, scope)
		l.note("sheet.source", kind.Name())
		l.note("sheet.month", string(month))
	case q.Source == actnow.CustomersSource:
		all = customerSheetColumns()
		l.note("sheet.source", q.Source)
	case isCohort:
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || n < 1 {
			return nil, actnow.Invalid("error.sheet_source", "source", "%q is no source of a list", q.Source)
		}
		var name string
		if err := tx.QueryRow(`SELECT name FROM cohorts WHERE id = ? AND deleted_at IS NULL`, n).Scan(&name); err != nil {
			return nil, noRows(err)
		}
		l.cohort, all = actnow.CohortID(n), customerSheetColumns()
		l.note("sheet.source", name)
	default:
		return nil, actnow.Invalid("error.sheet_source", "source", "%q is no source of a list: name one of the six reports, customers, or cohort:ID", q.Source)
	}
	if q.Where != "" {
		l.note("sheet.filter", q.Where)
	}
	l.note("sheet.made", db.now().UTC().Format("2006-01-02 15:04 UTC"))
	own := len(all)
	all = append(all, l.addedColumns()...)
	return l, l.choose(all, own)
}

func (l *sheetList) say(code string) string {
	return reports.Messages[code][languageIndex(l.query.Language)]
}

func languageIndex(language string) int {
	if language == "sv" {
		return 1
	}
	return 0
}

func (l *sheetList) note(code, value string) {
	l.notes = append(l.notes, [2]string{l.say(code), value})
}

// heads are the columns as others see them.
func (l *sheetList) heads() []reports.SheetColumn {
	list := make([]reports.SheetColumn, len(l.columns))
	for i, c := range l.columns {
		list[i] = c.SheetColumn
	}
	return list
}

// choose keeps the columns that the query names, or those of the source, and what
// is added if it asks for that.
func (l *sheetList) choose(all []sheetColumn, own int) error {
	if len(l.query.Columns) == 0 {
		l.columns = all[:own]
		if l.query.Added {
			l.columns = all
		}
		return nil
	}
	named := make(map[string]int, len(all))
	for i, c := range all {
		named[reports.NormalHeader(c.Header)] = i
	}
	for _, w := range l.query.Columns {
		i, ok := named[reports.NormalHeader(w)]
		if !ok {
			return actnow.Invalid("error.no_column", "columns", "the report has no column %q", w)
		}
		l.columns = append(l.columns, all[i])
	}
	return nil
}

// rows returns the FROM clause of the rows that the query chooses.
func (l *sheetList) rows(tx *sql.Tx) (clause, error) {
	choices, err := l.db.choices(tx, l.scope, l.query.Where, l.cohort)
	if err != nil {
		return clause{}, err
	}
	var w where
	from := ` FROM customers c WHERE `
	if l.snapshot != 0 {
		from = ` FROM snapshot_rows r JOIN customers c ON c.id = r.customer_id WHERE `
		w.and("r.snapshot_id = ?", l.snapshot)
	}
	w.andClause(inScope(l.scope, "c.id"))
	for _, c := range choices {
		w.andClause(c.condition())
	}
	return clause{sql: from + w.sql, args: w.args}, nil
}

// order returns the ORDER BY clause: what the query asks for first, if the person
// may see it; then as in the file, or by name.
func (l *sheetList) order() clause {
	last := "fold(c.name), c.key"
	if l.snapshot != 0 {
		last = "r.line"
	}
	agreement := func(what string) string {
		if l.snapshot != 0 && l.query.Source == string(reports.Renewals) {
			return `(SELECT x.` + what + ` FROM agreements x WHERE x.snapshot_id = r.snapshot_id AND x.line = r.line)`
		}
		return `(SELECT min(x.` + what + `) FROM agreements x WHERE x.snapshot_id = ` + newestRenewals + ` AND x.customer_id = c.id)`
	}
	var first clause
	switch {
	case l.query.Sort == actnow.SheetByEnd:
		first.sql = `COALESCE(` + agreement("ends_at") + `, ` + farOff + `), `
	case l.query.Sort != actnow.SheetByRevenue || !l.scope.Revenue:
	case l.query.Source == string(reports.Renewals):
		first.sql = `COALESCE(` + agreement("expiring") + `, -1) DESC, `
	default:
		areas, _ := json.Marshal(l.areas)
		first = clause{`COALESCE((SELECT max(COALESCE(p.revenue_high, p.revenue_low)) FROM standings p
			WHERE p.customer_id = c.id AND p.latest = 1 AND p.area IN (SELECT value FROM ` + jsonEach + `)), -1) DESC, `, []any{string(areas)}}
	}
	return clause{` ORDER BY ` + first.sql + last, first.args}
}

// farOff is a time after every agreement's end.
const farOff = "9223372036854775807"

// each calls f with the cells of each row, in order.
func (l *sheetList) each(tx *sql.Tx, f func(cells []string) error) error {
	from, err := l.rows(tx)
	if err != nil {
		return err
	}
	what, args := "''", []any(nil)
	if l.snapshot != 0 {
		what = "r.cells"
	}
	computed := 0
	for _, c := range l.columns {
		if c.place < 0 {
			what += ", " + c.sql
			args = append(args, c.args...)
			computed++
		}
	}
	order := l.order()
	args = append(append(args, from.args...), order.args...)
	var text sql.RawBytes
	values := make([]sql.NullString, computed)
	to := []any{&text}
	for i := range values {
		to = append(to, &values[i])
	}
	return each(tx, `SELECT `+what+from.sql+order.sql, args, func(rows *sql.Rows) error {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		var cells []string
		if l.snapshot != 0 {
			if err := json.Unmarshal(text, &cells); err != nil {
				return err
			}
		}
		row, next := make([]string, len(l.columns)), 0
		for i, c := range l.columns {
			switch {
			case c.place >= 0:
				if c.place < len(cells) {
					row[i] = cells[c.place]
				}
				continue
			case c.money:
				row[i] = major(values[next].String)
			default:
				row[i] = values[next].String
			}
			next++
		}
		return f(row)
	})
}

// major writes minor units as major ones, without zeros at the end.
func major(minor string) string {
	n, err := strconv.ParseInt(minor, 10, 64)
	if err != nil {
		return ""
	}
	return strconv.FormatFloat(float64(n)/100, 'f', -1, 64)
}
