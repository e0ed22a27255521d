package web

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"actnow"
)

// healthStore says whether the store can do its work.
type healthStore interface {
	// Ready returns nil if the database can be written and has all migrations;
	// else the error says in a sentence what is wrong.
	Ready(ctx context.Context) error
}

func (s *Server) healthRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/healthz", open: true, handle: s.alive},
		{method: http.MethodGet, path: "/readyz", open: true, handle: s.ready},
		{method: http.MethodGet, path: "/metrics", open: true, handle: s.showMetrics},
	}
}

// ready answers 503 with no more than a word: the reason goes to the log, not
// to a stranger.
func (s *Server) ready(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	if err := s.store.Ready(ctx(c)); err != nil {
		s.logError(c, "not ready", err)
		return c.String(http.StatusServiceUnavailable, "not ready")
	}
	return c.String(http.StatusOK, "ready")
}

// showMetrics answers whoever has the token; without a token configured, only
// who asks from this very machine and not through a proxy.
func (s *Server) showMetrics(c echo.Context) error {
	if s.cfg.MetricsToken != "" {
		given := strings.TrimPrefix(c.Request().Header.Get("Authorization"), "Bearer ")
		if subtle.ConstantTimeCompare([]byte(given), []byte(s.cfg.MetricsToken)) != 1 {
			return errSignIn
		}
	} else {
		addr, err := netip.ParseAddrPort(c.Request().RemoteAddr)
		if err != nil || !addr.Addr().Unmap().IsLoopback() || c.Request().Header.Get("X-Forwarded-For") != "" {
			return actnow.ErrNotFound
		}
	}
	promhttp.HandlerFor(s.cfg.Registry, promhttp.HandlerOpts{}).ServeHTTP(c.Response(), c.Request())
	return nil
}
