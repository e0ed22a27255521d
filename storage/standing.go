package storage

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"actnow"
	"actnow/scoring"
)

// activeMatrix reads the matrix in force.
func activeMatrix(tx *sql.Tx) (scoring.Matrix, error) {
	m, err := scanMatrix(tx.QueryRow(`SELECT ` + matrixColumns + ` FROM matrices WHERE active = 1`))
	if err != nil {
		return m, fmt.Errorf("active matrix: %w", err)
	}
	return m, nil
}

// refreshChunk is how many customers are made anew at a time, so that memory
// does not grow with their number.
const refreshChunk = 2000

// refreshStandings makes the standings of the month from and of those after it
// anew, "" for all, in the areas, for the customers that the subquery of customer
// ids names.
// In each month and area fit and intent come from the report that has them, else
// from our own scores; the cluster of a file wins, else the matrix gives it. So it is
// with potential revenue: the range of a report, else our own estimate.
// Only rows that differ are written, and whoever came to Act Now is drawn for the
// hold-out. It is called in the transaction that
// changed scores of that month.
func refreshStandings(tx *sql.Tx, now time.Time, from actnow.Month, areas []actnow.Area, customers string, args ...any) error {
	matrix, err := activeMatrix(tx)
	if err != nil {
		return err
	}
	var ids []actnow.CustomerID
	err = each(tx, `SELECT id FROM customers WHERE id IN (`+customers+`) ORDER BY id`, args, func(rows *sql.Rows) error {
		var id actnow.CustomerID
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("refresh standings: %w", err)
	}
	held, err := holdOut(tx)
	if err != nil {
		return fmt.Errorf("refresh standings: %w", err)
	}
	for len(ids) > 0 {
		n := min(refreshChunk, len(ids))
		r := newRefresh(tx, matrix, from, areas, ids[:n])
		if err := r.run(); err != nil {
			return fmt.Errorf("refresh standings: %w", err)
		}
		if held.Share > 0 {
			if err := drawHoldOuts(tx, now, held, r.within); err != nil {
				return fmt.Errorf("draw the hold-out: %w", err)
			}
		}
		ids = ids[n:]
	}
	return nil
}

// standingKey names a standing.
type standingKey struct {
	customer actnow.CustomerID
	area     actnow.Area
	month    actnow.Month
}

// standing is a row of standings as it is compared: all of its values.
type standing struct {
	latest              bool
	fit, intent         sql.NullFloat64
	fitBand, intentBand actnow.Band
	fitFrom, intentFrom string
	cell                actnow.Cell
	cluster             actnow.Cluster
	clusterFrom         string
	microsoft, own      actnow.Cluster
	previous            actnow.Cluster
	previousMonth       actnow.Month
	potential
}

// refresh makes the standings of one chunk of customers.
type refresh struct {
	tx        *sql.Tx
	matrix    scoring.Matrix
	from      actnow.Month
	customers []actnow.CustomerID // ascending
	within    clause              // the condition on rows of the chunk, and perhaps of customers between its own; + leaves the choice of index to the customers
	want      map[standingKey]standing
	order     []standingKey // of want: by customer, area, month
}

func newRefresh(tx *sql.Tx, matrix scoring.Matrix, from actnow.Month, areas []actnow.Area, customers []actnow.CustomerID) *refresh {
	r := &refresh{tx: tx, matrix: matrix, from: from, customers: customers, want: make(map[standingKey]standing, len(customers)*len(areas))}
	first, last := customers[0], customers[len(customers)-1]
	if int(last-first) < 4*len(customers) {
		r.within = clause{"customer_id BETWEEN ? AND ?", []any{first, last}}
	} else {
		r.within = clause{"customer_id IN (SELECT value FROM " + jsonEach + ")", []any{idList(customers)}}
	}
	r.within.sql += " AND +area IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(areas)), ", ") + ")"
	for _, a := range areas {
		r.within.args = append(r.within.args, string(a))
	}
	return r
}

// has reports whether the customer is one of the chunk.
func (r *refresh) has(id actnow.CustomerID) bool {
	_, ok := slices.BinarySearch(r.customers, id)
	return ok
}

