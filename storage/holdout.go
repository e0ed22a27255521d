package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"actnow"
	"actnow/scoring"
)

// holdOutSetting is the scoring.HoldOut in force.
const holdOutSetting = "hold_out"

// heldOutSQL says whether a customer is held out of what an area's campaigns send, or
// of any campaign where the area is empty.
func heldOutSQL(customer, area string) string {
	return `EXISTS (SELECT 1 FROM hold_outs h WHERE h.customer_id = ` + customer + ` AND h.held = 1 AND h.released_at IS NULL AND ` + area + ` IN ('', h.area))`
}

// holdOut reads the setting; it is the zero value before it was ever saved.
func holdOut(tx *sql.Tx) (h scoring.HoldOut, err error) {
	var text string
	err = tx.QueryRow(`SELECT value FROM settings WHERE key = ?`, holdOutSetting).Scan(&text)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return h, nil
	case err != nil:
		return h, err
	}
	return h, json.Unmarshal([]byte(text), &h)
}

// SaveHoldOut sets how large a share of Act Now is held out. Customers of Act Now that
// were not drawn yet are drawn at once, the others stay as they were drawn. A share of 0
// ends the hold-out: all are released. The error is an *actnow.InputError if the share
// cannot be held out.
func (db *DB) SaveHoldOut(ctx context.Context, by actnow.Actor, h scoring.HoldOut) error {
	if err := h.Check(); err != nil {
		return err
	}
	err := db.write(ctx, func(tx *sql.Tx) error {
		was, err := holdOut(tx)
		if err != nil {
			return err
		}
		if err := db.saveSetting(tx, holdOutSetting, h); err != nil {
			return err
		}
		if h.Share == 0 {
			_, err = tx.Exec(`UPDATE hold_outs SET released_at = ? WHERE released_at IS NULL`, db.now().Unix())
		} else {
			err = drawHoldOuts(tx, db.now(), h, clause{sql: `1 = 1`})
		}
		if err != nil {
			return err
		}
		return db.audit(tx, by, "holdout.save", "holdout:act-now", map[string]any{"share": h.Share, "seed": h.Seed, "was": was})
	})
	if err != nil {
		return fmt.Errorf("save hold-out: %w", err)
	}
	return nil
}

// drawHoldOuts draws the customers of Act Now among the standings within that were not
// drawn yet, each once and for good.
func drawHoldOuts(tx *sql.Tx, now time.Time, h scoring.HoldOut, within clause) error {
	drawn := bulk{table: `hold_outs (customer_id, area, chosen_at, held)`, columns: 4,
		repeat: ` ON CONFLICT (customer_id, area, chosen_at) DO UPDATE SET held = excluded.held, released_at = NULL`}
	err := each(tx, `SELECT s.customer_id, s.area FROM standings s WHERE s.latest = 1 AND s.cluster = 'Act Now' AND (`+within.sql+`)
		AND NOT EXISTS (SELECT 1 FROM hold_outs h WHERE h.customer_id = s.customer_id AND h.area = s.area AND h.released_at IS NULL)`, within.args, func(rows *sql.Rows) error {
		var customer actnow.CustomerID
		var area actnow.Area
		err := rows.Scan(&customer, &area)
		drawn.add(int64(customer), string(area), now.Unix(), h.Holds(customer, area))
		return err
	})
	if err != nil {
		return err
	}
	return drawn.insert(context.Background(), tx)
}

// HoldOut returns the hold-out in force and what it came to in each area that was drawn
// in.
func (db *DB) HoldOut(ctx context.Context) (report scoring.HoldOutReport, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		h, err := holdOut(tx)
		if err != nil {
			return err
		}
		at := map[actnow.Area]*scoring.HoldOutResult{}
		for _, read := range []func(*sql.Tx, map[actnow.Area]*scoring.HoldOutResult) error{readHeldNow, db.readHoldOutcomes} {
			if err := read(tx, at); err != nil {
				return err
			}
		}
		list := []scoring.HoldOutResult{}
		for _, area := range actnow.Areas {
			if r := at[area]; r != nil {
				r.Compare(h.Share)
				list = append(list, *r)
			}
		}
		report = scoring.NewHoldOutReport(h, list)
		return nil
	})
	if err != nil {
		return report, fmt.Errorf("hold-out: %w", err)
	}
	return report, nil
}

// resultOf finds an area among results, or adds it.
func resultOf(at map[actnow.Area]*scoring.HoldOutResult, area actnow.Area) *scoring.HoldOutResult {
	if at[area] == nil {
		at[area] = &scoring.HoldOutResult{Area: area}
	}
	return at[area]
}

func readHeldNow(tx *sql.Tx, at map[actnow.Area]*scoring.HoldOutResult) error {
	return each(tx, `SELECT area, sum(held), count(*) - sum(held) FROM hold_outs WHERE released_at IS NULL GROUP BY area`, nil, func(rows *sql.Rows) error {
		var area actnow.Area
		var held, others int
		err := rows.Scan(&area, &held, &others)
		r := resultOf(at, area)
		r.HeldNow, r.OthersNow = held, others
		return err
	})
}

// readHoldOutcomes counts the customers with an account that were drawn 90 days ago or
// more, and not released before, by what came of them.
func (db *DB) readHoldOutcomes(tx *sql.Tx, at map[actnow.Area]*scoring.HoldOutResult) error {
	days := int64(horizon / time.Second)
	return each(tx, holdOutcomesSQL, []any{days, days, db.now().Unix()}, func(rows *sql.Rows) error {
		var area actnow.Area
		var held bool
		var g scoring.HoldOutGroup
		if err := rows.Scan(&area, &held, &g.Customers, &g.Opened, &g.Won); err != nil {
			return err
		}
		if r := resultOf(at, area); held {
			r.Held = g
		} else {
			r.Others = g
		}
		return nil
	})
}

var holdOutcomesSQL = strings.NewReplacer("{here}", matchedSQL, "{deals}", dealsSQL).Replace(`
	SELECT area, held, count(*), count(best), sum(CASE WHEN best = 1 THEN 1 ELSE 0 END) FROM (
		SELECT h.area, h.held, (
			SELECT max(CASE WHEN r.status = 'won' THEN 1 ELSE 0 END){deals}
			WHERE m.band = 'match' AND m.customer_id = h.customer_id AND r.area = h.area AND r.opened_at >= h.chosen_at AND r.opened_at < h.chosen_at + ?) AS best
		FROM hold_outs h
		WHERE h.chosen_at + ? <= COALESCE(h.released_at, ?)
			AND EXISTS (SELECT 1{here}WHERE m.band = 'match' AND m.customer_id = h.customer_id)
	) drawn GROUP BY area, held`)

func readHeldOut(tx *sql.Tx, _ actnow.Scope, d *actnow.CustomerDetail) error {
	return each(tx, `SELECT area, chosen_at FROM hold_outs WHERE customer_id = ? AND held = 1 AND released_at IS NULL ORDER BY area`, []any{d.Customer.ID}, func(rows *sql.Rows) error {
		var h actnow.HeldOut
		var at int64
		err := rows.Scan(&h.Area, &at)
		h.Since = time.Unix(at, 0).UTC()
		d.HeldOut = append(d.HeldOut, h)
		return err
	})
}
