package crm

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"actnow"
)

const (
	maxRecord   = 4 << 20   // bytes of one line of a file
	maxWorkbook = 512 << 20 // bytes of a workbook, unpacked
	sniffed     = 64 << 10  // bytes of a file that are looked at first
)

// table gives the rows of a file. An *actnow.InputError is about one row, after
// which reading goes on, unless it is fatal; io.EOF ends it.
type table interface {
	next() (line int, cells []string, err error)
	// serial reports whether bare numbers may be days of a spreadsheet.
	serial() bool
	Close() error
}

// errFatal marks an error about a row after which the rest cannot be read.
type errFatal struct{ *actnow.InputError }

func openTable(r io.Reader) (table, error) {
	br := bufio.NewReaderSize(r, sniffed)
	head, err := br.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return openWorkbook(br)
	}
	return openText(br, head)
}

// openText finds the encoding (UTF-8 or UTF-16 by their marks, UTF-16 without
// one by its zeros, Windows-1252 where the text is not UTF-8) and the separator.
func openText(br *bufio.Reader, head []byte) (table, error) {
	var decoded io.Reader
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		decoded = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(br)
	case len(head) >= 4 && head[0] != 0 && head[1] == 0 && head[3] == 0:
		decoded = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Reader(br)
	case len(head) >= 4 && head[0] == 0 && head[1] != 0 && head[2] == 0:
		decoded = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Reader(br)
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		br.Discard(3)
		decoded = br
	case !utf8.Valid(wholeRunes(head)):
		if bytes.IndexByte(head, 0) >= 0 {
			return nil, invalid("crm.encoding", "")
		}
		decoded = transform.NewReader(br, charmap.Windows1252.NewDecoder())
	default:
		decoded = br
	}
	text := bufio.NewReaderSize(decoded, sniffed)
	first, err := text.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, invalid("crm.encoding", "")
	}
	t := &textTable{}
	comma := separator(first)
	if line, rest, ok := bytes.Cut(first, []byte("\n")); ok && len(rest) > 0 {
		// Excel's own first line names the separator.
		if s, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "sep="); ok && len(s) == 1 && strings.Contains(separators, s) {
			text.Discard(len(line) + 1)
			comma, t.skipped = rune(s[0]), 1
		}
	}
	t.guard = &guard{r: text}
	t.csv = csv.NewReader(t.guard)
	t.csv.Comma, t.csv.FieldsPerRecord, t.csv.ReuseRecord = comma, -1, true
	return t, nil
}

// wholeRunes drops a character that the end of b cuts in two.
func wholeRunes(b []byte) []byte {
	for i := 1; i <= utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			return b
		}
	}
	return b
}

const separators = ",;\t|"

// separator returns the one that stands most often in the first line, outside of
// quotes.
func separator(head []byte) rune {
	count, quoted := map[rune]int{}, false
	for _, r := range string(bytes.TrimLeft(head, "\r\n")) {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '\n' || r == '\r':
			return most(count)
		default:
			count[r]++
		}
	}
	return most(count)
}

func most(count map[rune]int) rune {
	best := ','
	for _, r := range separators {
		if count[r] > count[best] {
			best = r
		}
	}
	return best
}

// guard ends a record that grows too long, as one unclosed quotation mark makes
// it.
type guard struct {
	r     io.Reader
	given int64
	limit int64
}

var errRecordLong = errors.New("record too long")

func (g *guard) Read(p []byte) (int, error) {
	if g.given > g.limit {
		return 0, errRecordLong
	}
	n, err := g.r.Read(p)
	g.given += int64(n)
	return n, err
}

type textTable struct {
	csv     *csv.Reader
	guard   *guard
	skipped int // lines before the header
	last    int
}

func (t *textTable) serial() bool { return false }
func (t *textTable) Close() error { return nil }

func (t *textTable) next() (int, []string, error) {
	t.guard.limit = t.csv.InputOffset() + maxRecord
	cells, err := t.csv.Read()
	var parse *csv.ParseError
	switch {
	case err == nil:
		line, _ := t.csv.FieldPos(0)
		t.last = line
		for _, c := range cells {
			if !utf8.ValidString(c) {
				return line + t.skipped, nil, invalid("crm.encoding", "")
			}
		}
		return line + t.skipped, cells, nil
	case errors.As(err, &parse):
		return parse.StartLine + t.skipped, nil, invalid("crm.quote", "")
	case errors.Is(err, errRecordLong):
		return t.last + 1 + t.skipped, nil, errFatal{invalid("crm.record_long", "", maxRecord)}
	}
	return 0, nil, err
}

// workbook gives the rows of the first sheet.
type workbook struct {
	file *excelize.File
	rows *excelize.Rows
	line int
	wide int
}

func openWorkbook(r io.Reader) (table, error) {
	f, err := excelize.OpenReader(r, excelize.Options{RawCellValue: true, UnzipSizeLimit: maxWorkbook, UnzipXMLSizeLimit: 64 << 20})
	if err != nil {
		return nil, invalid("crm.workbook", "", err)
	}
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		f.Close()
		return nil, invalid("crm.empty_file", "")
	}
	rows, err := f.Rows(sheets[0])
	if err != nil {
		f.Close()
		return nil, invalid("crm.workbook", "", err)
	}
	return &workbook{file: f, rows: rows}, nil
}

func (w *workbook) serial() bool { return true }

func (w *workbook) Close() error {
	return errors.Join(w.rows.Close(), w.file.Close())
}

// next skips empty rows and fills rows up to the width of the first: a workbook
// leaves out empty cells at the end.
func (w *workbook) next() (int, []string, error) {
	for w.rows.Next() {
		w.line++
		cells, err := w.rows.Columns()
		if err != nil {
			return w.line, nil, errFatal{invalid("crm.workbook", "", err)}
		}
		if strings.TrimSpace(strings.Join(cells, "")) == "" {
			continue
		}
		if w.wide == 0 {
			w.wide = len(cells)
		}
		for len(cells) > w.wide && cells[len(cells)-1] == "" {
			cells = cells[:len(cells)-1]
		}
		for i, c := range cells {
			cells[i] = plainNumber(c)
		}
		for len(cells) < w.wide {
			cells = append(cells, "")
		}
		return w.line, cells, nil
	}
	if err := w.rows.Error(); err != nil {
		return w.line, nil, errFatal{invalid("crm.workbook", "", err)}
	}
	return 0, nil, io.EOF
}

// exponent is how workbooks keep a long number; short ones with an e may be ids.
var exponent = regexp.MustCompile(`^[1-9]\.[0-9]+E\+?1[0-5]$`)

// plainNumber writes a whole number without the exponent with which a workbook
// may keep it: ids are text.
func plainNumber(s string) string {
	if !exponent.MatchString(s) {
		return s
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || f >= 1<<53 {
		return s
	}
	return strconv.FormatInt(int64(f), 10)
}

// customName returns the name under which a column is kept that the kind does
// not know: its header, the second of a name with a number.
func customName(header string, i int, used map[string]bool) string {
	if header == "" {
		header = fmt.Sprintf("column %d", i+1)
	}
	name := header
	for n := 2; used[name]; n++ {
		name = fmt.Sprintf("%s (%d)", header, n)
	}
	used[name] = true
	return name
}
