package matcher

import (
	"math"
	"strings"
)

// domainEvidence is how the sites of two records agree.
type domainEvidence struct {
	level    level
	account  string // the account's domain that tells, as an ASCII host
	customer string
	byMail   bool   // the account's domain is that of its mail
	sameHost bool   // not only the registrable domain
	shared   int    // customers that have the domain
	accounts int    // accounts that have it, up to countedAccounts
	useless  string // a host that names nobody, if nothing better is known: free mail, a shared host
}

// manyAccounts is from how many accounts on a domain is one of many.
const manyAccounts = 4

// labelEvidence is how the label of one record's domain fits the other's name.
type labelEvidence uint8

const (
	labelMissing labelEvidence = iota
	labelName                  // it is the name run together
	labelInitials
	labelWord  // it is the name's rarest word, or begins the name
	labelOther // there is one, and it is nothing of the name
)

// evidence is all that two records say about each other.
type evidence struct {
	domain  domainEvidence
	label   labelEvidence
	name    nameEvidence
	legal   level
	city    level
	postal  level
	state   level
	country level
	guessed bool // a country was that of the domain
	tpid    level
}

// weigh sets e to what an account and a customer say about each other.
func (m *matching) weigh(e *evidence, a, c *entity, sim tokenSim) {
	m.compareDomains(&e.domain, a, c)
	compareNames(&e.name, a, c, sim)
	e.legal = legalAgreement(a.name.forms, c.name.forms)
	e.city = cityLevel(&a.place, &c.place)
	e.postal = postalLevel(&a.place, &c.place)
	e.state = stateLevel(&a.place, &c.place)
	e.country = countryLevel(&a.place, &c.place)
	e.guessed = a.place.guessed || c.place.guessed
	if e.domain.level != levelEqual {
		e.label = compareLabels(a, c)
	}
	switch {
	case a.tpid == "" || c.tpid == "":
	case a.tpid == c.tpid:
		e.tpid = levelEqual
	default:
		e.tpid = levelDifferent
	}
}

func (m *matching) compareDomains(e *domainEvidence, a, c *entity) {
	sitesA, sitesC := a.sites(), c.sites()
	for i := range sitesA {
		x, mail := &sitesA[i], i >= len(a.web)
		for j := range sitesC {
			y := &sitesC[j]
			switch {
			case x.named() && y.named() && x.key == y.key:
				if e.level != levelEqual || !e.sameHost && x.host == y.host {
					shared := len(m.index.keys.under(hashKey(armDomain, x.key)))
					byMail := mail
					if e.level == levelEqual {
						byMail = e.byMail && mail
					}
					*e = domainEvidence{level: levelEqual, account: x.host, customer: y.host, byMail: byMail,
						sameHost: x.host == y.host, shared: shared, accounts: m.sayings.of(hashKey(armDomain, x.key))}
				}
			case e.level == levelEqual:
			case x.sameLabel(y):
				if e.level != levelAlike {
					*e = domainEvidence{level: levelAlike, account: x.host, customer: y.host, byMail: mail}
				}
			case e.level == levelAlike:
			case x.kind == siteOwn && y.kind == siteOwn:
				if e.level == levelMissing {
					*e = domainEvidence{level: levelDifferent, account: x.host, customer: y.host, byMail: mail}
				}
			case e.level == levelMissing && !x.named():
				e.useless, e.account, e.customer = x.host, x.host, y.host
			case e.level == levelMissing && !y.named():
				e.useless, e.account, e.customer = y.host, x.host, y.host
			}
		}
	}
}

// compareLabels looks for the label of either record's domain in the other's
// name.
func compareLabels(a, c *entity) labelEvidence {
	return bestLabel(labelsInName(a.sites(), &c.name), labelsInName(c.sites(), &a.name))
}

// labelsInName returns what the label that fits best of all sites is to a name.
func labelsInName(sites []site, n *name) labelEvidence {
	best := labelMissing
	for i := range sites {
		best = bestLabel(best, labelInName(&sites[i], n))
	}
	return best
}

func bestLabel(x, y labelEvidence) labelEvidence {
	if x == labelMissing || y != labelMissing && y < x {
		return y
	}
	return x
}

