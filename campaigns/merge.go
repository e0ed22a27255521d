package campaigns

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"actnow"
)

// FieldNames lists the merge fields, in the order in which pages show them.
var FieldNames = []string{
	"FirstName", "LastName", "Title", "Company", "City", "Country",
	"Area", "Cluster", "Reason", "Segment", "AgreementEnd", "RevenueRange",
	"Owner", "OwnerEmail", "Sender", "UnsubscribeURL", "ViewURL",
}

// Limits of one merge template and of what it may become, in bytes where not
// said otherwise.
const (
	MaxSource      = 256 << 10 // one text of a pack
	MaxOutput      = 1 << 20   // one rendered part
	MaxExpressions = 10_000    // merge expressions in one text
	MaxDepth       = 20        // {{if}} inside {{if}}
)

// ErrTooLong means that a rendered part would be longer than MaxOutput.
var ErrTooLong = errors.New("the rendered part is longer than 1 MiB")

// SyntaxError is a text that cannot be used as a template. Line and Column
// count from 1; Column counts characters. Code and Args name the sentence in
// Messages. It matches actnow.ErrInvalid.
type SyntaxError struct {
	Line, Column int
	Code         string
	Args         []any
	offset       int
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, message(e.Code, e.Args))
}

// Is reports whether target is actnow.ErrInvalid.
func (e *SyntaxError) Is(target error) bool { return target == actnow.ErrInvalid }

func syntaxError(src string, offset int, code string, args ...any) *SyntaxError {
	line, column := position(src, offset)
	return &SyntaxError{Line: line, Column: column, Code: code, Args: args, offset: offset}
}

func position(src string, offset int) (line, column int) {
	before := src[:min(offset, len(src))]
	line = strings.Count(before, "\n") + 1
	return line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

// Template is a checked text with merge fields, for a plain-text part or a
// subject. It is safe for use by several goroutines.
type Template struct {
	nodes []node
	shown []string
}

// ParseText reads a template in the merge syntax, and that is: {{.Field}},
// {{or .Field "text"}}, {{if .Field}}…{{end}} with or without {{else}}, over
// FieldNames. A value counts as empty when it is missing or blank. The error is
// a *SyntaxError.
func ParseText(src string) (*Template, error) {
	actions, err := scan(src)
	if err != nil {
		return nil, err
	}
	var b builder
	last := 0
	for i := range actions {
		b.literal(src[last:actions[i].start])
		b.action(&actions[i], modeText)
		last = actions[i].end
	}
	b.literal(src[last:])
	return &Template{nodes: b.done(), shown: shownFields(actions)}, nil
}

// Render fills the template. The error matches ErrTooLong.
func (t *Template) Render(f Fields) (string, error) {
	w := writer{fields: f}
	if err := w.nodes(t.nodes); err != nil {
		return "", err
	}
	return w.String(), nil
}

// Shown lists the fields that the template prints without a fallback, outside
// of an {{if}} on the same field: those that leave a hole when they are empty.
func (t *Template) Shown() []string { return t.shown }

type verb uint8

const (
	verbField verb = iota
	verbIf
	verbElse
	verbEnd
)

// action is one {{…}} of a source.
type action struct {
	verb       verb
	field      string
	fallback   string
	start, end int // offsets in the source
}

// scan finds the actions of src and checks that each is one of the syntax and
// that ifs are closed in order.
func scan(src string) ([]action, error) {
	if len(src) > MaxSource {
		return nil, syntaxError(src, 0, "pack.text_long", MaxSource/1024)
	}
	if !utf8.ValidString(src) {
		return nil, syntaxError(src, invalidAt(src), "pack.not_utf8")
	}
	var actions []action
	var open []int // indexes of ifs
	elses := map[int]bool{}
	for at := 0; ; {
		i := strings.Index(src[at:], "{{")
		if i < 0 {
			break
		}
		a, err := scanAction(src, at+i)
		if err != nil {
			return nil, err
		}
		switch a.verb {
		case verbIf:
			if open = append(open, len(actions)); len(open) > MaxDepth {
				return nil, syntaxError(src, a.start, "merge.deep", MaxDepth)
			}
		case verbElse:
			if len(open) == 0 {
				return nil, syntaxError(src, a.start, "merge.no_if", "else")
			}
			if in := open[len(open)-1]; elses[in] {
				return nil, syntaxError(src, a.start, "merge.two_else")
			} else {
				elses[in] = true
			}
		case verbEnd:
			if len(open) == 0 {
				return nil, syntaxError(src, a.start, "merge.no_if", "end")
			}
			open = open[:len(open)-1]
		}
		if actions = append(actions, a); len(actions) > MaxExpressions {
			return nil, syntaxError(src, a.start, "merge.many", MaxExpressions)
		}
		at = a.end
	}
	if len(open) > 0 {
		return nil, syntaxError(src, actions[open[len(open)-1]].start, "merge.no_end")
	}
	return actions, nil
}

func invalidAt(src string) int {
	for i, r := range src {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(src[i:]); n == 1 {
				return i
			}
		}
	}
	return 0
}

