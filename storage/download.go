package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"actnow"
	"actnow/reports"
	"actnow/schedule"
)

// maxDownloadName is how many characters the name of a download has at most.
const maxDownloadName = 100

// SaveDownload keeps a download, a new one if it has no ID, with the schedule by
// which it is made again, and returns its ID. Whose it is stays. The error matches
// actnow.ErrInvalid if its name, format or times cannot be used, and else that of
// OpenSheet within its scope.
func (db *DB) SaveDownload(ctx context.Context, by actnow.Actor, d actnow.Download) (actnow.DownloadID, error) {
	err := db.write(ctx, func(tx *sql.Tx) error {
		if err := db.checkDownload(tx, &d); err != nil {
			return err
		}
		query, err := json.Marshal(d.Query)
		if err != nil {
			return err
		}
		scope, err := json.Marshal(d.Scope)
		if err != nil {
			return err
		}
		action := "download.change"
		if d.ID == 0 {
			action = "download.create"
			err = tx.QueryRow(`INSERT INTO downloads (name, format, query, language, scope, owner_id, created_by, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
				d.Name, d.Format, string(query), d.Query.Language, string(scope), sql.NullInt64{Int64: int64(d.Owner), Valid: d.Owner != 0}, by.Name, db.now().Unix()).Scan(&d.ID)
		} else {
			err = tx.QueryRow(`UPDATE downloads SET name = ?, format = ?, query = ?, language = ?, scope = ? WHERE id = ? AND deleted_at IS NULL RETURNING id`,
				d.Name, d.Format, string(query), d.Query.Language, string(scope), d.ID).Scan(&d.ID)
		}
		if err != nil {
			return noRows(err)
		}
		if err := db.scheduleDownload(tx, by, d); err != nil {
			return err
		}
		return db.audit(tx, by, action, downloadKey(d.ID), map[string]any{"name": d.Name, "format": d.Format, "query": d.Query, "cron": d.Line})
	})
	if err != nil {
		return 0, fmt.Errorf("save download: %w", err)
	}
	return d.ID, nil
}

// downloadKey names a download in the audit and among the schedules.
func downloadKey(id actnow.DownloadID) string { return fmt.Sprintf("download:%d", id) }

// checkDownload sees that a download can be kept, and fills in the defaults.
func (db *DB) checkDownload(tx *sql.Tx, d *actnow.Download) error {
	d.Name = strings.TrimSpace(d.Name)
	if n := utf8.RuneCountInString(d.Name); n == 0 || n > maxDownloadName || !utf8.ValidString(d.Name) || strings.ContainsFunc(d.Name, unicode.IsControl) {
		return actnow.Invalid("error.download_name", "name", "a list needs a name of at most %d characters", maxDownloadName)
	}
	if _, err := reports.FormatOf("." + d.Format); err != nil {
		return err
	}
	if d.Query.Language == "" {
		d.Query.Language = "en"
	}
	if !d.Scope.Export {
		return actnow.ErrForbidden
	}
	l, err := db.layOut(tx, d.Scope, d.Query)
	if err != nil {
		return err
	}
	_, err = l.rows(tx)
	return err
}

// scheduleDownload saves the schedule of a download, or switches off what it had.
func (db *DB) scheduleDownload(tx *sql.Tx, by actnow.Actor, d actnow.Download) error {
	if d.Line == "" {
		return db.stopSchedule(tx, by, downloadKey(d.ID))
	}
	_, err := db.saveSchedule(tx, by, schedule.Schedule{Key: downloadKey(d.ID), Line: d.Line, Zone: d.Zone, CatchUp: schedule.CatchLatest, MaxLate: schedule.MaxLateJob, Enabled: true})
	return err
}

// stopSchedule switches a schedule off, if there is one.
func (db *DB) stopSchedule(tx *sql.Tx, by actnow.Actor, key string) error {
	if err := db.enableSchedule(tx, by, key, false); err != nil && err != actnow.ErrNotFound {
		return err
	}
	return nil
}

// Downloads returns the downloads of a person, those of everybody if of is 0, the
// one that was made last first.
func (db *DB) Downloads(ctx context.Context, of actnow.UserID) ([]actnow.Download, error) {
	list, err := db.downloads(ctx, `(? = 0 OR d.owner_id = ?)`, of, of)
	if err != nil {
		return nil, fmt.Errorf("list downloads: %w", err)
	}
	return list, nil
}

// Download returns a download of a person, of anybody if of is 0. The error
// matches actnow.ErrNotFound.
func (db *DB) Download(ctx context.Context, of actnow.UserID, id actnow.DownloadID) (actnow.Download, error) {
	list, err := db.downloads(ctx, `(? = 0 OR d.owner_id = ?) AND d.id = ?`, of, of, id)
	if err == nil && len(list) == 0 {
		err = actnow.ErrNotFound
	}
	if err != nil {
		return actnow.Download{}, fmt.Errorf("download %d: %w", id, err)
	}
	return list[0], nil
}

func (db *DB) downloads(ctx context.Context, where string, args ...any) ([]actnow.Download, error) {
	var list []actnow.Download
	err := db.read(ctx, func(tx *sql.Tx) error {
		err := each(tx, `SELECT d.id, d.name, d.format, d.query, d.language, d.scope, COALESCE(d.owner_id, 0), d.created_by, d.created_at, COALESCE(s.line, ''), COALESCE(s.zone, '')
			FROM downloads d LEFT JOIN schedules s ON s.key = 'download:' || d.id AND s.enabled = 1
			WHERE d.deleted_at IS NULL AND `+where+` ORDER BY COALESCE((SELECT max(f.id) FROM download_files f WHERE f.download_id = d.id), 0) DESC, d.id DESC`, args,
			func(rows *sql.Rows) error {
				var d actnow.Download
				var query, scope []byte
				var language string
				var at int64
				if err := rows.Scan(&d.ID, &d.Name, &d.Format, &query, &language, &scope, &d.Owner, &d.By, &at, &d.Line, &d.Zone); err != nil {
					return err
				}
				d.CreatedAt = time.Unix(at, 0).UTC()
				err := errors.Join(json.Unmarshal(query, &d.Query), json.Unmarshal(scope, &d.Scope))
				d.Query.Language = language
				list = append(list, d)
				return err
			})
		if err != nil {
			return err
		}
		for i := range list {
			files, err := downloadFiles(tx, `f.download_id = ? ORDER BY f.id DESC LIMIT 1`, list[i].ID)
			if err != nil {
				return err
			}
			if len(files) > 0 {
				list[i].Newest = &files[0]
			}
		}
		return nil
	})
	return list, err
}

// DeleteDownload takes a download of a person, of anybody if of is 0, away with
// its files and its schedule. RestoreDownload brings it back as long as nothing
// was pruned. The error matches actnow.ErrNotFound.
func (db *DB) DeleteDownload(ctx context.Context, by actnow.Actor, of actnow.UserID, id actnow.DownloadID) error {
	return db.removeDownload(ctx, by, of, id, true)
}

// RestoreDownload takes DeleteDownload back. The error matches actnow.ErrNotFound.
func (db *DB) RestoreDownload(ctx context.Context, by actnow.Actor, of actnow.UserID, id actnow.DownloadID) error {
	return db.removeDownload(ctx, by, of, id, false)
}

func (db *DB) removeDownload(ctx context.Context, by actnow.Actor, of actnow.UserID, id actnow.DownloadID, remove bool) error {
	action := "download.restore"
	if remove {
		action = "download.delete"
	}
	err := db.write(ctx, func(tx *sql.Tx) error {
		var scheduled bool // until it was deleted
		err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM schedules s WHERE s.key = 'download:' || d.id AND s.updated_at >= d.deleted_at) FROM downloads d WHERE d.id = ?`, id).Scan(&scheduled)
		if err != nil {
			return noRows(err)
		}
		var name string
		err = tx.QueryRow(`UPDATE downloads SET deleted_at = CASE WHEN ? THEN ? END
			WHERE id = ? AND (? = 0 OR owner_id = ?) AND (deleted_at IS NULL) = ? RETURNING name`, remove, db.now().Unix(), id, of, of, remove).Scan(&name)
		if err != nil {
			return noRows(err)
		}
		if remove {
			err = db.stopSchedule(tx, by, downloadKey(id))
		} else if scheduled {
			err = db.enableSchedule(tx, by, downloadKey(id), true)
		}
		if err != nil {
			return err
		}
		return db.audit(tx, by, action, downloadKey(id), map[string]any{"name": name})
	})
	if err != nil {
		return fmt.Errorf("%s %d: %w", strings.Replace(action, ".", " ", 1), id, err)
	}
	return nil
}
