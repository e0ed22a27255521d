package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing/fstest"

	"actnow"
)

// A command on a data folder that a daemon has open runs inside the daemon. The
// two speak gob frames over a socket in the folder: the daemon sends output and
// asks for files, the caller answers with their content.

// frame is one message, either way. One field is set, but for Done and Args.
type frame struct {
	Args     []string // caller: the command
	Dir      string   // caller, with Args: the folder that its relative paths start from
	Terminal bool     // caller, with Args: stderr is a terminal

	Stdout, Stderr []byte // daemon: output
	Open           string // daemon: send this file
	Tree           string // daemon: send this folder
	Create         string // daemon: make this file; Write follows
	Write          []byte
	Commit         bool // daemon: the file is complete
	Discard        bool // daemon: it will not be
	Done           bool // daemon: the command has ended
	Code           int  // with Done: its exit code

	Chunk []byte            // caller: a piece of the file
	EOF   bool              // caller: the file's end, or the file is made
	Files map[string][]byte // caller: the folder
	Error string            // caller: why not
}

// chunk is how much of a file one frame carries.
const chunk = 256 << 10

// maxTree is the most a folder may hold, in bytes: a pack is far smaller.
const maxTree = 64 << 20

// forwardError says that a daemon has the folder open and must run the command.
type forwardError struct{ dir string }

func (e *forwardError) Error() string { return "a daemon has " + e.dir + " open" }

// socketPath is short enough for a socket's address however deep the folder
// lies: it goes through the open folder. close gives the folder back.
func socketPath(dir string) (path string, closeDir func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/actnow.sock", d.Fd()), func() { d.Close() }, nil
}

// listenSocket opens the socket of the data folder, which the lock says is ours.
func listenSocket(dir string) (net.Listener, error) {
	path, done, err := socketPath(dir)
	if err != nil {
		return nil, err
	}
	defer done()
	os.Remove(filepath.Join(dir, "actnow.sock"))
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for commands: %w", err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // its address is gone by then
	return l, os.Chmod(filepath.Join(dir, "actnow.sock"), 0o600)
}

// errSilent says that who has the data folder open takes no commands, or not yet.
var errSilent = errors.New("no daemon answers")

// forward has the daemon of dir run the command and returns its exit code. The error
// is errSilent if there is none.
func forward(ctx context.Context, sh *shell, dir string, args []string) (int, error) {
	path, done, err := socketPath(dir)
	if err != nil {
		return 0, err
	}
	defer done()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	switch {
	case err != nil && ctx.Err() != nil:
		return 0, ctx.Err()
	case err != nil:
		return 0, errSilent
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	code, err := converse(conn, sh, args)
	switch {
	case err != nil && ctx.Err() != nil:
		return 0, ctx.Err() // we hung up
	case err != nil:
		return 0, fmt.Errorf("the daemon went away while it ran the command: %w", err)
	}
	return code, nil
}

// converse is the caller's side.
func converse(conn io.ReadWriter, sh *shell, args []string) (int, error) {
	enc, dec := gob.NewEncoder(conn), gob.NewDecoder(conn)
	dir, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	if err := enc.Encode(frame{Args: args, Dir: dir, Terminal: sh.terminal}); err != nil {
		return 0, err
	}
	var out draft
	defer func() {
		if out != nil {
			out.Discard()
		}
	}()
	for {
		var f frame
		if err := dec.Decode(&f); err != nil {
			return 0, err
		}
		var err error
		switch {
		case f.Done:
			return f.Code, nil
		case f.Stdout != nil:
			_, err = sh.stdout.Write(f.Stdout)
		case f.Stderr != nil:
			_, err = sh.stderr.Write(f.Stderr)
		case f.Open != "":
			err = sendFile(enc, sh.files, f.Open)
		case f.Tree != "":
			err = sendTree(enc, sh.files, f.Tree)
		case f.Create != "":
			out, err = sh.files.Create(f.Create)
			err = enc.Encode(answer(err))
		case f.Write != nil:
			_, err = out.Write(f.Write)
		case f.Commit:
			err = enc.Encode(answer(out.Commit()))
			out = nil
		case f.Discard:
			out.Discard()
			out = nil
		}
		if err != nil {
			return 0, err
		}
	}
}

func answer(err error) frame {
	if err != nil {
		return frame{Error: oneLine(err)}
	}
	return frame{EOF: true}
}

func sendFile(enc *gob.Encoder, files files, path string) error {
	f, err := files.Open(path)
	if err != nil {
		return enc.Encode(frame{Error: oneLine(err)})
	}
	defer f.Close()
	buf := make([]byte, chunk)
	for {
		n, err := io.ReadFull(f, buf)
		if n > 0 {
			if err := enc.Encode(frame{Chunk: buf[:n]}); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return enc.Encode(frame{EOF: true})
		case err != nil:
			return enc.Encode(frame{Error: err.Error()})
		}
	}
}

func sendTree(enc *gob.Encoder, files files, path string) error {
	tree, err := files.Tree(path)
	if err != nil {
		return enc.Encode(frame{Error: oneLine(err)})
	}
	all := map[string][]byte{}
	size := 0
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(tree, name)
		if size += len(b); size > maxTree {
			return fmt.Errorf("%s holds more than %d MiB", path, maxTree>>20)
		}
		all[name] = b
		return err
	})
	if err != nil {
		return enc.Encode(frame{Error: oneLine(err)})
	}
	return enc.Encode(frame{Files: all, EOF: true})
}

