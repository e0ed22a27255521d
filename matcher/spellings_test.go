package matcher

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// loadSpellings makes up the set that files of applicants, suppliers and
// invoices are like: real names, up to six spellings of each as clerks write
// them, seldom a town or a site, and sister companies that are nobody's. The
// names are those of the listed companies and of the companies in cleanco's list.
func loadSpellings(t testing.TB) devSet {
	t.Helper()
	base := loadSet(t, "listed_companies_dev")
	w := newWriter()
	set := devSet{name: spellings, truth: make(map[string]string), owner: make(map[string]string)}
	for _, r := range base.customers {
		set.customers = append(set.customers, Record{Key: r.Key, Name: r.Name, City: r.City, Country: r.Country})
	}
	for i, r := range readCompanyNames(t) {
		r.Key = fmt.Sprintf("N%06d", i)
		if !slices.ContainsFunc(base.customers, func(c Record) bool { return Fold(c.Name) == Fold(r.Name) }) {
			set.customers = append(set.customers, r)
		}
	}
	// An account is in the fold of what it is made of, so that trees have not
	// seen it in another set either.
	put := func(a Record, customer, origin string) {
		a.Key = fmt.Sprintf("S%06d", len(set.accounts))
		if w.IntN(2) == 0 {
			a.Country = ""
		}
		if w.IntN(3) > 0 {
			a.City = ""
		}
		set.accounts = append(set.accounts, a)
		set.owner[a.Key] = origin
		if customer != "" {
			set.truth[a.Key] = customer
			set.pairs = append(set.pairs, TruePair{Customer: customer, Account: a.Key})
		}
	}
	for _, c := range set.customers {
		if w.IntN(2) == 0 {
			for range 1 + w.IntN(6) {
				put(Record{Name: w.respell(c), City: c.City, Country: c.Country}, c.Key, c.Key)
			}
		}
		if w.IntN(5) == 0 {
			if s := w.sister(c); s != "" {
				put(Record{Name: s, City: c.City, Country: c.Country}, "", c.Key)
			}
		}
	}
	for _, a := range base.accounts {
		if base.truth[a.Key] == "" && w.IntN(2) == 0 {
			put(Record{Name: a.Name, City: a.City, Country: a.Country}, "", a.Key)
		}
	}
	return set
}

