package campaigns

import (
	"context"
	"fmt"
	"slices"
	"time"

	"actnow"
)

const (
	pageSize  = 500 // rows read from the ledger at once
	lowWater  = 128 // rows at hand for groups that flow, below which more are read
	slowDepth = 64  // rows kept for a group that is held back
)

// dispatcher hands due messages to the workers, group by group in turn, so that
// a group that is held back does not hold up the others.
type dispatcher struct {
	o     *Outbox
	pacer *Pacer
	free  int // workers without a mail

	queues  map[string][]Message // by group
	order   []string             // the groups in queues, the next to be served first
	held    map[actnow.LedgerID]struct{}
	ready   int             // rows at hand of groups that flow, as last counted, less those handed out since
	cursor  actnow.LedgerID // the ledger is read in the order of its keys
	found   int             // rows taken over since the cursor was at the start
	skipped int             // rows left for a later round, likewise
	look    time.Time       // when the ledger is read again from the start
	trouble time.Time       // since when the server cannot be reached
}

func newDispatcher(o *Outbox, workers int) *dispatcher {
	return &dispatcher{o: o, pacer: o.pacer(), free: workers, queues: map[string][]Message{}, held: map[actnow.LedgerID]struct{}{}}
}

func (o *Outbox) pacer() *Pacer {
	o.pacerOnce.Do(func() {
		if o.Pacer == nil {
			o.Pacer = &Pacer{}
		}
	})
	return o.Pacer
}

func (d *dispatcher) dispatch(ctx context.Context, jobs chan<- Message, done <-chan outcome) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		if err := d.fill(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("read due messages: %w", err)
		}
		wait := d.serve(jobs)
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case out := <-done:
			d.back(ctx, out)
		case <-timer.C:
		case <-d.o.wakeups():
			d.look = time.Time{}
		}
	}
	return nil
}

// fill reads due messages while too few are at hand, at most to the end of the
// ledger: what was found is served before the ledger is read again.
func (d *dispatcher) fill(ctx context.Context) error {
	for d.ready < lowWater {
		if d.ready = d.flowing(); d.ready >= lowWater {
			return nil
		}
		now := d.o.Now()
		if d.cursor == 0 && now.Before(d.look) {
			return nil
		}
		page, err := d.o.Store.DueMessages(ctx, now, d.cursor, pageSize)
		if err != nil {
			return err
		}
		for _, m := range page {
			d.cursor = m.Row
			d.take(m, now)
		}
		if len(page) < pageSize {
			poll := orDefault(d.o.Poll, time.Second)
			if d.found == 0 && d.skipped > 0 {
				poll *= 10 // only groups that are held back have rows
			}
			d.cursor, d.found, d.skipped, d.look = 0, 0, 0, d.o.Now().Add(poll)
			d.ready = d.flowing()
			return nil
		}
	}
	return nil
}

func (d *dispatcher) take(m Message, now time.Time) {
	if _, ok := d.held[m.Row]; ok {
		return
	}
	group := d.pacer.GroupOf(m.Address)
	q := d.queues[group]
	if len(q) >= slowDepth && d.pacer.Slow(group, now) {
		d.skipped++
		return
	}
	if len(q) == 0 {
		d.order = append(d.order, group)
	}
	d.queues[group] = append(q, m)
	d.held[m.Row] = struct{}{}
	d.found++
}

// flowing counts the rows at hand of groups that are not held back.
func (d *dispatcher) flowing() int {
	n, now := 0, d.o.Now()
	for group, q := range d.queues {
		if !d.pacer.Slow(group, now) {
			n += len(q)
		}
	}
	return n
}

// serve hands out what may go now and returns how long to wait at most for the
// next change.
func (d *dispatcher) serve(jobs chan<- Message) time.Duration {
	now := d.o.Now()
	wait := orDefault(d.o.Poll, time.Second)
	if d.ready < lowWater { // the ledger has been read to its end
		wait = max(d.look.Sub(now), time.Millisecond)
	}
	for served := true; served && d.free > 0; {
		served = false
		for i := 0; i < len(d.order) && d.free > 0; i++ {
			group := d.order[0]
			d.order = append(d.order[1:], group)
			hold, ok := d.pacer.Admit(group, now)
			if !ok {
				if hold > 0 {
					wait = min(wait, hold)
				}
				continue
			}
			served = true
			d.free--
			jobs <- d.pop(group)
		}
	}
	return wait
}

func (d *dispatcher) pop(group string) Message {
	q := d.queues[group]
	m := q[0]
	d.ready--
	if len(q) == 1 {
		delete(d.queues, group)
		d.order = slices.DeleteFunc(d.order, func(g string) bool { return g == group })
	} else {
		d.queues[group] = q[1:]
	}
	return m
}

// back takes a worker and its outcome back.
func (d *dispatcher) back(ctx context.Context, out outcome) {
	now := d.o.Now()
	group := d.pacer.GroupOf(out.m.Address)
	d.free++
	d.pacer.Done(group, out.reply, now)
	switch {
	case out.again:
		if d.trouble.IsZero() {
			d.trouble = now
			d.o.Log.WarnContext(ctx, "the mail server cannot be reached", "error", oneLine(out.reply))
		}
		if d.o.Trouble != nil {
			d.o.Trouble(&DialError{Reply: out.reply}, d.trouble)
		}
	case out.offered && !d.trouble.IsZero():
		d.o.Log.InfoContext(ctx, "the mail server can be reached again", "after", now.Sub(d.trouble))
		d.trouble = time.Time{}
		if d.o.Trouble != nil {
			d.o.Trouble(nil, now)
		}
	}
	if out.again {
		if len(d.queues[group]) == 0 {
			d.order = append(d.order, group)
		}
		d.queues[group] = append([]Message{out.m}, d.queues[group]...)
	} else {
		delete(d.held, out.m.Row)
	}
	d.trim(group, now)
}

// trim gives rows of a group that is now held back to a later round, so that
// their number does not keep others from being read.
func (d *dispatcher) trim(group string, now time.Time) {
	if !d.pacer.Slow(group, now) {
		return
	}
	d.ready = 0 // its rows no longer count
	q := d.queues[group]
	if len(q) <= slowDepth {
		return
	}
	for _, m := range q[slowDepth:] {
		delete(d.held, m.Row)
	}
	d.skipped += len(q) - slowDepth
	d.queues[group] = slices.Clone(q[:slowDepth])
}
