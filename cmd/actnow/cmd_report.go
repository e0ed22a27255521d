package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/reports"
)

func newReportCommand(sh *shell) *cobra.Command {
	cmd := &cobra.Command{Use: "report", Short: "put reports together from what the daemon knows"}
	cmd.AddCommand(newReportCreateCommand(sh), newReportColumnsCommand(sh), newReportListCommand(sh), newReportGetCommand(sh), newReportDeleteCommand(sh),
		newReportMonthsCommand(sh), newReportDisagreementCommand(sh))
	return cmd
}

func newReportCreateCommand(sh *shell) *cobra.Command {
	q := actnow.SheetQuery{Language: "en"}
	var columns, preset, out string
	d := actnow.Download{Scope: actnow.Everything}
	cmd := &cobra.Command{
		Use: "create --source KEY (--out FILE | --name NAME)", Short: "write a report, or the customers of a cohort, as CSV or XLSX", Args: exactly(0, ""),
		Long: "Writes a report to a file, or keeps it under My reports and writes its first file there, with --cron again and again.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (out == "") == (d.Name == "") {
				return usageError{errors.New("one of --out and --name is wanted")}
			}
			if out == "" && d.Format == "" {
				d.Format = string(reports.XLSXFormat)
			}
			if out != "" {
				format, err := reports.FormatOf(out)
				if err != nil {
					return usageError{err}
				}
				if d.Line != "" || d.Format != "" {
					return usageError{errors.New("--cron and --format go with --name")}
				}
				d.Format = string(format)
			}
			if err := choice(d.Format, "format", []string{string(reports.CSVFormat), string(reports.XLSXFormat)}); err != nil {
				return err
			}
			if err := checkSource(q.Source); err != nil {
				return err
			}
			if err := choice(q.Sort, "sort", []string{"", actnow.SheetByRevenue, actnow.SheetByEnd}); err != nil {
				return err
			}
			q.Columns = reports.ParseHeaders(columns)
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				if err := a.choosePreset(ctx, &q, preset); err != nil {
					return noSource(err, q.Source)
				}
				d.Query = q
				if d.Name == "" {
					rows, err := a.writeReport(ctx, sh, out, reports.Format(d.Format), q)
					if err != nil {
						return noSource(err, q.Source)
					}
					return sh.print(map[string]any{"file": out, "rows": rows}, func(w io.Writer) { fmt.Fprintf(w, "%s\t%d rows\n", out, rows) })
				}
				if d.Zone == "" {
					d.Zone = a.zone.String()
				}
				id, err := a.db.SaveDownload(ctx, commandLine, d)
				if err == nil {
					err = a.makeDownload(ctx, commandLine, id)
				}
				if err != nil {
					return noSource(err, q.Source)
				}
				kept, err := a.db.Download(ctx, 0, id)
				if err != nil {
					return err
				}
				return sh.print(newReportLine(kept), func(w io.Writer) { reportTable(w, []reportLine{newReportLine(kept)}) })
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Source, "source", "", fmt.Sprintf("one of %s, or cohort:ID", oneOf(sheetSources())))
	f.StringVar(&columns, "columns", "", `headers to write, parted by commas, one with a comma in "quotation marks" (default: all of the newest file)`)
	f.BoolVar(&q.Added, "added", false, "without --columns: what Act Now knows of each row, too")
	f.StringVar(&preset, "preset", "", fmt.Sprintf("in place of --columns: one of %s", oneOf(reports.Presets)))
	f.StringVar(&q.Where, "where", "", "filter of the customers")
	f.StringVar(&q.Sort, "sort", "", "revenue: the largest first; end: the agreement that ends first (default: as in the file, or by name)")
	f.StringVar(&out, "out", "", "file to write, .csv or .xlsx")
	f.StringVar(&d.Name, "name", "", "keep it under My reports by this name")
	f.StringVar(&d.Format, "format", "", "with --name: csv or xlsx (default xlsx)")
	f.StringVar(&d.Line, "cron", "", `with --name: when its file is written again, such as "0 6 26 * *"`)
	f.StringVar(&d.Zone, "cron-zone", "", "time zone of --cron (default: that of the installation)")
	return cmd
}

// checkSource sees that a source can be one, as far as its words tell.
func checkSource(source string) error {
	if strings.HasPrefix(source, actnow.CohortSource) {
		return nil
	}
	return choice(source, "source", sheetSources())
}

// choosePreset names the columns of a preset in the query, "" for none.
func (a *app) choosePreset(ctx context.Context, q *actnow.SheetQuery, preset string) error {
	switch {
	case preset == "":
		return nil
	case len(q.Columns) > 0 || q.Added:
		return usageError{errors.New("--preset goes without --columns and --added")}
	case !slices.Contains(reports.Presets, reports.Preset(preset)):
		return usageError{fmt.Errorf("preset %q is none of %s", preset, oneOf(reports.Presets))}
	case preset == string(reports.PresetPlain):
		return nil
	case preset == string(reports.PresetAdded):
		q.Added = true
		return nil
	}
	all, err := a.db.SheetColumns(ctx, actnow.Everything, q.Source, q.Language)
	for _, c := range reports.Preset(preset).Choose(all) {
		q.Columns = append(q.Columns, c.Header)
	}
	return err
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

// noSource says which report or cohort is not there.
func noSource(err error, source string) error {
	if id, ok := strings.CutPrefix(source, actnow.CohortSource); ok {
		return notFound(err, "cohort", id)
	}
	return notFound(err, "imported report", source)
}
