package main_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestFiveMinutes walks the newcomer's way through the demo in both languages:
// Home, a cell of the grid, a customer and why, a doubtful match, a campaign,
// its preview, the send, the mailbox, the deliveries. Every page is looked at
// with axe; no console error, no request beyond the host.
func TestFiveMinutes(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: a browser walks for minutes")
	}
	chromium(t)
	axeSource(t)
	for _, lang := range []string{"en", "sv"} {
		t.Run(lang, func(t *testing.T) { walk(t, lang) })
	}
}

func walk(t *testing.T, lang string) {
	link := startDemo(t)
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	v := newVisitor(t, u.Scheme+"://"+u.Host, lang)

	v.open(link)
	v.check("link")
	v.click(`main form button`)
	if got := eval[string](v, `document.documentElement.lang`); got != lang {
		t.Errorf("the page is in %q, want %q", got, lang)
	}
	v.check("home")
	if !strings.Contains(v.text("h1"), "20") {
		t.Errorf("Home says %q, want how many became ready", v.text("h1"))
	}

	v.click(`.matrix a.cell`)
	v.check("cell")
	v.click(`table[data-rows] tbody th a`)
	v.check("customer")
	if v.text(".waterfall") == "" {
		t.Error("the customer's page has no reasons")
	}

	v.open("/grid")
	v.check("grid")
	v.open("/matches")
	v.check("matches")
	v.click(`a[href^="/matches/review"]`)
	v.check("review")
	first := v.where()
	v.press("y")
	if v.where() == first || !eval[bool](v, `document.querySelector("[data-toast] button") !== null`) {
		t.Errorf("after y the page is %s, want the next pair and a way back", v.where())
	}
	v.check("decided")
	v.press("u")
	if !eval[bool](v, `document.querySelector('form[action*="/undo/"]') === null`) {
		t.Error("after u the decision still stands")
	}

	v.open("/")
	v.click(`.head a.btn.main`)
	v.check("new-campaign")
	v.do(chromedp.Click(chromedp.CSS(`input[name=pack]:not(:disabled)`)))
	v.click(`main form button.main`)
	campaign := strings.SplitN(v.where(), "?", 2)[0]
	if !strings.HasPrefix(campaign, "/campaigns/") {
		t.Fatalf("making a campaign led to %s", v.where())
	}
	v.check("campaign")
	mail := eval[string](v, `fetch(document.querySelector("iframe").src).then(r => r.text())`)
	if !strings.Contains(mail, "https://demo.actnow.example/u/") {
		t.Error("the preview has no unsubscribe link")
	}
	v.asks("ask-launch")
	v.check("launch")
	v.click(`#ask-launch button.main`)
	sent := v.awaitSent(campaign)
	v.open(campaign)
	v.check("sent")

	v.open("/deliveries")
	v.check("deliveries")
	v.open("/mailbox")
	v.check("mailbox")
	v.click(`table[data-rows] tbody th a`)
	v.check("mail")
	out := eval[string](v, `[...document.querySelectorAll("a")].map(a => a.href).find(h => h.includes("/u/")) || ""`)
	if out == "" {
		out = eval[string](v, `fetch(document.querySelector("iframe").src).then(r => r.text()).then(t => (t.match(/http:\/\/127[^"' ]*\/u\/[^"' <]*/) || [""])[0])`)
	}
	if out == "" {
		t.Fatal("the mail has no unsubscribe link that leads to this machine")
	}
	v.open(out)
	v.check("unsubscribe")
	v.click(`main form button`)
	v.check("unsubscribed")
	if sent == 0 {
		t.Error("nobody was mailed")
	}

	v.putReportTogether()
	v.bringReportIn()
	for _, path := range []string{"/customers", "/cohorts", "/cohorts/1", "/cohorts/new", "/cohorts/columns/1", "/reports", "/campaigns", "/campaigns/packs",
		"/settings", "/settings/connections", "/settings/fetching", "/settings/sender", "/settings/schedules", "/settings/scoring", "/settings/scoring/matrix", "/scoring/models", "/settings/suppressions", "/people", "/account", "/activity", "/keys", "/api/docs"} {
		v.open(path)
		v.check(strings.ReplaceAll(strings.Trim(path, "/"), "/", "-"))
	}

	v.open("/settings/scoring/holdout")
	eval[bool](v, `(document.querySelector("#share").value = "10") === "10"`)
	v.click(`form[action="/settings/scoring/holdout"] button`)
	v.check("holdout")
	if !strings.Contains(v.text("h1"), "10") || v.text("tbody") == "" {
		t.Errorf("after holding out a tenth the page says %q, %q", v.text("h1"), v.text("tbody"))
	}

	v.open("/scoring/models/powerapps")
	v.click(`form[action^="/scoring/models/train"] button`)
	v.do(chromedp.WaitVisible(chromedp.CSS(`a.btn[href="/scoring/models"]`)))
	v.open("/scoring/models/powerapps")
	v.check("model")
	if v.text(".mono") == "" {
		t.Error("nothing was learned of Power Apps")
	}

	v.mu.Lock()
	defer v.mu.Unlock()
	for _, m := range v.messages {
		t.Errorf("console: %s", m)
	}
	for _, r := range v.foreign {
		t.Errorf("a request left the host: %s", r)
	}
}

