package matcher_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/matcher"
)

// dirty returns customers and accounts with everything that real files have.
func dirty(r *rand.Rand) (customers, accounts []matcher.Record) {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	record := func() matcher.Record {
		return matcher.Record{
			Name:       pick("Contoso", "Fabrikam", "A. Datum", "Ｃｏｎｔｏｓｏ", "Конто́со", "株式会社", "", "&", "Å\u030a", "NaN", "Contoso (Sverige", "Fabrikam dba Contoso") + pick("", " AB", " GmbH & Co. KG", " Sågverk", " - Lund", "\u200d", " Ltd", " Inc."),
			Website:    pick("", "contoso.se", "HTTP://www.CONTOSO.se/x", "gmail.com", "fabrikam.com", "https://facebook.com/c", "localhost", "::", "http://[::1]/", "contoso.onmicrosoft.com", "x..y", "xn--"),
			Email:      pick("", "a@contoso.se", "a@gmail.com", "@", "b@fabrikam.com"),
			City:       pick("", "Lund", "LUND", "Malmö", "St. Louis", "Saint Louis"),
			State:      pick("", "CA", "California", "M"),
			PostalCode: pick("", "22100", "221 00", "90210-1234", "9"),
			Country:    pick("", "SE", "Sverige", "USA", "Atlantis", "DE"),
			TPID:       pick("", "", "", "1", "001", "2", "x"),
		}
	}
	for i := range 60 {
		c, a := record(), record()
		c.Key, a.Key = fmt.Sprint("C", i), fmt.Sprint("A", i)
		customers, accounts = append(customers, c), append(accounts, a)
	}
	return customers, accounts
}

// render returns all that a run says, as bytes.
func render(t testing.TB, customers, accounts []matcher.Record, decisions []matcher.Decision, workers int) string {
	t.Helper()
	got, err := matcher.New(customers, matcher.Options{Workers: workers}).Match(t.Context(), accounts, decisions)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := matcher.NewMatchWriter(&b)
	for _, m := range got {
		if err := w.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, m := range got {
		b.WriteString(matcher.Explanation(m))
	}
	return b.String()
}

func TestOrderDoesNotMatter(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		customers, accounts := dirty(r)
		want := render(t, customers, accounts, nil, 1)
		r.Shuffle(len(customers), func(i, j int) { customers[i], customers[j] = customers[j], customers[i] })
		r.Shuffle(len(accounts), func(i, j int) { accounts[i], accounts[j] = accounts[j], accounts[i] })
		if diff := cmp.Diff(want, render(t, customers, accounts, nil, 3)); diff != "" {
			t.Fatalf("seed %d: the order changed the outcome (-want +got):\n%s", seed, diff)
		}
	}
}

func TestDecisionChangesItsAccountOnly(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 2))
		customers, accounts := dirty(r)
		ix := matcher.New(customers, matcher.Options{})
		before, err := ix.Match(t.Context(), accounts, nil)
		if err != nil {
			t.Fatal(err)
		}
		d := matcher.Decision{Account: accounts[r.IntN(60)].Key, Customer: customers[r.IntN(60)].Key, Verdict: actnow.VerdictYes}
		if seed%2 == 0 {
			d.Verdict = actnow.VerdictNo
		}
		after, err := ix.Match(t.Context(), accounts, []matcher.Decision{d})
		if err != nil {
			t.Fatal(err)
		}
		for i := range before {
			if before[i].Account != d.Account && !cmp.Equal(before[i], after[i]) {
				t.Fatalf("%+v changed account %s:\n%s", d, before[i].Account, cmp.Diff(before[i], after[i]))
			}
			if after[i].Account != d.Account {
				continue
			}
			for _, c := range after[i].Candidates {
				if c.Customer == d.Customer && d.Verdict == actnow.VerdictNo {
					t.Fatalf("%+v was not heeded", d)
				}
			}
			if d.Verdict == actnow.VerdictYes && best(after[i]).Customer != d.Customer {
				t.Fatalf("%+v was not heeded", d)
			}
		}
	}
}

