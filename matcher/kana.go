package matcher

import (
	"strings"
	"unicode"
)

// syllables holds the katakana and how Hepburn's romanisation writes each.
var syllables = func() map[rune]string {
	m := make(map[rune]string, 128)
	for _, row := range []string{
		"ア a イ i ウ u エ e オ o カ ka キ ki ク ku ケ ke コ ko ガ ga ギ gi グ gu ゲ ge ゴ go",
		"サ sa シ shi ス su セ se ソ so ザ za ジ ji ズ zu ゼ ze ゾ zo タ ta チ chi ツ tsu テ te ト to",
		"ダ da ヂ ji ヅ zu デ de ド do ナ na ニ ni ヌ nu ネ ne ノ no ハ ha ヒ hi フ fu ヘ he ホ ho",
		"バ ba ビ bi ブ bu ベ be ボ bo パ pa ピ pi プ pu ペ pe ポ po マ ma ミ mi ム mu メ me モ mo",
		"ヤ ya ユ yu ヨ yo ラ ra リ ri ル ru レ re ロ ro ワ wa ヰ i ヱ e ヲ o ン n ヴ vu ヵ ka ヶ ke",
	} {
		fields := strings.Fields(row)
		for i := 0; i < len(fields); i += 2 {
			m[[]rune(fields[i])[0]] = fields[i+1]
		}
	}
	return m
}()

// small holds the small katakana that change the syllable before them, and the
// vowel they change it to.
var small = map[rune]string{
	'ァ': "a", 'ィ': "i", 'ゥ': "u", 'ェ': "e", 'ォ': "o", 'ャ': "ya", 'ュ': "yu", 'ョ': "yo", 'ヮ': "wa",
}

const (
	doubled = 'ッ' // doubles the consonant after it
	drawn   = 'ー' // makes the vowel before it long
)

// romanized returns s with runs of kana in Latin letters, long vowels short as
// on passports ("Tokyo", not "Toukyou"). What follows a Latin letter or digit, or is
// followed by one, is another word.
func romanized(s string) string {
	if !strings.ContainsFunc(s, isKana) {
		return s
	}
	var b strings.Builder
	var run []rune
	last := ' '
	flush := func(next rune) {
		if len(run) == 0 {
			return
		}
		if isLatinOrDigit(last) {
			b.WriteByte(' ')
		}
		b.WriteString(hepburn(run))
		if isLatinOrDigit(next) {
			b.WriteByte(' ')
		}
		run = run[:0]
	}
	for _, r := range s {
		if isKana(r) {
			if 'ぁ' <= r && r <= 'ゖ' { // hiragana
				r += 'ァ' - 'ぁ'
			}
			run = append(run, r)
			continue
		}
		flush(r)
		b.WriteRune(r)
		last = r
	}
	flush(' ')
	return b.String()
}

func isKana(r rune) bool {
	return 'ぁ' <= r && r <= 'ゖ' || 'ァ' <= r && r <= 'ヶ' || r == drawn
}

func isLatinOrDigit(r rune) bool { return unicode.Is(unicode.Latin, r) || unicode.IsDigit(r) }

// hepburn returns a run of katakana in Latin letters.
func hepburn(run []rune) string {
	var out []byte
	double := false
	for _, r := range run {
		if vowel, ok := small[r]; ok {
			out = glide(out, vowel)
			continue
		}
		switch r {
		case doubled:
			double = true
			continue
		case drawn:
			continue
		}
		syllable := syllables[r]
		if double && syllable != "" {
			out = append(out, syllable[0])
			double = false
		}
		out = append(out, syllable...)
	}
	return longVowels.Replace(string(out))
}

// glide appends the vowel of a small kana in place of that of the syllable before
// it: "chi" and "e" make "che", "ki" and "ya" "kya", "shi" and "ya" "sha", "u" and
// "i" "wi".
func glide(out []byte, vowel string) []byte {
	n := len(out)
	switch {
	case n > 0 && out[n-1] == 'u' && (n == 1 || strings.IndexByte("aiueon", out[n-2]) >= 0):
		return append(append(out[:n-1], 'w'), vowel...)
	case n > 1 && (out[n-1] == 'i' || out[n-1] == 'u' || len(vowel) == 1 && out[n-1] == 'e' || len(vowel) == 1 && out[n-1] == 'o'):
		out = out[:n-1]
		if n > 2 && vowel[0] == 'y' && (out[n-2] == 'h' || out[n-2] == 'j') || n == 2 && out[0] == 'j' && vowel[0] == 'y' {
			vowel = vowel[1:]
		}
	}
	return append(out, vowel...)
}

var longVowels = strings.NewReplacer("ou", "o", "oo", "o", "uu", "u")
