package web

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestPasswordHash(t *testing.T) {
	h := newHasher(argonMemory)
	hash, err := h.hash(t.Context(), "lösen\x00ord")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=3,p=1$") {
		t.Errorf("hash = %s", hash)
	}
	for _, tt := range []struct {
		hash, password string
		want           bool
	}{{hash, "lösen\x00ord", true}, {hash, "lösen", false}, {hash, "", false}, {"", "", false}, {"", "anything", false}} {
		if got, err := h.verify(t.Context(), tt.hash, tt.password); got != tt.want || err != nil {
			t.Errorf("verify(%.20q, %q) = %v, %v; want %v", tt.hash, tt.password, got, err, tt.want)
		}
	}
	cheap := newHasher(64)
	if again, err := cheap.hash(t.Context(), "x"); err != nil || again == hash {
		t.Errorf("hash = %s, %v", again, err)
	}
}

func TestPasswordHashRefusesNonsense(t *testing.T) {
	h := newHasher(64)
	for _, hash := range []string{"x", "$argon2i$v=19$m=64,t=3,p=1$AA$AA", "$argon2id$v=18$m=64,t=3,p=1$AA$AA", "$argon2id$v=19$m=99999999,t=3,p=1$AA$AA",
		"$argon2id$v=19$m=64,t=0,p=1$AA$AA", "$argon2id$v=19$m=64,t=3,p=0$AA$AA", "$argon2id$v=19$m=64,t=3,p=1$!$AA", "$argon2id$v=19$m=64,t=3,p=1$AA$", "$argon2id$v=19$$$"} {
		if ok, err := h.verify(t.Context(), hash, "x"); ok || err == nil {
			t.Errorf("verify(%q) = %v, %v", hash, ok, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	h := newHasher(64)
	f.Add("$argon2id$v=19$m=64,t=3,p=1$AAAA$AAAA")
	f.Fuzz(func(t *testing.T, hash string) {
		if strings.Contains(hash, "m=") && !strings.Contains(hash, "m=64,t=3,p=1$") {
			return // not the time it takes is looked for
		}
		if ok, _ := h.verify(t.Context(), hash, "x"); ok {
			t.Errorf("verify(%q) said yes", hash)
		}
	})
}

func TestTwoHashesAtOnce(t *testing.T) {
	h := newHasher(64)
	for range 2 {
		if err := h.take(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.hash(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("a third hash began: %v", err)
	}
	h.release()
	if _, err := h.hash(t.Context(), "x"); err != nil {
		t.Error(err)
	}
}
