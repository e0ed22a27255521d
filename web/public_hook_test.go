package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
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
	"actnow/web"
)

// hookRig is the public listener with one hook: real receiver, store and worker.
type hookRig struct {
	*browser
	db       *storage.DB
	receiver *crm.Receiver
	worker   *crm.Worker
	conn     actnow.ConnectionID
	secrets  []string
}

// openHooks opens a public listener whose hooks any number of rigs may use, one
// after the other: templates are parsed once.
func openHooks(t *testing.T) (*browser, *stranger) {
	t.Helper()
	a := &stranger{}
	_, b := openPublic(t, a, func(c *web.Config) { c.SlowBody = 300 * time.Millisecond })
	return b, a
}

func newHookRig(t *testing.T, b *browser, a *stranger, seeds ...string) *hookRig {
	t.Helper()
	db := storagetest.Open(t, seeds...)
	r := &hookRig{browser: &browser{t: t, site: b.site, client: b.client, header: b.header}, db: db, receiver: &crm.Receiver{Store: db, Now: hookNow},
		worker: &crm.Worker{Store: db, Now: hookNow, Log: slog.New(slog.DiscardHandler), Bell: crm.NewBell()}}
	a.receive = func(ctx context.Context, name string, h http.Header, body io.Reader) (crm.Receipt, error) {
		hook, err := db.Hook(ctx, name)
		if errors.Is(err, actnow.ErrNotFound) {
			hook = crm.Hook{Verifier: "standard", Keys: [][]byte{[]byte("a key that nobody has")}}
		} else if err != nil {
			return crm.Receipt{}, err
		}
		return r.receiver.Receive(ctx, hook, h, body)
	}
	c, secret, err := db.AddConnection(t.Context(), actnow.System, crm.NewConnection{Name: "crm", Verifier: "standard"})
	if err != nil {
		t.Fatal(err)
	}
	r.conn, r.secrets = c.ID, []string{secret}
	return r
}

func (r *hookRig) rotate() {
	r.t.Helper()
	secret, err := r.db.RotateSecret(r.t.Context(), actnow.System, r.conn, time.Hour)
	if err != nil {
		r.t.Fatal(err)
	}
	r.secrets = append(r.secrets, secret)
}

// request makes the delivery of a case.
func (r *hookRig) request(c hooktest.Case, id *string, body []byte) *http.Request {
	r.t.Helper()
	path := strings.ReplaceAll(c.Path, "{hook}", "/v1/hooks/crm")
	if path == "" {
		path = "/v1/hooks/crm"
	}
	if c.Method == "" {
		c.Method = http.MethodPost
	}
	var content io.Reader = bytes.NewReader(body)
	if te := c.Headers["Transfer-Encoding"]; te != nil {
		content = io.MultiReader(content) // its length is not known: in chunks
	}
	req, err := http.NewRequestWithContext(r.t.Context(), c.Method, r.site.URL+path, content)
	if err != nil {
		r.t.Fatal(err)
	}
	ts, noTS := hooktest.Time(c.TS, storagetest.Now)
	name := ""
	if id != nil {
		name = *id
		req.Header["Webhook-Id"] = []string{name}
	}
	if !noTS {
		req.Header["Webhook-Timestamp"] = []string{ts}
	}
	// A header loses the blanks around it on the way.
	if text, missing := hooktest.Signature(r.t, r.secrets, c.Sign, name, ts, string(body)); !missing {
		req.Header["Webhook-Signature"] = []string{text}
	}
	if c.ContentType != nil {
		req.Header["Content-Type"] = []string{*c.ContentType}
	}
	for k, v := range c.Headers {
		if k != "webhook-id" && k != "Transfer-Encoding" && v != nil {
			req.Header.Set(k, *v)
		}
	}
	return req
}

func (r *hookRig) send(c hooktest.Case, id *string, body []byte) (int, string) {
	r.t.Helper()
	if c.Raw {
		return r.sendSlowly(c, id, body)
	}
	resp, err := r.client.Do(r.request(c, id, body))
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if (resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable) && resp.Header.Get("Retry-After") == "" {
		r.t.Errorf("%d without Retry-After", resp.StatusCode)
	}
	return resp.StatusCode, string(said)
}