func TestNumbersAddUp(t *testing.T) {
	for seed := range uint64(8) {
		customers, accounts := dirty(rand.New(rand.NewPCG(seed, 3)))
		got, err := matcher.New(customers, matcher.Options{}).Match(t.Context(), accounts, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(accounts) {
			t.Fatalf("%d matches of %d accounts", len(got), len(accounts))
		}
		for _, m := range got {
			checkNumbers(t, m)
		}
	}
}

func checkNumbers(t *testing.T, m matcher.Match) {
	t.Helper()
	total := 0.0
	if len(m.Candidates) > 5 {
		t.Errorf("%d candidates", len(m.Candidates))
	}
	for i, c := range m.Candidates {
		total += c.Probability
		if !(c.Probability >= 0.05 && c.Probability <= 1) {
			t.Errorf("probability %v", c.Probability)
		}
		if i > 0 && !slices.Contains(codes(m.Candidates[i-1]), "match.hold.tpid") && c.Probability > m.Candidates[i-1].Probability {
			t.Errorf("candidates out of order\n%s", matcher.Explanation(m))
		}
		bits, held := 0.0, false
		for _, row := range c.Comparisons {
			bits += row.Bits
			held = held || row.Field == "hold"
			if math.IsNaN(row.Bits) || math.IsInf(row.Bits, 0) {
				t.Errorf("%s has %v bits", row.Field, row.Bits)
			}
			if text, ok := matcher.Messages[row.Code]; !ok || text[0] == "" || text[1] == "" {
				t.Errorf("no sentence for %q", row.Code)
			}
			if strings.Contains(row.Note, "{0}") {
				t.Errorf("unfilled note %q", row.Note)
			}
		}
		if odds := 1 / (1 + math.Exp2(-bits)); math.Abs(odds-c.Probability) > 1e-9 && !(held && odds > c.Probability) {
			t.Errorf("%v bits make %v, not %v\n%s", bits, odds, c.Probability, matcher.Explanation(m))
		}
		if c.Reason == "" {
			t.Errorf("no reason\n%s", matcher.Explanation(m))
		}
	}
	if total > 1+1e-9 {
		t.Errorf("probabilities of one account add up to %v", total)
	}
}

func TestReasonsOnly(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 4))
		customers, accounts := dirty(r)
		decisions := []matcher.Decision{{Account: accounts[r.IntN(60)].Key, Customer: customers[r.IntN(60)].Key, Verdict: actnow.VerdictYes}}
		match := func(opt matcher.Options) []matcher.Match {
			got, err := matcher.New(customers, opt).Match(t.Context(), accounts, decisions)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		for _, oneToOne := range []bool{false, true} {
			want, dropped := match(matcher.Options{OneToOne: oneToOne}), 0
			for i := range want {
				for j := range want[i].Candidates {
					dropped += len(want[i].Candidates[j].Comparisons)
					want[i].Candidates[j].Comparisons = nil
				}
			}
			if dropped == 0 {
				t.Fatal("there are no comparisons to leave out")
			}
			if diff := cmp.Diff(want, match(matcher.Options{OneToOne: oneToOne, ReasonsOnly: true})); diff != "" {
				t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
			}
		}
	}
}

func TestMatchEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := matcher.New(crowd(100), matcher.Options{}).Match(ctx, crowd(100), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	got, err := matcher.New(nil, matcher.Options{}).Match(t.Context(), crowd(3), nil)
	if err != nil || len(got) != 3 || got[0].Band != actnow.BandNone {
		t.Errorf("without customers: %v, %v", got, err)
	}
	got, err = matcher.New(crowd(3), matcher.Options{}).Match(t.Context(), nil, nil)
	if err != nil || len(got) != 0 {
		t.Errorf("without accounts: %v, %v", got, err)
	}
}

func TestMessages(t *testing.T) {
	for code, text := range matcher.Messages {
		for _, hole := range []string{"{0}", "{1}", "{2}"} {
			if strings.Contains(text[0], hole) != strings.Contains(text[1], hole) {
				t.Errorf("%s: only one language has %s", code, hole)
			}
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("Contoso AB", "contoso.se", "Lund", "SE", "Contoso", "info@contoso.se")
	f.Add("株式会社", "::", "", "日本", "()", "@")
	f.Add("A & B", "http://ⅷ.com", "\xff", "USA", "A - ", "a@b")
	f.Fuzz(func(t *testing.T, name, site, city, country, other, email string) {
		customers := append(crowd(20), matcher.Record{Key: "C", Name: name, Website: site, City: city, Country: country},
			matcher.Record{Key: "D", Name: other, Email: email, State: city, PostalCode: site})
		accounts := []matcher.Record{{Key: "A", Name: other, Website: site, Email: email, City: city, Country: country},
			{Key: "B", Name: name, Email: email, TPID: city}}
		got, err := matcher.New(customers, matcher.Options{Workers: 1}).Match(t.Context(), accounts, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got {
			checkNumbers(t, m)
		}
	})
}
