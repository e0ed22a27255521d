package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"actnow"
	"actnow/scoring"
)

// TestCommands runs every command that others script, by itself and through a
// daemon that has the same data open: both must answer alike.
func TestCommands(t *testing.T) {
	for _, daemon := range []bool{false, true} {
		name := map[bool]string{false: "alone", true: "daemon"}[daemon]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCatcher(t)
			s := newSite(t, c.addr)
			if daemon {
				s.start()
			}
			s.scriptedCommands(s.makePartner(12), c, daemon)
			s.refusals(daemon)
		})
	}
}

// object is a JSON object whose members a test looks at.
type object = map[string]any

// members checks that an object has these members and, unless the last is "…",
// no others.
func (s *site) members(what string, got object, want ...string) {
	s.t.Helper()
	open := slices.Contains(want, "…")
	for _, name := range want {
		if _, ok := got[name]; !ok && name != "…" {
			s.t.Errorf("%s lacks %q: %v", what, name, got)
		}
	}
	for name := range got {
		if !open && !slices.Contains(want, name) {
			s.t.Errorf("%s has %q, which is not agreed: %v", what, name, got)
		}
	}
}

// number returns a member that must be a number.
func (s *site) number(got object, name string) float64 {
	s.t.Helper()
	n, ok := got[name].(float64)
	if !ok {
		s.t.Fatalf("%q is %v, want a number: %v", name, got[name], got)
	}
	return n
}

// object runs a command that must be done and returns what it answers.
func (s *site) object(args ...string) object {
	s.t.Helper()
	var got object
	s.ask(&got, args...)
	return got
}

