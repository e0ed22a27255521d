package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
)

// An invitation is good for a week, a link to choose a new password for a day.
const (
	inviteLife = 7 * 24 * time.Hour
	resetLife  = 24 * time.Hour
)

func (s *Server) peopleRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/people", right: actnow.RightAdmin, nav: "settings", handle: s.showPeople},
		{method: http.MethodGet, path: "/people/invite", right: actnow.RightAdmin, nav: "settings", handle: s.showInvite},
		{method: http.MethodPost, path: "/people/invite", right: actnow.RightAdmin, nav: "settings", handle: s.invite},
		{method: http.MethodGet, path: "/people/:id", right: actnow.RightAdmin, nav: "settings", handle: s.showPerson},
		{method: http.MethodPost, path: "/people/:id", right: actnow.RightAdmin, nav: "settings", handle: s.savePerson},
		{method: http.MethodPost, path: "/people/:id/disable", right: actnow.RightAdmin, handle: s.disablePerson},
		{method: http.MethodPost, path: "/people/:id/enable", right: actnow.RightAdmin, handle: s.enablePerson},
		{method: http.MethodPost, path: "/people/:id/reset", right: actnow.RightAdmin, nav: "settings", handle: s.resetPerson},
	}
}

type peoplePage struct {
	Head   Head
	People []personRow
}

type personRow struct {
	Path, Name, Email, Role, Scope string
	State                          Badge
}

func (s *Server) showPeople(c echo.Context) error {
	users, err := s.store.Users(ctx(c))
	if err != nil {
		return err
	}
	text := s.text(c)
	p := peoplePage{Head: Head{Title: text.TN("people.title", int64(len(users))), Text: text.T("people.text"),
		Actions: []Action{{Text: text.T("people.invite"), Href: "/people/invite", Icon: "user-plus", Class: "main"}}}}
	for _, u := range users {
		row := personRow{Path: personPath(u.ID), Name: u.Name, Email: u.Email, Role: text.T("role." + string(u.Role)),
			Scope: text.T("scope.all"), State: Badge{Kind: "ok", Icon: "check", Text: text.T("people.active")}}
		if !u.AllLocations {
			row.Scope = text.TN("scope.locations", int64(len(u.Locations)))
		}
		if u.Disabled {
			row.State = Badge{Kind: "line", Icon: "ban", Text: text.T("people.disabled")}
		}
		p.People = append(p.People, row)
	}
	return s.render(c, "people", p)
}

// personPage is the form of one person: to invite, or to change.
type personPage struct {
	Head      Head
	Path      string // what the form posts to
	Fields    []Field
	Roles     Select
	Locations []Option
	All       bool // all locations
	Button    string
	Person    *actnow.User // nil in an invitation
	Disable   *Action
	Link      string // a one-time link that was just made: shown once
	LinkNote  Note
}

func (s *Server) personPage(c echo.Context, u actnow.User) (personPage, error) {
	text := s.text(c)
	locations, err := s.store.Locations(ctx(c))
	if err != nil {
		return personPage{}, err
	}
	p := personPage{All: u.AllLocations, Roles: roleSelect(text, u.Role, actnow.Roles)}
	for _, l := range locations {
		p.Locations = append(p.Locations, Option{Value: strconv.FormatInt(int64(l.ID), 10), Text: l.Label(), Selected: slices.Contains(u.Locations, l.ID)})
	}
	crumbs := []Crumb{{Text: text.T("page.people"), Href: "/people"}}
	if u.ID == 0 {
		p.Head = Head{Crumbs: crumbs, Title: text.T("people.invite"), Text: text.T("people.invite_text")}
		p.Path, p.Button = "/people/invite", text.T("people.make_link")
		p.Fields = []Field{{Name: "email", Label: text.T("signin.email"), Type: "email", Value: u.Email, Autocomplete: "off", Required: true}}
		return p, nil
	}
	p.Head = Head{Crumbs: crumbs, Title: u.Name, Text: u.Email}
	p.Path, p.Button, p.Person = personPath(u.ID), text.T("people.save"), &u
	p.Fields = []Field{{Name: "name", Label: text.T("link.name"), Value: u.Name, Autocomplete: "off", Required: true}}
	p.Disable = &Action{Text: text.T("people.disable"), Post: p.Path + "/disable", Icon: "ban", Class: "danger"}
	if u.Disabled {
		p.Disable = &Action{Text: text.T("people.enable"), Post: p.Path + "/enable", Icon: "check"}
	}
	return p, nil
}

// roleSelect offers the roles among which one is chosen.
func roleSelect(text *Text, chosen actnow.Role, roles []actnow.Role) Select {
	sel := Select{Name: "role", Label: text.T("people.role")}
	for _, r := range roles {
		sel.Options = append(sel.Options, Option{Value: string(r), Text: text.T("role." + string(r)), Selected: r == chosen})
	}
	return sel
}

