package web

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"actnow"
)

// jobActions act on work that runs.
type jobActions interface {
	// CancelJob ends a job of one of JobsToCancel that runs. Of a report nothing is
	// kept; rows of a CRM file that were saved before stay. It returns at once; the
	// job is cancelled a moment later, unless it was done by then. The error matches actnow.ErrNotFound, or
	// actnow.ErrConflict if the job does not run or is of another kind.
	CancelJob(ctx context.Context, by actnow.Actor, id actnow.JobID) error
}

// JobsToCancel are the kinds of jobs that a person may cancel: those that read a
// file.
var JobsToCancel = []string{JobLookReport, JobLookCRM, JobImport}

func (s *Server) cancelRoutes() []route {
	return []route{
		{method: http.MethodPost, path: "/jobs/:id/cancel", right: actnow.RightImport, handle: s.cancelJob},
		{method: http.MethodPost, path: "/api/v1/jobs/:id/cancel", right: actnow.RightImport, handle: s.apiCancelJob},
	}
}

// jobProgress is progress with the button to cancel, where the person may.
func (s *Server) jobProgress(c echo.Context, j actnow.Job) Progress {
	p := progress(j, s.text(c))
	p.Cancel = p.Running && slices.Contains(JobsToCancel, j.Kind) && s.may(c, actnow.RightImport)
	return p
}

func (s *Server) cancelJob(c echo.Context) error {
	j, err := s.job(c)
	if err != nil {
		return err
	}
	if err := s.actions.CancelJob(ctx(c), s.actor(c), j.ID); err != nil {
		return err
	}
	return s.done(c, "/jobs/"+idText(j.ID), "", "")
}

func (s *Server) apiCancelJob(c echo.Context) error {
	j, err := s.job(c)
	if err != nil {
		return err
	}
	if err := s.actions.CancelJob(ctx(c), s.actor(c), j.ID); err != nil {
		return err
	}
	return s.answer(c, http.StatusAccepted, apiJobID{j.ID})
}
