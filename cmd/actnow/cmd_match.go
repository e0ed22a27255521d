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
			index := make(chan *matcher.Index, 1)
			go func() { index <- matcher.New(left, matcher.Options{}) }()
			right, err := readRecords(sh, accounts, matcher.Accounts)
			if err != nil {
				return err
			}
			n, explained, err := matchFiles(cmd.Context(), sh, <-index, right, out, explain)
			switch {
			case err != nil:
				return err
			case explain == "":
				return sh.print(n, func(w io.Writer) {
					fmt.Fprintf(w, "accounts\t%d\nmatch\t%d\nreview\t%d\nnone\t%d\n", n.Accounts, n.Match, n.Review, n.None)
				})
			case explained.Account == "":
				return actnow.Invalid("error.match_account", "explain", "%s has no account %s", accounts, explain)
			}
			return sh.print(explained, func(w io.Writer) { fmt.Fprintln(w, matcher.Explanation(explained)) })
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

// matchFiles matches the accounts, writes the outcome to the file out, unless
// that is "", as it comes, and counts it. It returns the match of the account
// explain, if there is one.
func matchFiles(ctx context.Context, sh *shell, ix *matcher.Index, accounts []matcher.Record, out, explain string) (n actnow.MatchCounts, explained matcher.Match, err error) {
	to := io.Discard
	if out != "" {
		file, openErr := sh.files.Create(out)
		if openErr != nil {
			return n, explained, openErr
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		to = file
	}
	w := matcher.NewMatchWriter(to)
	n.ByStage = map[actnow.MatchStage]int{}
	err = ix.Each(ctx, accounts, nil, func(m matcher.Match) error {
		if m.Account == explain {
			explained = m
		}
		countMatch(&n, m)
		return w.Write(m)
	})
	return n, explained, errors.Join(err, w.Flush())
}

func countMatch(n *actnow.MatchCounts, m matcher.Match) {
	n.Accounts++
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
