package matcher

import (
	_ "embed"
	"math"
	"strings"
	"sync"
)

//go:embed data/words.txt
var wordsText string

// vocabulary knows the common words of organisation names.
type vocabulary struct {
	spellings map[string]spelling
	shares    map[string]float64 // common word → share of names it stands in
}

// spelling is what the vocabulary knows of a word as it is written.
type spelling struct {
	word   string // that it is a spelling, an abbreviation or a translation of
	common bool   // whether that is a common word; towns are not
	head   bool   // whether it is the first of two words that are a translation
}

// tierShare is the share of names a word of each tier is taken to stand in
// before any file is counted.
var tierShare = [...]float64{0, 1.0 / 50, 1.0 / 300, 1.0 / 1500}

var vocabularyOnce = sync.OnceValue(func() *vocabulary {
	v := &vocabulary{spellings: make(map[string]spelling, 2048), shares: make(map[string]float64, 256)}
	var lines [][2]string
	for line := range dataLines(wordsText) {
		head, others, _ := strings.Cut(line, ":")
		tier, word, _ := strings.Cut(head, " ")
		v.shares[word] = tierShare[tier[0]-'0']
		v.add(word, spelling{word: word, common: true})
		lines = append(lines, [2]string{word, others})
	}
	for _, l := range lines {
		for other := range strings.SplitSeq(l[1], ",") {
			other = strings.TrimSpace(other)
			if other != "" && v.add(other, spelling{word: l[0], common: true}) {
				if first, _, two := strings.Cut(other, " "); two {
					s := v.spellings[first]
					s.head = true
					v.spellings[first] = s
				}
			}
		}
	}
	for other, town := range townsOnce() {
		if !strings.Contains(other+town, " ") {
			v.add(other, spelling{word: town})
		}
	}
	return v
})

// add adds what is known of a word, unless it is a spelling of another already, and
// reports whether it did.
func (v *vocabulary) add(written string, s spelling) bool {
	known := v.spellings[written]
	if known.word != "" {
		return false
	}
	s.head = known.head
	v.spellings[written] = s
	return true
}

// read returns what is known of a word; one that is not known is that word itself.
func (v *vocabulary) read(written string) spelling {
	s := v.spellings[written]
	if s.word == "" {
		s.word = written
	}
	return s
}

// phrase returns the word that two words are a translation of, or "": "dai hoc" is
// a university.
func (v *vocabulary) phrase(first, second string) string {
	return v.spellings[first+" "+second].word
}

// isFiller reports whether the canonical word w tells nothing about whose
// name it is.
func isFiller(w string) bool { return w == "of" || w == "and" }

// smoothing is how many names the built-in shares count for beside the file.
const smoothing = 2000

// rareShare is the share of names a word outside the vocabulary is taken to
// stand in.
const rareShare = 1e-5

// rounded returns a count as it weighs in: beyond 8 to half an octave, so that one
// record more seldom changes what all others are worth.
func rounded(n int) int {
	if n <= 8 {
		return n
	}
	return int(math.Exp2(math.Round(2*math.Log2(float64(n))) / 2))
}

// wordBits returns what agreement on a word is worth in bits: the negative log2
// of the share of names it stands in, from df names of n, both rounded, and the
// built-in shares.
func (v *vocabulary) wordBits(t *token, df, n int) float64 {
	share := rareShare
	if t.common {
		share = v.shares[t.text]
	}
	return -math.Log2((float64(df) + smoothing*share + 0.5) / float64(n+smoothing))
}
