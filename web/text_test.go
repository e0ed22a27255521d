package web

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"actnow"
	"actnow/campaigns"
	"actnow/matcher"
)

var places = regexp.MustCompile(`\{\d+\}`)

func TestCataloguesAreEqual(t *testing.T) {
	all, err := readCatalogues()
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, Languages) {
		t.Fatalf("catalogues for %v, want %v", got, Languages)
	}
	en, sv := all["en"], all["sv"]
	for key, m := range en {
		other, ok := sv[key]
		if !ok {
			t.Errorf("%s has no Swedish sentence", key)
			continue
		}
		if (m.one == "") != (other.one == "") {
			t.Errorf("%s has numbers in one language only", key)
		}
		for _, pair := range [][2]string{{m.one, other.one}, {m.other, other.other}} {
			a, b := places.FindAllString(pair[0], -1), places.FindAllString(pair[1], -1)
			slices.Sort(a)
			slices.Sort(b)
			if !slices.Equal(slices.Compact(a), slices.Compact(b)) {
				t.Errorf("%s fills %v in English and %v in Swedish", key, a, b)
			}
		}
		if m.other == "" || other.other == "" {
			t.Errorf("%s is empty", key)
		}
	}
	for key := range sv {
		if _, ok := en[key]; !ok {
			t.Errorf("%s has no English sentence", key)
		}
	}
}

func newText(t *testing.T, lang string, extra Messages) *Text {
	t.Helper()
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Skip("no zone data:", err)
	}
	texts, err := newTexts(extra, stockholm)
	if err != nil {
		t.Fatal(err)
	}
	return texts[lang]
}

func TestNumbersAndDates(t *testing.T) {
	en, sv := newText(t, "en", nil), newText(t, "sv", nil)
	at := time.Date(2026, 11, 25, 8, 5, 0, 0, time.UTC)
	low, high := int64(31_000_000), int64(42_000_000)
	for _, tt := range []struct{ name, gotEN, wantEN, gotSV, wantSV string }{
		{"number", en.Number(4812), "4,812", sv.Number(4812), "4 812"},
		{"negative", en.Number(-1234567), "−1,234,567", sv.Number(-1234567), "−1 234 567"},
		{"small", en.Number(-12), "−12", sv.Number(0), "0"},
		{"signed", en.Signed(28), "+28", sv.Signed(-9), "−9"},
		{"unchanged", en.Signed(0), "±0", sv.SignedDecimal(0, 1), "±0,0"},
		{"decimal", en.Decimal(1234.5, 1), "1,234.5", sv.Decimal(1234.5, 1), "1 234,5"},
		{"signed decimal", en.SignedDecimal(8.94, 1), "+8.9", sv.SignedDecimal(-0.6, 1), "−0,6"},
		{"percent", en.Percent(0.63), "63%", sv.Percent(0.63), "63 %"},
		{"below a threshold", en.Certainty(0.9799), "97%", sv.Certainty(0.2999), "29 %"},
		{"as good as sure", en.Certainty(0.9999), ">99%", sv.Certainty(1), "100 %"},
		{"not quite all", en.Percent(0.999), ">99%", sv.Percent(0.001), "<1 %"},
		{"money", en.Money(64000000, "SEK"), "SEK 640,000", sv.Money(64000050, "SEK"), "640 000,50 kr"},
		{"other money", en.Money(-150, "EUR"), "EUR −1.50", sv.Money(150, "EUR"), "1,50 EUR"},
		{"millions", en.MoneyShort(410_000_000, "SEK"), "SEK 4.1 M", sv.MoneyShort(410_000_000, "SEK"), "4,1 mn kr"},
		{"revenue", en.Revenue(actnow.MoneyRange{Low: &low, High: &high, Currency: "SEK"}), "SEK 310,000–420,000", sv.Revenue(actnow.MoneyRange{Low: &low, Currency: "SEK"}), "från 310 000 kr"},
		{"no revenue", en.Revenue(actnow.MoneyRange{}), "no estimate", sv.Sums(nil), "ingen uppskattning"},
		{"two currencies", en.Sums([]actnow.Money{{Minor: 410_000_000, Currency: "SEK"}, {Minor: 1_200_000, Currency: "EUR"}}), "SEK 4.1 M + EUR 12 k", sv.Sums([]actnow.Money{{Minor: 10000, Currency: "SEK"}}), "100 kr"},
		{"date", en.Date(at), "25 Nov 2026", sv.Date(at), "25 nov 2026"},
		{"long date", en.DateLong(at), "Wednesday 25 November 2026", sv.DateLong(at), "onsdag 25 november 2026"},
		{"time", en.Time(at), "09:05", sv.Time(at), "09.05"},
		{"no date", en.Date(time.Time{}), "–", sv.DateTime(time.Time{}), "–"},
		{"month", en.Month("2026-11"), "November 2026", sv.Month("2026-11"), "november 2026"},
		{"cluster", en.Cluster(actnow.ActNow), "Act Now", sv.Cluster(""), "Ingen poäng"},
		{"band", en.Band(actnow.VeryLow), "Very low", sv.Band(actnow.High), "Hög"},
		{"one", en.TN("scope.locations", 1), "1 location", sv.TN("scope.locations", 1), "1 plats"},
		{"many", en.TN("scope.locations", 1200), "1,200 locations", sv.TN("scope.locations", 0), "0 platser"},
		{"unknown key", en.T("no.such.key"), "no.such.key", sv.TN("no.such.key", 2), "no.such.key"},
	} {
		space := strings.NewReplacer(nbsp, " ")
		if got := space.Replace(tt.gotEN); got != tt.wantEN {
			t.Errorf("%s in English = %q, want %q", tt.name, got, tt.wantEN)
		}
		if got := space.Replace(tt.gotSV); got != tt.wantSV {
			t.Errorf("%s in Swedish = %q, want %q", tt.name, got, tt.wantSV)
		}
	}
}

