package storage_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"actnow"
	"actnow/campaigns"
	"actnow/campaigns/mail"
	"actnow/campaigns/mail/mailtest"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// crowd is a seed of n customers with one contact each, from customer 100 on:
// p100@d0.example and so on, in ten domains.
func crowd(n int) string {
	numbers := fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < %d)`, 99+n)
	return numbers + ` INSERT INTO customers (id, key, name, first_month, last_month, updated_at)
			SELECT i, 'c:' || i, 'Customer ' || i, '2026-11', '2026-11', 0 FROM n;` +
		numbers + ` INSERT INTO accounts (id, external_id, connection_id, name, updated_at) SELECT i, 'X' || i, 1, 'x', 0 FROM n;` +
		numbers + ` INSERT INTO matches (account_id, customer_id, band, matched_at) SELECT i, i, 'match', 0 FROM n;` +
		numbers + ` INSERT INTO contacts (id, external_id, connection_id, account_ref, email, address, given_name, language, consent_basis, updated_at)
			SELECT i, 'X' || i, 1, 'X' || i, 'p' || i || '@d' || (i % 10) || '.example', 'p' || i || '@d' || (i % 10) || '.example',
				'P' || i, 'en', 'legitimate interest', 0 FROM n;`
}

// sending is a campaign to a crowd and the outbox that sends it.
type sending struct {
	t        testing.TB
	db       *storage.DB
	id       actnow.CampaignID
	server   *mailtest.Server
	box      *campaigns.Outbox
	ahead    atomic.Int64 // how far the clock is put forward, in seconds
	verdicts chan campaigns.Verdict
}

func (s *sending) now() time.Time {
	return time.Now().Add(time.Duration(s.ahead.Load()) * time.Second)
}

// forward puts the clock forward and lets the outbox see it.
func (s *sending) forward(d time.Duration) {
	s.ahead.Add(int64(d / time.Second))
	s.box.Wake()
}

func newSending(t testing.TB, n int, server *mailtest.Server, change func(*campaigns.Plan)) *sending {
	t.Helper()
	s := &sending{t: t, server: server, verdicts: make(chan campaigns.Verdict, 100_000)}
	s.db = storagetest.OpenAt(t, t.TempDir(), s.now, campaignSeed, crowd(n))
	s.id = newCampaign(t, s.db, change)
	if err := s.db.ScheduleCampaign(t.Context(), maja, s.id); err != nil {
		t.Fatal(err)
	}
	plan := launchPlan()
	plan.Steps = plan.Steps[:1]
	plan.Customers = nil
	for i := range n {
		plan.Customers = append(plan.Customers, actnow.CustomerID(100+i))
	}
	if l := launch(t, s.db, s.id, plan); l.Queued != n {
		t.Fatalf("launch = %+v", l)
	}
	server.Start(t)
	s.newBox(server.URL())
	return s
}

func (s *sending) newBox(url string) {
	sender, err := mail.NewSender(url)
	if err != nil {
		s.t.Fatal(err)
	}
	s.box = &campaigns.Outbox{
		Store: s.db, Sender: sender, Render: renderPlain, Now: s.now, Log: slog.New(slog.DiscardHandler),
		Poll:    10 * time.Millisecond,
		Pacer:   &campaigns.Pacer{FirstPause: time.Millisecond, MaxPause: 5 * time.Millisecond, MinRate: 1000},
		Observe: func(_ campaigns.Message, v campaigns.Verdict) { s.verdicts <- v },
	}
}

func renderPlain(_ context.Context, p *campaigns.Pack, m campaigns.Message) (campaigns.Letter, error) {
	return campaigns.Letter{
		MessageID: m.MessageID, ReturnPath: fmt.Sprintf("bounce+%d@partner.example", m.Row),
		From: p.Sender, ToName: m.Name, ToAddress: m.Address, Date: storagetest.Now,
		Subject: "Hello " + m.Fields["FirstName"], Text: "Dear " + m.Fields["Company"], HTML: "<p>Dear " + m.Fields["Company"] + "</p>",
		UnsubscribeURL: "https://demo.actnow.example/u/x",
	}, nil
}

// start runs the outbox; the returned function stops it and returns its error.
func (s *sending) start() (stop func() error) {
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	if err := s.box.Recover(ctx); err != nil {
		s.t.Fatal(err)
	}
	go func() { done <- s.box.Run(ctx) }()
	return sync.OnceValue(func() error {
		cancel()
		return <-done
	})
}

// until waits for verdicts until the ledger is as the test wants it.
func (s *sending) until(want func(campaigns.Campaign) bool) campaigns.Campaign {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	for {
		c := s.campaign()
		if want(c) {
			return c
		}
		select {
		case <-s.verdicts:
		case <-ctx.Done():
			s.t.Fatalf("the campaign is %s with %v", c.State, c.Counts)
		}
	}
}

func (s *sending) campaign() campaigns.Campaign {
	s.t.Helper()
	c, err := s.db.Campaign(context.WithoutCancel(s.t.Context()), actnow.Everything, s.id)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func finished(c campaigns.Campaign) bool { return c.State == actnow.CampaignFinished }

// open counts the rows that still want a verdict.
func open(c campaigns.Campaign) int {
	return c.Counts[actnow.LedgerQueued] + c.Counts[actnow.LedgerIntent] + c.Counts[actnow.LedgerDeferred]
}

// copies returns how many copies each recipient got.
func (s *sending) copies() (map[string]int, int) {
	got, most := map[string]int{}, 0
	for _, m := range s.server.Mails() {
		got[m.To]++
		most = max(most, got[m.To])
	}
	return got, most
}

func TestEveryoneIsMailedOnceOverFewConnections(t *testing.T) {
	t.Parallel()
	s := newSending(t, 300, &mailtest.Server{}, nil)
	s.box.Connections = 3
	stop := s.start()
	c := s.until(finished)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	got, most := s.copies()
	if len(got) != 300 || most != 1 || c.Counts[actnow.LedgerSent] != 300 {
		t.Errorf("%d people, at most %d copies, %v", len(got), most, c.Counts)
	}
	if all, _ := s.server.Opened(); all > 3 {
		t.Errorf("%d connections", all)
	}
	m := s.server.Mails()[0]
	p, err := mail.ParseMail(m.Raw)
	if err != nil || p.Subject != "Hello P"+m.To[1:4] || !strings.HasPrefix(m.From, "bounce+") || !strings.Contains(p.HTML, "Customer "+m.To[1:4]) {
		t.Errorf("mail to %s from %s: %+v, %v", m.To, m.From, p, err)
	}
}

func TestEveryFaultLeavesTheTruthInTheLedger(t *testing.T) {
	t.Parallel()
	later := make(chan struct{})
	faults := map[string]mailtest.Fault{ // of the first try
		"p100@d0.example": {Rcpt: "450 4.2.0 greylisted"},
		"p101@d1.example": {Rcpt: "550 5.1.1 no such user"},
		"p102@d2.example": {Dot: "451 4.3.0 later"},
		"p103@d3.example": {Dot: "552 5.2.2 full"},
		"p104@d4.example": {CutData: true},
		"p105@d5.example": {TakeAndCut: true},
		"p106@d6.example": {CutAfter: true},
		"p107@d7.example": {Wait: later},
		"p108@d8.example": {Rcpt: "421 4.7.0 closing"},
		"p109@d9.example": {Data: "451 4.3.0 later"},
	}
	want := map[string]actnow.LedgerState{
		"p101@d1.example": actnow.LedgerBounced, "p103@d3.example": actnow.LedgerBounced, "p105@d5.example": actnow.LedgerUnknown,
		// A short mail is gone, dot and all, before the cut shows.
		"p104@d4.example": actnow.LedgerUnknown,
	}
	server := &mailtest.Server{Fault: func(_, to string, before int) mailtest.Fault {
		if before == 0 {
			return faults[to]
		}
		return mailtest.Fault{}
	}}
	s := newSending(t, 40, server, nil)
	s.box.Connections = 2
	stop := s.start()
	first := s.until(func(c campaigns.Campaign) bool {
		return c.Counts[actnow.LedgerIntent] == 1 && c.Counts[actnow.LedgerQueued] == 0
	})
	if first.Counts[actnow.LedgerDeferred] != 4 {
		t.Errorf("after the first round: %v", first.Counts)
	}
	close(later)
	s.until(func(c campaigns.Campaign) bool { return c.Counts[actnow.LedgerSent] == 32 })
	s.forward(time.Hour)
	c := s.until(func(c campaigns.Campaign) bool { return open(c) == 0 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if c.State != actnow.CampaignSending || c.Counts.Total() != 40 || c.Counts[actnow.LedgerSent] != 36 {
		t.Errorf("campaign %s, %v", c.State, c.Counts)
	}
	page, err := s.db.Ledger(t.Context(), actnow.Everything, campaigns.LedgerQuery{Campaign: s.id, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Rows {
		state := want[r.Address]
		if state == "" {
			state = actnow.LedgerSent
		}
		if r.State != state {
			t.Errorf("%s is %s (%s, %s), want %s", r.Address, r.State, r.Why, r.Reply, state)
		}
	}
	got, most := s.copies()
	if most != 1 || len(got) != 37 {
		t.Errorf("%d people, at most %d copies", len(got), most)
	}
	raw := storagetest.Raw(t, s.db)
	defer raw.Close()
	var suppressed string
	if err := raw.QueryRow(`SELECT group_concat(address) FROM suppressions WHERE reason = 'bounced'`).Scan(&suppressed); err != nil || suppressed != "p101@d1.example" {
		t.Errorf("suppressed %s, %v", suppressed, err)
	}
}

func TestPolicyRefusalStopsTheCampaign(t *testing.T) {
	t.Parallel()
	s := newSending(t, 100, &mailtest.Server{Fault: func(_, to string, _ int) mailtest.Fault {
		if to == "p110@d0.example" {
			return mailtest.Fault{Dot: "550 5.7.1 not authenticated"}
		}
		return mailtest.Fault{}
	}}, nil)
	s.box.Connections = 2
	stop := s.start()
	c := s.until(func(c campaigns.Campaign) bool {
		return c.State == actnow.CampaignStopped && c.Counts[actnow.LedgerIntent] == 0
	})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if c = s.campaign(); c.Counts[actnow.LedgerBounced] != 1 || c.Counts[actnow.LedgerQueued] == 0 || c.Counts.Total() != 100 || !strings.Contains(c.Why, "5.7.1") {
		t.Errorf("%v, %q", c.Counts, c.Why)
	}
}

func TestPauseAndUnsubscribeCountFromTheNextMail(t *testing.T) {
	t.Parallel()
	var s *sending
	server := &mailtest.Server{}
	server.Each = func(m mailtest.Mail) {
		switch server.Count() {
		case 1: // the second in line
			if err := s.db.Unsubscribe(context.Background(), 2, "one-click", s.now()); err != nil {
				t.Error(err)
			}
		case 5:
			if err := s.db.PauseCampaign(context.Background(), maja, s.id); err != nil {
				t.Error(err)
			}
		}
	}
	s = newSending(t, 20, server, nil)
	s.box.Connections = 1
	stop := s.start()
	s.until(func(c campaigns.Campaign) bool { return c.Counts[actnow.LedgerSent] == 5 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	c := s.campaign()
	if n := server.Count(); n != 5 || c.Counts[actnow.LedgerSent] != 5 || c.Counts[actnow.LedgerSuppressed] != 1 || c.Counts[actnow.LedgerQueued] != 14 {
		t.Errorf("%d taken, %v", n, c.Counts)
	}
	if err := s.db.ResumeCampaign(t.Context(), maja, s.id); err != nil {
		t.Fatal(err)
	}
	stop = s.start()
	s.until(finished)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	got, most := s.copies()
	if len(got) != 19 || most != 1 {
		t.Errorf("%d people, at most %d copies", len(got), most)
	}
}

// A read of the ledger that takes longer than a Poll must not be followed by the
// next one without a mail between them.
func TestSlowReadsDoNotStarveTheWorkers(t *testing.T) {
	t.Parallel()
	s := newSending(t, 5, &mailtest.Server{}, nil)
	s.box.Poll = time.Nanosecond
	stop := s.start()
	s.until(finished)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestStopFinishesOrHandsBack(t *testing.T) {
	t.Parallel()
	for _, patient := range []bool{true, false} {
		at, wait := make(chan struct{}, 100), make(chan struct{})
		server := &mailtest.Server{Fault: func(_, to string, _ int) mailtest.Fault {
			if to != "" {
				at <- struct{}{}
			}
			return mailtest.Fault{Wait: wait}
		}}
		s := newSending(t, 50, server, nil)
		s.box.Connections = 2
		s.box.Grace = time.Minute
		if !patient {
			s.box.Grace = time.Nanosecond
		}
		stop := s.start()
		<-at
		<-at // both connections are in a mail
		stopped := make(chan error, 1)
		go func() { stopped <- stop() }()
		if patient {
			close(wait)
		}
		if err := <-stopped; err != nil {
			t.Fatal(err)
		}
		if !patient {
			close(wait)
		}
		c := s.campaign()
		if c.Counts[actnow.LedgerIntent] != 0 || c.Counts.Total() != 50 {
			t.Errorf("patient %t: %v", patient, c.Counts)
		}
		// A mail that was cut before its dot is back in the queue.
		ended := c.Counts[actnow.LedgerSent] + c.Counts[actnow.LedgerUnknown]
		if ended > 2+2 || patient && c.Counts[actnow.LedgerUnknown] > 0 || !patient && c.Counts[actnow.LedgerUnknown]+c.Counts[actnow.LedgerQueued] != 50 {
			t.Errorf("patient %t: %v", patient, c.Counts)
		}
	}
}

func TestServerThatTakesFewMailsAConnection(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	left := 5
	server := &mailtest.Server{Greeting: func(int) string {
		mu.Lock()
		defer mu.Unlock()
		left = 5
		return ""
	}}
	server.Fault = func(_, to string, _ int) mailtest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if to == "" {
			if left--; left < 0 {
				return mailtest.Fault{Mail: "421 4.7.0 too many mails in this connection"}
			}
		}
		return mailtest.Fault{}
	}
	s := newSending(t, 60, server, nil)
	s.box.Connections = 1
	stop := s.start()
	s.until(finished)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	page, err := s.db.Ledger(t.Context(), actnow.Everything, campaigns.LedgerQuery{Campaign: s.id, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Rows {
		if r.Attempts != 1 {
			t.Errorf("%s took %d attempts", r.Address, r.Attempts)
		}
	}
}

func TestServerThatIsAway(t *testing.T) {
	t.Parallel()
	server := &mailtest.Server{Greeting: func(conn int) string {
		if conn <= 3 {
			return "421 4.3.2 too many connections"
		}
		return ""
	}}
	s := newSending(t, 20, server, nil)
	s.box.Connections = 1
	var away, back atomic.Int64
	s.box.Trouble = func(err error, _ time.Time) {
		if err != nil {
			away.Add(1)
		} else {
			back.Add(1)
		}
	}
	stop := s.start()
	s.until(finished)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if away.Load() != 3 || back.Load() != 1 {
		t.Errorf("told %d times that it is away, %d times that it is back", away.Load(), back.Load())
	}
}

func TestWhatCannotBeRenderedIsCancelled(t *testing.T) {
	t.Parallel()
	s := newSending(t, 10, &mailtest.Server{}, nil)
	s.box.Render = func(ctx context.Context, p *campaigns.Pack, m campaigns.Message) (campaigns.Letter, error) {
		l, err := renderPlain(ctx, p, m)
		switch m.Row {
		case 3:
			return l, errors.New("the field is not there")
		case 4:
			l.Subject = "a\nBcc: x@evil.example"
		}
		return l, err
	}
	stop := s.start()
	c := s.until(finished)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if c.Counts[actnow.LedgerSent] != 8 || c.Counts[actnow.LedgerCancelled] != 2 {
		t.Errorf("%v", c.Counts)
	}
	if r := rowOf(t, s.db, 3); !strings.Contains(r.Why, "the field is not there") {
		t.Errorf("why: %s", r.Why)
	}
}

func TestOneSlowDomainDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	s := newSending(t, 400, &mailtest.Server{Fault: func(_, to string, _ int) mailtest.Fault {
		if strings.HasSuffix(to, "@d3.example") {
			return mailtest.Fault{Rcpt: "421 4.7.28 rate limited"}
		}
		return mailtest.Fault{}
	}}, nil)
	s.box.Pacer = &campaigns.Pacer{FirstPause: time.Hour, MaxPause: time.Hour}
	stop := s.start()
	c := s.until(func(c campaigns.Campaign) bool { return c.Counts[actnow.LedgerSent] == 360 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	// The first refusal closed the group: only what was on its way then came too.
	if n := c.Counts[actnow.LedgerDeferred]; n < 1 || n > 4 || c.Counts.Total() != 400 {
		t.Errorf("%v", c.Counts)
	}
}

func TestARefusedMailIsGivenUpAfterDays(t *testing.T) {
	t.Parallel()
	s := newSending(t, 1, &mailtest.Server{Fault: func(_, to string, _ int) mailtest.Fault {
		if to == "" {
			return mailtest.Fault{}
		}
		return mailtest.Fault{Rcpt: "450 4.2.0 greylisted"}
	}}, nil)
	stop := s.start()
	for day := range 3 {
		s.until(func(c campaigns.Campaign) bool {
			return c.Counts[actnow.LedgerDeferred] == 1 && rowOf(t, s.db, 1).Attempts == day+1
		})
		s.forward(24*time.Hour + time.Minute)
	}
	c := s.until(finished)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if r := rowOf(t, s.db, 1); r.State != actnow.LedgerBounced || r.Why != "given up" || r.Attempts != 4 || c.Counts.Total() != 1 {
		t.Errorf("row = %+v", r)
	}
}

func TestCampaignIntoSMTPSink(t *testing.T) {
	const sink = "/usr/sbin/smtp-sink"
	if _, err := os.Stat(sink); err != nil {
		if os.Getenv("ACTNOW_REQUIRE_PEERS") == "1" {
			t.Fatal(err)
		}
		t.Skip("smtp-sink is not installed: ", err)
	}
	addr := freeAddr(t)
	args := []string{"-c", addr, "100"}
	if os.Getuid() == 0 {
		args = append([]string{"-u", "nobody"}, args...)
	}
	cmd := exec.CommandContext(t.Context(), sink, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	s := newSending(t, 500, &mailtest.Server{}, nil)
	s.newBox("smtp://" + addr + "?tls=none")
	stop := s.start()
	c := s.until(finished)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if c.Counts[actnow.LedgerSent] != 500 {
		t.Errorf("%v", c.Counts)
	}
}

// freeAddr returns an address on loopback that nobody listened on a moment ago.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
