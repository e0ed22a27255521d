package storage

import (
	"database/sql"
	"encoding/json"
	"fmt"

	"actnow"
)

// potential is what a standing says of potential revenue.
type potential struct {
	low, high sql.NullInt64
	currency  string
	from      string // "report" or "own"
	kind      actnow.RevenueKind
}

func (p *potential) fields() []any { return []any{&p.low, &p.high, &p.currency, &p.from, &p.kind} }

// eachPotential calls do with the potential revenue that holds, within a condition.
func eachPotential(tx *sql.Tx, within clause, do func(k standingKey, p potential)) error {
	return each(tx, `SELECT customer_id, area, month, low, high, currency, said_by, kind FROM potential_revenues WHERE `+within.sql, within.args, func(rows *sql.Rows) error {
		var k standingKey
		var p potential
		err := rows.Scan(append([]any{&k.customer, &k.area, &k.month}, p.fields()...)...)
		do(k, p)
		return err
	})
}

// refreshRevenues brings the potential revenue of the standings from a month on to
// what holds, where it differs: refreshStandings for when nothing else changed.
func refreshRevenues(tx *sql.Tx, from actnow.Month, areas []actnow.Area, customers []actnow.CustomerID) error {
	inAreas, err := json.Marshal(areas)
	if err != nil {
		return err
	}
	within := clause{`month >= ? AND area IN (SELECT value FROM ` + jsonEach + `) AND customer_id IN (SELECT value FROM ` + jsonEach + `)`,
		[]any{string(from), string(inAreas), idList(customers)}}
	want := map[standingKey]potential{}
	if err := eachPotential(tx, within, func(k standingKey, p potential) { want[k] = p }); err != nil {
		return err
	}
	var changed []standingKey
	err = each(tx, `SELECT customer_id, area, month, revenue_low, revenue_high, currency, revenue_from, revenue_kind FROM standings WHERE `+within.sql, within.args, func(rows *sql.Rows) error {
		var k standingKey
		var have potential
		err := rows.Scan(append([]any{&k.customer, &k.area, &k.month}, have.fields()...)...)
		if want[k] != have {
			changed = append(changed, k)
		}
		return err
	})
	if err != nil || len(changed) == 0 {
		return err
	}
	update, err := tx.Prepare(`UPDATE standings SET revenue_low = ?, revenue_high = ?, currency = ?, revenue_from = ?, revenue_kind = ? WHERE customer_id = ? AND area = ? AND month = ?`)
	if err != nil {
		return err
	}
	defer update.Close()
	for _, k := range changed {
		p := want[k]
		if _, err := update.Exec(p.low, p.high, p.currency, p.from, string(p.kind), k.customer, string(k.area), string(k.month)); err != nil {
			return fmt.Errorf("refresh potential revenue: %w", err)
		}
	}
	return nil
}
