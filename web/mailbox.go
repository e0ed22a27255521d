package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
)

// mailboxStore reads the mails that the demo's mailbox has caught.
type mailboxStore interface {
	CaughtMails(ctx context.Context, search string, before int64, limit int) ([]campaigns.CaughtMail, error)
	CaughtMail(ctx context.Context, id int64) (campaigns.CaughtMail, error)
}

// mailboxActions know where the public listener is.
type mailboxActions interface {
	PublicURL() string      // "https://…" or ""
	PublicLoopback() string // "http://127.0.0.1:8421"
}

const mailboxPageSize = 50

func (s *Server) mailboxRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/mailbox", nav: "mailbox", right: actnow.RightPersonal, handle: s.showMailbox},
		{method: http.MethodGet, path: "/mailbox/:id", nav: "mailbox", right: actnow.RightPersonal, handle: s.showCaught},
		{method: http.MethodGet, path: "/mailbox/:id/mail", right: actnow.RightPersonal, handle: s.showCaughtMail},
	}
}

type mailboxPage struct {
	Head   Head
	Search string
	Rows   []mailboxRow
	Empty  Empty
	Foot   Foot
}

type mailboxRow struct {
	Href, To, Subject string
	At                time.Time
}

// mayReadMailbox keeps the mailbox to the demo: elsewhere there is none.
func (s *Server) mayReadMailbox(c echo.Context) error {
	if !s.cfg.Demo || !s.scope(c).AllLocations {
		return actnow.ErrNotFound
	}
	return nil
}

func (s *Server) showMailbox(c echo.Context) error {
	if err := s.mayReadMailbox(c); err != nil {
		return err
	}
	before, err := queryNumber(c, "before")
	if err != nil {
		return err
	}
	search := c.QueryParam("q")
	mails, err := s.store.CaughtMails(ctx(c), search, before, mailboxPageSize+1)
	if err != nil {
		return err
	}
	text := s.text(c)
	p := mailboxPage{Search: search,
		Head:  Head{Title: text.T("mailbox.title"), Text: text.T("mailbox.text")},
		Empty: Empty{Icon: "inbox", Title: text.T("mailbox.empty"), Text: text.T("mailbox.empty_text"), Actions: []Action{{Text: text.T("nav.campaigns"), Href: "/campaigns"}}}}
	if search != "" {
		p.Empty = Empty{Icon: "inbox", Title: text.T("mailbox.none"), Text: text.T("mailbox.none_text")}
	}
	more := len(mails) > mailboxPageSize
	if more {
		mails = mails[:mailboxPageSize]
	}
	for _, m := range mails {
		p.Rows = append(p.Rows, mailboxRow{Href: mailboxPath(m.ID), To: m.To, Subject: m.Subject, At: m.At})
	}
	p.Foot.Range = text.TN("mailbox.rows", int64(len(mails)))
	q := c.QueryParams()
	if before > 0 {
		p.Foot.Previous = "/mailbox?" + without(q, "before").Encode()
	}
	if more {
		next := without(q, "before")
		next.Set("before", strconv.FormatInt(mails[len(mails)-1].ID, 10))
		p.Foot.Next = "/mailbox?" + next.Encode()
	}
	return s.render(c, "mailbox", p)
}

type caughtPage struct {
	Head    Head
	Mail    mailPart
	Headers []fact
	Raw     string
	Unsub   string // the one-click address, as this machine reaches it
}

func mailboxPath(id int64) string { return "/mailbox/" + strconv.FormatInt(id, 10) }

func (s *Server) caught(c echo.Context) (campaigns.CaughtMail, readMail, error) {
	if err := s.mayReadMailbox(c); err != nil {
		return campaigns.CaughtMail{}, readMail{}, err
	}
	id, err := pathID(c, "id")
	if err != nil {
		return campaigns.CaughtMail{}, readMail{}, err
	}
	m, err := s.store.CaughtMail(ctx(c), id)
	if err != nil {
		return m, readMail{}, err
	}
	return m, readCaught(m.Raw), nil
}

