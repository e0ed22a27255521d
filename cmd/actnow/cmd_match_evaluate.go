package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"actnow/matcher"
)

func newMatchEvaluateCommand(sh *shell) *cobra.Command {
	var customers, accounts, truth string
	var oneToOne bool
	cmd := &cobra.Command{
		Use: "evaluate --customers C.csv --accounts A.csv --truth T.csv", Short: "say how well two CSV files are matched", Args: exactly(0, ""),
		Long: "Match two CSV files, without a data folder, and compare the outcome with the pairs that are known to be true.\n" +
			"Accounts that the file of true pairs does not name belong to nobody.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if truth == "" {
				return usageError{errors.New("--truth is missing")}
			}
			in, err := readSides(sh, customers, accounts)
			if err != nil {
				return err
			}
			pairs, err := readTruth(sh, truth, in)
			if err != nil {
				return err
			}
			index := matcher.New(in.customers, matcher.Options{OneToOne: oneToOne, ReasonsOnly: true})
			matches, err := index.Match(cmd.Context(), in.accounts, nil)
			if err != nil {
				return err
			}
			v := matcher.Evaluate(matches, pairs)
			if v.Arms, err = index.Arms(cmd.Context(), in.accounts, pairs); err != nil {
				return err
			}
			return sh.print(v, func(w io.Writer) { writeEvaluation(w, &v) })
		},
	}
	addSides(cmd, &customers, &accounts)
	cmd.Flags().StringVar(&truth, "truth", "", "CSV of true pairs: customer_id, crm_id, kind, evidence")
	addOneToOne(cmd, &oneToOne)
	return cmd
}

func readTruth(sh *shell, path string, in sides) ([]matcher.TruePair, error) {
	f, err := sh.files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	pairs, err := matcher.ReadTruth(f, in.customers, in.accounts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return pairs, nil
}

func writeEvaluation(w io.Writer, v *matcher.Evaluation) {
	percent := func(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }
	fmt.Fprintf(w, "accounts\t%d\ntrue pairs\t%d\n  provable\t%d\n", v.Accounts, v.Pairs, v.Provable)
	fmt.Fprintf(w, "said from 50 %% on\n  precision\t%s\n  recall\t%s\n  F1\t%s\n  recall of provable pairs\t%s\n",
		percent(v.Precision), percent(v.Recall), percent(v.F1), percent(v.ProvableRecall))
	fmt.Fprintf(w, "best F1\t%s\n  from\t%s on\n", percent(v.BestF1), percent(v.BestThreshold))
	fmt.Fprintf(w, "recall where precision is 99 %%\t%s\n", percent(v.RecallAt99))
	fmt.Fprintf(w, "true customer among those shown\t%s\n", percent(v.ShownRecall))
	fmt.Fprintf(w, "band match\t%d\n  right\t%d\n  precision\t%s\n  recall\t%s\n",
		v.Match.Accounts, v.Match.Right, percent(v.Match.Precision), percent(v.Match.Recall))
	fmt.Fprintf(w, "band review\t%d\n  share of accounts\t%s\n  true customer first\t%d\n  provable pairs not in match\t%d\n  of them held here\t%d\n",
		v.Review.Accounts, percent(v.Review.Share), v.Review.Right, v.Review.Missed, v.Review.Held)
	fmt.Fprintf(w, "expected calibration error\t%.4f\n", v.CalibrationError)

	fmt.Fprint(w, "\nprobability\taccounts\tsaid\tcame true\n")
	for _, b := range v.Calibration {
		if b.Accounts > 0 {
			fmt.Fprintf(w, "%.0f to %.0f %%\t%d\t%s\t%s\n", 100*b.From, 100*b.To, b.Accounts, percent(b.Said), percent(b.True))
		}
	}
	fmt.Fprint(w, "\nproposed by\tcustomers an account\tof true pairs\tno other does\n")
	for _, a := range v.Arms {
		fmt.Fprintf(w, "%s\t%.1f\t%s\t%s\n", a.Name, a.Proposed, percent(a.Recall), percent(a.Alone))
	}
	writeFound(w, "kind", v.ByKind)
	writeFound(w, "evidence", v.ByEvidence)
}

func writeFound(w io.Writer, title string, list []matcher.Found) {
	fmt.Fprintf(w, "\n%s\tpairs\tin match\tin review\tmissed\n", title)
	for _, f := range list {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\n", f.Name, f.Pairs, f.Match, f.Review, f.Missed)
	}
}
