package crm_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"actnow"
	"actnow/crm"
)

func envelope(kind, rest string) string {
	return fmt.Sprintf(`{"type":%q,"timestamp":"2026-05-26T10:00:00Z",%s}`, kind, rest)
}

func TestParseEnvelope(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 26, 10, 0, 0, 0, time.UTC)
	tests := []struct {
		name, body string
		want       []crm.Change
		problems   []string // their fields
	}{
		{name: "account", body: envelope("account.upserted", `"data":{"id":17,"name":" Contoso  AB ","domains":["B.example","a.example"],"city":null,"phone":"","x":{"y":1},"version":7}`),
			want: []crm.Change{{Kind: crm.Account, Op: crm.Upsert, ID: "17", Version: 7, ModifiedAt: at,
				Fields: map[string]any{"name": "Contoso AB", "domains": []string{"b.example", "a.example"}, "city": nil, "phone": nil},
				Custom: map[string]string{"x": `{"y":1}`}}}},
		{name: "custom members", body: envelope("account.upserted", `"data":{"id":"A","custom":{"tier":"gold","old":null},"n":1.50}`),
			want: []crm.Change{{Kind: crm.Account, Op: crm.Upsert, ID: "A", ModifiedAt: at, Fields: map[string]any{},
				Custom: map[string]string{"tier": "gold", "old": "", "n": "1.50"}}}},
		{name: "opportunity", body: envelope("opportunity.upserted", `"data":{"id":"O","status":"won","amount":1234.5,"currency":"SEK","opened_at":"2026-01-02","modified_at":"2026-05-26T09:59:59.999Z"}`),
			want: []crm.Change{{Kind: crm.Opportunity, Op: crm.Upsert, ID: "O", ModifiedAt: at.Add(-time.Millisecond),
				Fields: map[string]any{"status": "won", "amount": int64(123450), "currency": "SEK", "opened_at": int64(1767312000)}}}},
		{name: "merge", body: envelope("account.merged", `"data":{"id":"A","merged_into":"B","version":1}`),
			want: []crm.Change{{Kind: crm.Account, Op: crm.Merge, ID: "A", Version: 1, ModifiedAt: at, Fields: map[string]any{"merged_into": "B"}}}},
		{name: "consent takes nothing else", body: envelope("consent.changed", `"data":{"id":"C","do_not_email":false,"consent_basis":"contract","email":"x@y.example","z":1}`),
			want: []crm.Change{{Kind: crm.Contact, Op: crm.Consent, ID: "C", ModifiedAt: at,
				Fields: map[string]any{"do_not_email": false, "consent_basis": "contract"}}}},
		{name: "a bad item alone", body: envelope("contact.upserted", `"items":[{"id":"1","email":"a@b.example"},{"id":"2","email":"a@b.example\r\nBcc: x"},{"id":"3","time_zone":"Mars/Base","do_not_email":true}]`),
			want: []crm.Change{
				{Kind: crm.Contact, Op: crm.Upsert, ID: "1", ModifiedAt: at, Fields: map[string]any{"email": "a@b.example"}},
				{Kind: crm.Contact, Op: crm.Consent, ID: "3", ModifiedAt: at, Line: 2, Fields: map[string]any{"do_not_email": true}}},
			problems: []string{"items[1].email", "items[2].time_zone"}},
		{name: "a doubtful do_not_email", body: envelope("contact.upserted", `"data":{"id":"1","do_not_email":[]}`),
			want:     []crm.Change{{Kind: crm.Contact, Op: crm.Upsert, ID: "1", ModifiedAt: at, Fields: map[string]any{"do_not_email": true}}},
			problems: []string{"data.do_not_email"}},
		{name: "money of the wrong kind", body: envelope("opportunity.upserted", `"data":{"id":"1","amount":{},"currency":"SEK"}`), problems: []string{"data.amount"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, err := crm.ParseEnvelope([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, e.Changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			var fields []string
			for _, p := range e.Problems {
				fields = append(fields, p.Field)
			}
			if diff := cmp.Diff(tt.problems, fields); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseEnvelopeRefuses(t *testing.T) {
	t.Parallel()
	items := func(n int) string {
		return strings.TrimSuffix(strings.Repeat(`{"id":"A"},`, n), ",")
	}
	tests := []struct{ name, body, field string }{
		{"no object", `[]`, ""},
		{"member twice", `{"type":"account.upserted","type":"account.deleted"}`, "type"},
		{"member of data twice", envelope("account.upserted", `"data":{"id":"A","id":"B"}`), "data.id"},
		{"member of an item twice", envelope("account.upserted", `"items":[{"id":"A"},{"id":"B","x":{"y":1,"y":2}}]`), "items[1].x.y"},
		{"many members", "[" + strings.Repeat("1,", 60_000) + "1]", ""},
		{"no type", `{"timestamp":"2026-05-26T10:00:00Z"}`, "type"},
		{"subscriptions come by file", envelope("subscription.upserted", `"data":{"id":"1"}`), "type"},
		{"type in capitals", envelope("Account.Upserted", `"data":{"id":"1"}`), "type"},
		{"no timestamp", `{"type":"account.upserted","data":{"id":"1"}}`, "timestamp"},
		{"no data", envelope("account.upserted", `"x":1`), "data"},
		{"data and items", envelope("account.upserted", `"data":{"id":"1"},"items":[]`), "items"},
		{"no items", envelope("account.upserted", `"items":[]`), "items"},
		{"items no list", envelope("account.upserted", `"items":{}`), "items"},
		{"too many items", envelope("account.upserted", `"items":[`+items(1001)+`]`), "items"},
		{"item no object", envelope("account.upserted", `"items":[{"id":"A"},null]`), "items[1]"},
		{"no id", envelope("account.upserted", `"items":[{"id":"A"},{}]`), "items[1].id"},
		{"empty id", envelope("account.upserted", `"data":{"id":" "}`), "data.id"},
		{"long id", envelope("account.upserted", `"data":{"id":"`+strings.Repeat("x", 201)+`"}`), "data.id"},
		{"id of two lines", envelope("account.upserted", `"data":{"id":"a\nb"}`), "data.id"},
		{"id a fraction", envelope("account.upserted", `"data":{"id":1.5}`), "data.id"},
		{"id yes", envelope("account.upserted", `"data":{"id":true}`), "data.id"},
		{"version", envelope("account.upserted", `"data":{"id":"A","version":"7"}`), "data.version"},
		{"version below 0", envelope("account.upserted", `"data":{"id":"A","version":-1}`), "data.version"},
		{"modified_at", envelope("account.upserted", `"data":{"id":"A","modified_at":17}`), "data.modified_at"},
		{"merged into nothing", envelope("account.merged", `"data":{"id":"A"}`), "data.merged_into"},
		{"merged into itself", envelope("account.merged", `"data":{"id":"A","merged_into":"A"}`), "data.merged_into"},
	}
	for _, tt := range tests {
		_, err := crm.ParseEnvelope([]byte(tt.body))
		var syntax *crm.SyntaxError
		input, ok := errors.AsType[*actnow.InputError](err)
		if !ok || errors.As(err, &syntax) {
			t.Errorf("%s: error %v is no InputError of the envelope", tt.name, err)
		} else if input.Field != tt.field {
			t.Errorf("%s: field %q (%v), want %q", tt.name, input.Field, err, tt.field)
		}
	}
	if _, err := crm.ParseEnvelope([]byte(envelope("account.upserted", `"items":[`+items(1000)+`]`))); err != nil {
		t.Errorf("1000 items: %v", err)
	}
}

func TestParseEnvelopeSyntax(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":      "",
		"two values": `{} {}`,
		"not utf-8":  "{\"type\":\"\xff\"}",
		"deep":       strings.Repeat("[", 33) + strings.Repeat("]", 33),
		"cut":        `{"type":`,
		"comma":      `{"type":"a",}`,
	} {
		_, err := crm.ParseEnvelope([]byte(body))
		if _, ok := errors.AsType[*crm.SyntaxError](err); !ok {
			t.Errorf("%s: error %v is no SyntaxError", name, err)
		}
	}
}

func FuzzParseEnvelope(f *testing.F) {
	f.Add([]byte(envelope("account.upserted", `"data":{"id":"A","domains":["a.example"],"version":7}`)))
	f.Add([]byte(envelope("contact.upserted", `"items":[{"id":"C","email":"a@b.example","do_not_email":"x"}]`)))
	f.Add([]byte(envelope("opportunity.upserted", `"data":{"id":"O","amount":"1.234,5","currency":"SEK","custom":{"a":[1]}}`)))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := crm.ParseEnvelope(body)
		if err != nil {
			if _, ok := errors.AsType[*actnow.InputError](err); !ok {
				t.Errorf("error %v tells the sender nothing", err)
			}
			return
		}
		if len(e.Changes)+len(e.Problems) == 0 {
			t.Error("neither a change nor a problem")
		}
		for _, c := range e.Changes {
			if c.ID == "" || !c.Kind.Valid() {
				t.Errorf("change %+v", c)
			}
			if email, ok := c.Fields["email"].(string); ok && strings.ContainsAny(email, "\r\n\x00") {
				t.Errorf("email %q", email)
			}
			for name, v := range c.Fields {
				switch v.(type) {
				case nil, string, []string, bool, int64:
				default:
					t.Errorf("field %s is a %T", name, v)
				}
			}
		}
	})
}

func TestParseEnvelopeJSONSuite(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../shared/badinputs/jsontestsuite/*.json")
	if err != nil || len(files) == 0 {
		t.Skipf("no corpus: %v", err)
	}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		_, err = crm.ParseEnvelope(body)
		_, syntax := errors.AsType[*crm.SyntaxError](err)
		name := filepath.Base(f)
		switch {
		case err == nil:
			t.Errorf("%s is an envelope", name)
		case strings.HasPrefix(name, "n_") && !syntax:
			t.Errorf("%s: %v, want a SyntaxError", name, err)
		case strings.HasPrefix(name, "y_") && syntax:
			t.Errorf("%s: %v, want an envelope that is refused", name, err)
		}
	}
}
