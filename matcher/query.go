package matcher

import "slices"

// query is a key that customers are to be looked up under, and what it is worth in
// bits to be found.
type query struct {
	arm, key uint64
	worth    float32
	ids      []int32 // of the customers, once it is answered
}

// ask notes a key to be looked up, unless it is empty.
func (s *scratch) ask(arm uint64, key string, worth float32) {
	if key != "" {
		s.askHashed(arm, hashKey(arm, key), worth)
	}
}

func (s *scratch) askHashed(arm, key uint64, worth float32) {
	if !slices.Contains(s.asked, key) { // names and labels are often the same
		s.asked = append(s.asked, key)
		s.queries = append(s.queries, query{arm: arm, key: key, worth: worth})
	}
}

// answer proposes the customers under all keys that were asked for. It goes through
// them step by step, so that the processor waits for the memory of all of them at
// once and not of one after the other.
func (ix *Index) answer(s *scratch) {
	for i := range s.queries {
		s.fetched += ix.keys.fetch(s.queries[i].key)
	}
	for i := range s.queries {
		q := &s.queries[i]
		q.ids = ix.keys.under(q.key)
		q.ids = q.ids[:min(len(q.ids), exactBudget)]
	}
	for i := range s.queries {
		for _, id := range s.queries[i].ids {
			s.fetched += ix.glances[id].n
		}
	}
	for i := range s.queries {
		ix.byExact(&s.queries[i], s)
	}
	s.queries = s.queries[:0]
}

// byExact proposes the customers under a key: of many, those that look best.
func (ix *Index) byExact(q *query, s *scratch) {
	if len(q.ids) <= capExact {
		for _, id := range q.ids {
			ix.propose(q.arm, id, q.worth, s)
		}
		return
	}
	s.rank = s.rank[:0]
	for _, id := range q.ids {
		s.rank = append(s.rank, ranked{id, s.look(&ix.glances[id])})
	}
	for _, r := range s.keep(capExact) {
		ix.propose(q.arm, r.id, q.worth, s)
	}
}
