package campaigns

import (
	"strconv"
	"strings"
)

// marked is a source whose actions are replaced by marks: words of letters and
// digits that go unharmed through Markdown, MJML and the inlining of styles.
type marked struct {
	src     string
	actions []action
	opener  []int  // of an else or end: the index of its if
	modes   []mode // by action, known once the HTML is compiled
	prefix  string
}

// mark reads src as a template. avoid are other texts that will stand beside it,
// in which no mark may be seen by chance. The error is a *SyntaxError.
func mark(src string, avoid ...string) (*marked, error) {
	actions, err := scan(src)
	if err != nil {
		return nil, err
	}
	m := &marked{src: src, prefix: "mrg"}
	for strings.Contains(strings.ToLower(src+"\n"+strings.Join(avoid, "\n")), m.prefix) {
		m.prefix += "x"
	}
	m.append(actions)
	return m, nil
}

func (m *marked) append(actions []action) {
	var open []int
	for _, a := range actions {
		i := len(m.actions)
		opener := i
		switch a.verb {
		case verbIf:
			open = append(open, i)
		case verbElse:
			opener = open[len(open)-1]
		case verbEnd:
			opener = open[len(open)-1]
			open = open[:len(open)-1]
		}
		m.actions = append(m.actions, a)
		m.opener = append(m.opener, opener)
		m.modes = append(m.modes, modeHTML)
	}
}

// of returns the mark of action i.
func (m *marked) of(i int) string { return m.prefix + strconv.Itoa(i) + "q" }

// source returns the source with marks in place of actions.
func (m *marked) source() string {
	var b strings.Builder
	last := 0
	for i, a := range m.actions {
		b.WriteString(m.src[last:a.start])
		b.WriteString(m.of(i))
		last = a.end
	}
	b.WriteString(m.src[last:])
	return b.String()
}

// graft adds the actions of a second source, which scan must take, and returns
// that source with marks; its literals go through write.
func (m *marked) graft(src string, write func(string) string) (string, error) {
	actions, err := scan(src)
	if err != nil {
		return "", err
	}
	first := len(m.actions)
	m.append(actions)
	var b strings.Builder
	last := 0
	for i, a := range actions {
		b.WriteString(write(src[last:a.start]))
		b.WriteString(m.of(first + i))
		last = a.end
		m.actions[first+i].start = -1
	}
	b.WriteString(write(src[last:]))
	return b.String(), nil
}

func same(s string) string { return s }

// cut splits s at its first mark. found is false if there is none.
func (m *marked) cut(s string) (before string, i int, after string, found bool) {
	for from := 0; ; {
		at := strings.Index(s[from:], m.prefix)
		if at < 0 {
			return s, 0, "", false
		}
		at += from
		digits := at + len(m.prefix)
		end := digits
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		if n, err := strconv.Atoi(s[digits:end]); err == nil && end < len(s) && s[end] == 'q' && n < len(m.actions) {
			return s[:at], n, s[end+1:], true
		}
		from = digits
	}
}

func (m *marked) has(s string) bool {
	_, _, _, found := m.cut(s)
	return found
}

// first returns the index of the first mark in s, which has one.
func (m *marked) first(s string) int {
	_, i, _, _ := m.cut(s)
	return i
}

// failAt reports a problem with action i.
func (m *marked) failAt(i int, code string, args ...any) error {
	return syntaxError(m.src, max(m.actions[i].start, 0), code, args...)
}

// offset returns where in the source the byte at of the marked source stands.
func (m *marked) offset(at int) int {
	shift := 0
	for i, a := range m.actions {
		if a.start < 0 || a.start+shift >= at {
			break
		}
		shift += len(m.of(i)) - (a.end - a.start)
	}
	return max(at-shift, 0)
}

// text compiles a plain text with marks: what became of the HTML.
func (m *marked) text(s string) ([]node, error) {
	b := nesting{m: m}
	for {
		before, i, after, found := m.cut(s)
		b.literal(before)
		if !found {
			return b.close()
		}
		if err := b.mark(i, m.modes[i].plain()); err != nil {
			return nil, err
		}
		s = after
	}
}

// nesting is a builder that checks that marks still nest as their actions did.
type nesting struct {
	builder
	m    *marked
	ifs  []int
	seen map[int]bool
}

func (n *nesting) mark(i int, as mode) error {
	a := &n.m.actions[i]
	if n.seen == nil {
		n.seen = map[int]bool{}
	}
	if a.verb != verbField && n.seen[i] {
		return n.m.failAt(i, "html.place_if")
	}
	n.seen[i] = true
	switch a.verb {
	case verbIf:
		n.ifs = append(n.ifs, i)
	case verbElse, verbEnd:
		if len(n.ifs) == 0 || n.ifs[len(n.ifs)-1] != n.m.opener[i] {
			return n.m.failAt(i, "html.place_if")
		}
		if a.verb == verbEnd {
			n.ifs = n.ifs[:len(n.ifs)-1]
		}
	}
	n.action(a, as)
	return nil
}

func (n *nesting) close() ([]node, error) {
	if len(n.ifs) > 0 {
		return nil, n.m.failAt(n.ifs[len(n.ifs)-1], "html.place_if")
	}
	return n.done(), nil
}
