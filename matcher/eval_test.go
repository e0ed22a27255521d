package matcher

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var eval = flag.Bool("eval", false, "write how well the matcher does on the labelled sets into docs/matching.md")

// setNames are the labelled sets by their public origin.
var setNames = map[string]string{
	"ror_alias_dev":        "Research Organization Registry",
	"listed_companies_dev": "FinanceDatabase, listed companies",
	"us_colleges":          "IPEDS and HIFLD, colleges",
	"fodors_zagats":        "Fodors and Zagats, restaurants",
}

func TestEval(t *testing.T) {
	if !*eval {
		t.Skip("runs with -eval")
	}
	results := make([]Evaluation, len(devSets))
	for i, name := range devSets {
		set := loadSet(t, name)
		index := New(set.customers, Options{})
		matches, err := index.Match(t.Context(), set.accounts, nil)
		if err != nil {
			t.Fatal(err)
		}
		v := Evaluate(matches, set.pairs)
		if v.Arms, err = index.Arms(t.Context(), set.accounts, set.pairs); err != nil {
			t.Fatal(err)
		}
		results[i] = v
		// One slip in a small set is no finding.
		if wrong := float64(v.Match.Accounts - v.Match.Right); wrong > max(1.5, 0.01*float64(v.Match.Accounts)) {
			t.Errorf("%s: %.0f of %d pairs of band match are wrong, want one in a hundred at most", name, wrong, v.Match.Accounts)
		}
	}
	table := figuresTable(results) + armsTable(results) + foundTable("how the names differ", results, func(v *Evaluation) []Found { return v.ByKind }) +
		foundTable("what proves the pair", results, func(v *Evaluation) []Found { return v.ByEvidence })
	t.Log(table)
	writeBetween(t, "../docs/matching.md", "<!-- figures: written by make eval -->\n", "<!-- end of figures -->\n", table)
}

// setTable begins a table with a column for each set and returns what writes its
// rows.
func setTable(b *strings.Builder, results []Evaluation, corner string) (row func(title string, cell func(v *Evaluation) string)) {
	fmt.Fprintf(b, "\n| %s |", corner)
	for _, name := range devSets {
		fmt.Fprintf(b, " %s |", setNames[name])
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(results)) + "\n")
	return func(title string, cell func(v *Evaluation) string) {
		fmt.Fprintf(b, "| %s |", title)
		for i := range results {
			fmt.Fprintf(b, " %s |", cell(&results[i]))
		}
		b.WriteByte('\n')
	}
}

// armsTable returns what each arm proposes of the true pairs, and how many
// customers for an account.
func armsTable(results []Evaluation) string {
	var b strings.Builder
	row := setTable(&b, results, "true pairs proposed by; candidates an account")
	for i := range results[0].Arms {
		row(strings.ReplaceAll(results[0].Arms[i].Name, "_", " "), func(v *Evaluation) string {
			return fmt.Sprintf("%.1f %%; %.1f", 100*v.Arms[i].Recall, v.Arms[i].Proposed)
		})
	}
	return b.String()
}

// figuresTable returns a table of all figures.
func figuresTable(results []Evaluation) string {
	var b strings.Builder
	row := setTable(&b, results, "")
	count := func(title string, n func(v *Evaluation) int) {
		row(title, func(v *Evaluation) string { return fmt.Sprint(n(v)) })
	}
	percent := func(title string, x func(v *Evaluation) float64) {
		row(title, func(v *Evaluation) string { return fmt.Sprintf("%.1f %%", 100*x(v)) })
	}
	count("accounts", func(v *Evaluation) int { return v.Accounts })
	count("true pairs", func(v *Evaluation) int { return v.Pairs })
	count("of them provable", func(v *Evaluation) int { return v.Provable })
	percent("precision, said from 50 % on", func(v *Evaluation) float64 { return v.Precision })
	percent("recall", func(v *Evaluation) float64 { return v.Recall })
	percent("F1", func(v *Evaluation) float64 { return v.F1 })
	percent("recall of provable pairs", func(v *Evaluation) float64 { return v.ProvableRecall })
	percent("best F1", func(v *Evaluation) float64 { return v.BestF1 })
	percent("its threshold", func(v *Evaluation) float64 { return v.BestThreshold })
	percent("recall where precision is still 99 %", func(v *Evaluation) float64 { return v.RecallAt99 })
	percent("true customer among those shown", func(v *Evaluation) float64 { return v.ShownRecall })
	count("**match**, accounts", func(v *Evaluation) int { return v.Match.Accounts })
	percent("precision", func(v *Evaluation) float64 { return v.Match.Precision })
	percent("recall", func(v *Evaluation) float64 { return v.Match.Recall })
	count("**review**, accounts", func(v *Evaluation) int { return v.Review.Accounts })
	percent("share of all accounts", func(v *Evaluation) float64 { return v.Review.Share })
	row("provable pairs it holds, of those match lacks", func(v *Evaluation) string {
		return fmt.Sprintf("%d of %d", v.Review.Held, v.Review.Missed)
	})
	row("expected calibration error", func(v *Evaluation) string { return fmt.Sprintf("%.4f", v.CalibrationError) })
	return b.String()
}

// foundTable returns a table of where the pairs of all sets came out.
func foundTable(title string, results []Evaluation, of func(v *Evaluation) []Found) string {
	var all []Found
	for i := range results {
		for _, f := range of(&results[i]) {
			at := slices.IndexFunc(all, func(a Found) bool { return a.Name == f.Name })
			if at < 0 {
				all, at = append(all, Found{Name: f.Name}), len(all)
			}
			a := &all[at]
			a.Pairs, a.Match, a.Review, a.Missed = a.Pairs+f.Pairs, a.Match+f.Match, a.Review+f.Review, a.Missed+f.Missed
		}
	}
	slices.SortStableFunc(all, func(a, b Found) int { return b.Pairs - a.Pairs })
	var b strings.Builder
	fmt.Fprintf(&b, "\n| %s | pairs | in match | in review | missed |\n|---|---:|---:|---:|---:|\n", title)
	for _, f := range all {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d |\n", strings.ReplaceAll(f.Name, "_", " "), f.Pairs, f.Match, f.Review, f.Missed)
	}
	return b.String()
}

// writeBetween writes text between two marks of a file.
func writeBetween(t *testing.T, path, first, last, text string) {
	t.Helper()
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := bytes.Cut(old, []byte(first))
	_, tail, also := bytes.Cut(rest, []byte(last))
	if !ok || !also {
		t.Fatalf("%s lacks %q or %q", path, first, last)
	}
	if err := os.WriteFile(path, slices.Concat(head, []byte(first+text+"\n"+last), tail), 0o644); err != nil {
		t.Fatal(err)
	}
}