// asks opens a question and holds it to be modal: the focus goes into it, Tab does not
// leave it for the page, Escape gives the focus back to the button, with the browser's own
// command and without. It leaves the question open.
func (v *visitor) asks(id string) {
	v.t.Helper()
	button, open := fmt.Sprintf(`[commandfor=%s][command=show-modal]`, id), chromedp.WaitVisible(chromedp.CSS("#"+id))
	for _, known := range []bool{true, false} {
		if !known {
			eval[bool](v, `delete HTMLButtonElement.prototype.commandForElement`)
			eval[bool](v, `import(document.querySelector('script[src$="/js/app.js"]').src.replace("app.js", "ask.js")).then(m => { m.ask(); return true; })`)
		}
		v.do(chromedp.Click(chromedp.CSS(button), chromedp.NodeVisible), open)
		if !eval[bool](v, fmt.Sprintf(`document.getElementById(%q).matches(":modal")`, id)) {
			v.t.Errorf("%s is not modal (command known: %v)", id, known)
		}
		for i := range 8 {
			if where := eval[string](v, fmt.Sprintf(`document.activeElement === document.body || document.getElementById(%q).contains(document.activeElement) ? "" : document.activeElement.outerHTML`, id)); where != "" {
				v.t.Fatalf("after %d times Tab the focus is out of %s: %s", i, id, where)
			}
			v.do(chromedp.KeyEvent("\t"))
		}
		v.do(chromedp.KeyEvent("\x1b"), chromedp.WaitNotVisible(chromedp.CSS("#"+id)))
		if !eval[bool](v, fmt.Sprintf(`document.activeElement.matches(%q)`, button)) {
			v.t.Errorf("after Escape the focus is not on the button of %s (command known: %v)", id, known)
		}
	}
	v.do(chromedp.Click(chromedp.CSS(button), chromedp.NodeVisible), open)
}

// awaitSent waits until the page of the campaign says that it has finished, and
// returns how many mails its deliveries list as sent.
func (v *visitor) awaitSent(campaign string) int {
	v.t.Helper()
	b, err := os.ReadFile("../../web/locales/campaigns." + v.lang + ".json")
	if err != nil {
		v.t.Fatal(err)
	}
	var words map[string]any
	if err := json.Unmarshal(b, &words); err != nil {
		v.t.Fatal(err)
	}
	page := fmt.Sprintf(`fetch(%q).then(r => r.text()).then(t => new DOMParser().parseFromString(t, "text/html"))`, campaign)
	finished := eval[bool](v, fmt.Sprintf(`(async () => {
		for (let i = 0; i < 200; i++) {
			const doc = await %s;
			if (doc.querySelector(".crumbs .badge").textContent.trim() === %q) return true;
			await new Promise(done => setTimeout(done, 200));
		}
		return false;
	})()`, page, words["campaign.state.finished"]))
	if !finished {
		v.t.Fatalf("%s has not finished", campaign)
	}
	return eval[int](v, page+`.then(d => parseInt(d.querySelector(".ledger tfoot .num").textContent.replace(/\D/g, ""), 10))`)
}
