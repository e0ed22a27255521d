package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"actnow"
	"actnow/crm"
	"actnow/crm/hooktest"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// onlyHTTP says why a case cannot be judged without a server.
func onlyHTTP(c hooktest.Case) string {
	switch {
	case c.Raw:
		return "speaks TCP"
	case c.Method != "" || c.Path != "":
		return "is about routes"
	case c.Parallel > 0:
		return "is judged by TestReceiveParallel"
	case strings.HasPrefix(c.Name, "kill_"):
		return "kills the program"
	}
	return ""
}

// hookRig is a store with one hook.
type hookRig struct {
	t        *testing.T
	db       *storage.DB
	receiver *crm.Receiver
	worker   *crm.Worker
	conn     crm.Connection
	secrets  []string // oldest first
}

func newHookRig(t *testing.T, seeds ...string) *hookRig {
	db := storagetest.Open(t, seeds...)
	c, secret, err := db.AddConnection(t.Context(), actnow.System, crm.NewConnection{Name: "crm", Verifier: "standard"})
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return storagetest.Now }
	return &hookRig{t: t, db: db, conn: c, secrets: []string{secret},
		receiver: &crm.Receiver{Store: db, Now: now},
		worker:   &crm.Worker{Store: db, Now: now, Log: slog.New(slog.DiscardHandler), Bell: crm.NewBell()}}
}

func (r *hookRig) rotate() {
	r.t.Helper()
	secret, err := r.db.RotateSecret(r.t.Context(), actnow.System, r.conn.ID, time.Hour)
	if err != nil {
		r.t.Fatal(err)
	}
	r.secrets = append(r.secrets, secret)
}

// send delivers a case and returns its status and what the answer says.
func (r *hookRig) send(c hooktest.Case, id *string, body []byte) (int, string) {
	ts, noTS := hooktest.Time(c.TS, storagetest.Now)
	h := http.Header{}
	name := ""
	if id != nil {
		name = *id
		h.Set("webhook-id", name)
	}
	if !noTS {
		h.Set("webhook-timestamp", ts)
	}
	if s, missing := hooktest.Signature(r.t, r.secrets, c.Sign, name, ts, string(body)); !missing {
		h.Set("webhook-signature", s)
	}
	if c.ContentType != nil {
		h.Set("Content-Type", *c.ContentType)
	}
	for k, v := range c.Headers {
		if k != "webhook-id" && v != nil {
			h.Set(k, *v)
		}
	}
	hook, err := r.db.Hook(r.t.Context(), "crm")
	if err != nil {
		r.t.Fatal(err)
	}
	receipt, err := r.receiver.Receive(r.t.Context(), hook, h, bytes.NewReader(body))
	if err == nil {
		return receipt.Status(), ""
	}
	refusal, ok := errors.AsType[*crm.Refusal](err)
	if !ok {
		r.t.Fatalf("error %v is no Refusal", err)
	}
	return refusal.Status, refusal.Input.Error()
}

func (r *hookRig) work() {
	r.t.Helper()
	if err := r.worker.Run(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *hookRig) events() crm.InboxPage {
	r.t.Helper()
	p, err := r.db.Inbox(r.t.Context(), actnow.Everything, crm.InboxQuery{Limit: 500})
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// text returns what a query finds in one column, joined, "" if there is nothing.
func (r *hookRig) text(query string, args ...any) string {
	r.t.Helper()
	return crmText(r.t, r.db, query, args...)
}

func crmText(t testing.TB, db *storage.DB, query string, args ...any) string {
	t.Helper()
	raw := storagetest.Raw(t, db)
	defer raw.Close()
	rows, err := raw.Query(query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, "|")
}

func TestWebhookCorpus(t *testing.T) {
	t.Parallel()
	for _, c := range hooktest.Corpus(t, "../../shared/badinputs/own/webhook.jsonl") {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if why := onlyHTTP(c); why != "" {
				t.Skip(why)
			}
			runHookCase(t, c)
		})
	}
}

func runHookCase(t *testing.T, c hooktest.Case) {
	var seeds []string
	if s := hooktest.Setups[c.Name]; s != "" {
		seeds = append(seeds, s)
	}
	r := newHookRig(t, seeds...)
	if strings.Contains(c.Sign, "old") {
		r.rotate()
	}
	if c.Name == "stopping" {
		r.receiver.Stop()
	}
	body := c.Bytes(t, []byte{})
	id := c.Headers["webhook-id"]
	kept := map[string]bool{}
	deliver := func(d hooktest.Case, id *string, body []byte) {
		t.Helper()
		got, said := r.send(d, id, body)
		if want := d.Statuses(t); len(want) > 0 && !slices.Contains(want, got) {
			t.Errorf("status %d %s, want %v", got, said, want)
		}
		if got == http.StatusUnprocessableEntity && !strings.Contains(said, c.MustSay) {
			t.Errorf("the answer %q does not name %q", said, c.MustSay)
		}
		if got == http.StatusAccepted {
			kept[*id] = true
		}
	}
	deliver(c, id, body)
	for i, next := range c.Then {
		if strings.Contains(next.Before, "rotate the secret") {
			r.rotate()
		}
		nextID := next.ID
		switch next.ID {
		case "same":
			nextID = *id
		case "new":
			nextID = fmt.Sprintf("%s_%d", *id, i)
		}
		nextBody := next.Bytes(t, body)
		if next.ContentType == nil {
			next.ContentType = c.ContentType
		}
		deliver(next, &nextID, nextBody)
	}
	r.work()
	page := r.events()
	if page.Total != len(kept) {
		t.Errorf("%d events in the inbox, %d answered 202", page.Total, len(kept))
	}
	for _, e := range page.Events {
		if e.State == crm.EventReceived {
			t.Errorf("event %s still waits", e.EventID)
		}
	}
	if c.Effect == "nothing stored" && page.Total > 0 {
		t.Error("something was stored")
	}
	if strings.HasPrefix(c.Effect, "exactly one event") && c.Name != "rotation" && page.Total != 1 {
		t.Errorf("%d events, want exactly one", page.Total)
	}
	if a, ok := hooktest.After[c.Name]; ok {
		if got := r.text(a.Query); got != a.Want {
			t.Errorf("afterwards %q, want %q", got, a.Want)
		}
	}
}

