package scoring_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"actnow"
	"actnow/scoring"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var november = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

func day(month time.Month, d int) time.Time { return time.Date(2026, month, d, 0, 0, 0, 0, time.UTC) }

// ridgeway is a customer of whom much is known.
func ridgeway() scoring.Facts {
	size := int64(120)
	report := day(11, 25)
	return scoring.Facts{
		Customer: 7, OrgSize: &size, Segment: actnow.MediumSegment,
		Industry: "Manufacturing", Vertical: "Machinery", Country: "Sweden",
		Flags: map[string]scoring.Flag{
			"Has M365": {Yes: true, At: report}, "Has Azure": {At: report}, "HasAWS": {Yes: true, At: report},
			"HasGoogle": {At: report}, "TransactedInTheLast36Months": {Yes: true, At: report},
			"Azure_Windows Server OR SQL Server: EOS 2012":         {Yes: true, At: report},
			"D365_M365 Customer with No BC with <300 Employees":    {Yes: true, At: report},
			"D365 cohort: Migrate on-premises to Business Central": {Yes: true, At: report},
		},
		Values: map[string]scoring.Value{"NumberofRecommendedWorkloads": {Text: "3", At: report}},
		Events: []scoring.Event{
			{Kind: "opportunity_open", Area: actnow.Azure, At: day(10, 1), Amount: 1200000},
			{Kind: "opportunity_lost", Area: actnow.D365BC, At: day(2, 3)},
			{Kind: "agreement_end", Area: actnow.M365, At: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), KnownAt: report},
			{Kind: "transaction", Area: actnow.M365, At: day(9, 15), Seats: 20},
		},
	}
}

func TestCardReasons(t *testing.T) {
	var b strings.Builder
	for _, p := range scoring.NewScorer(scoring.Cards()).Score(ridgeway(), november, scoring.Quadrants()) {
		fmt.Fprintf(&b, "%s: %s %s\n", p.Area, p.Cell, p.Cluster)
		for _, s := range []struct {
			name string
			scoring.Score
		}{{"fit", p.Fit}, {"intent", p.Intent}} {
			fmt.Fprintf(&b, "  %s %g\n", s.name, *s.Points)
			for _, part := range s.Parts {
				at := "-"
				if !part.At.IsZero() {
					at = part.At.Format(time.DateOnly)
				}
				fmt.Fprintf(&b, "    %+g  %s  [%s | %s | %s]\n", part.Points, part.Text, part.Code, part.Value, at)
			}
		}
	}
	const golden = "testdata/reasons.golden.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", golden, diff)
	}
}

func TestNoFactNoClaim(t *testing.T) {
	scorer := scoring.NewScorer(scoring.Cards())
	size := int64(0)
	for name, f := range map[string]scoring.Facts{
		"nothing": {Customer: 1},
		"size 0":  {Customer: 1, OrgSize: &size},
		"foreign": {Customer: 1, Country: "Sweden", Flags: map[string]scoring.Flag{"Likes tea": {Yes: true}}, Values: map[string]scoring.Value{"NumberofRecommendedWorkloads": {Text: " "}}},
		"too new": {Customer: 1, Flags: map[string]scoring.Flag{"Has M365": {Yes: true, At: day(12, 1)}}},
	} {
		for _, p := range scorer.Score(f, november, scoring.Quadrants()) {
			if p.Fit.Points != nil || p.Intent.Points != nil || p.Cell != "" || p.Cluster != "" {
				t.Errorf("%s: %s claims %+v", name, p.Area, p)
			}
		}
	}
	// A known "no" is a fact: the base is claimed, and only where it was asked.
	f := scoring.Facts{Customer: 1, Flags: map[string]scoring.Flag{"TransactedInTheLast36Months": {}}}
	p := scorer.Score(f, november, scoring.Quadrants())[0]
	if p.Fit.Points != nil || p.Intent.Points == nil || *p.Intent.Points != 15 || p.IntentBand != actnow.VeryLow || p.Cell != "" {
		t.Errorf("a known no: %+v", p)
	}
}

