package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"actnow"
)

// BackupInfo says what a backup holds.
type BackupInfo struct {
	File      string `json:"file"`
	Bytes     int64  `json:"bytes"`
	Schema    int    `json:"schema"` // number of its newest migration
	Customers int    `json:"customers"`
	Contacts  int    `json:"contacts"`
	Campaigns int    `json:"campaigns"`
	TakenAt   int64  `json:"taken_at"` // unix seconds
}

// Backup writes a copy of the store, as of one moment, to a file that must not
// be there yet, while the daemon goes on, and checks the copy. The key file is
// not part of it.
func (db *DB) Backup(ctx context.Context, file string) (BackupInfo, error) {
	if _, err := os.Stat(file); err == nil {
		return BackupInfo{}, actnow.Invalid("error.backup_exists", "file", "%s is there already: choose another name, a backup is never overwritten", file)
	}
	if st, err := os.Stat(filepath.Dir(file)); err != nil || !st.IsDir() {
		return BackupInfo{}, actnow.Invalid("error.backup_folder", "file", "there is no folder %s: make it first", filepath.Dir(file))
	}
	part := file + ".part"
	os.Remove(part)
	if err := db.SaveSetting(ctx, actnow.System, "backup", map[string]any{"file": filepath.Base(file), "taken_at": db.now().Unix()}); err != nil {
		return BackupInfo{}, err
	}
	// A connection of its own: VACUUM INTO reads only, but query_only refuses it.
	raw, err := sql.Open(driverName, writerDSN(db.Path()))
	if err != nil {
		return BackupInfo{}, err
	}
	defer raw.Close()
	if _, err := raw.ExecContext(ctx, `VACUUM INTO ?`, part); err != nil {
		os.Remove(part)
		return BackupInfo{}, fmt.Errorf("back up to %s: %w", file, err)
	}
	info, err := InspectBackup(ctx, part)
	if err == nil {
		err = errors.Join(syncFile(part), os.Chmod(part, 0o600))
	}
	if err == nil {
		err = os.Rename(part, file)
	}
	if err != nil {
		os.Remove(part)
		return BackupInfo{}, fmt.Errorf("back up to %s: %w", file, err)
	}
	info.File = file
	return info, syncFile(filepath.Dir(file))
}

// InspectBackup checks every page of a backup and says what it holds. The error
// matches actnow.ErrInvalid if it is none.
func InspectBackup(ctx context.Context, file string) (BackupInfo, error) {
	info := BackupInfo{File: file}
	st, err := os.Stat(file)
	if err != nil {
		return info, actnow.Invalid("error.backup_missing", "file", "%s cannot be read: %v", file, err)
	}
	info.Bytes = st.Size()
	raw, err := sql.Open(driverName, "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=ro&immutable=1&"+stagingMark+"=1")
	if err != nil {
		return info, err
	}
	defer raw.Close()
	var check string
	if err := raw.QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&check); err != nil || check != "ok" {
		return info, actnow.Invalid("error.backup_damaged", "file", "%s is no sound backup of Act Now (%s)", file, firstOf(check, fmt.Sprint(err)))
	}
	err = raw.QueryRowContext(ctx, `SELECT (SELECT max(number) FROM migrations), (SELECT count(*) FROM customers),
		(SELECT count(*) FROM contacts), (SELECT count(*) FROM campaigns),
		COALESCE((SELECT updated_at FROM settings WHERE key = 'backup'), 0)`).
		Scan(&info.Schema, &info.Customers, &info.Contacts, &info.Campaigns, &info.TakenAt)
	if err != nil {
		return info, actnow.Invalid("error.backup_damaged", "file", "%s is no sound backup of Act Now (%s)", file, err.Error())
	}
	return info, nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Restore puts a backup in the place of the store in dir, which must not be
// open. What was there is kept beside it, under the name that is returned.
// Campaigns that were sending are paused: what was sent after the backup was
// taken is not in it, and a person has to look before anything goes out again.
func Restore(ctx context.Context, dir, file string, now time.Time) (BackupInfo, string, error) {
	info, err := InspectBackup(ctx, file)
	if err != nil {
		return info, "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return info, "", err
	}
	lock, err := takeLock(dir)
	if err != nil {
		return info, "", err
	}
	defer lock.Close()
	live := filepath.Join(dir, "actnow.db")
	part := live + ".restore"
	if err := copyFile(file, part); err != nil {
		return info, "", fmt.Errorf("restore %s: %w", file, err)
	}
	if err := pauseSending(ctx, part, now); err != nil {
		os.Remove(part)
		return info, "", fmt.Errorf("restore %s: %w", file, err)
	}
	kept := ""
	if _, err := os.Stat(live); err == nil {
		kept = fmt.Sprintf("%s.before-restore-%s", live, now.UTC().Format("20060102T150405"))
		for _, suffix := range []string{"-wal", "-shm", ""} { // the log first: without its file it means nothing
			if err := os.Rename(live+suffix, kept+suffix); err != nil && !os.IsNotExist(err) {
				return info, kept, fmt.Errorf("keep what was there: %w", err)
			}
		}
	}
	if err := os.Rename(part, live); err != nil {
		return info, kept, fmt.Errorf("restore %s: %w", file, err)
	}
	return info, kept, syncFile(dir)
}

func pauseSending(ctx context.Context, path string, now time.Time) error {
	raw, err := sql.Open(driverName, writerDSN(path))
	if err != nil {
		return err
	}
	raw.SetMaxOpenConns(1)
	_, err = raw.ExecContext(ctx, `
		UPDATE campaigns SET state = 'paused', why = 'restored' WHERE state = 'sending';
		INSERT INTO audit (at, actor, action, object, detail) VALUES (?, 'command line', 'store.restore', 'store', '{}');
		PRAGMA wal_checkpoint(TRUNCATE)`, now.Unix())
	return errors.Join(err, raw.Close())
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Sync(), dst.Close())
}

// syncFile makes a file, or the entries of a folder, durable.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Check looks for damage in the store, quickly: indexes are not compared with
// their tables, as InspectBackup does.
func (db *DB) Check(ctx context.Context) error {
	var check string
	if err := db.readers.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&check); err != nil {
		return err
	}
	if check != "ok" {
		return errors.New(check)
	}
	return nil
}
