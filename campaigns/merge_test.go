package campaigns_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"actnow"
	"actnow/campaigns"

	"golang.org/x/net/html"
)

// cases reads one file of the shared bad inputs, or skips the test.
func cases[T any](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open(filepath.Join("../../shared/badinputs/own", name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no shared test data")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []T
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c T
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

func parse(where, src string) (*campaigns.Template, error) {
	switch where {
	case "html":
		return campaigns.ParseHTML(src)
	case "subject":
		return campaigns.ParseSubject(src)
	}
	return campaigns.ParseText(src)
}

// parsed writes HTML in one normal form.
func parsed(t *testing.T, s string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := html.Render(&b, doc); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSharedTemplates(t *testing.T) {
	t.Parallel()
	type render struct {
		With   campaigns.Fields
		Expect string
	}
	type sample struct {
		Template, Where, Why string
		Accept               *bool
		ErrorLine            int `json:"error_line"`
		Render               []render
	}
	for _, c := range cases[sample](t, "mail_template.jsonl") {
		tpl, err := parse(c.Where, c.Template)
		short := c.Template[:min(60, len(c.Template))]
		if c.Accept != nil && *c.Accept != (err == nil) {
			t.Errorf("%s %q: accept = %v, want %v (%s): %v", c.Where, short, err == nil, *c.Accept, c.Why, err)
			continue
		}
		if err != nil {
			var syntax *campaigns.SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 1 || syntax.Column < 1 {
				t.Errorf("%q: error %v names no line and column", short, err)
			} else if c.ErrorLine != 0 && syntax.Line != c.ErrorLine {
				t.Errorf("%q: error on line %d, want %d", short, syntax.Line, c.ErrorLine)
			}
			continue
		}
		for _, r := range c.Render {
			got, err := tpl.Render(r.With)
			if err != nil {
				t.Errorf("%q: %v", short, err)
			}
			want := r.Expect
			if c.Where == "html" {
				got, want = parsed(t, got), parsed(t, want)
			}
			if got != want {
				t.Errorf("%q over %v = %q, want %q", short, r.With, got, want)
			}
		}
	}
}

func TestRefusedSyntax(t *testing.T) {
	t.Parallel()
	tests := []struct {
		src          string
		line, column int
		says         string
	}{
		{"{{.Nope}}", 1, 3, "no field called Nope"},
		{"Hej\nå {{.FirstNme}}", 2, 5, "did you mean FirstName?"},
		{"{{.company}}", 1, 3, "did you mean Company?"},
		{"{{- .City}}", 1, 3, "“-”"},
		{"{{/* x */}}", 1, 3, "“/”"},
		{"{{.City | html}}", 1, 9, "“|”"},
		{"{{or .City}}", 1, 11, "double quotes"},
		{"{{or .City .Country}}", 1, 12, "double quotes"},
		{"{{or .City 'x'}}", 1, 12, "double quotes"},
		{`{{or .City "x" "y"}}`, 1, 16, "has no place here"},
		{`{{or "x" .City}}`, 1, 6, "a field is missing"},
		{"{{if .City}}x", 1, 1, "not closed"},
		{"x{{end}}", 1, 2, "no if before"},
		{"x{{else}}y", 1, 2, "no if before"},
		{"{{if .City}}a{{else}}b{{else}}c{{end}}", 1, 23, "already"},
		{"{{if .City}}a{{else if .Country}}b{{end}}", 1, 21, "has no place here"},
		{"{{if not .City}}a{{end}}", 1, 6, "a field is missing"},
		{strings.Repeat("{{if .City}}", 21) + strings.Repeat("{{end}}", 21), 1, 241, "more than 20"},
		{strings.Repeat("{{.City}}", 10_001), 1, 90_001, "more than 10000"},
		{"ok\n\xff", 2, 1, "UTF-8"},
		{"{{.City", 1, 1, "not closed"},
		{`{{or .City "x}}`, 1, 12, "double quotes"},
	}
	for _, tt := range tests {
		_, err := campaigns.ParseText(tt.src)
		var syntax *campaigns.SyntaxError
		if !errors.As(err, &syntax) || !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("%.40q: error = %v", tt.src, err)
			continue
		}
		if syntax.Line != tt.line || syntax.Column != tt.column || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%.40q: %v, want line %d, column %d, %q", tt.src, err, tt.line, tt.column, tt.says)
		}
	}
}

func TestRenderedText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		where, src string
		fields     campaigns.Fields
		want       string
	}{
		{"text", `{{ or .City "}}" }}`, nil, "}}"},
		{"text", `{{or .City "a \"b\" å"}}`, nil, `a "b" å`},
		{"text", `{{or .City "x"}}`, campaigns.Fields{"City": "  "}, "x"},
		{"text", "{{if .City}}{{if .Owner}}both{{else}}city{{end}}{{else}}none{{end}}", campaigns.Fields{"City": "Lund"}, "city"},
		{"text", "{{if .City}}yes{{end}}!", nil, "!"},
		{"text", "[{{.City}}]", campaigns.Fields{"City": "{{.Owner}} <b>\x00\x1b\xff"}, "[{{.Owner}} <b>\uFFFD]"},
		{"html", "<p>{{.City}}</p>", campaigns.Fields{"City": `<script>"&'`}, "<p>&lt;script&gt;&#34;&amp;&#39;</p>"},
		{"html", `<p>{{or .City "<b>"}}</p>`, nil, "<p>&lt;b&gt;</p>"},
		{"html", "<p title={{.City}}>x</p>", campaigns.Fields{"City": `a b="c" onclick=d`}, `<p title="a b=&#34;c&#34; onclick=d">x</p>`},
		{"html", `<p title='{{.City}}'>x</p>`, campaigns.Fields{"City": `'"><script>`}, `<p title="&#39;&#34;&gt;&lt;script&gt;">x</p>`},
		{"html", `<title>{{.City}}</title>`, campaigns.Fields{"City": `</title><script>`}, `<title>&lt;/title&gt;&lt;script&gt;</title>`},
		{"html", `<a href="{{.ViewURL}}">x</a>`, campaigns.Fields{"ViewURL": "java\tscript:alert(1)"}, `<a href="#">x</a>`},
		{"html", `<a href="{{.ViewURL}}">x</a>`, campaigns.Fields{"ViewURL": `https://a.example/?q="a b"&c=d`}, `<a href="https://a.example/?q=%22a%20b%22&amp;c=d">x</a>`},
		{"html", `<a href="{{.ViewURL}}&amp;x={{.City}}">x</a>`, campaigns.Fields{"ViewURL": "https://a.example/?", "City": "Malmö&y=1"}, `<a href="https://a.example/?&amp;x=Malm%C3%B6%26y%3D1">x</a>`},
		{"html", `<a href="mailto:{{.OwnerEmail}}?subject={{.Company}}">x</a>`, campaigns.Fields{"OwnerEmail": "eva@partner.example", "Company": "A B"}, `<a href="mailto:eva@partner.example?subject=A%20B">x</a>`},
		{"html", `<a href="https://a.example/{{.City}}">x</a>`, campaigns.Fields{"City": "../b?c"}, `<a href="https://a.example/..%2Fb%3Fc">x</a>`},
		{"html", `<a href="{{if .ViewURL}}{{.ViewURL}}{{else}}https://a.example/{{end}}">x</a>`, nil, `<a href="https://a.example/">x</a>`},
		{"html", `<table>{{if .City}}<tr><td>{{.City}}</td></tr>{{end}}</table>`, campaigns.Fields{"City": "Lund"}, `<table><tr><td>Lund</td></tr></table>`},
		{"html", `<!-- note --><!--[if mso]><table><![endif]--><p>x</p>`, nil, `<!--[if mso]><table><![endif]--><p>x</p>`},
		{"html", `<link rel="stylesheet" href="https://x.example/a.css"><style>@import url(https://x.example); p{color:red}</style>`, nil, `<style> p{color:red}</style>`},
		{"html", `mrg0q {{.City}}`, campaigns.Fields{"City": "Lund"}, `mrg0q Lund`},
	}
	for _, tt := range tests {
		tpl, err := parse(tt.where, tt.src)
		if err != nil {
			t.Errorf("%s: %v", tt.src, err)
			continue
		}
		if got, err := tpl.Render(tt.fields); err != nil || got != tt.want {
			t.Errorf("%s\n got %q, %v\nwant %q", tt.src, got, err, tt.want)
		}
	}
}

