package main_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// sink is Postfix's smtp-sink: it counts on its standard output and appends each
// mail that ended with a dot to a file.
type sink struct {
	t    *testing.T
	dump string
	mu   sync.Mutex
	seen func(m moment, n int)
}

var sinkCount = regexp.MustCompile(`mesg=(\d+)`)

func startSink(t *testing.T) (string, receiver) {
	path := peer(t, "/usr/sbin/smtp-sink")
	dir, err := os.MkdirTemp("", "sink-") // the test's own folder is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	k := &sink{t: t, dump: filepath.Join(dir, "mails")}
	addr := freePort(t)
	args := []string{"-c", "-D", k.dump, addr, "1000"}
	if os.Getuid() == 0 {
		args = append([]string{"-u", "nobody"}, args...)
	}
	cmd := exec.Command(path, args...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		sc := bufio.NewScanner(stdout)
		sc.Split(splitCounts)
		for last := 0; sc.Scan(); {
			if m := sinkCount.FindStringSubmatch(sc.Text()); m != nil {
				if n, _ := strconv.Atoi(m[1]); n > last {
					last = n
					k.counted(n)
				}
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-done
		cmd.Wait()
	})
	awaitListener(t, addr)
	return addr, k
}

// splitCounts cuts smtp-sink's counters, each of which overwrites the last.
func splitCounts(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexAny(data, "\r\n"); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

func (k *sink) watch(fn func(m moment, n int)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen = fn
}

// counted tells of a mail: smtp-sink lets us see no more of the dialogue than
// that, so every moment is the one about the reply.
func (k *sink) counted(n int) {
	k.mu.Lock()
	fn := k.seen
	k.mu.Unlock()
	if fn != nil {
		for _, m := range moments {
			fn(m, n)
		}
	}
}

func (k *sink) copies() map[string][]string {
	b, err := os.ReadFile(k.dump)
	if err != nil {
		k.t.Fatal(err)
	}
	all := map[string][]string{}
	to := ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if rcpt, ok := strings.CutPrefix(line, "X-Rcpt-Args: "); ok {
			rcpt, _, _ = strings.Cut(rcpt, ">")
			to = strings.TrimPrefix(rcpt, "<")
		}
		if id, ok := strings.CutPrefix(line, "Message-ID: "); ok && to != "" {
			all[to] = append(all[to], id)
			to = ""
		}
	}
	return all
}
