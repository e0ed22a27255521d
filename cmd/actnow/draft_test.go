package main

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// A file that a command writes is there whole, with the rights it had, or as it was.
func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.csv")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.csv")
	if err := os.Symlink("out.csv", link); err != nil {
		t.Fatal(err)
	}
	sh := &shell{files: localFiles{}}
	holds := func(want string) {
		t.Helper()
		b, err := os.ReadFile(path)
		st, statErr := os.Lstat(path)
		if err = errors.Join(err, statErr); err != nil || string(b) != want || st.Mode() != 0o640 {
			t.Errorf("the file holds %q with %v, %v; want %q and -rw-r-----", b, st.Mode(), err, want)
		}
		if list, err := os.ReadDir(dir); err != nil || len(list) != 2 {
			t.Errorf("the folder holds %v, %v; want two names", list, err)
		}
	}
	full := errors.New("full")
	for _, to := range []string{path, link} {
		err := sh.create(to, func(w io.Writer) error {
			fmt.Fprint(w, "half")
			return full
		})
		if !errors.Is(err, full) {
			t.Errorf("error %v, want that of the writer", err)
		}
		holds("old")
	}
	if err := sh.create(link, func(w io.Writer) error { _, err := fmt.Fprint(w, "new"); return err }); err != nil {
		t.Error(err)
	}
	holds("new")
	if err := sh.create(os.DevNull, func(w io.Writer) error { _, err := fmt.Fprint(w, "gone"); return err }); err != nil {
		t.Error(err)
	}
	if err := sh.create(filepath.Join(dir, "no", "out.csv"), func(io.Writer) error { return nil }); err == nil {
		t.Error("a file in a folder that is not there was made")
	}
}

// A daemon that dies while it writes a file of its caller's leaves it as it was.
func TestCreateForADaemonThatDies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	caller, daemon := net.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := converse(caller, &shell{files: localFiles{}}, []string{"report"})
		ended <- err
	}()
	enc, dec := gob.NewEncoder(daemon), gob.NewDecoder(daemon)
	var f frame
	for _, step := range []func() error{
		func() error { return dec.Decode(&f) }, func() error { return enc.Encode(frame{Create: path}) },
		func() error { return dec.Decode(&f) }, func() error { return enc.Encode(frame{Write: []byte("half")}) }, daemon.Close,
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-ended; err == nil {
		t.Error("a daemon that died went unnoticed")
	}
	b, err := os.ReadFile(path)
	list, _ := os.ReadDir(filepath.Dir(path))
	if err != nil || string(b) != "old" || len(list) != 1 {
		t.Errorf("the file holds %q, %v, beside it %v; want it as it was and nothing else", b, err, list)
	}
}
