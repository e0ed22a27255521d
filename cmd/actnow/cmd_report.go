package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/reports"
)

func newReportCommand(sh *shell) *cobra.Command {
	cmd := &cobra.Command{Use: "report", Short: "produce reports from what the daemon knows"}
	cmd.AddCommand(newReportCreateCommand(sh))
	return cmd
}

func newReportCreateCommand(sh *shell) *cobra.Command {
	var source reports.Kind
	var columns, where, out string
	cmd := &cobra.Command{
		Use: "create --source KEY --out FILE", Short: "write one of the six reports as CSV or XLSX", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := choice(source, "source", reports.Kinds); err != nil {
				return err
			}
			format, err := reports.FormatOf(out)
			if err != nil {
				return usageError{err}
			}
			var want []string
			for _, c := range strings.Split(columns, ",") {
				if c = strings.TrimSpace(c); c != "" {
					want = append(want, c)
				}
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				rows, err := a.writeReport(ctx, sh, out, format, source, want, where)
				if err != nil {
					return err
				}
				return sh.print(map[string]any{"file": out, "rows": rows}, func(w io.Writer) { fmt.Fprintf(w, "%s\t%d rows\n", out, rows) })
			})
		},
	}
	f := cmd.Flags()
	f.StringVar((*string)(&source), "source", "", fmt.Sprintf("report: one of %v", reports.Kinds))
	f.StringVar(&columns, "columns", "", "headers to write, parted by commas (default: all of the newest file)")
	f.StringVar(&where, "where", "", "filter of the customers")
	f.StringVar(&out, "out", "", "file to write, .csv or .xlsx")
	return cmd
}

func (a *app) writeReport(ctx context.Context, sh *shell, out string, format reports.Format, source reports.Kind, want []string, where string) (rows int, err error) {
	read, err := a.db.OpenReport(ctx, actnow.Everything, source, want, where)
	if err != nil {
		return 0, err
	}
	err = sh.create(out, func(w io.Writer) error {
		rows, err = reports.WriteSheet(w, format, read.Headers, read.Rows)
		return err
	})
	return rows, err
}
