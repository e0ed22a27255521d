package campaigns

import "strings"

// linkState says how far a link has been written.
type linkState uint8

const (
	linkStart   linkState = iota // nothing yet
	linkUnclear                  // begun, and a value could still choose scheme or host
	linkPart                     // past the host: values are escaped parts
)

// linkStateOf returns the state after a literal beginning of a link.
func linkStateOf(prefix string) linkState {
	if strings.TrimSpace(prefix) == "" {
		return linkStart
	}
	rest := strings.TrimSpace(prefix)
	switch scheme := linkScheme(prefix); scheme {
	case "http", "https":
		rest = rest[strings.IndexByte(rest, ':')+1:]
	case "":
	default:
		return linkPart
	}
	if host, ok := strings.CutPrefix(rest, "//"); ok {
		if i := strings.IndexAny(host, "/?#"); i > 0 {
			return linkPart
		}
		return linkUnclear
	}
	if strings.ContainsAny(rest, "/?#") {
		return linkPart
	}
	return linkUnclear
}

// link writes an attribute that is a link.
func (c *htmlCompiler) link(element, key, value string) error {
	if !c.m.has(value) {
		return c.plainLink(element, key, value)
	}
	type branch struct{ before, yes linkState }
	var (
		state  linkState
		prefix string // the literal beginning; only meaningful until the first mark
		marks  int
		open   []branch
	)
	for {
		before, i, after, found := c.m.cut(value)
		if before != "" {
			scheme := linkScheme(before)
			if marks == 0 {
				if prefix = before; !safeScheme(scheme) {
					return c.fail("html.link", scheme)
				}
				state = linkStateOf(prefix)
			} else if state == linkStart && scheme != "" {
				if !safeScheme(scheme) {
					return c.fail("html.link", scheme)
				}
				state = linkStateOf(before)
			} else if state != linkPart || prefix == "" {
				if colon := strings.IndexByte(before, ':'); colon >= 0 && !strings.ContainsAny(before[:colon], "/?#") {
					return c.m.failAt(c.m.first(value), "html.place_link")
				}
				if strings.ContainsAny(before, "?#") {
					state = linkPart
				} else if state == linkStart {
					state = linkStateOf(before)
				}
			}
			c.literal(escapeLiteral(before))
		}
		if !found {
			return nil
		}
		marks++
		as := modeHTML
		switch c.m.actions[i].verb {
		case verbField:
			switch state {
			case linkStart:
				as, state = modeLink, linkPart
			case linkUnclear:
				return c.m.failAt(i, "html.place_link")
			case linkPart:
				as = modeLinkPart
				if linkScheme(prefix) == "mailto" && !strings.Contains(prefix, "?") && marks == 1 {
					as = modeMail
				}
			}
		case verbIf:
			open = append(open, branch{before: state})
		case verbElse, verbEnd:
			if len(open) == 0 {
				return c.m.failAt(i, "html.place_if")
			}
			in := &open[len(open)-1]
			if c.m.actions[i].verb == verbElse {
				in.yes, state = state, in.before
				break
			}
			other := in.before
			if c.hasElse(i) {
				other = in.yes
			}
			if state != other {
				state = linkUnclear
			}
			open = open[:len(open)-1]
		}
		c.m.modes[i] = as
		if err := c.mark(i, as); err != nil {
			return err
		}
		value = after
	}
}

// hasElse reports whether the if that action end closes has an else.
func (c *htmlCompiler) hasElse(end int) bool {
	for i := c.m.opener[end] + 1; i < end; i++ {
		if c.m.actions[i].verb == verbElse && c.m.opener[i] == c.m.opener[end] {
			return true
		}
	}
	return false
}

// plainLink writes a link without fields. A picture of the pack gets its address
// when the mail is rendered.
func (c *htmlCompiler) plainLink(element, key, value string) error {
	value = strings.TrimSpace(value)
	scheme := linkScheme(value)
	isImage := key == "src" || key == "background"
	switch {
	case scheme == "data" && isImage && strings.HasPrefix(strings.ToLower(value), "data:image/"):
	case !safeScheme(scheme):
		return c.fail("html.link", scheme)
	case scheme == "http":
		c.insecure = append(c.insecure, value)
	case key == "href" && element == "a" && (value == "" || value == "#"):
		c.dead = append(c.dead, value)
	}
	if isImage && scheme == "" && value != "" && !strings.HasPrefix(value, "/") && c.images != nil {
		p, err := c.images(value)
		if err != nil {
			return err
		}
		c.flush()
		c.add(node{picture: p})
		return nil
	}
	c.literal(escapeLiteral(value))
	return nil
}
