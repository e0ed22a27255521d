package mail_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"actnow"
	"actnow/campaigns"
	"actnow/campaigns/mail"
	"actnow/campaigns/mail/mailtest"
)

func dial(t *testing.T, s *mailtest.Server) campaigns.Conn {
	t.Helper()
	sender, err := mail.NewSender(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	c, err := sender.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

var content = []byte("Subject: x\r\n\r\n" + strings.Repeat("line\r\n.dot\r\n", 2000))

func TestSendSaysHowFarItCame(t *testing.T) {
	tests := []struct {
		name   string
		fault  mailtest.Fault
		stage  campaigns.Stage
		code   int
		state  actnow.LedgerState
		took   int
		usable bool
	}{
		{"taken", mailtest.Fault{}, campaigns.StageDot, 250, actnow.LedgerSent, 1, true},
		{"4xx to MAIL", mailtest.Fault{Mail: "451 4.3.0 later"}, campaigns.StageMail, 451, actnow.LedgerDeferred, 0, true},
		{"5xx to MAIL", mailtest.Fault{Mail: "550 5.7.1 who are you"}, campaigns.StageMail, 550, actnow.LedgerQueued, 0, true},
		{"421 to MAIL", mailtest.Fault{Mail: "421 4.7.0 too much"}, campaigns.StageMail, 421, actnow.LedgerDeferred, 0, false},
		{"4xx to RCPT", mailtest.Fault{Rcpt: "450 4.2.0 greylisted"}, campaigns.StageRcpt, 450, actnow.LedgerDeferred, 0, true},
		{"5xx to RCPT", mailtest.Fault{Rcpt: "550 5.1.1 no such user"}, campaigns.StageRcpt, 550, actnow.LedgerBounced, 0, true},
		{"5xx to DATA", mailtest.Fault{Data: "554 5.5.1 no"}, campaigns.StageData, 554, actnow.LedgerBounced, 0, true},
		{"4xx to the dot", mailtest.Fault{Dot: "451 4.3.0 later"}, campaigns.StageDot, 451, actnow.LedgerDeferred, 0, true},
		{"5xx to the dot", mailtest.Fault{Dot: "554 5.7.1 spam"}, campaigns.StageDot, 554, actnow.LedgerBounced, 0, true},
		{"taken, no 250", mailtest.Fault{TakeAndCut: true}, campaigns.StageDot, 0, actnow.LedgerUnknown, 1, false},
		{"garbage to the dot", mailtest.Fault{Dot: "what?"}, campaigns.StageDot, 0, actnow.LedgerUnknown, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &mailtest.Server{Fault: func(_, _ string, _ int) mailtest.Fault { return tt.fault }}
			s.Start(t)
			c := dial(t, s)
			r := c.Send(t.Context(), "bounce+1@partner.example", "anna@one.example", content)
			if v := campaigns.Judge(r); r.Stage != tt.stage || r.Code != tt.code || v.State != tt.state {
				t.Errorf("reply = %+v, judged %s", r, v.State)
			}
			if s.Count() != tt.took || c.Usable() != tt.usable {
				t.Errorf("took %d, usable %t", s.Count(), c.Usable())
			}
		})
	}
}

func TestTheConnectionServesOnAfterARefusal(t *testing.T) {
	s := &mailtest.Server{Fault: func(_, to string, _ int) mailtest.Fault {
		if strings.HasPrefix(to, "no") {
			return mailtest.Fault{Rcpt: "550 5.1.1 no such user"}
		}
		return mailtest.Fault{}
	}}
	s.Start(t)
	c := dial(t, s)
	for i := range 6 {
		to, want := fmt.Sprintf("yes%d@one.example", i), 250
		if i%2 == 0 {
			to, want = fmt.Sprintf("no%d@one.example", i), 550
		}
		if r := c.Send(t.Context(), "b@partner.example", to, content); r.Code != want {
			t.Errorf("%s: %+v", to, r)
		}
	}
	mails := s.Mails()
	if all, _ := s.Opened(); all != 1 || len(mails) != 3 {
		t.Fatalf("%d connections, %d mails", all, len(mails))
	}
	for _, m := range mails {
		if string(m.Raw) != string(content) || m.From != "b@partner.example" {
			t.Errorf("from %s, content of %d bytes, want %d: dots doubled and undone", m.From, len(m.Raw), len(content))
		}
	}
}

func TestTakenStaysTakenWhenTheConnectionCloses(t *testing.T) {
	s := &mailtest.Server{Fault: func(_, _ string, _ int) mailtest.Fault { return mailtest.Fault{CutAfter: true} }}
	s.Start(t)
	c := dial(t, s)
	if r := c.Send(t.Context(), "b@partner.example", "anna@one.example", content); !r.Taken || campaigns.Judge(r).State != actnow.LedgerSent {
		t.Fatalf("250, then closed: %+v", r)
	}
	// The next mail finds the connection gone before anything was said.
	r := c.Send(t.Context(), "b@partner.example", "bo@one.example", content)
	if r.Stage != campaigns.StageMail || r.Code != 0 || c.Usable() || s.Count() != 1 {
		t.Errorf("next mail: %+v, %d taken", r, s.Count())
	}
}

func TestCutInTheContentIsNotTaken(t *testing.T) {
	s := &mailtest.Server{Fault: func(_, _ string, _ int) mailtest.Fault { return mailtest.Fault{CutData: true} }}
	s.Start(t)
	c := dial(t, s)
	// More than the sockets hold, so that the cut shows while writing.
	r := c.Send(t.Context(), "b@partner.example", "anna@one.example", make([]byte, 64<<20))
	if r.Stage != campaigns.StageBody || campaigns.Judge(r).State != actnow.LedgerDeferred || c.Usable() || s.Count() != 0 {
		t.Errorf("reply = %+v, %d taken", r, s.Count())
	}
}

func TestStopCutsTheConnection(t *testing.T) {
	wait := make(chan struct{})
	s := &mailtest.Server{Fault: func(_, _ string, _ int) mailtest.Fault { return mailtest.Fault{Wait: wait} }}
	s.Start(t)
	t.Cleanup(func() { close(wait) })
	ctx, cancel := context.WithCancel(t.Context())
	c := dial(t, s)
	context.AfterFunc(t.Context(), cancel)
	done := make(chan campaigns.Reply)
	go func() { done <- c.Send(ctx, "b@partner.example", "anna@one.example", content) }()
	cancel()
	r := <-done
	if !errors.Is(r.Err, context.Canceled) || c.Usable() {
		t.Errorf("reply = %+v", r)
	}
	want := actnow.LedgerQueued
	if r.Stage == campaigns.StageDot {
		want = actnow.LedgerUnknown
	}
	if v := campaigns.Judge(r); v.State != want {
		t.Errorf("cut at %s is %s, want %s", r.Stage, v.State, want)
	}
}

func TestDialRefused(t *testing.T) {
	s := &mailtest.Server{Greeting: func(int) string { return "421 4.3.2 too many connections" }}
	s.Start(t)
	sender, err := mail.NewSender(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	_, err = sender.Dial(t.Context())
	var refused *campaigns.DialError
	if !errors.As(err, &refused) || refused.Reply.Code != 421 || refused.Reply.Stage != campaigns.StageConnect {
		t.Errorf("Dial = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sender.Dial(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Dial after a stop = %v", err)
	}
}

func TestAddressesBeyondASCII(t *testing.T) {
	s := &mailtest.Server{}
	s.Start(t)
	c := dial(t, s)
	if r := c.Send(t.Context(), "b@partner.example", "info@bücher.example", content); !r.Taken {
		t.Errorf("domain in another script: %+v", r)
	}
	if got := s.Mails()[0].To; got != "info@xn--bcher-kva.example" {
		t.Errorf("sent to %s", got)
	}
	r := c.Send(t.Context(), "b@partner.example", "åsa@one.example", content)
	if v := campaigns.Judge(r); r.Stage != campaigns.StageRcpt || v.State != actnow.LedgerBounced || v.Suppress || v.Stop {
		t.Errorf("local part in another script: %+v, %+v", r, v)
	}
}
