package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"actnow"
)

// The cost of one hash: 64 MiB, three passes, one lane.
const (
	argonMemory  = 64 << 10 // KiB
	argonPasses  = 3
	argonLanes   = 1
	argonKeySize = 32
)

// Lengths of a password, in characters and in bytes. Nothing is cut.
const (
	passwordMin      = 10
	passwordMaxBytes = 1024
)

//go:embed passwords.txt
var commonPasswordList string

// commonPasswords are what guessers try first, in lower case.
var commonPasswords = func() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(commonPasswordList) {
		set[strings.TrimSpace(line)] = true
	}
	return set
}()

// hasher hashes passwords, two at once at most: each takes 64 MiB.
type hasher struct {
	memory uint32 // KiB
	slots  chan struct{}
	dummy  string // the hash of a password that nobody has
}

func newHasher(memory uint32) *hasher {
	h := &hasher{memory: memory, slots: make(chan struct{}, 2)}
	var salt, key [argonKeySize]byte
	rand.Read(salt[:16])
	rand.Read(key[:])
	h.dummy = h.phc(salt[:16], key[:])
	return h
}

// hash returns the argon2id hash of password in PHC form.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.take(ctx); err != nil {
		return "", err
	}
	defer h.release()
	var salt [16]byte
	rand.Read(salt[:])
	return h.phc(salt[:], argon2.IDKey([]byte(password), salt[:], argonPasses, h.memory, argonLanes, argonKeySize)), nil
}

// verify reports whether password belongs to hash. With no hash, because there
// is no such user, it takes as long and says no.
func (h *hasher) verify(ctx context.Context, hash, password string) (bool, error) {
	known := hash != ""
	if !known {
		hash = h.dummy
	}
	var version int
	var memory, passes uint32
	var lanes uint8
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("a password hash is not argon2id")
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, fmt.Errorf("password hash: version %q", parts[2])
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil || memory > 1<<20 || passes == 0 || passes > 100 || lanes == 0 {
		return false, fmt.Errorf("password hash: parameters %q", parts[3])
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("password hash: salt: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) == 0 {
		return false, fmt.Errorf("password hash: key: %w", err)
	}
	if err := h.take(ctx); err != nil {
		return false, err
	}
	defer h.release()
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

func (h *hasher) take(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *hasher) release() { <-h.slots }

func (h *hasher) phc(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, argonPasses, argonLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// checkPassword returns an *actnow.InputError if a new password is too easy to
// guess: short, well known, or the person's own address or name.
func checkPassword(password, email, name string) error {
	lower := strings.ToLower(password)
	local, _, _ := strings.Cut(strings.ToLower(email), "@")
	switch {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return actnow.Invalid("error.password_text", "password", "the password must be text")
	case utf8.RuneCountInString(password) < passwordMin:
		return actnow.Invalid("error.password_short", "password", "a password has at least %d characters", passwordMin)
	case len(password) > passwordMaxBytes:
		return actnow.Invalid("error.password_long", "password", "a password has at most %d bytes", passwordMaxBytes)
	case commonPasswords[lower], commonPasswords[strings.TrimRight(lower, "0123456789!.")], sameRune(lower):
		return actnow.Invalid("error.password_common", "password", "this password is among the first that guessers try")
	case lower == strings.ToLower(email), len(local) > 3 && strings.Contains(lower, local) && len(lower) < len(local)+6,
		name != "" && lower == strings.ToLower(name):
		return actnow.Invalid("error.password_own", "password", "a password must not be your own address or name")
	}
	return nil
}

// sameRune reports whether s is one character over and over.
func sameRune(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	for _, r := range s {
		if r != first {
			return false
		}
	}
	return true
}
