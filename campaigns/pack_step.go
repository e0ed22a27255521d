package campaigns

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

var (
	stepKey   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	stepAfter = regexp.MustCompile(`^(\d{1,3})d$`)
)

func (r *packReader) steps(n *yaml.Node) error {
	items, err := list(n)
	if err != nil {
		return err
	}
	if len(items) == 0 || len(items) > maxPackSteps {
		return failNode(n, "pack.steps", maxPackSteps)
	}
	for _, item := range items {
		s, err := r.step(item)
		if err != nil {
			return err
		}
		if _, twice := r.pack.Step(s.Key); twice {
			return failNode(item, "pack.step_twice", s.Key)
		}
		r.pack.Steps = append(r.pack.Steps, s)
	}
	return nil
}

func (r *packReader) step(n *yaml.Node) (Step, error) {
	var s Step
	m, err := keys(n, "key", "after", "channel", "when", "subject", "preheader", "html", "mjml", "markdown", "text", "image", "alt", "link")
	if err != nil {
		return s, err
	}
	for _, need := range []string{"key", "channel"} {
		if m[need] == nil {
			return s, failNode(n, "pack.missing", need)
		}
	}
	if s.Key, err = line(m["key"]); err != nil {
		return s, err
	}
	if !stepKey.MatchString(s.Key) {
		return s, failNode(m["key"], "pack.step_key", s.Key)
	}
	if after, err := line(m["after"]); err != nil {
		return s, err
	} else if after != "" {
		days := stepAfter.FindStringSubmatch(after)
		if days == nil {
			return s, failNode(m["after"], "pack.after", after)
		}
		if s.After, _ = strconv.Atoi(days[1]); s.After > 365 {
			return s, failNode(m["after"], "pack.after", after)
		}
	}
	if s.Channel, err = line(m["channel"]); err != nil {
		return s, err
	}
	if !slices.Contains(Channels, s.Channel) {
		return s, failNode(m["channel"], "pack.channel", s.Channel, strings.Join(Channels, ", "))
	}
	if s.When, err = scalar(m["when"]); err != nil {
		return s, err
	}
	if s.When != "" {
		s.whenAt = r.inline(m["when"])
	}
	if err := r.imageAndLink(m, &s); err != nil {
		return s, err
	}
	if s.Channel == "email" {
		return s, r.mailStep(n, m, &s)
	}
	return s, r.socialStep(n, m, &s)
}

func (r *packReader) imageAndLink(m map[string]*yaml.Node, s *Step) error {
	var err error
	if s.Image, err = line(m["image"]); err != nil {
		return err
	}
	if s.Image != "" {
		if err := r.fileNamed(m["image"], s.Image); err != nil {
			return err
		}
		if _, _, ok := r.pack.Image(s.Image); !ok {
			return &PackError{File: s.Image, Code: "pack.not_image"}
		}
	}
	if s.Link, err = line(m["link"]); err != nil {
		return err
	}
	if s.Link != "" {
		u, err := url.Parse(s.Link)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return failNode(m["link"], "pack.link", s.Link)
		}
	}
	s.Alt, err = r.literal(m["alt"], s, "alt")
	return err
}

func (r *packReader) mailStep(n *yaml.Node, m map[string]*yaml.Node, s *Step) error {
	s.Format = FormatText
	for _, f := range []Format{FormatHTML, FormatMJML, FormatMarkdown} {
		if m[string(f)] == nil {
			continue
		}
		if s.Format != FormatText {
			return failNode(m[string(f)], "pack.two_formats", string(s.Format), string(f))
		}
		s.Format = f
		var err error
		if s.HTML, err = r.text(m[string(f)], s.Key, "html"); err != nil {
			return err
		}
	}
	if m["subject"] == nil {
		return failNode(n, "pack.missing", "subject")
	}
	if s.Format == FormatText && m["text"] == nil {
		return failNode(n, "pack.missing", "html, mjml, markdown, text")
	}
	var err error
	if s.Subject, err = r.text(m["subject"], s.Key, "subject"); err != nil {
		return err
	}
	if s.Preheader, err = r.text(m["preheader"], s.Key, "preheader"); err != nil {
		return err
	}
	s.Text, err = r.text(m["text"], s.Key, "text")
	return err
}

