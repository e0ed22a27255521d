package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/scoring"
)

func newScoreRevenueCommand(sh *shell) *cobra.Command {
	var area actnow.Area
	cmd := &cobra.Command{
		Use: "revenue [--area A]", Short: "estimate what every customer could still buy, and say how well that is known", Args: exactly(0, ""),
		Long: "Estimates the potential revenue of every customer a year, as whitespace or upsell: from what customers like it pay, or from list prices where fewer than ten do. " +
			"Coverage is the share of customers, each foretold from others, whose amount lay in its range; .8 is promised.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			areas, err := chosen(area, "area", actnow.Areas)
			if err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				sum, err := a.revenue(ctx, areas, sh.progress("revenue"))
				if err != nil {
					return err
				}
				return sh.print(sum, func(w io.Writer) { printRevenue(w, sum) })
			})
		},
	}
	areaFlag(cmd, &area, " (default: all)")
	return cmd
}

func printRevenue(w io.Writer, sum scoring.RevenueSummary) {
	for _, a := range sum.Areas {
		fmt.Fprintf(w, "%s\t%d whitespace\t%d upsell\n", a.Area, a.Whitespace, a.Upsell)
		fmt.Fprintf(w, "  from peers\t%d\n  from list prices of %s\t%d\n  no estimate\t%d\n", a.ByBasis[actnow.BasisPeers], sum.Prices, a.ByBasis[actnow.BasisList], a.None)
		for _, d := range a.Demands {
			fmt.Fprintf(w, "  %s\t%d pay\t%s", d.Currency, d.Peers, d.Model)
			if d.Coverage != nil {
				fmt.Fprintf(w, "\tcoverage %.3f of %d\tbelow the median %.3f\texpected per paid %.2f", *d.Coverage, d.Judged, *d.Below, *d.Total)
			}
			fmt.Fprintln(w)
		}
	}
}
