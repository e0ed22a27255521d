// Package mailtest is an SMTP server for tests that fails on demand: refusals
// for now and for good at every command, a connection cut in the content, a mail
// taken without an answer, an answer that comes late, a limit on connections.
package mailtest

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
)

// Fault is what goes wrong with one mail. The zero value is nothing.
type Fault struct {
	Mail, Rcpt, Data, Dot string          // the reply to that command in place of the usual one
	CutData               bool            // the connection ends within the content
	TakeAndCut            bool            // the mail is taken, the connection ends before the 250
	CutAfter              bool            // the connection ends right after the 250
	Wait                  <-chan struct{} // the answer to the dot comes when it is closed
}

// Mail is a mail that the server has taken.
type Mail struct {
	From, To string
	Raw      []byte
}

// Server is an SMTP server on loopback.
type Server struct {
	// Fault is asked at each RCPT, with how many there were for that address
	// before; for a fault at MAIL, at MAIL with to = "". nil is no fault.
	Fault func(from, to string, before int) Fault
	// Greeting replaces the 220, for the connection of that number from 1; "" is
	// the usual one.
	Greeting func(conn int) string
	// Each, if set, is told of every mail that is taken, while its sender waits.
	Each func(m Mail)
	// Discard keeps no mails, only their number.
	Discard bool

	listener net.Listener
	wg       sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	opened int
	most   int
	asked  map[string]int
	mails  []Mail
	count  int
}

// Start serves until the end of the test.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.conns, s.asked = map[net.Conn]struct{}{}, map[string]int{}
	s.wg.Go(s.accept)
	t.Cleanup(func() {
		s.listener.Close()
		s.CutAll()
		s.wg.Wait()
	})
}

// Addr returns host and port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL returns the SMTP URL of the server.
func (s *Server) URL() string { return "smtp://" + s.Addr() + "?tls=none" }

// Mails returns what was taken, in order.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Count returns how many mails were taken.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Opened returns how many connections were made, and how many there were at
// once at most.
func (s *Server) Opened() (all, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened, s.most
}

// CutAll ends every connection.
func (s *Server) CutAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[c] = struct{}{}
		s.opened++
		s.most = max(s.most, len(s.conns))
		n := s.opened
		s.mu.Unlock()
		s.wg.Go(func() {
			s.serve(c, n)
			c.Close()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		})
	}
}

// serve is one dialogue.
func (s *Server) serve(c net.Conn, n int) {
	r, w := textproto.NewReader(bufio.NewReader(c)), bufio.NewWriter(c)
	say := func(line string) bool {
		fmt.Fprintf(w, "%s\r\n", line)
		return w.Flush() == nil
	}
	greeting := "220 test ESMTP"
	if s.Greeting != nil {
		if g := s.Greeting(n); g != "" {
			greeting = g
		}
	}
	if !say(greeting) || greeting[0] != '2' {
		return
	}
	var m Mail
	var f Fault
	for {
		line, err := r.ReadLine()
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		reply := "250 2.0.0 ok"
		switch verb {
		case "EHLO":
			reply = "250-test\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"
		case "MAIL":
			m, f = Mail{From: path(line)}, Fault{}
			if s.Fault != nil {
				reply = or(s.Fault(m.From, "", 0).Mail, reply)
			}
		case "RCPT":
			m.To = path(line)
			s.mu.Lock()
			before := s.asked[m.To]
			s.asked[m.To]++
			s.mu.Unlock()
			if s.Fault != nil {
				f = s.Fault(m.From, m.To, before)
			}
			reply = or(f.Rcpt, reply)
		case "DATA":
			if reply = or(f.Data, "354 go on"); reply[0] != '3' {
				break
			}
			if !say(reply) {
				return
			}
			if f.CutData {
				r.R.Peek(1)
				return
			}
			if m.Raw, err = readData(r.R, s.Discard); err != nil {
				return
			}
			if f.Wait != nil {
				<-f.Wait
			}
			if reply = or(f.Dot, "250 2.0.0 taken"); reply[0] == '2' {
				s.take(m)
			}
			if f.TakeAndCut {
				return
			}
			if f.CutAfter {
				say(reply)
				return
			}
		case "QUIT":
			say("221 bye")
			return
		}
		if !say(reply) || strings.HasPrefix(reply, "421") {
			return
		}
	}
}

func (s *Server) take(m Mail) {
	s.mu.Lock()
	s.count++
	if !s.Discard {
		s.mails = append(s.mails, m)
	}
	s.mu.Unlock()
	if s.Each != nil {
		s.Each(m)
	}
}

// readData reads up to the final dot. The content is returned as it was before
// dots were doubled.
func readData(r *bufio.Reader, discard bool) ([]byte, error) {
	var b bytes.Buffer
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if len(line) == 3 && line[0] == '.' {
			return b.Bytes(), nil
		}
		if discard {
			continue
		}
		b.Write(bytes.TrimPrefix(line, []byte(".")))
	}
}

func path(line string) string {
	_, rest, _ := strings.Cut(line, "<")
	addr, _, _ := strings.Cut(rest, ">")
	return addr
}

func or(s, def string) string {
	if s != "" {
		return s
	}
	return def
}
