package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"actnow"
)

//go:embed locales/*.json
var localeFiles embed.FS

// Languages lists the languages of the pages, the default first.
var Languages = []string{"en", "sv"}

var matchLanguage = language.NewMatcher([]language.Tag{language.English, language.Swedish})

// message is one sentence, in one or two numbers.
type message struct{ one, other string }

func (m *message) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		return json.Unmarshal(data, &m.other)
	}
	var forms struct{ One, Other string }
	if err := json.Unmarshal(data, &forms); err != nil {
		return err
	}
	m.one, m.other = forms.One, forms.Other
	if m.one == "" || m.other == "" {
		return errors.New("a sentence with numbers needs one and other")
	}
	return nil
}

// catalogue maps keys to the sentences of one language.
type catalogue map[string]message

// readCatalogues reads locales/*.json: en.json and sv.json, and for each group
// of pages a pair like home.en.json and home.sv.json. A key may stand once.
func readCatalogues() (map[string]catalogue, error) {
	all := map[string]catalogue{}
	files, err := localeFiles.ReadDir("locales")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		data, err := localeFiles.ReadFile(path.Join("locales", f.Name()))
		if err != nil {
			return nil, err
		}
		var part catalogue
		if err := json.Unmarshal(data, &part); err != nil {
			return nil, fmt.Errorf("locales/%s: %w", f.Name(), err)
		}
		base := strings.TrimSuffix(f.Name(), ".json")
		lang := base[strings.LastIndexByte(base, '.')+1:]
		if all[lang] == nil {
			all[lang] = catalogue{}
		}
		for key, m := range part {
			if _, twice := all[lang][key]; twice {
				return nil, fmt.Errorf("locales/%s: %q stands in another file too", f.Name(), key)
			}
			all[lang][key] = m
		}
	}
	return all, nil
}

// Text speaks one language: it finds sentences, and writes numbers, money and
// dates as its readers do. The zone is that of the installation.
type Text struct {
	Lang string
	Zone *time.Location

	messages catalogue
	stretch  bool // pseudo-locale: everything 40 % longer, for tests
}

// MergeMessages adds the sentences that a domain package exports: English and
// Swedish by key, with {0} for the first argument. A key that a catalogue has
// already keeps the catalogue's sentence. Call it before New.
func MergeMessages(packages ...map[string][2]string) Messages {
	merged := Messages{}
	for _, p := range packages {
		maps.Copy(merged, p)
	}
	return merged
}

// Messages are sentences by key: English, Swedish.
type Messages map[string][2]string

// newTexts returns a Text for each language.
func newTexts(extra Messages, zone *time.Location) (map[string]*Text, error) {
	all, err := readCatalogues()
	if err != nil {
		return nil, err
	}
	texts := map[string]*Text{}
	for i, lang := range Languages {
		messages := all[lang]
		for key, m := range extra {
			if _, have := messages[key]; !have {
				messages[key] = message{other: m[i]}
			}
		}
		texts[lang] = &Text{Lang: lang, Zone: zone, messages: messages}
	}
	return texts, nil
}

// T returns the sentence of key with args in the places {0}, {1}, …. Whole
// numbers among the args are grouped, others get the decimal mark of the
// language. An unknown key is its own sentence, so that it is seen.
func (t *Text) T(key string, args ...any) string {
	m, ok := t.messages[key]
	if !ok {
		return key
	}
	return t.fill(m.other, args)
}

// TN is T for a sentence about n things; n is also the argument {0}.
func (t *Text) TN(key string, n int64, args ...any) string {
	m, ok := t.messages[key]
	if !ok {
		return key
	}
	form := m.other
	if n == 1 && m.one != "" {
		form = m.one
	}
	return t.fill(form, append([]any{n}, args...))
}

// Has reports whether the catalogue has the key.
func (t *Text) Has(key string) bool {
	_, ok := t.messages[key]
	return ok
}

// Error returns the sentence for what a person gave and cannot be used.
func (t *Text) Error(err *actnow.InputError) string {
	sentence := err.Text
	if t.Has(err.Code) {
		sentence = t.T(err.Code, err.Args...)
	}
	if err.Line > 0 {
		return t.T("error.at_line", err.Line, sentence)
	}
	return sentence
}

// HTML is T for a sentence with links in it: args of type template.HTML stay as
// they are, everything else is escaped.
func (t *Text) HTML(key string, args ...any) template.HTML {
	safe := make([]any, len(args))
	for i, a := range args {
		if h, ok := a.(template.HTML); ok {
			safe[i] = string(h)
		} else {
			safe[i] = template.HTMLEscapeString(t.arg(a))
		}
	}
	m, ok := t.messages[key]
	if !ok {
		return template.HTML(template.HTMLEscapeString(key))
	}
	return template.HTML(t.fill(template.HTMLEscapeString(m.other), safe))
}

func (t *Text) fill(sentence string, args []any) string {
	if t.stretch {
		sentence = stretched(sentence)
	}
	if !strings.Contains(sentence, "{") {
		return sentence
	}
	var pairs []string
	for i, a := range args {
		pairs = append(pairs, "{"+strconv.Itoa(i)+"}", t.arg(a))
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}

func (t *Text) arg(a any) string {
	switch v := a.(type) {
	case string:
		return v
	case int:
		return t.Number(int64(v))
	case int64:
		return t.Number(v)
	case float64:
		return t.Decimal(v, -1)
	case time.Time:
		return t.Date(v)
	case actnow.Month:
		return t.Month(v)
	case actnow.Band:
		return t.Band(v)
	}
	return fmt.Sprint(a)
}

// stretched returns s about 40 % longer, with marks at both ends that show
// where a page cuts it.
func stretched(s string) string {
	return "[" + s + strings.Repeat("·", len([]rune(s))*2/5) + "]"
}

// pickLanguage returns the language of a reader: what the browser was told on
// our pages, else what the person's account says, else what the browser asks
// for, else English.
func pickLanguage(cookie, user, accept string) string {
	for _, lang := range []string{cookie, user} {
		if slices.Contains(Languages, lang) {
			return lang
		}
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return Languages[0]
	}
	_, i, confidence := matchLanguage.Match(tags...)
	if confidence == language.No {
		return Languages[0]
	}
	return Languages[i]
}
