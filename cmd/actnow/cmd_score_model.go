package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/scoring"
)

// areaFlag adds --area to a command; whole ends its help.
func areaFlag(cmd *cobra.Command, area *actnow.Area, whole string) {
	cmd.Flags().StringVar((*string)(area), "area", "", fmt.Sprintf("one solution area of %s%s", oneOf(actnow.Areas), whole))
}

// scoreFlag adds --score to a command.
func scoreFlag(cmd *cobra.Command, target *scoring.Target, whole string) {
	cmd.Flags().StringVar((*string)(target), "score", "", "fit or intent"+whole)
}

func newScoreTrainCommand(sh *shell) *cobra.Command {
	var area actnow.Area
	var target scoring.Target
	cmd := &cobra.Command{
		Use: "train [--area A] [--score fit|intent]", Short: "learn fit and intent from what happened; what is learned waits as a challenger", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			areas, err := chosen(area, "area", actnow.Areas)
			if err != nil {
				return err
			}
			targets, err := chosen(target, "score", scoring.Targets)
			if err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				got, err := a.train(ctx, areas, targets, sh.progress("train"))
				if err != nil {
					return err
				}
				return sh.print(got, func(w io.Writer) { printTraining(w, got) })
			})
		},
	}
	areaFlag(cmd, &area, " (default: all)")
	scoreFlag(cmd, &target, " (default: both)")
	return cmd
}

func printTraining(w io.Writer, got scoring.Training) {
	for _, o := range got.Trials {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d outcomes\n", o.Area, o.Target, o.Outcome, o.Outcomes)
		switch {
		case o.Reason != "":
			fmt.Fprintf(w, "  why\t%s", o.Reason)
			if o.Missing > 0 {
				fmt.Fprintf(w, ", %d are missing", o.Missing)
			}
			fmt.Fprintln(w)
		case o.Validation != nil:
			fmt.Fprintf(w, "  version\t%.12s\n  AUC\t%.3f (%.3f to %.3f)\n  log loss\t%.4f, of the average %.4f\n", o.Model, o.Validation.AUC, o.Validation.AUCLow, o.Validation.AUCHigh,
				o.Validation.LogLoss, o.Validation.BaseLoss)
		}
		if v := o.Verdict; v != nil {
			fmt.Fprintf(w, "  verdict on %.12s\t%s\n", v.Challenger, verdictWords(v))
		}
	}
}

func verdictWords(v *scoring.Verdict) string {
	switch {
	case v.Waits():
		return fmt.Sprintf("waits for %d more outcomes", v.Missing)
	case v.Promote:
		return fmt.Sprintf("promoted: log loss %.4f against %.4f on %d rows since", v.Loss, v.Against, v.Rows)
	case v.Loss < v.Against:
		return fmt.Sprintf("retired: %s did worse than %s by more than chance, though log loss is %.4f against %.4f on %d rows since",
			v.Inverted[0].Higher, v.Inverted[0].Lower, v.Loss, v.Against, v.Rows)
	}
	return fmt.Sprintf("retired: log loss %.4f against %.4f on %d rows since", v.Loss, v.Against, v.Rows)
}

func newScoreModelsCommand(sh *shell) *cobra.Command {
	var area actnow.Area
	cmd := &cobra.Command{
		Use: "models [--area A]", Short: "list what scores each area, and its versions", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := chosen(area, "area", actnow.Areas); err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				all, err := a.modelStatuses(ctx, area)
				if err != nil {
					return err
				}
				out := struct {
					Models []scoring.Status `json:"models"`
				}{all}
				return sh.print(out, func(w io.Writer) {
					for _, s := range all {
						fmt.Fprintf(w, "%s\t%s\t%.64s\n", s.Area, s.Target, s.InForce)
						for _, v := range s.Versions {
							fmt.Fprintf(w, "  %.12s\t%s\t%s, learned %s from %d outcomes\n", v.ID, v.State, v.Kind, v.Day, v.Learned.Outcomes)
						}
						if s.Why != "" {
							fmt.Fprintf(w, "  why\t%s\n", s.Why)
						}
						if s.Wait != nil {
							fmt.Fprintf(w, "  verdict\t%s\n", waitWords(s.Target, *s.Wait))
						}
					}
				})
			})
		},
	}
	areaFlag(cmd, &area, " (default: all)")
	return cmd
}

// waitWords says how far a challenger has come towards its verdict.
func waitWords(target scoring.Target, w scoring.Wait) string {
	if w.Since.IsZero() {
		return "the challenger is asked at the next scoring"
	}
	came := fmt.Sprintf("%d opened", w.Outcomes)
	if target == scoring.Fit {
		came = fmt.Sprintf("%d won and %d lost", w.Outcomes, w.Others)
	}
	when := "no day can be told yet"
	if !w.Expected.IsZero() {
		when = "to be expected at a training from " + w.Expected.Format(time.DateOnly) + " on"
	}
	return fmt.Sprintf("%s; %s since %s, %d are needed", when, came, w.Since.Format(time.DateOnly), w.Needed)
}

// taken is what promote and rollback answer.
type taken struct {
	Version scoring.Version `json:"version"`
	InForce string          `json:"in_force"` // id of what scores now
	Scored  scoring.Summary `json:"scored"`
}

func newScorePromoteCommand(sh *shell) *cobra.Command {
	var anyway bool
	cmd := &cobra.Command{
		Use: "promote ID [--anyway]", Short: "put a version of a model in force and score its area", Args: exactly(1, "the id of a version"),
		Long: "A version of which a band did worse than a lower one, by more than chance, is promoted with --anyway alone.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				v, err := a.promote(ctx, commandLine, args[0], anyway)
				if err != nil {
					return err
				}
				return sh.taken(ctx, a, v, v.Area, v.Target)
			})
		},
	}
	cmd.Flags().BoolVar(&anyway, "anyway", false, "even if a band did worse than a lower one")
	return cmd
}

func newScoreRollbackCommand(sh *shell) *cobra.Command {
	var area actnow.Area
	var target scoring.Target
	cmd := &cobra.Command{
		Use: "rollback --area A --score fit|intent", Short: "go back to the version before, or to the points card", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if area == "" || target == "" {
				return usageError{errors.New("--area and --score are wanted")}
			}
			if err := choice(area, "area", actnow.Areas); err != nil {
				return err
			}
			if err := choice(target, "score", scoring.Targets); err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				v, err := a.rollback(ctx, commandLine, area, target)
				if err != nil {
					return err
				}
				return sh.taken(ctx, a, v, area, target)
			})
		},
	}
	areaFlag(cmd, &area, "")
	scoreFlag(cmd, &target, "")
	return cmd
}

// taken scores the area of a version that was put in force or taken back, and says
// what scores now.
func (sh *shell) taken(ctx context.Context, a *app, v scoring.Version, area actnow.Area, target scoring.Target) error {
	out := taken{Version: v}
	var err error
	if out.Scored, err = a.score(ctx, []actnow.Area{area}, sh.progress("score")); err != nil {
		return err
	}
	all, err := a.modelStatuses(ctx, area)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Target == target {
			out.InForce = s.InForce
		}
	}
	return sh.print(out, func(w io.Writer) {
		fmt.Fprintf(w, "%.12s\t%s\n%s of %s is scored by\t%s\n", v.ID, v.State, target, area, out.InForce)
	})
}
