package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/reports"
)

// undoStore says what taking an import back would change.
type undoStore interface {
	PreviewUndo(ctx context.Context, id actnow.SnapshotID) (reports.Undo, error)
}

// undoActions take imports back and bring them back, in the background; matching
// and scoring follow by themselves.
type undoActions interface {
	// UndoImport starts a job of kind "undo" with a reports.Undo as its result.
	// The error matches actnow.ErrNotFound or actnow.ErrConflict.
	UndoImport(ctx context.Context, by actnow.Actor, id actnow.SnapshotID) (actnow.JobID, error)
	// RedoImport starts a job of kind "redo" with a reports.Result as its result.
	// The error matches actnow.ErrNotFound or actnow.ErrConflict.
	RedoImport(ctx context.Context, by actnow.Actor, id actnow.SnapshotID) (actnow.JobID, error)
}

func (s *Server) undoRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/reports/:id/undo", right: actnow.RightImport, nav: "reports", handle: s.showUndo},
		{method: http.MethodPost, path: "/reports/:id/undo", right: actnow.RightImport, handle: s.undoImport},
		{method: http.MethodPost, path: "/reports/:id/redo", right: actnow.RightImport, handle: s.redoImport},
		{method: http.MethodGet, path: "/api/v1/reports/:id/undo", right: actnow.RightImport, handle: s.apiPreviewUndo},
		{method: http.MethodPost, path: "/api/v1/reports/:id/undo", right: actnow.RightImport, handle: s.apiUndoImport},
		{method: http.MethodPost, path: "/api/v1/reports/:id/redo", right: actnow.RightImport, handle: s.apiRedoImport},
	}
}

// mayUndo reports whether the person may take an import back, which concerns
// every location.
func (s *Server) mayUndo(c echo.Context) bool {
	return s.may(c, actnow.RightImport) && s.user(c).AllLocations
}

type undoPage struct {
	Head    Head
	Figures []Figure
	Notes   []Note
	Post    string
	Back    string
}

func (s *Server) showUndo(c echo.Context) error {
	u, err := s.previewUndo(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	name := reportName(text, string(u.Report))
	back := snapshotPath(u.Snapshot)
	p := undoPage{Post: back + "/undo", Back: back, Head: Head{Title: text.T("undo.title", name, u.Month), Text: text.T("undo.text"),
		Crumbs: []Crumb{{Text: text.T("nav.reports"), Href: "/reports"}, {Text: name, Href: back}, {Text: text.T("undo.crumb")}}}}
	p.Figures = []Figure{
		{Name: text.T("undo.rows"), Value: text.Number(int64(u.Rows)), Note: text.T("undo.rows_note")},
		{Name: text.T("undo.customers"), Value: text.Number(int64(u.Customers)), Note: text.T("undo.customers_note")},
		{Name: text.T("undo.cohorts"), Value: text.Number(int64(len(u.Cohorts))), Note: strings.Join(u.Cohorts, ", ")},
	}
	if u.Becomes > 0 {
		p.Notes = append(p.Notes, Note{Text: text.T("undo.becomes", u.Becomes, u.Month)})
	} else {
		p.Notes = append(p.Notes, Note{Text: text.T("undo.none", name, u.Month)})
	}
	if u.Kept > 0 {
		p.Notes = append(p.Notes, Note{Kind: "warn", Text: text.TN("undo.kept", int64(u.Kept))})
	}
	return s.render(c, "undo", p)
}

// previewUndo says what taking back the import in the path would change.
func (s *Server) previewUndo(c echo.Context) (reports.Undo, error) {
	id, err := s.undoID(c)
	if err != nil {
		return reports.Undo{}, err
	}
	return s.store.PreviewUndo(ctx(c), id)
}

// undoID returns the import in the path, if the person may take it back.
func (s *Server) undoID(c echo.Context) (actnow.SnapshotID, error) {
	snap, err := s.snapshot(c)
	if err == nil && !s.mayUndo(c) {
		err = fmt.Errorf("take import %d back: %w", snap.ID, actnow.ErrForbidden)
	}
	return snap.ID, err
}

func (s *Server) undoImport(c echo.Context) error { return s.startUndo(c, s.actions.UndoImport) }
func (s *Server) redoImport(c echo.Context) error { return s.startUndo(c, s.actions.RedoImport) }

func (s *Server) startUndo(c echo.Context, start func(context.Context, actnow.Actor, actnow.SnapshotID) (actnow.JobID, error)) error {
	id, err := s.undoID(c)
	if err != nil {
		return err
	}
	job, err := start(ctx(c), s.actor(c), id)
	if err != nil {
		return err
	}
	return s.done(c, "/jobs/"+idText(job), "", "")
}

func (s *Server) apiPreviewUndo(c echo.Context) error {
	u, err := s.previewUndo(c)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, u)
}

func (s *Server) apiUndoImport(c echo.Context) error { return s.apiStartUndo(c, s.actions.UndoImport) }
func (s *Server) apiRedoImport(c echo.Context) error { return s.apiStartUndo(c, s.actions.RedoImport) }

func (s *Server) apiStartUndo(c echo.Context, start func(context.Context, actnow.Actor, actnow.SnapshotID) (actnow.JobID, error)) error {
	id, err := s.undoID(c)
	if err != nil {
		return err
	}
	job, err := start(ctx(c), s.actor(c), id)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusAccepted, apiJobID{job})
}
