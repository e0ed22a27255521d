package matcher

import (
	"slices"
	"sync/atomic"
)

// sayings counts the accounts by what they say of themselves, if customers say it
// too. A customer whose name or domain other accounts have is less likely that of an
// account that is merely like it, and a word that many accounts have is that of a
// family.
type sayings struct {
	keys   *postings     // what customers say
	counts []int32       // by the place of a key among them
	few    map[int]int32 // the same where accounts are few; counts is nil then
}

// countedAccounts is how many accounts are told apart.
const countedAccounts = 20

// fewAccounts is up to how many accounts are counted in a map, which takes less time
// than clearing a place for each key.
const fewAccounts = 1000

// noSayings returns sayings of no account yet.
func (ix *Index) noSayings() sayings {
	return sayings{keys: ix.keys, counts: make([]int32, len(ix.keys.lists))}
}

// sayings counts the accounts.
func (ix *Index) sayings(accounts []*Record) sayings {
	var s sayings
	count := func(_, low, high int) {
		var keys []uint64
		for _, r := range accounts[low:high] {
			e := readEntity(r)
			keys = e.appendSayings(keys[:0])
			s.add(keys, 1)
		}
	}
	if len(accounts) <= fewAccounts {
		s = sayings{keys: ix.keys, few: make(map[int]int32)}
		count(0, 0, len(accounts))
		return s
	}
	s = ix.noSayings()
	ix.spread(len(accounts), count)
	return s
}

// add counts an account that says the keys by times more. Unless accounts are few, it
// may be called from several goroutines at once.
func (s *sayings) add(keys []uint64, by int32) {
	for _, k := range keys {
		if i, ok := s.keys.place(k); !ok {
			continue
		} else if s.few != nil {
			s.few[i] += by
		} else {
			atomic.AddInt32(&s.counts[i], by)
		}
	}
}

// of returns how many accounts say what a customer says by the key, up to
// countedAccounts; 0 if no customer does.
func (s *sayings) of(key uint64) int {
	i, ok := s.keys.place(key)
	if !ok {
		return 0
	}
	n := s.few[i]
	if s.few == nil {
		n = s.counts[i]
	}
	return int(min(n, countedAccounts))
}

// appendSayings appends what is counted of a record, each key once: its names,
// how they begin, their words, its domains and its TPID.
func (e *entity) appendSayings(out []uint64) []uint64 {
	put := func(key uint64) {
		if !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	for i := range e.name.variants {
		v := &e.name.variants[i]
		put(hashKey(armCompact, v.compact))
		put(v.begins)
		for j := range v.tokens {
			put(v.tokens[j].key)
		}
	}
	for i := range e.all {
		if e.all[i].key != "" {
			put(hashKey(armDomain, e.all[i].key))
		}
	}
	if e.tpid != "" {
		put(hashKey(armTPID, e.tpid))
	}
	return out
}

// beginning hashes the first two words of a reading that are not common ones, or as
// many as it has.
func (v *variant) beginning() uint64 {
	sum, n := armBeginning, 0
	for _, common := range [...]bool{false, true} {
		for i := range v.tokens {
			if t := &v.tokens[i]; t.common == common && n < 2 {
				sum, n = sum+mix(t.key), n+1
			}
		}
	}
	return mix(sum)
}

// others counts the accounts beside one that say something.
type others struct {
	sayings sayings
	own     []uint64 // what the account says itself
	asked   []uint64 // keys that were looked up, if noting
	noting  bool
}

// of makes o ready for an account of a matching.
func (o *others) of(a *entity, m *matching) {
	o.sayings, o.own, o.asked = m.sayings, a.appendSayings(o.own[:0]), o.asked[:0]
}

// alike returns how many other accounts say what this one says by the key, or 0 if
// no customer does.
func (o *others) alike(key uint64) float32 {
	if _, ok := o.sayings.keys.place(key); !ok {
		return 0
	}
	return o.saying(key)
}

// saying returns how many other accounts say what a customer says by the key, up to
// countedAccounts.
func (o *others) saying(key uint64) float32 {
	if o.noting {
		o.asked = append(o.asked, key)
	}
	n := o.sayings.of(key)
	if n > 0 && slices.Contains(o.own, key) {
		n--
	}
	return float32(n)
}

// fill sets what other accounts say of a customer, of the words of two readings and
// of the account's name.
func (o *others) fill(x *features, c *entity, n *nameEvidence) {
	for i := range c.web {
		if c.web[i].named() {
			x[featAccountsAt] = max(x[featAccountsAt], o.saying(hashKey(armDomain, c.web[i].key)))
		}
	}
	if c.tpid != "" {
		x[featAccountsID] = o.saying(hashKey(armTPID, c.tpid))
	}
	if !n.known {
		return
	}
	for i := range c.name.variants {
		if v := &c.name.variants[i]; !v.partial {
			x[featAccountsNamed] = max(x[featAccountsNamed], o.saying(hashKey(armCompact, v.compact)))
			x[featAccountsBegin] = max(x[featAccountsBegin], o.saying(v.begins))
		}
	}
	x[featNamesakeAccounts] = o.alike(hashKey(armCompact, n.a.compact))
	if brand := n.a.heaviest(nil); brand != nil {
		x[featAccountsBrand] = o.alike(brand.key)
	}
	if top := n.c.heaviest(nil); top != nil {
		x[featAccountsTop] = o.saying(top.key)
	}
	x[featAccountsShared] = -1
	if shared := n.c.heaviest(n.a); shared != nil {
		x[featAccountsShared] = o.saying(shared.key)
	}
}

// heaviest returns the heaviest word of a reading, of those that another has too
// unless that is nil; nil if there is none.
func (v *variant) heaviest(also *variant) *token {
	var best *token
	for i := range v.tokens {
		if t := &v.tokens[i]; (best == nil || t.bits > best.bits) && (also == nil || also.hasKey(t.key)) {
			best = t
		}
	}
	return best
}
