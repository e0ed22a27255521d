package campaigns_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"actnow/campaigns"
)

var thursday = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

func withFields(base campaigns.Fields, changes ...string) campaigns.Fields {
	out := campaigns.Fields{}
	for k, v := range base {
		out[k] = v
	}
	for i := 0; i < len(changes); i += 2 {
		out[changes[i]] = changes[i+1]
	}
	return out
}

// found returns the finding with a code, for a step and language if given.
func found(findings []campaigns.Finding, code, step, lang string) *campaigns.Finding {
	for i, f := range findings {
		if f.Code == code && (step == "" || f.Step == step) && (lang == "" || f.Language == lang) {
			return &findings[i]
		}
	}
	return nil
}

func TestPreflightOfTheSamplePacks(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"../sample/packs/azure-first-steps", "../sample/packs/renewal-in-time"} {
		findings := campaigns.Preflight(readPack(t, dir), slices.Values([]campaigns.Recipient{
			{Language: "sv", Fields: anna}, {Language: "en", Fields: nobody},
		}), thursday)
		if campaigns.Blocked(findings) || len(findings) == 0 {
			t.Errorf("%s is blocked or not looked at: %+v", dir, findings)
		}
		for _, f := range findings {
			if f.Severity != campaigns.SeverityOK || f.Text == "" || strings.Contains(f.Text, "{") {
				t.Errorf("%s: %+v", dir, f)
			}
		}
	}
}

func TestPreflightFindings(t *testing.T) {
	t.Parallel()
	page := `<html><body><img src="hero.png"><a href="http://a.example/">a</a><a href="#">b</a><p>{{.FirstName}} {{.City}}</p></body></html>`
	text := strings.Replace(manifest, "markdown: {en: first.en.md, sv: first.sv.md}", "html: page.html", 1)
	text = strings.Replace(text, "{en: Hi, sv: Hej}", "{en: '{{.Company}}', sv: Hej}", 1)
	text = strings.Replace(text, "[en, sv]", "[en, sv]\nexpires: 2026-12-01", 1)
	png := string(readPack(t, "testdata/formats").Files["images/hero.png"])
	pack, err := campaigns.ReadPack(folder(text, "page.html", page, "hero.png", png))
	if err != nil {
		t.Fatal(err)
	}
	recipients := slices.Values([]campaigns.Recipient{
		{Language: "en", Fields: withFields(anna, "Company", strings.Repeat("long ", 30))},
		{Language: "en", Fields: withFields(anna, "City", " ", "Company", "", "UnsubscribeURL", "http://a.example/u")},
		{Language: "French", Fields: withFields(nobody, "Company", "Contoso")},
		{Language: "en", Fields: withFields(anna, "UnsubscribeURL", "")},
		{Language: "en", Fields: withFields(anna, "City", strings.Repeat("x", 120<<10))},
	})
	findings := campaigns.Preflight(pack, recipients, thursday)
	want := []struct {
		code, step, lang string
		severity         campaigns.Severity
		args             []any
	}{
		{"preflight.expires_soon", "", "", campaigns.SeverityWarn, []any{"2026-12-01"}},
		{"preflight.not_mail", "post", "", campaigns.SeverityOK, []any{"post", "mastodon"}},
		{"preflight.no_alt", "first", "en", campaigns.SeverityWarn, []any{"hero.png"}},
		{"preflight.http", "first", "sv", campaigns.SeverityWarn, []any{"http://a.example/"}},
		{"preflight.dead", "first", "en", campaigns.SeverityWarn, []any{1}},
		{"preflight.text_made", "first", "en", campaigns.SeverityOK, nil},
		{"preflight.language", "", "", campaigns.SeverityWarn, []any{1, "fr", "en"}},
		{"preflight.failed", "first", "en", campaigns.SeverityBlock, []any{1, "a mail needs a link to unsubscribe"}},
		{"preflight.empty", "first", "en", campaigns.SeverityWarn, []any{"City", 2, 4}},
		{"preflight.large", "first", "en", campaigns.SeverityBlock, nil},
		{"preflight.no_subject", "first", "en", campaigns.SeverityWarn, []any{1}},
		{"preflight.long_subject", "first", "en", campaigns.SeverityWarn, []any{1, 78}},
		{"preflight.unsubscribe", "", "", campaigns.SeverityBlock, []any{1}},
	}
	for _, w := range want {
		f := found(findings, w.code, w.step, w.lang)
		if f == nil {
			t.Errorf("no finding %s", w.code)
			continue
		}
		if f.Severity != w.severity || w.args != nil && !slices.Equal(f.Args, w.args) {
			t.Errorf("%s is %s with %v, want %s with %v", w.code, f.Severity, f.Args, w.severity, w.args)
		}
	}
	if !campaigns.Blocked(findings) || findings[0].Severity != campaigns.SeverityBlock || findings[len(findings)-1].Severity != campaigns.SeverityOK {
		t.Error("the findings are not in the order of their weight")
	}
}

func TestPreflightOfThePackAlone(t *testing.T) {
	t.Parallel()
	expires := func(day string) *campaigns.Pack {
		pack, err := campaigns.ReadPack(folder(manifest + "expires: " + day + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		return pack
	}
	onlyPost := *expires("2026-11-26")
	onlyPost.Steps = onlyPost.Steps[1:]
	none := func(func(campaigns.Recipient) bool) {}
	tests := []struct {
		name string
		pack *campaigns.Pack
		code string
		want campaigns.Severity
	}{
		{"the last day", expires("2026-11-26"), "preflight.expires_soon", campaigns.SeverityWarn},
		{"the day after", expires("2026-11-25"), "preflight.expired", campaigns.SeverityBlock},
		{"far away", expires("2027-11-25"), "preflight.expires_later", campaigns.SeverityOK},
		{"no mail", &onlyPost, "preflight.no_mail", campaigns.SeverityBlock},
		{"nobody", expires("2027-11-25"), "preflight.nobody", campaigns.SeverityBlock},
	}
	for _, tt := range tests {
		f := found(campaigns.Preflight(tt.pack, none, thursday), tt.code, "", "")
		if f == nil || f.Severity != tt.want {
			t.Errorf("%s: %s = %+v, want %s", tt.name, tt.code, f, tt.want)
		}
	}
}
