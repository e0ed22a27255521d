package scoring

import (
	"cmp"
	"slices"
	"time"

	"actnow"
)

// History is all that is known of one customer, each fact with the day on which it
// was known.
type History struct {
	Customer actnow.CustomerID
	// Account says that the customer is matched with an account of the CRM. Without
	// one it is not known whether anything happened; with one, no event means none.
	Account       bool
	Rows          []ReportRow
	Opportunities []Opportunity
	Events        []Event // transactions, subscriptions with their ends, and engagement
}

// The kinds of engagement among the events of a history.
const (
	EventClick = "clicked" // a link in a mail
	EventReply = "replied"
)

// ReportRow is what one report of one month said of the customer.
type ReportRow struct {
	Report     string
	KnownAt    time.Time
	Cells      []Cell
	Agreements []Event // that the report names, at their ends
}

// Cell is a field of the catalogue with what it held: "yes" or "no" of a flag, a
// whole number of a size. The fit that a report gives in an area is "fit.azure".
type Cell struct{ Field, Text string }

// Opportunity is one that was opened in an area, and what became of it.
type Opportunity struct {
	Area   actnow.Area
	Opened time.Time
	Closed time.Time // zero while it is open
	Won    bool
}

// settled reports whether an opportunity was won or lost before end.
func (o *Opportunity) settled(end time.Time) bool {
	return !o.Opened.IsZero() && !o.Closed.IsZero() && !o.Closed.Before(o.Opened) && o.Closed.Before(end)
}

// known is what was known of a customer before an instant.
type known struct {
	*History
	end           time.Time
	cells         map[string]cell
	agreements    []Event // of the newest report that names any
	opportunities []Event // opened, won and lost
}

// cell is what a field holds and since when.
type cell struct {
	text string
	at   time.Time
}

// before returns what was known of the customer before end: of each report the
// newest row, and of two reports the newer one where both speak. Whatever became
// known at end or later leaves no trace.
func (h *History) before(end time.Time) known {
	k := known{History: h, end: end, cells: map[string]cell{}}
	for _, row := range h.newest(end) {
		for _, c := range row.Cells {
			if _, said := k.cells[c.Field]; !said {
				k.cells[c.Field] = cell{c.Text, row.KnownAt}
			}
		}
		if len(k.agreements) == 0 {
			k.agreements = row.Agreements
		}
	}
	for _, o := range h.Opportunities {
		if o.Opened.IsZero() || !o.Opened.Before(end) {
			continue
		}
		k.opportunities = append(k.opportunities, Event{Kind: "opportunity_open", Area: o.Area, At: o.Opened})
		if o.Closed.IsZero() || !o.Closed.Before(end) {
			continue
		}
		kind := "opportunity_lost"
		if o.Won {
			kind = "opportunity_won"
		}
		k.opportunities = append(k.opportunities, Event{Kind: kind, Area: o.Area, At: o.Closed})
	}
	return k
}

// newest returns the newest row of each report that was known before end, the
// newest first.
func (h *History) newest(end time.Time) []ReportRow {
	var rows []ReportRow
	for _, row := range h.Rows {
		if !row.KnownAt.Before(end) {
			continue
		}
		i := slices.IndexFunc(rows, func(r ReportRow) bool { return r.Report == row.Report })
		switch {
		case i < 0:
			rows = append(rows, row)
		case row.KnownAt.After(rows[i].KnownAt):
			rows[i] = row
		}
	}
	slices.SortFunc(rows, func(a, b ReportRow) int {
		return cmp.Or(b.KnownAt.Compare(a.KnownAt), cmp.Compare(a.Report, b.Report))
	})
	return rows
}

// text returns what a field holds, "" if nobody knows.
func (k *known) text(field string) string { return k.cells[field].text }

// events calls do for each event of the customer that had happened and was known.
func (k *known) events(do func(e *Event)) {
	for _, list := range [][]Event{k.opportunities, k.Events} {
		for i := range list {
			if e := &list[i]; e.At.Before(k.end) && e.KnownAt.Before(k.end) {
				do(e)
			}
		}
	}
}

// ends calls do for each agreement that was known and had not ended.
func (k *known) ends(do func(e *Event)) {
	for _, list := range [][]Event{k.agreements, k.Events} {
		for i := range list {
			if e := &list[i]; e.Kind == "agreement_end" && e.KnownAt.Before(k.end) && !e.At.Before(k.end) {
				do(e)
			}
		}
	}
}
