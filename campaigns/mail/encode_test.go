package mail_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"actnow"
	"actnow/campaigns"
	"actnow/campaigns/mail"
)

func letter() campaigns.Letter {
	return campaigns.Letter{
		MessageID: "<actnow.7@partner.example>", ReturnPath: "bounce+7@partner.example",
		From:   campaigns.From{Name: "Partner AB", Address: "hello@partner.example", ReplyTo: "olle@partner.example"},
		ToName: "Åsa Öberg", ToAddress: "asa@one.example",
		Subject: "Räksmörgås för dig", HTML: "<p>Hej Åsa</p><img src=\"cid:logo\">", Text: "Hej Åsa\n.\nslut",
		UnsubscribeURL: "https://demo.actnow.example/u/abc", ListID: "campaign-7.partner.example",
		Date:   time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC),
		Images: []campaigns.Image{{ID: "logo", Type: "image/png", Data: []byte("\x89PNG")}},
	}
}

func headers(t *testing.T, raw []byte) map[string][]string {
	t.Helper()
	p, err := mail.ParseMail(raw)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, h := range p.Headers {
		out[h.Name] = append(out[h.Name], h.Value)
	}
	return out
}

func TestEncode(t *testing.T) {
	l := letter()
	raw, err := mail.Encode(l)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range bytes.Split(raw, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n") {
			t.Errorf("line %d: %d bytes, or a bare line end", i+1, len(line))
		}
	}
	p, err := mail.ParseMail(raw)
	if err != nil {
		t.Fatal(err)
	}
	if p.Subject != l.Subject || p.HTML != l.HTML || strings.ReplaceAll(p.Text, "\r\n", "\n") != l.Text || !p.Date.Equal(l.Date) {
		t.Errorf("parsed = %+v", p)
	}
	if len(p.Images) != 1 || p.Images[0].ID != "logo" || string(p.Images[0].Data) != "\x89PNG" || p.Images[0].Type != "image/png" {
		t.Errorf("images = %+v", p.Images)
	}
	h := headers(t, raw)
	for name, want := range map[string]string{
		"Message-Id": "<actnow.7@partner.example>", "List-Id": "<campaign-7.partner.example>",
		"List-Unsubscribe": "<https://demo.actnow.example/u/abc>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"Date": "Thu, 26 Nov 2026 09:00:00 +0000", "Reply-To": "<olle@partner.example>", "From": `"Partner AB" <hello@partner.example>`,
		"Mime-Version": "1.0",
	} {
		if got := h[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"Auto-Submitted", "Return-Path", "X-Mailer", "User-Agent", "Precedence"} {
		if h[name] != nil {
			t.Errorf("%s = %q", name, h[name])
		}
	}
	order := []string{"multipart/related", "multipart/alternative", "text/plain", "text/html", "image/png"}
	at := 0
	for _, kind := range order {
		i := strings.Index(string(raw[at:]), kind)
		if i < 0 {
			t.Fatalf("%s is missing or out of order", kind)
		}
		at += i
	}
}

func TestEncodeWithoutHTMLIsPlainText(t *testing.T) {
	l := letter()
	l.HTML, l.Images, l.UnsubscribeURL, l.ListID = "", nil, "", ""
	raw, err := mail.Encode(l)
	if err != nil {
		t.Fatal(err)
	}
	h := headers(t, raw)
	if got := h["Content-Type"]; len(got) != 1 || !strings.HasPrefix(got[0], "text/plain") || h["List-Unsubscribe"] != nil || h["List-Id"] != nil {
		t.Errorf("headers = %v", h)
	}
}

func TestEncodeRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*campaigns.Letter)
	}{
		{"CR in the subject", func(l *campaigns.Letter) { l.Subject = "a\rb" }},
		{"LF in the subject", func(l *campaigns.Letter) { l.Subject = "a\nBcc: x@evil.example" }},
		{"NUL in the subject", func(l *campaigns.Letter) { l.Subject = "a\x00b" }},
		{"line separator", func(l *campaigns.Letter) { l.Subject = "a\u2028b" }},
		{"bytes that are no text", func(l *campaigns.Letter) { l.Subject = "a\xff" }},
		{"line end in the sender's name", func(l *campaigns.Letter) { l.From.Name = "a\r\nBcc: x@evil.example" }},
		{"line end in the recipient's name", func(l *campaigns.Letter) { l.ToName = "a\nb" }},
		{"line end in the address", func(l *campaigns.Letter) { l.ToAddress = "a@b.example\r\nRCPT TO:<x@evil.example>" }},
		{"two addresses", func(l *campaigns.Letter) { l.ToAddress = "a@b.example,c@d.example" }},
		{"return path", func(l *campaigns.Letter) { l.ReturnPath = "a@b.example> SIZE=1" }},
		{"reply address", func(l *campaigns.Letter) { l.From.ReplyTo = "nobody" }},
		{"no sender", func(l *campaigns.Letter) { l.From.Address = "" }},
		{"Message-ID", func(l *campaigns.Letter) { l.MessageID = "<a@b>\r\nX: y" }},
		{"no Message-ID", func(l *campaigns.Letter) { l.MessageID = "" }},
		{"list", func(l *campaigns.Letter) { l.ListID = "a> b" }},
		{"unsubscribe over http", func(l *campaigns.Letter) { l.UnsubscribeURL = "http://demo.actnow.example/u" }},
		{"unsubscribe by mail", func(l *campaigns.Letter) { l.UnsubscribeURL = "mailto:a@b.example" }},
		{"unsubscribe with brackets", func(l *campaigns.Letter) { l.UnsubscribeURL = "https://x.example/>,<mailto:a@b.example" }},
		{"image", func(l *campaigns.Letter) { l.Images[0].ID = "a\"b" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := letter()
			tt.change(&l)
			_, err := mail.Encode(l)
			var input *actnow.InputError
			if !errors.As(err, &input) {
				t.Fatalf("Encode = %v, want an InputError", err)
			}
			if m, ok := mail.Messages[input.Code]; !ok || m[0] == "" || m[1] == "" {
				t.Errorf("no sentence for %s", input.Code)
			}
		})
	}
}

