package matcher

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
)

var (
	fit  = flag.Bool("fit", false, "fit weights.go anew on the labelled sets")
	hold = flag.String("hold", "", "labelled set to leave out of the fit, and to judge it by; writes nothing")
)

// choice is an account with its candidates; right is the true one's place or -1.
type choice struct {
	candidates [][]weighted
	held       []bool
	right      int
	weight     float64
}

// gather returns the choices of a set.
func gather(t testing.TB, set devSet, weight float64) []choice {
	t.Helper()
	ix := New(set.customers, Options{})
	sorted := sortRecords(set.accounts)
	m := &matching{index: ix, accountsAt: make(map[string]int)}
	accounts := make([]entity, len(sorted))
	for i, r := range sorted {
		accounts[i] = readEntity(r)
		accounts[i].weighTokens(ix.tokenCount, len(ix.customers))
		for _, k := range accounts[i].domainKeys() {
			m.accountsAt[k]++
		}
	}
	out := make([]choice, len(sorted))
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			s := ix.newScratch()
			for i := w; i < len(accounts); i += 2 {
				c := choice{right: -1, weight: weight}
				for j, id := range ix.candidates(&accounts[i], s) {
					e := m.weigh(&accounts[i], &ix.customers[id], closeSim)
					c.candidates = append(c.candidates, e.terms(len(ix.customers), nil))
					c.held = append(c.held, e.hold() != "")
					if ix.customers[id].rec.Key == set.truth[sorted[i].Key] {
						c.right = j
					}
				}
				out[i] = c
			}
		})
	}
	wg.Wait()
	return out
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
	if !*fit && *hold == "" {
		t.Skip("runs with -fit or -hold")
	}
	var sets [][]choice
	for _, name := range devSets {
		if name == *hold {
			continue
		}
		set := loadSet(t, name)
		// A set counts by the square root of its size, so that none rules.
		c := gather(t, set, 100/math.Sqrt(float64(len(set.accounts))))
		reach := 0
		for _, x := range c {
			if x.right >= 0 {
				reach++
			}
		}
		t.Logf("%s: %d of %d true pairs are candidates", name, reach, len(set.truth))
		sets = append(sets, c)
	}
	w := fitted(t, sets)
	if *hold != "" {
		weights = w
		set := loadSet(t, *hold)
		matches, err := New(set.customers, Options{}).Match(t.Context(), set.accounts, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("held out %s: %+v", *hold, Evaluate(matches, set.pairs))
		return
	}
	var b strings.Builder
	b.WriteString(weightsHead)
	for k, x := range w {
		fmt.Fprintf(&b, "\t%d: %.3f, // %s\n", k, x, describe(term(k)))
	}
	b.WriteString("}\n")
	if err := os.WriteFile("weights.go", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

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
