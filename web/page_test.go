package web_test

import (
	"net/http"
	"strings"
	"testing"

	"actnow"
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
