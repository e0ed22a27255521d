package matcher

import (
	"maps"
	"reflect"
	"slices"
)

// rivals keeps what accounts that may have to leave a customer to another account
// were matched with, so that a change of one of them can be settled among all.
type rivals struct {
	open    map[string]Match // by account, as matched alone
	settled map[string]Match // by account, after OneToOne
}

// settle takes the matches that are new and returns, by account, these and all
// others that now come out differently. Accounts that are not among those given are
// gone.
func (r *rivals) settle(matches []Match, accounts map[string]*liveAccount) []Match {
	if r.open == nil {
		*r = rivals{make(map[string]Match), make(map[string]Match)}
	}
	renewed := make(map[string]bool, len(matches))
	for _, m := range matches {
		r.open[m.Account], renewed[m.Account] = m, true
	}
	maps.DeleteFunc(r.open, func(key string, _ Match) bool { _, stays := accounts[key]; return !stays })
	maps.DeleteFunc(r.settled, func(key string, _ Match) bool { _, stays := accounts[key]; return !stays })
	all := make([]Match, 0, len(r.open))
	for _, key := range slices.Sorted(maps.Keys(r.open)) {
		all = append(all, r.open[key])
	}
	OneToOne(all)
	out := make([]Match, 0, len(matches))
	for _, m := range all {
		if renewed[m.Account] || !reflect.DeepEqual(m, r.settled[m.Account]) {
			r.settled[m.Account] = m
			out = append(out, m)
		}
	}
	return out
}
