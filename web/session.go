package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"actnow"
)

// A session ends after twelve idle hours, and after seven days in any case.
const (
	sessionIdle = 12 * time.Hour
	sessionLife = 7 * 24 * time.Hour
)

// accessStore keeps people, sessions, one-time links and API tokens. Each
// method that takes an Actor writes its audit row in the same transaction.
// Secrets come as hashes only. Errors match actnow.ErrNotFound where there is
// no such thing.
type accessStore interface {
	UserCount(ctx context.Context) (int, error)
	User(ctx context.Context, id actnow.UserID) (actnow.User, error)
	Users(ctx context.Context) ([]actnow.User, error)
	Locations(ctx context.Context) ([]actnow.Location, error)
	// PasswordOf returns the user with the address, without regard to case, and
	// the hash of the password, "" if there is none yet.
	PasswordOf(ctx context.Context, email string) (actnow.User, string, error)
	// SaveUser changes name, role, locations, language and disabled. A changed
	// role or scope and a disabled user end the user's sessions. The error
	// matches actnow.ErrConflict if no active administrator would be left.
	SaveUser(ctx context.Context, by actnow.Actor, u actnow.User) error
	// SaveProfile changes what a person may change of themselves.
	SaveProfile(ctx context.Context, by actnow.Actor, id actnow.UserID, name, language string) error
	// SetPassword sets the hash and ends the user's sessions but keep.
	SetPassword(ctx context.Context, by actnow.Actor, id actnow.UserID, hash string, keep actnow.SecretHash) error

	// OfferLink adds a one-time link and ends the unused ones of the same kind
	// for the same person. The error matches actnow.ErrConflict for an invitation
	// to an address that has an account.
	OfferLink(ctx context.Context, by actnow.Actor, l actnow.Link) error
	// LinkOf returns an unused link that has not expired.
	LinkOf(ctx context.Context, secret actnow.SecretHash) (actnow.Link, error)
	// UseLink uses a link up and returns whom to sign in. Set-up makes u an
	// administrator with the password, invite makes the user that the link names
	// with u's name, reset gives its user the password and ends that user's
	// sessions, demo changes nothing. Set-up is refused with actnow.ErrConflict
	// once there is a user.
	UseLink(ctx context.Context, secret actnow.SecretHash, u actnow.User, password, requestID string) (actnow.User, error)

	// StartSession keeps a new session; its times are set by the store.
	StartSession(ctx context.Context, by actnow.Actor, s actnow.Session, life time.Duration) error
	// SessionOf returns a session that has not expired and was seen within idle,
	// of a user who is not disabled, and notes that it was seen, at most once a
	// minute.
	SessionOf(ctx context.Context, secret actnow.SecretHash, idle time.Duration) (actnow.Session, actnow.User, error)
	Sessions(ctx context.Context, user actnow.UserID, idle time.Duration) ([]actnow.Session, error)
	// EndSession ends one session of the user; ending it again is no error.
	EndSession(ctx context.Context, by actnow.Actor, user actnow.UserID, session actnow.SecretHash) error

	CreateToken(ctx context.Context, by actnow.Actor, secret actnow.SecretHash, t actnow.Token) (actnow.Token, error)
	// TokenOf returns a token that is neither revoked nor expired, of a user who
	// is not disabled, and notes that it was used, at most once a minute.
	TokenOf(ctx context.Context, secret actnow.SecretHash) (actnow.Token, actnow.User, error)
	Tokens(ctx context.Context, user actnow.UserID) ([]actnow.Token, error)
	RevokeToken(ctx context.Context, by actnow.Actor, user actnow.UserID, id int64) error

	// TrySignin counts a try for each key and returns 0, unless one of them has
	// to wait yet; then it counts nothing and returns the longest wait. After the
	// failures so far, wait says how long the next try has to wait.
	TrySignin(ctx context.Context, keys []string, wait func(key string, failures int) time.Duration) (time.Duration, error)
	// ForgetSignin forgets the failures of account and takes the last try of
	// address back.
	ForgetSignin(ctx context.Context, account, address string) error
}

