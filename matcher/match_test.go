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

// crowd returns customers that have nothing to do with the case at hand, so
// that words are as rare as they are in a real file.
func crowd(n int) []matcher.Record {
	first := []string{"Adatum", "Northwind", "Tailspin", "Wingtip", "Litware", "Proseware", "Trey", "Lucerne", "Margie", "Woodgrove", "Relecloud", "Graphic", "Humongous", "Blue Yonder", "Alpine", "Consolidated"}
	second := []string{"Traders", "Toys", "Bank", "Airlines", "Insurance", "Consulting", "Research", "Publishing", "Travel", "Holdings", "Foods", "Systems", "Logistics", "Health", "Media", "Energy"}
	place := []string{"Malmö", "Uppsala", "Örebro", "Linköping", "Lund", "Umeå", "Gävle"}
	out := make([]matcher.Record, n)
	for i := range out {
		name := fmt.Sprintf("%s %s %c%c", first[i%16], second[i/16%16], 'A'+rune(i%23), 'a'+rune(i/7%26))
		out[i] = matcher.Record{Key: fmt.Sprintf("Z%05d", i), Name: name, City: place[i%7], Country: "SE", TPID: fmt.Sprint(900000 + i)}
		if i%3 == 0 {
			out[i].Website = fmt.Sprintf("crowd%d.example", i)
		}
	}
	return out
}

// match matches one account against the customers in a crowd.
func match(t testing.TB, customers []matcher.Record, account matcher.Record, decisions ...matcher.Decision) matcher.Match {
	t.Helper()
	account.Key = "A"
	ix := matcher.New(append(crowd(400), customers...), matcher.Options{Workers: 2})
	got, err := ix.Match(t.Context(), []matcher.Record{account}, decisions)
	if err != nil {
		t.Fatal(err)
	}
	return got[0]
}

func best(m matcher.Match) matcher.Candidate {
	if len(m.Candidates) == 0 {
		return matcher.Candidate{}
	}
	return m.Candidates[0]
}

func codes(c matcher.Candidate) []string {
	var out []string
	for _, row := range c.Comparisons {
		out = append(out, row.Code)
	}
	return out
}