func (r *refresh) run() error {
	for _, step := range []func() error{r.readScores, r.readRevenues, r.link, r.write} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// args are the values of within, and the month that follows it.
func (r *refresh) args() []any { return append(slices.Clone(r.within.args), string(r.from)) }

// said is what one source says of a customer in an area in a month.
type said struct {
	source              string
	fit, intent         sql.NullFloat64
	fitBand, intentBand actnow.Band
	cell                actnow.Cell
	cluster             actnow.Cluster
	clusterFrom         string
	snapshot            int64
}

// readScores reads what reports and our own scoring say and settles it, one
// customer, area and month after the other.
func (r *refresh) readScores() error {
	var key standingKey
	var all []said
	settle := func() {
		if len(all) > 0 {
			r.want[key] = r.settle(all)
			r.order = append(r.order, key)
		}
		all = all[:0]
	}
	err := each(r.tx, `SELECT customer_id, area, month, source, fit, intent, fit_band, intent_band, cell, cluster, cluster_from, COALESCE(snapshot_id, 0)
		FROM propensities WHERE `+r.within.sql+` AND month >= ? ORDER BY customer_id, area, month`, r.args(),
		func(rows *sql.Rows) error {
			var k standingKey
			var s said
			if err := rows.Scan(&k.customer, &k.area, &k.month, &s.source, &s.fit, &s.intent, &s.fitBand, &s.intentBand, &s.cell, &s.cluster, &s.clusterFrom, &s.snapshot); err != nil {
				return err
			}
			if !r.has(k.customer) {
				return nil
			}
			if k != key {
				settle()
				key = k
			}
			all = append(all, s)
			return nil
		})
	settle()
	return err
}

// settle says what holds where several sources speak of the same month: of the
// reports the one with both bands, the newer one if two have them; a cluster
// from any file that names one.
func (r *refresh) settle(all []said) standing {
	var report, own, named said
	for _, s := range all {
		switch {
		case s.source == "own":
			own = s
			continue
		case report.source == "" || s.bands() > report.bands() || s.bands() == report.bands() && s.snapshot > report.snapshot:
			report = s
		}
		if s.clusterFrom == "file" && (named.source == "" || s.bands() > named.bands() || s.bands() == named.bands() && s.snapshot > named.snapshot) {
			named = s
		}
	}
	for _, s := range []*said{&report, &own} {
		s.fitBand, s.intentBand = rebanded(r.matrix.Edges, s.fit, s.fitBand), rebanded(r.matrix.Edges, s.intent, s.intentBand)
	}
	out := standing{microsoft: named.cluster, own: r.matrix.Cell(own.fitBand, own.intentBand).Cluster()}
	out.fit, out.fitBand, out.fitFrom = first(report.fit, report.fitBand, report.source, own.fit, own.fitBand)
	out.intent, out.intentBand, out.intentFrom = first(report.intent, report.intentBand, report.source, own.intent, own.intentBand)
	out.cell = report.cell
	if out.cell == "" {
		out.cell = r.matrix.Cell(out.fitBand, out.intentBand)
	}
	switch {
	case out.microsoft != "":
		out.cluster, out.clusterFrom = out.microsoft, "file"
	case out.cell != "":
		out.cluster, out.clusterFrom = out.cell.Cluster(), "matrix"
	}
	return out
}

// rebanded is the band of a score by the edges in force, or the band as the source
// gives it where it gives no score.
func rebanded(e actnow.Edges, score sql.NullFloat64, band actnow.Band) actnow.Band {
	if score.Valid {
		return e.Band(score.Float64)
	}
	return band
}

// bands is how many of the two bands a source gives.
func (s said) bands() int {
	n := 0
	if s.fitBand != "" {
		n++
	}
	if s.intentBand != "" {
		n++
	}
	return n
}

// first is the report's score where it gives a band, else our own.
func first(score sql.NullFloat64, band actnow.Band, source string, own sql.NullFloat64, ownBand actnow.Band) (sql.NullFloat64, actnow.Band, string) {
	switch {
	case band != "":
		return score, band, source
	case ownBand != "":
		return own, ownBand, "own"
	}
	return own, "", ""
}

// readRevenues takes the potential revenue that holds.
func (r *refresh) readRevenues() error {
	return eachPotential(r.tx, clause{r.within.sql + ` AND month >= ?`, r.args()}, func(k standingKey, p potential) {
		if have, ok := r.want[k]; ok {
			have.potential = p
			r.want[k] = have
		}
	})
}

// link leads each standing to the one before it and finds the latest. What lies
// before the month from stays as it is, but for whether it is the latest.
func (r *refresh) link() error {
	type line struct {
		customer actnow.CustomerID
		area     actnow.Area
	}
	type end struct {
		month   actnow.Month
		cluster actnow.Cluster
		latest  bool
	}
	before := map[line]end{}
	// Beside max SQLite gives the other columns of the same row.
	err := each(r.tx, `SELECT customer_id, area, max(month), cluster, latest FROM standings WHERE `+r.within.sql+` AND month < ? GROUP BY customer_id, area`, r.args(),
		func(rows *sql.Rows) error {
			var l line
			var e end
			err := rows.Scan(&l.customer, &l.area, &e.month, &e.cluster, &e.latest)
			if r.has(l.customer) {
				before[l] = e
			}
			return err
		})
	if err != nil {
		return err
	}
	after := map[line]bool{}
	for i, k := range r.order {
		l := line{k.customer, k.area}
		s := r.want[k]
		if i > 0 && r.order[i-1].customer == k.customer && r.order[i-1].area == k.area {
			s.previousMonth, s.previous = r.order[i-1].month, r.want[r.order[i-1]].cluster
		} else if e, ok := before[l]; ok {
			s.previousMonth, s.previous = e.month, e.cluster
		}
		s.latest = i+1 == len(r.order) || r.order[i+1].customer != k.customer || r.order[i+1].area != k.area
		r.want[k] = s
		after[l] = true
	}
	stmt, err := r.tx.Prepare(`UPDATE standings SET latest = ? WHERE customer_id = ? AND area = ? AND month = ?`)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for l, e := range before {
		if e.latest == after[l] {
			if _, err := stmt.Exec(!after[l], l.customer, string(l.area), string(e.month)); err != nil {
				return err
			}
		}
	}
	return nil
}

// write brings the table to what is wanted, row by row where they differ.
func (r *refresh) write() error {
	var gone []standingKey
	err := each(r.tx, `SELECT customer_id, area, month, latest, fit, intent, fit_band, intent_band, fit_from, intent_from, cell, cluster, cluster_from,
			microsoft_cluster, own_cluster, previous_cluster, previous_month, revenue_low, revenue_high, currency, revenue_from, revenue_kind
		FROM standings WHERE `+r.within.sql+` AND month >= ?`, r.args(),
		func(rows *sql.Rows) error {
			var k standingKey
			var s standing
			if err := rows.Scan(&k.customer, &k.area, &k.month, &s.latest, &s.fit, &s.intent, &s.fitBand, &s.intentBand, &s.fitFrom, &s.intentFrom, &s.cell, &s.cluster, &s.clusterFrom,
				&s.microsoft, &s.own, &s.previous, &s.previousMonth, &s.low, &s.high, &s.currency, &s.from, &s.kind); err != nil {
				return err
			}
			switch want, ok := r.want[k]; {
			case !r.has(k.customer):
			case !ok:
				gone = append(gone, k)
			case want == s:
				delete(r.want, k)
			}
			return nil
		})
	if err != nil {
		return err
	}
	for _, k := range gone {
		if _, err := r.tx.Exec(`DELETE FROM standings WHERE customer_id = ? AND area = ? AND month = ?`, k.customer, string(k.area), string(k.month)); err != nil {
			return err
		}
	}
	changed := bulk{table: `standings (customer_id, area, month, latest, fit, intent, fit_band, intent_band, fit_from, intent_from, cell, cluster, cluster_from,
		microsoft_cluster, own_cluster, previous_cluster, previous_month, revenue_low, revenue_high, currency, revenue_from, revenue_kind)`, columns: 22, repeat: `
		ON CONFLICT (customer_id, area, month) DO UPDATE SET latest = excluded.latest, fit = excluded.fit, intent = excluded.intent,
			fit_band = excluded.fit_band, intent_band = excluded.intent_band, fit_from = excluded.fit_from, intent_from = excluded.intent_from,
			cell = excluded.cell, cluster = excluded.cluster, cluster_from = excluded.cluster_from,
			microsoft_cluster = excluded.microsoft_cluster, own_cluster = excluded.own_cluster,
			previous_cluster = excluded.previous_cluster, previous_month = excluded.previous_month,
			revenue_low = excluded.revenue_low, revenue_high = excluded.revenue_high, currency = excluded.currency,
			revenue_from = excluded.revenue_from, revenue_kind = excluded.revenue_kind`}
	for _, k := range r.order {
		if s, ok := r.want[k]; ok {
			changed.add(int64(k.customer), string(k.area), string(k.month), s.latest, s.fit, s.intent, string(s.fitBand), string(s.intentBand), s.fitFrom, s.intentFrom,
				string(s.cell), string(s.cluster), s.clusterFrom, string(s.microsoft), string(s.own), string(s.previous), string(s.previousMonth),
				s.low, s.high, s.currency, s.from, string(s.kind))
		}
	}
	return changed.insert(context.Background(), r.tx)
}
