package campaigns

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"actnow"
)

// Purpose is what a token may be used for. A token of one purpose is none for
// another.
type Purpose byte

// The purposes.
const (
	PurposeUnsubscribe Purpose = 'u'
	PurposeView        Purpose = 'v'
	PurposeClick       Purpose = 'c'
	PurposeOpen        Purpose = 'o'
)

// TokenKey is a secret that signs tokens. Its ID stands in each token, so that a
// new key can take over while the old one still reads.
type TokenKey struct {
	ID     byte
	Secret []byte // at least 32 bytes
}

// Tokens makes and reads the tokens in the links of a mail. They hold no
// address: a row of the ledger, a hash of the address, and a MAC over both.
type Tokens struct {
	keys []TokenKey // the first signs
}

// NewTokens returns Tokens that sign with the first key and read with all.
func NewTokens(keys ...TokenKey) (*Tokens, error) {
	if len(keys) == 0 {
		return nil, errors.New("tokens: no key")
	}
	seen := map[byte]bool{}
	for _, k := range keys {
		if len(k.Secret) < 32 {
			return nil, fmt.Errorf("tokens: key %d is shorter than 32 bytes", k.ID)
		}
		if seen[k.ID] {
			return nil, fmt.Errorf("tokens: two keys with the id %d", k.ID)
		}
		seen[k.ID] = true
	}
	return &Tokens{keys: keys}, nil
}

// A token is 48 bytes: version, key id, purpose, 5 bytes of the address's hash,
// 8 bytes of the row, 32 bytes of HMAC-SHA256 over all before it; 64 letters of
// base64url. Its length leaves no unused bits that could be changed unseen.
const (
	tokenVersion = 1
	tokenBody    = 16
	tokenSize    = tokenBody + sha256.Size
	addressBytes = 5
)

var tokenEncoding = base64.RawURLEncoding.Strict()

// Sign returns the token of a ledger row and the address it was sent to. It is
// the same on every call with the same key.
func (t *Tokens) Sign(p Purpose, row actnow.LedgerID, address string) string {
	var b [tokenSize]byte
	b[0], b[1], b[2] = tokenVersion, t.keys[0].ID, byte(p)
	hash := addressHash(address)
	copy(b[3:8], hash[:])
	binary.BigEndian.PutUint64(b[8:16], uint64(row))
	sum := t.mac(t.keys[0], b[:tokenBody])
	copy(b[tokenBody:], sum[:])
	return tokenEncoding.EncodeToString(b[:])
}

// Claim is what a token says.
type Claim struct {
	Row  actnow.LedgerID
	hash [addressBytes]byte
}

// For reports whether the claim is about this address. A row whose address was
// erased or changed since is no longer what the token was made for.
func (c Claim) For(address string) bool { return c.hash == addressHash(address) }

// Verify reads a token. ok is false for everything but an unchanged token of
// this purpose; the time it takes depends on nothing but the length.
func (t *Tokens) Verify(p Purpose, token string) (c Claim, ok bool) {
	// The decoder skips line breaks, so the length is looked at first and the
	// letters are compared after.
	var b [tokenSize]byte
	well := len(token) == tokenEncoding.EncodedLen(tokenSize)
	if well {
		n, err := tokenEncoding.Decode(b[:], []byte(token))
		well = err == nil && n == tokenSize && tokenEncoding.EncodeToString(b[:]) == token
	}
	// An unknown key id is checked against the first key, so that it takes the
	// same time and is refused by its MAC.
	key := t.keys[0]
	known := false
	for _, k := range t.keys {
		if k.ID == b[1] {
			key, known = k, true
		}
	}
	sum := t.mac(key, b[:tokenBody])
	signed := hmac.Equal(sum[:], b[tokenBody:])
	if !well || !known || !signed || b[0] != tokenVersion || b[2] != byte(p) {
		return Claim{}, false
	}
	c.Row = actnow.LedgerID(binary.BigEndian.Uint64(b[8:16]))
	copy(c.hash[:], b[3:8])
	return c, true
}

func (t *Tokens) mac(k TokenKey, body []byte) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, k.Secret)
	h.Write([]byte("actnow mail link\x00"))
	h.Write(body)
	h.Sum(sum[:0])
	return sum
}

// addressHash returns a short hash of an address without regard to case and
// space. It is too short to find the address by.
func addressHash(address string) (short [addressBytes]byte) {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(address))))
	copy(short[:], sum[:])
	return short
}

// MessageID returns the Message-ID of a ledger row, with angle brackets. It is
// the same on every try. domain is that of the sender.
func MessageID(row actnow.LedgerID, domain string) string {
	return fmt.Sprintf("<actnow.%d@%s>", row, strings.ToLower(domain))
}

// RowOfMessageID reads the row from a Message-ID of MessageID, with or without
// brackets.
func RowOfMessageID(id, domain string) (actnow.LedgerID, bool) {
	id = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(id), "<"), ">")
	return rowOf(id, "actnow.", domain)
}

// ReturnPath returns the envelope sender of a ledger row, to which reports of
// non-delivery come back.
func ReturnPath(row actnow.LedgerID, domain string) string {
	return fmt.Sprintf("bounce+%d@%s", row, strings.ToLower(domain))
}

// RowOfReturnPath reads the row from an address of ReturnPath. Anybody can write
// such an address: what arrives there is a claim, to be held against the row.
func RowOfReturnPath(address, domain string) (actnow.LedgerID, bool) {
	return rowOf(strings.TrimSpace(address), "bounce+", domain)
}

func rowOf(s, prefix, domain string) (actnow.LedgerID, bool) {
	at := strings.LastIndexByte(s, '@')
	if at < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) || !strings.EqualFold(s[at+1:], domain) {
		return 0, false
	}
	digits := s[len(prefix):at]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || strconv.FormatInt(n, 10) != digits {
		return 0, false
	}
	return actnow.LedgerID(n), true
}
