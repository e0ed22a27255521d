package matcher

import (
	"cmp"
	"flag"
	"fmt"
	"go/format"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"actnow"
)

var (
	fit  = flag.String("fit", "", "fit anew on the labelled sets: all, or trees alone")
	hold = flag.String("hold", "", "labelled set to leave out of the fit, and to judge it by; writes nothing")
)

// choice is an account with its candidates; right is the true one's place or -1.
type choice struct {
	candidates [][]weighted
	x          []*features // of the finalists, which the trees are fitted to
	held       []bool
	right      int
	weight     float64
	fold       int      // of the true customer, or of the account if it has none
	account    string   // key
	customers  []string // keys of the finalists
}

// eachAccount calls f for each account of a set, ready to be compared.
func eachAccount(set devSet, f func(i int, m *matching, a *entity, s *scratch)) {
	ix := New(set.customers, Options{})
	sorted := sortRecords(set.accounts)
	m := ix.matching(sorted, nil)
	ix.spread(len(sorted), func(_, low, high int) {
		s := ix.newScratch()
		for i := low; i < high; i++ {
			f(i, m, ix.read(sorted[i], s), s)
		}
	})
}

// gather returns the choices of a set among all candidates.
func gather(set devSet, weight float64) []choice {
	out := make([]choice, len(set.accounts))
	eachAccount(set, func(i int, m *matching, a *entity, s *scratch) {
		c := choice{right: -1, weight: weight}
		for j, id := range m.index.candidates(a, nil, s) {
			id := id.id
			var e evidence
			m.weigh(&e, a, &m.index.customers[id], s.sim)
			c.candidates = append(c.candidates, e.terms(m.index.size, nil))
			c.held = append(c.held, e.hold() != "")
			if m.index.customers[id].rec.Key == set.truth[a.rec.Key] {
				c.right = j
			}
		}
		out[i] = c
	})
	return out
}

// gatherField returns the choices of a set among the finalists.
func gatherField(set devSet, weight float64) []choice {
	forestOnce = func() forest { return nil }
	out := make([]choice, len(set.accounts))
	eachAccount(set, func(i int, m *matching, a *entity, s *scratch) {
		c := choice{right: -1, weight: weight, fold: set.foldOf(a.rec.Key), account: a.rec.Key}
		for _, f := range m.finalists(a, accountDecisions{}, s) {
			if f.x == nil {
				continue
			}
			if m.index.customers[f.id].rec.Key == set.truth[a.rec.Key] {
				c.right = len(c.x)
			}
			x := *f.x
			c.x = append(c.x, &x)
			c.held = append(c.held, f.hold != "")
			c.customers = append(c.customers, m.index.customers[f.id].rec.Key)
		}
		out[i] = c
	})
	return out
}

const folds = 3

// foldOf returns the fold of an account: that of its customer, so that all that
// one customer has is in one.
func (set devSet) foldOf(account string) int {
	return int(hashKey(0, cmp.Or(set.owner[account], set.truth[account], account)) >> 32 % folds)
}

// fitted returns weights learnt on the sets, calibrated on each set by the
// weights learnt on the others.
func fitted(t *testing.T, sets [][]choice) [numTerms]float64 {
	t.Helper()
	var all []choice
	var scores [][]float64
	for i := range sets {
		var others []choice
		for j := range sets {
			if j != i {
				others = append(others, sets[j]...)
			}
		}
		w, _ := learn(others)
		all = append(all, sets[i]...)
		scores = append(scores, scoreAll(&w, sets[i])...)
	}
	slope, offset := calibrate(all, scores)
	platt := offset
	offset = cautious(sets, scores, slope, offset)
	for i, first := 0, 0; i < len(sets); i++ {
		n, right := bandMatch(sets[i], scores[first:first+len(sets[i])], slope, offset)
		t.Logf("set %d, left out of the fit: %d of %d in band match are right", i, right, n)
		first += len(sets[i])
	}
	w, loss := learn(all)
	t.Logf("loss %.4f bits an account, slope %.2f, offset %.2f bits (%.2f before caution)", loss, slope, offset, platt)
	for i := range w {
		w[i] *= slope
	}
	w[termPrior] += offset
	return w
}

