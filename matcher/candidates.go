package matcher

import (
	"math"
	"slices"
)

// How many customers each arm may propose for one account, and how many
// postings it may walk for it. The caps bound the work per account whatever the
// file; an arm past its cap leaves the pair to the others.
const (
	capExact    = 24
	capWords    = 12
	capGrams    = 12
	exactBudget = 256
	commonWord  = 500 // customers from which on a word proposes nobody
	commonGram  = 250 // and a run of three characters
)

// What the proposal of an arm is worth in bits at a glance, where the glance does
// not see what the arm knows.
const (
	worthDomain   = 12
	worthTPID     = 12
	worthName     = 8 // the names run the same, however they are divided
	worthInitials = 8
	worthLabel    = 6
	worthGrams    = 16 // for names that run the same
)

// leastCosine is from which cosine on two names run alike.
const leastCosine = 0.15

// covered is which share of a name's bits customers with its words must have for
// those whose names merely run alike not to be looked for.
const covered = 0.95

// scratch holds what one goroutine reuses from account to account.
type scratch struct {
	score   []float32 // per customer; all zero between uses
	place   []int32   // the same: of each customer in found, from 1 on
	touched []int32
	found   []ranked             // customers proposed, with what speaks for them in bits
	asked   []uint64             // keys that were looked up for the account
	noting  bool                 // whether somebody wants to know all that it looked at
	runs    []uint32             // slots of the account that it looked at, if so
	others  others               // what other accounts say
	norm    float32              // length of the shortest vector of them
	arms    map[int32]armSet     // which arms proposed a customer; nil unless somebody wants to know
	glances []glance             // one for each reading of the account
	shared  [maxVariants]float32 // the most bits of each reading that a customer has
	slots   []uint32
	lists   []list
	rank    []ranked
	field   [maxFinalists]finalist
	order   []*finalist  // the field, best first
	terms   []weighted   // of the field
	rows    []Comparison // of a candidate
	numbers [maxFinalists]features
	town    Probe
	names   [maxVariants]Probe
	sim     tokenSim
	queries []query // not yet answered
	fetched uint8   // of no use but that it is read
}

type ranked struct {
	id    int32
	score float32
}

func before(a, b ranked) bool {
	return a.score > b.score || a.score == b.score && a.id < b.id
}

func (ix *Index) newScratch() *scratch {
	return &scratch{score: make([]float32, len(ix.customers)), place: make([]int32, len(ix.customers)), sim: remembered(closeSim)}
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
	s.glances = append(s.glances[:0], a.glance(0))
	for i := range a.name.variants {
		s.names[i].Set(a.name.variants[i].compact)
		a.name.variants[i].probe = &s.names[i]
		if i > 0 {
			s.glances = append(s.glances, a.glance(i))
		}
	}
}

// candidates returns the customers worth comparing closely with the account: of
// those that several cheap arms propose, each capped, the maxFinalists that look
// best at a glance and are not among no, best first. The slice is valid until the next call.
func (ix *Index) candidates(a *entity, no map[string]bool, s *scratch) []ranked {
	s.found, s.asked, s.runs, s.shared = s.found[:0], s.asked[:0], s.runs[:0], [maxVariants]float32{}
	s.norm = float32(math.Inf(1))
	for _, site := range a.sites() {
		s.ask(armDomain, site.key, worthDomain)
	}
	s.ask(armTPID, a.tpid, worthTPID)
	for i := range a.name.variants {
		s.ask(armCompact, a.name.variants[i].compact, worthName)
	}
	ix.answer(s)
	if !s.sure() {
		ix.search(a, s)
	}
	s.rank = s.rank[:0]
	for _, f := range s.found {
		s.place[f.id] = 0
		if len(no) == 0 || !no[ix.customers[f.id].rec.Key] {
			s.rank = append(s.rank, f)
		}
	}
	best := s.keep(maxFinalists)
	for len(best) > 0 && best[len(best)-1].score < best[0].score-farBehind {
		best = best[:len(best)-1]
	}
	return best
}

// sure reports whether a customer has the account's name and its domain, and no
// place that speaks against it: whoever else could be found would stay far behind.
func (s *scratch) sure() bool {
	enough := s.glances[0].total + worthDomain + worthName
	return slices.ContainsFunc(s.found, func(f ranked) bool { return f.score >= enough })
}

// search proposes customers by what is like the account and not the same.
func (ix *Index) search(a *entity, s *scratch) {
	for _, site := range a.sites() {
		s.ask(armLabel, site.loose, worthLabel)
		s.ask(armCompact, site.loose, worthLabel)
		s.ask(armAcronym, site.loose, worthLabel)
	}
	for i := range a.name.variants {
		v := &a.name.variants[i]
		s.askHashed(armSorted, v.sortedKey(), 0)
		s.ask(armAcronym, v.compact, worthInitials)
		s.ask(armLabel, v.compact, worthLabel)
		for _, acronym := range v.acronyms {
			if len(acronym) >= 3 {
				s.ask(armCompact, acronym, worthInitials)
				s.ask(armLabel, acronym, worthLabel)
			}
		}
		s.ask(armPostal, postalKey(a, v), 0)
		ix.askSlips(v, s)
		ix.answer(s)
		ix.byWords(v, s)
	}
	ix.answer(s) // of an account without a name
	for i := range a.name.variants {
		if v := &a.name.variants[i]; s.shared[i] < covered*float32(v.total) {
			ix.askInitials(v, s)
			ix.answer(s)
			ix.byGrams(v, s)
		}
	}
}

