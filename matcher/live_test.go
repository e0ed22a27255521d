package matcher_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/matcher"
)

// Whatever changes, what Live says after it is what a full run says.
func TestLive(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 4))
		customers, accounts := dirty(r)
		spare, _ := dirty(r)
		var decisions []matcher.Decision
		var live matcher.Live
		known := make(map[string]matcher.Match)
		for step := range 25 {
			// A store hands out fresh records each time, in whatever order.
			accounts = append([]matcher.Record(nil), accounts...)
			for range 1 + r.IntN(3) {
				i, j := r.IntN(len(accounts)), r.IntN(len(spare))
				switch edit := r.IntN(12); {
				case edit < 5:
					spare[j].Key = accounts[i].Key
					accounts[i], spare[j] = spare[j], accounts[i]
				case edit < 7:
					spare[j].Key = fmt.Sprint("N", step, j)
					accounts = append(accounts, spare[j])
				case edit < 9:
					accounts = append(accounts[:i:i], accounts[i+1:]...)
				case edit < 11:
					verdict := [...]actnow.Verdict{actnow.VerdictYes, actnow.VerdictNo, "undone"}[r.IntN(3)]
					decisions = append(decisions, matcher.Decision{Account: accounts[i].Key, Customer: customers[r.IntN(len(customers))].Key, Verdict: verdict})
				case step%10 == 0:
					customers = append([]matcher.Record(nil), customers...)
					customers[r.IntN(len(customers))].Name = spare[j].Name
				}
			}
			r.Shuffle(len(accounts), func(i, j int) { accounts[i], accounts[j] = accounts[j], accounts[i] })
			changed, err := live.Update(t.Context(), customers, accounts, decisions)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range changed {
				known[m.Account] = m
			}
			want, err := matcher.New(customers, matcher.Options{}).Match(t.Context(), accounts, decisions)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range want {
				if diff := cmp.Diff(m, known[m.Account]); diff != "" {
					t.Fatalf("seed %d, step %d: account %s (-full +live):\n%s", seed, step, m.Account, diff)
				}
			}
		}
	}
}

func TestLiveMatchesLittle(t *testing.T) {
	var live matcher.Live
	customers, accounts := crowd(300), crowd(300)
	update := func(want int, decisions ...matcher.Decision) {
		t.Helper()
		got, err := live.Update(t.Context(), customers, accounts, decisions)
		if err != nil || len(got) != want {
			t.Errorf("%d matches, %v; want %d", len(got), err, want)
		}
	}
	update(300)
	update(0)
	accounts = append([]matcher.Record(nil), accounts...)
	accounts[7].City = "Mora"
	update(1)
	update(1, matcher.Decision{Account: accounts[9].Key, Customer: customers[9].Key, Verdict: actnow.VerdictNo})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	accounts = append([]matcher.Record(nil), accounts...)
	accounts[8].City = "Mora"
	if _, err := live.Update(ended, customers, accounts, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	update(300)
}