// scanAction reads the action that begins with the braces at start.
func scanAction(src string, start int) (action, error) {
	p := cursor{src: src, at: start + 2}
	a := action{start: start}
	p.space()
	switch {
	case p.at == len(src):
		return a, syntaxError(src, start, "merge.open")
	case p.has("}}"):
		return a, syntaxError(src, start, "merge.empty")
	case p.has("."):
		if err := p.field(&a); err != nil {
			return a, err
		}
	default:
		at := p.at
		switch word := p.word(); word {
		case "or":
			p.space()
			if err := p.field(&a); err != nil {
				return a, err
			}
			p.space()
			if err := p.text(&a); err != nil {
				return a, err
			}
		case "if":
			a.verb = verbIf
			p.space()
			if err := p.field(&a); err != nil {
				return a, err
			}
		case "else":
			a.verb = verbElse
		case "end":
			a.verb = verbEnd
		case "":
			return a, syntaxError(src, at, "merge.unexpected", p.next())
		default:
			return a, syntaxError(src, at, "merge.word", word)
		}
	}
	p.space()
	if !p.has("}}") {
		if p.at == len(src) {
			return a, syntaxError(src, start, "merge.open")
		}
		return a, syntaxError(src, p.at, "merge.unexpected", p.next())
	}
	a.end = p.at + 2
	return a, nil
}

// cursor is a place in a source.
type cursor struct {
	src string
	at  int
}

func (p *cursor) has(s string) bool { return strings.HasPrefix(p.src[p.at:], s) }

func (p *cursor) space() {
	for p.at < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.at]) >= 0 {
		p.at++
	}
}

// word reads letters and digits.
func (p *cursor) word() string {
	from := p.at
	for p.at < len(p.src) {
		c := p.src[p.at]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') {
			break
		}
		p.at++
	}
	return p.src[from:p.at]
}

// next shows what stands at the cursor, for a message.
func (p *cursor) next() string {
	if p.at == len(p.src) {
		return ""
	}
	_, n := utf8.DecodeRuneInString(p.src[p.at:])
	return p.src[p.at : p.at+n]
}

func (p *cursor) field(a *action) error {
	at := p.at
	if !p.has(".") {
		return syntaxError(p.src, at, "merge.want_field")
	}
	p.at++
	a.field = p.word()
	switch {
	case a.field == "":
		return syntaxError(p.src, at, "merge.want_field")
	case p.has("."):
		return syntaxError(p.src, p.at, "merge.path")
	case slices.Contains(FieldNames, a.field):
		return nil
	}
	if like := nearest(a.field, FieldNames); like != "" {
		return syntaxError(p.src, at, "merge.field_like", a.field, like)
	}
	return syntaxError(p.src, at, "merge.field", a.field)
}

// text reads the fallback of an or: a text in double quotes, with the escapes
// of a Go string.
func (p *cursor) text(a *action) error {
	at := p.at
	if !p.has(`"`) {
		return syntaxError(p.src, at, "merge.want_text")
	}
	quoted, err := strconv.QuotedPrefix(p.src[at:])
	if err != nil {
		return syntaxError(p.src, at, "merge.want_text")
	}
	if a.fallback, err = strconv.Unquote(quoted); err != nil {
		return syntaxError(p.src, at, "merge.want_text")
	}
	p.at += len(quoted)
	return nil
}

// shownFields lists the fields printed bare: no fallback, and not inside the
// first branch of an if on the same field.
func shownFields(actions []action) []string {
	type branch struct {
		field string
		first bool
	}
	var open []branch
	var shown []string
	for _, a := range actions {
		switch a.verb {
		case verbIf:
			open = append(open, branch{a.field, true})
		case verbElse:
			open[len(open)-1].first = false
		case verbEnd:
			open = open[:len(open)-1]
		case verbField:
			guarded := slices.Contains(open, branch{a.field, true})
			if strings.TrimSpace(a.fallback) == "" && !guarded && !slices.Contains(shown, a.field) {
				shown = append(shown, a.field)
			}
		}
	}
	return shown
}
