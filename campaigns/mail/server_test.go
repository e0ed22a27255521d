package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/campaigns"
	"actnow/campaigns/mail"
)

func TestParseSMTP(t *testing.T) {
	tests := []struct {
		url  string
		host string
		port int
		tls  mail.TLSMode
	}{
		{"smtp://relay.example", "relay.example", 587, mail.TLSMandatory},
		{"smtp://relay.example:2525", "relay.example", 2525, mail.TLSMandatory},
		{"smtp://relay.example:465", "relay.example", 465, mail.TLSImplicit},
		{"smtp://relay.example?tls=implicit", "relay.example", 465, mail.TLSImplicit},
		{"smtp://relay.example?tls=starttls", "relay.example", 587, mail.TLSStarttls},
		{"smtp://relay.example:25?tls=none", "relay.example", 25, mail.TLSNone},
		{"smtp://127.0.0.1", "127.0.0.1", 25, mail.TLSStarttls},
		{"smtp://localhost:1025", "localhost", 1025, mail.TLSStarttls},
		{"smtp://[::1]:1025", "::1", 1025, mail.TLSStarttls},
		{"smtp://localhost.evil.example", "localhost.evil.example", 587, mail.TLSMandatory},
	}
	for _, tt := range tests {
		got, err := mail.ParseSMTP(tt.url)
		if err != nil || got.Host != tt.host || got.Port != tt.port || got.TLS != tt.tls {
			t.Errorf("ParseSMTP(%s) = %+v, %v", tt.url, got, err)
		}
	}
	got, err := mail.ParseSMTP("smtp://user%40x:p%2Fw%3A@relay.example")
	if err != nil || got.User != "user@x" || got.Password != "p/w:" {
		t.Errorf("ParseSMTP = %+v, %v", got, err)
	}
	if s := got.String(); s != "relay.example:587" {
		t.Errorf("String = %s", s)
	}
	for _, bad := range []string{"", "relay.example", "http://relay.example", "smtp://", "smtp://:25", "smtp://relay.example:0",
		"smtp://relay.example:99999", "smtp://relay.example?tls=maybe", "smtp://u:secret@relay.example:x", "smtp://u:secret%@h"} {
		_, err := mail.ParseSMTP(bad)
		var input *actnow.InputError
		if !errors.As(err, &input) || strings.Contains(fmt.Sprint(err, input.Args), "secret") || mail.Messages[input.Code] == [2]string{} {
			t.Errorf("ParseSMTP(%q) = %v", bad, err)
		}
	}
	j, err := mail.ParseIMAP("imap://u:p@mail.example/Journal?tls=implicit")
	if err != nil || j.Port != 993 || j.Mailbox != "Journal" {
		t.Errorf("ParseIMAP = %+v, %v", j, err)
	}
	if j, err = mail.ParseIMAP("imap://u:p@mail.example"); err != nil || j.Port != 143 || j.TLS != mail.TLSMandatory || j.Mailbox != "INBOX" {
		t.Errorf("ParseIMAP = %+v, %v", j, err)
	}
}

func FuzzParseSMTP(f *testing.F) {
	f.Add("smtp://user:p%2Fw@relay.example:587?tls=mandatory")
	f.Add("smtp://[::1]:25?tls=none")
	f.Fuzz(func(t *testing.T, s string) {
		srv, err := mail.ParseSMTP(s)
		if err != nil {
			if !errors.Is(err, actnow.ErrInvalid) {
				t.Errorf("ParseSMTP(%q) = %v", s, err)
			}
			return
		}
		if srv.Host == "" || srv.Port < 1 || srv.Port > 65535 || srv.TLS == "" {
			t.Errorf("ParseSMTP(%q) = %+v", s, srv)
		}
	})
}

// certificate is one for 127.0.0.1, and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true,
		BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// secureSession asks for user and password and notes whether TLS was on.
type secureSession struct {
	smtp.Session
	conn *smtp.Conn
	seen chan<- string
}

func (s *secureSession) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *secureSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		_, secure := s.conn.TLSConnectionState()
		s.seen <- fmt.Sprintf("%s %s %t", user, password, secure)
		if password != "secret" {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}
func (s *secureSession) Reset()                               {}
func (s *secureSession) Logout() error                        { return nil }
func (s *secureSession) Mail(string, *smtp.MailOptions) error { return nil }

