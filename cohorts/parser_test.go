package cohorts_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"actnow"
	"actnow/cohorts"
)

type filterCase struct {
	Text     string
	Accept   *bool
	Why      string
	Suggests string
}

func collection(t testing.TB) []filterCase {
	t.Helper()
	f, err := os.Open("../../shared/badinputs/own/segment.jsonl")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no collection of bad inputs beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []filterCase
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var c filterCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if err := lines.Err(); err != nil || len(all) == 0 {
		t.Fatalf("%d cases, %v", len(all), err)
	}
	return all
}

func TestCollection(t *testing.T) {
	for _, c := range collection(t) {
		_, err := cohorts.Parse(c.Text)
		if c.Accept != nil && (err == nil) != *c.Accept {
			t.Errorf("Parse(%.60q) error = %v, want accept %t (%s)", c.Text, err, *c.Accept, c.Why)
			continue
		}
		if err == nil {
			continue
		}
		syntax := checkError(t, c.Text, err)
		if c.Suggests != "" && syntax.Suggestion != c.Suggests {
			t.Errorf("Parse(%.60q) suggests %q, want %q", c.Text, syntax.Suggestion, c.Suggests)
		}
	}
}

// checkError looks that an error has a sentence, and a place within the text.
func checkError(t testing.TB, text string, err error) *cohorts.SyntaxError {
	t.Helper()
	var syntax *cohorts.SyntaxError
	var input *actnow.InputError
	if !errors.As(err, &syntax) || !errors.As(err, &input) || !errors.Is(err, actnow.ErrInvalid) {
		t.Fatalf("Parse(%.60q) error = %#v, want a SyntaxError that is an InputError too", text, err)
	}
	for _, sentence := range cohorts.Messages[syntax.Code] {
		if sentence == "" || strings.Count(sentence, "{") != len(syntax.Args) {
			t.Errorf("Parse(%.60q): code %q has the sentence %q for %v", text, syntax.Code, sentence, syntax.Args)
		}
	}
	if syntax.Pos < 0 || syntax.Pos > len(text) || syntax.Line < 1 || syntax.Column < 1 || input.Code != syntax.Code {
		t.Errorf("Parse(%.60q): place %d, line %d, column %d", text, syntax.Pos, syntax.Line, syntax.Column)
	}
	return syntax
}

