package matcher

import (
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Options tune an Index. The zero value is the default.
type Options struct {
	// Workers is the number of accounts matched at a time; 0 means one for
	// each processor. The output does not depend on it.
	Workers int
	// Calibration bends the scores; the zero value leaves them as shipped.
	Calibration Calibration
	// OneToOne gives each customer one account at most, see the function OneToOne.
	// Index.Each, which looks at one account after the other, does not heed it.
	OneToOne bool
	// ReasonsOnly leaves the comparisons of candidates out: their Reason is all that
	// is told.
	ReasonsOnly bool
}

// decisive returns the options that the output depends on.
func (o Options) decisive() Options {
	o.Workers = 0
	return o
}

// Index is a set of customers made ready to be matched against. It does not
// change and may be used from several goroutines at once.
type Index struct {
	opt       Options
	size      int       // number of customers, rounded
	customers []entity  // by key
	keys      *postings // exact keys and words of all arms
	grams     *grams
	glances   []glance
	totals    []float32  // bits of all words of each customer's name
	scratch   *sync.Pool // of *scratch, clean
}

// New returns an index of the customers. Their order does not matter; of
// several records with one key the first in the order of their fields counts.
// The records must not change while the index is in use.
func New(customers []Record, opt Options) *Index {
	return newIndex(sortRecords(customers), opt, nil)
}

// newIndex returns an index of customers that are by key and each once. It takes over
// what it can from those that were taken apart before, which must not be matched
// against any more.
func newIndex(sorted []*Record, opt Options, before []entity) *Index {
	if opt.Workers <= 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	n := len(sorted)
	ix := &Index{opt: opt, size: rounded(n), customers: make([]entity, n), glances: make([]glance, n), totals: make([]float32, n), scratch: new(sync.Pool)}
	parts := make([][]posting, opt.Workers)
	ix.spread(n, func(worker, low, high int) {
		parts[worker] = make([]posting, 0, keysPerCustomer*(high-low))
		known := before
		if low < high {
			at, _ := findEntity(before, sorted[low].Key)
			known = before[at:]
		}
		for i := low; i < high; i++ {
			for len(known) > 0 && known[0].rec.Key < sorted[i].Key {
				known = known[1:]
			}
			if len(known) > 0 && sameRecord(known[0].rec, sorted[i]) {
				ix.customers[i] = known[0]
				ix.customers[i].rec = sorted[i]
			} else {
				ix.customers[i] = readEntity(sorted[i])
			}
			parts[worker] = appendKeys(parts[worker], int32(i), &ix.customers[i])
		}
	})
	ix.keys = newPostings(parts)
	ix.grams = newGrams(ix)
	ix.spread(n, func(_, low, high int) {
		for i := low; i < high; i++ {
			ix.customers[i].weighTokens(ix.tokenCount, ix.size)
			ix.glances[i] = ix.customers[i].glance(0)
			ix.totals[i] = ix.glances[i].total
		}
	})
	return ix
}

// sortRecords returns the records by key, each key once.
func sortRecords(records []Record) []*Record {
	sorted := make([]*Record, len(records))
	for i := range records {
		sorted[i] = &records[i]
	}
	if !slices.IsSortedFunc(sorted, compareRecords) {
		slices.SortFunc(sorted, compareRecords)
	}
	return slices.CompactFunc(sorted, func(a, b *Record) bool { return a.Key == b.Key })
}

func compareRecords(a, b *Record) int {
	if c := strings.Compare(a.Key, b.Key); c != 0 {
		return c
	}
	x := [...]string{a.Name, a.Website, a.Email, a.City, a.State, a.PostalCode, a.Country, a.TPID}
	y := [...]string{b.Name, b.Website, b.Email, b.City, b.State, b.PostalCode, b.Country, b.TPID}
	if c := slices.Compare(x[:], y[:]); c != 0 {
		return c
	}
	return slices.Compare(a.Domains, b.Domains)
}

// find returns the place of the customer with the key, if there is one.
func (ix *Index) find(key string) (int32, bool) {
	i, ok := findEntity(ix.customers, key)
	return int32(i), ok
}

// findEntity returns the place of the entity with the key among those by key, or
// where it would be.
func findEntity(sorted []entity, key string) (int, bool) {
	return slices.BinarySearchFunc(sorted, key, func(e entity, key string) int { return strings.Compare(e.rec.Key, key) })
}

// spread calls f for consecutive ranges of [0, n) side by side and waits.
func (ix *Index) spread(n int, f func(worker, low, high int)) {
	var wg sync.WaitGroup
	for w := range ix.opt.Workers {
		wg.Go(func() { f(w, n*w/ix.opt.Workers, n*(w+1)/ix.opt.Workers) })
	}
	wg.Wait()
}

// keysPerCustomer is how many keys most customers have at most.
const keysPerCustomer = 28

// appendKeys appends the keys that propose the customer.
func appendKeys(out []posting, id int32, e *entity) []posting {
	put := func(arm uint64, key string) {
		if key != "" {
			out = append(out, newPosting(hashKey(arm, key), id))
		}
	}
	for _, s := range e.sites() {
		if s.named() {
			put(armDomain, s.key)
			put(armLabel, s.loose)
		}
	}
	put(armTPID, e.tpid)
	put(armCity, joined(e.place.city))
	for i := range e.name.variants {
		v := &e.name.variants[i]
		put(armCompact, v.compact)
		for _, a := range v.acronyms {
			put(armAcronym, a)
		}
		v.shortened(func(initials string) { put(armInitials, initials) })
		put(armPostal, postalKey(e, v))
		out = append(out, newPosting(v.sortedKey(), id), newPosting(v.begins, id))
		for j := range v.tokens {
			out = append(out, newPosting(v.tokens[j].key, id))
		}
		if i == 0 {
			for _, t := range v.slipped() {
				eachSlip(t.written, func(key uint64) { out = append(out, newPosting(key, id)) })
			}
		}
	}
	return out
}

// postalKey returns where a record is and how its name begins, or "".
func postalKey(e *entity, v *variant) string {
	if e.place.postal == "" || len(v.compact) < 3 {
		return ""
	}
	return e.place.postal + " " + v.compact[:3]
}

// tokenCount returns how many customers have the word in their name, rounded.
func (ix *Index) tokenCount(t *token) int { return ix.count(t.key) }

// count returns how many customers are under the key, rounded.
func (ix *Index) count(key uint64) int { return rounded(len(ix.keys.under(key))) }
