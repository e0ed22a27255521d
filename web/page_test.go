package web_test

import (
	"net/http"
	"strings"
	"testing"

	"actnow"
	"actnow/storage/storagetest"
)

func TestPagesInBothLanguages(t *testing.T) {
	s := open(t)
	b := s.as(t, actnow.RoleAdministrator)
	for _, path := range []string{"/", "/customers", "/customers?area=azure", "/grid", "/activity", "/people", "/people/invite", "/people/1", "/account", "/find", "/find?q=k", "/keys", "/nothing"} {
		for _, lang := range []string{"en", "sv"} {
			b.header.Set("Cookie", "lang="+lang)
			a := b.get(path)
			want := http.StatusOK
			if path == "/nothing" {
				want = http.StatusNotFound
			}
			b.want(a, want)
			if !strings.Contains(a.body, `<html lang="`+lang+`"`) || !strings.Contains(a.body, "</html>") {
				t.Errorf("%s in %s is no whole page:\n%s", path, lang, a.body)
			}
		}
	}
}

// While a report is published customer by customer, every page says so.
func TestPagesTellOfAnImport(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.as(t, actnow.RoleMarketer)
	const sentence = "A report of November 2026 is being taken in or back."
	if a := b.want(b.get("/"), http.StatusOK); strings.Contains(a.body, sentence) {
		t.Error("the page tells of an import, and there is none")
	}
	storagetest.Exec(t, s.db, `INSERT INTO snapshots (report, month, revision, current, state, file, sha256, columns, rows, new, changed, unchanged, imported_at)
		VALUES ('azure', '2026-11', -9, 0, 'publishing', 'a.csv', '', '[]', 1, 1, 0, 0, 1)`)
	if a := b.want(b.get("/customers"), http.StatusOK); !strings.Contains(a.body, sentence) {
		t.Errorf("the page does not tell of an import:\n%s", a.body)
	}
}

// What a person is asked to do first leads to pages that the person may open.
func TestFirstStepsLeadWhereOneMay(t *testing.T) {
	t.Parallel()
	s := open(t)
	for role, want := range map[actnow.Role]bool{actnow.RoleAdministrator: true, actnow.RoleMarketer: false, actnow.RoleReportViewer: false} {
		b := s.as(t, role)
		a := b.want(b.get("/"), http.StatusOK)
		if got := strings.Contains(a.body, `href="/settings/sender"`); got != want || !strings.Contains(a.body, "Say who mails come from") {
			t.Errorf("%s is led to the sender: %v, want %v", role, got, want)
		}
	}
}

// An error page leads back to the page of ours that led to it, and nowhere else.
func TestErrorsLeadBack(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.as(t, actnow.RoleMarketer)
	for _, tt := range []struct{ referer, want string }{
		{"/customers?area=azure&cluster=Evaluate", "/customers?area=azure&amp;cluster=Evaluate"},
		{"/customers?cell=A1", ""}, // this very page
		{"http://elsewhere.example/customers", ""},
		{"javascript:alert(1)", ""},
		{"", ""},
	} {
		referer := tt.referer
		if strings.HasPrefix(referer, "/") {
			referer = s.URL + referer
		}
		b.header.Set("Referer", referer)
		a := b.want(b.get("/customers?cell=A1"), http.StatusUnprocessableEntity)
		_, link, found := strings.Cut(a.body, `<a class="btn main" href="`)
		link, _, _ = strings.Cut(link, `"`)
		if link != tt.want || found != (tt.want != "") {
			t.Errorf("from %q: leads to %q, want %q", tt.referer, link, tt.want)
		}
	}
}
