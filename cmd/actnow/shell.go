package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"actnow"
)

// shell is where a command runs: its output, its files, and, inside a daemon,
// the app that is running already.
type shell struct {
	stdout, stderr io.Writer
	files          files
	dir            string // the caller's folder, inside a daemon; "" is that of this process
	getenv         func(string) string
	host           *app // the daemon's app, nil outside one
	terminal       bool // stderr is a terminal: progress may be shown
	json           bool // --json
}

// usageError is a mistake in the words of a command: exit code 2.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// patience is how long a command waits while another one has the data folder open, or
// a daemon that does not answer yet.
const patience = 30 * time.Second

// execute runs the command that args name and returns its exit code. Where a daemon has
// the data folder open, it runs there; where another command has, after that.
func execute(ctx context.Context, sh *shell, args []string) int {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); ; {
		root := newRoot(sh)
		root.SetArgs(args)
		root.SetOut(sh.stdout)
		root.SetErr(sh.stderr)
		err := root.ExecuteContext(ctx)
		var away *forwardError
		if !errors.As(err, &away) {
			return sh.ended(ctx, root, args, err)
		}
		code, err := forward(ctx, sh, away.dir, args)
		if !errors.Is(err, errSilent) {
			return cmp.Or(sh.ended(ctx, root, args, err), code)
		}
		if time.Since(began) > patience {
			return sh.ended(ctx, root, args, fmt.Errorf("another process has the data folder %s open and does not answer: stop it, or wait until it has started", away.dir))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return sh.ended(ctx, root, args, ctx.Err())
		}
	}
}

// ended says how a command ended, if not well, and returns its exit code.
func (sh *shell) ended(ctx context.Context, root *cobra.Command, args []string, err error) int {
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled) && ctx.Err() != nil && sh.host != nil:
		err = errors.New("the daemon stopped before the command was done: give it again once the daemon runs")
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		err = errors.New("interrupted before it was done: give the command again")
	case errors.As(err, &usage):
		path := root.CommandPath()
		if c, _, err := root.Find(args); err == nil {
			path = c.CommandPath()
		}
		fmt.Fprintf(sh.stderr, "actnow: %s\nSee: %s --help\n", oneLine(err), path)
		return 2
	}
	fmt.Fprintf(sh.stderr, "actnow: %s\n", oneLine(err))
	return 1
}

// oneLine is the sentence for the person at the terminal: that of an input
// error alone, without what was being done around it.
func oneLine(err error) string {
	var input *actnow.InputError
	if errors.As(err, &input) {
		return strings.ReplaceAll(input.Error(), "\n", " ")
	}
	return strings.ReplaceAll(err.Error(), "\n", " ")
}

// print writes v as one line of JSON with --json, else calls table.
func (sh *shell) print(v any, table func(w io.Writer)) error {
	if sh.json {
		enc := json.NewEncoder(sh.stdout)
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	}
	w := tabwriter.NewWriter(sh.stdout, 0, 4, 2, ' ', 0)
	table(w)
	return w.Flush()
}

// progress returns a function that shows how far work is, on a terminal only.
func (sh *shell) progress(what string) func(done, total int64) {
	if !sh.terminal || sh.json {
		return func(int64, int64) {}
	}
	last := int64(-1)
	return func(done, total int64) {
		if total <= 0 {
			return
		}
		if percent := done * 100 / total; percent != last {
			last = percent
			fmt.Fprintf(sh.stderr, "\r%s %3d %%", what, percent)
			if percent == 100 {
				fmt.Fprintln(sh.stderr)
			}
		}
	}
}

// absolute is the path from the root of one that the caller may have written from
// where it stands, which inside a daemon is another folder than the daemon's.
func (sh *shell) absolute(path string) (string, error) {
	if sh.dir == "" || filepath.IsAbs(path) {
		return filepath.Abs(path)
	}
	return filepath.Join(sh.dir, path), nil
}

// exactly and atLeast check the number of arguments as a usage error.
func exactly(n int, names string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if n == 0 && len(args) > 0 {
			return usageError{fmt.Errorf("%q is too much: %s takes flags alone", args[0], c.CommandPath())}
		}
		if len(args) != n {
			return usageError{fmt.Errorf("%d arguments are given, %d wanted: %s", len(args), n, names)}
		}
		return nil
	}
}

func atLeast(n int, names string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < n {
			return usageError{fmt.Errorf("%d arguments are given, at least %d wanted: %s", len(args), n, names)}
		}
		return nil
	}
}
