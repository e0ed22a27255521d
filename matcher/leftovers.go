package matcher

import (
	"slices"
	"strings"
)

// leftovers is what two readings of names have and lack word by word, beyond
// what compareNames weighs.
type leftovers struct {
	exact    float64 // bits of words that both have in the same spelling
	same     float64 // and of those that both have in some spelling or language
	numbers  agreement
	country  agreement // of a country in one name that the other lacks with the other's place
	brand    int       // customers that have the account's heaviest word
	lost     int       // and the heaviest word that only the account has
	ordered  bool      // the words that both have stand in one order
	rareA    float64   // bits of the words that only the account has and that are not common
	rareC    float64   // (both)
	lettersA int
	lettersC int
	misspelt misspelling // the worst of words that are nearly the same
}

// agreement is whether what one name says is so by the other.
type agreement uint8

const (
	agreeSilent   agreement = iota // neither says anything
	agreeEqual                     // both say the same
	agreeOneSided                  // one says what the other leaves open
	agreeConflict
)

// compareLeftovers compares the words of two readings. df counts the customers
// that have a word.
func compareLeftovers(a, c *entity, x, y *variant, df func(*token) int) leftovers {
	l := leftovers{numbers: compareNumbers(x, y), ordered: true, lettersA: len(x.compact), lettersC: len(y.compact)}
	last := -1
	heaviest, heaviestLost := -1.0, -1.0
	for i := range x.tokens {
		t := &x.tokens[i]
		at := y.find(t.key)
		if t.bits > heaviest {
			heaviest, l.brand = t.bits, df(t)
		}
		if at < 0 {
			if t.bits > heaviestLost {
				heaviestLost, l.lost = t.bits, df(t)
			}
			if !t.common {
				l.rareA += t.bits
			}
			l.country = max(l.country, countryAgreement(t, a, c))
			continue
		}
		l.same += t.bits
		if y.tokens[at].spelt == t.spelt {
			l.exact += t.bits
		}
		if at < last {
			l.ordered = false
		}
		last = at
	}
	for j := range y.tokens {
		t := &y.tokens[j]
		if x.hasKey(t.key) {
			continue
		}
		for i := range x.tokens {
			if o := &x.tokens[i]; !y.hasKey(o.key) {
				l.misspelt = max(l.misspelt, slipBetween(o.written, t.written))
			}
		}
		if !t.common {
			l.rareC += t.bits
		}
		l.country = max(l.country, countryAgreement(t, c, a))
	}
	return l
}

func (v *variant) hasKey(key uint64) bool { return v.find(key) >= 0 }

// find returns the place of the first word with the key, or -1.
func (v *variant) find(key uint64) int {
	for i := range v.tokens {
		if v.tokens[i].key == key {
			return i
		}
	}
	return -1
}

// countryAgreement returns how a word that names a country and stands in the
// name of one record only fits the country of the other.
func countryAgreement(t *token, has, lacks *entity) agreement {
	country := placesOnce().countries[t.text]
	if country == "" {
		country = placesOnce().countries[t.written]
	}
	switch {
	case country == "":
		return agreeSilent
	case lacks.place.country == country:
		return agreeEqual
	case lacks.place.country == "":
		return agreeOneSided
	case has.place.country == lacks.place.country:
		return agreeEqual // of another country's firm where both are
	}
	return agreeConflict
}

// misspelling is how two words that are nearly the same differ: fingers swap letters more
// often than they find another word.
type misspelling uint8

const (
	slipNone    misspelling = iota // not at all, or too much
	slipSwap                       // two neighbours are swapped
	slipCut                        // one begins with the other
	slipMissing                    // one lacks a letter or two
	slipOther                      // letters are others
	slipFirst                      // the first letters differ
)

// slipBetween returns how two words differ that are not the same.
func slipBetween(x, y string) misspelling {
	if len(x) < 4 || len(y) < 4 {
		return slipNone
	}
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	switch longer := max(len(x), len(y)); {
	case n == len(x) || n == len(y):
		return slipCut
	case len(x) == len(y) && n+1 < len(x) && x[n] == y[n+1] && x[n+1] == y[n] && x[n+2:] == y[n+2:]:
		return slipSwap
	case max(len(x)-len(y), len(y)-len(x)) > allowedSlips(longer) || Levenshtein(x, y) > allowedSlips(longer):
		return slipNone
	case n == 0:
		return slipFirst
	case len(x) != len(y):
		return slipMissing
	}
	return slipOther
}

// compareNumbers compares the words with digits, and Roman numerals that end a
// name.
func compareNumbers(x, y *variant) agreement {
	var roomX, roomY [4]string
	a, b := x.numbers(roomX[:0]), y.numbers(roomY[:0])
	switch {
	case len(a) == 0 && len(b) == 0:
		return agreeSilent
	case len(a) == 0 || len(b) == 0:
		return agreeOneSided
	case slices.Equal(a, b):
		return agreeEqual
	}
	return agreeConflict
}

func (v *variant) numbers(out []string) []string {
	for i := range v.tokens {
		w := v.tokens[i].written
		if hasDigit(w) {
			out = append(out, strings.Trim(w, "abcdefghijklmnopqrstuvwxyz"))
		} else if n := romanNumeral(w); n != "" && i > 0 {
			out = append(out, n)
		}
	}
	return out
}

// romanNumeral returns a Roman numeral from II to XIII in digits, or "". A lone
// I, V or X is mostly a letter.
func romanNumeral(w string) string {
	switch w {
	case "ii":
		return "2"
	case "iii":
		return "3"
	case "iv":
		return "4"
	case "vi":
		return "6"
	case "vii":
		return "7"
	case "viii":
		return "8"
	case "ix":
		return "9"
	case "xi":
		return "11"
	case "xii":
		return "12"
	case "xiii":
		return "13"
	}
	return ""
}

// inHost returns how the labels of a record's hosts before their registrable
// domains, which name units of a larger organisation, fit a name: 0 without
// such a label, 1 if none fits, 2 if one is a word or a part of the name, 3 if
// one is its initials or the name run together.
func inHost(sites []site, n *name) float32 {
	fit := float32(0)
	for i := range sites {
		s := &sites[i]
		if !s.named() || len(s.host) <= len(s.key)+1 {
			continue
		}
		for label := range strings.SplitSeq(s.host[:len(s.host)-len(s.key)-1], ".") {
			if len(label) >= 2 {
				fit = max(fit, labelFit(label, n))
			}
		}
	}
	return fit
}

func labelFit(label string, n *name) float32 {
	fit := float32(1)
	for i := range n.variants {
		v := &n.variants[i]
		if label == v.compact || label == v.full || label == v.acronyms[0] || label == v.acronyms[1] {
			return 3
		}
		for j := range v.tokens {
			if label == v.tokens[j].written {
				fit = 2
			}
		}
		if len(label) >= 5 && strings.Contains(v.full, label) {
			fit = 2
		}
	}
	return fit
}
