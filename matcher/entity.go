package matcher

import "strings"

// entity is a record taken apart for comparison.
type entity struct {
	rec   *Record
	name  name
	place place
	web   []site // website, then further domains; those that can be read
	mail  site
	tpid  string
}

func readEntity(r *Record) entity {
	e := entity{rec: r, tpid: readTPID(r.TPID)}
	for i := -1; i < len(r.Domains); i++ {
		given := r.Website
		if i >= 0 {
			given = r.Domains[i]
		}
		if s := readSite(given); s.kind != siteNone {
			e.web = append(e.web, s)
		}
	}
	if strings.Contains(r.Email, "@") {
		e.mail = readSite(r.Email)
	}
	e.place = readPlace(r, e.sites())
	e.name = readName(r.Name, e.place.country, e.place.city)
	return e
}

// sites returns all sites of the record, the mail domain last.
func (e *entity) sites() []site {
	if e.mail.kind == siteNone {
		return e.web
	}
	return append(e.web[:len(e.web):len(e.web)], e.mail)
}

// domainKeys returns what names the owners of the record's sites, each once.
func (e *entity) domainKeys() []string {
	var keys []string
	for _, s := range e.sites() {
		known := s.key == ""
		for _, k := range keys {
			known = known || k == s.key
		}
		if !known {
			keys = append(keys, s.key)
		}
	}
	return keys
}

// readTPID returns the ID without blanks and leading zeros; "" is unknown.
func readTPID(s string) string {
	return strings.TrimLeft(strings.ToLower(strings.Join(strings.Fields(s), "")), "0")
}

// weighTokens sets what each word of the name is worth. df returns the number
// of customers, of n, whose names have the word.
func (e *entity) weighTokens(df func(string) int, n int) {
	vocab := vocabularyOnce()
	for i := range e.name.variants {
		v := &e.name.variants[i]
		v.total = 0
		for j := range v.tokens {
			t := &v.tokens[j]
			t.bits = vocab.wordBits(t.text, df(t.text), n)
			v.total += t.bits
		}
	}
}
