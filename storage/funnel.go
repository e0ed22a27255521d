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
	f := actnow.Funnel{ByStage: actnow.NoStages(), Ends: map[actnow.FunnelEnd]actnow.FunnelShare{}}
	err := db.read(ctx, func(tx *sql.Tx) error {
		if err := db.funnelEnds(tx, scope, f.Ends); err != nil {
			return err
		}
		for _, share := range f.Ends {
			f.Customers += share.Customers
		}
		f.Mailable = f.Ends[actnow.EndMailable].Customers
		f.WithContact = f.Mailable + f.Ends[actnow.EndNotMailable].Customers
		f.Matched = f.WithContact + f.Ends[actnow.EndNoContact].Customers
		if err := db.funnelStages(tx, scope, f.ByStage); err != nil {
			return err
		}
		bands, err := db.bandCounts(tx, actnow.Everything)
		if err != nil {
			return err
		}
		f.Unmatched = bands[actnow.BandNone]
		return tx.QueryRow(`SELECT count(*) FROM match_decisions d WHERE d.verdict <> 'undone'
			AND d.id = (SELECT max(id) FROM match_decisions n WHERE n.account_key = d.account_key AND n.customer_key = d.customer_key)`).Scan(&f.Decisions)
	})
	if err != nil {
		return f, fmt.Errorf("match funnel: %w", err)
	}
	return f, nil
}

// funnelStages counts the customers by the stage that carries their best account.
func (db *DB) funnelStages(tx *sql.Tx, scope actnow.Scope, counts map[actnow.MatchStage]int) error {
	if c := db.censusIn(tx); c != nil {
		return c.stages(tx, scope, counts)
	}
	in := inScope(scope, "c.id")
	return each(tx, `SELECT stage, count(*) FROM (
			SELECT c.id, min(CASE m.stage WHEN 'domain' THEN 1 WHEN 'name' THEN 2 ELSE 3 END) AS first
			FROM customers c JOIN matches m ON m.customer_id = c.id AND m.band = 'match' WHERE `+in.sql+` GROUP BY c.id) b
		JOIN (SELECT 1 AS n, 'domain' AS stage UNION ALL SELECT 2, 'name' UNION ALL SELECT 3, 'tpid') s ON s.n = b.first GROUP BY stage`, in.args,
		func(rows *sql.Rows) error {
			var stage actnow.MatchStage
			var n int
			err := rows.Scan(&stage, &n)
			counts[stage] = n
			return err
		})
}

// ends is the customers whom the CRM knows, each with the place in FunnelEnds at which
// their way ends: of the rows that name one, the one nearest to a mail.
const ends = `(SELECT m.customer_id AS id, max(m.place) AS place FROM (
		SELECT m.customer_id, 4 AS place FROM ` + mailableRows + `
		UNION ALL SELECT m.customer_id, 3 FROM ` + contactRows + `
		UNION ALL SELECT m.customer_id, 2 FROM ` + matchedRows + `
		UNION ALL SELECT m.customer_id, 0 FROM ` + waitingRows + `) m WHERE m.customer_id IS NOT NULL GROUP BY m.customer_id) e`

// funnelEnds counts the customers of each end, and their money if the scope
// allows it: the newest estimate of each area, whole.
func (db *DB) funnelEnds(tx *sql.Tx, scope actnow.Scope, shares map[actnow.FunnelEnd]actnow.FunnelShare) error {
	if c := db.censusIn(tx); c != nil {
		return c.funnel(tx, scope, shares)
	}
	in := inScope(scope, "c.id")
	err := each(tx, `SELECT COALESCE(e.place, 1) AS place, count(*) FROM customers c LEFT JOIN `+ends+` ON e.id = c.id
		WHERE `+in.sql+` GROUP BY 1`, in.args, func(rows *sql.Rows) error {
		var place, n int
		err := rows.Scan(&place, &n)
		shares[actnow.FunnelEnds[place]] = actnow.FunnelShare{Customers: n}
		return err
	})
	if err != nil || !scope.Revenue {
		return err
	}
	in = inScope(scope, "p.customer_id")
	return each(tx, `SELECT COALESCE(e.place, 1) AS place, p.currency, sum(`+estimate+`)
		FROM standings p LEFT JOIN `+ends+` ON e.id = p.customer_id
		WHERE p.latest = 1 AND `+estimate+` IS NOT NULL AND `+in.sql+` GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`, in.args,
		func(rows *sql.Rows) error {
			var place int
			var m actnow.Money
			err := rows.Scan(&place, &m.Currency, &m.Minor)
			share := shares[actnow.FunnelEnds[place]]
			share.Revenue = append(share.Revenue, m)
			shares[actnow.FunnelEnds[place]] = share
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
var (
	hasContact = isAmong(contactRows, "c.id")
	isWaiting  = isAmong(waitingRows, "c.id")
)
