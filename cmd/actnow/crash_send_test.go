package main_test

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"actnow"
	"actnow/campaigns"
	"actnow/storage"
)

// The campaign that is killed: so many mails, so many kills, over the daemon's
// default number of connections.
const (
	crashMails  = 2000
	crashKills  = 20
	connections = 4
)

// receiver is a mail server as the crash tests see it.
type receiver interface {
	// watch has fn told of the moments of its dialogues, from any goroutine.
	watch(fn func(m moment, n int))
	// copies returns the Message-IDs that each address got.
	copies() map[string][]string
}

// TestCrashWhileSending kills the daemon at random moments of one campaign and
// starts it again each time. Nobody is skipped; with policy hold nobody gets two
// mails; with resend at most one for each connection and kill; the totals add up
// to the audience after each start.
func TestCrashWhileSending(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	first := newSite(t, "")
	p := first.makePartner(crashMails / 2)
	cohort := first.fill(p)
	for _, tt := range []struct {
		name, policy string
		seed         uint64
		receiver     func(t *testing.T) (addr string, r receiver)
	}{
		{"hold", "hold", 20261122, startCatcher},
		{"resend", "resend", 20261123, startCatcher},
		{"hold, smtp-sink", "hold", 20261124, startSink},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr, r := tt.receiver(t)
			s := newSite(t, addr)
			copyFolder(t, first.dir, s.dir)
			copyFile(t, first.dir+".key", s.dir+".key")
			crashCampaign(t, s, p, cohort, tt.policy, r, tt.seed)
		})
	}
}

func startCatcher(t *testing.T) (string, receiver) {
	c := newCatcher(t)
	return c.addr, c
}

// crashCampaign launches a campaign to the partner's whole audience, kills the
// daemon again and again, lets it finish and looks at who got what.
func crashCampaign(t *testing.T, s *site, p partner, cohort int64, policy string, r receiver, seed uint64) {
	began := time.Now()
	random := rand.New(rand.NewPCG(seed, 1))
	plan := killPlan(random)
	s.start()
	id := s.campaign(p, cohort, policy)
	s.killAt(r, plan[0])
	s.armed.Store(s.daemon) // it runs already
	s.armed = nil
	var launched struct {
		State    string
		Audience int
	}
	if a := s.command("campaign", "launch", id, "--json"); a.code == 0 {
		if err := json.Unmarshal([]byte(a.stdout), &launched); err != nil {
			t.Fatal(err)
		}
		if launched.Audience != crashMails {
			t.Fatalf("launch: audience %d, want %d", launched.Audience, crashMails)
		}
	} // else killed before it could say so; the audience is checked below
	for i, k := range plan {
		if i > 0 {
			hit := s.killAt(r, k)
			if k.at == atStart {
				s.launch()
				close(hit)
			} else {
				s.start()
			}
		}
		if a := s.command("campaign", "show", id, "--json"); a.code == 0 { // else the kill came first
			s.addsUp(a.stdout)
		}
		select {
		case <-s.daemon.exited:
		case <-time.After(2 * time.Minute):
			t.Fatalf("kill %d (%s after %d mails): the moment does not come; %v\n%s", i+1, k.at, k.after, s.show(id), s.daemon.stderr)
		}
		r.watch(nil)
		// Commands work on the folder of a dead daemon too: this one is the first
		// to open it after the kill.
		a := s.command("campaign", "show", id, "--json")
		if a.code != 0 {
			t.Fatalf("kill %d: campaign show: %s", i+1, a.stderr)
		}
		t.Logf("kill %2d: %s, after %d mails: %v", i+1, k.at, k.after, s.addsUp(a.stdout).Ledger)
	}
	s.start()
	end := s.await(id, func(c standing) bool { return c.pending() == 0 })
	s.stop()
	checkDelivery(t, s, p, id, policy, r, end)
	t.Logf("%d kills in %v", len(plan), time.Since(began).Round(time.Millisecond))
	if policy == "hold" {
		s.settle(p, id, r)
	}
}

// addsUp reads a campaign as it was shown and checks that its rows add up to
// the audience.
func (s *site) addsUp(shown string) standing {
	s.t.Helper()
	var c standing
	if err := json.Unmarshal([]byte(shown), &c); err != nil {
		s.t.Fatal(err)
	}
	if c.Audience != crashMails || c.total() != crashMails {
		s.t.Fatalf("the totals add up to %d of an audience of %d, want %d: %v", c.total(), c.Audience, crashMails, c.Ledger)
	}
	return c
}