func TestSyntaxError(t *testing.T) {
	tests := []struct {
		text         string
		line, column int
		code         string
		suggestion   string
	}{
		{"  ", 1, 3, "error.filter_empty", ""},
		{"country = \"Å\" and\n  clster = \"x\"", 2, 3, "error.filter_field", "cluster"},
		{"orgsize > 5", 1, 1, "error.filter_field", "org_size"},
		{"employees > 5", 1, 1, "error.filter_field", "org_size"},
		{"fit.value = 1", 1, 4, "error.filter_path", ""},
		{"matched", 1, 8, "error.filter_no_comparison", "matched = yes"},
		{"matched = maybe", 1, 11, "error.filter_yesno", "yes"},
		{"cluster > \"Evaluate\"", 1, 9, "error.filter_operator_kind", ""},
		{"fit contains \"7\"", 1, 5, "error.filter_operator_kind", ""},
		{"area = foo", 1, 8, "error.filter_choice", ""},
		{"area = azur", 1, 8, "error.filter_choice", "azure"},
		{"cluster = \"Act Nw\"", 1, 11, "error.filter_choice", "Act Now"},
		{"country = Sweden", 1, 11, "error.filter_quotes", `"Sweden"`},
		{"country like \"S\"", 1, 9, "error.filter_operator", "contains"},
		{"country is \"S\"", 1, 9, "error.filter_operator", "="},
		{"country is not empty", 1, 9, "error.filter_operator", "not country is empty"},
		{"country not = \"S\"", 1, 9, "error.filter_operator", "not in"},
		{"country = 'S'", 1, 11, "error.filter_sign", `"`},
		{"fit >= \"75\"", 1, 8, "error.filter_number", "75"},
		{"fit >= 75.", 1, 8, "error.filter_number", ""},
		{"fit >= 75x", 1, 8, "error.filter_number", ""},
		{"fit >= 7.5.1", 1, 8, "error.filter_number", ""},
		{"fit >= +5", 1, 8, "error.filter_number", ""},
		{"fit >= 99999999999999999999", 1, 8, "error.filter_number_large", ""},
		{"fit >= 75 + 1", 1, 11, "error.filter_arithmetic", ""},
		{"fit >= 75 intent >= 55", 1, 11, "error.filter_and_or", ""},
		{"fit >= 75, intent >= 55", 1, 10, "error.filter_and_or", "and"},
		{"fit >= 75 || intent >= 55", 1, 11, "error.filter_sign", "or"},
		{"(fit >= 75", 1, 11, "error.filter_bracket", ")"},
		{"fit >= 75)", 1, 10, "error.filter_bracket_extra", ""},
		{"agreement_end < 2026-02-30", 1, 17, "error.filter_day", ""},
		{"agreement_end < tomorrow", 1, 17, "error.filter_day", ""},
		{"agreement_end < today + 90", 1, 25, "error.filter_days", "90d"},
		{"agreement_end < today + 99999d", 1, 25, "error.filter_days_many", ""},
		{"last_month = \"2026-13\"", 1, 14, "error.filter_month", ""},
		{"raw = \"x\"", 1, 5, "error.filter_raw", `raw."Header"`},
		{"raw.Header = \"x\"", 1, 5, "error.filter_raw", `raw."Header"`},
		{"country = \"a\x01b\"", 1, 13, "error.filter_control", ""},
		{"country = \"a\xffb\"", 1, 13, "error.filter_control", ""},
		{"not in (\"a\")", 1, 5, "error.filter_field_missing", ""},
		{strings.Repeat(`raw."x" = "1" or `, 21) + "fit > 1", 1, 341, "error.filter_raw_many", ""},
	}
	for _, tt := range tests {
		_, err := cohorts.Parse(tt.text)
		if err == nil {
			t.Errorf("Parse(%q) accepts it", tt.text)
			continue
		}
		e := checkError(t, tt.text, err)
		if e.Line != tt.line || e.Column != tt.column || e.Code != tt.code || e.Suggestion != tt.suggestion {
			t.Errorf("Parse(%q) = %d:%d %s %q, want %d:%d %s %q", tt.text, e.Line, e.Column, e.Code, e.Suggestion, tt.line, tt.column, tt.code, tt.suggestion)
		}
	}
}

func TestParse(t *testing.T) {
	field := func(name string, kind cohorts.FieldKind) cohorts.Field {
		return cohorts.Field{Name: name, Kind: kind}
	}
	compare := func(f cohorts.Field, op cohorts.Op, values ...cohorts.Value) cohorts.Compare {
		return cohorts.Compare{Field: f, Op: op, Values: values}
	}
	text := func(s string) cohorts.Value { return cohorts.Value{Text: s} }
	got, err := cohorts.Parse(`area = "Microsoft 365" and cluster in ("act now", EVALUATE) and ORG_SIZE >= 25
		and not (country = "Sweden" and raw."He said ""hi""" contains "public") or agreement_end <= today - 30d`)
	if err != nil {
		t.Fatal(err)
	}
	want := cohorts.Or{Terms: []cohorts.Expr{
		cohorts.And{Terms: []cohorts.Expr{
			compare(field("area", cohorts.Choice), cohorts.Eq, text("m365")),
			compare(field("cluster", cohorts.Choice), cohorts.In, text("Act Now"), text("Evaluate")),
			compare(field("org_size", cohorts.Number), cohorts.Ge, cohorts.Value{Number: 25}),
			cohorts.Not{Term: cohorts.And{Terms: []cohorts.Expr{
				compare(field("country", cohorts.Text), cohorts.Eq, text("Sweden")),
				compare(cohorts.Field{Name: "raw", Raw: `He said "hi"`}, cohorts.Contains, text("public")),
			}}},
		}},
		compare(field("agreement_end", cohorts.Day), cohorts.Le, cohorts.Value{Relative: true, Days: -30}),
	}}
	if !reflect.DeepEqual(got, cohorts.Expr(want)) {
		t.Errorf("Parse =\n%#v, want\n%#v", got, want)
	}
}