// scriptedCommands walks the commands in the order in which people use them.
func (s *site) scriptedCommands(p partner, c *catcher, daemon bool) {
	t := s.t
	report := s.object("import", "report", p.report, "--month", "2026-10", "--complete")
	s.members("import report", report, "file", "report", "month", "revision", "rows", "new", "changed", "unchanged", "rejected", "unknown_columns", "cohort_candidates", "…")
	if report["report"] != "azure" || report["month"] != "2026-10" || s.number(report, "new") != 12 || report["file"] != p.report {
		t.Errorf("import report: %v", report)
	}
	again := s.object("import", "report", p.report, "--month", "2026-10", "--dry-run")
	if s.number(again, "new")+s.number(again, "changed") != 0 || s.number(again, "unchanged") != 12 {
		t.Errorf("the same report again: %v", again)
	}
	for kind, file := range map[string]string{
		"account": p.accounts, "contact": p.contacts,
		"opportunity":  s.write("opportunities.csv", "id,account_id,area,stage,status,opened_at,closed_at,amount,currency\nO-1,A-1,azure,Proposal,open,2026-09-01,,50000,SEK\n"),
		"subscription": s.write("subscriptions.csv", "id,account_id,product,seats,start_at,end_at,amount,currency\nS-1,A-1,Azure plan,10,2026-01-01,2026-12-31,1200,SEK\n"),
		"transaction":  s.write("transactions.csv", "id,account_id,product,at,amount,currency\nT-1,A-1,Azure plan,2026-03-01,100,SEK\n"),
	} {
		got := s.object("import", "crm", "--kind", kind, file)
		s.members("import crm "+kind, got, "rows", "new", "changed", "unchanged", "rejected", "…")
		if s.number(got, "new") != s.number(got, "rows") || s.number(got, "rows") == 0 {
			t.Errorf("import crm %s: %v", kind, got)
		}
	}
	match := s.object("match", "run")
	s.members("match run", match, "accounts", "match", "review", "none", "by_stage", "…")
	if s.number(match, "match") != 12 {
		t.Errorf("match run: %v", match)
	}
	s.members("by_stage of match run", match["by_stage"].(object), "domain", "name", "tpid")
	if one := s.object("match", "run", "--one-to-one"); s.number(one, "match") != 12 {
		t.Errorf("match run --one-to-one: %v", one)
	}
	if many := s.object("match", "run", "--one-to-one=false"); s.number(many, "match") != 12 {
		t.Errorf("match run --one-to-one=false: %v", many)
	}
	funnel := s.object("match", "funnel")
	s.members("match funnel", funnel, "customers", "matched", "with_contact", "mailable", "by_stage", "ends", "unmatched", "decisions")
	if s.number(funnel, "matched") != 12 {
		t.Errorf("match funnel: %v", funnel)
	}
	if a := s.command("match", "funnel"); a.code != 0 || !strings.Contains(a.stdout, "end unmatched") {
		t.Errorf("match funnel: exit code %d, %q %q", a.code, a.stdout, a.stderr)
	}
	s.explainCommands()
	score := s.object("score", "run", "--area", "m365")
	s.members("score run", score, "areas", "…")
	for _, a := range score["areas"].([]any) {
		area := a.(object)
		s.members("an area of score run", area, "area", "model", "customers", "by_cluster", "…")
		if area["area"] != "m365" || s.number(area, "customers") != 12 {
			t.Errorf("score run --area m365: %v", area)
		}
	}
	azure := s.object("score", "run", "--area", "azure")["areas"].([]any)[0].(object)
	reported := 0.0
	for cluster := range azure["by_cluster"].(object) {
		reported += s.number(azure["by_cluster"].(object), cluster)
	}
	if reported != 12 {
		t.Errorf("score run --area azure: the report has fit and intent of 12 customers: %v", azure)
	}
	train := s.object("score", "train", "--area", "azure")
	s.members("score train", train, "trials")
	for _, x := range train["trials"].([]any) {
		s.members("a trial", x.(object), "area", "score", "day", "rows", "outcomes", "others", "missing", "reason", "outcome")
		if trial := x.(object); trial["reason"] != "too few outcomes" || trial["outcome"] != "none" || s.number(trial, "missing") == 0 {
			t.Errorf("score train --area azure: %v", trial)
		}
	}
	models := s.object("score", "models")
	s.members("score models", models, "models")
	for _, x := range models["models"].([]any) {
		s.members("a score of score models", x.(object), "area", "score", "in_force", "why", "versions", "…")
	}
	if n := len(models["models"].([]any)); n != 16 {
		t.Errorf("score models lists %d scores, want 16", n)
	}
	s.matrixCommands()
	revenue := s.object("score", "revenue", "--area", "azure")
	s.members("score revenue", revenue, "month", "currency", "prices", "areas")
	for _, x := range revenue["areas"].([]any) {
		area := x.(object)
		s.members("an area of score revenue", area, "area", "whitespace", "upsell", "by_basis", "none", "demands")
		if area["area"] != "azure" || s.number(area, "whitespace") != 11 || s.number(area, "upsell") != 1 || revenue["currency"] != "SEK" {
			t.Errorf("score revenue --area azure: %v", revenue)
		}
		for _, x := range area["demands"].([]any) {
			s.members("a demand", x.(object), "currency", "peers", "model", "judged")
		}
	}
	cohort := s.object("cohort", "create", "--name", "All", "--where", `area = azure and cluster in ("Act Now", "Evaluate")`)
	s.members("cohort create", cohort, "id", "customers", "matched", "mailable")
	if s.number(cohort, "customers") != 12 || s.number(cohort, "matched") != 12 || s.number(cohort, "mailable") != 12 {
		t.Errorf("cohort create: %v", cohort)
	}
	s.campaignCommands(p, fmt.Sprint(s.number(cohort, "id")), c, daemon)
	s.hookCommands()

	out := filepath.Join(filepath.Dir(s.dir), "made.csv")
	made := s.object("report", "create", "--source", "azure", "--columns", "AccountName,AzureFit", "--where", "org_size >= 25", "--out", out)
	if rows := readCSV(t, out); len(rows) != int(s.number(made, "rows"))+1 || !slices.Equal(rows[0], []string{"AccountName", "AzureFit"}) || len(rows) != 8 {
		t.Errorf("report create: %v with %d lines, the first %v", made, len(rows), rows[0])
	}
	s.object("report", "create", "--source", "azure", "--out", strings.TrimSuffix(out, ".csv")+".xlsx")
	if all := s.object("report", "create", "--source", "customers", "--added", "--sort", "revenue", "--out", out); s.number(all, "rows") == 0 {
		t.Errorf("report create --source customers: %v", all)
	}
	if b, err := os.ReadFile(strings.TrimSuffix(out, ".csv") + ".xlsx"); err != nil || !strings.HasPrefix(string(b), "PK") {
		t.Errorf("report create --out made.xlsx: no workbook (%v)", err)
	}
	s.keptReportCommands(out)
	s.backupCommands(p)
	s.doctorCommand(daemon)
	s.undoCommands()
	s.compareCommands(p)
}

