package matcher

import (
	"cmp"
	"slices"
)

// glance is what a quick look at a record sees: one reading of its name and
// where it is, in one line of the processor's cache. Hashes of 0 are unknown.
type glance struct {
	words        [glanceWords]uint32
	bits         [glanceWords]uint8 // what each word is worth
	n            uint8              // words seen
	country      uint16
	total        float32 // bits of all words of the reading
	town, postal uint32
	_            uint32
}

// glanceWords is how many words of a name a glance sees, the heaviest first;
// bitParts is into how many parts it divides a bit.
const (
	glanceWords = 9
	bitParts    = 8
)

// glance returns what a quick look at one reading of the record sees.
func (e *entity) glance(reading int) glance {
	g := glance{country: uint16(hashPart(armTown, e.place.country)), town: hashPart(armTown, e.place.loose), postal: hashPart(armPostal, e.place.postal)}
	if reading >= len(e.name.variants) {
		return g
	}
	v := &e.name.variants[reading]
	g.total = float32(v.total)
	heaviest := make([]*token, 0, 16)
	for i := range v.tokens {
		heaviest = append(heaviest, &v.tokens[i])
	}
	if len(heaviest) > glanceWords {
		slices.SortStableFunc(heaviest, func(x, y *token) int { return cmp.Compare(y.bits, x.bits) })
	}
	for _, t := range heaviest[:min(len(heaviest), glanceWords)] {
		word := uint32(t.key >> 32)
		if !slices.Contains(g.words[:g.n], word) { // a word twice is worth no more
			g.bits[g.n] = uint8(min(bitParts*t.bits, 255))
		}
		g.words[g.n] = word
		g.n++
	}
	return g
}

// hashPart returns a short hash of a part of a place, 0 if it is empty.
func hashPart(arm uint64, part string) uint32 {
	if part == "" {
		return 0
	}
	return uint32(hashKey(arm, part)) | 1
}

// likeness returns roughly what a close comparison of an account with a customer
// will add up to in bits, and the bits of the account's words that it found.
func (a *glance) likeness(c *glance) (score, shared float32) {
	parts := uint32(0)
	for j, w := range c.words[:min(c.n, glanceWords)] {
		equal := uint32(0) // words of the account; no branch to mistake
		for _, x := range a.words[:min(a.n, glanceWords)] {
			equal += uint32((uint64(x^w) - 1) >> 63)
		}
		parts += equal * uint32(c.bits[j])
	}
	shared = float32(parts) / bitParts
	score = shared - min(lackWeight*(a.total+c.total-2*shared), lackMost)
	score += alike(a.town, c.town, 3, -3)
	score += alike(a.postal, c.postal, 3, -2)
	score += alike(uint32(a.country), uint32(c.country), 0, -6)
	return score, shared
}

// lackWeight is what a bit of a word that only one name has takes away, and
// lackMost what all of them take at most.
const (
	lackWeight = 0.35
	lackMost   = 15
)

func alike(a, c uint32, equal, different float32) float32 {
	switch {
	case a == 0 || c == 0:
		return 0
	case a == c:
		return equal
	}
	return different
}
