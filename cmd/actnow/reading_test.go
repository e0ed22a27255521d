package main_test

import (
	"fmt"
	"strings"
)

// compareCommands asks for months side by side and for disagreement, of the
// partner's first report and a second one.
func (s *site) compareCommands(p partner) {
	t := s.t
	next := s.write("later.csv", reportHeader+strings.ReplaceAll(reportRow(1), "Act Now", "Nurture")+reportRow(2)+reportRow(40))
	s.object("import", "report", next, "--month", "2027-01", "--complete")
	months := s.object("report", "months", "--area", "azure", "--from", "2026-10", "--to", "2027-01")
	s.members("report months", months, "area", "from_month", "to_month", "counts")
	got := map[string]float64{}
	for _, c := range months["counts"].([]any) {
		k := c.(object)
		s.members("a count of report months", k, "flow", "from", "to", "customers")
		got[k["flow"].(string)] += s.number(k, "customers")
	}
	if got["down"] != 1 || got["same"] != 1 || got["new"] != 1 || got["gone"] != float64(len(p.addresses)/2-2) {
		t.Errorf("report months: %v", months)
	}
	s.object("score", "matrix", "use", "rows")
	d := s.object("report", "disagreement", "--area", "azure", "--month", "2027-01")
	s.members("report disagreement", d, "area", "month", "pairs", "crossings", "readings", "everywhere")
	first := d["everywhere"].([]any)[0].(object)
	if first["name"] != "rows" || first["active"] != true || s.number(first, "all") == 0 {
		t.Errorf("report disagreement: %v", d)
	}
	s.object("score", "matrix", "use", "quadrants")
	var columns []object
	s.object("import", "report", s.write("idea.csv", "CustomerID,AccountName,AzureCluster,New Idea\n10000001,A,Act Now,Yes\n"), "--month", "2027-02")
	s.ask(&columns, "cohort", "columns")
	if len(columns) != 1 || columns[0]["header"] != "New Idea" || columns[0]["state"] != "candidate" {
		t.Fatalf("cohort columns: %v", columns)
	}
	s.members("a column", columns[0], "id", "report", "header", "state", "name", "play", "month", "members")
	column := fmt.Sprint(s.number(columns[0], "id"))
	if got := s.object("cohort", "confirm", column, "--name", "Warm leads", "--play", "Migrate"); got["state"] != "confirmed" || got["name"] != "Warm leads" || got["play"] != "Migrate" {
		t.Errorf("cohort confirm: %v", got)
	}
	if got := s.object("cohort", "dismiss", column); got["state"] != "dismissed" {
		t.Errorf("cohort dismiss: %v", got)
	}
	staff := s.write("staff.csv", "CustomerID,AccountName,AzureCluster,Staff=all\n10000001,A,Act Now,120\n")
	if got := s.object("import", "report", staff, "--month", "2027-03", "--map", "Staff=all=org_size"); len(got["unknown_columns"].([]any)) != 0 {
		t.Errorf("import report --map: %v", got)
	}
	var mapped []object
	s.ask(&mapped, "import", "mappings")
	if len(mapped) != 1 || mapped[0]["header"] != "Staff=all" || mapped[0]["field"] != "org_size" {
		t.Errorf("import mappings: %v", mapped)
	}
	if s.ask(&mapped, "import", "mappings", "--forget", "Staff=all"); len(mapped) != 0 {
		t.Errorf("import mappings --forget: %v", mapped)
	}
	for _, args := range [][]string{{"report", "months", "--area", "azure"}, {"report", "disagreement", "--area", "azure"}} {
		if a := s.command(args...); a.code != 0 || !strings.Contains(a.stdout, "Azure, ") {
			t.Errorf("actnow %s: exit code %d, %q %q", strings.Join(args, " "), a.code, a.stdout, a.stderr)
		}
	}
}
