package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/crm"
	"actnow/reports"
)

func newImportCommand(sh *shell) *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "import reports and CRM files"}
	cmd.AddCommand(newImportReportCommand(sh), newImportCRMCommand(sh), newImportUndoCommand(sh), newImportRedoCommand(sh), newImportWatchedCommand(sh), newImportMappingsCommand(sh))
	return cmd
}

func newImportReportCommand(sh *shell) *cobra.Command {
	var month string
	var maps []string
	var opt reports.Options
	cmd := &cobra.Command{
		Use: "report FILE…", Short: "import CloudAscent reports as snapshots of a month", Args: atLeast(1, "FILE…"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if month != "" {
				m, err := actnow.ParseMonth(month)
				if err != nil {
					return usageError{err}
				}
				opt.Month = m
			}
			fields, mapping, err := parseMap(maps)
			if err != nil {
				return err
			}
			opt.By, opt.Map = commandLine.Name, mapping
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				var failed error
				for _, path := range args {
					if err := importFile(ctx, sh, a, path, opt); err != nil {
						failed = errors.Join(failed, naming(path, err))
					}
				}
				if failed == nil && !opt.DryRun && len(fields) > 0 {
					return a.db.MapColumns(ctx, commandLine, fields)
				}
				return failed
			})
		},
	}
	cmd.Flags().StringVar(&month, "month", "", "month of the reports, YYYY-MM (default: that of the latest 25th)")
	cmd.Flags().StringArrayVar(&maps, "map", nil, `what a column means, as "Header=field" or "Header=keep"; remembered for later files`)
	cmd.Flags().BoolVar(&opt.Complete, "complete", false, "the file lists everyone: who is missing is gone")
	cmd.Flags().BoolVar(&opt.DryRun, "dry-run", false, "count only, store nothing")
	return cmd
}

// naming puts the file before what is wrong with it, unless that names it.
func naming(path string, err error) error {
	why := oneLine(err)
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case strings.HasPrefix(why, path):
		return errors.New(why)
	}
	return fmt.Errorf("%s: %s", path, why)
}

func importFile(ctx context.Context, sh *shell, a *app, path string, opt reports.Options) error {
	f, err := sh.files.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	res, err := a.importReport(ctx, filepath.Base(path), f, opt, sh.progress(filepath.Base(path)))
	if err != nil {
		return err
	}
	res.File = path
	return sh.print(res, func(w io.Writer) { printImport(w, res) })
}

func printImport(w io.Writer, res reports.Result) {
	fmt.Fprintf(w, "%s: %s of %s, revision %d\n", res.File, res.Report, res.Month, res.Revision)
	if res.Snapshot != 0 {
		fmt.Fprintf(w, "import\t%d\n", res.Snapshot)
	}
	fmt.Fprintf(w, "rows\t%d\nnew\t%d\nchanged\t%d\nunchanged\t%d\nrejected\t%d\n", res.Rows, res.New, res.Changed, res.Unchanged, len(res.Rejected))
	if res.AlreadyImported {
		fmt.Fprintln(w, "The same file was imported before: nothing changed.")
	}
	for _, r := range res.Rejected {
		fmt.Fprintf(w, "line %d\t%s\n", r.Line, r.Reason)
	}
	for _, c := range res.CohortCandidates {
		fmt.Fprintf(w, "cohort column?\t%s\n", c)
	}
	for _, s := range res.Warnings {
		fmt.Fprintf(w, "note\t%s\n", s)
	}
}

func newImportCRMCommand(sh *shell) *cobra.Command {
	var kind crm.Kind
	var dry bool
	cmd := &cobra.Command{
		Use: "crm --kind KIND FILE", Short: "import accounts, contacts, opportunities, subscriptions or transactions", Args: exactly(1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := choice(kind, "kind", crm.Kinds); err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				f, err := sh.files.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				res, err := a.crm.Import(ctx, crm.FileConnection, kind, filepath.Base(args[0]), f, dry, sh.progress(string(kind)))
				if err != nil {
					return err
				}
				return sh.print(res, func(w io.Writer) {
					fmt.Fprintf(w, "rows\t%d\nnew\t%d\nchanged\t%d\nunchanged\t%d\nrejected\t%d\n", res.Rows, res.New, res.Changed, res.Unchanged, len(res.Rejected))
					for _, r := range res.Rejected {
						fmt.Fprintf(w, "line %d\t%s\n", r.Line, r.Reason)
					}
				})
			})
		},
	}
	cmd.Flags().StringVar((*string)(&kind), "kind", "", fmt.Sprintf("one of %s", oneOf(crm.Kinds)))
	cmd.Flags().BoolVar(&dry, "dry-run", false, "count only, store nothing")
	return cmd
}
