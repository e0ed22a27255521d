package scoring

import (
	"math"
	"testing"
	"time"

	"actnow"
)

// TestFollowIntent checks that what was said counts once its ninety days are over, by
// whether an opportunity in the area opened within them, and that a verdict goes by what
// was said beside the champion that stands.
func TestFollowIntent(t *testing.T) {
	from := func(month time.Month) time.Time { return time.Date(2026, month, 26, 0, 0, 0, 0, time.UTC) }
	said := func(month time.Month, champion string, chance float64) Shadowed {
		return Shadowed{actnow.Azure, ShadowRun{"challenger", champion, from(month)}, ShadowScore{1, chance, 0.5}}
	}
	h := &History{Customer: 1, Account: true, Opportunities: []Opportunity{
		{Area: actnow.Azure, Opened: from(1).AddDate(0, 0, -1)}, // before it was said
		{Area: actnow.Azure, Opened: from(3)},
		{Area: actnow.Azure, Opened: from(3).AddDate(0, 0, 5)},
		{Area: actnow.M365, Opened: from(6)},
	}}
	l := newLesson(Intent, from(11), DefaultEdges)
	l.follow(h, []Shadowed{said(1, "", 0.9), said(2, "", 0.9), said(3, "older", 0.8), said(4, "", 0.1), said(9, "", 0.4)})
	got := map[time.Month]bool{}
	for _, f := range l.followed["challenger"] {
		got[f.From.Month()] = f.Yes
	}
	want := map[time.Month]bool{1: true, 2: true, 3: true, 4: false} // September's days are not over
	if len(got) != len(want) || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] || got[4] != want[4] {
		t.Errorf("followed %v, want %v", got, want)
	}
	v := l.judge(&Model{Area: actnow.Azure, id: "challenger"}, nil)
	loss := -(2*math.Log(0.9) + math.Log(0.9)) / 3
	if v.Rows != 3 || v.Outcomes != 1 || v.Missing != fewestSince-1 || v.Promote || math.Abs(v.Loss-loss) > 1e-12 || math.Abs(v.Against-math.Ln2) > 1e-12 {
		t.Errorf("verdict %+v, want a loss of %g", v, loss)
	}
	if v := l.judge(&Model{Area: actnow.Azure, id: "challenger"}, &Model{id: "older"}); v.Rows != 1 || v.Champion != "older" || math.Abs(v.Loss+math.Log(0.8)) > 1e-12 {
		t.Errorf("beside another champion: %+v", v)
	}
}

// TestFollowFit checks that an opportunity is told of by what was said last before it.
func TestFollowFit(t *testing.T) {
	day := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC) }
	h := &History{Customer: 1, Account: true, Opportunities: []Opportunity{
		{Area: actnow.Azure, Opened: day(1, 10), Closed: day(2, 1), Won: true},                  // before anything was said
		{Area: actnow.Azure, Opened: day(2, 1).Add(9 * time.Hour), Closed: day(5, 1)},           // on the day from which January's saying counts
		{Area: actnow.Azure, Opened: day(3, 10), Closed: day(3, 11), Won: true},                 // after February's
		{Area: actnow.Azure, Opened: day(3, 12)},                                                // open
		{Area: actnow.Azure, Opened: day(3, 12), Closed: day(11, 30)},                           // closed too late to be known
		{Area: actnow.Surface, Opened: day(3, 12), Closed: day(3, 14)},                          // of another area
		{Area: actnow.Azure, Opened: day(3, 12).AddDate(0, 0, 1), Closed: day(3, 1), Won: true}, // closed before it opened
	}}
	l := newLesson(Fit, day(11, 1), DefaultEdges)
	l.follow(h, []Shadowed{
		{actnow.Azure, ShadowRun{"challenger", "", day(2, 1)}, ShadowScore{1, 0.2, 0.5}},
		{actnow.Azure, ShadowRun{"challenger", "", day(3, 1)}, ShadowScore{1, 0.7, 0.5}},
	})
	v := l.judge(&Model{Area: actnow.Azure, id: "challenger"}, nil)
	if loss := -(math.Log(0.8) + math.Log(0.7)) / 2; v.Rows != 2 || v.Outcomes != 1 || math.Abs(v.Loss-loss) > 1e-12 {
		t.Errorf("verdict %+v, want a loss of %g", v, loss)
	}
}
