package web

import (
	"context"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
)

// scheduleActions act on what a schedule does.
type scheduleActions interface {
	// RunSchedule asks for a run of the schedule now, on top of its periods. It
	// returns at once. The error matches actnow.ErrNotFound, or actnow.ErrConflict
	// while it runs.
	RunSchedule(ctx context.Context, by actnow.Actor, key string) error
}

// runsByHand reports whether a person may ask for a run of the schedule here.
// Campaigns go out, and reports are written, from pages of their own.
func runsByHand(key string) bool { return strings.HasPrefix(key, "job:") }

func (s *Server) runSchedule(c echo.Context) error {
	order, err := s.store.Schedule(ctx(c), c.Param("key"))
	if err != nil {
		return err
	}
	if !runsByHand(order.Key) {
		return actnow.ErrForbidden
	}
	if err := s.actions.RunSchedule(ctx(c), s.actor(c), order.Key); err != nil {
		return err
	}
	return s.done(c, schedulePath(order.Key)+"#runs", s.text(c).T("schedules.runs_now"), "")
}
