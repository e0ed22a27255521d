package storage

import "math/bits"

// bitset is a set of small numbers, one bit each. All sets that are put together
// are of the same length.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) add(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) has(i int) bool { return b[i/64]>>(i%64)&1 == 1 }

// and, or and without keep in b what is in both, in either, in b alone.
func (b bitset) and(o bitset) {
	for i, w := range o {
		b[i] &= w
	}
}

func (b bitset) or(o bitset) {
	for i, w := range o {
		b[i] |= w
	}
}

func (b bitset) without(o bitset) {
	for i, w := range o {
		b[i] &^= w
	}
}

func (b bitset) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// countBoth returns how many are in both.
func (b bitset) countBoth(o bitset) int {
	n := 0
	for i, w := range o {
		n += bits.OnesCount64(b[i] & w)
	}
	return n
}

// each calls fn with each number, in ascending order.
func (b bitset) each(fn func(i int)) {
	for at, w := range b {
		for ; w != 0; w &= w - 1 {
			fn(at*64 + bits.TrailingZeros64(w))
		}
	}
}
