package web_test

import (
	"net/http"
	"strings"
	"testing"

	"actnow"
	"actnow/storage/storagetest"
)

// What the reports say customers may bring stands beside each step, for those who
// may see it.
func TestFunnelMoney(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, doubtful+`
		INSERT INTO standings (customer_id, area, month, latest, revenue_low, revenue_high, currency) VALUES
			(1, 'azure', '2026-11', 1, 400000000, 500000000, 'SEK'), (2, 'azure', '2026-11', 1, 100000000, NULL, 'SEK'), (2, 'm365', '2026-11', 1, 20000000, NULL, 'EUR'),
			(3, 'azure', '2026-11', 1, 30000000, NULL, 'NOK'), (3, 'azure', '2026-10', 0, 990000000, NULL, 'NOK'), (4, 'azure', '2026-11', 1, NULL, 70000000, 'NOK');`)
	b := s.as(t, actnow.RoleMarketer)
	a := b.want(b.get("/matches"), http.StatusOK)
	for _, want := range []string{
		">2 wait for a person’s review</a> · SEK\u00a05.0\u00a0M &#43;\u00a0EUR\u00a0200\u00a0k<", ">1 is in no account</a> · NOK\u00a0700\u00a0k<",
		"<small>SEK\u00a05.0\u00a0M &#43;\u00a0NOK\u00a01.0\u00a0M &#43;\u00a0EUR\u00a0200\u00a0k</small>", "<small>NOK\u00a0300\u00a0k</small>"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the funnel lacks %q", want)
		}
	}
	steward := s.as(t, actnow.RoleSteward) // who may not see money
	if a := steward.want(steward.get("/matches"), http.StatusOK); strings.Contains(a.body, "SEK") || strings.Contains(a.body, "NOK") || !strings.Contains(a.body, "2 wait for a person’s review") {
		t.Error("a person without the right to see money is shown it, or not the funnel")
	}
}
