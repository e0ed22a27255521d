package matcher

import (
	"slices"
	"testing"

	"github.com/hbollon/go-edlib"
	"pgregory.net/rapid"
)

// What has a fast road for most text must come out the same on the slow one.

func TestLevenshteinRoads(t *testing.T) {
	word := rapid.OneOf(rapid.StringMatching(`[abc]{0,70}`), rapid.StringMatching(`[abåö]{0,12}`))
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		got := Levenshtein(a, b)
		if want := edlib.LevenshteinDistance(a, b); got != want {
			t.Fatalf("Levenshtein(%q, %q) = %d, want %d", a, b, got, want)
		}
		if swaps := edlib.OSADamerauLevenshteinDistance(a, b); got > 2*swaps {
			t.Fatalf("Levenshtein(%q, %q) = %d, more than twice %d", a, b, got, swaps)
		}
	})
}

func TestFarApart(t *testing.T) {
	word := rapid.StringMatching(`([a-z]{1,12}|ph[aeo]{1,6}|[ckqvwyz]u?[abcå]{0,9}|[o0-9a]{1,5})`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "x"), word.Draw(t, "y")
		x, y := makeToken(a, a, false), makeToken(b, b, false)
		if farApart(&x, &y) && closeSim(&x, &y) != 0 {
			t.Fatalf("%q and %q are far apart, but agree", x.text, y.text)
		}
	})
}

func TestFoldRoads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringMatching(`[\x00-\x{24f}]{0,12}`), rapid.String()).Draw(t, "s")
		if got, want := Fold(s), foldAny(s); got != want {
			t.Fatalf("Fold(%q) = %q, want %q", s, got, want)
		}
	})
}

func TestWordsRoads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching("([a-e ]{0,6}|[&+'`.-]|'s|[a-c]'s? ){0,6}").Draw(t, "s")
		got, want := words(s), words(s+" \u3042")
		if !slices.Equal(got, want[:len(want)-1]) {
			t.Fatalf("words(%q) = %q, beside another script %q", s, got, want)
		}
	})
}
