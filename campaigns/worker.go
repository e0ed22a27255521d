package campaigns

import (
	"context"
	"errors"
	"fmt"
	"time"

	"actnow"
)

// ride is how long a verdict waits for the next mail, to share its transaction.
const ride = 2 * time.Millisecond

// worker carries one mail at a time over one connection that stays open.
type worker struct {
	o       *Outbox
	packs   *packCache
	stop    context.Context // ends when no new mail is to begin
	sending context.Context // ends when mails on their way are to be cut
	fail    func(error)

	conn Conn
	used bool     // a mail went over conn before
	last *settled // a verdict that is not on disk yet, or nil
}

// settled is a message with its verdict.
type settled struct {
	m Message
	v Verdict
}

// outcome is how a mail came back to the dispatcher.
type outcome struct {
	m       Message
	reply   Reply // zero if the server was not spoken to
	again   bool  // the row is still due: the server could not be reached
	offered bool  // reply belongs to an open connection
}

func (w *worker) work(jobs <-chan Message, done chan<- outcome) {
	defer w.hangUp()
	defer func() { w.check(w.flush()) }()
	idle := orDefault(w.o.Idle, 20*time.Second)
	timer := time.NewTimer(idle)
	defer timer.Stop()
	for {
		select {
		case m, ok := <-jobs:
			if !ok {
				return
			}
			out, err := w.carry(m)
			w.check(err)
			done <- out
			if w.last != nil {
				timer.Reset(ride)
			} else {
				timer.Reset(idle)
			}
		case <-timer.C:
			if w.last == nil {
				w.hangUp()
				break
			}
			w.check(w.flush())
			timer.Reset(idle)
		}
	}
}

func (w *worker) check(err error) {
	if err != nil {
		w.fail(err)
	}
}

// carry takes m from queued to a verdict, which is left for the next mail to
// take along. An error means that the ledger could not be written.
func (w *worker) carry(m Message) (outcome, error) {
	ctx := context.WithoutCancel(w.stop)
	out := outcome{m: m}
	if w.stop.Err() != nil {
		return out, nil
	}
	raw, from, err := w.render(ctx, &m)
	switch {
	case errors.Is(err, errNoMail):
		w.o.Log.WarnContext(ctx, "no mail can be made of a message", "campaign", m.Campaign, "row", m.Row, "error", err)
		if err := w.flush(); err != nil {
			return out, err
		}
		w.last = &settled{m, Verdict{State: actnow.LedgerCancelled, Why: oneLine(Reply{Err: err})}}
		return out, w.flush()
	case err != nil:
		return out, err
	}
	if r, ok := w.connect(); !ok {
		out.reply, out.again = r, true
		return out, w.flush()
	}
	if ok, err := w.begin(ctx, m); err != nil || !ok {
		return out, err
	}
	out.reply = w.send(from, m.Address, raw)
	out.offered = out.reply.Stage != StageConnect
	w.last = &settled{m, w.judge(m, out.reply)}
	return out, nil
}

// begin puts the intent on disk, and the verdict of the mail before with it:
// only then may another mail of this connection become ambiguous.
func (w *worker) begin(ctx context.Context, m Message) (ok bool, err error) {
	if w.last == nil {
		ok, err = w.o.Store.MarkIntent(ctx, m.Row, w.o.Now())
	} else {
		ok, err = w.o.Store.Turn(ctx, w.last.m.Row, w.last.v, m.Row, w.o.Now())
	}
	if err != nil {
		return false, fmt.Errorf("row %d: %w", m.Row, err)
	}
	w.recorded(ctx)
	return ok, nil
}

// flush puts the last verdict on disk by itself.
func (w *worker) flush() error {
	if w.last == nil {
		return nil
	}
	ctx := context.WithoutCancel(w.stop)
	if err := w.o.Store.MarkVerdict(ctx, w.last.m.Row, w.last.v, w.o.Now()); err != nil {
		err = fmt.Errorf("record %s of row %d: %w", w.last.v.State, w.last.m.Row, err)
		w.last = nil // what is on disk says intent, which is the truth
		return err
	}
	w.recorded(ctx)
	return nil
}

// recorded tells of a verdict that has come to rest.
func (w *worker) recorded(ctx context.Context) {
	if w.last == nil {
		return
	}
	m, v := w.last.m, w.last.v
	w.last = nil
	if v.Stop {
		w.o.Log.ErrorContext(ctx, "campaign stopped: the server refuses it by policy", "campaign", m.Campaign, "code", v.Code)
	}
	if w.o.Observe != nil {
		w.o.Observe(m, v)
	}
}

// errNoMail marks a message that no mail can be made of, ever.
var errNoMail = errors.New("no mail can be made of it")

func (w *worker) render(ctx context.Context, m *Message) (raw []byte, from string, err error) {
	pack, err := w.packs.get(ctx, m.Pack)
	if err != nil {
		return nil, "", err
	}
	l, err := w.o.Render(ctx, pack, *m)
	if err != nil {
		return nil, "", fmt.Errorf("%w: render: %w", errNoMail, err)
	}
	if raw, err = w.o.Sender.Encode(l); err != nil {
		return nil, "", fmt.Errorf("%w: %w", errNoMail, err)
	}
	return raw, l.ReturnPath, nil
}

// connect makes sure that there is a connection.
func (w *worker) connect() (Reply, bool) {
	if w.conn != nil && w.conn.Usable() {
		return Reply{}, true
	}
	w.hangUp()
	conn, err := w.o.Sender.Dial(w.sending)
	if err != nil {
		var refused *DialError
		if errors.As(err, &refused) {
			return refused.Reply, false
		}
		return Reply{Stage: StageConnect, Err: err}, false
	}
	w.conn, w.used = conn, false
	return Reply{}, true
}

// send carries the mail. A connection that has served before may have been
// closed by the server since, or have reached its number of mails: as long as
// nothing but MAIL was said, the mail goes over a new one.
func (w *worker) send(from, to string, raw []byte) Reply {
	if w.stop.Err() != nil {
		return Reply{Stage: StageMail, Err: context.Canceled}
	}
	r := w.conn.Send(w.sending, from, to, raw)
	stale := w.used && r.Stage == StageMail && (r.Code == 0 || r.Code == 421) && w.sending.Err() == nil
	w.used = true
	if !stale {
		return r
	}
	w.hangUp()
	if r, ok := w.connect(); !ok {
		return r
	}
	w.used = true
	return w.conn.Send(w.sending, from, to, raw)
}

// judge adds to the verdict what follows from the age of the message.
func (w *worker) judge(m Message, r Reply) Verdict {
	o, now := w.o, w.o.Now()
	v := Judge(r)
	switch v.State {
	case actnow.LedgerDeferred:
		if !m.Due.IsZero() && now.Sub(m.Due) > orDefault(o.GiveUp, 72*time.Hour) {
			v.State, v.Why = actnow.LedgerBounced, "given up"
			return v
		}
		fallthrough
	case actnow.LedgerUnknown:
		// The dispatcher owns the pacer's state; Retry only reads its settings.
		v.RetryAt = now.Add(o.pacer().Retry(m.Attempt, orDefault(o.RetryFirst, 5*time.Minute), orDefault(o.RetryMost, 4*time.Hour)))
	}
	return v
}

func (w *worker) hangUp() {
	if w.conn == nil {
		return
	}
	if err := w.conn.Close(); err != nil {
		w.o.Log.Debug("close a mail connection", "error", err)
	}
	w.conn = nil
}
