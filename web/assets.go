package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
)

//go:embed static
var staticFiles embed.FS

// asset is one file as it is served.
type asset struct {
	contentType string
	plain       []byte
	zipped      []byte // gzip, or nil where it saves nothing
}

// assets are the files the pages link. They are served under one path that
// names the hash of them all, so a browser may keep them for good, and a module
// may import its neighbour by a relative path.
type assets struct {
	hash  string
	files map[string]asset
}

var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8",
}

// stylesheet joins the three layers into the one file that pages link.
func stylesheet() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("@layer pico, tokens, components;\n")
	for _, l := range []struct{ layer, file string }{
		{"pico", "vendor/pico.min.css"},
		{"tokens", "tokens.css"},
		{"components", "components.css"},
		{"components", "pages.css"},
	} {
		data, err := staticFiles.ReadFile("static/" + l.file)
		if err != nil {
			return nil, err
		}
		// A charset rule may only stand first in a file of its own.
		data = bytes.TrimPrefix(bytes.TrimPrefix(data, []byte("\ufeff")), []byte(`@charset "UTF-8";`))
		fmt.Fprintf(&b, "@layer %s {\n%s\n}\n", l.layer, data)
	}
	return b.Bytes(), nil
}

func readAssets() (*assets, error) {
	a := &assets{files: map[string]asset{}}
	css, err := stylesheet()
	if err != nil {
		return nil, err
	}
	if err := a.add("act.css", css); err != nil {
		return nil, err
	}
	err = fs.WalkDir(staticFiles, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) == ".css" || path.Ext(name) == ".json" {
			return err
		}
		data, err := staticFiles.ReadFile(name)
		if err != nil {
			return err
		}
		return a.add(strings.TrimPrefix(name, "static/"), data)
	})
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(a.files)) {
		fmt.Fprintf(sum, "%s %d\n", name, len(a.files[name].plain))
		sum.Write(a.files[name].plain)
	}
	a.hash = hex.EncodeToString(sum.Sum(nil))[:16]
	return a, nil
}

func (a *assets) add(name string, data []byte) error {
	var b bytes.Buffer
	zw, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := zw.Write(data); err != nil {
		return err
	}
	if err := zw.Close(); err != nil {
		return err
	}
	f := asset{contentType: assetTypes[path.Ext(name)], plain: data}
	if f.contentType == "" {
		f.contentType = "application/octet-stream"
	}
	if b.Len() < len(data) {
		f.zipped = b.Bytes()
	}
	a.files[name] = f
	return nil
}

// url returns the path of an asset; a name that does not exist is an error when
// a template is executed, which the tests do with each.
func (a *assets) url(name string) (string, error) {
	if _, ok := a.files[name]; !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return "/static/" + a.hash + "/" + name, nil
}

// serve answers GET /static/:hash/*. The name is looked up in a map: there is
// no folder to walk out of.
func (a *assets) serve(c echo.Context) error {
	f, ok := a.files[c.Param("*")]
	if !ok || c.Param("hash") != a.hash {
		return actnow.ErrNotFound
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if f.zipped != nil && acceptsGzip(c.Request()) {
		h.Set("Content-Encoding", "gzip")
		body = f.zipped
	}
	return c.Blob(http.StatusOK, f.contentType, body)
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) == "gzip" && strings.TrimSpace(weight) != "q=0" {
			return true
		}
	}
	return false
}
