package scoring_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/scoring"
)

// tried is a report with its two files.
type tried struct {
	scoring.Report
	predictions, parts string
}

func written(t testing.TB, r scoring.Report, err error) tried {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var p, q strings.Builder
	if err := r.WritePredictions(&p); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteParts(&q); err != nil {
		t.Fatal(err)
	}
	return tried{r, p.String(), q.String()}
}

func try(t testing.TB, fsys fs.FS) tried {
	t.Helper()
	r, err := scoring.Try(t.Context(), fsys, scoring.TryOptions{Explain: true})
	return written(t, r, err)
}

func backtest(t testing.TB, fsys fs.FS, every int) tried {
	t.Helper()
	r, err := scoring.Backtest(t.Context(), fsys, every, scoring.TryOptions{Explain: true})
	return written(t, r, err)
}

func TestTryLearns(t *testing.T) {
	o := folder{rows: 1500, strength: 1.2, judged: true}
	r := try(t, o.make())
	if !r.Published || r.Predicted != 600 || r.Train != 900 || r.Features != 4 || r.Validation.AUCLow < 0.6 {
		t.Fatalf("report %+v", r.Report)
	}
	m := measured(t, r, o.make())
	if m.AUC < 0.75 || m.LogLoss > m.BaseLoss-0.05 || m.ECE > 0.08 {
		t.Errorf("on the test rows: %+v", m)
	}
	if strings.Contains(r.parts, `"after"`) || strings.Contains(r.parts, `"crm"`) || strings.Contains(r.parts, `"called"`) {
		t.Error("something that is no feature explains a score")
	}
	header, _, _ := strings.Cut(r.predictions, "\n")
	if header != "row_id,probability,score,band" {
		t.Errorf("header %q", header)
	}
}

