package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/scoring"
)

func newScoreCheckCommand(sh *shell) *cobra.Command {
	var area actnow.Area
	cmd := &cobra.Command{
		Use: "check [--area A]", Short: "say whether what scores each area still holds", Args: exactly(0, ""),
		Long: "Says how far customers have moved since each model was learned, in what they are and in how they score, and whether each band did better than the one below: " +
			"of the rows that the model had not seen, and of what our scores have said of customers since.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := chosen(area, "area", actnow.Areas); err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				all, err := a.modelStatuses(ctx, area)
				if err != nil {
					return err
				}
				checks, err := scoring.Checks(ctx, a.db, all)
				if err != nil {
					return err
				}
				out := struct {
					Checks []scoring.Check `json:"checks"`
				}{checks}
				return sh.print(out, func(w io.Writer) {
					for _, c := range checks {
						printCheck(w, c)
					}
				})
			})
		},
	}
	areaFlag(cmd, &area, " (default: all)")
	return cmd
}

func printCheck(w io.Writer, c scoring.Check) {
	fmt.Fprintf(w, "%s\t%s\t%.64s\n", c.Area, c.Target, c.InForce)
	if d := c.Drift; d != nil && d.Month != "" {
		if d.Score != nil {
			fmt.Fprintf(w, "  drift of the score in %s\t%.2f\t%s\n", d.Month, d.Score.PSI, cmp.Or(d.Score.Level, "steady"))
		}
		for _, f := range d.Features {
			if f.Level != scoring.DriftNone {
				fmt.Fprintf(w, "  drift of %s\t%.2f\t%s\n", f.Feature, f.PSI, f.Level)
			}
		}
	}
	if c.Promised != nil {
		printPromises(w, "when learned", *c.Promised)
	}
	printPromises(w, "since", c.Since)
}

func printPromises(w io.Writer, when string, t scoring.BandTally) {
	for _, b := range t.Promises {
		fmt.Fprintf(w, "  %s, %s over %s\t%s\n", when, b.Higher, b.Lower, promiseWords(b))
	}
}

func promiseWords(b scoring.BandPromise) string {
	apart := fmt.Sprintf("%+.1f points of 100 (%+.1f to %+.1f)", 100*b.Difference, 100*b.Low, 100*b.High)
	switch b.Verdict {
	case scoring.BandKept:
		return "better: " + apart
	case scoring.BandFlat:
		return "no better: " + apart
	case scoring.BandInverted:
		return "worse: " + apart
	}
	return fmt.Sprintf("too few outcomes, about %d rows are missing", b.Missing)
}
