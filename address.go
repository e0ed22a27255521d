package actnow

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths of RFC 5321 section 4.5.3.1 and RFC 1035, in bytes.
const (
	maxAddress = 254
	maxLocal   = 64
	maxLabel   = 63
)

// NormalAddress returns the form under which an e-mail address is compared,
// suppressed and counted: the whole in lower case. It is a key; mail goes to the
// address as its owner wrote it. Addresses in other scripts are taken as given,
// neither turned into punycode nor out of it.
//
// Only a bare address passes: no display name, no brackets, no quoted local
// part, no address literal, no blank or control character anywhere. The domain
// needs two labels or more and no all-digit last one. The error is an
// *InputError.
func NormalAddress(s string) (string, error) {
	if s == "" {
		return "", Invalid("error.address_missing", "email", "an e-mail address is needed")
	}
	if !utf8.ValidString(s) || len(s) > maxAddress {
		return "", badAddress(s)
	}
	local, domain, ok := strings.Cut(s, "@")
	if !ok || !validLocal(local) || !validDomain(domain) {
		return "", badAddress(s)
	}
	normal := strings.ToLower(s)
	if len(normal) > maxAddress {
		return "", badAddress(s)
	}
	return normal, nil
}

func badAddress(s string) error {
	if len(s) > maxAddress {
		s = strings.ToValidUTF8(s[:maxAddress], "") + "…"
	}
	return Invalid("error.address", "email", "%q is no e-mail address", s)
}

// validLocal accepts a dot-atom of RFC 5322, with letters, marks and digits of
// any script as RFC 6531 allows.
func validLocal(s string) bool {
	if s == "" || len(s) > maxLocal {
		return false
	}
	for _, atom := range strings.Split(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool {
			return !wordRune(r) && !strings.ContainsRune("!#$%&'*+/=?^_`{|}~-", r)
		}) {
			return false
		}
	}
	return true
}

func validDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > maxLabel || l[0] == '-' || l[len(l)-1] == '-' ||
			strings.ContainsFunc(l, func(r rune) bool { return !wordRune(r) && r != '-' }) {
			return false
		}
	}
	last := labels[len(labels)-1]
	return strings.Trim(last, "0123456789") != ""
}

func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}
