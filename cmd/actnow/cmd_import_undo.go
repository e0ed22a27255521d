package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/reports"
)

func newImportUndoCommand(sh *shell) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "undo ID", Short: "take an import of a report back, as if it had never been", Args: exactly(1, "ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := snapshotID(args[0])
			if err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				var u reports.Undo
				if dry {
					u, err = a.db.PreviewUndo(ctx, id)
				} else {
					u, err = a.undoSnapshot(ctx, commandLine, id, sh.progress("undo"))
				}
				if err != nil {
					return undoRefusal(id, err)
				}
				return sh.print(u, func(w io.Writer) {
					fmt.Fprintf(w, "%s of %s, revision %d\nrows\t%d\ncustomers that go\t%d\ncustomers that mails keep\t%d\n", u.Report, u.Month, u.Revision, u.Rows, u.Customers, u.Kept)
					if u.Becomes > 0 {
						fmt.Fprintf(w, "current again\trevision %d\n", u.Becomes)
					}
					if len(u.Cohorts) > 0 {
						fmt.Fprintf(w, "cohort columns that go\t%s\n", strings.Join(u.Cohorts, ", "))
					}
					if dry {
						fmt.Fprintln(w, "Nothing is changed.")
					} else {
						fmt.Fprintf(w, "It can be brought back: actnow import redo %d. Match and score again: actnow match run, actnow score run.\n", id)
					}
				})
			})
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would change, change nothing")
	return cmd
}

func newImportRedoCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "redo ID", Short: "bring an import back that was taken back", Args: exactly(1, "ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := snapshotID(args[0])
			if err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				res, err := a.db.RedoSnapshot(ctx, commandLine, id, sh.progress("redo"))
				if err != nil {
					return undoRefusal(id, err)
				}
				return sh.print(res, func(w io.Writer) { printImport(w, res) })
			})
		},
	}
}

func snapshotID(text string) (actnow.SnapshotID, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, usageError{fmt.Errorf("%q is no number of an import: the page of reports and the API name them", text)}
	}
	return actnow.SnapshotID(id), nil
}

// undoRefusal is why an import cannot be taken back or brought back.
func undoRefusal(id actnow.SnapshotID, err error) error {
	var state *actnow.StateError
	switch {
	case errors.Is(err, actnow.ErrNotFound):
		return actnow.Invalid("error.no_such", "", "there is no %s %d", "import", int64(id))
	case errors.As(err, &state):
		return fmt.Errorf("import %d: %w", id, state)
	}
	return err
}
