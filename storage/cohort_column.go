package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"actnow"
	"actnow/cohorts"
	"actnow/reports"
)

// maxPlay is the longest name of a solution play, in characters.
const maxPlay = 200

// CohortColumns returns the Yes/No columns in a state, or in every state if it
// is "", with the members that the scope allows.
func (db *DB) CohortColumns(ctx context.Context, scope actnow.Scope, state reports.CohortState) ([]reports.CohortColumn, error) {
	var list []reports.CohortColumn
	err := db.read(ctx, func(tx *sql.Tx) (err error) {
		list, err = cohortColumns(tx, scope, `(? = '' OR k.state = ?)`, string(state), string(state))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list cohort columns: %w", err)
	}
	return list, nil
}

func cohortColumns(tx *sql.Tx, scope actnow.Scope, which string, args ...any) ([]reports.CohortColumn, error) {
	in := inScope(scope, "m.customer_id")
	var list []reports.CohortColumn
	err := each(tx, `SELECT k.id, k.report, k.header, k.state, k.first_month, k.last_month, k.decided_by, COALESCE(k.decided_at, 0), k.play,
			COALESCE((SELECT c.name FROM cohorts c WHERE c.column_id = k.id AND c.deleted_at IS NULL), NULLIF(k.name, ''), k.header),
			(SELECT count(*) FROM cohort_members m WHERE m.column_id = k.id AND m.month = k.last_month AND `+in.sql+`)
		FROM cohort_columns k WHERE `+which+` ORDER BY k.report, k.header`, append(append([]any{}, in.args...), args...),
		func(rows *sql.Rows) error {
			var c reports.CohortColumn
			var decided int64
			err := rows.Scan(&c.ID, &c.Report, &c.Header, &c.State, &c.FirstMonth, &c.LastMonth, &c.DecidedBy, &decided, &c.Play, &c.Name, &c.Members)
			if decided != 0 {
				c.DecidedAt = time.Unix(decided, 0).UTC()
			}
			list = append(list, c)
			return err
		})
	return list, err
}

// CohortColumn returns one Yes/No column with how many customers of the newest
// report that has it say Yes, No and nothing, within the scope. The error matches
// actnow.ErrNotFound.
func (db *DB) CohortColumn(ctx context.Context, scope actnow.Scope, id reports.CohortColumnID) (reports.CohortColumn, error) {
	var c reports.CohortColumn
	err := db.read(ctx, func(tx *sql.Tx) error {
		list, err := cohortColumns(tx, scope, `k.id = ?`, id)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return actnow.ErrNotFound
		}
		c = list[0]
		return countColumn(tx, scope, &c)
	})
	if err != nil {
		return c, fmt.Errorf("cohort column %d: %w", id, err)
	}
	return c, nil
}

// countColumn counts the customers of the snapshot that has the column last.
func countColumn(tx *sql.Tx, scope actnow.Scope, c *reports.CohortColumn) error {
	var snapshot int64
	var text []byte
	err := tx.QueryRow(`SELECT id, columns FROM snapshots WHERE report = ? AND month = ? AND current = 1`, string(c.Report), string(c.LastMonth)).Scan(&snapshot, &text)
	if err == sql.ErrNoRows {
		return nil // it was taken back
	}
	if err != nil {
		return err
	}
	var columns []reports.Column
	if err := json.Unmarshal(text, &columns); err != nil {
		return err
	}
	for place, col := range columns {
		if col.Header != c.Header || cohortKey(col) == "" {
			continue
		}
		in := inScope(scope, "r.customer_id")
		cell := jsonAt("r.cells", place)
		return tx.QueryRow(`SELECT count(*), COALESCE(sum(said = 0), 0) FROM (
				SELECT r.customer_id, max(trim(COALESCE(`+cell+`, '')) <> '') AS said FROM snapshot_rows r
				WHERE r.snapshot_id = ? AND `+in.sql+` GROUP BY r.customer_id) x`, append([]any{snapshot}, in.args...)...).Scan(&c.Customers, &c.Blank)
	}
	return nil
}

// NameCohortColumn confirms the column as a cohort, under a name and for a
// solution play, both of which are remembered for later files; "" for the name is
// the column's header, "" for the play is none. It may be called again to change
// them.
//
// The error matches actnow.ErrNotFound if there is no such column, and
// actnow.ErrInvalid if the name or the play cannot be used.
func (db *DB) NameCohortColumn(ctx context.Context, scope actnow.Scope, by actnow.Actor, id reports.CohortColumnID, name, play string) error {
	play = strings.TrimSpace(play)
	if utf8.RuneCountInString(play) > maxPlay || !utf8.ValidString(play) || strings.ContainsFunc(play, func(r rune) bool { return r < ' ' }) {
		return actnow.Invalid("error.play", "play", "the name of a solution play has at most %d characters", maxPlay)
	}
	err := db.write(ctx, func(tx *sql.Tx) error {
		list, err := cohortColumns(tx, scope, `k.id = ?`, id)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return actnow.ErrNotFound
		}
		if name = strings.TrimSpace(name); name == "" {
			name = list[0].Header
			if r := []rune(name); len(r) > cohorts.MaxName {
				name = string(r[:cohorts.MaxName])
			}
		}
		var cohort actnow.CohortID
		if err := tx.QueryRow(`SELECT COALESCE((SELECT id FROM cohorts WHERE column_id = ? AND deleted_at IS NULL), 0)`, id).Scan(&cohort); err != nil {
			return err
		}
		if name, err = db.checkCohortName(tx, cohort, name); err != nil {
			return err
		}
		now := db.now().Unix()
		_, err = tx.Exec(`UPDATE cohort_columns SET state = 'confirmed', name = ?, play = ?, decided_by = ?, decided_at = ? WHERE id = ?`, name, play, by.Name, now, id)
		switch {
		case err != nil:
			return err
		case cohort == 0:
			err = openCohort(tx, id, by.Name, now)
		default:
			err = renameCohort(tx, cohort, name, now)
		}
		if err != nil {
			return err
		}
		return db.audit(tx, by, "cohort_column.confirmed", fmt.Sprintf("cohort_column:%d", id), map[string]any{"before": list[0].State, "name": name, "play": play})
	})
	if err != nil {
		return fmt.Errorf("name cohort column %d: %w", id, err)
	}
	return nil
}

// renameCohort gives a column's cohort another name, unless a filter names it.
func renameCohort(tx *sql.Tx, id actnow.CohortID, name string, now int64) error {
	rule, err := cohortByID(tx, id)
	if err != nil || rule.name == name {
		return err
	}
	if fold(name) != fold(rule.name) {
		if err := unnamed(tx, rule.name); err != nil {
			return err
		}
	}
	_, err = tx.Exec(`UPDATE cohorts SET name = ?, updated_at = ? WHERE id = ?`, name, now, int64(id))
	return err
}