// sessionCookie is the name of the session cookie. The prefix keeps a cookie
// from being set by another host or over plain HTTP, but needs TLS.
func (s *Server) sessionCookie(c echo.Context) string {
	if s.secure(c.Request()) {
		return "__Host-actnow"
	}
	return "actnow"
}

// NewSecret returns 256 random bits as text with the prefix, for a cookie, a
// one-time link or an API token, and the hash under which it is kept.
func NewSecret(prefix string) (string, actnow.SecretHash) {
	var b [32]byte
	rand.Read(b[:])
	secret := prefix + base64.RawURLEncoding.EncodeToString(b[:])
	return secret, hashSecret(secret)
}

func hashSecret(secret string) actnow.SecretHash {
	sum := sha256.Sum256([]byte(secret))
	return actnow.SecretHash(hex.EncodeToString(sum[:]))
}

// startSession signs the user in with a new id and ends the session that the
// browser had, so that nobody can prepare one for another.
func (s *Server) startSession(c echo.Context, u actnow.User) error {
	if err := s.endSession(c); err != nil {
		return err
	}
	secret, hash := NewSecret("")
	by := actnow.Actor{User: u.ID, Name: u.Name, RequestID: requestID(c)}
	session := actnow.Session{Hash: hash, User: u.ID, Address: c.RealIP(), Agent: agent(c.Request())}
	if err := s.store.StartSession(ctx(c), by, session, sessionLife); err != nil {
		return err
	}
	s.setCookie(c, &http.Cookie{Name: s.sessionCookie(c), Value: secret, MaxAge: int(sessionLife.Seconds()), HttpOnly: true})
	return nil
}

// endSession ends the session of this browser, if it has one.
func (s *Server) endSession(c echo.Context) error {
	who := s.caller(c)
	if who.session.Hash == "" {
		return nil
	}
	if err := s.store.EndSession(ctx(c), s.actor(c), who.user.ID, who.session.Hash); err != nil {
		return err
	}
	who.session = actnow.Session{}
	s.setCookie(c, &http.Cookie{Name: s.sessionCookie(c), MaxAge: -1, HttpOnly: true})
	return nil
}

// identifySession finds out who is signed in. The error is errSignIn if nobody.
func (s *Server) identifySession(c echo.Context, who *caller) error {
	k, err := c.Cookie(s.sessionCookie(c))
	if err != nil || k.Value == "" {
		return errSignIn
	}
	session, user, err := s.store.SessionOf(ctx(c), hashSecret(k.Value), sessionIdle)
	if errors.Is(err, actnow.ErrNotFound) {
		return errSignIn
	}
	if err != nil {
		return fmt.Errorf("find session: %w", err)
	}
	who.session, who.user, who.role = session, user, user.Role
	return nil
}

// identifyToken finds out whose API token the request carries. The error is
// errSignIn if there is none that is good.
func (s *Server) identifyToken(c echo.Context, who *caller) error {
	scheme, secret, _ := strings.Cut(c.Request().Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") || !strings.HasPrefix(secret, tokenPrefix) {
		return errSignIn
	}
	token, user, err := s.store.TokenOf(ctx(c), hashSecret(secret))
	if errors.Is(err, actnow.ErrNotFound) {
		return errSignIn
	}
	if err != nil {
		return fmt.Errorf("find token: %w", err)
	}
	who.token, who.user, who.role = token, user, narrower(user.Role, token.Role)
	return nil
}

// narrower returns the role with which a token acts: its own, unless its owner
// has lost a right of it since; then the narrowest there is, until a new token
// is made.
func narrower(owner, token actnow.Role) actnow.Role {
	for _, r := range []actnow.Right{actnow.RightRevenue, actnow.RightPersonal, actnow.RightExport, actnow.RightImport,
		actnow.RightReview, actnow.RightCohorts, actnow.RightCampaign, actnow.RightApprove, actnow.RightAdmin} {
		if token.May(r) && !owner.May(r) {
			return actnow.RoleReportViewer
		}
	}
	return token
}

func agent(r *http.Request) string {
	a := strings.ToValidUTF8(r.UserAgent(), "")
	for len(a) > 200 || !utf8.ValidString(a) {
		a = a[:min(200, len(a)-1)]
	}
	return a
}
