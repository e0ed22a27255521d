package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"actnow"
	"actnow/cohorts"
)

// CreateCohort keeps a filter under a name and returns the cohort with its
// counts. The error matches actnow.ErrInvalid if the filter cannot be read or
// the name used.
func (db *DB) CreateCohort(ctx context.Context, scope actnow.Scope, by actnow.Actor, name, filter string) (cohorts.Cohort, error) {
	var id actnow.CohortID
	err := db.write(ctx, func(tx *sql.Tx) error {
		name, filter, err := db.checkCohort(tx, scope, 0, name, filter)
		if err != nil {
			return err
		}
		now := db.now().Unix()
		err = tx.QueryRow(`INSERT INTO cohorts (name, kind, filter, created_by, created_at, updated_at) VALUES (?, 'filter', ?, ?, ?, ?) RETURNING id`,
			name, filter, by.Name, now, now).Scan(&id)
		if err != nil {
			return err
		}
		return db.auditCohort(tx, by, "cohort.create", id, name, filter)
	})
	if err != nil {
		return cohorts.Cohort{}, fmt.Errorf("create cohort: %w", err)
	}
	return db.Cohort(ctx, scope, id)
}

// ChangeCohort gives a cohort another name and, if it follows a filter, another
// filter. The error matches actnow.ErrNotFound, or actnow.ErrInvalid as that of
// CreateCohort does.
func (db *DB) ChangeCohort(ctx context.Context, scope actnow.Scope, by actnow.Actor, id actnow.CohortID, name, filter string) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		rule, err := cohortByID(tx, id)
		if err != nil {
			return err
		}
		if rule.kind == string(cohorts.ByColumn) {
			filter = ""
		}
		name, filter, err := db.checkCohort(tx, scope, id, name, filter)
		if err != nil {
			return err
		}
		if fold(name) != fold(rule.name) {
			if err := unnamed(tx, rule.name); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(`UPDATE cohorts SET name = ?, filter = ?, updated_at = ? WHERE id = ?`, name, filter, db.now().Unix(), int64(id)); err != nil {
			return err
		}
		return db.auditCohort(tx, by, "cohort.change", id, name, filter)
	})
	if err != nil {
		return fmt.Errorf("change cohort %d: %w", id, err)
	}
	return nil
}

// checkCohort returns the name trimmed and the filter in its canonical form. id
// is that of the cohort that is changed, or 0.
func (db *DB) checkCohort(tx *sql.Tx, scope actnow.Scope, id actnow.CohortID, name, filter string) (string, string, error) {
	name, err := db.checkCohortName(tx, id, name)
	if err != nil {
		return "", "", err
	}
	if id != 0 && filter == "" {
		rule, err := cohortByID(tx, id)
		if err != nil || rule.kind == string(cohorts.ByColumn) {
			return name, "", err
		}
	}
	e, err := cohorts.Parse(filter)
	if err != nil {
		return "", "", err
	}
	b := filterBuilder{tx: tx, scope: scope, today: db.now()}
	if id != 0 {
		b.opened = []actnow.CohortID{id}
	}
	if _, err := b.customers(e); err != nil {
		return "", "", err
	}
	if canonical := cohorts.Format(e); len(canonical) <= cohorts.MaxLength {
		filter = canonical
	}
	return name, filter, nil
}

