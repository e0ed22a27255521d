package matcher

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

//go:embed data/letters.txt
var lettersText string

// letters maps a lower-case letter that Unicode does not decompose to its
// spelling in a key.
var letters = sync.OnceValue(func() map[rune]string {
	m := make(map[rune]string, 128)
	for line := range dataLines(lettersText) {
		from, to, _ := strings.Cut(line, " ")
		for _, r := range from {
			m[r] = to
		}
	}
	return m
})

// dataLines yields the lines of an embedded file that say something.
func dataLines(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if !yield(line) {
				return
			}
		}
	}
}

// Fold returns s as names are compared: compatibility forms resolved, lower
// case, Latin, Greek and Cyrillic letters without their marks and in Latin
// spelling, kana too, invisible characters dropped. Other scripts keep theirs. Folding
// twice changes nothing.
func Fold(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	table := latinOnce()
	for _, r := range s {
		if int(r) >= len(table) { // also what is no UTF-8
			return foldAny(s)
		}
		b.WriteString(table[r])
	}
	return b.String()
}

// latinOnce holds the folded form of each character that is followed by no
// combining mark: those up to the end of extended Latin.
var latinOnce = sync.OnceValue(func() *[0x250]string {
	var t [0x250]string
	for r := range t {
		t[r] = foldAny(string(rune(r)))
	}
	return &t
})

// foldAny is Fold for text of any script.
func foldAny(s string) string {
	s = norm.NFKC.String(strings.ToValidUTF8(s, " "))
	table := letters()
	var b strings.Builder
	b.Grow(len(s))
	bare := false // the letter before loses its marks
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
			if !bare {
				b.WriteRune(r)
			}
		case unicode.Is(unicode.Cf, r):
			// zero-width joiners, soft hyphens, direction marks
		case unicode.IsControl(r):
			b.WriteByte(' ')
		default:
			bare = unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic)
			r = unicode.ToLower(r)
			if to, ok := table[r]; ok {
				b.WriteString(to)
			} else {
				b.WriteRune(r)
			}
		}
	}
	return romanized(norm.NFKC.String(b.String()))
}

// isPlain reports whether s is lower-case ASCII text that folds to itself.
func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// words splits folded text into its words: runs of letters and digits. What
// is written without spaces (Han, Hangul, Thai and the like) comes as the words that
// the vocabulary, the towns and the legal forms know, and the rest as pairs of
// characters. Dotted and spaced initials become one word, "&" and "+"
// become "and", and a possessive s stays with its word.
func words(folded string) []string {
	if isASCII(folded) {
		return joinInitials(wordsASCII(folded))
	}
	var out []string
	runes := []rune(folded)
	for i := 0; i < len(runes); {
		r := runes[i]
		switch {
		case r == '&' || r == '+':
			out = append(out, "and")
			i++
		case isApostrophe(r) && len(out) > 0 && possessive(runes[i+1:]):
			out[len(out)-1] += "s"
			i += 2
		case unbroken(r):
			j := i + 1
			for j < len(runes) && (unbroken(runes[j]) || unicode.Is(unicode.M, runes[j])) {
				j++
			}
			out = appendUnbroken(out, runes[i:j])
			i = j
		case isWordRune(r):
			j := i + 1
			for j < len(runes) && !unbroken(runes[j]) && (isWordRune(runes[j]) || unicode.Is(unicode.M, runes[j])) {
				j++
			}
			out = append(out, string(runes[i:j]))
			i = j
		default:
			i++
		}
	}
	return joinInitials(out)
}

// wordsASCII is words, before initials are joined, for most names there are.
func wordsASCII(folded string) []string {
	if folded == "" {
		return nil
	}
	out := make([]string, 0, 4)
	for i := 0; i < len(folded); {
		c := folded[i]
		switch {
		case c == '&' || c == '+':
			out = append(out, "and")
			i++
		case isApostrophe(rune(c)) && len(out) > 0 && i+1 < len(folded) && folded[i+1] == 's' &&
			(i+2 == len(folded) || !isWordByte(folded[i+2])):
			out[len(out)-1] += "s"
			i += 2
		case isWordByte(c):
			j := i + 1
			for j < len(folded) && isWordByte(folded[j]) {
				j++
			}
			out = append(out, folded[i:j])
			i = j
		default:
			i++
		}
	}
	return out
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z'
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// unbroken reports whether r belongs to a script written without spaces.
func unbroken(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// unbrokenWords holds the words of two characters or more that are written without
// spaces, as the data files have them, and mostUnbroken the characters of the longest.
var unbrokenWords = sync.OnceValue(func() map[string]bool {
	m := make(map[string]bool, 1024)
	for _, text := range []string{wordsText, townsText, legalText} {
		for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !unbroken(r) }) {
			if utf8.RuneCountInString(w) >= 2 {
				m[w] = true
			}
		}
	}
	return m
})

const mostUnbroken = 10

// appendUnbroken parts a run at the words it knows, the longest first.
func appendUnbroken(out []string, run []rune) []string {
	known := unbrokenWords()
	start := 0 // of what is not known
	for i := 0; i < len(run); {
		n := min(mostUnbroken, len(run)-i)
		for n >= 2 && !known[string(run[i:i+n])] {
			n--
		}
		if n < 2 {
			i++
			continue
		}
		out = append(appendPairs(out, run[start:i]), string(run[i:i+n]))
		i += n
		start = i
	}
	return appendPairs(out, run[start:])
}

func appendPairs(out []string, run []rune) []string {
	if len(run) <= 1 {
		if len(run) == 0 {
			return out
		}
		return append(out, string(run))
	}
	for i := 0; i+1 < len(run); i++ {
		out = append(out, string(run[i:i+2]))
	}
	return out
}

func isApostrophe(r rune) bool { return r == '\'' || r == '’' || r == '‘' || r == '`' || r == 'ʼ' }

// possessive reports whether what follows an apostrophe is a lone s.
func possessive(rest []rune) bool {
	return len(rest) > 0 && rest[0] == 's' && (len(rest) == 1 || !isWordRune(rest[1]))
}

// joinInitials turns "a b c" (from "A.B.C.") into "abc".
func joinInitials(in []string) []string {
	out := in[:0]
	for i := 0; i < len(in); {
		j := i
		for j < len(in) && isInitial(in[j]) {
			j++
		}
		if j-i >= 2 {
			out = append(out, strings.Join(in[i:j], ""))
			i = j
			continue
		}
		out = append(out, in[i])
		i++
	}
	return out
}

func isInitial(w string) bool { return len(w) == 1 && 'a' <= w[0] && w[0] <= 'z' }

// loose returns a word with the double spellings of the Nordic and German
// languages taken together: "goeteborg" and "goteborg", "aa" and "a".
func loose(w string) string {
	if !doubleSpelt(w) {
		return w
	}
	for _, pair := range [...]string{"oe", "ae", "aa", "ue"} {
		w = strings.ReplaceAll(w, pair, pair[:1])
	}
	return w
}

// doubleSpelt reports whether a word has a double spelling; most have none.
func doubleSpelt(w string) bool {
	for i := 1; i < len(w); i++ {
		switch w[i] {
		case 'e':
			if b := w[i-1]; b == 'o' || b == 'a' || b == 'u' {
				return true
			}
		case 'a':
			if w[i-1] == 'a' {
				return true
			}
		}
	}
	return false
}
