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
	cmd.AddCommand(newReportCreateCommand(sh), newReportMonthsCommand(sh), newReportDisagreementCommand(sh))
	return cmd
}

func newReportCreateCommand(sh *shell) *cobra.Command {
	q := actnow.SheetQuery{Language: "en"}
	var columns, out string
	cmd := &cobra.Command{
		Use: "create --source KEY --out FILE", Short: "write a report, or the customers of a cohort, as CSV or XLSX", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !strings.HasPrefix(q.Source, actnow.CohortSource) {
				if err := choice(q.Source, "source", sheetSources()); err != nil {
					return err
				}
			}
			if err := choice(q.Sort, "sort", []string{"", actnow.SheetByRevenue}); err != nil {
				return err
			}
			format, err := reports.FormatOf(out)
			if err != nil {
				return usageError{err}
			}
			for _, c := range strings.Split(columns, ",") {
				if c = strings.TrimSpace(c); c != "" {
					q.Columns = append(q.Columns, c)
				}
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				rows, err := a.writeReport(ctx, sh, out, format, q)
				if err != nil {
					return err
				}
				return sh.print(map[string]any{"file": out, "rows": rows}, func(w io.Writer) { fmt.Fprintf(w, "%s\t%d rows\n", out, rows) })
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Source, "source", "", fmt.Sprintf("one of %v, or cohort:ID", sheetSources()))
	f.StringVar(&columns, "columns", "", "headers to write, parted by commas (default: all of the newest file)")
	f.BoolVar(&q.Added, "added", false, "without --columns: what Act Now knows of each row, too")
	f.StringVar(&q.Where, "where", "", "filter of the customers")
	f.StringVar(&q.Sort, "sort", "", "revenue: by potential revenue, falling (default: as in the file, or by name)")
	f.StringVar(&out, "out", "", "file to write, .csv or .xlsx")
	return cmd
}

// sheetSources are the sources of lists but for the cohorts.
func sheetSources() []string {
	var list []string
	for _, k := range reports.Kinds {
		list = append(list, string(k))
	}
	return append(list, actnow.CustomersSource)
}

func (a *app) writeReport(ctx context.Context, sh *shell, out string, format reports.Format, q actnow.SheetQuery) (rows int, err error) {
	sheet, err := a.db.OpenSheet(ctx, actnow.Everything, q)
	if err != nil {
		return 0, err
	}
	err = sh.create(out, func(w io.Writer) error {
		rows, err = reports.WriteSheet(w, format, sheet)
		return err
	})
	return rows, err
}
