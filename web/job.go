package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
)

// jobStore keeps jobs, so that progress outlives a connection.
type jobStore interface {
	Job(ctx context.Context, id actnow.JobID) (actnow.Job, error)
}

func (s *Server) jobRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/jobs/:id", handle: s.showJob},
		{method: http.MethodGet, path: "/jobs/:id/events", handle: s.streamJob},
	}
}

// Progress is a job as the part "progress" shows it.
type Progress struct {
	ID          actnow.JobID
	Text        string // "Scoring customers"
	Detail      string // "3,104 of 4,812. You can leave this page."
	Done, Total int64
	Running     bool
	Result      string // local path of what came of it, or ""
}

type jobPage struct {
	Head     Head
	Progress Progress
}

// jobResults says where the result of a kind of job is seen.
var jobResults = map[string]string{"match": "/matches", "score": "/customers"}

// lookPath is where what a job found in a file is seen.
func lookPath(id actnow.JobID) string { return fmt.Sprintf("/reports/look/%d", id) }

// progress says in words how a job is doing.
func progress(j actnow.Job, text *Text) Progress {
	p := Progress{ID: j.ID, Text: j.Title, Done: j.Done, Total: j.Total, Running: j.State == actnow.JobRunning}
	if key := "job.kind." + j.Kind; text.Has(key) {
		p.Text = text.T(key)
	}
	switch {
	case j.State == actnow.JobDone:
		p.Detail, p.Done, p.Total = text.T("job.done", j.Done), 1, 1
		p.Result = jobResults[j.Kind]
		if isUpload(j.Kind) {
			p.Result = lookPath(j.ID)
		}
	case j.State == actnow.JobFailed:
		p.Detail, p.Total = text.T("job.failed", j.Message), max(j.Total, 1)
	case j.State == actnow.JobCancelled:
		p.Detail, p.Total = text.T("job.cancelled"), max(j.Total, 1)
	case j.Total > 0:
		p.Detail = text.T("job.some", j.Done, j.Total)
	default:
		p.Detail = text.T("job.counting", j.Done)
	}
	return p
}

// jobVersion names what a reader has seen of a job.
func jobVersion(j actnow.Job) string {
	return fmt.Sprintf("%s-%d-%d", j.State, j.Done, j.Total)
}

func (s *Server) job(c echo.Context) (actnow.Job, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return actnow.Job{}, err
	}
	return s.store.Job(ctx(c), actnow.JobID(id))
}

func (s *Server) showJob(c echo.Context) error {
	j, err := s.job(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	p := progress(j, text)
	return s.render(c, "job", jobPage{Head: Head{Title: p.Text, Text: text.T("job.leave")}, Progress: p})
}

// streamJob sends the part "progress" as an event whenever the job has changed,
// read once a Poll, until it has ended; then the event "end" tells the browser to
// stay away. The event id is what of the job was told, so a browser that comes back is
// not told what it knows.
func (s *Server) streamJob(c echo.Context) error {
	j, err := s.job(c)
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
		if v := jobVersion(j); v != known {
			known = v
			if err := s.sendEvent(c, j); err != nil {
				return err
			}
		}
		if j.State != actnow.JobRunning {
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
		if j, err = s.store.Job(ctx(c), j.ID); err != nil {
			return err
		}
	}
}

func (s *Server) sendEvent(c echo.Context, j actnow.Job) error {
	t := s.pages[s.text(c).Lang]["job"]
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, "progress-in", progress(j, s.text(c))); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.Response(), "id: %s\ndata: %s\n\n", jobVersion(j), strings.ReplaceAll(b.String(), "\n", " "))
	return err
}
