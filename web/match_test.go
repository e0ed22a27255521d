package web_test

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"actnow"
	"actnow/storage/storagetest"
)

func (d *doings) StartMatch(_ context.Context, by actnow.Actor) (actnow.JobID, error) {
	d.matched = append(d.matched, by)
	return 7, nil
}

// doubtful is four customers, three accounts that wait for a person, one that is
// matched and one that is like nobody. The customers of Oslo and Lund are told
// apart by their locations.
const doubtful = `
	INSERT INTO locations (id, global_id, name) VALUES (1, '100', 'Nordvik Oslo'), (2, '200', 'Nordvik Lund');
	INSERT INTO customers (id, key, tpid, name, domain, city, country, segment, first_month, last_month, updated_at) VALUES
		(1, 'tpid:1', '1', 'Ålands Rederikonsult Ab', 'alandsrederi.example', 'Mariehamn', 'Finland', 'Medium', '2026-10', '2026-11', 0),
		(2, 'tpid:2', '2', 'Brobyggarna AB', 'bro.example', 'Lund', 'Sweden', 'Medium', '2026-10', '2026-11', 0),
		(3, 'tpid:3', '3', 'Cyan <ASA>', 'cyan.example', 'Oslo', 'Norway', 'Medium', '2026-10', '2026-11', 0),
		(4, 'tpid:4', '4', 'Delta AS', '', 'Oslo', 'Norway', 'Unknown', '2026-11', '2026-11', 0);
	INSERT INTO customer_locations VALUES (1, 2), (2, 2), (3, 1), (4, 1);
	INSERT INTO accounts (id, external_id, connection_id, name, domains, city, country, updated_at) VALUES
		(1, 'A-1', 1, 'Ålands Rederi-Konsult AB', '["alandsrederi.example"]', 'Jomala', 'Finland', 0),
		(2, 'A-2', 1, 'Brobyggarna i Lund', '[]', 'Lund', 'Sweden', 0),
		(3, 'A-3', 1, 'Cyan', '["cyan.example"]', 'Oslo', 'Norway', 0),
		(4, 'A-4', 1, 'Cyanide', '[]', 'Oslo', 'Norway', 0),
		(5, 'A-5', 1, '=Nobody()', '[]', '', '', 0);
	INSERT INTO contacts (id, external_id, connection_id, account_ref, email, address, given_name, consent_basis, do_not_email, updated_at) VALUES
		(1, 'C-1', 1, 'A-1', 'anna@alandsrederi.example', 'anna@alandsrederi.example', 'Anna', 'legitimate interest', 0, 0),
		(2, 'C-2', 1, 'A-3', 'cia@cyan.example', 'cia@cyan.example', 'Cia', 'customer', 0, 0);
	INSERT INTO matches (account_id, customer_id, band, stage, probability, reason, machine_band, matched_at) VALUES
		(1, 1, 'review', 'domain', 0.85, 'same domain', 'review', 0), (2, 2, 'review', 'name', 0.7, 'names alike', 'review', 0),
		(3, 3, 'match', 'domain', 0.999, 'same domain', 'match', 0), (4, 3, 'review', 'name', 0.4, 'names alike', 'review', 0),
		(5, NULL, 'none', '', 0, '', 'none', 0);
	INSERT INTO match_candidates (account_id, rank, customer_id, probability, stage, reason, comparisons) VALUES
		(1, 1, 1, 0.85, 'domain', 'same domain', '[
			{"Field":"start","Level":"missing","Bits":-11.2,"Code":"match.start"},
			{"Field":"domain","Customer":"alandsrederi.example","Account":"alandsrederi.example","Level":"equal","Bits":8.9,"Code":"match.domain.equal","Args":["alandsrederi.example"]},
			{"Field":"name","Customer":"Ålands Rederikonsult Ab","Account":"Ålands Rederi-Konsult AB","Level":"alike","Bits":6.7,"Code":"match.name.alike","Args":[93]},
			{"Field":"city","Customer":"Mariehamn","Account":"Jomala","Level":"different","Bits":-1.9,"Code":"match.city.different"}]'),
		(1, 2, 2, 0.03, 'name', '', '[]'),
		(2, 1, 2, 0.7, 'name', 'names alike', 'null'), (2, 2, 4, 0.4, 'name', 'a little alike', 'no JSON'),
		(3, 1, 3, 0.999, 'domain', 'same domain', '[]'), (4, 1, 3, 0.4, 'name', 'names alike', '[]');`

