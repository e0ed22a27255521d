package reports

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"actnow"
)

// Format is a kind of file that a list is written as.
type Format string

// The formats.
const (
	CSVFormat  Format = "csv"
	XLSXFormat Format = "xlsx"
)

// FormatOf tells the format by the name of a file. The error is an
// *actnow.InputError.
func FormatOf(name string) (Format, error) {
	switch f := Format(strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))); f {
	case CSVFormat, XLSXFormat:
		return f, nil
	}
	return "", actnow.Invalid("error.format", "out", "%q is neither a .csv nor a .xlsx file", name)
}

// Harmless returns the cell so that no spreadsheet runs it as a formula: with an
// apostrophe before what would begin one, also behind blanks and in full-width
// letters. ParseID and the other readers of this package take it off again.
func Harmless(cell string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, " \u00a0\u3000"))
	if strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) && first != utf8.RuneError {
		return "'" + cell
	}
	return cell
}

// Sheet is a report as it can be written again.
type Sheet struct {
	Headers []string
	Rows    iter.Seq2[[]string, error] // in the order of the file; may be read once
}

// WriteSheet writes a list with its headers, every cell made harmless, and
// returns how many rows it had. A CSV begins with a byte order mark, by which
// Excel knows UTF-8. The error of a row ends the writing.
func WriteSheet(w io.Writer, format Format, headers []string, rows iter.Seq2[[]string, error]) (int, error) {
	if format == XLSXFormat {
		return writeXLSX(w, headers, rows)
	}
	b := bufio.NewWriter(w)
	b.WriteString("\ufeff")
	out := csv.NewWriter(b)
	n := 0
	if err := out.Write(harmless(headers)); err != nil {
		return 0, err
	}
	for row, err := range rows {
		if err == nil {
			err = out.Write(harmless(row))
		}
		if err != nil {
			return n, err
		}
		n++
	}
	out.Flush()
	return n, errors.Join(out.Error(), b.Flush())
}

func harmless(cells []string) []string {
	safe := make([]string, len(cells))
	for i, c := range cells {
		safe[i] = Harmless(c)
	}
	return safe
}

func writeXLSX(w io.Writer, headers []string, rows iter.Seq2[[]string, error]) (n int, err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	sheet, err := book.NewStreamWriter(book.GetSheetName(0))
	if err != nil {
		return 0, err
	}
	put := func(line int, cells []string) error {
		at, err := excelize.CoordinatesToCellName(1, line)
		if err != nil {
			return err
		}
		values := make([]any, len(cells))
		for i, c := range cells {
			values[i] = Harmless(c) // a text cell is run by nobody, until it is saved as CSV
		}
		return sheet.SetRow(at, values)
	}
	if err := put(1, headers); err != nil {
		return 0, err
	}
	for row, err := range rows {
		if err == nil {
			err = put(n+2, row)
		}
		if err != nil {
			return n, err
		}
		n++
	}
	if err := sheet.Flush(); err != nil {
		return n, err
	}
	return n, book.Write(w)
}
