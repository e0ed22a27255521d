package storage

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"actnow"
	"actnow/scoring"
)

// activeMatrix reads the matrix in force.
func activeMatrix(tx *sql.Tx) (scoring.Matrix, error) {
	var m scoring.Matrix
	var cells string
	err := tx.QueryRow(`SELECT name, version, cells FROM matrices WHERE active = 1`).Scan(&m.Name, &m.Version, &cells)
	if err != nil {
		return m, fmt.Errorf("active matrix: %w", noRows(err))
	}
	return m, json.Unmarshal([]byte(cells), &m.Cells)
}

// refreshStandings makes the standings of the month from and of those after it
// anew, "" for all, for the customers that the subquery of customer ids names.
// In each month and area fit and intent come from the report that has them, else
// from our own scores; the cluster of a file wins, else the matrix gives it. It
// is called in the transaction that changed scores of that month.
func refreshStandings(tx *sql.Tx, from actnow.Month, customers string, args ...any) error {
	matrix, err := activeMatrix(tx)
	if err != nil {
		return err
	}
	within := append([]any{string(from)}, args...)
	if _, err := tx.Exec(`DELETE FROM standings WHERE month >= ? AND customer_id IN (`+customers+`)`, within...); err != nil {
		return fmt.Errorf("clear standings: %w", err)
	}
	rows, bound := matrixRows(matrix)
	bound = append(append(bound, within...), string(from))
	if _, err := tx.Exec(fmt.Sprintf(standingsSQL, rows, customers), bound...); err != nil {
		return fmt.Errorf("refresh standings: %w", err)
	}
	if from == "" {
		return nil
	}
	// A row of the months before is the latest one where nothing came after it.
	const newer = `EXISTS (SELECT 1 FROM standings n WHERE n.customer_id = standings.customer_id AND n.area = standings.area AND n.month > standings.month)`
	_, err = tx.Exec(`UPDATE standings SET latest = CASE WHEN `+newer+` THEN 0 ELSE 1 END
		WHERE month < ? AND customer_id IN (`+customers+`) AND (latest = 1 OR NOT `+newer+`)`, within...)
	if err != nil {
		return fmt.Errorf("mark the latest standings: %w", err)
	}
	return nil
}

// matrixRows returns the cells of m as bound rows of a VALUES list.
func matrixRows(m scoring.Matrix) (rows string, args []any) {
	var b strings.Builder
	for _, fit := range actnow.Bands {
		for _, intent := range actnow.Bands {
			if b.Len() > 0 {
				b.WriteString(", ")
			}
			b.WriteString("(?, ?, ?)")
			args = append(args, string(fit), string(intent), string(m.Cells[fit][intent]))
		}
	}
	return b.String(), args
}

// standingsSQL takes the rows of the matrix and the subquery of customer ids.
// "scored" prefers, among the reports of a month, the one that has both bands;
// "said" the one with a cluster of its own.
const standingsSQL = `
	WITH matrix (fit_band, intent_band, cell) AS (VALUES %s),
	ranked AS (
		SELECT *,
			row_number() OVER (PARTITION BY customer_id, area, month, source = 'own'
				ORDER BY (fit_band <> '') + (intent_band <> '') DESC, snapshot_id DESC) AS scored,
			row_number() OVER (PARTITION BY customer_id, area, month, source = 'own'
				ORDER BY cluster_from = 'file' DESC, (fit_band <> '') + (intent_band <> '') DESC, snapshot_id DESC) AS said
		FROM propensities
		WHERE month >= ? AND customer_id IN (%s)
	),
	merged AS (
		SELECT m.customer_id, m.area, m.month,
			CASE WHEN COALESCE(ms.fit_band, '') <> '' THEN ms.fit ELSE own.fit END AS fit,
			CASE WHEN COALESCE(ms.intent_band, '') <> '' THEN ms.intent ELSE own.intent END AS intent,
			CASE WHEN COALESCE(ms.fit_band, '') <> '' THEN ms.fit_band ELSE COALESCE(own.fit_band, '') END AS fit_band,
			CASE WHEN COALESCE(ms.intent_band, '') <> '' THEN ms.intent_band ELSE COALESCE(own.intent_band, '') END AS intent_band,
			CASE WHEN COALESCE(ms.fit_band, '') <> '' THEN ms.source WHEN COALESCE(own.fit_band, '') <> '' THEN 'own' ELSE '' END AS fit_from,
			CASE WHEN COALESCE(ms.intent_band, '') <> '' THEN ms.source WHEN COALESCE(own.intent_band, '') <> '' THEN 'own' ELSE '' END AS intent_from,
			COALESCE(ms.cell, '') AS said_cell,
			CASE WHEN said.cluster_from = 'file' THEN said.cluster ELSE '' END AS microsoft_cluster,
			COALESCE(own.cluster, '') AS own_cluster
		FROM (SELECT DISTINCT customer_id, area, month FROM ranked) m
		LEFT JOIN ranked ms ON ms.customer_id = m.customer_id AND ms.area = m.area AND ms.month = m.month AND ms.source <> 'own' AND ms.scored = 1
		LEFT JOIN ranked said ON said.customer_id = m.customer_id AND said.area = m.area AND said.month = m.month AND said.source <> 'own' AND said.said = 1
		LEFT JOIN ranked own ON own.customer_id = m.customer_id AND own.area = m.area AND own.month = m.month AND own.source = 'own' AND own.scored = 1
	),
	placed AS (
		SELECT g.*, CASE WHEN g.said_cell <> '' THEN g.said_cell ELSE COALESCE(x.cell, '') END AS cell
		FROM merged g LEFT JOIN matrix x ON x.fit_band = g.fit_band AND x.intent_band = g.intent_band
	),
	clustered AS (
		SELECT *, CASE WHEN microsoft_cluster <> '' THEN microsoft_cluster
			ELSE CASE substr(cell, 1, 1) WHEN 'A' THEN 'Act Now' WHEN 'B' THEN 'Evaluate' WHEN 'C' THEN 'Nurture' WHEN 'D' THEN 'Educate' ELSE '' END
			END AS cluster
		FROM placed
	)
	INSERT INTO standings (customer_id, area, month, latest, fit, intent, fit_band, intent_band, fit_from, intent_from,
		cell, cluster, cluster_from, microsoft_cluster, own_cluster, previous_cluster, previous_month,
		revenue_low, revenue_high, currency)
	SELECT c.customer_id, c.area, c.month, CASE WHEN row_number() OVER newest = 1 THEN 1 ELSE 0 END,
		c.fit, c.intent, c.fit_band, c.intent_band, c.fit_from, c.intent_from,
		c.cell, c.cluster, CASE WHEN c.microsoft_cluster <> '' THEN 'file' WHEN c.cell <> '' THEN 'matrix' ELSE '' END,
		c.microsoft_cluster, c.own_cluster, COALESCE(lead(c.cluster) OVER newest, b.cluster, ''), COALESCE(lead(c.month) OVER newest, b.month, ''),
		r.low, r.high, COALESCE(r.currency, '')
	FROM clustered c
	LEFT JOIN revenues r ON r.customer_id = c.customer_id AND r.area = c.area AND r.month = c.month
	LEFT JOIN standings b ON b.customer_id = c.customer_id AND b.area = c.area
		AND b.month = (SELECT max(q.month) FROM standings q WHERE q.customer_id = c.customer_id AND q.area = c.area AND q.month < ?)
	WINDOW newest AS (PARTITION BY c.customer_id, c.area ORDER BY c.month DESC)`
