package matcher

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hbollon/go-edlib"
)

// nameEvidence is how two names agree, by the reading of each that agrees best.
type nameEvidence struct {
	known    bool    // both records have a name
	partial  bool    // one of the readings is a part of the name
	foreign  bool    // in two scripts, of which one has no Latin spelling
	mixed    bool    // a part of one is in another script than the other
	sim      float64 // share of the bits of both names that is matched, in [0, 1]
	shared   float64 // bits matched
	oddA     float64 // bits of the heaviest word of the account that the customer lacks
	oddC     float64 // and the other way round
	oddWordA string
	oddWordC string
	compact  float64 // Jaro-Winkler of the names run together
	first    bool    // the first words agree
	acronym  int     // letters, if one name is the initials of the other
	initials int     // letters of a word of one that is the initials of words of the other

	a, c           *variant // the readings compared
	totalA, totalC float64  // bits of all words of the readings
	unmatchedA     int      // words of the account that the customer lacks
	unmatchedC     int      // and the other way round
	heaviest       float64  // bits of the heaviest word that both have
	headA, headC   bool     // the heaviest word of the account, of the customer, is matched
	last           bool     // the last words agree
}

// maxTokens caps the words of a reading that are aligned.
const maxTokens = 16

// tokenSim compares two words; 0 means that they do not agree.
type tokenSim func(x, y *token) float64

// compareNames sets best to the evidence of the pair of readings that share most.
// Two parts of names are not compared: what two names have in brackets can be
// one town.
func compareNames(best *nameEvidence, a, c *entity, sim tokenSim) {
	for i := range a.name.variants {
		for j := range c.name.variants {
			if a.name.variants[i].partial && c.name.variants[j].partial {
				continue
			}
			if !best.known {
				compareVariants(best, &a.name.variants[i], &c.name.variants[j], a, c, sim)
				continue
			}
			var e nameEvidence
			if compareVariants(&e, &a.name.variants[i], &c.name.variants[j], a, c, sim); e.merit() > best.merit() {
				*best = e
			}
		}
	}
}

// merit orders the evidence of several readings.
func (e *nameEvidence) merit() float64 {
	m := e.sim + 0.5*e.compact
	if e.acronym >= 3 {
		m = max(m, 1)
	}
	return m
}

// compareVariants sets e, which is empty, to the evidence of two readings.
func compareVariants(e *nameEvidence, a, c *variant, ea, ec *entity, sim tokenSim) {
	e.known, e.partial, e.foreign, e.mixed = true, a.partial || c.partial, a.foreign != c.foreign, a.mixed != c.mixed
	e.compact = a.probe.like(a.compact, c.compact)
	e.acronym = max(acronymLetters(a, c), acronymLetters(c, a))
	x, y := a.tokens[:min(len(a.tokens), maxTokens)], c.tokens[:min(len(c.tokens), maxTokens)]
	var simA, simC [maxTokens]float64
	alignEqual(x, y, &simA, &simC, sim)
	alignJoined(x, y, &simA, &simC)
	alignJoined(y, x, &simC, &simA)
	e.initials = max(alignInitials(x, y, c.behind, &simA, &simC), alignInitials(y, x, a.behind, &simC, &simA))

	var totalA, totalC, sharedA, sharedC float64
	for i := range x {
		t := &x[i]
		w := t.bits
		if simA[i] == 0 && (e.mixed && t.written[0] >= utf8.RuneSelf || ea.hasPlaceWord(ec, t.text)) {
			w *= placeWordShare
		}
		totalA += w
		sharedA += w * simA[i]
		if odd := w * (1 - simA[i]); odd > e.oddA {
			e.oddA, e.oddWordA = odd, t.written
		}
	}
	for j := range y {
		t := &y[j]
		w := t.bits
		if simC[j] == 0 && (e.mixed && t.written[0] >= utf8.RuneSelf || ea.hasPlaceWord(ec, t.text)) {
			w *= placeWordShare
		}
		totalC += w
		sharedC += w * simC[j]
		if odd := w * (1 - simC[j]); odd > e.oddC {
			e.oddC, e.oddWordC = odd, t.written
		}
	}
	e.a, e.c, e.totalA, e.totalC = a, c, totalA, totalC
	e.unmatchedA, e.headA, e.heaviest = unmatched(x, &simA)
	e.unmatchedC, e.headC, _ = unmatched(y, &simC)
	e.last = len(x) > 0 && len(y) > 0 && simA[len(x)-1] > 0 && simC[len(y)-1] > 0
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
}

// unmatched returns how many words have no counterpart, whether the heaviest
// has one, and the bits of the heaviest that has.
func unmatched(x []token, sim *[maxTokens]float64) (n int, head bool, heaviest float64) {
	most := -1.0
	for i := range x {
		t := &x[i]
		if sim[i] == 0 {
			n++
		} else {
			heaviest = max(heaviest, t.bits*sim[i])
		}
		if t.bits > most {
			most, head = t.bits, sim[i] > 0
		}
	}
	return n, head, heaviest
}

// placeWordShare is what is left of the weight of an unmatched word that is
// the town or the state of one of the two records, or in a script that the other
// name is not in.
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
			rest, ok := strings.CutPrefix(y[j].written, x[i].written)
			if simY[j] == 0 && ok && rest == x[i+1].written {
				simX[i], simX[i+1], simY[j] = 0.97, 0.97, 0.97
			}
		}
	}
}

// alignInitials pairs a word of x with neighbouring words of y, and what stands
// behind them, that it is the initials of: "icmr" and "Indian Council of Medical
// Research". It returns the letters of the longest, at least three.
func alignInitials(x, y []token, behind string, simX, simY *[maxTokens]float64) (most int) {
	if len(y) < 2 || len(y)+len(behind) < 3 {
		return 0
	}
	for i := range x {
		letters := []rune(x[i].written)
		if simX[i] > 0 || len(letters) < 3 || len(letters) > 8 {
			continue
		}
		for j := 0; j+2 <= len(y) && j+len(letters) <= len(y)+len(behind); j++ {
			if n := min(len(letters), len(y)-j); initialsAt(letters[:n], y[j:], simY[j:]) && strings.HasPrefix(behind, string(letters[n:])) {
				simX[i], most = initialsSim, max(most, len(letters))
				for k := range n {
					simY[j+k] = initialsSim
				}
				break
			}
		}
	}
	return most
}

const initialsSim = 0.9

func initialsAt(letters []rune, y []token, simY []float64) bool {
	for k, r := range letters {
		if first, _ := utf8.DecodeRuneInString(y[k].written); simY[k] > 0 || first != r {
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

// closeSim compares two words as they are written: a transposition is one slip.
// It is two by Levenshtein, whose fast road tells most pairs apart.
func closeSim(a, b *token) float64 {
	x, y := a.written, b.written
	s, ok := spellingSim(x, y)
	if ok {
		return s
	}
	longer := max(len(x), len(y))
	allowed := allowedSlips(longer)
	if Levenshtein(x, y) > 2*allowed {
		return 0
	}
	if d := edlib.OSADamerauLevenshteinDistance(x, y); d <= allowed {
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
