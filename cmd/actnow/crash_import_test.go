package main_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // looks behind the commands
)

// The reports of the import tests: the second revision changes every third
// customer, leaves some out, and brings new ones.
const (
	importFirst  = 3000
	importSecond = 3300
	importFrom   = 300 // the second begins with this customer
)

// TestCrashWhileImporting kills an import at many moments. What is there once the
// store is opened again is the revision before or the whole new one, and importing
// again brings the right counts, whoever held the folder: the command itself or a
// daemon.
func TestCrashWhileImporting(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	first := newSite(t, "")
	dir := filepath.Dir(first.dir)
	before, after := importFiles(t, dir)
	first.importReport(before)
	began := time.Now()
	whole := first.copy(t).importReport(after)
	took := time.Since(began)
	if whole.Rows != importSecond-importFrom || whole.New != importSecond-importFirst || whole.Changed == 0 || whole.Changed+whole.New+whole.Unchanged != whole.Rows {
		t.Fatalf("undisturbed import of the second revision: %+v", whole)
	}
	for _, daemon := range []bool{false, true} {
		name := map[bool]string{false: "command", true: "daemon"}[daemon]
		t.Run(name, func(t *testing.T) {
			const kills = 12
			none, all := 0, 0
			delay := took / 5
			for range kills {
				s := first.copy(t)
				if daemon {
					s.start()
				}
				if s.killImport(after, daemon, delay) {
					all, delay = all+1, delay*9/10
				} else { // later, until the kills close in on the moment of publishing
					none, delay = none+1, delay*14/10
				}
				s.checkImported(after, whole)
			}
			t.Logf("%d kills: %d left the old revision, %d the new one; undisturbed the import takes %v", kills, none, all, took.Round(time.Millisecond))
		})
	}
}

// imported is the answer of import report.
type imported struct {
	Report, Month           string
	Revision                int
	Rows                    int
	New, Changed, Unchanged int
	AlreadyImported         bool `json:"already_imported"`
	Rejected                []any
	UnknownColumns          []string `json:"unknown_columns"`
	CohortCandidates        []string `json:"cohort_candidates"`
	File                    string
}

func (s *site) importReport(path string) imported {
	s.t.Helper()
	var got imported
	s.ask(&got, "import", "report", path, "--month", "2026-10")
	return got
}

// copy makes another installation with the same data.
func (s *site) copy(t *testing.T) *site {
	t.Helper()
	c := newSite(t, "")
	copyFolder(t, s.dir, c.dir)
	copyFile(t, s.dir+".key", c.dir+".key")
	return c
}

func importFiles(t *testing.T, dir string) (before, after string) {
	t.Helper()
	var a, b strings.Builder
	a.WriteString(reportHeader)
	b.WriteString(reportHeader)
	for i := range importFirst {
		a.WriteString(reportRow(i))
	}
	for i := importFrom; i < importSecond; i++ {
		row := reportRow(i)
		if i%3 == 0 {
			row = strings.Replace(row, ",Manufacturing,", ",Retail,", 1)
		}
		b.WriteString(row)
	}
	return writeFile(t, filepath.Join(dir, "before.csv"), a.String()), writeFile(t, filepath.Join(dir, "after.csv"), b.String())
}

// killImport starts the import and kills whoever does it after the delay. It
// reports whether the whole new revision is there.
func (s *site) killImport(path string, daemon bool, delay time.Duration) bool {
	s.t.Helper()
	cmd := s.prepare(s.t.Context(), "import", "report", path, "--month", "2026-10", "--json")
	var stdout, stderr lines
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	victim := cmd.Process
	if daemon {
		victim = s.daemon.cmd.Process
	}
	timer := time.AfterFunc(delay, func() { victim.Kill() })
	err := cmd.Wait()
	told := err == nil
	if !timer.Stop() && daemon {
		<-s.daemon.exited
		if !told && (cmd.ProcessState.ExitCode() != 1 || strings.Count(stderr.String(), "\n") != 1) {
			s.t.Errorf("the daemon was killed under the command: exit code %d, stderr %q, want 1 and one line", cmd.ProcessState.ExitCode(), stderr.String())
		}
	} else if daemon {
		s.kill()
	}
	new := s.snapshots()
	if told && !new {
		s.t.Errorf("the import was said to be done and is not there: %s", stdout.String())
	}
	return new
}

// snapshots opens the store, looks at what is stored and reports whether the current
// revision is the second one. Each revision there must be whole.
func (s *site) snapshots() bool {
	s.t.Helper()
	var people []any
	s.ask(&people, "user", "list")
	db := s.database()
	defer db.Close()
	rows, err := db.Query(`SELECT s.revision, s.current, s.rows, (SELECT count(*) FROM snapshot_rows r WHERE r.snapshot_id = s.id)
		FROM snapshots s ORDER BY s.revision`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	want := map[int]int{1: importFirst, 2: importSecond - importFrom}
	last, current := 0, 0
	for rows.Next() {
		var revision, isCurrent, said, stored int
		if err := rows.Scan(&revision, &isCurrent, &said, &stored); err != nil {
			s.t.Fatal(err)
		}
		if said != want[revision] || stored != want[revision] {
			s.t.Errorf("revision %d says %d rows and has %d, want %d", revision, said, stored, want[revision])
		}
		last = revision
		if isCurrent == 1 {
			current = revision
		}
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	if current != last {
		s.t.Errorf("revision %d is current, the latest is %d", current, last)
	}
	var customers int
	if err := db.QueryRow(`SELECT count(*) FROM customers`).Scan(&customers); err != nil {
		s.t.Fatal(err)
	}
	if all := map[int]int{1: importFirst, 2: importSecond}[last]; customers != all {
		s.t.Errorf("with revision %d there are %d customers, want %d", last, customers, all)
	}
	return last == 2
}

// database looks into the store behind its back.
func (s *site) database() *sql.DB {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.Join(s.dir, "actnow.db")}).EscapedPath()+"?_pragma=busy_timeout(10000)")
	if err != nil {
		s.t.Fatal(err)
	}
	return db
}

// checkImported imports again and checks that all is as if nothing had happened.
func (s *site) checkImported(path string, whole imported) {
	s.t.Helper()
	was := s.snapshots()
	got := s.importReport(path)
	if got.AlreadyImported != was {
		s.t.Errorf("already imported: %v, want %v", got.AlreadyImported, was)
	}
	if !was && (got.Rows != whole.Rows || got.New != whole.New || got.Changed != whole.Changed || got.Unchanged != whole.Unchanged) {
		s.t.Errorf("importing again: %+v, want %+v", got, whole)
	}
	if got.Revision != 2 || !s.snapshots() {
		s.t.Errorf("after importing again the revision is %d, want 2", got.Revision)
	}
	staged, err := os.ReadDir(filepath.Join(s.dir, "staging"))
	if err != nil || len(staged) > 0 {
		s.t.Errorf("%d files are left in staging (%v), want none", len(staged), err)
	}
	spooled, err := os.ReadDir(filepath.Join(s.dir, "uploads"))
	if err != nil || len(spooled) > 0 {
		s.t.Errorf("%d files are left in uploads (%v), want none: %s", len(spooled), err, fmt.Sprint(spooled))
	}
}
