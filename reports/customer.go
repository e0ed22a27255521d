package reports

import (
	"net/netip"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// NormalDomain reads the host name out of a domain cell, which may be a URL or
// carry "www." or a final dot, and returns it in lower case ASCII. ok is false
// if the cell is no host name (a word, an address, a list): then the trimmed
// text comes back, to be kept and not to be matched.
func NormalDomain(text string) (domain string, ok bool) {
	s := strings.ToLower(strings.TrimSpace(text))
	if _, after, found := strings.Cut(s, "://"); found {
		s = after
	}
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		s = s[:i]
	}
	if host, port, found := strings.Cut(s, ":"); found && onlyDigits(port) == port {
		s = host
	}
	s = strings.TrimSuffix(strings.TrimPrefix(s, "www."), ".")
	if !isASCII(s) {
		ascii, err := idna.Lookup.ToASCII(s)
		if err != nil {
			return strings.TrimSpace(text), false
		}
		s = ascii
	}
	if !isHostName(s) {
		return strings.TrimSpace(text), false
	}
	return s, true
}

func isHostName(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := 0; i < len(label); i++ {
			c := label[i]
			if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return false
			}
		}
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return false
	}
	top := labels[len(labels)-1]
	return onlyDigits(top) != top
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// freeMail holds hosts at which anybody may have an address, so that two
// customers with one of them are not the same.
var freeMail = map[string]bool{
	"gmail.com": true, "googlemail.com": true, "outlook.com": true, "hotmail.com": true, "live.com": true,
	"msn.com": true, "yahoo.com": true, "icloud.com": true, "me.com": true, "aol.com": true, "gmx.de": true,
	"gmx.net": true, "web.de": true, "t-online.de": true, "proton.me": true, "protonmail.com": true,
	"telia.com": true, "hotmail.se": true, "outlook.de": true, "onmicrosoft.com": true, "mail.ru": true,
}

// KeyKind says by what a customer is known, from the most to the least trusted.
type KeyKind string

// The kinds of customer key.
const (
	KeyTPID   KeyKind = "tpid"
	KeyDomain KeyKind = "domain"
	KeyName   KeyKind = "name" // with the place
)

// Keys returns the keys by which the customer may be known, the most trusted
// first; the first one is the customer's own. A customer without a key cannot
// be told from others.
func (c Customer) Keys() []Key {
	var keys []Key
	if c.TPID != "" {
		keys = append(keys, Key{KeyTPID, c.TPID})
	}
	if domain, ok := NormalDomain(c.Domain); ok && !freeMail[domain] {
		keys = append(keys, Key{KeyDomain, domain})
	}
	if name := foldName(c.Name); name != "" {
		place := strings.Join([]string{foldText(c.PostalCode), foldText(c.City), foldText(c.Country)}, "|")
		keys = append(keys, Key{KeyName, name + "|" + place})
	}
	return keys
}

// Key is one way to know a customer.
type Key struct {
	Kind KeyKind
	Text string
}

// String returns the key as one text, "domain:contoso.example".
func (k Key) String() string { return string(k.Kind) + ":" + k.Text }

// foldName returns the name in a form that compares, or "" if it is blank or
// was masked ("N/A", "********", "XXXXXXXX", "Obfuscated") and so names nobody.
func foldName(name string) string {
	s := foldText(name)
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
	switch letters {
	case "", "na", "none", "null", "unknown", "obfuscated", "masked", "redacted", "notavailable":
		return ""
	}
	if strings.Trim(letters, "x") == "" {
		return ""
	}
	return s
}

func foldText(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}
