package main_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"actnow/reports/insights/insightstest"
)

// TestFetchByBrowser walks the page of fetching in a browser, in both languages:
// a form that is refused, the sign-in there and back, a fetch, a code for
// another device, a failure. Every state is looked at with axe.
func TestFetchByBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: a browser walks for minutes")
	}
	chromium(t)
	axeSource(t)
	for _, lang := range []string{"en", "sv"} {
		t.Run(lang, func(t *testing.T) {
			s, m := fetchSite(t)
			p := s.reader()
			v := newVisitor(t, p.base, lang)
			link, err := url.Parse(s.object("user", "reset", "elin@nordvik.example")["link"].(string))
			if err != nil {
				t.Fatal(err)
			}
			fill := func(name, text string) {
				t.Helper()
				v.do(chromedp.SetValue(chromedp.CSS(`input[name=`+name+`]`), text))
			}
			v.open(link.Path)
			fill("password", "a long password for Elin")
			v.click(`main form button`)
			v.open("/settings/fetching")
			v.check("fetching-none")
			fill("tenant", "no.tenant.")
			fill("client_id", insightstest.ClientID)
			if status := v.leave(chromedp.Click(chromedp.CSS(`form[action="/settings/fetching"] button`))); status != http.StatusUnprocessableEntity {
				t.Fatalf("a bad tenant: status %d", status)
			}
			v.check("fetching-refused")
			fill("tenant", insightstest.Tenant)
			v.click(`form[action="/settings/fetching"] button`)
			v.check("fetching-saved")
			v.click(`form[action="/settings/fetching/connect"] button`)
			v.check("fetching-signin")
			v.click(`a[href*="oauth2/v2.0/authorize"]`)
			if where := v.where(); where != "/settings/fetching" {
				t.Fatalf("the sign-in leads back to %s", where)
			}
			m.Set(func(f *insightstest.Faults) { f.Redacted = true })
			v.click(`form[action="/settings/fetching/run"] button`)
			v.fetched(p)
			v.check("fetching-fetched")
			m.Set(func(f *insightstest.Faults) { f.NoRole, f.DevicePolls = true, 1_000_000 })
			v.click(`form[action="/settings/fetching/device"] button`)
			v.check("fetching-device")
			v.click(`form[action="/settings/fetching/run"] button`)
			v.fetched(p)
			v.check("fetching-failed")
			if !strings.Contains(v.text("main"), "Executive report viewer") {
				t.Error("the page does not say which role is missing")
			}
			v.mu.Lock()
			defer v.mu.Unlock()
			for _, message := range v.messages {
				if !strings.Contains(message, "422") { // the refused form
					t.Errorf("console: %s", message)
				}
			}
		})
	}
}

// fetched waits until the fetch that the page shows has ended, and comes back to
// the page.
func (v *visitor) fetched(p *pageReader) {
	v.t.Helper()
	id := eval[string](v, `((document.querySelector('.page > .panel[id^="job-"]')||{id:""}).id).replace("job-", "")`)
	v.open("/settings")
	if id != "" { // else it had ended already
		p.get("/jobs/" + id + "/events")
	}
	v.open("/settings/fetching")
}
