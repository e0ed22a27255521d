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
	t.misspell()
	return t
})

// misspell adds what clerks and columns of a fixed width make of long forms at
// the end of a name: "limitd", "incorportaed", "aktiengesells".
func (t *legalTable) misspell() {
	slips := make(map[string]legalPhrase)
	for phrase, list := range t.phrases {
		p := list[0]
		if len(list) > 1 || !isASCII(phrase) || p.form.kind != "limited" && p.form.kind != "public" {
			continue
		}
		p.front = false
		words := strings.Count(phrase, " ")
		first := strings.IndexByte(phrase, ' ')
		for n := max(5, first+3, len(phrase)/2); n < len(phrase) && (words > 0 || len(phrase) >= 7); n++ {
			slips[strings.TrimSpace(phrase[:n])] = p
		}
		for i := 2; i < len(phrase) && words == 0 && len(phrase) >= 7; i++ {
			slips[phrase[:i]+phrase[i+1:]] = p
			if i+1 < len(phrase) {
				slips[phrase[:i]+phrase[i+1:i+2]+phrase[i:i+1]+phrase[i+2:]] = p
			}
		}
	}
	for phrase, p := range slips {
		if t.phrases[phrase] == nil {
			t.phrases[phrase] = []legalPhrase{p}
			w := strings.Fields(phrase)
			t.ends[w[len(w)-1]] = max(t.ends[w[len(w)-1]], len(w))
		}
	}
}

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
// returns what is left, what stood behind it, and the forms. It never takes the
// last word.
func (t *legalTable) strip(w []string, country string) (core, behind []string, forms []*legalForm) {
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
				core, w, forms = core[n:], w[n:], append(forms, f)
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
	return core, w[len(core):], forms
}

// beforeForm returns the words in front of an unmistakable form that at most
// three words follow, as in "Contoso Ltd Tokyo Japan", or nil.
func (t *legalTable) beforeForm(w []string) ([]string, *legalForm) {
	for end := max(2, len(w)-3); end < len(w); end++ {
		for n := min(t.ends[w[end-1]], end-1); n > 0; n-- {
			phrase := strings.Join(w[end-n:end], " ")
			if f := t.find(phrase, "-", false); f != nil && len(phrase) >= 3 && (f.kind == "limited" || f.kind == "public") {
				return w[:end-n], f
			}
		}
	}
	return nil, nil
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
