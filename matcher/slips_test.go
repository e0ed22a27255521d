package matcher

import (
	"testing"

	"github.com/hbollon/go-edlib"
	"pgregory.net/rapid"
)

func TestSlipsOracle(t *testing.T) {
	word := rapid.OneOf(rapid.StringMatching(`[abc]{0,70}`), rapid.StringMatching(`[abåö]{0,12}`))
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		if got, want := slips(a, b), edlib.OSADamerauLevenshteinDistance(a, b); got != want {
			t.Fatalf("slips(%q, %q) = %d, want %d", a, b, got, want)
		}
	})
}
