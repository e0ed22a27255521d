package crm_test

import (
	"context"
	"sync"
	"time"

	"actnow"
	"actnow/crm"
)

// memory keeps states as a Store does, for tests of what needs no disk. The
// store itself is tested with the rest of storage.
type memory struct {
	mu     sync.Mutex
	states map[string]*crm.State
	events []*stored
	poison string // an id that cannot be applied
}

type stored struct {
	crm.Event
	state, problem string
}

func newMemory() *memory { return &memory{states: map[string]*crm.State{}} }

func (m *memory) apply(changes []crm.Change, keep bool) ([]crm.Outcome, error) {
	states := map[string]*crm.State{}
	out := make([]crm.Outcome, len(changes))
	for i, c := range changes {
		if m.poison != "" && c.ID == m.poison {
			return nil, actnow.Invalid("test", "id", "poison")
		}
		key := string(c.Kind) + ":" + c.ID
		s := states[key]
		if s == nil {
			if s = m.states[key]; s == nil {
				s = &crm.State{}
			}
			s = s.Clone()
			states[key] = s
		}
		out[i], _ = s.Apply(c)
	}
	if keep {
		for k, s := range states {
			m.states[k] = s
		}
	}
	return out, nil
}

func (m *memory) ApplyChanges(_ context.Context, _ actnow.ConnectionID, changes []crm.Change) ([]crm.Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.apply(changes, true)
}

func (m *memory) CompareChanges(_ context.Context, _ actnow.ConnectionID, changes []crm.Change) ([]crm.Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.apply(changes, false)
}

func (m *memory) ReceiveEvent(_ context.Context, conn actnow.ConnectionID, id string, body []byte) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.events {
		if e.Connection == conn && e.EventID == id {
			return true, nil
		}
	}
	e := crm.Event{ID: int64(len(m.events) + 1), Connection: conn, EventID: id, Body: body, ReceivedAt: now}
	m.events = append(m.events, &stored{Event: e, state: "received"})
	return false, nil
}

func (m *memory) PendingEvents(_ context.Context, limit int) (list []crm.Event, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.events {
		if e.state == "received" && len(list) < limit {
			list = append(list, e.Event)
		}
	}
	return list, nil
}

func (m *memory) FinishEvent(ctx context.Context, event int64, conn actnow.ConnectionID, changes []crm.Change, problem string) ([]crm.Outcome, error) {
	o, err := m.FinishEvents(ctx, []crm.Finished{{Event: event, Connection: conn, Changes: changes, Problem: problem}})
	if err != nil {
		return nil, err
	}
	return o[0], nil
}

func (m *memory) FinishEvents(_ context.Context, done []crm.Finished) ([][]crm.Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []crm.Change
	for _, f := range done {
		all = append(all, f.Changes...)
	}
	flat, err := m.apply(all, true)
	if err != nil {
		return nil, err
	}
	out := make([][]crm.Outcome, len(done))
	for i, f := range done {
		out[i], flat = flat[:len(f.Changes)], flat[len(f.Changes):]
		e := m.events[f.Event-1]
		e.state, e.problem = "done", f.Problem
		if f.Problem != "" && len(f.Changes) == 0 {
			e.state = "failed"
		}
	}
	return out, nil
}

func (m *memory) FailEvent(_ context.Context, event int64, problem string, final bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.events[event-1]
	e.Attempts++
	if e.problem = problem; final {
		e.state = "failed"
	}
	return nil
}

var now = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
