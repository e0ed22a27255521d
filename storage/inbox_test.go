package storage_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"actnow"
	"actnow/crm"
	"actnow/storage"
	"actnow/storage/storagetest"
)

// hookCase is a line of the webhook corpus, or one of its later deliveries.
type hookCase struct {
	Name        string
	Headers     map[string]*string
	Sign, TS    string
	ContentType *string `json:"content_type"`
	Body        *string `json:"body_b64"`
	BodyGen     string  `json:"body_gen"`
	Parallel    int
	Method      string
	Path        string
	Raw         bool
	Setup       string
	Expect      json.RawMessage
	Then        []hookCase
	Effect      string
	MustSay     string `json:"must_say"`
	ID          string
	Before      string
}

// statuses returns the statuses that the case allows, nil for any.
func (c hookCase) statuses(t *testing.T) []int {
	var one int
	if json.Unmarshal(c.Expect, &one) == nil && one != 0 {
		return []int{one}
	}
	var many []int
	if err := json.Unmarshal(c.Expect, &many); err != nil {
		t.Fatalf("expect %s: %v", c.Expect, err)
	}
	return many
}

// onlyHTTP says why a case cannot be judged without a server.
func (c hookCase) onlyHTTP() string {
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

func hookMAC(key []byte, parts ...string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(strings.Join(parts, ".")))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func hookTime(kind string) (text string, missing bool) {
	now := storagetest.Now
	n := now.Unix()
	switch kind {
	case "", "now":
		return fmt.Sprint(n), false
	case "missing":
		return "", true
	case "empty":
		return "", false
	case "text":
		return "abc", false
	case "ms":
		return fmt.Sprint(now.UnixMilli()), false
	case "rfc3339":
		return now.Format(time.RFC3339), false
	case "float":
		return fmt.Sprintf("%d.5", n), false
	case "negative":
		return fmt.Sprint(-n), false
	case "zero":
		return "0", false
	case "1e9":
		return "1e9", false
	case "int64max":
		return "9223372036854775807", false
	case "uint64plus":
		return "99999999999999999999", false
	case "leading_zeros":
		return fmt.Sprintf("000%d", n), false
	case "plus_sign":
		return fmt.Sprintf("+%d", n), false
	case "spaces":
		return fmt.Sprintf(" %d ", n), false
	case "hex":
		return fmt.Sprintf("0x%x", n), false
	case "arabic":
		return strings.NewReplacer("0", "٠", "1", "١", "2", "٢", "3", "٣", "4", "٤", "5", "٥", "6", "٦", "7", "٧", "8", "٨", "9", "٩").Replace(fmt.Sprint(n)), false
	}
	var off int64
	if _, err := fmt.Sscanf(kind, "now%d", &off); err != nil {
		return kind, false
	}
	return fmt.Sprint(n + off), false
}

func (r *hookRig) signature(kind, id, ts, body string) (text string, missing bool) {
	secret := r.secrets[len(r.secrets)-1]
	key, err := crm.SecretKey(secret)
	if err != nil {
		r.t.Fatal(err)
	}
	old := key
	if len(r.secrets) > 1 {
		old, _ = crm.SecretKey(r.secrets[len(r.secrets)-2])
	}
	first, _ := crm.SecretKey(r.secrets[0])
	other := []byte("another secret of some length")
	good, bad := "v1,"+hookMAC(key, id, ts, body), "v1,"+hookMAC(other, id, ts, body)
	switch kind {
	case "", "good":
		return good, false
	case "none":
		return "", true
	case "bad":
		return bad, false
	case "flip":
		b := []byte(good)
		b[5] ^= 1
		return string(b), false
	case "two_good_first":
		return good + " " + bad, false
	case "two_good_second", "two_good_last":
		return bad + " " + good, false
	case "two_bad":
		return bad + " " + bad, false
	case "wrong_prefix":
		return "v2," + good[3:], false
	case "urlsafe_b64":
		return strings.NewReplacer("+", "-", "/", "_").Replace(good), false
	case "without_id":
		return "v1," + hookMAC(key, ts, body), false
	case "other_body":
		return "v1," + hookMAC(key, id, ts, body+" "), false
	case "secret_as_text":
		return "v1," + hookMAC([]byte(secret), id, ts, body), false
	case "empty_secret":
		return "v1," + hookMAC(nil, id, ts, body), false
	case "comma_list":
		return bad + "," + good, false
	case "long_60k":
		return "v1," + strings.Repeat("x", 60_000), false
	case "junk_bytes":
		return "v1,%%%%", false
	case "old_secret":
		return "v1," + hookMAC(old, id, ts, body), false
	case "first_secret":
		return "v1," + hookMAC(first, id, ts, body), false
	case "old_and_new":
		return "v1," + hookMAC(old, id, ts, body) + " " + good, false
	}
	r.t.Fatalf("unknown way of signing %q", kind)
	return "", false
}

func hookBody(t *testing.T, gen string) []byte {
	account := map[string]any{"id": "A-1", "name": "Contoso Bygg AB", "version": 7}
	e := map[string]any{"type": "account.upserted", "timestamp": "2026-05-26T10:00:00Z", "data": account}
	switch {
	case strings.Contains(gen, "900,000 letters"):
		account["note"] = strings.Repeat("x", 900_000)
	case strings.Contains(gen, "20,000 further members"):
		for i := range 20_000 {
			account[fmt.Sprintf("k%d", i)] = i
		}
	case strings.Contains(gen, "16mib"):
		account["note"] = strings.Repeat("x", 16<<20)
	default:
		t.Skipf("unknown body %q", gen)
	}
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// send delivers a case and returns its status and what the answer says.
func (r *hookRig) send(c hookCase, id *string, body []byte) (int, string) {
	ts, noTS := hookTime(c.TS)
	h := http.Header{}
	name := ""
	if id != nil {
		name = *id
		h.Set("webhook-id", name)
	}
	if !noTS {
		h.Set("webhook-timestamp", ts)
	}
	if s, missing := r.signature(c.Sign, name, ts, string(body)); !missing {
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

// hookAfter holds, for cases whose effect is said in words, a query and what it must
// find once the inbox is worked off.
var hookAfter = map[string]struct{ query, want string }{
	"payload_time_future":        {`SELECT name FROM accounts WHERE external_id = 'A-1' AND modified_at < 4000000000`, "Contoso Bygg AB"},
	"replay_other_body":          {`SELECT name || version FROM accounts`, "Contoso Bygg AB7"},
	"same_content_other_id":      {`SELECT count(*) || '' FROM accounts`, "1"},
	"version_1e400":              {`SELECT external_id FROM accounts`, "A-V2"},
	"version_text":               {`SELECT external_id FROM accounts`, "A-V2"},
	"version_object":             {`SELECT external_id FROM accounts`, "A-V2"},
	"field_status_unknown":       {`SELECT count(*) || '' FROM opportunities`, "0"},
	"field_do_not_email_text":    {`SELECT do_not_email || '' FROM contacts WHERE external_id = 'C-W'`, "1"},
	"field_email_crlf":           {`SELECT count(*) || '' FROM contacts`, "0"},
	"field_language_unknown":     {`SELECT count(*) || '' FROM contacts`, "0"},
	"name_sql":                   {`SELECT name FROM accounts`, "Robert'); DROP TABLE accounts;--"},
	"batch_bad_text":             {`SELECT count(*) || '' FROM accounts`, "0"},
	"batch_bad_array":            {`SELECT count(*) || '' FROM accounts`, "0"},
	"gap_in_versions":            {`SELECT name FROM accounts`, "Thirty AB"},
	"delete_before_older_upsert": {`SELECT count(*) || '' FROM accounts WHERE deleted_at IS NULL`, "0"},
	"upsert_then_older_delete":   {`SELECT name FROM accounts WHERE deleted_at IS NULL`, "Contoso Bygg AB"},
	"no_version_modified_at":     {`SELECT name FROM accounts`, "New AB"},
	"contact_before_account":     {`SELECT a.name FROM contacts c JOIN accounts a ON a.source = c.source AND a.external_id = c.account_ref`, "Late AB"},
	"absent_is_unchanged":        {`SELECT name || city || phone || domains FROM accounts`, `Full ABLund+46 46 000["full.example"]`},
	"empty_text":                 {`SELECT phone || city FROM accounts`, "Lund"},
	"merge_then_upsert_old":      {`SELECT count(*) || '' FROM accounts WHERE deleted_at IS NULL`, "0"},
	"consent_over_unsubscribe":   {`SELECT count(*) || '' FROM mailable_contacts`, "0"},
	"delete_with_campaign":       {`SELECT count(*) || '' FROM mailable_contacts`, "0"},
}

// hookSetups are states that cases begin in.
var hookSetups = map[string]string{
	"consent_over_unsubscribe": crmMatched + `INSERT INTO contacts (external_id, connection_id, account_ref, email, address, consent_basis, version, updated_at)
			VALUES ('C-U', 1, 'A-1', 'u@contoso.example', 'u@contoso.example', 'contract', 1, 0);
		INSERT INTO suppressions (address, reason, created_at) VALUES ('u@contoso.example', 'unsubscribed', 0);`,
	"delete_with_campaign": crmMatched + `INSERT INTO contacts (external_id, connection_id, account_ref, email, address, consent_basis, version, updated_at)
			VALUES ('C-Q', 1, 'A-1', 'q@contoso.example', 'q@contoso.example', 'contract', 1, 0);`,
}

// crmMatched is a customer with a matched account.
const crmMatched = `
	INSERT INTO customers (id, key, name, first_month, last_month, updated_at) VALUES (1, 'tpid:1', 'Contoso', '2026-10', '2026-10', 0);
	INSERT INTO accounts (id, external_id, connection_id, name, updated_at) VALUES (1, 'A-1', 1, 'Contoso', 0);
	INSERT INTO matches (account_id, customer_id, band, matched_at) VALUES (1, 1, 'match', 0);`

func TestWebhookCorpus(t *testing.T) {
	t.Parallel()
	f, err := os.Open("../../shared/badinputs/own/webhook.jsonl")
	if err != nil {
		t.Skipf("no corpus: %v", err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 4<<20)
	n := 0
	for ; sc.Scan(); n++ {
		var c hookCase
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if why := c.onlyHTTP(); why != "" {
				t.Skip(why)
			}
			runHookCase(t, c)
		})
	}
	if err := sc.Err(); err != nil || n == 0 {
		t.Errorf("%d cases, %v", n, err)
	}
}

func runHookCase(t *testing.T, c hookCase) {
	var seeds []string
	if s := hookSetups[c.Name]; s != "" {
		seeds = append(seeds, s)
	}
	r := newHookRig(t, seeds...)
	if strings.Contains(c.Sign, "old") {
		r.rotate()
	}
	if c.Name == "stopping" {
		r.receiver.Stop()
	}
	body := []byte{}
	if c.Body != nil {
		var err error
		if body, err = base64.StdEncoding.DecodeString(*c.Body); err != nil {
			t.Fatal(err)
		}
	} else if c.BodyGen != "" {
		body = hookBody(t, c.BodyGen)
	}
	id := c.Headers["webhook-id"]
	kept := map[string]bool{}
	deliver := func(d hookCase, id *string, body []byte) {
		t.Helper()
		got, said := r.send(d, id, body)
		if want := d.statuses(t); len(want) > 0 && !slices.Contains(want, got) {
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
		nextID, nextBody := next.ID, body
		switch next.ID {
		case "same":
			nextID = *id
		case "new":
			nextID = fmt.Sprintf("%s_%d", *id, i)
		}
		if next.Body != nil {
			var err error
			if nextBody, err = base64.StdEncoding.DecodeString(*next.Body); err != nil {
				t.Fatal(err)
			}
		}
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
	if a, ok := hookAfter[c.Name]; ok {
		if got := r.text(a.query); got != a.want {
			t.Errorf("afterwards %q, want %q", got, a.want)
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
			got, _ := r.send(hookCase{ContentType: &json}, &id, body)
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
		got, _ := r.send(hookCase{ContentType: &json}, &first, body)
		done <- got
	}()
	<-store.enter
	if got, _ := r.send(hookCase{ContentType: &json}, &second, body); got != http.StatusTooManyRequests {
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
