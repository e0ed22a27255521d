package main_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestReviewByKeyboard answers doubtful matches in the demo by keyboard alone,
// takes some back, answers a pattern at once and takes that back, and refits the
// calibration, in both languages. What was not answered stays as it was; every
// page is looked at with axe.
func TestReviewByKeyboard(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: a browser reviews for minutes")
	}
	chromium(t)
	axeSource(t)
	for _, lang := range []string{"en", "sv"} {
		t.Run(lang, func(t *testing.T) {
			link := startDemo(t)
			u, err := url.Parse(link)
			if err != nil {
				t.Fatal(err)
			}
			r := &reviewer{visitor: newVisitor(t, u.Scheme+"://"+u.Host, lang), said: map[string]string{}, names: map[string]bool{}}
			r.open(link)
			r.click(`main form button`)
			before := r.outcomes()
			r.tenPairs()
			r.decisionsStand()
			if changed := r.changed(before); len(changed) > 0 {
				t.Errorf("accounts that nobody answered changed: %q", changed)
			}
			r.bulk()
			r.refit()
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, m := range append(r.messages, r.foreign...) {
				t.Errorf("console, or a request that left the host: %s", m)
			}
		})
	}
}

// reviewer is a visitor who remembers what was answered.
type reviewer struct {
	*visitor
	said  map[string]string // verdict that stands by the path that undoes it
	names map[string]bool   // accounts that were answered, also if taken back
}

// tenPairs gives ten answers with y and n, at candidates chosen with 1 to 5 and
// after pairs skipped with s, and takes three of them back with u.
func (r *reviewer) tenPairs() {
	r.t.Helper()
	r.open("/matches/review")
	undone := 0
	for i := range 10 {
		if i%4 == 1 {
			at := r.where()
			r.press("s")
			if r.where() == at {
				r.t.Fatalf("s stays at %s", at)
			}
		}
		if eval[bool](r.visitor, `document.querySelector('[data-key="2"]') !== null`) {
			r.press("2")
			if !strings.Contains(r.where(), "candidate=2") {
				r.t.Errorf("2 leads to %s", r.where())
			}
			r.press("1")
		}
		account := strings.TrimPrefix(strings.SplitN(r.where(), "?", 2)[0], "/matches/review/")
		undo := fmt.Sprintf("/matches/review/%s/undo/%s", account, eval[string](r.visitor, `document.querySelector('input[name=customer]').value`))
		r.names[eval[string](r.visitor, `document.querySelector('.crumbs > :last-child').innerText`)] = true
		key, verdict := "y", "yes"
		if i%3 == 2 {
			key, verdict = "n", "no"
		}
		r.press(key)
		r.said[undo] = verdict
		if i%3 == 2 && undone < 3 {
			r.press("u")
			delete(r.said, undo)
			undone++
			if at := strings.SplitN(r.where(), "?", 2)[0]; at != "/matches/review/"+account {
				r.t.Errorf("u leads to %s, not to the account", at)
			}
			r.press("s")
		}
	}
	if undone != 3 || len(r.said) != 7 {
		r.t.Errorf("%d taken back, %d stand", undone, len(r.said))
	}
}

// decisionsStand looks for exactly the answers that were given on the page of
// matches.
func (r *reviewer) decisionsStand() {
	r.t.Helper()
	r.open("/matches")
	r.check("matches")
	words := r.words("matches")
	type line struct{ Undo, Verdict string }
	var lines []line
	found := eval[string](r.visitor, `JSON.stringify([...document.querySelectorAll('#decisions tbody tr')].filter(tr => tr.querySelector('form')).map(tr => ({Undo: tr.querySelector('form').getAttribute('action'), Verdict: tr.children[1].innerText})))`)
	if err := json.Unmarshal([]byte(found), &lines); err != nil {
		r.t.Fatal(err)
	}
	for _, l := range lines {
		if want := words["match.verdict."+r.said[l.Undo]]; l.Verdict != want {
			r.t.Errorf("%s says %q, want %q", l.Undo, l.Verdict, want)
		}
	}
	if len(lines) != len(r.said) {
		r.t.Errorf("%d decisions stand, want %d", len(lines), len(r.said))
	}
}

