package insightstest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// link is a pre-signed address of a file. It holds until it was used once.
type link struct {
	content []byte
	etag    string
	gzip    bool
	dead    bool
}

// newLink makes a link to the file of a report; the caller holds the lock.
func (s *Server) newLink(r *report) string {
	name := s.id("link")
	content, ok := s.files[r.query.dataset]
	switch {
	case s.f.NoHeader:
		content = nil
	case s.f.Empty:
		content = s.dataset(r.query.dataset).table(r.query.columns, 0, r.format, false)
	case !ok:
		content = s.dataset(r.query.dataset).table(r.query.columns, 12, r.format, s.f.Redacted)
	}
	l := &link{content: content, etag: fmt.Sprintf(`"%s"`, r.ID), gzip: s.f.Gzip || s.f.Broken}
	if l.gzip {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(content) // into memory
		_ = z.Close()
		l.content = b.Bytes()
	}
	if s.f.Broken {
		l.content = l.content[:len(l.content)/2]
	}
	if s.f.Expired > 0 {
		s.f.Expired--
		l.dead = true
	}
	s.links[name] = l
	return s.download + "/blob/" + name + "?sig=" + name + "-signature"
}

// file is the host of the files, which is another than that of the API.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := r.Header.Get("Authorization"); a != "" {
		s.leaks = append(s.leaks, a)
	}
	l := s.links[r.PathValue("link")]
	if l == nil || l.dead || r.FormValue("sig") == "" {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code></Error>`)
		return
	}
	content, status := l.content, http.StatusOK
	if from, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok && !s.f.NoRange && r.Header.Get("If-Range") == l.etag {
		at, err := strconv.Atoi(strings.TrimSuffix(from, "-"))
		if err != nil || at >= len(content) {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", at, len(content)-1, len(content)))
		content, status = content[at:], http.StatusPartialContent
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("ETag", l.etag)
	if l.gzip {
		h.Set("Content-Encoding", "gzip")
	}
	w.WriteHeader(status)
	if s.f.Stalls > 0 {
		s.f.Stalls--
		_, _ = w.Write(content[:len(content)/2])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done() // the client has lost patience
		return
	}
	if s.f.Drops > 0 {
		s.f.Drops--
		_, _ = w.Write(content[:len(content)/2]) // the client hears of it by the end of the connection
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	if _, err := w.Write(content); err == nil {
		l.dead = true // it was good for one use
	}
}
