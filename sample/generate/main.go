// Command generate makes the sample partner's files anew:
//
//	go run ./sample/generate sample/data
//
// Everything in them is made up. The same program gives the same files.
package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// customers is how many customers the sample partner has.
const customers = 1200

// months are those of the reports; package sample moves them to the present.
var months = []string{"2026-08", "2026-09", "2026-10"}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate FOLDER")
		os.Exit(2)
	}
	w := newWorld(rand.New(rand.NewPCG(2026, 11)))
	files := map[string]string{}
	for i, month := range months {
		w.turn(i)
		for _, r := range reports {
			files[fmt.Sprintf("reports/%s-%s.csv", r.kind, month)] = r.write(w, i)
		}
	}
	for name, content := range w.crm() {
		files["crm/"+name+".csv"] = content
	}
	for name, content := range files {
		path := filepath.Join(os.Args[1], name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			fail(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "generate:", err)
	os.Exit(1)
}

// area is a solution area of the sample.
type area int

const (
	azure area = iota
	m365
	bc
	sales
	apps
	surface
	areas
)

// company is one customer of the sample.
type company struct {
	tpid, name, brand, form, domain string
	industry, vertical              string
	size                            int
	city, state, postal, country    string
	location                        int
	owns                            [areas]bool
	google, aws                     bool
	server2012                      bool
	fit, intent                     [areas]float64
	blank                           [areas]bool // Microsoft gives no score
	agreementDay                    int         // days after 2026-10-25; 0 for none
	expiring                        int
	since                           int // first month it is in the reports
	until                           int // first month it is gone, or 99
}

type world struct {
	rng  *rand.Rand
	list []*company
}

func newWorld(rng *rand.Rand) *world {
	w := &world{rng: rng}
	seen := map[string]bool{}
	for len(w.list) < customers {
		c := w.company(len(w.list))
		if seen[c.domain] || seen[c.name] {
			continue
		}
		seen[c.domain], seen[c.name] = true, true
		w.list = append(w.list, c)
	}
	return w
}

func pick[T any](w *world, list []T) T { return list[w.rng.IntN(len(list))] }

func (w *world) chance(p float64) bool { return w.rng.Float64() < p }

func (w *world) company(i int) *company {
	c := &company{tpid: fmt.Sprint(10400000 + i*37 + w.rng.IntN(37)), until: 99}
	place := pick(w, places)
	c.city, c.state, c.country, c.location = place.city, place.state, place.country, place.location
	if c.country == "Sweden" {
		c.postal = fmt.Sprintf("%03d %02d", place.postal+w.rng.IntN(20), w.rng.IntN(90)+10)
	} else {
		c.postal = fmt.Sprintf("%04d", place.postal+w.rng.IntN(60))
	}
	trade := pick(w, trades)
	c.industry, c.vertical = trade.industry, trade.vertical
	c.brand = pick(w, stems) + pick(w, endings)
	words := []string{c.brand, pick(w, trade.words)}
	if w.chance(0.3) {
		words = []string{place.city, pick(w, stems) + pick(w, endings)}
		c.brand = words[1]
	}
	c.form = pick(w, forms[c.country])
	c.name = strings.Join(append(words, c.form), " ")
	c.domain = ascii(strings.ToLower(words[0]+words[1])) + ".example"
	if w.chance(0.45) {
		c.domain = ascii(strings.ToLower(c.brand)) + ".example"
	}
	c.size = int(math.Exp(w.rng.NormFloat64()*1.25 + 3.7))
	c.size = min(max(c.size, 1), 4200)
	c.owns[m365] = w.chance(0.72)
	c.owns[azure] = w.chance(0.34)
	c.owns[bc] = w.chance(0.09)
	c.owns[sales] = w.chance(0.07)
	c.owns[apps] = w.chance(0.12)
	c.owns[surface] = w.chance(0.16)
	c.google = !c.owns[m365] && w.chance(0.6)
	c.aws = w.chance(0.15)
	c.server2012 = w.chance(0.22)
	big := math.Log(float64(c.size)) * 6
	for a := range areas {
		c.fit[a] = clamp(w.rng.NormFloat64()*21 + 18 + big)
		c.intent[a] = clamp(w.rng.NormFloat64()*24 + 36)
		c.blank[a] = w.chance(0.07)
	}
	if c.server2012 {
		c.fit[azure] = clamp(c.fit[azure] + 12)
	}
	if w.chance(0.33) {
		c.agreementDay = 5 + w.rng.IntN(700)
		c.expiring = c.size*(300+w.rng.IntN(1500)) + w.rng.IntN(9000)
	}
	switch {
	case w.chance(0.03):
		c.since = 1
	case w.chance(0.03):
		c.since = 2
	case w.chance(0.02):
		c.until = 2
	}
	return c
}

// turn moves intent from one month to the next, and fit at the quarter.
func (w *world) turn(month int) {
	if month == 0 {
		return
	}
	for _, c := range w.list {
		for a := range areas {
			step := w.rng.NormFloat64() * 7
			if w.chance(0.06) {
				step += 26
			}
			c.intent[a] = clamp(c.intent[a] + step)
			if month == 2 { // October: the quarterly fit
				c.fit[a] = clamp(c.fit[a] + w.rng.NormFloat64()*4)
			}
		}
	}
}

func (c *company) present(month int) bool { return month >= c.since && month < c.until }

func clamp(x float64) float64 { return math.Round(min(max(x, 0), 100)) }

// ascii writes a name as it stands in a domain.
func ascii(s string) string {
	return strings.NewReplacer("å", "a", "ä", "a", "ö", "o", "ø", "o", "æ", "ae", "é", "e", " ", "", "-", "", "&", "").Replace(s)
}