// outcomes reads the lines of all accounts from the lists as files.
func (r *reviewer) outcomes() []string {
	r.t.Helper()
	all := eval[string](r.visitor, `Promise.all(["review", "match", "none"].map(b => fetch("/matches.csv?band=" + b).then(a => a.text()).then(t => t.trim().split(/\r?\n/).slice(1).map(l => b + "," + l).join("\n")))).then(a => a.join("\n"))`)
	lines := strings.Split(all, "\n")
	slices.Sort(lines)
	return lines
}

// changed returns the accounts that are not as before although nobody answered
// them.
func (r *reviewer) changed(before []string) []string {
	r.t.Helper()
	now := map[string]bool{}
	for _, l := range r.outcomes() {
		now[l] = true
	}
	var list []string
	for _, l := range before {
		answered := false
		for name := range r.names {
			answered = answered || strings.Contains(l, name)
		}
		if !now[l] && !answered {
			list = append(list, l)
		}
	}
	return list
}

// bulk walks inside a pattern, answers all of it and takes that back.
func (r *reviewer) bulk() {
	r.t.Helper()
	r.open("/matches/patterns")
	r.check("patterns")
	r.click(`a[href^="/matches/review?pattern="]`)
	pattern := r.where()[strings.Index(r.where(), "?"):]
	r.check("review-pattern")
	r.press("s")
	if !strings.HasSuffix(r.where(), pattern) {
		r.t.Errorf("s leaves the pattern for %s", r.where())
	}
	before := r.outcomes()
	r.open("/matches/patterns")
	r.click(`a[href$="?d=yes"]`)
	r.check("bulk")
	r.click(`main form button.main`)
	r.check("bulk-answered")
	during := r.outcomes()
	if slices.Equal(before, during) {
		r.t.Error("the bulk answer changes nothing")
	}
	r.press("u")
	if after := r.outcomes(); !slices.Equal(before, after) {
		r.t.Error("taken back, the bulk answer leaves something behind")
	}
}

// refit answers matched accounts, one in four with no, until there are enough
// answers, sees what a refit would change, puts it in force and takes it back.
func (r *reviewer) refit() {
	r.t.Helper()
	n := eval[int](r.visitor, `(async () => {
		const page = async path => new DOMParser().parseFromString(await (await fetch(path)).text(), "text/html");
		let n = 0;
		for (const offset of [0, 50]) {
			const list = await page("/matches?band=match&offset=" + offset);
			for (const a of list.querySelectorAll('#accounts tbody th a[href^="/matches/review/"]')) {
				const pair = await page(a.getAttribute("href"));
				const customer = pair.querySelector("input[name=customer]").value;
				const answer = await fetch(a.getAttribute("href"), {method: "POST", body: new URLSearchParams({customer, d: n % 4 == 3 ? "no" : "yes"})});
				if (answer.ok) n++;
			}
		}
		return n;
	})()`)
	if n < 50 {
		r.t.Fatalf("%d matched accounts were answered", n)
	}
	r.open("/matches")
	r.click(`form[action="/matches/calibration"] button`)
	result := eval[string](r.visitor, fmt.Sprintf(`(async () => {
		for (let i = 0; i < 300; i++) {
			const job = new DOMParser().parseFromString(await (await fetch(%q)).text(), "text/html");
			const a = job.querySelector('a[href^="/matches/calibration/"]');
			if (a) return a.getAttribute("href");
			await new Promise(done => setTimeout(done, 200));
		}
		return "";
	})()`, r.where()))
	if result == "" {
		r.t.Fatalf("the refit at %s found nothing: %s", r.where(), r.text("main"))
	}
	r.open(result)
	r.check("refit")
	r.click(`main form button.main`)
	r.open("/matches")
	r.check("calibrated")
	r.click(`form[action="/matches/calibration/shipped"] button`)
	r.open("/matches")
	if shipped := r.words("matches")["calibration.shipped"]; !strings.Contains(r.text("main"), shipped) {
		r.t.Errorf("back to the shipped calibration, the page does not say %q", shipped)
	}
}

// words are the sentences of a group of pages in the reader's language.
func (r *reviewer) words(group string) map[string]string {
	r.t.Helper()
	b, err := os.ReadFile("../../web/locales/" + group + "." + r.lang + ".json")
	if err != nil {
		r.t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		r.t.Fatal(err)
	}
	words := map[string]string{}
	for key, v := range all {
		if s, ok := v.(string); ok {
			words[key] = s
		}
	}
	return words
}
