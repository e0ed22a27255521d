package campaigns_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"actnow"
	"actnow/campaigns"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const manifest = `name: Small
languages: [en, sv]
sender: {name: Nordvik, address: hello@nordvik.example}
footer: {company: Nordvik Data AB, postal_address: Storgatan 1}
steps:
  - key: first
    after: 3d
    channel: email
    subject: {en: Hi, sv: Hej}
    markdown: {en: first.en.md, sv: first.sv.md}
  - key: post
    channel: mastodon
    text: {en: A post, sv: Ett inlägg}
    link: https://nordvik.example/x
`

// folder makes a pack's files: the manifest and two texts, then pairs of path
// and content; an empty content takes a file away.
func folder(manifest string, more ...string) fstest.MapFS {
	files := fstest.MapFS{
		"pack.yaml":   {Data: []byte(manifest)},
		"first.en.md": {Data: []byte("# Hi {{.FirstName}}\n")},
		"first.sv.md": {Data: []byte("# Hej {{.FirstName}}\n")},
	}
	for i := 0; i < len(more); i += 2 {
		files[more[i]] = &fstest.MapFile{Data: []byte(more[i+1])}
	}
	return files
}

func zipped(t testing.TB, files fstest.MapFS, prefix string) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, f := range files {
		out, err := w.Create(prefix + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b.Bytes())
}

func TestReadPack(t *testing.T) {
	t.Parallel()
	got, err := campaigns.ReadPack(folder(manifest, ".git/HEAD", "x", "__MACOSX/._pack.yaml", "x"))
	if err != nil {
		t.Fatal(err)
	}
	want := &campaigns.Pack{
		Name:      "Small",
		Languages: []string{"en", "sv"},
		Sender:    campaigns.From{Name: "Nordvik", Address: "hello@nordvik.example"},
		Footer:    campaigns.Footer{Company: "Nordvik Data AB", PostalAddress: "Storgatan 1"},
		Steps: []campaigns.Step{
			{Key: "first", After: 3, Channel: "email", Format: campaigns.FormatMarkdown, Subject: campaigns.Text{"en": "Hi", "sv": "Hej"},
				HTML: campaigns.Text{"en": "# Hi {{.FirstName}}\n", "sv": "# Hej {{.FirstName}}\n"}},
			{Key: "post", Channel: "mastodon", Text: campaigns.Text{"en": "A post", "sv": "Ett inlägg"}, Link: "https://nordvik.example/x"},
		},
		SHA256: got.SHA256,
		Files:  got.Files,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(campaigns.Step{})); diff != "" {
		t.Errorf("ReadPack (-want +got):\n%s", diff)
	}
	if len(got.Files) != 3 {
		t.Errorf("%d files, want 3", len(got.Files))
	}
}

func TestPackHash(t *testing.T) {
	t.Parallel()
	plain, err := campaigns.ReadPack(folder(manifest))
	if err != nil {
		t.Fatal(err)
	}
	for _, prefix := range []string{"", "small-main/"} {
		z := zipped(t, folder(manifest, ".DS_Store", "x"), prefix)
		packed, err := campaigns.ReadPackZip(z, z.Size())
		if err != nil {
			t.Fatalf("zip under %q: %v", prefix, err)
		}
		if diff := cmp.Diff(plain, packed, cmpopts.IgnoreUnexported(campaigns.Step{})); diff != "" {
			t.Errorf("zip under %q (-folder +zip):\n%s", prefix, diff)
		}
	}
	other, err := campaigns.ReadPack(folder(manifest + "\n"))
	if err != nil || other.SHA256 == plain.SHA256 {
		t.Errorf("a changed pack has the hash %s, %v", other.SHA256, err)
	}
}

