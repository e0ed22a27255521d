package main_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
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
	score := s.object("score", "run", "--area", "m365")
	s.members("score run", score, "areas", "…")
	for _, a := range score["areas"].([]any) {
		area := a.(object)
		s.members("an area of score run", area, "area", "model", "customers", "by_cluster", "…")
		if area["area"] != "m365" || s.number(area, "customers") != 12 {
			t.Errorf("score run --area m365: %v", area)
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
	if b, err := os.ReadFile(strings.TrimSuffix(out, ".csv") + ".xlsx"); err != nil || !strings.HasPrefix(string(b), "PK") {
		t.Errorf("report create --out made.xlsx: no workbook (%v)", err)
	}
	s.backupCommands(p)
	s.doctorCommand(daemon)
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
	c.hold = func() <-chan struct{} { return answer }
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

// backupCommands takes a backup and restores it into a folder of its own.
func (s *site) backupCommands(p partner) {
	file := filepath.Join(filepath.Dir(s.dir), "copy.db")
	took := s.object("backup", file)
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
	broken := s.write("broken.csv", "one,two\n1,2\n")
	for _, tt := range []struct {
		code int
		says string
		args []string
	}{
		{1, "there is no campaign 999", []string{"campaign", "show", "999"}},
		{1, "there is no campaign 999", []string{"campaign", "ledger", "999"}},
		{1, "there is no campaign 999", []string{"campaign", "launch", "999"}},
		{1, "there is no campaign 999", []string{"campaign", "pause", "999"}},
		{1, "missing.csv", []string{"import", "report", "missing.csv"}},
		{1, "broken.csv", []string{"import", "report", broken}},
		{1, "missing.csv", []string{"import", "crm", "--kind", "account", "missing.csv"}},
		{1, "column", []string{"cohort", "create", "--name", "Bad", "--where", "country ="}},
		{1, "cohort 999", []string{"campaign", "create", "--name", "Bad", "--pack", filepath.Join(filepath.Dir(s.dir), "partner", "pack"), "--cohort", "999"}},
		{1, "crm", []string{"hook", "add", "crm"}},
		{1, "none", []string{"hook", "add", "other", "--verifier", "none"}},
		{1, "missing", []string{"restore", "missing.db"}},
		{2, "no number", []string{"campaign", "show", "first"}},
		{2, "no command", []string{"campaign", "shwo", "1"}},
		{2, "no command", []string{"nonsense"}},
		{2, "at least 1", []string{"import", "report"}},
		{2, "--kind", []string{"import", "crm", "--kind", "person", broken}},
		{2, "--area", []string{"score", "run", "--area", "windows"}},
		{2, "unknown flag", []string{"match", "run", "--fast"}},
		{2, "2026-13", []string{"import", "report", broken, "--month", "2026-13"}},
		{2, "--name", []string{"cohort", "create", "--where", "country = Sweden"}},
		{2, "--source", []string{"report", "create", "--source", "weather", "--out", "x.csv"}},
		{2, ".pdf", []string{"report", "create", "--source", "azure", "--out", "x.pdf"}},
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

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(b), "\ufeff"))).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%s: %d rows, %v", path, len(rows), err)
	}
	return rows
}

// TestMatchFiles matches two CSV files without a data folder.
func TestMatchFiles(t *testing.T) {
	s := newSite(t, "")
	customers := s.write("customers.csv", `id,name,domain,city,state,postal_code,country,tpid
K-1,Glimmark Energi AB,glimmark.example,Luleå,,990 98,Sweden,1001
K-2,Björkholm Frakt Aktiebolag,bjorkholm.example,Lund,,221 00,Sweden,1002
K-3,Torpsund Verkstad AB,,Umeå,,901 00,Sweden,1003
K-4,Nordvik Plåt AB,gmail.com,Kiruna,,981 00,Sweden,1004
`)
	accounts := s.write("accounts.csv", `id,name,website,email,city,state,postal_code,country,tpid
A-1,Glimmark,https://www.glimmark.example/om-oss,info@glimmark.example,Luleå,,990 98,Sweden,
A-2,Bjorkholm Frakt,,,Lund,,22100,Sweden,1002
A-3,Torpsund Verkstad,,,Umeå,,901 00,Sweden,1003
A-4,Somebody Else Ltd,https://gmail.com,,Leeds,,LS1,United Kingdom,
`)
	out := filepath.Join(filepath.Dir(s.dir), "matches.csv")
	var n struct{ Accounts, Match, Review, None int }
	s.ask(&n, "match", "files", "--customers", customers, "--accounts", accounts, "--out", out)
	if n.Accounts != 4 || n.Match+n.Review+n.None != 4 {
		t.Errorf("match files: %+v", n)
	}
	rows := readCSV(t, out)
	if want := []string{"account_id", "customer_id", "stage", "probability", "band", "reason"}; !slices.Equal(rows[0], want) {
		t.Fatalf("columns %v, want %v", rows[0], want)
	}
	best := map[string]string{}
	for _, r := range rows[1:] {
		if _, twice := best[r[0]]; twice {
			t.Errorf("account %s has two customers", r[0])
		}
		p, err := strconv.ParseFloat(r[3], 64)
		if err != nil || p < 0.05 || p > 1 || !slices.Contains([]string{"match", "review", "none"}, r[4]) || r[5] == "" {
			t.Errorf("row %v: %v", r, err)
		}
		best[r[0]] = r[1]
	}
	for account, customer := range map[string]string{"A-1": "K-1", "A-2": "K-2", "A-3": "K-3", "A-4": ""} {
		if best[account] != customer {
			t.Errorf("%s is %q, want %q", account, best[account], customer)
		}
	}
	if a := s.command("match", "files", "--customers", customers, "--accounts", accounts, "--explain", "A-1"); a.code != 0 || a.stdout == "" {
		t.Errorf("match files --explain: exit code %d, %q %q", a.code, a.stdout, a.stderr)
	}
	if _, err := os.Stat(s.dir); err == nil {
		t.Error("match files made a data folder")
	}
}

