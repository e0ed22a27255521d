package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"actnow"
	"actnow/reports"
)

// cohorts remembers the cohort columns of the file. A known cohort is confirmed by
// itself; an unknown column that holds only Yes, No and blanks becomes a candidate.
func (p *publication) cohorts(tx *sql.Tx) error {
	columns := bulk{table: "stage.member_columns", columns: 2}
	for place, c := range p.res.Columns {
		if cohortKey(c) == "" {
			continue
		}
		id, err := p.cohortColumn(tx, c)
		if err != nil {
			return fmt.Errorf("cohort column %q: %w", c.Header, err)
		}
		if id != 0 {
			columns.add(int64(place), id)
		}
	}
	return columns.insert(context.Background(), tx)
}

// cohortMembers keeps who says Yes in the cohort columns.
func (p *publication) cohortMembers(tx *sql.Tx, of span) error {
	month := string(p.head.Month)
	return execAll(tx, "cohort members", []clause{
		{`DELETE FROM cohort_members WHERE month = ? AND column_id IN (SELECT id FROM cohort_columns WHERE report = ?)
			AND customer_id IN (SELECT customer_id FROM stage.former WHERE customer_id > ? AND customer_id <= ?)`, []any{month, string(p.head.Kind), of.after, of.last}},
		{`INSERT OR FAIL INTO cohort_members (column_id, month, customer_id)
			SELECT c.column_id, ?, x.customer_id FROM stage.placed x CROSS JOIN stage.members m ON m.line = x.line CROSS JOIN stage.member_columns c ON c.place = m.place
			WHERE x.customer_id > ? AND x.customer_id <= ? ON CONFLICT DO NOTHING`, []any{month, of.after, of.last}},
	})
}

// cohortKey is what a column that is, or may be, a cohort is known by through
// the years; "" for any other.
func cohortKey(c reports.Column) string {
	switch {
	case c.Known:
		return reports.NormalHeader(c.Field)
	case c.Unknown():
		return reports.NormalHeader(c.Header)
	}
	return ""
}

// cohortColumn returns the key of the column's cohort, 0 if it is none.
func (p *publication) cohortColumn(tx *sql.Tx, c reports.Column) (int64, error) {
	report, month, key := string(p.head.Kind), string(p.head.Month), cohortKey(c)
	var id int64
	err := tx.QueryRow(`UPDATE cohort_columns SET
			header = CASE WHEN last_month <= ?1 THEN ?2 ELSE header END,
			last_month = CASE WHEN last_month < ?1 THEN ?1 ELSE last_month END,
			first_month = CASE WHEN first_month > ?1 THEN ?1 ELSE first_month END
		WHERE report = ?3 AND key = ?4 RETURNING id`, month, c.Header, report, key).Scan(&id)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	state := reports.CohortCandidate
	switch {
	case c.Known:
		state = reports.CohortConfirmed
	case !c.Candidate:
		return 0, nil
	}
	err = tx.QueryRow(`INSERT INTO cohort_columns (report, header, key, state, first_month, last_month) VALUES (?, ?, ?, ?, ?, ?) RETURNING id`,
		report, c.Header, key, string(state), month, month).Scan(&id)
	if err != nil || state != reports.CohortConfirmed {
		return id, err
	}
	return id, openCohort(tx, reports.CohortColumnID(id), "", p.now)
}

// openCohort makes the cohort of a confirmed column, named as a person said or
// else after its header; if the name is taken, with the report, and then with a
// number.
func openCohort(tx *sql.Tx, id reports.CohortColumnID, by string, now int64) error {
	var header string
	var report reports.Kind
	if err := tx.QueryRow(`SELECT COALESCE(NULLIF(name, ''), header), report FROM cohort_columns WHERE id = ?`, id).Scan(&header, &report); err != nil {
		return err
	}
	name := header
	for n := 1; ; n++ {
		var taken bool
		if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM cohorts WHERE name = ? AND deleted_at IS NULL)`, name).Scan(&taken); err != nil {
			return err
		}
		if !taken {
			break
		}
		name = fmt.Sprintf("%s (%s)", header, report.Name())
		if n > 1 {
			name = fmt.Sprintf("%s (%s %d)", header, report.Name(), n)
		}
	}
	_, err := tx.Exec(`INSERT INTO cohorts (name, kind, column_id, created_by, created_at, updated_at) VALUES (?, 'column', ?, ?, ?, ?)`,
		name, id, by, now, now)
	return err
}

// DecideCohortColumn confirms the column as a cohort, dismisses it, or makes it
// a candidate again. A confirmed column has a cohort of its own, which goes when
// the column is no longer confirmed. Deciding the same again changes nothing.
//
// The error matches actnow.ErrNotFound if there is no such column, and
// actnow.ErrConflict if a campaign uses the cohort that would go.
func (db *DB) DecideCohortColumn(ctx context.Context, by actnow.Actor, id reports.CohortColumnID, state reports.CohortState) error {
	switch state {
	case reports.CohortCandidate, reports.CohortConfirmed, reports.CohortDismissed:
	default:
		return actnow.Invalid("error.cohort_state", "state", "%q is no decision about a cohort: confirm or dismiss it", string(state))
	}
	err := db.write(ctx, func(tx *sql.Tx) error {
		var have reports.CohortState
		if err := tx.QueryRow(`SELECT state FROM cohort_columns WHERE id = ?`, id).Scan(&have); err != nil {
			return noRows(err)
		}
		if have == state {
			return nil
		}
		now := db.now().Unix()
		_, err := tx.Exec(`UPDATE cohort_columns SET state = ?, decided_by = ?, decided_at = ? WHERE id = ?`, string(state), by.Name, now, id)
		if err != nil {
			return err
		}
		if state == reports.CohortConfirmed {
			err = openCohort(tx, id, by.Name, now)
		} else {
			err = closeCohort(tx, id, now)
		}
		if err != nil {
			return err
		}
		return db.audit(tx, by, "cohort_column."+string(state), fmt.Sprintf("cohort_column:%d", id), map[string]any{"before": have})
	})
	if err != nil {
		return fmt.Errorf("decide cohort column %d: %w", id, err)
	}
	return nil
}

// closeCohort deletes the cohort of a column that is no longer confirmed.
func closeCohort(tx *sql.Tx, id reports.CohortColumnID, now int64) error {
	var used bool
	err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM campaigns g JOIN cohorts c ON c.id = g.cohort_id
		WHERE c.column_id = ? AND c.deleted_at IS NULL AND g.state NOT IN ('finished', 'cancelled', 'stopped'))`, id).Scan(&used)
	if err != nil {
		return err
	}
	if used {
		return &actnow.StateError{Noun: "cohort", Have: "used by a campaign", Want: "unused"}
	}
	_, err = tx.Exec(`UPDATE cohorts SET deleted_at = ?, updated_at = ? WHERE column_id = ? AND deleted_at IS NULL`, now, now, id)
	return err
}