// subjects are what the subject header must carry unharmed.
var subjects = []string{"", " ", "plain", strings.Repeat("a", 5000), "=?x-unknown?Q?=41?=", "räksmörgås " + strings.Repeat("ö", 300),
	strings.Repeat("word ", 100) + "end", " both ends ", "two  spaces", "tab\there", "emoji 👩‍👩‍👧‍👦 " + strings.Repeat("🎉", 80)}

func TestSubjectsArriveAsWritten(t *testing.T) {
	all := subjects
	for _, c := range badInputs(t, "mail_subject.jsonl") {
		all = append(all, c["subject"].(string))
	}
	for _, s := range all {
		checkSubject(t, s)
	}
}

func checkSubject(t *testing.T, s string) {
	t.Helper()
	l := letter()
	l.Subject = s
	raw, err := mail.Encode(l)
	if err != nil {
		t.Fatalf("subject %q: %v", s, err)
	}
	p, err := mail.ParseMail(raw)
	if err != nil {
		t.Fatal(err)
	}
	if p.Subject != s {
		t.Errorf("subject %q arrived as %q", s, p.Subject)
	}
	if n := len(headers(t, raw)["Subject"]); n != 1 {
		t.Errorf("%d subject lines", n)
	}
	for _, line := range strings.Split(string(raw), "\r\n") {
		if len(line) > 998 {
			t.Errorf("subject %.20q: a line of %d bytes", s, len(line))
		}
	}
}

func TestValidAddress(t *testing.T) {
	for _, c := range badInputs(t, "address.jsonl") {
		if got := mail.ValidAddress(c["address"].(string)); got != c["valid"].(bool) {
			t.Errorf("ValidAddress(%q) = %t", c["address"], got)
		}
	}
	for addr, want := range map[string]bool{"a@b": false, "a@b.example.": false, "a b@c.example": false, `"a b"@c.example`: false,
		strings.Repeat("a", 65) + "@b.example": false, "o'brien+x@b.example": true, "a@" + strings.Repeat("b", 64) + ".example": false} {
		if got := mail.ValidAddress(addr); got != want {
			t.Errorf("ValidAddress(%q) = %t", addr, got)
		}
	}
}

// badInputs reads a list of the shared corpus of bad input, if it is there.
func badInputs(t *testing.T, name string) []map[string]any {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "badinputs", "own", name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("%s is not there", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []map[string]any
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c map[string]any
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func FuzzEncode(f *testing.F) {
	for _, s := range subjects {
		f.Add(s, "Anna", "anna@one.example")
	}
	f.Add("a\r\nBcc: x@y.example", "b\nc", "a@b.example> X")
	f.Fuzz(func(t *testing.T, subject, name, address string) {
		l := letter()
		l.Subject, l.ToName, l.ToAddress = subject, name, address
		raw, err := mail.Encode(l)
		if err != nil {
			if !errors.Is(err, actnow.ErrInvalid) {
				t.Fatalf("error = %v", err)
			}
			return
		}
		h := headers(t, raw)
		for _, one := range []string{"Subject", "To", "From", "Message-Id"} {
			if len(h[one]) != 1 {
				t.Errorf("%d lines of %s", len(h[one]), one)
			}
		}
		if h["Bcc"] != nil || h["Cc"] != nil {
			t.Error("a header was smuggled in")
		}
		head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		for _, line := range bytes.Split(head, []byte("\r\n")) {
			if len(line) > 998 || bytes.ContainsAny(line, "\r\n\x00") {
				t.Errorf("header line of %d bytes: %.80q", len(line), line)
			}
		}
	})
}

func FuzzParseMail(f *testing.F) {
	raw, err := mail.Encode(letter())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte("Subject: =?x?Q?=41?=\n\nbody"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: text/html; charset=latin1\n\n\xe5\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := mail.ParseMail(raw)
		if err == nil && !(strings.ToValidUTF8(p.Text, "") == p.Text && strings.ToValidUTF8(p.HTML, "") == p.HTML && strings.ToValidUTF8(p.Subject, "") == p.Subject) {
			t.Error("not UTF-8")
		}
	})
}
