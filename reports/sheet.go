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
	return "", actnow.Invalid("error.format", "out", "%q is neither .csv nor .xlsx", name)
}

// ParseHeaders reads headers that are parted by commas, as a line of CSV: one with a
// comma of its own stands in quotation marks. Without any it is nil.
func ParseHeaders(line string) []string {
	r := csv.NewReader(strings.NewReader(line))
	r.LazyQuotes, r.TrimLeadingSpace = true, true
	cells, _ := r.Read() // lazy quotes can always be read
	var headers []string
	for _, h := range cells {
		if h = strings.TrimSpace(h); h != "" {
			headers = append(headers, h)
		}
	}
	return headers
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

// Sheet is a list as it can be written as a file.
type Sheet struct {
	Columns []SheetColumn
	// Notes are what the list holds and how it was chosen, as names and values, for
	// the sheet of a workbook that explains it; none for no such sheet.
	Notes [][2]string
	Rows  iter.Seq2[[]string, error] // may be read once
}

// SheetColumn is a column of a Sheet.
type SheetColumn struct {
	Header string
	Group  string // what it is about: one of the Group constants or the key of a solution area
	Added  bool   // Act Now adds it to what the source has
	Number bool   // its plain numbers are numbers in a workbook; never of ids
	About  string // what it says, in a sentence
}

// Groups of columns, by which people choose.
const (
	GroupCustomer   = "customer"
	GroupScores     = "scores"
	GroupRevenue    = "revenue"
	GroupAgreements = "agreements"
	GroupEstate     = "estate" // what is installed
	GroupCohorts    = "cohorts"
	GroupKept       = "kept" // columns that the catalogue does not know
	GroupCRM        = "crm"
)

// SheetGroup returns the group that a column of the field belongs to.
func (f Field) SheetGroup() string {
	switch f.Group {
	case "propensity", "fit", "intent":
		return GroupScores
	case "revenue":
		return GroupRevenue
	case "agreement":
		return GroupAgreements
	case "installbase":
		return GroupEstate
	case "cohort":
		return GroupCohorts
	}
	return GroupCustomer
}

// PlainColumns returns columns of text with these headers.
func PlainColumns(headers ...string) []SheetColumn {
	list := make([]SheetColumn, len(headers))
	for i, h := range headers {
		list[i] = SheetColumn{Header: h}
	}
	return list
}

// WriteSheet writes a list with its headers, every cell made harmless, and
// returns how many rows it had. A CSV begins with a byte order mark, by which
// Excel knows UTF-8. The error of a row ends the writing; it is an
// *actnow.InputError if a workbook cannot hold so many rows.
func WriteSheet(w io.Writer, format Format, sheet Sheet) (int, error) {
	if format == XLSXFormat {
		return writeWorkbook(w, sheet)
	}
	b := bufio.NewWriter(w)
	b.WriteString("\ufeff")
	out := csv.NewWriter(b)
	n := 0
	cells := make([]string, len(sheet.Columns))
	for i, c := range sheet.Columns {
		cells[i] = Harmless(c.Header)
	}
	if err := out.Write(cells); err != nil {
		return 0, err
	}
	for row, err := range sheet.Rows {
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
