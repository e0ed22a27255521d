package main_test

import (
	"fmt"
	"strings"
)

// undoCommands imports a report, takes it back and brings it back.
func (s *site) undoCommands() {
	t := s.t
	next := s.write("december.csv", reportHeader+reportRow(1)+reportRow(40))
	made := s.object("import", "report", next, "--month", "2026-12")
	id := fmt.Sprint(s.number(made, "snapshot"))
	would := s.object("import", "undo", id, "--dry-run")
	s.members("import undo --dry-run", would, "snapshot", "report", "month", "revision", "rows", "becomes", "customers", "kept", "cohorts", "dry_run")
	did := s.object("import", "undo", id)
	s.members("import undo", did, "snapshot", "report", "month", "revision", "rows", "becomes", "customers", "kept", "cohorts")
	if s.number(did, "rows") != 2 || s.number(did, "customers") != 1 || s.number(did, "becomes") != 0 || did["month"] != "2026-12" {
		t.Errorf("import undo: %v, want the one new customer to go", did)
	}
	if a := s.command("import", "undo", id); a.code != 1 || !strings.Contains(a.stderr, "taken back already") {
		t.Errorf("import undo twice: exit code %d, %q", a.code, a.stderr)
	}
	back := s.object("import", "redo", id)
	if s.number(back, "rows") != 2 || s.number(back, "new") != 1 || s.number(back, "snapshot") != s.number(made, "snapshot") {
		t.Errorf("import redo: %v", back)
	}
	if a := s.command("import", "undo", id); a.code != 0 || !strings.Contains(a.stdout, "actnow import redo "+id) {
		t.Errorf("import undo: exit code %d, %q", a.code, a.stdout)
	}
	// The first import of all goes and comes back, and so do its matches.
	before := s.object("match", "run")
	gone := s.object("import", "undo", "1")
	if s.number(gone, "customers")+s.number(gone, "kept") != s.number(before, "match") {
		t.Errorf("import undo 1: %v, want the %v customers to go or to be kept for their mails", gone, before["match"])
	}
	s.object("import", "redo", "1")
	if after := s.object("match", "run"); after["match"] != before["match"] {
		t.Errorf("match run after undo and redo: %v, want %v as before", after["match"], before["match"])
	}
}
