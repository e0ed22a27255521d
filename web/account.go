package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
)

func (s *Server) accountRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/account", handle: s.showAccount},
		{method: http.MethodPost, path: "/account", handle: s.saveAccount},
		{method: http.MethodPost, path: "/account/password", handle: s.changePassword},
		{method: http.MethodPost, path: "/account/sessions/end", handle: s.endOtherSession},
		{method: http.MethodPost, path: "/account/tokens", handle: s.createToken},
		{method: http.MethodPost, path: "/account/tokens/:id/revoke", handle: s.revokeToken},
	}
}

type accountPage struct {
	Head      Head
	Profile   []Field
	Language  Select
	Passwords []Field
	Sessions  []sessionRow
	Tokens    []tokenRow
	NewToken  []Field
	Role      Select
	Expires   Select
	Secret    string // of a token that was just made: shown once
}

type sessionRow struct {
	Hash              actnow.SecretHash
	Agent, Address    string
	CreatedAt, SeenAt time.Time
	Current           bool
}

type tokenRow struct {
	actnow.Token
	RoleName string
	Revoke   string
}

// tokenLives are the lifetimes offered for a token, in days; 0 is for good.
var tokenLives = []int{30, 90, 365, 0}

func (s *Server) accountPage(c echo.Context) (accountPage, error) {
	text, u := s.text(c), s.user(c)
	sessions, err := s.store.Sessions(ctx(c), u.ID, sessionIdle)
	if err != nil {
		return accountPage{}, err
	}
	tokens, err := s.store.Tokens(ctx(c), u.ID)
	if err != nil {
		return accountPage{}, err
	}
	p := accountPage{
		Head:     Head{Title: text.T("page.account"), Text: u.Email + ", " + text.T("role."+string(u.Role))},
		Profile:  []Field{{Name: "name", Label: text.T("link.name"), Value: u.Name, Autocomplete: "name", Required: true}},
		Language: Select{Name: "language", Label: text.T("account.language")},
		Passwords: []Field{
			{Name: "current", Label: text.T("account.current"), Type: "password", Autocomplete: "current-password", Required: true},
			{Name: "password", Label: text.T("account.new"), Type: "password", Autocomplete: "new-password", Required: true, Hint: text.T("link.password_hint", passwordMin)},
		},
		NewToken: []Field{{Name: "token", Label: text.T("account.token_name"), Hint: text.T("account.token_hint"), Required: true, Autocomplete: "off"}},
		Role:     roleSelect(text, u.Role, ownRoles(u.Role)),
		Expires:  Select{Name: "days", Label: text.T("account.token_life")},
	}
	for _, lang := range Languages {
		p.Language.Options = append(p.Language.Options, Option{Value: lang, Text: languageNames[lang], Selected: lang == text.Lang})
	}
	for _, days := range tokenLives {
		o := Option{Value: strconv.Itoa(days), Text: text.TN("account.days", int64(days)), Selected: days == 90}
		if days == 0 {
			o.Text = text.T("account.forever")
		}
		p.Expires.Options = append(p.Expires.Options, o)
	}
	for _, x := range sessions {
		p.Sessions = append(p.Sessions, sessionRow{Hash: x.Hash, Agent: x.Agent, Address: x.Address, CreatedAt: x.CreatedAt, SeenAt: x.SeenAt,
			Current: x.Hash == s.caller(c).session.Hash})
	}
	for _, t := range tokens {
		p.Tokens = append(p.Tokens, tokenRow{Token: t, RoleName: text.T("role." + string(t.Role)), Revoke: "/account/tokens/" + strconv.FormatInt(t.ID, 10) + "/revoke"})
	}
	return p, nil
}

// ownRoles returns the roles that a person may give a token: those that include
// no right the person lacks.
func ownRoles(own actnow.Role) []actnow.Role {
	var roles []actnow.Role
	for _, r := range actnow.Roles {
		if narrower(own, r) == r {
			roles = append(roles, r)
		}
	}
	return roles
}

func (s *Server) showAccount(c echo.Context) error {
	p, err := s.accountPage(c)
	if err != nil {
		return err
	}
	return s.render(c, "account", p)
}

// backToAccount answers with the account page and what is wrong in its fields.
func (s *Server) backToAccount(c echo.Context, fields func(*accountPage) []Field, problem error) error {
	p, err := s.accountPage(c)
	if err != nil {
		return err
	}
	showProblems(fields(&p), []error{problem}, s.text(c))
	return s.renderStatus(c, http.StatusUnprocessableEntity, "account", p)
}

