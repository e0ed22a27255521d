package matcher

import "slices"

// basis is what the match of an account rests on: the customers under the keys that
// it asked for and those whose names run like its own, what they are worth, and on
// how many customers have its words. When customers change, only accounts whose
// basis the change touches can come out differently.
type basis struct {
	keys []uint64
	runs []uint32 // slots of its runs of three characters, if names were looked for by them
	norm float32  // length of the shortest of their vectors
	said []uint64 // what it was counted of how many other accounts say it
}

// basis returns what the match of the account rests on; nothing unless somebody
// wants to know.
func (s *scratch) basis(a *entity, d accountDecisions) basis {
	if !s.noting {
		return basis{}
	}
	b := basis{keys: slices.Clone(s.asked), runs: slices.Clone(s.runs), norm: s.norm, said: slices.Clone(s.others.asked)}
	for _, site := range a.sites() {
		b.said = append(b.said, hashKey(armDomain, site.key))
	}
	for i := range a.name.variants {
		v := &a.name.variants[i]
		b.keys = append(b.keys, hashKey(armAcronym, v.compact))
		for j := range v.tokens {
			b.keys = append(b.keys, v.tokens[j].key)
		}
	}
	if d.yes != "" {
		b.keys = append(b.keys, hashKey(armCustomer, d.yes))
	}
	return b
}

// change is what a change of customers makes a difference for.
type change struct {
	before, after *Index
	everything    bool
	keys          map[uint64]bool  // under which the customers are others, or worth something else
	weights       map[uint32]bool  // slots of runs that weigh otherwise
	runs          map[uint32][]int // slots and the customers they lead to, by their place in norms
	norms         []float32        // lengths of the vectors of runs of customers to be found
	dirty         map[int32]bool   // customers of after that are other than before, or worth something else
	open          []int32          // those that are to be reached yet
	slots         []uint32
}

// changed compares two sets of customers.
func changed(before, after *Index) *change {
	c := &change{before: before, after: after, everything: before.size != after.size,
		keys: make(map[uint64]bool), weights: make(map[uint32]bool), runs: make(map[uint32][]int), dirty: make(map[int32]bool)}
	if c.everything {
		return c
	}
	old, now := before.customers, after.customers
	for i, j := 0, 0; i < len(old) || j < len(now); {
		switch {
		case j == len(now) || i < len(old) && old[i].rec.Key < now[j].rec.Key:
			c.goes(int32(i))
			i++
		case i == len(old) || now[j].rec.Key < old[i].rec.Key:
			c.comes(int32(j))
			j++
		default:
			if !sameRecord(old[i].rec, now[j].rec) {
				c.goes(int32(i))
				c.comes(int32(j))
			}
			i, j = i+1, j+1
		}
	}
	for len(c.open) > 0 {
		id := c.open[len(c.open)-1]
		c.open = c.open[:len(c.open)-1]
		c.reach(&after.customers[id], after.grams.norms[id])
	}
	return c
}

// goes notes a customer that is no longer what it was.
func (c *change) goes(id int32) {
	e := &c.before.customers[id]
	c.reach(e, c.before.grams.norms[id])
	c.recount(e)
}

// comes notes a customer that is new, or what it was not.
func (c *change) comes(id int32) {
	c.mark(id)
	c.recount(&c.after.customers[id])
}

// recount notes what is worth something else because there are more or fewer
// customers like this one.
func (c *change) recount(e *entity) {
	c.recountKey(hashKey(armCity, joined(e.place.city)), rounded)
	for i := range e.name.variants {
		v := &e.name.variants[i]
		c.recountKey(hashKey(armCompact, v.compact), func(n int) int { return n }) // namesakes count one by one
		for j := range v.tokens {
			c.recountKey(v.tokens[j].key, rounded)
		}
		c.slots = appendGrams(c.slots[:0], v.compact)
		for _, slot := range c.slots {
			if ids := c.after.grams.under(slot); rounded(len(c.before.grams.under(slot))) != rounded(len(ids)) {
				c.weights[slot] = true
				c.mark(ids...)
			}
		}
	}
}

func (c *change) recountKey(key uint64, weighed func(int) int) {
	if ids := c.after.keys.under(key); weighed(len(c.before.keys.under(key))) != weighed(len(ids)) {
		c.keys[key] = true
		c.mark(ids...)
	}
}

// mark notes customers that are worth something else than before.
func (c *change) mark(ids ...int32) {
	for _, id := range ids {
		if !c.dirty[id] {
			c.dirty[id] = true
			c.open = append(c.open, id)
		}
	}
}

// reach notes how accounts find a customer, whose vector of runs has that length.
func (c *change) reach(e *entity, norm float32) {
	place := len(c.norms)
	c.norms = append(c.norms, norm)
	c.keys[hashKey(armCustomer, e.rec.Key)] = true
	words := make(map[uint64]bool)
	for i := range e.name.variants {
		v := &e.name.variants[i]
		for j := range v.tokens {
			words[v.tokens[j].key] = true
		}
		c.slots = appendGrams(c.slots[:0], v.compact)
		for _, slot := range c.slots {
			if min(len(c.before.grams.under(slot)), len(c.after.grams.under(slot))) <= commonGram && !slices.Contains(c.runs[slot], place) {
				c.runs[slot] = append(c.runs[slot], place)
			}
		}
	}
	for _, p := range appendKeys(nil, 0, e) {
		key := p.key()
		if words[key] && min(len(c.before.keys.under(key)), len(c.after.keys.under(key))) > commonWord {
			continue // nobody is found by such a word
		}
		c.keys[key] = true
	}
}

// concerns reports whether the change can make a difference for a match that rests
// on b. It works in shared, as long as norms, and may be called from several
// goroutines at once.
func (c *change) concerns(b *basis, shared []float32) bool {
	if c.everything || slices.ContainsFunc(b.keys, func(key uint64) bool { return c.keys[key] }) {
		return true
	}
	clear(shared)
	for _, slot := range b.runs {
		if c.weights[slot] {
			return true
		}
		weight := max(c.before.grams.weight[slot], c.after.grams.weight[slot])
		for _, place := range c.runs[slot] {
			if shared[place] += weight; shared[place] >= 0.99*leastCosine*b.norm*c.norms[place] {
				return true
			}
		}
	}
	return false
}
