package web

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
)

//go:embed openapi.yaml
var openAPI []byte

// tokenPrefix starts every API token, so that scanners for leaked secrets know
// it when they see it.
const tokenPrefix = "an_"

func (s *Server) apiRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/api/openapi.yaml", open: true, handle: s.showOpenAPI},
		{method: http.MethodGet, path: "/api/docs", handle: s.showAPIDocs},
		{method: http.MethodGet, path: "/api/v1/health", open: true, handle: s.apiHealth},
		{method: http.MethodGet, path: "/api/v1/session", handle: s.apiSession},
		{method: http.MethodGet, path: "/api/v1/activity", right: actnow.RightAdmin, handle: s.apiActivity},
	}
}

func (s *Server) showOpenAPI(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-cache")
	return c.Blob(http.StatusOK, "application/yaml", openAPI)
}

// answer sends a value as JSON that no cache keeps.
func (s *Server) answer(c echo.Context, status int, v any) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(status, v)
}

func (s *Server) apiHealth(c echo.Context) error {
	type health struct {
		Status   string `json:"status"`
		Version  string `json:"version"`
		Instance string `json:"instance"`
	}
	h := health{Status: "ok", Version: s.cfg.Version, Instance: s.cfg.InstanceID}
	if err := s.store.Ready(ctx(c)); err != nil {
		s.logError(c, "not ready", err)
		h.Status = "not ready"
		return s.answer(c, http.StatusServiceUnavailable, h)
	}
	return s.answer(c, http.StatusOK, h)
}

// apiSession says who the token is and what it may do.
func (s *Server) apiSession(c echo.Context) error {
	type session struct {
		User      string      `json:"user"`
		Token     string      `json:"token"`
		Role      actnow.Role `json:"role"`
		ExpiresAt *time.Time  `json:"expires_at"`
	}
	who := s.caller(c)
	out := session{User: who.user.Email, Token: who.token.Name, Role: who.role}
	if !who.token.ExpiresAt.IsZero() {
		at := who.token.ExpiresAt.UTC()
		out.ExpiresAt = &at
	}
	return s.answer(c, http.StatusOK, out)
}

func (s *Server) apiActivity(c echo.Context) error {
	type entry struct {
		ID     int64           `json:"id"`
		At     time.Time       `json:"at"`
		User   int64           `json:"user_id,omitempty"`
		Name   string          `json:"name"`
		Action string          `json:"action"`
		Object string          `json:"object"`
		Detail json.RawMessage `json:"detail"`
	}
	type list struct {
		Items []entry `json:"items"`
		Next  int64   `json:"next,omitempty"` // the value of below for the next page
	}
	filter, err := s.activityFilter(c)
	if err != nil {
		return err
	}
	limit, err := queryLimit(c, 1000)
	if err != nil {
		return err
	}
	rows, err := s.store.Activities(ctx(c), filter, limit+1)
	if err != nil {
		return err
	}
	out := list{Items: []entry{}}
	if len(rows) > limit {
		rows = rows[:limit]
		out.Next = rows[limit-1].ID
	}
	for _, a := range rows {
		out.Items = append(out.Items, entry{ID: a.ID, At: a.At.UTC(), User: int64(a.Actor.User), Name: a.Actor.Name, Action: a.Action, Object: a.Object, Detail: json.RawMessage(a.Detail)})
	}
	return s.answer(c, http.StatusOK, out)
}
