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
	canonical map[string]string  // spelling or translation → word
	common    map[string]float64 // word → share of names it stands in
	heads     map[string]bool    // first words of translations of two words
}

// tierShare is the share of names a word of each tier is taken to stand in
// before any file is counted.
var tierShare = [...]float64{0, 1.0 / 50, 1.0 / 300, 1.0 / 1500}

var vocabularyOnce = sync.OnceValue(func() *vocabulary {
	v := &vocabulary{canonical: make(map[string]string, 1024), common: make(map[string]float64, 256), heads: make(map[string]bool, 32)}
	var lines [][2]string
	for line := range dataLines(wordsText) {
		head, others, _ := strings.Cut(line, ":")
		tier, word, _ := strings.Cut(head, " ")
		v.common[word] = tierShare[tier[0]-'0']
		v.canonical[word] = word
		lines = append(lines, [2]string{word, others})
	}
	for _, l := range lines {
		for other := range strings.SplitSeq(l[1], ",") {
			other = strings.TrimSpace(other)
			if _, taken := v.canonical[other]; other != "" && !taken {
				v.canonical[other] = l[0]
				if first, _, two := strings.Cut(other, " "); two {
					v.heads[first] = true
				}
			}
		}
	}
	for other, town := range townsOnce() {
		if _, taken := v.canonical[other]; !taken && !strings.Contains(other+town, " ") {
			v.canonical[other] = town
		}
	}
	return v
})

// canon returns the word that w is a spelling, an abbreviation or a
// translation of, or w.
func (v *vocabulary) canon(w string) string {
	if c, ok := v.canonical[w]; ok {
		return c
	}
	return w
}

// phrase returns the word that the first two words are a translation of, or "":
// "dai hoc" is a university.
func (v *vocabulary) phrase(w []string) string {
	if len(w) < 2 || !v.heads[w[0]] {
		return ""
	}
	return v.canonical[w[0]+" "+w[1]]
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

// wordBits returns what agreement on a canonical word is worth in bits: the
// negative log2 of the share of names it stands in, from df names of n, both
// rounded, and the built-in shares.
func (v *vocabulary) wordBits(w string, df, n int) float64 {
	share, ok := v.common[w]
	if !ok {
		share = rareShare
	}
	return -math.Log2((float64(df) + smoothing*share + 0.5) / float64(n+smoothing))
}
