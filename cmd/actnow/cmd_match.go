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

func newMatchCommand(sh *shell) *cobra.Command {
	cmd := &cobra.Command{Use: "match", Short: "find the customers of the reports in the CRM"}
	cmd.AddCommand(
		&cobra.Command{
			Use: "run", Short: "match all accounts", Args: exactly(0, ""),
			RunE: func(cmd *cobra.Command, _ []string) error {
				return withApp(cmd, sh, func(ctx context.Context, a *app) error {
					n, err := a.match(ctx, sh.progress("match"))
					if err != nil {
						return err
					}
					return sh.print(n, func(w io.Writer) {
						fmt.Fprintf(w, "accounts\t%d\nmatch\t%d\nreview\t%d\nnone\t%d\n", n.Accounts, n.Match, n.Review, n.None)
						for _, s := range []actnow.MatchStage{actnow.StageDomain, actnow.StageName, actnow.StageTPID} {
							fmt.Fprintf(w, "by %s\t%d\n", s, n.ByStage[s])
						}
					})
				})
			},
		},
		newMatchFilesCommand(sh),
		newMatchCalibrateCommand(sh),
	)
	return cmd
}

func newMatchFilesCommand(sh *shell) *cobra.Command {
	var customers, accounts, out, explain string
	cmd := &cobra.Command{
		Use: "files --customers C.csv --accounts A.csv --out M.csv", Short: "match two CSV files, without a data folder", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for flag, value := range map[string]string{"customers": customers, "accounts": accounts, "out": out} {
				if value == "" && !(flag == "out" && explain != "") {
					return usageError{fmt.Errorf("--%s is missing", flag)}
				}
			}
			left, err := readRecords(sh, customers, matcher.Customers)
			if err != nil {
				return err
			}
			right, err := readRecords(sh, accounts, matcher.Accounts)
			if err != nil {
				return err
			}
			matches, err := matcher.New(left, matcher.Options{}).Match(cmd.Context(), right, nil)
			if err != nil {
				return err
			}
			if out != "" {
				if err := writeMatches(sh, out, matches); err != nil {
					return err
				}
			}
			if explain != "" {
				for _, m := range matches {
					if m.Account == explain {
						return sh.print(m, func(w io.Writer) { fmt.Fprintln(w, matcher.Explanation(m)) })
					}
				}
				return actnow.Invalid("error.match_account", "explain", "%s has no account %s", accounts, explain)
			}
			return sh.print(countMatches(matches), func(w io.Writer) {
				n := countMatches(matches)
				fmt.Fprintf(w, "accounts\t%d\nmatch\t%d\nreview\t%d\nnone\t%d\n", n.Accounts, n.Match, n.Review, n.None)
			})
		},
	}
	cmd.Flags().StringVar(&customers, "customers", "", "CSV of customers: id, name, domain, city, state, postal_code, country, tpid")
	cmd.Flags().StringVar(&accounts, "accounts", "", "CSV of accounts: id, name, website, email, city, state, postal_code, country, tpid")
	cmd.Flags().StringVar(&out, "out", "", "CSV to write: account_id, customer_id, stage, probability, band, reason")
	cmd.Flags().StringVar(&explain, "explain", "", "show why for this account")
	return cmd
}

func readRecords(sh *shell, path string, side matcher.Side) ([]matcher.Record, error) {
	f, err := sh.files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := matcher.ReadRecords(f, side)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

func writeMatches(sh *shell, path string, matches []matcher.Match) error {
	f, err := sh.files.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(matcher.WriteMatches(f, matches), f.Close())
}

func countMatches(matches []matcher.Match) actnow.MatchCounts {
	n := actnow.MatchCounts{Accounts: len(matches), ByStage: map[actnow.MatchStage]int{}}
	for _, m := range matches {
		switch m.Band {
		case actnow.BandMatch:
			n.Match++
			n.ByStage[m.Candidates[0].Stage]++
		case actnow.BandReview:
			n.Review++
		default:
			n.None++
		}
	}
	return n
}
