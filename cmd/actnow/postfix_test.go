package main_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// postfix is a private Postfix on loopback that delivers into maildirs.
type postfix struct {
	addr string
	dir  string
}

const postfixMain = `compatibility_level = 3.6
config_directory = %[1]s/conf
queue_directory = %[1]s/queue
data_directory = %[1]s/lib
maillog_file = %[1]s/log/mail.log
maillog_file_prefixes = %[1]s
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.catcher.example
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_base = %[1]s/mail
virtual_mailbox_domains = texthash:%[1]s/conf/domains
virtual_mailbox_maps = texthash:%[1]s/conf/mailboxes
virtual_minimum_uid = 1
virtual_uid_maps = static:%[2]s
virtual_gid_maps = static:%[3]s
default_transport = error:5.4.4 nothing leaves this machine
relay_transport = error:5.4.4 nothing leaves this machine
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
recipient_delimiter = +
`

const postfixMaster = `%s inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
`

// startPostfix starts a Postfix that knows the addresses.
func startPostfix(t *testing.T, addresses []string) *postfix {
	t.Helper()
	path := peer(t, "/usr/sbin/postfix")
	if os.Getuid() != 0 {
		missing(t, "Postfix is started by root alone")
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		missing(t, "there is no user nobody")
	}
	owner, err := user.Lookup("postfix")
	if err != nil {
		missing(t, "there is no user postfix")
	}
	dir, err := os.MkdirTemp("", "postfix-") // the test's own folder is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p := &postfix{addr: freePort(t), dir: dir}
	for name, of := range map[string]*user.User{"conf": nil, "queue": nil, "log": nil, "lib": owner, "mail": nobody} {
		folder := filepath.Join(dir, name)
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if of != nil {
			uid, _ := strconv.Atoi(of.Uid)
			gid, _ := strconv.Atoi(of.Gid)
			if err := os.Chown(folder, uid, gid); err != nil {
				t.Fatal(err)
			}
		}
	}
	var mailboxes strings.Builder
	domains := map[string]bool{}
	for _, a := range addresses {
		_, domain, _ := strings.Cut(a, "@")
		fmt.Fprintf(&mailboxes, "%s %s/\n", a, a)
		domains[domain] = true
	}
	list := ""
	for d := range domains {
		list += d + " here\n"
	}
	for name, content := range map[string]string{
		"main.cf": fmt.Sprintf(postfixMain, dir, nobody.Uid, nobody.Gid), "master.cf": fmt.Sprintf(postfixMaster, p.addr),
		"domains": list, "mailboxes": mailboxes.String(),
	} {
		if err := os.WriteFile(filepath.Join(dir, "conf", name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	start := exec.Command(path, "-c", filepath.Join(dir, "conf"), "start")
	if out, err := start.CombinedOutput(); err != nil {
		t.Fatalf("start Postfix: %v\n%s\n%s", err, out, p.log())
	}
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Log(p.log())
		}
	})
	awaitListener(t, p.addr)
	return p
}

// stop ends the master process, which takes the others along.
func (p *postfix) stop(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(p.dir, "queue", "pid", "master.pid"))
	if err != nil {
		t.Errorf("Postfix is not running: %v", err)
		return
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Errorf("Postfix's pid: %v", err)
		return
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		if syscall.Kill(pid, syscall.SIGTERM) != nil {
			return // it is gone
		}
	}
	t.Errorf("Postfix, process %d, does not stop", pid)
	syscall.Kill(pid, syscall.SIGKILL)
}

func (p *postfix) log() string {
	b, _ := os.ReadFile(filepath.Join(p.dir, "log", "mail.log"))
	return string(b)
}

// mails returns what lies in the address's maildir.
func (p *postfix) mails(t *testing.T, address string) []*mail.Message {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, "mail", address, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var list []*mail.Message
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(strings.NewReader(string(b)))
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		list = append(list, m)
	}
	return list
}

// await waits until the address has a mail: Postfix delivers after its 250.
func (p *postfix) await(t *testing.T, address string) *mail.Message {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-tick.C {
		if list := p.mails(t, address); len(list) > 0 {
			return list[0]
		}
	}
	t.Fatalf("nothing came for %s within a minute", address)
	return nil
}

