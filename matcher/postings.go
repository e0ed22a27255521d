package matcher

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"
)

// posting says that a record stands under a key. The key is in two halves, which
// take less room than one whole.
type posting struct {
	high, low uint32
	id        int32
}

func newPosting(key uint64, id int32) posting {
	return posting{uint32(key >> 32), uint32(key), id}
}

func (p posting) key() uint64 { return uint64(p.high)<<32 | uint64(p.low) }

// postings is a read-only map from hashed keys to the ids under them, in
// ascending order: three slices, so that millions of keys cost no pointers. Of a
// key its top bits choose the bucket and its lower half is kept; keys that
// collide share a list, which only proposes more candidates.
type postings struct {
	lists  []postingList // and an end
	ids    []int32
	bucket []uint32 // first key of each value of the top bits
	shift  int      // 32 less the number of those bits
}

// postingList is the ids under a key: from start to that of the next.
type postingList struct{ key, start uint32 }

// keysInBucket is about how many postings share the top bits of their keys.
const keysInBucket = 8

// newPostings sorts the parts by the top bits of their keys in one pass, then each
// of those buckets, ranges of them side by side.
func newPostings(parts [][]posting) *postings {
	total := 0
	for _, part := range parts {
		total += len(part)
	}
	width := min(max(bits.Len(uint(total/keysInBucket)), 8), 24)
	p := &postings{shift: 32 - width}
	buckets := 1 << width
	ends := make([]uint32, buckets+1) // of each bucket, in all
	for _, part := range parts {
		for _, e := range part {
			ends[e.high>>p.shift+1]++
		}
	}
	for i := range buckets {
		ends[i+1] += ends[i]
	}
	all := make([]posting, total)
	for i, part := range parts {
		for _, e := range part {
			all[ends[e.high>>p.shift]] = e
			ends[e.high>>p.shift]++
		}
		parts[i] = nil
	}
	// Now ends[i] is where bucket i ends, and bucket i-1 where it begins.
	p.bucket = make([]uint32, buckets+1)
	ranges := make([]postings, len(parts))
	var wg sync.WaitGroup
	for i := range ranges {
		wg.Go(func() { ranges[i].sort(all, ends, buckets*i/len(ranges), buckets*(i+1)/len(ranges), p.bucket) })
	}
	wg.Wait()
	lists, ids := 0, 0
	for i := range ranges {
		lists, ids = lists+len(ranges[i].lists), ids+len(ranges[i].ids)
	}
	p.lists, p.ids = make([]postingList, 0, lists+1), make([]int32, 0, ids)
	for i := range ranges {
		r := &ranges[i]
		for at := buckets * i / len(ranges); at < buckets*(i+1)/len(ranges); at++ {
			p.bucket[at] += uint32(len(p.lists))
		}
		for _, l := range r.lists {
			p.lists = append(p.lists, postingList{l.key, l.start + uint32(len(p.ids))})
		}
		p.ids = append(p.ids, r.ids...)
		*r = postings{}
	}
	p.bucket[buckets] = uint32(len(p.lists))
	p.lists = append(p.lists, postingList{start: uint32(len(p.ids))})
	return p
}

// sort fills p with the postings of the buckets from low to high and notes in
// first where the keys of each begin.
func (p *postings) sort(all []posting, ends []uint32, low, high int, first []uint32) {
	start := uint32(0)
	if low > 0 {
		start = ends[low-1]
	}
	room := int(ends[max(high-1, 0)] - start)
	p.lists, p.ids = make([]postingList, 0, room/2), make([]int32, 0, room)
	for at := low; at < high; at++ {
		first[at] = uint32(len(p.lists))
		bucket := all[start:ends[at]]
		slices.SortFunc(bucket, func(a, b posting) int { return cmp.Or(cmp.Compare(a.low, b.low), cmp.Compare(a.id, b.id)) })
		for i, e := range bucket {
			same := i > 0 && e.low == bucket[i-1].low
			if same && e.id == bucket[i-1].id {
				continue
			}
			if !same {
				p.lists = append(p.lists, postingList{e.low, uint32(len(p.ids))})
			}
			p.ids = append(p.ids, e.id)
		}
		start = ends[at]
	}
}

// under returns the ids under the key. The caller must not change them.
func (p *postings) under(key uint64) []int32 {
	if i, ok := p.place(key); ok {
		return p.ids[p.lists[i].start:p.lists[i+1].start]
	}
	return nil
}

// fetch touches where a key stands. A processor that is to look many keys up waits
// for the memory of all of them at once if each is touched first, and not for one
// after the other.
func (p *postings) fetch(key uint64) uint8 {
	return uint8(p.lists[p.bucket[uint32(key>>32)>>p.shift]].start)
}

// place returns which of the lists is that of the key, if there is one.
func (p *postings) place(key uint64) (int, bool) {
	at := uint32(key>>32) >> p.shift
	first := p.bucket[at]
	for i, l := range p.lists[first:p.bucket[at+1]] {
		if l.key == uint32(key) {
			return int(first) + i, true
		}
	}
	return 0, false
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
	armSlip
	armBeginning
	armInitials
	armCustomer // a customer's own key, among those that a match rests on
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
