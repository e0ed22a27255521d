package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
)

// accessActions is what people pages set going beyond the store.
type accessActions interface {
	// MailLink sends a one-time link to a person, in the language. The error is
	// shown as it is if it is an *actnow.InputError; the link is shown on the
	// page in any case.
	MailLink(ctx context.Context, to, language, link string) error
}

// signinGate holds what makes guessing passwords slow.
type signinGate struct {
	hasher *hasher
}

func newSigninGate() *signinGate { return &signinGate{hasher: newHasher(argonMemory)} }

func (s *Server) accessRoutes() []route {
	return slices.Concat([]route{
		{method: http.MethodGet, path: "/signin", open: true, handle: s.showSignin},
		{method: http.MethodPost, path: "/signin", open: true, maxBody: 64 << 10, handle: s.signIn},
		{method: http.MethodPost, path: "/signout", open: true, handle: s.signOut},
		{method: http.MethodGet, path: "/link/:secret", open: true, handle: s.showLink},
		{method: http.MethodPost, path: "/link/:secret", open: true, maxBody: 64 << 10, handle: s.useLink},
	}, s.peopleRoutes(), s.accountRoutes())
}

type signinPage struct {
	Head     Head
	To       string
	Problem  *Note
	Email    Field
	Password Field
}

func signinForm(text *Text, to, email string) signinPage {
	return signinPage{
		Head:     Head{Title: text.T("signin.title"), Text: text.T("signin.text")},
		To:       to,
		Email:    Field{Name: "email", Label: text.T("signin.email"), Type: "email", Value: email, Autocomplete: "username", Required: true},
		Password: Field{Name: "password", Label: text.T("signin.password"), Type: "password", Autocomplete: "current-password", Required: true},
	}
}

func (s *Server) showSignin(c echo.Context) error {
	to := localPath(c.QueryParam("to"))
	if s.user(c).ID != 0 {
		return c.Redirect(http.StatusSeeOther, to)
	}
	n, err := s.store.UserCount(ctx(c))
	if err != nil {
		return err
	}
	p := signinForm(s.text(c), to, "")
	if n == 0 {
		p.Problem = &Note{Kind: "warn", Text: s.text(c).T("signin.nobody")}
	}
	return s.render(c, "signin", p)
}

// signIn answers the same, after the same work, to a wrong password, an unknown
// address and a disabled user.
func (s *Server) signIn(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	email, password := strings.TrimSpace(f.Get("email")), f.Get("password")
	p := signinForm(text, localPath(f.Get("to")), email)
	account, address := attemptKey("account", strings.ToLower(email)), attemptKey("address", c.RealIP())
	wait, err := s.store.TrySignin(ctx(c), []string{account, address}, signinWait)
	if err != nil {
		return err
	}
	if wait > 0 {
		seconds := int(math.Ceil(wait.Seconds()))
		c.Response().Header().Set("Retry-After", text.plainNumber(seconds))
		p.Problem = &Note{Kind: "warn", Text: text.TN("signin.wait", int64(seconds))}
		return s.renderStatus(c, http.StatusTooManyRequests, "signin", p)
	}
	user, hash, err := s.store.PasswordOf(ctx(c), email)
	if err != nil && !errors.Is(err, actnow.ErrNotFound) {
		return err
	}
	right := false
	if len(password) <= passwordMaxBytes {
		if right, err = s.signin.hasher.verify(ctx(c), hash, password); err != nil {
			return err
		}
	}
	if !right || user.Disabled {
		p.Problem = &Note{Kind: "danger", Text: text.T("signin.wrong")}
		return s.renderStatus(c, http.StatusUnprocessableEntity, "signin", p)
	}
	if err := s.store.ForgetSignin(ctx(c), account, address); err != nil {
		return err
	}
	if err := s.startSession(c, user); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, p.To)
}

func (s *Server) signOut(c echo.Context) error {
	if err := s.endSession(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/signin")
}

// signinWait returns how long the next try waits after so many failures:
// nothing after four of an account or nineteen from an address, then 1 s, 2 s,
// 4 s, … up to 15 minutes. Nobody is locked out for good, so nobody can lock
// another out.
func signinWait(key string, failures int) time.Duration {
	free := 4
	if strings.HasPrefix(key, "address:") {
		free = 19
	}
	switch over := failures - free; {
	case over <= 0:
		return 0
	case over > 10:
		return 15 * time.Minute
	default:
		return min(15*time.Minute, time.Second<<(over-1))
	}
}

// attemptKey names a counter without keeping the address itself.
func attemptKey(kind, value string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + value))
	return kind + ":" + hex.EncodeToString(sum[:16])
}