func TestFormat(t *testing.T) {
	tests := []struct{ text, want string }{
		{`area=Azure AND Cluster="actnow"`, `area = azure and cluster = "Act Now"`},
		{`(fit>1 and (intent>2 and (cell = a1)))`, `fit > 1 and intent > 2 and cell = A1`},
		{`fit>1 and (intent>2 or intent is empty)`, `fit > 1 and (intent > 2 or intent is empty)`},
		{`(fit>1 and intent>2) or gone = NO`, `fit > 1 and intent > 2 or gone = no`},
		{`not not (fit >= -0.50)`, `not not fit >= -0.5`},
		{`segment in ("Small", Unknown, "top unmanaged")`, `segment in ("Very Small", "Unknown", "Upper Medium")`},
		{`agreement_end > 2026-11-25 and agreement_end < today+90d`, `agreement_end > "2026-11-25" and agreement_end < today + 90d`},
		{`agreement_end >= today - 0d and last_month = "2026-11"`, `agreement_end >= today and last_month = "2026-11"`},
		{`raw."a ""b""" NOT  IN ("x","")`, `raw."a ""b""" not in ("x", "")`},
		{`name starts with "Å" and matched = "Yes"`, `name starts with "Å" and matched = yes`},
	}
	for _, tt := range tests {
		e, err := cohorts.Parse(tt.text)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.text, err)
			continue
		}
		if got := cohorts.Format(e); got != tt.want {
			t.Errorf("Format of %q = %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestSentence(t *testing.T) {
	e, err := cohorts.Parse(`area = m365 and cluster in ("Act Now", "Evaluate") and org_size >= 25
		and not (country = "Sweden" or has_azure = yes) and agreement_end <= today + 90d and raw."Odd" is empty`)
	if err != nil {
		t.Fatal(err)
	}
	for language, want := range map[string]string{
		"en": "Solution area is Microsoft 365, Cluster is Act Now or Evaluate, Employees is at least 25, " +
			"not (Country is “Sweden” or Has Azure is yes), Next agreement end is no later than in 90 days and column Odd is empty",
		"sv": "Lösningsområde är Microsoft 365, Kluster är Agera nu eller Utvärdera, Anställda är minst 25, " +
			"inte (Land är “Sweden” eller Har Azure är ja), Nästa avtalsslut är senast om 90 dagar och kolumnen Odd är tomt",
	} {
		if got := cohorts.Sentence(e, language); got != want {
			t.Errorf("Sentence in %s =\n%s, want\n%s", language, got, want)
		}
	}
}

func TestValueAt(t *testing.T) {
	today := time.Date(2026, 11, 26, 23, 30, 0, 0, time.FixedZone("", 7200))
	if got := (cohorts.Value{Relative: true, Days: 5}).At(today).Format(time.RFC3339); got != "2026-12-01T00:00:00Z" {
		t.Errorf("today + 5d = %s", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`area = m365 and cluster in ("Act Now", "Evaluate") and not (country = "x" and industry contains "public")`,
		`raw."a""b" != "" or agreement_end <= today - 90d`, `((fit >= 7.5))`, `not not cell is empty`, "fit ≥ 75", `segment = "Small"`,
		`last_month < "2026-11" and gone = no or agreement_end > 2026-11-25`, "fit >= 75\n-- x",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := cohorts.Parse(text)
		if err != nil {
			checkError(t, text, err)
			return
		}
		canonical := cohorts.Format(e)
		if cohorts.Sentence(e, "sv") == "" || cohorts.Sentence(e, "en") == "" {
			t.Errorf("%q has no sentence", text)
		}
		if len(canonical) > cohorts.MaxLength {
			return
		}
		again, err := cohorts.Parse(canonical)
		if err != nil {
			t.Fatalf("Parse(%q), the form of %q: %v", canonical, text, err)
		}
		if !reflect.DeepEqual(again, e) {
			t.Fatalf("%q becomes %q and then %q", text, canonical, cohorts.Format(again))
		}
	})
}