func (r *packReader) socialStep(n *yaml.Node, m map[string]*yaml.Node, s *Step) error {
	for _, key := range []string{"subject", "preheader", "html", "mjml", "markdown", "when"} {
		if m[key] != nil {
			return failNode(m[key], "pack.not_for", key, s.Channel)
		}
	}
	if m["text"] == nil {
		return failNode(n, "pack.missing", "text")
	}
	var err error
	s.Text, err = r.literal(m["text"], s, "text")
	return err
}

// literal reads a text per language that has no recipient.
func (r *packReader) literal(n *yaml.Node, s *Step, part string) (Text, error) {
	text, err := r.text(n, s.Key, part)
	if err != nil {
		return nil, err
	}
	for _, lang := range r.pack.Languages {
		if i := strings.Index(text[lang], "{{"); i >= 0 {
			return nil, r.failPart(partKey{s.Key, lang, part}, syntaxError(text[lang], i, "pack.no_recipient"))
		}
	}
	return text, nil
}

// text reads a text per language, each inline or the path of a file of the
// pack. One text alone is that of every language.
func (r *packReader) text(n *yaml.Node, step, part string) (Text, error) {
	if n == nil {
		return nil, nil
	}
	out := Text{}
	if n.Kind == yaml.ScalarNode {
		for _, lang := range r.pack.Languages {
			if err := r.content(n, out, partKey{step, lang, part}); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	m, err := keys(n, r.pack.Languages...)
	if err != nil {
		return nil, err
	}
	for _, lang := range r.pack.Languages {
		if m[lang] == nil {
			return nil, failNode(n, "pack.no_language", lang)
		}
		if err := r.content(m[lang], out, partKey{step, lang, part}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *packReader) content(n *yaml.Node, out Text, key partKey) error {
	if n.Kind != yaml.ScalarNode {
		return failNode(n, "pack.want_text")
	}
	text := n.Value
	if isPath(text) {
		if err := r.fileNamed(n, text); err != nil {
			return err
		}
		r.sources[key] = source{file: text, line: 1, column: 1}
		text = strings.TrimPrefix(string(r.files[text]), "\uFEFF")
	} else {
		r.sources[key] = r.inline(n)
	}
	if len(text) > MaxSource {
		return r.failPart(key, &SyntaxError{Line: 1, Column: 1, Code: "pack.text_long", Args: []any{MaxSource / 1024}})
	}
	if !utf8.ValidString(text) {
		return r.failPart(key, syntaxError(text, invalidAt(text), "pack.not_utf8"))
	}
	out[key.language] = text
	return nil
}

// isPath reports whether a text of the manifest names a file: one word with the
// extension of a text file.
func isPath(s string) bool {
	if s == "" || strings.ContainsAny(s, " \t\r\n{<") {
		return false
	}
	switch strings.ToLower(path.Ext(s)) {
	case ".html", ".htm", ".mjml", ".md", ".markdown", ".txt":
		return true
	}
	return false
}

// inline returns where in the manifest a text begins.
func (r *packReader) inline(n *yaml.Node) source {
	src := source{file: packManifest, line: n.Line, column: n.Column}
	switch n.Style &^ yaml.TaggedStyle {
	case yaml.LiteralStyle, yaml.FoldedStyle:
		src.line, src.column, src.block = n.Line+1, 1, true
		for _, l := range r.lines[min(n.Line, len(r.lines)):] {
			if trimmed := strings.TrimLeft(l, " "); strings.TrimSpace(trimmed) != "" {
				src.column = len(l) - len(trimmed) + 1
				break
			}
		}
	case yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle:
		src.column++
	}
	return src
}
