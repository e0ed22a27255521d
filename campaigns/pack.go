package campaigns

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"actnow"
)

// Text is one content per language ("en", "sv").
type Text map[string]string

// Format is how the body of a step is written.
type Format string

// The formats.
const (
	FormatHTML     Format = "html"
	FormatMJML     Format = "mjml"
	FormatMarkdown Format = "markdown"
	FormatText     Format = "text" // no body but the text part
)

// Channels lists where a step can go. Only email has recipients.
var Channels = []string{"email", "mastodon", "bluesky", "linkedin", "file"}

// Step is one message of a pack.
type Step struct {
	Key       string
	After     int    // days after the launch
	Channel   string // one of Channels
	When      string // a filter of the cohort grammar that the customer must meet, or ""
	whenAt    source // where When stands in the manifest, once it was read
	Subject   Text
	Preheader Text   // what a list of mails shows behind the subject
	Format    Format // of HTML
	HTML      Text   // the source as written, in Format
	Text      Text   // the plain-text part; made from HTML where the pack has none
	Image     string // path of a file of the pack, or ""
	Alt       Text
	Link      string
}

// Footer stands under every mail.
type Footer struct {
	Company       string
	PostalAddress string
}

// From is who a mail comes from.
type From struct {
	Name    string
	Address string
	ReplyTo string
}

// Pack is a ready-made campaign: the content of a folder or zip with pack.yaml.
type Pack struct {
	ID        actnow.PackID
	Revision  int // of the name, from 1; 0 if not stored
	Name      string
	Play      string
	Cohorts   []string
	Languages []string // the first is the fallback
	Expires   string   // "2027-06-30", the last day, or ""
	Sender    From
	Footer    Footer
	Steps     []Step
	SHA256    string            // of the content
	Files     map[string][]byte `json:"-"` // images and the sources, by path
}

// KeptPack is a pack in the store.
type KeptPack struct {
	Pack
	CreatedBy string
	CreatedAt time.Time
}

// Step returns the step with a key.
func (p *Pack) Step(key string) (Step, bool) {
	for _, s := range p.Steps {
		if s.Key == key {
			return s, true
		}
	}
	return Step{}, false
}

// Image returns a picture of the pack and its media type. ok is false if the
// file is not there or is no PNG, JPEG, GIF or WebP.
func (p *Pack) Image(name string) (content []byte, mediaType string, ok bool) {
	content, found := p.Files[name]
	if !found {
		return nil, "", false
	}
	mediaType = http.DetectContentType(content)
	switch mediaType {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return content, mediaType, true
	}
	return nil, "", false
}

// Images lists the pictures of the pack by path.
func (p *Pack) Images() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		if _, _, ok := p.Image(name); ok {
			out = append(out, name)
		}
	}
	return out
}

// ImagePath returns where the public listener serves a picture of a pack:
// /i/ + the first 32 digits of the SHA-256 of the content + the extension. The
// same picture has the same path in every pack, and none can be guessed.
func ImagePath(name string, content []byte) string {
	sum := sha256.Sum256(content)
	return "/i/" + hex.EncodeToString(sum[:16]) + strings.ToLower(path.Ext(name))
}

// hashFiles returns the SHA-256, in hexadecimal digits, of all files by path.
// A folder and a zip of the same files have the same hash.
func hashFiles(files map[string][]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		var sizes [16]byte
		binary.BigEndian.PutUint64(sizes[:8], uint64(len(name)))
		binary.BigEndian.PutUint64(sizes[8:], uint64(len(files[name])))
		h.Write(sizes[:])
		h.Write([]byte(name))
		h.Write(files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}