// matrixCommands try a matrix, save it, put it in force and go back.
func (s *site) matrixCommands() {
	t := s.t
	t.Helper()
	m := scoring.Rows()
	m.Name, m.Edges = "ours", actnow.Edges{High: 0.3, Medium: 0.2, Low: 0.1}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	file := s.write("matrix.json", string(b))
	moved := s.object("score", "matrix", "try", file)
	if list, ok := moved["shifts"].([]any); !ok || len(list) == 0 {
		t.Errorf("score matrix try: %v", moved)
	}
	s.members("score matrix add", s.object("score", "matrix", "add", file, "--use"), "name", "version", "active")
	if again := s.object("score", "matrix", "try", file); len(again["shifts"].([]any)) != 0 {
		t.Errorf("the matrix in force would move somebody: %v", again)
	}
	s.object("score", "matrix", "add", file)
	if newest := s.object("score", "matrix", "use", "ours"); s.number(newest, "version") != 2 {
		t.Errorf("score matrix use takes %v, want the newest version", newest)
	}
	s.object("score", "matrix", "use", "quadrants")
	if a := s.command("score", "matrix", "list"); a.code != 0 || !strings.Contains(a.stdout, "ours") {
		t.Errorf("score matrix list: exit code %d, %q %q", a.code, a.stdout, a.stderr)
	}
	if a := s.command("score", "matrix", "use", "none"); a.code != 1 || !strings.Contains(a.stderr, "there is no matrix none") {
		t.Errorf("score matrix use none: exit code %d, %q", a.code, a.stderr)
	}
}

// keptReportCommands keep a report, list it, take its file and delete it.
func (s *site) keptReportCommands(out string) {
	t := s.t
	t.Helper()
	kept := s.object("report", "create", "--source", "azure", "--preset", "call", "--where", "org_size >= 25", "--name", "To call", "--format", "csv", "--cron", "0 6 26 * *")
	s.members("report create --name", kept, "id", "name", "source", "where", "format", "by", "cron", "state", "rows", "bytes", "made_at")
	if kept["state"] != "done" || s.number(kept, "rows") != 7 {
		t.Errorf("report create --name: %v", kept)
	}
	id := fmt.Sprint(s.number(kept, "id"))
	for _, again := range []string{"--again=false", "--again"} {
		got := s.object("report", "get", id, again, "--out", out)
		if rows := readCSV(t, out); len(rows) != 8 || s.number(got, "rows") != 7 || !slices.Contains(rows[0], "Act Now: CRM owner") || slices.Contains(rows[0], "AzureFit") {
			t.Errorf("report get %s: %v with the header %v", again, got, rows[0])
		}
	}
	if a := s.command("report", "list"); a.code != 0 || !strings.Contains(a.stdout, "To call") {
		t.Errorf("report list: exit code %d, %q %q", a.code, a.stdout, a.stderr)
	}
	if a := s.command("report", "columns", "--source", "azure"); a.code != 0 || !strings.Contains(a.stdout, "Act Now: Azure cluster") {
		t.Errorf("report columns: exit code %d, %q %q", a.code, a.stdout, a.stderr)
	}
	s.object("report", "delete", id)
	if a := s.command("report", "get", id, "--out", out); a.code != 1 || !strings.Contains(a.stderr, "there is no report "+id) {
		t.Errorf("report get after delete: exit code %d, %q", a.code, a.stderr)
	}
}