func TestMessagesOfPackages(t *testing.T) {
	merged := MergeMessages(map[string][2]string{"error.odd": {"{0} is odd", "{0} är udda"}}, map[string][2]string{"error.month": {"mine", "min"}})
	sv := newText(t, "sv", merged)
	if got, want := sv.Error(actnow.Invalid("error.odd", "n", "%d is odd", 12345)), "12"+nbsp+"345 är udda"; got != want {
		t.Errorf("Error = %q, want %q", got, want)
	}
	if got := sv.T("error.month", "x"); got == "min" {
		t.Error("a package took a sentence of the catalogue")
	}
	at := &actnow.InputError{Code: "nothing.here", Text: "broken", Line: 7}
	if got, want := sv.Error(at), "rad 7: broken"; got != want {
		t.Errorf("Error = %q, want %q", got, want)
	}
}

func TestSentencesWithLinksAreSafe(t *testing.T) {
	en := newText(t, "en", Messages{"test.worth": {"Worth <b> about {0}, said {1}", "-"}})
	a, err := link("/customers?x=1&y=2", "SEK <4> M")
	if err != nil {
		t.Fatal(err)
	}
	got := string(en.HTML("test.worth", a, "<script>{0}"))
	want := `Worth &lt;b&gt; about <a href="/customers?x=1&amp;y=2">SEK &lt;4&gt; M</a>, said &lt;script&gt;{0}`
	if got != want {
		t.Errorf("HTML = %s, want %s", got, want)
	}
	if _, err := link("https://evil.example/", "x"); err == nil {
		t.Error("a link led away")
	}
}

func TestPickLanguage(t *testing.T) {
	for _, tt := range []struct{ cookie, user, accept, want string }{
		{"", "", "", "en"},
		{"", "", "sv-SE,sv;q=0.9,en;q=0.8", "sv"},
		{"", "", "de-DE,de;q=0.9", "en"},
		{"", "", "en-GB,sv;q=0.5", "en"},
		{"", "", "\x00;;;q=x", "en"},
		{"", "sv", "en", "sv"},
		{"en", "sv", "sv", "en"},
		{"xx", "", "sv", "sv"},
	} {
		if got := pickLanguage(tt.cookie, tt.user, tt.accept); got != tt.want {
			t.Errorf("pickLanguage(%q, %q, %q) = %q, want %q", tt.cookie, tt.user, tt.accept, got, tt.want)
		}
	}
}

func FuzzPickLanguage(f *testing.F) {
	f.Add("sv-SE,sv;q=0.9", "sv")
	f.Fuzz(func(t *testing.T, accept, cookie string) {
		if got := pickLanguage(cookie, "", accept); !slices.Contains(Languages, got) {
			t.Errorf("pickLanguage answered %q", got)
		}
	})
}

func TestLocalPath(t *testing.T) {
	for in, want := range map[string]string{
		"/": "/", "/customers?q=1#x": "/customers?q=1#x", "": "/", "customers": "/", "//evil.example": "/", `/\evil.example`: "/",
		"https://evil.example": "/", "/\t/evil.example": "/", "/a\r\nSet-Cookie: x": "/", "javascript:alert(1)": "/",
	} {
		if got := localPath(in); got != want {
			t.Errorf("localPath(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	f.Add("//evil.example")
	f.Fuzz(func(t *testing.T, to string) {
		got := localPath(to)
		if !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t") {
			t.Errorf("localPath(%q) = %q leaves the host", to, got)
		}
	})
}

func TestCSVCell(t *testing.T) {
	for in, want := range map[string]string{"": "", "a": "a", "=1+1": "'=1+1", "@x": "'@x", "-2": "'-2", "+3": "'+3", "\tx": "'\tx", "＝1": "'＝1", " =1": "' =1", "5": "5"} {
		if got := csvCell(in); got != want {
			t.Errorf("csvCell(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestPairSentence holds that the sentence names what the records say, not what
// is done to the sum.
func TestPairSentence(t *testing.T) {
	text := newText(t, "en", matcher.Messages)
	got := pairSentence(text, actnow.ReviewCandidate{Probability: 0.9799}, []matcher.Comparison{
		{Field: "start", Bits: -9, Code: "match.start"}, {Field: "city", Bits: 2, Code: "match.city.equal"},
		{Field: "together", Bits: 8, Code: "match.together"}, {Field: "calibration", Bits: 7, Code: "match.calibration"}, {Field: "rivals", Bits: -6, Code: "match.rivals"},
	})
	if want := "Same city. Of 100 pairs like this about 97 are the same."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Findings write days as pages do, and networks by their names.
func TestFindingsSpeakTheLanguage(t *testing.T) {
	text := newText(t, "sv", MergeMessages(campaigns.Messages))
	for _, tt := range []struct {
		code string
		args []any
		want string
	}{
		{"preflight.expires_later", []any{"2029-06-30"}, "Paketet gäller till 30\u00a0juni\u00a02029"},
		{"preflight.not_mail", []any{"file", "linkedin"}, "Steg file går till LinkedIn och ingår inte i det här utskicket"},
	} {
		if got := findingSentence(text, campaigns.Finding{Code: tt.code, Args: tt.args}); got != tt.want {
			t.Errorf("%s says %q, want %q", tt.code, got, tt.want)
		}
	}
}
