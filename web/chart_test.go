package web

import (
	"bytes"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// part executes a part in a language.
func part(t *testing.T, lang, name string, data any) string {
	t.Helper()
	texts, err := newTexts(nil, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	a, err := readAssets()
	if err != nil {
		t.Fatal(err)
	}
	a.hash = "hash" // the golden files are about charts, not about icons
	all, err := parsePages(texts, a)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := all[lang]["job"].ExecuteTemplate(&b, name, data); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}

func ptr(x float64) *float64 { return &x }

func TestCharts(t *testing.T) {
	edges := actnow.Edges{High: 80.5, Medium: 60, Low: 20}
	text := newText(t, "en", nil)
	if got := bandHeads(newText(t, "sv", nil), edges)[0].Range; got != "80,5+" {
		t.Errorf("the band high covers %q, want 80,5+", got)
	}
	matrix := NewMatrix(text, "Azure: fit and intent", false, actnow.DefaultEdges, []MatrixValue{
		{Fit: actnow.High, Intent: actnow.High, Cell: "A1", Value: 61, Text: "61", Href: "/customers?cell=A1", Delta: "+28", Notes: []string{"SEK 4.1 M", "<29> matched"}},
		{Fit: actnow.High, Intent: actnow.Medium, Cell: "A2", Value: 164, Text: "164", Href: "/customers?cell=A2", Open: true},
		{Fit: actnow.Low, Intent: actnow.High, Cell: "C1", Value: 0, Text: "0", Href: "/customers?cell=C1"},
		{Fit: actnow.VeryLow, Intent: actnow.VeryLow, Cell: "D4", Value: 1582, Text: "1,582", Href: "/customers?cell=D4"},
	})
	reasons := Waterfall{Label: "Intent, part by part", Heads: [3]string{"Reason", "Points", "Drawn"}, Ladder: &edges,
		Base: Fall{Sentence: "The average account", Source: "where everyone starts", Text: "30", Value: 30},
		Steps: []Fall{
			{Sentence: "Two adverts for a cloud engineer", Source: "12 Nov", Href: "https://jobs.example/1", Evidence: "evidence", Text: "+22", Value: 22},
			{Sentence: "No reply to the last two campaigns", Text: "−2", Value: -2},
		},
		Total: Fall{Sentence: "Score, Low", Text: "50", Value: 50}}
	bits := reasons
	bits.Ladder, bits.Base.Value, bits.Base.Text = nil, -11.2, "−11.2"
	bits.Total.Value = 8.8
	for _, tt := range []struct {
		file, lang, part string
		data             any
	}{
		{"matrix.en", "en", "matrix", matrix},
		{"matrix.sv", "sv", "matrix", matrix},
		{"matrix.empty", "en", "matrix", NewMatrix(text, "Nothing", true, actnow.DefaultEdges, nil)},
		{"bar", "en", "bar", Bar{Label: "Azure", Tall: true, Pieces: []Piece{{Name: "Act Now", Text: "426", Value: 426, Class: "fill-a"}, {Name: "None", Text: "0", Class: "fill-b"}, {Name: "Educate", Text: "3,185", Value: 3185, Class: "fill-d"}}}},
		{"bar.empty", "en", "bar", Bar{Label: "Nothing"}},
		{"barlegend", "en", "barlegend", Bar{Pieces: []Piece{{Name: "Sent", Text: "12", Value: 12, Class: "f-ok", Href: "/deliveries"}}}},
		{"months", "en", "months", Months{Title: "Azure, 2 months", Classes: []string{"fill-a", "fill-b"}, Columns: []MonthColumn{{Short: "O", Values: []float64{398, 804}}, {Short: "N", Values: []float64{426, 816}}}}},
		{"monthstable", "sv", "monthstable", Months{Title: "Azure", Names: []string{"Agera nu"}, Columns: []MonthColumn{{Month: "november 2026", Texts: []string{"426"}}}}},
		{"spark", "en", "spark", Spark{Label: "Intent", Edges: edges, Values: []*float64{ptr(28), nil, ptr(55), ptr(120), nil, ptr(3)}}},
		{"ladder", "en", "ladder", Ladder{Score: ptr(88.99), Delta: "+18", Class: "up", Edges: edges}},
		{"ladder.none", "sv", "ladder", Ladder{}},
		{"waterfall.ladder", "en", "waterfall", reasons},
		{"waterfall.bits", "en", "waterfall", bits},
		{"funnel", "en", "funnel", Funnel{Label: "From reports to mail", Heads: [3]string{"Step", "Customers", "Drawn"}, Steps: []FunnelStep{
			{Name: "In the reports", Text: "4,812", Href: "/customers", Value: 4812},
			{Name: "In the CRM", Text: "2,406", Value: 2406, Note: "SEK 4.1 M", Lost: []FunnelLoss{{Text: "2,406 are in no account", Href: "/customers", Worth: "SEK 5 M"}}}}}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			golden := "testdata/" + tt.file + ".golden.html"
			got := part(t, tt.lang, tt.part, tt.data)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", golden, diff)
			}
		})
	}
}

func TestWaterfallEndsAtItsTotal(t *testing.T) {
	w := Waterfall{Base: Fall{Value: -11.2}, Steps: []Fall{{Value: 8.9}, {Value: 6.1}}, Total: Fall{Value: 3.8}}
	s := w.scale()
	if s.x(s.low) != 0 || s.x(s.high) != 100 {
		t.Errorf("the scale runs from %v to %v, want 0 to 100", s.x(s.low), s.x(s.high))
	}
	if len(w.Rows()) != 3 || w.Rows()[1].Class != "up" {
		t.Errorf("rows = %+v", w.Rows())
	}
}

func TestHeat(t *testing.T) {
	for _, tt := range []struct {
		value, top float64
		want       int
	}{{0, 100, 0}, {1, 100, 1}, {20, 100, 1}, {21, 100, 2}, {100, 100, 5}, {5, 0, 0}, {-3, 10, 0}} {
		if got := heat(tt.value, tt.top); got != tt.want {
			t.Errorf("heat(%v, %v) = %d, want %d", tt.value, tt.top, got, tt.want)
		}
	}
}
