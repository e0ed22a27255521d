package scoring

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"unicode/utf8"

	"actnow"
)

// missingFile is an InputError that also matches fs.ErrNotExist.
type missingFile struct{ *actnow.InputError }

func (e missingFile) Is(target error) bool {
	return target == fs.ErrNotExist || e.InputError.Is(target)
}

func (e missingFile) Unwrap() error { return e.InputError }

func readFile(fsys fs.FS, name string) ([]byte, error) {
	data, err := fs.ReadFile(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, missingFile{actnow.Invalid("error.data.file", name, "there is no such file in the folder")}
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	case !utf8.Valid(data):
		return nil, actnow.Invalid("error.data.utf8", name, "the text is not UTF-8")
	}
	return data, nil
}

// csvRows calls each for every record after the header, with the physical line
// on which it starts. The slice is used again.
func csvRows(name string, data []byte, header func([]string) error, each func(line int, cells []string) error) error {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.ReuseRecord = true
	head, err := r.Read()
	switch {
	case errors.Is(err, io.EOF):
		return actnow.Invalid("error.data.header", name, "the file is empty: there is no header")
	case err != nil:
		return csvError(name, err)
	}
	if err := header(head); err != nil {
		return err
	}
	for {
		cells, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return csvError(name, err)
		}
		line, _ := r.FieldPos(0)
		for _, cell := range cells {
			if len(cell) > maxCell {
				return atLine(line, actnow.Invalid("error.data.cell", name, "a cell holds %d bytes, more than %d", len(cell), maxCell))
			}
		}
		if err := each(line, cells); err != nil {
			return err
		}
	}
}

func atLine(line int, e *actnow.InputError) *actnow.InputError {
	e.Line = line
	return e
}

func csvError(name string, err error) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return atLine(parse.StartLine, actnow.Invalid("error.data.csv", name, "this is no CSV as expected: %s", parse.Err.Error()))
}
