package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"actnow"
	"actnow/schedule"
)

const scheduleColumns = `s.id, s.key, s.line, s.at, s.zone, s.last, s.catch_up, s.max_late, s.since, s.enabled`

func scanSchedule(row interface{ Scan(...any) error }) (schedule.Schedule, error) {
	var s schedule.Schedule
	var at sql.NullInt64
	var maxLate, since int64
	err := row.Scan(&s.ID, &s.Key, &s.Line, &at, &s.Zone, &s.Last, &s.CatchUp, &maxLate, &since, &s.Enabled)
	if at.Valid {
		s.At = time.Unix(at.Int64, 0).UTC()
	}
	s.MaxLate, s.Since = time.Duration(maxLate)*time.Second, time.Unix(since, 0).UTC()
	return s, err
}

// Schedules returns all schedules by their keys.
func (db *DB) Schedules(ctx context.Context) ([]schedule.Schedule, error) {
	var list []schedule.Schedule
	err := db.read(ctx, func(tx *sql.Tx) error {
		return each(tx, `SELECT `+scheduleColumns+` FROM schedules s ORDER BY s.key`, nil, func(rows *sql.Rows) error {
			s, err := scanSchedule(rows)
			list = append(list, s)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list schedules: %w", err)
	}
	return list, nil
}

// Schedule returns the schedule with the key. The error matches
// actnow.ErrNotFound.
func (db *DB) Schedule(ctx context.Context, key string) (schedule.Schedule, error) {
	s, err := scanSchedule(db.readers.QueryRowContext(ctx, `SELECT `+scheduleColumns+` FROM schedules s WHERE s.key = ?`, key))
	if err != nil {
		return schedule.Schedule{}, fmt.Errorf("schedule %s: %w", key, noRows(err))
	}
	return s, nil
}

// EnsureSchedules adds those schedules whose keys are not there yet, starting
// now; what people changed since stays.
func (db *DB) EnsureSchedules(ctx context.Context, all []schedule.Schedule) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		for _, s := range all {
			if err := checkSchedule(&s); err != nil {
				return fmt.Errorf("schedule %s: %w", s.Key, err)
			}
			if _, err := db.insertSchedule(tx, actnow.System, s); err != nil {
				return fmt.Errorf("schedule %s: %w", s.Key, err)
			}
		}
		return nil
	})
}

// SaveSchedule adds the schedule, or changes the one with its key, and returns
// it as it is kept. If its times change, what fell due by the old ones keeps its
// rows and the new ones count from now; a period that has a row keeps it, so the
// change of a line or zone never makes a period run twice. ID and Since are
// ignored. The error matches actnow.ErrInvalid if a line, zone or instant cannot
// be used.
func (db *DB) SaveSchedule(ctx context.Context, by actnow.Actor, s schedule.Schedule) (schedule.Schedule, error) {
	var kept schedule.Schedule
	err := db.write(ctx, func(tx *sql.Tx) (err error) {
		kept, err = db.saveSchedule(tx, by, s)
		return err
	})
	if err != nil {
		return schedule.Schedule{}, fmt.Errorf("save schedule %s: %w", s.Key, err)
	}
	return kept, nil
}

// saveSchedule is SaveSchedule within a transaction.
func (db *DB) saveSchedule(tx *sql.Tx, by actnow.Actor, s schedule.Schedule) (schedule.Schedule, error) {
	if err := checkSchedule(&s); err != nil {
		return s, err
	}
	if added, err := db.insertSchedule(tx, by, s); err != nil || added {
		if err == nil {
			s, err = scheduleOf(tx, s.Key)
		}
		return s, err
	}
	old, err := scheduleOf(tx, s.Key)
	if err != nil {
		return s, err
	}
	s.ID, s.Since = old.ID, old.Since
	if s.Line != old.Line || s.Zone != old.Zone || s.Last != old.Last || !s.At.Equal(old.At) || s.Enabled && !old.Enabled {
		if err := db.addDueRuns(tx, old); err != nil {
			return s, err
		}
		s.Since = db.now()
	}
	if old.Enabled && !s.Enabled {
		if err := skipDue(tx, s.ID); err != nil {
			return s, err
		}
	}
	_, err = tx.Exec(`UPDATE schedules SET line = ?, at = ?, zone = ?, last = ?, catch_up = ?, max_late = ?, since = ?, enabled = ?,
		updated_by = ?, updated_at = ? WHERE id = ?`,
		s.Line, unixOrNull(s.At), s.Zone, s.Last, string(s.CatchUp), int64(s.MaxLate/time.Second), s.Since.Unix(), s.Enabled,
		by.Name, db.now().Unix(), int64(s.ID))
	if err != nil {
		return s, err
	}
	if err := db.auditSchedule(tx, by, s); err != nil {
		return s, err
	}
	return scheduleOf(tx, s.Key)
}

