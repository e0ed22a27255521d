package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
)

// Cookies of a reader's choices. They hold no secret.
const (
	languageCookie = "lang"
	themeCookie    = "theme"
	scopeCookie    = "scope"
	keysCookie     = "shortcuts"
)

const yearSeconds = 365 * 24 * 60 * 60

// languageNames are written in their own language.
var languageNames = map[string]string{"en": "English", "sv": "Svenska"}

type scopeChoice struct {
	ID      actnow.LocationID // 0: all that the person may see
	Name    string
	Current bool
}

// frame gathers what the layout shows around a page.
func (s *Server) frame(c echo.Context) (frame, error) {
	text, who := s.text(c), s.caller(c)
	if isPublic(c) {
		return frame{Lang: text.Lang, Partner: s.cfg.Partner, Public: true}, nil
	}
	f := frame{Lang: text.Lang, Theme: theme(c), KeysOff: keysOff(c), Path: "/", Demo: s.cfg.Demo, Partner: s.cfg.Partner, Toast: s.takeToast(c)}
	if c.Request().Method == http.MethodGet {
		f.Path = localPath(c.Request().URL.RequestURI())
	}
	for _, lang := range Languages {
		if lang != text.Lang {
			f.Languages = append(f.Languages, languageChoice{Lang: lang, Name: languageNames[lang]})
		}
	}
	if who.user.ID == 0 || who.session.Hash == "" {
		return f, nil
	}
	f.User = &who.user
	f.RoleName = text.T("role." + string(who.user.Role))
	f.Rail = s.rail(who.role, who.route.nav, text)
	waiting, err := s.store.Waiting(ctx(c), s.scope(c))
	if err != nil {
		return frame{}, err
	}
	countRail(f.Rail, waiting, text)
	if waiting.Importing != "" {
		f.Importing = text.T("layout.importing", text.Month(waiting.Importing))
	}
	locations, err := s.store.Locations(ctx(c))
	if err != nil {
		return frame{}, err
	}
	f.Scope, f.Scopes = scopeChoices(who.user, chosenLocation(c), locations, text)
	return f, nil
}

// countRail says in the rail where a person is waited for, and that mail goes out.
func countRail(rail []railGroup, w actnow.Waiting, text *Text) {
	for _, group := range rail {
		for i := range group {
			switch item := &group[i]; {
			case item.Key == "matches" && w.ToReview > 0:
				item.Count, item.Due, item.CountNote = text.Number(int64(w.ToReview)), true, text.T("rail.to_review")
			case item.Key == "deliveries" && w.Sending:
				item.Count = text.T("rail.sending")
			}
		}
	}
}

// scopeChoices returns the name of what the person sees now, and what else
// there is to choose; nothing, if there is only one.
func scopeChoices(u actnow.User, chosen actnow.LocationID, locations []actnow.Location, text *Text) (string, []scopeChoice) {
	all := scopeChoice{Name: text.T("scope.all"), Current: true}
	if !u.AllLocations {
		all.Name = text.TN("scope.locations", int64(len(u.Locations)))
	}
	choices := []scopeChoice{all}
	name := all.Name
	for _, l := range locations {
		if !u.AllLocations && !contains(u.Locations, l.ID) {
			continue
		}
		choice := scopeChoice{ID: l.ID, Name: l.Label()}
		if l.ID == chosen {
			choice.Current, choices[0].Current, name = true, false, choice.Name
		}
		choices = append(choices, choice)
	}
	switch {
	case len(choices) < 2:
		return name, nil
	case len(choices) == 2:
		return choices[1].Name, nil
	}
	return name, choices
}

func theme(c echo.Context) string {
	if k, err := c.Cookie(themeCookie); err == nil && (k.Value == "light" || k.Value == "dark") {
		return k.Value
	}
	return ""
}

