package storage

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"actnow"
	"actnow/scoring"
)

// Overview returns what changed in the area in the latest month that has scores
// in it. Money is empty without Scope.Revenue.
func (db *DB) Overview(ctx context.Context, scope actnow.Scope, area actnow.Area) (actnow.Overview, error) {
	o := actnow.Overview{Area: area}
	err := db.read(ctx, func(tx *sql.Tx) error {
		var err error
		if o.Month, o.Previous, err = latestMonths(tx, area); err != nil {
			return err
		}
		in := inScope(scope, "c.id")
		err = tx.QueryRow(`SELECT count(*), COALESCE(sum(gone_month IS NOT NULL), 0) FROM customers c WHERE `+in.sql, in.args...).
			Scan(&o.Customers, &o.Gone)
		if err != nil {
			return err
		}
		if err := db.countMoves(tx, scope, &o); err != nil {
			return err
		}
		return tx.QueryRow(`SELECT count(*) FROM matches m JOIN accounts a ON a.id = m.account_id
			JOIN customers c ON c.id = m.customer_id WHERE m.band = 'review' AND a.deleted_at IS NULL AND `+in.sql, in.args...).Scan(&o.ToReview)
	})
	if err != nil {
		return o, fmt.Errorf("overview of %s: %w", area, err)
	}
	return o, nil
}

// latestMonths returns the latest month with standings in the area and the one
// before, "" where there is none.
func latestMonths(tx *sql.Tx, area actnow.Area) (latest, previous actnow.Month, err error) {
	months := []*actnow.Month{&latest, &previous}
	i := 0
	err = each(tx, `SELECT DISTINCT month FROM standings WHERE area = ? ORDER BY month DESC LIMIT 2`, []any{string(area)},
		func(rows *sql.Rows) error {
			i++
			return rows.Scan(months[i-1])
		})
	return latest, previous, err
}

// estimate is what a standing p may bring at least, NULL if nothing is said of it.
const estimate = `COALESCE(p.revenue_low, p.revenue_high)`

// moveGroup is what the standings of one currency came to.
type moveGroup struct {
	currency                                                 string
	newMoney, money                                          sql.NullInt64
	isNew, matched, mailable, up, down, left, actNow, scored int
}

// countMoves counts the standings of the month by where they came from, and adds
// their money.
func (db *DB) countMoves(tx *sql.Tx, scope actnow.Scope, o *actnow.Overview) error {
	o.UnscoredInArea = o.Customers
	groups, err := db.moves(tx, scope, o.Area, o.Month)
	if err != nil {
		return err
	}
	for _, g := range groups {
		o.NewActNow, o.NewMatched, o.NewMailable = o.NewActNow+g.isNew, o.NewMatched+g.matched, o.NewMailable+g.mailable
		o.MovedUp, o.MovedDown, o.LeftActNow = o.MovedUp+g.up, o.MovedDown+g.down, o.LeftActNow+g.left
		o.ActNow, o.UnscoredInArea = o.ActNow+g.actNow, o.UnscoredInArea-g.scored
		if scope.Revenue && g.newMoney.Valid {
			o.NewRevenue = append(o.NewRevenue, actnow.Money{Minor: g.newMoney.Int64, Currency: g.currency})
		}
		if scope.Revenue && g.money.Valid {
			o.ActNowRevenue = append(o.ActNowRevenue, actnow.Money{Minor: g.money.Int64, Currency: g.currency})
		}
	}
	for _, sums := range [][]actnow.Money{o.NewRevenue, o.ActNowRevenue} {
		slices.SortStableFunc(sums, func(a, b actnow.Money) int { return cmp.Compare(b.Minor, a.Minor) })
	}
	return nil
}

