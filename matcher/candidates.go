package matcher

import (
	"cmp"
	"slices"
)

// How many customers each arm may propose for one account, and how many
// postings it may walk for it. The caps bound the work per account whatever the
// file; an arm past its cap leaves the pair to the others.
const (
	capExact    = 24
	capWords    = 12
	capGrams    = 12
	exactBudget = 2000
	nameBudget  = 64 // of which names are compared
	wordBudget  = 2000
	gramBudget  = 4000
	commonGrams = 0.05 // grams in more than this share of customers are skipped
)

// scratch holds what one goroutine reuses from account to account.
type scratch struct {
	score   []float32 // per customer; all zero between uses
	touched []int32
	found   []int32
	asked   []uint64         // keys that were looked up for the account
	arms    map[int32]armSet // which arms proposed a customer; nil unless somebody wants to know
	slots   []uint32
	lists   []list
	rank    []ranked
	field   []finalist
	order   []*finalist // the field, best first
	terms   []weighted  // of the field
	numbers [maxFinalists]features
	town    Probe
	names   [maxVariants]Probe
	sim     tokenSim
}

type ranked struct {
	id    int32
	score float32
}

func (ix *Index) newScratch() *scratch {
	return &scratch{score: make([]float32, len(ix.customers)), sim: remembered(closeSim)}
}

// borrow returns a scratch that is to be put back.
func (ix *Index) borrow() *scratch {
	if s, ok := ix.scratch.Get().(*scratch); ok {
		return s
	}
	return ix.newScratch()
}

// prepare makes an account ready to be compared with many customers, until the
// next one is.
func (s *scratch) prepare(a *entity) {
	s.town.Set(a.place.town)
	a.place.probe = &s.town
	for i := range a.name.variants {
		s.names[i].Set(a.name.variants[i].compact)
		a.name.variants[i].probe = &s.names[i]
	}
}

// candidates returns the customers worth comparing with the account: the union
// of several cheap arms, each capped, in ascending order. The slice is valid
// until the next call.
func (ix *Index) candidates(a *entity, s *scratch) []int32 {
	s.found, s.asked = s.found[:0], s.asked[:0]
	at := a.place.where()
	under := func(arm, key uint64) {
		if slices.Contains(s.asked, key) { // names and labels are often the same
			return
		}
		s.asked = append(s.asked, key)
		before := len(s.found)
		if ids := ix.keys.under(key); len(ids) <= capExact {
			s.found = append(s.found, ids...)
		} else {
			ix.nearest(a, at, ids, s)
		}
		s.mark(arm, before)
	}
	exact := func(arm uint64, key string) {
		if key != "" {
			under(arm, hashKey(arm, key))
		}
	}
	for _, site := range a.sites() {
		exact(armDomain, site.key)
		exact(armLabel, site.loose)
		exact(armCompact, site.loose)
		exact(armAcronym, site.loose)
	}
	exact(armTPID, a.tpid)
	for i := range a.name.variants {
		v := &a.name.variants[i]
		exact(armCompact, v.compact)
		under(armSorted, v.sortedKey())
		exact(armAcronym, v.compact)
		exact(armLabel, v.compact)
		for _, acronym := range v.acronyms {
			if len(acronym) >= 3 {
				exact(armCompact, acronym)
				exact(armLabel, acronym)
			}
		}
		exact(armPostal, postalKey(a, v))
		before := len(s.found)
		ix.byWords(v, s)
		s.mark(armToken, before)
		if len(ix.keys.under(hashKey(armCompact, v.compact))) == 0 {
			before = len(s.found)
			ix.byGrams(v, s) // nothing runs as much alike as what runs the same
			s.mark(armGram, before)
		}
	}
	slices.Sort(s.found)
	s.found = slices.Compact(s.found)
	return s.found
}

// nearest proposes those of many customers under one key that share the
// account's town, postal code or name.
func (ix *Index) nearest(a *entity, at where, ids []int32, s *scratch) {
	s.rank = s.rank[:0]
	names := nameBudget
	for _, id := range ids[:min(len(ids), exactBudget)] {
		score := float32(0)
		if at.town != 0 && ix.where[id].town == at.town {
			score++
		}
		if at.postal != 0 && ix.where[id].postal == at.postal {
			score++
		}
		if score == 0 && len(s.rank) >= nameBudget {
			continue
		}
		if c := &ix.customers[id]; names > 0 && len(a.name.variants) > 0 && len(c.name.variants) > 0 {
			v := &a.name.variants[0]
			score += 2 * float32(v.probe.like(v.compact, c.name.variants[0].compact))
			names--
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
	s.lists = s.lists[:0]
	for i := range v.tokens {
		t := &v.tokens[i]
		if ids := ix.keys.under(t.key); len(ids) > 0 {
			s.lists = append(s.lists, list{ids, float32(t.bits)})
		}
	}
	ix.accumulate(wordBudget, s)
	for i := range s.rank {
		// Of customers that share the same words those with the fewest others lead.
		s.rank[i].score -= 0.1 * ix.totals[s.rank[i].id]
	}
	s.keep(capWords)
}

// byGrams proposes the customers whose names run most alike, by the cosine of
// weighted runs of three characters.
func (ix *Index) byGrams(v *variant, s *scratch) {
	s.lists = s.lists[:0]
	limit := max(int(commonGrams*float64(len(ix.customers))), 50)
	s.slots = appendGrams(s.slots[:0], v.compact)
	for _, slot := range s.slots {
		if ids := ix.grams.under(slot); len(ids) > 0 && len(ids) <= limit {
			s.lists = append(s.lists, list{ids, ix.grams.weight[slot]})
		}
	}
	ix.accumulate(gramBudget, s)
	enough := float32(0)
	if len(s.rank) > 1000 { // most share too little whatever their length
		for _, r := range s.rank {
			enough = max(enough, r.score/4)
		}
	}
	kept := s.rank[:0]
	for _, r := range s.rank {
		if r.score >= enough {
			kept = append(kept, ranked{r.id, r.score / ix.grams.norms[r.id]})
		}
	}
	s.rank = kept
	s.keep(capGrams)
}

// accumulate fills s.rank with the customers on s.lists and the sum of their
// weights, shortest list first, until the budget of postings is spent.
func (ix *Index) accumulate(budget int, s *scratch) {
	slices.SortStableFunc(s.lists, func(a, b list) int { return cmp.Compare(len(a.ids), len(b.ids)) })
	s.touched = s.touched[:0]
	for _, l := range s.lists {
		if len(l.ids) > budget {
			if len(s.touched) > 0 {
				break
			}
			l.ids = l.ids[:budget]
		}
		budget -= len(l.ids)
		for _, id := range l.ids {
			if s.score[id] == 0 {
				s.touched = append(s.touched, id)
			}
			s.score[id] += l.weight
		}
	}
	s.rank = s.rank[:0]
	for _, id := range s.touched {
		s.rank = append(s.rank, ranked{id, s.score[id]})
		s.score[id] = 0
	}
}
