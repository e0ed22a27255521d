package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/reports"
)

// columnLine is a Yes/No column as commands print it. Its JSON is a contract with
// scripts.
type columnLine struct {
	ID      reports.CohortColumnID `json:"id"`
	Report  reports.Kind           `json:"report"`
	Header  string                 `json:"header"`
	State   reports.CohortState    `json:"state"`
	Name    string                 `json:"name"`
	Play    string                 `json:"play"`
	Month   actnow.Month           `json:"month"`
	Members int                    `json:"members"`
}

func newColumnLine(c reports.CohortColumn) columnLine {
	return columnLine{c.ID, c.Report, c.Header, c.State, c.Name, c.Play, c.LastMonth, c.Members}
}

func printColumns(w io.Writer, list []columnLine) {
	fmt.Fprintln(w, "id\tstate\tsay yes\treport\tcolumn\tname\tplay")
	for _, c := range list {
		fmt.Fprintf(w, "%d\t%s\t%d\t%s %s\t%s\t%s\t%s\n", c.ID, c.State, c.Members, c.Report, c.Month, c.Header, c.Name, orDash(c.Play))
	}
}

func newCohortColumnsCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "columns", Short: "list the Yes/No columns of the reports that are, or may be, cohorts", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				all, err := a.db.CohortColumns(ctx, actnow.Everything, "")
				if err != nil {
					return err
				}
				list := []columnLine{}
				for _, c := range all {
					list = append(list, newColumnLine(c))
				}
				return sh.print(list, func(w io.Writer) { printColumns(w, list) })
			})
		},
	}
}

func newCohortConfirmCommand(sh *shell) *cobra.Command {
	var name, play string
	cmd := &cobra.Command{
		Use: "confirm COLUMN", Short: "make a column a cohort, for later files too", Args: exactly(1, "COLUMN"),
		RunE: decideColumn(sh, func(ctx context.Context, a *app, c reports.CohortColumn) error {
			if name == "" {
				name = c.Name
			}
			if play == "" {
				play = c.Play
			}
			return a.db.NameCohortColumn(ctx, actnow.Everything, commandLine, c.ID, name, play)
		}),
	}
	cmd.Flags().StringVar(&name, "name", "", "name of the cohort (default: the one it has, or the column's header)")
	cmd.Flags().StringVar(&play, "play", "", "solution play that it belongs to")
	return cmd
}

func newCohortDismissCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "dismiss COLUMN", Short: "say that a column is no cohort, for later files too", Args: exactly(1, "COLUMN"),
		RunE: decideColumn(sh, func(ctx context.Context, a *app, c reports.CohortColumn) error {
			return a.db.DecideCohortColumn(ctx, commandLine, c.ID, reports.CohortDismissed)
		}),
	}
}

// decideColumn runs a decision about the column that the argument names and
// prints the column.
func decideColumn(sh *shell, decide func(ctx context.Context, a *app, c reports.CohortColumn) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		n, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil || n < 1 {
			return usageError{fmt.Errorf("%q is no number of a column: actnow cohort columns lists them", args[0])}
		}
		id := reports.CohortColumnID(n)
		return withApp(cmd, sh, func(ctx context.Context, a *app) error {
			c, err := a.db.CohortColumn(ctx, actnow.Everything, id)
			if isNotFound(err) {
				return actnow.Invalid("error.no_such", "", "there is no %s %d", "column", n)
			}
			if err == nil {
				err = decide(ctx, a, c)
			}
			if err == nil {
				c, err = a.db.CohortColumn(ctx, actnow.Everything, id)
			}
			if err != nil {
				return err
			}
			line := newColumnLine(c)
			return sh.print(line, func(w io.Writer) { printColumns(w, []columnLine{line}) })
		})
	}
}
