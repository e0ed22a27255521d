package main_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hook is a connection of the site as a sender knows it.
type hook struct {
	url, secret string
	client      *http.Client
}

func (s *site) addHook(name string) hook {
	s.t.Helper()
	var made struct{ URL, Secret string }
	s.ask(&made, "hook", "add", name, "--verifier", "standard")
	return hook{url: made.URL, secret: made.Secret, client: s.client()}
}

// post sends one signed delivery and returns the status, 0 if there was none.
func (h hook) post(id, body string) int {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(h.secret, "whsec_"))
	if err != nil {
		return 0
	}
	at := fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
	req, err := http.NewRequest(http.MethodPost, h.url, strings.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", at)
	req.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	res, err := h.client.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	return res.StatusCode
}

// hookEvent is the delivery of that number: an account of its own for each, and
// every tenth speaks of one account that all share, in versions of any order.
func hookEvent(n int) (id, body string) {
	account, name := fmt.Sprintf("A-%d", n), fmt.Sprintf("Company %d", n)
	if n%10 == 0 {
		account, name = "A-shared", fmt.Sprintf("Version %d", n)
	}
	return fmt.Sprintf("msg_%d", n), fmt.Sprintf(`{"type":"account.upserted","timestamp":"2026-05-26T10:00:00Z","data":{"id":%q,"name":%q,"version":%d}}`, account, name, n)
}

// TestCrashWhileReceivingHooks kills the daemon while 16 senders post. Whatever
// was answered 202 is in the inbox afterwards, and works once.
func TestCrashWhileReceivingHooks(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	const senders, events, kills = 16, 2400, 8
	s := newSite(t, "")
	s.start()
	h := s.addHook("crm")
	random := rand.New(rand.NewPCG(20261122, 2))
	stored := make([]atomic.Bool, events) // answered 202 or 200
	lost := 0                             // stored, and the sender never heard so
	for round := range kills + 1 {
		killAfter := int64(events) // in the last round nobody is killed
		if round < kills {
			killAfter = int64(20 + random.IntN(events/kills-20))
		}
		var next, acknowledged atomic.Int64
		var wg sync.WaitGroup
		var mu sync.Mutex
		again, refused := 0, map[int]int{}
		for range senders {
			wg.Go(func() {
				for {
					n := int(next.Add(1)) - 1
					if n >= events {
						return
					}
					if stored[n].Load() {
						continue
					}
					switch status := h.post(hookEvent(n)); status {
					case http.StatusAccepted, http.StatusOK:
						stored[n].Store(true)
						if status == http.StatusOK {
							mu.Lock()
							again++
							mu.Unlock()
						}
						if acknowledged.Add(1) == killAfter {
							s.daemon.cmd.Process.Kill()
						}
					case 0:
						return // the daemon is gone
					default:
						mu.Lock()
						refused[status]++
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		lost += again
		if len(refused) > 0 {
			t.Errorf("round %d: answers %v, want 202 or 200 alone", round+1, refused)
		}
		if round < kills {
			<-s.daemon.exited
			t.Logf("kill %d after %d answers, %d stored before and not heard of", round+1, acknowledged.Load(), again)
			s.checkInbox(stored)
			s.start()
			for n := range stored { // a sender that repeats what was taken
				if stored[n].Load() && random.IntN(40) == 0 {
					if status := h.post(hookEvent(n)); status != http.StatusOK {
						t.Fatalf("event %d was stored before the kill; again it is answered %d, want 200", n, status)
					}
				}
			}
		}
	}
	for n := range stored {
		if !stored[n].Load() {
			t.Errorf("event %d was never stored", n)
		}
	}
	s.awaitInbox("crm", events)
	s.stop()
	s.checkInbox(stored)
	db := s.database()
	defer db.Close()
	var inbox, accounts, shared int
	var name string
	err := db.QueryRow(`SELECT (SELECT count(*) FROM inbox WHERE state = 'done'), (SELECT count(*) FROM accounts WHERE external_id <> 'A-shared'),
		count(*), max(name) FROM accounts WHERE external_id = 'A-shared'`).Scan(&inbox, &accounts, &shared, &name)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("Version %d", events-10); inbox != events || accounts != events*9/10 || shared != 1 || name != want {
		t.Errorf("%d events done, %d accounts of their own, %d shared named %q; want %d, %d, 1 named %q", inbox, accounts, shared, name, events, events*9/10, want)
	}
	t.Logf("%d events from %d senders, %d kills: none lost, %d stored and not heard of, answered 200 when sent again", events, senders, kills, lost)
}

// checkInbox checks that every stored event is in the inbox, and none twice.
func (s *site) checkInbox(stored []atomic.Bool) {
	s.t.Helper()
	db := s.database()
	defer db.Close()
	rows, err := db.Query(`SELECT event_id, count(*) FROM inbox GROUP BY event_id`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	there := map[string]int{}
	for rows.Next() {
		var id string
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			s.t.Fatal(err)
		}
		there[id] = n
		if n != 1 {
			s.t.Errorf("event %s is in the inbox %d times", id, n)
		}
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	for n := range stored {
		if id, _ := hookEvent(n); stored[n].Load() && there[id] == 0 {
			s.t.Errorf("event %s was answered 202 and is not in the inbox", id)
		}
	}
}

// awaitInbox waits until the hook's events are worked off.
func (s *site) awaitInbox(name string, events int) {
	s.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		var hooks []struct {
			Name                   string
			Received, Done, Failed int
		}
		s.ask(&hooks, "hook", "list")
		for _, h := range hooks {
			switch {
			case h.Name != name:
			case h.Failed > 0:
				s.t.Fatalf("%d events failed", h.Failed)
			case h.Received == 0 && h.Done == events:
				return
			case time.Now().After(deadline):
				s.t.Fatalf("%d events wait and %d are done, want %d\n%s", h.Received, h.Done, events, s.daemon.stderr)
			}
		}
		<-time.After(betweenQuestions)
	}
}

// TestKillRightAfterAnswer is the shortest form of the same promise.
func TestKillRightAfterAnswer(t *testing.T) {
	s := newSite(t, "")
	s.start()
	h := s.addHook("crm")
	id, body := hookEvent(1)
	if status := h.post(id, body); status != http.StatusAccepted {
		t.Fatalf("answered %d, want 202", status)
	}
	s.kill()
	s.start()
	if status := h.post(id, body); status != http.StatusOK {
		t.Errorf("the same delivery after the kill is answered %d, want 200", status)
	}
	s.awaitInbox("crm", 1)
}
