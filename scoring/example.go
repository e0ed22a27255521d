package scoring

import (
	"cmp"
	"hash/fnv"
	"time"

	"actnow"
)

// example is what was known of a customer on a day, and what came of it. There are
// many: its times are seconds since 1970, a third of a time.Time.
type example struct {
	Customer actnow.CustomerID
	End      int64 // nothing of this instant or later was known
	Settled  int64 // when the outcome was known
	Outcome  int64 // of the opportunity that answered yes, or was lost; 0 without one
	Yes      bool  // won, or opened

	line // what was known
}

// compareExamples orders by time, then by customer.
func compareExamples(a, b example) int {
	return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Settled, b.Settled))
}

// HorizonDays is how many days ahead intent looks.
const HorizonDays = 90

// maxMonths is how far back outcomes of intent are learned from: what came before
// tells of another market.
const maxMonths = 36

// wins returns an example of fit for each opportunity in a sheet's area that was won
// or lost by the instant end, as the customer was known before the day it opened.
func (h *History) wins(s *sheet, end time.Time) []example {
	var out []example
	for _, o := range h.Opportunities {
		if o.Area != s.area || !o.settled(end) {
			continue
		}
		before := dayOf(o.Opened)
		out = append(out, example{Customer: h.Customer, End: before.Unix(), Settled: o.Closed.Unix(), Yes: o.Won, Outcome: o.Opened.Unix(), line: s.add(h.Observe(Fit, s.area, before))})
	}
	return out
}

// openings returns an example of intent for each of the month days whose ninety
// days are over by end: did an opportunity in the area open within them?
func (h *History) openings(s *sheet, days []time.Time, end time.Time) []example {
	if !h.Account {
		return nil
	}
	var out []example
	for _, before := range days {
		until := before.AddDate(0, 0, HorizonDays)
		if until.After(end) {
			continue
		}
		x := h.opened(s.area, before, until)
		x.line = s.add(h.Observe(Intent, s.area, before))
		out = append(out, x)
	}
	return out
}

// opened returns whether, and when first, an opportunity in the area opened from an
// instant on and before another.
func (h *History) opened(area actnow.Area, from, until time.Time) example {
	x := example{Customer: h.Customer, End: from.Unix(), Settled: until.Unix()}
	for _, o := range h.Opportunities {
		if o.Area == area && !o.Opened.Before(from) && o.Opened.Before(until) && (!x.Yes || o.Opened.Unix() < x.Outcome) {
			x.Yes, x.Outcome = true, o.Opened.Unix()
		}
	}
	return x
}

// dayOf returns the start of the day in UTC.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(day) }

// reportDay is the day of the month at the end of which reports have been made and
// the month is looked back on.
const reportDay = 25

// monthDays returns the ends of the report days from the first on whose ninety days
// are over by end, the last maxMonths of them.
func monthDays(first, end time.Time) []time.Time {
	var days []time.Time
	for month := actnow.MonthOf(first.UTC()); ; month = month.Add(1) {
		at := month.First().AddDate(0, 0, reportDay)
		if at.AddDate(0, 0, HorizonDays).After(end) {
			break
		}
		if !at.Before(first) {
			days = append(days, at)
		}
	}
	return days[max(0, len(days)-maxMonths):]
}

// draw is what customers are sampled for. Each draws on its own, so that a share of
// those that another has drawn is that share.
type draw byte

const (
	drawHeard draw = iota // whose histories are read, to look back and to look at today
	drawKept              // whose examples an area keeps
	drawLent              // whose examples it lends
	drawPeers             // who foretell what others pay
)

// sampled reports whether a customer is among the share that is drawn. The same
// customers are, whatever the share's other customers.
func (d draw) sampled(id actnow.CustomerID, share float64) bool {
	if share >= 1 {
		return true
	}
	h := fnv.New64a()
	for k := range 8 {
		h.Write([]byte{byte(id >> (8 * k))})
	}
	h.Write([]byte{byte(d)})
	v := h.Sum64()
	v ^= v >> 33
	v *= 0xff51afd7ed558ccd
	v ^= v >> 33
	return float64(v>>11)/(1<<53) < share
}

// judgedBlocks is how many blocks of time a validation judges, and foreShare the
// share of the rows before the first of them that are only learned from.
const (
	judgedBlocks = 4
	foreShare    = 0.4
	fewestToTest = 10 // outcomes of either kind that a block is foretold from
)

// forwardSplit divides examples for validation: own, the first of all in order of time,
// are judged block by block, each from what was settled before the block began.
// So nothing is foretold from what was not known yet.
func forwardSplit(all []example, own int) []fold {
	var split []fold
	first := int(foreShare * float64(own))
	for k := range judgedBlocks {
		from, to := first+k*(own-first)/judgedBlocks, first+(k+1)*(own-first)/judgedBlocks
		if from == to {
			continue
		}
		f := fold{test: places(to)[from:]}
		yes, no := 0, 0
		for i, x := range all {
			if x.Settled > all[from].End {
				continue
			}
			f.train = append(f.train, i)
			if x.Yes {
				yes++
			} else {
				no++
			}
		}
		if min(yes, no) >= fewestToTest {
			split = append(split, f)
		}
	}
	return split
}
