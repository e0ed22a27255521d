package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"actnow"
	"actnow/scoring"
)

// Challengers returns the challengers that can be read, by area and score.
func (db *DB) Challengers(ctx context.Context) ([]*scoring.Model, error) {
	var list []*scoring.Model
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT id, body FROM models WHERE state = 'challenger' ORDER BY area, score`, nil, func(rows *sql.Rows) error {
			var id, body string
			if err := rows.Scan(&id, &body); err != nil {
				return err
			}
			if m, err := scoring.ParseModel([]byte(body)); err == nil && m.ID() == id {
				list = append(list, m)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("challengers: %w", err)
	}
	return list, nil
}

// SaveShadow keeps what was said in a run. The first run of a challenger in a calendar
// month stands: of a later one, or one beside another champion, nothing is kept. Nor is
// it of one that stands no more.
func (db *DB) SaveShadow(ctx context.Context, run scoring.ShadowRun, scores []scoring.ShadowScore) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		id, err := shadowRun(tx, run)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		said := bulk{table: `shadow_scores (customer_id, run_id, said, against)`, columns: 4, repeat: ` ON CONFLICT (customer_id, run_id) DO NOTHING`}
		for _, s := range scores {
			said.add(int64(s.Customer), id, s.Said, s.Against)
		}
		return said.insert(context.Background(), tx)
	})
	if err != nil {
		return fmt.Errorf("save what challenger %s said: %w", run.Challenger, err)
	}
	return nil
}

// shadowRun returns the key of a run, which it makes if it is the first of the month.
// The error is sql.ErrNoRows if another stands, or the challenger does not.
func shadowRun(tx *sql.Tx, run scoring.ShadowRun) (id int64, err error) {
	if _, err := tx.Exec(`INSERT INTO shadow_runs (model_id, champion_id, month, from_at)
		SELECT id, ?, ?, ? FROM models WHERE id = ? AND state = 'challenger' ON CONFLICT (model_id, month) DO NOTHING`,
		run.Champion, string(actnow.MonthOf(run.From)), run.From.Unix(), run.Challenger); err != nil {
		return 0, err
	}
	err = tx.QueryRow(`SELECT id FROM shadow_runs WHERE model_id = ? AND champion_id = ? AND from_at = ?`,
		run.Challenger, run.Champion, run.From.Unix()).Scan(&id)
	return id, err
}

// Shadowed returns what the challengers of a target that stand have said of customers,
// by customer, the earliest first.
func (db *DB) Shadowed(ctx context.Context, target scoring.Target, ids []actnow.CustomerID) (map[actnow.CustomerID][]scoring.Shadowed, error) {
	said := map[actnow.CustomerID][]scoring.Shadowed{}
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT s.customer_id, m.area, r.model_id, r.champion_id, r.from_at, s.said, s.against
			FROM shadow_scores s JOIN shadow_runs r ON r.id = s.run_id JOIN models m ON m.id = r.model_id
			WHERE s.customer_id IN (SELECT value FROM `+jsonEach+`) AND m.score = ? AND m.state = 'challenger'
			ORDER BY s.customer_id, m.area, r.from_at`, []any{idList(ids), string(target)}, func(rows *sql.Rows) error {
			var s scoring.Shadowed
			var from int64
			err := rows.Scan(&s.Customer, &s.Area, &s.Challenger, &s.Champion, &from, &s.Said, &s.Against)
			s.From = time.Unix(from, 0).UTC()
			said[s.Customer] = append(said[s.Customer], s)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("what challengers said: %w", err)
	}
	return said, nil
}

// Wait counts what came so far of what a challenger said beside a champion, "" for a
// points card: of fit the opportunities opened since that were won or lost, of intent
// those that opened first within 90 days of a saying.
func (db *DB) Wait(ctx context.Context, challenger scoring.Version, champion string) (w scoring.Wait, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		var since sql.NullInt64
		if err := tx.QueryRow(`SELECT min(r.from_at), count(DISTINCT s.customer_id) FROM shadow_runs r JOIN shadow_scores s ON s.run_id = r.id
			WHERE r.model_id = ? AND r.champion_id = ?`, challenger.ID, champion).Scan(&since, &w.Customers); err != nil || !since.Valid {
			return err
		}
		w.Since = time.Unix(since.Int64, 0).UTC()
		const said = `JOIN shadow_scores s ON s.customer_id = m.customer_id JOIN shadow_runs n ON n.id = s.run_id
			WHERE m.band = 'match' AND r.area = ? AND n.model_id = ? AND n.champion_id = ? AND r.opened_at >= n.from_at `
		args := []any{string(challenger.Area), challenger.ID, champion}
		if challenger.Target == scoring.Intent {
			return tx.QueryRow(`SELECT count(*) FROM (SELECT DISTINCT customer_id, opened_at FROM (
				SELECT m.customer_id, n.id, min(r.opened_at) AS opened_at`+dealsSQL+said+`AND r.opened_at < n.from_at + ? GROUP BY m.customer_id, n.id) f) d`,
				append(args, int64(horizon/time.Second))...).Scan(&w.Outcomes)
		}
		return tx.QueryRow(`SELECT count(DISTINCT CASE WHEN r.status = 'won' THEN r.id END), count(DISTINCT CASE WHEN r.status = 'lost' THEN r.id END)`+
			dealsSQL+said+`AND r.status IN ('won', 'lost') AND r.closed_at >= r.opened_at`, args...).Scan(&w.Outcomes, &w.Others)
	})
	if err != nil {
		return w, fmt.Errorf("what came of what challenger %s said: %w", challenger.ID, err)
	}
	return w, nil
}

// forgetShadows deletes what was said by models that are challengers no more.
func forgetShadows(tx *sql.Tx) error {
	const decided = `(SELECT r.id FROM shadow_runs r JOIN models m ON m.id = r.model_id WHERE m.state <> 'challenger')`
	return execAll(tx, "forget what challengers said", []clause{
		{`DELETE FROM shadow_scores WHERE run_id IN ` + decided, nil},
		{`DELETE FROM shadow_runs WHERE id IN ` + decided, nil},
	})
}
