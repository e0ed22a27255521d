package crm_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"actnow"
	"actnow/crm"
)

func deliver(secret, id string, at time.Time, body []byte) http.Header {
	key, err := crm.SecretKey(secret)
	if err != nil {
		panic(err)
	}
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("webhook-signature", crm.Sign(key, id, at, body))
	h.Set("Content-Type", "application/json; charset=utf-8")
	return h
}

// The library of the specification's authors is the peer, in both directions.
func TestSignaturesOfOthers(t *testing.T) {
	t.Parallel()
	secret, body := crm.NewSecret(), []byte(`{"a":"å"}`)
	key, err := crm.SecretKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	if err := theirs.Verify(body, deliver(secret, "msg_1", at, body)); err != nil {
		t.Errorf("our signature, to them: %v", err)
	}
	text, err := theirs.Sign("msg_1", at, body)
	if err != nil {
		t.Fatal(err)
	}
	h := deliver(secret, "msg_1", at, body)
	h.Set("webhook-signature", text)
	id, err := crm.StandardWebhooks{}.Verify(crm.Delivery{Header: h, Body: body}, [][]byte{key}, at)
	if id != "msg_1" || err != nil {
		t.Errorf("their signature, to us: %q, %v", id, err)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	secret, body := crm.NewSecret(), []byte(`{}`)
	key, err := crm.SecretKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name, value string) func(http.Header) { return func(h http.Header) { h.Set(name, value) } }
	tests := []struct {
		name   string
		at     time.Duration
		keys   [][]byte
		edit   func(http.Header)
		wantOK bool
	}{
		{name: "good", wantOK: true},
		{name: "300 s ago", at: -300 * time.Second, wantOK: true},
		{name: "301 s ago", at: -301 * time.Second},
		{name: "300 s ahead", at: 300 * time.Second, wantOK: true},
		{name: "301 s ahead", at: 301 * time.Second},
		{name: "no keys", keys: [][]byte{}},
		{name: "an empty key", keys: [][]byte{nil, {}}},
		{name: "the second key", keys: [][]byte{[]byte("another key of some length"), key}, wantOK: true},
		{name: "no id", edit: func(h http.Header) { h.Del("webhook-id") }},
		{name: "two ids", edit: func(h http.Header) { h.Add("webhook-id", "other") }},
		{name: "two signatures headers", edit: func(h http.Header) { h.Add("webhook-signature", "v1,x") }},
		{name: "id of another", edit: set("webhook-id", "msg_2")},
		{name: "no time", edit: func(h http.Header) { h.Del("webhook-timestamp") }},
		{name: "long id", edit: set("webhook-id", strings.Repeat("x", 257))},
		{name: "signature after 16 others", edit: func(h http.Header) {
			h.Set("webhook-signature", strings.Repeat("v1,x ", 16)+h.Get("webhook-signature"))
		}},
		{name: "signature after 15 others", edit: func(h http.Header) {
			h.Set("webhook-signature", strings.Repeat("v1,x ", 15)+h.Get("webhook-signature"))
		}, wantOK: true},
	}
	for _, tt := range tests {
		h := deliver(secret, "msg_1", now.Add(tt.at), body)
		if tt.edit != nil {
			tt.edit(h)
		}
		keys := tt.keys
		if keys == nil {
			keys = [][]byte{key}
		}
		id, err := crm.StandardWebhooks{}.Verify(crm.Delivery{Header: h, Body: body}, keys, now)
		if (err == nil) != tt.wantOK || (id == "msg_1") != tt.wantOK {
			t.Errorf("%s: %q, %v, want ok %v", tt.name, id, err, tt.wantOK)
		}
	}
}

func TestSecretKey(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "whsec_", "AAAA", "whsec_!!!!", "whsec_QUJD", "whsec_" + strings.Repeat("A", 200)} {
		if _, err := crm.SecretKey(bad); err == nil {
			t.Errorf("SecretKey(%q) is no error", bad)
		}
	}
	if one, other := crm.NewSecret(), crm.NewSecret(); one == other {
		t.Error("two secrets are the same")
	}
}

// failing is a store that is being closed, behind a body that cannot be read.
type failing struct{ *memory }

func (failing) ReceiveEvent(context.Context, actnow.ConnectionID, string, []byte) (bool, error) {
	return false, errors.New("closed")
}

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestReceiverRefusals(t *testing.T) {
	t.Parallel()
	secret := crm.NewSecret()
	key, err := crm.SecretKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	good := []byte(`{"type":"account.deleted","timestamp":"2026-05-26T10:00:00Z","data":{"id":"A"}}`)
	hook := crm.Hook{Connection: 2, Verifier: "standard", Keys: [][]byte{key}}
	tests := []struct {
		name  string
		hook  crm.Hook
		body  io.Reader
		store crm.Store
		want  int
	}{
		{"good", hook, bytes.NewReader(good), newMemory(), http.StatusAccepted},
		{"store ends", hook, bytes.NewReader(good), failing{}, http.StatusServiceUnavailable},
		{"body breaks off", hook, brokenBody{}, newMemory(), http.StatusBadRequest},
		{"one byte too many", hook, bytes.NewReader(make([]byte, crm.MaxBody+1)), newMemory(), http.StatusRequestEntityTooLarge},
		{"cut by the server", hook, http.MaxBytesReader(nil, io.NopCloser(bytes.NewReader(good)), 5), newMemory(), http.StatusRequestEntityTooLarge},
		{"unknown verifier", crm.Hook{Verifier: "file", Keys: hook.Keys}, bytes.NewReader(good), newMemory(), http.StatusUnauthorized},
	}
	for _, tt := range tests {
		rung := false
		r := crm.Receiver{Store: tt.store, Now: func() time.Time { return now }, Stored: func() { rung = true }}
		receipt, err := r.Receive(t.Context(), tt.hook, deliver(secret, "msg_1", now, good), tt.body)
		got := receipt.Status()
		if refusal, ok := errors.AsType[*crm.Refusal](err); ok {
			got = refusal.Status
			if strings.Contains(refusal.Input.Text, "{") || refusal.Input.Text == refusal.Input.Code {
				t.Errorf("%s: the sentence %q is not filled", tt.name, refusal.Input.Text)
			}
		}
		if got != tt.want || rung != (got == http.StatusAccepted) {
			t.Errorf("%s: %d (%v), rung %v, want %d", tt.name, got, err, rung, tt.want)
		}
	}
}

// Every sentence has both languages with the same places to fill.
func TestMessages(t *testing.T) {
	t.Parallel()
	for code, m := range crm.Messages {
		for _, hole := range []string{"{0}", "{1}", "{2}"} {
			if strings.Contains(m[0], hole) != strings.Contains(m[1], hole) {
				t.Errorf("%s: %s in one language only", code, hole)
			}
		}
		if m[0] == "" || m[1] == "" || m[0] == m[1] {
			t.Errorf("%s: %q and %q", code, m[0], m[1])
		}
	}
}