// farBehind is how many bits a customer is behind the best at a glance for a close
// comparison to be in vain.
const farBehind = 16

// look returns what a glance at a customer says of it as the account's, by the
// reading of the account that fits best.
func (s *scratch) look(c *glance) float32 {
	best := float32(math.Inf(-1))
	for i := range s.glances {
		score, shared := s.glances[i].likeness(c)
		best = max(best, score)
		s.shared[i] = max(s.shared[i], shared)
	}
	return best
}

// propose adds what the proposal of an arm is worth in bits to what speaks for a
// customer.
func (ix *Index) propose(arm uint64, id int32, worth float32, s *scratch) {
	if s.place[id] == 0 {
		s.found = append(s.found, ranked{id, s.look(&ix.glances[id])})
		s.place[id] = int32(len(s.found))
	}
	s.found[s.place[id]-1].score += worth
	if s.arms != nil {
		s.arms[id] |= 1 << arm
	}
}

// askInitials asks for customers whose name begins with words that a short word
// of the account is the initials of, and the other way round. Letters that many
// customers have propose nobody.
func (ix *Index) askInitials(v *variant, s *scratch) {
	few := func(key uint64) {
		if len(ix.keys.under(key)) <= capExact {
			s.askHashed(armAcronym, key, worthInitials)
		}
	}
	for i := range v.tokens {
		if t := &v.tokens[i]; !t.common && len(t.written) >= leastInitials && len(t.written) <= mostInitials {
			few(hashKey(armInitials, t.written))
		}
	}
	v.shortened(func(initials string) { few(hashKey(armToken, initials)) })
}

// keep returns the n best of s.rank, best first, at most capExact.
func (s *scratch) keep(n int) []ranked {
	var best [capExact]ranked
	held, least := 0, ranked{}
	for _, r := range s.rank {
		if held == n && !before(r, least) {
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
		least = best[held-1]
	}
	return append(s.rank[:0], best[:held]...)
}

// list is the customers that share one feature, and its weight.
type list struct {
	ids    []int32
	weight float32
}

// byWords proposes the customers that share the rarest words. Of customers that
// share the same words those with the fewest others lead.
func (ix *Index) byWords(v *variant, s *scratch) {
	s.lists = s.lists[:0]
	for i := range v.tokens {
		t := &v.tokens[i]
		if ids := ix.keys.under(t.key); len(ids) > 0 && len(ids) <= commonWord {
			s.lists = append(s.lists, list{ids, float32(t.bits)})
		}
	}
	ix.accumulate(0.4, s)
	for i := range s.rank {
		s.rank[i].score -= 0.1 * ix.totals[s.rank[i].id]
	}
	for _, r := range s.keep(capWords) {
		ix.propose(armToken, r.id, 0, s)
	}
}

// byGrams proposes the customers whose names run most alike, by the cosine of
// weighted runs of three characters.
func (ix *Index) byGrams(v *variant, s *scratch) {
	s.lists = s.lists[:0]
	s.slots = appendGrams(s.slots[:0], v.compact)
	for _, slot := range s.slots {
		if ids := ix.grams.under(slot); len(ids) > 0 && len(ids) <= commonGram {
			s.lists = append(s.lists, list{ids, ix.grams.weight[slot]})
		}
	}
	norm := ix.grams.norm(s.slots)
	if s.noting {
		s.runs, s.norm = append(s.runs, s.slots...), min(s.norm, norm)
	}
	ix.accumulate(0, s)
	alike := s.rank[:0]
	for _, r := range s.rank {
		if cosine := r.score / (norm * ix.grams.norms[r.id]); cosine >= leastCosine {
			alike = append(alike, ranked{r.id, cosine})
		}
	}
	s.rank = alike
	for _, r := range s.keep(capGrams) {
		ix.propose(armGram, r.id, worthGrams*r.score*r.score, s)
	}
}

// accumulate fills s.rank with the customers on s.lists and the sum of their
// weights. It leaves out those that have less than a share of the greatest sum.
func (ix *Index) accumulate(share float32, s *scratch) {
	s.touched = s.touched[:0]
	best := float32(0)
	for _, l := range s.lists {
		for _, id := range l.ids {
			sum := s.score[id]
			if sum == 0 {
				s.touched = append(s.touched, id)
			}
			sum += l.weight
			s.score[id], best = sum, max(best, sum)
		}
	}
	s.rank = s.rank[:0]
	for _, id := range s.touched {
		if sum := s.score[id]; sum >= share*best {
			s.rank = append(s.rank, ranked{id, sum})
		}
		s.score[id] = 0
	}
}
