package main_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// These tests run the program as people do: the real binary, killed and started
// again, with real peers on loopback.

// binary is the program under test, built once for all tests.
var binary struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if binary.dir != "" {
		os.RemoveAll(binary.dir)
	}
	os.Exit(code)
}

// program builds the binary and returns its path.
func program(t *testing.T) string {
	t.Helper()
	binary.once.Do(func() {
		if binary.dir, binary.err = os.MkdirTemp("", "actnow-test-"); binary.err != nil {
			return
		}
		build := exec.Command("go", "build", "-o", filepath.Join(binary.dir, "actnow"), ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			binary.err = fmt.Errorf("build: %w\n%s", err, out)
		}
	})
	if binary.err != nil {
		t.Fatal(binary.err)
	}
	return filepath.Join(binary.dir, "actnow")
}

// peer skips the test when the file of a real peer is missing, or fails it where
// peers are required.
func peer(t *testing.T, path string) string {
	t.Helper()
	if found, err := exec.LookPath(path); err == nil {
		return found
	}
	missing(t, path+" is not installed")
	return ""
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("ACTNOW_REQUIRE_PEERS") == "1" {
		t.Fatalf("%s, and ACTNOW_REQUIRE_PEERS=1 asks for it", what)
	}
	t.Skipf("skipped: %s", what)
}

// site is one installation: a data folder, its settings and, between start and
// stop, its daemon.
type site struct {
	t       *testing.T
	program string
	dir     string // data folder
	env     []string
	public  string // https address of the public listener
	listen  string
	trust   *x509.CertPool
	daemon  *process
	armed   *atomic.Pointer[process] // told of the next daemon that starts; may be nil
}

// newSite makes an installation that sends to the mail server at smtp, "" for
// none, with a certificate of its own for the public address.
func newSite(t *testing.T, smtp string) *site {
	t.Helper()
	s := &site{t: t, program: program(t), dir: filepath.Join(t.TempDir(), "data"), listen: freePort(t)}
	public := freePort(t)
	s.public = "https://" + public
	cert, key, pool := certificate(t, filepath.Dir(s.dir))
	s.trust = pool
	s.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(s.dir), "TMPDIR=" + os.TempDir(),
		"ACTNOW_LISTEN=" + s.listen, "ACTNOW_PUBLIC_LISTEN=" + public, "ACTNOW_PUBLIC_URL=" + s.public,
		"ACTNOW_TLS_CERT=" + cert, "ACTNOW_TLS_KEY=" + key, "SSL_CERT_FILE=" + cert,
	}
	if smtp != "" {
		s.env = append(s.env, "ACTNOW_SMTP_URL=smtp://"+smtp+"?tls=none")
	}
	t.Cleanup(func() {
		if s.daemon != nil {
			s.kill()
		}
	})
	return s
}

// process is a daemon that was started.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it has ended
	err    error         // of Wait, after exited
	stderr *lines
}

// start starts the daemon and returns once everything listens.
func (s *site) start() {
	s.t.Helper()
	p, ready := s.launch()
	select {
	case <-ready:
	case <-p.exited:
		s.t.Fatalf("the daemon ended at start: %v\n%s", p.err, p.stderr)
	case <-time.After(time.Minute):
		p.cmd.Process.Kill()
		s.t.Fatalf("the daemon is not ready within a minute\n%s", p.stderr)
	}
}

// launch starts the daemon without waiting; ready is closed when it listens.
func (s *site) launch() (p *process, ready chan struct{}) {
	s.t.Helper()
	cmd := exec.Command(s.program, "serve", "--data-dir", s.dir)
	cmd.Env = s.env
	p = &process{cmd: cmd, exited: make(chan struct{}), stderr: &lines{}}
	cmd.Stderr = p.stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.daemon, ready = p, make(chan struct{})
	if s.armed != nil {
		s.armed.Store(p)
		s.armed = nil
	}
	go func() {
		sc := bufio.NewScanner(stdout)
		for said := false; sc.Scan(); {
			if !said && strings.HasPrefix(sc.Text(), "Data: ") {
				said = true
				close(ready)
			}
		}
		p.err = cmd.Wait()
		close(p.exited)
	}()
	return p, ready
}

// kill ends the daemon with SIGKILL and waits until it is gone.
func (s *site) kill() {
	s.daemon.cmd.Process.Kill()
	<-s.daemon.exited
}

// stop asks the daemon to end, as a service manager does, and checks that it
// ends well.
func (s *site) stop() {
	s.t.Helper()
	if err := s.daemon.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.daemon.exited:
	case <-time.After(time.Minute):
		s.t.Fatalf("the daemon does not stop within a minute\n%s", s.daemon.stderr)
	}
	if s.daemon.err != nil {
		s.t.Fatalf("stopped daemon: %v\n%s", s.daemon.err, s.daemon.stderr)
	}
}

// lines is a log that a process writes and a test reads.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// betweenQuestions is how long whoever waits for the daemon leaves it alone: a command
// costs a core for a tenth of a second, which is the daemon's on a small machine.
const betweenQuestions = 200 * time.Millisecond

// answer is what a command said.
type answer struct {
	code           int
	stdout, stderr string
}

// command runs one command on the site's data.
func (s *site) command(args ...string) answer {
	s.t.Helper()
	cmd := s.prepare(s.t.Context(), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("%v: %v", args, err)
	}
	return answer{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func (s *site) prepare(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.program, append(args, "--data-dir", s.dir)...)
	cmd.Env, cmd.Dir = s.env, filepath.Dir(s.dir)
	return cmd
}

// ask runs a command with --json that must be done, and reads its answer into v.
func (s *site) ask(v any, args ...string) {
	s.t.Helper()
	a := s.command(append(args, "--json")...)
	if a.code != 0 {
		s.t.Fatalf("actnow %s: exit code %d: %s", strings.Join(args, " "), a.code, a.stderr)
	}
	if v == nil {
		return
	}
	if err := json.Unmarshal([]byte(a.stdout), v); err != nil {
		s.t.Fatalf("actnow %s: %v in %q", strings.Join(args, " "), err, a.stdout)
	}
}

// client speaks to the public address.
func (s *site) client() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: s.trust}, MaxIdleConnsPerHost: 32,
	}}
}

// givenPorts are those that freePort has returned.
var givenPorts sync.Map

// freePort returns an address of loopback that nobody listens at: below the ports that
// the system gives to whoever asks for any, and another each time.
func freePort(t *testing.T) string {
	t.Helper()
	for range 1000 {
		addr := fmt.Sprintf("127.0.0.1:%d", 20_000+mathrand.IntN(12_000))
		if _, given := givenPorts.LoadOrStore(addr, true); given {
			continue
		}
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}

// certificate makes a certificate for 127.0.0.1 and writes it into dir.
func certificate(t *testing.T, dir string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "loopback"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		writeFile(t, name, string(pem.EncodeToMemory(block)))
	}
	return cert, key, pool
}

func writeFile(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readAll(t *testing.T, r io.ReadCloser) string {
	t.Helper()
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// awaitListener waits until somebody takes connections at addr.
func awaitListener(t *testing.T, addr string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-tick.C {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			return
		}
	}
	t.Fatalf("nobody listens at %s within a minute", addr)
}

func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, to, string(b))
}
