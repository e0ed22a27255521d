package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"actnow"
)

func newReportDisagreementCommand(sh *shell) *cobra.Command {
	var area actnow.Area
	var month, matrix string
	cmd := &cobra.Command{
		Use: "disagreement --area AREA", Short: "compare what reports say of an area with our own scores and the matrices", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := choice(area, "area", actnow.Areas); err != nil {
				return err
			}
			var m actnow.Month
			if month != "" {
				var err error
				if m, err = actnow.ParseMonth(month); err != nil {
					return usageError{err}
				}
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				if matrix != "" {
					if err := a.chooseMatrix(ctx, matrix); err != nil {
						return err
					}
				}
				d, err := a.db.Disagreement(ctx, actnow.Everything, area, m)
				if err != nil {
					return err
				}
				return sh.print(d, func(w io.Writer) { printDisagreement(w, d) })
			})
		},
	}
	cmd.Flags().StringVar((*string)(&area), "area", "", fmt.Sprintf("one of %v", actnow.Areas))
	cmd.Flags().StringVar(&month, "month", "", "YYYY-MM (default: the latest with scores)")
	cmd.Flags().StringVar(&matrix, "switch-matrix", "", "put this matrix in force first: quadrants or rows")
	return cmd
}

// chooseMatrix puts the newest version of a matrix in force.
func (a *app) chooseMatrix(ctx context.Context, name string) error {
	all, _, err := a.db.Matrices(ctx)
	if err != nil {
		return err
	}
	for _, m := range all { // newest version first
		if m.Name == name {
			return a.db.ChooseMatrix(ctx, commandLine, m.Name, m.Version)
		}
	}
	return actnow.Invalid("error.no_such", "", "there is no %s %s", "matrix", name)
}

func printDisagreement(w io.Writer, d actnow.Disagreement) {
	agree, differ := d.Sums()
	fmt.Fprintf(w, "%s, %s\nagree\t%d\ndiffer\t%d\n", d.Area.Name(), orDash(string(d.Month)), agree, differ)
	if d.RankCorrelation != nil {
		fmt.Fprintf(w, "rank correlation\t%+.2f\n", *d.RankCorrelation)
	}
	for _, p := range d.Pairs {
		fmt.Fprintf(w, "report %s\tours %s\t%d\n", p.Report, p.Ours, p.Customers)
	}
	for _, r := range d.Everywhere {
		state := ""
		if r.Active {
			state = ", in force"
		}
		fmt.Fprintf(w, "matrix %s%s\t%d of %d clusters of all areas contradict it\n", r.Name, state, r.Contradict, r.All)
	}
	if better, ok := d.Better(); ok {
		fmt.Fprintf(w, "The reports bear out %s better: --switch-matrix %s puts it in force.\n", better.Name, better.Name)
	}
}