func TestRefusedPacks(t *testing.T) {
	t.Parallel()
	change := func(old, new string) fstest.MapFS {
		if !strings.Contains(manifest, old) {
			t.Fatalf("the manifest has no %q", old)
		}
		return folder(strings.Replace(manifest, old, new, 1))
	}
	tests := []struct {
		name         string
		files        fstest.MapFS
		file         string
		line, column int
		says         string
	}{
		{"no manifest", fstest.MapFS{"x.txt": {}}, "", 0, 0, "no pack.yaml"},
		{"empty manifest", folder(""), "pack.yaml", 0, 0, "empty"},
		{"no YAML", folder("name: [a\nb: c"), "pack.yaml", 1, 1, "not well-formed"},
		{"not UTF-8", folder("name: a\nplay: \xff"), "pack.yaml", 2, 7, "UTF-8"},
		{"a list", folder("- a"), "pack.yaml", 1, 1, "keys and values"},
		{"unknown key", change("footer:", "foter:"), "pack.yaml", 4, 1, "did you mean footer?"},
		{"strange key", change("footer:", "xyzzy:"), "pack.yaml", 4, 1, "known are name, play"},
		{"key twice", change("footer:", "name: x\nfooter:"), "pack.yaml", 4, 1, "twice"},
		{"missing name", change("name: Small", "play: x"), "pack.yaml", 1, 1, "missing: name"},
		{"alias", change("{name: Nordvik,", "&a {name: Nordvik,"), "pack.yaml", 3, 1, "aliases"},
		{"bad language", change("[en, sv]", "[en, 'not one']"), "pack.yaml", 2, 17, "no language"},
		{"language twice", change("[en, sv]", "[en, en]"), "pack.yaml", 2, 17, "twice"},
		{"bad date", change("sender:", "expires: 2027-02-30\nsender:"), "pack.yaml", 3, 10, "no day"},
		{"bad address", change("hello@nordvik.example", "hello"), "pack.yaml", 3, 34, "no mail address"},
		{"address with a name", change("hello@nordvik.example", "'N <hello@nordvik.example>'"), "pack.yaml", 3, 34, "no mail address"},
		{"no postal address", change(", postal_address: Storgatan 1", ""), "pack.yaml", 4, 9, "footer.postal_address"},
		{"bad step key", change("key: first", "key: First One"), "pack.yaml", 6, 10, "no key of a step"},
		{"step twice", change("key: post", "key: first"), "pack.yaml", 11, 5, "two steps"},
		{"bad after", change("3d", "3 weeks"), "pack.yaml", 7, 12, "number of days"},
		{"late after", change("3d", "366d"), "pack.yaml", 7, 12, "number of days"},
		{"bad channel", change("mastodon", "fax"), "pack.yaml", 12, 14, "no channel fax"},
		{"language missing", change("{en: Hi, sv: Hej}", "{en: Hi}"), "pack.yaml", 9, 14, "language sv is missing"},
		{"language too many", change("{en: Hi, sv: Hej}", "{en: Hi, sv: Hej, da: Hej}"), "pack.yaml", 9, 32, "no key da"},
		{"no such file", change("first.sv.md}", "frist.sv.md}"), "pack.yaml", 10, 37, "did you mean first.sv.md?"},
		{"two formats", change("markdown:", "html: a\n    markdown:"), "pack.yaml", 11, 15, "html already"},
		{"no body", change("markdown: {en: first.en.md, sv: first.sv.md}", "when: x"), "pack.yaml", 6, 5, "missing: html"},
		{"subject of a post", change("link:", "subject: x\n    link:"), "pack.yaml", 14, 14, "for e-mail"},
		{"field in a post", change("{en: A post,", "{en: 'Hi {{.City}}',"), "pack.yaml", 13, 20, "no recipient"},
		{"bad link", change("https://nordvik.example/x", "ftp://nordvik.example/x"), "pack.yaml", 14, 11, "web address"},
		{"field in a subject", change("{en: Hi,", "{en: 'Hi {{.Nope}}',"), "pack.yaml", 9, 25, "no field called Nope"},
		{"field in a block", change("subject: {en: Hi, sv: Hej}", "subject: {en: Hi, sv: Hej}\n    text:\n      en: |\n        Hi\n\n        å {{.FirstNme}}\n      sv: Hej"),
			"pack.yaml", 14, 13, "did you mean FirstName?"},
		{"field in a file", folder(manifest, "first.sv.md", "# Hej\n\n{{if .City}}x"), "first.sv.md", 3, 1, "not closed"},
		{"call in a file", folder(manifest, "first.sv.md", "\uFEFF{{printf .City}}"), "first.sv.md", 1, 3, "printf"},
		{"script in Markdown", folder(manifest, "first.sv.md", "Hej\n\n<script>x</script>"), "first.sv.md", 3, 1, "<script>"},
		{"image in Markdown", folder(manifest, "first.sv.md", "Hej\n\n![x](hero.png)"), "first.sv.md", 3, 6, "no image hero.png"},
		{"file not UTF-8", folder(manifest, "first.sv.md", "a\nb\xff"), "first.sv.md", 2, 2, "UTF-8"},
		{"no picture", folder(manifest, "hero.png", "<svg/>"), "hero.png", 0, 0, "no PNG"},
		{"archive inside", folder(manifest, "more.dat", "PK\x03\x04xxxx"), "more.dat", 0, 0, "archive"},
		{"large file", folder(manifest, "big.txt", strings.Repeat("x", campaigns.MaxPackFile+1)), "big.txt", 0, 0, "larger than 5 MiB"},
		{"names that differ in case", folder(manifest, "FIRST.en.md", "x"), "first.en.md", 0, 0, "two files"},
		{"a link", func() fstest.MapFS {
			files := folder(manifest)
			files["link"] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("/etc/passwd")}
			return files
		}(), "link", 0, 0, "not a file"},
		{"HTML out of place", change("markdown: {en: first.en.md, sv: first.sv.md}", "html: '<p onclick=\"x\">'"), "pack.yaml", 10, 12, "onclick"},
		{"open title", change("markdown: {en: first.en.md, sv: first.sv.md}", "html: '<html><body><p>x</p><title>y'"), "pack.yaml", 10, 12, "footer gets lost"},
		{"open comment", change("markdown: {en: first.en.md, sv: first.sv.md}", "html: '<html><body><p>x</p><!-- y'"), "pack.yaml", 10, 12, "comment"},
		{"MJML not closed", folder(strings.Replace(manifest, "markdown: {en: first.en.md, sv: first.sv.md}", "mjml: a.mjml", 1), "a.mjml", "<mjml>\n<mj-body>\n</mjml>"), "a.mjml", 3, 1, "MJML"},
	}
	for _, tt := range tests {
		_, err := campaigns.ReadPack(tt.files)
		var bad *campaigns.PackError
		var input *actnow.InputError
		if !errors.As(err, &bad) || !errors.As(err, &input) || !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("%s: error = %v", tt.name, err)
			continue
		}
		if bad.File != tt.file || bad.Line != tt.line || bad.Column != tt.column || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v\nwant %s, line %d, column %d, %q", tt.name, err, tt.file, tt.line, tt.column, tt.says)
		}
	}
}

