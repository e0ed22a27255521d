package web

import (
	"context"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
	"actnow/crm"
)

// publicActions are what strangers can set going: the links in a mail and the
// hooks.
type publicActions interface {
	// Unsubscribe takes the person of a link off every list. ok is false if the
	// token is none; source is "one-click" or "page".
	Unsubscribe(ctx context.Context, token, source string) (ok bool, err error)
	// MailCopy renders the mail of a link again. The error matches
	// actnow.ErrNotFound if the token is none.
	MailCopy(ctx context.Context, token string) (campaigns.Rendered, error)
	// ReceiveHook takes a delivery of the hook of that name. The error is a
	// *crm.Refusal, which is the same for an unknown name and a wrong signature.
	ReceiveHook(ctx context.Context, name string, header http.Header, body io.Reader) (crm.Receipt, error)
	// HookURL is the address of a connection's hook.
	HookURL(name string) string
	// PublicURL is the address by which the world reaches the public listener,
	// "https://…", or "".
	PublicURL() string
	// PublicLoopback is the public listener as this machine reaches it.
	PublicLoopback() string
}

// PublicHandler returns what strangers may reach: the links of mails, the hooks,
// and a liveness path that answers with the instance id, by which the daemon
// checks that its public address leads to itself. It knows no sessions and sets
// no cookies.
func (s *Server) PublicHandler() http.Handler {
	e := s.echo()
	e.HTTPErrorHandler = s.handlePublicError
	e.Use(s.public)
	e.GET("/alive", s.alive)
	e.GET("/static/:hash/*", s.assets.serve)
	e.GET("/u/:token", s.showUnsubscribe)
	e.POST("/u/:token", s.unsubscribe)
	e.GET("/v/:token", s.showMailCopy)
	e.POST("/v1/hooks/:connection", s.receiveHook)
	return headAsGet(e)
}

// Limits of what the public listener gives a stranger.
const (
	publicBody   = 64 << 10 // bytes of a form
	publicWait   = 10 * time.Second
	hooksAtOnce  = 512 // deliveries held in memory, at most 1 MiB each
	tokenTempo   = 100 * time.Millisecond
	publicBudget = 600 // requests of one address in a minute; one with a false token counts as ten
)

// public marks the request as a stranger's: the language is the browser's, the
// paths hold secrets that no other site may learn, and a slow body ends.
func (s *Server) public(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(publicKey, true)
		c.Set("text", s.texts[pickLanguage("", "", c.Request().Header.Get("Accept-Language"))])
		h := c.Response().Header()
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Robots-Tag", "noindex")
		if c.Request().Body != http.NoBody {
			// Not every connection has a deadline to set, as one in a test.
			err := http.NewResponseController(c.Response()).SetReadDeadline(time.Now().Add(s.cfg.SlowBody))
			if err != nil && !errors.Is(err, http.ErrNotSupported) {
				return err
			}
		}
		return next(c)
	}
}

const publicKey = "public"

func isPublic(c echo.Context) bool { return c.Get(publicKey) != nil }

func (s *Server) alive(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.String(http.StatusOK, s.cfg.InstanceID)
}

type unsubscribePage struct {
	Head   Head
	Button string // "" once it is done
}

// showUnsubscribe asks, because what follows links in a mail is often a machine.
// It does not look at the token.
func (s *Server) showUnsubscribe(c echo.Context) error {
	text := s.text(c)
	return s.render(c, "unsubscribe", unsubscribePage{
		Head: Head{Title: text.T("public.unsubscribe"), Text: text.T("public.unsubscribe_text")}, Button: text.T("public.unsubscribe_button")})
}

