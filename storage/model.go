package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"actnow"
	"actnow/scoring"
)

const versionColumns = `id, area, score, state, made_at, decided_at, decided_by, replaced, verdict, about`

func scanVersion(row interface{ Scan(...any) error }) (scoring.Version, error) {
	var v scoring.Version
	var made int64
	var decided sql.NullInt64
	var verdict, about string
	kept := scoring.Version{}
	if err := row.Scan(&kept.ID, &kept.Area, &kept.Target, &kept.State, &made, &decided, &kept.DecidedBy, &kept.Replaced, &verdict, &about); err != nil {
		return v, err
	}
	if err := json.Unmarshal([]byte(about), &v); err != nil {
		return v, err
	}
	v.ID, v.Area, v.Target, v.State, v.DecidedBy, v.Replaced = kept.ID, kept.Area, kept.Target, kept.State, kept.DecidedBy, kept.Replaced
	v.MadeAt = time.Unix(made, 0).UTC()
	if decided.Valid {
		v.DecidedAt = time.Unix(decided.Int64, 0).UTC()
	}
	if verdict != "" {
		return v, json.Unmarshal([]byte(verdict), &v.Verdict)
	}
	return v, nil
}

// Versions returns the versions of an area and score, the newest first; "" is every
// area or score.
func (db *DB) Versions(ctx context.Context, area actnow.Area, target scoring.Target) ([]scoring.Version, error) {
	var list []scoring.Version
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT `+versionColumns+` FROM models WHERE (? = '' OR area = ?) AND (? = '' OR score = ?)
			ORDER BY made_at DESC, id`, []any{string(area), string(area), string(target), string(target)}, func(rows *sql.Rows) error {
			v, err := scanVersion(rows)
			list = append(list, v)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("versions of models: %w", err)
	}
	return list, nil
}

// Model returns a version's model by its id, or by the first letters of it if they
// name one only. The error matches actnow.ErrNotFound, or is an *actnow.InputError
// if the letters name several or the body is damaged.
func (db *DB) Model(ctx context.Context, id string) (*scoring.Model, error) {
	var m *scoring.Model
	err := db.read(ctx, func(tx *sql.Tx) error {
		full, err := fullModelID(tx, id)
		if err != nil {
			return err
		}
		var body string
		if err := tx.QueryRow(`SELECT body FROM models WHERE id = ?`, full).Scan(&body); err != nil {
			return noRows(err)
		}
		if m, err = scoring.ParseModel([]byte(body)); err != nil {
			return err
		}
		if m.ID() != full {
			return actnow.Invalid("error.model.damaged", "id", "the model is damaged at %s: train anew, or go back to an earlier one", "id")
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", id, err)
	}
	return m, nil
}

// shortestID is how many letters of an id a person has to write at least.
const shortestID = 6

// fullModelID returns the id that begins with these letters.
func fullModelID(tx *sql.Tx, id string) (string, error) {
	var found []string
	err := each(tx, `SELECT id FROM models WHERE id = ? OR length(?) >= ? AND id LIKE ? ESCAPE '\' ORDER BY id LIMIT 2`,
		[]any{id, id, shortestID, likePrefix(id)}, func(rows *sql.Rows) error {
			var s string
			err := rows.Scan(&s)
			found = append(found, s)
			return err
		})
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", actnow.ErrNotFound
	case len(found) > 1:
		return "", actnow.Invalid("error.model.several", "id", "several versions begin with %s: write more of the id", id)
	}
	return found[0], nil
}

// KeepTrial records a trial, carries out a verdict on the challenger that was there,
// nil for none, and keeps a model, nil for none, as the challenger in the place of
// any other; one that is there already is written anew and keeps its place if it is
// the champion. All of it happens or nothing.
func (db *DB) KeepTrial(ctx context.Context, t scoring.Trial, m *scoring.Model, on *scoring.Verdict) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		now := db.now().Unix()
		if _, err := tx.Exec(`INSERT INTO model_trials (area, score, trial, trained_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (area, score) DO UPDATE SET trial = excluded.trial, trained_at = excluded.trained_at`,
			string(t.Area), string(t.Target), string(text), now); err != nil {
			return err
		}
		if on != nil {
			if err := db.settleVerdict(tx, on); err != nil {
				return err
			}
		}
		if m == nil {
			return forgetShadows(tx)
		}
		if _, err := tx.Exec(`UPDATE models SET state = 'retired', decided_at = ?, decided_by = ? WHERE area = ? AND score = ? AND state = 'challenger' AND id <> ?`,
			now, actnow.System.Name, string(m.Area), string(m.Target), m.ID()); err != nil {
			return err
		}
		about, err := json.Marshal(scoring.Version{Kind: m.Kind, Day: m.Day, Base: m.Base, Learned: m.Learned, Metrics: m.Validation})
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO models (id, area, score, state, made_at, about, body) VALUES (?, ?, ?, 'challenger', ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET about = excluded.about, body = excluded.body,
				state = CASE WHEN models.state = 'champion' THEN 'champion' ELSE 'challenger' END`,
			m.ID(), string(m.Area), string(m.Target), now, string(about), string(m.JSON()))
		if err != nil {
			return err
		}
		return forgetShadows(tx)
	})
	if err != nil {
		return fmt.Errorf("keep trial of %s, %s: %w", t.Area, t.Target, err)
	}
	return nil
}

// settleVerdict notes a verdict, and promotes or retires the challenger unless it
// waits.
func (db *DB) settleVerdict(tx *sql.Tx, on *scoring.Verdict) error {
	text, err := json.Marshal(on)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE models SET verdict = ? WHERE id = ? AND state = 'challenger'`, string(text), on.Challenger); err != nil {
		return err
	}
	switch {
	case on.Waits():
		return nil
	case on.Promote:
		return db.promote(tx, actnow.System, on.Challenger)
	}
	if _, err := tx.Exec(`UPDATE models SET state = 'retired', decided_at = ?, decided_by = ? WHERE id = ? AND state = 'challenger'`,
		db.now().Unix(), actnow.System.Name, on.Challenger); err != nil {
		return err
	}
	return db.audit(tx, actnow.System, "model.retire", "model:"+on.Challenger, on)
}

