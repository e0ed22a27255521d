package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"actnow"
)

// reportLine is a report of My reports as commands print it. Its JSON is a
// contract with scripts.
type reportLine struct {
	ID     actnow.DownloadID `json:"id"`
	Name   string            `json:"name"`
	Source string            `json:"source"`
	Where  string            `json:"where,omitempty"`
	Format string            `json:"format"`
	By     string            `json:"by"`
	Cron   string            `json:"cron,omitempty"`
	State  actnow.JobState   `json:"state,omitempty"` // of the newest file
	Why    string            `json:"why,omitempty"`
	Rows   int64             `json:"rows"`
	Bytes  int64             `json:"bytes"`
	MadeAt *time.Time        `json:"made_at,omitempty"`
}

func newReportLine(d actnow.Download) reportLine {
	l := reportLine{ID: d.ID, Name: d.Name, Source: d.Query.Source, Where: d.Query.Where, Format: d.Format, By: d.By, Cron: d.Line}
	if f := d.Newest; f != nil {
		l.State, l.Why, l.Rows, l.Bytes, l.MadeAt = f.State, f.Message, f.Rows, f.Bytes, &f.MadeAt
	}
	return l
}

func reportTable(w io.Writer, list []reportLine) {
	fmt.Fprintln(w, "id\tstate\trows\tbytes\twhose\tcron\tname")
	for _, l := range list {
		fmt.Fprintf(w, "%d\t%s\t%d\t%d\t%s\t%s\t%s\n", l.ID, l.State, l.Rows, l.Bytes, l.By, l.Cron, l.Name)
	}
}

func newReportListCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list the reports that were kept", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				all, err := a.db.Downloads(ctx, 0)
				if err != nil {
					return err
				}
				list := []reportLine{}
				for _, d := range all {
					list = append(list, newReportLine(d))
				}
				return sh.print(list, func(w io.Writer) { reportTable(w, list) })
			})
		},
	}
}

func newReportGetCommand(sh *shell) *cobra.Command {
	var out string
	var again bool
	cmd := &cobra.Command{
		Use: "get ID --out FILE", Short: "take the newest file of a report that was kept", Args: exactly(1, "ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := downloadID(args[0])
			if err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				if again {
					if err := a.makeDownload(ctx, commandLine, id); err != nil {
						return notFound(err, "report", args[0])
					}
				}
				files, err := a.readyFiles(ctx, id)
				if err != nil {
					return notFound(err, "report", args[0])
				}
				if len(files) == 0 {
					return actnow.Invalid("error.download_none", "", "the report %s has no file: write one with --again", args[0])
				}
				f := files[0]
				if out == "" {
					out = fmt.Sprintf("report-%d.%s", id, f.Format)
				}
				in, err := a.OpenDownload(f)
				if err != nil {
					return err
				}
				defer in.Close()
				if err := sh.create(out, func(w io.Writer) error { _, err := io.Copy(w, in); return err }); err != nil {
					return err
				}
				return sh.print(map[string]any{"file": out, "rows": f.Rows, "made_at": f.MadeAt}, func(w io.Writer) { fmt.Fprintf(w, "%s\t%d rows\n", out, f.Rows) })
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file to write (default: report-ID.csv or .xlsx)")
	cmd.Flags().BoolVar(&again, "again", false, "write the file anew first")
	return cmd
}

// readyFiles are the files of a report that can be taken, the newest first.
func (a *app) readyFiles(ctx context.Context, id actnow.DownloadID) ([]actnow.DownloadFile, error) {
	if _, err := a.db.Download(ctx, 0, id); err != nil {
		return nil, err
	}
	all, err := a.db.DownloadFiles(ctx, id)
	var ready []actnow.DownloadFile
	for _, f := range all {
		if f.State == actnow.JobDone {
			ready = append(ready, f)
		}
	}
	return ready, err
}

func newReportDeleteCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "delete ID", Short: "delete a report that was kept, with its files and schedule", Args: exactly(1, "ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := downloadID(args[0])
			if err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				if err := a.db.DeleteDownload(ctx, commandLine, 0, id); err != nil {
					return notFound(err, "report", args[0])
				}
				return sh.print(map[string]any{"id": id, "deleted": true}, func(w io.Writer) { fmt.Fprintf(w, "report %d deleted\n", id) })
			})
		},
	}
}

func newReportColumnsCommand(sh *shell) *cobra.Command {
	var source string
	cmd := &cobra.Command{
		Use: "columns --source KEY", Short: "list the columns that a report of a source can have", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkSource(source); err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				all, err := a.db.SheetColumns(ctx, actnow.Everything, source, "en")
				if err != nil {
					return noSource(err, source)
				}
				type line struct {
					Header string `json:"header"`
					Group  string `json:"group"`
					Added  bool   `json:"added"`
					About  string `json:"about,omitempty"`
				}
				list := []line{}
				for _, c := range all {
					list = append(list, line{c.Header, c.Group, c.Added, c.About})
				}
				return sh.print(list, func(w io.Writer) {
					fmt.Fprintln(w, "group\tcolumn\tabout")
					for _, l := range list {
						fmt.Fprintf(w, "%s\t%s\t%s\n", l.Group, l.Header, l.About)
					}
				})
			})
		},
	}
	cmd.Flags().StringVar(&source, "source", "", fmt.Sprintf("one of %s, or cohort:ID", oneOf(sheetSources())))
	return cmd
}

func downloadID(text string) (actnow.DownloadID, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, usageError{fmt.Errorf("%q is no report's ID: see actnow report list", text)}
	}
	return actnow.DownloadID(n), nil
}
