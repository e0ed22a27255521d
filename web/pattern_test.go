package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"actnow"
	"actnow/storage/storagetest"
)

// alikes gives two of the doubtful accounts one pattern and the third another.
const alikes = `
	UPDATE match_candidates SET pattern = 'domain-missing.name-alike.city-equal' WHERE account_id IN (2, 4) AND rank = 1;
	UPDATE match_candidates SET pattern = 'domain-equal.name-alike.city-different' WHERE account_id = 1 AND rank = 1;`

const alikePath = "/matches/patterns/domain-missing.name-alike.city-equal"

func TestPatterns(t *testing.T) {
	s := open(t)
	b := s.as(t, actnow.RoleSteward)
	if a := b.want(b.get("/matches/patterns"), http.StatusOK); !strings.Contains(a.body, "No account waits in a group") {
		t.Error("without accounts the page does not say so")
	}
	storagetest.Exec(t, s.db, doubtful)
	if a := b.want(b.get("/matches/patterns"), http.StatusOK); !strings.Contains(a.body, "3 accounts have no group yet") {
		t.Error("the page does not tell of accounts without a pattern")
	}
	storagetest.Exec(t, s.db, alikes)
	a := b.want(b.get("/matches/patterns"), http.StatusOK)
	for _, want := range []string{"3 accounts wait, of 2 kinds", "No domain to compare; name alike; same city", "2 accounts · 40%–70%", "Brobyggarna i Lund", "Cyanide",
		`href="/matches/review?pattern=domain-missing.name-alike.city-equal"`, `href="` + alikePath + `?d=yes"`, "None answered one by one yet"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	b.header.Set("Cookie", "lang=sv")
	if a := b.get("/matches/patterns"); !strings.Contains(a.body, "Ingen domän att jämföra; namnet liknar; samma ort") || !strings.Contains(a.body, "3 konton väntar, av 2 slag") {
		t.Error("the Swedish page does not speak Swedish")
	}
	b.header.Del("Cookie")
	viewer := s.as(t, actnow.RoleReportViewer)
	viewer.want(viewer.get("/matches/patterns"), http.StatusForbidden)
	viewer.want(viewer.post(alikePath, url.Values{"d": {"yes"}}), http.StatusForbidden)
}

// The review of a pattern leads from one of its accounts to the next, and back
// to the patterns after the last.
func TestReviewWalksInsideThePattern(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, doubtful+alikes)
	b := s.as(t, actnow.RoleSteward)
	const in = "?pattern=domain-missing.name-alike.city-equal"
	leads := func(a answer, to string) {
		t.Helper()
		if b.want(a, http.StatusSeeOther); a.Header.Get("Location") != to {
			t.Errorf("%s leads to %q, want %q", a.Request.URL.Path, a.Header.Get("Location"), to)
		}
	}
	leads(b.get("/matches/review"+in), "/matches/review/2"+in)
	a := b.want(b.get("/matches/review/2"+in), http.StatusOK)
	for _, want := range []string{"1 of 2 to review", "One pattern only: No domain to compare; name alike; same city.", `href="/matches/review/4` + in + `" data-key="s"`,
		`href="/matches/review/2?candidate=2&amp;pattern=`, `action="/matches/review/2` + in + `"`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	// The next candidate of the account is of no pattern: it waits for later.
	leads(b.post("/matches/review/2"+in, url.Values{"customer": {"2"}, "d": {"no"}}), "/matches/review/4"+in)
	if a := b.get("/matches/review/4" + in); !strings.Contains(a.body, `action="/matches/review/2/undo/2`+in+`"`) {
		t.Error("the decision cannot be taken back from inside the pattern")
	}
	leads(b.post("/matches/review/2/undo/2"+in, nil), "/matches/review/2"+in)
	leads(b.post("/matches/review/2"+in, url.Values{"customer": {"2"}, "d": {"yes"}}), "/matches/review/4"+in)
	leads(b.post("/matches/review/4"+in, url.Values{"customer": {"3"}, "d": {"no"}}), "/matches/patterns")
	if a := b.get("/matches/review/1"); !strings.Contains(a.body, "1 of 1 to review") {
		t.Error("the other pattern's account does not wait any more")
	}
}

func TestBulkAnswer(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, doubtful+alikes)
	b := s.as(t, actnow.RoleSteward)
	seen := func() string {
		t.Helper()
		a := b.want(b.get(alikePath+"?d=yes"), http.StatusOK)
		found := regexp.MustCompile(`name="seen" value="([^"]+)"`).FindStringSubmatch(a.body)
		if found == nil {
			t.Fatal("the page does not say what was seen")
		}
		return found[1]
	}
	bands := func() string {
		t.Helper()
		var all []string
		for _, id := range []actnow.AccountID{1, 2, 4} {
			r, err := s.db.Review(t.Context(), actnow.Everything, id)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(r.Band))
		}
		return strings.Join(all, " ")
	}
	a := b.want(b.get(alikePath+"?d=yes"), http.StatusOK)
	for _, want := range []string{"Say yes to 2 accounts?", "2 of 2, the likeliest first", "All 2 accounts are these customers", "Nobody has answered any of these", "Cyanide"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page before the answer lacks %q", want)
		}
	}
	b.want(b.get(alikePath), http.StatusUnprocessableEntity)
	b.want(b.get("/matches/patterns/none?d=no"), http.StatusNotFound)
	shown := seen()

	// Another person decides one of them in between.
	other := s.as(t, actnow.RoleMarketer)
	other.want(other.post("/matches/review/4", url.Values{"customer": {"3"}, "d": {"no"}}), http.StatusSeeOther)
	a = b.want(b.post(alikePath, url.Values{"d": {"yes"}, "seen": {shown}}), http.StatusConflict)
	for _, want := range []string{"Nothing was done", "It is 1 account now", "Say yes to 1 account?", "Answered one by one so far: 0 yes, 1 no"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("after the conflict the page lacks %q", want)
		}
	}
	if got := bands(); got != "review review none" {
		t.Errorf("a refused answer leaves %s", got)
	}

	a = b.want(b.post(alikePath, url.Values{"d": {"yes"}, "seen": {seen()}}), http.StatusSeeOther)
	if to := a.Header.Get("Location"); to != "/matches/patterns" || bands() != "review match none" {
		t.Errorf("the answer leads to %s and leaves %s", to, bands())
	}
	a = b.get("/matches/patterns")
	undo := regexp.MustCompile(`action="(/matches/bulk/\d+/undo)" data-toast`).FindStringSubmatch(a.body)
	if undo == nil || !strings.Contains(a.body, "Yes to 1 account") || !strings.Contains(a.body, "Bulk answer: No domain to compare; name alike; same city") {
		t.Fatal("the bulk answer is not told with its note and a way back")
	}
	b.want(b.post(undo[1], nil), http.StatusSeeOther)
	if got := bands(); got != "review review none" {
		t.Errorf("after undo: %s", got)
	}
	b.want(b.post(undo[1], nil), http.StatusConflict)
	b.want(b.post("/matches/bulk/x/undo", nil), http.StatusNotFound)
	for _, form := range []url.Values{{"seen": {shown}}, {"d": {"yes"}, "note": {strings.Repeat("å", 501)}}} {
		b.want(b.post(alikePath, form), http.StatusUnprocessableEntity)
	}
}