func TestNothingFromTheFuture(t *testing.T) {
	scorer := scoring.NewScorer(scoring.Cards())
	before := scorer.Score(ridgeway(), november, scoring.Quadrants())
	f := ridgeway()
	f.Flags["Azure_Migrate and Modernize VMware to Azure"] = scoring.Flag{Yes: true, At: day(12, 1)}
	f.Values["NumberofRecommendedWorkloads "] = scoring.Value{Text: "1", At: day(12, 1)}
	f.Events = append(f.Events,
		scoring.Event{Kind: "opportunity_open", Area: actnow.D365BC, At: day(12, 1)},
		scoring.Event{Kind: "agreement_end", Area: actnow.Azure, At: day(12, 24), KnownAt: day(12, 1)})
	if diff := cmp.Diff(before, scorer.Score(f, november, scoring.Quadrants())); diff != "" {
		t.Errorf("facts dated after the day change scores:\n%s", diff)
	}
}

// TestPartsAddUp draws customers and checks that the parts give the score
// to the last bit, within 0 to 100, and the same each time.
func TestPartsAddUp(t *testing.T) {
	cards := scoring.Cards()
	headers := []string{"Has M365", "HasM365", "Has Azure", "HasAWS", "HasGoogle", "Has D365", "Has CoPilot", "AzureUpsellCustomer",
		"M365UpsellCustomer", "TransactedInTheLast36Months", "M365 cohort: Copilot", "Security cohort: M365 E5 upsell",
		"Surface cohort: Upsell 25+ devices", "MW_Surface Devices >25 Purchased in the Last 3 Years", "Surface cohort: Acquire 1-49 seats",
		"WindowsServerStandard_HasOpenRenewal", "Azure_Windows Server OR SQL Server: EOS 2012", "MW_On Prem Acq_Office 2016_2019"}
	kinds := []string{"opportunity_open", "opportunity_won", "opportunity_lost", "agreement_end", "transaction", "subscription"}
	rapid.Check(t, func(t *rapid.T) {
		f := scoring.Facts{Customer: 1, Flags: map[string]scoring.Flag{}, Values: map[string]scoring.Value{},
			Industry: rapid.SampledFrom([]string{"", "Retail", "Financial services", "Farming"}).Draw(t, "industry")}
		if rapid.Bool().Draw(t, "sized") {
			n := rapid.Int64Range(0, 5000).Draw(t, "size")
			f.OrgSize = &n
		}
		for _, h := range rapid.SliceOf(rapid.SampledFrom(headers)).Draw(t, "headers") {
			f.Flags[h] = scoring.Flag{Yes: rapid.Bool().Draw(t, h), At: day(11, 25)}
		}
		for range rapid.IntRange(0, 6).Draw(t, "events") {
			f.Events = append(f.Events, scoring.Event{
				Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Area: rapid.SampledFrom(actnow.Areas).Draw(t, "area"),
				At: november.AddDate(0, 0, rapid.IntRange(-1200, 200).Draw(t, "days")),
			})
		}
		ps := scoring.NewScorer(cards).Score(f, november, scoring.Rows())
		for _, p := range ps {
			for _, s := range []scoring.Score{p.Fit, p.Intent} {
				if s.Points == nil {
					continue
				}
				sum := 0.0
				for _, part := range s.Parts {
					sum += part.Points
				}
				if sum != *s.Points || sum < 0 || sum > 100 {
					t.Fatalf("%s: the parts are %g, the score %g", p.Area, sum, *s.Points)
				}
			}
		}
		if diff := cmp.Diff(ps, scoring.NewScorer(cards).Score(f, november, scoring.Rows())); diff != "" {
			t.Fatalf("scored twice:\n%s", diff)
		}
	})
}

