package matcher

import (
	_ "embed"
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

//go:embed data/free_mail_domains.txt
var freeMailText string

//go:embed data/shared_hosts.txt
var sharedHostsText string

// siteKind says whose a domain is.
type siteKind uint8

const (
	siteNone    siteKind = iota // no domain, or none that can be read
	siteOwn                     // an organisation's own
	siteTenant                  // an organisation's host under a shared domain
	siteMail                    // a provider of free mail
	siteProfile                 // a shared host without a host per tenant
)

// site is a website or mail domain, read.
type site struct {
	kind  siteKind
	host  string // ASCII, without "www."
	key   string // what names the owner: registrable domain or tenant's host; "" if nothing does
	label string // first label of the key, in Unicode: "contoso"
	loose string // the label as it is compared with names
}

// named reports whether the site says whose it is.
func (s *site) named() bool { return s.kind == siteOwn || s.kind == siteTenant }

// sameLabel reports whether two organisations' own domains differ in their
// suffix only: contoso.com and contoso.se.
func (s *site) sameLabel(o *site) bool {
	return s.kind == siteOwn && o.kind == siteOwn && len(s.label) >= 4 && s.label == o.label
}

// providers holds the domains that are nobody's own.
var providers = sync.OnceValue(func() map[string]siteKind {
	m := make(map[string]siteKind, 1<<14)
	for line := range dataLines(freeMailText) {
		m[line] = siteMail
	}
	for line := range dataLines(sharedHostsText) {
		kind, host, _ := strings.Cut(line, " ")
		m[host] = siteProfile
		if kind == "tenant" {
			m[host] = siteTenant
		}
	}
	return m
})

// readSite reads a URL, a host, a domain or an address of mail.
func readSite(s string) site { return siteAt(hostOf(s)) }

// siteAt returns the site at a host that hostOf returned.
func siteAt(host string) site {
	if host == "" {
		return site{}
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	if len(host) == len(suffix) { // a public suffix itself, such as blogspot.com
		if providers()[host] != siteNone {
			return site{kind: siteProfile, host: host}
		}
		return site{}
	}
	rest := host[:len(host)-len(suffix)-1]
	domain := host[strings.LastIndexByte(rest, '.')+1:]
	switch kind := providers()[domain]; {
	case kind == siteTenant:
		return tenant(host, domain)
	case kind != siteNone:
		return site{kind: kind, host: host}
	case len(domain) < len(host) && providers()[host] == siteMail:
		return site{kind: siteMail, host: host}
	}
	kind := siteOwn
	if !icann && strings.Contains(suffix, ".") {
		kind = siteTenant
	}
	return ownSite(kind, host, domain)
}

// tenant reads a host under a shared domain: contoso.sharepoint.com.
func tenant(host, domain string) site {
	sub, ok := strings.CutSuffix(host, "."+domain)
	if !ok {
		return site{kind: siteProfile, host: host}
	}
	name := sub[strings.LastIndexByte(sub, '.')+1:]
	if name == "mail" || name == "m" || name == "my" {
		return site{kind: siteProfile, host: host}
	}
	return ownSite(siteTenant, host, name+"."+domain)
}

// ownSite returns the site of an organisation known by the key.
func ownSite(kind siteKind, host, key string) site {
	label, _, _ := strings.Cut(key, ".")
	if strings.HasPrefix(label, "xn--") {
		if u, err := idna.ToUnicode(label); err == nil {
			label = u
		}
	}
	return site{kind: kind, host: host, key: key, label: label, loose: loose(strings.ReplaceAll(Fold(label), "-", ""))}
}

// hostOf returns the host in a URL, a domain in any spelling or an address of
// mail, in ASCII without "www.", or "".
func hostOf(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.Index(s, "://"); i >= 0 {
		s = s[i+3:]
	}
	s = strings.TrimPrefix(s, "//")
	if i := strings.IndexAny(s, "/?#\\ ,;"); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	if i := strings.IndexByte(s, ':'); i >= 0 {
		s = s[:i]
	}
	s = strings.Trim(s, ".<>()[]\"'")
	ascii := strings.ToLower(s)
	if !isASCII(ascii) || strings.Contains(ascii, "xn--") {
		if a, err := idna.Lookup.ToASCII(s); err == nil {
			ascii = a
		}
	}
	// Underscores and the like stand in hosts that are in use.
	if strings.ContainsFunc(ascii, notHostRune) || !strings.Contains(ascii, ".") || ascii[0] == '.' || len(ascii) > 253 || strings.Contains(ascii, "..") {
		return ""
	}
	if last := ascii[len(ascii)-1]; '0' <= last && last <= '9' {
		if _, err := netip.ParseAddr(ascii); err == nil {
			return ""
		}
	}
	return withoutWWW(ascii)
}

// withoutWWW takes "www." off a host, however often it stands there, but not
// off a domain by that name.
func withoutWWW(host string) string {
	for {
		first, rest, _ := strings.Cut(host, ".")
		if first != "www" && first != "www2" && first != "www3" || !strings.Contains(rest, ".") {
			return host
		}
		host = rest
	}
}

func notHostRune(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_')
}

// genericUse holds country domains that the whole world registers under.
var genericUse = map[string]bool{
	"io": true, "co": true, "ai": true, "tv": true, "me": true, "cc": true, "ly": true, "fm": true,
	"to": true, "gg": true, "sh": true, "vc": true, "ws": true, "eu": true, "is": true, "nu": true,
	"tk": true, "ml": true, "ga": true, "cf": true, "gq": true, "la": true, "ac": true, "am": true,
	"im": true, "bz": true, "su": true, "st": true, "ag": true, "li": true,
}

// domainCountry returns the country whose domain the host stands under, or "".
func domainCountry(host string) string {
	tld := host[strings.LastIndexByte(host, '.')+1:]
	if len(tld) != 2 || genericUse[tld] {
		return ""
	}
	return readCountry(tld)
}