// Promote puts a version in force, in the place of the champion of its area and
// score. id may be the first letters of it. The error matches actnow.ErrNotFound, or
// actnow.ErrConflict if it is in force already.
func (db *DB) Promote(ctx context.Context, by actnow.Actor, id string) (scoring.Version, error) {
	var v scoring.Version
	err := db.write(ctx, func(tx *sql.Tx) error {
		full, err := fullModelID(tx, id)
		if err != nil {
			return err
		}
		if err := db.promote(tx, by, full); err != nil {
			return err
		}
		if err := forgetShadows(tx); err != nil {
			return err
		}
		v, err = versionOf(tx, full)
		return err
	})
	if err != nil {
		return v, fmt.Errorf("promote model %s: %w", id, err)
	}
	return v, nil
}

func versionOf(tx *sql.Tx, id string) (scoring.Version, error) {
	v, err := scanVersion(tx.QueryRow(`SELECT `+versionColumns+` FROM models WHERE id = ?`, id))
	return v, noRows(err)
}

// promote is Promote within a transaction, by the whole id.
func (db *DB) promote(tx *sql.Tx, by actnow.Actor, id string) error {
	v, err := versionOf(tx, id)
	if err != nil {
		return err
	}
	if v.State == scoring.Champion {
		return &actnow.StateError{Noun: "model", Have: string(v.State), Want: "challenger or retired"}
	}
	before, err := championOf(tx, v.Area, v.Target)
	if err != nil {
		return err
	}
	if err := db.setModelState(tx, by, before, scoring.Retired); err != nil {
		return err
	}
	if err := db.setModelState(tx, by, id, scoring.Champion); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE models SET replaced = ? WHERE id = ?`, before, id); err != nil {
		return err
	}
	return db.audit(tx, by, "model.promote", "model:"+id, map[string]any{"area": v.Area, "score": v.Target, "replaced": before})
}

// championOf returns the id of the version in force, "" if it is the points card.
func championOf(tx *sql.Tx, area actnow.Area, target scoring.Target) (string, error) {
	var id string
	err := tx.QueryRow(`SELECT id FROM models WHERE area = ? AND score = ? AND state = 'champion'`, string(area), string(target)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// setModelState sets the state of a version; "" is none.
func (db *DB) setModelState(tx *sql.Tx, by actnow.Actor, id string, state scoring.VersionState) error {
	_, err := tx.Exec(`UPDATE models SET state = ?, decided_at = ?, decided_by = ? WHERE id = ?`, string(state), db.now().Unix(), by.Name, id)
	return err
}

// Rollback takes the version in force back and puts the one before it in force, or
// the points card if there was none. It returns what was taken back. The error
// matches actnow.ErrNotFound if no version is in force.
func (db *DB) Rollback(ctx context.Context, by actnow.Actor, area actnow.Area, target scoring.Target) (scoring.Version, error) {
	var v scoring.Version
	err := db.write(ctx, func(tx *sql.Tx) error {
		id, err := championOf(tx, area, target)
		if err != nil {
			return err
		}
		if id == "" {
			return actnow.ErrNotFound
		}
		if v, err = versionOf(tx, id); err != nil {
			return err
		}
		if err := db.setModelState(tx, by, id, scoring.Retired); err != nil {
			return err
		}
		if err := db.setModelState(tx, by, v.Replaced, scoring.Champion); err != nil {
			return err
		}
		return db.audit(tx, by, "model.rollback", "model:"+id, map[string]any{"area": area, "score": target, "to": v.Replaced})
	})
	if err != nil {
		return v, fmt.Errorf("roll back %s of %s: %w", target, area, err)
	}
	return v, nil
}

// Champions returns the models in force, by area and score. The error is an
// *actnow.InputError that names the first that cannot be read.
func (db *DB) Champions(ctx context.Context) ([]*scoring.Model, error) {
	var list []*scoring.Model
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT id, area, score, body FROM models WHERE state = 'champion' ORDER BY area, score`, nil, func(rows *sql.Rows) error {
			var id, body string
			var area actnow.Area
			var target scoring.Target
			if err := rows.Scan(&id, &area, &target, &body); err != nil {
				return err
			}
			m, err := scoring.ParseModel([]byte(body))
			if err != nil || m.ID() != id {
				return actnow.Invalid("error.model.unreadable", "model", "the model for %s of %s cannot be read: train it anew, or go back with actnow score rollback", target, area.Name())
			}
			list = append(list, m)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("champions: %w", err)
	}
	return list, nil
}

// Trials returns the last trial of each area and score.
func (db *DB) Trials(ctx context.Context) ([]scoring.Trial, error) {
	var list []scoring.Trial
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT trial FROM model_trials ORDER BY area, score`, nil, func(rows *sql.Rows) error {
			var text string
			if err := rows.Scan(&text); err != nil {
				return err
			}
			var t scoring.Trial
			err := json.Unmarshal([]byte(text), &t)
			list = append(list, t)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("trials: %w", err)
	}
	return list, nil
}
