package matcher

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"actnow"
)

// Side says which of the two files records come from.
type Side string

// The sides.
const (
	Customers Side = "customers" // of the reports
	Accounts  Side = "accounts"  // of the CRM
)

// column is a column that ReadRecords knows, and where its cells go.
type column struct {
	name string
	set  func(*Record, string)
}

var columns = []column{
	{"id", func(r *Record, s string) { r.Key = s }},
	{"name", func(r *Record, s string) { r.Name = s }},
	{"domain", (*Record).addSite},
	{"website", (*Record).addSite},
	{"email", func(r *Record, s string) { r.Email = s }},
	{"city", func(r *Record, s string) { r.City = s }},
	{"state", func(r *Record, s string) { r.State = s }},
	{"postal_code", func(r *Record, s string) { r.PostalCode = s }},
	{"country", func(r *Record, s string) { r.Country = s }},
	{"tpid", func(r *Record, s string) { r.TPID = s }},
}

func (r *Record) addSite(s string) {
	switch {
	case s == "":
	case r.Website == "":
		r.Website = s
	default:
		r.Domains = append(r.Domains, s)
	}
}

// ReadRecords reads a CSV file of one side: a header row with the columns id
// and name and any of domain, website, email, city, state, postal_code,
// country and tpid, in any order and case; other columns are ignored. Cells are
// divided by commas, semicolons or tabs, whichever the header row has most of.
// The text is UTF-8, or UTF-16 with a byte order mark; an empty cell is unknown.
//
// The error is a *actnow.InputError with the line if the file is not such a
// file, if an id is empty or stands twice; its Field is the side or the column.
func ReadRecords(r io.Reader, side Side) ([]Record, error) {
	cr := newCSVReader(r)
	cr.ReuseRecord = true
	header, err := cr.Read()
	if errors.Is(err, io.EOF) {
		return nil, badInput(side, 1, "error.match.empty")
	}
	if err != nil {
		return nil, readError(side, err)
	}
	setters, err := readHeader(header, side)
	if err != nil {
		return nil, err
	}
	var records []Record
	lines := make(map[string]int)
	for {
		row, err := cr.Read()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return nil, readError(side, err)
		}
		line, _ := cr.FieldPos(0)
		var rec Record
		for i, cell := range row {
			if !utf8.ValidString(cell) {
				return nil, badInput(side, line, "error.match.utf8")
			}
			if setters[i] != nil {
				setters[i](&rec, strings.TrimSpace(cell))
			}
		}
		if rec.Key == "" {
			return nil, badInput(side, line, "error.match.key")
		}
		if first, twice := lines[rec.Key]; twice {
			return nil, badInput(side, line, "error.match.duplicate", rec.Key, first)
		}
		lines[rec.Key] = line
		records = append(records, rec)
	}
}

// newCSVReader returns a reader of rows in UTF-8, or in UTF-16 with a byte order mark,
// whatever divides their cells.
func newCSVReader(r io.Reader) *csv.Reader {
	text := bufio.NewReaderSize(transform.NewReader(r, unicode.BOMOverride(transform.Nop)), 1<<16)
	cr := csv.NewReader(text)
	cr.Comma = delimiter(text)
	return cr
}

// delimiter returns what divides the cells of the header row. An error of the
// reader comes again at the first row.
func delimiter(r *bufio.Reader) rune {
	head, _ := r.Peek(1 << 12)
	head, _, _ = bytes.Cut(head, []byte("\n"))
	best, most := ',', 0
	for _, d := range ",;\t" {
		if n := bytes.Count(head, []byte(string(d))); n > most {
			best, most = d, n
		}
	}
	return best
}

// readHeader returns what to do with the cells of each column; nil for columns
// that say nothing here.
func readHeader(header []string, side Side) ([]func(*Record, string), error) {
	setters := make([]func(*Record, string), len(header))
	seen := make(map[string]bool, len(header))
	for i, h := range header {
		h = strings.ToLower(strings.TrimSpace(h))
		at := slices.IndexFunc(columns, func(c column) bool { return c.name == h })
		if at < 0 {
			continue
		}
		if seen[h] {
			return nil, badInput(side, 1, "error.match.twice", h)
		}
		seen[h] = true
		setters[i] = columns[at].set
	}
	for _, need := range [...]string{"id", "name"} {
		if !seen[need] {
			return nil, badInput(side, 1, "error.match.column", need)
		}
	}
	return setters, nil
}

func badInput(side Side, line int, code string, args ...any) *actnow.InputError {
	return &actnow.InputError{Code: code, Args: args, Text: english(code, args...), Field: string(side), Line: line}
}

// readError turns an error of the CSV reader into one for people; an error of
// the disk stays what it is.
func readError(side Side, err error) error {
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		return badInput(side, p.StartLine, "error.match.csv", p.Err.Error())
	}
	return fmt.Errorf("read %s: %w", side, err)
}

// MatchWriter writes the likeliest customer of each account as CSV with the
// columns account_id, customer_id, stage, probability, band and reason. Cells
// that a spreadsheet would run as a formula begin with an apostrophe.
type MatchWriter struct {
	csv *csv.Writer
	row [6]string
}

// NewMatchWriter returns a writer that begins with the header row. Errors of w
// come at the latest with Flush.
func NewMatchWriter(w io.Writer) *MatchWriter {
	mw := &MatchWriter{csv: csv.NewWriter(w), row: [...]string{"account_id", "customer_id", "stage", "probability", "band", "reason"}}
	mw.csv.Write(mw.row[:])
	return mw
}

// Write writes a row, or none for an account without a candidate.
func (w *MatchWriter) Write(m Match) error {
	if len(m.Candidates) == 0 {
		return nil
	}
	c := &m.Candidates[0]
	w.row = [...]string{harmless(m.Account), harmless(c.Customer), string(c.Stage),
		strconv.FormatFloat(c.Probability, 'f', 6, 64), string(m.Band), harmless(c.Reason)}
	return w.csv.Write(w.row[:])
}

// Flush writes what is still held back.
func (w *MatchWriter) Flush() error {
	w.csv.Flush()
	return w.csv.Error()
}

// harmless puts an apostrophe before text that a spreadsheet would run.
func harmless(s string) string {
	for _, r := range s {
		switch r {
		case ' ', '\u00a0', '\u3000', '\ufeff':
			continue
		case '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠':
			return "'" + s
		}
		break
	}
	return s
}
