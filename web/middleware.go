package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"actnow"
)

// contentSecurityPolicy lets a page load what this host serves and nothing else.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; font-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// previewPolicy is for foreign HTML shown in a sandboxed frame of ours: its own
// styles, our images, no script, no origin.
const previewPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'"

// previewHeaders lets the answer be framed by our own pages, as rendered mail.
func previewHeaders(c echo.Context) {
	c.Response().Header().Set("Content-Security-Policy", previewPolicy)
	c.Response().Header().Del("X-Frame-Options")
}

// echo returns an Echo with everything that both listeners share.
func (s *Server) echo() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetOutput(discard{})
	e.HTTPErrorHandler = s.handleError
	e.IPExtractor = s.ipExtractor()
	e.Use(s.observe, s.headers, s.recoverPanics)
	e.Use(middleware.GzipWithConfig(middleware.GzipConfig{
		Level:     5,
		MinLength: 1024,
		Skipper: func(c echo.Context) bool {
			path := c.Request().URL.Path // a stream would be held back, assets are zipped already
			return strings.HasPrefix(path, "/static/") || strings.HasSuffix(path, "/events")
		},
	}))
	return e
}

// headAsGet answers HEAD as GET without the body, as those that watch an address ask.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		get := *r // the server keeps r, by which it leaves the body out
		get.Method = http.MethodGet
		next.ServeHTTP(w, &get)
	})
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// ipExtractor believes X-Forwarded-For from the configured proxies only.
func (s *Server) ipExtractor() echo.IPExtractor {
	if len(s.cfg.TrustedProxies) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range s.cfg.TrustedProxies {
		options = append(options, echo.TrustIPRange(ipNet(p)))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

// observe gives the request an id, logs it and counts it. The log line has the
// route, not the path: paths hold tokens, and addresses are personal data.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		c.Response().Header().Set(echo.HeaderXRequestID, newRequestID())
		if err := next(c); err != nil {
			c.Error(err)
		}
		route := c.Path()
		if route == "" {
			route = "none"
		}
		took := time.Since(start)
		s.metrics.request(c.Request().Method, route, c.Response().Status, took)
		s.log.InfoContext(ctx(c), "request", "method", c.Request().Method, "route", route,
			"status", c.Response().Status, "bytes", c.Response().Size, "took", took, "request", requestID(c))
		return nil
	}
}

func (s *Server) headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if s.secure(c.Request()) {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		return next(c)
	}
}

// recoverPanics turns a bug in a handler into an error, once logged, with a page.
func (s *Server) recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				if r == http.ErrAbortHandler {
					panic(r)
				}
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		return next(c)
	}
}

var crossOrigin = http.NewCrossOriginProtection()

// guarded wraps a handler of the private listener with what its route asks for:
// the size of the body, where the request comes from, who makes it, and whether
// that person may.
func (s *Server) guarded(r route) echo.HandlerFunc {
	limit := r.maxBody
	if limit == 0 {
		limit = 1 << 20
	}
	return limitBody(limit, func(c echo.Context) error {
		who := &caller{route: r}
		c.Set(callerKey, who)
		if r.api() {
			if err := s.identifyToken(c, who); err != nil && !r.open {
				return err
			}
		} else {
			if err := crossOrigin.Check(c.Request()); err != nil {
				return errors.Join(errCrossSite, err)
			}
			if err := s.identifySession(c, who); err != nil && !r.open {
				if errors.Is(err, errSignIn) && c.Request().Method == http.MethodGet && fragment(c.Request()) == "" {
					return c.Redirect(http.StatusSeeOther, "/signin?to="+url.QueryEscape(c.Request().URL.RequestURI()))
				}
				return err
			}
		}
		if !r.open && r.right != "" && !who.role.May(r.right) {
			return actnow.ErrForbidden
		}
		return r.handle(c)
	})
}

// limitBody refuses bodies of more than limit bytes, by their header before a
// byte is read, and else while reading.
func limitBody(limit int64, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		req := c.Request()
		if req.ContentLength > limit {
			return &http.MaxBytesError{Limit: limit}
		}
		req.Body = http.MaxBytesReader(c.Response(), req.Body, limit)
		return next(c)
	}
}

// form parses the form of a POST. A form that cannot be read is the sender's
// mistake, unless it is too large.
func form(c echo.Context) (url.Values, error) {
	values, err := c.FormParams()
	if err == nil {
		return values, nil
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, err
	}
	return nil, actnow.Invalid("error.form", "", "the form cannot be read")
}

func (t *Text) plainNumber(n int) string { return strconv.Itoa(n) }

func ipNet(p netip.Prefix) *net.IPNet {
	p = p.Masked()
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