// sendSlowly sends the head and the first byte of the body, then nothing.
func (r *hookRig) sendSlowly(c hooktest.Case, id *string, body []byte) (int, string) {
	r.t.Helper()
	conn, err := new(net.Dialer).DialContext(r.t.Context(), "tcp", strings.TrimPrefix(r.site.URL, "http://"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	req := r.request(c, id, body)
	var head strings.Builder
	fmt.Fprintf(&head, "POST /v1/hooks/crm HTTP/1.1\r\nHost: hooks\r\nTransfer-Encoding: chunked\r\n")
	if err := req.Header.Write(&head); err != nil {
		r.t.Fatal(err)
	}
	fmt.Fprintf(&head, "\r\n1\r\n%c\r\n", body[0])
	if _, err := io.WriteString(conn, head.String()); err != nil {
		r.t.Fatal(err)
	}
	answer, err := io.ReadAll(conn) // ends when the listener closes
	if err != nil {
		r.t.Fatal(err)
	}
	status := 0
	if _, err := fmt.Sscanf(string(answer), "HTTP/1.1 %d", &status); err != nil {
		r.t.Fatalf("%q: %v", answer, err)
	}
	return status, string(answer)
}

func (r *hookRig) events() crm.InboxPage {
	r.t.Helper()
	p, err := r.db.Inbox(r.t.Context(), actnow.Everything, crm.InboxQuery{Limit: 500})
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

func (r *hookRig) text(query string) string {
	r.t.Helper()
	raw := storagetest.Raw(r.t, r.db)
	defer raw.Close()
	rows, err := raw.Query(query)
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			r.t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
	return strings.Join(all, "|")
}

func hookNow() time.Time { return storagetest.Now }

func TestWebhookCorpusOverHTTP(t *testing.T) {
	b, a := openHooks(t)
	for _, c := range hooktest.Corpus(t, "../../shared/badinputs/own/webhook.jsonl") {
		t.Run(c.Name, func(t *testing.T) { runHookCase(t, newHookCase(t, b, a, c), c) })
	}
}

func newHookCase(t *testing.T, b *browser, a *stranger, c hooktest.Case) *hookRig {
	t.Helper()
	if s := hooktest.Setups[c.Name]; s != "" {
		return newHookRig(t, b, a, s)
	}
	return newHookRig(t, b, a)
}

func runHookCase(t *testing.T, r *hookRig, c hooktest.Case) {
	if strings.Contains(c.Sign, "old") {
		r.rotate()
	}
	if c.Name == "stopping" {
		r.receiver.Stop()
	}
	body, id := c.Bytes(t, []byte{}), c.Headers["webhook-id"]
	if c.Parallel > 0 {
		r.flood(c, body)
		return
	}
	kept := map[string]bool{}
	deliver := func(d hooktest.Case, id *string, body []byte) {
		t.Helper()
		got, said := r.send(d, id, body)
		if want := d.Statuses(t); len(want) > 0 && !slices.Contains(want, got) {
			t.Errorf("status %d %s, want %v", got, said, want)
		}
		if got == http.StatusUnprocessableEntity && !strings.Contains(said, d.MustSay) {
			t.Errorf("the answer %q does not name %q", said, d.MustSay)
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
		if strings.Contains(next.Before, "start the daemon") {
			r.receiver = &crm.Receiver{Store: r.db, Now: hookNow}
		}
		nextID := next.ID
		switch next.ID {
		case "same":
			nextID = *id
		case "new":
			nextID = fmt.Sprintf("%s_%d", *id, i)
		}
		if next.ContentType == nil {
			next.ContentType = c.ContentType
		}
		deliver(next, &nextID, next.Bytes(t, body))
	}
	if err := r.worker.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	page := r.events()
	if page.Total != len(kept) {
		t.Errorf("%d events in the inbox, %d answered 202", page.Total, len(kept))
	}
	for _, e := range page.Events {
		if e.State == crm.EventReceived {
			t.Errorf("event %s still waits", e.EventID)
		}
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

// flood sends many good deliveries at once, fewer than the case says: what is
// held is that each 202 is kept, and that a refusal says when to come back.
func (r *hookRig) flood(c hooktest.Case, body []byte) {
	r.t.Helper()
	r.receiver.Limit = 8
	var wg sync.WaitGroup
	var mu sync.Mutex
	count := map[int]int{}
	for worker := range 100 {
		wg.Go(func() {
			for i := range c.Parallel / 100 / 20 {
				id := fmt.Sprintf("flood_%d_%d", worker, i)
				got, _ := r.send(c, &id, body)
				mu.Lock()
				count[got]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for status := range count {
		if !slices.Contains(c.Statuses(r.t), status) {
			r.t.Errorf("answers %v", count)
		}
	}
	if n := r.events().Total; n == 0 || n != count[http.StatusAccepted] {
		r.t.Errorf("%d events in the inbox, answers %v", n, count)
	}
}

func TestUnknownHookLooksLikeABadSignature(t *testing.T) {
	b, a := openHooks(t)
	r := newHookRig(t, b, a)
	id, kind := "msg_1", "application/json"
	answer := func(c hooktest.Case) (string, string) {
		t.Helper()
		c.ContentType = &kind
		resp, err := r.client.Do(r.request(c, &id, []byte(`{}`)))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		said, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, own := range []string{"Date", "X-Request-Id"} {
			resp.Header.Del(own)
		}
		at := strings.LastIndex(string(said), `"request_id"`)
		return fmt.Sprint(resp.StatusCode, resp.Header), string(said[:at])
	}
	head, said := answer(hooktest.Case{Sign: "bad"})
	otherHead, otherSaid := answer(hooktest.Case{Sign: "good", Path: "/v1/hooks/none"})
	if head != otherHead || said != otherSaid || !strings.HasPrefix(head, "401") {
		t.Errorf("%s %s\nand\n%s %s", head, said, otherHead, otherSaid)
	}
}
