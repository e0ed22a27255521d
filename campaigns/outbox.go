package campaigns

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"actnow"
)

// Outbox sends what is due, each message once. A message is on disk as intent
// before its dialogue with the server begins, and what the server said is on
// disk before the same connection begins the next one; the two share a commit.
// So a crash leaves at most one message for each connection of which nobody can
// know whether it was taken, and each of them is known by name.
//
// Store, Sender, Render, Now and Log are required. Recover is called once before
// Run; only one Run at a time may work on a store.
type Outbox struct {
	Store  Store
	Sender Sender
	// Render fills the message in. An error means that no mail can be made of
	// it: the row is cancelled and says why.
	Render func(ctx context.Context, p *Pack, m Message) (Letter, error)
	Now    func() time.Time // its clock must go forward while Run waits
	Log    *slog.Logger

	Journal Journal                          // where unknown rows are looked up; nil for nowhere
	Pacer   *Pacer                           // nil for one with the defaults; its Rand must be safe for many goroutines
	Observe func(m Message, v Verdict)       // told of every verdict that is on disk, from many goroutines; may be nil
	Trouble func(err error, since time.Time) // told when the server cannot be reached, and with nil when it can again; may be nil

	Connections    int           // to the server at once; 0 for 4
	Poll           time.Duration // how often the ledger is looked at while nothing is due; 0 for a second
	Idle           time.Duration // after which an unused connection is closed; 0 for 20 seconds
	Grace          time.Duration // that a stop gives to mails on their way; 0 for 20 seconds
	RetryFirst     time.Duration // before a refused mail is tried again the first time; 0 for 5 minutes
	RetryMost      time.Duration // between two tries at most; 0 for 4 hours
	GiveUp         time.Duration // after which a mail that was refused for now counts as bounced; 0 for 3 days
	ReconcileEvery time.Duration // 0 for a minute
	JournalGrace   time.Duration // after which a mail that the journal lacks was not taken; 0 for 15 minutes

	wakeOnce, pacerOnce sync.Once
	wake                chan struct{}
}

// Recover settles what the last stop or crash left behind, by the policy of
// each campaign. Nothing may be sent before it.
func (o *Outbox) Recover(ctx context.Context) error {
	r, err := o.Store.RecoverIntents(ctx, o.Now())
	if err != nil {
		return fmt.Errorf("recover the outbox: %w", err)
	}
	if r.Unknown > 0 {
		o.Log.WarnContext(ctx, "mails of unknown fate after a restart",
			"unknown", r.Unknown, "held", r.Held, "requeued", r.Requeued, "to_reconcile", r.ToReconcile)
	}
	return nil
}

// Wake makes Run look at the ledger at once: something was launched or resumed.
// It never blocks and may be called at any time.
func (o *Outbox) Wake() {
	select {
	case o.wakeups() <- struct{}{}:
	default:
	}
}

func (o *Outbox) wakeups() chan struct{} {
	o.wakeOnce.Do(func() { o.wake = make(chan struct{}, 1) })
	return o.wake
}

// Run sends until ctx is cancelled, and then returns nil once each mail on its
// way has been answered or handed back. It returns early only if the ledger
// cannot be written; then Recover is due before Run is called again.
func (o *Outbox) Run(ctx context.Context) error {
	run, stop := context.WithCancel(ctx)
	defer stop()
	var failed failure
	fail := func(err error) { failed.set(err); stop() }
	// Mails on their way outlive the stop by Grace.
	sending, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(run, func() {
		timer := time.AfterFunc(orDefault(o.Grace, 20*time.Second), cut)
		context.AfterFunc(sending, func() { timer.Stop() })
	})()

	n := o.Connections
	if n <= 0 {
		n = 4
	}
	jobs, done := make(chan Message, n), make(chan outcome, n)
	packs := &packCache{store: o.Store}
	var workers sync.WaitGroup
	for range n {
		workers.Go(func() {
			w := worker{o: o, packs: packs, stop: run, sending: sending, fail: fail}
			w.work(jobs, done)
		})
	}
	if o.Journal != nil {
		workers.Go(func() { o.reconcileLoop(run) })
	}
	if err := newDispatcher(o, n).dispatch(run, jobs, done); err != nil {
		fail(err)
	}
	close(jobs)
	stop()
	workers.Wait()
	if failed.err != nil {
		return fmt.Errorf("outbox: %w", failed.err)
	}
	return nil
}

// failure keeps the first error of many goroutines.
type failure struct {
	once sync.Once
	err  error
}

func (f *failure) set(err error) { f.once.Do(func() { f.err = err }) }

// packCache keeps the packs that mails are rendered from: a stored pack never
// changes.
type packCache struct {
	store Store
	mu    sync.Mutex
	packs map[actnow.PackID]*Pack
}

func (c *packCache) get(ctx context.Context, id actnow.PackID) (*Pack, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.packs[id]; p != nil {
		return p, nil
	}
	p, err := c.store.PackOf(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read pack %d: %w", id, err)
	}
	if c.packs == nil || len(c.packs) >= 16 {
		c.packs = map[actnow.PackID]*Pack{}
	}
	c.packs[id] = p
	return p, nil
}

func orDefault(d, def time.Duration) time.Duration {
	if d <= 0 {
		return def
	}
	return d
}
