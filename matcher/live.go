package matcher

import (
	"context"
	"maps"
	"slices"
)

// Live keeps the matches of accounts that change a few at a time up to date
// without matching all of them again. The zero value knows no account yet. It is
// for one goroutine at a time.
type Live struct {
	customers  []*Record // of the index, by key
	index      *Index
	accounts   map[string]liveAccount
	accountsAt map[string]int // accounts per domain
	decided    map[string]accountDecisions
}

// liveAccount is an account as it was matched.
type liveAccount struct {
	record  *Record
	domains []string
}

// Update takes everything as it is now and returns the matches, by key, of the
// accounts for which that makes a difference since the last Update: those that
// are new or changed, that were decided, or whose domain more or fewer accounts
// have. A change among the customers, or of the calibration, makes a difference
// for every account. With the matches returned before, those of accounts that
// are gone left out, they are what Index.Match returns. The records must not
// change.
//
// The error is ctx's; all accounts are matched again after it.
func (l *Live) Update(ctx context.Context, opt Options, customers, accounts []Record, decisions []Decision) ([]Match, error) {
	sorted := sortRecords(customers)
	if l.index == nil || l.index.opt.Calibration != opt.Calibration || !slices.EqualFunc(sorted, l.customers, sameRecord) {
		*l = Live{customers: sorted, index: New(customers, opt), accounts: make(map[string]liveAccount), accountsAt: make(map[string]int)}
	}
	stale := l.replace(sortRecords(accounts))
	decided := settle(decisions)
	for key := range l.accounts {
		if !decided[key].equal(l.decided[key]) {
			stale[key] = true
		}
	}
	l.decided = decided
	records := make([]*Record, 0, len(stale))
	for _, key := range slices.Sorted(maps.Keys(stale)) {
		records = append(records, l.accounts[key].record)
	}
	m := &matching{index: l.index, accountsAt: l.accountsAt, decided: decided}
	out := make([]Match, 0, len(records))
	err := m.each(ctx, records, func(match Match) error {
		out = append(out, match)
		return nil
	})
	if err != nil {
		*l = Live{}
		return nil, err
	}
	return out, nil
}

func sameRecord(a, b *Record) bool { return compareRecords(a, b) == 0 }

// replace puts accounts in place of those known before and returns the keys of
// those for which it makes a difference.
func (l *Live) replace(accounts []*Record) map[string]bool {
	stale := make(map[string]bool)
	before := make(map[string]int) // accounts at each domain that a change touches
	count := func(domains []string, by int) {
		for _, d := range domains {
			if _, known := before[d]; !known {
				before[d] = l.accountsAt[d]
			}
			l.accountsAt[d] += by
		}
	}
	now := make(map[string]liveAccount, len(accounts))
	for _, r := range accounts {
		old, known := l.accounts[r.Key]
		if known && sameRecord(old.record, r) {
			now[r.Key] = old
			continue
		}
		_, sites := readSites(r)
		a := liveAccount{r, domainKeys(sites)}
		count(old.domains, -1)
		count(a.domains, 1)
		now[r.Key], stale[r.Key] = a, true
	}
	for key, old := range l.accounts {
		if _, stays := now[key]; !stays {
			count(old.domains, -1)
		}
	}
	l.accounts = now
	moved := make(map[string]bool) // domains with more or fewer accounts than before
	for d, n := range before {
		if min(n, countedAccounts) != min(l.accountsAt[d], countedAccounts) {
			moved[d] = true
		}
		if l.accountsAt[d] == 0 {
			delete(l.accountsAt, d)
		}
	}
	if len(moved) > 0 {
		for key, a := range l.accounts {
			if slices.ContainsFunc(a.domains, func(d string) bool { return moved[d] }) {
				stale[key] = true
			}
		}
	}
	return stale
}
