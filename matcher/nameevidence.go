package matcher

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// nameEvidence is how two names agree, by the reading of each that agrees best.
type nameEvidence struct {
	known    bool    // both records have a name
	partial  bool    // one of the readings is a part of the name
	foreign  bool    // in two scripts, of which one has no Latin spelling
	sim      float64 // share of the bits of both names that is matched, in [0, 1]
	shared   float64 // bits matched
	oddA     float64 // bits of the heaviest word of the account that the customer lacks
	oddC     float64 // and the other way round
	oddWordA string
	oddWordC string
	compact  float64 // Jaro-Winkler of the names run together
	first    bool    // the first words agree
	acronym  int     // letters, if one name is the initials of the other
}

// maxTokens caps the words of a reading that are aligned.
const maxTokens = 16

// tokenSim compares two words; 0 means that they do not agree.
type tokenSim func(x, y *token) float64

// compareNames returns the evidence of the pair of readings that share most.
// Two parts of names are not compared: what two names have in brackets can be
// one town.
func compareNames(a, c *entity, sim tokenSim) nameEvidence {
	var best nameEvidence
	for i := range a.name.variants {
		for j := range c.name.variants {
			if a.name.variants[i].partial && c.name.variants[j].partial {
				continue
			}
			e := compareVariants(&a.name.variants[i], &c.name.variants[j], a, c, sim)
			if !best.known || e.merit() > best.merit() {
				best = e
			}
		}
	}
	return best
}

// merit orders the evidence of several readings.
func (e *nameEvidence) merit() float64 {
	m := e.sim + 0.5*e.compact
	if e.acronym >= 3 {
		m = max(m, 1)
	}
	return m
}

func compareVariants(a, c *variant, ea, ec *entity, sim tokenSim) nameEvidence {
	e := nameEvidence{known: true, partial: a.partial || c.partial, foreign: a.foreign != c.foreign,
		compact: a.pattern.like(a.compact, c.compact)}
	e.acronym = max(acronymLetters(a, c), acronymLetters(c, a))
	x, y := a.tokens[:min(len(a.tokens), maxTokens)], c.tokens[:min(len(c.tokens), maxTokens)]
	var simA, simC [maxTokens]float64
	alignEqual(x, y, &simA, &simC, sim)
	alignJoined(x, y, &simA, &simC)
	alignJoined(y, x, &simC, &simA)
	alignInitials(x, y, &simA, &simC)
	alignInitials(y, x, &simC, &simA)

	var totalA, totalC, sharedA, sharedC float64
	for i, t := range x {
		w := t.bits
		if simA[i] == 0 && ea.hasPlaceWord(ec, t.text) {
			w *= placeWordShare
		}
		totalA += w
		sharedA += w * simA[i]
		if odd := w * (1 - simA[i]); odd > e.oddA {
			e.oddA, e.oddWordA = odd, t.text
		}
	}
	for j, t := range y {
		w := t.bits
		if simC[j] == 0 && ea.hasPlaceWord(ec, t.text) {
			w *= placeWordShare
		}
		totalC += w
		sharedC += w * simC[j]
		if odd := w * (1 - simC[j]); odd > e.oddC {
			e.oddC, e.oddWordC = odd, t.text
		}
	}
	if totalA > 0 && totalC > 0 {
		covA, covC := sharedA/totalA, sharedC/totalC
		if covA+covC > 0 {
			e.sim = min(2*covA*covC/(covA+covC), 1)
		}
	}
	e.shared = min(sharedA, sharedC)
	e.first = simA[0] > 0 && simC[0] > 0
	if a.compact == c.compact {
		e.sim, e.oddA, e.oddC = 1, 0, 0
		e.shared, e.first = max(e.shared, min(totalA, totalC)), true
	}
	return e
}

// placeWordShare is what is left of the weight of an unmatched word that is
// the town or the state of one of the two records.
const placeWordShare = 0.25

func (e *entity) hasPlaceWord(other *entity, w string) bool {
	return slices.Contains(e.place.city, w) || slices.Contains(other.place.city, w) ||
		w == e.place.state || w == other.place.state
}

// alignEqual pairs the words of two names, most alike first, each at most once.
func alignEqual(x, y []token, simX, simY *[maxTokens]float64, sim tokenSim) {
	for i := range x {
		for j := range y {
			if simY[j] == 0 && x[i].key == y[j].key {
				simX[i], simY[j] = 1, 1
				break
			}
		}
	}
	for {
		best, bi, bj := 0.0, 0, 0
		for i := range x {
			if simX[i] > 0 {
				continue
			}
			for j := range y {
				if simY[j] > 0 {
					continue
				}
				if s := sim(&x[i], &y[j]); s > best {
					best, bi, bj = s, i, j
				}
			}
		}
		if best == 0 {
			return
		}
		simX[bi], simY[bj] = best, best
	}
}

