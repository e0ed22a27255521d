package main_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestGracefulStop asks the daemon to end while mails are on their way: they end
// as sent or as queued again, nothing as unknown, and the next start finishes.
func TestGracefulStop(t *testing.T) {
	c := newCatcher(t)
	var once sync.Once
	held, one := make(chan struct{}), make(chan struct{})
	c.holdBack(func() <-chan struct{} {
		if c.count() >= 20 { // by now several connections are waiting for a 250
			once.Do(func() { close(held) })
			return one
		}
		return closed
	})
	s := newSite(t, c.addr)
	s.start()
	p := s.makePartner(50)
	cohort := s.fill(p)
	id := s.campaign(p, cohort, "hold")
	s.ask(nil, "campaign", "launch", id)
	<-held
	if err := s.daemon.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.awaitRefusal()                                  // it takes no more requests and waits for its mails
	answers := time.NewTicker(100 * time.Millisecond) // one 250 at a time, so that the daemon ends before the campaign
	defer answers.Stop()
	for late, ended := time.After(time.Minute), false; !ended; {
		select {
		case <-s.daemon.exited:
			ended = true
		case <-late:
			t.Fatalf("the daemon does not stop\n%s", s.daemon.stderr)
		case <-answers.C:
			select {
			case one <- struct{}{}:
			default: // nobody waits
			}
		}
	}
	close(one)
	if s.daemon.err != nil {
		t.Errorf("the daemon ended with %v, want exit code 0\n%s", s.daemon.err, s.daemon.stderr)
	}
	stopped := s.show(id)
	if stopped.Ledger["intent"] != 0 || stopped.Ledger["unknown"] != 0 || stopped.Ledger["queued"] == 0 || stopped.Ledger["sent"] != c.count() {
		t.Errorf("after the stop: %v with %d mails received, want them sent and the others queued", stopped.Ledger, c.count())
	}
	s.start()
	end := s.await(id, func(c standing) bool { return c.State == "finished" })
	if end.Ledger["sent"] != len(p.addresses) {
		t.Errorf("in the end: %v, want all %d sent", end.Ledger, len(p.addresses))
	}
	for address, ids := range c.copies() {
		if len(ids) != 1 {
			t.Errorf("%s got %d mails", address, len(ids))
		}
	}
	s.stop()
	if log := s.daemon.stderr.String(); strings.Contains(log, `"level":"WARN"`) || strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the start after a stop is not clean:\n%s", log)
	}
}

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// awaitRefusal waits until the daemon's pages take no more connections.
func (s *site) awaitRefusal() {
	s.t.Helper()
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		res, err := client.Get("http://" + s.listen + "/healthz")
		if err != nil {
			return
		}
		res.Body.Close()
	}
	s.t.Fatal("the daemon still answers a minute after it was asked to end")
}

// TestSecondDaemonRefuses starts a daemon on a folder that another has open.
func TestSecondDaemonRefuses(t *testing.T) {
	s := newSite(t, "")
	s.start()
	second := s.prepare(t.Context(), "serve", "--listen", freePort(t), "--public-listen", freePort(t))
	var stdout, stderr bytes.Buffer
	second.Stdout, second.Stderr = &stdout, &stderr
	err := second.Run()
	want := fmt.Sprintf("process %d has the data folder %s open", s.daemon.cmd.Process.Pid, s.dir)
	if code := second.ProcessState.ExitCode(); err == nil || code != 1 || !strings.Contains(stderr.String(), want) || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("second daemon: exit code %d, stdout %q, stderr %q; want 1 and a line with %q", code, stdout.String(), stderr.String(), want)
	}
	if a := s.command("campaign", "list", "--json"); a.code != 0 {
		t.Errorf("the first daemon no longer answers: %s", a.stderr)
	}
	s.kill()
	s.start() // the kernel gave the lock back
	s.stop()
}

// TestDaemonRefusesNumbers starts daemons with settings that are no such numbers.
func TestDaemonRefusesNumbers(t *testing.T) {
	s := newSite(t, "")
	for name, value := range map[string]string{"filter-memory": "much", "keep-fetched": "-1"} {
		bad := s.prepare(t.Context(), "serve", "--listen", freePort(t), "--public-listen", freePort(t), "--"+name, value)
		var stderr bytes.Buffer
		bad.Stderr = &stderr
		err := bad.Run()
		want := fmt.Sprintf("%s: %q is no whole number from 0 to ", name, value)
		if code := bad.ProcessState.ExitCode(); err == nil || code != 1 || !strings.Contains(stderr.String(), want) || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("exit code %d, stderr %q; want 1 and a line with %q", code, stderr.String(), want)
		}
	}
}
