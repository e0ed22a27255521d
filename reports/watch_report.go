package reports

import (
	"strings"
	"time"

	"actnow"
)

// WatchReport is how the watched folder is doing and what became of its last
// files. Its JSON is a contract with scripts.
type WatchReport struct {
	Dir      string        `json:"dir"` // "" if none is watched
	LookedAt time.Time     `json:"looked_at,omitzero"`
	Problem  string        `json:"problem,omitempty"`
	Waiting  []string      `json:"waiting"`
	Files    []WatchedFile `json:"files"` // the newest first
}

// WatchedFile is what became of a file, in a sentence.
type WatchedFile struct {
	Name   string            `json:"name"`
	State  WatchedState      `json:"state"`
	Moved  bool              `json:"moved"`
	Import actnow.SnapshotID `json:"import,omitempty"`
	At     time.Time         `json:"at"`
	Text   string            `json:"text"`
}

// NewWatchReport puts a status and what became of files into words.
func NewWatchReport(s WatchStatus, files []Watched) WatchReport {
	r := WatchReport{Dir: s.Dir, LookedAt: s.LookedAt, Waiting: append([]string{}, s.Waiting...), Files: []WatchedFile{}}
	if s.Problem != nil {
		r.Problem = s.Problem.String()
	}
	for _, w := range files {
		var text []string
		for _, n := range w.Sentences {
			text = append(text, n.String())
		}
		r.Files = append(r.Files, WatchedFile{Name: w.Name, State: w.State, Moved: w.Moved, Import: w.Snapshot, At: w.At, Text: strings.Join(text, " ")})
	}
	return r
}