func TestMatchFunnel(t *testing.T) {
	s := open(t)
	b := s.as(t, actnow.RoleMarketer)
	if a := b.want(b.get("/matches"), http.StatusOK); !strings.Contains(a.body, "No customer yet") || !strings.Contains(a.body, `href="/reports"`) {
		t.Error("without a report the page does not say what to do")
	}
	storagetest.Exec(t, s.db, doubtful)
	a := b.want(b.get("/matches"), http.StatusOK)
	for _, want := range []string{
		"1 of 4 customers are in your CRM", "1 of them can be mailed today",
		`href="/customers?where=matched&#43;%3D&#43;yes"`, "2 wait for a person’s review", "1 is in no account", `href="/customers?where=matched&#43;%3D&#43;no&#43;and&#43;waiting&#43;%3D&#43;yes"`,
		"The biggest leak: 3 customers", `href="/matches/review"`, "Review 3",
		`href="/customers?where=matched_by&#43;%3D&#43;%22domain%22"`,
		`To review <b>3</b>`, `Matched <b>1</b>`, `No match <b>1</b>`, `href="/matches/review/1"`, "85%", "1–3 of 3", "/matches.csv?band=review",
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if a := b.get("/account"); !strings.Contains(a.body, `<span class="count due">3<`) {
		t.Error("the rail does not say how many wait")
	}
	if a := b.get("/matches?band=none"); !strings.Contains(a.body, "=Nobody()") || strings.Contains(a.body, `href="/matches/review/1"`) {
		t.Error("the band none does not show its account alone")
	}
	b.want(b.get("/matches?band=odd"), http.StatusUnprocessableEntity)
	b.want(b.get("/matches?offset=x"), http.StatusUnprocessableEntity)

	b.header.Set("HX-Request", "true")
	b.header.Set("HX-Request-Type", "partial")
	b.header.Set("HX-Target", "div#rows")
	if a := b.get("/matches?band=match"); strings.Contains(a.body, "<html") || !strings.Contains(a.body, "Cyan &lt;ASA&gt;") {
		t.Errorf("the rows alone are %.200s", a.body)
	}
}

func TestMatchRunAndExport(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, doubtful)
	b := s.as(t, actnow.RoleSteward)
	if a := b.want(b.post("/matches/run", nil), http.StatusSeeOther); a.Header.Get("Location") != "/jobs/7" || len(s.did.matched) != 1 || s.did.matched[0].Name != "Elin Sjöberg" {
		t.Errorf("match run leads to %q for %v", a.Header.Get("Location"), s.did.matched)
	}
	rows, err := csv.NewReader(strings.NewReader(b.want(b.get("/matches.csv?band=none"), http.StatusOK).body)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][1] != "'=Nobody()" {
		t.Errorf("file is %q, %v", rows, err)
	}
	viewer := s.as(t, actnow.RoleReportViewer)
	a := viewer.want(viewer.get("/matches"), http.StatusOK)
	for _, secret := range []string{"/matches/run", "/matches/review", ".csv"} {
		if strings.Contains(a.body, secret) {
			t.Errorf("a viewer is offered %s", secret)
		}
	}
	viewer.want(viewer.get("/matches.csv"), http.StatusForbidden)
	viewer.want(viewer.get("/matches/review/1"), http.StatusForbidden)
}

func TestReviewShowsThePair(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, doubtful)
	b := s.as(t, actnow.RoleSteward)
	if a := b.want(b.get("/matches/review"), http.StatusSeeOther); a.Header.Get("Location") != "/matches/review/1" {
		t.Errorf("review starts at %q", a.Header.Get("Location"))
	}
	a := b.want(b.get("/matches/review/1"), http.StatusOK)
	for _, want := range []string{
		"Same customer?", "Same domain alandsrederi.example, used by one customer, name 93% alike, city differs. Of 100 pairs like this about 85 are the same.",
		"1 of 3 to review", "Ålands Rederi<mark>k</mark>onsult A<mark>b</mark>", "Ålands Rederi<mark>-K</mark>onsult A<mark>B</mark>",
		"93% alike", ">equal<", ">differs<", "not filled in", "never in a report", "−11.2", "&#43;8.9", "84% the same customer", "Mariehamn / Jomala",
		`data-key="y"`, `data-key="n"`, `data-key="s"`, `data-key="1"`, `data-key="2"`, `href="/matches/review/2" data-key="s"`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	b.header.Set("Cookie", "lang=sv")
	if a := b.get("/matches/review/1"); !strings.Contains(a.body, "Samma domän alandsrederi.example") || !strings.Contains(a.body, "1 av 3 att granska") {
		t.Error("the Swedish page does not speak Swedish")
	}
	b.header.Del("Cookie")
	if a := b.get("/matches/review/2?candidate=2"); !strings.Contains(a.body, `name="customer" value="4"`) || !strings.Contains(a.body, "2 of 3 to review") {
		t.Error("the second candidate is not shown")
	}
	if a := b.want(b.get("/matches/review/5"), http.StatusOK); !strings.Contains(a.body, "No customer comes near") {
		t.Error("an account without candidates does not say so")
	}
	b.want(b.get("/matches/review/2?candidate=3"), http.StatusNotFound)
	b.want(b.get("/matches/review/2?candidate=x"), http.StatusUnprocessableEntity)
	b.want(b.get("/matches/review/404"), http.StatusNotFound)
}