func labelInName(s *site, n *name) labelEvidence {
	if !s.named() || len(n.variants) == 0 {
		return labelMissing
	}
	label := s.loose
	if len(label) < 3 {
		return labelMissing
	}
	for i := range n.variants {
		v := &n.variants[i]
		if label == v.compact || label == v.full {
			return labelName
		}
	}
	for i := range n.variants {
		v := &n.variants[i]
		if label == v.acronyms[0] || label == v.acronyms[1] {
			return labelInitials
		}
		heaviest := 0
		for j := range v.tokens {
			if v.tokens[j].bits > v.tokens[heaviest].bits {
				heaviest = j
			}
		}
		if label == loose(v.tokens[heaviest].written) {
			return labelWord
		}
		if len(label) >= 6 && strings.HasPrefix(v.full, label) || len(v.compact) >= 6 && strings.HasPrefix(label, v.compact) {
			return labelWord
		}
	}
	return labelOther
}

// terms appends what the model weighs to out. n is the number of customers, rounded.
func (e *evidence) terms(n int, out []weighted) []weighted {
	add := func(t term) { out = append(out, weighted{t, 1}) }
	hat := func(first term, knots []float64, x float64) { out = appendHat(out, first, knots, x) }

	add(termPrior)
	e.domainTerms(add)
	switch {
	case e.name.known && e.name.foreign:
		if e.domain.level == levelEqual {
			add(termForeignSameDomain)
		} else {
			add(termForeign)
		}
	case e.name.known:
		scale := math.Log2(float64(n + smoothing))
		if e.domain.level == levelEqual {
			hat(termNameSameDomain, simKnots[:], e.name.sim)
			hat(termOddSameDomain, oddKnots[:], max(e.name.oddA, e.name.oddC)/scale)
		} else {
			hat(termName, simKnots[:], e.name.sim)
			hat(termOddAccount, oddKnots[:], e.name.oddA/scale)
			hat(termOddCustomer, oddKnots[:], e.name.oddC/scale)
			hat(termRare, rareKnots[:], e.name.shared-scale)
		}
		hat(termCompact, compactKnots[:], e.name.compact)
		if e.name.partial {
			add(termPartial)
		}
		if e.name.first {
			add(termFirstWord)
		}
		switch {
		case e.name.acronym >= 4:
			add(termAcronymLong)
		case e.name.acronym == 3:
			add(termAcronymShort)
		}
	}
	if e.legal != levelMissing {
		add(termLegal + term(e.legal-levelEqual))
	}
	e.placeTerms(add)
	switch e.tpid {
	case levelEqual:
		add(termTPIDEqual)
	case levelDifferent:
		add(termTPIDDifferent)
	}
	return out
}

func (e *evidence) domainTerms(add func(term)) {
	d := &e.domain
	switch d.level {
	case levelEqual:
		t := termDomain
		switch {
		case d.shared >= 4:
			t = termDomainMany
		case d.shared >= 2:
			t = termDomainFew
		}
		add(t)
		if d.byMail {
			add(termDomainByMail)
		}
		if !d.sameHost && !d.byMail {
			add(termDomainOtherHost)
		}
		if d.accounts >= manyAccounts {
			add(termDomainManyAccounts)
		}
	case levelAlike:
		add(termDomainOtherSuffix)
	case levelDifferent:
		if d.byMail {
			add(termMailConflict)
		} else {
			add(termDomainConflict)
		}
	}
	if e.label != labelMissing {
		add(termLabel + term(e.label-labelName))
	}
}

func (e *evidence) placeTerms(add func(term)) {
	if e.city != levelMissing {
		if e.domain.level == levelEqual {
			add(termCitySameDomain + term(e.city-levelEqual))
		} else {
			add(termCity + term(e.city-levelEqual))
		}
	}
	if e.postal != levelMissing {
		add(termPostal + term(e.postal-levelEqual))
	}
	switch e.state {
	case levelEqual:
		add(termStateEqual)
	case levelDifferent:
		add(termStateDifferent)
	}
	switch {
	case e.country == levelEqual && e.guessed:
		add(termCountryGuessEqual)
	case e.country == levelDifferent && e.guessed:
		add(termCountryGuessDifferent)
	case e.country == levelEqual:
		add(termCountryEqual)
	case e.country == levelDifferent:
		add(termCountryDifferent)
	}
}
