package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"actnow"
	"actnow/scoring"
)

// horizon is how far ahead intent looks.
const horizon = scoring.HorizonDays * 24 * time.Hour

// outcomeMonths is how many months of standings are compared with what came of them.
const outcomeMonths = 6

// matchedSQL are the customers that have an account, by the accounts.
const matchedSQL = ` FROM matches m JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL AND a.merged_into = '' `

// dealsSQL goes on with the accounts' opportunities.
const dealsSQL = matchedSQL + `JOIN opportunities r ON r.source = a.source AND r.account_ref = a.external_id AND r.deleted_at IS NULL `

// ClusterOutcomes compares where matched customers stood in an area, in the last
// months whose 90 days are over, with whether an opportunity opened within them.
func (db *DB) ClusterOutcomes(ctx context.Context, area actnow.Area) ([]scoring.ClusterOutcome, error) {
	out := make([]scoring.ClusterOutcome, len(actnow.Clusters))
	for i, c := range actnow.Clusters {
		out[i].Cluster = c
	}
	err := db.read(ctx, func(tx *sql.Tx) error {
		last := actnow.MonthOf(db.now().UTC().AddDate(0, 0, -scoring.HorizonDays-reportDay))
		var months []actnow.Month
		err := each(tx, `SELECT DISTINCT month FROM standings WHERE area = ? AND month <= ? ORDER BY month DESC LIMIT ?`,
			[]any{string(area), string(last), outcomeMonths}, func(rows *sql.Rows) error {
				var m actnow.Month
				err := rows.Scan(&m)
				months = append(months, m)
				return err
			})
		if err != nil {
			return err
		}
		for _, m := range months {
			if err := addClusterOutcomes(tx, area, m, out); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("outcomes of the clusters of %s: %w", area, err)
	}
	return out, nil
}

func addClusterOutcomes(tx *sql.Tx, area actnow.Area, month actnow.Month, out []scoring.ClusterOutcome) error {
	from := month.First().AddDate(0, 0, reportDay)
	return each(tx, `
		WITH here AS (SELECT DISTINCT m.customer_id`+matchedSQL+`WHERE m.band = 'match'),
		opened AS (
			SELECT DISTINCT m.customer_id`+dealsSQL+`
			WHERE m.band = 'match' AND r.area = ? AND r.opened_at >= ? AND r.opened_at < ?
		)
		SELECT s.cluster, count(*), count(o.customer_id)
		FROM standings s JOIN here h ON h.customer_id = s.customer_id LEFT JOIN opened o ON o.customer_id = s.customer_id
		WHERE s.area = ? AND s.month = ? AND s.cluster <> '' GROUP BY s.cluster`,
		[]any{string(area), from.Unix(), from.Add(horizon).Unix(), string(area), string(month)}, func(rows *sql.Rows) error {
			var cluster actnow.Cluster
			var n, hits int
			if err := rows.Scan(&cluster, &n, &hits); err != nil {
				return err
			}
			for i := range out {
				if out[i].Cluster == cluster {
					out[i].Rows += n
					out[i].Hits += hits
				}
			}
			return nil
		})
}
