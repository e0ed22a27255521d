package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
)

// maxGroup is how many callers share one transaction at most. Measured: above
// 64 callers the fsync is no longer what they wait for.
const maxGroup = 256

// errClosed is the answer to writes after Close.
var errClosed = errors.New("the store is closed")

// work is one caller's part of a transaction.
type work struct {
	fn     func(tx *sql.Tx) error
	attach string // path of a staging file, for a transaction of its own
	done   chan error
}

// committer owns the writing connection. One goroutine takes what callers hand
// in, runs it as savepoints of one transaction, commits, and only then answers.
type committer struct {
	db      *sql.DB
	conn    *sql.Conn
	log     *slog.Logger
	queue   chan work
	waiting atomic.Int64 // callers that have handed in or are about to
	ended   chan struct{}

	mu     sync.RWMutex // held for reading while handing in
	closed bool
}

func newCommitter(db *sql.DB, conn *sql.Conn, log *slog.Logger) *committer {
	c := &committer{db: db, conn: conn, log: log, queue: make(chan work, maxGroup), ended: make(chan struct{})}
	go c.loop()
	return c
}

func (c *committer) do(ctx context.Context, w work) error {
	w.done = make(chan error, 1)
	c.waiting.Add(1)
	defer c.waiting.Add(-1)
	if err := c.hand(ctx, w); err != nil {
		return err
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		// The work may still be committed: the caller learns that it did not
		// wait, not that nothing happened.
		return ctx.Err()
	}
}

func (c *committer) hand(ctx context.Context, w work) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return errClosed
	}
	select {
	case c.queue <- w:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close lets the committer finish what was handed in.
func (c *committer) close() error {
	c.mu.Lock()
	c.closed = true
	close(c.queue)
	c.mu.Unlock()
	<-c.ended
	ctx := context.Background()
	var errs []error
	for _, q := range []string{"PRAGMA optimize", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := c.conn.ExecContext(ctx, q); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, c.conn.Close(), c.db.Close())...)
}

func (c *committer) loop() {
	defer close(c.ended)
	for w := range c.queue {
		if w.attach != "" {
			w.done <- c.alone(w)
			continue
		}
		group, next := c.gather(w)
		c.commit(group)
		if next != nil {
			next.done <- c.alone(*next)
		}
	}
}

// gather takes what else waits, up to maxGroup. It yields once while more
// callers are on their way than have arrived, so that they share the fsync.
// next is work that wants a transaction of its own.
func (c *committer) gather(first work) (group []work, next *work) {
	group = []work{first}
	for yielded := false; len(group) < maxGroup; {
		select {
		case w, ok := <-c.queue:
			switch {
			case !ok:
				return group, nil
			case w.attach != "":
				return group, &w
			}
			group = append(group, w)
		default:
			if yielded || c.waiting.Load() <= int64(len(group)) {
				return group, nil
			}
			yielded = true
			runtime.Gosched()
		}
	}
	return group, nil
}

// commit runs the group in one transaction and answers each.
func (c *committer) commit(group []work) {
	errs := make([]error, len(group))
	err := c.transact(func(tx *sql.Tx) error {
		for i, w := range group {
			var fatal error
			if errs[i], fatal = c.savepoint(tx, w.fn); fatal != nil {
				return fatal
			}
		}
		return nil
	})
	for i, w := range group {
		if err != nil {
			errs[i] = err
		}
		w.done <- errs[i]
	}
}

// savepoint runs fn and undoes it alone if it fails. fatal means that the
// transaction itself is lost.
func (c *committer) savepoint(tx *sql.Tx, fn func(*sql.Tx) error) (err, fatal error) {
	if _, fatal = tx.Exec("SAVEPOINT caller"); fatal != nil {
		return nil, fatal
	}
	if err = c.call(tx, fn); err != nil {
		if _, fatal = tx.Exec("ROLLBACK TO caller"); fatal != nil {
			return nil, fatal
		}
	}
	_, fatal = tx.Exec("RELEASE caller")
	return err, fatal
}

// call turns a panic of one caller's work into that caller's error.
func (c *committer) call(tx *sql.Tx, fn func(*sql.Tx) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			c.log.Error("panic in a write", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic in a write: %v", r)
		}
	}()
	return fn(tx)
}

// alone runs w in a transaction of its own with its staging file attached. References
// are not looked up meanwhile: such work writes many rows for keys that it has just
// found.
func (c *committer) alone(w work) (err error) {
	ctx := context.Background()
	if _, err := c.conn.ExecContext(ctx, "ATTACH DATABASE ? AS stage", w.attach); err != nil {
		return fmt.Errorf("attach stage: %w", err)
	}
	if _, err = c.conn.ExecContext(ctx, stagePragmas+"PRAGMA foreign_keys = OFF"); err == nil {
		err = c.transact(func(tx *sql.Tx) error { return c.call(tx, w.fn) })
	}
	if _, onErr := c.conn.ExecContext(ctx, "PRAGMA foreign_keys = ON"); onErr != nil {
		err = errors.Join(err, fmt.Errorf("look up references again: %w", onErr))
	}
	if _, detachErr := c.conn.ExecContext(ctx, "DETACH DATABASE stage"); detachErr != nil {
		err = errors.Join(err, fmt.Errorf("detach stage: %w", detachErr))
	}
	return err
}

func (c *committer) transact(fn func(tx *sql.Tx) error) error {
	tx, err := c.conn.BeginTx(context.Background(), nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := fn(tx); err != nil {
		if rbErr := tx.Rollback(); rbErr != nil && !strings.Contains(rbErr.Error(), "no transaction") {
			return errors.Join(err, rbErr)
		}
		return err
	}
	if err := tx.Commit(); err != nil {
		tx.Rollback()
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
