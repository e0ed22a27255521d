package matcher_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"actnow"
	"actnow/matcher"
)

// TestLabelled matches testdata/labelled: invented organisations with every
// kind of variant, and accounts of others that look alike. Nothing is fitted to
// them. What the bounds leave room for was seen last: precision of band match
// 1.000, F1 0.907, 7 of 172 provable pairs shown to nobody.
func TestLabelled(t *testing.T) {
	customers := readLabelled(t, "customers.csv", func(r io.Reader) ([]matcher.Record, error) { return matcher.ReadRecords(r, matcher.Customers) })
	accounts := readLabelled(t, "accounts.csv", func(r io.Reader) ([]matcher.Record, error) { return matcher.ReadRecords(r, matcher.Accounts) })
	truth := readLabelled(t, "truth.csv", func(r io.Reader) ([]matcher.TruePair, error) { return matcher.ReadTruth(r, customers, accounts) })
	matches, err := matcher.New(customers, matcher.Options{}).Match(t.Context(), accounts, nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, m := range matches {
		checkNumbers(t, m)
		if seen[m.Account] {
			t.Errorf("account %s is matched twice", m.Account)
		}
		seen[m.Account] = true
		likely := 0
		for _, c := range m.Candidates {
			if c.Probability > 0.5 {
				likely++
			}
		}
		if likely > 1 || m.Band == actnow.BandMatch && likely != 1 {
			t.Errorf("account %s has %d customers\n%s", m.Account, likely, matcher.Explanation(m))
		}
	}
	v := matcher.Evaluate(matches, truth)
	t.Logf("match %+v, review %+v, F1 %.3f, calibration error %.3f", v.Match, v.Review, v.F1, v.CalibrationError)
	if len(seen) != len(accounts) || v.Pairs != 175 {
		t.Errorf("%d accounts of %d, %d pairs, want 175", len(seen), len(accounts), v.Pairs)
	}
	if v.Match.Precision < 0.98 {
		t.Errorf("precision of band match %.3f, want 0.98", v.Match.Precision)
	}
	if v.F1 < 0.88 {
		t.Errorf("F1 %.3f, want 0.88", v.F1)
	}
	if lost := v.Review.Missed - v.Review.Held; lost > 10 {
		t.Errorf("%d provable pairs are shown to nobody, want 10 at most", lost)
	}
}

func readLabelled[T any](t *testing.T, name string, read func(io.Reader) ([]T, error)) []T {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "labelled", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list, err := read(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return list
}
