package matcher

import "math"

// grams holds the customers with each run of three characters in their names,
// in ascending order. A run has a slot of its own if it is of letters and
// digits; others share what is left, which only proposes more candidates.
type grams struct {
	starts []uint32 // starts[slot] to starts[slot+1] are the ids of a slot
	ids    []int32
	weight []float32 // squared, in bits
	norms  []float32 // length of each customer's vector of grams
}

const (
	gramLetters = 37 // the mark at both ends, a to z, 0 to 9
	plainGrams  = gramLetters * gramLetters * gramLetters
	otherGrams  = 1 << 16
	gramSlots   = plainGrams + otherGrams
)

// gramSlot returns the slot of three characters; ' ' is the mark.
func gramSlot(a, b, c rune) uint32 {
	x, y, z := gramLetter(a), gramLetter(b), gramLetter(c)
	if x|y|z >= 0 {
		return uint32((x*gramLetters+y)*gramLetters + z)
	}
	return plainGrams + uint32(mix(uint64(a)<<42|uint64(b)<<21|uint64(c))%otherGrams)
}

// gramLetter returns the place of a character among the letters of grams, or -1.
func gramLetter(r rune) int {
	switch {
	case 'a' <= r && r <= 'z':
		return int(r-'a') + 1
	case '0' <= r && r <= '9':
		return int(r-'0') + 27
	case r == ' ':
		return 0
	}
	return -1
}

// newGrams counts the grams of the customers, then files each in its place.
func newGrams(ix *Index) *grams {
	n := len(ix.customers)
	g := &grams{starts: make([]uint32, gramSlots+1), weight: make([]float32, gramSlots), norms: make([]float32, n)}
	counts := make([][]uint32, ix.opt.Workers) // per worker and slot; then where the worker files the next
	ix.spread(n, func(worker, low, high int) {
		counts[worker] = make([]uint32, gramSlots)
		ix.eachGram(low, high, func(_ int32, slot uint32) { counts[worker][slot]++ })
	})
	sum := uint32(0)
	for slot := range gramSlots {
		g.starts[slot] = sum
		for _, c := range counts {
			c[slot], sum = sum, sum+c[slot]
		}
		if df := sum - g.starts[slot]; df > 0 {
			w := max(0, math.Log2(float64(ix.size+1)/float64(rounded(int(df))+1)))
			g.weight[slot] = float32(w * w)
		}
	}
	g.starts[gramSlots] = sum
	g.ids = make([]int32, sum)
	ix.spread(n, func(worker, low, high int) {
		ix.eachGram(low, high, func(id int32, slot uint32) {
			g.ids[counts[worker][slot]] = id
			counts[worker][slot]++
		})
		var slots []uint32
		for i := low; i < high; i++ {
			g.norms[i] = g.longest(&ix.customers[i], &slots)
		}
	})
	return g
}

// eachGram calls f once for each customer from low to high and slot of its name.
func (ix *Index) eachGram(low, high int, f func(id int32, slot uint32)) {
	var slots []uint32
	seen := make([]int32, gramSlots) // the last customer with the slot, plus 1
	for i := low; i < high; i++ {
		variants := ix.customers[i].name.variants
		for j := range variants {
			slots = appendGrams(slots[:0], variants[j].compact)
			for _, slot := range slots {
				if seen[slot] != int32(i)+1 {
					seen[slot] = int32(i) + 1
					f(int32(i), slot)
				}
			}
		}
	}
}

// under returns the customers in the slot. The caller must not change them.
func (g *grams) under(slot uint32) []int32 { return g.ids[g.starts[slot]:g.starts[slot+1]] }

// longest returns the length of an entity's vector of grams: of its longest
// reading, so that short readings do not crowd in.
func (g *grams) longest(e *entity, slots *[]uint32) float32 {
	longest := float32(0)
	for i := range e.name.variants {
		*slots = appendGrams((*slots)[:0], e.name.variants[i].compact)
		longest = max(longest, g.norm(*slots))
	}
	return longest
}

// norm returns the length of a vector of grams.
func (g *grams) norm(slots []uint32) float32 {
	sum := 0.0
	for _, slot := range slots {
		sum += float64(g.weight[slot])
	}
	return float32(math.Sqrt(sum)) + 1e-3
}
