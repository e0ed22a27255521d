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
	accounts map[string]liveAccount
	census   census
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
	decided := settle(decisions)
	for key := range l.accounts {
		if !decided[key].equal(l.decided[key]) {
			stale[key] = true
		}
	}
	l.decided = decided
	records := make([]*Record, 0, len(stale))
	for _, key := range slices.Sorted(maps.Keys(stale)) {
		if a, known := l.accounts[key]; known {
			records = append(records, a.record)
		}
	}
	m := &matching{index: l.index, census: l.census, decided: decided, noting: true}
	out := make([]Match, 0, len(records))
	err := m.each(ctx, records, func(o outcome) error {
		a := l.accounts[o.Account]
		a.basis = o.basis
		l.accounts[o.Account] = a
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
	case l.index == nil || l.index.opt.Calibration != opt.Calibration || l.index.opt.OneToOne != opt.OneToOne:
		*l = Live{index: New(customers, opt), accounts: make(map[string]liveAccount), census: make(census)}
	case !slices.EqualFunc(l.index.customers, sorted, same):
		before := l.index
		l.index = New(customers, opt)
		change := changed(before, l.index)
		for key, a := range l.accounts {
			if change.concerns(&a.basis) {
				stale[key] = true
			}
		}
	}
	return stale
}

func sameRecord(a, b *Record) bool { return compareRecords(a, b) == 0 }

// replace puts accounts in place of those known before and adds the keys of those
// for which it makes a difference to stale.
func (l *Live) replace(accounts []*Record, stale map[string]bool) {
	before := make(census) // of what a change touches
	count := func(says []uint64, by int32) {
		for _, k := range says {
			if _, known := before[k]; !known {
				before[k] = l.census[k]
			}
			l.census[k] += by
		}
	}
	now := make(map[string]liveAccount, len(accounts))
	for _, r := range accounts {
		old, known := l.accounts[r.Key]
		if known && sameRecord(old.record, r) {
			now[r.Key] = old
			continue
		}
		e := readEntity(r)
		a := liveAccount{record: r, says: e.appendSayings(nil)}
		count(old.says, -1)
		count(a.says, 1)
		now[r.Key], stale[r.Key] = a, true
	}
	for key, old := range l.accounts {
		if _, stays := now[key]; !stays {
			count(old.says, -1)
		}
	}
	l.accounts = now
	moved := make(map[uint64]bool) // what more or fewer accounts say than before
	for k, n := range before {
		if min(n, countedAccounts) != min(l.census[k], countedAccounts) {
			moved[k] = true
		}
		if l.census[k] == 0 {
			delete(l.census, k)
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