// unsubscribe takes the person off every list. What it answers, and when, does
// not tell whether the token was one.
func (s *Server) unsubscribe(c echo.Context) error {
	leave, err := s.enterGate(c)
	if err != nil {
		return err
	}
	source := "one-click"
	if form := unsubscribeForm(c); form == "page" {
		source = form
	}
	ok, err := s.actions.Unsubscribe(ctx(c), c.Param("token"), source)
	if err != nil {
		return err
	}
	leave(ok)
	text := s.text(c)
	if source == "page" {
		return s.render(c, "unsubscribe", unsubscribePage{Head: Head{Title: text.T("public.unsubscribed"), Text: text.T("public.unsubscribed_text")}})
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.String(http.StatusOK, text.T("public.unsubscribed")+"\n")
}

// unsubscribeForm returns what the form says in "by". A body that cannot be read
// is none: nobody stays on a list because of it.
func unsubscribeForm(c echo.Context) string {
	req := c.Request()
	req.Body = http.MaxBytesReader(c.Response(), req.Body, publicBody)
	if media, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err == nil && media == "multipart/form-data" {
		if req.ParseMultipartForm(publicBody) != nil {
			return ""
		}
	} else if req.ParseForm() != nil {
		return ""
	}
	return req.PostForm.Get("by")
}

// mailPolicy is for the mail of a link: its own styles and pictures, no script,
// nothing from elsewhere.
const mailPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (s *Server) showMailCopy(c echo.Context) error {
	leave, err := s.enterGate(c)
	if err != nil {
		return err
	}
	mail, err := s.actions.MailCopy(ctx(c), c.Param("token"))
	if err != nil && !errors.Is(err, actnow.ErrNotFound) {
		return err
	}
	leave(err == nil)
	if err != nil {
		return actnow.ErrNotFound
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", mailPolicy)
	if mail.HTML == "" {
		return c.String(http.StatusOK, mail.Text)
	}
	return c.HTML(http.StatusOK, mail.HTML)
}

// hookAnswer is what a taken delivery is told.
type hookAnswer struct {
	ID     string `json:"id"`
	Status string `json:"status"` // "stored", or "known" if the id was there before
}

func (s *Server) receiveHook(c echo.Context) error {
	name := strings.TrimSuffix(c.Param("connection"), "/")
	if name == "" || strings.Contains(name, "/") {
		return actnow.ErrNotFound
	}
	select {
	case s.gate.hooks <- struct{}{}:
		defer func() { <-s.gate.hooks }()
	default:
		return &crm.Refusal{Status: http.StatusTooManyRequests, RetryAfter: time.Second,
			Input: &actnow.InputError{Code: "hook.busy", Text: "too many deliveries at once; try again"}}
	}
	req := c.Request()
	if req.ContentLength > crm.MaxBody {
		return crm.TooLarge() // before it is read
	}
	body := http.MaxBytesReader(c.Response(), req.Body, crm.MaxBody)
	receipt, err := s.actions.ReceiveHook(ctx(c), name, req.Header, body)
	if err != nil {
		return err
	}
	answer := hookAnswer{ID: receipt.EventID, Status: "stored"}
	if receipt.Again {
		answer.Status = "known"
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(receipt.Status(), answer)
}

// handlePublicError is handleError for strangers: senders of hooks read JSON,
// people a page that leads nowhere.
func (s *Server) handlePublicError(err error, c echo.Context) {
	if !strings.HasPrefix(c.Request().URL.Path, "/v1/hooks") || c.Response().Committed {
		s.handleError(err, c)
		return
	}
	text := s.text(c)
	status, code := statusOf(err)
	p := problem{Type: "about:blank", Status: status, Code: "error." + code, Detail: text.T("error.text." + code), RequestID: requestID(c)}
	var refusal *crm.Refusal
	var retry time.Duration
	switch {
	case errors.As(err, &refusal):
		p.Status, p.Detail, p.Code, p.Field = refusal.Status, text.Error(refusal.Input), refusal.Input.Code, refusal.Input.Field
		retry = refusal.RetryAfter
		if errors.Is(refusal, os.ErrDeadlineExceeded) {
			p.Status = http.StatusRequestTimeout
		}
	case status >= 500:
		// Whatever went wrong, the event is not stored and the sender shall keep it.
		p.Status, retry = http.StatusServiceUnavailable, 10*time.Second
	}
	p.Title = http.StatusText(p.Status)
	switch {
	case p.Status >= 500:
		s.logError(c, "delivery failed", err)
	default:
		s.log.DebugContext(ctx(c), "delivery refused", "status", p.Status, "request", requestID(c), "error", err)
	}
	if retry > 0 {
		c.Response().Header().Set("Retry-After", text.plainNumber(int(math.Ceil(retry.Seconds()))))
	}
	if err := s.sendProblem(c, p); err != nil {
		s.logError(c, "answer failed", err)
	}
}

// publicGate holds what makes guessing tokens pointless.
type publicGate struct {
	hooks chan struct{}

	mu     sync.Mutex
	minute int64
	spent  map[netip.Prefix]int // in this minute
}

func newPublicGate() *publicGate {
	return &publicGate{hooks: make(chan struct{}, hooksAtOnce), spent: map[netip.Prefix]int{}}
}

// enterGate lets a request with a token in, unless its address had too many in
// this minute. leave must be called once it is known whether the token was one;
// it returns at the end of a beat, so that the time tells nothing.
func (s *Server) enterGate(c echo.Context) (leave func(ok bool), err error) {
	began := time.Now()
	now := s.now()
	address := network(c.RealIP())
	if s.gate.spend(now, address, 1) > publicBudget {
		return nil, &retryError{after: 60 - now.Second(), code: "public.wait"}
	}
	return func(ok bool) {
		if !ok {
			s.gate.spend(now, address, 9)
		}
		beats := time.Since(began)/tokenTempo + 1
		timer := time.NewTimer(time.Until(began.Add(beats * tokenTempo)))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx(c).Done():
		}
	}, nil
}

// spend adds cost to what the address spent in this minute and returns the sum.
// Beyond as many addresses as a minute may have, all others share one budget.
func (g *publicGate) spend(now time.Time, address netip.Prefix, cost int) int {
	const most = 1 << 16
	g.mu.Lock()
	defer g.mu.Unlock()
	if minute := now.Unix() / 60; minute != g.minute {
		g.minute = minute
		clear(g.spent)
	}
	if _, have := g.spent[address]; !have && len(g.spent) >= most {
		address = netip.Prefix{}
	}
	g.spent[address] += cost
	return g.spent[address]
}

// network returns what one stranger can send from: an IPv4 address, or the /64
// of an IPv6 one.
func network(ip string) netip.Prefix {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
