package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
)

//go:embed templates
var templateFiles embed.FS

// pages holds each page parsed with the layout and the parts, in each language.
type pages map[string]map[string]*template.Template // language, then page

// frame is what the layout shows around a page.
type frame struct {
	Lang      string
	Theme     string // "light", "dark", or "" for what the browser prefers
	KeysOff   bool   // the reader does not want keys of one letter
	Path      string // where language and theme come back to
	User      *actnow.User
	RoleName  string
	Rail      []railGroup
	Scope     string
	Scopes    []scopeChoice
	Toast     *toast
	Partner   string
	Demo      bool
	Importing string           // that figures are in between, "" if they are not
	Languages []languageChoice // the others
	Public    bool             // for strangers: nothing to choose, nowhere to go
}

type view struct {
	Frame frame
	Page  any
}

type languageChoice struct {
	Lang, Name string
}

// parsePages parses each template in templates/ that is neither the layout nor
// under templates/parts with both of them. A broken template is an error here.
func parsePages(texts map[string]*Text, a *assets) (pages, error) {
	all := pages{}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	for lang, text := range texts {
		all[lang] = map[string]*template.Template{}
		base, err := template.New("layout.html").Funcs(funcs(text, a)).ParseFS(templateFiles, "templates/layout.html", "templates/parts/*.html")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			page := strings.TrimSuffix(path.Base(name), ".html")
			if page == "layout" {
				continue
			}
			t, err := base.Clone()
			if err != nil {
				return nil, err
			}
			if t, err = t.ParseFS(templateFiles, name); err != nil {
				return nil, err
			}
			for _, block := range []string{"title", "content"} {
				if t.Lookup(block) == nil {
					return nil, fmt.Errorf("templates/%s.html does not define %q", page, block)
				}
			}
			all[lang][page] = t
		}
	}
	return all, nil
}

// funcs are what templates may call. Everything that needs a decision is
// decided in Go before.
func funcs(t *Text, a *assets) template.FuncMap {
	return template.FuncMap{
		"t": t.T,
		"tn": func(key string, n any, args ...any) (string, error) {
			i, err := whole(n)
			return t.TN(key, i, args...), err
		},
		"th":            t.HTML,
		"link":          link,
		"number":        func(n any) (string, error) { i, err := whole(n); return t.Number(i), err },
		"signed":        func(n any) (string, error) { i, err := whole(n); return t.Signed(i), err },
		"decimal":       t.Decimal,
		"percent":       t.Percent,
		"money":         t.Money,
		"moneyshort":    t.MoneyShort,
		"moneyrange":    t.MoneyRange,
		"amount":        t.Amount,
		"sums":          t.Sums,
		"revenue":       t.Revenue,
		"date":          t.Date,
		"datelong":      t.DateLong,
		"time":          t.Time,
		"datetime":      t.DateTime,
		"iso":           func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
		"month":         t.Month,
		"area":          t.Area,
		"cluster":       t.Cluster,
		"band":          t.Band,
		"clusterclass":  clusterClass,
		"clusterletter": clusterLetter,
		"last":          func(i, n int) bool { return i == n-1 },
		"lang":          func() string { return t.Lang },
		"asset":         a.url,
		"icon":          func(name string) (template.HTML, error) { return symbol(a, "ico", "i-"+name) },
		"sign":          func(letter string) (template.HTML, error) { return symbol(a, "", "s-"+letter) },
	}
}

func whole(n any) (int64, error) {
	switch v := n.(type) {
	case int:
		return int64(v), nil
	case int64:
		return v, nil
	}
	return 0, fmt.Errorf("%T is no whole number", n)
}

// link returns an anchor for a sentence: {{th "home.worth" (link "/x" "SEK 4 M")}}.
func link(href, text string) (template.HTML, error) {
	if href != localPath(href) {
		return "", fmt.Errorf("link %q does not stay here", href)
	}
	return template.HTML(`<a href="` + template.HTMLEscapeString(href) + `">` + template.HTMLEscapeString(text) + `</a>`), nil
}

// symbol returns an icon of the sprite.
func symbol(a *assets, class, id string) (template.HTML, error) {
	url, err := a.url("icons.svg")
	if err != nil {
		return "", err
	}
	if !bytes.Contains(a.files["icons.svg"].plain, []byte(`id="`+id+`"`)) {
		return "", fmt.Errorf("no icon %q", id)
	}
	if class != "" {
		class = ` class="` + class + `"`
	}
	return template.HTML(`<svg` + class + ` aria-hidden="true"><use href="` + url + `#` + id + `"/></svg>`), nil
}

func clusterClass(c actnow.Cluster) string { return "cl-" + clusterLetter(c) }

// clusterLetter returns a, b, c or d; without a cluster it is d, the faintest.
func clusterLetter(c actnow.Cluster) string {
	switch c {
	case actnow.ActNow:
		return "a"
	case actnow.Evaluate:
		return "b"
	case actnow.Nurture:
		return "c"
	}
	return "d"
}

// render answers 200 with a page. Asked by htmx for the element with the id
// rows, it answers with the block "#rows" alone, if the page defines it. Such a
// block takes the page's own struct.
func (s *Server) render(c echo.Context, page string, model any) error {
	return s.renderStatus(c, http.StatusOK, page, model)
}

// renderStatus is render with another status: 422 for a form that comes back
// with its errors.
func (s *Server) renderStatus(c echo.Context, status int, page string, model any) error {
	if block := fragment(c.Request()); block != "" {
		if t := s.pages[s.text(c).Lang][page]; t != nil && t.Lookup(block) != nil {
			return s.renderBlock(c, status, page, block, model)
		}
	}
	return s.execute(c, status, page, "layout.html", func(f frame) any { return view{Frame: f, Page: model} })
}

// renderBlock answers with one block of a page, without the layout around it.
func (s *Server) renderBlock(c echo.Context, status int, page, block string, model any) error {
	return s.execute(c, status, page, block, func(frame) any { return model })
}

func (s *Server) execute(c echo.Context, status int, page, block string, model func(frame) any) error {
	t := s.pages[s.text(c).Lang][page]
	if t == nil {
		return fmt.Errorf("no page %q", page)
	}
	var f frame
	if block == "layout.html" {
		var err error
		if f, err = s.frame(c); err != nil {
			return err
		}
	}
	// Into memory first: a page that fails half way must not be half sent.
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, block, model(f)); err != nil {
		return fmt.Errorf("render %s: %w", page, err)
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "HX-Request, HX-Target, Cookie, Accept-Language")
	return c.HTMLBlob(status, b.Bytes())
}

// fragment returns the name of the block that htmx wants to replace, "#rows", or
// "" if the whole page is asked for.
func fragment(r *http.Request) string {
	if r.Header.Get("HX-Request") != "true" || r.Header.Get("HX-Request-Type") != "partial" {
		return ""
	}
	_, id, has := strings.Cut(r.Header.Get("HX-Target"), "#")
	if !has {
		return ""
	}
	return "#" + id
}
