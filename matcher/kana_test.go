package matcher

import (
	"slices"
	"testing"
)

// Names as their owners romanise them.
func TestRomanized(t *testing.T) {
	for _, tt := range []struct{ kana, want string }{
		{"トヨタ", "toyota"},
		{"メイホー", "meiho"},
		{"ヨネックス", "yonekkusu"},
		{"キャノン", "kyanon"},
		{"シャープ", "shapu"},
		{"チェック", "chekku"},
		{"ジェイテック", "jeitekku"},
		{"ジャパン", "japan"},
		{"ニュース", "nyusu"},
		{"フィルム", "firumu"},
		{"ティーダ", "tida"},
		{"ウィング", "wingu"},
		{"ヴァイオリン", "vaiorin"},
		{"クォーツ", "kotsu"},
		{"とうきょう", "tokyo"},
		{"ソニー", "soni"},
		{"ン", "n"},
		{"ー", ""},
		{"ッ", ""},
		{"ャ", "ya"},
		{"NHKサービス21", "NHK sabisu 21"},
		{"contoso", "contoso"},
	} {
		got := romanized(tt.kana)
		if got != tt.want {
			t.Errorf("romanized(%q) = %q, want %q", tt.kana, got, tt.want)
		}
		if romanized(got) != got {
			t.Errorf("romanized(%q) = %q is not done", tt.kana, got)
		}
	}
}

func TestUnbrokenWords(t *testing.T) {
	for _, tt := range []struct {
		name string
		want []string
	}{
		{"北海道大学", []string{"北海道", "大学"}},
		{"東京都大学", []string{"東京", "都", "大学"}},
		{"トクセン工業株式会社", []string{"tokusen", "工業", "株式会社"}},
		{"徳倉建設株式会社", []string{"徳倉", "建設", "株式会社"}},
		{"甲乙丙丁", []string{"甲乙", "乙丙", "丙丁"}},
	} {
		if got := words(Fold(tt.name)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	n := readName("徳倉建設株式会社", "JP", nil)
	if len(n.variants) == 0 || len(n.forms) == 0 || n.forms[0].class != "kk" || n.variants[0].compact != "徳倉construction" || !n.variants[0].mixed {
		t.Errorf("read as %+v", n)
	}
}
