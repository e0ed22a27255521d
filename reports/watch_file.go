package reports

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// temporary are the endings of files that a browser or an editor is still
// writing.
var temporary = []string{".part", ".partial", ".crdownload", ".download", ".opdownload", ".tmp", ".temp", ".swp", "~"}

// leftAlone reports whether a file is hidden, or is not the file itself but on
// its way to it.
func leftAlone(dir, name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$") {
		return true
	}
	lower := strings.ToLower(name)
	for _, end := range temporary {
		if strings.HasSuffix(lower, end) {
			return true
		}
	}
	_, err := os.Lstat(filepath.Join(dir, name+".part")) // a browser holds the place with an empty file
	return err == nil
}

// openQuiet opens a file that is one: no link, no pipe.
func openQuiet(path string) (*os.File, os.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", path)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// move moves the file into the folder of its state, under a name that is free
// there, and writes beside it what became of it.
func (w *Watcher) move(out Watched, rejected []Rejected) error {
	dir := filepath.Join(w.Dir, string(out.State))
	if err := os.Mkdir(dir, 0o750); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if info, err := os.Lstat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s is no folder", out.State)
	}
	to, err := freeName(dir, out.Name)
	if err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(w.Dir, out.Name), to); err != nil {
		return err
	}
	// The file is moved: a text that cannot be written must not bring it back.
	if err := os.WriteFile(to+".txt", []byte(watchedText(out.Sentences, rejected)), 0o640); err != nil {
		w.Log.Warn("text beside a watched file", "error", err)
	}
	return nil
}

// freeName returns a path in dir at which neither a file nor its text lies.
func freeName(dir, name string) (string, error) {
	ext := filepath.Ext(name)
	base := strings.TrimSuffix(name, ext)
	for n := 1; ; n++ {
		path := filepath.Join(dir, name)
		if n > 1 {
			path = filepath.Join(dir, fmt.Sprintf("%s-%d%s", base, n, ext))
		}
		taken := false
		for _, p := range []string{path, path + ".txt"} {
			if _, err := os.Lstat(p); err == nil {
				taken = true
			} else if !errors.Is(err, os.ErrNotExist) {
				return "", err
			}
		}
		if !taken {
			return path, nil
		}
	}
}

// watchedText says in English and in Swedish what became of a file, and which of
// its lines could not be used.
func watchedText(sentences []Notice, rejected []Rejected) string {
	var b strings.Builder
	for language := range 2 {
		for _, n := range sentences {
			b.WriteString(n.in(language) + "\n")
		}
		for _, r := range rejected {
			n := Notice{Code: r.Code, Args: r.Args}
			fmt.Fprintf(&b, "%s %d: %s\n", [...]string{"Line", "Rad"}[language], r.Line, n.in(language))
		}
		if language == 0 {
			b.WriteString("\n")
		}
	}
	return b.String()
}

// reason is what the system says of a file, without its path.
func reason(err error) string {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err.Error()
	case errors.As(err, &link):
		return link.Err.Error()
	}
	return err.Error()
}