func measured(t *testing.T, r tried, files fstest.MapFS) scoring.Measures {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(files["test_labels.csv"].Data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	label := map[string]float64{}
	for _, row := range rows[1:] {
		label[row[0]], _ = strconv.ParseFloat(row[1], 64)
	}
	var p, y []float64
	for _, x := range r.Predictions() {
		p, y = append(p, x.Probability), append(y, label[x.Row])
	}
	return scoring.Measure(p, y, r.Base)
}

// crossed is a folder of which no sum over single features says enough, and what
// came of it, once for all tests.
var (
	crossed    = folder{rows: 3000, strength: 2, judged: true, crossed: true}
	triedOnce  sync.Once
	triedCross tried
)

func tryCrossed(t *testing.T) tried {
	t.Helper()
	triedOnce.Do(func() { triedCross = try(t, crossed.make()) })
	return triedCross
}

func TestTryLearnsCrossings(t *testing.T) {
	files := crossed.make()
	r := tryCrossed(t)
	if !r.Published || !strings.Contains(r.Model, "boosted") {
		t.Fatalf("report %+v", r.Report)
	}
	if m := measured(t, r, files); m.AUC < 0.85 || m.ECE > 0.05 || math.Abs(m.Slope-1) > 0.1 {
		t.Errorf("on the test rows: %+v", m)
	}
}

// TestTryReasonsAreExact reads the two files as anyone would and adds up.
func TestTryReasonsAreExact(t *testing.T) {
	for name, r := range map[string]tried{
		"published": try(t, folder{rows: 1000, strength: 1.2}.make()),
		"withheld":  try(t, folder{rows: 1000}.make()),
		"crossed":   tryCrossed(t),
		"backtest":  backtest(t, folder{rows: 1000, strength: 1.2, judged: true}.make(), 100),
	} {
		rows, err := csv.NewReader(strings.NewReader(r.predictions)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(r.parts), "\n")
		if len(rows) != len(lines)+1 || len(lines) != r.Predicted || r.Predicted < 400 {
			t.Fatalf("%s: %d predictions, %d explanations", name, len(rows)-1, len(lines))
		}
		for i, line := range lines {
			var x struct {
				Row               string `json:"row_id"`
				Base, Calibration *float64
				LogOddsRead       float64           `json:"log_odds"`
				Parts             []scoring.RowPart `json:"parts"`
			}
			dec := json.NewDecoder(strings.NewReader(line))
			if err := dec.Decode(&x); err != nil {
				t.Fatal(err)
			}
			if x.Base == nil || x.Calibration == nil || x.Parts == nil {
				t.Fatalf("%s: a member is missing in %s", name, line)
			}
			sum := *x.Base + *x.Calibration
			for _, p := range x.Parts {
				sum += p.LogOdds
			}
			p, _ := strconv.ParseFloat(rows[i+1][1], 64)
			if x.Row != rows[i+1][0] || math.Abs(sum-x.LogOddsRead) > 1e-9 || math.Abs(math.Log(p/(1-p))-x.LogOddsRead) > 1e-9 {
				t.Fatalf("%s: parts give %g, log odds %g, probability %g in %s", name, sum, x.LogOddsRead, p, line)
			}
			score, _ := strconv.ParseFloat(rows[i+1][2], 64)
			if band := scoring.DefaultEdges.Band(score); string(band) != rows[i+1][3] {
				t.Fatalf("%s: score %g in band %s", name, score, rows[i+1][3])
			}
		}
	}
}

func TestTrySameBytes(t *testing.T) {
	o := folder{rows: 800, strength: 1, money: true}
	want := try(t, o.make())
	check := func(name string, got tried) {
		t.Helper()
		if got.predictions != want.predictions || got.parts != want.parts {
			t.Errorf("%s: other bytes", name)
		}
	}
	check("again", try(t, o.make()))
	before := runtime.GOMAXPROCS(1)
	check("on one core", try(t, o.make()))
	if !testing.Short() { // learns for as long as all else together
		one := try(t, crossed.make())
		runtime.GOMAXPROCS(before)
		if both := tryCrossed(t); !strings.Contains(both.Model, "boosted") || one.predictions != both.predictions || one.parts != both.parts {
			t.Errorf("%s: other bytes on one core", both.Model)
		}
	}
	runtime.GOMAXPROCS(before)
	other := o
	other.turned = true
	check("columns in another order", try(t, other.make()))
	other = o
	other.scramble = true
	check("other leaks and treatments", try(t, other.make()))
	bom := o.make()
	for _, f := range bom {
		f.Data = append([]byte("\ufeff"), f.Data...)
	}
	check("with byte order marks", try(t, bom))

	other = o
	other.name = func(s string) string { return "Spalte „" + s + "“, 100%" }
	if got := try(t, other.make()); got.predictions != want.predictions {
		t.Error("names of columns change predictions")
	}
}

func TestTryWithoutSignal(t *testing.T) {
	for name, o := range map[string]folder{
		"coin toss":   {rows: 2000},
		"by time":     {rows: 1500, time: true},
		"few rows":    {rows: 40, strength: 3},
		"single row":  {rows: 2, strength: 3},
		"with amount": {rows: 30, money: true},
	} {
		r := try(t, o.make())
		if r.Published || r.Reason == "" || r.Model != "base rate" {
			t.Errorf("%s: %+v", name, r.Report)
		}
		for _, p := range r.Predictions() {
			if p.Probability != r.Base || len(p.Parts) != 0 {
				t.Fatalf("%s: %+v, base %g", name, p, r.Base)
			}
		}
		if strings.Contains(r.predictions, "NaN") || strings.Contains(r.predictions, "Inf") {
			t.Errorf("%s: no number in %s", name, r.predictions)
		}
	}
}

func TestTryAmount(t *testing.T) {
	o := folder{rows: 2000, strength: 1.2, money: true, judged: true}
	files := o.make()
	r := try(t, files)
	if r.Amount == nil || r.Amount.Model == "mean" || !r.Amount.Zeros || r.Amount.MAE > 0.4*r.Amount.MeanMAE {
		t.Fatalf("amounts: %+v", r.Amount)
	}
	rows, err := csv.NewReader(bytes.NewReader(files["test_labels.csv"].Data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	said, paid := 0.0, 0.0
	for i, p := range r.Predictions() {
		v, _ := strconv.ParseFloat(rows[i+1][2], 64)
		said, paid = said+p.Amount, paid+v
		if p.Amount < 0 || math.IsNaN(p.Amount) {
			t.Fatalf("amount %g", p.Amount)
		}
	}
	if said < 0.85*paid || said > 1.15*paid {
		t.Errorf("amounts come to %.0f, paid was %.0f", said, paid)
	}
	if !strings.HasPrefix(r.predictions, "row_id,probability,score,band,amount\n") {
		t.Error("no column amount")
	}
}

func TestTryHeedsDrift(t *testing.T) {
	o := folder{rows: 1000, strength: 1.2}
	files := o.make()
	files["test.csv"] = &fstest.MapFile{Data: bytes.ReplaceAll(bytes.ReplaceAll(files["test.csv"].Data, []byte(",law,"), []byte(",mining,")), []byte(",retail,"), []byte(",fishing,"))}
	r := try(t, files)
	if len(r.Drift) != 1 || r.Drift["trade"] < 0.25 {
		t.Errorf("drift %v does not name the trade alone", r.Drift)
	}
	if r := try(t, o.make()); len(r.Drift) != 0 {
		t.Errorf("drift %v where nothing changed", r.Drift)
	}
}

func TestBacktestKnowsThePastOnly(t *testing.T) {
	for name, o := range map[string]folder{
		"test rows":             {rows: 1000, strength: 1.2, judged: true},
		"test rows by the time": {rows: 1000, strength: 1.2, judged: true, time: true},
	} {
		before := backtest(t, o.make(), 100)
		if !before.Published || before.Refits != 4 || before.Predicted != 400 {
			t.Fatalf("%s: %+v", name, before.Report)
		}
		if o.time {
			continue
		}
		o.flipFrom = 800 // the third block on
		after := backtest(t, o.make(), 100)
		a, b := strings.Split(before.predictions, "\n"), strings.Split(after.predictions, "\n")
		if diff := cmp.Diff(a[:1+300], b[:1+300]); diff != "" {
			t.Errorf("%s: outcomes of later rows change what was said of earlier ones:\n%s", name, diff)
		}
		if cmp.Equal(a[1+300:], b[1+300:]) {
			t.Errorf("%s: outcomes of earlier rows change nothing later", name)
		}
	}
}

func TestBacktestOfTrainingRows(t *testing.T) {
	files := folder{rows: 1000, strength: 1.2}.make()
	r := backtest(t, files, 150)
	if r.Refits != 3 || r.Predicted != 450 || r.Predictions()[0].Row != "r0150" {
		t.Errorf("%d refits, %d predicted, first %s", r.Refits, r.Predicted, r.Predictions()[0].Row)
	}
	delete(files, "test.csv")
	if got := backtest(t, files, 150); got.predictions != r.predictions {
		t.Error("test.csv without outcomes plays a part")
	}
	if all := backtest(t, files, 10000); all.Predicted != 0 || all.Published {
		t.Errorf("a block longer than the file: %+v", all.Report)
	}
}

func TestBacktestInTimeOrder(t *testing.T) {
	files := folder{rows: 300, strength: 1, time: true}.make()
	rows, err := csv.NewReader(bytes.NewReader(files["train.csv"].Data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := backtest(t, files, 60)
	slices.Reverse(rows[1:])
	files["train.csv"] = &fstest.MapFile{Data: folder{}.text(rows)}
	if got := backtest(t, files, 60); got.predictions != want.predictions {
		t.Error("the order of the file counts although there is a time")
	}
}

// TestBacktestFollowsChange turns the world round half way: a walk must notice
// what a frozen model cannot.
func TestBacktestFollowsChange(t *testing.T) {
	o := folder{rows: 3000, strength: 1.5, judged: true, flipFrom: 1800}
	files := o.make()
	frozen, walked := measured(t, try(t, files), files), measured(t, backtest(t, files, 200), files)
	if walked.LogLoss > frozen.LogLoss-0.2 || walked.ECE > frozen.ECE/2 {
		t.Errorf("walked: log loss %.3f, ECE %.3f; frozen: %.3f, %.3f", walked.LogLoss, walked.ECE, frozen.LogLoss, frozen.ECE)
	}
}

func TestFolderRefused(t *testing.T) {
	good := folder{rows: 50, strength: 1, judged: true}.make()
	replace := func(file, old, new string) fstest.MapFS {
		m := maps.Clone(good)
		m[file] = &fstest.MapFile{Data: []byte(strings.Replace(string(good[file].Data), old, new, 1))}
		return m
	}
	without := func(file string) fstest.MapFS {
		m := maps.Clone(good)
		delete(m, file)
		return m
	}
	const header = "row_id,seats,trade,noise,since,after,crm,called"
	tests := []struct {
		name  string
		files fstest.MapFS
		code  string
		field string
		line  int
	}{
		{"no schema", without("schema.json"), "error.data.file", "schema.json", 0},
		{"no train", without("train.csv"), "error.data.file", "train.csv", 0},
		{"no test", without("test.csv"), "error.data.file", "test.csv", 0},
		{"schema cut", replace("schema.json", `"columns"`, `"columns`), "error.data.json", "schema.json", 0},
		{"no columns", replace("schema.json", `"columns"`, `"colums"`), "error.data.columns", "schema.json", 0},
		{"column called label", replace("schema.json", `"seats"`, `"label"`), "error.data.name", "schema.json", 0},
		{"column twice in the schema", replace("schema.json", `"seats"`, `"trade"`), "error.data.name", "schema.json", 0},
		{"kind", replace("schema.json", `"numeric"`, `"number"`), "error.data.kind", "schema.json", 0},
		{"role", replace("schema.json", `"feature"`, `"input"`), "error.data.role", "schema.json", 0},
		{"empty file", replace("train.csv", string(good["train.csv"].Data), ""), "error.data.header", "train.csv", 0},
		{"header only", replace("train.csv", string(good["train.csv"].Data), header+",label\n"), "error.data.rows", "train.csv", 0},
		{"column gone", replace("test.csv", "noise", "nose"), "error.data.column", "test.csv", 1},
		{"column twice", replace("test.csv", "after", "noise"), "error.data.twice", "test.csv", 1},
		{"no label", replace("train.csv", "label", "lable"), "error.data.column", "train.csv", 1},
		{"label", replace("train.csv", "\nr0001,", "\nr0001,1,law,1,2001-03-01,0,c,no,2\nx,"), "error.data.label", "train.csv", 3},
		{"row id twice", replace("train.csv", "r0002", "r0001"), "error.data.id", "train.csv", 4},
		{"row id empty", replace("train.csv", "r0002", ""), "error.data.id", "train.csv", 4},
		{"amount", replace("train.csv", "label\nr0000", "label,amount\nr0000,1,law,1,2001-03-01,0,c,no,1,1e300\nx"), "error.data.amount", "train.csv", 2},
		{"cells", replace("train.csv", "\nr0001,", "\nr0001,,"), "error.data.csv", "train.csv", 3},
		{"quote", replace("train.csv", "\nr0001,", "\nr0001,\""), "error.data.csv", "train.csv", 3},
		{"encoding", replace("train.csv", "r0001", "r\xff"), "error.data.utf8", "train.csv", 0},
		{"long cell", replace("train.csv", "r0001", strings.Repeat("r", 70000)), "error.data.cell", "train.csv", 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := scoring.Try(t.Context(), tt.files, scoring.TryOptions{})
			var in *actnow.InputError
			if !errors.As(err, &in) || !errors.Is(err, actnow.ErrInvalid) || in.Code != tt.code || in.Field != tt.field || in.Line != tt.line {
				t.Fatalf("error %#v, want %s of %s in line %d", err, tt.code, tt.field, tt.line)
			}
			if _, ok := scoring.Messages[in.Code]; !ok {
				t.Errorf("no sentence for %s", in.Code)
			}
		})
	}
	if _, err := scoring.Backtest(t.Context(), replace("test_labels.csv", "r0040", "r9040"), 10, scoring.TryOptions{}); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("an outcome is missing: %v", err)
	}
	if _, err := scoring.Backtest(t.Context(), good, 0, scoring.TryOptions{}); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("blocks of 0: %v", err)
	}
	odd := replace("train.csv", "\nr0001,", "\nr0001,lots of ")
	if r, err := scoring.Try(t.Context(), odd, scoring.TryOptions{}); err != nil || r.Unread["seats"] != 1 {
		t.Errorf("words in a number: %v, %v", r.Unread, err)
	}
}

// BenchmarkTry learns from 3,000 rows and predicts 2,000; its anchor reads the
// two files as CSV and does nothing else.
func BenchmarkTry(b *testing.B) {
	files := folder{rows: 5000, strength: 1.2}.make()
	b.Run("try", func(b *testing.B) {
		for b.Loop() {
			if _, err := scoring.Try(b.Context(), files, scoring.TryOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("anchor", func(b *testing.B) {
		for b.Loop() {
			for _, name := range []string{"train.csv", "test.csv"} {
				if _, err := csv.NewReader(bytes.NewReader(files[name].Data)).ReadAll(); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func FuzzFolder(f *testing.F) {
	o := folder{rows: 20, strength: 1, money: true, judged: true, time: true}
	files := o.make()
	f.Add(files["schema.json"].Data, files["train.csv"].Data, files["test.csv"].Data, files["test_labels.csv"].Data)
	f.Add([]byte{}, files["train.csv"].Data, files["test.csv"].Data, files["test_labels.csv"].Data)
	f.Add([]byte(`{"columns":[{"name":"a","kind":"numeric","role":"feature"}]}`), []byte("row_id,a,label\n1,1e308,1\n2,-1e308,0\n"), []byte("row_id,a\n3,x\n"), []byte("row_id,label\n3,1\n"))
	good := files["schema.json"].Data
	f.Fuzz(func(t *testing.T, schema, train, test, judged []byte) {
		if len(train)+len(test) > 4000 {
			t.Skip("a large folder is no stranger than a small one")
		}
		if !bytes.Contains(schema, []byte("columns")) {
			schema = good
		}
		fsys := fstest.MapFS{"schema.json": {Data: schema}, "train.csv": {Data: train}, "test.csv": {Data: test}, "test_labels.csv": {Data: judged}}
		for _, run := range []func() (scoring.Report, error){
			func() (scoring.Report, error) {
				return scoring.Try(t.Context(), fsys, scoring.TryOptions{Explain: true})
			},
			func() (scoring.Report, error) {
				return scoring.Backtest(t.Context(), fsys, 5, scoring.TryOptions{Explain: true})
			},
		} {
			r, err := run()
			if err != nil {
				if !errors.Is(err, actnow.ErrInvalid) {
					t.Fatalf("error %v is no input error", err)
				}
				continue
			}
			for _, p := range r.Predictions() {
				if !(p.Probability > 0 && p.Probability < 1) || math.IsNaN(p.Amount) || math.IsInf(p.Amount, 0) {
					t.Fatalf("%+v", p)
				}
			}
			written(t, r, nil)
		}
	})
}
