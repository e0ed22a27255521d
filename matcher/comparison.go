package matcher

import (
	"math"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// candidate returns what is told of a finalist, which a person confirmed or not.
func (m *matching) candidate(a *entity, f *finalist, confirmed bool, s *scratch) Candidate {
	c := &m.index.customers[f.id]
	s.rows = f.appendComparisons(s.rows[:0], a, c)
	out := Candidate{Customer: c.rec.Key, Probability: f.p, Stage: f.stage(), Comparisons: s.rows, Reason: reason(s.rows)}
	if confirmed {
		out = out.Confirmed()
	}
	if m.index.opt.ReasonsOnly {
		out.Comparisons = nil
	} else {
		out.Comparisons = slices.Clone(out.Comparisons)
	}
	return out
}

// appendComparisons appends the rows of the waterfall. Their bits add up to the log2
// odds of the pair's probability before it is held for a person.
func (f *finalist) appendComparisons(rows []Comparison, a, c *entity) []Comparison {
	e := &f.e
	rows = append(rows, note("start", levelMissing, f.fieldBits("start"), "match.start"))
	add := func(row Comparison, customer, account string) {
		row.Customer, row.Account = customer, account
		row.Bits = f.fieldBits(row.Field)
		rows = append(rows, row)
	}
	add(e.domain.note(), site{host: e.domain.customer}.shown(), site{host: e.domain.account}.shown())
	if e.label != labelMissing {
		code := [...]string{"", "match.label.name", "match.label.initials", "match.label.word", "match.label.other"}[e.label]
		l := levelAlike
		if e.label == labelOther {
			l = levelDifferent
		}
		add(note("label", l, 0, code), c.domains(), a.domains())
	}
	add(e.name.note(a, c), c.rec.Name, a.rec.Name)
	if e.name.known {
		add(e.name.wordsNote())
	}
	if e.legal != levelMissing {
		add(note("legal_form", e.legal, 0, "match.legal_form."+e.legal.String()), c.rec.Name, a.rec.Name)
	}
	place := func(field string, l level, customer, account string) {
		if l != levelMissing {
			add(note(field, l, 0, "match."+field+"."+l.String()), customer, account)
		}
	}
	place("city", e.city, c.rec.City, a.rec.City)
	place("postal_code", e.postal, c.rec.PostalCode, a.rec.PostalCode)
	place("state", e.state, c.rec.State, a.rec.State)
	if e.country != levelMissing {
		code := "match.country." + e.country.String()
		if e.guessed {
			code = "match.country.guess." + e.country.String()
		}
		add(note("country", e.country, 0, code), c.countryShown(), a.countryShown())
	}
	switch e.tpid {
	case levelEqual:
		add(note("tpid", e.tpid, 0, "match.tpid.equal", a.rec.TPID), c.rec.TPID, a.rec.TPID)
	case levelDifferent:
		add(note("tpid", e.tpid, 0, "match.tpid.different"), c.rec.TPID, a.rec.TPID)
	}
	rows = append(rows, note("together", levelMissing, f.together, "match.together"))
	if f.bent != 0 {
		rows = append(rows, note("calibration", levelMissing, f.bent, "match.calibration"))
	}
	code := "match.rivals"
	if f.rivals > -rivalsNoted {
		code = "match.rivals.none"
	}
	rows = append(rows, note("rivals", levelMissing, f.rivals, code))
	if f.hold != "" {
		rows = append(rows, note("hold", levelMissing, 0, f.hold))
	}
	return rows
}

// rivalsNoted is the least loss to rivals, in bits, that is told of.
const rivalsNoted = 0.1

// fieldBits adds up the weights of the pair's terms of a field.
func (f *finalist) fieldBits(field string) float64 {
	bits := 0.0
	for _, w := range f.terms {
		if w.term.field() == field {
			bits += weights[w.term] * w.share
		}
	}
	return bits
}

// field returns the comparison that a term belongs to.
func (t term) field() string {
	switch {
	case t == termPrior:
		return "start"
	case t < termLabel:
		return "domain"
	case t < termName:
		return "label"
	case t >= termOddAccount && t < termRare:
		return "words"
	case t < termLegal:
		return "name"
	case t < termCity:
		return "legal_form"
	case t < termPostal:
		return "city"
	case t < termStateEqual:
		return "postal_code"
	case t < termCountryEqual:
		return "state"
	case t < termTPIDEqual:
		return "country"
	}
	return "tpid"
}

// note returns a comparison without the values of the two sides.
func note(field string, l level, bits float64, code string, args ...any) Comparison {
	return Comparison{Field: field, Level: l.String(), Bits: bits, Code: code, Args: args, Note: english(code, args...)}
}

func (d *domainEvidence) note() Comparison {
	account, customer := site{host: d.account}.shown(), site{host: d.customer}.shown()
	switch {
	case d.level == levelEqual && d.shared > 1:
		return note("domain", levelEqual, 0, "match.domain.shared", account, d.shared)
	case d.level == levelEqual && d.byMail:
		return note("domain", levelEqual, 0, "match.domain.mail", account)
	case d.level == levelEqual:
		return note("domain", levelEqual, 0, "match.domain.equal", account)
	case d.level == levelAlike:
		return note("domain", levelAlike, 0, "match.domain.alike", customer, account)
	case d.level == levelDifferent:
		return note("domain", levelDifferent, 0, "match.domain.different", customer, account)
	case d.useless != "":
		return note("domain", levelMissing, 0, "match.domain.useless", site{host: d.useless}.shown())
	}
	return note("domain", levelMissing, 0, "match.domain.missing")
}

func (n *nameEvidence) note(a, c *entity) Comparison {
	switch {
	case !n.known:
		return note("name", levelMissing, 0, "match.name.missing")
	case joined(words(Fold(a.rec.Name))) == joined(words(Fold(c.rec.Name))):
		return note("name", levelEqual, 0, "match.name.equal")
	case n.acronym >= 3 && n.sim < 0.995:
		return note("name", levelAlike, 0, "match.name.initials")
	case n.foreign:
		return note("name", levelMissing, 0, "match.name.foreign")
	case n.sim > 0.995:
		return note("name", levelEqual, 0, "match.name.core")
	case n.sim < 0.3:
		return note("name", levelDifferent, 0, "match.name.different")
	}
	l := levelAlike
	if n.sim < 0.5 {
		l = levelDifferent
	}
	return note("name", l, 0, "match.name.alike", int(100*n.sim))
}

// oddNoted is the least weight, in bits, of an unmatched word that is told of.
const oddNoted = 2

// wordsNote tells of the heaviest word that only one name has.
func (n *nameEvidence) wordsNote() (row Comparison, customer, account string) {
	switch {
	case max(n.oddA, n.oddC) < oddNoted:
		return note("words", levelEqual, 0, "match.words.none"), "", ""
	case n.oddA >= n.oddC:
		return note("words", levelDifferent, 0, "match.words.account", n.oddWordA), n.oddWordC, n.oddWordA
	}
	return note("words", levelDifferent, 0, "match.words.customer", n.oddWordC), n.oddWordC, n.oddWordA
}

// shown returns the host as people write it.
func (s site) shown() string {
	if u, err := idna.ToUnicode(s.host); err == nil {
		return u
	}
	return s.host
}

// domains returns the hosts of the record as people write them.
func (e *entity) domains() string {
	var hosts []string
	for _, s := range e.sites() {
		hosts = append(hosts, s.shown())
	}
	return strings.Join(hosts, ", ")
}

func (e *entity) countryShown() string {
	if e.place.guessed {
		return e.place.country
	}
	return e.rec.Country
}

// telling is the least weight, in bits, of a comparison that a reason names.
const telling = 1

// reason returns the comparisons that tell most as one sentence.
func reason(rows []Comparison) string {
	var parts []string
	for _, r := range rows {
		if r.isTelling() {
			parts = append(parts, r.Note)
		}
	}
	return strings.Join(parts, "; ")
}

// OfPair reports whether the comparison is of a field of the two records, not of
// the sum of all: where it starts, what the trees, the calibration and rivals do
// to it.
func (r *Comparison) OfPair() bool {
	switch r.Field {
	case "start", "together", "calibration", "rivals", "taken":
		return false
	}
	return true
}

// isTelling reports whether a reason names the comparison.
func (r *Comparison) isTelling() bool {
	switch r.Field {
	case "domain":
		return r.Code != "match.domain.missing"
	case "name", "city", "tpid", "hold", "taken", "decision":
		return true
	case "words":
		return r.Bits <= -telling && r.Level == levelDifferent.String()
	case "label":
		return math.Abs(r.Bits) >= telling
	case "country", "postal_code":
		return r.Level != levelEqual.String()
	case "rivals":
		return r.Bits <= -telling
	}
	return false
}
