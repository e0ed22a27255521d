package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"actnow"
)

// files are what a command reads and writes by name. A command that a daemon
// runs for somebody else reads and writes that person's files, not its own.
type files interface {
	Open(path string) (io.ReadCloser, error)
	// Create begins a file, which takes the place of what is there once it is
	// complete. A caller ends it by Commit or Discard.
	Create(path string) (draft, error)
	// Tree returns a folder, or a zip file as one.
	Tree(path string) (fs.FS, error)
}

// draft is a file that is being written.
type draft interface {
	io.Writer
	Commit() error
	Discard()
}

// create writes the file whole or, if write fails, not at all.
func (sh *shell) create(path string, write func(w io.Writer) error) error {
	f, err := sh.files.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Discard()
		return err
	}
	return f.Commit()
}

// localFiles are those of this process.
type localFiles struct{}

// errNameless says that a path is empty: to ask for it over the socket would be to ask
// for nothing, and to wait for it for ever.
var errNameless = actnow.Invalid("error.file", "", "the name of a file is empty")

func (localFiles) Open(path string) (io.ReadCloser, error) {
	if path == "" {
		return nil, errNameless
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	if st, err := f.Stat(); err == nil && st.IsDir() {
		f.Close()
		return nil, actnow.Invalid("error.file", "", "%s is a folder, not a file", path)
	}
	return f, nil
}

func (localFiles) Create(path string) (draft, error) {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0) // a device or a pipe
		if err != nil {
			return nil, fileError(path, err)
		}
		return stream{f}, nil
	}
	at := path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		at = target
	}
	f, err := renameio.NewPendingFile(at, renameio.WithTempDir(filepath.Dir(at)), renameio.WithPermissions(0o666), renameio.WithExistingPermissions())
	if err != nil {
		return nil, fileError(path, err)
	}
	return pending{f}, nil
}

func (localFiles) Tree(path string) (fs.FS, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	if st.IsDir() {
		return os.DirFS(path), nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	return zipFS(path, b)
}

// pending is a draft beside the file whose place it takes.
type pending struct{ *renameio.PendingFile }

func (f pending) Commit() error { return f.CloseAtomicallyReplace() }
func (f pending) Discard()      { _ = f.Cleanup() }

// stream is a draft of what cannot be replaced: what is written is gone.
type stream struct{ *os.File }

func (f stream) Commit() error { return f.Close() }
func (f stream) Discard()      { _ = f.Close() }

func fileError(path string, err error) error {
	var why error = err
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		why = pe.Err
	}
	return actnow.Invalid("error.file", "", "%s cannot be opened: %v", path, why)
}
