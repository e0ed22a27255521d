package main_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

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
	more := s.write("more.csv", `id,name,website,email,city,state,postal_code,country,tpid
A-1,Glimmark Energi,https://www.glimmark.example/om-oss,info@glimmark.example,Luleå,,990 98,Sweden,
A-5,Glimmark Energi AB,https://www.glimmark.example,,Luleå,,990 98,Sweden,
`)
	both := func(flags ...string) (match int) {
		s.ask(&n, append([]string{"match", "files", "--customers", customers, "--accounts", more, "--out", out}, flags...)...)
		return n.Match
	}
	if free, one := both(), both("--one-to-one"); free != 2 || one != 1 {
		t.Errorf("%d accounts in band match, %d with --one-to-one; want 2 and 1", free, one)
	}
	none := s.object("match", "files", "--customers", customers, "--accounts", accounts, "--explain", "A-4")
	if list, ok := none["candidates"].([]any); !ok || len(list) != 0 || none["band"] != "none" {
		t.Errorf("match files --explain of an account without candidates: %v", none)
	}
	if _, err := os.Stat(s.dir); err == nil {
		t.Error("match files made a data folder")
	}
}

// TestMatchEvaluate compares the matches of two CSV files with the truth.
func TestMatchEvaluate(t *testing.T) {
	s := newSite(t, "")
	customers := s.write("customers.csv", "id;name;domain;city;country\nK-1;Glimmark Energi AB;glimmark.example;Luleå;Sweden\nK-2;Torpsund Verkstad AB;;Umeå;Sweden\n")
	accounts := s.write("accounts.csv", "id,name,website,city,country\nA-1,Glimmark Energi,glimmark.example,Luleå,Sweden\nA-2,Nordvik Bad,,Kiruna,Sweden\nA-3,Somebody Else,,Leeds,United Kingdom\n")
	truth := s.write("truth.csv", "customer_id,crm_id,kind,evidence\nK-1,A-1,legal_form,domain\nK-2,A-2,former_name,weak\n")
	args := []string{"match", "evaluate", "--customers", customers, "--accounts", accounts, "--truth", truth}
	got := s.object(args...)
	s.members("match evaluate", got, "accounts", "pairs", "provable_pairs", "precision", "recall", "f1", "provable_recall", "best_f1", "best_threshold",
		"recall_at_precision_99", "shown_recall", "match", "review", "calibration_error", "calibration", "arms", "by_kind", "by_evidence")
	s.members("match evaluate, match", got["match"].(object), "accounts", "right", "precision", "recall")
	s.members("match evaluate, review", got["review"].(object), "accounts", "share", "right", "missed_provable", "held_provable")
	s.members("a bin", got["calibration"].([]any)[9].(object), "from", "to", "accounts", "said", "true")
	s.members("an arm", got["arms"].([]any)[0].(object), "name", "proposed", "recall", "alone")
	s.members("a kind", got["by_kind"].([]any)[0].(object), "name", "pairs", "match", "review", "missed")
	for name, want := range map[string]float64{"accounts": 3, "pairs": 2, "provable_pairs": 1, "precision": 1, "recall": 0.5, "provable_recall": 1} {
		if s.number(got, name) != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	table := s.command(args...)
	for _, line := range []string{"precision                      100.0 %", "former_name  1      0         0          1"} {
		if table.code != 0 || !strings.Contains(table.stdout, line) {
			t.Errorf("exit code %d, %q; no line %q in\n%s", table.code, table.stderr, line, table.stdout)
		}
	}
	for content, says := range map[string]string{
		"customer_id,crm_id\nK-9,A-1\n":          "line 2, truth: there is no customer with the id “K-9”",
		"customer_id,crm_id\nK-1,A-9\n":          "line 2, truth: there is no account with the id “A-9”",
		"customer_id,crm_id\nK-1,A-1\nK-2,A-1\n": "line 3, truth: the account A-1 has its customer in line 2 already",
	} {
		s.write("truth.csv", content)
		if a := s.command(args...); a.code != 1 || a.stderr != "actnow: "+says+"\n" || a.stdout != "" {
			t.Errorf("exit code %d, %q, want 1 and %q", a.code, a.stderr, says)
		}
	}
	if _, err := os.Stat(s.dir); err == nil {
		t.Error("match evaluate made a data folder")
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