// explainCommands asks why an account has its customer, by its id and by its
// key, and asks the same of two files that say what the store knows.
func (s *site) explainCommands() {
	t := s.t
	why := s.object("match", "explain", "A-3")
	s.members("match explain", why, "account", "band", "decided", "candidates")
	best := why["candidates"].([]any)[0].(object)
	s.members("a candidate", best, "customer", "probability", "stage", "reason", "comparisons")
	if why["account"] != "crm:A-3" || why["band"] != "match" || best["customer"] != "tpid:10000003" || best["stage"] != "domain" {
		t.Errorf("match explain: %v", why)
	}
	var customers, accounts strings.Builder
	customers.WriteString("id,name,domain,city,postal_code,country,tpid\n")
	accounts.WriteString("id,name,website,domain,email,city,postal_code,country,tpid\n")
	for i := range 12 {
		name, domain := customerName(i), customerDomain(i)
		fmt.Fprintf(&customers, "tpid:%d,%s,%s,Lund,221 00,Sweden,%[1]d\n", 10_000_000+i, name, domain)
		fmt.Fprintf(&accounts, "crm:A-%d,%s,https://www.%s/,%[3]s,anna.%[1]d@%[3]s,Lund,221 00,Sweden,%d\n", i, name, domain, 10_000_000+i)
	}
	files := s.command("match", "files", "--customers", s.write("customers.csv", customers.String()),
		"--accounts", s.write("accounts.csv", accounts.String()), "--explain", "crm:A-3")
	for _, name := range []string{"A-3", "crm:A-3"} {
		store := s.command("match", "explain", name)
		if store.code != 0 || store.stdout != files.stdout || !strings.Contains(store.stdout, "used by one customer; same name") {
			t.Errorf("match explain %s: exit code %d, %q\n%s\nbut of files\n%s", name, store.code, store.stderr, store.stdout, files.stdout)
		}
	}
}

