package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"actnow"
	"actnow/campaigns"
)

// maxCaught is the largest mail the built-in mailbox takes, in bytes.
const maxCaught = 25 << 20

// Catcher is the built-in mailbox's server: real SMTP on loopback, which takes
// every mail to anybody, keeps it, and has no way of passing it on.
type Catcher struct {
	Keep func(ctx context.Context, m campaigns.CaughtMail) error // before the 250
	Now  func() time.Time
	Log  *slog.Logger
}

// Serve takes mail from l until ctx is cancelled, then closes l. It refuses a
// listener that other machines can reach.
func (c *Catcher) Serve(ctx context.Context, l net.Listener) error {
	if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		l.Close()
		return actnow.Invalid("error.mailbox_listen", "", "the built-in mailbox listens on this machine alone, not on %s", l.Addr())
	}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &caughtSession{c: c, ctx: context.WithoutCancel(ctx)}, nil
	}))
	s.Domain = "mailbox.actnow.example"
	s.MaxMessageBytes = maxCaught
	s.MaxRecipients = 100
	s.MaxLineLength = 4000
	s.ReadTimeout, s.WriteTimeout = 5*time.Minute, time.Minute
	s.EnableSMTPUTF8 = true
	s.ErrorLog = serverLog{c.Log}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		s.Close()
	})
	err := s.Serve(l)
	if !stop() {
		<-stopped
	}
	if ctx.Err() != nil || errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("built-in mailbox: %w", err)
}

// caughtSession is one client's dialogue.
type caughtSession struct {
	c    *Catcher
	ctx  context.Context
	from string
	to   []string
}

func (s *caughtSession) Reset()        { s.from, s.to = "", nil }
func (s *caughtSession) Logout() error { return nil }

func (s *caughtSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *caughtSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *caughtSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	id, subject := headOf(raw)
	for _, to := range s.to {
		m := campaigns.CaughtMail{From: s.from, To: to, MessageID: id, Subject: subject, At: s.c.Now(), Raw: raw}
		if err := s.c.Keep(s.ctx, m); err != nil {
			s.c.Log.ErrorContext(s.ctx, "keep a caught mail", "error", err)
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "the mail cannot be stored now"}
		}
	}
	return nil
}

// headOf returns the Message-ID and the decoded subject, as far as they can be
// read.
func headOf(raw []byte) (id, subject string) {
	m, err := mail.ReadMessage(strings.NewReader(head(raw)))
	if err != nil {
		return "", ""
	}
	return strings.TrimSpace(m.Header.Get("Message-Id")), decodeWords(m.Header.Get("Subject"))
}

func head(raw []byte) string {
	s := string(raw)
	for _, end := range []string{"\r\n\r\n", "\n\n"} {
		if i := strings.Index(s, end); i >= 0 {
			s = s[:i+len(end)]
			break
		}
	}
	return s
}

// serverLog leads what the SMTP server reports to slog.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Printf(format string, v ...any) {
	l.log.Warn("built-in mailbox", "error", fmt.Sprintf(format, v...))
}
func (l serverLog) Println(v ...any) { l.log.Warn("built-in mailbox", "error", fmt.Sprint(v...)) }