func TestRefusedHTML(t *testing.T) {
	t.Parallel()
	tests := []struct {
		src    string
		column int
		says   string
	}{
		{`<script>x</script>`, 1, "<script>"},
		{`<p>x</p><iframe src="https://a.example"></iframe>`, 9, "<iframe>"},
		{`{{.City}}<svg onload=alert(1)>`, 10, "<svg>"},
		{`<a href="https://a.example" onclick="{{.City}}">`, 1, "onclick"},
		{`<{{.City}}>`, 2, "name of a tag"},
		{`</{{.City}}>`, 3, "name of a tag"},
		{`<p {{.City}}="x">`, 4, "name of a tag"},
		{`<p {{if .City}}class="x"{{end}}>`, 4, "name of a tag"},
		{`<p style="color:{{.City}}">`, 17, "style"},
		{`<style>p{color:{{.City}}}</style>`, 16, "style"},
		{`<!-- {{.City}} -->`, 6, "comment"},
		{`<!--[if mso]>{{.City}}<![endif]-->`, 14, "comment"},
		{`<a href="javascript:alert(1)">`, 1, "javascript:"},
		{`<a href=" jAva&#x0a;script:alert(1)">`, 1, "javascript:"},
		{`<a href="javascript:{{.City}}">`, 1, "javascript:"},
		{`<a href="https://{{.City}}/">`, 18, "address"},
		{`<a href="java{{.City}}">`, 14, "scheme"},
		{`<a href="{{.City}}:alert(1)">`, 10, "scheme"},
		{`<a href="java{{if .City}}{{end}}script:alert(1)">`, 14, "scheme"},
		{`<a href="{{if .City}}https://a.example/{{end}}{{.City}}">`, 47, "scheme"},
		{`<a href="{{if .City}}">{{end}}</a>`, 10, "same place"},
		{`{{if .City}}<a href="{{end}}">`, 22, "same place"},
		{`<p title="x`, 1, ""},
		{`<p>{{.City}}<a href="{{.City}}`, 22, "lost"},
		{`<meta http-equiv="Refresh" content="0;url=https://a.example">`, 1, "http-equiv"},
		{`<p style="width:expression(alert(1))">`, 1, "expression("},
		{`<img src="data:text/html,x">`, 1, "data:"},
	}
	for _, tt := range tests {
		_, err := campaigns.ParseHTML(tt.src)
		if tt.says == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.src, err)
			}
			continue
		}
		var syntax *campaigns.SyntaxError
		if !errors.As(err, &syntax) || syntax.Column != tt.column || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want column %d, %q", tt.src, err, tt.column, tt.says)
		}
	}
}

