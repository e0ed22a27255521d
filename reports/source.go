package reports

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
)

// What an archive may grow to: as many times its size, once it is beyond a
// size that is harmless anyway.
const (
	maxRatio   = 250
	freeToGrow = 32 << 20
)

// source is the file of an import, unpacked and kept on disk so that it can be
// read twice: once to know it whole, once for its records.
type source struct {
	file     *os.File
	size     int64
	sha256   string   // of the unpacked content
	workbook bool     // XLSX, else text
	encoding Encoding // of text
	macLines bool     // lines end with a carriage return only
}

// spool copies r to a file in dir, unpacks a gzip or zip archive of one file,
// and finds out the encoding of a text. At most limit bytes are taken, packed
// or unpacked. The caller closes the source, which removes its file.
func spool(ctx context.Context, dir string, r io.Reader, limit int64) (*source, error) {
	s, err := keep(ctx, dir, r, limit)
	if err != nil {
		return nil, err
	}
	head, err := s.head()
	if err != nil {
		s.close()
		return nil, err
	}
	switch {
	case isGzip(head):
		return s.unpackGzip(ctx, dir, limit)
	case isZip(head):
		return s.unpackZip(ctx, dir, limit)
	}
	return s.onlyTable()
}

// head returns the first bytes of the file.
func (s *source) head() ([]byte, error) {
	head := make([]byte, 4096)
	n, err := s.file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return head[:n], nil
}

func isGzip(head []byte) bool { return bytes.HasPrefix(head, []byte{0x1F, 0x8B}) }

func isZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

func (s *source) close() {
	_ = s.file.Close()
	_ = os.Remove(s.file.Name())
}

// keep copies r to a file and learns its hash, encoding and line ends.
func keep(ctx context.Context, dir string, r io.Reader, limit int64) (*source, error) {
	f, err := os.CreateTemp(dir, "report-*.tmp")
	if err != nil {
		return nil, err
	}
	s := &source{file: f}
	k := keeper{sum: sha256.New()}
	buf := make([]byte, 256<<10)
	for err == nil {
		if err = ctx.Err(); err != nil {
			break
		}
		var n int
		n, err = r.Read(buf)
		if s.size += int64(n); s.size > limit {
			err = refuse("error.report.large", limit>>20)
			break
		}
		if _, werr := io.MultiWriter(f, &k).Write(buf[:n]); werr != nil {
			err = werr
		}
	}
	if err != io.EOF {
		s.close()
		return nil, err
	}
	s.sha256 = hex.EncodeToString(k.sum.Sum(nil))
	if s.encoding = sniffUnicode(k.head); s.encoding == UTF8 {
		s.encoding = k.proof.encoding()
	}
	s.macLines = k.cr && !k.lf
	return s, nil
}

// keeper learns of a file what can only be known from all of it.
type keeper struct {
	sum    hash.Hash
	head   []byte
	proof  proof
	cr, lf bool
}

func (k *keeper) Write(p []byte) (int, error) {
	k.sum.Write(p)
	if room := 4096 - len(k.head); room > 0 {
		k.head = append(k.head, p[:min(room, len(p))]...)
	}
	k.cr = k.cr || bytes.IndexByte(p, '\r') >= 0
	k.lf = k.lf || bytes.IndexByte(p, '\n') >= 0
	return k.proof.Write(p)
}

// otherFormat names the kind of file that starts with head, or is "" if it may
// be a table of text.
func otherFormat(head []byte) string {
	for _, f := range []struct{ magic, name string }{
		{"\xD0\xCF\x11\xE0", "XLS (Office 97–2003)"},
		{"%PDF-", "PDF"},
		{"7z\xBC\xAF\x27\x1C", "7-Zip"},
		{"\xFD7zXZ\x00", "XZ"},
		{"\x28\xB5\x2F\xFD", "Zstandard"},
		{"BZh", "bzip2"},
		{"Rar!", "RAR"},
		{"SQLite format 3", "SQLite"},
		{"\x89PNG", "PNG"},
		{"\xFF\xD8\xFF", "JPEG"},
	} {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return f.name
		}
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte{0xEF, 0xBB, 0xBF}), " \t\r\n")
	switch lower := bytes.ToLower(text); {
	case bytes.HasPrefix(lower, []byte("<?xml")), bytes.HasPrefix(lower, []byte("<!doctype")), bytes.HasPrefix(lower, []byte("<html")):
		return "HTML/XML"
	case bytes.HasPrefix(text, []byte("{\"")), bytes.HasPrefix(text, []byte("[{")):
		return "JSON"
	}
	return ""
}

