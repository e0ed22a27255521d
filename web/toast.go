package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

const toastCookie = "toast"

// toast is what was done, shown on the page after a POST. Undo is the local
// path that takes it back by POST, or "".
type toast struct {
	Text string `json:"t"`
	Undo string `json:"u,omitempty"`
}

// done ends a POST: it redirects to a local path with 303 and shows text there.
// undo is the path whose POST takes it back, or "".
func (s *Server) done(c echo.Context, to, text, undo string) error {
	if text != "" {
		data, err := json.Marshal(toast{Text: text, Undo: undo})
		if err != nil {
			return err
		}
		s.setCookie(c, &http.Cookie{Name: toastCookie, Value: base64.RawURLEncoding.EncodeToString(data), MaxAge: 60, HttpOnly: true})
	}
	return c.Redirect(http.StatusSeeOther, localPath(to))
}

// takeToast returns the toast that waits for this browser and forgets it.
func (s *Server) takeToast(c echo.Context) *toast {
	cookie, err := c.Cookie(toastCookie)
	if err != nil {
		return nil
	}
	s.setCookie(c, &http.Cookie{Name: toastCookie, MaxAge: -1, HttpOnly: true})
	data, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return nil
	}
	var t toast
	if json.Unmarshal(data, &t) != nil || t.Text == "" || len(t.Text) > 500 {
		return nil
	}
	if t.Undo != "" && t.Undo != localPath(t.Undo) {
		t.Undo = ""
	}
	return &t
}

// localPath returns to if it is a path on this host, else "/". What a browser
// might read as another host (two slashes, a backslash, a control character)
// is none.
func localPath(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
		return "/"
	}
	for _, r := range to {
		if r < 0x20 || r == '\\' || r == 0x7f {
			return "/"
		}
	}
	return to
}

// setCookie sets a cookie with the attributes that all of ours share.
func (s *Server) setCookie(c echo.Context, cookie *http.Cookie) {
	cookie.Path = "/"
	cookie.SameSite = http.SameSiteLaxMode
	cookie.Secure = s.secure(c.Request())
	c.SetCookie(cookie)
}
