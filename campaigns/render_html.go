package campaigns

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/k3a/html2text"
	"github.com/preslavrachev/gomjml/mjml"
	"github.com/vanng822/go-premailer/premailer"
	xhtml "golang.org/x/net/html"
)

// guard calls a library that reads what others wrote, and turns its panic into
// an error.
func guard(f func() (string, error)) (out string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return f()
}

var mjmlLine = regexp.MustCompile(`line (\d+)(?::\s*(.*))?`)

// mjmlTurn lets one MJML document through at a time: its library keeps the
// mj-attributes of a document in a variable of the process, so that two at once
// would dress each other.
var mjmlTurn sync.Mutex

// mjmlToHTML turns MJML with marks into HTML.
func mjmlToHTML(m *marked) (string, error) {
	out, err := guard(func() (string, error) {
		mjmlTurn.Lock()
		defer mjmlTurn.Unlock()
		return mjml.Render(m.source())
	})
	if err == nil {
		return out, nil
	}
	bad := &SyntaxError{Line: 1, Column: 1, Code: "mjml.broken", Args: []any{err.Error()}}
	if found := mjmlLine.FindStringSubmatch(err.Error()); found != nil {
		if _, scanErr := fmt.Sscan(found[1], &bad.Line); scanErr == nil && found[2] != "" {
			bad.Args = []any{found[2]}
		}
	}
	return "", bad
}

// inlineStyles writes the rules of style blocks into the elements, since many
// readers of mail drop the blocks. What has none stays as it is.
func inlineStyles(m *marked) (string, error) {
	doc := controlsAsComments(m)
	if !strings.Contains(strings.ToLower(doc), "<style") {
		return doc, nil
	}
	out, err := guard(func() (string, error) {
		p, err := premailer.NewPremailerFromString(doc, premailer.NewOptions())
		if err != nil {
			return "", err
		}
		return p.Transform()
	})
	if err != nil {
		at := max(strings.Index(strings.ToLower(m.src), "<style"), 0)
		return "", syntaxError(m.src, at, "html.style_broken", err.Error())
	}
	return out, nil
}

// controlsAsComments returns the marked source in which ifs between tags are
// comments, which may stand anywhere, even between the rows of a table.
func controlsAsComments(m *marked) string {
	var b strings.Builder
	z := xhtml.NewTokenizer(strings.NewReader(m.source()))
	for {
		kind := z.Next()
		raw := string(z.Raw())
		if kind == xhtml.ErrorToken {
			return b.String()
		}
		if kind != xhtml.TextToken {
			b.WriteString(raw)
			continue
		}
		for {
			before, i, after, found := m.cut(raw)
			b.WriteString(before)
			if !found {
				break
			}
			if m.actions[i].verb == verbField {
				b.WriteString(m.of(i))
			} else {
				b.WriteString("<!--" + m.of(i) + "-->")
			}
			raw = after
		}
	}
}

var (
	ownTitle   = regexp.MustCompile(`(?is)<title[^>]*>\s*[^<\s]`)
	headTag    = regexp.MustCompile(`(?i)<head[\s>]`)
	emptyTitle = regexp.MustCompile(`(?is)<title[^>]*>\s*</title>`)
)

// setInto sets title, preheader and footer into a whole document, or makes one
// of a fragment, and names its language.
func setInto(doc, lang, title, preheader, footer string) string {
	var (
		b                strings.Builder
		lower            = strings.ToLower(doc)
		hasHTML, hasBody = strings.Contains(lower, "<html"), strings.Contains(lower, "<body")
		hasHead          = headTag.MatchString(doc)
		footered         bool
	)
	head := ""
	if !strings.Contains(lower, "charset") {
		head += `<meta charset="utf-8">`
	}
	if !strings.Contains(lower, `"viewport"`) {
		head += `<meta name="viewport" content="width=device-width, initial-scale=1">`
	}
	if title != "" {
		doc = emptyTitle.ReplaceAllString(doc, "")
		head += "<title>" + title + "</title>"
	}
	if !strings.Contains(lower, "<!doctype") {
		b.WriteString("<!doctype html>\n")
	}
	if !hasHTML || !hasBody {
		return `<!doctype html><html lang="` + html.EscapeString(lang) + `"><head>` + head + "</head><body>" + preheader + doc + footer + "</body></html>"
	}
	z := xhtml.NewTokenizer(strings.NewReader(doc))
	for {
		kind := z.Next()
		raw := string(z.Raw())
		if kind == xhtml.ErrorToken {
			if !footered {
				b.WriteString(footer)
			}
			return b.String()
		}
		t := z.Token()
		switch {
		case kind == xhtml.StartTagToken && t.Data == "html":
			t.Attr = slices.DeleteFunc(t.Attr, func(a xhtml.Attribute) bool { return a.Key == "lang" })
			t.Attr = append([]xhtml.Attribute{{Key: "lang", Val: lang}}, t.Attr...)
			b.WriteString(t.String())
			if !hasHead {
				b.WriteString("<head>" + head + "</head>")
			}
		case kind == xhtml.StartTagToken && t.Data == "head":
			b.WriteString(raw + head)
		case kind == xhtml.StartTagToken && t.Data == "body":
			b.WriteString(raw + preheader)
		case kind == xhtml.EndTagToken && t.Data == "body" && !footered:
			b.WriteString(footer + raw)
			footered = true
		case kind == xhtml.StartTagToken && attribute(t, "lang") == "und":
			b.WriteString(strings.Replace(raw, `lang="und"`, `lang="`+html.EscapeString(lang)+`"`, 1))
		default:
			b.WriteString(raw)
		}
	}
}

var (
	hiddenParts = regexp.MustCompile(`(?is)<head\b.*?</head>|<style\b.*?</style>|<title\b.*?</title>|<div[^>]*display:\s*none[^>]*>.*?</div>`)
	htmlComment = regexp.MustCompile(`(?s)<!--(.*?)-->`)
	plainTags   = regexp.MustCompile(`(?i)<(ul|ol|li|p|h[1-6]|t[dhr]|table|hr|br|blockquote)\s[^>]*>`)
	cellEnd     = regexp.MustCompile(`(?i)</t[dh]>`)
	rowEnd      = regexp.MustCompile(`(?i)</tr>`)
)

// plainText turns HTML with marks into the text part. Marks in comments are
// kept, other comments are not.
func plainText(doc string) string {
	doc = htmlComment.ReplaceAllStringFunc(doc, func(c string) string {
		inner := c[len("<!--") : len(c)-len("-->")]
		if strings.ContainsAny(inner, " <>[]") {
			return ""
		}
		return inner
	})
	doc = hiddenParts.ReplaceAllString(doc, "")
	doc = plainTags.ReplaceAllString(doc, "<$1>") // the library knows lists without attributes only
	doc = cellEnd.ReplaceAllString(doc, " $0")
	doc = rowEnd.ReplaceAllString(doc, "<br>$0")
	lines := strings.Split(html2text.HTML2TextWithOptions(doc, html2text.WithUnixLineBreaks(), html2text.WithLinksInnerText(), html2text.WithListSupport()), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(l)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// tidyText takes blanks from the ends of lines and more than one empty line in
// a row, so that what an if leaves out leaves no hole.
func tidyText(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	empty := 0
	for l := range strings.SplitSeq(s, "\n") {
		if l != "-- " { // the mark of a signature
			l = strings.TrimRight(l, " \t\r\u00a0")
		}
		if l == "" {
			empty++
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n\n"[:min(empty, 1)+1])
		}
		b.WriteString(l)
		empty = 0
	}
	b.WriteString("\n")
	return b.String()
}