// checkCohortName returns the name trimmed, if no cohort but the one of that id
// has it.
func (db *DB) checkCohortName(tx *sql.Tx, id actnow.CohortID, name string) (string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > cohorts.MaxName || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
		return "", actnow.Invalid("error.cohort_name", "name", "a cohort needs a name of at most %d characters", cohorts.MaxName)
	}
	var taken bool
	if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM cohorts WHERE fold(name) = ? AND id <> ? AND deleted_at IS NULL)`, fold(name), int64(id)).Scan(&taken); err != nil {
		return "", err
	}
	if taken {
		return "", actnow.Invalid("error.cohort_name_taken", "name", "there is a cohort named %q already", name)
	}
	return name, nil
}

func (db *DB) auditCohort(tx *sql.Tx, by actnow.Actor, action string, id actnow.CohortID, name, filter string) error {
	return db.audit(tx, by, action, fmt.Sprintf("cohort:%d", id), map[string]any{"name": name, "filter": filter})
}

// DeleteCohort takes a cohort away. The error matches actnow.ErrNotFound, or
// actnow.ErrConflict if a campaign that is not over or another cohort uses it,
// or if it is a column's: that goes when the column is dismissed.
func (db *DB) DeleteCohort(ctx context.Context, by actnow.Actor, id actnow.CohortID) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		rule, err := cohortByID(tx, id)
		if err != nil {
			return err
		}
		var campaign string
		err = tx.QueryRow(`SELECT name FROM campaigns WHERE cohort_id = ? AND state NOT IN ('finished', 'cancelled', 'stopped') ORDER BY id LIMIT 1`, int64(id)).Scan(&campaign)
		switch {
		case err == nil:
			return &actnow.StateError{Noun: "cohort", Have: fmt.Sprintf("used by the campaign %q", campaign), Want: "unused"}
		case !errors.Is(err, sql.ErrNoRows):
			return err
		case rule.kind == string(cohorts.ByColumn):
			return &actnow.StateError{Noun: "cohort", Have: "a column of a report", Want: "a filter"}
		}
		if err := unnamed(tx, rule.name); err != nil {
			return err
		}
		now := db.now().Unix()
		if _, err := tx.Exec(`UPDATE cohorts SET deleted_at = ?, updated_at = ? WHERE id = ?`, now, now, int64(id)); err != nil {
			return err
		}
		return db.auditCohort(tx, by, "cohort.delete", id, rule.name, rule.filter)
	})
	if err != nil {
		return fmt.Errorf("delete cohort %d: %w", id, err)
	}
	return nil
}

// RestoreCohort takes DeleteCohort back. The error matches actnow.ErrNotFound if
// there is no such cohort, and actnow.ErrConflict if it is not deleted or its
// name was given to another since.
func (db *DB) RestoreCohort(ctx context.Context, by actnow.Actor, id actnow.CohortID) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		var name, filter string
		var deleted, taken bool
		err := tx.QueryRow(`SELECT h.name, h.filter, h.deleted_at IS NOT NULL,
			EXISTS (SELECT 1 FROM cohorts o WHERE fold(o.name) = fold(h.name) AND o.id <> h.id AND o.deleted_at IS NULL)
			FROM cohorts h WHERE h.id = ? AND h.kind = 'filter'`, int64(id)).Scan(&name, &filter, &deleted, &taken)
		switch {
		case err != nil:
			return noRows(err)
		case !deleted:
			return &actnow.StateError{Noun: "cohort", Have: "there", Want: "deleted"}
		case taken:
			return &actnow.StateError{Noun: "cohort", Have: "replaced by another of its name", Want: "deleted"}
		}
		if _, err := tx.Exec(`UPDATE cohorts SET deleted_at = NULL, updated_at = ? WHERE id = ?`, db.now().Unix(), int64(id)); err != nil {
			return err
		}
		return db.auditCohort(tx, by, "cohort.restore", id, name, filter)
	})
	if err != nil {
		return fmt.Errorf("restore cohort %d: %w", id, err)
	}
	return nil
}

// unnamed sees that no cohort's filter names the given one. The error matches
// actnow.ErrConflict.
func unnamed(tx *sql.Tx, name string) error {
	return each(tx, `SELECT h.name, h.filter FROM cohorts h WHERE h.kind = 'filter' AND h.deleted_at IS NULL ORDER BY h.id`, nil,
		func(rows *sql.Rows) error {
			var user, filter string
			if err := rows.Scan(&user, &filter); err != nil {
				return err
			}
			if e, err := cohorts.Parse(filter); err == nil && namesCohort(e, fold(name)) {
				return &actnow.StateError{Noun: "cohort", Have: fmt.Sprintf("used by the cohort %q", user), Want: "unused"}
			}
			return nil
		})
}

func namesCohort(e cohorts.Expr, folded string) bool {
	switch e := e.(type) {
	case cohorts.And:
		return anyTerm(e.Terms, folded)
	case cohorts.Or:
		return anyTerm(e.Terms, folded)
	case cohorts.Not:
		return namesCohort(e.Term, folded)
	case cohorts.Compare:
		for _, v := range e.Values {
			if e.Field.Name == "cohort" && fold(v.Text) == folded {
				return true
			}
		}
	}
	return false
}

func anyTerm(terms []cohorts.Expr, folded string) bool {
	for _, t := range terms {
		if namesCohort(t, folded) {
			return true
		}
	}
	return false
}

// cohortByID returns a cohort's rule. The error matches actnow.ErrNotFound.
func cohortByID(tx *sql.Tx, id actnow.CohortID) (cohortRule, error) {
	r := cohortRule{id: id}
	err := tx.QueryRow(`SELECT h.name, h.kind, h.filter, COALESCE(h.column_id, 0) FROM cohorts h WHERE h.id = ? AND h.deleted_at IS NULL`, int64(id)).
		Scan(&r.name, &r.kind, &r.filter, &r.column)
	return r, noRows(err)
}

// Cohort returns a cohort with its counts within the scope. The error matches
// actnow.ErrNotFound.
func (db *DB) Cohort(ctx context.Context, scope actnow.Scope, id actnow.CohortID) (cohorts.Cohort, error) {
	var c cohorts.Cohort
	err := db.read(ctx, func(tx *sql.Tx) error {
		list, err := db.listCohorts(tx, scope, "AND h.id = ?", int64(id))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return actnow.ErrNotFound
		}
		c = list[0]
		return nil
	})
	if err != nil {
		return cohorts.Cohort{}, fmt.Errorf("cohort %d: %w", id, err)
	}
	return c, nil
}

// Cohorts returns all cohorts by their names, with their counts within the
// scope.
func (db *DB) Cohorts(ctx context.Context, scope actnow.Scope) (list []cohorts.Cohort, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		list, err = db.listCohorts(tx, scope, "")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list cohorts: %w", err)
	}
	return list, nil
}

func (db *DB) listCohorts(tx *sql.Tx, scope actnow.Scope, cond string, args ...any) ([]cohorts.Cohort, error) {
	var list []cohorts.Cohort
	err := each(tx, `SELECT h.id, h.name, h.kind, h.filter, COALESCE(cc.report, ''), COALESCE(cc.header, ''), COALESCE(cc.last_month, ''), COALESCE(cc.play, ''), COALESCE(cc.id, 0),
			h.created_by, h.created_at, h.updated_at
		FROM cohorts h LEFT JOIN cohort_columns cc ON cc.id = h.column_id
		WHERE h.deleted_at IS NULL `+cond+` ORDER BY fold(h.name), h.id`, args, func(rows *sql.Rows) error {
		var c cohorts.Cohort
		var created, updated int64
		err := rows.Scan(&c.ID, &c.Name, &c.Kind, &c.Filter, &c.Report, &c.Header, &c.Month, &c.Play, &c.Column, &c.By, &created, &updated)
		c.CreatedAt, c.UpdatedAt = time.Unix(created, 0).UTC(), time.Unix(updated, 0).UTC()
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range list {
		members, err := db.cohortChoice(tx, scope, list[i].ID)
		if err == nil {
			list[i].Counts, err = members.count()
		}
		var input *actnow.InputError
		if errors.As(err, &input) && input.Code == "error.filter_revenue" {
			list[i].Withheld, err = true, nil
		}
		if err != nil {
			return nil, fmt.Errorf("cohort %q: %w", list[i].Name, err)
		}
	}
	return list, nil
}

// CountFilter counts the customers that a filter chooses within the scope. The
// error matches actnow.ErrInvalid if the filter cannot be read.
func (db *DB) CountFilter(ctx context.Context, scope actnow.Scope, filter string) (counts cohorts.Counts, err error) {
	e, err := cohorts.Parse(filter)
	if err != nil {
		return counts, err
	}
	err = db.read(ctx, func(tx *sql.Tx) error {
		chosen, err := db.choice(tx, scope, e)
		if err != nil {
			return err
		}
		counts, err = chosen.count()
		return err
	})
	if err != nil {
		return cohorts.Counts{}, fmt.Errorf("count filter: %w", err)
	}
	return counts, nil
}

// cohortMembers returns the query of the ids of a cohort's customers within the
// scope, at the end of month or now if it is "". The error matches
// actnow.ErrNotFound.
func (db *DB) cohortMembers(tx *sql.Tx, scope actnow.Scope, id actnow.CohortID, month actnow.Month) (clause, error) {
	rule, err := cohortByID(tx, id)
	if err != nil {
		return clause{}, err
	}
	b := filterBuilder{tx: tx, scope: scope, today: db.now(), month: month}
	return b.members(rule)
}

// CohortMembers returns the keys of a cohort's customers within the scope, in
// ascending order: the audience of a campaign before anyone is left out. The
// error matches actnow.ErrNotFound.
func (db *DB) CohortMembers(ctx context.Context, scope actnow.Scope, id actnow.CohortID) (ids []actnow.CustomerID, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		ids, err = db.cohortCustomers(tx, scope, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("members of cohort %d: %w", id, err)
	}
	return ids, nil
}

// cohortCustomers is CohortMembers within a transaction.
func (db *DB) cohortCustomers(tx *sql.Tx, scope actnow.Scope, id actnow.CohortID) ([]actnow.CustomerID, error) {
	members, err := db.cohortChoice(tx, scope, id)
	if err != nil {
		return nil, err
	}
	return members.ids()
}

// FilterMembers returns the keys of all customers that a filter chooses, in
// ascending order. The error matches actnow.ErrInvalid if it cannot be read.
func (db *DB) FilterMembers(ctx context.Context, filter string) (ids []actnow.CustomerID, err error) {
	e, err := cohorts.Parse(filter)
	if err != nil {
		return nil, err
	}
	err = db.read(ctx, func(tx *sql.Tx) error {
		chosen, err := db.choice(tx, actnow.Everything, e)
		if err != nil {
			return err
		}
		ids, err = chosen.ids()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("members of a filter: %w", err)
	}
	return ids, nil
}
