package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/reports"
)

// watchStore remembers what became of the files of the watched folder.
type watchStore interface {
	WatchedFiles(ctx context.Context, limit int) ([]reports.Watched, error)
}

// watchActions look into the watched folder.
type watchActions interface {
	// Watched returns how the folder is doing; Dir is "" if none is watched.
	Watched() reports.WatchStatus
}

func (s *Server) watchRoutes() []route {
	return []route{{method: http.MethodGet, path: "/api/v1/reports/watched", right: actnow.RightImport, handle: s.apiWatched}}
}

// watchPanel is what the page of reports says of the watched folder.
type watchPanel struct {
	Dir     string
	Looked  string
	Problem *Note
	Waiting string // names, "" for none
	Files   []watchedRow
}

type watchedRow struct {
	Name, Path, Text, At string
	State                Badge
}

// shownWatched is how many files the page lists.
const shownWatched = 10

// watchPanel returns nil where no folder is watched.
func (s *Server) watchPanel(c echo.Context) (*watchPanel, error) {
	status := s.actions.Watched()
	if status.Dir == "" {
		return nil, nil
	}
	text := s.text(c)
	p := &watchPanel{Dir: status.Dir, Looked: text.T("watched.not_yet"), Waiting: strings.Join(status.Waiting, ", ")}
	if !status.LookedAt.IsZero() {
		p.Looked = text.T("watched.looked", text.DateTime(status.LookedAt))
	}
	if status.Problem != nil {
		p.Problem = &Note{Kind: "danger", Text: sentenceOf(text, status.Problem.Code, status.Problem.String(), status.Problem.Args)}
	}
	files, err := s.store.WatchedFiles(ctx(c), shownWatched)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		row := watchedRow{Name: f.Name, At: text.DateTime(f.At), State: Badge{Kind: "ok", Icon: "check", Text: text.T("watched.done")}}
		switch {
		case !f.Moved:
			row.State = Badge{Kind: "warn", Icon: "triangle-alert", Text: text.T("watched.stuck")}
		case f.State == reports.WatchedFailed:
			row.State = Badge{Kind: "danger", Icon: "octagon-x", Text: text.T("watched.failed")}
		}
		if f.Snapshot != 0 {
			row.Path = snapshotPath(f.Snapshot)
		}
		var sentences []string
		for _, n := range f.Sentences {
			sentences = append(sentences, sentenceOf(text, n.Code, n.String(), n.Args))
		}
		row.Text = strings.Join(sentences, " ")
		p.Files = append(p.Files, row)
	}
	return p, nil
}

func (s *Server) apiWatched(c echo.Context) error {
	limit, err := queryLimit(c, 200)
	if err != nil {
		return err
	}
	files, err := s.store.WatchedFiles(ctx(c), limit)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, reports.NewWatchReport(s.actions.Watched(), files))
}
