package campaigns

import (
	"errors"
	"maps"
	"net/mail"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// pack reads the manifest and checks everything it names.
func (p packFiles) pack() (*Pack, error) {
	raw, ok := p[packManifest]
	if !ok {
		return nil, &PackError{Code: "pack.no_manifest"}
	}
	root, err := parseYAML(raw)
	if err != nil {
		return nil, err
	}
	r := &packReader{files: p, lines: strings.Split(string(raw), "\n"), sources: map[partKey]source{},
		pack: &Pack{Files: p, SHA256: hashFiles(p)}}
	if err := p.checkImages(r.pack); err != nil {
		return nil, err
	}
	if err := r.manifest(root); err != nil {
		return nil, err
	}
	return r.pack, r.compile()
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

func parseYAML(raw []byte) (*yaml.Node, error) {
	if len(raw) > MaxSource {
		return nil, &PackError{File: packManifest, Code: "pack.text_long", Args: []any{MaxSource / 1024}}
	}
	if !utf8.Valid(raw) {
		line, column := position(string(raw), invalidAt(string(raw)))
		return nil, &PackError{File: packManifest, Line: line, Column: column, Code: "pack.not_utf8"}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		bad := &PackError{File: packManifest, Line: 1, Column: 1, Code: "pack.yaml", Args: []any{err.Error()}}
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			if n, err := strconv.Atoi(m[1]); err == nil {
				bad.Line = n
			}
			bad.Args = []any{m[2]}
		}
		return nil, bad
	}
	if len(doc.Content) == 0 {
		return nil, &PackError{File: packManifest, Code: "pack.empty"}
	}
	return doc.Content[0], nil
}

// partKey names a text of a pack.
type partKey struct{ step, language, part string }

// source is where a text comes from: the file, and the place in it at which the
// text begins.
type source struct {
	file         string
	line, column int
	block        bool // every line of the text begins at column
}

type packReader struct {
	files   packFiles
	lines   []string // of the manifest
	sources map[partKey]source
	pack    *Pack
}

func failNode(n *yaml.Node, code string, args ...any) error {
	return &PackError{File: packManifest, Line: n.Line, Column: n.Column, Code: code, Args: args}
}

// keys returns the values of a mapping by key; only known keys may be there.
func keys(n *yaml.Node, known ...string) (map[string]*yaml.Node, error) {
	if n.Kind != yaml.MappingNode {
		return nil, failNode(n, "pack.want_map")
	}
	out := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if v.Kind == yaml.AliasNode || v.Anchor != "" || k.Value == "<<" {
			return nil, failNode(k, "pack.alias")
		}
		if !slices.Contains(known, k.Value) {
			if like := nearest(k.Value, known); like != "" {
				return nil, failNode(k, "pack.key_like", k.Value, like)
			}
			return nil, failNode(k, "pack.key", k.Value, strings.Join(known, ", "))
		}
		if _, twice := out[k.Value]; twice {
			return nil, failNode(k, "pack.key_twice", k.Value)
		}
		if v.Kind == yaml.ScalarNode && v.Tag == "!!null" {
			continue // an empty value is no value
		}
		out[k.Value] = v
	}
	return out, nil
}

func scalar(n *yaml.Node) (string, error) {
	if n == nil {
		return "", nil
	}
	if n.Kind != yaml.ScalarNode {
		return "", failNode(n, "pack.want_text")
	}
	return strings.TrimSpace(n.Value), nil
}

func line(n *yaml.Node) (string, error) {
	s, err := scalar(n)
	if err == nil && s != OneLine(s) {
		return "", failNode(n, "pack.one_line")
	}
	return s, err
}

func list(n *yaml.Node) ([]*yaml.Node, error) {
	if n == nil {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, failNode(n, "pack.want_list")
	}
	for _, item := range n.Content {
		if item.Kind == yaml.AliasNode || item.Anchor != "" {
			return nil, failNode(item, "pack.alias")
		}
	}
	return n.Content, nil
}

func wordList(n *yaml.Node) ([]string, error) {
	items, err := list(n)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, item := range items {
		s, err := line(item)
		if err != nil {
			return nil, err
		}
		if s == "" || slices.Contains(out, s) {
			return nil, failNode(item, "pack.word", s)
		}
		out = append(out, s)
	}
	return out, nil
}

