package matcher

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// What is read names its owner in ASCII by the end of the host, and the host
// read again is the same.
func FuzzReadSite(f *testing.F) {
	for _, s := range []string{"", "contoso.se", "HTTPS://www.Contoso.CO.UK:8080/x?y#z", "info@contoso.com", "blåbär.se", "xn--blbr-toan.se",
		"contoso.onmicrosoft.com", "my.contoso.sharepoint.com", "facebook.com/contoso", "gmail.com", "www.www.contoso.se", "..", "x..y",
		"[::1]", "127.0.0.1", "a_b.contoso.se", "㏂.jp", "contoso。se", "xn--.se", "ß.de", "github.io", "contoso.github.io", "www2.se"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := readSite(s)
		if got.kind == siteNone {
			if got != (site{}) {
				t.Fatalf("readSite(%q) = %+v, which is nothing", s, got)
			}
			return
		}
		for _, r := range got.host + got.key {
			if r >= 0x80 {
				t.Fatalf("readSite(%q) = %+v is not ASCII", s, got)
			}
		}
		if got.named() != (got.key != "") || got.key != "" && got.host != got.key && !strings.HasSuffix(got.host, "."+got.key) {
			t.Fatalf("readSite(%q) = %+v: the host does not end in its owner", s, got)
		}
		if again := readSite(got.host); again != got {
			t.Fatalf("readSite(%q) = %+v, and its host reads %+v", s, got, again)
		}
	})
}

// vectorLine is a test vector of publicsuffix.org: a host, and what was
// registered or null.
var vectorLine = regexp.MustCompile(`^checkPublicSuffix\('([^']*)', (?:null|'([^']*)')\);`)

// The list built into the program agrees with every vector.
func TestPublicSuffixVectors(t *testing.T) {
	text, err := os.ReadFile(SharedPath(t, "matching", "lists", "test_psl.txt"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		m := vectorLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		n++
		host, want := m[1], m[2]
		// The list is of lower-case ASCII; a host that begins with a dot is none.
		ascii, err := idna.Lookup.ToASCII(host)
		got := ""
		if err == nil && !strings.HasPrefix(ascii, ".") {
			got, _ = publicsuffix.EffectiveTLDPlusOne(ascii)
		}
		if want, _ = idna.Lookup.ToASCII(want); got != want {
			t.Errorf("%q is registered as %q, want %q", host, got, want)
		}
		// What is compared is the same, for hosts that are somebody's own.
		if s := readSite(host); s.kind == siteOwn && s.key != got && !strings.HasPrefix(host, ".") {
			t.Errorf("readSite(%q) = %+v, want the key %q", host, s, got)
		}
	}
	if n < 70 {
		t.Errorf("%d vectors, want more", n)
	}
}
