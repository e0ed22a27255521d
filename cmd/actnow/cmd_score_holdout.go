package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"actnow/scoring"
)

func newScoreHoldOutCommand(sh *shell) *cobra.Command {
	var share float64
	var seed int64
	cmd := &cobra.Command{
		Use: "holdout [--share S] [--seed N]", Short: "leave a random share of Act Now out of campaigns, and say what contact adds", Args: exactly(0, ""),
		Long: "Says who is held out and what came of it. With --share, from 0 to 0.5, sets how large a share of Act Now is held out: each customer is drawn once for each area " +
			"when it comes to Act Now, and stays as it was drawn; 0 ends the hold-out and releases all.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				report, err := a.db.HoldOut(ctx)
				if err != nil {
					return err
				}
				if cmd.Flags().Changed("share") || cmd.Flags().Changed("seed") {
					h := report.HoldOut
					if cmd.Flags().Changed("share") {
						h.Share = share
					}
					if cmd.Flags().Changed("seed") {
						h.Seed = seed
					}
					if err := a.db.SaveHoldOut(ctx, commandLine, h); err != nil {
						return err
					}
					if report, err = a.db.HoldOut(ctx); err != nil {
						return err
					}
				}
				return sh.print(report, func(w io.Writer) { printHoldOut(w, report) })
			})
		},
	}
	cmd.Flags().Float64Var(&share, "share", 0, "share of Act Now to hold out, 0 to 0.5")
	cmd.Flags().Int64Var(&seed, "seed", 0, "another seed draws other customers")
	return cmd
}

func printHoldOut(w io.Writer, r scoring.HoldOutReport) {
	fmt.Fprintf(w, "share\t%g\nseed\t%d\n", r.Share, r.Seed)
	for _, a := range r.Areas {
		printHoldOutResult(w, a)
	}
	printHoldOutResult(w, r.All)
}

func printHoldOutResult(w io.Writer, r scoring.HoldOutResult) {
	name := string(r.Area)
	if r.Area == "" {
		name = "all areas"
	}
	fmt.Fprintf(w, "%s\t%d of %d held out now\n", name, r.HeldNow, r.HeldNow+r.OthersNow)
	printEffect(w, "opened", r.Held.Opened, r.Others.Opened, r, r.Opened)
	printEffect(w, "won", r.Held.Won, r.Others.Won, r, r.Won)
}

func printEffect(w io.Writer, what string, held, others int, r scoring.HoldOutResult, e scoring.HoldOutEffect) {
	fmt.Fprintf(w, "  %s\t%d of %d held out, %d of %d others", what, held, r.Held.Customers, others, r.Others.Customers)
	switch {
	case e.Verdict == scoring.HoldOutMore:
		fmt.Fprintf(w, "\tcontact adds %+.1f points of 100 (%+.1f to %+.1f)\n", 100*e.Difference, 100*e.Low, 100*e.High)
	case e.Verdict == scoring.HoldOutLess:
		fmt.Fprintf(w, "\tcontact harms by %+.1f points of 100 (%+.1f to %+.1f)\n", 100*e.Difference, 100*e.Low, 100*e.High)
	case e.Missing > 0:
		fmt.Fprintf(w, "\ttoo few to say, about %d more held out are needed\n", e.Missing)
	default:
		fmt.Fprintln(w, "\tno difference shows")
	}
}