func (s *site) campaignCommands(p partner, cohort string, c *catcher, daemon bool) {
	t := s.t
	create := func(more ...string) string {
		made := s.object(append([]string{"campaign", "create", "--name", "One", "--pack", p.pack, "--cohort", cohort}, more...)...)
		s.members("campaign create", made, "id")
		return fmt.Sprint(s.number(made, "id"))
	}
	now, later, often := create("--policy", "hold"), create("--at", "2099-01-02T09:00:00+01:00"), create("--cron", "0 9 2 * *")
	if !daemon { // nobody answers at the public address, so nobody could unsubscribe
		if a := s.command("campaign", "launch", now, "--json"); a.code != 1 || !strings.Contains(a.stderr, "does not answer") {
			t.Errorf("launch without a public address: exit code %d, %q", a.code, a.stderr)
		}
		return
	}
	answer := make(chan struct{}) // until it is closed no mail is answered
	c.holdBack(func() <-chan struct{} { return answer })
	launch := s.object("campaign", "launch", now)
	s.members("campaign launch", launch, "id", "state", "audience", "left_out")
	if s.number(launch, "audience") != 24 {
		t.Errorf("campaign launch: %v", launch)
	}
	for _, step := range []struct{ move, state string }{{"pause", "paused"}, {"resume", "sending"}} {
		if got := s.object("campaign", step.move, now); got["state"] != step.state {
			t.Errorf("campaign %s: %v, want %s", step.move, got, step.state)
		}
	}
	close(answer)
	for id, state := range map[string]string{later: "scheduled", often: "scheduled"} {
		if got := s.object("campaign", "launch", id); got["state"] != state {
			t.Errorf("campaign launch %s: %v, want it %s", id, got, state)
		}
	}
	s.await(now, func(c standing) bool { return c.State == "finished" })
	show := s.object("campaign", "show", now)
	s.members("campaign show", show, "id", "state", "audience", "ledger", "…")
	states := []string{"bounced", "cancelled", "deferred", "intent", "queued", "sent", "suppressed", "unknown"}
	if got := slices.Sorted(maps.Keys(show["ledger"].(object))); !slices.Equal(got, states) {
		t.Errorf("campaign show: states %v, want %v", got, states)
	}
	ledger := s.command("campaign", "ledger", now, "--json")
	lines := strings.Split(strings.TrimSpace(ledger.stdout), "\n")
	if len(lines) != 24 {
		t.Errorf("campaign ledger: %d lines, want 24", len(lines))
	}
	for _, line := range lines {
		var row object
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("campaign ledger: %v in %q", err, line)
		}
		s.members("a line of campaign ledger", row, "address", "state", "message_id", "attempts", "last_reply", "why", "…")
		if row["state"] != "sent" || s.number(row, "attempts") < 1 {
			t.Errorf("campaign ledger: %v", row)
		}
	}
	for _, change := range []struct{ flag, value, state string }{
		{"--at", "2099-02-02T09:00:00+01:00", "scheduled"}, {"--cron", "0 9 3 * *", "scheduled"}, {"--name", "Two", "scheduled"}, {"--policy", "resend", "scheduled"},
		{"--pack", p.pack, "scheduled"}, {"--cohort", cohort, "scheduled"}, {"--by-hand", "", "draft"}, {"--at", "2099-03-02T09:00:00+01:00", "draft"},
	} {
		args := []string{"campaign", "change", later, change.flag}
		if change.value != "" {
			args = append(args, change.value)
		}
		if got := s.object(args...); got["state"] != change.state {
			t.Errorf("campaign change %s %s: %v, want it %s", change.flag, change.value, got, change.state)
		}
	}
	if got := s.object("campaign", "show", later); got["name"] != "Two" {
		t.Errorf("after the changes: %v", got)
	}
	s.object("campaign", "launch", later)
	db := s.database()
	if _, err := db.Exec(`INSERT INTO settings (key, value, updated_at) VALUES ('approval', 'true', 0)`); err != nil {
		t.Fatal(err)
	}
	if got := s.object("campaign", "change", later, "--name", "Three"); got["state"] != "draft" {
		t.Errorf("changed where somebody has to approve: %v", got)
	}
	if _, err := db.Exec(`DELETE FROM settings WHERE key = 'approval'`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if a := s.command("campaign", "change", now, "--name", "Late", "--json"); a.code != 1 || !strings.Contains(a.stderr, "campaign is finished") {
		t.Errorf("change of a finished campaign: exit code %d, %q", a.code, a.stderr)
	}
	if got := s.object("campaign", "cancel", later); got["state"] != "cancelled" {
		t.Errorf("campaign cancel: %v", got)
	}
	if a := s.command("campaign", "launch", now, "--json"); a.code != 1 || strings.Count(a.stderr, "\n") != 1 {
		t.Errorf("a second launch: exit code %d, %q; want 1 and a line", a.code, a.stderr)
	}
}

func (s *site) hookCommands() {
	made := s.object("hook", "add", "crm", "--verifier", "standard")
	s.members("hook add", made, "url", "secret")
	if made["url"] != s.public+"/v1/hooks/crm" || !strings.HasPrefix(made["secret"].(string), "whsec_") {
		s.t.Errorf("hook add: %v", made)
	}
	var list []object
	s.ask(&list, "hook", "list")
	if len(list) != 1 || list[0]["name"] != "crm" {
		s.t.Fatalf("hook list: %v", list)
	}
	s.members("a hook", list[0], "name", "url", "received", "done", "failed", "…")
}