func (r *packReader) manifest(root *yaml.Node) error {
	m, err := keys(root, "name", "play", "cohorts", "languages", "expires", "sender", "footer", "steps")
	if err != nil {
		return err
	}
	p := r.pack
	for _, need := range []string{"name", "languages", "sender", "footer", "steps"} {
		if m[need] == nil {
			return failNode(root, "pack.missing", need)
		}
	}
	if p.Name, err = line(m["name"]); err != nil {
		return err
	}
	if p.Name == "" || len(p.Name) > 200 {
		return failNode(m["name"], "pack.name")
	}
	if p.Play, err = line(m["play"]); err != nil {
		return err
	}
	if p.Cohorts, err = wordList(m["cohorts"]); err != nil {
		return err
	}
	if p.Languages, err = wordList(m["languages"]); err != nil {
		return err
	}
	if n := len(p.Languages); n == 0 || n > maxPackLanguage {
		return failNode(m["languages"], "pack.languages", maxPackLanguage)
	}
	for i, lang := range p.Languages {
		if !validLanguage(lang) {
			return failNode(m["languages"].Content[i], "pack.language", lang)
		}
	}
	if p.Expires, err = line(m["expires"]); err != nil {
		return err
	}
	if p.Expires != "" {
		if _, err := time.Parse(time.DateOnly, p.Expires); err != nil {
			return failNode(m["expires"], "pack.date", p.Expires)
		}
	}
	if err := r.sender(m["sender"]); err != nil {
		return err
	}
	if err := r.footer(m["footer"]); err != nil {
		return err
	}
	return r.steps(m["steps"])
}

func (r *packReader) sender(n *yaml.Node) error {
	m, err := keys(n, "name", "address", "reply_to")
	if err != nil {
		return err
	}
	p := r.pack
	if p.Sender.Name, err = line(m["name"]); err != nil {
		return err
	}
	if p.Sender.Address, err = address(m["address"]); err != nil {
		return err
	}
	if p.Sender.Address == "" {
		return failNode(n, "pack.missing", "sender.address")
	}
	p.Sender.ReplyTo, err = address(m["reply_to"])
	return err
}

func address(n *yaml.Node) (string, error) {
	s, err := line(n)
	if err != nil || s == "" {
		return "", err
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return "", failNode(n, "pack.address", s)
	}
	return s, nil
}

func (r *packReader) footer(n *yaml.Node) error {
	m, err := keys(n, "company", "postal_address")
	if err != nil {
		return err
	}
	p := r.pack
	if p.Footer.Company, err = line(m["company"]); err != nil {
		return err
	}
	if p.Footer.PostalAddress, err = scalar(m["postal_address"]); err != nil {
		return err
	}
	p.Footer.PostalAddress = OneLine(strings.ReplaceAll(p.Footer.PostalAddress, "\n", ", "))
	if p.Footer.Company == "" {
		return failNode(n, "pack.missing", "footer.company")
	}
	if p.Footer.PostalAddress == "" {
		return failNode(n, "pack.missing", "footer.postal_address")
	}
	return nil
}

// compile compiles every text of the pack and says where in the files what is
// wrong with it.
func (r *packReader) compile() error {
	bodies := 0
	for _, s := range r.pack.Steps {
		for _, lang := range r.pack.Languages {
			bodies += len(s.HTML[lang]) + len(s.Text[lang])
		}
	}
	if bodies > maxPackBodies {
		return &PackError{File: packManifest, Code: "pack.bodies", Args: []any{maxPackBodies >> 20}}
	}
	for _, s := range r.pack.Steps {
		if s.Channel != "email" {
			continue
		}
		for _, lang := range r.pack.Languages {
			_, err := Compile(r.pack, s.Key, lang)
			var part *PartError
			var syntax *SyntaxError
			if errors.As(err, &part) && errors.As(err, &syntax) {
				return r.failPart(partKey{s.Key, lang, part.Part}, syntax)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *packReader) failPart(key partKey, e *SyntaxError) error {
	return r.sources[key].fail(e.Line, e.Column, e.Code, e.Args)
}

// fail refuses what stands at a line and column of the text.
func (src source) fail(line, column int, code string, args []any) *PackError {
	bad := &PackError{File: src.file, Line: src.line + line - 1, Column: column, Code: code, Args: args}
	if line == 1 || src.block {
		bad.Column += src.column - 1
	}
	return bad
}

// fileNamed returns the file of the pack that a path names, or an error with
// the nearest name.
func (r *packReader) fileNamed(n *yaml.Node, name string) error {
	if _, ok := r.files[name]; ok {
		return nil
	}
	if like := nearestFile(name, slices.Sorted(maps.Keys(r.files))); like != "" {
		return failNode(n, "pack.no_file_like", name, like)
	}
	return failNode(n, "pack.no_file", name)
}

func nearestFile(name string, known []string) string {
	for _, k := range known {
		if strings.EqualFold(path.Base(k), path.Base(name)) {
			return k
		}
	}
	return nearest(name, known)
}
