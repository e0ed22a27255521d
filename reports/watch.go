package reports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"actnow"
)

// Watched is what became of a file of the watched folder.
type Watched struct {
	Name      string
	Size      int64
	Modified  time.Time
	State     WatchedState
	Moved     bool // into done or failed; else it still lies in the folder and is left alone until it changes
	Snapshot  actnow.SnapshotID
	Sentences []Notice
	At        time.Time
}

// WatchedState says how an import from the folder ended.
type WatchedState string

// The states, which are also the folders that files are moved to.
const (
	WatchedDone   WatchedState = "done"
	WatchedFailed WatchedState = "failed"
)

// WatchStatus is how the watched folder is doing.
type WatchStatus struct {
	Dir      string    // "" if none is watched
	LookedAt time.Time // zero before the first look
	Waiting  []string  // files that are not yet quiet
	Problem  *Notice   // why the folder cannot be read, nil if it can
}

// WatchStore remembers what became of files.
type WatchStore interface {
	// StuckFiles returns, of the files that could not be moved, the newest of
	// each name.
	StuckFiles(ctx context.Context) ([]Watched, error)
	KeepWatched(ctx context.Context, w Watched) error
}

// Watcher imports the files that appear in a folder. A file is taken once it has
// been quiet from one look to the next, and then moved to done or failed, with a
// text beside it that says what became of it. Sub-folders, links, hidden and
// half-loaded files are left alone. Set the fields before Run is called.
type Watcher struct {
	Dir string
	// Import imports a file. An *actnow.InputError is the file's fault; after any
	// other error it is tried again at the next look.
	Import func(ctx context.Context, name string, r io.Reader) (Result, error)
	// Imported is called after a look that brought something.
	Imported func(ctx context.Context) error
	Store    WatchStore
	Now      func() time.Time
	Log      *slog.Logger
	Tick     <-chan time.Time // when to look; nil is each minute

	mu     sync.Mutex // guards status
	status WatchStatus

	seen  map[string]glimpse // at the look before
	stuck map[string]glimpse // what was tried and could not be moved
}

// glimpse is what is seen of a file without reading it.
type glimpse struct {
	size     int64
	modified int64 // nanoseconds
}

func glimpseOf(info os.FileInfo) glimpse {
	return glimpse{info.Size(), info.ModTime().UnixNano()}
}

// Run looks at once and at each tick, until ctx is cancelled. What goes wrong is
// in the status and in the log; the next look tries again.
func (w *Watcher) Run(ctx context.Context) error {
	tick := w.Tick
	if tick == nil {
		clock := time.NewTicker(time.Minute)
		defer clock.Stop()
		tick = clock.C
	}
	for {
		if err := w.Look(ctx); err != nil && ctx.Err() == nil {
			w.Log.WarnContext(ctx, "watched folder", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick:
		}
	}
}

// Status returns how the folder is doing.
func (w *Watcher) Status() WatchStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.status
	s.Dir = w.Dir
	return s
}

// Look takes the files that are quiet since the look before. It is called by one
// goroutine at a time.
func (w *Watcher) Look(ctx context.Context) error {
	if w.stuck == nil {
		if err := w.remember(ctx); err != nil {
			return fmt.Errorf("look into the watched folder: %w", err)
		}
	}
	status := WatchStatus{LookedAt: w.Now()}
	entries, err := os.ReadDir(w.Dir)
	if err != nil {
		n := NewNotice("watch.unreadable", w.Dir, reason(err))
		status.Problem = &n
	}
	now := map[string]glimpse{}
	var quiet []string
	for _, e := range entries {
		if !e.Type().IsRegular() || leftAlone(w.Dir, e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // gone meanwhile
		}
		g := glimpseOf(info)
		if old, tried := w.stuck[e.Name()]; tried && old == g {
			continue
		}
		now[e.Name()] = g
		if old, before := w.seen[e.Name()]; before && old == g {
			quiet = append(quiet, e.Name())
		} else {
			status.Waiting = append(status.Waiting, e.Name())
		}
	}
	w.seen = now
	w.mu.Lock()
	w.status = status
	w.mu.Unlock()
	return errors.Join(err, w.takeAll(ctx, quiet))
}

func (w *Watcher) remember(ctx context.Context) error {
	list, err := w.Store.StuckFiles(ctx)
	if err != nil {
		return err
	}
	w.stuck = map[string]glimpse{}
	for _, f := range list {
		w.stuck[f.Name] = glimpse{f.Size, f.Modified.UnixNano()}
	}
	return nil
}

func (w *Watcher) takeAll(ctx context.Context, names []string) error {
	var failed error
	brought := false
	for _, name := range names {
		if ctx.Err() != nil {
			break
		}
		imported, err := w.take(ctx, name)
		brought = brought || imported
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("take %s: %w", name, err))
		}
	}
	if brought {
		failed = errors.Join(failed, w.Imported(ctx))
	}
	return failed
}

// take imports one file and moves it. brought is true if it changed something.
func (w *Watcher) take(ctx context.Context, name string) (brought bool, err error) {
	out := Watched{Name: name, State: WatchedDone, At: w.Now()}
	f, info, err := openQuiet(filepath.Join(w.Dir, name))
	switch {
	case errors.Is(err, os.ErrPermission):
		out.State, out.Sentences = WatchedFailed, []Notice{NewNotice("watch.forbidden", name)}
		g := w.seen[name]
		out.Size, out.Modified = g.size, time.Unix(0, g.modified)
		return false, w.settle(ctx, out, nil)
	case err != nil:
		return false, err
	}
	defer f.Close()
	g := glimpseOf(info)
	if g != w.seen[name] {
		return false, nil // written to since this look; the next one tells
	}
	out.Size, out.Modified = g.size, info.ModTime()
	res, err := w.Import(ctx, name, f)
	var input *actnow.InputError
	switch {
	case errors.As(err, &input):
		out.State, out.Sentences = WatchedFailed, []Notice{{Code: input.Code, Args: input.Args}}
	case err != nil:
		return false, err // ours: try again
	case res.AlreadyImported:
		out.Sentences = []Notice{NewNotice("watch.again", res.Report.Name(), string(res.Month), res.Revision)}
	default:
		brought = true
		out.Sentences = append([]Notice{NewNotice("watch.done", res.Report.Name(), string(res.Month), res.Revision,
			res.Rows, res.New, res.Changed, res.Unchanged, len(res.Rejected))}, res.Notices...)
	}
	out.Snapshot = res.Snapshot
	if after, err := os.Lstat(filepath.Join(w.Dir, name)); err != nil || glimpseOf(after) != g {
		return brought, nil // more was written while it was read: it comes again
	}
	return brought, w.settle(ctx, out, res.Rejected)
}

// settle moves the file and remembers what became of it.
func (w *Watcher) settle(ctx context.Context, out Watched, rejected []Rejected) error {
	err := w.move(out, rejected)
	out.Moved = err == nil
	if err != nil {
		out.Sentences = append(out.Sentences, NewNotice("watch.stuck", string(out.State), reason(err)))
		w.stuck[out.Name] = glimpse{out.Size, out.Modified.UnixNano()}
	} else {
		delete(w.stuck, out.Name)
	}
	w.Log.InfoContext(ctx, "watched file", "state", string(out.State), "moved", out.Moved, "import", int64(out.Snapshot))
	return errors.Join(err, w.Store.KeepWatched(context.WithoutCancel(ctx), out))
}
