package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // ISO 8859, Windows code pages and the like
	gomessage "github.com/emersion/go-message/mail"
)

// Parsed is a mail taken apart for reading.
type Parsed struct {
	From, To, Subject string // decoded
	Date              time.Time
	Text, HTML        string
	Headers           []Header // all, in their order, as they came
	Images            []Image  // the parts that the HTML may name by cid:
	Attachments       []string // names of the other parts
}

// Header is one header line, unfolded.
type Header struct{ Name, Value string }

// Image is a part with a Content-ID.
type Image struct {
	ID, Type string
	Data     []byte
}

// maxParts bounds how many parts of a mail are looked at.
const maxParts = 200

// ParseMail takes a mail apart. What cannot be decoded is given as it stands:
// only a mail whose headers cannot be read is an error.
func ParseMail(raw []byte) (Parsed, error) {
	e, err := message.Read(bytes.NewReader(raw))
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return Parsed{}, fmt.Errorf("read mail: %w", err)
	}
	var p Parsed
	h := gomessage.Header{Header: e.Header}
	p.From, p.To = decodeWords(h.Get("From")), decodeWords(h.Get("To"))
	p.Subject = decodeWords(h.Get("Subject"))
	if date, err := h.Date(); err == nil {
		p.Date = date
	}
	for fields := e.Header.Fields(); fields.Next(); {
		p.Headers = append(p.Headers, Header{Name: fields.Key(), Value: fields.Value()})
	}
	// A body that breaks off is shown as far as it goes.
	parts := 0
	_ = e.Walk(func(_ []int, part *message.Entity, err error) error {
		if parts++; parts > maxParts {
			return errTooManyParts
		}
		if part == nil {
			return err
		}
		return p.add(part)
	})
	return p, nil
}

var errTooManyParts = errors.New("too many parts")

func (p *Parsed) add(part *message.Entity) error {
	kind, params, err := part.Header.ContentType()
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		return nil
	}
	disposition, dispositionParams, _ := part.Header.ContentDisposition()
	name := dispositionParams["filename"]
	if name == "" {
		name = params["name"]
	}
	body, err := io.ReadAll(part.Body)
	text := strings.ToValidUTF8(string(body), "\uFFFD")
	id := strings.Trim(part.Header.Get("Content-Id"), "<> ")
	switch {
	case disposition != "attachment" && kind == "text/plain" && p.Text == "":
		p.Text = text
	case disposition != "attachment" && kind == "text/html" && p.HTML == "":
		p.HTML = text
	case id != "" && strings.HasPrefix(kind, "image/"):
		p.Images = append(p.Images, Image{ID: id, Type: kind, Data: body})
	default:
		p.Attachments = append(p.Attachments, decodeWords(name))
	}
	return err
}

// decodeWords decodes the encoded words of a header value (RFC 2047), and leaves
// what cannot be decoded.
func decodeWords(s string) string {
	s = strings.NewReplacer("\r\n", "", "\n", "").Replace(s)
	d := mime.WordDecoder{CharsetReader: message.CharsetReader}
	out, err := d.DecodeHeader(s)
	if err != nil {
		out = s
	}
	return strings.ToValidUTF8(out, "\uFFFD")
}
