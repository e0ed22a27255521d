package crm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"actnow"
)

// Limits of a body, so that its reading is bounded in time and memory.
const (
	maxDepth   = 32
	maxMembers = 50_000 // members and elements of the whole body
)

// SyntaxError says that a body is no JSON, or none that we read: not UTF-8, or nested
// too deep.
type SyntaxError struct {
	Input *actnow.InputError
	Cause error
}

func (e *SyntaxError) Error() string { return e.Input.Error() }

// Unwrap returns the input error.
func (e *SyntaxError) Unwrap() error { return e.Input }

func syntax(cause error) error {
	return &SyntaxError{Input: invalid("hook.json", "", cause.Error()), Cause: cause}
}

// parseJSON reads one JSON value into map[string]any, []any, string,
// json.Number, bool or nil. The error is a *SyntaxError, or an *actnow.InputError for
// JSON that cannot be read in one way only, or has too many members.
func parseJSON(body []byte) (any, error) {
	if !utf8.Valid(body) {
		return nil, syntax(errors.New("the text is not UTF-8"))
	}
	if err := checkDepth(body); err != nil {
		return nil, syntax(err)
	}
	// Valid is strict where a Decoder's tokens are not: nothing after the value,
	// every comma and colon in its place.
	if !json.Valid(body) {
		var v any
		return nil, syntax(json.Unmarshal(body, &v))
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	p := parser{d: d}
	return p.value()
}

// checkDepth counts brackets outside of strings.
func checkDepth(body []byte) error {
	depth, text := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("nested deeper than %d", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

type parser struct {
	d       *json.Decoder
	members int
}

func (p *parser) value() (any, error) {
	t, err := p.d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		return p.object()
	case json.Delim('['):
		return p.array()
	}
	return t, nil
}

func (p *parser) object() (any, error) {
	m := map[string]any{}
	for p.d.More() {
		t, err := p.d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, errors.New("a member without a name")
		}
		if _, twice := m[name]; twice {
			return nil, invalid("hook.twice", fmt.Sprintf("%.50s", name))
		}
		if err := p.count(); err != nil {
			return nil, err
		}
		if m[name], err = p.value(); err != nil {
			return nil, inside(name, err)
		}
	}
	_, err := p.d.Token()
	return m, err
}

func (p *parser) array() (any, error) {
	var a []any
	for p.d.More() {
		if err := p.count(); err != nil {
			return nil, err
		}
		v, err := p.value()
		if err != nil {
			return nil, inside(fmt.Sprintf("[%d]", len(a)), err)
		}
		a = append(a, v)
	}
	_, err := p.d.Token()
	return a, err
}

// inside puts the member or element in which it stands before the field of an error,
// as in items[1].id.
func inside(outer string, err error) error {
	if input, ok := errors.AsType[*actnow.InputError](err); ok && input.Field != "" {
		if !strings.HasPrefix(input.Field, "[") {
			outer += "."
		}
		input.Field = outer + input.Field
	}
	return err
}

func (p *parser) count() error {
	if p.members++; p.members > maxMembers {
		return invalid("hook.many", "", maxMembers)
	}
	return nil
}
