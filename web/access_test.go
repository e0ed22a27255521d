package web_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"actnow"
	"actnow/storage/storagetest"
)

// withUser adds a person with goodPassword by an invitation, as people come.
func (s *site) withUser(t *testing.T, email string, role actnow.Role) *browser {
	t.Helper()
	path, err := s.web.NewLink(t.Context(), actnow.System, actnow.LinkInvite, actnow.User{Email: email, Role: role, AllLocations: true}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser(t)
	b.want(b.get(path), http.StatusOK)
	b.want(b.post(path, url.Values{"name": {"Åsa Öberg"}, "password": {goodPassword}}), http.StatusSeeOther)
	return b
}

func (b *browser) session() string {
	u, err := url.Parse(b.site.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, k := range b.client.Jar.Cookies(u) {
		if strings.HasSuffix(k.Name, "actnow") {
			return k.Value
		}
	}
	return ""
}

func TestSetUp(t *testing.T) {
	s := open(t)
	b := s.browser(t)
	if a := b.want(b.get("/signin"), http.StatusOK); !strings.Contains(a.body, "Nobody has an account yet") {
		t.Error("the sign-in page does not say how to begin")
	}
	path, err := s.web.NewLink(t.Context(), actnow.System, actnow.LinkSetup, actnow.User{}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b.want(b.get(path), http.StatusOK)
	b.want(b.get(path), http.StatusOK) // looking uses nothing up
	for name, form := range map[string]url.Values{
		"empty":    {},
		"no name":  {"email": {"elin@nordvik.example"}, "password": {goodPassword}},
		"no dot":   {"name": {"Elin"}, "email": {"elin@nordvik"}, "password": {goodPassword}},
		"short":    {"name": {"Elin"}, "email": {"elin@nordvik.example"}, "password": {"kort"}},
		"common":   {"name": {"Elin"}, "email": {"elin@nordvik.example"}, "password": {"Password123456"}},
		"own":      {"name": {"Elin"}, "email": {"elin.sjoberg@nordvik.example"}, "password": {"elin.sjoberg1"}},
		"repeated": {"name": {"Elin"}, "email": {"elin@nordvik.example"}, "password": {strings.Repeat("a", 73)}},
		"NUL":      {"name": {"Elin"}, "email": {"elin@nordvik.example"}, "password": {"\x00 long enough by far"}},
		"too long": {"name": {"Elin"}, "email": {"elin@nordvik.example"}, "password": {strings.Repeat("ab", 600)}},
	} {
		if a := b.want(b.post(path, form), http.StatusUnprocessableEntity); !strings.Contains(a.body, `aria-invalid="true"`) {
			t.Errorf("%s: no field says what is wrong", name)
		}
	}
	b.want(b.post(path, url.Values{"name": {"Elin Sjöberg"}, "email": {"Elin@Nordvik.example"}, "password": {goodPassword}}), http.StatusSeeOther)
	b.want(b.get("/people"), http.StatusOK)
	b.want(b.get(path), http.StatusNotFound)
	b.want(b.post(path, url.Values{"name": {"Mallory"}, "email": {"m@evil.example"}, "password": {goodPassword}}), http.StatusNotFound)

	second, err := s.web.NewLink(t.Context(), actnow.System, actnow.LinkSetup, actnow.User{}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	stranger := s.browser(t)
	stranger.want(stranger.post(second, url.Values{"name": {"Mallory"}, "email": {"m@evil.example"}, "password": {goodPassword}}), http.StatusConflict)
}

func TestSignIn(t *testing.T) {
	s := open(t)
	first := s.withUser(t, "asa@nordvik.example", actnow.RoleMarketer)
	b := s.browser(t)
	a := b.want(b.get("/account?x=1"), http.StatusSeeOther)
	if got, want := a.Header.Get("Location"), "/signin?to=%2Faccount%3Fx%3D1"; got != want {
		t.Errorf("a stranger is led to %s, want %s", got, want)
	}
	a = b.want(b.post("/signin", url.Values{"email": {" ASA@nordvik.example"}, "password": {goodPassword}, "to": {"/account?x=1"}}), http.StatusSeeOther)
	if got := a.Header.Get("Location"); got != "/account?x=1" {
		t.Errorf("signing in leads to %s", got)
	}
	cookie := a.Header.Get("Set-Cookie")
	for _, want := range []string{"actnow=", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %q", cookie, want)
		}
	}
	old := b.session()
	b.want(b.get("/account"), http.StatusOK)

	// A new sign-in gives a new id, and the old one is worth nothing.
	b.want(b.post("/signin", url.Values{"email": {"asa@nordvik.example"}, "password": {goodPassword}, "to": {"//evil.example"}}), http.StatusSeeOther)
	if b.session() == old {
		t.Error("the session id stayed the same")
	}
	thief := s.browser(t)
	thief.header.Set("Cookie", "actnow="+old)
	thief.want(thief.get("/account"), http.StatusSeeOther)

	// An id that somebody made up is never taken over.
	planted := s.browser(t)
	planted.header.Set("Cookie", "actnow=planted")
	a = planted.want(planted.post("/signin", url.Values{"email": {"asa@nordvik.example"}, "password": {goodPassword}}), http.StatusSeeOther)
	if strings.Contains(a.Header.Get("Set-Cookie"), "planted") {
		t.Error("a planted session id was taken over")
	}

	// Changing the password ends the others, this browser goes on.
	b.want(b.post("/account/password", url.Values{"current": {"wrong"}, "password": {goodPassword + "2"}}), http.StatusUnprocessableEntity)
	b.want(b.post("/account/password", url.Values{"current": {goodPassword}, "password": {goodPassword + "2"}}), http.StatusSeeOther)
	b.want(b.get("/account"), http.StatusOK)
	first.want(first.get("/account"), http.StatusSeeOther)

	old = b.session()
	b.want(b.post("/signout", nil), http.StatusSeeOther)
	thief.header.Set("Cookie", "actnow="+old)
	thief.want(thief.get("/account"), http.StatusSeeOther)
}

func TestSessionEnds(t *testing.T) {
	s := open(t)
	b := s.as(t, actnow.RoleMarketer)
	s.later(11 * time.Hour)
	b.want(b.get("/account"), http.StatusOK) // seen again: twelve more
	s.later(11 * time.Hour)
	b.want(b.get("/account"), http.StatusOK)
	s.later(12*time.Hour + time.Minute)
	b.want(b.get("/account"), http.StatusSeeOther)

	b = s.as(t, actnow.RoleApprover)
	for range 16 { // always in use, for eight days
		s.later(10 * time.Hour)
		b.get("/account")
	}
	s.later(10 * time.Hour)
	b.want(b.get("/account"), http.StatusSeeOther)
}

// Each password of the corpus gets the same answer for a known and an unknown
// person, and none is cut short.
func TestBadPasswords(t *testing.T) {
	file, err := os.Open("../../shared/badinputs/own/login.jsonl")
	if err != nil {
		t.Skip("no corpus:", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	for i := 0; lines.Scan(); i++ {
		var bad struct{ Password string }
		if err := json.Unmarshal(lines.Bytes(), &bad); err != nil {
			t.Fatal(err)
		}
		s := open(t)
		s.withUser(t, "asa@nordvik.example", actnow.RoleMarketer)
		var answers [2]answer
		for j, email := range []string{"asa@nordvik.example", "xyz@nordvik.example"} {
			b := s.browser(t)
			answers[j] = b.post("/signin", url.Values{"email": {email}, "password": {bad.Password}})
			answers[j].body = strings.ReplaceAll(answers[j].body, email, "")
		}
		if answers[0].StatusCode != answers[1].StatusCode || answers[0].body != answers[1].body {
			t.Errorf("line %d: known answers %d, unknown %d, or another page", i+1, answers[0].StatusCode, answers[1].StatusCode)
		}
		if answers[0].StatusCode < 400 || answers[0].StatusCode >= 500 {
			t.Errorf("line %d: answered %d", i+1, answers[0].StatusCode)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestPasswordsAreNotCut(t *testing.T) {
	s := open(t)
	long := strings.Repeat("ett mycket långt lösenord, ", 5)
	path, err := s.web.NewLink(t.Context(), actnow.System, actnow.LinkInvite, actnow.User{Email: "asa@nordvik.example", Role: actnow.RoleMarketer}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser(t)
	b.want(b.post(path, url.Values{"name": {"Åsa"}, "password": {long}}), http.StatusSeeOther)
	b.want(b.post("/signin", url.Values{"email": {"asa@nordvik.example"}, "password": {long[:72]}}), http.StatusUnprocessableEntity)
	b.want(b.post("/signin", url.Values{"email": {"asa@nordvik.example"}, "password": {long}}), http.StatusSeeOther)
}

func TestGuessingIsSlow(t *testing.T) {
	s := open(t)
	s.withUser(t, "asa@nordvik.example", actnow.RoleMarketer)
	b := s.browser(t)
	guess := url.Values{"email": {"asa@nordvik.example"}, "password": {"a wrong guess"}}
	right := url.Values{"email": {"asa@nordvik.example"}, "password": {goodPassword}}
	for range 5 {
		b.want(b.post("/signin", guess), http.StatusUnprocessableEntity)
	}
	a := b.want(b.post("/signin", right), http.StatusTooManyRequests)
	if a.Header.Get("Retry-After") != "1" || !strings.Contains(a.body, "Wait 1 second,") {
		t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
	}
	// Asking while one has to wait does not make it longer: nobody is locked out.
	s.later(time.Second)
	b.want(b.post("/signin", guess), http.StatusUnprocessableEntity)
	if a := b.want(b.post("/signin", guess), http.StatusTooManyRequests); a.Header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After is %q, want 2", a.Header.Get("Retry-After"))
	}
	s.later(2 * time.Second)
	b.want(b.post("/signin", right), http.StatusSeeOther)
	b.want(b.post("/signin", guess), http.StatusUnprocessableEntity) // forgotten

	// One address that tries many people has to wait too.
	for i := range 20 {
		b.post("/signin", url.Values{"email": {string(rune('a'+i)) + "@nordvik.example"}, "password": {"x"}})
	}
	b.want(b.post("/signin", url.Values{"email": {"new@nordvik.example"}, "password": {"x"}}), http.StatusTooManyRequests)
}

func TestPeople(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, `INSERT INTO locations (id, global_id, name) VALUES (1, '111', 'Umeå'), (2, '222', 'Åbo')`)
	admin := s.as(t, actnow.RoleAdministrator)
	a := admin.want(admin.post("/people/invite", url.Values{"email": {"jonas@nordvik.example"}, "role": {"report_viewer"}, "location": {"2"}}), http.StatusOK)
	link := regexp.MustCompile(`/link/[\w-]+`).FindString(a.body)
	if link == "" {
		t.Fatalf("no link shown:\n%s", a.body)
	}
	jonas := s.browser(t)
	jonas.want(jonas.post(link, url.Values{"name": {"Jonas Åkerlund"}, "password": {goodPassword}}), http.StatusSeeOther)
	if a := jonas.want(jonas.get("/keys"), http.StatusOK); !strings.Contains(a.body, "Scope: Åbo") {
		t.Error("the rail does not show the one location")
	}
	jonas.want(jonas.get("/people"), http.StatusForbidden)
	admin.want(admin.post("/people/invite", url.Values{"email": {"JONAS@nordvik.example"}, "role": {"marketer"}}), http.StatusConflict)
	admin.want(admin.post("/people/invite", url.Values{"email": {"x@nordvik.example"}, "role": {"king"}}), http.StatusUnprocessableEntity)
	admin.want(admin.post("/people/2", url.Values{"name": {"Jonas"}, "role": {"steward"}, "all": {"1"}}), http.StatusSeeOther)
	jonas.want(jonas.get("/keys"), http.StatusSeeOther) // another role, so another session

	jonas.want(jonas.post("/signin", url.Values{"email": {"jonas@nordvik.example"}, "password": {goodPassword}}), http.StatusSeeOther)
	a = admin.want(admin.post("/people/2/disable", nil), http.StatusSeeOther)
	if a := admin.want(admin.get(a.Header.Get("Location")), http.StatusOK); !strings.Contains(a.body, `action="/people/2/enable"`) || !strings.Contains(a.body, "Jonas is shut out.") {
		t.Error("no toast with an undo")
	}
	if a := admin.get("/people"); strings.Contains(a.body, "data-toast") {
		t.Error("the toast came twice")
	}
	jonas.want(jonas.get("/keys"), http.StatusSeeOther)
	jonas.want(jonas.post("/signin", url.Values{"email": {"jonas@nordvik.example"}, "password": {goodPassword}}), http.StatusUnprocessableEntity)
	admin.want(admin.post("/people/2/enable", nil), http.StatusSeeOther)
	a = admin.want(admin.post("/people/2/reset", nil), http.StatusOK)
	jonas.want(jonas.post(regexp.MustCompile(`/link/[\w-]+`).FindString(a.body), url.Values{"password": {goodPassword + "3"}}), http.StatusSeeOther)

	admin.want(admin.post("/people/1/disable", nil), http.StatusConflict) // the last administrator
	admin.want(admin.post("/people/1", url.Values{"name": {"Elin"}, "role": {"marketer"}}), http.StatusConflict)
	admin.want(admin.get("/people/77"), http.StatusNotFound)
	admin.want(admin.get("/people/x"), http.StatusNotFound)

	a = admin.want(admin.get("/activity?noun=user"), http.StatusOK)
	for _, want := range []string{"Invited jonas@nordvik.example", "Made the account of person 2", "Changed person 2"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("activity does not say %q", want)
		}
	}
	admin.says(admin.want(admin.get("/activity?noun=zz"), http.StatusUnprocessableEntity), "is no choice for noun")
	a = admin.want(admin.get("/activity.csv"), http.StatusOK)
	if !strings.HasPrefix(a.body, "id,at,user,name,action") || !strings.Contains(a.body, "link.invite") || strings.Contains(a.body, goodPassword) {
		t.Errorf("activity.csv:\n%s", a.body)
	}
}

func TestScopeIsChosen(t *testing.T) {
	s := open(t)
	storagetest.Exec(t, s.db, `INSERT INTO locations (id, global_id, name) VALUES (1, '111', 'Umeå'), (2, '222', '')`)
	b := s.as(t, actnow.RoleExecutiveViewer)
	b.want(b.post("/scope", url.Values{"location": {"2"}, "to": {"/keys"}}), http.StatusSeeOther)
	if a := b.get("/keys"); !strings.Contains(a.body, "Scope: 222") {
		t.Error("the chosen location is not shown")
	}
	b.want(b.post("/scope", url.Values{"location": {"0"}, "to": {"/keys"}}), http.StatusSeeOther)
	if a := b.get("/keys"); !strings.Contains(a.body, "Scope: all locations") {
		t.Error("all locations are not shown")
	}
	b.want(b.post("/scope", url.Values{"location": {"-1"}}), http.StatusUnprocessableEntity)
}

func TestAccount(t *testing.T) {
	s := open(t)
	b := s.as(t, actnow.RoleMarketer)
	b.want(b.post("/account", url.Values{"name": {""}, "language": {"sv"}}), http.StatusUnprocessableEntity)
	b.want(b.post("/account", url.Values{"name": {"Elin"}, "language": {"xx"}}), http.StatusUnprocessableEntity)
	b.want(b.post("/account", url.Values{"name": {"Elin Ny"}, "language": {"sv"}, "role": {"administrator"}}), http.StatusSeeOther)
	if a := b.want(b.get("/account"), http.StatusOK); !strings.Contains(a.body, `<html lang="sv"`) || !strings.Contains(a.body, "Elin Ny") || !strings.Contains(a.body, "marknadsförare") {
		t.Errorf("the account:\n%s", a.body)
	}
	b.want(b.post("/keys", url.Values{"off": {"1"}}), http.StatusSeeOther)
	if a := b.get("/keys"); !strings.Contains(a.body, `data-shortcuts="off"`) {
		t.Error("the keys stay on")
	}
	b.want(b.post("/keys", nil), http.StatusSeeOther)
	if a := b.get("/keys"); strings.Contains(a.body, `data-shortcuts="off"`) {
		t.Error("the keys stay off")
	}
}

func TestAPITokens(t *testing.T) {
	s := open(t)
	b := s.as(t, actnow.RoleAdministrator)
	make := func(role, days string) string {
		t.Helper()
		a := b.want(b.post("/account/tokens", url.Values{"token": {"nightly"}, "role": {role}, "days": {days}}), http.StatusOK)
		return regexp.MustCompile(`an_[\w-]{43}`).FindString(a.body)
	}
	admin, viewer := make("administrator", "0"), make("report_viewer", "30")
	if a := b.get("/account"); strings.Contains(a.body, admin) {
		t.Error("a token is shown twice")
	}
	api := s.browser(t)
	api.header.Set("Authorization", "Bearer "+admin)
	a := api.want(api.get("/api/v1/session"), http.StatusOK)
	if !strings.Contains(a.body, `"role":"administrator"`) || !strings.Contains(a.body, `"expires_at":null`) {
		t.Errorf("session = %s", a.body)
	}
	a = api.want(api.get("/api/v1/activity?limit=1"), http.StatusOK)
	var list struct {
		Items []struct{ Action string }
		Next  int64
	}
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || len(list.Items) != 1 || list.Items[0].Action != "token.create" || list.Next == 0 {
		t.Errorf("activity = %s, %v", a.body, err)
	}
	api.want(api.get("/account"), http.StatusSeeOther) // a token is no session
	for lang, sentence := range map[string]string{"": "is no number", "sv": "är inget tal", "de": "is no number"} {
		api.header.Set("Accept-Language", lang)
		if a := api.want(api.get("/api/v1/activity?limit=x"), http.StatusUnprocessableEntity); !strings.Contains(a.body, sentence) {
			t.Errorf("in the language %q: %s", lang, a.body)
		}
	}
	api.header.Del("Accept-Language")

	api.header.Set("Authorization", "Bearer "+viewer)
	a = api.want(api.get("/api/v1/activity"), http.StatusForbidden)
	if a.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(a.body, `"code":"error.forbidden"`) {
		t.Errorf("problem = %s %s", a.Header.Get("Content-Type"), a.body)
	}
	b.want(b.post("/account/tokens/2/revoke", nil), http.StatusSeeOther)
	a = api.want(api.get("/api/v1/session"), http.StatusUnauthorized)
	if a.Header.Get("WWW-Authenticate") == "" {
		t.Error("no WWW-Authenticate")
	}
	b.want(b.get("/api/v1/session"), http.StatusUnauthorized) // a session is no token

	// A token keeps no right that its owner lost.
	api.header.Set("Authorization", "Bearer "+admin)
	storagetest.Exec(t, s.db, `UPDATE users SET role = 'steward'`)
	api.want(api.get("/api/v1/activity"), http.StatusForbidden)
	if a := api.get("/api/v1/session"); !strings.Contains(a.body, `"role":"report_viewer"`) {
		t.Errorf("a token took over what its owner may: %s", a.body)
	}
	storagetest.Exec(t, s.db, `UPDATE users SET disabled_at = 1`)
	api.want(api.get("/api/v1/session"), http.StatusUnauthorized)

	marketer := s.as(t, actnow.RoleMarketer)
	marketer.want(marketer.post("/account/tokens", url.Values{"token": {"x"}, "role": {"administrator"}, "days": {"0"}}), http.StatusUnprocessableEntity)
	marketer.want(marketer.post("/account/tokens/1/revoke", nil), http.StatusSeeOther) // of another: nothing happens
	raw := storagetest.Raw(t, s.db)
	defer raw.Close()
	var left int
	if err := raw.QueryRow(`SELECT count(*) FROM tokens WHERE revoked_at IS NULL`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d tokens left, %v; want 1", left, err)
	}
}