// alignJoined pairs two neighbouring words of x with one of y: "data center"
// and "datacenter".
func alignJoined(x, y []token, simX, simY *[maxTokens]float64) {
	for i := 0; i+1 < len(x); i++ {
		if simX[i] > 0 || simX[i+1] > 0 {
			continue
		}
		for j := range y {
			rest, ok := strings.CutPrefix(y[j].text, x[i].text)
			if simY[j] == 0 && ok && rest == x[i+1].text {
				simX[i], simX[i+1], simY[j] = 0.97, 0.97, 0.97
			}
		}
	}
}

// alignInitials pairs a word of x with three or more neighbouring words of y
// that it is the initials of: "icmr" and "Indian Council of Medical Research".
func alignInitials(x, y []token, simX, simY *[maxTokens]float64) {
	if len(y) < 3 {
		return
	}
	for i := range x {
		letters := []rune(x[i].text)
		if simX[i] > 0 || len(letters) < 3 || len(letters) > 8 {
			continue
		}
		for j := 0; j+len(letters) <= len(y); j++ {
			if initialsAt(letters, y[j:], simY[j:]) {
				simX[i] = initialsSim
				for k := range letters {
					simY[j+k] = initialsSim
				}
				break
			}
		}
	}
}

const initialsSim = 0.9

func initialsAt(letters []rune, y []token, simY []float64) bool {
	for k, r := range letters {
		if first, _ := utf8.DecodeRuneInString(y[k].text); simY[k] > 0 || first != r {
			return false
		}
	}
	return true
}

// acronymLetters returns how many letters the short name has if it is the
// initials of the long one, else 0.
func acronymLetters(short, long *variant) int {
	if len(short.tokens) != 1 || len(short.compact) < 2 {
		return 0
	}
	for _, a := range long.acronyms {
		if a != "" && a == short.full {
			return len(a)
		}
	}
	return 0
}

// closeSim compares two words: a transposition is one slip.
func closeSim(a, b *token) float64 {
	x, y := a.text, b.text
	s, ok := spellingSim(x, y)
	if ok {
		return s
	}
	longer := max(len(x), len(y))
	if JaroWinkler(x, y) < 0.75 {
		return 0
	}
	if d := slips(x, y); d <= allowedSlips(longer) {
		return 1 - float64(d)/float64(longer)
	}
	return 0
}

// allowedSlips is how many slips of the pen two words of that length may be
// apart and still be one word.
func allowedSlips(longer int) int {
	switch {
	case longer < 4:
		return 0
	case longer < 8:
		return 1
	}
	return 2
}

// spellingSim settles what needs no distance: equal and double spellings,
// abbreviations, numbers, and words too far apart in length. ok reports
// whether it did.
func spellingSim(x, y string) (sim float64, ok bool) {
	if x == y {
		return 1, true
	}
	short, long := x, y
	if len(short) > len(long) {
		short, long = y, x
	}
	if len(short) < 3 || hasDigit(x) || hasDigit(y) {
		return 0, true
	}
	if strings.HasPrefix(long, short) {
		return 0.5 + 0.5*float64(len(short))/float64(len(long)), true
	}
	if loose(x) == loose(y) {
		return 0.97, true
	}
	if s := cognateSim(short, long); s > 0 {
		return s, true
	}
	return 0, len(long)-len(short) > allowedSlips(len(long))
}

// cognateSim compares long words that begin alike and end as two languages or
// two cases do: "oceanographic" and "oceanografico".
func cognateSim(short, long string) float64 {
	if len(short) < 7 {
		return 0
	}
	short, long = soundAlike.Replace(short), soundAlike.Replace(long)
	n := 0
	for n < len(short) && n < len(long) && short[n] == long[n] {
		n++
	}
	if share := float64(n) / float64(max(len(short), len(long))); n >= 6 && share >= 0.6 {
		return 0.5 + 0.4*share
	}
	return 0
}

// soundAlike takes spellings of one sound in European languages together.
var soundAlike = strings.NewReplacer("ph", "f", "th", "t", "ck", "k", "ch", "k", "qu", "k", "c", "k", "y", "i", "w", "v", "z", "s")

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }
