// Package mail is the e-mail channel: it writes letters down and carries them
// over SMTP with go-mail, looks into a journal mailbox over IMAP, and holds the
// demo's built-in mailbox, a real SMTP server that keeps everything.
package mail

import (
	"crypto/tls"
	"net"
	"net/url"
	"strconv"

	"actnow"
)

// TLSMode says how a connection is secured.
type TLSMode string

// The modes. STARTTLS is taken if the server offers it: that keeps readers out,
// not someone who sits in between. Mandatory insists on STARTTLS and on a
// certificate for the host; implicit begins with TLS.
const (
	TLSNone      TLSMode = "none"
	TLSStarttls  TLSMode = "starttls"
	TLSMandatory TLSMode = "mandatory"
	TLSImplicit  TLSMode = "implicit"
)

// Server is a server to sign in to, as read from a URL.
type Server struct {
	Host     string
	Port     int
	User     string
	Password string
	TLS      TLSMode
	Mailbox  string // of an IMAP URL, "INBOX" by default
	// Config is used for TLS; nil for the system's roots and the host's name.
	Config *tls.Config
}

// ParseSMTP reads "smtp://user:password@host:port?tls=none|starttls|mandatory|implicit".
// Without tls a server on loopback is spoken to as it offers (starttls), any
// other with mandatory STARTTLS, and port 465 with implicit TLS. Without a port
// it is 465 for implicit, 25 on loopback, else 587. User and password are
// percent-encoded. The error is an *actnow.InputError and never holds the
// password.
func ParseSMTP(s string) (Server, error) {
	return parse(s, "smtp", func(host string, mode TLSMode) int {
		switch {
		case mode == TLSImplicit:
			return 465
		case loopback(host):
			return 25
		}
		return 587
	}, 465)
}

// ParseIMAP reads "imap://user:password@host:port/mailbox?tls=…" by the rules of
// ParseSMTP; the ports are 993 for implicit TLS, else 143. An IMAP server on
// loopback is spoken to in plain text unless tls says otherwise, and starttls
// to any other means mandatory: there is always a password.
func ParseIMAP(s string) (Server, error) {
	return parse(s, "imap", func(_ string, mode TLSMode) int {
		if mode == TLSImplicit {
			return 993
		}
		return 143
	}, 993)
}

func parse(s, scheme string, port func(string, TLSMode) int, implicit int) (Server, error) {
	field := scheme + "-url"
	bad := func(text string) (Server, error) {
		return Server{}, actnow.Invalid("error.server_url", field,
			"the address of the server is wrong (%s): write it as %s://user:password@host:port?tls=mandatory", text, scheme)
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return bad("it cannot be read") // the error of url.Parse repeats the password
	case u.Scheme != scheme:
		return bad("it does not begin with " + scheme + "://")
	case u.Hostname() == "":
		return bad("the host is missing")
	}
	srv := Server{Host: u.Hostname(), User: u.User.Username(), TLS: TLSMode(u.Query().Get("tls")), Mailbox: "INBOX"}
	srv.Password, _ = u.User.Password()
	if len(u.Path) > 1 {
		srv.Mailbox = u.Path[1:]
	}
	if p := u.Port(); p != "" {
		if srv.Port, err = strconv.Atoi(p); err != nil || srv.Port < 1 || srv.Port > 65535 {
			return bad("the port is no number from 1 to 65535")
		}
	}
	switch srv.TLS {
	case TLSNone, TLSStarttls, TLSMandatory, TLSImplicit:
	case "":
		switch {
		case srv.Port == implicit:
			srv.TLS = TLSImplicit
		case loopback(srv.Host):
			srv.TLS = TLSStarttls
		default:
			srv.TLS = TLSMandatory
		}
	default:
		return bad("tls is none, starttls, mandatory or implicit")
	}
	if srv.Port == 0 {
		srv.Port = port(srv.Host, srv.TLS)
	}
	return srv, nil
}

// String returns the address without user and password.
func (s Server) String() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// tlsConfig checks the certificate wherever that means something: opportunistic
// STARTTLS without a password to protect would go on in plain text anyway, and
// loopback has nobody in between.
func (s Server) tlsConfig() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.Config != nil {
		c = s.Config.Clone()
	}
	if c.ServerName == "" {
		c.ServerName = s.Host
	}
	if s.TLS == TLSStarttls && (s.Password == "" || loopback(s.Host)) {
		c.InsecureSkipVerify = true
	}
	return c
}

// loopback reports whether host names this machine and nothing else.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
