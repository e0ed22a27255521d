package crm_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"actnow"
	"actnow/crm"
)

func worker(m crm.Store) *crm.Worker {
	return &crm.Worker{Store: m, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), Bell: crm.NewBell()}
}

func TestWorkerPoison(t *testing.T) {
	t.Parallel()
	m := newMemory()
	m.poison = "A-3"
	for i := range 100 {
		body := envelope("account.upserted", fmt.Sprintf(`"data":{"id":"A-%d"}`, i))
		if _, err := m.ReceiveEvent(t.Context(), 1, fmt.Sprint(i), []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	w := worker(m)
	var touched []string
	w.Touched = func(_ context.Context, conn actnow.ConnectionID, ids []string) {
		if conn != 1 {
			t.Errorf("connection %d", conn)
		}
		touched = append(touched, ids...)
	}
	if err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(m.states) != 99 || len(touched) != 99 || slices.Contains(touched, "A-3") {
		t.Errorf("%d accounts, %d told", len(m.states), len(touched))
	}
	if e := m.events[3]; e.state != "failed" || e.problem == "" || e.Attempts != 5 {
		t.Errorf("the poisoned event: %+v", e)
	}
}

// broken is a store that cannot be read for a while.
type broken struct {
	*memory
	failures chan error
}

func (b *broken) PendingEvents(ctx context.Context, limit int) ([]crm.Event, error) {
	select {
	case err := <-b.failures:
		return nil, err
	default:
		return b.memory.PendingEvents(ctx, limit)
	}
}

func TestWorkerServe(t *testing.T) {
	t.Parallel()
	m := &broken{memory: newMemory(), failures: make(chan error, 1)}
	m.failures <- errors.New("disk full")
	w := worker(m)
	told := make(chan []string)
	w.Touched = func(_ context.Context, _ actnow.ConnectionID, ids []string) { told <- ids }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.Serve(ctx) }()
	for i := range 3 {
		body := envelope("account.merged", fmt.Sprintf(`"data":{"id":"A-%d","merged_into":"B"}`, i))
		if _, err := m.ReceiveEvent(ctx, 1, fmt.Sprint(i), []byte(body)); err != nil {
			t.Fatal(err)
		}
		w.Bell.Ring()
		if ids := <-told; !slices.Equal(ids, []string{fmt.Sprintf("A-%d", i), "B"}) {
			t.Errorf("told %v", ids)
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Serve ended with %v", err)
	}
}

func TestReadClampsTheFuture(t *testing.T) {
	t.Parallel()
	body := []byte(`{"type":"account.upserted","timestamp":"2099-01-01T00:00:00Z","items":[{"id":"A"},{"id":"B","modified_at":"2026-11-26T09:04:00Z"},{"id":"C","modified_at":"2026-11-26T09:06:00Z"}]}`)
	f := crm.Read(crm.Event{ID: 1, Body: body, ReceivedAt: now})
	want := []time.Time{now, now.Add(4 * time.Minute), now}
	for i, c := range f.Changes {
		if !c.ModifiedAt.Equal(want[i]) {
			t.Errorf("%s is of %s, want %s", c.ID, c.ModifiedAt, want[i])
		}
	}
}
