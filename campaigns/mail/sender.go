package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"actnow/campaigns"
)

// Sender carries letters to one SMTP server. The connection, its security and
// its sign-in are go-mail's; the few commands of a mail are given one by one, so
// that how far they came is known and each waits as long as RFC 5321 section
// 4.5.3.2 asks: ten minutes for the answer to the final dot.
type Sender struct {
	Server Server
	// Hello is the name the server is greeted with; "" for the machine's.
	Hello string
	// DialTimeout covers everything up to the sign-in, CommandTimeout each
	// command, DotTimeout the answer to the final dot. Zero for 30 seconds, 5
	// minutes and 10 minutes.
	DialTimeout, CommandTimeout, DotTimeout time.Duration
}

// NewSender returns a sender to the server of an SMTP URL, see ParseSMTP.
func NewSender(smtpURL string) (*Sender, error) {
	srv, err := ParseSMTP(smtpURL)
	if err != nil {
		return nil, err
	}
	return &Sender{Server: srv}, nil
}

// Dial opens a connection and signs in. The error is a *campaigns.DialError
// if the server answered with a refusal.
func (s *Sender) Dial(ctx context.Context) (campaigns.Conn, error) {
	var raw net.Conn
	options := []gomail.Option{
		gomail.WithPort(s.Server.Port),
		gomail.WithTimeout(orDefault(s.DialTimeout, 30*time.Second)),
		gomail.WithTLSConfig(s.Server.tlsConfig()),
		// The connection is kept at hand, to be cut in the midst of a command.
		gomail.WithDialContextFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
			var err error
			if raw, err = new(net.Dialer).DialContext(ctx, network, addr); err != nil || s.Server.TLS != TLSImplicit {
				return raw, err
			}
			t := tls.Client(raw, s.Server.tlsConfig())
			return t, t.HandshakeContext(ctx)
		}),
	}
	switch s.Server.TLS {
	case TLSImplicit:
		options = append(options, gomail.WithSSL())
	case TLSMandatory:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLSStarttls:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.Hello != "" {
		options = append(options, gomail.WithHELO(s.Hello))
	}
	if s.Server.User != "" {
		options = append(options, gomail.WithUsername(s.Server.User), gomail.WithPassword(s.Server.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1,
				gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5))
	}
	// A client for each connection: signing in writes to its fields.
	c, err := gomail.NewClient(s.Server.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("mail server %s: %w", s.Server, err)
	}
	client, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		if raw != nil {
			raw.Close()
		}
		err = fmt.Errorf("mail server %s: %w", s.Server, err)
		if r := replyOf(campaigns.StageConnect, err); r.Code != 0 {
			return nil, &campaigns.DialError{Reply: r}
		}
		return nil, err
	}
	return &conn{client: client, raw: raw,
		command: orDefault(s.CommandTimeout, 5*time.Minute), dot: orDefault(s.DotTimeout, 10*time.Minute)}, nil
}

// conn is one connection to the server.
type conn struct {
	client       *smtp.Client
	raw          net.Conn
	command, dot time.Duration
	dirty        bool // a mail was begun and given up: RSET comes first
	broken       bool
}

// Send carries one mail to one recipient.
func (c *conn) Send(ctx context.Context, from, to string, raw []byte) campaigns.Reply {
	stop := context.AfterFunc(ctx, func() { c.raw.Close() })
	defer stop()
	r := c.dialogue(from, to, raw)
	if r.Code == 0 && !r.Taken {
		if ctx.Err() != nil {
			r.Err = fmt.Errorf("%w: %v", context.Canceled, r.Err)
		}
		// Whatever the server says next would be an answer to something else;
		// and a QUIT after a cut content would end it as if it were whole.
		c.cut()
	}
	if r.Code == 421 || ctx.Err() != nil {
		c.cut()
	}
	return r
}

func (c *conn) dialogue(from, to string, raw []byte) campaigns.Reply {
	from, to = wireAddress(from), wireAddress(to)
	utf8Allowed := false
	if !ascii(from + to) {
		utf8Allowed, _ = c.client.Extension("SMTPUTF8")
		if !utf8Allowed {
			return campaigns.Reply{Stage: campaigns.StageRcpt, Code: 553,
				Text: "5.6.7 the mail server takes no addresses beyond ASCII (found before asking it)"}
		}
	}
	c.client.SkipSMTPUTF8(!utf8Allowed)
	c.wait(c.command)
	if c.dirty {
		if err := c.client.Reset(); err != nil {
			return replyOf(campaigns.StageMail, err)
		}
		c.dirty = false
	}
	if err := c.client.Mail("<" + from + ">"); err != nil {
		return replyOf(campaigns.StageMail, err)
	}
	c.dirty = true
	c.wait(c.command)
	if err := c.client.Rcpt("<" + to + ">"); err != nil {
		return replyOf(campaigns.StageRcpt, err)
	}
	c.wait(c.command)
	w, err := c.client.Data()
	if err != nil {
		return replyOf(campaigns.StageData, err)
	}
	c.wait(c.command)
	if _, err := w.Write(raw); err != nil {
		return campaigns.Reply{Stage: campaigns.StageBody, Err: err}
	}
	c.wait(c.dot)
	if err := w.Close(); err != nil {
		return replyOf(campaigns.StageDot, err)
	}
	c.dirty = false
	r := campaigns.Reply{Stage: campaigns.StageDot, Taken: true, Code: 250}
	if d, ok := w.(*smtp.DataCloser); ok {
		r.Text = d.ServerResponse()
	}
	return r
}

// wait gives the next command its time. An error shows in that command.
func (c *conn) wait(d time.Duration) { _ = c.client.UpdateDeadline(d) }

func (c *conn) cut() {
	c.broken = true
	c.raw.Close()
}

// Usable reports whether the connection may carry another mail, as far as is
// known without asking the server.
func (c *conn) Usable() bool { return !c.broken }

// Close ends the session with QUIT; the server gets five seconds to answer.
func (c *conn) Close() error {
	if c.broken {
		return nil
	}
	c.broken = true
	c.wait(5 * time.Second)
	defer c.raw.Close()
	return c.client.Quit()
}

// replyOf reads the server's answer out of an error of the SMTP client.
func replyOf(stage campaigns.Stage, err error) campaigns.Reply {
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return campaigns.Reply{Stage: stage, Code: answer.Code, Text: answer.Msg}
	}
	return campaigns.Reply{Stage: stage, Err: err}
}

func orDefault(d, def time.Duration) time.Duration {
	if d <= 0 {
		return def
	}
	return d
}
