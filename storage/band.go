package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"actnow"
	"actnow/scoring"
)

// bandMonths is how many months of what we said are compared with what came of it.
const bandMonths = 12

// BandTally compares the bands, by the edges in force, that our own scores put customers
// in with what came of them. Of fit: the opportunities opened in the last twelve
// months that were won or lost, by the newest score before each opened. Of intent: the
// scores of twelve months whose 90 days are over, and whether an opportunity opened
// within them.
func (db *DB) BandTally(ctx context.Context, area actnow.Area, target scoring.Target) (t scoring.BandTally, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		matrix, err := activeMatrix(tx)
		if err != nil {
			return err
		}
		counter := scoring.NewBandCounter(matrix.Edges)
		query, args := fitBandsSQL, append(bandArgs(matrix.Edges), string(area), string(area), db.now().AddDate(0, -bandMonths, 0).Unix())
		if target == scoring.Intent {
			until := db.now().Add(-horizon)
			query, args = intentBandsSQL, append([]any{string(area)}, append(bandArgs(matrix.Edges),
				int64(horizon/time.Second), string(area), until.AddDate(0, -bandMonths, 0).Unix(), until.Unix())...)
		}
		err = each(tx, query, args, func(rows *sql.Rows) error {
			var customer actnow.CustomerID
			var band actnow.Band
			var n, hits int
			err := rows.Scan(&customer, &band, &n, &hits)
			counter.Add(band, n, hits)
			return err
		})
		t = counter.Tally()
		return err
	})
	if err != nil {
		return t, fmt.Errorf("outcomes of the bands of %s, %s: %w", area, target, err)
	}
	return t, nil
}

// fitBandsSQL counts opportunities and those won by customer and band.
var fitBandsSQL = `
	SELECT p.customer_id, ` + bandSQL(`p.fit`) + ` AS band, count(*), sum(o.won)
	FROM (
		SELECT m.customer_id, r.opened_at, CASE WHEN r.status = 'won' THEN 1 ELSE 0 END AS won, (
			SELECT max(s.month) FROM propensities s
			WHERE s.customer_id = m.customer_id AND s.area = r.area AND s.source = 'own' AND s.fit IS NOT NULL AND s.scored_at <= r.opened_at) AS month` + dealsSQL + `
		WHERE m.band = 'match' AND r.area = ? AND r.status IN ('won', 'lost')
	) o JOIN propensities p ON p.customer_id = o.customer_id AND p.month = o.month
	WHERE p.area = ? AND p.source = 'own' AND o.opened_at >= ?
	GROUP BY p.customer_id, band`

// intentBandsSQL counts scores and those that an opportunity followed by customer and
// band.
var intentBandsSQL = `
	WITH here AS (SELECT DISTINCT m.customer_id` + matchedSQL + `WHERE m.band = 'match'),
	opened AS (SELECT m.customer_id, r.opened_at` + dealsSQL + `WHERE m.band = 'match' AND r.area = ?)
	SELECT p.customer_id, ` + bandSQL(`p.intent`) + ` AS band, count(DISTINCT p.month), count(DISTINCT CASE WHEN o.customer_id IS NOT NULL THEN p.month END)
	FROM here h CROSS JOIN propensities p LEFT JOIN opened o ON o.customer_id = p.customer_id AND o.opened_at >= p.scored_at AND o.opened_at < p.scored_at + ?
	WHERE p.customer_id = h.customer_id AND p.area = ? AND p.source = 'own' AND p.intent IS NOT NULL AND p.scored_at >= ? AND p.scored_at <= ?
	GROUP BY p.customer_id, band`
