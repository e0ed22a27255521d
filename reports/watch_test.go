package reports_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"actnow/reports"
)

// shelf remembers watched files in memory.
type shelf struct{ list []reports.Watched }

func (s *shelf) StuckFiles(context.Context) ([]reports.Watched, error) {
	var stuck []reports.Watched
	for _, w := range s.list {
		if !w.Moved {
			stuck = append(stuck, w)
		}
	}
	return stuck, nil
}

func (s *shelf) KeepWatched(_ context.Context, w reports.Watched) error {
	s.list = append(s.list, w)
	return nil
}

func (s *shelf) last(t *testing.T) reports.Watched {
	t.Helper()
	if len(s.list) == 0 {
		t.Fatal("nothing became of any file")
	}
	return s.list[len(s.list)-1]
}

// folder is a watched folder with an importer behind it.
type folder struct {
	*reports.Watcher
	t       *testing.T
	dir     string
	store   *memory
	shelf   *shelf
	opened  int // how often a file was read
	brought int // how often something was brought
	before  func() error
}

func newFolder(t *testing.T) *folder {
	f := &folder{t: t, dir: t.TempDir(), store: &memory{}, shelf: &shelf{}}
	im := newImporter(t, f.store)
	f.Watcher = &reports.Watcher{Dir: f.dir, Store: f.shelf, Now: func() time.Time { return november }, Log: slog.New(slog.DiscardHandler),
		Import: func(ctx context.Context, name string, r io.Reader) (reports.Result, error) {
			f.opened++
			if f.before != nil {
				if err := f.before(); err != nil {
					return reports.Result{}, err
				}
			}
			return im.Import(ctx, name, r, reports.Options{By: "watched folder"}, nil)
		},
		Imported: func(context.Context) error { f.brought++; return nil }}
	return f
}

func (f *folder) put(name, content string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(content), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) looks(n int) {
	f.t.Helper()
	for range n {
		if err := f.Look(f.t.Context()); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *folder) read(path string) string {
	f.t.Helper()
	b, err := os.ReadFile(filepath.Join(f.dir, path))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

// names are all files under the folder.
func (f *folder) names() []string {
	var list []string
	_ = filepath.WalkDir(f.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(f.dir, path)
			list = append(list, name)
		}
		return err
	})
	return list
}

func TestWatchTakesQuietFiles(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.put("azure.csv", small[:40])
	f.looks(1)
	if s := f.Status(); !slices.Equal(s.Waiting, []string{"azure.csv"}) || !s.LookedAt.Equal(november) || s.Dir != f.dir {
		t.Errorf("status = %+v, want the file to wait", s)
	}
	f.put("azure.csv", small) // still being written
	f.looks(1)
	if len(f.store.heads) != 0 || f.opened != 0 {
		t.Fatalf("a file that grows was read %d times", f.opened)
	}
	f.looks(1)
	if len(f.store.heads) != 1 || f.store.heads[0].Month != "2026-11" || f.store.heads[0].By != "watched folder" || f.brought != 1 {
		t.Fatalf("imports = %+v, brought %d; want one of November", f.store.heads, f.brought)
	}
	if got, want := f.names(), []string{"done/azure.csv", "done/azure.csv.txt"}; !slices.Equal(got, want) {
		t.Errorf("files = %v, want %v", got, want)
	}
	if text := f.read("done/azure.csv.txt"); !strings.Contains(text, "Imported as the report Azure of 2026-11, revision 1: 2 rows") || !strings.Contains(text, "Importerad som rapporten Azure för 2026-11") {
		t.Errorf("the text beside it: %q", text)
	}
	if w := f.shelf.last(t); w.State != reports.WatchedDone || !w.Moved || w.Name != "azure.csv" || w.Size != int64(len(small)) {
		t.Errorf("remembered: %+v", w)
	}

	f.put("azure.csv", small) // the same once more
	f.looks(2)
	if len(f.store.heads) != 1 || f.brought != 1 {
		t.Errorf("the same content made %d imports", len(f.store.heads))
	}
	if text := f.read("done/azure-2.csv.txt"); !strings.Contains(text, "nothing changed") || !strings.Contains(text, "ingenting ändrades") {
		t.Errorf("the text of a copy: %q", text)
	}
	f.put("azure.csv", small+"9,Cyan,Nonsense,1,1\n")
	f.looks(2)
	if text := f.read("done/azure-3.csv.txt"); !strings.Contains(text, "1 rejected") || !strings.Contains(text, "Line 4: AzureCluster is “Nonsense”") || !strings.Contains(text, "Rad 4: ") {
		t.Errorf("the text of a file with a bad line: %q", text)
	}
	if s := f.Status(); len(s.Waiting) != 0 || s.Problem != nil {
		t.Errorf("status at the end = %+v", s)
	}
}

