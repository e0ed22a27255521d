package scoring_test

import (
	"encoding/csv"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"actnow/scoring"
)

var eval = flag.Bool("eval", false, "measure the development sets; print the figures beside the references")

var only = flag.String("set", "", "measure one development set alone")

// references are figures of common learners without tuning, AUC log loss ECE
// lift, on the same splits.
var references = []struct{ set, figures string }{
	{"xeducation_leads", "logistic .865 .444 .027 2.40, boosting .877 .424 .013 2.45, xgboost .879 .420 .023 2.48"},
	{"online_shoppers", "logistic .744 .392 .039 2.16, boosting .787 .363 .016 2.78, xgboost .798 .358 .012 2.93"},
	{"online_shoppers_time", "logistic .705 .487 .075, boosting .708 .491 .069, xgboost .683 .492 .065"},
	{"maven_pipeline", "all .48 to .50: a coin toss, nothing may be published"},
	{"telco_churn", "logistic .841 .435 .036 2.86, boosting .836 .437 .021 2.83, xgboost .834 .441 .030 2.83"},
	{"econml_attribution", "amount: ridge MAE 3,847 Spearman .85, boosting 3,897 .85, mean 8,372"},
}

func TestEval(t *testing.T) {
	if !*eval {
		t.Skip("run with -eval")
	}
	for _, ref := range references {
		if *only != "" && ref.set != *only {
			continue
		}
		dir := "../../shared/scoring/" + ref.set
		if _, err := os.Stat(dir); err != nil {
			t.Skip("the development sets are not here")
		}
		start := time.Now()
		r, err := scoring.Try(t.Context(), os.DirFS(dir), scoring.TryOptions{Explain: true})
		if err != nil {
			t.Fatalf("%s: %v", ref.set, err)
		}
		took := time.Since(start)
		labels, amounts := outcomes(t, dir)
		var p, y, a, b []float64
		bands := map[string]int{}
		for _, row := range r.Predictions() {
			p, y = append(p, row.Probability), append(y, labels[row.Row])
			a, b = append(a, row.Amount), append(b, amounts[row.Row])
			bands[string(scoring.DefaultEdges.Band(scoring.Points(row.Probability, r.Base)))]++
		}
		m := scoring.Measure(p, y, r.Base)
		fmt.Printf("%-21s AUC %.3f log loss %.3f ECE %.3f lift %.2f slope %.2f | %s, published %t, bands %v, %.1f s\n%21s reference: %s\n",
			ref.set, m.AUC, m.LogLoss, m.ECE, m.Lift, m.Slope, r.Model, r.Published, bands, took.Seconds(), "", ref.figures)
		if r.Validation != nil {
			fmt.Printf("%21s out of the fold: AUC %.3f (%.3f to %.3f) log loss %.3f of %.3f ECE %.3f\n", "",
				r.Validation.AUC, r.Validation.AUCLow, r.Validation.AUCHigh, r.Validation.LogLoss, r.Validation.BaseLoss, r.Validation.ECE)
		}
		if r.Amount != nil {
			mae := 0.0
			for i := range a {
				mae += math.Abs(a[i]-b[i]) / float64(len(a))
			}
			fmt.Printf("%21s amount %s: MAE %.0f Spearman %.3f (out of the fold %.0f, mean %.0f)\n", "", r.Amount.Model, mae, spearman(a, b), r.Amount.MAE, r.Amount.MeanMAE)
		}
	}
}

// TestEvalBacktest walks through the sets in time order.
func TestEvalBacktest(t *testing.T) {
	if !*eval {
		t.Skip("run with -eval")
	}
	for _, set := range []string{"online_shoppers_time", "maven_pipeline"} {
		dir := "../../shared/scoring/" + set
		if _, err := os.Stat(dir); err != nil || *only != "" && set != *only {
			continue
		}
		start := time.Now()
		r, err := scoring.Backtest(t.Context(), os.DirFS(dir), 500, scoring.TryOptions{})
		if err != nil {
			t.Fatalf("%s: %v", set, err)
		}
		m := r.Validation
		fmt.Printf("backtest %s: AUC %.3f log loss %.3f ECE %.3f lift %.2f slope %.2f | %s, published %t, %d refits, %.1f s\n",
			set, m.AUC, m.LogLoss, m.ECE, m.Lift, m.Slope, r.Model, r.Published, r.Refits, time.Since(start).Seconds())
	}
}

func outcomes(t *testing.T, dir string) (labels, amounts map[string]float64) {
	t.Helper()
	f, err := os.Open(dir + "/test_labels.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	labels, amounts = map[string]float64{}, map[string]float64{}
	for _, row := range rows[1:] {
		labels[row[0]], _ = strconv.ParseFloat(row[1], 64)
		if len(row) > 2 {
			amounts[row[0]], _ = strconv.ParseFloat(row[2], 64)
		}
	}
	return labels, amounts
}

func spearman(a, b []float64) float64 {
	ra, rb := ranks(a), ranks(b)
	mean := float64(len(a)-1) / 2
	sab, saa, sbb := 0.0, 0.0, 0.0
	for i := range ra {
		sab += (ra[i] - mean) * (rb[i] - mean)
		saa += (ra[i] - mean) * (ra[i] - mean)
		sbb += (rb[i] - mean) * (rb[i] - mean)
	}
	return sab / math.Sqrt(saa*sbb)
}

func ranks(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case v[a] < v[b]:
			return -1
		case v[a] > v[b]:
			return 1
		}
		return 0
	})
	out := make([]float64, len(v))
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && v[order[to]] == v[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			out[i] = float64(from+to-1) / 2
		}
		from = to
	}
	return out
}
