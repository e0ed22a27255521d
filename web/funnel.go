package web

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"actnow"
)

// matchFunnel draws the customers who are left at each step; what a step lost is
// a link to those it lost, with what the reports say they may bring.
func matchFunnel(text *Text, f actnow.Funnel) Funnel {
	worth := func(ends ...actnow.FunnelEnd) string {
		var sums []actnow.Money
		for _, end := range ends {
			for _, m := range f.Ends[end].Revenue {
				sums = actnow.AddMoney(sums, m)
			}
		}
		if len(sums) == 0 {
			return ""
		}
		slices.SortStableFunc(sums, func(a, b actnow.Money) int { return cmp.Compare(b.Minor, a.Minor) })
		return text.Sums(sums)
	}
	lost := func(end actnow.FunnelEnd, filter string) []FunnelLoss {
		n := f.Ends[end].Customers
		if n == 0 {
			return nil
		}
		return []FunnelLoss{{Text: text.TN("match.lost."+string(end), int64(n)), Href: filterPath(filter), Worth: worth(end)}}
	}
	step := func(key string, n int, href, worth string, lost []FunnelLoss) FunnelStep {
		if n == 0 {
			href = ""
		}
		return FunnelStep{Name: text.T(key), Text: text.Number(int64(n)), Href: href, Note: worth, Lost: lost, Value: float64(n)}
	}
	const mailable, notMailable, noContact = actnow.EndMailable, actnow.EndNotMailable, actnow.EndNoContact
	return Funnel{
		Label: text.T("match.funnel"), Heads: [3]string{text.T("match.step"), text.T("match.remain"), text.T("match.drawn")},
		Steps: []FunnelStep{
			step("match.step_report", f.Customers, "/customers", worth(mailable, notMailable, noContact, actnow.EndWaiting, actnow.EndUnmatched), nil),
			step("match.step_matched", f.Matched, filterPath("matched = yes"), worth(mailable, notMailable, noContact), append(
				lost(actnow.EndWaiting, "matched = no and waiting = yes"), lost(actnow.EndUnmatched, "matched = no and waiting = no")...)),
			step("match.step_contact", f.WithContact, filterPath("has_contact = yes"), worth(mailable, notMailable), lost(noContact, "matched = yes and has_contact = no")),
			step("match.step_mailable", f.Mailable, filterPath("mailable = yes"), worth(mailable), lost(notMailable, "has_contact = yes and mailable = no")),
		},
	}
}

// biggestLeak names the step that loses most and what a person can do about it.
func (s *Server) biggestLeak(c echo.Context, text *Text, f actnow.Funnel, waiting int) *Note {
	leaks := []struct {
		n        int
		key, fix string
		href     string
		right    actnow.Right
	}{
		{f.Customers - f.Matched, "match.leak_matched", "match.fix_matched", "/reports", actnow.RightImport},
		{f.Matched - f.WithContact, "match.leak_contact", "match.fix_contact", "/reports", actnow.RightImport},
		{f.WithContact - f.Mailable, "match.leak_mailable", "match.fix_mailable", "/settings/connections", actnow.RightAdmin},
	}
	if waiting > 0 {
		leaks[0].key, leaks[0].fix, leaks[0].href, leaks[0].right = "match.leak_review", "match.fix_review", "/matches/review", actnow.RightReview
	}
	worst := leaks[0]
	for _, l := range leaks[1:] {
		if l.n > worst.n {
			worst = l
		}
	}
	if worst.n <= 0 {
		return nil
	}
	n := &Note{Text: text.TN(worst.key, int64(worst.n), waiting)}
	if s.may(c, worst.right) {
		n.Action = &Action{Text: text.T(worst.fix), Href: worst.href, Class: "small"}
	}
	return n
}

// matchStages draws what carries the matches, in the order of trust.
func matchStages(text *Text, f actnow.Funnel) Bar {
	bar := Bar{Label: text.T("match.stages")}
	for i, stage := range actnow.MatchStages {
		n := f.ByStage[stage]
		piece := Piece{Name: text.T("match.stage." + string(stage)), Text: text.Number(int64(n)), Value: float64(n), Class: [...]string{"f-ok", "f-rest", "f-wait"}[i]}
		if n > 0 {
			piece.Href = filterPath("matched_by = " + strconv.Quote(string(stage)))
		}
		bar.Pieces = append(bar.Pieces, piece)
	}
	return bar
}