// TestTextsThatTakeTooLong holds that what the libraries would read for minutes
// is refused.
func TestTextsThatTakeTooLong(t *testing.T) {
	t.Parallel()
	var rules strings.Builder
	for i := range 500 {
		fmt.Fprintf(&rules, ".a%d{color:red}", i)
	}
	tests := []struct {
		name, format, text, code string
	}{
		{"quotes in quotes", "markdown", strings.Repeat("> ", 30_000), "markdown.deep"},
		{"lists in lists", "markdown", strings.Repeat("- ", 10_000) + "x\n> " + strings.Repeat("1. ", 30) + "x", "markdown.deep"},
		{"open brackets", "markdown", strings.Repeat("[a](", 10_000), "markdown.deep"},
		{"stars", "markdown", strings.Repeat("*a **b ", 9_000), "markdown.deep"},
		{"long Markdown", "markdown", strings.Repeat("a ", 40_000), "pack.text_long"},
		{"many tags", "html", strings.Repeat("<p>a</p>", 6_000), "html.deep"},
		{"deep tags", "html", strings.Repeat("<div>", 300), "html.deep"},
		{"deep MJML", "mjml", "<mjml><mj-body>" + strings.Repeat("<mj-section>", 300), "html.deep"},
		{"many rules", "html", "<style>" + rules.String() + "</style>" + strings.Repeat("<p>a</p>", 3_000), "html.style_long"},
		{"many selectors", "html", "<style>" + strings.Repeat("a,", 50_000) + "a{color:red}</style>" + strings.Repeat("<p>a</p>", 100), "html.style_long"},
		{"a long text", "html", strings.Repeat("a ", campaigns.MaxSource), "pack.text_long"},
	}
	for _, tt := range tests {
		_, err := campaigns.ReadPack(folder(strings.Replace(manifest, "markdown: {en: first.en.md", tt.format+": {en: body.txt", 1), "body.txt", tt.text,
			"first.sv.md", "<mjml><mj-body></mj-body></mjml>"))
		var bad *campaigns.PackError
		if !errors.As(err, &bad) || bad.Code != tt.code || bad.File != "body.txt" {
			t.Errorf("%s: error = %.200v, want %s", tt.name, err, tt.code)
		}
	}
	rule := strings.Repeat("-", 400) + "\n\n" + strings.Repeat("* ", 200) + "\n\nText\n"
	if _, err := campaigns.ReadPack(folder(manifest, "first.en.md", rule)); err != nil {
		t.Errorf("a ruler is refused: %v", err)
	}
}

