package campaigns

import (
	"io"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// ParseHTML reads a template for HTML. Each value is escaped for the place in
// which its field stands. A field may stand between tags and in attributes; it
// may not stand in a tag's name, a comment, a style, a script, or the scheme and
// host of a link. The error is a *SyntaxError.
func ParseHTML(src string) (*Template, error) {
	m, err := mark(src)
	if err != nil {
		return nil, err
	}
	shown := shownFields(m.actions)
	doc := m.source()
	c := htmlCompiler{m: m, nesting: nesting{m: m}, offset: func(at int, _ string) int { return m.offset(at) }}
	nodes, err := c.compile(doc)
	if err != nil {
		return nil, err
	}
	return &Template{nodes: nodes, shown: shown}, nil
}

// htmlCompiler turns HTML with marks into nodes. Tags are written anew, with
// every attribute quoted; text stands as it is.
type htmlCompiler struct {
	nesting
	m      *marked
	offset func(at int, raw string) int // from the document to the source
	images func(name string) (*picture, error)

	at       int // of the token in the document
	raw      string
	noAlt    []string // images without alternative text
	insecure []string // links over http
	dead     []string // links to nowhere
}

// refusedElements load, run or send something, or change how what follows is
// read.
var refusedElements = []string{"script", "iframe", "object", "embed", "applet", "base", "form", "frame",
	"frameset", "noscript", "noembed", "noframes", "plaintext", "xmp", "svg", "math", "template", "audio", "video",
	"input", "button", "select", "textarea"}

var linkAttributes = []string{"href", "src", "background", "cite", "longdesc", "poster", "data", "action", "xlink:href"}

var refusedAttributes = []string{"srcset", "srcdoc", "formaction", "ping", "manifest", "action", "data", "xlink:href"}

var importRule = regexp.MustCompile(`(?i)@import[^;]*;?`)

// escapeLiteral escapes what an author wrote in an attribute, for one in double
// quotes. Single quotes, as in the names of fonts, stay.
var escapeLiteral = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;").Replace

func (c *htmlCompiler) fail(code string, args ...any) error {
	return syntaxError(c.m.src, c.offset(c.at, c.raw), code, args...)
}

func (c *htmlCompiler) compile(doc string) ([]node, error) {
	z := html.NewTokenizer(strings.NewReader(doc))
	z.SetMaxBuf(2 * MaxSource)
	inStyle := false
	for {
		kind := z.Next()
		c.at += len(c.raw)
		c.raw = string(z.Raw())
		var err error
		switch kind {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				return nil, c.fail("pack.text_long", MaxSource/1024)
			}
			return c.finish()
		case html.TextToken:
			if inStyle {
				err = c.style()
			} else {
				err = c.pieces(c.raw, modeHTML, same)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			inStyle = t.Data == "style" && kind == html.StartTagToken
			err = c.tag(t, kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			inStyle = false
			name, _ := z.TagName()
			if c.m.has(string(name)) {
				err = c.m.failAt(c.m.first(string(name)), "html.place_tag")
			} else if !slices.Contains(refusedElements, string(name)) {
				c.literal("</" + string(name) + ">")
			}
		case html.CommentToken:
			err = c.comment(strings.TrimSpace(z.Token().Data))
		case html.DoctypeToken:
			if c.m.has(c.raw) {
				err = c.m.failAt(c.m.first(c.raw), "html.place_comment")
			} else {
				c.literal("<!doctype html>")
			}
		}
		if err != nil {
			return nil, err
		}
	}
}

func (c *htmlCompiler) finish() ([]node, error) {
	for i := range c.m.actions {
		if !c.seen[i] {
			return nil, c.m.failAt(i, "html.lost")
		}
	}
	return c.close()
}

// pieces writes a text with marks; literals go through write first.
func (c *htmlCompiler) pieces(s string, as mode, write func(string) string) error {
	for {
		before, i, after, found := c.m.cut(s)
		c.literal(write(before))
		if !found {
			return nil
		}
		c.m.modes[i] = as
		if err := c.mark(i, as); err != nil {
			return err
		}
		s = after
	}
}

// comment keeps what Outlook reads as a condition, and marks; other comments
// are nobody's business but the author's.
func (c *htmlCompiler) comment(data string) error {
	if before, i, after, found := c.m.cut(data); found {
		if before != "" || after != "" || c.m.actions[i].verb == verbField {
			return c.m.failAt(i, "html.place_comment")
		}
		return c.mark(i, modeHTML)
	}
	if strings.HasPrefix(data, "[if") || strings.Contains(data, "[endif]") {
		c.literal(c.raw)
	}
	return nil
}

func (c *htmlCompiler) style() error {
	if c.m.has(c.raw) {
		return c.m.failAt(c.m.first(c.raw), "html.place_style")
	}
	if word := badStyle(c.raw); word != "" {
		return c.fail("html.style", word)
	}
	c.literal(importRule.ReplaceAllString(c.raw, ""))
	return nil
}

func badStyle(s string) string {
	s = strings.ToLower(s)
	for _, word := range []string{"javascript:", "expression(", "-moz-binding", "behavior:"} {
		if strings.Contains(s, word) {
			return word
		}
	}
	return ""
}

func (c *htmlCompiler) tag(t html.Token, closed bool) error {
	switch {
	case c.m.has(t.Data):
		return c.m.failAt(c.m.first(t.Data), "html.place_tag")
	case slices.Contains(refusedElements, t.Data):
		return c.fail("html.element", t.Data)
	case t.Data == "link": // style sheets and fonts from elsewhere
		if c.m.has(c.raw) {
			return c.m.failAt(c.m.first(c.raw), "html.lost")
		}
		return nil
	}
	c.literal("<" + t.Data)
	alt := false
	for _, a := range t.Attr {
		alt = alt || a.Key == "alt"
		if err := c.attribute(t.Data, a); err != nil {
			return err
		}
	}
	if t.Data == "img" && !alt {
		c.noAlt = append(c.noAlt, attribute(t, "src"))
	}
	if closed {
		c.literal("/")
	}
	c.literal(">")
	return nil
}

func attribute(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func (c *htmlCompiler) attribute(element string, a html.Attribute) error {
	key := a.Key
	if a.Namespace != "" {
		key = a.Namespace + ":" + a.Key
	}
	switch {
	case c.m.has(key):
		return c.m.failAt(c.m.first(key), "html.place_tag")
	case strings.HasPrefix(key, "on"), slices.Contains(refusedAttributes, key),
		element == "meta" && key == "http-equiv" && strings.EqualFold(strings.TrimSpace(a.Val), "refresh"):
		return c.fail("html.attribute", key)
	case strings.ContainsAny(key, "\"'<>=`") || key == "":
		return c.fail("html.attribute", key)
	case key == "style":
		if c.m.has(a.Val) {
			return c.m.failAt(c.m.first(a.Val), "html.place_style")
		}
		if word := badStyle(a.Val); word != "" {
			return c.fail("html.style", word)
		}
	}
	c.literal(" " + key + `="`)
	open := len(c.ifs)
	var err error
	if slices.Contains(linkAttributes, key) {
		err = c.link(element, key, a.Val)
	} else {
		err = c.pieces(a.Val, modeHTML, escapeLiteral)
	}
	if err != nil {
		return err
	}
	if len(c.ifs) != open {
		return c.m.failAt(c.m.first(a.Val), "html.place_if")
	}
	c.literal(`"`)
	return nil
}
