package matcher_test

import (
	"fmt"
	"slices"
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
			matcher.Record{Name: "Fabrikam Marina", Website: "contoso.se", PostalCode: "79230", Country: "SE"},
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
			matcher.Record{Name: "V.N.M.", City: "Mora", Country: "SE"},
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
			if c := best(m); m.Decided {
				open := c.Undecided()
				if again := open.Confirmed(); !(open.Probability > 0 && open.Probability < matcher.MatchFrom) || open.Reason == c.Reason || cmp.Diff(c, again) != "" {
					t.Errorf("without a person's word: %+v\nwith it again: %+v", open, again)
				}
			}
			if m.Decided && (m.Band != actnow.BandMatch || best(m).Probability != 1 || len(m.Candidates) != 1) {
				t.Errorf("a person's yes came out as\n%s", matcher.Explanation(m))
			}
		})
	}
}

// A domain with another name is held for a person, unless nobody else stands there
// and the town agrees.
func TestHeldAtADomain(t *testing.T) {
	customer := matcher.Record{Key: "C1", Name: "Contoso Sågverk AB", Website: "contoso.se", City: "Mora", Country: "SE"}
	renamed := matcher.Record{Key: "A1", Name: "Fabrikam Marina", Website: "contoso.se", City: "Mora", Country: "SE"}
	unknown := renamed
	unknown.City = ""
	neighbour := matcher.Record{Key: "A2", Name: "Fabrikam Båtar", Website: "contoso.se", Country: "SE"}
	for _, tt := range []struct {
		name     string
		accounts []matcher.Record
		held     bool
	}{
		{"alone in one town", []matcher.Record{renamed}, false},
		{"no town", []matcher.Record{unknown}, true},
		{"another account at the domain", []matcher.Record{renamed, neighbour}, true},
	} {
		matches, err := matcher.New([]matcher.Record{customer}, matcher.Options{}).Match(t.Context(), tt.accounts, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(matches[0].Candidates) == 0 {
			t.Fatalf("%s: no candidate", tt.name)
		}
		c := matches[0].Candidates[0]
		if held := slices.Contains(codes(c), "match.hold.renamed"); held != tt.held {
			t.Errorf("%s: held %v, want %v\n%s", tt.name, held, tt.held, matcher.Explanation(matches[0]))
		}
	}
}