func TestShownFields(t *testing.T) {
	t.Parallel()
	tpl, err := campaigns.ParseText(`{{.City}} {{or .Owner "us"}} {{if .Title}}{{.Title}}{{else}}{{.Title}}{{.City}}{{end}} {{or .Area ""}}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tpl.Shown(), []string{"City", "Title", "Area"}; !slices.Equal(got, want) {
		t.Errorf("Shown() = %v, want %v", got, want)
	}
}

func TestRenderIsBounded(t *testing.T) {
	t.Parallel()
	tpl, err := campaigns.ParseText(strings.Repeat("{{.City}}", 10_000))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tpl.Render(campaigns.Fields{"City": strings.Repeat("x", 1000)}); !errors.Is(err, campaigns.ErrTooLong) {
		t.Errorf("Render = %v, want ErrTooLong", err)
	}
	if _, err := tpl.Render(campaigns.Fields{"City": "Lund"}); err != nil {
		t.Error(err)
	}
}

func TestSharedSubjects(t *testing.T) {
	t.Parallel()
	type sample struct{ Subject string }
	subjects := []string{"Hej\r\nBcc: x@y.example", "Nu är det dags – räksmörgås " + strings.Repeat("ö", 300), "a\u2028b\x00c", "plain  text "}
	for _, c := range cases[sample](t, "mail_subject.jsonl") {
		subjects = append(subjects, c.Subject)
	}
	for _, s := range subjects {
		got := campaigns.EncodeSubject(s)
		if strings.ContainsAny(got, "\r\n\x00") {
			t.Errorf("EncodeSubject(%.40q) = %.80q has a line break", s, got)
		}
		for word := range strings.SplitSeq(got, " ") {
			if len(word) > 900 || strings.HasPrefix(word, "=?") && len(word) > 75 {
				t.Errorf("EncodeSubject(%.40q) has a word of %d bytes", s, len(word))
			}
		}
		if back := decodeHeader(t, got); back != campaigns.OneLine(s) {
			t.Errorf("EncodeSubject(%.40q) reads back as %.80q", s, back)
		}
	}
}
