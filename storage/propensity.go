package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"actnow"
	"actnow/scoring"
)

// SavePropensities saves our own scores of a month with their reasons, and makes
// the standings of the customers anew, some in each transaction. What is there already
// is not touched: saving the same again changes nothing. One without fit and
// intent takes an earlier one of the month back.
func (db *DB) SavePropensities(ctx context.Context, month actnow.Month, ps []scoring.Propensity) error {
	rows := make([]propensityRow, len(ps))
	for i, p := range ps {
		var err error
		if rows[i], err = newPropensityRow(p); err != nil {
			return fmt.Errorf("save scores of customer %d: %w", p.Customer, err)
		}
	}
	err := db.inPieces(ctx, len(rows), func(tx *sql.Tx, from, to int) error {
		rows, err := changedRows(tx, month, rows[from:to])
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := saveRows(tx, month, rows, db.now().Unix()); err != nil {
			return err
		}
		return refreshStandings(tx, db.now(), month, areasOf(rows), `SELECT value FROM `+jsonEach, idList(customersOf(rows)))
	})
	if err != nil {
		return fmt.Errorf("save %d scores of %s: %w", len(ps), month, err)
	}
	return nil
}

// customersOf returns the customers of rows, each once if its rows stand together.
func customersOf(rows []propensityRow) []actnow.CustomerID {
	var ids []actnow.CustomerID
	for _, r := range rows {
		if len(ids) == 0 || ids[len(ids)-1] != r.Customer {
			ids = append(ids, r.Customer)
		}
	}
	return ids
}

// areasOf returns the areas of rows, each once.
func areasOf(rows []propensityRow) []actnow.Area {
	var areas []actnow.Area
	for _, r := range rows {
		if !slices.Contains(areas, r.Area) {
			areas = append(areas, r.Area)
		}
	}
	return areas
}

// changedRows leaves out the rows that are kept just so already.
func changedRows(tx *sql.Tx, month actnow.Month, rows []propensityRow) ([]propensityRow, error) {
	type key struct {
		customer actnow.CustomerID
		area     actnow.Area
	}
	kept := map[key]string{}
	err := each(tx, `SELECT p.customer_id, p.area, p.fit, p.intent, p.fit_band, p.intent_band, p.cell, p.model, COALESCE(f.parts, ''), COALESCE(i.parts, '')
		FROM propensities p
		LEFT JOIN score_parts f ON f.customer_id = p.customer_id AND f.area = p.area AND f.month = p.month AND f.score = 'fit'
		LEFT JOIN score_parts i ON i.customer_id = p.customer_id AND i.area = p.area AND i.month = p.month AND i.score = 'intent'
		WHERE p.month = ? AND p.source = 'own' AND p.customer_id IN (SELECT value FROM `+jsonEach+`)`,
		[]any{month, idList(customersOf(rows))}, func(found *sql.Rows) error {
			var k key
			var r propensityRow
			err := found.Scan(&k.customer, &k.area, &r.Fit.Points, &r.Intent.Points, &r.FitBand, &r.IntentBand, &r.Cell, &r.Model, &r.fitParts, &r.intentParts)
			kept[k] = r.print()
			return err
		})
	if err != nil {
		return nil, err
	}
	var changed []propensityRow
	for _, r := range rows {
		have, ok := kept[key{r.Customer, r.Area}]
		if r.empty() && ok || !r.empty() && have != r.print() {
			changed = append(changed, r)
		}
	}
	return changed, nil
}

// propensityRow is a propensity with its reasons as they are kept.
type propensityRow struct {
	scoring.Propensity
	fitParts, intentParts string // JSON; "" without a score
}

// empty reports whether the row claims nothing.
func (r *propensityRow) empty() bool { return r.Fit.Points == nil && r.Intent.Points == nil }

// print is what tells one row from another.
func (r *propensityRow) print() string {
	score := func(s scoring.Score) string {
		if s.Points == nil {
			return ""
		}
		return strconv.FormatFloat(*s.Points, 'g', -1, 64)
	}
	return strings.Join([]string{score(r.Fit), score(r.Intent), string(r.FitBand), string(r.IntentBand), string(r.Cell), r.Model, r.fitParts, r.intentParts}, "|")
}