func TestFade(t *testing.T) {
	card := parse(t, `{points: 40, half_life: 30, when: [{event: transaction, within: 100}]}`)
	for _, tt := range []struct {
		at   time.Time
		want float64
	}{
		{november.Add(23 * time.Hour), 40}, {november, 40}, {day(10, 31), 20}, {day(10, 1), 10},
		{day(9, 16), 7}, {day(8, 22), 4}, {day(8, 21), 0},
	} {
		f := scoring.Facts{Events: []scoring.Event{{Kind: "transaction", Area: actnow.Azure, At: tt.at}}}
		p := scoring.NewScorer([]scoring.Card{card}).Score(f, november, scoring.Quadrants())[0]
		if got := *p.Fit.Points; got != tt.want {
			t.Errorf("bought %s: %g points, want %g", tt.at.Format(time.DateOnly), got, tt.want)
		}
	}
}

func TestAgreementEndAhead(t *testing.T) {
	card := parse(t, `{points: 10, when: [{event: agreement_end, ahead: 90}]}`)
	for _, tt := range []struct {
		at   time.Time
		want float64
	}{
		{day(11, 29), 0}, {november, 10}, {november.AddDate(0, 0, 90), 10}, {november.AddDate(0, 0, 91), 0},
	} {
		f := scoring.Facts{Events: []scoring.Event{{Kind: "agreement_end", Area: actnow.Azure, At: tt.at, KnownAt: day(11, 25)}}}
		p := scoring.NewScorer([]scoring.Card{card}).Score(f, november, scoring.Quadrants())[0]
		if got := *p.Fit.Points; got != tt.want {
			t.Errorf("ends %s: %g points, want %g", tt.at.Format(time.DateOnly), got, tt.want)
		}
	}
}

