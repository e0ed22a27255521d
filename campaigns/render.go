package campaigns

import (
	"errors"
	"html"
	"slices"
	"strings"
	"sync"
	"time"

	"actnow"
)

// Rendered is one mail, whole and ready to be sent.
type Rendered struct {
	Subject  string // one line, not yet encoded for a header
	HTML     string
	Text     string // lines end in \n
	Language string
	Images   []Image // those that the HTML names by "cid:"; only with PicturesAttached
}

// Compiled is a step of a pack in one language, checked and ready to be filled
// for any number of recipients, by several goroutines.
type Compiled struct {
	Step, Language string
	// Shown are the fields that leave a hole in the mail when they are empty.
	Shown []string
	// NoAlt are images without alternative text, Insecure links over plain http,
	// Dead links to nowhere, as written in the pack.
	NoAlt, Insecure, Dead []string
	// OwnText is set when the pack has a text part of its own.
	OwnText bool

	subject, html, text []node
	attached            []Image
	sizes               [3]int // to be expected, in bytes
}

// Compile makes a step ready in a language of the pack. The error is a
// *PartError if a text cannot be used, else an *actnow.InputError.
func Compile(pack *Pack, step, lang string) (*Compiled, error) {
	s, ok := pack.Step(step)
	switch {
	case !ok:
		return nil, invalid("render.no_step", "step", step)
	case s.Channel != "email":
		return nil, invalid("render.not_mail", "step", step, s.Channel)
	case !slices.Contains(pack.Languages, lang):
		return nil, invalid("render.no_language", "language", lang)
	}
	c := &compiler{pack: pack, step: s, lang: lang, words: footerWords(lang)}
	out, err := c.run()
	if err != nil {
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			return nil, &PartError{Step: step, Language: lang, Part: c.part, Err: err}
		}
		return nil, err
	}
	return out, nil
}

func invalid(code, field string, args ...any) error {
	return &actnow.InputError{Code: code, Field: field, Args: args, Text: message(code, args)}
}

// Render fills the mail for one recipient, with its pictures attached.
// UnsubscribeURL must be among the fields: no mail goes without it. ViewURL may
// be missing; then the mail has no link to itself. The error matches ErrTooLong
// if a part would be longer than MaxOutput.
func (c *Compiled) Render(f Fields) (Rendered, error) {
	return c.RenderWith(f, PicturesAttached)
}

// RenderWith is Render with the pictures as the reader needs them: a page in a
// browser cannot open what is attached to a mail. With PicturesAttached they
// come along as Images.
func (c *Compiled) RenderWith(f Fields, pictures Pictures) (Rendered, error) {
	if strings.TrimSpace(f["UnsubscribeURL"]) == "" {
		return Rendered{}, invalid("render.no_unsubscribe", "UnsubscribeURL")
	}
	var parts [3]string
	for i, nodes := range [3][]node{c.subject, c.html, c.text} {
		w := writer{fields: f, pictures: pictures}
		w.Grow(c.sizes[i])
		if err := w.nodes(nodes); err != nil {
			return Rendered{}, err
		}
		parts[i] = w.String()
	}
	out := Rendered{Subject: OneLine(parts[0]), HTML: parts[1], Text: tidyText(parts[2]), Language: c.Language}
	if pictures == PicturesAttached {
		out.Images = c.attached
	}
	return out, nil
}

// Render compiles a step in a language and fills it for one recipient. Who
// renders more than one mail uses a Renderer.
func Render(pack *Pack, step, lang string, f Fields) (Rendered, error) {
	c, err := Compile(pack, step, lang)
	if err != nil {
		return Rendered{}, err
	}
	return c.Render(f)
}

// Renderer renders mails and compiles each step of a pack once in a language.
// It tells packs apart by their SHA256. The zero value is ready; it is safe for
// several goroutines.
type Renderer struct {
	mu       sync.RWMutex
	compiled map[compiledKey]*Compiled
}

type compiledKey struct{ sha256, step, lang string }

// maxCompiled bounds what a Renderer keeps; then it begins anew.
const maxCompiled = 256

// Render is the function of the same name.
func (r *Renderer) Render(pack *Pack, step, lang string, f Fields) (Rendered, error) {
	c, err := r.Compile(pack, step, lang)
	if err != nil {
		return Rendered{}, err
	}
	return c.Render(f)
}

// RenderWith is Render with the pictures as the reader needs them.
func (r *Renderer) RenderWith(pack *Pack, step, lang string, f Fields, pictures Pictures) (Rendered, error) {
	c, err := r.Compile(pack, step, lang)
	if err != nil {
		return Rendered{}, err
	}
	return c.RenderWith(f, pictures)
}

// Compile is the function of the same name, done once for each pack, step and
// language.
func (r *Renderer) Compile(pack *Pack, step, lang string) (*Compiled, error) {
	if pack.SHA256 == "" {
		return Compile(pack, step, lang)
	}
	key := compiledKey{pack.SHA256, step, lang}
	r.mu.RLock()
	c := r.compiled[key]
	r.mu.RUnlock()
	if c != nil {
		return c, nil
	}
	c, err := Compile(pack, step, lang)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.compiled == nil || len(r.compiled) >= maxCompiled {
		r.compiled = map[compiledKey]*Compiled{}
	}
	r.compiled[key] = c
	return c, nil
}

// Expired reports whether the pack's last day lies before the day of now.
func (p *Pack) Expired(now time.Time) bool {
	return p.Expires != "" && now.Format(time.DateOnly) > p.Expires
}

// compiler makes a Compiled.
type compiler struct {
	pack  *Pack
	step  Step
	lang  string
	words words
	part  string // at work, for errors
}