// TestScoreFiles learns from a made-up folder and takes the reasons apart.
func TestScoreFiles(t *testing.T) {
	s := newSite(t, "")
	for _, tt := range []struct {
		name   string
		signal float64
	}{{"signal", 1.5}, {"noise", 0}} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(filepath.Dir(s.dir), tt.name)
			makeScoring(t, dir, tt.signal)
			out, parts := filepath.Join(dir, "p.csv"), filepath.Join(dir, "parts.jsonl")
			got := s.object("score", "try", "--data", dir, "--out", out, "--explain", parts)
			if got["published"] != (tt.signal > 0) {
				t.Errorf("published %v with signal %v: %v", got["published"], tt.signal, got["reason"])
			}
			p := s.predictions(out)
			if len(p) != scoringTests {
				t.Errorf("%d rows predicted, want %d", len(p), scoringTests)
			}
			values := map[float64]bool{}
			for _, v := range p {
				values[v] = true
			}
			if (len(values) > 1) != (tt.signal > 0) {
				t.Errorf("%d different probabilities with signal %v", len(values), tt.signal)
			}
			s.checkParts(parts, p)
			again := filepath.Join(dir, "again.csv")
			s.object("score", "try", "--data", dir, "--out", again)
			if a, b := readCSV(t, out), readCSV(t, again); fmt.Sprint(a) != fmt.Sprint(b) {
				t.Error("the same folder gives another answer")
			}
			back := filepath.Join(dir, "back.csv")
			s.object("score", "backtest", "--data", dir, "--every", "100", "--out", back)
			if rows := s.predictions(back); len(rows) == 0 {
				t.Error("score backtest predicts nothing")
			}
		})
	}
}

const scoringTests = 200

// makeScoring writes a folder of 800 rows to learn from and 200 to predict.
func makeScoring(t *testing.T, dir string, signal float64) {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 7))
	var train, test, labels strings.Builder
	train.WriteString("row_id,day,staff,sector,label\n")
	test.WriteString("row_id,day,staff,sector\n")
	labels.WriteString("row_id,label\n")
	for i := range 800 + scoringTests {
		staff, sector := random.NormFloat64(), random.IntN(3)
		label := 0
		if random.Float64() < 1/(1+math.Exp(-signal*(staff+float64(sector)-1))) {
			label = 1
		}
		row := fmt.Sprintf("r%d,2026-%02d-%02d,%.3f,%s", i, 1+i/100, 1+i%28, staff, []string{"Retail", "Public", "Health"}[sector])
		if i < 800 {
			fmt.Fprintf(&train, "%s,%d\n", row, label)
		} else {
			fmt.Fprintf(&test, "%s\n", row)
			fmt.Fprintf(&labels, "r%d,%d\n", i, label)
		}
	}
	writeFile(t, filepath.Join(dir, "train.csv"), train.String())
	writeFile(t, filepath.Join(dir, "test.csv"), test.String())
	writeFile(t, filepath.Join(dir, "test_labels.csv"), labels.String())
	writeFile(t, filepath.Join(dir, "schema.json"), `{"task":"binary","label":"bought","columns":[
		{"name":"day","kind":"date","role":"time"},{"name":"staff","kind":"numeric","role":"feature"},{"name":"sector","kind":"categorical","role":"feature"}]}`)
}

// predictions reads a file of predictions as probabilities by row.
func (s *site) predictions(path string) map[string]float64 {
	s.t.Helper()
	rows := readCSV(s.t, path)
	if want := []string{"row_id", "probability", "score", "band"}; !slices.Equal(rows[0], want) {
		s.t.Fatalf("%s: columns %v, want %v", path, rows[0], want)
	}
	all := map[string]float64{}
	for _, r := range rows[1:] {
		p, err := strconv.ParseFloat(r[1], 64)
		if err != nil || p <= 0 || p >= 1 || !slices.Contains([]string{"High", "Medium", "Low", "Very low"}, r[3]) {
			s.t.Errorf("%s: row %v: %v", path, r, err)
		}
		all[r[0]] = p
	}
	return all
}

// checkParts checks that the reasons add up to the log-odds of each row.
func (s *site) checkParts(path string, probabilities map[string]float64) {
	s.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		var row struct {
			RowID       string `json:"row_id"`
			Base        float64
			Calibration float64
			LogOdds     float64 `json:"log_odds"`
			Parts       []struct {
				Feature string
				Value   any
				LogOdds float64 `json:"log_odds"`
			}
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			s.t.Fatalf("%s: %v", path, err)
		}
		n++
		sum := row.Base + row.Calibration
		for _, part := range row.Parts {
			sum += part.LogOdds
		}
		p, ok := probabilities[row.RowID]
		logit := math.Log(p / (1 - p))
		if !ok || math.Abs(sum-row.LogOdds) > 1e-9 || math.Abs(logit-row.LogOdds) > 1e-9 {
			s.t.Errorf("row %s: parts add up to %v, log-odds %v, those of its probability %v", row.RowID, sum, row.LogOdds, logit)
		}
	}
	if n != len(probabilities) {
		s.t.Errorf("%d rows are explained, want %d", n, len(probabilities))
	}
}