// readPerson reads role and locations of a form into u.
func readPerson(f url.Values, u *actnow.User) error {
	u.Role = actnow.Role(f.Get("role"))
	if !u.Role.Valid() {
		return actnow.Invalid("error.role", "role", "%q is no role", f.Get("role"))
	}
	u.AllLocations, u.Locations = f.Get("all") == "1", nil
	for _, v := range f["location"] {
		id, err := strconv.ParseInt(v, 10, 64)
		if err != nil || id <= 0 {
			return actnow.Invalid("error.location", "location", "%q is no location", v)
		}
		u.Locations = append(u.Locations, actnow.LocationID(id))
	}
	slices.Sort(u.Locations)
	u.Locations = slices.Compact(u.Locations)
	return nil
}

func (s *Server) showInvite(c echo.Context) error {
	p, err := s.personPage(c, actnow.User{Role: actnow.RoleReportViewer, AllLocations: true})
	if err != nil {
		return err
	}
	return s.render(c, "person", p)
}

func (s *Server) invite(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	u := actnow.User{Email: strings.TrimSpace(f.Get("email"))}
	if err := readPerson(f, &u); err != nil {
		return err
	}
	p, err := s.personPage(c, u)
	if err != nil {
		return err
	}
	if showProblems(p.Fields, []error{checkEmail(u.Email)}, s.text(c)) {
		return s.renderStatus(c, http.StatusUnprocessableEntity, "person", p)
	}
	return s.offer(c, actnow.LinkInvite, u, inviteLife, p)
}

func (s *Server) resetPerson(c echo.Context) error {
	u, err := s.person(c)
	if err != nil {
		return err
	}
	p, err := s.personPage(c, u)
	if err != nil {
		return err
	}
	return s.offer(c, actnow.LinkReset, u, resetLife, p)
}

// offer makes a one-time link for a person, mails it if mail can be sent, and
// shows it once.
func (s *Server) offer(c echo.Context, kind actnow.LinkKind, u actnow.User, life time.Duration, p personPage) error {
	text := s.text(c)
	path, err := s.NewLink(ctx(c), s.actor(c), kind, u, life)
	if err != nil {
		return err
	}
	until := s.now().Add(life)
	p.Link = s.origin(c) + path
	p.LinkNote = Note{Kind: "ok", Text: text.T("people.link", u.Email, until)}
	if s.actions != nil {
		if err := s.actions.MailLink(ctx(c), u.Email, u.Language, p.Link); err != nil {
			s.log.WarnContext(ctx(c), "link not mailed", "request", requestID(c), "error", err)
			p.LinkNote = Note{Kind: "warn", Text: text.T("people.link_not_mailed", u.Email, until)}
		}
	}
	return s.render(c, "person", p)
}

// origin returns the address by which the reader reached us.
func (s *Server) origin(c echo.Context) string {
	scheme := "http://"
	if s.secure(c.Request()) {
		scheme = "https://"
	}
	return scheme + c.Request().Host
}

func (s *Server) person(c echo.Context) (actnow.User, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return actnow.User{}, err
	}
	return s.store.User(ctx(c), actnow.UserID(id))
}

func (s *Server) showPerson(c echo.Context) error {
	u, err := s.person(c)
	if err != nil {
		return err
	}
	p, err := s.personPage(c, u)
	if err != nil {
		return err
	}
	return s.render(c, "person", p)
}

func (s *Server) savePerson(c echo.Context) error {
	u, err := s.person(c)
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	if err := readPerson(f, &u); err != nil {
		return err
	}
	u.Name = strings.TrimSpace(f.Get("name"))
	if err := checkName(u.Name); err != nil {
		p, pageErr := s.personPage(c, u)
		if pageErr != nil {
			return pageErr
		}
		showProblems(p.Fields, []error{err}, s.text(c))
		return s.renderStatus(c, http.StatusUnprocessableEntity, "person", p)
	}
	if err := s.store.SaveUser(ctx(c), s.actor(c), u); err != nil {
		return err
	}
	return s.done(c, "/people", s.text(c).T("people.saved", u.Name), "")
}

func (s *Server) disablePerson(c echo.Context) error { return s.setDisabled(c, true) }
func (s *Server) enablePerson(c echo.Context) error  { return s.setDisabled(c, false) }

// setDisabled shuts a person out at once, or lets them in again.
func (s *Server) setDisabled(c echo.Context, disabled bool) error {
	u, err := s.person(c)
	if err != nil {
		return err
	}
	u.Disabled = disabled
	if err := s.store.SaveUser(ctx(c), s.actor(c), u); err != nil {
		return err
	}
	text, path := s.text(c), personPath(u.ID)
	if disabled {
		return s.done(c, "/people", text.T("people.was_disabled", u.Name), path+"/enable")
	}
	return s.done(c, "/people", text.T("people.was_enabled", u.Name), path+"/disable")
}

func personPath(id actnow.UserID) string { return "/people/" + strconv.FormatInt(int64(id), 10) }
