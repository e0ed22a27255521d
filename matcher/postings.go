package matcher

import (
	"cmp"
	"slices"
)

// posting says that a record stands under a key.
type posting struct {
	key uint64
	id  int32
}

// postings is a read-only map from hashed keys to the ids under them, in
// ascending order: three slices, so that millions of keys cost no pointers.
// Keys that collide share a list, which only proposes more candidates.
type postings struct {
	keys   []uint64
	starts []uint32 // starts[i] to starts[i+1] are the ids under keys[i]
	ids    []int32
	bucket []uint32 // first key of each value of the top 16 bits
}

func newPostings(all []posting) *postings {
	slices.SortFunc(all, func(a, b posting) int {
		if c := cmp.Compare(a.key, b.key); c != 0 {
			return c
		}
		return cmp.Compare(a.id, b.id)
	})
	all = slices.Compact(all)
	p := &postings{ids: make([]int32, len(all)), bucket: make([]uint32, 1<<16+1)}
	for i, e := range all {
		if i == 0 || e.key != all[i-1].key {
			p.keys = append(p.keys, e.key)
			p.starts = append(p.starts, uint32(i))
		}
		p.ids[i] = e.id
	}
	p.starts = append(p.starts, uint32(len(all)))
	at := 0
	for top := range p.bucket {
		for at < len(p.keys) && p.keys[at]>>48 < uint64(top) {
			at++
		}
		p.bucket[top] = uint32(at)
	}
	return p
}

// under returns the ids under the key. The caller must not change them.
func (p *postings) under(key uint64) []int32 {
	low, high := p.bucket[key>>48], p.bucket[key>>48+1]
	i, ok := slices.BinarySearch(p.keys[low:high], key)
	if !ok {
		return nil
	}
	i += int(low)
	return p.ids[p.starts[i]:p.starts[i+1]]
}

// The arms that propose candidates; each has keys of its own.
const (
	armDomain uint64 = iota + 1
	armLabel
	armTPID
	armCompact
	armSorted
	armAcronym
	armPostal
	armCity
	armToken
	armGram
)

// hashKey returns the FNV-1a hash of a key of an arm, finally mixed so that
// its top bits spread.
func hashKey(arm uint64, key string) uint64 {
	h := uint64(14695981039346656037) ^ arm
	for i := 0; i < len(key); i++ {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	return mix(h)
}

// mix is the finaliser of splitmix64.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
