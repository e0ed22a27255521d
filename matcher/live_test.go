package matcher_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/matcher"
)

// Whatever changes, what Live says after it is what a full run says.
func TestLive(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 4))
		options := matcher.Options{OneToOne: seed%3 == 2}
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
				switch edit := r.IntN(16); {
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
				case edit < 14:
					customers = append([]matcher.Record(nil), customers...)
					spare[j].Key = customers[i%len(customers)].Key
					customers[i%len(customers)], spare[j] = spare[j], customers[i%len(customers)]
				case edit < 15:
					spare[j].Key = fmt.Sprint("M", step, j)
					customers = append(customers[:len(customers):len(customers)], spare[j])
				default:
					k := r.IntN(len(customers))
					customers = append(customers[:k:k], customers[k+1:]...)
				}
			}
			r.Shuffle(len(accounts), func(i, j int) { accounts[i], accounts[j] = accounts[j], accounts[i] })
			changed, err := live.Update(t.Context(), options, customers, accounts, decisions)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range changed {
				known[m.Account] = m
			}
			want, err := matcher.New(customers, options).Match(t.Context(), accounts, decisions)
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

// The same among as many customers as have words that are too common to be looked
// for, where a change must not lead to everybody.
func TestLiveInACrowd(t *testing.T) {
	customers, accounts, _ := firms(3000)
	spare, _, _ := firms(100)
	r := rand.New(rand.NewPCG(1, 5))
	var live matcher.Live
	known := make(map[string]matcher.Match)
	matched := 0
	for step := range 8 {
		customers = append([]matcher.Record(nil), customers...)
		for range min(step, 1) * (1 + r.IntN(3)) {
			i, j := r.IntN(len(customers)), r.IntN(len(spare))
			switch r.IntN(4) {
			case 0:
				customers = append(customers[:i], customers[i+1:]...)
			case 1:
				spare[j].Key = fmt.Sprint("N", step, j)
				customers = append(customers, spare[j])
			default:
				spare[j].Key = customers[i].Key
				customers[i] = spare[j]
			}
		}
		changed, err := live.Update(t.Context(), matcher.Options{}, customers, accounts, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range changed {
			known[m.Account] = m
		}
		if step > 0 {
			matched += len(changed)
		}
		want, err := matcher.New(customers, matcher.Options{}).Match(t.Context(), accounts, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range want {
			if diff := cmp.Diff(m, known[m.Account]); diff != "" {
				t.Fatalf("step %d: account %s (-full +live):\n%s", step, m.Account, diff)
			}
		}
	}
	if matched > 7*len(accounts)*3/4 {
		t.Errorf("%d matches in 7 steps of %d accounts, want far fewer", matched, len(accounts))
	}
	t.Logf("%d matches in 7 steps", matched)
}

func TestLiveMatchesLittle(t *testing.T) {
	var live matcher.Live
	customers, accounts := crowd(300), crowd(300)
	update := func(want int, decisions ...matcher.Decision) {
		t.Helper()
		got, err := live.Update(t.Context(), matcher.Options{}, customers, accounts, decisions)
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
	customers = append([]matcher.Record(nil), customers...)
	customers[9].City = "Mora"
	got, err := live.Update(t.Context(), matcher.Options{}, customers, accounts, []matcher.Decision{{Account: accounts[9].Key, Customer: customers[9].Key, Verdict: actnow.VerdictNo}})
	if about := func(m matcher.Match) bool { return m.Account == accounts[9].Key }; err != nil || len(got) > 100 || !slices.ContainsFunc(got, about) {
		t.Errorf("%d matches, %v; want few, that of the customer's own account among them", len(got), err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	accounts = append([]matcher.Record(nil), accounts...)
	accounts[8].City = "Mora"
	if _, err := live.Update(ended, matcher.Options{}, customers, accounts, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	update(300)
}

func TestLiveHeedsOptions(t *testing.T) {
	var live matcher.Live
	customers, accounts := crowd(100), crowd(100)
	update := func(opt matcher.Options, want int) {
		t.Helper()
		got, err := live.Update(t.Context(), opt, customers, accounts, nil)
		if err != nil || len(got) != want {
			t.Errorf("%+v: %d matches, %v; want %d", opt, len(got), err, want)
		}
		for _, m := range got {
			if told := len(best(m).Comparisons) > 0; told == opt.ReasonsOnly {
				t.Fatalf("%+v: comparisons are told: %t", opt, told)
			}
		}
	}
	update(matcher.Options{}, 100)
	update(matcher.Options{Workers: 1}, 0) // makes no difference
	update(matcher.Options{ReasonsOnly: true}, 100)
	update(matcher.Options{Calibration: matcher.Calibration{Slope: 0.9}}, 100)
}
