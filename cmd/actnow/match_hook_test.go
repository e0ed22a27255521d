package main_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// TestHookMatches tells the daemon of an account, of its contact, and that it is
// gone; the match follows each time without anybody asking for it.
func TestHookMatches(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	p := s.makePartner(12)
	s.start()
	defer s.kill()
	s.importReport(p.report)
	h := s.addHook("crm")
	db := s.database()
	defer db.Close()
	tell := func(id, kind, data string) {
		t.Helper()
		body := fmt.Sprintf(`{"type":%q,"timestamp":"2026-05-26T10:00:00Z","data":%s}`, kind, data)
		if status := h.post(id, body); status != http.StatusAccepted {
			t.Fatalf("%s: status %d", kind, status)
		}
	}
	await := func(want string) {
		t.Helper()
		var got string
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			row := db.QueryRow(`SELECT COALESCE(group_concat(m.band || ' ' || COALESCE(c.name, '')), '') FROM accounts a
				JOIN matches m ON m.account_id = a.id LEFT JOIN customers c ON c.id = m.customer_id WHERE a.external_id = 'H-1' AND a.deleted_at IS NULL`)
			if err := row.Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got == want {
				return
			}
		}
		t.Errorf("the account is %q, want %q", got, want)
	}
	tell("1", "account.upserted", fmt.Sprintf(`{"id":"H-1","name":%q,"website":%q,"city":"Lund","version":1}`, customerName(3), customerDomain(3)))
	await("match " + customerName(3))
	tell("2", "account.upserted", `{"id":"H-1","name":"Zzyzx","website":"","city":"","version":2}`)
	await("none ")
	tell("3", "contact.upserted", fmt.Sprintf(`{"id":"K-1","account_id":"H-1","email":"anna@%s","version":1}`, customerDomain(5)))
	await("review " + customerName(5))
	tell("4", "contact.deleted", `{"id":"K-1","version":2}`)
	await("none ")
}
