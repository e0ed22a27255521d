package crm

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Delivery is one call of a webhook as it came.
type Delivery struct {
	Header http.Header
	Body   []byte // the raw bytes
}

// Verifier proves that a delivery was sent by someone who holds one of the
// keys, and says which event it is. It must not read the body's meaning.
type Verifier interface {
	// Verify returns the event's id, by which replays are known. The error says
	// for the log what is wrong; the caller is told no more than that it is
	// refused.
	Verify(d Delivery, keys [][]byte, now time.Time) (eventID string, err error)
}

// Verifiers are the verifiers a connection can be given, by name.
var Verifiers = map[string]Verifier{"standard": StandardWebhooks{}}

// Limits of what a caller who has proved nothing yet may send.
const (
	maxEventID    = 256  // bytes
	maxSignature  = 4096 // bytes of the header
	maxSignatures = 16
	tolerance     = 300 * time.Second
)

// StandardWebhooks verifies the headers webhook-id, webhook-timestamp and
// webhook-signature of the Standard Webhooks specification: the signature is
// "v1," and the base64 of HMAC-SHA256 over "id.timestamp.body"; the header may
// hold several, parted by spaces, of which one must be by one of the keys. The
// timestamp is decimal unix seconds without sign, blank or leading zero, at most
// 300 seconds away.
type StandardWebhooks struct{}

// Verify implements Verifier.
func (StandardWebhooks) Verify(d Delivery, keys [][]byte, now time.Time) (string, error) {
	id, err := single(d.Header, "webhook-id", maxEventID)
	if err != nil {
		return "", err
	}
	ts, err := single(d.Header, "webhook-timestamp", 19)
	if err != nil {
		return "", err
	}
	sent, err := parseSeconds(ts)
	if err != nil {
		return "", err
	}
	if off := now.Sub(time.Unix(sent, 0)); off > tolerance || off < -tolerance {
		return "", fmt.Errorf("webhook-timestamp is %s away", off.Round(time.Second))
	}
	signatures, err := single(d.Header, "webhook-signature", maxSignature)
	if err != nil {
		return "", err
	}
	var want [][]byte
	for _, key := range keys {
		if len(key) > 0 {
			want = append(want, sign(key, id, ts, d.Body))
		}
	}
	for i, s := range strings.Split(signatures, " ") {
		if i == maxSignatures {
			return "", errors.New("webhook-signature holds too many signatures")
		}
		text, ok := strings.CutPrefix(s, "v1,")
		if !ok {
			continue
		}
		mac, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			continue
		}
		for _, w := range want {
			if hmac.Equal(mac, w) {
				return id, nil
			}
		}
	}
	return "", errors.New("webhook-signature is by none of the keys")
}

// single returns the value of a header that must be there once, of 1 to limit
// bytes of printable ASCII, without blanks around it.
func single(h http.Header, name string, limit int) (string, error) {
	values := h.Values(name)
	if len(values) != 1 {
		return "", fmt.Errorf("%s is there %d times", name, len(values))
	}
	v := values[0]
	if v == "" || len(v) > limit || strings.TrimSpace(v) != v {
		return "", fmt.Errorf("%s is empty, too long or has blanks around it", name)
	}
	for i := range len(v) {
		if v[i] < ' ' || v[i] > '~' {
			return "", fmt.Errorf("%s holds a character that is not printable ASCII", name)
		}
	}
	return v, nil
}

// parseSeconds reads unix seconds, strictly: what differs in bytes and means
// the same would be signed twice.
func parseSeconds(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || strconv.FormatInt(n, 10) != s {
		return 0, errors.New("webhook-timestamp is no decimal number of seconds")
	}
	return n, nil
}

func sign(key []byte, id, ts string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + ts + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// Sign returns the value of webhook-signature for a delivery of ours or of a
// sample sender.
func Sign(key []byte, id string, at time.Time, body []byte) string {
	ts := strconv.FormatInt(at.Unix(), 10)
	return "v1," + base64.StdEncoding.EncodeToString(sign(key, id, ts, body))
}

const secretPrefix = "whsec_"

// NewSecret returns a secret of 32 random bytes as Standard Webhooks writes it.
func NewSecret() string {
	key := make([]byte, 32)
	rand.Read(key)
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// SecretKey returns the key that a secret stands for: the bytes of its base64
// part, at least 24 as the specification asks.
func SecretKey(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, secretPrefix)
	if !ok {
		return nil, errors.New("secret does not begin with " + secretPrefix)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	if len(key) < 24 || len(key) > 64 {
		return nil, fmt.Errorf("secret is of %d bytes, not 24 to 64", len(key))
	}
	return key, nil
}
