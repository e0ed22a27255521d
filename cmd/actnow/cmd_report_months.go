package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"actnow"
)

func newReportMonthsCommand(sh *shell) *cobra.Command {
	var area actnow.Area
	var from, to string
	cmd := &cobra.Command{
		Use: "months --area AREA", Short: "compare the clusters of an area in two months", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := choice(area, "area", actnow.Areas); err != nil {
				return err
			}
			var months [2]actnow.Month
			for i, m := range []string{from, to} {
				if m == "" {
					continue
				}
				parsed, err := actnow.ParseMonth(m)
				if err != nil {
					return usageError{err}
				}
				months[i] = parsed
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				f, err := a.db.Flows(ctx, actnow.Everything, area, months[0], months[1])
				if err != nil {
					return err
				}
				return sh.print(f, func(w io.Writer) {
					if f.From == "" {
						fmt.Fprintf(w, "There are no two months of %s to compare.\n", area.Name())
						return
					}
					fmt.Fprintf(w, "%s, %s → %s\n", area.Name(), f.From, f.To)
					for _, kind := range actnow.FlowKinds {
						fmt.Fprintf(w, "%s\t%d\n", kind, f.Sum(kind))
					}
					for _, c := range f.Counts {
						fmt.Fprintf(w, "%s\t%s → %s\t%d\n", c.Flow, orDash(string(c.From)), orDash(string(c.To)), c.Customers)
					}
				})
			})
		},
	}
	cmd.Flags().StringVar((*string)(&area), "area", "", fmt.Sprintf("one of %s", oneOf(actnow.Areas)))
	cmd.Flags().StringVar(&from, "from", "", "earlier month, YYYY-MM (default: the one before the later)")
	cmd.Flags().StringVar(&to, "to", "", "later month, YYYY-MM (default: the latest)")
	return cmd
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
