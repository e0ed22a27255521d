package main

import (
	"cmp"
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
		newMatchRunCommand(sh),
		newMatchFilesCommand(sh),
		newMatchEvaluateCommand(sh),
		&cobra.Command{
			Use: "explain ACCOUNT", Short: "show why an account has its customer", Args: exactly(1, "ACCOUNT"),
			Long: "Show the candidates of an account as the last match run and people's decisions left them, and why.\n" +
				"ACCOUNT is its id in the CRM or, where several sources have the same id, source:id.",
			RunE: func(cmd *cobra.Command, args []string) error {
				return withApp(cmd, sh, func(ctx context.Context, a *app) error {
					m, err := a.db.AccountMatch(ctx, args[0])
					if err != nil {
						return err
					}
					return sh.explain(m)
				})
			},
		},
		newMatchCalibrateCommand(sh),
		newMatchFunnelCommand(sh),
	)
	return cmd
}

func newMatchRunCommand(sh *shell) *cobra.Command {
	var oneToOne bool
	cmd := &cobra.Command{
		Use: "run", Short: "match all accounts", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				if cmd.Flags().Changed("one-to-one") {
					if err := a.db.SaveOneToOne(ctx, commandLine, oneToOne); err != nil {
						return err
					}
				}
				n, err := a.match(ctx, sh.progress("match"))
				if err != nil {
					return err
				}
				return sh.print(n, func(w io.Writer) {
					fmt.Fprintf(w, "accounts\t%d\nmatch\t%d\nreview\t%d\nnone\t%d\n", n.Accounts, n.Match, n.Review, n.None)
					for _, s := range actnow.MatchStages {
						fmt.Fprintf(w, "by %s\t%d\n", s, n.ByStage[s])
					}
				})
			})
		},
	}
	cmd.Flags().BoolVar(&oneToOne, "one-to-one", false, "from now on give each customer one account at most; =false allows several again")
	return cmd
}

// explain prints why an account has its customer.
func (sh *shell) explain(m matcher.Match) error {
	if m.Candidates == nil {
		m.Candidates = []matcher.Candidate{} // a list in JSON, if an empty one
	}
	return sh.print(m, func(w io.Writer) { fmt.Fprint(w, matcher.Explanation(m)) })
}

func newMatchFilesCommand(sh *shell) *cobra.Command {
	var customers, accounts, out, explain string
	var oneToOne bool
	cmd := &cobra.Command{
		Use: "files --customers C.csv --accounts A.csv --out M.csv", Short: "match two CSV files, without a data folder", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" && explain == "" {
				return usageError{errors.New("--out is missing")}
			}
			in, err := readSides(sh, customers, accounts)
			if err != nil {
				return err
			}
			n, explained, err := matchFiles(cmd.Context(), sh, matcher.New(in.customers, matcher.Options{ReasonsOnly: explain == ""}), in.accounts, oneToOne, out, explain)
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
			return sh.explain(explained)
		},
	}
	addSides(cmd, &customers, &accounts)
	cmd.Flags().StringVar(&out, "out", "", "CSV to write: account_id, customer_id, stage, probability, band, reason")
	cmd.Flags().StringVar(&explain, "explain", "", "show why for this account")
	addOneToOne(cmd, &oneToOne)
	return cmd
}

// sides are the two files of a command that wants no data folder.
type sides struct{ customers, accounts []matcher.Record }

// addSides gives a command the flags that name its two files.
func addSides(cmd *cobra.Command, customers, accounts *string) {
	cmd.Flags().StringVar(customers, "customers", "", "CSV of customers: id, name, domain, city, state, postal_code, country, tpid")
	cmd.Flags().StringVar(accounts, "accounts", "", "CSV of accounts: id, name, website, email, city, state, postal_code, country, tpid")
}

func readSides(sh *shell, customers, accounts string) (in sides, err error) {
	switch {
	case customers == "":
		return in, usageError{errors.New("--customers is missing")}
	case accounts == "":
		return in, usageError{errors.New("--accounts is missing")}
	}
	other := make(chan error, 1)
	go func() {
		var err error
		in.accounts, err = readRecords(sh, accounts, matcher.Accounts)
		other <- err
	}()
	in.customers, err = readRecords(sh, customers, matcher.Customers)
	err = cmp.Or(err, <-other)
	return in, err
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
func matchFiles(ctx context.Context, sh *shell, ix *matcher.Index, accounts []matcher.Record, oneToOne bool, out, explain string) (n actnow.MatchCounts, explained matcher.Match, err error) {
	n.ByStage = actnow.NoStages()
	progress, total := sh.progress("match"), int64(len(accounts))
	run := func(to io.Writer) error {
		w := matcher.NewMatchWriter(to)
		write := func(m matcher.Match) error {
			if m.Account == explain {
				explained = m
			}
			countMatch(&n, m)
			progress(int64(n.Accounts), total)
			return w.Write(m)
		}
		if !oneToOne {
			return errors.Join(ix.Each(ctx, accounts, nil, write), w.Flush())
		}
		matches, err := oneAccountEach(ctx, ix, accounts, explain)
		for i := range matches {
			err = errors.Join(err, write(matches[i]))
		}
		return errors.Join(err, w.Flush())
	}
	if out == "" {
		return n, explained, run(io.Discard)
	}
	err = sh.create(out, run)
	return n, explained, err
}

// oneAccountEach matches accounts so that a customer has one at most. What was
// compared is kept for the account explain alone: there may be a million.
func oneAccountEach(ctx context.Context, ix *matcher.Index, accounts []matcher.Record, explain string) ([]matcher.Match, error) {
	var matches []matcher.Match
	err := ix.Each(ctx, accounts, nil, func(m matcher.Match) error {
		for i := range m.Candidates {
			if m.Account != explain {
				m.Candidates[i].Comparisons = nil
			}
		}
		matches = append(matches, m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	matcher.OneToOne(matches)
	return matches, nil
}

// addOneToOne gives a command the flag that a customer has one account at most.
func addOneToOne(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "one-to-one", false, "give each customer one account at most")
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