func TestMatch(t *testing.T) {
	contoso := matcher.Record{Key: "C1", Name: "Contoso Sågverk AB", Website: "contoso.se", City: "Mora", PostalCode: "792 30", Country: "SE", TPID: "4711"}
	tests := []struct {
		name     string
		customer matcher.Record
		account  matcher.Record
		band     actnow.MatchBand
		stage    actnow.MatchStage
		code     string // of one comparison
	}{
		{"domain and name", contoso,
			matcher.Record{Name: "CONTOSO SAGVERK", Website: "https://www.contoso.se/om-oss?x=1", City: "MORA", Country: "Sverige"},
			actnow.BandMatch, actnow.StageDomain, "match.domain.equal"},
		{"domain of the mail", contoso,
			matcher.Record{Name: "Contoso Sågverk Aktiebolag", Email: "info@contoso.se", City: "Mora", Country: "SE"},
			actnow.BandMatch, actnow.StageDomain, "match.domain.mail"},
		{"name and place", contoso,
			matcher.Record{Name: "Contoso Saagverk", City: "Mora", PostalCode: "79230", Country: "Sweden"},
			actnow.BandMatch, actnow.StageName, "match.postal_code.equal"},
		{"TPID where the name is new", contoso,
			matcher.Record{Name: "Fabrikam Timber", TPID: "0004711", Country: "SE"},
			actnow.BandReview, actnow.StageTPID, "match.tpid.equal"},
		{"nothing in common", contoso, matcher.Record{Name: "Fabrikam Marina", City: "Smögen", Country: "SE"}, actnow.BandNone, "", ""},
		{"TPIDs differ", contoso,
			matcher.Record{Name: "Contoso Sågverk AB", Website: "contoso.se", City: "Mora", Country: "SE", TPID: "4712"},
			actnow.BandReview, actnow.StageDomain, "match.hold.tpid"},
		{"the domain of a record with another name", contoso,
			matcher.Record{Name: "Fabrikam Marina", Website: "contoso.se", City: "Mora", PostalCode: "79230", Country: "SE"},
			actnow.BandReview, actnow.StageDomain, "match.hold.renamed"},
		{"free mail names nobody",
			matcher.Record{Key: "C1", Name: "Contoso Sågverk AB", Email: "contoso@gmail.com", Country: "SE"},
			matcher.Record{Name: "Fabrikam Marina", Email: "fabrikam@gmail.com", Country: "SE"},
			actnow.BandNone, "", ""},
		{"a profile on a shared host names nobody",
			matcher.Record{Key: "C1", Name: "Contoso Sågverk AB", Website: "https://www.facebook.com/contoso", Country: "SE"},
			matcher.Record{Name: "Fabrikam Marina", Website: "facebook.com/fabrikam", Country: "SE"},
			actnow.BandNone, "", ""},
		{"a tenant of a shared host is named",
			matcher.Record{Key: "C1", Name: "Contoso Sågverk AB", Website: "contososag.onmicrosoft.com", City: "Mora", Country: "SE"},
			matcher.Record{Name: "Contoso Sågverk", Website: "contososag.sharepoint.com", Email: "x@contososag.onmicrosoft.com", City: "Mora", Country: "SE"},
			actnow.BandMatch, actnow.StageDomain, "match.domain.mail"},
		{"other tenants of one host are strangers",
			matcher.Record{Key: "C1", Name: "Contoso Sågverk AB", Website: "contososag.onmicrosoft.com", Country: "SE"},
			matcher.Record{Name: "Fabrikam Marina", Website: "fabrikam.onmicrosoft.com", Country: "SE"},
			actnow.BandNone, "", ""},
		{"an international domain in either spelling",
			matcher.Record{Key: "C1", Name: "Blåbärsskogen AB", Website: "blåbärsskogen.se", City: "Mora", Country: "SE"},
			matcher.Record{Name: "Blåbärsskogen", Website: "http://xn--blbrsskogen-n8al.se", City: "Mora", Country: "SE"},
			actnow.BandMatch, actnow.StageDomain, "match.domain.equal"},
		{"initials",
			matcher.Record{Key: "C1", Name: "Västra Nordmarkens Maskinföretag AB", City: "Mora", PostalCode: "79230", Country: "SE"},
			matcher.Record{Name: "V.N.M.", City: "Mora", PostalCode: "79230", Country: "SE"},
			actnow.BandReview, actnow.StageName, "match.name.initials"},
		{"a word that singles out each side",
			matcher.Record{Key: "C1", Name: "Bank of the West", City: "San Francisco", State: "CA", Country: "US"},
			matcher.Record{Name: "Bank of the Zephyr", City: "Boston", State: "MA", Country: "US"},
			actnow.BandNone, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := match(t, []matcher.Record{tt.customer}, tt.account)
			c := best(m)
			if m.Band != tt.band {
				t.Errorf("band %s, want %s\n%s", m.Band, tt.band, matcher.Explanation(m))
			}
			if tt.band == actnow.BandNone {
				return
			}
			if c.Customer != tt.customer.Key || c.Stage != tt.stage {
				t.Errorf("%s by %s, want %s by %s\n%s", c.Customer, c.Stage, tt.customer.Key, tt.stage, matcher.Explanation(m))
			}
			if !slices.Contains(codes(c), tt.code) {
				t.Errorf("no comparison %s\n%s", tt.code, matcher.Explanation(m))
			}
		})
	}
}

