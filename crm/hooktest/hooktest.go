// Package hooktest holds what the tests of hooks share: the cases of the webhook
// corpus, how each is signed, and what must be found after it.
package hooktest

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"actnow/crm"
)

// Case is a line of the webhook corpus, or one of its later deliveries.
type Case struct {
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
	Then        []Case
	Effect      string
	MustSay     string `json:"must_say"`
	ID          string
	Before      string
}

// Statuses returns the Statuses that the case allows, nil for any.
func (c Case) Statuses(t testing.TB) []int {
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

// Bytes returns the body of the case, fallback if it names none.
func (c Case) Bytes(t testing.TB, fallback []byte) []byte {
	t.Helper()
	switch {
	case c.Body != nil:
		b, err := base64.StdEncoding.DecodeString(*c.Body)
		if err != nil {
			t.Fatal(err)
		}
		return b
	case c.BodyGen != "":
		return generated(t, c.BodyGen)
	}
	return fallback
}

// Corpus returns the cases of the file. It skips the test if there is none.
func Corpus(t testing.TB, path string) []Case {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("no corpus: %v", err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 4<<20)
	var all []Case
	for sc.Scan() {
		var c Case
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			t.Fatalf("line %d: %v", len(all)+1, err)
		}
		all = append(all, c)
	}
	if err := sc.Err(); err != nil || len(all) == 0 {
		t.Fatalf("%d cases, %v", len(all), err)
	}
	return all
}

func mac(key []byte, parts ...string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(strings.Join(parts, ".")))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Time returns the text of the header webhook-timestamp of a kind.
func Time(kind string, now time.Time) (text string, missing bool) {
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

// Signature returns the text of the header webhook-signature of a kind, for a
// hook that had these secrets, the newest last.
func Signature(t testing.TB, secrets []string, kind, id, ts, body string) (text string, missing bool) {
	t.Helper()
	secret := secrets[len(secrets)-1]
	key, err := crm.SecretKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	old := key
	if len(secrets) > 1 {
		old, _ = crm.SecretKey(secrets[len(secrets)-2])
	}
	first, _ := crm.SecretKey(secrets[0])
	other := []byte("another secret of some length")
	good, bad := "v1,"+mac(key, id, ts, body), "v1,"+mac(other, id, ts, body)
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
		return "v1," + mac(key, ts, body), false
	case "other_body":
		return "v1," + mac(key, id, ts, body+" "), false
	case "secret_as_text":
		return "v1," + mac([]byte(secret), id, ts, body), false
	case "empty_secret":
		return "v1," + mac(nil, id, ts, body), false
	case "comma_list":
		return bad + "," + good, false
	case "long_60k":
		return "v1," + strings.Repeat("x", 60_000), false
	case "junk_bytes":
		return "v1,%%%%", false
	case "old_secret":
		return "v1," + mac(old, id, ts, body), false
	case "first_secret":
		return "v1," + mac(first, id, ts, body), false
	case "old_and_new":
		return "v1," + mac(old, id, ts, body) + " " + good, false
	}
	t.Fatalf("unknown way of signing %q", kind)
	return "", false
}

func generated(t testing.TB, gen string) []byte {
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

// After holds, for cases whose effect is said in words, a query and what it must
// find once the inbox is worked off.
var After = map[string]struct{ Query, Want string }{
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

// Setups are states that cases begin in.
var Setups = map[string]string{
	"consent_over_unsubscribe": Matched + `INSERT INTO contacts (external_id, connection_id, account_ref, email, address, consent_basis, version, updated_at)
			VALUES ('C-U', 1, 'A-1', 'u@contoso.example', 'u@contoso.example', 'contract', 1, 0);
		INSERT INTO suppressions (address, reason, created_at) VALUES ('u@contoso.example', 'unsubscribed', 0);`,
	"delete_with_campaign": Matched + `INSERT INTO contacts (external_id, connection_id, account_ref, email, address, consent_basis, version, updated_at)
			VALUES ('C-Q', 1, 'A-1', 'q@contoso.example', 'q@contoso.example', 'contract', 1, 0);`,
}

// Matched is a customer with a matched account.
const Matched = `
	INSERT INTO customers (id, key, name, first_month, last_month, updated_at) VALUES (1, 'tpid:1', 'Contoso', '2026-10', '2026-10', 0);
	INSERT INTO accounts (id, external_id, connection_id, name, updated_at) VALUES (1, 'A-1', 1, 'Contoso', 0);
	INSERT INTO matches (account_id, customer_id, band, matched_at) VALUES (1, 1, 'match', 0);`
