package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"actnow"
)

func newMatchFunnelCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "funnel", Short: "show how many customers are left from the reports to a mail", Args: exactly(0, ""),
		Long: "Show how many customers of the reports are matched, have a contact and may be mailed, and where the\n" +
			"others are lost. Every customer stands in one end; revenue is what the reports say they may bring.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				f, err := a.db.Funnel(ctx, actnow.Everything)
				if err != nil {
					return err
				}
				return sh.print(f, func(w io.Writer) { printFunnel(w, &f) })
			})
		},
	}
}

func printFunnel(w io.Writer, f *actnow.Funnel) {
	fmt.Fprintf(w, "customers\t%d\nmatched\t%d\nwith a contact\t%d\nmailable\t%d\n", f.Customers, f.Matched, f.WithContact, f.Mailable)
	for _, s := range actnow.MatchStages {
		fmt.Fprintf(w, "by %s\t%d\n", s, f.ByStage[s])
	}
	for _, end := range actnow.FunnelEnds {
		share := f.Ends[end]
		fmt.Fprintf(w, "end %s\t%d", end, share.Customers)
		for _, m := range share.Revenue {
			fmt.Fprintf(w, "\t%d.%02d %s", m.Minor/100, m.Minor%100, m.Currency)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "accounts without customer\t%d\ndecisions\t%d\n", f.Unmatched, f.Decisions)
}