// TestRealPostfix sends a campaign through Postfix and reads what it delivered.
func TestRealPostfix(t *testing.T) {
	files := newSite(t, "")
	p := files.makePartner(6)
	stranger := p.addresses[5] // Postfix does not know this one
	known := append(append([]string{}, p.addresses[:5]...), p.addresses[6:]...)
	relay := startPostfix(t, known)
	s := newSite(t, relay.addr)
	s.start()
	cohort := s.fill(p)
	id := s.campaign(p, cohort, "hold")
	s.ask(nil, "campaign", "launch", id)
	end := s.await(id, func(c standing) bool { return c.State == "finished" })
	if end.Ledger["sent"] != len(known) || end.Ledger["bounced"] != 1 {
		t.Errorf("ledger %v, want %d sent and 1 bounced", end.Ledger, len(known))
	}
	rows := s.ledger(id)
	if row := rows[stranger]; row.State != "bounced" || !strings.Contains(row.LastReply, "5.1.1") {
		t.Errorf("the unknown user's row: %+v, want bounced by 5.1.1", row)
	}
	returns := map[string]bool{}
	for _, address := range known {
		m := relay.await(t, address)
		if n := len(relay.mails(t, address)); n != 1 {
			t.Errorf("%s has %d mails, want 1", address, n)
		}
		s.checkMail(m, address, rows[address].MessageID)
		returns[m.Header.Get("Return-Path")] = true
	}
	if len(returns) != len(known) {
		t.Errorf("%d return paths for %d mails: each is its own", len(returns), len(known))
	}

	// Whoever unsubscribed and whoever is not there are left out of the next.
	leaver := known[0]
	link := strings.Trim(relay.await(t, leaver).Header.Get("List-Unsubscribe"), "<>")
	res, err := s.client().PostForm(link, url.Values{"List-Unsubscribe": {"One-Click"}})
	if err != nil {
		t.Fatal(err)
	}
	if body := readAll(t, res.Body); res.StatusCode != http.StatusOK {
		t.Fatalf("one-click unsubscribe: %d %s", res.StatusCode, body)
	}
	next := s.campaign(p, cohort, "hold")
	var launched struct {
		Audience int
		LeftOut  map[string]int `json:"left_out"`
	}
	s.ask(&launched, "campaign", "launch", next)
	s.await(next, func(c standing) bool { return c.State == "finished" })
	after := s.ledger(next)
	for _, gone := range []string{leaver, stranger} {
		if row, ok := after[gone]; ok {
			t.Errorf("%s is in the next campaign: %+v", gone, row)
		}
	}
	if launched.Audience != len(p.addresses)-2 {
		t.Errorf("the next audience is %d, want %d; left out %v", launched.Audience, len(p.addresses)-2, launched.LeftOut)
	}
	t.Logf("%d delivered, 1 bounced; the next campaign leaves out %v", len(known), launched.LeftOut)
}

// checkMail looks at a mail as a recipient's server has it.
func (s *site) checkMail(m *mail.Message, address, messageID string) {
	s.t.Helper()
	h := m.Header
	if got := h.Get("Message-Id"); got != messageID || got == "" {
		s.t.Errorf("%s: Message-ID %s, the ledger says %s", address, got, messageID)
	}
	if got := h.Get("Return-Path"); !strings.HasPrefix(got, "<bounce+") || !strings.HasSuffix(got, "@nordvik.example>") {
		s.t.Errorf("%s: return path %s, want bounce+…@nordvik.example", address, got)
	}
	if got := h.Get("List-Unsubscribe"); !strings.HasPrefix(got, "<"+s.public+"/u/") || !strings.HasSuffix(got, ">") {
		s.t.Errorf("%s: List-Unsubscribe %s, want one link to %s/u/", address, got, s.public)
	}
	if got := h.Get("List-Unsubscribe-Post"); got != "List-Unsubscribe=One-Click" {
		s.t.Errorf("%s: List-Unsubscribe-Post %q", address, got)
	}
	if to, err := h.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != address {
		s.t.Errorf("%s: To %s", address, h.Get("To"))
	}
	if from, err := h.AddressList("From"); err != nil || len(from) != 1 || from[0].Address != "hello@nordvik.example" {
		s.t.Errorf("%s: From %s", address, h.Get("From"))
	}
	parts := map[string]string{}
	collectParts(s.t, h.Get("Content-Type"), h.Get("Content-Transfer-Encoding"), m.Body, parts)
	given, _, _ := strings.Cut(address, ".")
	given = strings.ToUpper(given[:1]) + given[1:]
	for _, kind := range []string{"text/plain", "text/html"} {
		body := parts[kind]
		if !strings.Contains(body, "Hello "+given) || !strings.Contains(body, "Nordvik Data AB") || !strings.Contains(body, s.public+"/u/") {
			s.t.Errorf("%s: the %s part lacks the greeting, the sender or the visible link:\n%s", address, kind, body)
		}
	}
}

// collectParts gathers the decoded leaves of a MIME body by their type.
func collectParts(t *testing.T, kind, encoding string, body io.Reader, parts map[string]string) {
	t.Helper()
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(media, "multipart/") {
		for r := multipart.NewReader(body, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			collectParts(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p, parts)
		}
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	parts[media] = string(b)
}
