package storage_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"actnow"
	"actnow/campaigns"
	"actnow/campaigns/mail"
	"actnow/campaigns/mail/mailtest"
	"actnow/storage"
)

// crashing is a store that loses the verdicts after a while, as a killed process
// does: what is in the ledger then is all that the next one knows.
type crashing struct {
	*storage.DB
	left atomic.Int64
}

var errKilled = errors.New("killed")

func (c *crashing) MarkVerdict(ctx context.Context, row actnow.LedgerID, v campaigns.Verdict, now time.Time) error {
	if c.left.Add(-1) < 0 {
		return errKilled
	}
	return c.DB.MarkVerdict(ctx, row, v, now)
}

func (c *crashing) Turn(ctx context.Context, row actnow.LedgerID, v campaigns.Verdict, next actnow.LedgerID, now time.Time) (bool, error) {
	if c.left.Add(-1) < 0 {
		return false, errKilled
	}
	return c.DB.Turn(ctx, row, v, next, now)
}

func TestCrashesLeaveAtMostOneUnknownForEachConnection(t *testing.T) {
	t.Parallel()
	const people, connections = 200, 4
	for _, policy := range []actnow.UnknownPolicy{actnow.PolicyHold, actnow.PolicyResend, actnow.PolicyReconcile} {
		t.Run(string(policy), func(t *testing.T) {
			s := newSending(t, people, &mailtest.Server{}, func(p *campaigns.Plan) { p.Policy = policy })
			crashes := 0
			for ; ; crashes++ {
				store := &crashing{DB: s.db}
				store.left.Store(40)
				s.newBox(s.server.URL())
				s.box.Store, s.box.Connections = store, connections
				if policy == actnow.PolicyReconcile {
					s.box.Journal = journal{s.server}
					s.box.JournalGrace = time.Nanosecond
				}
				if err := s.box.Recover(t.Context()); err != nil {
					t.Fatal(err)
				}
				if _, _, err := s.box.Reconcile(t.Context()); err != nil {
					t.Fatal(err)
				}
				if open(s.campaign()) == 0 {
					break
				}
				ctx, cancel := context.WithCancel(t.Context())
				watched := make(chan struct{})
				go func() { // ends the run when everything has its verdict
					defer close(watched)
					for {
						select {
						case <-s.verdicts:
							if open(s.campaign()) == 0 {
								cancel()
								return
							}
						case <-ctx.Done():
							return
						}
					}
				}()
				err := s.box.Run(ctx)
				cancel()
				<-watched
				if err != nil && !errors.Is(err, errKilled) {
					t.Fatal(err)
				}
				c := s.campaign()
				if n := c.Counts[actnow.LedgerIntent]; n > connections {
					t.Errorf("%d rows in doubt after one crash of %d connections", n, connections)
				}
				if c.Counts.Total() != people {
					t.Fatalf("%v", c.Counts)
				}
			}
			c := s.campaign()
			got, most := s.copies()
			extra := s.server.Count() - len(got)
			switch policy {
			case actnow.PolicyHold:
				if most != 1 || c.Counts[actnow.LedgerSent]+c.Counts[actnow.LedgerUnknown] != people {
					t.Errorf("at most %d copies, %v", most, c.Counts)
				}
			case actnow.PolicyResend:
				if len(got) != people || extra > crashes*connections || c.State != actnow.CampaignFinished {
					t.Errorf("%d people, %d duplicates after %d crashes, %s", len(got), extra, crashes, c.State)
				}
			case actnow.PolicyReconcile:
				if len(got) != people || most != 1 || c.State != actnow.CampaignFinished {
					t.Errorf("%d people, at most %d copies, %s %v", len(got), most, c.State, c.Counts)
				}
			}
			if crashes < 3 {
				t.Errorf("only %d crashes", crashes)
			}
		})
	}
}

// journal knows what the server has taken.
type journal struct{ server *mailtest.Server }

func (j journal) Find(_ context.Context, ids []string) (map[string]bool, error) {
	have := map[string]bool{}
	for _, m := range j.server.Mails() {
		p, err := mail.ParseMail(m.Raw)
		if err != nil {
			return nil, err
		}
		for _, h := range p.Headers {
			if h.Name == "Message-Id" {
				have[h.Value] = true
			}
		}
	}
	found := map[string]bool{}
	for _, id := range ids {
		if have[id] {
			found[id] = true
		}
	}
	return found, nil
}

func TestReconcileWithTheBuiltInMailbox(t *testing.T) {
	t.Parallel()
	s := newSending(t, 30, &mailtest.Server{}, func(p *campaigns.Plan) { p.Policy = actnow.PolicyReconcile })
	catcher := &mail.Catcher{Keep: s.db.KeepMail, Now: s.now, Log: slog.New(slog.DiscardHandler)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- catcher.Serve(ctx, l) }()
	s.newBox("smtp://" + l.Addr().String())
	store := &crashing{DB: s.db}
	store.left.Store(10)
	s.box.Store = store
	if err := s.box.Run(t.Context()); !errors.Is(err, errKilled) {
		t.Fatalf("Run = %v", err)
	}
	s.newBox("smtp://" + l.Addr().String())
	s.box.Journal, s.box.JournalGrace, s.box.ReconcileEvery = s.db, time.Nanosecond, time.Millisecond
	stop := s.start()
	s.until(finished)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	caught, err := s.db.CaughtMails(t.Context(), "", 0, 100)
	if err != nil || len(caught) != 30 {
		t.Errorf("%d caught, %v", len(caught), err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestJournalIsGivenTime(t *testing.T) {
	t.Parallel()
	s := newSending(t, 3, &mailtest.Server{Fault: func(_, to string, before int) mailtest.Fault {
		return mailtest.Fault{TakeAndCut: before == 0 && to == "p101@d1.example"}
	}}, func(p *campaigns.Plan) { p.Policy = actnow.PolicyReconcile })
	stop := s.start()
	s.until(func(c campaigns.Campaign) bool {
		return c.Counts[actnow.LedgerUnknown] == 1 && c.Counts[actnow.LedgerSent] == 2
	})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	empty := &mailtest.Server{}
	empty.Start(t)
	reconcile := func(server *mailtest.Server, wantSent, wantQueued int) {
		t.Helper()
		s.box.Journal = journal{server}
		if sent, queued, err := s.box.Reconcile(t.Context()); err != nil || sent != wantSent || queued != wantQueued {
			t.Errorf("reconciled %d sent, %d queued, %v, want %d and %d", sent, queued, err, wantSent, wantQueued)
		}
	}
	reconcile(empty, 0, 0) // the copy may still be on its way
	s.ahead.Add(14 * 60)
	reconcile(empty, 0, 0)
	s.ahead.Add(2 * 60)
	reconcile(s.server, 1, 0)
	if c := s.campaign(); !finished(c) {
		t.Errorf("campaign %s, %v", c.State, c.Counts)
	}
}
