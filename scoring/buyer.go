package scoring

import (
	"strings"
	"time"

	"actnow"
)

// Buyer is a customer as the estimate of its potential revenue sees it.
type Buyer struct {
	Customer  actnow.CustomerID
	Account   bool // matched with an account of the CRM; without one nobody knows what it buys
	OrgSize   *int64
	Segment   actnow.Segment
	Industry  string
	Has       []actnow.Area // that reports say it has, from whomever
	Purchases []Purchase
}

// Purchase is a subscription, whose amount is that of a year, or a transaction.
type Purchase struct {
	Area         actnow.Area
	Product      string
	Subscription bool
	At           time.Time // start of a subscription, zero if it is not known
	Until        time.Time // end of a subscription, zero for none
	Amount       *int64    // minor units; nil if it is not known
	Currency     string
}

// maxMinor bounds sums of money, in minor units, so that they stay exact.
const maxMinor = 1_000_000_000_000_000

// spending is what a customer buys in an area in the year before an instant.
type spending struct {
	owned  bool
	unsure bool           // part of it has no amount or currency
	paid   []actnow.Money // above 0, one of each currency
}

// priced reports whether the spending is one amount.
func (s *spending) priced() bool { return !s.unsure && len(s.paid) == 1 }

// year returns what the customer bought in the year before end, by area:
// subscriptions that ran at end, and transactions of the last 365 days. Where both
// are of one product, transactions are the payments of the subscription: the larger
// of the two counts. What happened at end or later leaves no trace.
func (b *Buyer) year(end time.Time) map[actnow.Area]*spending {
	type line struct {
		area              actnow.Area
		currency, product string
	}
	type sums struct{ running, paid int64 }
	out := map[actnow.Area]*spending{}
	at := map[line]*sums{}
	var order []line
	for i := range b.Purchases {
		p := &b.Purchases[i]
		if p.Area == "" || !p.counts(end) {
			continue
		}
		s := out[p.Area]
		if s == nil {
			s = &spending{}
			out[p.Area] = s
		}
		s.owned = true
		if p.Amount == nil || p.Currency == "" {
			s.unsure = true
			continue
		}
		l := line{p.Area, p.Currency, strings.ToLower(strings.TrimSpace(p.Product))}
		if at[l] == nil {
			at[l] = &sums{}
			order = append(order, l)
		}
		into := &at[l].paid
		if p.Subscription {
			into = &at[l].running
		}
		*into = bounded(*into + bounded(*p.Amount))
	}
	for _, l := range order {
		if amount := max(at[l].running, at[l].paid); amount > 0 {
			s := out[l.area]
			s.paid = actnow.AddMoney(s.paid, actnow.Money{Minor: amount, Currency: l.currency})
			for i := range s.paid {
				s.paid[i].Minor = bounded(s.paid[i].Minor)
			}
		}
	}
	return out
}

// counts reports whether the purchase is of the year before end.
func (p *Purchase) counts(end time.Time) bool {
	switch {
	case !p.At.Before(end):
		return false
	case p.Subscription:
		return p.Until.IsZero() || !p.Until.Before(end)
	}
	return end.Sub(p.At) <= 365*day
}

func bounded(minor int64) int64 { return min(max(minor, -maxMinor), maxMinor) }

// currencyOf returns the currency that the customer pays in most areas, the first by
// name if two are alike, "" if it pays in none.
func currencyOf(year map[actnow.Area]*spending) string {
	count := map[string]int{}
	for _, s := range year {
		for _, m := range s.paid {
			count[m.Currency]++
		}
	}
	return mostOf(count)
}

// mostOf returns the text counted most, the first by name of those alike.
func mostOf(count map[string]int) string {
	best := ""
	for text, n := range count {
		if n > count[best] || n == count[best] && text < best {
			best = text
		}
	}
	return best
}
