package storage

import (
	"context"
	"database/sql"
	"fmt"

	"actnow"
	"actnow/cohorts"
)

// CohortChange counts who joined a cohort and who left it since the month
// before the latest report, within the scope. Scores, clusters and the columns
// of reports are looked at as they stood then; all else (size, place, matches)
// as it is today.
// The error matches actnow.ErrNotFound.
func (db *DB) CohortChange(ctx context.Context, scope actnow.Scope, id actnow.CohortID) (cohorts.Change, error) {
	var change cohorts.Change
	err := db.read(ctx, func(tx *sql.Tx) error {
		now, before, err := db.twoMonths(tx, scope, id, &change)
		if err != nil || change.Previous == "" {
			return err
		}
		count := func(n *int, in, out clause) error {
			return tx.QueryRow(`WITH now (id) AS (`+in.sql+`), was (id) AS (`+out.sql+`) SELECT count(*) FROM now WHERE id NOT IN (SELECT id FROM was)`,
				append(in.args[:len(in.args):len(in.args)], out.args...)...).Scan(n)
		}
		if err := count(&change.Joined, now, before); err != nil {
			return err
		}
		return count(&change.Left, before, now)
	})
	if err != nil {
		return cohorts.Change{}, fmt.Errorf("change of cohort %d: %w", id, err)
	}
	return change, nil
}

// twoMonths returns the queries of a cohort's members now and at the end of the
// month before the latest report, and notes the months. If there is no month
// before, the queries are empty.
func (db *DB) twoMonths(tx *sql.Tx, scope actnow.Scope, id actnow.CohortID, change *cohorts.Change) (now, before clause, err error) {
	err = tx.QueryRow(`SELECT COALESCE(max(month), ''), COALESCE((SELECT max(month) FROM snapshots
		WHERE current = 1 AND month < (SELECT max(month) FROM snapshots WHERE current = 1)), '') FROM snapshots WHERE current = 1`).
		Scan(&change.Month, &change.Previous)
	if err != nil {
		return now, before, err
	}
	if now, err = db.cohortMembers(tx, scope, id, ""); err != nil || change.Previous == "" {
		return now, before, err
	}
	before, err = db.cohortMembers(tx, scope, id, change.Previous)
	return now, before, err
}

// CohortMoved returns a page of the customers on one side of a cohort's change;
// of the query, what orders and pages counts, and the area whose standing is
// shown. The error matches actnow.ErrNotFound.
func (db *DB) CohortMoved(ctx context.Context, scope actnow.Scope, id actnow.CohortID, side cohorts.Side, q actnow.CustomerQuery) (actnow.CustomerPage, error) {
	return db.customersAmong(ctx, scope, q, func(tx *sql.Tx) (clause, error) {
		var change cohorts.Change
		now, before, err := db.twoMonths(tx, scope, id, &change)
		switch {
		case err != nil:
			return clause{}, err
		case change.Previous == "":
			return never, nil
		case side == cohorts.Left:
			now, before = before, now
		}
		return clause{sql: "c.id IN (" + now.sql + ") AND c.id NOT IN (" + before.sql + ")",
			args: append(now.args[:len(now.args):len(now.args)], before.args...)}, nil
	})
}

// customersAmong is Customers, for those who satisfy a condition on c.id.
func (db *DB) customersAmong(ctx context.Context, scope actnow.Scope, q actnow.CustomerQuery, among func(tx *sql.Tx) (clause, error)) (actnow.CustomerPage, error) {
	q.Filter, q.Cohort = "", 0
	var page actnow.CustomerPage
	err := db.read(ctx, func(tx *sql.Tx) error {
		cond, err := among(tx)
		if err != nil {
			return err
		}
		from, err := db.chosenCustomers(tx, scope, q)
		if err != nil {
			return err
		}
		from.where.and("("+cond.sql+")", cond.args...)
		page, err = listOf(tx, scope, from, q).page(q)
		return err
	})
	if err != nil {
		return actnow.CustomerPage{}, fmt.Errorf("customers of a cohort: %w", err)
	}
	return page, nil
}
