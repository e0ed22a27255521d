package web

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
)

// caller is who makes a request, found once by the guard.
type caller struct {
	user    actnow.User
	role    actnow.Role // of the user, or the narrower one of the API token
	session actnow.Session
	token   actnow.Token
	route   route
}

const callerKey = "caller"

func (s *Server) caller(c echo.Context) *caller {
	if who, ok := c.Get(callerKey).(*caller); ok {
		return who
	}
	return &caller{}
}

// user returns the person who is signed in, or whose token is used.
func (s *Server) user(c echo.Context) actnow.User { return s.caller(c).user }

// may reports whether the caller has the right.
func (s *Server) may(c echo.Context, right actnow.Right) bool { return s.caller(c).role.May(right) }

// actor returns who is to stand in the audit for what this request does.
func (s *Server) actor(c echo.Context) actnow.Actor {
	u := s.user(c)
	return actnow.Actor{User: u.ID, Name: u.Name, RequestID: requestID(c)}
}

// reader returns what whoever makes this request may see: the person, or the
// token, which never sees more.
func (s *Server) reader(c echo.Context) actnow.Scope {
	u := s.user(c)
	u.Role = s.caller(c).role
	return u.Scope()
}

// scope returns what this request may see: the reader's scope, narrowed to the
// location chosen in the rail. Every read of the store takes it.
func (s *Server) scope(c echo.Context) actnow.Scope {
	scope := s.reader(c)
	if s.caller(c).token.ID != 0 {
		return scope
	}
	if id := chosenLocation(c); id != 0 && (scope.AllLocations || contains(scope.Locations, id)) {
		scope.AllLocations, scope.Locations = false, []actnow.LocationID{id}
	}
	return scope
}

// text returns the language of the reader. A program that names one in Accept-Language
// means it; browsers always do, so there the person's choice goes before.
func (s *Server) text(c echo.Context) *Text {
	if t, ok := c.Get("text").(*Text); ok {
		return t
	}
	var cookie string
	if k, err := c.Cookie(languageCookie); err == nil {
		cookie = k.Value
	}
	chosen, accept := s.user(c).Language, c.Request().Header.Get("Accept-Language")
	if accept != "" && isAPI(c.Request().URL.Path) {
		cookie, chosen = "", ""
	}
	t := s.texts[pickLanguage(cookie, chosen, accept)]
	c.Set("text", t)
	return t
}

// secure reports whether the browser speaks TLS: to us, or to a proxy that we
// trust to say so.
func (s *Server) secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	return s.trusts(r.RemoteAddr) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

func (s *Server) trusts(remote string) bool {
	addr, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	for _, p := range s.cfg.TrustedProxies {
		if p.Contains(addr.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// pathID returns the positive number in the path that name stands for. Anything
// else is no such page.
func pathID(c echo.Context, name string) (int64, error) {
	return parseID(c.Param(name))
}

// parseID reads the key of a row. The error matches actnow.ErrNotFound.
func parseID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return 0, actnow.ErrNotFound
	}
	return id, nil
}

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

func newRequestID() string {
	var b [10]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

func contains(ids []actnow.LocationID, id actnow.LocationID) bool {
	for _, have := range ids {
		if have == id {
			return true
		}
	}
	return false
}

// ctx is the context of the request.
func ctx(c echo.Context) context.Context { return c.Request().Context() }
