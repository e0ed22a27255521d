package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVendoredFilesAreUnchanged(t *testing.T) {
	data, err := os.ReadFile("static/vendor/vendor.json")
	if err != nil {
		t.Fatal(err)
	}
	var files []struct{ File, Package, Version, Licence, LicenceFile, SHA256 string }
	if err := json.Unmarshal(data, &files); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"vendor.json": true}
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join("static/vendor", f.File))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		if got := hex.EncodeToString(sum[:]); got != f.SHA256 {
			t.Errorf("%s of %s %s has SHA-256 %s, want %s", f.File, f.Package, f.Version, got, f.SHA256)
		}
		if _, err := os.Stat(filepath.Join("static/vendor", f.LicenceFile)); err != nil || f.Licence == "" || f.Version == "" {
			t.Errorf("%s lacks version or licence: %v", f.File, err)
		}
		known[f.File], known[f.LicenceFile] = true, true
	}
	entries, err := os.ReadDir("static/vendor")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("static/vendor/%s is not in vendor.json", e.Name())
		}
	}
}

func TestAssets(t *testing.T) {
	s := open(t)
	b := s.browser(t)
	total := 0
	for name, path := range s.web.Assets() {
		a := b.want(b.get(path), http.StatusOK)
		if !strings.Contains(a.Header.Get("Cache-Control"), "immutable") || a.Header.Get("Content-Type") == "application/octet-stream" {
			t.Errorf("%s is served as %q, %q", name, a.Header.Get("Content-Type"), a.Header.Get("Cache-Control"))
		}
		b.header.Set("Accept-Encoding", "gzip")
		if name != "icons.svg" && !strings.HasSuffix(name, ".txt") {
			total += len(b.get(path).body)
		}
		b.header.Del("Accept-Encoding")
	}
	if limit := 60 << 10; total > limit {
		t.Errorf("a page's files are %d bytes zipped, want at most %d", total, limit)
	}
	css := b.get(s.web.Assets()["act.css"]).body
	if !strings.HasPrefix(css, "@layer pico, tokens, components;") || strings.Contains(css, "@import") || strings.Contains(css, "@charset") {
		t.Errorf("the stylesheet starts %.80q", css)
	}
	if strings.Contains(css, "://") && strings.Contains(strings.ReplaceAll(css, "http://www.w3.org/2000/svg", ""), "url(http") {
		t.Error("the stylesheet asks another host")
	}
	for _, path := range []string{"/static/0000000000000000/act.css", strings.Replace(s.web.Assets()["act.css"], "act.css", "tokens.css", 1), "/static/", "/static/x"} {
		b.want(b.get(path), http.StatusNotFound)
	}
}
