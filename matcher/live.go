package matcher

import (
	"context"
	"maps"
	"slices"
)

// Live keeps the matches of accounts up to date without matching all of them again
// when some of them, or some customers, change. The zero value knows no account
// yet. It is for one goroutine at a time.
type Live struct {
	index    *Index
	accounts map[string]*liveAccount
	sayings  sayings
	decided  map[string]accountDecisions
	rivals   rivals
}

// liveAccount is an account as it was matched.
type liveAccount struct {
	record *Record
	says   []uint64 // what is counted of it
	basis  basis    // what its match rests on
}

// Update takes everything as it is now and returns the matches, by key, of the
// accounts for which that may make a difference since the last Update: those that
// are new or changed, that were decided, whose customers' names, words or domains more
// or fewer accounts have,
// that asked for a key of a customer that is new, changed or gone, or, with
// Options.OneToOne, whose customers other accounts got or no longer get. A change of
// the options, or of the number of customers by about a third, concerns
// every account. With the matches returned before, those of accounts that are gone left
// out, they are what Index.Match returns. The records must not change.
//
// The error is ctx's; all accounts are matched again after it.
func (l *Live) Update(ctx context.Context, opt Options, customers, accounts []Record, decisions []Decision) ([]Match, error) {
	stale := l.reindex(opt, customers)
	l.replace(sortRecords(accounts), stale)
	l.decide(settle(decisions), stale)
	records := make([]*Record, 0, len(stale))
	for _, key := range slices.Sorted(maps.Keys(stale)) {
		if a, known := l.accounts[key]; known {
			records = append(records, a.record)
		}
	}
	m := &matching{index: l.index, sayings: l.sayings, decided: l.decided, noting: true}
	out := make([]Match, 0, len(records))
	err := m.each(ctx, records, func(o outcome) error {
		l.accounts[o.Account].basis = o.basis
		out = append(out, o.Match)
		return nil
	})
	if err != nil {
		*l = Live{}
		return nil, err
	}
	if opt.OneToOne {
		out = l.rivals.settle(out, l.accounts)
	}
	return out, nil
}

// reindex takes the customers as they are now and returns the keys of the accounts
// that they make a difference for.
func (l *Live) reindex(opt Options, customers []Record) (stale map[string]bool) {
	stale = make(map[string]bool)
	sorted := sortRecords(customers)
	same := func(c entity, r *Record) bool { return sameRecord(c.rec, r) }
	switch {
	case l.index == nil || l.index.opt.decisive() != opt.decisive():
		*l = Live{index: newIndex(sorted, opt, nil), accounts: make(map[string]*liveAccount)}
		l.sayings = l.index.noSayings()
	case !slices.EqualFunc(l.index.customers, sorted, same):
		before := l.index
		l.index = newIndex(sorted, opt, before.customers)
		l.sayings = l.index.noSayings()
		change := changed(before, l.index)
		accounts := slices.Collect(maps.Values(l.accounts))
		concerned := make([]bool, len(accounts))
		l.index.spread(len(accounts), func(_, low, high int) {
			shared := make([]float32, len(change.norms))
			for i, a := range accounts[low:high] {
				l.sayings.add(a.says, 1)
				concerned[low+i] = change.concerns(&a.basis, shared)
			}
		})
		for i, a := range accounts {
			if concerned[i] {
				stale[a.record.Key] = true
			}
		}
	}
	return stale
}

func sameRecord(a, b *Record) bool { return a == b || compareRecords(a, b) == 0 }

// replace puts accounts in place of those known before and adds the keys of those
// for which it makes a difference to stale.
func (l *Live) replace(accounts []*Record, stale map[string]bool) {
	before := make(map[uint64]int) // how many said what a change touches
	count := func(says []uint64, by int32) {
		for _, k := range says {
			if _, known := before[k]; !known {
				before[k] = l.sayings.of(k)
			}
		}
		l.sayings.add(says, by)
	}
	for _, r := range accounts {
		a := l.accounts[r.Key]
		switch {
		case a == nil:
			a = new(liveAccount)
			l.accounts[r.Key] = a
		case sameRecord(a.record, r):
			a.record = r
			continue
		}
		e := readEntity(r)
		count(a.says, -1)
		*a = liveAccount{record: r, says: e.appendSayings(nil)}
		count(a.says, 1)
		stale[r.Key] = true
	}
	if len(l.accounts) > len(accounts) {
		l.forget(accounts, count)
	}
	moved := make(map[uint64]bool) // what more or fewer accounts say than before
	for k, n := range before {
		if n != l.sayings.of(k) {
			moved[k] = true
		}
	}
	if len(moved) > 0 {
		for key, a := range l.accounts {
			if slices.ContainsFunc(a.basis.said, func(k uint64) bool { return moved[k] }) {
				stale[key] = true
			}
		}
	}
}

// forget drops the accounts that are not among those given.
func (l *Live) forget(accounts []*Record, count func(says []uint64, by int32)) {
	stay := make(map[string]bool, len(accounts))
	for _, r := range accounts {
		stay[r.Key] = true
	}
	for key, a := range l.accounts {
		if !stay[key] {
			count(a.says, -1)
			delete(l.accounts, key)
		}
	}
}

// decide takes the decisions as they are now and adds the keys of the accounts for
// which they are others than before to stale.
func (l *Live) decide(now map[string]accountDecisions, stale map[string]bool) {
	for key, d := range now {
		if !d.equal(l.decided[key]) {
			stale[key] = true
		}
	}
	for key, d := range l.decided {
		if !d.equal(now[key]) {
			stale[key] = true
		}
	}
	l.decided = now
}
