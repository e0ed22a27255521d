package campaigns

import (
	"html"
	"net/url"
	"strings"
	"unicode/utf8"
)

// mode is how a value is written in the place where its field stands.
type mode uint8

const (
	modeText     mode = iota // as it is
	modeHTML                 // between tags, or inside a quoted attribute
	modeLink                 // the beginning of an attribute that is a link
	modeLinkPart             // a later part of a link
	modeBareLink             // modeLink, in plain text
	modeBarePart             // modeLinkPart, in plain text
	modeMail                 // the address behind mailto:
)

// plain returns the mode that does the same in a plain-text part.
func (m mode) plain() mode {
	switch m {
	case modeLink:
		return modeBareLink
	case modeLinkPart:
		return modeBarePart
	case modeMail:
		return modeMail
	}
	return modeText
}

func (m mode) write(value string) string {
	switch m {
	case modeHTML:
		return html.EscapeString(value)
	case modeLink:
		return html.EscapeString(cleanLink(value))
	case modeBareLink:
		return cleanLink(value)
	case modeMail:
		return strings.ReplaceAll(modeLinkPart.write(value), "%40", "@")
	case modeLinkPart, modeBarePart:
		// What a query escapes is enough for every later part of a link; a
		// space as %20 is right in the path, in a query and behind mailto:.
		return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
	}
	return value
}

// linkSchemes are what a link of a mail may begin with.
var linkSchemes = []string{"https", "http", "mailto", "tel", "cid"}

// linkScheme returns the scheme of a link in lower case, "" for a relative
// link. Spaces and control characters, which browsers skip, are skipped.
func linkScheme(link string) string {
	link = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, link)
	i := strings.IndexAny(link, ":/?#")
	if i < 0 || link[i] != ':' {
		return ""
	}
	return strings.ToLower(link[:i])
}

func safeScheme(scheme string) bool {
	if scheme == "" {
		return true
	}
	for _, s := range linkSchemes {
		if s == scheme {
			return true
		}
	}
	return false
}

// cleanLink returns a value that is to be a whole link: "#" if its scheme is
// none of linkSchemes, and with everything percent-encoded that has no place in
// a link.
func cleanLink(value string) string {
	if !safeScheme(linkScheme(value)) {
		return "#"
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c > ' ' && c < utf8.RuneSelf && c != 0x7f && strings.IndexByte("\"'<>\\^`{|}", c) < 0:
			b.WriteByte(c)
		default:
			const hex = "0123456789ABCDEF"
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// node is a piece of a compiled template: a literal, a field, a picture, or an
// if.
type node struct {
	picture  *picture
	literal  string
	field    string
	fallback string // as written for its place
	mode     mode
	isIf     bool
	yes, no  []node
}

// builder makes nodes from literals and from actions that scan has checked.
type builder struct {
	pending strings.Builder
	root    []node
	open    []openIf
}

type openIf struct {
	node   node
	inElse bool
}

func (b *builder) literal(s string) { b.pending.WriteString(s) }

func (b *builder) action(a *action, m mode) {
	b.flush()
	switch a.verb {
	case verbField:
		b.add(node{field: a.field, fallback: m.write(a.fallback), mode: m})
	case verbIf:
		b.open = append(b.open, openIf{node: node{isIf: true, field: a.field}})
	case verbElse:
		b.open[len(b.open)-1].inElse = true
	case verbEnd:
		n := b.open[len(b.open)-1].node
		b.open = b.open[:len(b.open)-1]
		b.add(n)
	}
}

func (b *builder) flush() {
	if b.pending.Len() > 0 {
		b.add(node{literal: b.pending.String()})
		b.pending.Reset()
	}
}

func (b *builder) add(n node) {
	if len(b.open) == 0 {
		b.root = append(b.root, n)
		return
	}
	in := &b.open[len(b.open)-1]
	if in.inElse {
		in.node.no = append(in.node.no, n)
	} else {
		in.node.yes = append(in.node.yes, n)
	}
}

func (b *builder) done() []node {
	b.flush()
	return b.root
}

// sizeOf guesses how long nodes become, from above for most recipients.
func sizeOf(nodes []node) int {
	size := 0
	for i := range nodes {
		size += len(nodes[i].literal) + 64 + sizeOf(nodes[i].yes) + sizeOf(nodes[i].no)
	}
	return size
}

// writer renders nodes over the fields of one recipient.
type writer struct {
	strings.Builder
	fields   Fields
	pictures Pictures
	drawn    int // bytes of pictures, which MaxOutput does not count
}

func (w *writer) nodes(nodes []node) error {
	for i := range nodes {
		n := &nodes[i]
		switch {
		case n.isIf:
			branch := n.no
			if strings.TrimSpace(w.fields[n.field]) != "" {
				branch = n.yes
			}
			if err := w.nodes(branch); err != nil {
				return err
			}
			continue
		case n.picture != nil:
			before := w.Len()
			w.WriteString(n.picture.address(w.pictures, w.fields))
			w.drawn += w.Len() - before
		case n.field == "":
			w.WriteString(n.literal)
		default:
			value := w.fields[n.field]
			if n.fallback != "" && strings.TrimSpace(value) == "" {
				w.WriteString(n.fallback)
			} else if len(value) > MaxOutput {
				return ErrTooLong
			} else {
				w.WriteString(n.mode.write(cleanValue(value)))
			}
		}
		if w.Len()-w.drawn > MaxOutput {
			return ErrTooLong
		}
	}
	return nil
}

// cleanValue takes control characters other than tab and line breaks out of a
// value, and replaces what is no UTF-8. It returns most values as they are.
func cleanValue(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		c := s[i]
		plain = c >= ' ' && c < 0x7f || c == '\t' || c == '\n' || c == '\r'
	}
	if plain {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return r
		case r < ' ' || r >= 0x7f && r < 0xa0:
			return -1
		}
		return r // strings.Map gives the replacement character for broken UTF-8
	}, s)
}
