package matcher_test

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"actnow/matcher"
)

// firms makes up n customers and n accounts as files of a whole country have
// them: words and towns by Zipf's law, legal forms, shared domains, free mail,
// holes and slips of the pen. One account in two is that of a customer, which
// truth names.
func firms(n int) (customers, accounts []matcher.Record, truth map[string]string) {
	r := rand.New(rand.NewPCG(uint64(n), 7))
	f := &founder{Rand: r, brands: rand.NewZipf(r, 1.07, 40, uint64(20_000+n/2)), trades: rand.NewZipf(r, 1.2, 3, uint64(len(trades)-1)),
		towns: rand.NewZipf(r, 1.1, 5, 4000)}
	for i := range n {
		c := f.found()
		c.Key, c.TPID = fmt.Sprintf("C%07d", i), fmt.Sprint(1_000_000+i*7)
		customers = append(customers, c)
	}
	truth = make(map[string]string)
	for i := range n {
		a, key := f.found(), fmt.Sprintf("A%07d", i)
		if i%2 == 0 {
			c := customers[f.IntN(n)]
			a, truth[key] = f.copied(c), c.Key
		}
		a.Key = key
		accounts = append(accounts, a)
	}
	return customers, accounts, truth
}

var trades = strings.Fields(`Group Services Consulting International Technologies Solutions Holdings Systems Industries Management
	Energy Bank Construction Foods Logistics Media Health Insurance Software Partners Design Trading Transport Medical Engineering
	Research Capital Properties Motors Electric Marketing Travel Institute Foundation Hospital School University Hotel Steel Paper
	Plastics Chemicals Mining Marine Dental Legal Sports Security Fashion Furniture Printing Garden Textiles Optics Pharma`)

var lands = []struct {
	code, suffix string
	forms        []string
}{
	{"SE", ".se", []string{"AB", "AB (publ)", "HB"}}, {"DE", ".de", []string{"GmbH", "AG", "GmbH & Co. KG"}}, {"US", ".com", []string{"Inc.", "LLC", "Corp."}},
	{"GB", ".co.uk", []string{"Ltd", "Limited", "PLC"}}, {"FR", ".fr", []string{"SA", "SARL"}}, {"NO", ".no", []string{"AS", "ASA"}}, {"PL", ".pl", []string{"Sp. z o.o.", "S.A."}},
}

// founder makes up firms.
type founder struct {
	*rand.Rand
	brands, trades, towns *rand.Zipf
}

// word returns the i-th made-up word, always the same.
func word(i uint64) string {
	var b strings.Builder
	r := rand.New(rand.NewPCG(i, 3))
	for range 2 + r.IntN(3) {
		b.WriteByte("bdfghjklmnprstvz"[r.IntN(16)])
		b.WriteString([]string{"a", "e", "i", "o", "u", "ä", "ö", "an", "er", "in", "on"}[r.IntN(11)])
	}
	s := b.String()
	return strings.ToUpper(s[:1]) + s[1:]
}

func (f *founder) found() matcher.Record {
	land := lands[min(f.IntN(len(lands)), f.IntN(len(lands)))]
	words := []string{word(f.brands.Uint64())}
	if f.IntN(2) == 0 {
		words = append(words, word(f.brands.Uint64()))
	}
	label := matcher.Fold(strings.Join(words, ""))
	for range f.IntN(3) {
		words = append(words, trades[f.trades.Uint64()])
	}
	if f.IntN(4) > 0 {
		words = append(words, land.forms[f.IntN(len(land.forms))])
	}
	town := f.towns.Uint64()
	rec := matcher.Record{Name: strings.Join(words, " "), City: word(1_000_000 + town), Country: land.code, PostalCode: fmt.Sprintf("%05d", 10_000+town*17+f.Uint64N(9))}
	if f.IntN(5) > 0 {
		rec.Website = "www." + label + land.suffix
	}
	switch f.IntN(10) {
	case 0, 1, 2:
		rec.Email = "info@" + label + land.suffix
	case 3:
		rec.Email = label + "@gmail.com"
	case 4:
		rec.Website = word(2_000_000+f.Uint64N(200)) + ".com" // of a group
	}
	return rec
}

// copied returns a customer as somebody else typed it.
func (f *founder) copied(c matcher.Record) matcher.Record {
	a := c
	a.TPID = ""
	words := strings.Fields(c.Name)
	switch f.IntN(6) {
	case 0:
		words = words[:max(len(words)-1, 1)]
	case 1:
		w := []rune(words[0])
		i := f.IntN(len(w) - 1)
		w[i], w[i+1] = w[i+1], w[i]
		words[0] = string(w)
	case 2:
		words = append(words, c.City)
	case 3:
		words[0] = strings.ToUpper(words[0])
	}
	a.Name = strings.Join(words, " ")
	if f.IntN(2) == 0 {
		a.Website = ""
	}
	if f.IntN(3) == 0 {
		a.City, a.PostalCode = "", ""
	}
	if f.IntN(10) == 0 {
		a.TPID = c.TPID
	}
	return a
}

// writeCSV writes records as files have them.
func writeCSV(t testing.TB, w io.Writer, records []matcher.Record) {
	t.Helper()
	cw := csv.NewWriter(w)
	rows := [][]string{{"id", "name", "website", "email", "city", "state", "postal_code", "country", "tpid"}}
	for _, r := range records {
		rows = append(rows, []string{r.Key, r.Name, r.Website, r.Email, r.City, r.State, r.PostalCode, r.Country, r.TPID})
	}
	if err := cw.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
}