// A name less or more its legal form is the same name, whatever the country.
func TestLegalForms(t *testing.T) {
	tests := []struct{ country, customer, account string }{
		{"SE", "Zephyrion AB", "Zephyrion Aktiebolag (publ)"},
		{"SE", "AB Zephyrion", "Zephyrion"},
		{"NO", "Zephyrion A/S", "Zephyrion AS"},
		{"DK", "Zephyrion ApS", "Zephyrion anpartsselskab"},
		{"FI", "Oy Zephyrion Ab", "Zephyrion Oyj"},
		{"DE", "Zephyrion GmbH & Co. KG", "Zephyrion"},
		{"DE", "Zephyrion G.m.b.H.", "Zephyrion Gesellschaft mit beschränkter Haftung"},
		{"IT", "Zephyrion S.p.A.", "ZEPHYRION SPA"},
		{"FR", "SARL Zephyrion", "Zephyrion"},
		{"ES", "Zephyrion, S.L.U.", "Zephyrion SL"},
		{"MX", "Zephyrion S.A. de C.V.", "Zephyrion"},
		{"BR", "Zephyrion Ltda.", "Zephyrion Limitada"},
		{"PL", "Zephyrion Sp. z o.o.", "Zephyrion spółka z ograniczoną odpowiedzialnością"},
		{"CZ", "Zephyrion s.r.o.", "Zephyrion, spol. s r.o."},
		{"HU", "Zephyrion Kft.", "Zephyrion"},
		{"LV", `SIA "Zephyrion"`, "Zephyrion"},
		{"LT", "UAB Zephyrion", "Zephyrion, UAB"},
		{"RU", "ООО «Зефирион»", "Zefirion"},
		{"ID", "PT Zephyrion Tbk", "Zephyrion"},
		{"TH", "บริษัท Zephyrion จำกัด", "Zephyrion"},
		{"JP", "株式会社Zephyrion", "Zephyrion K.K."},
		{"SG", "Zephyrion Pte. Ltd.", "Zephyrion"},
		{"IN", "Zephyrion Private Limited", "Zephyrion Pvt. Ltd."},
		{"AU", "Zephyrion Pty Ltd", "Zephyrion Proprietary Limited"},
		{"US", "Zephyrion, Inc.", "Zephyrion Incorporated"},
		{"US", "Zephyrion Corp.", "Zephyrion Corporation"},
	}
	for _, tt := range tests {
		t.Run(tt.country+" "+tt.customer, func(t *testing.T) {
			t.Parallel()
			m := match(t, []matcher.Record{{Key: "C1", Name: tt.customer, Country: tt.country}},
				matcher.Record{Name: tt.account, Country: tt.country})
			c := best(m)
			if c.Customer != "C1" || !slices.Contains(codes(c), "match.name.core") && !slices.Contains(codes(c), "match.name.equal") {
				t.Errorf("not the same name\n%s", matcher.Explanation(m))
			}
		})
	}
}

// What is left of a name without its legal form must never be nothing, and
// strangers must not meet in their legal forms.
func TestLegalFormIsNoName(t *testing.T) {
	tests := []struct{ customer, account string }{
		{"A-B-C Company", "X-Y-Z Company"},
		{"AB", "AB Volvonia"},
		{"UAB Contoso", "UAB Fabrikam"},
		{"ООО Контосо", "ООО Фабрикам"},
		{"Contoso (Sverige) AB", "Fabrikam (Sverige) AB"},
	}
	for _, tt := range tests {
		m := match(t, []matcher.Record{{Key: "C1", Name: tt.customer, Country: "SE", City: "Lund"}},
			matcher.Record{Name: tt.account, Country: "SE", City: "Lund"})
		if m.Band == actnow.BandMatch {
			t.Errorf("%q is %q\n%s", tt.account, tt.customer, matcher.Explanation(m))
		}
	}
}

func TestSharedDomain(t *testing.T) {
	customers := []matcher.Record{
		{Key: "C1", Name: "Contoso Sågverk AB", Website: "contoso.se", City: "Mora", Country: "SE"},
		{Key: "C2", Name: "Contoso Energi AB", Website: "contoso.se", City: "Falun", Country: "SE"},
	}
	m := match(t, customers, matcher.Record{Name: "Fabrikam Skidor", Website: "contoso.se", City: "Falun", Country: "SE"})
	if m.Band == actnow.BandMatch {
		t.Errorf("a shared domain alone made a match\n%s", matcher.Explanation(m))
	}
	m = match(t, customers, matcher.Record{Name: "Contoso Energi", Website: "contoso.se", City: "Falun", Country: "SE"})
	if m.Band != actnow.BandMatch || best(m).Customer != "C2" {
		t.Errorf("name and town did not settle a shared domain\n%s", matcher.Explanation(m))
	}
}

