package storage

import (
	"context"
	"database/sql"
	"fmt"

	"actnow"
)

// flowOf is the SQL of how a customer c went from the standing f of an earlier
// month to the standing p of a later one, both of which may be missing; ” for
// who is in neither. The months are bound twice: from, to.
var flowOf = `(CASE
	WHEN COALESCE(f.cluster, '') <> '' AND c.gone_month > ? AND c.gone_month <= ? THEN 'gone'
	WHEN COALESCE(f.cluster, '') = '' AND COALESCE(p.cluster, '') = '' THEN ''
	WHEN COALESCE(f.cluster, '') = '' THEN 'new'
	WHEN COALESCE(p.cluster, '') = '' THEN 'unseen'
	WHEN p.cluster = f.cluster THEN 'same'
	WHEN ` + fmt.Sprintf(byHeat, "p.cluster") + ` < ` + fmt.Sprintf(byHeat, "f.cluster") + ` THEN 'up'
	ELSE 'down' END)`

// flowFrom joins the standing f of the earlier month.
const flowFrom = ` LEFT JOIN standings f ON f.customer_id = c.id AND f.area = ? AND f.month = ?`

// Flows compares the clusters of an area in two months; to "" is the latest one
// with scores, from "" the one before that. A customer counts as gone only if a
// file that lists everyone says so.
//
// The error matches actnow.ErrInvalid if from is not before to, or if a month
// that is named has no scores.
func (db *DB) Flows(ctx context.Context, scope actnow.Scope, area actnow.Area, from, to actnow.Month) (actnow.Flows, error) {
	f := actnow.Flows{Area: area, From: from, To: to, Counts: []actnow.FlowCount{}}
	err := db.read(ctx, func(tx *sql.Tx) error {
		if err := flowMonths(tx, &f); err != nil || f.From == "" {
			return err
		}
		in := inScope(scope, "c.id")
		args := append([]any{string(f.From), string(f.To), string(area), string(f.From), string(area), string(f.To)}, in.args...)
		return each(tx, `SELECT flow, CASE WHEN flow = 'new' THEN '' ELSE before END AS origin, CASE WHEN flow IN ('gone', 'unseen') THEN '' ELSE after END AS goal, count(*)
			FROM (SELECT `+flowOf+` AS flow, COALESCE(f.cluster, '') AS before, COALESCE(p.cluster, '') AS after
				FROM customers c`+flowFrom+` LEFT JOIN standings p ON p.customer_id = c.id AND p.area = ? AND p.month = ?
				WHERE `+in.sql+`) x
			WHERE flow <> '' GROUP BY 1, 2, 3 ORDER BY `+fmt.Sprintf(byHeat, "origin")+`, `+fmt.Sprintf(byHeat, "goal")+`, 1`, args,
			func(rows *sql.Rows) error {
				var c actnow.FlowCount
				err := rows.Scan(&c.Flow, &c.From, &c.To, &c.Customers)
				f.Counts = append(f.Counts, c)
				return err
			})
	})
	if err != nil {
		return f, fmt.Errorf("flows of %s: %w", area, err)
	}
	return f, nil
}

// flowMonths finds the months that were not named and checks those that were.
func flowMonths(tx *sql.Tx, f *actnow.Flows) error {
	if f.From != "" && f.To != "" && f.From >= f.To {
		return actnow.Invalid("error.months_order", "from", "%s is not before %s: compare an earlier month with a later one", string(f.From), string(f.To))
	}
	for _, named := range []struct {
		field string
		month actnow.Month
	}{{"from", f.From}, {"to", f.To}} {
		var scored bool
		if err := tx.QueryRow(`SELECT ? = '' OR EXISTS (SELECT 1 FROM standings WHERE area = ?2 AND month = ?1)`, string(named.month), string(f.Area)).Scan(&scored); err != nil {
			return err
		}
		if !scored {
			return actnow.Invalid("error.no_scores", named.field, "there are no scores of %s for %s", f.Area.Name(), string(named.month))
		}
	}
	if f.To == "" {
		if err := tx.QueryRow(`SELECT COALESCE(max(month), '') FROM standings WHERE area = ? AND month > ?`, string(f.Area), string(f.From)).Scan(&f.To); err != nil {
			return err
		}
	}
	if f.From == "" {
		return tx.QueryRow(`SELECT COALESCE(max(month), '') FROM standings WHERE area = ? AND month < ?`, string(f.Area), string(f.To)).Scan(&f.From)
	}
	if f.To == "" {
		return actnow.Invalid("error.months_order", "from", "%s is not before %s: compare an earlier month with a later one", string(f.From), string(f.From))
	}
	return nil
}
