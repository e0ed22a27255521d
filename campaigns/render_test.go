package campaigns_test

import (
	"bytes"
	"errors"
	htmltemplate "html/template"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	texttemplate "text/template"

	"actnow"
	"actnow/campaigns"
)

func TestFooterIsAlwaysThere(t *testing.T) {
	t.Parallel()
	words := map[string][]string{
		"en": {"Unsubscribe", "View in browser", "You get this mail because"},
		"sv": {"Avsluta utskick", "Visa i webbläsaren", "Du får det här mejlet för att"},
	}
	for _, dir := range []string{"testdata/formats", "../sample/packs/azure-first-steps", "../sample/packs/renewal-in-time"} {
		pack := readPack(t, dir)
		for _, s := range pack.Steps {
			if s.Channel != "email" {
				continue
			}
			for _, lang := range pack.Languages {
				mail, err := campaigns.Render(pack, s.Key, lang, anna)
				if err != nil {
					t.Fatal(err)
				}
				for _, want := range append(words[lang], anna["UnsubscribeURL"], anna["ViewURL"], "Storgatan 1", "Nordvik Data AB") {
					if !strings.Contains(mail.HTML, want) || !strings.Contains(mail.Text, want) {
						t.Errorf("%s, %s in %s: %q is missing in a part", dir, s.Key, lang, want)
					}
				}
				if !strings.Contains(mail.HTML, `<html lang="`+lang+`"`) {
					t.Errorf("%s, %s in %s: no language attribute", dir, s.Key, lang)
				}
				if regexp.MustCompile(`mrgx*\d+q`).MatchString(mail.HTML + mail.Text) {
					t.Errorf("%s, %s in %s: a mark is left", dir, s.Key, lang)
				}
			}
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	pack := readPack(t, "testdata/formats")
	tests := []struct {
		name, step, lang string
		fields           campaigns.Fields
		code             string
	}{
		{"no link to unsubscribe", "html", "en", campaigns.Fields{"FirstName": "Anna"}, "render.no_unsubscribe"},
		{"no such step", "nope", "en", anna, "render.no_step"},
		{"a post", "post", "en", anna, "render.not_mail"},
		{"no such language", "html", "da", anna, "render.no_language"},
	}
	for _, tt := range tests {
		_, err := campaigns.Render(pack, tt.step, tt.lang, tt.fields)
		var input *actnow.InputError
		if !errors.As(err, &input) || input.Code != tt.code {
			t.Errorf("%s: error = %v, want %s", tt.name, err, tt.code)
		}
	}
}

func TestPictures(t *testing.T) {
	t.Parallel()
	pack := readPack(t, "../sample/packs/azure-first-steps")
	c, err := campaigns.Compile(pack, "invitation", "en")
	if err != nil {
		t.Fatal(err)
	}
	content, _, _ := pack.Image("images/first-steps.png")
	mail, err := c.Render(anna)
	if err != nil || len(mail.Images) != 1 || !bytes.Equal(mail.Images[0].Data, content) || mail.Images[0].Type != "image/png" ||
		!strings.Contains(mail.HTML, `src="cid:`+mail.Images[0].ID+`"`) {
		t.Errorf("attached: %d images, %v", len(mail.Images), err)
	}
	path := campaigns.ImagePath("images/first-steps.png", content)
	var r campaigns.Renderer
	again, err := r.RenderWith(pack, "invitation", "en", anna, campaigns.PicturesAttached)
	if err != nil || again.HTML != mail.HTML || len(again.Images) != 1 {
		t.Errorf("attached by a Renderer: %d images, %v", len(again.Images), err)
	}
	for name, tt := range map[string]struct {
		as     campaigns.Pictures
		fields campaigns.Fields
		want   string
	}{
		"linked":              {campaigns.PicturesLinked, anna, `src="https://demo.actnow.example` + path + `"`},
		"linked without host": {campaigns.PicturesLinked, nobody, `src="` + path + `"`},
		"inline":              {campaigns.PicturesInline, anna, `src="data:image/png;base64,`},
	} {
		mail, err := r.RenderWith(pack, "invitation", "en", tt.fields, tt.as)
		if err != nil || !strings.Contains(mail.HTML, tt.want) || len(mail.Images) != 0 {
			t.Errorf("%s: no %s, %v", name, tt.want, err)
		}
	}
}

func TestRenderer(t *testing.T) {
	t.Parallel()
	pack := readPack(t, "../sample/packs/azure-first-steps")
	want, err := campaigns.Render(pack, "invitation", "sv", anna)
	if err != nil {
		t.Fatal(err)
	}
	var r campaigns.Renderer
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				got, err := r.Render(pack, "invitation", "sv", anna)
				if err != nil || got.HTML != want.HTML || got.Text != want.Text || got.Subject != want.Subject {
					t.Errorf("a Renderer renders something else, %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	a, _ := r.Compile(pack, "invitation", "sv")
	b, _ := r.Compile(pack, "invitation", "sv")
	if a == nil || a != b {
		t.Error("a Renderer compiles twice")
	}
	changed := *pack
	changed.SHA256 = "other"
	changed.Steps = slices.Clone(pack.Steps)
	changed.Steps[0].Subject = campaigns.Text{"en": "New", "sv": "Nytt"}
	if got, err := r.Render(&changed, "invitation", "sv", anna); err != nil || got.Subject != "Nytt" {
		t.Errorf("a changed pack has the subject %q, %v", got.Subject, err)
	}
}

// TestMJMLSideBySide compiles two designs at once: each keeps its own
// mj-attributes.
func TestMJMLSideBySide(t *testing.T) {
	t.Parallel()
	read := func(font string) *campaigns.Pack {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS("testdata/formats")); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "page.mjml")
		design, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		design = bytes.ReplaceAll(design, []byte("Arial"), []byte(font))
		if err := os.WriteFile(file, design, 0o644); err != nil {
			t.Fatal(err)
		}
		return readPack(t, dir)
	}
	var wg sync.WaitGroup
	for _, fonts := range [][2]string{{"Georgia", "Verdana"}, {"Verdana", "Georgia"}} {
		pack := read(fonts[0])
		wg.Go(func() {
			for range 50 {
				mail, err := campaigns.Render(pack, "mjml", "en", anna)
				if err != nil || !strings.Contains(mail.HTML, fonts[0]) || strings.Contains(mail.HTML, fonts[1]) {
					t.Errorf("not in %s alone: %v", fonts[0], err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestChooseLanguage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		have       []string
		want, lang string
		ok         bool
	}{
		{[]string{"en", "sv"}, "sv", "sv", true},
		{[]string{"en", "sv"}, "SV-se", "sv", true},
		{[]string{"en", "sv"}, "sv_FI", "sv", true},
		{[]string{"en", "sv"}, "Swedish", "sv", true},
		{[]string{"en", "sv"}, "svenska", "sv", true},
		{[]string{"en", "sv"}, "Swedish (Sweden)", "sv", true},
		{[]string{"en", "sv"}, "1053", "sv", true},
		{[]string{"en", "sv"}, "fr", "en", true},
		{[]string{"sv", "en"}, "", "sv", true},
		{[]string{"en", "pt-BR", "pt"}, "pt-br", "pt-BR", true},
		{[]string{"en", "pt-BR"}, "pt-PT", "pt-BR", true},
		{[]string{"en", "nb"}, "Norwegian", "nb", true},
		{nil, "sv", "", false},
	}
	for _, tt := range tests {
		lang, ok := campaigns.ChooseLanguage(&campaigns.Pack{Languages: tt.have}, tt.want)
		if lang != tt.lang || ok != tt.ok {
			t.Errorf("ChooseLanguage(%v, %q) = %q, %v, want %q, %v", tt.have, tt.want, lang, ok, tt.lang, tt.ok)
		}
	}
}

// TestMessages holds that every code in the source has its sentences, with the
// same places in both languages.
func TestMessages(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile(`"((?:merge|html|mjml|markdown|pack|render|preflight)\.[a-z_]+)"`)
	place := regexp.MustCompile(`\{\d\}`)
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") || e.Name() == "messages.go" {
			continue
		}
		src, err := os.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range code.FindAllStringSubmatch(string(src), -1) {
			if m[1] == "pack.yaml" {
				continue // the file
			}
			used[m[1]] = true
			if text := campaigns.Messages[m[1]]; text[0] == "" || text[1] == "" {
				t.Errorf("%s uses %s, which has no sentences", e.Name(), m[1])
			}
		}
	}
	used["pack.yaml"] = true
	for c, text := range campaigns.Messages {
		if code.MatchString(`"`+c+`"`) && !used[c] {
			t.Errorf("nothing uses %s", c)
		}
		en, sv := place.FindAllString(text[0], -1), place.FindAllString(text[1], -1)
		slices.Sort(en)
		slices.Sort(sv)
		if !slices.Equal(en, sv) {
			t.Errorf("%s has the places %v in English and %v in Swedish", c, en, sv)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	pack := readPack(b, "../sample/packs/azure-first-steps")
	b.Run("actnow", func(b *testing.B) {
		var r campaigns.Renderer
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Render(pack, "invitation", "en", anna); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("compile", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := campaigns.Compile(pack, "invitation", "en"); err != nil {
				b.Fatal(err)
			}
		}
	})
	// The anchor: the same page and text with the same fields by the standard
	// library, which is compiled once too.
	b.Run("html/template", func(b *testing.B) {
		page, err := os.ReadFile("testdata/golden/azure-invitation.en.empty.html")
		if err != nil {
			b.Fatal(err)
		}
		source := strings.ReplaceAll(string(page), "Hi there,", `Hi {{or .FirstName "there"}},`)
		source = strings.ReplaceAll(source, nobody["UnsubscribeURL"], "{{.UnsubscribeURL}}")
		source = strings.Replace(source, "You already work", "{{if .Company}}{{.Company}} already works{{else}}You already work{{end}}", 1)
		source = strings.Replace(source, "Kind regards,", "Kind regards, {{if .Owner}}{{.Owner}}{{end}}", 1)
		asHTML := htmltemplate.Must(htmltemplate.New("").Parse(source))
		plain, err := os.ReadFile("testdata/golden/azure-invitation.en.empty.txt")
		if err != nil {
			b.Fatal(err)
		}
		asText := texttemplate.Must(texttemplate.New("").Parse(strings.ReplaceAll(string(plain), "there", `{{or .FirstName "there"}}`)))
		b.ReportAllocs()
		for b.Loop() {
			var h, t bytes.Buffer
			if err := errors.Join(asHTML.Execute(&h, anna), asText.Execute(&t, anna)); err != nil {
				b.Fatal(err)
			}
			_, _ = h.String(), t.String()
		}
	})
}
