package reports

import (
	"bytes"
	"io"
	"strings"
)

// What a reader takes before it gives up.
const (
	maxRecord  = 1 << 20  // bytes of one record
	maxCell    = 64 << 10 // bytes of one cell
	maxColumns = 2000
)

// record is one record of a table. A record that could not be cut into cells
// has a fault, the code of a rejection, instead.
type record struct {
	line  int      // on which it starts; the first is 1
	cells []string // at most maxColumns+1 of them
	count int      // how many there were
	fault string
}

// table is a source of records. next returns io.EOF after the last one.
type table interface {
	next() (record, error)
	done() int64 // bytes consumed so far
}

// delimited reads records of a text in which sep parts the cells and quotes may
// hold separators and line ends. A quote that is never closed costs its own
// line only: reading goes on with the line after it. That takes linear time,
// since the search for its end stops at the next line whose quotes are odd. A
// quote within a cell that does not start with one is a letter.
type delimited struct {
	r        io.Reader
	sep      byte
	space    []byte // what buf is a part of
	buf      []byte // what was read and not yet consumed
	eof      bool
	line     int   // of buf[0]
	consumed int64 // bytes before buf[0]
	width    int   // cells of the last record with a quote
}

func newDelimited(r io.Reader, sep byte) *delimited {
	return &delimited{r: r, sep: sep, line: 1}
}

func (d *delimited) done() int64 { return d.consumed }

// next returns the next record that is not a blank line.
func (d *delimited) next() (record, error) {
	for {
		end, err := d.lineEnd(0)
		if err != nil {
			return record{}, err
		}
		if end == 0 && len(d.buf) == 0 {
			return record{}, io.EOF
		}
		if end < 0 { // longer than any record may be
			rec := record{line: d.line, fault: "reject.long"}
			return rec, d.skipLine()
		}
		line := d.buf[:end]
		if len(bytes.TrimSpace(line)) == 0 && bytes.IndexByte(line, d.sep) < 0 {
			d.consume(end, 1)
			continue
		}
		if bytes.IndexByte(line, '"') < 0 {
			rec := record{line: d.line}
			rec.split(string(bytes.TrimSuffix(line, []byte{'\r'})), d.sep)
			d.consume(end, 1)
			return rec, nil
		}
		return d.quoted(end)
	}
}

// lineEnd returns the offset of the line end at or after from, the length of
// the buffer at the end of the text, or -1 if the line is too long.
func (d *delimited) lineEnd(from int) (int, error) {
	for {
		if i := bytes.IndexByte(d.buf[from:], '\n'); i >= 0 {
			return from + i, nil
		}
		if len(d.buf) > maxRecord {
			return -1, nil
		}
		if d.eof {
			return len(d.buf), nil
		}
		from = len(d.buf)
		if err := d.fill(); err != nil {
			return 0, err
		}
	}
}

func (d *delimited) fill() error {
	const step = 64 << 10
	if cap(d.buf)-len(d.buf) < step {
		if cap(d.space)-len(d.buf) < step {
			d.space = make([]byte, 2*len(d.buf)+4*step)
		}
		d.buf = d.space[:copy(d.space, d.buf)]
	}
	n, err := d.r.Read(d.buf[len(d.buf) : len(d.buf)+step])
	d.buf = d.buf[:len(d.buf)+n]
	if err == io.EOF {
		d.eof = true
		return nil
	}
	return err
}

// consume drops the first n bytes, which hold that many lines, and the line end
// after them.
func (d *delimited) consume(n, lines int) {
	if n < len(d.buf) {
		n++
	}
	d.buf = d.buf[n:]
	d.consumed += int64(n)
	d.line += lines
}

// skipLine drops the present line, whatever its length.
func (d *delimited) skipLine() error {
	for {
		if i := bytes.IndexByte(d.buf, '\n'); i >= 0 {
			d.consume(i, 1)
			return nil
		}
		d.consumed += int64(len(d.buf))
		d.buf = d.buf[:0]
		if d.eof {
			return nil
		}
		if err := d.fill(); err != nil {
			return err
		}
	}
}

