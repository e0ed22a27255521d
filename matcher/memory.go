package matcher

import "math/bits"

// remembered returns sim with a memory of the pairs of words it compared last,
// for one goroutine. Names of one file meet the same words again and again.
func remembered(sim tokenSim) tokenSim {
	type pair struct {
		x, y uint64
		sim  float64
	}
	memory := make([]pair, 1<<13)
	return func(x, y *token) float64 {
		if farApart(x, y) {
			return 0
		}
		p := &memory[(x.key^y.key*0x9e3779b97f4a7c15)>>51]
		if p.x != x.key || p.y != y.key {
			*p = pair{x.key, y.key, sim(x, y)}
		}
		return p.sim
	}
}

// farApart reports whether a glance tells that two words do not agree: they
// begin with different sounds, so that neither is short for the other or its
// cognate, and too many letters of one are not in the other for slips of the
// pen.
func farApart(x, y *token) bool {
	most := allowedSlips(max(len(x.text), len(y.text)))
	return x.sound != y.sound && (bits.OnesCount64(x.letters&^y.letters) > most || bits.OnesCount64(y.letters&^x.letters) > most)
}

// sound returns what soundAlike can make of the first letter of a word.
func sound(w string) byte {
	switch w[0] {
	case 'q', 'c':
		return 'k'
	case 'y':
		return 'i'
	case 'w':
		return 'v'
	case 'z':
		return 's'
	case 'p':
		return 'f'
	}
	return w[0]
}

// letterSet returns the bytes of a word as a set; some share a bit.
func letterSet(w string) uint64 {
	set := uint64(0)
	for i := 0; i < len(w); i++ {
		set |= 1 << (w[i] & 63)
	}
	return set
}
