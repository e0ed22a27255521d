package reports

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Encoding is how a file's bytes stand for letters.
type Encoding string

// The encodings that are read.
const (
	UTF8        Encoding = "utf-8"
	UTF16LE     Encoding = "utf-16le"
	UTF16BE     Encoding = "utf-16be"
	UTF32LE     Encoding = "utf-32le"
	UTF32BE     Encoding = "utf-32be"
	Windows1252 Encoding = "windows-1252"
)

// sniffUnicode tells UTF-16 and UTF-32 by their byte order mark or, without
// one, by where the zero bytes of an ASCII header stand. It returns UTF8 for
// all else.
func sniffUnicode(head []byte) Encoding {
	switch {
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		return UTF8
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE, 0, 0}):
		return UTF32LE
	case bytes.HasPrefix(head, []byte{0, 0, 0xFE, 0xFF}):
		return UTF32BE
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return UTF16LE
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return UTF16BE
	}
	n := min(len(head), 4096) &^ 3
	var zero [4]int
	for i := 0; i < n; i++ {
		if head[i] == 0 {
			zero[i%4]++
		}
	}
	most, few := n/4*8/10, n/4/10
	switch {
	case n == 0:
		return UTF8
	case zero[1] > most && zero[2] > most && zero[3] > most && zero[0] <= few:
		return UTF32LE
	case zero[0] > most && zero[1] > most && zero[2] > most && zero[3] <= few:
		return UTF32BE
	case zero[1] > most && zero[3] > most && zero[0] <= few && zero[2] <= few:
		return UTF16LE
	case zero[0] > most && zero[2] > most && zero[1] <= few && zero[3] <= few:
		return UTF16BE
	}
	return UTF8
}

// proof is a writer that finds out whether what is written is UTF-8: whether
// some line shows it (letters beyond ASCII, all well-formed), and whether some
// byte speaks against it.
type proof struct {
	for8, against bool

	high, broken bool   // of the present line
	rest         []byte // the start of a letter that the next write goes on with
}

func (p *proof) Write(b []byte) (int, error) {
	data := b
	if len(p.rest) > 0 {
		data = append(p.rest, b...)
		p.rest = nil
	}
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			if data[i] == '\n' || data[i] == '\r' {
				p.endLine()
			}
			i++
			continue
		}
		if !utf8.FullRune(data[i:]) {
			p.rest = append([]byte(nil), data[i:]...)
			break
		}
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			p.broken = true
		}
		p.high = true
		i += size
	}
	return len(b), nil
}

func (p *proof) endLine() {
	if p.broken {
		p.against = true
	} else if p.high {
		p.for8 = true
	}
	p.high, p.broken = false, false
}

// encoding gives the verdict after everything was written.
func (p *proof) encoding() Encoding {
	if len(p.rest) > 0 {
		p.broken = true
	}
	p.endLine()
	if p.against && !p.for8 {
		return Windows1252
	}
	return UTF8
}

// decode returns a reader of r's text in UTF-8 without its byte order mark.
// Bytes that are no text come through as bytes that are no UTF-8 either, so
// that the line they stand on can be named.
func decode(r io.Reader, enc Encoding) io.Reader {
	switch enc {
	case UTF16LE:
		return &wideReader{r: bufio.NewReaderSize(r, 64<<10), size: 2, order: binary.LittleEndian, first: true}
	case UTF16BE:
		return &wideReader{r: bufio.NewReaderSize(r, 64<<10), size: 2, order: binary.BigEndian, first: true}
	case UTF32LE:
		return &wideReader{r: bufio.NewReaderSize(r, 64<<10), size: 4, order: binary.LittleEndian, first: true}
	case UTF32BE:
		return &wideReader{r: bufio.NewReaderSize(r, 64<<10), size: 4, order: binary.BigEndian, first: true}
	case Windows1252:
		return charmap.Windows1252.NewDecoder().Reader(r)
	}
	br := bufio.NewReaderSize(r, 64<<10)
	if mark, _ := br.Peek(3); bytes.Equal(mark, []byte{0xEF, 0xBB, 0xBF}) {
		_, _ = br.Discard(3)
	}
	return br
}

// noText stands in decoded text for what was no letter in the file.
const noText = 0xFF

// wideReader decodes UTF-16 and UTF-32.
type wideReader struct {
	r     *bufio.Reader
	size  int
	order binary.ByteOrder
	first bool
	out   []byte
	err   error
}

func (w *wideReader) Read(p []byte) (int, error) {
	for len(w.out) == 0 && w.err == nil {
		w.fill()
	}
	n := copy(p, w.out)
	w.out = w.out[n:]
	if n == 0 {
		return 0, w.err
	}
	return n, nil
}

func (w *wideReader) fill() {
	w.out = w.out[:0]
	for len(w.out) < 32<<10 {
		unit, ok := w.unit()
		if !ok {
			return
		}
		if w.first {
			w.first = false
			if unit == 0xFEFF {
				continue
			}
		}
		switch {
		case w.size == 2 && utf16.IsSurrogate(rune(unit)):
			w.pair(rune(unit))
		case utf8.ValidRune(rune(unit)):
			w.out = utf8.AppendRune(w.out, rune(unit))
		default:
			w.out = append(w.out, noText)
		}
	}
}

// pair decodes a surrogate and the one after it, or marks it as no text.
func (w *wideReader) pair(high rune) {
	if next, err := w.r.Peek(2); err == nil {
		if r := utf16.DecodeRune(high, rune(w.order.Uint16(next))); r != utf8.RuneError {
			_, _ = w.r.Discard(2)
			w.out = utf8.AppendRune(w.out, r)
			return
		}
	}
	w.out = append(w.out, noText)
}

func (w *wideReader) unit() (uint32, bool) {
	var b [4]byte
	n, err := io.ReadFull(w.r, b[:w.size])
	if err != nil {
		w.err = err
		if err == io.ErrUnexpectedEOF {
			w.err = io.EOF
			if n > 0 {
				w.out = append(w.out, noText)
			}
		}
		return 0, false
	}
	if w.size == 2 {
		return uint32(w.order.Uint16(b[:2])), true
	}
	return w.order.Uint32(b[:4]), true
}
