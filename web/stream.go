package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// streamed is what a part of a page that renews itself shows now.
type streamed struct {
	version string // names what a reader has seen
	page    string // of the part
	part    string
	data    func() (any, error) // for the part, asked only where the version is new
	ended   bool                // nothing more will change
}

// stream sends a part of a page as an event whenever its version has changed, read
// once a Poll, until it has ended; then the event "end" tells the browser to stay
// away. The event id is the version, so a browser that comes back is not told what
// it knows.
func (s *Server) stream(c echo.Context, read func() (streamed, error)) error {
	now, err := read()
	if err != nil {
		return err
	}
	known := c.Request().Header.Get("Last-Event-ID")
	control := http.NewResponseController(c.Response())
	if err := control.SetWriteDeadline(time.Time{}); err != nil {
		return fmt.Errorf("lift the time limit: %w", err)
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	c.Response().WriteHeader(http.StatusOK)
	tick := time.NewTicker(s.cfg.Poll)
	defer tick.Stop()
	for {
		if now.version != known {
			known = now.version
			if err := s.sendPart(c, now); err != nil {
				return err
			}
		}
		if now.ended {
			_, err := fmt.Fprint(c.Response(), "event: end\ndata: \n\n")
			return err
		}
		if err := control.Flush(); err != nil {
			return nil // the reader left
		}
		select {
		case <-ctx(c).Done():
			return nil
		case <-tick.C:
		}
		if now, err = read(); err != nil {
			return err
		}
	}
}

func (s *Server) sendPart(c echo.Context, now streamed) error {
	data, err := now.data()
	if err != nil {
		return err
	}
	var b strings.Builder
	if err := s.pages[s.text(c).Lang][now.page].ExecuteTemplate(&b, now.part, data); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Response(), "id: %s\ndata: %s\n\n", now.version, strings.ReplaceAll(b.String(), "\n", " "))
	return err
}
