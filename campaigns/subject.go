package campaigns

import (
	"encoding/base64"
	"mime"
	"strings"
	"unicode"
)

// ParseSubject reads a template for a subject. The error is a *SyntaxError.
func ParseSubject(src string) (*Template, error) { return ParseText(src) }

// OneLine returns s as one header line: every run of spaces, line breaks and
// control characters is one space, none at the ends.
func OneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	}), " ")
}

// EncodeSubject returns a subject as the value of a header: one line, never
// with CR or LF, in encoded words of RFC 2047 where it is not plain ASCII, looks
// like an encoded word itself, or has a word too long to be folded. The writer
// of the header may fold it at any space.
func EncodeSubject(subject string) string {
	line := OneLine(subject)
	plain := !strings.Contains(line, "=?")
	for word := range strings.SplitSeq(line, " ") {
		plain = plain && len(word) <= 900
	}
	for i := 0; i < len(line) && plain; i++ {
		plain = line[i] < 0x7f
	}
	if plain {
		return line
	}
	if encoded := mime.BEncoding.Encode("utf-8", line); encoded != line {
		return strings.NewReplacer("\r\n ", " ", "\r\n", " ").Replace(encoded)
	}
	return encodeASCII(line)
}

// encodeASCII writes encoded words for a text that mime would leave alone.
func encodeASCII(line string) string {
	const chunk = 45 // 60 letters of base64, 72 with its frame; 75 are allowed
	var words []string
	for len(line) > 0 {
		n := min(chunk, len(line))
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(line[:n]))+"?=")
		line = line[n:]
	}
	return strings.Join(words, " ")
}
