package main

import (
	"encoding/csv"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// today is the day the CRM was exported.
var today = time.Date(2026, 10, 26, 0, 0, 0, 0, time.UTC)

func day(offset int) string { return today.AddDate(0, 0, offset).Format("2006-01-02") }

type table struct{ rows [][]string }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) String() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.WriteAll(t.rows)
	return b.String()
}

var products = []string{azure: "Azure consumption", m365: "Microsoft 365 Business Premium", bc: "Dynamics 365 Business Central Essentials",
	sales: "Dynamics 365 Sales Professional", apps: "Power Apps per user", surface: "Surface Laptop"}

// crm makes the files of a CRM in which people have typed for years.
func (w *world) crm() map[string]string {
	accounts := &table{rows: [][]string{{"id", "name", "website", "domains", "tpid", "city", "state", "postal_code", "country", "phone", "owner_name", "owner_email", "modified_at"}}}
	contacts := &table{rows: [][]string{{"id", "account_id", "email", "given_name", "family_name", "title", "role", "language", "time_zone",
		"consent_purpose", "consent_basis", "consent_at", "consent_source", "do_not_email", "modified_at"}}}
	opportunities := &table{rows: [][]string{{"id", "account_id", "area", "stage", "status", "opened_at", "closed_at", "amount", "currency"}}}
	subscriptions := &table{rows: [][]string{{"id", "account_id", "product", "seats", "start_at", "end_at", "amount", "currency"}}}
	transactions := &table{rows: [][]string{{"id", "account_id", "product", "at", "amount", "currency"}}}
	currency := map[string]string{"Sweden": "SEK", "Norway": "NOK", "Denmark": "DKK"}
	language := map[string]string{"Sweden": "sv", "Norway": "en", "Denmark": "en"}
	zone := map[string]string{"Sweden": "Europe/Stockholm", "Norway": "Europe/Oslo", "Denmark": "Europe/Copenhagen"}

	number := 0
	next := func() string { number++; return fmt.Sprintf("A-%04d", number) }
	for _, c := range w.list {
		copies := 0
		switch {
		case w.chance(0.04):
			copies = 2 // entered twice
		case w.chance(0.74):
			copies = 1
		}
		for copy := range copies {
			id := next()
			owner := pick(w, owners)
			website, domains, tpid, city, postal := "", "", "", c.city, c.postal
			switch {
			case w.chance(0.55):
				website = pick(w, []string{"https://www.%s/", "www.%s", "http://%s", "%s", "https://%s/kontakt"})
				website = fmt.Sprintf(website, c.domain)
			case w.chance(0.3):
				domains = c.domain
			}
			if w.chance(0.2) {
				tpid = c.tpid
			}
			if w.chance(0.25) {
				city = ""
			}
			if w.chance(0.4) {
				postal = ""
			}
			name := w.dirty(c)
			if copy == 1 {
				website, domains, tpid = "", "", ""
			}
			accounts.add(id, name, website, domains, tpid, city, "", postal, c.country, "", owner[0], owner[1], day(-w.rng.IntN(900)))
			w.people(contacts, c, id, language[c.country], zone[c.country])
			if copy == 0 {
				w.history(c, id, currency[c.country], opportunities, subscriptions, transactions)
			}
		}
	}
	for range 140 { // prospects and suppliers: no customers of the reports
		c := w.company(5000 + number)
		c.domain = "x" + c.domain
		id := next()
		owner := pick(w, owners)
		website := ""
		if w.chance(0.5) {
			website = "www." + c.domain
		}
		accounts.add(id, c.name, website, "", "", c.city, "", c.postal, c.country, "", owner[0], owner[1], day(-w.rng.IntN(900)))
		w.people(contacts, c, id, language[c.country], zone[c.country])
	}
	return map[string]string{"accounts": accounts.String(), "contacts": contacts.String(), "opportunities": opportunities.String(),
		"subscriptions": subscriptions.String(), "transactions": transactions.String()}
}

