package storage

import (
	"context"
	"database/sql"
	"fmt"

	"actnow"
)

// Funnel returns how many customers of the scope are left at each step from the
// reports to a mail.
func (db *DB) Funnel(ctx context.Context, scope actnow.Scope) (actnow.Funnel, error) {
	f := actnow.Funnel{ByStage: map[actnow.MatchStage]int{}, Ends: map[actnow.FunnelEnd]actnow.FunnelShare{}}
	err := db.read(ctx, func(tx *sql.Tx) error {
		in := inScope(scope, "c.id")
		err := tx.QueryRow(`SELECT count(*), COALESCE(sum(`+isMatched+`), 0), COALESCE(sum(`+hasContact+`), 0), COALESCE(sum(`+isMailable+`), 0)
			FROM customers c WHERE `+in.sql, in.args...).Scan(&f.Customers, &f.Matched, &f.WithContact, &f.Mailable)
		if err != nil {
			return err
		}
		err = each(tx, `SELECT stage, count(*) FROM (
				SELECT c.id, min(CASE m.stage WHEN 'domain' THEN 1 WHEN 'name' THEN 2 ELSE 3 END) AS first
				FROM customers c JOIN matches m ON m.customer_id = c.id AND m.band = 'match' WHERE `+in.sql+` GROUP BY c.id) b
			JOIN (SELECT 1 AS n, 'domain' AS stage UNION ALL SELECT 2, 'name' UNION ALL SELECT 3, 'tpid') s ON s.n = b.first GROUP BY stage`, in.args,
			func(rows *sql.Rows) error {
				var stage actnow.MatchStage
				var n int
				err := rows.Scan(&stage, &n)
				f.ByStage[stage] = n
				return err
			})
		if err != nil {
			return err
		}
		if err := funnelEnds(tx, scope, f.Ends); err != nil {
			return err
		}
		return tx.QueryRow(`SELECT COALESCE(sum(m.band = 'none'), 0),
			(SELECT count(*) FROM match_decisions d WHERE d.verdict <> 'undone'
				AND d.id = (SELECT max(id) FROM match_decisions n WHERE n.account_key = d.account_key AND n.customer_key = d.customer_key))
			FROM matches m JOIN accounts a ON a.id = m.account_id WHERE a.deleted_at IS NULL AND a.merged_into = ''`).Scan(&f.Unmatched, &f.Decisions)
	})
	if err != nil {
		return f, fmt.Errorf("match funnel: %w", err)
	}
	return f, nil
}

// funnelEnds counts the customers of each end, and their money if the scope
// allows it: the newest estimate of each area, whole.
func funnelEnds(tx *sql.Tx, scope actnow.Scope, ends map[actnow.FunnelEnd]actnow.FunnelShare) error {
	in := inScope(scope, "c.id")
	of := `(SELECT c.id, CASE WHEN ` + isMailable + ` THEN 'mailable' WHEN ` + hasContact + ` THEN 'not_mailable' WHEN ` + isMatched + ` THEN 'no_contact'
		WHEN ` + isWaiting + ` THEN 'waiting' ELSE 'unmatched' END AS place FROM customers c WHERE ` + in.sql + `) e`
	err := each(tx, `SELECT e.place, count(*) FROM `+of+` GROUP BY e.place`, in.args, func(rows *sql.Rows) error {
		var end actnow.FunnelEnd
		var share actnow.FunnelShare
		err := rows.Scan(&end, &share.Customers)
		ends[end] = share
		return err
	})
	if err != nil || !scope.Revenue {
		return err
	}
	return each(tx, `SELECT e.place, p.currency, sum(COALESCE(p.revenue_low, p.revenue_high))
		FROM `+of+` JOIN standings p ON p.customer_id = e.id AND p.latest = 1
		WHERE COALESCE(p.revenue_low, p.revenue_high) IS NOT NULL GROUP BY e.place, p.currency ORDER BY 3 DESC`, in.args,
		func(rows *sql.Rows) error {
			var end actnow.FunnelEnd
			var m actnow.Money
			err := rows.Scan(&end, &m.Currency, &m.Minor)
			share := ends[end]
			share.Revenue = append(share.Revenue, m)
			ends[end] = share
			return err
		})
}

// Rows m of customers that have any contact in a matched account, or an account that
// waits for a person.
const (
	contactRows = `matches m JOIN accounts a ON a.id = m.account_id
	JOIN contacts k ON k.source = a.source AND k.account_ref = a.external_id AND k.deleted_at IS NULL
	WHERE m.band = 'match' AND a.deleted_at IS NULL`
	waitingRows = `matches m JOIN accounts a ON a.id = m.account_id
	WHERE m.band = 'review' AND a.deleted_at IS NULL AND a.merged_into = ''`
)

// Whether customer c has one.
const (
	hasContact = `EXISTS (SELECT 1 FROM ` + contactRows + ` AND m.customer_id = c.id)`
	isWaiting  = `EXISTS (SELECT 1 FROM ` + waitingRows + ` AND m.customer_id = c.id)`
)
