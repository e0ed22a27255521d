package matcher

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

//go:embed data/places.txt
var placesText string

//go:embed data/towns.txt
var townsText string

// place is where a record is, folded. Empty parts are unknown.
type place struct {
	country string // ISO 3166-1 alpha-2
	guessed bool   // the country is that of the domain
	state   string // code without its country, else the folded name
	city    []string
	town    string // the same run together
	loose   string // and loosely spelled
	probe   *Probe // of town, where it is compared with many
	postal  string // letters and digits only
}

type placeTable struct {
	countries map[string]string // folded name → code
	states    map[string]string // country + " " + folded name → code
}

var placesOnce = sync.OnceValue(func() *placeTable {
	t := &placeTable{countries: make(map[string]string, 2048), states: make(map[string]string, 128)}
	for line := range dataLines(placesText) {
		code, names, _ := strings.Cut(line, ";")
		country, state, isState := strings.Cut(strings.TrimSpace(code), "-")
		for n := range strings.SplitSeq(names, ",") {
			n = joined(words(Fold(n)))
			if isState {
				t.states[country+" "+n] = strings.ToLower(state)
			} else {
				t.countries[n] = country
			}
		}
	}
	for _, tag := range countryLanguages {
		namer := display.Regions(tag)
		for i := range 26 * 26 {
			code := string([]byte{'A' + byte(i/26), 'A' + byte(i%26)})
			r, err := language.ParseRegion(code)
			if err != nil || !r.IsCountry() || r.Canonicalize() != r {
				continue
			}
			n := joined(words(Fold(namer.Name(r))))
			if _, taken := t.countries[n]; n != "" && !taken {
				t.countries[n] = code
			}
		}
	}
	return t
})

// countryLanguages are the languages that countries are known by.
var countryLanguages = []language.Tag{
	language.English, language.Swedish, language.German, language.French, language.Spanish, language.Norwegian,
	language.Danish, language.Finnish, language.Icelandic, language.Dutch, language.Italian, language.Portuguese,
	language.Polish, language.Czech, language.Slovak, language.Hungarian, language.Romanian, language.Greek,
	language.Estonian, language.Latvian, language.Lithuanian, language.Croatian, language.Slovenian, language.Serbian,
	language.Bulgarian, language.Russian, language.Ukrainian, language.Turkish, language.Arabic, language.Hebrew,
	language.Japanese, language.Korean, language.Chinese, language.Indonesian, language.Vietnamese, language.Thai,
}

// townsOnce maps the names of towns in other languages to the ones they have in
// data/towns.txt.
var townsOnce = sync.OnceValue(func() map[string]string {
	m := make(map[string]string, 512)
	for line := range dataLines(townsText) {
		town, others, _ := strings.Cut(line, ";")
		for n := range strings.SplitSeq(others, ",") {
			m[strings.TrimSpace(n)] = town
		}
	}
	return m
})

// readTown returns the folded words of a town in one spelling.
func readTown(w []string) []string {
	v := vocabularyOnce()
	for i := range w {
		if c := v.read(w[i]).word; c == "saint" {
			w = slices.Clone(w)
			w[i] = c
		}
	}
	if town, ok := townsOnce()[joined(w)]; ok {
		return strings.Fields(town)
	}
	return w
}

func joined(w []string) string { return strings.Join(w, " ") }

// readCountry returns the ISO 3166-1 code of a country given by code or by
// name in one of several languages, or "" if it is not known.
func readCountry(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	if len(s) == 2 || len(s) == 3 {
		if r, err := language.ParseRegion(s); err == nil && r.Canonicalize().IsCountry() {
			return r.Canonicalize().String()
		}
	}
	return placesOnce().countries[joined(words(Fold(s)))]
}

// readPlace reads where a record is; a record that names no country is in that
// of its domain.
func readPlace(r *Record, sites []site) place {
	p := place{country: readCountry(r.Country), city: readTown(words(Fold(r.City)))}
	for i := 0; p.country == "" && i < len(sites); i++ {
		if sites[i].kind == siteOwn {
			p.country = domainCountry(sites[i].host)
			p.guessed = p.country != ""
		}
	}
	p.town = strings.Join(p.city, "")
	p.loose = loose(p.town)
	if s := joined(words(Fold(r.State))); s != "" {
		p.state = s
		country := p.country
		if country == "" {
			country = "US"
		}
		if code, ok := placesOnce().states[country+" "+s]; ok {
			p.state = code
		}
	}
	p.postal = strings.Map(func(c rune) rune {
		if isWordRune(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, Fold(r.PostalCode))
	if len(p.postal) == 9 && (p.country == "US" || p.country == "") {
		p.postal = p.postal[:5]
	}
	return p
}

// level is how far two fields agree.
type level uint8

const (
	levelMissing level = iota
	levelEqual
	levelAlike
	levelDifferent
)

// String returns the word that Comparison.Level shows.
func (l level) String() string {
	return [...]string{"missing", "equal", "alike", "different"}[l]
}

func countryLevel(a, c *place) level {
	switch {
	case a.country == "" || c.country == "":
		return levelMissing
	case a.country == c.country:
		return levelEqual
	}
	return levelDifferent
}

// cityLevel takes two towns as alike when one's words are among the other's
// ("New York", "New York City") or they are a slip apart.
func cityLevel(a, c *place) level {
	if len(a.city) == 0 || len(c.city) == 0 {
		return levelMissing
	}
	if a.loose == c.loose {
		return levelEqual
	}
	if within(a.city, c.city) || within(c.city, a.city) || a.probe.like(a.town, c.town) >= 0.92 {
		return levelAlike
	}
	return levelDifferent
}

func within(few, many []string) bool {
	for _, w := range few {
		found := false
		for _, m := range many {
			found = found || m == w
		}
		if !found {
			return false
		}
	}
	return true
}

// stateLevel compares codes with codes and names with names; a code against a
// name it cannot look up says nothing.
func stateLevel(a, c *place) level {
	switch {
	case a.state == "" || c.state == "" || a.country != "" && c.country != "" && a.country != c.country:
		return levelMissing
	case a.state == c.state:
		return levelEqual
	case (len(a.state) <= 3) != (len(c.state) <= 3):
		return levelMissing
	}
	return levelDifferent
}

// postalLevel takes two codes as alike when their first three characters agree.
func postalLevel(a, c *place) level {
	switch {
	case a.postal == "" || c.postal == "" || a.country != "" && c.country != "" && a.country != c.country:
		return levelMissing
	case a.postal == c.postal:
		return levelEqual
	case len(a.postal) >= 4 && len(c.postal) >= 4 && a.postal[:3] == c.postal[:3]:
		return levelAlike
	}
	return levelDifferent
}