// dirty is the customer's name as somebody typed it.
func (w *world) dirty(c *company) string {
	bare := strings.TrimSuffix(c.name, " "+c.form)
	switch w.rng.IntN(12) {
	case 0, 1, 2:
		return c.name
	case 3, 4:
		return bare
	case 5:
		return strings.ToUpper(c.name)
	case 6:
		return bare + ", " + c.form
	case 7:
		return w.typo(bare)
	case 8:
		return ascii2(bare) + " " + c.form
	case 9:
		return bare + " - " + c.city
	case 10:
		return c.brand
	}
	return c.form + " " + bare
}

// ascii2 writes a name on a keyboard that lacks the letters.
func ascii2(s string) string {
	return strings.NewReplacer("å", "a", "ä", "a", "ö", "o", "Å", "A", "Ä", "A", "Ö", "O", "ø", "o").Replace(s)
}

// typo swaps two letters in the middle.
func (w *world) typo(s string) string {
	r := []rune(s)
	if utf8.RuneCountInString(s) < 6 {
		return s
	}
	i := 2 + w.rng.IntN(len(r)-4)
	r[i], r[i+1] = r[i+1], r[i]
	return string(r)
}

func (w *world) people(t *table, c *company, account, language, zone string) {
	n := 1 + w.rng.IntN(3)
	if w.chance(0.08) {
		n = 0
	}
	seen := map[string]bool{}
	for range n {
		first, last, post := pick(w, given), pick(w, family), pick(w, posts)
		mail := ascii(strings.ToLower(first+"."+last)) + "@" + c.domain
		if seen[mail] {
			continue
		}
		seen[mail] = true
		basis, purpose, source, at, no := "", "", "", "", "No"
		switch {
		case w.chance(0.55):
			basis, purpose, source, at = "consent", "newsletter", "web form", day(-w.rng.IntN(700))
		case w.chance(0.5):
			basis, purpose, source, at = "legitimate interest", "customer information", "contract", day(-w.rng.IntN(900))
		}
		if w.chance(0.05) {
			no = "Yes"
		}
		if w.chance(0.03) {
			mail = ""
		}
		if w.chance(0.1) {
			language = "en"
		}
		id := fmt.Sprintf("C-%05d", len(t.rows))
		t.add(id, account, mail, first, last, post.title, post.role, language, zone, purpose, basis, at, source, no, day(-w.rng.IntN(600)))
	}
}

// win is the chance that an opportunity in an area is won: whoever has other products
// already buys more, and nothing else tells as much.
func (c *company) win(in area) float64 {
	others := 0
	for a := range areas {
		if c.owns[a] && a != in && a != surface {
			others++
		}
	}
	return min(0.06+0.3*float64(others)+c.fit[in]/900, 0.92)
}

func (w *world) history(c *company, account, currency string, opportunities, subscriptions, transactions *table) {
	keys := []string{azure: "azure", m365: "m365", bc: "d365bc", sales: "d365sp", apps: "powerapps", surface: "surface"}
	for a := range areas {
		if c.owns[a] && a != surface {
			seats := max(1, c.size*(40+w.rng.IntN(60))/100)
			start := -60 - w.rng.IntN(900)
			subscriptions.add(fmt.Sprintf("S-%05d", len(subscriptions.rows)), account, products[a], fmt.Sprint(seats),
				day(start), day(start+1095), fmt.Sprint(seats*(120+w.rng.IntN(900))), currency)
		}
		if c.owns[a] && w.chance(0.5) {
			transactions.add(fmt.Sprintf("T-%05d", len(transactions.rows)), account, products[a], day(-w.rng.IntN(1000)), fmt.Sprint(c.size*(50+w.rng.IntN(700))), currency)
		}
		if w.chance(0.02 + c.fit[a]/900 + c.intent[a]/1200) {
			opened := -w.rng.IntN(420)
			status, stage, closed := "open", pick(w, []string{"Qualify", "Develop", "Propose"}), ""
			if opened < -70 {
				status, stage, closed = "lost", "Close", day(opened+30+w.rng.IntN(40))
				if w.chance(c.win(area(a))) {
					status = "won"
				}
			}
			opportunities.add(fmt.Sprintf("O-%05d", len(opportunities.rows)), account, keys[a], stage, status, day(opened), closed,
				fmt.Sprint(c.size*(300+w.rng.IntN(2500))), currency)
		}
	}
}