func TestRefusedZips(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range campaigns.MaxPackFiles {
		many = append(many, fmt.Sprintf("f%03d.txt", i), "x")
	}
	tests := []struct {
		name string
		zip  *bytes.Reader
		says string
	}{
		{"no zip", bytes.NewReader([]byte("hello")), "no zip file"},
		{"empty", bytes.NewReader(nil), "no zip file"},
		{"a way out", zipped(t, folder(manifest, "../evil.txt", "x"), ""), "cannot be in a pack"},
		{"an absolute path", zipped(t, folder(manifest, "/evil.txt", "x"), ""), "cannot be in a pack"},
		{"a backslash", zipped(t, folder(manifest, `..\evil.txt`, "x"), ""), "cannot be in a pack"},
		{"a drive", zipped(t, folder(manifest, `C:evil.txt`, "x"), ""), "cannot be in a pack"},
		{"a bomb", zipped(t, folder(manifest, "zeros.txt", strings.Repeat("\x00", 4<<20)), ""), "far more"},
		{"many files", zipped(t, folder(manifest, many...), ""), "more than 500 files"},
		{"nested", zipped(t, folder(manifest, "inner.zip", "PK\x03\x04"), ""), "archive"},
	}
	for _, tt := range tests {
		_, err := campaigns.ReadPackZip(tt.zip, tt.zip.Size())
		var bad *campaigns.PackError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: error = %v, want %q", tt.name, err, tt.says)
		}
	}
}

func TestSamplePacks(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"../sample/packs/azure-first-steps", "../sample/packs/renewal-in-time"} {
		p := readPack(t, dir)
		if !slices.Equal(p.Languages, []string{"en", "sv"}) || !strings.HasSuffix(p.Sender.Address, ".example") || p.Play == "" {
			t.Errorf("%s: %v, %s, %q", dir, p.Languages, p.Sender.Address, p.Play)
		}
		channels := map[string]int{}
		for _, s := range p.Steps {
			channels[s.Channel]++
		}
		if channels["email"] == 0 || len(channels) != 2 {
			t.Errorf("%s goes to %v, want mail and one network", dir, channels)
		}
	}
}

func FuzzReadPack(f *testing.F) {
	sample, err := os.ReadFile("testdata/formats/pack.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(sample), "# Hi {{.City}}")
	f.Add(manifest, "{{if .City}}\n- a\n{{end}}\n[x](https://a.example/{{.City}})")
	f.Add("a: &a [*a]", "<p>")
	f.Add(strings.Replace(manifest, "markdown", "html", 1), "<style>p{color:red}</style><p {{.City}}>")
	f.Fuzz(func(t *testing.T, yaml, text string) {
		p, err := campaigns.ReadPack(folder(yaml, "first.en.md", text, "first.sv.md", text, "page.html", text, "page.mjml", text))
		if err != nil {
			var bad *campaigns.PackError
			if !errors.As(err, &bad) || bad.Code == "" || bad.Error() == "" {
				t.Fatalf("ReadPack = %#v", err)
			}
			return
		}
		for _, s := range p.Steps {
			if s.Channel != "email" {
				continue
			}
			for _, lang := range p.Languages {
				mail, err := campaigns.Render(p, s.Key, lang, nobody)
				if errors.Is(err, campaigns.ErrTooLong) {
					continue
				}
				if err != nil {
					t.Fatalf("a pack that was read cannot be rendered: %v", err)
				}
				link := nobody["UnsubscribeURL"]
				if !strings.Contains(mail.HTML, link) || !strings.Contains(mail.Text, link) {
					t.Fatalf("no way to unsubscribe in\n%s\n%s", mail.HTML, mail.Text)
				}
				if strings.ContainsAny(mail.Subject, "\r\n") {
					t.Fatalf("subject %q", mail.Subject)
				}
			}
		}
	})
}

func FuzzReadPackZip(f *testing.F) {
	for _, prefix := range []string{"", "a/"} {
		z := zipped(f, folder(manifest), prefix)
		b := make([]byte, z.Len())
		if _, err := z.Read(b); err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := campaigns.ReadPackZip(bytes.NewReader(b), int64(len(b)))
		var bad *campaigns.PackError
		if err != nil && !errors.As(err, &bad) {
			t.Fatalf("ReadPackZip = %v", err)
		}
		if err == nil && p.SHA256 == "" {
			t.Fatal("a pack without a hash")
		}
	})
}
