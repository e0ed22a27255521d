package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

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
	Detail      string // "64% done. You can leave this page."
	Done, Total int64
	Running     bool
	Result      string // local path of what came of it, or ""
	Cancel      bool   // it can be cancelled
}

type jobPage struct {
	Head     Head
	Progress Progress
}

// jobResults says where the result of a kind of job is seen.
var jobResults = map[string]string{"match": "/matches", "score": "/customers", "fetch": fetchingPath, "fetch-connect": fetchingPath, "train": "/scoring/models"}

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
		switch {
		case isUpload(j.Kind):
			p.Result = lookPath(j.ID)
		case j.Kind == "refit":
			p.Result = refitPath(j.ID)
		case j.Kind == "download":
			var f actnow.DownloadFile
			if json.Unmarshal(j.Result, &f) == nil {
				p.Result = downloadPath(f.Download)
			}
		case j.Kind == "undo" || j.Kind == "redo":
			p.Result = "/reports#history"
		}
	case j.State == actnow.JobFailed:
		p.Detail, p.Total = text.T("job.failed", text.failure(j.Failure, j.Message)), max(j.Total, 1)
	case j.State == actnow.JobCancelled:
		p.Detail, p.Total = text.T("job.cancelled"), max(j.Total, 1)
	case j.Total > 0:
		p.Detail = text.T("job.some", 100*j.Done/j.Total) // of what differs by the kind
	case j.Done > 0:
		p.Detail = text.T("job.counting", j.Done)
	default:
		p.Detail = text.T("job.begun")
	}
	return p
}

// failure says why a job failed: the sentence in the reader's language or, where it
// has none, what is in the log.
func (t *Text) failure(said *actnow.InputError, message string) string {
	if said == nil {
		return t.T("job.broke", message)
	}
	whole := *said
	whole.Args = wholeArgs(said.Args)
	return t.Error(&whole)
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
	p := jobPage{Progress: s.jobProgress(c, j)}
	p.Head.Title = p.Progress.Text
	return s.render(c, "job", p)
}

// streamJob renews the part "progress" until the job has ended.
func (s *Server) streamJob(c echo.Context) error {
	return s.stream(c, func() (streamed, error) {
		j, err := s.job(c)
		return streamed{
			version: jobVersion(j), page: "job", part: "progress-in",
			data:  func() (any, error) { return s.jobProgress(c, j), nil },
			ended: j.State != actnow.JobRunning,
		}, err
	})
}