func TestReceiveParallel(t *testing.T) {
	t.Parallel()
	r := newHookRig(t)
	body := []byte(`{"type":"account.upserted","timestamp":"2026-05-26T10:00:00Z","data":{"id":"A-1","name":"Contoso","version":7}}`)
	json := "application/json"
	id := "msg_1"
	var mu sync.Mutex
	count := map[int]int{}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			got, _ := r.send(hooktest.Case{ContentType: &json}, &id, body)
			mu.Lock()
			defer mu.Unlock()
			count[got]++
		})
	}
	wg.Wait()
	if count[http.StatusAccepted] != 1 || count[http.StatusOK] != 49 {
		t.Errorf("answers %v, want one 202 and 49 times 200", count)
	}
	r.work()
	if p := r.events(); p.Total != 1 || p.Events[0].State != crm.EventDone {
		t.Errorf("inbox %+v", p)
	}
}

func TestReceiveBusy(t *testing.T) {
	t.Parallel()
	r := newHookRig(t)
	store := &slowStore{DB: r.db, enter: make(chan struct{}), leave: make(chan struct{})}
	r.receiver = &crm.Receiver{Store: store, Now: r.receiver.Now, Limit: 1}
	body := []byte(`{"type":"account.deleted","timestamp":"2026-05-26T10:00:00Z","data":{"id":"A-1"}}`)
	json, first, second := "application/json", "msg_1", "msg_2"
	done := make(chan int)
	go func() {
		got, _ := r.send(hooktest.Case{ContentType: &json}, &first, body)
		done <- got
	}()
	<-store.enter
	if got, _ := r.send(hooktest.Case{ContentType: &json}, &second, body); got != http.StatusTooManyRequests {
		t.Errorf("status %d, want 429", got)
	}
	close(store.leave)
	if got := <-done; got != http.StatusAccepted {
		t.Errorf("status %d, want 202", got)
	}
}

func TestReplayEvent(t *testing.T) {
	t.Parallel()
	r := newHookRig(t)
	ctx := t.Context()
	body := []byte(`{"type":"contact.upserted","timestamp":"2026-05-26T10:00:00Z","data":{"id":"C-1","email":"no address"}}`)
	if _, err := r.db.ReceiveEvent(ctx, r.conn.ID, "1", body); err != nil {
		t.Fatal(err)
	}
	r.work()
	e := r.events().Events[0]
	if e.State != crm.EventFailed || !strings.Contains(e.Problem, "data.email") || !bytes.Equal(e.Body, body) {
		t.Fatalf("event %+v", e)
	}
	hidden, err := r.db.InboxEvent(ctx, actnow.Scope{}, e.ID)
	if err != nil || hidden.Body != nil || hidden.Problem != "" || !hidden.Withheld {
		t.Errorf("without personal data: %+v, %v", hidden, err)
	}
	if err := r.db.ReplayEvent(ctx, actnow.System, e.ID); err != nil {
		t.Fatal(err)
	}
	if err := r.db.ReplayEvent(ctx, actnow.System, e.ID); !errors.Is(err, actnow.ErrConflict) {
		t.Errorf("replay of an event that waits: %v", err)
	}
	if err := r.db.ReplayEvent(ctx, actnow.System, 99); !errors.Is(err, actnow.ErrNotFound) {
		t.Errorf("replay of no event: %v", err)
	}
	r.work()
	if n, err := r.db.ReplayFailed(ctx, actnow.System, r.conn.ID); n != 1 || err != nil {
		t.Errorf("replayed %d, %v", n, err)
	}
	conns, err := r.db.Connections(ctx)
	if err != nil || len(conns) != 2 || conns[0].Name != "crm" || conns[0].Received != 1 || conns[1].Name != "file" {
		t.Errorf("connections %+v, %v", conns, err)
	}
	r.work()
	storagetest.Exec(t, r.db, `UPDATE inbox SET state = 'done', problem = '', worked_at = 1`)
	if n, err := r.db.PruneInbox(ctx, time.Unix(2, 0)); n != 1 || err != nil {
		t.Errorf("pruned %d, %v", n, err)
	}
}

// slowStore is a store whose disk takes until leave is closed.
type slowStore struct {
	*storage.DB
	enter, leave chan struct{}
}

func (s *slowStore) ReceiveEvent(ctx context.Context, conn actnow.ConnectionID, id string, body []byte) (bool, error) {
	s.enter <- struct{}{}
	<-s.leave
	return s.DB.ReceiveEvent(ctx, conn, id, body)
}
