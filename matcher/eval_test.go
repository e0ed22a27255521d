package matcher

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"text/tabwriter"

	"actnow"
)

var eval = flag.Bool("eval", false, "print how well the matcher does on the labelled sets")

// figures is how well the matcher did on a set.
type figures struct {
	precision, recall, f1 float64 // of all pairs, deciding at 0.5
	strong                float64 // recall on pairs that something proves
	at99                  float64 // recall where precision is still 0.99
	matches               int     // pairs of band match
	matchPrecision        float64
	matchRecall           float64
	reviews               int
	reviewTrue            int
	candidates            float64 // recall of the candidates shown
}

func measure(set devSet, matches []Match) figures {
	type scored struct {
		p    float64
		good bool
	}
	var all []scored
	var f figures
	var good, said, strong, strongGood, matchGood, shown float64
	for _, m := range matches {
		want, known := set.truth[m.Account]
		if known && !set.weak[m.Account] {
			strong++
		}
		for _, c := range m.Candidates {
			if c.Customer == want {
				shown++
			}
		}
		if len(m.Candidates) == 0 {
			continue
		}
		best := m.Candidates[0]
		right := known && best.Customer == want
		all = append(all, scored{best.Probability, right})
		if best.Probability >= 0.5 {
			said++
			if right {
				good++
				if !set.weak[m.Account] {
					strongGood++
				}
			}
		}
		switch m.Band {
		case actnow.BandMatch:
			f.matches++
			if right {
				matchGood++
			}
		case actnow.BandReview:
			f.reviews++
			if right {
				f.reviewTrue++
			}
		}
	}
	pairs := float64(len(set.truth))
	f.precision, f.recall = good/max(said, 1), good/pairs
	f.f1 = 2 * f.precision * f.recall / max(f.precision+f.recall, 1e-9)
	f.strong = strongGood / max(strong, 1)
	f.matchPrecision, f.matchRecall = matchGood/max(float64(f.matches), 1), matchGood/pairs
	f.candidates = shown / pairs
	slices.SortStableFunc(all, func(a, b scored) int { return cmp.Compare(b.p, a.p) })
	hits := 0.0
	for i, s := range all {
		if s.good {
			hits++
		}
		if last := i+1 == len(all) || all[i+1].p != s.p; last && hits/float64(i+1) >= 0.99 {
			f.at99 = hits / pairs
		}
	}
	return f
}

func TestEval(t *testing.T) {
	if !*eval {
		t.Skip("runs with -eval")
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "set\tpairs\tprecision\trecall\tF1\trecall, proven\trecall at precision 0.99\tmatch\tits precision\tits recall\treview\tof them true\ttrue one shown")
	for _, name := range devSets {
		set := loadSet(t, name)
		matches, err := New(set.customers, Options{}).Match(t.Context(), set.accounts, nil)
		if err != nil {
			t.Fatal(err)
		}
		f := measure(set, matches)
		fmt.Fprintf(w, "%s\t%d\t%.4f\t%.4f\t%.4f\t%.4f\t%.4f\t%d\t%.4f\t%.4f\t%d\t%d\t%.4f\n", name, len(set.truth),
			f.precision, f.recall, f.f1, f.strong, f.at99, f.matches, f.matchPrecision, f.matchRecall, f.reviews, f.reviewTrue, f.candidates)
		// One slip in a small set is no finding.
		if wrong := float64(f.matches) * (1 - f.matchPrecision); wrong > max(1.5, 0.01*float64(f.matches)) {
			t.Errorf("%s: %.0f of %d pairs of band match are wrong, want one in a hundred at most", name, wrong, f.matches)
		}
	}
	w.Flush()
}
