package insights

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// FuzzRecords: how a file is cut into pieces on its way does not matter, and
// nothing makes it panic.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{"", "a,b\r\n1,2\r\n", "a\n\"1\n2\"\n\n \n3", "\"", "\ufeffa\n\"x\"\"\ny\"\r\n"} {
		f.Add(seed, uint64(1))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		whole, pieces := newRecords(), newRecords()
		if n, err := whole.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatalf("wrote %d of %d bytes, %v", n, len(text), err)
		}
		whole.end()
		random := rand.New(rand.NewPCG(seed, 1))
		for rest := text; rest != ""; {
			n := 1 + random.IntN(len(rest))
			if _, err := pieces.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		pieces.end()
		if whole.n != pieces.n || whole.content() != pieces.content() {
			t.Errorf("%q: %d records whole, %d in pieces, or another content", text, whole.n, pieces.n)
		}
		if whole.n > int64(strings.Count(text, "\n"))+1 {
			t.Errorf("%q has %d records", text, whole.n)
		}
	})
}
