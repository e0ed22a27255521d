package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"actnow"
)

// StartDownloadFile records that a download is being written, as a running job,
// for a reader of the scope and kept for life. The error matches
// actnow.ErrNotFound if the download was deleted.
func (db *DB) StartDownloadFile(ctx context.Context, by actnow.Actor, id actnow.DownloadID, scope actnow.Scope, life time.Duration) (actnow.DownloadFile, error) {
	f := actnow.DownloadFile{Download: id, State: actnow.JobRunning, Scope: scope, By: by.Name}
	may, err := json.Marshal(scope)
	if err != nil {
		return f, err
	}
	err = db.write(ctx, func(tx *sql.Tx) error {
		var name string
		if err := tx.QueryRow(`SELECT name, format FROM downloads WHERE id = ? AND deleted_at IS NULL`, id).Scan(&name, &f.Format); err != nil {
			return noRows(err)
		}
		if f.Job, err = db.startJob(tx, "download", name, by); err != nil {
			return err
		}
		f.MadeAt = db.now()
		f.ExpiresAt = f.MadeAt.Add(life)
		return tx.QueryRow(`INSERT INTO download_files (download_id, job_id, format, scope, expires_at) VALUES (?, ?, ?, ?, ?) RETURNING id`,
			id, f.Job, f.Format, string(may), f.ExpiresAt.Unix()).Scan(&f.ID)
	})
	if err != nil {
		return f, fmt.Errorf("start file of download %d: %w", id, err)
	}
	return f, nil
}

// FinishDownloadFile records what was written. That it is done, its job says.
func (db *DB) FinishDownloadFile(ctx context.Context, by actnow.Actor, f actnow.DownloadFile) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec(`UPDATE download_files SET rows = ?, bytes = ? WHERE id = ?`, f.Rows, f.Bytes, f.ID); err != nil {
			return err
		}
		return db.audit(tx, by, "download.make", downloadKey(f.Download), map[string]any{"file": f.ID, "format": f.Format, "rows": f.Rows, "bytes": f.Bytes})
	})
	if err != nil {
		return fmt.Errorf("finish file %d: %w", f.ID, err)
	}
	return nil
}

// DownloadFiles returns the files of a download, the newest first.
func (db *DB) DownloadFiles(ctx context.Context, id actnow.DownloadID) (list []actnow.DownloadFile, err error) {
	err = db.read(ctx, func(tx *sql.Tx) error {
		list, err = downloadFiles(tx, `f.download_id = ? ORDER BY f.id DESC`, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("files of download %d: %w", id, err)
	}
	return list, nil
}

func downloadFiles(tx *sql.Tx, where string, args ...any) ([]actnow.DownloadFile, error) {
	var list []actnow.DownloadFile
	err := each(tx, `SELECT f.id, f.download_id, f.job_id, j.state, j.message, j.failure, f.format, f.scope, f.rows, f.bytes, j.started_by, j.started_at, f.expires_at
		FROM download_files f JOIN jobs j ON j.id = f.job_id WHERE `+where, args, func(rows *sql.Rows) error {
		var f actnow.DownloadFile
		var scope []byte
		var made, expires int64
		if err := rows.Scan(&f.ID, &f.Download, &f.Job, &f.State, &f.Message, readFailure{&f.Failure}, &f.Format, &scope, &f.Rows, &f.Bytes, &f.By, &made, &expires); err != nil {
			return err
		}
		f.MadeAt, f.ExpiresAt = time.Unix(made, 0).UTC(), time.Unix(expires, 0).UTC()
		list = append(list, f)
		return json.Unmarshal(scope, &list[len(list)-1].Scope)
	})
	return list, err
}

// PruneDownloads forgets files that have expired, and downloads that were deleted
// before the given time, and returns the files that are kept.
func (db *DB) PruneDownloads(ctx context.Context, deletedBefore time.Time) (kept []actnow.DownloadFile, err error) {
	err = db.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec(`DELETE FROM downloads WHERE deleted_at < ?`, deletedBefore.Unix()); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM download_files WHERE expires_at <= ? AND job_id NOT IN (SELECT id FROM jobs WHERE state = 'running')`, db.now().Unix()); err != nil {
			return err
		}
		kept, err = downloadFiles(tx, `1 = 1 ORDER BY f.id`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("prune downloads: %w", err)
	}
	return kept, nil
}
