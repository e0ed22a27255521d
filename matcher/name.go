package matcher

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// token is a word of a name in its canonical spelling.
type token struct {
	text string
	bits float64 // what agreement on it is worth
}

// variant is one reading of a name: without its bracket, by its trading name.
type variant struct {
	tokens   []token // legal forms and fillers left out
	total    float64 // their bits
	compact  string  // the words as written, run together, loose
	full     string  // the same with fillers
	acronyms [2]string
	foreign  bool // no word in Latin spelling
	partial  bool // only what stands in brackets, or one side of a "trading as"
}

// name is an organisation's name, taken apart. A name without a letter has no
// variants.
type name struct {
	variants []variant
	forms    []*legalForm
}

// maxVariants caps the readings of one name.
const maxVariants = 4

// tradingAs separates two names of one organisation.
var tradingAs = []string{" dba ", " d/b/a ", " d.b.a. ", " t/a ", " trading as ", " aka ", " a/k/a ",
	" also known as ", " formerly known as ", " formerly ", " fka ", " f/k/a ", " c/o "}

// readName takes a name apart for a record of the country (ISO 3166, ""
// unknown) in the town.
func readName(s, country string, city []string) name {
	var n name
	seen := make(map[string]bool, 2)
	for _, r := range readings(Fold(s)) {
		core, forms := coreWords(r.text, country, city)
		if n.forms == nil {
			n.forms = forms
		}
		v := makeVariant(core)
		v.partial = r.partial
		if len(v.tokens) == 0 || seen[v.full] || len(n.variants) == maxVariants || v.partial && isPlaceName(core, city) {
			continue
		}
		seen[v.full] = true
		n.variants = append(n.variants, v)
	}
	return n
}

// isPlaceName reports whether the words name a country or the town, as in
// "Contoso (Sverige)", and so nobody.
func isPlaceName(w, city []string) bool {
	return slices.Equal(readTown(w), city) || placesOnce().countries[joined(w)] != ""
}

// reading is one way to read a name.
type reading struct {
	text    string
	partial bool
}

// readings returns the ways to read a folded name: without brackets first,
// then with them, what they hold, and both sides of a "trading as".
func readings(s string) []reading {
	var out []reading
	if open := strings.IndexAny(s, "([{"); open >= 0 {
		if n := strings.IndexAny(s[open:], ")]}"); n >= 0 {
			before, inside, after := s[:open], s[open+1:open+n], s[open+n+1:]
			out = append(out, reading{before + " " + after, false}, reading{s, false})
			if len(inside) >= 3 {
				out = append(out, reading{inside, true})
			}
		}
	}
	if len(out) == 0 {
		out = append(out, reading{s, false})
	}
	for _, sep := range tradingAs {
		if before, after, ok := strings.Cut(s, sep); ok {
			out = append(out, reading{before, true}, reading{after, true})
		}
	}
	return out
}

// coreWords returns the words of a reading without legal forms and without a
// trailing name of the record's own town, and the forms.
func coreWords(s, country string, city []string) ([]string, []*legalForm) {
	table := legalOnce()
	var core []string
	var forms []*legalForm
	for i, part := range strings.Split(strings.ReplaceAll(s, " – ", " - "), " - ") {
		w := words(part)
		if len(w) == 0 {
			continue
		}
		if i > 0 && len(core) > 0 && slices.Equal(readTown(w), city) {
			continue
		}
		w, f := table.strip(w, country)
		core, forms = append(core, w...), append(forms, f...)
	}
	return core, forms
}

func makeVariant(core []string) variant {
	var v variant
	vocab := vocabularyOnce()
	var initials, all, compact, full strings.Builder
	v.foreign = true
	for _, w := range core {
		v.foreign = v.foreign && w[0] >= utf8.RuneSelf
		c := vocab.canon(w)
		full.WriteString(w)
		all.WriteString(firstRune(w))
		if isFiller(c) {
			continue
		}
		compact.WriteString(w)
		initials.WriteString(firstRune(w))
		v.tokens = append(v.tokens, token{text: c})
	}
	if len(v.tokens) == 0 { // only fillers: "The The"
		for _, w := range core {
			v.tokens = append(v.tokens, token{text: w})
			compact.WriteString(w)
		}
	}
	v.compact, v.full = loose(compact.String()), loose(full.String())
	if len(v.tokens) >= 2 {
		v.acronyms[0] = initials.String()
		if s := all.String(); s != v.acronyms[0] {
			v.acronyms[1] = s
		}
	}
	return v
}

func firstRune(w string) string {
	for i := range w {
		if i > 0 {
			return w[:i]
		}
	}
	return w
}

// sortedKey returns the words of a variant in the order of the alphabet.
func (v *variant) sortedKey() string {
	w := make([]string, len(v.tokens))
	for i, t := range v.tokens {
		w[i] = t.text
	}
	slices.Sort(w)
	return strings.Join(w, " ")
}

// grams calls yield for each run of three characters of the variant's compact
// form, with a mark at both ends.
func (v *variant) grams(yield func(uint64)) {
	a, b := rune(' '), rune(' ')
	first := true
	for _, r := range v.compact + " " {
		if first {
			b, first = r, false
			continue
		}
		yield(uint64(a)<<42 | uint64(b)<<21 | uint64(r))
		a, b = b, r
	}
}
