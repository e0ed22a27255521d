package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"actnow"
	"actnow/matcher"
)

// singleAnswers is the FROM and WHERE of the decisions d that stand and were given
// one by one: a bulk answer says what a person thinks of a pattern, not of each of
// its pairs.
const singleAnswers = `match_decisions d WHERE d.batch IS NULL AND d.verdict <> 'undone' AND ` + newestOfPair

// believed leaves out pairs that were held for a person whatever their weight: a
// refit of the calibration learns nothing from them.
const believed = ` AND d.pattern NOT LIKE '%` + matcher.HeldPart + `%'`

// Answers returns the decisions that a refit of the calibration learns from.
func (db *DB) Answers(ctx context.Context) ([]matcher.Decision, error) {
	var list []matcher.Decision
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT d.customer_key, d.account_key, d.verdict FROM `+singleAnswers+believed+` ORDER BY d.id`, nil, func(rows *sql.Rows) error {
			var d matcher.Decision
			err := rows.Scan(&d.Customer, &d.Account, &d.Verdict)
			list = append(list, d)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	return list, nil
}

// AnswerCount returns of how many accounts Answers speaks.
func (db *DB) AnswerCount(ctx context.Context) (int, error) {
	n := 0
	err := db.readers.QueryRowContext(ctx, `SELECT count(DISTINCT d.account_key) FROM `+singleAnswers+believed).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count answers: %w", err)
	}
	return n, nil
}

// calibrationSetting is the key under which the calibration in force is kept.
const calibrationSetting = "match_calibration"

// Calibration returns the calibration of matching in force.
func (db *DB) Calibration(ctx context.Context) (actnow.MatchCalibration, error) {
	var c actnow.MatchCalibration
	if err := db.Setting(ctx, calibrationSetting, &c); err != nil && !errors.Is(err, actnow.ErrNotFound) {
		return c, err
	}
	return c, nil
}

// SaveCalibration puts a calibration in force for the next match run; the zero
// value is the one shipped. By and At are set here.
func (db *DB) SaveCalibration(ctx context.Context, by actnow.Actor, c actnow.MatchCalibration) error {
	c.By, c.At = by.Name, db.now().Unix()
	action := "match.calibrate"
	if c.Shipped() {
		action = "match.calibrate_reset"
	}
	return db.write(ctx, func(tx *sql.Tx) error {
		if err := db.saveSetting(tx, calibrationSetting, c); err != nil {
			return fmt.Errorf("save calibration: %w", err)
		}
		return db.audit(tx, by, action, "setting:"+calibrationSetting, c)
	})
}
