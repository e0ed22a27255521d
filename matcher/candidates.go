package matcher

import (
	"cmp"
	"slices"
)

// How many customers each arm may propose for one account, and how many
// postings the word and gram arms may walk for it. The caps bound the work per
// account whatever the file; an arm past its cap leaves the pair to the others.
const (
	capExact    = 24
	capWords    = 12
	capGrams    = 12
	wordBudget  = 6000
	gramBudget  = 40000
	commonGrams = 0.05 // grams in more than this share of customers are skipped
)

// scratch holds what one goroutine reuses from account to account.
type scratch struct {
	score   []float32 // per customer; all zero between uses
	touched []int32
	found   []int32
	rank    []ranked
	terms   []weighted
	weighed []weighedID
}

// weighedID is a candidate after the first, quick comparison.
type weighedID struct {
	id    int32
	score float64
}

type ranked struct {
	id    int32
	score float32
}

func (ix *Index) newScratch() *scratch {
	return &scratch{score: make([]float32, len(ix.customers))}
}

// candidates returns the customers worth comparing with the account: the union
// of several cheap arms, each capped, in ascending order. The slice is valid
// until the next call.
func (ix *Index) candidates(a *entity, s *scratch) []int32 {
	s.found = s.found[:0]
	exact := func(arm uint64, key string) {
		if key == "" {
			return
		}
		if ids := ix.keys.under(hashKey(arm, key)); len(ids) <= capExact {
			s.found = append(s.found, ids...)
		} else {
			ix.nearest(a, ids, s)
		}
	}
	for _, site := range a.sites() {
		if site.key != "" {
			exact(armDomain, site.key)
		}
		if site.label != "" {
			label := labelKey(site.label)
			exact(armLabel, label)
			exact(armCompact, label)
			exact(armAcronym, label)
		}
	}
	exact(armTPID, a.tpid)
	for i := range a.name.variants {
		v := &a.name.variants[i]
		exact(armCompact, v.compact)
		exact(armSorted, v.sortedKey())
		exact(armAcronym, v.compact)
		exact(armLabel, v.compact)
		for _, acronym := range v.acronyms {
			if len(acronym) >= 3 {
				exact(armCompact, acronym)
				exact(armLabel, acronym)
			}
		}
		exact(armPostal, postalKey(a, v))
		ix.byWords(v, s)
		ix.byGrams(v, s)
	}
	slices.Sort(s.found)
	s.found = slices.Compact(s.found)
	return s.found
}

// nearest proposes those of many customers under one key that share the
// account's town, postal code or name.
func (ix *Index) nearest(a *entity, ids []int32, s *scratch) {
	s.rank = s.rank[:0]
	for _, id := range ids[:min(len(ids), wordBudget)] {
		c := &ix.customers[id]
		score := float32(0)
		if cityLevel(&a.place, &c.place) == levelEqual {
			score++
		}
		if postalLevel(&a.place, &c.place) == levelEqual {
			score++
		}
		if len(a.name.variants) > 0 && len(c.name.variants) > 0 {
			score += 2 * float32(JaroWinkler(a.name.variants[0].compact, c.name.variants[0].compact))
		}
		s.rank = append(s.rank, ranked{id, score})
	}
	s.keep(capExact)
}

// keep proposes the n best of s.rank.
func (s *scratch) keep(n int) {
	var best [capExact]ranked
	held := 0
	for _, r := range s.rank {
		if held == n && !before(r, best[n-1]) {
			continue
		}
		at := held
		if held < n {
			held++
		} else {
			at--
		}
		for ; at > 0 && before(r, best[at-1]); at-- {
			best[at] = best[at-1]
		}
		best[at] = r
	}
	for _, r := range best[:held] {
		s.found = append(s.found, r.id)
	}
}

func before(a, b ranked) bool {
	return a.score > b.score || a.score == b.score && a.id < b.id
}

// list is the customers that share one feature, and its weight.
type list struct {
	ids    []int32
	weight float32
}

// byWords proposes the customers that share the rarest words.
func (ix *Index) byWords(v *variant, s *scratch) {
	lists := make([]list, 0, len(v.tokens))
	for _, t := range v.tokens {
		if ids := ix.keys.under(hashKey(armToken, t.text)); len(ids) > 0 {
			lists = append(lists, list{ids, float32(t.bits)})
		}
	}
	ix.accumulate(lists, wordBudget, s, func(id int32, sum float32) float32 {
		// Of customers that share the same words those with the fewest others lead.
		return sum - 0.1*ix.totals[id]
	})
	s.keep(capWords)
}

// byGrams proposes the customers whose names run most alike, by the cosine of
// weighted runs of three characters.
func (ix *Index) byGrams(v *variant, s *scratch) {
	var lists []list
	limit := max(int(commonGrams*float64(len(ix.customers))), 50)
	v.grams(func(g uint64) {
		if ids := ix.grams.under(mix(g)); len(ids) > 0 && len(ids) <= limit {
			w := ix.gramWeight(len(ids))
			lists = append(lists, list{ids, w * w})
		}
	})
	ix.accumulate(lists, gramBudget, s, func(id int32, sum float32) float32 { return sum / ix.norms[id] })
	s.keep(capGrams)
}

// accumulate fills s.rank with the customers on the lists, shortest list
// first, until the budget of postings is spent.
func (ix *Index) accumulate(lists []list, budget int, s *scratch, final func(int32, float32) float32) {
	slices.SortStableFunc(lists, func(a, b list) int { return cmp.Compare(len(a.ids), len(b.ids)) })
	s.touched = s.touched[:0]
	for _, l := range lists {
		if budget -= len(l.ids); budget < 0 && len(s.touched) > 0 {
			break
		}
		for _, id := range l.ids[:min(len(l.ids), wordBudget+gramBudget)] {
			if s.score[id] == 0 {
				s.touched = append(s.touched, id)
			}
			s.score[id] += l.weight
		}
	}
	s.rank = s.rank[:0]
	for _, id := range s.touched {
		s.rank = append(s.rank, ranked{id, final(id, s.score[id])})
		s.score[id] = 0
	}
}
