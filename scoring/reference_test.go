package scoring_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"actnow/scoring"
)

// developed are the sets that the engine was developed on, and what they hold.
var developed = []struct {
	folder, name string
	later        bool // judged on later rows
}{
	{"xeducation_leads", "course leads", false}, {"online_shoppers", "shop visits", false}, {"online_shoppers_time", "shop visits, later months", true},
	{"telco_churn", "contract renewals", false}, {"maven_pipeline", "coin toss", true},
}

// learnerNames are those of testdata/reference.py; xgboost, the last, is not everywhere.
var learnerNames = []string{"logistic", "forest", "boosting", "xgboost"}

// TestReferences holds the engine against scikit-learn's logistic regression,
// forest and boosting and against xgboost as they come, computed anew each time: nowhere
// behind the best of them, ahead of each where outcomes are few, and silent about a coin toss.
func TestReferences(t *testing.T) {
	if testing.Short() {
		t.Skip("learns for a minute")
	}
	python := learnedPython(t)
	crossed := folder{rows: 6000, strength: 1, judged: true, crossed: true}.make()
	compare(t, python, "made up, crossed", onDisk(t, crossed), 0)
	plain := folder{rows: 4000, strength: 1, judged: true}.make()
	compare(t, python, "made up", onDisk(t, plain), 0)
	var table []string
	for _, set := range developed {
		dir := "../../shared/scoring/" + set.folder
		if _, err := os.Stat(dir); err != nil {
			t.Log("the development sets are not here")
			return
		}
		table = append(table, compare(t, python, set.name, dir, 0))
	}
	for _, few := range []int{40, 80} {
		for _, set := range developed[:4] {
			table = append(table, compare(t, python, set.name, "../../shared/scoring/"+set.folder, few))
		}
	}
	if *eval {
		intoDocs(t, "figures", "| learned on | model | Act Now | logistic regression | random forest | boosting | xgboost |\n|---|---|---:|---:|---:|---:|---:|\n", table)
	}
}

func learnedPython(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), name, "-c", "import sklearn").Run() == nil {
			return name
		}
	}
	if os.Getenv("ACTNOW_REQUIRE_PEERS") != "" {
		t.Fatal("there is no python3 with scikit-learn")
	}
	t.Skip("there is no python3 with scikit-learn")
	return ""
}

// onDisk writes a folder to disk.
func onDisk(t *testing.T, files fstest.MapFS) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	return dir
}

// compare measures the engine beside the learners on a folder, if few is not 0 on
// so many of the rarer outcomes only, and returns the row of the table.
func compare(t *testing.T, python, name, dir string, few int) string {
	t.Helper()
	if few > 0 {
		dir = thinned(t, dir, few, 0)
		name = fmt.Sprintf("%s, %d outcomes", name, few)
	}
	r, err := scoring.Try(t.Context(), os.DirFS(dir), scoring.TryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	labels, _ := outcomes(t, dir)
	ours := map[string]float64{}
	for _, p := range r.Predictions() {
		ours[p.Row] = p.Probability
	}
	measure := func(said map[string]float64) scoring.Measures {
		var p, y []float64
		for _, x := range r.Predictions() {
			p, y = append(p, said[x.Row]), append(y, labels[x.Row])
		}
		return scoring.Measure(p, y, r.Base)
	}
	learn := exec.CommandContext(t.Context(), python, "-W", "ignore", "testdata/reference.py", dir)
	learn.Env = append(os.Environ(), "OMP_WAIT_POLICY=passive") // awake, its threads wait for one another on all the cores
	out, err := learn.Output()
	var theirs map[string]map[string]float64
	if err == nil {
		err = json.Unmarshal(out, &theirs)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	m := measure(ours)
	row := fmt.Sprintf("| %s | %s | %s |", name, r.Model, figures(m))
	t.Logf("%s: %s, AUC %.4f log loss %.4f ECE %.4f slope %.2f", name, r.Model, m.AUC, m.LogLoss, m.ECE, m.Slope)
	for _, learner := range learnerNames {
		if theirs[learner] == nil {
			row += " |"
			continue
		}
		k := measure(theirs[learner])
		row += " " + figures(k) + " |"
		t.Logf("%s: %s AUC %.4f log loss %.4f ECE %.4f", name, learner, k.AUC, k.LogLoss, k.ECE)
		switch {
		case !r.Published:
		case m.AUC < k.AUC-0.01 && few == 0 || m.LogLoss > k.LogLoss+0.003:
			t.Errorf("%s: AUC %.4f, log loss %.4f; %s has %.4f, %.4f", name, m.AUC, m.LogLoss, learner, k.AUC, k.LogLoss)
		}
	}
	if toss := strings.HasPrefix(name, "coin toss"); few == 0 && r.Published == toss {
		t.Errorf("%s: published %v", name, r.Published)
	}
	return row
}

func figures(m scoring.Measures) string {
	return fmt.Sprintf("%.3f %.3f %.3f", m.AUC, m.LogLoss, m.ECE)
}

// thinned copies a folder with so many rows to learn from that they hold about few
// of the rarer outcome: every so manieth, beginning a share of that way in.
func thinned(t *testing.T, dir string, few int, start float64) string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "train.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	label := slices.Index(rows[0], "label")
	positives := 0
	for _, row := range rows[1:] {
		if row[label] == "1" {
			positives++
		}
	}
	step := float64(min(positives, len(rows)-1-positives)) / float64(few)
	out := t.TempDir()
	for _, name := range []string{"schema.json", "test.csv", "test_labels.csv"} {
		b, err := fs.ReadFile(os.DirFS(dir), name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(out, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	to, err := os.Create(filepath.Join(out, "train.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	w := csv.NewWriter(to)
	w.Write(rows[0])
	for at := start * max(step, 1); int(at) < len(rows)-1; at += max(step, 1) {
		w.Write(rows[1+int(math.Floor(at))])
	}
	if w.Flush(); w.Error() != nil {
		t.Fatal(w.Error())
	}
	return out
}

// intoDocs puts the table of a name into the guide.
func intoDocs(t *testing.T, name, head string, table []string) {
	t.Helper()
	const path = "../docs/scoring.md"
	from, to := "<!-- "+name+": written by make eval -->\n", "<!-- end of "+name+" -->"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(b), from)
	_, after, ended := strings.Cut(rest, to)
	if !found || !ended {
		t.Fatalf("%s has no place for the %s", path, name)
	}
	if err := os.WriteFile(path, []byte(before+from+"\n"+head+strings.Join(table, "\n")+"\n\n"+to+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
