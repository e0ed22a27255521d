package matcher

// Words that are one slip of the pen apart (a letter missing, too many, wrong, or
// two of them swapped) are found by what is left of either without one of its
// letters, as in Mor and Fraenkel, "A Hash Code Method for Detecting and
// Correcting Spelling Errors" (1982). It costs the same whatever the file.

// The words that slips are looked for in: short ones are apart too easily, and a
// name has two that matter at most.
const (
	leastSlipped  = 5
	mostSlipped   = 16
	slippedInName = 2
)

// eachSlip calls f with the keys of a word: its own, and those of the word without
// each of its letters.
func eachSlip(word string, f func(key uint64)) {
	f(hashKey(armSlip, word))
	var rest [mostSlipped]byte
	for i := range len(word) {
		if i > 0 && word[i] == word[i-1] {
			continue // the same as without the letter before
		}
		n := copy(rest[:], word[:i])
		n += copy(rest[n:], word[i+1:])
		f(hashKey(armSlip, string(rest[:n])))
	}
}

// slipping reports whether slips are looked for in a word.
func (t *token) slipping() bool {
	if len(t.written) < leastSlipped || len(t.written) > mostSlipped || !isASCII(t.written) {
		return false
	}
	return !t.common
}

// slipped returns the words of a reading that slips are looked for in.
func (v *variant) slipped() []*token {
	var list []*token
	for i := range v.tokens {
		if t := &v.tokens[i]; t.slipping() {
			if list = append(list, t); len(list) == slippedInName {
				break
			}
		}
	}
	return list
}

// askSlips asks for customers with a word that is a slip of the pen away from one
// that no customer has.
func (ix *Index) askSlips(v *variant, s *scratch) {
	for _, t := range v.slipped() {
		if len(ix.keys.under(t.key)) > 0 {
			continue
		}
		eachSlip(t.written, func(key uint64) { s.askHashed(armSlip, key, float32(t.bits)) })
	}
}
