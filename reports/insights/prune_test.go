package insights_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"actnow/reports/insights"
)

// usedFiles is a store in which some files are in use.
type usedFiles struct {
	used      map[string]bool
	forgotten []string
}

func (u *usedFiles) FetchedInUse(context.Context) (map[string]bool, error) { return u.used, nil }
func (u *usedFiles) ForgetFetched(_ context.Context, names []string) error {
	u.forgotten = append(u.forgotten, names...)
	return nil
}

func TestPrune(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	for name, age := range map[string]time.Duration{"old.csv": 400, "used.csv": 400, "new.csv": 3, ".part": 400} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		at := now.Add(-age * 24 * time.Hour)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	store := &usedFiles{used: map[string]bool{"used.csv": true}}
	for range 2 { // the second time nothing is left to do
		if err := insights.Prune(t.Context(), store, dir, now.AddDate(0, -12, 0)); err != nil {
			t.Fatal(err)
		}
	}
	files, err := insights.Files(dir)
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	if err != nil || !slices.Equal(names, []string{"new.csv", "used.csv"}) || !slices.Equal(store.forgotten, []string{"old.csv"}) {
		t.Errorf("kept %v, forgot %v, %v", names, store.forgotten, err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".part")); err != nil {
		t.Errorf("a file that is being written: %v", err)
	}
	if err := insights.Prune(t.Context(), store, filepath.Join(dir, "none"), now); err != nil {
		t.Errorf("no folder: %v", err)
	}
}
