package insights

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"
)

// File is a report on the disk, as Microsoft made it, unpacked.
type File struct {
	Path    string
	SHA256  string // of its bytes, in hex
	Content string // the same for the same records in whatever order, in hex
	Bytes   int64
	Rows    int64 // records after the header; 0 is a file with a header only
}

// maxBytes is how large a file may be, unpacked, if the client does not say.
const maxBytes = 4 << 30

// maxLinks is how many links are asked for until one holds.
const maxLinks = 4

// Download brings the file of a report that is ready to path, whole or not at
// all. A link that has expired is asked for again, a download that breaks off
// goes on where it was. The error matches ErrTooLarge if the file is.
func (c *Client) Download(ctx context.Context, o *Order, path string) (f File, err error) {
	part, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return f, fmt.Errorf("download %s: %w", o.Dataset, err)
	}
	defer func() { err = errors.Join(err, part.Close(), os.Remove(part.Name())) }()
	for n := 1; ; n++ {
		link, err := c.link(ctx, o)
		if err != nil {
			return f, err
		}
		err = c.receive(ctx, link, part)
		if err == nil {
			break
		}
		if !errors.Is(err, errExpired) {
			return f, err
		}
		if n == maxLinks {
			return f, refuse(ErrBroken, "error.insights.link")
		}
	}
	return c.unpack(part, path)
}

// errExpired means that a link does not hold any more.
var errExpired = errors.New("the link has expired")

// receive loads what is behind a link into part. Nothing secret of ours is sent
// there, and nothing of the link is told in errors.
func (c *Client) receive(ctx context.Context, link string, part *os.File) error {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.Scheme != "https" && !strings.HasPrefix(c.API, "http:") {
		return refuse(ErrBroken, "error.insights.link")
	}
	have, etag := int64(0), ""
	if err := part.Truncate(0); err != nil {
		return err
	}
	return c.retry(ctx, func() error {
		within, cancel := context.WithCancel(ctx)
		defer cancel()
		still := c.Silence
		if still == 0 {
			still = silent
		}
		watch := time.AfterFunc(still, cancel)
		defer watch.Stop()
		req, err := http.NewRequestWithContext(within, http.MethodGet, link, nil)
		if err != nil {
			return err
		}
		req.Header.Set("Accept-Encoding", "gzip") // so that it comes as it is sent, and can go on in the middle
		if have > 0 && etag != "" {
			req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
			req.Header.Set("If-Range", etag)
		}
		resp, err := c.http().Do(req)
		if err != nil {
			return unreached(ctx, err)
		}
		defer resp.Body.Close()
		switch resp.StatusCode {
		case http.StatusPartialContent:
			if !strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", have)) {
				have, etag = 0, ""
				return &busyError{why: "another part of the file came than was asked for"}
			}
		case http.StatusOK:
			have, etag = 0, resp.Header.Get("ETag")
			if strings.HasPrefix(etag, "W/") {
				etag = ""
			}
		case http.StatusRequestedRangeNotSatisfiable:
			have, etag = 0, ""
			return &busyError{why: "the file is another one than before"}
		case http.StatusForbidden, http.StatusNotFound, http.StatusGone:
			return errExpired
		default:
			return refused(resp.StatusCode, resp.Header.Get("Retry-After"), "")
		}
		if err := errors.Join(part.Truncate(have), seek(part, have)); err != nil {
			return err
		}
		n, err := io.Copy(part, &limited{r: body{ctx, resp.Body, func() { watch.Reset(still) }}, left: c.limit() - have, most: c.limit()})
		have += n
		return err
	})
}

func (c *Client) limit() int64 {
	if c.MaxBytes > 0 {
		return c.MaxBytes
	}
	return maxBytes
}

// body is a file as it comes: what fails is marked as passing, and came is told
// of each piece.
type body struct {
	ctx  context.Context
	r    io.Reader
	came func()
}

func (b body) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.came()
	if err != nil && err != io.EOF {
		err = unreached(b.ctx, err)
	}
	return n, err
}

// limited refuses what is larger than most bytes.
type limited struct {
	r          io.Reader
	left, most int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, refuse(ErrTooLarge, "error.insights.large", l.most>>20)
	}
	return n, err
}

func seek(f *os.File, to int64) error {
	_, err := f.Seek(to, io.SeekStart)
	return err
}

// unpack writes what was received to path, unpacked.
func (c *Client) unpack(part *os.File, path string) (f File, err error) {
	if err := seek(part, 0); err != nil {
		return f, err
	}
	in := bufio.NewReaderSize(part, 1<<16)
	var from io.Reader = in
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return f, refuse(ErrBroken, "error.insights.gzip")
		}
		from = z
	}
	out, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithPermissions(0o600))
	if err != nil {
		return f, fmt.Errorf("keep the file: %w", err)
	}
	defer func() { err = errors.Join(err, out.Cleanup()) }()
	sum, all := sha256.New(), newRecords()
	size, err := io.Copy(io.MultiWriter(out, sum, all), &limited{r: from, left: c.limit(), most: c.limit()})
	switch {
	case errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF):
		return f, refuse(ErrBroken, "error.insights.gzip")
	case err != nil:
		return f, err
	}
	if err := out.CloseAtomicallyReplace(); err != nil {
		return f, fmt.Errorf("keep the file: %w", err)
	}
	all.end()
	return File{Path: path, SHA256: hex.EncodeToString(sum.Sum(nil)), Content: all.content(), Bytes: size, Rows: max(0, all.n-1)}, nil
}
