package actnow

import (
	"errors"
	"fmt"
)

// Errors that callers are expected to tell apart with errors.Is.
var (
	// ErrNotFound means that there is no such thing, or that the person who
	// asks may not know of it.
	ErrNotFound = errors.New("not found")
	// ErrConflict means that the present state forbids the act.
	ErrConflict = errors.New("conflict")
	// ErrForbidden means that the person's role or scope forbids the act.
	ErrForbidden = errors.New("not allowed")
	// ErrInvalid means that what was given cannot be used; an *InputError says
	// which field and why.
	ErrInvalid = errors.New("invalid")
)

// StateError reports an action that a record's present state does not allow.
// It matches ErrConflict.
type StateError struct {
	Noun, Have, Want string
}

func (e *StateError) Error() string {
	return fmt.Sprintf("%s is %s, not %s", e.Noun, e.Have, e.Want)
}

// Is reports whether target is ErrConflict.
func (e *StateError) Is(target error) bool { return target == ErrConflict }

// InputError reports something a person or a machine gave that cannot be used.
// Code names the sentence in the message catalogues ("error.month"), Args fill
// it; Text is the same sentence in English, for logs and the command line.
// Line is the physical line of a file (first is 1) or 0, Field the column,
// member or flag, or "". It matches ErrInvalid.
type InputError struct {
	Code  string
	Args  []any
	Text  string
	Field string
	Line  int
}

func (e *InputError) Error() string {
	switch {
	case e.Line > 0 && e.Field != "":
		return fmt.Sprintf("line %d, %s: %s", e.Line, e.Field, e.Text)
	case e.Line > 0:
		return fmt.Sprintf("line %d: %s", e.Line, e.Text)
	case e.Field != "":
		return fmt.Sprintf("%s: %s", e.Field, e.Text)
	}
	return e.Text
}

// Is reports whether target is ErrInvalid.
func (e *InputError) Is(target error) bool { return target == ErrInvalid }

// Invalid returns an InputError for field. text is an English sentence with
// fmt verbs for args; code names the same sentence in the catalogues.
func Invalid(code, field, text string, args ...any) *InputError {
	return &InputError{Code: code, Field: field, Text: fmt.Sprintf(text, args...), Args: args}
}
