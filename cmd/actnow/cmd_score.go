package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/scoring"
)

func newScoreCommand(sh *shell) *cobra.Command {
	cmd := &cobra.Command{Use: "score", Short: "score customers, or try the scoring on files"}
	cmd.AddCommand(newScoreRunCommand(sh), newScoreTrainCommand(sh), newScoreModelsCommand(sh), newScoreCheckCommand(sh), newScorePromoteCommand(sh), newScoreRollbackCommand(sh),
		newScoreRevenueCommand(sh), newScoreMatrixCommand(sh), newScoreHoldOutCommand(sh), newScoreTryCommand(sh), newScoreBacktestCommand(sh))
	return cmd
}

func newScoreRunCommand(sh *shell) *cobra.Command {
	var area actnow.Area
	cmd := &cobra.Command{
		Use: "run", Short: "give every customer fit and intent", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			areas, err := chosen(area, "area", actnow.Areas)
			if err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				sum, err := a.score(ctx, areas, sh.progress("score"))
				if err != nil {
					return err
				}
				return sh.print(sum, func(w io.Writer) {
					for _, s := range sum.Areas {
						fmt.Fprintf(w, "%s\t%d customers\t%s\n", s.Area, s.Customers, s.Model)
						without := s.Customers
						for _, c := range actnow.Clusters {
							fmt.Fprintf(w, "  %s\t%d\n", c, s.ByCluster[c])
							without -= s.ByCluster[c]
						}
						if without > 0 {
							fmt.Fprintf(w, "  none\t%d\tfit or intent is not known\n", without)
						}
					}
				})
			})
		},
	}
	areaFlag(cmd, &area, " (default: all)")
	return cmd
}

func newScoreTryCommand(sh *shell) *cobra.Command {
	var data, out, explain string
	cmd := &cobra.Command{
		Use: "try --data DIR --out P.csv", Short: "learn from a folder's train.csv and predict its test.csv", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if data == "" || out == "" {
				return usageError{errors.New("--data and --out are wanted")}
			}
			tree, err := sh.files.Tree(data)
			if err != nil {
				return err
			}
			rep, err := scoring.Try(cmd.Context(), tree, scoring.TryOptions{Explain: explain != ""})
			if err != nil {
				return err
			}
			return writeReport(sh, rep, out, explain)
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "folder with schema.json, train.csv and test.csv")
	cmd.Flags().StringVar(&out, "out", "", "CSV to write: row_id, probability, score, band and, where there is money, amount")
	cmd.Flags().StringVar(&explain, "explain", "", "JSON lines to write: the parts of each row's log-odds")
	return cmd
}

func newScoreBacktestCommand(sh *shell) *cobra.Command {
	var data, out string
	var every int
	cmd := &cobra.Command{
		Use: "backtest --data DIR --every ROWS --out P.csv", Short: "refit before each block of rows in time order, on the past only", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if data == "" || out == "" || every <= 0 {
				return usageError{errors.New("--data, --out and --every are wanted")}
			}
			tree, err := sh.files.Tree(data)
			if err != nil {
				return err
			}
			rep, err := scoring.Backtest(cmd.Context(), tree, every, scoring.TryOptions{})
			if err != nil {
				return err
			}
			return writeReport(sh, rep, out, "")
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "folder with schema.json, train.csv and test.csv")
	cmd.Flags().StringVar(&out, "out", "", "CSV to write")
	cmd.Flags().IntVar(&every, "every", 0, "rows in a block")
	return cmd
}

func writeReport(sh *shell, rep scoring.Report, out, explain string) error {
	if err := sh.create(out, rep.WritePredictions); err != nil {
		return err
	}
	if explain != "" {
		if err := sh.create(explain, rep.WriteParts); err != nil {
			return err
		}
	}
	return sh.print(rep, func(w io.Writer) {
		fmt.Fprintf(w, "model\t%s\npublished\t%v\nrows learned from\t%d\nrows predicted\t%d\n", rep.Model, rep.Published, rep.Train, rep.Predicted)
		if rep.Reason != "" {
			fmt.Fprintf(w, "why not\t%s\n", rep.Reason)
		}
		var unread []string
		for f := range rep.Unread {
			unread = append(unread, f)
		}
		sort.Strings(unread)
		for _, f := range unread {
			fmt.Fprintf(w, "cells of %s that are no number\t%d\n", f, rep.Unread[f])
		}
	})
}
