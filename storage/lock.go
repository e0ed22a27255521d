package storage

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"actnow"
)

// LockedError says that another process has the data folder open. It matches
// actnow.ErrConflict.
type LockedError struct {
	Dir string
	PID string // of the process that holds it, "" if it did not say
}

func (e *LockedError) Error() string {
	if e.PID == "" {
		return fmt.Sprintf("another process has the data folder %s open", e.Dir)
	}
	return fmt.Sprintf("process %s has the data folder %s open: stop it first, or use another folder", e.PID, e.Dir)
}

// Is reports whether target is actnow.ErrConflict.
func (e *LockedError) Is(target error) bool { return target == actnow.ErrConflict }

// takeLock takes the lock beside the database. The kernel gives it back when the
// process ends, however it ends.
func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "actnow.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		pid, _ := io.ReadAll(io.LimitReader(f, 32))
		f.Close()
		return nil, &LockedError{Dir: dir, PID: strings.TrimSpace(string(pid))}
	case err != nil:
		f.Close()
		return nil, fmt.Errorf("lock %s: %w (network file systems do not lock; use a local disk)", dir, err)
	}
	if err := f.Truncate(0); err == nil {
		fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	return f, nil
}
