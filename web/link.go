package web

import (
	"net/http"
	"net/mail"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"actnow"
)

// LinkPath is the local path of a one-time link with the secret.
func LinkPath(secret string) string { return "/link/" + secret }

type linkPage struct {
	Head   Head
	Path   string
	Fields []Field
	Button string
}

// linkForm returns the form that a link of the kind asks for, with what was
// typed. Passwords are not sent back.
func linkForm(text *Text, path string, l actnow.Link, typed actnow.User) linkPage {
	kind := string(l.Kind)
	p := linkPage{Path: path, Button: text.T("link." + kind + ".button"),
		Head: Head{Title: text.T("link." + kind + ".title"), Text: text.T("link."+kind+".text", l.User.Email)}}
	name := Field{Name: "name", Label: text.T("link.name"), Value: typed.Name, Autocomplete: "name", Required: true}
	email := Field{Name: "email", Label: text.T("signin.email"), Type: "email", Value: typed.Email, Autocomplete: "username", Required: true}
	password := Field{Name: "password", Label: text.T("link.password"), Type: "password", Autocomplete: "new-password", Required: true,
		Hint: text.T("link.password_hint", passwordMin)}
	switch l.Kind {
	case actnow.LinkSetup:
		p.Fields = []Field{name, email, password}
	case actnow.LinkInvite:
		p.Fields = []Field{name, password}
	case actnow.LinkReset:
		p.Fields = []Field{password}
	}
	return p
}

// showLink shows what the link is for. It uses nothing up: mail programs and
// browsers fetch links before a person does.
func (s *Server) showLink(c echo.Context) error {
	l, err := s.store.LinkOf(ctx(c), hashSecret(c.Param("secret")))
	if err != nil {
		return err
	}
	return s.render(c, "link", linkForm(s.text(c), c.Request().URL.Path, l, l.User))
}

func (s *Server) useLink(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	secret := hashSecret(c.Param("secret"))
	l, err := s.store.LinkOf(ctx(c), secret)
	if err != nil {
		return err
	}
	text := s.text(c)
	typed := actnow.User{Name: strings.TrimSpace(f.Get("name")), Email: strings.TrimSpace(f.Get("email")), Language: text.Lang}
	page := linkForm(text, c.Request().URL.Path, l, typed)
	var hash string
	if l.Kind != actnow.LinkDemo {
		who := typed
		if l.Kind != actnow.LinkSetup {
			who.Email = l.User.Email
		}
		if l.Kind == actnow.LinkReset {
			who.Name = l.User.Name
		}
		problems := []error{checkName(who.Name), checkEmail(who.Email), checkPassword(f.Get("password"), who.Email, who.Name)}
		if showProblems(page.Fields, problems, text) {
			return s.renderStatus(c, http.StatusUnprocessableEntity, "link", page)
		}
		if hash, err = s.signin.hasher.hash(ctx(c), f.Get("password")); err != nil {
			return err
		}
	}
	u, err := s.store.UseLink(ctx(c), secret, typed, hash, requestID(c))
	if err != nil {
		return err
	}
	if err := s.startSession(c, u); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

// showProblems puts each *actnow.InputError under its field and reports whether
// there was one. Errors of fields that the form lacks are shown under the first.
func showProblems(fields []Field, problems []error, text *Text) bool {
	found := false
	for _, err := range problems {
		input, ok := err.(*actnow.InputError)
		if !ok {
			continue
		}
		found = true
		at := 0
		for i := range fields {
			if fields[i].Name == input.Field {
				at = i
			}
		}
		if len(fields) > 0 && fields[at].Error == "" {
			fields[at].Error = text.Error(input)
		}
	}
	return found
}

// checkName returns an *actnow.InputError if name cannot be a person's name.
func checkName(name string) error {
	switch {
	case name == "":
		return actnow.Invalid("error.name_empty", "name", "a name is needed")
	case utf8.RuneCountInString(name) > 200, !utf8.ValidString(name), strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return actnow.Invalid("error.name", "name", "this cannot be a name")
	}
	return nil
}

// checkEmail returns an *actnow.InputError if email is not one plain address.
func checkEmail(email string) error {
	a, err := mail.ParseAddress(email)
	if err != nil || a.Address != email || len(email) > 254 || !strings.Contains(email[strings.LastIndexByte(email, '@'):], ".") {
		return actnow.Invalid("error.email", "email", "%q is no e-mail address", email)
	}
	return nil
}