// quoted cuts a record that holds a quote. first is the end of its first line.
func (d *delimited) quoted(first int) (record, error) {
	rec := record{line: d.line, cells: make([]string, 0, d.width)}
	lines := 1
	for at := 0; ; at++ {
		if at < len(d.buf) && d.buf[at] == '"' {
			cell, after, err := d.quotedCell(at)
			if err != nil {
				return record{}, err
			}
			if !cell.closed {
				d.consume(first, 1)
				return record{line: rec.line, fault: "reject.quote"}, nil
			}
			rec.add(cell.text)
			lines += strings.Count(cell.text, "\n")
			at = after
		} else {
			end := d.cellEnd(at)
			cell := d.buf[at:end]
			if end == len(d.buf) || d.buf[end] == '\n' {
				cell = bytes.TrimSuffix(cell, []byte{'\r'})
			}
			rec.add(string(cell))
			at = end
		}
		if at >= len(d.buf) || d.buf[at] != d.sep {
			d.consume(at, lines)
			d.width = len(rec.cells)
			return rec, nil
		}
	}
}

// cellEnd returns the end of the cell without quotes that starts at from. The
// line it stands on is in the buffer.
func (d *delimited) cellEnd(from int) int {
	rest := d.buf[from:]
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i]
	}
	if i := bytes.IndexByte(rest, d.sep); i >= 0 {
		return from + i
	}
	return from + len(rest)
}

// quotedCell is the text of a cell in quotes, if they are closed.
type quotedCell struct {
	text   string
	closed bool
}

// quotedCell reads the cell whose quote opens at from. after is the offset of
// the separator or line end behind it; the rest of that line is then in the
// buffer. The cell is not closed if other text follows its quote, or if it is
// longer than a record may be.
func (d *delimited) quotedCell(from int) (cell quotedCell, after int, err error) {
	var text []byte
	at := from + 1
	for {
		i := bytes.IndexByte(d.buf[at:], '"')
		if i < 0 || at+i+1 == len(d.buf) && !d.eof {
			if d.eof || len(d.buf) > maxRecord {
				return quotedCell{}, 0, nil
			}
			if err := d.fill(); err != nil {
				return quotedCell{}, 0, err
			}
			continue
		}
		doubled := at+i+1 < len(d.buf) && d.buf[at+i+1] == '"'
		if !doubled && text == nil {
			cell.text = string(d.buf[at : at+i])
		} else {
			text = append(text, d.buf[at:at+i]...)
		}
		at += i + 1
		if !doubled {
			break
		}
		text = append(text, '"')
		at++
	}
	if text != nil {
		cell.text = string(text)
	}
	end, err := d.lineEnd(at)
	if err != nil {
		return quotedCell{}, 0, err
	}
	if end < 0 {
		return quotedCell{}, 0, nil
	}
	if at < end && d.buf[at] != d.sep {
		if len(bytes.TrimSpace(d.buf[at:end])) > 0 {
			return quotedCell{}, 0, nil
		}
		at = end
	}
	cell.closed = true
	return cell, at, nil
}

func (rec *record) split(line string, sep byte) {
	rec.cells = make([]string, 0, min(strings.Count(line, string(rune(sep)))+1, maxColumns+1))
	for {
		i := strings.IndexByte(line, sep)
		if i < 0 {
			rec.add(line)
			return
		}
		rec.add(line[:i])
		line = line[i+1:]
	}
}

func (rec *record) add(cell string) {
	rec.count++
	if len(rec.cells) <= maxColumns {
		rec.cells = append(rec.cells, cell)
	}
}

// macLines turns the line ends of a text that has no others but carriage
// returns into line feeds.
type macLines struct{ r io.Reader }

func (m macLines) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	for i, b := range p[:n] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}
