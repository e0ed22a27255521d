package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"actnow"
	"actnow/scoring"
)

// byBand orders bands, highest first, for SQL.
const byBand = `CASE %s WHEN 'High' THEN 1 WHEN 'Medium' THEN 2 WHEN 'Low' THEN 3 ELSE 4 END`

// Disagreement compares the clusters that reports name in an area with those of
// our own scores, and counts which clusters they name for which bands, in a
// month, "" for the latest that has scores.
func (db *DB) Disagreement(ctx context.Context, scope actnow.Scope, area actnow.Area, month actnow.Month) (actnow.Disagreement, error) {
	d := actnow.Disagreement{Area: area, Month: month, Pairs: []actnow.ClusterPair{}, Crossings: []actnow.Crossing{}}
	err := db.read(ctx, func(tx *sql.Tx) error {
		var err error
		if d.Month == "" {
			if d.Month, _, err = latestMonths(tx, area); err != nil {
				return err
			}
		}
		in := inScope(scope, "p.customer_id")
		err = each(tx, `SELECT p.microsoft_cluster, p.own_cluster, count(*) FROM standings p
			WHERE p.area = ? AND p.month = ? AND p.microsoft_cluster <> '' AND p.own_cluster <> '' AND `+in.sql+`
			GROUP BY 1, 2 ORDER BY `+fmt.Sprintf(byHeat, "p.microsoft_cluster")+`, `+fmt.Sprintf(byHeat, "p.own_cluster"),
			append([]any{string(area), string(d.Month)}, in.args...), func(rows *sql.Rows) error {
				var p actnow.ClusterPair
				err := rows.Scan(&p.Report, &p.Ours, &p.Customers)
				d.Pairs = append(d.Pairs, p)
				return err
			})
		if err != nil {
			return err
		}
		d.RankCorrelation = actnow.RankCorrelation(d.Pairs)
		if d.Crossings, err = crossings(tx, scope, `p.area = ? AND p.month = ?`, string(area), string(d.Month)); err != nil {
			return err
		}
		everywhere, err := crossings(tx, scope, `p.month = (SELECT max(q.month) FROM standings q WHERE q.area = p.area)`)
		if err != nil {
			return err
		}
		matrices, err := readings(tx)
		if err != nil {
			return err
		}
		d.Readings, d.Everywhere = countReadings(matrices, d.Crossings), countReadings(matrices, everywhere)
		return nil
	})
	if err != nil {
		return d, fmt.Errorf("disagreement of %s: %w", area, err)
	}
	return d, nil
}

// crossings counts the bands and clusters that reports give together.
func crossings(tx *sql.Tx, scope actnow.Scope, which string, args ...any) ([]actnow.Crossing, error) {
	list := []actnow.Crossing{}
	in := inScope(scope, "p.customer_id")
	err := each(tx, `SELECT p.fit_band, p.intent_band, p.cluster, count(*) FROM propensities p
		WHERE `+which+` AND p.source <> 'own' AND p.cluster_from = 'file' AND p.fit_band <> '' AND p.intent_band <> '' AND `+in.sql+`
		GROUP BY 1, 2, 3 ORDER BY `+fmt.Sprintf(byBand, "p.fit_band")+`, `+fmt.Sprintf(byBand, "p.intent_band")+`, `+fmt.Sprintf(byHeat, "p.cluster"),
		append(append([]any{}, args...), in.args...), func(rows *sql.Rows) error {
			var c actnow.Crossing
			err := rows.Scan(&c.Fit, &c.Intent, &c.Cluster, &c.Customers)
			list = append(list, c)
			return err
		})
	return list, err
}

// readings returns the newest version of each matrix and the one in force, which
// comes first.
func readings(tx *sql.Tx) ([]scoring.Matrix, error) {
	active, err := activeMatrix(tx)
	if err != nil {
		return nil, err
	}
	list := []scoring.Matrix{active}
	err = each(tx, `SELECT m.name, m.version, m.cells FROM matrices m
		WHERE m.version = (SELECT max(n.version) FROM matrices n WHERE n.name = m.name) AND m.active = 0 ORDER BY m.name`, nil,
		func(rows *sql.Rows) error {
			var m scoring.Matrix
			var cells []byte
			if err := rows.Scan(&m.Name, &m.Version, &cells); err != nil {
				return err
			}
			list = append(list, m)
			return json.Unmarshal(cells, &list[len(list)-1].Cells)
		})
	return list, err
}

func countReadings(matrices []scoring.Matrix, all []actnow.Crossing) []actnow.ReadingCount {
	list := []actnow.ReadingCount{}
	for i, m := range matrices {
		r := actnow.ReadingCount{Name: m.Name, Version: m.Version, Active: i == 0}
		for _, c := range all {
			r.All += c.Customers
			if m.Cell(c.Fit, c.Intent).Cluster() != c.Cluster {
				r.Contradict += c.Customers
			}
		}
		list = append(list, r)
	}
	return list
}
