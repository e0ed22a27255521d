package main_test

import (
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// moment is a point of the dialogue with the mail server.
type moment string

const (
	atMail    moment = "MAIL"              // the sender is named
	atRcpt    moment = "RCPT"              // the recipient is named
	atData    moment = "DATA"              // the mail begins
	beforeOK  moment = "dot, before 250"   // the server has the mail and has not said so
	afterOK   moment = "dot, after 250"    // about when the client hears so
	betweenIt moment = "a random instant"  // whatever the client is doing
	atStart   moment = "start, before any" // before the daemon says that it is ready
)

var moments = []moment{atMail, atRcpt, atData, beforeOK, afterOK, betweenIt, atStart}

// catcher is a mail server that owns a mail once it has read the final dot, as
// real ones do, and counts who got what.
type catcher struct {
	addr string

	mu       sync.Mutex
	received map[string][]string    // Message-IDs by address
	total    int                    // mails
	seen     func(m moment, n int)  // told of each moment, with the number of mails so far, under no lock
	hold     func() <-chan struct{} // what DATA waits for before its answer; may be nil
}

func newCatcher(t *testing.T) *catcher {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &catcher{addr: l.Addr().String(), received: map[string][]string{}}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &catching{c: c}, nil }))
	s.Domain, s.MaxMessageBytes, s.MaxLineLength = "catcher.example", 1<<20, 4000
	s.ErrorLog = quiet{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(l) // until it is closed below
	}()
	t.Cleanup(func() {
		s.Close()
		<-done
	})
	return c
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// watch has fn told of every moment, or nobody if fn is nil.
func (c *catcher) watch(fn func(m moment, n int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = fn
}

// holdBack has every mail wait, before it is answered, for what fn returns.
func (c *catcher) holdBack(fn func() <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold = fn
}

func (c *catcher) holding() func() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hold
}

func (c *catcher) reached(m moment) {
	c.mu.Lock()
	fn, n := c.seen, c.total
	c.mu.Unlock()
	if fn != nil {
		fn(m, n)
	}
}

// count returns how many mails there are in all.
func (c *catcher) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

// copies returns the Message-IDs that each address got.
func (c *catcher) copies() map[string][]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make(map[string][]string, len(c.received))
	for k, v := range c.received {
		all[k] = append([]string(nil), v...)
	}
	return all
}

// catching is one client's dialogue.
type catching struct {
	c  *catcher
	to string
}

func (s *catching) Reset()        { s.to = "" }
func (s *catching) Logout() error { return nil }

func (s *catching) Mail(string, *smtp.MailOptions) error {
	s.c.reached(atMail)
	return nil
}

func (s *catching) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	s.c.reached(atRcpt)
	return nil
}

func (s *catching) Data(r io.Reader) error {
	s.c.reached(atData)
	raw, err := io.ReadAll(r)
	if err != nil {
		return err // cut off before the dot: nobody owns it
	}
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		return err
	}
	s.c.mu.Lock()
	s.c.received[s.to] = append(s.c.received[s.to], m.Header.Get("Message-Id"))
	s.c.total++
	s.c.mu.Unlock()
	s.c.reached(beforeOK)
	if hold := s.c.holding(); hold != nil {
		<-hold()
	}
	go s.c.reached(afterOK)
	return nil
}