// checkSchedule sees that the schedule can be kept, and fills in the defaults.
func checkSchedule(s *schedule.Schedule) error {
	if s.CatchUp == "" {
		s.CatchUp = schedule.CatchLatest
	}
	switch {
	case s.Key == "":
		return actnow.Invalid("error.schedule_key", "key", "a schedule needs a key")
	case (s.Line == "") == s.At.IsZero():
		return actnow.Invalid("error.schedule_when", "cron", "a schedule needs a cron line or an instant, one of the two")
	case s.MaxLate < 0:
		return actnow.Invalid("error.schedule_late", "max_late", "how late a run may be cannot be negative")
	}
	line := s.Line
	if line == "" {
		line = "* * * * *" // for the zone's sake
	}
	spec, err := schedule.Parse(line, s.Zone, s.Last)
	if err == nil && s.Line != "" {
		s.Line = spec.String()
	}
	return err
}

// insertSchedule adds a schedule unless its key is there.
func (db *DB) insertSchedule(tx *sql.Tx, by actnow.Actor, s schedule.Schedule) (added bool, err error) {
	now := db.now().Unix()
	res, err := tx.Exec(`INSERT INTO schedules (key, line, at, zone, last, catch_up, max_late, since, enabled, updated_by, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,
		s.Key, s.Line, unixOrNull(s.At), s.Zone, s.Last, string(s.CatchUp), int64(s.MaxLate/time.Second), now, s.Enabled, by.Name, now)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return false, err
	}
	return true, db.auditSchedule(tx, by, s)
}

func (db *DB) auditSchedule(tx *sql.Tx, by actnow.Actor, s schedule.Schedule) error {
	return db.audit(tx, by, "schedule.save", "schedule:"+s.Key,
		map[string]any{"line": s.Line, "at": unixOrNull(s.At), "zone": s.Zone, "last": s.Last, "catch_up": s.CatchUp, "enabled": s.Enabled})
}

// NoteScheduleRun notes that a person asked for a run of the schedule.
func (db *DB) NoteScheduleRun(ctx context.Context, by actnow.Actor, key, period string) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		return db.audit(tx, by, "schedule.run", "schedule:"+key, map[string]any{"period": period})
	})
}

func scheduleOf(tx *sql.Tx, key string) (schedule.Schedule, error) {
	s, err := scanSchedule(tx.QueryRow(`SELECT `+scheduleColumns+` FROM schedules s WHERE s.key = ?`, key))
	return s, noRows(err)
}

// addDueRuns records what has fallen due and has no row yet.
func (db *DB) addDueRuns(tx *sql.Tx, s schedule.Schedule) error {
	var last *schedule.Run
	switch run, err := lastRun(tx, s.ID); {
	case err == nil:
		last = &run
	case noRows(err) != actnow.ErrNotFound:
		return err
	}
	runs, err := schedule.DueRuns(s, last, db.now())
	if err != nil {
		return err
	}
	_, err = addRuns(tx, runs)
	return err
}

// EnableSchedule switches a schedule on, counting from now, or off, skipping
// what was due. The error matches actnow.ErrNotFound.
func (db *DB) EnableSchedule(ctx context.Context, by actnow.Actor, key string, on bool) error {
	err := db.write(ctx, func(tx *sql.Tx) error { return db.enableSchedule(tx, by, key, on) })
	if err != nil {
		return fmt.Errorf("enable schedule %s: %w", key, err)
	}
	return nil
}

// enableSchedule is EnableSchedule within a transaction.
func (db *DB) enableSchedule(tx *sql.Tx, by actnow.Actor, key string, on bool) error {
	s, err := scheduleOf(tx, key)
	if err != nil || s.Enabled == on {
		return err
	}
	s.Enabled = on
	_, err = db.saveSchedule(tx, by, s)
	return err
}

// skipDue skips what is due or asks, of a schedule that is switched off.
func skipDue(tx *sql.Tx, id actnow.ScheduleID) error {
	return skipRuns(tx, schedule.SwitchedOff, `schedule_id = ? AND state IN ('due', 'asks')`, int64(id))
}
