package actnow_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"actnow"
)

func TestNormalAddress(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"Anna.Berg@Contoso.Example", "anna.berg@contoso.example"},
		{"o'neil+list@b.example", "o'neil+list@b.example"},
		{"åsa@exempel.example", "åsa@exempel.example"},
		{"a@bücher.example", "a@bücher.example"},
		{strings.Repeat("a", 64) + "@b.example", strings.Repeat("a", 64) + "@b.example"},
		{strings.Repeat("a", 65) + "@b.example", ""},
		{"a@" + strings.Repeat("b", 64) + ".example", ""},
		{"a@" + strings.Repeat("b.", 130) + "example", ""},
		{"a@localhost", ""},
		{"a@10.0.0.1", ""},
		{"a@b@c.example", ""},
		{"Anna <a@b.example>", ""},
		{"\"a b\"@b.example", ""},
		{"a\x00@b.example", ""},
		{"a@b.example\n", ""},
		{"a@b.example.", ""},
		{"a\u200b@b.example", ""},
		{"a\xff@b.example", ""},
	}
	for _, tt := range tests {
		got, err := actnow.NormalAddress(tt.in)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("NormalAddress(%q) = %q, %v, want %q", tt.in, got, err, tt.want)
		}
		if err != nil && !errors.Is(err, actnow.ErrInvalid) {
			t.Errorf("NormalAddress(%q) error %v does not match ErrInvalid", tt.in, err)
		}
	}
}

func TestNormalAddressCorpus(t *testing.T) {
	t.Parallel()
	const corpus = "../shared/badinputs/own/address.jsonl"
	f, err := os.Open(corpus)
	if err != nil {
		t.Skipf("no corpus: %v", err)
	}
	defer f.Close()
	n := 0
	for sc := bufio.NewScanner(f); sc.Scan(); n++ {
		var c struct {
			Address string
			Valid   bool
		}
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if _, err := actnow.NormalAddress(c.Address); (err == nil) != c.Valid {
			t.Errorf("NormalAddress(%q): %v, want valid %v", c.Address, err, c.Valid)
		}
	}
	if n == 0 {
		t.Error("the corpus is empty")
	}
}

func FuzzNormalAddress(f *testing.F) {
	f.Add("Anna@Contoso.Example")
	f.Add("a@b\r\nBcc: x@evil.example")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := actnow.NormalAddress(s)
		if err != nil {
			return
		}
		if strings.ContainsAny(got, "\r\n\x00 <>,;:\"") || strings.Count(got, "@") != 1 {
			t.Errorf("NormalAddress(%q) = %q", s, got)
		}
		if again, err := actnow.NormalAddress(got); err != nil || again != got {
			t.Errorf("NormalAddress is not stable: %q, %q, %v", got, again, err)
		}
	})
}
