package mail

import (
	"bytes"
	"encoding/base64"
	netmail "net/mail"
	"net/url"
	"strings"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"actnow"
	"actnow/campaigns"
)

// Encode writes the letter down as the server gets it: headers, then text and
// HTML as alternatives, then the images. A header value with a line break or
// another control character is refused, whatever it came from; nothing is
// silently repaired. The error is an *actnow.InputError.
func (s *Sender) Encode(l campaigns.Letter) ([]byte, error) { return Encode(l) }

// Encode is Sender.Encode without a server.
func Encode(l campaigns.Letter) ([]byte, error) {
	if err := check(l); err != nil {
		return nil, err
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	m.FromMailAddress(address(l.From.Name, l.From.Address))
	m.ToMailAddress(address(l.ToName, l.ToAddress))
	if l.From.ReplyTo != "" {
		m.ReplyToMailAddress(address("", l.From.ReplyTo))
	}
	m.SetGenHeaderPreformatted(gomail.HeaderSubject, unstructured(l.Subject))
	m.SetMessageIDWithValue(strings.Trim(l.MessageID, "<>"))
	m.SetDateWithValue(l.Date)
	if l.ListID != "" {
		m.SetGenHeaderPreformatted("List-Id", "<"+l.ListID+">")
	}
	if l.UnsubscribeURL != "" {
		if err := m.SetListUnsubscribeOneClick(l.UnsubscribeURL); err != nil {
			return nil, actnow.Invalid("error.unsubscribe_url", "unsubscribe",
				"the address for unsubscribing is %q and must begin with https://: one-click unsubscribing works with nothing else", l.UnsubscribeURL)
		}
	}
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	if l.HTML != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	}
	for _, img := range l.Images {
		m.EmbedReadSeeker(img.ID, bytes.NewReader(img.Data),
			gomail.WithFileContentID(img.ID), gomail.WithFileContentType(gomail.ContentType(img.Type)))
	}
	var b bytes.Buffer
	b.Grow(2*(len(l.HTML)+len(l.Text)) + 2048)
	if _, err := m.WriteTo(&b); err != nil {
		return nil, actnow.Invalid("error.mail", "", "the mail cannot be written: %v", err)
	}
	return b.Bytes(), nil
}

func check(l campaigns.Letter) error {
	for _, h := range []struct{ field, value string }{
		{"Subject", l.Subject}, {"From", l.From.Name}, {"To", l.ToName},
		{"Message-ID", l.MessageID}, {"List-Id", l.ListID}, {"List-Unsubscribe", l.UnsubscribeURL},
	} {
		if !printable(h.value) {
			return actnow.Invalid("error.mail_header", h.field, "%s holds a line break or another control character", h.field)
		}
	}
	for _, a := range []struct{ field, value string }{
		{"From", l.From.Address}, {"To", l.ToAddress}, {"Return-Path", l.ReturnPath}, {"Reply-To", l.From.ReplyTo},
	} {
		if a.value == "" && (a.field == "Return-Path" || a.field == "Reply-To") {
			continue
		}
		if !ValidAddress(a.value) {
			return actnow.Invalid("error.mail_address", a.field, "%q is no mail address", a.value)
		}
	}
	id := l.MessageID
	if len(id) < 5 || id[0] != '<' || id[len(id)-1] != '>' || !strings.Contains(id, "@") || strings.ContainsAny(id[1:len(id)-1], "<> \t") {
		return actnow.Invalid("error.message_id", "Message-ID", "%q is no Message-ID", id)
	}
	if strings.ContainsAny(l.ListID, "<> \t") || !ascii(l.ListID) {
		return actnow.Invalid("error.mail_header", "List-Id", "%s holds a line break or another control character", "List-Id")
	}
	if u, err := url.Parse(l.UnsubscribeURL); l.UnsubscribeURL != "" && (err != nil || strings.ContainsAny(u.String(), "<>, ")) {
		return actnow.Invalid("error.unsubscribe_url", "unsubscribe",
			"the address for unsubscribing is %q and must begin with https://: one-click unsubscribing works with nothing else", l.UnsubscribeURL)
	}
	for _, img := range l.Images {
		if img.ID == "" || !ascii(img.ID) || !ascii(img.Type) || strings.ContainsAny(img.ID+img.Type, "<> \t\"") {
			return actnow.Invalid("error.mail_image", "", "the image %q has no proper name or type", img.ID)
		}
	}
	return nil
}

// printable reports whether s is valid UTF-8 without control characters, the
// tab excepted.
func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool {
		return r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029
	}) < 0
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// ValidAddress reports whether s is an address that a mail can be sent to: a dot
// atom, an @, a domain by its name. Quoted local parts and address literals are
// not taken, nor anything that could mean more than one address or a parameter
// to a server.
func ValidAddress(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 || len(s)-at > 254 || !utf8.ValidString(s) {
		return false
	}
	local, domain := s[:at], s[at+1:]
	for _, atom := range strings.Split(local, ".") {
		if atom == "" || strings.IndexFunc(atom, func(r rune) bool {
			return r <= ' ' || r == 0x7f || r >= 0x80 && r <= 0xa0 || strings.ContainsRune(`()<>[]:;@\,"`, r)
		}) >= 0 {
			return false
		}
	}
	name, err := wireDomain.ToASCII(domain)
	if err != nil || len(name) > 253 || !strings.Contains(name, ".") {
		return false
	}
	for _, label := range strings.Split(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// wireDomain turns a domain into the letters, digits and hyphens of DNS.
var wireDomain = idna.New(idna.MapForLookup(), idna.StrictDomainName(true), idna.BidiRule())

// wireAddress is the address as servers get it, with its domain in ASCII.
func wireAddress(s string) string {
	at := strings.LastIndexByte(s, '@')
	if name, err := wireDomain.ToASCII(s[at+1:]); err == nil {
		return s[:at+1] + name
	}
	return s
}

// maxName is how much of a display name is written, in runes: a header line
// may not exceed 998 octets.
const maxName = 120

func address(name, addr string) *netmail.Address {
	if r := []rune(name); len(r) > maxName {
		name = string(r[:maxName])
	}
	return &netmail.Address{Name: strings.TrimSpace(name), Address: wireAddress(addr)}
}

// unstructured returns the value of a header such as Subject, folded: as it is
// where that is safe, else in encoded words (RFC 2047). What looks like an
// encoded word is encoded too, so that it arrives as it was written.
func unstructured(s string) string {
	if plain(s) {
		return fold(s)
	}
	const most = 45 // bytes of text in one word: 75 characters with its frame
	var words []string
	for len(s) > 0 {
		n := min(len(s), most)
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		words = append(words, "=?UTF-8?B?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, "\r\n ")
}

func plain(s string) bool {
	if strings.Contains(s, "=?") || strings.TrimSpace(s) != s || strings.Contains(s, "  ") {
		return false
	}
	for _, word := range strings.Split(s, " ") {
		if len(word) > 60 {
			return false
		}
		for i := range len(word) {
			if word[i] <= ' ' || word[i] >= 0x7f {
				return false
			}
		}
	}
	return true
}

// fold breaks lines at spaces before they grow over 78 characters.
func fold(s string) string {
	var b strings.Builder
	n := len("Subject: ")
	for i, word := range strings.Split(s, " ") {
		switch {
		case i == 0:
		case n+1+len(word) > 76:
			b.WriteString("\r\n ")
			n = 1
		default:
			b.WriteByte(' ')
			n++
		}
		b.WriteString(word)
		n += len(word)
	}
	return b.String()
}