func (s *Server) showCaught(c echo.Context) error {
	m, read, err := s.caught(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	p := caughtPage{
		Head: Head{Crumbs: []Crumb{{Text: text.T("nav.mailbox"), Href: "/mailbox"}}, Title: m.Subject, Text: text.T("mailbox.to_at", m.To, text.DateTime(m.At))},
		Raw:  strings.ToValidUTF8(string(m.Raw), "\uFFFD"),
		Mail: mailFrames(campaigns.Rendered{Subject: m.Subject, HTML: read.html, Text: s.homeward(read.text)}, mailboxPath(m.ID)+"/mail"),
	}
	if p.Head.Title == "" {
		p.Head.Title = text.T("mailbox.no_subject")
	}
	for _, h := range read.headers {
		p.Headers = append(p.Headers, fact{Name: h[0], Text: h[1]})
		if strings.EqualFold(h[0], "List-Unsubscribe") {
			p.Unsub = s.oneClick(h[1])
		}
	}
	return s.render(c, "caught", p)
}

// oneClick is the https address of a List-Unsubscribe header, as this machine
// reaches it.
func (s *Server) oneClick(header string) string {
	for part := range strings.SplitSeq(header, ",") {
		address := strings.Trim(strings.TrimSpace(part), "<>")
		if u, err := url.Parse(s.homeward(address)); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
			return u.String()
		}
	}
	return ""
}

// showCaughtMail serves the HTML of a caught mail to be framed. Its links open
// in a page of their own, and those to the public address lead to this machine.
func (s *Server) showCaughtMail(c echo.Context) error {
	_, read, err := s.caught(c)
	if err != nil {
		return err
	}
	previewHeaders(c)
	c.Response().Header().Set("Content-Security-Policy", strings.Replace(previewPolicy, "sandbox;", "sandbox allow-popups allow-popups-to-escape-sandbox;", 1))
	c.Response().Header().Set("Cache-Control", "no-store")
	html := inLight(s.homeward(read.html), c.QueryParam("look"))
	return c.HTML(http.StatusOK, `<base target="_blank">`+html)
}

// homeward leads links to the public address to the listener of this machine.
func (s *Server) homeward(content string) string {
	public, local := s.actions.PublicURL(), s.actions.PublicLoopback()
	if public == "" || local == "" {
		return content
	}
	return strings.ReplaceAll(content, strings.TrimSuffix(public, "/")+"/", strings.TrimSuffix(local, "/")+"/")
}

// readMail is what is to be seen of a mail.
type readMail struct {
	headers    [][2]string
	text, html string
	images     map[string]string // Content-ID to data: address
}

// readCaught reads a mail as far as it can be read; what cannot stays empty.
func readCaught(raw []byte) readMail {
	m := readMail{images: map[string]string{}}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m
	}
	m.headers = headersOf(raw)
	m.part(textproto.MIMEHeader(msg.Header), msg.Body, 0)
	for id, data := range m.images {
		m.html = strings.ReplaceAll(m.html, "cid:"+id, data)
	}
	return m
}

// maxMailDepth bounds parts within parts.
const maxMailDepth = 8

func (m *readMail) part(h textproto.MIMEHeader, body io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") && depth < maxMailDepth {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err != nil {
				return
			}
			m.part(p.Header, p, depth+1)
		}
	}
	data := decoded(h.Get("Content-Transfer-Encoding"), body)
	switch {
	case kind == "text/html" && m.html == "":
		m.html = strings.ToValidUTF8(string(data), "\uFFFD")
	case kind == "text/plain" && m.text == "":
		m.text = strings.ReplaceAll(strings.ToValidUTF8(string(data), "\uFFFD"), "\r\n", "\n")
	case strings.HasPrefix(kind, "image/") && h.Get("Content-ID") != "":
		m.images[strings.Trim(h.Get("Content-ID"), "<>")] = "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)
	}
}

// decoded reads a part; one that breaks off is as long as it is good.
func decoded(encoding string, body io.Reader) []byte {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	var b bytes.Buffer
	_, _ = io.Copy(&b, body)
	return b.Bytes()
}

// headersOf lists the headers in their order, folded lines joined and words
// decoded.
func headersOf(raw []byte) [][2]string {
	var list [][2]string
	head, _, _ := strings.Cut(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n\n")
	words := mime.WordDecoder{}
	for line := range strings.SplitSeq(head, "\n") {
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			if n := len(list); n > 0 {
				list[n-1][1] += " " + strings.TrimSpace(line)
			}
			continue
		}
		if name, value, ok := strings.Cut(line, ":"); ok {
			list = append(list, [2]string{name, strings.TrimSpace(value)})
		}
	}
	for i := range list {
		if plain, err := words.DecodeHeader(list[i][1]); err == nil {
			list[i][1] = strings.ToValidUTF8(plain, "\uFFFD")
		}
	}
	return list
}