// backupCommands takes a backup, named from where the command stands, and restores it
// into a folder of its own.
func (s *site) backupCommands(p partner) {
	file := filepath.Join(filepath.Dir(s.dir), "copy.db")
	took := s.object("backup", "copy.db")
	if took["file"] != file {
		s.t.Errorf("backup copy.db: %v, want it at %s", took, file)
	}
	if s.number(took, "customers") != 12 || s.number(took, "contacts") != 24 {
		s.t.Errorf("backup: %v", took)
	}
	if a := s.command("backup", file); a.code != 1 || strings.Count(a.stderr, "\n") != 1 {
		s.t.Errorf("a second backup to the file: exit code %d, %q; want 1: none is overwritten", a.code, a.stderr)
	}
	restored := newSite(s.t, "")
	copyFile(s.t, s.dir+".key", restored.dir+".key")
	back := restored.object("restore", file)
	if restored.number(back, "customers") != 12 || restored.number(back, "contacts") != 24 {
		s.t.Errorf("restore: %v", back)
	}
	restored.start()
	defer restored.kill()
	if got := restored.importReport(p.report); !got.AlreadyImported {
		s.t.Errorf("the report in the restored folder: %+v, want it there already", got)
	}
	var hooks []object
	if restored.ask(&hooks, "hook", "list"); len(hooks) != 1 {
		s.t.Errorf("the restored folder has %d hooks, want 1", len(hooks))
	}
	if a := restored.command("restore", file); a.code != 1 || strings.Count(a.stderr, "\n") != 1 {
		s.t.Errorf("restore under a running daemon: exit code %d, %q; want 1 and a line", a.code, a.stderr)
	}
}

func (s *site) doctorCommand(daemon bool) {
	a := s.command("doctor", "--json")
	var list []object
	if err := json.Unmarshal([]byte(a.stdout), &list); err != nil || len(list) == 0 {
		s.t.Fatalf("doctor: %v in %q", err, a.stdout)
	}
	failed := []string{}
	for _, f := range list {
		s.members("a finding of doctor", f, "check", "state", "text")
		if f["state"] == "fail" {
			failed = append(failed, f["check"].(string))
		}
	}
	want, code := []string{"public address"}, 1 // without a daemon nobody answers there
	if daemon {
		want, code = []string{}, 0
	}
	if !slices.Equal(failed, want) || a.code != code {
		s.t.Errorf("doctor: exit code %d, failed %v; want %d, %v\n%s", a.code, failed, code, want, a.stdout)
	}
}