func TestFit(t *testing.T) {
	if *fit == "" && *hold == "" {
		t.Skip("runs with -fit or -hold")
	}
	var sets [][]choice
	var kept []devSet
	for _, name := range append([]string{spellings}, devSets...) {
		if name == *hold || name == spellings && *hold == "listed_companies_dev" { // made of its names
			continue
		}
		set := loadSet(t, name)
		kept = append(kept, set)
		if *fit == "trees" || name == spellings {
			continue
		}
		c := gather(set, set.weight())
		reach := 0
		for _, x := range c {
			if x.right >= 0 {
				reach++
			}
		}
		t.Logf("%s: %d of %d true pairs are candidates", name, reach, len(set.truth))
		sets = append(sets, c)
	}
	if *fit != "trees" {
		weights = fitted(t, sets)
	}
	grown := fittedForest(t, kept)
	if *hold != "" {
		for _, v := range loadSet(t, *hold).views() {
			v.gather()
			tell(t, "left out: "+v.name, v.judge(func(*choice) forest { return grown }))
		}
		return
	}
	var b strings.Builder
	b.WriteString(weightsHead)
	for k, x := range weights {
		fmt.Fprintf(&b, "\t%d: %.3f, // %s\n", k, x, describe(term(k)))
	}
	b.WriteString("}\n")
	source, err := format.Source([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("weights.go", source, 0o644); err != nil {
		t.Fatal(err)
	}
	b.Reset()
	b.WriteString(treesHead)
	for i := range grown {
		grown[i].write(&b)
	}
	if err := os.WriteFile("data/trees.txt", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// weight is what an account of the set counts: a set counts by the square root
// of its size, so that none rules.
func (set devSet) weight() float64 { return 100 / math.Sqrt(float64(len(set.accounts))) }

// fittedForest returns trees grown on several views of the sets, and logs how
// trees do on the part of each view that they were not grown on.
func fittedForest(t *testing.T, sets []devSet) forest {
	t.Helper()
	var all []choice
	var views []view
	for _, set := range sets {
		for _, v := range set.views() {
			v.gather()
			all = append(all, v.choices...)
			views = append(views, v)
		}
	}
	t.Logf("%d accounts", len(all))
	if *hold == "" {
		var grown [folds]forest
		for fold := range folds {
			grown[fold] = newBooster().grow(slices.DeleteFunc(slices.Clone(all), func(c choice) bool { return c.fold == fold }))
		}
		for _, v := range views {
			tell(t, v.name, v.judge(func(c *choice) forest { return grown[c.fold] }))
		}
	}
	return newBooster().grow(all)
}

// judge returns how the forests do that f returns for each account of a view.
func (v *view) judge(f func(c *choice) forest) Evaluation {
	matches := make([]Match, len(v.choices))
	var wg sync.WaitGroup
	for half := range 2 {
		wg.Go(func() {
			for i := half; i < len(v.choices); i += 2 {
				matches[i] = v.choices[i].match(f(&v.choices[i]))
			}
		})
	}
	wg.Wait()
	return Evaluate(matches, v.pairs)
}

// match returns what comes of an account by the forest.
func (c *choice) match(f forest) Match {
	scores := make([]float64, len(c.x))
	order := make([]int, len(c.x))
	for i, x := range c.x {
		scores[i], order[i] = float64(x[featWeight])+f.bits(x), i
	}
	p, _ := posterior(scores)
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(scores[j], scores[i]) })
	m := Match{Account: c.account, Band: actnow.BandNone}
	for _, i := range order[:min(len(order), maxShown)] {
		if c.held[i] {
			p[i] = held(p[i])
		}
		if p[i] < ShownFrom {
			break
		}
		m.Candidates = append(m.Candidates, Candidate{Customer: c.customers[i], Probability: p[i]})
	}
	if len(m.Candidates) > 0 {
		m.Band = band(m.Candidates[0].Probability)
	}
	return m
}

func tell(t *testing.T, what string, v Evaluation) {
	t.Helper()
	t.Logf("%s: F1 %.4f (best %.4f) precision %.4f recall %.4f, provable %.4f, at 0.99 %.4f, match %d of %d = %.4f, review %.4f holds %d of %d, calibration %.4f",
		what, v.F1, v.BestF1, v.Precision, v.Recall, v.ProvableRecall, v.RecallAt99, v.Match.Right, v.Match.Accounts, v.Match.Precision,
		v.Review.Share, v.Review.Held, v.Review.Missed, v.CalibrationError)
}

const treesHead = `# The trees of forest.go: one a line. An inner node is feature:cut:next, a
# leaf is a weight in bits. TestFit in fit_test.go makes this file.
`

// describe says what a term is, for the file of weights.
func describe(t term) string {
	levels := []string{"equal", "alike", "different"}
	for _, run := range []struct {
		first term
		what  string
		knots []float64
		names []string
	}{
		{termPrior, "start", nil, []string{""}},
		{termDomain, "domain", nil, []string{"of one customer", "of two or three", "of four or more", "by mail", "with another host",
			"of four accounts or more", "with another suffix", "conflict", "conflict by mail"}},
		{termLabel, "label is the other's", nil, []string{"name", "initials", "word", "nothing"}},
		{termName, "share of the names matched", simKnots[:], nil},
		{termNameSameDomain, "share of the names matched, same domain", simKnots[:], nil},
		{termOddAccount, "heaviest odd word of the account", oddKnots[:], nil},
		{termOddCustomer, "heaviest odd word of the customer", oddKnots[:], nil},
		{termOddSameDomain, "heaviest odd word, same domain", oddKnots[:], nil},
		{termRare, "bits matched beyond those of one customer", rareKnots[:], nil},
		{termCompact, "names run together alike", compactKnots[:], nil},
		{termFirstWord, "name:", nil, []string{"first word", "three initials", "four initials or more", "a part only", "other script", "other script, same domain"}},
		{termLegal, "legal form", nil, levels},
		{termCity, "city", nil, levels},
		{termCitySameDomain, "city, same domain", nil, levels},
		{termPostal, "postal code", nil, levels},
		{termStateEqual, "state", nil, []string{"equal", "different"}},
		{termCountryEqual, "country", nil, []string{"equal", "different"}},
		{termCountryGuessEqual, "country by the domain", nil, []string{"equal", "different"}},
		{termTPIDEqual, "TPID", nil, []string{"equal", "different"}},
	} {
		if i := int(t - run.first); i >= 0 && i < len(run.names) {
			return strings.TrimSpace(run.what + " " + run.names[i])
		} else if i >= 0 && i < len(run.knots) {
			return fmt.Sprintf("%s: %g", run.what, run.knots[i])
		}
	}
	return ""
}

const weightsHead = `package matcher

// weights holds the weight of each term in bits, in the order of the terms.
// They maximise the likelihood of the true customer, or of none, among the
// candidates of each account of labelled sets of research organisations,
// listed companies, colleges and restaurants, each set weighed by the square
// root of its size, under a ridge and with more agreement never weighing less;
// they are then scaled so that probabilities hold on a set that was left out
// (Platt, "Probabilistic Outputs for Support Vector Machines", 1999), and so
// that band match of each such set is right in 99 of 100 cases.
// TestFit in fit_test.go makes this file.
var weights = [numTerms]float64{
`
