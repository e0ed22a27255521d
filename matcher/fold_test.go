package matcher_test

import (
	"testing"
	"unicode/utf8"

	"actnow/matcher"
)

func TestFold(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Åsa", "asa"},
		{"A\u030asa", "asa"}, // the ring as a code point of its own
		{"STRAẞE", "strasse"},
		{"Straße", "strasse"},
		{"İstanbul", "istanbul"},
		{"Diyarbakır", "diyarbakir"},
		{"ﬁnans", "finans"},
		{"Ｃｏｎｔｏｓｏ", "contoso"},
		{"Con\u200dtoso\u00ad", "contoso"},
		{"Łódź", "lodz"},
		{"Đuro Ðakovic", "duro dakovic"},
		{"Þór", "thor"},
		{"Ægir", "aegir"},
		{"Ørsted", "orsted"},
		{"Газпром", "gazprom"},
		{"Ελλάδα", "ellada"},
		{"株式会社", "株式会社"},
		{"บริษัท", "บริษัท"},
		{"ｶﾀｶﾅ", "katakana"},
		{"한국", "한국"},
		{"plain text", "plain text"},
		{"bad \xff byte", "bad   byte"},
	}
	for _, tt := range tests {
		if got := matcher.Fold(tt.in); got != tt.want {
			t.Errorf("Fold(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"", "Åsa", "A\u030a", "ẞ", "İ", "ﬁ", "Ｃ", "\u200d", "\xff", "ｶﾞ", "ǅ", "ϔ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := matcher.Fold(s)
		if !utf8.ValidString(once) {
			t.Fatalf("Fold(%q) = %q is not UTF-8", s, once)
		}
		if twice := matcher.Fold(once); twice != once {
			t.Fatalf("Fold(%q) = %q, and folded again %q", s, once, twice)
		}
	})
}