// Twins share the probability: nobody can tell which one the account is.
func TestTwins(t *testing.T) {
	twin := matcher.Record{Name: "Contoso Sågverk AB", Website: "contoso.se", City: "Mora", Country: "SE"}
	one, two := twin, twin
	one.Key, two.Key = "C1", "C2"
	m := match(t, []matcher.Record{two, one}, twin)
	if m.Band != actnow.BandReview || len(m.Candidates) != 2 || best(m).Customer != "C1" {
		t.Fatalf("got %s\n%s", m.Band, matcher.Explanation(m))
	}
	if a, b := m.Candidates[0].Probability, m.Candidates[1].Probability; a != b || a > 0.5 {
		t.Errorf("probabilities %v and %v, want equal and 0.5 at most", a, b)
	}
}

func TestDecisions(t *testing.T) {
	customers := []matcher.Record{
		{Key: "C1", Name: "Contoso Sågverk AB", Website: "contoso.se", City: "Mora", Country: "SE"},
		{Key: "C2", Name: "Fabrikam AB", Country: "SE"},
	}
	account := matcher.Record{Name: "Contoso Sågverk", Website: "contoso.se", City: "Mora", Country: "SE"}
	say := func(c string, v actnow.Verdict) matcher.Decision {
		return matcher.Decision{Customer: c, Account: "A", Verdict: v}
	}
	tests := []struct {
		name      string
		decisions []matcher.Decision
		customer  string
		decided   bool
	}{
		{"none", nil, "C1", false},
		{"yes", []matcher.Decision{say("C2", actnow.VerdictYes)}, "C2", true},
		{"no", []matcher.Decision{say("C1", actnow.VerdictNo)}, "", false},
		{"yes undone", []matcher.Decision{say("C2", actnow.VerdictYes), say("C2", actnow.VerdictUndone)}, "C1", false},
		{"no undone", []matcher.Decision{say("C1", actnow.VerdictNo), say("C1", actnow.VerdictUndone)}, "C1", false},
		{"no after yes", []matcher.Decision{say("C2", actnow.VerdictYes), say("C2", actnow.VerdictNo)}, "C1", false},
		{"the later yes", []matcher.Decision{say("C1", actnow.VerdictYes), say("C2", actnow.VerdictYes)}, "C2", true},
		{"the later yes undone", []matcher.Decision{say("C1", actnow.VerdictYes), say("C2", actnow.VerdictYes), say("C2", actnow.VerdictUndone)}, "C1", true},
		{"a customer that is gone", []matcher.Decision{say("C9", actnow.VerdictYes)}, "C1", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := match(t, customers, account, tt.decisions...)
			if c := best(m); c.Customer != tt.customer || m.Decided != tt.decided {
				t.Errorf("%q, decided %v; want %q, %v\n%s", c.Customer, m.Decided, tt.customer, tt.decided, matcher.Explanation(m))
			}
			if m.Decided && (m.Band != actnow.BandMatch || best(m).Probability != 1 || len(m.Candidates) != 1) {
				t.Errorf("a person's yes came out as\n%s", matcher.Explanation(m))
			}
		})
	}
}

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
	if err := matcher.WriteMatches(&b, got); err != nil {
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

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			customers, accounts := crowd(n), crowd(n/10)
			b.Run("New", func(b *testing.B) {
				for b.Loop() {
					matcher.New(customers, matcher.Options{})
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "customers/s")
			})
			ix := matcher.New(customers, matcher.Options{})
			b.Run("Match", func(b *testing.B) {
				for b.Loop() {
					if _, err := ix.Match(b.Context(), accounts, nil); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(len(accounts))*float64(b.N)/b.Elapsed().Seconds(), "accounts/s")
			})
		})
	}
}