func TestReviewDecides(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, doubtful)
	b := s.as(t, actnow.RoleSteward)
	leads := func(a answer, to string) {
		t.Helper()
		if b.want(a, http.StatusSeeOther); a.Header.Get("Location") != to {
			t.Errorf("%s leads to %q, want %q", a.Request.URL.Path, a.Header.Get("Location"), to)
		}
	}
	said := func(account, customer, d, note string) answer {
		return b.post("/matches/review/"+account, url.Values{"customer": {customer}, "d": {d}, "note": {note}})
	}
	band := func(account actnow.AccountID) actnow.MatchBand {
		r, err := s.db.Review(t.Context(), actnow.Everything, account)
		if err != nil {
			t.Fatal(err)
		}
		return r.Band
	}

	leads(said("2", "2", "no", ""), "/matches/review/2") // another candidate has to be looked at
	leads(said("2", "4", "no", ""), "/matches/review/4") // then the next account, not the first
	leads(said("4", "3", "no", ""), "/matches/review/1") // after the last the first again
	leads(said("1", "1", "yes", "asked Åsa"), "/matches/review")
	if band(1) != actnow.BandMatch || band(2) != actnow.BandNone || band(4) != actnow.BandNone {
		t.Errorf("bands are %s, %s, %s", band(1), band(2), band(4))
	}
	a := b.want(b.get("/matches/review"), http.StatusOK)
	for _, want := range []string{"Every doubtful match is decided", "Ålands Rederi-Konsult AB is matched, with 1 contact.", `action="/matches/review/1/undo/1" data-toast`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("after the last decision the page lacks %q", want)
		}
	}
	if a := b.get("/matches"); !strings.Contains(a.body, "asked Åsa") || !strings.Contains(a.body, `action="/matches/review/2/undo/4"`) {
		t.Error("the decisions are not told with note and undo")
	}
	if a := b.get("/matches/review/1"); !strings.Contains(a.body, "Ålands Rederi-Konsult AB is Ålands Rederikonsult Ab") || !strings.Contains(a.body, `data-key="u"`) {
		t.Error("a decided pair does not say so, or cannot be taken back by key")
	}

	leads(b.post("/matches/review/1/undo/1", nil), "/matches/review/1")
	if band(1) != actnow.BandReview {
		t.Errorf("after undo the account is in %s", band(1))
	}
	b.want(b.post("/matches/review/1/undo/1", nil), http.StatusConflict)
	for _, form := range []url.Values{{}, {"customer": {"1"}, "d": {"maybe"}}, {"customer": {"1"}, "d": {"yes"}, "note": {strings.Repeat("å", 501)}}} {
		b.want(b.post("/matches/review/1", form), http.StatusUnprocessableEntity)
	}
	b.want(b.post("/matches/review/1", url.Values{"customer": {"x"}, "d": {"yes"}}), http.StatusNotFound)
	b.want(said("404", "1", "yes", ""), http.StatusNotFound)
}

// Someone of Lund sees nothing of Oslo's customers, and cannot decide about
// them.
func TestReviewKeepsToTheScope(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, doubtful)
	b := s.as(t, actnow.RoleSteward, func(u *actnow.User) { u.AllLocations, u.Locations = false, []actnow.LocationID{2} })
	for _, path := range []string{"/matches", "/matches?band=match", "/matches/review/2", "/matches.csv?band=review", "/matches.csv?band=match"} {
		if a := b.want(b.get(path), http.StatusOK); strings.Contains(a.body, "Cyan") || strings.Contains(a.body, "Delta") {
			t.Errorf("%s shows a customer of Oslo", path)
		}
	}
	b.want(b.get("/matches/review/4"), http.StatusNotFound)
	b.want(b.post("/matches/review/4", url.Values{"customer": {"3"}, "d": {"yes"}}), http.StatusNotFound)
	b.want(b.post("/matches/review/2", url.Values{"customer": {"4"}, "d": {"yes"}}), http.StatusNotFound)
}
