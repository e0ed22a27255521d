package cohorts

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"actnow"
)

// SyntaxError says where and why a filter cannot be read. Code names the
// sentence in the catalogues, Args fill it; Suggestion is what to write instead
// at that place, or "". It matches actnow.ErrInvalid, and errors.As finds an
// *actnow.InputError in it.
type SyntaxError struct {
	Pos          int // byte offset, from 0
	Line, Column int // from 1; columns count characters
	Code         string
	Args         []any
	Suggestion   string
}

// newError returns an error at a byte offset of the filter src.
func newError(src string, pos int, code, suggestion string, args ...any) *SyntaxError {
	pos = min(pos, len(src))
	before := src[:pos]
	start := strings.LastIndexByte(before, '\n') + 1
	return &SyntaxError{
		Pos: pos, Line: 1 + strings.Count(before, "\n"), Column: 1 + utf8.RuneCountInString(before[start:]),
		Code: code, Args: args, Suggestion: suggestion,
	}
}

// Text returns the sentence in English, without place and suggestion.
func (e *SyntaxError) Text() string {
	var args []string
	for i, arg := range e.Args {
		args = append(args, fmt.Sprintf("{%d}", i), fmt.Sprint(arg))
	}
	return strings.NewReplacer(args...).Replace(Messages[e.Code][0])
}

func (e *SyntaxError) Error() string { return "filter, " + e.placed() }

// Advice is the sentence in English with the suggestion, without its place.
func (e *SyntaxError) Advice() string {
	if e.Suggestion == "" {
		return e.Text()
	}
	return fmt.Sprintf("%s Did you mean %s?", e.Text(), e.Suggestion)
}

// placed is the sentence with its place and suggestion.
func (e *SyntaxError) placed() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Advice())
}

// Is reports whether target is actnow.ErrInvalid.
func (e *SyntaxError) Is(target error) bool { return target == actnow.ErrInvalid }

// As sets target if it asks for an *actnow.InputError.
func (e *SyntaxError) As(target any) bool {
	input, ok := target.(**actnow.InputError)
	if ok {
		*input = &actnow.InputError{Code: e.Code, Args: e.Args, Text: e.placed(), Field: "filter"}
	}
	return ok
}
