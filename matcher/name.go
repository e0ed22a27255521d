package matcher

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// token is a word of a name.
type token struct {
	text    string  // in its canonical spelling
	written string  // as it stands in the name, folded
	key     uint64  // the hashed text, under which customers with the word stand
	spelt   uint64  // the hashed word as it is written
	letters uint64  // letterSet of it
	bits    float64 // what agreement on it is worth
	sound   byte    // sound of it
	common  bool    // whether it is of the vocabulary: what kind of organisation, and where
}

func makeToken(text, written string, common bool) token {
	t := token{text: text, written: written, key: hashKey(armToken, text), letters: letterSet(written), sound: sound(written), common: common}
	t.spelt = t.key
	if written != text {
		t.spelt = hashKey(armToken, written)
	}
	return t
}

// variant is one reading of a name: without its bracket, by its trading name.
type variant struct {
	tokens   []token // legal forms and fillers left out
	total    float64 // their bits
	compact  string  // the words as written, run together, loose
	full     string  // the same with fillers
	acronyms [2]string
	behind   string // the initials of the legal form behind it
	begins   uint64 // see beginning
	probe    *Probe // of compact, where it is compared with many
	foreign  bool   // no word in Latin spelling
	mixed    bool   // a word that is not in Latin spelling
	partial  bool   // only what stands in brackets, in front of a form, or on one side of a "trading as"
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
	for _, r := range readings(Fold(s)) {
		core, behind, forms := coreWords(r.text, country, city)
		if n.forms == nil {
			n.forms = forms
		}
		v := makeVariant(core, behind)
		v.partial = r.partial
		if len(v.tokens) == 0 || n.has(&v) || len(n.variants) == maxVariants || v.partial && isPlaceName(core, city) {
			continue
		}
		n.variants = append(n.variants, v)
		if before, form := legalOnce().beforeForm(core); before != nil && len(n.variants) < maxVariants && !r.partial {
			if v := makeVariant(before, nil); len(v.tokens) > 0 && !n.has(&v) {
				v.partial = true
				n.variants, n.forms = append(n.variants, v), append(n.forms, form)
			}
		}
	}
	return n
}

// has reports whether the name has such a reading already.
func (n *name) has(v *variant) bool {
	return slices.ContainsFunc(n.variants, func(o variant) bool { return o.full == v.full })
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
	out := make([]reading, 0, 1)
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
	for i := 0; i+1 < len(s); i++ {
		if s[i] != ' ' || strings.IndexByte("datfc", s[i+1]) < 0 { // most names have none
			continue
		}
		for _, sep := range tradingAs {
			if strings.HasPrefix(s[i:], sep) {
				return append(out, reading{s[:i], true}, reading{s[i+len(sep):], true})
			}
		}
	}
	return out
}

// coreWords returns the words of a reading without legal forms and without a
// trailing name of the record's own town, those of the forms behind them, and the
// forms.
func coreWords(s, country string, city []string) (core, behind []string, forms []*legalForm) {
	table := legalOnce()
	for part := range strings.SplitSeq(strings.ReplaceAll(s, " – ", " - "), " - ") {
		w := words(part)
		if len(w) == 0 || len(core) > 0 && slices.Equal(readTown(w), city) {
			continue
		}
		w, rest, f := table.strip(w, country)
		behind = rest
		if core == nil {
			core, forms = w, f
			continue
		}
		core, forms = slices.Concat(core, w), append(forms, f...)
	}
	return core, behind, forms
}

func makeVariant(core, behind []string) variant {
	v := variant{foreign: true, tokens: make([]token, 0, len(core))}
	vocab := vocabularyOnce()
	var room [4][64]byte
	full, compact, all, initials := room[0][:0], room[1][:0], room[2][:0], room[3][:0]
	for i := 0; i < len(core); i++ {
		w := core[i]
		known := vocab.read(w)
		c := known.word
		if w[0] >= utf8.RuneSelf && c[0] < utf8.RuneSelf {
			w = c // a translation is all that can be compared
		}
		latin := w[0] < utf8.RuneSelf
		v.foreign, v.mixed = v.foreign && !latin, v.mixed || !latin
		full, all = append(full, w...), append(all, firstRune(w)...)
		if known.head && i+1 < len(core) {
			if phrase := vocab.phrase(core[i], core[i+1]); phrase != "" {
				c, w, known.common = phrase, w+core[i+1], true
				i++
				full = append(full, core[i]...)
			}
		}
		if isFiller(c) {
			continue
		}
		compact, initials = append(compact, w...), append(initials, firstRune(w)...)
		v.tokens = append(v.tokens, makeToken(c, w, known.common))
	}
	if len(v.tokens) == 0 { // only fillers: "The The"
		for _, w := range core {
			v.tokens = append(v.tokens, makeToken(w, w, vocab.shares[w] > 0))
		}
		compact = full
	}
	v.full = loose(string(full))
	v.compact = v.full
	if len(compact) < len(full) {
		v.compact = loose(string(compact))
	}
	v.begins = v.beginning()
	if len(v.tokens) >= 2 {
		v.acronyms[0] = string(initials)
		if len(all) > len(initials) {
			v.acronyms[1] = string(all)
		}
	}
	all = all[:0]
	for _, w := range behind {
		all = append(all, firstRune(w)...)
	}
	v.behind = string(all)
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

// shortened calls f with the keys of what the name may be called by its first
// initials, the legal form's among them: "NMDC" for the National Mineral Development
// Corporation.
func (v *variant) shortened(f func(initials string)) {
	if v.acronyms[0] == "" {
		return
	}
	initials := v.acronyms[0] + v.behind
	for n := leastInitials; n <= min(len(initials), mostInitials) && isASCII(initials); n++ {
		f(initials[:n])
	}
}

// leastInitials and mostInitials bound the letters of a word that is taken for the
// initials of a name's beginning.
const (
	leastInitials = 3
	mostInitials  = 5
)

// sortedKey hashes the words of a variant, whatever their order.
func (v *variant) sortedKey() uint64 {
	sum := armSorted
	for i := range v.tokens {
		sum += mix(v.tokens[i].key)
	}
	return mix(sum)
}

// appendGrams appends the slots of each run of three characters of s with a mark
// at both ends.
func appendGrams(out []uint32, s string) []uint32 {
	a, b := rune(' '), rune(' ')
	for i, r := range s {
		if i > 0 {
			out = append(out, gramSlot(a, b, r))
			a = b
		}
		b = r
	}
	if s != "" {
		out = append(out, gramSlot(a, b, ' '))
	}
	return out
}