func TestWatchMovesWhatCannotBeUsed(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.put("shopping.csv", "milk,bread\n1,2\n")
	f.put("empty.csv", "")
	f.looks(2)
	if got, want := f.names(), []string{"failed/empty.csv", "failed/empty.csv.txt", "failed/shopping.csv", "failed/shopping.csv.txt"}; !slices.Equal(got, want) {
		t.Errorf("files = %v, want %v", got, want)
	}
	if text := f.read("failed/shopping.csv.txt"); !strings.Contains(text, "no report that Act Now knows") || !strings.Contains(text, "ingen rapport som Act Now känner till") {
		t.Errorf("the text beside it: %q", text)
	}
	if w := f.shelf.last(t); w.State != reports.WatchedFailed || !w.Moved || len(w.Sentences) != 1 || w.Sentences[0].Code != "error.report.none" || f.brought != 0 {
		t.Errorf("remembered: %+v", w)
	}
}

func TestWatchLeavesAlone(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	outside := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(outside, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(f.dir, "link.csv")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(f.dir, "old"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".azure.csv", "~$azure.xlsx", "azure.csv.part", "azure.csv.crdownload", "azure.csv.tmp", "old/azure.csv", "firefox.csv", "firefox.csv.part"} {
		f.put(name, small)
	}
	before := f.names()
	f.looks(3)
	if got := f.names(); !slices.Equal(got, before) || f.opened != 0 {
		t.Errorf("files = %v after %d were read, want them untouched: %v", got, f.opened, before)
	}
	if err := os.Remove(filepath.Join(f.dir, "firefox.csv.part")); err != nil {
		t.Fatal(err)
	}
	f.looks(2)
	if f.opened != 1 || !slices.Contains(f.names(), "done/firefox.csv") {
		t.Errorf("after a download ended: %v", f.names())
	}
}

func TestWatchDoesNotRepeatWhatIsStuck(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.put("done", "no folder") // so that nothing can be moved there
	f.put("azure.csv", small)
	f.looks(1)
	if err := f.Look(t.Context()); err == nil {
		t.Error("a file that cannot be moved is no error of the look")
	}
	opened := f.opened
	f.looks(3)
	w := f.shelf.last(t)
	for _, kept := range f.shelf.list {
		if kept.Name == "azure.csv" {
			w = kept
		}
	}
	if f.opened != opened || len(f.store.heads) != 1 || w.Moved || w.State != reports.WatchedDone || w.Sentences[len(w.Sentences)-1].Code != "watch.stuck" {
		t.Errorf("read %d times, remembered %+v; want it imported once and left", f.opened, w)
	}
	again := newFolder(t) // after a restart
	again.Dir, again.dir, again.Store, again.store = f.dir, f.dir, f.shelf, f.store
	again.looks(3)
	if again.opened != 0 {
		t.Errorf("after a restart the file was read %d times", again.opened)
	}
	f.put("azure.csv", small+"9,Cyan,Act Now,1,1\n")
	f.looks(1)
	_ = f.Look(t.Context())
	if f.opened != opened+1 {
		t.Errorf("after it changed the file was read %d times, want once", f.opened-opened)
	}
}

func TestWatchWaitsOutTroubleOfOurs(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	broken := errors.New("disk full")
	f.before = func() error { return broken }
	f.put("azure.csv", small)
	f.looks(1)
	if err := f.Look(t.Context()); !errors.Is(err, broken) {
		t.Errorf("look = %v, want the trouble", err)
	}
	if len(f.shelf.list) != 0 || !slices.Equal(f.names(), []string{"azure.csv"}) {
		t.Errorf("files = %v, want it left", f.names())
	}
	f.before = func() error { f.put("azure.csv", small+"9,Cyan,Act Now,1,1\n"); return nil } // written to while it is read
	f.looks(1)
	if !slices.Equal(f.names(), []string{"azure.csv"}) {
		t.Errorf("files = %v, want what changed while it was read left", f.names())
	}
	f.before = nil
	f.looks(2)
	if got := f.names(); !slices.Contains(got, "done/azure.csv") || f.store.results[len(f.store.results)-1].Rows != 3 {
		t.Errorf("files = %v, want the whole file taken in the end", got)
	}
}

func TestWatchRuns(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	tick, done := make(chan time.Time), make(chan error)
	f.Tick = tick
	f.put("azure.csv", small)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- f.Run(ctx) }()
	tick <- november
	tick <- november // taken only when the look before has ended
	cancel()
	if err := <-done; err != nil || len(f.store.heads) != 1 {
		t.Errorf("run = %v with %d imports, want one", err, len(f.store.heads))
	}

	gone := newFolder(t)
	if err := os.Remove(gone.dir); err != nil {
		t.Fatal(err)
	}
	if err := gone.Look(t.Context()); err == nil {
		t.Error("a folder that is not there is no error")
	}
	if p := gone.Status().Problem; p == nil || !strings.Contains(p.String(), "no such file") {
		t.Errorf("problem = %v", p)
	}
}
