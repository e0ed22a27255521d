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
	var month string
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
				d, err := a.db.Disagreement(ctx, actnow.Everything, area, m)
				if err != nil {
					return err
				}
				return sh.print(d, func(w io.Writer) { printDisagreement(w, d) })
			})
		},
	}
	cmd.Flags().StringVar((*string)(&area), "area", "", fmt.Sprintf("one of %s", oneOf(actnow.Areas)))
	cmd.Flags().StringVar(&month, "month", "", "YYYY-MM (default: the latest with scores)")
	return cmd
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
		fmt.Fprintf(w, "The reports bear out %s better: actnow score matrix use %s puts it in force.\n", better.Name, better.Name)
	}
}
