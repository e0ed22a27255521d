package matcher

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Text that has a letter has words, and no word is empty.
func FuzzWords(f *testing.F) {
	for _, s := range []string{"", "A.B.C. & Co", "L'Oréal's", "株式会社さくら", "'s", "บริษัท", "ｶﾞ", "a\u0301 b", "İ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folded := Fold(s)
		list := words(folded)
		for _, w := range list {
			if w == "" || !utf8.ValidString(w) || strings.ContainsFunc(w, unicode.IsSpace) {
				t.Fatalf("words(%q) = %q", folded, list)
			}
		}
		if len(list) == 0 && strings.ContainsFunc(folded, unicode.IsLetter) {
			t.Fatalf("%q has letters and no words", folded)
		}
	})
}