func (db *DB) moves(tx *sql.Tx, scope actnow.Scope, area actnow.Area, month actnow.Month) (groups []moveGroup, err error) {
	if c := db.censusIn(tx); c != nil {
		return c.moves(tx, scope, area, month)
	}
	in := inScope(scope, "p.customer_id")
	err = each(tx, `SELECT p.currency,
			sum(CASE WHEN `+movedNew+` THEN `+estimate+` END), sum(CASE WHEN p.cluster = 'Act Now' THEN `+estimate+` END),
			sum(`+movedNew+`),
			COALESCE(sum(CASE WHEN `+movedNew+` THEN `+isAmong(matchedRows, "p.customer_id")+` END), 0),
			COALESCE(sum(CASE WHEN `+movedNew+` THEN `+isAmong(mailableRows, "p.customer_id")+` END), 0),
			sum(`+movedUp+`), sum(`+movedDown+`), sum(`+movedDown+` AND p.previous_cluster = 'Act Now'),
			sum(p.cluster = 'Act Now'), sum(p.cell <> '')
		FROM standings p WHERE p.area = ? AND p.latest = 1 AND p.month = ? AND `+in.sql+` GROUP BY p.currency ORDER BY p.currency`,
		append([]any{string(area), string(month)}, in.args...), func(rows *sql.Rows) error {
			var g moveGroup
			err := rows.Scan(&g.currency, &g.newMoney, &g.money, &g.isNew, &g.matched, &g.mailable, &g.up, &g.down, &g.left, &g.actNow, &g.scored)
			groups = append(groups, g)
			return err
		})
	return groups, err
}

// Grid returns the matrix of the area in a month, "" for the latest.
func (db *DB) Grid(ctx context.Context, scope actnow.Scope, area actnow.Area, month actnow.Month) (actnow.Grid, error) {
	g := actnow.Grid{Area: area, Month: month}
	err := db.read(ctx, func(tx *sql.Tx) error {
		matrix, err := activeMatrix(tx)
		if err != nil {
			return err
		}
		if g.Month == "" {
			if g.Month, _, err = latestMonths(tx, area); err != nil {
				return err
			}
		}
		err = tx.QueryRow(`SELECT COALESCE(max(month), '') FROM standings WHERE area = ? AND month < ?`, string(area), string(g.Month)).Scan(&g.Previous)
		if err != nil {
			return err
		}
		return db.fillGrid(tx, scope, &g, layOut(&g, matrix))
	})
	if err != nil {
		return g, fmt.Errorf("grid of %s: %w", area, err)
	}
	return g, nil
}

// layOut gives the grid its empty cells and clusters, and returns where the cells
// are.
func layOut(g *actnow.Grid, matrix scoring.Matrix) map[actnow.Cell]int {
	g.Matrix, g.Edges = matrix.Name, matrix.Edges
	places := map[actnow.Cell]int{}
	for _, fit := range actnow.Bands {
		for _, intent := range actnow.Bands {
			cell := matrix.Cells[fit][intent]
			places[cell] = len(g.Cells)
			g.Cells = append(g.Cells, actnow.GridCell{Cell: cell, Fit: fit, Intent: intent, Cluster: cell.Cluster()})
		}
	}
	for _, k := range actnow.Clusters {
		g.Clusters = append(g.Clusters, actnow.GridCluster{Cluster: k})
	}
	return places
}

