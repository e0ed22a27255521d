package matcher

import (
	"math"
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
}

// Index is a set of customers made ready to be matched against. It does not
// change and may be used from several goroutines at once.
type Index struct {
	opt       Options
	customers []entity // by key
	byKey     map[string]int32
	keys      *postings // exact keys and words of all arms
	grams     *postings
	norms     []float32 // length of each customer's vector of grams
	totals    []float32 // bits of all words of each customer's name
}

// New returns an index of the customers. Their order does not matter; of
// several records with one key the first in the order of their fields counts.
// The records must not change while the index is in use.
func New(customers []Record, opt Options) *Index {
	if opt.Workers <= 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	sorted := sortRecords(customers)
	ix := &Index{opt: opt, customers: make([]entity, len(sorted)), byKey: make(map[string]int32, len(sorted))}
	parts := make([]indexPart, opt.Workers)
	ix.spread(len(sorted), func(worker, low, high int) {
		for i := low; i < high; i++ {
			ix.customers[i] = readEntity(sorted[i])
			parts[worker].add(int32(i), &ix.customers[i])
		}
	})
	var keys, grams []posting
	for i := range parts {
		keys, grams = append(keys, parts[i].keys...), append(grams, parts[i].grams...)
		parts[i] = indexPart{}
	}
	ix.keys, ix.grams = newPostings(keys), newPostings(grams)
	for i, r := range sorted {
		ix.byKey[r.Key] = int32(i)
	}
	ix.norms, ix.totals = make([]float32, len(sorted)), make([]float32, len(sorted))
	ix.spread(len(sorted), func(_, low, high int) {
		for i := low; i < high; i++ {
			ix.customers[i].weighTokens(ix.tokenCount, len(sorted))
			ix.norms[i] = ix.gramNorm(&ix.customers[i])
			if v := ix.customers[i].name.variants; len(v) > 0 {
				ix.totals[i] = float32(v[0].total)
			}
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
	slices.SortStableFunc(sorted, compareRecords)
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

// spread calls f for consecutive ranges of [0, n) side by side and waits.
func (ix *Index) spread(n int, f func(worker, low, high int)) {
	var wg sync.WaitGroup
	for w := range ix.opt.Workers {
		wg.Go(func() { f(w, n*w/ix.opt.Workers, n*(w+1)/ix.opt.Workers) })
	}
	wg.Wait()
}

// indexPart gathers the postings of one range of customers.
type indexPart struct {
	keys, grams []posting
}

func (p *indexPart) add(id int32, e *entity) {
	put := func(arm uint64, key string) {
		if key != "" {
			p.keys = append(p.keys, posting{hashKey(arm, key), id})
		}
	}
	for _, s := range e.sites() {
		if s.named() {
			put(armDomain, s.key)
			put(armLabel, labelKey(s.label))
		}
	}
	put(armTPID, e.tpid)
	put(armCity, joined(e.place.city))
	for i := range e.name.variants {
		v := &e.name.variants[i]
		put(armCompact, v.compact)
		put(armSorted, v.sortedKey())
		for _, a := range v.acronyms {
			put(armAcronym, a)
		}
		put(armPostal, postalKey(e, v))
		for _, t := range v.tokens {
			put(armToken, t.text)
		}
		v.grams(func(g uint64) { p.grams = append(p.grams, posting{mix(g), id}) })
	}
}

// labelKey returns the label of a domain as it is compared with names.
func labelKey(label string) string {
	return loose(strings.ReplaceAll(Fold(label), "-", ""))
}

// postalKey returns where a record is and how its name begins, or "".
func postalKey(e *entity, v *variant) string {
	if e.place.postal == "" || len(v.compact) < 3 {
		return ""
	}
	return e.place.postal + " " + v.compact[:3]
}

// tokenCount returns how many customers have the word in their name.
func (ix *Index) tokenCount(w string) int {
	return len(ix.keys.under(hashKey(armToken, w)))
}

// gramWeight returns the weight of a run of characters that df customers share.
func (ix *Index) gramWeight(df int) float32 {
	return float32(math.Log2(float64(len(ix.customers)+1) / float64(df+1)))
}

// gramNorm returns the length of an entity's vector of grams: of its longest
// reading, so that short readings do not crowd in.
func (ix *Index) gramNorm(e *entity) float32 {
	var longest float64
	for i := range e.name.variants {
		sum := 0.0
		e.name.variants[i].grams(func(g uint64) {
			w := float64(ix.gramWeight(len(ix.grams.under(mix(g)))))
			sum += w * w
		})
		longest = max(longest, sum)
	}
	return float32(math.Sqrt(longest)) + 1e-3
}