// settle gives a person's word on every mail of unknown fate, right each time,
// and has the rest sent: then everybody has one mail, and one only.
func (s *site) settle(p partner, id string, r receiver) {
	s.t.Helper()
	db, err := storage.Open(s.t.Context(), storage.Options{Dir: s.dir})
	if err != nil {
		s.t.Fatal(err)
	}
	campaign, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	page, err := db.Ledger(s.t.Context(), actnow.Everything, campaigns.LedgerQuery{
		Campaign: actnow.CampaignID(campaign), State: actnow.LedgerUnknown, Limit: crashMails,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	copies, again := r.copies(), 0
	for _, row := range page.Rows {
		to := actnow.LedgerSent
		if len(copies[row.Address]) == 0 {
			to, again = actnow.LedgerQueued, again+1
		}
		if err := db.ResolveUnknown(s.t.Context(), row.ID, to, "looked it up", "tester", time.Now()); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.start()
	end := s.await(id, func(c standing) bool { return c.State == "finished" })
	s.stop()
	copies = r.copies()
	for _, address := range p.addresses {
		if n := len(copies[address]); n != 1 {
			s.t.Errorf("%s got %d mails in the end, want 1", address, n)
		}
	}
	s.t.Logf("settled: %d rows, %d of them sent again, ledger %v", len(page.Rows), again, end.Ledger)
}

// kill is one planned SIGKILL.
type kill struct {
	after int // mails
	at    moment
	delay time.Duration // for atStart and betweenIt
}

// killPlan spreads the kills over the campaign at random.
func killPlan(random *rand.Rand) []kill {
	plan := make([]kill, crashKills)
	after := 0
	for i := range plan {
		after += 1 + random.IntN(2*crashMails*9/10/crashKills-1)
		if after > crashMails*9/10 {
			after = crashMails * 9 / 10
		}
		plan[i] = kill{after: after, at: moments[random.IntN(len(moments))], delay: time.Duration(random.IntN(80_000)) * time.Microsecond}
	}
	if plan[0].at == atStart { // the campaign is not launched yet
		plan[0].at = beforeOK
	}
	return plan
}

// killAt arms one kill: the daemon that runs when its moment comes is killed. A
// kill at start waits for the word on the channel.
func (s *site) killAt(r receiver, k kill) chan struct{} {
	hit := make(chan struct{})
	victim := &atomic.Pointer[process]{} // nil until this life begins, so that no earlier one is meant
	shoot := func() {
		if p := victim.Load(); p != nil {
			p.cmd.Process.Kill()
		}
	}
	s.armed = victim
	if k.at == atStart {
		r.watch(nil)
		go func() {
			<-hit
			<-time.After(k.delay)
			shoot()
		}()
		return hit
	}
	r.watch(func(m moment, n int) {
		switch {
		case n < k.after:
		case k.at == betweenIt:
			time.AfterFunc(k.delay, shoot)
		case m == k.at:
			shoot()
		}
	})
	return hit
}

// await asks how the campaign stands until it is as wanted.
func (s *site) await(id string, wanted func(standing) bool) standing {
	s.t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	for {
		c := s.show(id)
		if wanted(c) {
			return c
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("campaign %s does not get on: %s %v\n%s", id, c.State, c.Ledger, s.daemon.stderr)
		}
		<-time.After(betweenQuestions)
	}
}

// ledger returns the rows of a campaign by address.
func (s *site) ledger(id string) map[string]ledgerRow {
	s.t.Helper()
	a := s.command("campaign", "ledger", id, "--json")
	if a.code != 0 {
		s.t.Fatal(a.stderr)
	}
	rows := map[string]ledgerRow{}
	for line := range strings.Lines(a.stdout) {
		var r ledgerRow
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			s.t.Fatal(err)
		}
		if _, twice := rows[r.Address]; twice {
			s.t.Errorf("the ledger has %s twice", r.Address)
		}
		rows[r.Address] = r
	}
	return rows
}

// ledgerRow is a row of a campaign as the command prints it.
type ledgerRow struct {
	Address, State string
	MessageID      string `json:"message_id"`
	Attempts       int
	LastReply      string `json:"last_reply"`
	Why            string
}

// checkDelivery compares what was received with what the ledger says.
func checkDelivery(t *testing.T, s *site, p partner, id, policy string, r receiver, end standing) {
	t.Helper()
	rows, copies := s.ledger(id), r.copies()
	mails, duplicates, unknown, arrived := 0, 0, 0, 0
	for _, ids := range copies {
		mails += len(ids)
	}
	for _, address := range p.addresses {
		row, ok := rows[address]
		got := copies[address]
		if !ok {
			t.Errorf("%s is not in the ledger", address)
			continue
		}
		for _, mid := range got {
			if mid != row.MessageID {
				t.Errorf("%s got Message-ID %s, the ledger says %s", address, mid, row.MessageID)
			}
		}
		duplicates += max(0, len(got)-1)
		switch row.State {
		case "sent":
			if len(got) == 0 {
				t.Errorf("%s is sent in the ledger and got nothing", address)
			}
		case "unknown":
			unknown++
			if len(got) > 0 {
				arrived++
			}
		default:
			t.Errorf("%s is %s in the end: %s", address, row.State, row.Why)
		}
	}
	if len(copies) > len(p.addresses) || len(rows) != len(p.addresses) {
		t.Errorf("%d addresses got mail, %d are in the ledger, want %d", len(copies), len(rows), len(p.addresses))
	}
	t.Logf("policy %s: %d mails received, %d duplicates, %d unknown of which %d arrived, state %s", policy, mails, duplicates, unknown, arrived, end.State)
	bound := connections * crashKills
	switch policy {
	case "hold":
		if duplicates > 0 {
			t.Errorf("%d mails came twice under policy hold", duplicates)
		}
		if unknown > bound {
			t.Errorf("%d mails are unknown, want at most %d: one a connection and kill", unknown, bound)
		}
		if (end.State == "finished") != (unknown == 0) {
			t.Errorf("the campaign is %s with %d unknown", end.State, unknown)
		}
	case "resend":
		if duplicates > bound {
			t.Errorf("%d mails came again, want at most %d: one a connection and kill", duplicates, bound)
		}
		if unknown > 0 || end.State != "finished" {
			t.Errorf("the campaign is %s with %d unknown, want finished with none", end.State, unknown)
		}
	}
}
