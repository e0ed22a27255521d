package campaigns_test

import (
	"errors"
	"mime"
	"strings"
	"testing"

	"actnow"
	"actnow/campaigns"

	"golang.org/x/net/html"
)

func decodeHeader(t *testing.T, s string) string {
	t.Helper()
	out, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func FuzzParseText(f *testing.F) {
	for _, s := range []string{"{{.City}}", `{{or .City "x"}}`, "{{if .City}}a{{else}}b{{end}}", "{{", `{{or .City "\x00}}`} {
		f.Add(s, "Lund")
	}
	f.Fuzz(func(t *testing.T, src, value string) {
		tpl, err := campaigns.ParseText(src)
		if err != nil {
			var syntax *campaigns.SyntaxError
			if !errors.As(err, &syntax) || !errors.Is(err, actnow.ErrInvalid) || syntax.Line < 1 || syntax.Column < 1 || syntax.Code == "" {
				t.Fatalf("ParseText(%q) = %#v", src, err)
			}
			return
		}
		if _, err := tpl.Render(campaigns.Fields{"City": value}); err != nil && !errors.Is(err, campaigns.ErrTooLong) {
			t.Fatal(err)
		}
	})
}

// FuzzParseHTML holds that no value can add an element or an attribute, nor a
// scheme that runs something.
func FuzzParseHTML(f *testing.F) {
	for _, s := range []string{
		`<p title="{{.City}}">{{.City}}</p>`, `<a href="{{.City}}">x</a>`, `<a href='https://a.example/?q={{.City}}'>`,
		`<a href="{{if .City}}{{.City}}{{end}}x">`, `<title>{{.City}}</title>`, `<!--[if mso]>x<![endif]-->{{.City}}`, `<p a={{.City}}>`,
	} {
		f.Add(s, `"'><script>alert(1)</script>`)
		f.Add(s, "javascript:alert(1)")
	}
	f.Fuzz(func(t *testing.T, src, value string) {
		tpl, err := campaigns.ParseHTML(src)
		if err != nil {
			return
		}
		harmless, err1 := tpl.Render(campaigns.Fields{"City": "x"})
		got, err2 := tpl.Render(campaigns.Fields{"City": value})
		if err1 != nil || err2 != nil || strings.TrimSpace(value) == "" {
			return
		}
		if a, b := shape(t, harmless), shape(t, got); a != b {
			t.Fatalf("%q with %q changes the shape:\n%s\n%s", src, value, a, b)
		}
	})
}

// shape lists the tags and attribute names of a document and refuses a link
// that runs something.
func shape(t *testing.T, s string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			tok := z.Token()
			b.WriteString("<" + tok.Data)
			for _, a := range tok.Attr {
				b.WriteString(" " + a.Key)
				if a.Key == "href" && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
					t.Fatalf("%q has a link that runs", s)
				}
			}
			b.WriteString(">")
		}
	}
}
