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

// newPostings sorts the parts by the top 16 bits of their keys in one pass, then
// each of those buckets, of which most hold a few postings only.
func newPostings(parts [][]posting) *postings {
	ends := make([]uint32, 1<<16+1) // of each bucket, in all
	for _, part := range parts {
		for _, e := range part {
			ends[e.key>>48+1]++
		}
	}
	for i := range 1 << 16 {
		ends[i+1] += ends[i]
	}
	total := int(ends[1<<16])
	all := make([]posting, total)
	for i, part := range parts {
		for _, e := range part {
			all[ends[e.key>>48]] = e
			ends[e.key>>48]++
		}
		parts[i] = nil
	}
	p := &postings{keys: make([]uint64, 0, total/2), starts: make([]uint32, 0, total/2+1), ids: make([]int32, 0, total), bucket: make([]uint32, 1<<16+1)}
	low := uint32(0)
	for top, high := range ends[:1<<16] {
		p.bucket[top] = uint32(len(p.keys))
		bucket := all[low:high]
		slices.SortFunc(bucket, func(a, b posting) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id)) })
		for i, e := range bucket {
			if i > 0 && e == bucket[i-1] {
				continue
			}
			if i == 0 || e.key != bucket[i-1].key {
				p.keys, p.starts = append(p.keys, e.key), append(p.starts, uint32(len(p.ids)))
			}
			p.ids = append(p.ids, e.id)
		}
		low = high
	}
	p.bucket[1<<16] = uint32(len(p.keys))
	p.starts = append(p.starts, uint32(len(p.ids)))
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
	armGram // has no keys: see grams.go
	armTown
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