func (s *Server) saveAccount(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	u := s.user(c)
	u.Name, u.Language = strings.TrimSpace(f.Get("name")), f.Get("language")
	if err := checkName(u.Name); err != nil {
		return s.backToAccount(c, func(p *accountPage) []Field { return p.Profile }, err)
	}
	if !slices.Contains(Languages, u.Language) {
		return actnow.Invalid("error.language", "language", "%q is none of our languages", u.Language)
	}
	if err := s.store.SaveProfile(ctx(c), s.actor(c), u.ID, u.Name, u.Language); err != nil {
		return err
	}
	s.setCookie(c, &http.Cookie{Name: languageCookie, Value: u.Language, MaxAge: yearSeconds, HttpOnly: true})
	return s.done(c, "/account", s.texts[u.Language].T("account.saved"), "")
}

// changePassword wants the old password, counts tries like signing in does, and
// ends all other sessions.
func (s *Server) changePassword(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	u := s.user(c)
	fields := func(p *accountPage) []Field { return p.Passwords }
	account, address := attemptKey("account", strings.ToLower(u.Email)), attemptKey("address", c.RealIP())
	wait, err := s.store.TrySignin(ctx(c), []string{account, address}, signinWait)
	if err != nil {
		return err
	}
	if wait > 0 {
		return &retryError{after: int(wait.Seconds()) + 1, code: "signin.wait"}
	}
	_, hash, err := s.store.PasswordOf(ctx(c), u.Email)
	if err != nil {
		return err
	}
	right := false
	if current := f.Get("current"); len(current) <= passwordMaxBytes {
		if right, err = s.signin.hasher.verify(ctx(c), hash, current); err != nil {
			return err
		}
	}
	if !right {
		return s.backToAccount(c, fields, actnow.Invalid("error.password_wrong", "current", "this is not your password"))
	}
	if err := s.store.ForgetSignin(ctx(c), account, address); err != nil {
		return err
	}
	if err := checkPassword(f.Get("password"), u.Email, u.Name); err != nil {
		return s.backToAccount(c, fields, err)
	}
	if hash, err = s.signin.hasher.hash(ctx(c), f.Get("password")); err != nil {
		return err
	}
	if err := s.store.SetPassword(ctx(c), s.actor(c), u.ID, hash, ""); err != nil {
		return err
	}
	s.caller(c).session = actnow.Session{} // ended with the others
	if err := s.startSession(c, u); err != nil {
		return err
	}
	return s.done(c, "/account", s.text(c).T("account.password_changed"), "")
}

func (s *Server) endOtherSession(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	if err := s.store.EndSession(ctx(c), s.actor(c), s.user(c).ID, actnow.SecretHash(f.Get("session"))); err != nil {
		return err
	}
	return s.done(c, "/account", s.text(c).T("account.session_ended"), "")
}

func (s *Server) createToken(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	u := s.user(c)
	t := actnow.Token{User: u.ID, Name: strings.TrimSpace(f.Get("token")), Role: actnow.Role(f.Get("role"))}
	if checkName(t.Name) != nil {
		return s.backToAccount(c, func(p *accountPage) []Field { return p.NewToken }, actnow.Invalid("error.name_empty", "token", "a name is needed"))
	}
	if !slices.Contains(ownRoles(u.Role), t.Role) {
		return actnow.Invalid("error.role", "role", "%q is no role", f.Get("role"))
	}
	days, err := strconv.Atoi(f.Get("days"))
	if err != nil || !slices.Contains(tokenLives, days) {
		return actnow.Invalid("error.number", "days", "%q is no number", f.Get("days"))
	}
	if days > 0 {
		t.ExpiresAt = s.now().AddDate(0, 0, days)
	}
	secret, hash := NewSecret(tokenPrefix)
	t.Prefix = secret[:len(tokenPrefix)+6]
	if _, err := s.store.CreateToken(ctx(c), s.actor(c), hash, t); err != nil {
		return err
	}
	p, err := s.accountPage(c)
	if err != nil {
		return err
	}
	p.Secret = secret
	return s.render(c, "account", p)
}

func (s *Server) revokeToken(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.store.RevokeToken(ctx(c), s.actor(c), s.user(c).ID, id); err != nil {
		return err
	}
	return s.done(c, "/account", s.text(c).T("account.token_revoked"), "")
}
