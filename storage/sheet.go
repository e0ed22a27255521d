package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"actnow"
	"actnow/reports"
)

// OpenSheet returns the list that the query asks for, within the scope. Columns of
// money are left out without Scope.Revenue. The error matches actnow.ErrForbidden
// without Scope.Export, actnow.ErrNotFound if the report never came or there is no
// such cohort, and actnow.ErrInvalid for a source or a header that is none or a
// filter that cannot be read.
func (db *DB) OpenSheet(ctx context.Context, scope actnow.Scope, q actnow.SheetQuery) (reports.Sheet, error) {
	if !scope.Export {
		return reports.Sheet{}, fmt.Errorf("write %s: %w", q.Source, actnow.ErrForbidden)
	}
	var l *sheetList
	err := db.read(ctx, func(tx *sql.Tx) (err error) {
		if l, err = db.layOut(tx, scope, q); err != nil {
			return err
		}
		_, err = l.rows(tx) // so that a filter is refused before the file is begun
		return err
	})
	if err != nil {
		return reports.Sheet{}, fmt.Errorf("write %s: %w", q.Source, err)
	}
	out := reports.Sheet{Notes: l.notes}
	for _, c := range l.columns {
		out.Columns = append(out.Columns, c.SheetColumn)
	}
	out.Rows = func(yield func([]string, error) bool) {
		err := db.read(ctx, func(tx *sql.Tx) error {
			return l.each(tx, func(cells []string) error {
				if !yield(cells, nil) {
					return errUndo
				}
				return nil
			})
		})
		if err != nil && err != errUndo {
			yield(nil, err)
		}
	}
	return out, nil
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

// sheetColumn is a column and where its cells come from.
type sheetColumn struct {
	reports.SheetColumn
	place int    // among the cells of the report; -1 for another source
	sql   string // for those that are not of the report
	args  []any
	money bool // minor units
}

// layOut finds the source and its columns.
func (db *DB) layOut(tx *sql.Tx, scope actnow.Scope, q actnow.SheetQuery) (*sheetList, error) {
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
		if err := tx.QueryRow(`SELECT name FROM cohorts WHERE id = ?`, n).Scan(&name); err != nil {
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

// reportColumns are those of the newest file of a report, as it had them.
func reportColumns(heads []reports.Column, scope actnow.Scope) []sheetColumn {
	var list []sheetColumn
	for i, h := range heads {
		if !scope.Revenue && strings.Contains(fold(h.Header), "revenue") {
			continue
		}
		c := sheetColumn{SheetColumn: reports.SheetColumn{Header: h.Header}, place: i}
		if f, ok := reports.FieldNamed(h.Field); ok {
			c.Number = f.Type == reports.FitField || f.Type == reports.IntentField || f.Type == reports.MoneyField || f.Type == reports.SizeField
		}
		list = append(list, c)
	}
	return list
}

// customerSheetColumns are what is known of customers beside any report, named as
// the fields of filters are.
func customerSheetColumns() []sheetColumn {
	var list []sheetColumn
	for _, name := range []string{"name", "domain", "tpid", "segment", "org_size", "industry", "city", "country", "first_month", "last_month", "gone_month"} {
		list = append(list, sheetColumn{SheetColumn: reports.SheetColumn{Header: name, Number: name == "org_size"}, place: -1, sql: "c." + name})
	}
	return list
}

// bestAccount is the account of customer c that the CRM fields are taken from.
const bestAccount = ` FROM matches m JOIN accounts a ON a.id = m.account_id
	WHERE m.customer_id = c.id AND m.band = 'match' AND a.deleted_at IS NULL AND a.merged_into = '' ORDER BY m.decided DESC, m.probability DESC, a.id LIMIT 1)`

// addedColumns are what Act Now adds: for each area of the source, then of the
// customer.
func (l *sheetList) addedColumns() []sheetColumn {
	standing := func(what string) string {
		return `(SELECT ` + what + ` FROM standings p WHERE p.customer_id = c.id AND p.area = ? AND p.latest = 1)`
	}
	change := `CASE WHEN p.cluster = '' OR p.previous_month = '' THEN '' WHEN p.previous_cluster = '' THEN 'new' WHEN ` + fmt.Sprintf(byHeat, "p.cluster") + ` < ` + fmt.Sprintf(byHeat, "p.previous_cluster") +
		` THEN 'up' WHEN ` + fmt.Sprintf(byHeat, "p.cluster") + ` > ` + fmt.Sprintf(byHeat, "p.previous_cluster") + ` THEN 'down' ELSE 'same' END`
	from := map[string]string{
		"fit": standing("p.fit"), "intent": standing("p.intent"), "cell": standing("p.cell"), "cluster": standing("p.cluster"), "change": standing(change),
		"explanation": `(SELECT x.explanation FROM propensities x WHERE x.customer_id = c.id AND x.area = ? AND x.explanation <> '' ORDER BY x.month DESC, x.source LIMIT 1)`,
		"revenue_low": standing("p.revenue_low"), "revenue_high": standing("p.revenue_high"), "currency": standing("p.currency"),
		"account": `(SELECT a.name` + bestAccount, "owner": `(SELECT a.owner_name` + bestAccount,
		"mailable_contacts": `(SELECT count(*) FROM mailable_contacts mc WHERE mc.customer_id = c.id)`,
	}
	var list []sheetColumn
	add := func(a reports.Added, area actnow.Area, args ...any) {
		if a.Money && !l.scope.Revenue {
			return
		}
		list = append(list, sheetColumn{SheetColumn: reports.SheetColumn{Header: a.Header(area), Number: a.Number, About: l.say(a.AboutCode())},
			place: -1, sql: from[a.Key], args: args, money: a.Money && a.Number})
	}
	for _, area := range l.areas {
		for _, a := range reports.AddedColumns {
			if a.Area {
				add(a, area, string(area))
			}
		}
	}
	for _, a := range reports.AddedColumns {
		if !a.Area {
			add(a, "")
		}
	}
	return list
}

// rows returns the FROM clause of the rows that the query chooses.
func (l *sheetList) rows(tx *sql.Tx) (clause, error) {
	chosen, err := l.db.filterQuery(tx, l.scope, l.query.Where, l.cohort)
	if err != nil {
		return clause{}, err
	}
	in := inScope(l.scope, "c.id")
	from := clause{sql: ` FROM customers c WHERE ` + in.sql + ` AND ` + chosen.sql, args: append(slices.Clone(in.args), chosen.args...)}
	if l.snapshot != 0 {
		from.sql = ` FROM snapshot_rows r JOIN customers c ON c.id = r.customer_id WHERE r.snapshot_id = ? AND ` + in.sql + ` AND ` + chosen.sql
		from.args = append([]any{l.snapshot}, from.args...)
	}
	return from, nil
}

// order returns the ORDER BY clause: by potential revenue, falling, if the query
// asks for that and the person may see it; else as in the file, or by name.
func (l *sheetList) order() clause {
	last := "fold(c.name), c.key"
	if l.snapshot != 0 {
		last = "r.line"
	}
	if l.query.Sort != actnow.SheetByRevenue || !l.scope.Revenue {
		return clause{sql: ` ORDER BY ` + last}
	}
	areas, _ := json.Marshal(l.areas)
	return clause{` ORDER BY COALESCE((SELECT max(COALESCE(p.revenue_high, p.revenue_low)) FROM standings p
		WHERE p.customer_id = c.id AND p.latest = 1 AND p.area IN (SELECT value FROM ` + jsonEach + `)), -1) DESC, ` + last, []any{string(areas)}}
}

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
