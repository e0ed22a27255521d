package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"actnow"
	"actnow/reports"
)

// watching is who imports what the watched folder brings.
var watching = actnow.Actor{Name: "watched folder"}

// newWatcher returns the watcher of the folder that the settings name, nil if
// they name none.
func (a *app) newWatcher() *reports.Watcher {
	dir := a.cfg.get("watch-dir")
	if dir == "" {
		return nil
	}
	return &reports.Watcher{
		Dir: dir, Store: a.db, Now: a.now, Log: a.log,
		Import: func(ctx context.Context, name string, r io.Reader) (reports.Result, error) {
			return a.importReport(ctx, name, r, reports.Options{By: watching.Name}, nil)
		},
		Imported: func(ctx context.Context) error { return a.refresh(ctx, watching) },
	}
}

// Watched returns how the watched folder is doing.
func (a *app) Watched() reports.WatchStatus {
	if a.watcher == nil {
		return reports.WatchStatus{Dir: a.cfg.get("watch-dir")}
	}
	return a.watcher.Status()
}

// examineWatch checks the rights to the watched folder.
func (a *app) examineWatch(context.Context) finding {
	dir := a.cfg.get("watch-dir")
	if dir == "" {
		return finding{"watched folder", "ok", "none is watched; --watch-dir names one"}
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return finding{"watched folder", "fail", dir + " is not there: make it"}
	case err != nil:
		return finding{"watched folder", "fail", fmt.Sprintf("%s cannot be read: %v", dir, err)}
	case !info.IsDir():
		return finding{"watched folder", "fail", dir + " is no folder"}
	}
	for _, sub := range []string{".", string(reports.WatchedDone), string(reports.WatchedFailed)} {
		path := dir + "/" + sub
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue // made when it is needed
		case err == nil && sub != "." && !info.IsDir():
			return finding{"watched folder", "fail", path + " is no folder: files cannot be moved there. Rename it"}
		}
		if err := unix.Access(path, unix.R_OK|unix.W_OK|unix.X_OK); err != nil {
			return finding{"watched folder", "fail", fmt.Sprintf("%s: reading and writing is refused (%v): files could not be moved. Give Act Now the right to read and write it", path, err)}
		}
	}
	if problem := a.Watched().Problem; problem != nil {
		return finding{"watched folder", "fail", problem.String()}
	}
	return finding{"watched folder", "ok", dir + " can be read and written"}
}

func newImportWatchedCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "watched", Short: "show the watched folder and what became of its last files", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				files, err := a.db.WatchedFiles(ctx, 50)
				if err != nil {
					return err
				}
				r := reports.NewWatchReport(a.Watched(), files)
				return sh.print(r, func(w io.Writer) {
					if r.Dir == "" {
						fmt.Fprintln(w, "No folder is watched; actnow serve --watch-dir DIR watches one.")
					} else {
						fmt.Fprintf(w, "folder\t%s\n", r.Dir)
					}
					if r.Problem != "" {
						fmt.Fprintf(w, "problem\t%s\n", r.Problem)
					}
					for _, name := range r.Waiting {
						fmt.Fprintf(w, "waits\t%s\n", name)
					}
					for _, f := range r.Files {
						fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.State, f.At.In(a.zone).Format("2006-01-02 15:04"), f.Name, f.Text)
					}
				})
			})
		},
	}
}