// unpackGzip replaces the source by the one member of its archive.
func (s *source) unpackGzip(ctx context.Context, dir string, limit int64) (*source, error) {
	defer s.close()
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	br := bufio.NewReader(s.file)
	gz, err := gzip.NewReader(br)
	if err != nil {
		return nil, refuse("error.report.archive.broken")
	}
	gz.Multistream(false)
	inner, err := keep(ctx, dir, gz, s.mayGrow(limit))
	if err != nil {
		return nil, brokenArchive(ctx, err)
	}
	if _, err := br.Peek(1); err == nil { // something follows the member
		inner.close()
		return nil, refuse("error.report.archive.broken")
	}
	return inner.onlyTable()
}

// unpackZip replaces the source by the one file of its archive, whatever its
// name. A workbook is an archive too, and stays as it is.
func (s *source) unpackZip(ctx context.Context, dir string, limit int64) (*source, error) {
	archive, err := zip.NewReader(s.file, s.size)
	if err != nil {
		s.close()
		return nil, refuse("error.report.archive.broken")
	}
	var files []*zip.File
	for _, f := range archive.File {
		if strings.EqualFold(f.Name, "xl/workbook.xml") {
			s.workbook = true
			return s, nil
		}
		if !strings.HasSuffix(f.Name, "/") && !strings.HasPrefix(f.Name, "__MACOSX/") {
			files = append(files, f)
		}
	}
	defer s.close()
	switch len(files) {
	case 0:
		return nil, refuse("error.report.archive.empty")
	case 1:
	default:
		return nil, refuse("error.report.archive.many", len(files))
	}
	content, err := files[0].Open()
	if err != nil {
		return nil, refuse("error.report.archive.broken")
	}
	defer func() { _ = content.Close() }()
	inner, err := keep(ctx, dir, content, s.mayGrow(limit))
	if err != nil {
		return nil, brokenArchive(ctx, err)
	}
	return inner.onlyTable()
}

func (s *source) mayGrow(limit int64) int64 {
	return min(limit, max(s.size*maxRatio, freeToGrow))
}

func brokenArchive(ctx context.Context, err error) error {
	var pathErr *os.PathError
	switch {
	case ctx.Err() != nil, errors.As(err, &pathErr):
		return err
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, zip.ErrFormat), errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrAlgorithm),
		strings.HasPrefix(fmt.Sprint(err), "flate:"):
		return refuse("error.report.archive.broken")
	}
	return err
}

// onlyTable returns the source if it may be a table of text, else it refuses
// it.
func (s *source) onlyTable() (*source, error) {
	head, err := s.head()
	switch {
	case err != nil:
	case len(head) == 0:
		err = refuse("error.report.empty")
	case isGzip(head), isZip(head):
		err = refuse("error.report.archive.nested")
	default:
		if format := otherFormat(head); format != "" {
			err = refuse("error.report.format", format)
		}
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// text returns the text of the source in UTF-8, from its start.
func (s *source) text() (io.Reader, error) {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	r := decode(s.file, s.encoding)
	if s.macLines {
		r = macLines{r}
	}
	return r, nil
}

// progress turns how far a table was read, in bytes of UTF-8 or in rows of a
// workbook, into bytes of the file and its size, 0 for a workbook.
func (s *source) progress(done int64) (int64, int64) {
	if s.workbook {
		return done, 0
	}
	switch s.encoding {
	case UTF16LE, UTF16BE:
		done *= 2
	case UTF32LE, UTF32BE:
		done *= 4
	}
	return min(done, s.size), s.size
}