func (c *compiler) run() (*Compiled, error) {
	out := &Compiled{Step: c.step.Key, Language: c.lang, OwnText: c.step.Text != nil}
	c.part = "subject"
	subject, err := ParseSubject(c.step.Subject[c.lang])
	if err != nil {
		return nil, err
	}
	out.subject = subject.nodes
	c.part = "preheader"
	preheader, err := ParseText(c.step.Preheader[c.lang])
	if err != nil {
		return nil, err
	}
	own := &Template{}
	c.part = "text"
	if out.OwnText {
		if own, err = ParseText(c.step.Text[c.lang]); err != nil {
			return nil, err
		}
	}
	c.part = "html"
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	doc, err := c.document(body)
	if err != nil {
		return nil, err
	}
	h := htmlCompiler{m: body.m, nesting: nesting{m: body.m}, offset: body.offset}
	h.images = func(name string) (*picture, error) {
		p, err := c.picture(&h, name)
		if err == nil && !slices.ContainsFunc(out.attached, func(a Image) bool { return a.ID == p.id() }) {
			out.attached = append(out.attached, Image{ID: p.id(), Type: p.mediaType, Data: p.content})
		}
		return p, err
	}
	if out.html, err = h.compile(doc); err != nil {
		return nil, err
	}
	for i, a := range body.m.actions {
		// An open title before the footer would take it in as its text.
		if a.start < 0 && a.field == "UnsubscribeURL" && a.verb == verbField && body.m.modes[i] != modeLink {
			return nil, syntaxError(body.m.src, 0, "html.no_footer")
		}
	}
	out.NoAlt, out.Insecure, out.Dead = h.noAlt, h.insecure, h.dead

	made := own.nodes
	if !out.OwnText {
		if made, err = body.m.text(plainText(body.fragment)); err != nil {
			return nil, err
		}
	}
	out.text = slices.Concat(made, c.textFooter())
	for i, nodes := range [3][]node{out.subject, out.html, out.text} {
		out.sizes[i] = sizeOf(nodes)
	}
	for _, shown := range [][]string{subject.shown, preheader.shown, own.shown, shownFields(body.own)} {
		for _, f := range shown {
			if !slices.Contains(out.Shown, f) {
				out.Shown = append(out.Shown, f)
			}
		}
	}
	return out, nil
}

// body is what the pack says, as HTML with marks.
type body struct {
	m        *marked
	own      []action // of the pack's text, without what the layout adds
	fragment string   // the HTML of the content alone
	document bool     // fragment is a whole document
	offset   func(at int, raw string) int
}

func (c *compiler) body() (*body, error) {
	src := c.step.HTML[c.lang]
	if c.step.Format == FormatText {
		src = c.step.Text[c.lang]
	}
	p := c.pack
	m, err := mark(src, c.step.Subject[c.lang], c.step.Preheader[c.lang], c.step.Alt[c.lang], c.step.Image,
		p.Name, p.Footer.Company, p.Footer.PostalAddress, p.Sender.Name)
	if err != nil {
		return nil, err
	}
	b := &body{m: m, own: slices.Clone(m.actions)}
	b.offset = func(_ int, raw string) int { return max(strings.Index(src, raw), 0) }
	switch c.step.Format {
	case FormatText:
		b.fragment = textToHTML(m.source())
	case FormatMarkdown:
		if err := checkMarkdown(src); err != nil {
			return nil, err
		}
		b.fragment, err = markdownToHTML(m)
	case FormatMJML:
		if _, err := countTags(src); err != nil {
			return nil, err
		}
		b.document = true
		b.fragment, err = mjmlToHTML(m)
	default:
		tags, err := countTags(src)
		if err != nil {
			return nil, err
		}
		if err := checkStyles(src, tags); err != nil {
			return nil, err
		}
		// The source itself is compiled first, for the places of its faults.
		check := htmlCompiler{m: m, nesting: nesting{m: m}, offset: func(at int, _ string) int { return m.offset(at) }}
		check.images = func(name string) (*picture, error) { return c.picture(&check, name) }
		if _, err := check.compile(m.source()); err != nil {
			return nil, err
		}
		b.document = true
		if b.fragment, err = inlineStyles(m); err != nil {
			return nil, err
		}
	}
	return b, err
}

// document sets the body into a whole HTML document with preheader and footer.
func (c *compiler) document(b *body) (string, error) {
	title := ""
	if !b.document || !ownTitle.MatchString(b.fragment) {
		var err error
		if title, err = b.m.graft(c.step.Subject[c.lang], html.EscapeString); err != nil {
			return "", err
		}
	}
	preheader, err := b.m.graft(c.step.Preheader[c.lang], html.EscapeString)
	if err != nil {
		return "", err
	}
	if preheader != "" {
		preheader = strings.NewReplacer("%TEXT%", preheader).Replace(preheaderHTML)
	}
	footer, err := b.m.graft(c.htmlFooter(), same)
	if err != nil {
		return "", err
	}
	if b.document {
		return setInto(b.fragment, c.lang, title, preheader, strings.NewReplacer("%FOOTER%", footer).Replace(plainFooterHTML)), nil
	}
	hero := ""
	if c.step.Image != "" {
		hero = strings.NewReplacer("%SRC%", html.EscapeString(c.step.Image), "%ALT%", html.EscapeString(c.step.Alt[c.lang])).Replace(heroHTML)
	}
	return strings.NewReplacer(
		"%LANG%", html.EscapeString(c.lang),
		"%TITLE%", title,
		"%PREHEADER%", preheader,
		"%HERO%", hero,
		"%COMPANY%", html.EscapeString(c.pack.Footer.Company),
		"%BODY%", b.fragment,
		"%FOOTER%", footer,
	).Replace(layoutHTML), nil
}
