package matcher

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// view is a labelled set as another file would have it: with fields or customers
// missing. Trees that learn from several views do not lean on what one file has.
type view struct {
	devSet
	weight  float64 // of an account
	parts   int     // files that it is divided among, 0 if it is whole
	choices []choice
}

// gather sets the choices of the view.
func (v *view) gather() {
	if v.parts == 0 {
		v.choices = gatherField(v.devSet, v.weight)
		return
	}
	for i := range v.parts {
		v.choices = append(v.choices, gatherField(v.part(i, v.parts), v.weight)...)
	}
}

// views returns the set as it is and the views to learn from beside it.
func (set devSet) views() []view {
	w := set.weight()
	if set.name == spellings {
		w *= 0.65
	}
	list := []view{{devSet: set, weight: w}}
	add := func(what string, weight float64, v devSet) {
		v.name = set.name + ", " + what
		list = append(list, view{devSet: v, weight: w * weight})
	}
	add("names alone", 1, set.bare(false))
	if set.name == spellings {
		add("half of the customers", 0.5, set.half())
		return list
	}
	add("names and countries", 0.5, set.bare(true))
	add("several accounts a customer", 0.17, set.several())
	add("half of the customers", 0.5, set.half())
	add("names alone, half of the customers", 0.5, set.bare(false).half())
	add("in files of all sizes", 0.5, set)
	list[len(list)-1].parts = len(set.customers) / 20
	add("a third of the fields missing", 0.5, set.gaps())
	add("no domains, no TPIDs", 0.5, set.places())
	if set.name != "fodors_zagats" {
		add("crowded", 0.3, set.crowded(5))
		add("names alone, crowded", 0.3, set.bare(false).crowded(5))
	}
	return list
}

// bare returns the set with nothing left of its records but the name and, if
// told to, the country.
func (set devSet) bare(country bool) devSet {
	return set.strip(func(r Record) Record {
		out := Record{Key: r.Key, Name: r.Name}
		if country {
			out.Country = r.Country
		}
		return out
	})
}

func (set devSet) strip(f func(r Record) Record) devSet {
	strip := func(records []Record) []Record {
		out := make([]Record, len(records))
		for i, r := range records {
			out[i] = f(r)
		}
		return out
	}
	set.customers, set.accounts = strip(set.customers), strip(set.accounts)
	return set
}

// places returns the set with nothing left of its records but what a person
// would write on an envelope.
func (set devSet) places() devSet {
	return set.strip(func(r Record) Record {
		r.Website, r.Domains, r.Email, r.TPID = "", nil, "", ""
		return r
	})
}

// gaps returns the set with every third field beside the name empty.
func (set devSet) gaps() devSet {
	w := newWriter()
	return set.strip(func(r Record) Record {
		for _, field := range []*string{&r.Website, &r.Email, &r.City, &r.State, &r.PostalCode, &r.Country, &r.TPID} {
			if w.chance(3) {
				*field = ""
			}
		}
		if w.chance(3) {
			r.Domains = nil
		}
		return r
	})
}

// half returns the set without every other customer, as if those had bought
// elsewhere. Their accounts stay.
func (set devSet) half() devSet {
	gone := func(key string) bool { return hashKey(1, key)>>20%2 == 0 }
	set.customers = slices.DeleteFunc(slices.Clone(set.customers), func(r Record) bool { return gone(r.Key) })
	set.pairs = slices.DeleteFunc(slices.Clone(set.pairs), func(p TruePair) bool { return gone(p.Customer) })
	owner := maps.Clone(set.truth)
	maps.Copy(owner, set.owner)
	set.owner, set.truth = owner, maps.Clone(set.truth)
	maps.DeleteFunc(set.truth, func(_, customer string) bool { return gone(customer) })
	return set
}

// part returns a part of the set as a file of its own. Parts are of all sizes, and
// an account goes with its customer.
func (set devSet) part(i, parts int) devSet {
	isIn := func(key string) bool {
		u := float64(hashKey(2, key)>>11) / (1 << 53)
		return int(u*u*u*float64(parts)) == i
	}
	in := func(records []Record, name func(r Record) string) []Record {
		return slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return !isIn(name(r)) })
	}
	set.customers = in(set.customers, func(r Record) string { return r.Key })
	set.accounts = in(set.accounts, func(r Record) string { return cmp.Or(set.truth[r.Key], r.Key) })
	return set
}

// several returns the set with up to three more accounts for every other customer
// that has one, as a CRM that nobody tidies has them: spelt anew and with fields
// missing.
func (set devSet) several() devSet {
	w := newWriter()
	customers := make(map[string]Record, len(set.customers))
	for _, c := range set.customers {
		customers[c.Key] = c
	}
	accounts := make(map[string]Record, len(set.accounts))
	for _, a := range set.accounts {
		accounts[a.Key] = a
	}
	set.accounts, set.truth = slices.Clone(set.accounts), maps.Clone(set.truth)
	for _, p := range slices.Clone(set.pairs) {
		for i := range w.IntN(2) * (1 + w.IntN(3)) {
			a := accounts[p.Account]
			a.Key, a.Name = fmt.Sprintf("%s %d", p.Account, i), w.respell(customers[p.Customer])
			for _, field := range []*string{&a.Website, &a.Email, &a.City, &a.PostalCode, &a.Country, &a.TPID} {
				if w.chance(2) {
					*field = ""
				}
			}
			set.accounts = append(set.accounts, a)
			set.truth[a.Key] = p.Customer
			set.pairs = append(set.pairs, TruePair{Customer: p.Customer, Account: a.Key})
		}
	}
	return set
}

// crowded returns the set among many more customers: strangers with the first
// words of one name and the last of another, and the place of a third, but no
// name that a customer has already.
func (set devSet) crowded(times int) devSet {
	r := rand.New(rand.NewPCG(5, 23))
	own := set.customers
	set.customers = slices.Clone(own)
	runTogether := func(r Record) string {
		n := readName(r.Name, readCountry(r.Country), nil)
		if len(n.variants) == 0 {
			return ""
		}
		return n.variants[0].compact
	}
	taken := map[string]bool{"": true}
	for _, c := range own {
		taken[runTogether(c)] = true
	}
	for i := range times * len(own) {
		first, last, where := own[r.IntN(len(own))], own[r.IntN(len(own))], own[r.IntN(len(own))]
		a, b := strings.Fields(first.Name), strings.Fields(last.Name)
		where.Key, where.Website, where.Domains, where.TPID = fmt.Sprintf("X%07d", i), "", nil, ""
		where.Name = strings.Join(append(slices.Clone(a[:(len(a)+1)/2]), b[len(b)/2:]...), " ")
		if !taken[runTogether(where)] {
			set.customers = append(set.customers, where)
		}
	}
	return set
}
