package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A folder that cannot be used is found by doctor, and a file of one that can be
// is on its way once the daemon has looked.
func TestWatchedFolder(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	dir := filepath.Join(t.TempDir(), "in")
	finding := func() string {
		var list []struct{ Check, State, Text string }
		a := s.command("doctor", "--watch-dir", dir, "--json")
		if err := json.Unmarshal([]byte(a.stdout), &list); err != nil {
			t.Fatalf("doctor: %v in %q", err, a.stdout)
		}
		for _, f := range list {
			if f.Check == "watched folder" {
				return f.State + ": " + f.Text
			}
		}
		t.Fatalf("doctor does not look at the folder: %+v", list)
		return ""
	}
	if got := finding(); !strings.HasPrefix(got, "fail: ") || !strings.Contains(got, "is not there") {
		t.Errorf("without the folder: %s", got)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := finding(); !strings.HasPrefix(got, "ok: ") {
		t.Errorf("with the folder: %s", got)
	}
	writeFile(t, filepath.Join(dir, "done"), "no folder")
	if got := finding(); !strings.HasPrefix(got, "fail: ") || !strings.Contains(got, "done is no folder") {
		t.Errorf("with a file named done: %s", got)
	}
	got := s.object("import", "watched", "--watch-dir", dir)
	s.members("import watched", got, "dir", "waiting", "files")
	if got["dir"] != dir {
		t.Errorf("import watched: %v", got)
	}
}