func chosenLocation(c echo.Context) actnow.LocationID {
	k, err := c.Cookie(scopeCookie)
	if err != nil {
		return 0
	}
	id, err := strconv.ParseInt(k.Value, 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return actnow.LocationID(id)
}

func (s *Server) setLanguage(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	lang := f.Get("lang")
	if _, ok := s.texts[lang]; !ok {
		return actnow.Invalid("error.language", "lang", "%q is none of our languages", lang)
	}
	s.setCookie(c, &http.Cookie{Name: languageCookie, Value: lang, MaxAge: yearSeconds, HttpOnly: true})
	return c.Redirect(http.StatusSeeOther, localPath(f.Get("to")))
}

func (s *Server) setTheme(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	k := &http.Cookie{Name: themeCookie, Value: f.Get("theme"), MaxAge: yearSeconds, HttpOnly: true}
	if k.Value != "light" && k.Value != "dark" {
		k.Value, k.MaxAge = "", -1
	}
	s.setCookie(c, k)
	return c.Redirect(http.StatusSeeOther, localPath(f.Get("to")))
}

func (s *Server) setScope(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(f.Get("location"), 10, 64)
	if err != nil || id < 0 {
		return actnow.Invalid("error.location", "location", "%q is no location", f.Get("location"))
	}
	k := &http.Cookie{Name: scopeCookie, Value: strconv.FormatInt(id, 10), HttpOnly: true}
	if id == 0 {
		k.Value, k.MaxAge = "", -1
	}
	s.setCookie(c, k)
	return c.Redirect(http.StatusSeeOther, localPath(f.Get("to")))
}

func (s *Server) favicon(c echo.Context) error {
	url, err := s.assets.url("mark.svg")
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusFound, url)
}

// findPage lists the pages a person may open and the customers whose name,
// domain or TPID fits what was asked for. The command palette shows the same
// list.
type findPage struct {
	Query     string
	Found     []findResult
	Customers []findResult
	More      bool // more customers fit than are listed
}

// foundCustomers is how many customers are listed at most.
const foundCustomers = 8

type findResult struct {
	Name, Path string
	Note       string // "" for none
}

func (s *Server) find(c echo.Context) error {
	text, role := s.text(c), s.caller(c).role
	p := findPage{Query: strings.TrimSpace(c.QueryParam("q"))}
	want := strings.ToLower(p.Query)
	for _, g := range s.rail(role, "", text) {
		for _, item := range g {
			if strings.Contains(strings.ToLower(item.Name), want) {
				p.Found = append(p.Found, findResult{Name: item.Name, Path: item.Path})
			}
		}
	}
	for _, path := range morePages {
		name := text.T("page." + strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "."))
		if s.mayOpen(role, path) && strings.Contains(strings.ToLower(name), want) {
			p.Found = append(p.Found, findResult{Name: name, Path: path})
		}
	}
	if len([]rune(p.Query)) >= 2 {
		page, err := s.store.Customers(ctx(c), s.scope(c), actnow.CustomerQuery{Search: p.Query, Limit: foundCustomers})
		if err != nil {
			return err
		}
		for _, l := range customerLines(text, page.Rows, false, false) {
			p.Customers = append(p.Customers, findResult{Name: l.Name, Path: l.Href, Note: l.Note})
		}
		p.More = page.Total > len(page.Rows)
	}
	return s.render(c, "find", p)
}

// morePages are pages that the rail does not name.
var morePages = []string{"/grid", "/account", "/people", "/keys", "/api/docs"}

// keysPage lists the keys and lets them be switched off.
type keysPage struct {
	Off bool
}

func (s *Server) showKeys(c echo.Context) error {
	return s.render(c, "keys", keysPage{Off: keysOff(c)})
}

// setKeys switches the keys of one letter off for who dictates, or on again.
func (s *Server) setKeys(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	k := &http.Cookie{Name: keysCookie, Value: "off", MaxAge: yearSeconds, HttpOnly: true}
	if f.Get("off") != "1" {
		k.Value, k.MaxAge = "", -1
	}
	s.setCookie(c, k)
	return c.Redirect(http.StatusSeeOther, "/keys")
}

func keysOff(c echo.Context) bool {
	k, err := c.Cookie(keysCookie)
	return err == nil && k.Value == "off"
}
