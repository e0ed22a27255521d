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
	if a == b {
		return 1
	}
	var jaro float64
	var prefix int
	if isShortASCII(a) && isShortASCII(b) {
		jaro, prefix = jaroBits(a, b), commonPrefix([]byte(a), []byte(b))
	} else {
		x, y := []rune(a), []rune(b)
		jaro, prefix = jaroRunes(x, y), commonPrefix(x, y)
	}
	if jaro > 0.7 {
		jaro += 0.1 * float64(prefix) * (1 - jaro)
	}
	return jaro
}

// isShortASCII reports whether each character of s has its bit in one word.
func isShortASCII(s string) bool {
	if len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func commonPrefix[E byte | rune](a, b []E) int {
	n := 0
	for n < 4 && n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// jaroBits is Jaro's measure with the positions of a in the bits of a word.
func jaroBits(a, b string) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	var at [utf8.RuneSelf]uint64
	for i := 0; i < len(a); i++ {
		at[a[i]&0x7f] |= 1 << i
	}
	reach := max(len(a), len(b))/2 - 1
	reach = max(reach, 0)
	var inA, inB uint64
	for j := 0; j < len(b); j++ {
		window := ^uint64(0)
		if high := j + reach; high < 63 {
			window = 1<<(high+1) - 1
		}
		if low := j - reach; low >= 64 {
			window = 0
		} else if low > 0 {
			window &^= 1<<low - 1
		}
		if hit := at[b[j]&0x7f] & window &^ inA; hit != 0 {
			inA |= hit & -hit
			inB |= 1 << j
		}
	}
	m := bits.OnesCount64(inA)
	if m == 0 {
		return 0
	}
	swapped := 0
	for x, y := inA, inB; x != 0; x, y = x&(x-1), y&(y-1) {
		if a[bits.TrailingZeros64(x)] != b[bits.TrailingZeros64(y)] {
			swapped++
		}
	}
	return jaroFormula(m, swapped, len(a), len(b))
}

func jaroRunes(a, b []rune) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
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
	if m == 0 {
		return 0
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

func jaroFormula(m, swapped, la, lb int) float64 {
	f := float64(m)
	return (f/float64(la) + f/float64(lb) + (f-float64(swapped/2))/f) / 3
}

// Levenshtein returns the least number of insertions, deletions and
// substitutions of characters that make b of a. Short ASCII runs by the
// bit-vector algorithm of Myers (1999) as simplified by Hyyrö (2003).
func Levenshtein(a, b string) int {
	if isShortASCII(a) && len(a) > 0 && isASCII(b) {
		return levenshteinBits(a, b)
	}
	if isShortASCII(b) && len(b) > 0 && isASCII(a) {
		return levenshteinBits(b, a)
	}
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		corner := row[0]
		row[0] = i + 1
		for j, s := range y {
			cost := corner
			if r != s {
				cost++
			}
			corner = row[j+1]
			row[j+1] = min(cost, row[j]+1, corner+1)
		}
	}
	return row[len(y)]
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func levenshteinBits(a, b string) int {
	var at [utf8.RuneSelf]uint64
	for i := 0; i < len(a); i++ {
		at[a[i]&0x7f] |= 1 << i
	}
	last := uint64(1) << (len(a) - 1)
	up, down := ^uint64(0), uint64(0) // vertical deltas of +1 and -1
	d := len(a)
	for j := 0; j < len(b); j++ {
		eq := at[b[j]&0x7f]
		diagonal := (((eq & up) + up) ^ up) | eq | down
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
