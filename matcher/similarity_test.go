package matcher_test

import (
	"math"
	"strings"
	"testing"

	"github.com/hbollon/go-edlib"
	"pgregory.net/rapid"

	"actnow/matcher"
)

func TestJaroWinkler(t *testing.T) {
	// The first eight are of Winkler, "Overview of Record Linkage and Current
	// Research Directions" (2006), table 6, which gives three decimals.
	tests := []struct {
		a, b string
		want float64
	}{
		{"shackleford", "shackelford", 0.982},
		{"dunningham", "cunnigham", 0.896},
		{"nichleson", "nichulson", 0.956},
		{"massey", "massie", 0.933},
		{"abroms", "abrams", 0.922},
		{"jeraldine", "geraldine", 0.926},
		{"marhta", "martha", 0.961},
		{"michelle", "michael", 0.921},
		{"dwayne", "duane", 0.840},
		{"dixon", "dicksonx", 0.813},
		{"", "", 1},
		{"", "a", 0},
		{"a", "a", 1},
		{"a", "b", 0},
		{"åäö", "åäö", 1},
	}
	for _, tt := range tests {
		for _, got := range []float64{matcher.JaroWinkler(tt.a, tt.b), matcher.JaroWinkler(tt.b, tt.a)} {
			if math.Abs(got-tt.want) > 0.0006 {
				t.Errorf("JaroWinkler(%q, %q) = %.4f, want %.3f", tt.a, tt.b, got, tt.want)
			}
		}
	}
}

func TestLevenshtein(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"kitten", "sitting", 3},
		{"saturday", "sunday", 3},
		{"intention", "execution", 5},
		{"", "", 0},
		{"", "abc", 3},
		{"åsa", "asa", 1},
		{"göteborg", "goteborg", 1},
		{strings.Repeat("a", 64), strings.Repeat("a", 63) + "b", 1},
		{strings.Repeat("ab", 40), strings.Repeat("ab", 39), 2},
	}
	for _, tt := range tests {
		if got := matcher.Levenshtein(tt.a, tt.b); got != tt.want {
			t.Errorf("Levenshtein(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestLevenshteinOracle(t *testing.T) {
	word := rapid.OneOf(rapid.StringMatching(`[abc ]{0,80}`), rapid.StringMatching(`[a-zåäö]{0,12}`))
	var p matcher.Pattern
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		p.Set(a)
		if got, want := p.JaroWinkler(b), matcher.JaroWinkler(a, b); got != want {
			t.Fatalf("a pattern of %q that was used before is %v like %q, want %v", a, got, b, want)
		}
		if got, want := matcher.Levenshtein(a, b), edlib.LevenshteinDistance(a, b); got != want {
			t.Fatalf("Levenshtein(%q, %q) = %d, want %d", a, b, got, want)
		}
	})
}

// The bits of a word and slices of characters must agree on any text: the same
// text written in another alphabet takes the other road.
func TestJaroWinklerRoads(t *testing.T) {
	other := func(s string) string {
		return strings.Map(func(r rune) rune { return r + 0x4e00 }, s)
	}
	word := rapid.StringMatching(`[abcd]{0,64}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		got, want := matcher.JaroWinkler(a, b), matcher.JaroWinkler(other(a), other(b))
		if got != want || got < 0 || got > 1 {
			t.Fatalf("JaroWinkler(%q, %q) = %v in ASCII, %v outside", a, b, got, want)
		}
	})
}

// BenchmarkSimilarity compares a company-like word with a thousand others.
func BenchmarkSimilarity(b *testing.B) {
	var words []string
	for i := range uint64(1000) {
		words = append(words, matcher.Fold(word(i)))
	}
	run := func(name string, compare func(x string)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				compare(words[i%1000])
			}
			b.ReportMetric(float64(b.N)*1e-3/b.Elapsed().Seconds(), "Mpairs/s")
		})
	}
	each := func(f func(x, y string)) func(x string) {
		return func(x string) {
			for _, y := range words {
				f(x, y)
			}
		}
	}
	var p matcher.Pattern
	run("JaroWinkler/prepared", func(x string) {
		p.Set(x)
		for _, y := range words {
			p.JaroWinkler(y)
		}
	})
	run("JaroWinkler", each(func(x, y string) { matcher.JaroWinkler(x, y) }))
	run("JaroWinkler/edlib", each(func(x, y string) { edlib.JaroWinklerSimilarity(x, y) }))
	run("Levenshtein/prepared", func(x string) {
		p.Set(x)
		for _, y := range words {
			p.Levenshtein(y)
		}
	})
	run("Levenshtein", each(func(x, y string) { matcher.Levenshtein(x, y) }))
	run("Levenshtein/edlib", each(func(x, y string) { edlib.LevenshteinDistance(x, y) }))
}