// parse makes a card for Azure with one line of points in both scores.
func parse(t testing.TB, line string) scoring.Card {
	t.Helper()
	line = strings.Replace(line, "{", `{key: k, en: e, sv: s, `, 1)
	card, err := scoring.ParseCard([]byte("area: azure\nversion: 1\nfit: {points: [" + line + "]}\nintent: {points: [" + line + "]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return card
}

func TestShippedCards(t *testing.T) {
	cards := scoring.Cards()
	id := regexp.MustCompile(`^card:[a-z0-9]+@[0-9a-f]{8}$`)
	for i, c := range cards {
		if c.Area != actnow.Areas[i] || !id.MatchString(c.ID()) || !strings.HasPrefix(c.ID(), "card:"+string(c.Area)+"@") {
			t.Errorf("card %d is %s of %s", i, c.ID(), c.Area)
		}
	}
	if len(cards) != len(actnow.Areas) {
		t.Errorf("%d cards, want one for each area", len(cards))
	}
}

func TestMessages(t *testing.T) {
	hole := regexp.MustCompile(`\{\d\}`)
	for code, m := range scoring.Messages {
		if m[0] == "" || m[1] == "" || m[0] == m[1] {
			t.Errorf("%s: %q, %q", code, m[0], m[1])
		}
		if en, sv := hole.FindAllString(m[0], -1), hole.FindAllString(m[1], -1); !cmp.Equal(en, sv) {
			t.Errorf("%s takes %v in English and %v in Swedish", code, en, sv)
		}
	}
	for _, p := range scoring.NewScorer(scoring.Cards()).Score(ridgeway(), november, scoring.Quadrants()) {
		for _, part := range append(p.Fit.Parts, p.Intent.Parts...) {
			if _, ok := scoring.Messages[part.Code]; !ok {
				t.Errorf("no sentence for %s", part.Code)
			}
		}
	}
}

func TestParseCardRefuses(t *testing.T) {
	const point = "{key: k, points: 5, when: [{flag: Has M365}], en: e, sv: s}"
	card := func(line string) string {
		return "area: azure\nversion: 1\nfit: {points: [" + line + "]}\nintent: {points: [" + point + "]}\n"
	}
	with := func(old, new string) string { return card(strings.Replace(point, old, new, 1)) }
	tests := []struct{ name, card, code string }{
		{"empty", "", "error.card.yaml"},
		{"no YAML", "\t{", "error.card.yaml"},
		{"unknown member", card(point) + "colour: red\n", "error.card.yaml"},
		{"two documents", card(point) + "---\n" + card(point), "error.card.yaml"},
		{"too long", card(point) + strings.Repeat("#", 70000), "error.card.size"},
		{"area", strings.Replace(card(point), "azure", "../x", 1), "error.card.area"},
		{"version", strings.Replace(card(point), "version: 1", "version: 0", 1), "error.card.version"},
		{"base", strings.Replace(card(point), "fit: {", "fit: {base: 101, ", 1), "error.card.base"},
		{"base NaN", strings.Replace(card(point), "fit: {", "fit: {base: .nan, ", 1), "error.card.base"},
		{"no lines", card(""), "error.card.lines"},
		{"key twice", card(point + "," + point), "error.card.key"},
		{"points 0", with("points: 5", "points: 0"), "error.card.points"},
		{"points of a tenth", with("points: 5", "points: 5.1"), "error.card.points"},
		{"points NaN", with("points: 5", "points: .nan"), "error.card.points"},
		{"no Swedish", with(", sv: s", ""), "error.card.sentence"},
		{"no condition", with("when: [{flag: Has M365}]", "when: []"), "error.card.when"},
		{"fading flag", with("points: 5", "points: 5, half_life: 3"), "error.card.fade"},
		{"half-life", with("points: 5", "points: 5, half_life: -3"), "error.card.days"},
		{"two subjects", with("flag: Has M365", "flag: Has M365, size: true"), "error.card.subject"},
		{"no subject", with("flag: Has M365", ""), "error.card.subject"},
		{"is", with("flag: Has M365", "flag: Has M365, is: maybe"), "error.card.is"},
		{"misplaced is", with("flag: Has M365", "size: true, from: 1, is: yes"), "error.card.misplaced"},
		{"misplaced from", with("flag: Has M365", "flag: Has M365, from: 3"), "error.card.misplaced"},
		{"size of anything", with("flag: Has M365", "size: true"), "error.card.range"},
		{"value of anything", with("flag: Has M365", "value: X"), "error.card.range"},
		{"no window", with("flag: Has M365", "event: transaction"), "error.card.window"},
		{"two windows", with("flag: Has M365", "event: transaction, within: 3, ahead: 3"), "error.card.window"},
		{"kind", with("flag: Has M365", "event: party, within: 3"), "error.card.event"},
		{"in", with("flag: Has M365", "event: transaction, in: azure, within: 3"), "error.card.in"},
		{"text of marks", with("flag: Has M365", "flag_with: ['--']"), "error.card.text"},
		{"flag of marks", with("flag: Has M365", "flag: '--'"), "error.card.text"},
	}
	if _, err := scoring.ParseCard([]byte(card(point))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := scoring.ParseCard([]byte(tt.card))
			var in *actnow.InputError
			if !errors.As(err, &in) || in.Code != tt.code {
				t.Fatalf("error = %v, want %s", err, tt.code)
			}
			if _, ok := scoring.Messages[in.Code]; !ok {
				t.Errorf("no sentence for %s", in.Code)
			}
		})
	}
}

func FuzzParseCard(f *testing.F) {
	for _, area := range actnow.Areas {
		data, err := os.ReadFile("cards/" + string(area) + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		card, err := scoring.ParseCard(data)
		if err != nil {
			if !errors.Is(err, actnow.ErrInvalid) {
				t.Fatalf("error %v is no input error", err)
			}
			return
		}
		p := scoring.NewScorer([]scoring.Card{card}).Score(ridgeway(), november, scoring.Quadrants())[0]
		for _, s := range []scoring.Score{p.Fit, p.Intent} {
			if s.Points != nil && !(*s.Points >= 0 && *s.Points <= 100) {
				t.Fatalf("score %g", *s.Points)
			}
		}
	})
}
