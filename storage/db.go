package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"actnow"
)

// Options say where and how to open the store.
type Options struct {
	Dir     string           // the data folder; made if it is not there
	KeyFile string           // 32 bytes for secrets at rest; "" for the default place, see openKey
	Now     func() time.Time // nil for time.Now
	Log     *slog.Logger     // nil for none
}

// DB is the store. It is safe for many goroutines.
type DB struct {
	dir        string
	now        func() time.Time
	log        *slog.Logger
	lock       *os.File
	key        []byte
	readers    *sql.DB
	stages     *sql.DB // where launches are rehearsed
	writer     *committer
	launches   sync.Mutex // held while a launch is written
	rehearsals rehearsals
	imports    chan struct{}  // holds something while an import is published or taken back
	changes    *changeCounter // of what the writer changes
	census     atomic.Pointer[census]
	bands      bandsOfAll
	done       chan struct{} // closed when Close begins
}

// Open opens the store in o.Dir, brings its schema up to date, and takes the
// lock. The error is a *LockedError if another process holds it, and matches
// actnow.ErrInvalid if the folder cannot be used.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, actnow.Invalid("error.data_dir", "data-dir", "the data folder %s cannot be made: %v", o.Dir, err)
	}
	lock, err := takeLock(o.Dir)
	if err != nil {
		return nil, err
	}
	db := &DB{dir: o.Dir, now: o.Now, log: o.Log, lock: lock, imports: make(chan struct{}, 1), done: make(chan struct{})}
	if err := db.open(ctx, o.KeyFile); err != nil {
		db.release()
		return nil, fmt.Errorf("open store in %s: %w", o.Dir, err)
	}
	return db, nil
}

func (db *DB) open(ctx context.Context, keyFile string) error {
	var err error
	if db.key, err = openKey(db.dir, keyFile); err != nil {
		return err
	}
	if err := clearStaging(db.dir); err != nil {
		return err
	}
	w, err := sql.Open(driverName, writerDSN(db.Path()))
	if err != nil {
		return err
	}
	w.SetMaxOpenConns(1)
	if err := migrate(ctx, w, db.now); err != nil {
		w.Close()
		return err
	}
	conn, err := w.Conn(ctx)
	if err != nil {
		w.Close()
		return err
	}
	if db.changes, err = newChangeCounter(conn); err != nil {
		return errors.Join(err, conn.Close(), w.Close())
	}
	db.writer = newCommitter(w, conn, db.log)
	if db.readers, err = sql.Open(driverName, readerDSN(db.Path())); err != nil {
		return err
	}
	n := min(max(runtime.GOMAXPROCS(0), 2), 4)
	db.readers.SetMaxOpenConns(n)
	db.readers.SetMaxIdleConns(n)
	if err := db.readers.PingContext(ctx); err != nil {
		return err
	}
	if db.stages, err = sql.Open(driverName, rehearsalDSN(db.Path())); err != nil {
		return err
	}
	db.stages.SetMaxOpenConns(3)              // a launch, an audience and a message
	db.stages.SetConnMaxIdleTime(time.Minute) // an audience of many fills its memory
	return db.resume(ctx)
}

// Path returns the path of the database file.
func (db *DB) Path() string { return filepath.Join(db.dir, "actnow.db") }

// Dir returns the data folder.
func (db *DB) Dir() string { return db.dir }

// Close waits for the writes that were handed in, folds the log into the
// database file and gives the lock back. Writes after Close fail.
func (db *DB) Close() error {
	close(db.done)
	var errs []error
	if db.writer != nil {
		errs = append(errs, db.writer.close())
	}
	if db.readers != nil {
		errs = append(errs, db.readers.Close())
	}
	if db.stages != nil {
		errs = append(errs, db.stages.Close())
	}
	db.release()
	return errors.Join(errs...)
}

func (db *DB) release() {
	if db.lock != nil {
		db.lock.Close()
		db.lock = nil
	}
}

// write hands fn to the committer and waits until it is durable or has failed.
// fn runs in a savepoint of a shared transaction: an error undoes its work
// alone. ctx ends the waiting, never the transaction; fn must not use the
// network, keep rows open while it writes, or call write.
func (db *DB) write(ctx context.Context, fn func(tx *sql.Tx) error) error {
	return db.writer.do(ctx, work{fn: db.changes.counted(fn)})
}

// publish is write with the staging file of s attached as schema "stage", in a
// transaction of its own.
func (db *DB) publish(ctx context.Context, s *Staging, fn func(tx *sql.Tx) error) error {
	return db.writer.do(ctx, work{fn: db.changes.countedAsAll(fn), attach: s.path})
}

// read runs fn in a read transaction, so that all it reads is of one moment.
func (db *DB) read(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := db.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return fn(tx)
}

// noRows turns sql.ErrNoRows into actnow.ErrNotFound and leaves the rest.
func noRows(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return actnow.ErrNotFound
	}
	return err
}

// Ready reports whether the store can write, by writing. The value changes each
// time: SQLite skips the disk for a row that stays the same.
func (db *DB) Ready(ctx context.Context) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO settings (key, value, updated_at) VALUES ('ready', '1', ?)
			ON CONFLICT (key) DO UPDATE SET value = CAST(settings.value AS INTEGER) + 1 || '', updated_at = excluded.updated_at`, db.now().Unix())
		return err
	})
}