// AreaGrids returns the latest matrix of every area, in the order of the areas,
// with how many customers each cell and cluster holds and held in the month
// before, and nothing else.
func (db *DB) AreaGrids(ctx context.Context, scope actnow.Scope) ([]actnow.Grid, error) {
	var grids []actnow.Grid
	err := db.read(ctx, func(tx *sql.Tx) error {
		matrix, err := activeMatrix(tx)
		if err != nil {
			return err
		}
		in := inScope(scope, "p.customer_id")
		for _, area := range actnow.Areas {
			g := actnow.Grid{Area: area}
			places := layOut(&g, matrix)
			if g.Month, g.Previous, err = latestMonths(tx, area); err != nil {
				return err
			}
			err := each(tx, `SELECT p.month, p.cell, p.cluster, count(*) FROM standings p
				WHERE p.area = ? AND p.month IN (?, ?) AND p.cell <> '' AND `+in.sql+` GROUP BY p.month, p.cell, p.cluster`,
				append([]any{string(area), string(g.Month), string(g.Previous)}, in.args...),
				func(rows *sql.Rows) error {
					var month actnow.Month
					var cell actnow.Cell
					var cluster actnow.Cluster
					var n int
					err := rows.Scan(&month, &cell, &cluster, &n)
					if i, ok := places[cell]; ok && month == g.Month {
						g.Cells[i].Count += n
					} else if ok {
						g.Cells[i].Previous += n
					}
					for i := range g.Clusters {
						if k := &g.Clusters[i]; k.Cluster == cluster && month == g.Month {
							k.Count += n
						} else if k.Cluster == cluster {
							k.Previous += n
						}
					}
					return err
				})
			if err != nil {
				return err
			}
			grids = append(grids, g)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("grids of the areas: %w", err)
	}
	return grids, nil
}

// gridGroup is what the standings of a cell, a cluster and a currency came to.
type gridGroup struct {
	cell                                   actnow.Cell
	cluster                                actnow.Cluster
	currency                               string
	money                                  sql.NullInt64
	customers, matched, mailable, disagree int
}

// onGrid is the FROM and WHERE of standings p of an area and a month.
const onGrid = ` FROM standings p WHERE p.area = ? AND p.month = ? AND p.cell <> '' AND `

// gridGroups returns the groups of the grid's month, those of the most money first.
func (db *DB) gridGroups(tx *sql.Tx, scope actnow.Scope, g *actnow.Grid) (groups []gridGroup, err error) {
	if c := db.censusIn(tx); c != nil {
		newest, _, err := latestMonths(tx, g.Area)
		if err != nil || newest == g.Month {
			return c.grid(tx, scope, g.Area, g.Month)
		}
	}
	in := inScope(scope, "p.customer_id")
	err = each(tx, `SELECT p.cell, p.cluster, p.currency, sum(`+estimate+`) AS money, count(*), sum(`+isAmong(matchedRows, "p.customer_id")+`),
			sum(`+isAmong(mailableRows, "p.customer_id")+`), sum(`+disagrees+`)`+
		onGrid+in.sql+` GROUP BY p.cell, p.cluster, p.currency ORDER BY money DESC, p.cell, p.cluster, p.currency`, append([]any{string(g.Area), string(g.Month)}, in.args...),
		func(rows *sql.Rows) error {
			var k gridGroup
			err := rows.Scan(&k.cell, &k.cluster, &k.currency, &k.money, &k.customers, &k.matched, &k.mailable, &k.disagree)
			groups = append(groups, k)
			return err
		})
	return groups, err
}

func (db *DB) fillGrid(tx *sql.Tx, scope actnow.Scope, g *actnow.Grid, places map[actnow.Cell]int) error {
	clusters := map[actnow.Cluster]*actnow.GridCluster{}
	for i := range g.Clusters {
		clusters[g.Clusters[i].Cluster] = &g.Clusters[i]
	}
	groups, err := db.gridGroups(tx, scope, g)
	if err != nil {
		return err
	}
	scored := 0
	for _, of := range groups {
		scored += of.customers
		g.Disagree += of.disagree
		add := func(to []actnow.Money) []actnow.Money {
			if !of.money.Valid || !scope.Revenue {
				return to
			}
			return actnow.AddMoney(to, actnow.Money{Minor: of.money.Int64, Currency: of.currency})
		}
		if i, ok := places[of.cell]; ok {
			k := &g.Cells[i]
			k.Count, k.Matched, k.Mailable, k.Revenue = k.Count+of.customers, k.Matched+of.matched, k.Mailable+of.mailable, add(k.Revenue)
		}
		if k := clusters[of.cluster]; k != nil {
			k.Count, k.Revenue = k.Count+of.customers, add(k.Revenue)
		}
	}
	in := inScope(scope, "p.customer_id")
	err = each(tx, `SELECT p.cell, p.cluster, count(*)`+onGrid+in.sql+` GROUP BY p.cell, p.cluster`, append([]any{string(g.Area), string(g.Previous)}, in.args...),
		func(rows *sql.Rows) error {
			var cell actnow.Cell
			var cluster actnow.Cluster
			var n int
			err := rows.Scan(&cell, &cluster, &n)
			if i, ok := places[cell]; ok {
				g.Cells[i].Previous += n
			}
			if k := clusters[cluster]; k != nil {
				k.Previous += n
			}
			return err
		})
	if err != nil {
		return err
	}
	var all int
	in = inScope(scope, "c.id")
	if err := tx.QueryRow(`SELECT count(*) FROM customers c WHERE `+in.sql, in.args...).Scan(&all); err != nil {
		return err
	}
	g.Unscored = all - scored
	return nil
}

// ScoredMonths returns the last n months that have standings in the area, newest
// first.
func (db *DB) ScoredMonths(ctx context.Context, area actnow.Area, n int) ([]actnow.Month, error) {
	var months []actnow.Month
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT DISTINCT month FROM standings WHERE area = ? ORDER BY month DESC LIMIT ?`, []any{string(area), n},
			func(rows *sql.Rows) error {
				var m actnow.Month
				err := rows.Scan(&m)
				months = append(months, m)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("scored months of %s: %w", area, err)
	}
	return months, nil
}

// Waiting returns what waits for a person, for the rail of every page.
func (db *DB) Waiting(ctx context.Context, scope actnow.Scope) (actnow.Waiting, error) {
	var w actnow.Waiting
	err := db.read(ctx, func(tx *sql.Tx) error {
		in := inScope(scope, "m.customer_id")
		return tx.QueryRow(`SELECT (SELECT count(*) FROM matches m JOIN accounts a ON a.id = m.account_id
				WHERE m.band = 'review' AND a.deleted_at IS NULL AND `+in.sql+`),
			EXISTS (SELECT 1 FROM campaigns WHERE state = 'sending'),
			COALESCE((SELECT month FROM snapshots WHERE state IN ('publishing', 'withdrawing')), '')`, in.args...).Scan(&w.ToReview, &w.Sending, &w.Importing)
	})
	if err != nil {
		return w, fmt.Errorf("what waits: %w", err)
	}
	return w, nil
}

// ClusterMonths returns how many customers each cluster of the area held in each
// of the last n months that have standings, oldest first.
func (db *DB) ClusterMonths(ctx context.Context, scope actnow.Scope, area actnow.Area, n int) ([]actnow.ClusterCount, error) {
	var counts []actnow.ClusterCount
	err := db.read(ctx, func(tx *sql.Tx) error {
		in := inScope(scope, "p.customer_id")
		return each(tx, `SELECT p.month, p.cluster, count(*) FROM standings p
			WHERE p.area = ? AND p.cluster <> '' AND p.month IN (SELECT DISTINCT month FROM standings WHERE area = ? ORDER BY month DESC LIMIT ?)
				AND `+in.sql+` GROUP BY p.month, p.cluster ORDER BY p.month, `+fmt.Sprintf(byHeat, "p.cluster"),
			append([]any{string(area), string(area), n}, in.args...),
			func(rows *sql.Rows) error {
				var c actnow.ClusterCount
				err := rows.Scan(&c.Month, &c.Cluster, &c.Count)
				counts = append(counts, c)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("cluster months of %s: %w", area, err)
	}
	return counts, nil
}

// Clusters returns how many customers each of the clusters of the area holds in a
// month; all four are there.
func (db *DB) Clusters(ctx context.Context, area actnow.Area, month actnow.Month) (map[actnow.Cluster]int, error) {
	counts := make(map[actnow.Cluster]int, len(actnow.Clusters))
	for _, c := range actnow.Clusters {
		counts[c] = 0
	}
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT cluster, count(*) FROM standings WHERE area = ? AND month = ? AND cluster <> '' GROUP BY cluster`,
			[]any{string(area), string(month)}, func(rows *sql.Rows) error {
				var c actnow.Cluster
				var n int
				err := rows.Scan(&c, &n)
				counts[c] = n
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("clusters of %s in %s: %w", area, month, err)
	}
	return counts, nil
}

// Freshness returns the latest snapshot of each report that ever came.
func (db *DB) Freshness(ctx context.Context) ([]actnow.Freshness, error) {
	var list []actnow.Freshness
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT s.report, s.month, s.revision, s.rows, (SELECT count(*) FROM rejected_rows r WHERE r.snapshot_id = s.id), s.imported_at, s.imported_by
			FROM snapshots s WHERE s.current = 1 AND s.month = (SELECT max(q.month) FROM snapshots q WHERE q.report = s.report AND q.current = 1)
			ORDER BY s.report`, nil,
			func(rows *sql.Rows) error {
				var f actnow.Freshness
				err := rows.Scan(&f.Report, &f.Month, &f.Revision, &f.Rows, &f.Rejected, &f.At, &f.By)
				list = append(list, f)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("freshness: %w", err)
	}
	return list, nil
}

// Setup returns which of the first steps are done.
func (db *DB) Setup(ctx context.Context) (actnow.Setup, error) {
	var s actnow.Setup
	err := db.read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM snapshots WHERE undone_at IS NULL AND state = 'published'), EXISTS (SELECT 1 FROM accounts),
			EXISTS (SELECT 1 FROM settings WHERE key = 'sender'), EXISTS (SELECT 1 FROM audit WHERE action = 'campaign.test'),
			EXISTS (SELECT 1 FROM campaign_runs WHERE launched_at > 0)`).Scan(&s.Report, &s.CRM, &s.Sender, &s.TestMail, &s.Campaign)
	})
	if err != nil {
		return s, fmt.Errorf("first steps: %w", err)
	}
	return s, nil
}
