package matcher

import (
	"slices"
	"testing"
)

func readingsOf(s, country string) []string {
	n := readName(s, country, nil)
	var out []string
	for _, v := range n.variants {
		out = append(out, v.compact)
	}
	return out
}

func TestFormsInTheMiddleAndMisspelt(t *testing.T) {
	for name, want := range map[string][]string{
		"Contoso Ltd Tokyo Japan":       {"contosoltdtokyojapan", "contoso"},
		"Contoso Limitd":                {"contoso"},
		"Contoso Incorportaed":          {"contoso"},
		"CONTOSO GROUP PUBLIC LI":       {"contosogroup"},
		"Limit Break":                   {"limitbreak"},
		"Limited":                       {"limited"},
		"Contoso Ltd of the Seven Seas": {"contosoltdsevenseas"},
	} {
		if got := readingsOf(name, ""); !slices.Equal(got, want) {
			t.Errorf("%q reads as %q, want %q", name, got, want)
		}
	}
}

func TestTranslationsOfTwoWords(t *testing.T) {
	for _, s := range []string{"Đại học Huế", "Rumah Sakit Contoso"} {
		n := readName(s, "", nil)
		if got := n.variants[0].tokens[0].text; got != "university" && got != "hospital" {
			t.Errorf("%q begins with %q", s, got)
		}
	}
}

func TestLeftovers(t *testing.T) {
	one := func(*token) int { return 1 }
	for _, c := range []struct {
		account, customer Record
		numbers, country  agreement
	}{
		{Record{Name: "Contoso 3"}, Record{Name: "Contoso III"}, agreeEqual, agreeSilent},
		{Record{Name: "Contoso 3"}, Record{Name: "Contoso 4"}, agreeConflict, agreeSilent},
		{Record{Name: "Contoso 3"}, Record{Name: "Contoso"}, agreeOneSided, agreeSilent},
		{Record{Name: "Contoso"}, Record{Name: "Contoso Sweden"}, agreeSilent, agreeOneSided},
		{Record{Name: "Contoso", Country: "SE"}, Record{Name: "Contoso Sverige"}, agreeSilent, agreeEqual},
		{Record{Name: "Contoso", Country: "DE"}, Record{Name: "Contoso Sweden", Country: "SE"}, agreeSilent, agreeConflict},
	} {
		a, b := readEntity(&c.account), readEntity(&c.customer)
		l := compareLeftovers(&a, &b, &a.name.variants[0], &b.name.variants[0], one)
		if l.numbers != c.numbers || l.country != c.country {
			t.Errorf("%+v and %+v: numbers %d, country %d, want %d, %d", c.account, c.customer, l.numbers, l.country, c.numbers, c.country)
		}
	}
}

func TestUnitInHost(t *testing.T) {
	for _, c := range []struct {
		site, name string
		want       float32
	}{
		{"contoso.edu", "Contoso", 0},
		{"abc.contoso.edu", "Fabrikam Labs", 1},
		{"fabrikam.contoso.edu", "Institute of Fabrikam", 2},
		{"ffs.contoso.edu", "Fabrikam Forest Station", 3},
	} {
		r := Record{Name: c.name, Website: c.site}
		e := readEntity(&r)
		if got := inHost(e.web, &e.name); got != c.want {
			t.Errorf("%s and %q: %v, want %v", c.site, c.name, got, c.want)
		}
	}
}

func TestSlipBetween(t *testing.T) {
	for _, tt := range []struct {
		x, y string
		want misspelling
	}{
		{"credit", "credti", slipSwap},
		{"swap", "sawp", slipSwap},
		{"mando", "mandom", slipCut},
		{"mando", "mandodo", slipCut},
		{"metallica", "metalica", slipMissing},
		{"samyang", "samyung", slipOther},
		{"vinda", "cinda", slipFirst},
		{"anritsu", "sanritsu", slipFirst},
		{"contoso", "fabrikam", slipNone},
		{"abc", "abd", slipNone},
	} {
		if got := slipBetween(tt.x, tt.y); got != tt.want {
			t.Errorf("%s, %s: %d, want %d", tt.x, tt.y, got, tt.want)
		}
		if slipBetween(tt.x, tt.y) != slipBetween(tt.y, tt.x) {
			t.Errorf("%s, %s: not symmetric", tt.x, tt.y)
		}
	}
}
