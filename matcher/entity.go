package matcher

import (
	"slices"
	"strings"
)

// entity is a record taken apart for comparison.
type entity struct {
	rec   *Record
	name  name
	place place
	web   []site // website, then further domains; those that can be read
	all   []site // the same, and the mail domain last
	tpid  string
}

func readEntity(r *Record) entity {
	e := entity{rec: r, tpid: readTPID(r.TPID)}
	e.web, e.all = readSites(r)
	e.place = readPlace(r, e.all)
	e.name = readName(r.Name, e.place.country, e.place.city)
	return e
}

// readSites returns the sites of the record, without and with that of its mail,
// which mostly is at a host that was read already.
func readSites(r *Record) (web, all []site) {
	for i := -1; i < len(r.Domains); i++ {
		given := r.Website
		if i >= 0 {
			given = r.Domains[i]
		}
		if s := readSite(given); s.kind != siteNone {
			all = append(all, s)
		}
	}
	n := len(all)
	if strings.Contains(r.Email, "@") {
		host := hostOf(r.Email)
		if i := slices.IndexFunc(all, func(s site) bool { return s.host == host }); i >= 0 {
			all = append(all, all[i])
		} else if s := siteAt(host); s.kind != siteNone {
			all = append(all, s)
		}
	}
	return all[:n], all
}

// sites returns all sites of the record, the mail domain last.
func (e *entity) sites() []site { return e.all }

// readTPID returns the ID without blanks and leading zeros; "" is unknown.
func readTPID(s string) string {
	if s == "" {
		return ""
	}
	return strings.TrimLeft(strings.ToLower(strings.Join(strings.Fields(s), "")), "0")
}

// weighTokens sets what each word of the name is worth. df returns the number
// of customers, of n, whose names have the word, both rounded.
func (e *entity) weighTokens(df func(*token) int, n int) {
	vocab := vocabularyOnce()
	for i := range e.name.variants {
		v := &e.name.variants[i]
		v.total = 0
		for j := range v.tokens {
			t := &v.tokens[j]
			t.bits = vocab.wordBits(t, df(t), n)
			v.total += t.bits
		}
	}
}
