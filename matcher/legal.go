package matcher

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed data/legal_forms.txt
var legalText string

// legalForm is one form of organisation under one country's law.
type legalForm struct {
	class     string // names the form: "ab", "gmbh"
	kind      string // group in which translations agree: "limited", "public"
	countries []string
	anywhere  bool // unmistakable whatever the country
}

// legalPhrase is a spelling of a form.
type legalPhrase struct {
	form  *legalForm
	front bool // may stand in front of the name too
}

type legalTable struct {
	phrases map[string][]legalPhrase // joined words → forms
	fronts  map[string]int           // first word → words in the longest phrase it begins in front of a name
	ends    map[string]int           // last word → words in the longest phrase it ends
}

var legalOnce = sync.OnceValue(func() *legalTable {
	t := &legalTable{phrases: make(map[string][]legalPhrase, 1024), fronts: make(map[string]int, 128), ends: make(map[string]int, 512)}
	for line := range dataLines(legalText) {
		part := strings.SplitN(line, ";", 4)
		form := &legalForm{class: strings.TrimSpace(part[0]), kind: strings.TrimSpace(part[1])}
		for _, c := range strings.Fields(part[2]) {
			if c == "*" {
				form.anywhere = true
			} else {
				form.countries = append(form.countries, c)
			}
		}
		for phrase := range strings.SplitSeq(part[3], ",") {
			phrase, front := strings.CutSuffix(strings.TrimSpace(phrase), "^")
			w := words(Fold(phrase))
			if len(w) == 0 {
				continue
			}
			if front {
				t.fronts[w[0]] = max(t.fronts[w[0]], len(w))
			}
			last := w[len(w)-1]
			t.ends[last] = max(t.ends[last], len(w))
			key := strings.Join(w, " ")
			t.phrases[key] = append(t.phrases[key], legalPhrase{form, front})
		}
	}
	return t
})

// find returns the form that the phrase names for a record of the country
// (ISO 3166, "" unknown), in front of a name or at its end, or nil.
func (t *legalTable) find(phrase, country string, front bool) *legalForm {
	var found *legalForm
	for _, p := range t.phrases[phrase] {
		if front && !p.front {
			continue
		}
		if country != "" && slices.Contains(p.form.countries, country) {
			return p.form
		}
		if found == nil && (p.form.anywhere || country == "") {
			found = p.form
		}
	}
	return found
}

// strip takes legal forms off both ends of a name, longest phrase first, and
// returns what is left and the forms. It never takes the last word.
func (t *legalTable) strip(w []string, country string) (core []string, forms []*legalForm) {
	core = w
	for range 4 {
		before := len(core)
		if len(core) < 2 {
			break
		}
		for n := min(t.ends[core[len(core)-1]], len(core)-1); n > 0; n-- {
			if f := t.find(strings.Join(core[len(core)-n:], " "), country, false); f != nil {
				core, forms = core[:len(core)-n], append(forms, f)
				break
			}
		}
		for n := min(t.fronts[core[0]], len(core)-1); n > 0; n-- {
			if f := t.find(strings.Join(core[:n], " "), country, true); f != nil {
				core, forms = core[n:], append(forms, f)
				break
			}
		}
		if len(core) == before {
			break
		}
	}
	for len(core) > 1 && isJoint(core[len(core)-1]) { // "Wagner & Co" leaves "wagner &"
		core = core[:len(core)-1]
	}
	return core, forms
}

func isJoint(w string) bool { return w == "and" || w == "und" || w == "och" }

// legalAgreement compares the forms of two names.
func legalAgreement(a, c []*legalForm) level {
	if len(a) == 0 || len(c) == 0 {
		return levelMissing
	}
	alike := false
	for _, x := range a {
		for _, y := range c {
			if x.class == y.class {
				return levelEqual
			}
			alike = alike || x.kind == y.kind
		}
	}
	if alike {
		return levelAlike
	}
	return levelDifferent
}
