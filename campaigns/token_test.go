package campaigns_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"actnow"
	"actnow/campaigns"
)

func secret(c byte) []byte { return bytes.Repeat([]byte{c}, 32) }

func tokens(t testing.TB, keys ...campaigns.TokenKey) *campaigns.Tokens {
	t.Helper()
	out, err := campaigns.NewTokens(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestToken(t *testing.T) {
	t.Parallel()
	old := tokens(t, campaigns.TokenKey{ID: 1, Secret: secret('a')})
	now := tokens(t, campaigns.TokenKey{ID: 2, Secret: secret('b')}, campaigns.TokenKey{ID: 1, Secret: secret('a')})
	token := old.Sign(campaigns.PurposeUnsubscribe, 77, "Anna@Contoso.example")
	for name, reader := range map[string]*campaigns.Tokens{"its own key": old, "after a rotation": now} {
		c, ok := reader.Verify(campaigns.PurposeUnsubscribe, token)
		if !ok || c.Row != 77 || !c.For(" anna@contoso.example") || c.For("eva@contoso.example") {
			t.Errorf("%s: Verify = %+v, %v", name, c, ok)
		}
	}
	if _, ok := old.Verify(campaigns.PurposeUnsubscribe, now.Sign(campaigns.PurposeUnsubscribe, 77, "a@b.example")); ok {
		t.Error("a token of an unknown key is taken")
	}
	if strings.ContainsAny(token, "+/=") || strings.Contains(token, "Anna") {
		t.Errorf("token %q is not fit for an address", token)
	}
}

// TestTokenTamper holds that no changed token is taken: every letter replaced by
// every other, every bit turned, and the changes of the shared list.
func TestTokenTamper(t *testing.T) {
	t.Parallel()
	ts := tokens(t, campaigns.TokenKey{ID: 1, Secret: secret('a')})
	token := ts.Sign(campaigns.PurposeUnsubscribe, 77, "anna@contoso.example")
	other := ts.Sign(campaigns.PurposeUnsubscribe, 78, "eva@contoso.example")
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	changed := map[string]string{
		"empty":                "",
		"padding":              token + "=",
		"double padding":       token + "==",
		"trailing dot":         token + ".",
		"NUL at the end":       token + "\x00",
		"line break inside":    token[:10] + "\n" + token[10:],
		"line break for one":   token[:10] + "\n" + token[11:],
		"space before":         " " + token,
		"standard alphabet":    strings.NewReplacer("-", "+", "_", "/").Replace(token) + "/",
		"upper case":           strings.ToUpper(token),
		"two tokens":           token + other,
		"body of one, MAC of…": other[:21] + token[21:],
		"very long":            strings.Repeat(token, 10_000),
		"alg none":             "eyJhbGciOiJub25lIn0.eyJyb3ciOjc3fQ.",
		"view token":           ts.Sign(campaigns.PurposeView, 77, "anna@contoso.example"),
		"click token":          ts.Sign(campaigns.PurposeClick, 77, "anna@contoso.example"),
	}
	for name, s := range changed {
		if c, ok := ts.Verify(campaigns.PurposeUnsubscribe, s); ok {
			t.Errorf("%s: taken as %+v", name, c)
		}
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.\n\x00"
	for i := range token {
		for _, l := range []byte(letters) {
			s := token[:i] + string(l) + token[i+1:]
			if _, ok := ts.Verify(campaigns.PurposeUnsubscribe, s); ok && s != token {
				t.Errorf("taken with letter %d as %q", i, l)
			}
		}
		if _, ok := ts.Verify(campaigns.PurposeUnsubscribe, token[:i]); ok {
			t.Errorf("taken after %d letters", i)
		}
	}
	for bit := range len(raw) * 8 {
		raw[bit/8] ^= 1 << (bit % 8)
		if _, ok := ts.Verify(campaigns.PurposeUnsubscribe, base64.RawURLEncoding.EncodeToString(raw)); ok {
			t.Errorf("taken with bit %d turned", bit)
		}
		raw[bit/8] ^= 1 << (bit % 8)
	}
}

// TestSharedTokenTamper does each change of the shared list to a good token.
func TestSharedTokenTamper(t *testing.T) {
	t.Parallel()
	ts := tokens(t, campaigns.TokenKey{ID: 1, Secret: secret('a')})
	token := ts.Sign(campaigns.PurposeUnsubscribe, 77, "anna@contoso.example")
	foreign := tokens(t, campaigns.TokenKey{ID: 9, Secret: secret('z')})
	changes := map[string]string{
		"base64 padding added": token + "=",
		"trailing dot":         token + ".",
		"NUL at end":           token + "\x00",
		"alg field set to none": base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." +
			base64.RawURLEncoding.EncodeToString([]byte(`{"row":77}`)) + ".",
		"unknown key id": foreign.Sign(campaigns.PurposeUnsubscribe, 77, "anna@contoso.example"),
		// A token that leaked is good, for its own row and purpose only.
		"token leaked through Referer": ts.Sign(campaigns.PurposeView, 77, "anna@contoso.example"),
	}
	type sample struct{ Change string }
	for _, c := range cases[sample](t, "token_tamper.jsonl") {
		if c.Change == "other campaign's token" {
			claim, ok := ts.Verify(campaigns.PurposeUnsubscribe, ts.Sign(campaigns.PurposeUnsubscribe, 78, "eva@contoso.example"))
			if !ok || claim.Row != 78 || claim.For("anna@contoso.example") {
				t.Errorf("%s: %+v, %v", c.Change, claim, ok)
			}
			continue
		}
		changed, known := changes[c.Change]
		if !known {
			t.Errorf("no test for %q", c.Change)
		} else if claim, ok := ts.Verify(campaigns.PurposeUnsubscribe, changed); ok {
			t.Errorf("%s: taken as %+v", c.Change, claim)
		}
	}
}

func TestNewTokensRefuses(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]campaigns.TokenKey{
		"no key":    nil,
		"short key": {{ID: 1, Secret: []byte("short")}},
		"same id":   {{ID: 1, Secret: secret('a')}, {ID: 1, Secret: secret('b')}},
	} {
		if _, err := campaigns.NewTokens(keys...); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestRowAddresses(t *testing.T) {
	t.Parallel()
	if got := campaigns.MessageID(12, "Nordvik.example"); got != "<actnow.12@nordvik.example>" {
		t.Errorf("MessageID = %s", got)
	}
	if got := campaigns.ReturnPath(12, "Nordvik.example"); got != "bounce+12@nordvik.example" {
		t.Errorf("ReturnPath = %s", got)
	}
	rows := []struct {
		s    string
		want actnow.LedgerID
	}{
		{"<actnow.12@nordvik.example>", 12},
		{" actnow.12@NORDVIK.example ", 12},
		{"<actnow.012@nordvik.example>", 0},
		{"<actnow.-1@nordvik.example>", 0},
		{"<actnow.99999999999999999999@nordvik.example>", 0},
		{"<actnow.12@other.example>", 0},
		{"<x.12@nordvik.example>", 0},
		{"", 0},
	}
	for _, tt := range rows {
		if got, ok := campaigns.RowOfMessageID(tt.s, "nordvik.example"); got != tt.want || ok != (tt.want != 0) {
			t.Errorf("RowOfMessageID(%q) = %d, %v, want %d", tt.s, got, ok, tt.want)
		}
	}
	if got, ok := campaigns.RowOfReturnPath("bounce+12@nordvik.example", "nordvik.example"); got != 12 || !ok {
		t.Errorf("RowOfReturnPath = %d, %v", got, ok)
	}
	if _, ok := campaigns.RowOfReturnPath("12@nordvik.example", "nordvik.example"); ok {
		t.Error("an address without the prefix is taken")
	}
}

func FuzzVerify(f *testing.F) {
	ts := tokens(f, campaigns.TokenKey{ID: 1, Secret: secret('a')})
	good := ts.Sign(campaigns.PurposeView, 5, "a@b.example")
	f.Add(good)
	f.Add(good + "\n")
	f.Fuzz(func(t *testing.T, s string) {
		if _, ok := ts.Verify(campaigns.PurposeView, s); ok != (s == good) {
			t.Fatalf("Verify(%q) = %v", s, ok)
		}
	})
}
