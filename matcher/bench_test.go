package matcher_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"actnow/matcher"
)

// BenchmarkFiles matches two files, from CSV to CSV. Its anchor reads and sorts
// the same two files and joins them on equal websites, as one would by hand.
func BenchmarkFiles(b *testing.B) {
	for _, n := range []int{10_000, 90_000, 1_000_000} {
		customers, accounts, truth := firms(n)
		var left, right bytes.Buffer
		writeCSV(b, &left, customers)
		writeCSV(b, &right, accounts)
		run := func(name string, pairs func() map[string]string) {
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) {
				b.ReportAllocs()
				var found map[string]string
				for b.Loop() {
					found = pairs()
				}
				right := 0.0
				for account, customer := range found {
					if truth[account] == customer {
						right++
					}
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "accounts/s")
				b.ReportMetric(right/float64(len(truth)), "recall")
				b.ReportMetric(right/float64(len(found)), "precision")
			})
		}
		run("matcher", func() map[string]string { return matched(b, left.Bytes(), right.Bytes()) })
		run("domain-join", func() map[string]string { return joined(b, left.Bytes(), right.Bytes()) })
	}
}

// matched returns the likelier customer of each account that has one.
func matched(b *testing.B, left, right []byte) map[string]string {
	read := func(text []byte, side matcher.Side) []matcher.Record {
		records, err := matcher.ReadRecords(bytes.NewReader(text), side)
		if err != nil {
			b.Fatal(err)
		}
		return records
	}
	found := make(map[string]string)
	w := matcher.NewMatchWriter(io.Discard)
	err := matcher.New(read(left, matcher.Customers), matcher.Options{}).Each(b.Context(), read(right, matcher.Accounts), nil, func(m matcher.Match) error {
		if len(m.Candidates) > 0 && m.Candidates[0].Probability >= 0.5 {
			found[m.Account] = m.Candidates[0].Customer
		}
		return w.Write(m)
	})
	if err != nil {
		b.Fatal(err)
	}
	return found
}

func joined(b *testing.B, left, right []byte) map[string]string {
	const site = 2
	read := func(text []byte) [][]string {
		rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			b.Fatal(err)
		}
		slices.SortFunc(rows, func(x, y []string) int { return strings.Compare(x[site], y[site]) })
		return rows
	}
	found := make(map[string]string)
	customers := read(left)
	for _, a := range read(right) {
		i, ok := slices.BinarySearchFunc(customers, a[site], func(c []string, site2 string) int { return strings.Compare(c[site], site2) })
		if ok && a[site] != "" {
			found[a[0]] = customers[i][0]
		}
	}
	return found
}

// BenchmarkNewAccount matches one account after the other against an index that
// stands. Its anchor compares the name of the account with that of each customer.
func BenchmarkNewAccount(b *testing.B) {
	customers, accounts, _ := firms(100_000)
	ix := matcher.New(customers, matcher.Options{})
	run := func(name string, match func(a matcher.Record)) {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				start := time.Now()
				match(accounts[i%len(accounts)])
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
	run("matcher", func(a matcher.Record) {
		if _, err := ix.Match(b.Context(), []matcher.Record{a}, nil); err != nil {
			b.Fatal(err)
		}
	})
	run("scan", func(a matcher.Record) {
		var p matcher.Probe
		p.Set(a.Name)
		for i := range customers {
			p.JaroWinkler(customers[i].Name)
		}
	})
}

// BenchmarkLive brings matches up to date after one account, or one customer, has
// changed. Its anchor matches everything anew.
func BenchmarkLive(b *testing.B) {
	customers, accounts, _ := firms(90_000)
	spare, _, _ := firms(1_000)
	var live matcher.Live
	update := func(b *testing.B) int {
		changed, err := live.Update(b.Context(), matcher.Options{}, customers, accounts, nil)
		if err != nil {
			b.Fatal(err)
		}
		return len(changed)
	}
	update(b)
	run := func(name string, records *[]matcher.Record) {
		b.Run(name, func(b *testing.B) {
			n := 0
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				changed := slices.Clone(*records)
				at, other := i*37%len(changed), spare[i%len(spare)]
				other.Key = changed[at].Key
				changed[at], *records = other, changed
				b.StartTimer()
				n += update(b)
			}
			b.ReportMetric(float64(n)/float64(b.N), "matched/op")
		})
	}
	run("account", &accounts)
	run("customer", &customers)
	b.Run("everything", func(b *testing.B) {
		for b.Loop() {
			live = matcher.Live{}
			update(b)
		}
	})
}
