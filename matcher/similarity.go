package matcher

import (
	"math/bits"
	"unicode/utf8"
)

// JaroWinkler returns the Jaro-Winkler similarity of a and b in characters, in
// [0, 1]: Jaro's measure, raised by 0.1 for each of the first four characters
// that agree where it is above 0.7. Two empty strings are equal. The formula is
// that of Winkler, "String Comparator Metrics and Enhanced Decision Rules in
// the Fellegi-Sunter Model of Record Linkage" (1990).
func JaroWinkler(a, b string) float64 {
	var p Pattern
	p.Set(a)
	return p.JaroWinkler(b)
}

// Levenshtein returns the least number of insertions, deletions and
// substitutions of characters that make b of a.
func Levenshtein(a, b string) int {
	var p Pattern
	p.Set(a)
	return p.Levenshtein(b)
}

// slips is Levenshtein where two neighbours that changed places are one slip,
// too: the optimal string alignment distance.
func slips(a, b string) int {
	var p Pattern
	p.Set(a)
	return p.distance(b, true)
}

// Pattern is a text made ready to be compared with many others, which is
// several times as fast as comparing each pair afresh. The zero value is the
// empty text.
type Pattern struct {
	text string
	long bool                  // not short ASCII: at does not hold
	at   [utf8.RuneSelf]uint64 // where each character stands, from the lowest bit on
}

// Set makes p the pattern of text.
func (p *Pattern) Set(text string) {
	if !p.long {
		for i := 0; i < len(p.text); i++ {
			p.at[p.text[i]&0x7f] = 0
		}
	}
	p.text, p.long = text, len(text) > 64 || !isASCII(text)
	if !p.long {
		for i := 0; i < len(text); i++ {
			p.at[text[i]&0x7f] |= 1 << i
		}
	}
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// JaroWinkler returns the similarity of the pattern and b as the function of
// that name does.
func (p *Pattern) JaroWinkler(b string) float64 {
	jaro, ok := p.jaro(b)
	if !ok {
		jaro = jaroRunes([]rune(p.text), []rune(b))
	}
	if jaro > 0.7 {
		jaro += 0.1 * float64(commonPrefix(p.text, b)) * (1 - jaro)
	}
	return jaro
}

// like returns JaroWinkler(a, b); p is the pattern of a or nil.
func (p *Pattern) like(a, b string) float64 {
	if p == nil {
		return JaroWinkler(a, b)
	}
	return p.JaroWinkler(b)
}

// commonPrefix returns how many of the first four characters agree.
func commonPrefix(a, b string) int {
	n, rest := 0, b
	for _, r := range a {
		s, size := utf8.DecodeRuneInString(rest)
		if n == 4 || size == 0 || r != s {
			break
		}
		n, rest = n+1, rest[size:]
	}
	return n
}

// jaro is Jaro's measure with the positions of short ASCII in the bits of a
// word. It is not ok if either text is something else.
func (p *Pattern) jaro(b string) (jaro float64, ok bool) {
	a := p.text
	if p.long || len(b) > 64 {
		return 0, false
	}
	reach := max(max(len(a), len(b))/2-1, 0)
	window := uint64(1)<<(reach+1) - 1 // the places of a that b[j] may match
	var inA, inB uint64
	var all byte
	for j := 0; j < len(b); j++ {
		all |= b[j]
		hit := p.at[b[j]&0x7f] & window &^ inA
		inA |= hit & -hit
		inB |= (hit | -hit) >> 63 << (j & 63)
		window = window<<1 | uint64(j-reach)>>63
	}
	if all >= utf8.RuneSelf {
		return 0, false
	}
	swapped := 0
	for x, y := inA, inB; x != 0; x, y = x&(x-1), y&(y-1) {
		if a[bits.TrailingZeros64(x)] != b[bits.TrailingZeros64(y)] {
			swapped++
		}
	}
	return jaroFormula(bits.OnesCount64(inA), swapped, len(a), len(b)), true
}

func jaroRunes(a, b []rune) float64 {
	reach := max(max(len(a), len(b))/2-1, 0)
	inA, inB := make([]bool, len(a)), make([]bool, len(b))
	m := 0
	for j, r := range b {
		for i := max(j-reach, 0); i < min(j+reach+1, len(a)); i++ {
			if !inA[i] && a[i] == r {
				inA[i], inB[j] = true, true
				m++
				break
			}
		}
	}
	swapped, i := 0, 0
	for j, r := range b {
		if !inB[j] {
			continue
		}
		for !inA[i] {
			i++
		}
		if a[i] != r {
			swapped++
		}
		i++
	}
	return jaroFormula(m, swapped, len(a), len(b))
}

// jaroFormula is the mean of m/la, m/lb and (m-t)/m, where t is half the matched
// characters that stand in another order.
func jaroFormula(m, swapped, la, lb int) float64 {
	if m == 0 {
		if la == 0 && lb == 0 {
			return 1
		}
		return 0
	}
	return float64(m*m*(la+lb)+(m-swapped/2)*la*lb) / float64(3*m*la*lb)
}

// Levenshtein returns the distance of the pattern and b as the function of that
// name does.
func (p *Pattern) Levenshtein(b string) int { return p.distance(b, false) }

// distance is the distance of Levenshtein or, with swaps, of optimal string
// alignment. A pattern of short ASCII runs by the bit-vector algorithm of Myers
// (1999) as simplified and extended by Hyyrö (2003).
func (p *Pattern) distance(b string, swaps bool) int {
	if p.long || !isASCII(b) {
		return distanceRunes([]rune(p.text), []rune(b), swaps)
	}
	if len(p.text) == 0 {
		return len(b)
	}
	last := uint64(1) << (len(p.text) - 1)
	up, down := ^uint64(0), uint64(0) // vertical deltas of +1 and -1
	var diagonal, before uint64
	d := len(p.text)
	for j := 0; j < len(b); j++ {
		eq := p.at[b[j]&0x7f]
		var swap uint64
		if swaps {
			swap = (^diagonal & eq) << 1 & before
		}
		diagonal = (((eq & up) + up) ^ up) | eq | down | swap
		before = eq
		right := down | ^(diagonal | up)
		left := up & diagonal
		if right&last != 0 {
			d++
		}
		if left&last != 0 {
			d--
		}
		right = right<<1 | 1
		left <<= 1
		up = left | ^(diagonal | right)
		down = right & diagonal
	}
	return d
}

func distanceRunes(a, b []rune, swaps bool) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		next[0] = i + 1
		for j := range b {
			cost := row[j]
			if a[i] != b[j] {
				cost++
			}
			next[j+1] = min(cost, row[j+1]+1, next[j]+1)
			if swaps && i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