// serveCommands runs the commands that come over the socket until the listener
// closes, and waits for those that are running.
func serveCommands(ctx context.Context, l net.Listener, host *app) {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				host.log.ErrorContext(ctx, "accept command", "error", err)
			}
			return
		}
		running.Go(func() {
			defer conn.Close()
			if err := serveCommand(ctx, conn, host); err != nil && !errors.Is(err, io.EOF) {
				host.log.WarnContext(ctx, "command", "error", err)
			}
		})
	}
}

// serveCommand is the daemon's side. A caller that goes away ends the command.
func serveCommand(ctx context.Context, conn net.Conn, host *app) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	peer := &peer{enc: gob.NewEncoder(conn), answers: make(chan frame)}
	dec := gob.NewDecoder(conn)
	var first frame
	if err := dec.Decode(&first); err != nil {
		return err
	}
	go func() { // everything after the command answers what the daemon asked for
		defer cancel()
		defer close(peer.answers)
		for {
			var f frame
			if dec.Decode(&f) != nil {
				return
			}
			select {
			case peer.answers <- f:
			case <-ctx.Done():
				return
			}
		}
	}()
	sh := &shell{
		stdout:   output{peer, func(b []byte) frame { return frame{Stdout: b} }},
		stderr:   output{peer, func(b []byte) frame { return frame{Stderr: b} }},
		files:    peer,
		getenv:   func(string) string { return "" }, // the daemon's settings hold
		dir:      first.Dir,
		host:     host,
		terminal: first.Terminal,
	}
	return peer.send(frame{Done: true, Code: execute(ctx, sh, first.Args)})
}

// peer is the caller as the daemon sees it: its files.
type peer struct {
	mu      sync.Mutex
	enc     *gob.Encoder
	answers chan frame
}

func (p *peer) send(f frame) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.enc.Encode(f)
}

func (p *peer) ask(f frame) (frame, error) {
	if err := p.send(f); err != nil {
		return frame{}, err
	}
	return p.next()
}

func (p *peer) next() (frame, error) {
	f, ok := <-p.answers
	switch {
	case !ok:
		return f, io.ErrUnexpectedEOF
	case f.Error != "":
		return f, actnow.Invalid("error.file", "", "%s", f.Error)
	}
	return f, nil
}

// Open asks for the file and returns it as it comes.
func (p *peer) Open(path string) (io.ReadCloser, error) {
	if path == "" {
		return nil, errNameless
	}
	first, err := p.ask(frame{Open: path})
	if err != nil {
		return nil, err
	}
	return &incoming{peer: p, rest: first.Chunk, eof: first.EOF}, nil
}

// Tree asks for a folder.
func (p *peer) Tree(path string) (fs.FS, error) {
	f, err := p.ask(frame{Tree: path})
	if err != nil {
		return nil, err
	}
	tree := fstest.MapFS{}
	for name, b := range f.Files {
		tree[name] = &fstest.MapFile{Data: b, Mode: 0o644}
	}
	return tree, nil
}

// Create has the caller make a file.
func (p *peer) Create(path string) (draft, error) {
	if _, err := p.ask(frame{Create: path}); err != nil {
		return nil, err
	}
	return outgoing{p}, nil
}

// incoming is a file of the caller's that is being read. Its frames come one
// after the other and nothing else between them, so it is read to its end.
type incoming struct {
	peer *peer
	rest []byte
	eof  bool
}

func (r *incoming) Read(b []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.eof {
			return 0, io.EOF
		}
		f, err := r.peer.next()
		if err != nil {
			r.eof = true
			return 0, err
		}
		r.rest, r.eof = f.Chunk, f.EOF
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *incoming) Close() error {
	_, err := io.Copy(io.Discard, r)
	return err
}

type outgoing struct{ peer *peer }

func (w outgoing) Write(b []byte) (int, error) {
	return len(b), w.peer.send(frame{Write: b})
}

func (w outgoing) Commit() error {
	_, err := w.peer.ask(frame{Commit: true})
	return err
}

func (w outgoing) Discard() {
	_ = w.peer.send(frame{Discard: true}) // a caller that is gone discards it too
}

// output sends what a command prints.
type output struct {
	peer *peer
	wrap func([]byte) frame
}

func (o output) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	return len(b), o.peer.send(o.wrap(b))
}

// zipFS reads a zip file as a folder.
func zipFS(name string, b []byte) (fs.FS, error) {
	if !strings.HasSuffix(strings.ToLower(name), ".zip") {
		return nil, actnow.Invalid("error.pack_kind", "", "%s is neither a folder nor a zip file", name)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, actnow.Invalid("error.pack_zip", "", "%s cannot be read as a zip file: %v", name, err)
	}
	return z, nil
}
