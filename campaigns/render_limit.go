package campaigns

import (
	"strings"

	xhtml "golang.org/x/net/html"
)

// The libraries that read Markdown, MJML and styles take time that grows with
// the square of some things, or worse. These bounds lie far above what a mail
// needs and keep the worst text to a fraction of a second.
const (
	maxMarkdown   = 64 << 10  // bytes
	maxBrackets   = 1_000     // [ in Markdown
	maxEmphasis   = 4_000     // * and _ in Markdown
	maxMarkers    = 20        // > and list markers at the beginning of a line
	maxTags       = 5_000     // start tags in HTML or MJML
	maxTagDepth   = 200       // tags inside each other
	maxStyleWork  = 1_000_000 // rules × tags
	maxPackBodies = 4 << 20   // bytes of all bodies, each language by itself
)

// checkMarkdown refuses Markdown that would take too long to read.
func checkMarkdown(src string) error {
	if len(src) > maxMarkdown {
		return syntaxError(src, maxMarkdown, "pack.text_long", maxMarkdown>>10)
	}
	brackets, emphasis, markers, atStart := 0, 0, 0, true
	for i, r := range src {
		switch r {
		case '\n':
			markers, atStart = 0, true
			continue
		case '[':
			brackets++
		case '*', '_':
			emphasis++
		}
		if atStart && strings.ContainsRune(">-*+.)", r) {
			markers++
		} else if atStart && !strings.ContainsRune(" \t0123456789", r) {
			atStart = false
		}
		// A line of dashes or stars is a rule, however long.
		if brackets > maxBrackets || emphasis > maxEmphasis || markers > maxMarkers && !strings.ContainsRune("-* \t", r) {
			return syntaxError(src, i, "markdown.deep")
		}
	}
	return nil
}

// countTags returns the number of start tags of HTML or MJML, and an error if
// they are too many or too deep.
func countTags(src string) (int, error) {
	z := xhtml.NewTokenizer(strings.NewReader(src))
	tags, depth, at := 0, 0, 0
	for {
		kind := z.Next()
		switch kind {
		case xhtml.ErrorToken:
			return tags, nil
		case xhtml.SelfClosingTagToken:
			tags++
		case xhtml.StartTagToken:
			tags++
			if name, _ := z.TagName(); !voidElement(string(name)) {
				depth++
			}
		case xhtml.EndTagToken:
			depth = max(depth-1, 0)
		}
		if tags > maxTags || depth > maxTagDepth {
			return tags, syntaxError(src, at, "html.deep", maxTags, maxTagDepth)
		}
		at += len(z.Raw())
	}
}

func voidElement(name string) bool {
	switch name {
	case "area", "br", "col", "hr", "img", "link", "meta", "source", "track", "wbr",
		"p", "li", "td", "th", "tr", "option", "dt", "dd": // these close by themselves
		return true
	}
	return false
}

// checkStyles refuses more rules than can be written into the elements.
func checkStyles(src string, tags int) error {
	style := strings.Index(strings.ToLower(src), "<style")
	if style < 0 {
		return nil
	}
	if selectors := strings.Count(src[style:], "{") + strings.Count(src[style:], ","); selectors*tags > maxStyleWork {
		return syntaxError(src, style, "html.style_long")
	}
	return nil
}