func TestDialSecuresAndSignsIn(t *testing.T) {
	cert, pool := certificate(t)
	seen := make(chan string, 10)
	start := func(implicit, starttls bool) string {
		s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &secureSession{conn: c, seen: seen}, nil }))
		s.Domain, s.AllowInsecureAuth = "test", true
		s.ErrorLog = quiet{}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if implicit {
			l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
		} else if starttls {
			s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
		}
		go s.Serve(l)
		t.Cleanup(func() { s.Close() })
		return l.Addr().String()
	}
	implicit, starttls, plain := start(true, false), start(false, true), start(false, false)
	tests := []struct {
		name, addr, password string
		mode                 mail.TLSMode
		roots                *x509.CertPool
		want                 string // what the server saw; "" for a refused dial
	}{
		{"implicit", implicit, "secret", mail.TLSImplicit, pool, "u secret true"},
		{"implicit, unknown certificate", implicit, "secret", mail.TLSImplicit, nil, ""},
		{"mandatory", starttls, "secret", mail.TLSMandatory, pool, "u secret true"},
		{"mandatory, unknown certificate", starttls, "secret", mail.TLSMandatory, nil, ""},
		{"mandatory, not offered", plain, "secret", mail.TLSMandatory, pool, ""},
		{"starttls, offered", starttls, "secret", mail.TLSStarttls, nil, "u secret true"},
		{"starttls, not offered", plain, "secret", mail.TLSStarttls, nil, "u secret false"},
		{"none", starttls, "secret", mail.TLSNone, nil, "u secret false"},
		{"wrong password", plain, "guess", mail.TLSNone, nil, "u guess false"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := mail.NewSender("smtp://u:" + tt.password + "@" + tt.addr + "?tls=" + string(tt.mode))
			if err != nil {
				t.Fatal(err)
			}
			if tt.roots != nil {
				s.Server.Config = &tls.Config{RootCAs: tt.roots}
			}
			c, err := s.Dial(t.Context())
			got := ""
			select {
			case got = <-seen:
			default:
			}
			if got != tt.want || (err == nil) != (tt.want != "" && tt.password == "secret") {
				t.Errorf("server saw %q, Dial = %v", got, err)
			}
			if err != nil && strings.Contains(err.Error(), tt.password) {
				t.Errorf("the error tells the password: %v", err)
			}
			if err == nil {
				if r := c.Send(t.Context(), "b@partner.example", "a@b", content); r.Stage == campaigns.StageMail && r.Code == 0 {
					t.Errorf("the connection does not serve: %+v", r)
				}
				c.Close()
			}
		})
	}
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (s *secureSession) Rcpt(string, *smtp.RcptOptions) error {
	return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "none here"}
}

// box is a mailbox in memory, for the catcher's own tests.
type box struct {
	mu    sync.Mutex
	mails []campaigns.CaughtMail
	err   error
}

func (b *box) keep(_ context.Context, m campaigns.CaughtMail) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.mails = append(b.mails, m)
	}
	return b.err
}

func TestCatcherKeepsEverythingAndRelaysNothing(t *testing.T) {
	b := &box{}
	at := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	c := &mail.Catcher{Keep: b.keep, Now: func() time.Time { return at }, Log: slog.New(slog.DiscardHandler)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- c.Serve(ctx, l) }()
	s, err := mail.NewSender("smtp://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := mail.Encode(letter())
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"asa@one.example", "åsa@räksmörgås.example"} {
		if r := conn.Send(t.Context(), "bounce+7@partner.example", to, raw); !r.Taken {
			t.Fatalf("%s: %+v", to, r)
		}
	}
	want := campaigns.CaughtMail{From: "bounce+7@partner.example", To: "asa@one.example", MessageID: "<actnow.7@partner.example>",
		Subject: "Räksmörgås för dig", At: at, Raw: raw}
	if diff := cmp.Diff(want, b.mails[0]); diff != "" || len(b.mails) != 2 {
		t.Errorf("%d mails, the first (-want +got):\n%s", len(b.mails), diff)
	}
	b.err = errors.New("disk full")
	if r := conn.Send(t.Context(), "b@partner.example", "a@b.example", raw); r.Code != 451 {
		t.Errorf("when it cannot be stored: %+v", r)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve = %v", err)
	}
}

func TestCatcherListensOnThisMachineAlone(t *testing.T) {
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Skip("no listener on all addresses: ", err)
	}
	c := &mail.Catcher{Keep: (&box{}).keep, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	if err := c.Serve(t.Context(), l); !errors.Is(err, actnow.ErrInvalid) {
		t.Errorf("Serve = %v", err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("the listener was left open")
	}
}

func TestJournalFindsMessageIDs(t *testing.T) {
	cert, pool := certificate(t)
	memory := imapmemserver.New()
	user := imapmemserver.NewUser("journal", "secret")
	for _, box := range []string{"INBOX", "Copies"} {
		if err := user.Create(box, nil); err != nil {
			t.Fatal(err)
		}
	}
	memory.AddUser(user)
	for _, id := range []string{"<actnow.1@partner.example>", "<actnow.12@partner.example>"} {
		raw := "Message-ID: " + id + "\r\nSubject: x\r\n\r\nbody\r\n"
		if _, err := user.Append("Copies", literal{strings.NewReader(raw)}, &imap.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return memory.NewSession(), nil, nil
		},
		Caps: imap.CapSet{imap.CapIMAP4rev1: {}}, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}, InsecureAuth: true,
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	want := map[string]bool{"<actnow.12@partner.example>": true}
	for _, mode := range []string{"none", "mandatory"} {
		j, err := mail.NewJournal("imap://journal:secret@" + l.Addr().String() + "/Copies?tls=" + mode)
		if err != nil {
			t.Fatal(err)
		}
		j.Server.Config = &tls.Config{RootCAs: pool}
		got, err := j.Find(t.Context(), []string{"<actnow.12@partner.example>", "<actnow.2@partner.example>", "<x@y>\r\nA LOGOUT"})
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("tls=%s: Find = %v, %v", mode, got, err)
		}
	}
	j, err := mail.NewJournal("imap://journal:wrong@" + l.Addr().String() + "/Copies?tls=none")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Find(t.Context(), []string{"<a@b>"}); err == nil || strings.Contains(err.Error(), "wrong@") {
		t.Errorf("wrong password: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Find(ctx, []string{"<a@b>"}); !errors.Is(err, context.Canceled) {
		t.Errorf("after a stop: %v", err)
	}
}

// literal is a text that IMAP can append.
type literal struct{ *strings.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }
