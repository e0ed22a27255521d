package storage

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"actnow"
	"actnow/reports"
)

// past is every import that stands, in the order of publication, and the one
// that is to be taken back.
type past struct {
	undone pastSnapshot
	stands []*pastSnapshot
	byID   map[int64]*pastSnapshot
	next   *pastSnapshot // that becomes the current one of the month, nil if none does
}

// pastSnapshot is an import as it is told again.
type pastSnapshot struct {
	id       int64
	before   int64 // whose missing customers it says are gone
	report   reports.Kind
	month    actnow.Month
	revision int
	rows     int
	current  bool
	partial  bool // its publication did not come to an end
	complete bool // who is missing from it is gone
	columns  []reports.Column
	reader   *reports.Rereader
	facts    []factColumn
}

// readPast reads what the undo of a snapshot has to know of all others. The
// error matches actnow.ErrNotFound, or actnow.ErrConflict if the snapshot was
// taken back before.
func readPast(tx *sql.Tx, id actnow.SnapshotID) (*past, error) {
	p := &past{byID: map[int64]*pastSnapshot{}}
	found := false
	err := each(tx, `SELECT s.id, COALESCE(s.before_id, 0), s.report, s.month, s.revision, s.rows, s.current, s.columns, s.separator,
			s.complete = 1 AND NOT EXISTS (SELECT 1 FROM rejected_rows r WHERE r.snapshot_id = s.id), s.undone_at IS NOT NULL, s.state = 'publishing', s.state = 'published'
		FROM snapshots s WHERE s.undone_at IS NULL AND s.state = 'published' OR s.id = ? ORDER BY s.seq, s.id`, []any{id},
		func(rows *sql.Rows) error {
			s := &pastSnapshot{}
			var columns []byte
			var separator string
			var undone, published bool
			if err := rows.Scan(&s.id, &s.before, &s.report, &s.month, &s.revision, &s.rows, &s.current, &columns, &separator, &s.complete, &undone, &s.partial, &published); err != nil {
				return err
			}
			if err := json.Unmarshal(columns, &s.columns); err != nil {
				return fmt.Errorf("columns of snapshot %d: %w", s.id, err)
			}
			if s.id == int64(id) {
				p.undone, found = *s, true
				p.undone.current = s.current || s.partial // whose scores are there
				if undone && published {
					return &actnow.StateError{Noun: "import", Have: "taken back already", Want: "in force"}
				}
				return nil
			}
			s.reader, s.facts = reports.NewRereader(s.report, separator, s.columns), factColumns(s.columns)
			p.stands = append(p.stands, s)
			p.byID[s.id] = s
			return nil
		})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, actnow.ErrNotFound
	}
	for _, s := range p.stands {
		if s.before == p.undone.id {
			s.before = p.undone.before
		}
		if p.undone.current && s.report == p.undone.report && s.month == p.undone.month && (p.next == nil || s.revision > p.next.revision) {
			p.next = s
		}
	}
	if p.next != nil {
		p.next.current = true
	}
	return p, nil
}

// undo says what is taken back.
func (p *past) undo() reports.Undo {
	u := reports.Undo{Snapshot: actnow.SnapshotID(p.undone.id), Report: p.undone.report, Month: p.undone.month, Revision: p.undone.revision,
		Rows: p.undone.rows, Cohorts: []string{}}
	if p.next != nil {
		u.Becomes = p.next.revision
	}
	return u
}

// preview says what the undo will change.
func (p *past) preview(tx *sql.Tx) (reports.Undo, error) {
	u := p.undo()
	gone, kept, err := p.leavingCustomers(tx, span{last: math.MaxInt64})
	if err != nil {
		return u, err
	}
	u.Customers, u.Kept, u.DryRun = len(gone), kept, true
	_, u.Cohorts, err = p.leavingColumns(tx)
	return u, err
}

// leavingCustomers returns the customers of a span whom no other import names, and how
// many of those stay since something else does, such as a mail.
func (p *past) leavingCustomers(tx *sql.Tx, of span) (ids []actnow.CustomerID, kept int, err error) {
	named := ""
	err = each(tx, referencesTo, []any{"customers"}, func(rows *sql.Rows) error {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return err
		}
		if !slices.Contains(goesAlong, table) && !slices.Contains(ofCustomers, table) {
			named += fmt.Sprintf(" OR EXISTS (SELECT 1 FROM %s x WHERE x.%s = r.customer_id)", table, column)
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	err = each(tx, `SELECT r.customer_id, 1 = 0`+named+` FROM (SELECT DISTINCT customer_id FROM snapshot_rows WHERE +snapshot_id = ?1 AND customer_id > ?2 AND customer_id <= ?3) r
		WHERE NOT EXISTS (SELECT 1 FROM snapshot_rows o WHERE o.customer_id = r.customer_id AND o.snapshot_id <> ?1) ORDER BY r.customer_id`, []any{p.undone.id, of.after, of.last},
		func(rows *sql.Rows) error {
			var id actnow.CustomerID
			var stays bool
			if err := rows.Scan(&id, &stays); err != nil {
				return err
			}
			if stays {
				kept++
			} else {
				ids = append(ids, id)
			}
			return nil
		})
	return ids, kept, err
}

// leavingColumns returns the cohort columns that no other import has and that
// nobody has decided about, changed or used.
func (p *past) leavingColumns(tx *sql.Tx) (ids []reports.CohortColumnID, headers []string, err error) {
	stand := p.cohortColumns()
	headers = []string{}
	var cohorts []string
	err = each(tx, `SELECT k.id, k.key, k.header, COALESCE((SELECT min(c.name) FROM cohorts c WHERE c.column_id = k.id), '')
		FROM cohort_columns k WHERE k.report = ? AND k.decided_at IS NULL
			AND NOT EXISTS (SELECT 1 FROM cohorts c WHERE c.column_id = k.id
				AND (c.updated_at <> c.created_at OR EXISTS (SELECT 1 FROM campaigns g WHERE g.cohort_id = c.id)))
		ORDER BY k.header, k.id`, []any{string(p.undone.report)},
		func(rows *sql.Rows) error {
			var id reports.CohortColumnID
			var key, header, cohort string
			err := rows.Scan(&id, &key, &header, &cohort)
			if _, stands := stand[key]; !stands {
				ids, headers, cohorts = append(ids, id), append(headers, header), append(cohorts, cohort)
			}
			return err
		})
	for i := len(ids) - 1; err == nil && i >= 0; i-- {
		if cohorts[i] != "" && unnamed(tx, cohorts[i]) != nil {
			ids, headers = slices.Delete(ids, i, i+1), slices.Delete(headers, i, i+1)
		}
	}
	return ids, headers, err
}

// columnSpan is a cohort column as the imports that stand tell of it.
type columnSpan struct {
	header      string
	first, last actnow.Month
}

// cohortColumns returns the cohort columns of the report by their keys.
func (p *past) cohortColumns() map[string]columnSpan {
	spans := map[string]columnSpan{}
	for _, s := range p.stands {
		if s.report != p.undone.report {
			continue
		}
		for _, c := range s.columns {
			key := cohortKey(c)
			if key == "" {
				continue
			}
			span, have := spans[key]
			switch {
			case !have && !c.Known && !c.Candidate:
				continue
			case !have:
				span = columnSpan{first: s.month}
			}
			if span.last <= s.month {
				span.header, span.last = c.Header, s.month
			}
			span.first = min(span.first, s.month)
			spans[key] = span
		}
	}
	return spans
}
