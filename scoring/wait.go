package scoring

import (
	"math"
	"time"
)

// Wait is how far a challenger has come towards a verdict: what has come so far of what
// it said in the shadow of what is in force now.
type Wait struct {
	Since     time.Time `json:"since,omitzero"`    // outcomes count from then on; zero before it said anything
	Customers int       `json:"customers"`         // of whom it said something
	Outcomes  int       `json:"outcomes"`          // won, or opened within 90 days
	Others    int       `json:"others,omitempty"`  // lost
	Needed    int       `json:"needed"`            // outcomes, of fit of either kind
	Expected  time.Time `json:"expected,omitzero"` // a training from that day on can judge, at the pace so far; zero if there is none
}

// expect says when a verdict on a target is to be expected, from what came until today.
// Of intent none can come before the ninety days of what was said first are over; what
// opened after them counts with what was said in the months that follow.
func (w *Wait) expect(target Target, today time.Time) {
	w.Needed = fewestSince
	if w.Since.IsZero() {
		return
	}
	have := w.Outcomes
	if target == Fit {
		have = min(w.Outcomes, w.Others)
	}
	days := math.Inf(1) // until there are as many as needed
	if have > 0 {
		days = max(today.Sub(w.Since), day).Hours() / 24 * float64(fewestSince) / float64(have)
	}
	switch {
	case target == Intent && days <= HorizonDays || target == Intent && have == 0:
		w.Expected = w.Since.AddDate(0, 0, HorizonDays-1)
	case target == Intent:
		months := math.Ceil((days - HorizonDays) / 30)
		w.Expected = w.Since.AddDate(0, int(months), HorizonDays-1)
	case have > 0:
		w.Expected = dayOf(w.Since.Add(time.Duration(days * float64(day))))
	}
	if today := dayOf(today); have >= fewestSince && w.Expected.Before(today) {
		w.Expected = today
	}
}