// refusals runs commands that must not be done.
func (s *site) refusals(daemon bool) {
	for command, want := range map[string]bool{"cohort create": false, "import": false, "serve": true, "": true} {
		help := s.command(append(strings.Fields(command), "--help")...)
		if help.code != 0 || strings.Contains(help.stdout, "--smtp-url") != want || !strings.Contains(help.stdout, "--data-dir") {
			s.t.Errorf("help of actnow %s: exit code %d, settings of the daemon wanted %v:\n%s", command, help.code, want, help.stdout)
		}
	}
	if !daemon {
		if a := s.command("serve", "--listen", "here"); a.code != 1 || !strings.Contains(a.stderr, "write it as 127.0.0.1:8420") {
			s.t.Errorf("serve at no address: exit code %d, %s", a.code, a.stderr)
		}
	}
	if a := s.command("serve", "--log-level", "loud"); a.code != 1 || !strings.Contains(a.stderr, "write debug, info, warn or error") {
		s.t.Errorf("serve at no level of the log: exit code %d, %s", a.code, a.stderr)
	}
	var settings []object
	s.ask(&settings, "config", "print")
	s.members("a setting", settings[0], "name", "value", "from")
	broken := s.write("broken.csv", "one,two\n1,2\n")
	for _, tt := range []struct {
		code int
		says string
		args []string
	}{
		{1, "there is no cohort 999", []string{"report", "create", "--source", "cohort:999", "--out", filepath.Join(s.dir, "r.csv")}},
		{1, "there is no cohort 999", []string{"report", "create", "--source", "cohort:999", "--name", "Kept"}},
		{1, "there is no imported report surface", []string{"report", "columns", "--source", "surface"}},
		{1, "there is no campaign 999", []string{"campaign", "show", "999"}},
		{1, "there is no campaign 999", []string{"campaign", "ledger", "999"}},
		{1, "there is no campaign 999", []string{"campaign", "launch", "999"}},
		{1, "there is no campaign 999", []string{"campaign", "pause", "999"}},
		{1, "there is no campaign 999", []string{"campaign", "change", "999", "--name", "x"}},
		{2, "at least one thing", []string{"campaign", "change", "1"}},
		{2, "--at", []string{"campaign", "change", "1", "--at", "soon"}},
		{2, "exclude each other", []string{"campaign", "change", "1", "--by-hand", "--cron", "0 9 2 * *"}},
		{1, "missing.csv", []string{"import", "report", "missing.csv"}},
		{1, "broken.csv", []string{"import", "report", broken}},
		{1, "the name of a file is empty", []string{"import", "report", ""}},
		{1, "is a folder, not a file", []string{"import", "report", filepath.Dir(broken)}},
		{1, "is a folder, not a file", []string{"import", "crm", "--kind", "account", filepath.Dir(broken)}},
		{1, "actnow: " + broken + " is neither a folder nor a zip file", []string{"score", "try", "--data", broken, "--out", "x.csv"}},
		{1, "missing.csv", []string{"import", "crm", "--kind", "account", "missing.csv"}},
		{1, "there is no account A-999", []string{"match", "explain", "A-999"}},
		{1, "missing.csv", []string{"match", "evaluate", "--customers", "missing.csv", "--accounts", broken, "--truth", broken}},
		{1, "line 1, customers", []string{"match", "evaluate", "--customers", broken, "--accounts", broken, "--truth", broken}},
		{2, "--truth", []string{"match", "evaluate", "--customers", broken, "--accounts", broken}},
		{2, "ACCOUNT", []string{"match", "explain"}},
		{1, "column", []string{"cohort", "create", "--name", "Bad", "--where", "country ="}},
		{1, "filter: line 1, column 10: ", []string{"cohort", "create", "--name", "Bad", "--where", "country ="}},
		{1, "there is no folder", []string{"backup", filepath.Join(s.dir, "nowhere", "b.db")}},
		{1, "cohort 999", []string{"campaign", "create", "--name", "Bad", "--pack", filepath.Join(filepath.Dir(s.dir), "partner", "pack"), "--cohort", "999"}},
		{1, "crm", []string{"hook", "add", "crm"}},
		{2, "it is one of standard", []string{"hook", "add", "other", "--verifier", "none"}},
		{1, "missing", []string{"restore", "missing.db"}},
		{2, "--area", []string{"report", "months"}},
		{1, "is not before", []string{"report", "months", "--area", "azure", "--from", "2026-11", "--to", "2026-10"}},
		{1, "there is no matrix spirals", []string{"score", "matrix", "use", "spirals"}},
		{1, "there is no column 999", []string{"cohort", "confirm", "999"}},
		{2, "no number", []string{"cohort", "dismiss", "azure"}},
		{2, "is no field", []string{"import", "report", broken, "--map", "Staff=shoes"}},
		{2, "is not written", []string{"import", "report", broken, "--map", "Staff"}},
		{1, "there is no mapping of Staff", []string{"import", "mappings", "--forget", "Staff"}},
		{1, "there is no import 999", []string{"import", "undo", "999"}},
		{1, "there is no import 999", []string{"import", "redo", "999"}},
		{1, "in force", []string{"import", "redo", "1"}},
		{2, "no number", []string{"import", "undo", "azure"}},
		{1, "a refit needs 50", []string{"match", "calibrate"}},
		{2, "exclude each other", []string{"match", "calibrate", "--accept", "--reset"}},
		{2, "no number", []string{"campaign", "show", "first"}},
		{2, "no command", []string{"campaign", "shwo", "1"}},
		{2, "no command", []string{"nonsense"}},
		{2, "wants a command: it is one of crm", []string{"import"}},
		{2, "\"now\" is too much", []string{"match", "run", "now"}},
		{2, "it is one of hold, resend, reconcile", []string{"campaign", "create", "--name", "Bad", "--pack", "x", "--cohort", "1", "--policy", "forget"}},
		{2, "at least 1", []string{"import", "report"}},
		{2, "it is one of account, contact, opportunity", []string{"import", "crm", "--kind", "person", broken}},
		{2, "--area", []string{"score", "run", "--area", "windows"}},
		{2, "unknown flag", []string{"match", "run", "--fast"}},
		{2, "--area", []string{"score", "train", "--area", "windows"}},
		{2, "--area", []string{"score", "revenue", "--area", "windows"}},
		{2, "--score", []string{"score", "train", "--score", "luck"}},
		{2, "--area and --score", []string{"score", "rollback", "--area", "azure"}},
		{2, "id of a version", []string{"score", "promote"}},
		{1, "no version of a model with the id 123456", []string{"score", "promote", "123456"}},
		{1, "the points card scores already", []string{"score", "rollback", "--area", "azure", "--score", "fit"}},
		{2, "2026-13", []string{"import", "report", broken, "--month", "2026-13"}},
		{2, "--name", []string{"cohort", "create", "--where", "country = Sweden"}},
		{2, "--source", []string{"report", "create", "--source", "weather", "--out", "x.csv"}},
		{2, ".pdf", []string{"report", "create", "--source", "azure", "--out", "x.pdf"}},
		{2, "--name", []string{"report", "create", "--source", "azure"}},
		{2, "--cron", []string{"report", "create", "--source", "azure", "--out", "x.csv", "--cron", "0 6 * * *"}},
		{2, "preset", []string{"report", "create", "--source", "azure", "--out", "x.csv", "--preset", "odd"}},
		{1, "fields", []string{"report", "create", "--source", "azure", "--name", "A", "--cron", "often"}},
		{2, "report list", []string{"report", "get", "x"}},
		{2, "--at", []string{"campaign", "create", "--name", "Bad", "--pack", "x", "--cohort", "1", "--at", "tomorrow"}},
	} {
		a := s.command(append(tt.args, "--json")...)
		lines := strings.Split(strings.TrimSuffix(a.stderr, "\n"), "\n")
		if a.code != tt.code || len(lines) != tt.code || !strings.HasPrefix(lines[0], "actnow: ") || !strings.Contains(lines[0], tt.says) {
			s.t.Errorf("actnow %s: exit code %d, stderr %q; want %d and a sentence with %q", strings.Join(tt.args, " "), a.code, a.stderr, tt.code, tt.says)
		}
		if tt.code == 2 && len(lines) == 2 && !strings.HasPrefix(lines[1], "See: actnow") {
			s.t.Errorf("actnow %s: stderr %q, want where help is", strings.Join(tt.args, " "), a.stderr)
		}
		if a.stdout != "" {
			s.t.Errorf("actnow %s prints %q though it is refused", strings.Join(tt.args, " "), a.stdout)
		}
	}
}

func (s *site) write(name, content string) string {
	s.t.Helper()
	return writeFile(s.t, filepath.Join(filepath.Dir(s.dir), name), content)
}
