package main_test

import (
	"fmt"
	"strings"
	"testing"

	"actnow/scoring"
)

// TestScoreRevenue scores a partner a third of whose customers subscribe, which
// estimates what the others could pay; asks how well that is known; and reads it in a
// list.
func TestScoreRevenue(t *testing.T) {
	s := newSite(t, "")
	p := s.makePartner(90)
	s.ask(nil, "import", "report", p.report, "--month", "2026-10")
	s.ask(nil, "import", "crm", "--kind", "account", p.accounts)
	var subscriptions strings.Builder
	subscriptions.WriteString("id,account_id,product,seats,start_at,end_at,amount,currency\n")
	for i := 0; i < 90; i += 3 {
		fmt.Fprintf(&subscriptions, "S-%d,A-%d,Azure plan,%d,2023-01-01,2031-01-01,%d,SEK\n", i, i, 20+i, 100*(20+i)+7*(i%11))
	}
	s.ask(nil, "import", "crm", "--kind", "subscription", s.write("subscriptions.csv", subscriptions.String()))
	s.ask(nil, "match", "run")
	s.ask(nil, "score", "run")
	list := s.write("list.csv", "")
	s.ask(nil, "report", "create", "--source", "azure", "--added", "--where", "area = azure and revenue_kind = whitespace", "--out", list)
	a := s.command("score", "revenue", "--area", "azure")
	if a.code != 0 || !strings.Contains(a.stdout, "60 whitespace") || !strings.Contains(a.stdout, "30 pay") {
		t.Errorf("score revenue: exit code %d, %s %s", a.code, a.stdout, a.stderr)
	}
	var sum scoring.RevenueSummary
	s.ask(&sum, "score", "revenue", "--area", "azure")
	if len(sum.Areas) != 1 || sum.Areas[0].Upsell != 30 || len(sum.Areas[0].Demands) != 1 {
		t.Fatalf("score revenue: %+v", sum)
	}
	d := sum.Areas[0].Demands[0]
	if d.Model != "ridge" || d.Judged != 30 || *d.Coverage < 0.6 || *d.Total < 0.9 || *d.Total > 1.1 {
		t.Errorf("amounts that go by size: %+v, coverage %.3f, total %.3f", d, *d.Coverage, *d.Total)
	}
	s.checkRevenueList(list)
}

// checkRevenueList reads a download with what Act Now adds.
func (s *site) checkRevenueList(file string) {
	s.t.Helper()
	rows := readCSV(s.t, file)
	at := map[string]int{}
	for i, h := range rows[0] {
		at[strings.TrimPrefix(h, "Act Now: Azure ")] = i
	}
	if len(rows) != 61 {
		s.t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows[1:] {
		if row[at["revenue kind"]] != "whitespace" || row[at["revenue basis"]] != "peers" || row[at["revenue peers"]] != "30" || row[at["currency"]] != "SEK" || row[at["revenue from"]] == "" {
			s.t.Fatalf("%q of %q", row, rows[0])
		}
	}
}
