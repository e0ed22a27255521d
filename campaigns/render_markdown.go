package campaigns

import (
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdownToHTML turns Markdown with marks into HTML with inline styles. A
// paragraph that is one link and nothing else becomes a button; an if, else or
// end alone on its line stands between blocks. Raw HTML passes; what of it may
// not be in a mail is refused later.
func markdownToHTML(m *marked) (string, error) {
	gm := goldmark.New(
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(mailStyle{}, 100))),
		goldmark.WithRendererOptions(gmhtml.WithUnsafe(), renderer.WithNodeRenderers(util.Prioritized(paragraphs{m}, 100))),
	)
	var b strings.Builder
	if err := gm.Convert([]byte(blockMarks(m)), &b); err != nil {
		return "", err
	}
	return b.String(), nil
}

// blockMarks returns the source with blank lines around each line that is an
// if, else or end alone.
func blockMarks(m *marked) string {
	lines := strings.Split(m.source(), "\n")
	for i, l := range lines {
		if _, ok := m.control(strings.TrimSpace(l)); ok {
			lines[i] = "\n" + strings.TrimSpace(l) + "\n"
		}
	}
	return strings.Join(lines, "\n")
}

// control returns the action of which s is the mark, if it prints nothing.
func (m *marked) control(s string) (i int, ok bool) {
	before, i, after, found := m.cut(s)
	return i, found && before == "" && after == "" && m.actions[i].verb != verbField
}

// mailStyle sets the styles on the nodes.
type mailStyle struct{}

// Transform implements parser.ASTTransformer.
func (mailStyle) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	set := func(n ast.Node, kind string) {
		n.SetAttributeString("style", []byte(markdownStyles[kind]))
	}
	// The function never fails, so neither does the walk.
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			set(n, [...]string{"h1", "h1", "h2", "h3", "h3", "h3", "h3"}[n.Level])
		case *ast.Paragraph:
			set(n, "p")
		case *ast.List:
			set(n, "ul")
		case *ast.ListItem:
			set(n, "li")
		case *ast.Blockquote:
			set(n, "blockquote")
		case *ast.ThematicBreak:
			set(n, "hr")
			n.SetAttributeString("class", []byte("rule"))
		case *ast.Image:
			set(n, "img")
		case *ast.Link:
			if isButton(n.Parent()) {
				set(n, "button")
			} else {
				set(n, "a")
				n.SetAttributeString("class", []byte("link"))
			}
		}
		return ast.WalkContinue, nil
	})
}

// isButton reports whether a paragraph is one link of text.
func isButton(n ast.Node) bool {
	if n == nil || n.Kind() != ast.KindParagraph || n.ChildCount() != 1 || n.FirstChild().Kind() != ast.KindLink {
		return false
	}
	inner := n.FirstChild().FirstChild()
	return inner != nil && inner.Kind() == ast.KindText && n.Parent().Kind() == ast.KindDocument
}

// paragraphs writes paragraphs, buttons, and marks that stand alone.
type paragraphs struct{ m *marked }

// RegisterFuncs implements renderer.NodeRenderer.
func (p paragraphs) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindParagraph, p.paragraph)
}

func (p paragraphs) paragraph(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if _, ok := p.m.control(strings.TrimSpace(string(n.Lines().Value(source)))); ok {
		if entering {
			_, err := w.WriteString(strings.TrimSpace(string(n.Lines().Value(source))) + "\n")
			return ast.WalkSkipChildren, err
		}
		return ast.WalkContinue, nil
	}
	out := "</p>\n"
	switch button := isButton(n); {
	case button && entering:
		out = buttonOpen
	case button:
		out = buttonClose
	case entering:
		out = `<p style="` + markdownStyles["p"] + `">`
	}
	_, err := w.WriteString(out)
	return ast.WalkContinue, err
}

var (
	blankLines = regexp.MustCompile(`\n[ \t]*\n\s*`)
	bareLink   = regexp.MustCompile(`https?://[^\s<>"]*[^\s<>".,;:!?)']`)
)

// textToHTML turns a plain text with marks into paragraphs with live links.
func textToHTML(s string) string {
	var b strings.Builder
	for _, p := range blankLines.Split(strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")), -1) {
		b.WriteString(`<p style="` + markdownStyles["p"] + `">`)
		last := 0
		for _, at := range bareLink.FindAllStringIndex(p, -1) {
			b.WriteString(lineBreaks(p[last:at[0]]))
			link := html.EscapeString(p[at[0]:at[1]])
			b.WriteString(`<a class="link" href="` + link + `" style="` + markdownStyles["a"] + `">` + link + `</a>`)
			last = at[1]
		}
		b.WriteString(lineBreaks(p[last:]) + "</p>\n")
	}
	return b.String()
}

func lineBreaks(s string) string {
	return strings.ReplaceAll(html.EscapeString(s), "\n", "<br>\n")
}
