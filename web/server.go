package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"actnow"
)

// Store is all that the pages read and write. Each file of pages declares the
// methods it calls as an interface of its own; Store is their sum.
type Store interface {
	accessStore
	auditStore
	jobStore
	healthStore
	homeStore
	customerStore
	gridStore
	matchStore
	cohortStore
	columnStore
	reportStore
	downloadStore
	flowStore
	disagreementStore
	mappingStore
	undoStore
	watchStore
	campaignStore
	packStore
	deliveryStore
	mailboxStore
	settingStore
	connectionStore
	fetchStore
	inboxStore
	suppressionStore
	scheduleStore
	scoringStore
	holdOutStore
	modelStore
}

// Actions are what the pages set going beyond the store: imports, matching,
// scoring, mail. Each file of pages declares its own part; cmd wires them.
type Actions interface {
	accessActions
	publicActions
	matchActions
	uploadActions
	jobActions
	downloadActions
	fetchActions
	undoActions
	scheduleActions
	watchActions
	campaignActions
	deliveryActions
	mailboxActions
	inboxActions
	modelActions
}

// Config is what New needs. The zero value of a field marked optional is a
// default that works.
type Config struct {
	Store    Store
	Actions  Actions
	Log      *slog.Logger
	Now      func() time.Time // optional: time.Now
	Zone     *time.Location   // optional: UTC
	Messages Messages         // the sentences of the domain packages, see MergeMessages

	Version        string
	InstanceID     string         // what the public listener answers to the liveness path
	Partner        string         // whose installation this is, as the rail shows it
	TrustedProxies []netip.Prefix // who may speak for a client with X-Forwarded-For
	Demo           bool           // the mailbox is shown; nobody outside can be mailed
	MetricsToken   string         // optional: without it /metrics answers loopback only
	Registry       *prometheus.Registry
	Poll           time.Duration // optional: how often progress is read, 1 s
	SlowBody       time.Duration // optional: how long a stranger may take to send a body, 10 s
}

// Server is the pages, the API and the public endpoints.
type Server struct {
	store   Store
	actions Actions
	log     *slog.Logger
	now     func() time.Time
	cfg     Config

	texts   map[string]*Text
	assets  *assets
	pages   pages
	signin  *signinGate
	gate    *publicGate
	metrics *metrics
	apiDocs apiDocsPage
	routes  []route
}

// New parses all templates and catalogues and returns a Server. The error says
// which template or catalogue is broken.
func New(cfg Config) (*Server, error) {
	if cfg.Store == nil || cfg.Log == nil {
		return nil, errors.New("web: no store or no logger")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Poll == 0 {
		cfg.Poll = time.Second
	}
	if cfg.SlowBody == 0 {
		cfg.SlowBody = 10 * time.Second
	}
	if cfg.Registry == nil {
		cfg.Registry = prometheus.NewRegistry()
	}
	s := &Server{store: cfg.Store, actions: cfg.Actions, log: cfg.Log, now: cfg.Now, cfg: cfg, signin: newSigninGate(), gate: newPublicGate()}
	var err error
	if s.texts, err = newTexts(cfg.Messages, cfg.Zone); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if s.assets, err = readAssets(); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if s.pages, err = parsePages(s.texts, s.assets); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if s.metrics, err = newMetrics(cfg.Registry); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if s.apiDocs, err = readAPIDocs(); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	s.routes = s.allRoutes()
	return s, nil
}

// Handler returns the pages and the API, for the private listener.
func (s *Server) Handler() http.Handler {
	e := s.echo()
	for _, r := range s.routes {
		e.Add(r.method, r.path, s.guarded(r)).Name = r.path
	}
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		if c.Get(callerKey) == nil && !isAPI(c.Request().URL.Path) {
			// No route, so no guard: whoever is signed in still sees the error in
			// the frame of the other pages, and a stranger without it.
			who := &caller{}
			c.Set(callerKey, who)
			if err := s.identifySession(c, who); err != nil && !errors.Is(err, errSignIn) {
				s.logError(c, "session not found", err)
			}
		}
		s.handleError(err, c)
	}
	return headAsGet(e)
}

// NewLink makes a one-time link that is good for life and returns its local
// path, as the command line and the demo print it. user is whom a reset or demo
// link is for, or whom an invitation makes; set-up names nobody.
func (s *Server) NewLink(ctx context.Context, by actnow.Actor, kind actnow.LinkKind, user actnow.User, life time.Duration) (string, error) {
	secret, hash := NewSecret("")
	l := actnow.Link{Hash: hash, Kind: kind, User: user, ExpiresAt: s.now().Add(life)}
	if err := s.store.OfferLink(ctx, by, l); err != nil {
		return "", err
	}
	return LinkPath(secret), nil
}

// Serve answers on ln until ctx ends, then takes no new requests and waits up
// to ten seconds for those it has. Streams of progress end with ctx.
func (s *Server) Serve(ctx context.Context, ln net.Listener, h http.Handler) error {
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       5 * time.Minute, // a big report over a slow line
		WriteTimeout:      5 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil {
		return errors.Join(fmt.Errorf("stop serving %s: %w", ln.Addr(), err), srv.Close())
	}
	return nil
}