func newPropensityRow(p scoring.Propensity) (propensityRow, error) {
	r := propensityRow{Propensity: p}
	for _, side := range []struct {
		score scoring.Score
		text  *string
	}{{p.Fit, &r.fitParts}, {p.Intent, &r.intentParts}} {
		if side.score.Points == nil {
			continue
		}
		parts := side.score.Parts
		if parts == nil {
			parts = []scoring.Part{}
		}
		b, err := json.Marshal(parts)
		if err != nil {
			return r, err
		}
		*side.text = string(b)
	}
	return r, nil
}

func saveRows(tx *sql.Tx, month actnow.Month, rows []propensityRow, now int64) error {
	stmts := make([]*sql.Stmt, 4)
	for i, query := range []string{
		`INSERT INTO propensities (customer_id, area, month, source, fit, intent, fit_band, intent_band, cell, cluster, cluster_from, model, scored_at)
			VALUES (?, ?, ?, 'own', ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (customer_id, area, month, source) DO UPDATE SET fit = excluded.fit, intent = excluded.intent,
				fit_band = excluded.fit_band, intent_band = excluded.intent_band, cell = excluded.cell, cluster = excluded.cluster,
				cluster_from = excluded.cluster_from, model = excluded.model, scored_at = excluded.scored_at`,
		`DELETE FROM propensities WHERE customer_id = ? AND area = ? AND month = ? AND source = 'own'`,
		`INSERT INTO score_parts (customer_id, area, month, score, parts) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (customer_id, area, month, score) DO UPDATE SET parts = excluded.parts`,
		`DELETE FROM score_parts WHERE customer_id = ? AND area = ? AND month = ? AND score = ?`,
	} {
		stmt, err := tx.Prepare(query)
		if err != nil {
			return err
		}
		defer stmt.Close()
		stmts[i] = stmt
	}
	save, drop, saveParts, dropParts := stmts[0], stmts[1], stmts[2], stmts[3]
	for _, r := range rows {
		var err error
		if r.empty() {
			_, err = drop.Exec(r.Customer, r.Area, month)
		} else {
			from := ""
			if r.Cell != "" {
				from = "matrix"
			}
			_, err = save.Exec(r.Customer, r.Area, month, r.Fit.Points, r.Intent.Points, r.FitBand, r.IntentBand, r.Cell, r.Cluster, from, r.Model, now)
		}
		if err != nil {
			return err
		}
		for _, side := range []struct{ name, parts string }{{"fit", r.fitParts}, {"intent", r.intentParts}} {
			if side.parts == "" {
				_, err = dropParts.Exec(r.Customer, r.Area, month, side.name)
			} else {
				_, err = saveParts.Exec(r.Customer, r.Area, month, side.name, side.parts)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Sources returns what each report and our own scores say of a customer, side by
// side: newest month first, then by area, our own last. The error matches
// actnow.ErrNotFound if the customer is not in the scope.
func (db *DB) Sources(ctx context.Context, scope actnow.Scope, id actnow.CustomerID) ([]scoring.Sourced, error) {
	var out []scoring.Sourced
	err := db.read(ctx, func(tx *sql.Tx) error {
		in := inScope(scope, "c.id")
		var one int
		if err := tx.QueryRow(`SELECT 1 FROM customers c WHERE c.id = ? AND `+in.sql, append([]any{id}, in.args...)...).Scan(&one); err != nil {
			return noRows(err)
		}
		matrix, err := activeMatrix(tx)
		if err != nil {
			return err
		}
		return each(tx, `SELECT area, month, source, fit, intent, fit_band, intent_band, cell, cluster, cluster_from, model, explanation
			FROM propensities WHERE customer_id = ? ORDER BY month DESC, area, source = 'own', source`, []any{id}, func(rows *sql.Rows) error {
			var s scoring.Sourced
			err := rows.Scan(&s.Area, &s.Month, &s.Source, &s.Fit, &s.Intent, &s.FitBand, &s.IntentBand, &s.Cell, &s.Cluster, &s.ClusterFrom, &s.Model, &s.Explanation)
			s.Place(matrix)
			out = append(out, s)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("sources of customer %d: %w", id, err)
	}
	return out, nil
}