// readCompanyNames returns the companies of cleanco's list.
func readCompanyNames(t testing.TB) []Record {
	t.Helper()
	f, err := os.Open(SharedPath(t, "matching", "lists", "company_names_cleanco.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []Record
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if name, country, ok := strings.Cut(lines.Text(), ";"); ok {
			list = append(list, Record{Name: name, Country: country})
		}
	}
	return list
}

// writer writes names as people and offices do.
type writer struct {
	*rand.Rand
	short map[string][]string // word → shorter spellings
	forms map[string][]string // class of a legal form → its spellings
}

func newWriter() *writer {
	w := &writer{Rand: rand.New(rand.NewPCG(11, 17)), short: make(map[string][]string), forms: make(map[string][]string)}
	for line := range dataLines(wordsText) {
		head, others, _ := strings.Cut(line, ":")
		_, word, _ := strings.Cut(head, " ")
		var group []string
		for s := range strings.SplitSeq(word+","+others, ",") {
			group = append(group, strings.TrimSpace(s))
		}
		for _, long := range group {
			for _, s := range group {
				if len(s) >= 2 && len(s) < len(long) && s[0] == long[0] && len(s) <= 5 && len(long) >= 6 {
					w.short[long] = append(w.short[long], s)
				}
			}
		}
	}
	for line := range dataLines(legalText) {
		part := strings.SplitN(line, ";", 4)
		class := strings.TrimSpace(part[0])
		for phrase := range strings.SplitSeq(part[3], ",") {
			phrase, _ = strings.CutSuffix(strings.TrimSpace(phrase), "^")
			w.forms[class] = append(w.forms[class], phrase)
		}
	}
	return w
}

// chance is true in one case of n.
func (w *writer) chance(n int) bool { return w.IntN(n) == 0 }

func (w *writer) pick(list ...string) string { return list[w.IntN(len(list))] }

// respell returns the name of a customer in another spelling.
func (w *writer) respell(c Record) string {
	core, form := w.divide(c)
	if len(core) == 0 {
		return c.Name
	}
	for i, word := range core {
		if short := w.short[Fold(word)]; len(short) > 0 && w.chance(3) {
			core[i] = w.pick(short...)
		}
		if word == "&" && w.chance(2) || strings.EqualFold(word, "and") && w.chance(3) {
			core[i] = w.pick("&", "and", "AND", "+")
		}
	}
	if w.chance(12) && len(core) >= 3 {
		core = core[:len(core)-1]
	}
	if w.chance(25) && len(core) == 2 {
		core[0], core[1] = core[1], core[0]
	}
	if w.chance(20) && len(core) >= 2 {
		i := w.IntN(len(core) - 1)
		core = slices.Concat(core[:i], []string{core[i] + core[i+1]}, core[i+2:])
	}
	if w.chance(25) {
		i := w.IntN(len(core))
		if r := []rune(core[i]); len(r) >= 8 {
			core[i] = string(r[:len(r)/2]) + " " + string(r[len(r)/2:])
		}
	}
	if w.chance(3) {
		i := w.IntN(len(core))
		core[i] = w.slip(core[i])
	}
	name := strings.Join(core, " ")
	switch {
	case w.chance(40) && len(core) >= 3:
		name = initialsOf(core)
	case w.chance(40):
		name = "The " + name
	}
	if form != "" && !w.chance(6) {
		name = w.withForm(name, form)
	}
	if w.chance(15) && c.City != "" {
		name += w.pick(", ", " - ", " (") + c.City
		if strings.Contains(name, "(") {
			name += ")"
		}
	}
	if w.chance(6) {
		name = strings.Map(func(r rune) rune {
			if unicode.IsPunct(r) {
				return -1
			}
			return r
		}, name)
	}
	if r := []rune(name); w.chance(12) && len(r) > 24 {
		name = strings.TrimSpace(string(r[:20+w.IntN(len(r)-20)]))
	}
	switch w.IntN(4) {
	case 0, 1:
		return strings.ToUpper(name)
	case 2:
		return strings.ToUpper(foldAny(name))
	}
	return name
}

// divide parts a customer's name into its words and the class of the legal form
// that ends it.
func (w *writer) divide(c Record) (core []string, form string) {
	country := readCountry(c.Country)
	fields := strings.Fields(strings.NewReplacer(",", " ", "(", " ", ")", " ").Replace(c.Name))
	for n := 1; n < len(fields); n++ {
		left, _, forms := legalOnce().strip(words("x "+Fold(strings.Join(fields[n:], " "))), country)
		if len(left) == 1 && len(forms) > 0 {
			return fields[:n], forms[len(forms)-1].class
		}
	}
	return fields, ""
}

// withForm puts a legal form to a name in any spelling.
func (w *writer) withForm(name, class string) string {
	form := w.pick(w.forms[class]...)
	switch w.IntN(4) {
	case 0:
		form = strings.ToUpper(form)
	case 1:
		form = strings.ToUpper(form[:1]) + form[1:] + "."
	case 2:
		return name + ", " + strings.ToUpper(form[:1]) + form[1:]
	}
	return name + " " + form
}

// slip returns a word with a slip of the pen, of the key or of the scanner.
func (w *writer) slip(word string) string {
	r := []rune(word)
	if len(r) < 4 {
		return word
	}
	i := 1 + w.IntN(len(r)-2)
	switch w.IntN(6) {
	case 0:
		r[i], r[i+1] = r[i+1], r[i]
	case 1:
		r = slices.Delete(r, i, i+1)
	case 2:
		r = slices.Insert(r, i, r[i])
	case 3:
		r[i] = rune('a' + w.IntN(26))
	case 4:
		s := string(r)
		return strings.Replace(s, w.pick("l", "o", "i", "e"), w.pick("1", "0", "l", "c"), 1)
	case 5:
		return strings.NewReplacer("rn", "m", "m", "rn", "ö", "oe", "ü", "ue", "ä", "ae", "y", "i", "ph", "f", "k", "c", "z", "s").Replace(word)
	}
	return string(r)
}

func initialsOf(core []string) string {
	out := ""
	for _, word := range core {
		out += firstRune(word)
	}
	return strings.ToUpper(out)
}

// sister returns the name of another company of the customer's family, or "".
func (w *writer) sister(c Record) string {
	core, form := w.divide(c)
	if len(core) == 0 || len([]rune(core[0])) < 4 {
		return ""
	}
	trade := w.pick("Cable", "Metals", "Chemical", "Machinery", "Pharma", "Textiles", "Electronics", "Semiconductor", "Paper", "Foods", "Medical",
		"Optical", "Engineering", "Construction", "Energy", "Software", "Insurance", "Shipbuilding", "Plastics", "Automotive", "Research", "Battery",
		"Telecom", "Display", "Steel", "Power Tools", "Home Appliances", "Life Sciences", "Seiki", "Kogyo", "Denki", "Logistics", "Capital", "Ventures", "Finance")
	name := core[0] + " " + trade
	if form != "" {
		name = w.withForm(name, form)
	}
	if w.chance(2) {
		name = strings.ToUpper(name)
	}
	return name
}
