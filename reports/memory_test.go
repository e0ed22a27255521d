package reports_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"actnow"
	"actnow/reports"
)

// memory is a store that keeps snapshots in memory and takes every row as new.
type memory struct {
	heads   []reports.Head
	results []reports.Result
	rows    [][]reports.Row
}

func (m *memory) find(match func(reports.Head) bool) (reports.Result, error) {
	for i := len(m.heads) - 1; i >= 0; i-- {
		if match(m.heads[i]) {
			return m.results[i], nil
		}
	}
	return reports.Result{}, actnow.ErrNotFound
}

func (m *memory) Imported(_ context.Context, sum string, kind reports.Kind, month actnow.Month) (reports.Result, error) {
	return m.find(func(h reports.Head) bool { return h.SHA256 == sum && h.Kind == kind && h.Month == month })
}

func (m *memory) ImportedAnyMonth(_ context.Context, sum string) (reports.Result, error) {
	return m.find(func(h reports.Head) bool { return h.SHA256 == sum })
}

func (m *memory) Stage(_ context.Context, head reports.Head) (reports.Stage, error) {
	return &memoryStage{store: m, head: head}, nil
}

type memoryStage struct {
	store *memory
	head  reports.Head
	rows  []reports.Row
}

func (s *memoryStage) Add(_ context.Context, rows []reports.Row) error {
	s.rows = append(s.rows, rows...)
	return nil
}

func (s *memoryStage) Compare(_ context.Context, res reports.Result) (reports.Result, error) {
	res.New = len(s.rows)
	return res, nil
}

func (s *memoryStage) Publish(ctx context.Context, res reports.Result, _ func(done, total int64)) (reports.Result, error) {
	res, err := s.Compare(ctx, res)
	res.Revision = 1
	for _, h := range s.store.heads {
		if h.Kind == s.head.Kind && h.Month == s.head.Month {
			res.Revision++
		}
	}
	s.store.heads = append(s.store.heads, s.head)
	s.store.results = append(s.store.results, res)
	s.store.rows = append(s.store.rows, s.rows)
	return res, err
}

func (s *memoryStage) Discard() error { return nil }

var november = time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)

func newImporter(t testing.TB, store reports.Store) *reports.Importer {
	return &reports.Importer{
		Store: store,
		Now:   func() time.Time { return november },
		Zone:  time.UTC,
		Log:   slog.New(slog.NewTextHandler(io.Discard, nil)),
		Dir:   t.TempDir(),
	}
}

// importText imports content into a fresh store.
func importText(t testing.TB, name string, content []byte) (reports.Result, []reports.Row, error) {
	t.Helper()
	m := &memory{}
	res, err := newImporter(t, m).Import(t.Context(), name, bytes.NewReader(content), reports.Options{}, nil)
	if err != nil {
		return res, nil, err
	}
	return res, m.rows[0], nil
}

func rejectedLines(res reports.Result) []int {
	lines := []int{}
	for _, r := range res.Rejected {
		lines = append(lines, r.Line)
	}
	slices.Sort(lines)
	return lines
}
