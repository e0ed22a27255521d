package campaigns

import (
	"cmp"
	"fmt"

	"actnow"
)

// PackError is a pack that cannot be used. Line and Column count from 1; they
// are 0 where a whole file, or the pack, is at fault. It is an
// *actnow.InputError too, by errors.As, whose sentence has no column.
type PackError struct {
	File         string
	Line, Column int
	Code         string // of Messages, or of another package's if there is a Text
	Args         []any
	Text         string // the sentence in English, where Messages has it not
}

// FailWhen refuses the condition of a step that was read. Line and column count from 1
// within the condition; code, args and text say what is wrong with the filter.
func (s Step) FailWhen(line, column int, code string, args []any, text string) *PackError {
	bad := s.whenAt.fail(line, column, code, args)
	bad.Text = text
	return bad
}

func (e *PackError) sentence() string {
	return cmp.Or(e.Text, message(e.Code, e.Args))
}

func (e *PackError) Error() string {
	text := e.sentence()
	switch {
	case e.File == "":
		return text
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.File, text)
	}
	return fmt.Sprintf("%s, line %d, column %d: %s", e.File, e.Line, e.Column, text)
}

func (e *PackError) Unwrap() error {
	text := e.sentence()
	if e.Column > 0 {
		text = fmt.Sprintf("column %d: %s", e.Column, text)
	}
	return &actnow.InputError{Code: e.Code, Args: e.Args, Text: text, Field: e.File, Line: e.Line}
}

// PartError is a text of a pack that cannot be compiled: the subject, preheader,
// html or text of a step in a language. It wraps the *SyntaxError.
type PartError struct {
	Step, Language, Part string
	Err                  error
}

func (e *PartError) Error() string {
	return fmt.Sprintf("step %s, %s (%s): %v", e.Step, e.Part, e.Language, e.Err)
}

func (e *PartError) Unwrap() error { return e.Err }
