package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/matcher"
)

func newMatchCalibrateCommand(sh *shell) *cobra.Command {
	var accept, reset bool
	cmd := &cobra.Command{
		Use: "calibrate [--accept | --reset]", Short: "see what a calibration from people's answers would change", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if accept && reset {
				return usageError{errors.New("--accept and --reset exclude each other")}
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				if reset {
					if err := a.db.SaveCalibration(ctx, commandLine, actnow.MatchCalibration{}); err != nil {
						return err
					}
					n, err := a.match(ctx, sh.progress("match"))
					if err != nil {
						return err
					}
					return sh.print(n, func(w io.Writer) {
						fmt.Fprintf(w, "calibration\tas shipped\nmatch\t%d\nreview\t%d\n", n.Match, n.Review)
					})
				}
				r, err := a.refit(ctx, sh.progress("refit"))
				if err != nil {
					return err
				}
				if accept {
					c := actnow.MatchCalibration{Slope: r.Calibration.Slope, Offset: r.Calibration.Offset, Answers: r.Answers}
					if err := a.db.SaveCalibration(ctx, commandLine, c); err != nil {
						return err
					}
					if _, err := a.match(ctx, sh.progress("match")); err != nil {
						return err
					}
				}
				out := struct {
					matcher.Refit
					Accepted bool `json:"accepted"`
				}{r, accept}
				return sh.print(out, func(w io.Writer) { printRefit(w, r, accept) })
			})
		},
	}
	cmd.Flags().BoolVar(&accept, "accept", false, "put it in force and match again")
	cmd.Flags().BoolVar(&reset, "reset", false, "go back to the calibration as shipped and match again")
	return cmd
}

func printRefit(w io.Writer, r matcher.Refit, accepted bool) {
	fmt.Fprintf(w, "answers\t%d\nslope\t%.3f\noffset\t%+.2f bits\nlog loss\t%.4f → %.4f bits\n", r.Answers, r.Calibration.Slope, r.Calibration.Offset, r.Before, r.After)
	if r.Bounded {
		fmt.Fprintln(w, "bounded\tmatching asks for no less evidence than as shipped")
	}
	for _, m := range r.Moves {
		fmt.Fprintf(w, "%s → %s\t%d\n", m.From, m.To, m.Accounts)
	}
	if !accepted {
		fmt.Fprintln(w, "nothing is changed; --accept puts it in force")
	}
}
