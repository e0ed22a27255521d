package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"actnow"
	"actnow/reports"
	"actnow/reports/insights"
)

// fetching is what an app remembers of fetching beside the store.
type fetching struct {
	one sync.Mutex // one run at a time

	mu      sync.Mutex // guards what follows
	signIns map[string]signIn
	device  insights.Device
	waiting actnow.JobID // for the device
}

// pruneFetched deletes fetched files whose time is over.
func (a *app) pruneFetched(ctx context.Context) error {
	months, err := a.keepFetched()
	if err != nil || months == 0 {
		return err
	}
	return insights.Prune(ctx, a.db, a.fetched(), a.now().AddDate(0, -months, 0))
}

// keepFetched is for how many months fetched files are kept, 0 for ever.
func (a *app) keepFetched() (int, error) {
	return a.cfg.number("keep-fetched", 0, 1200)
}

// fetchClient returns a client for the app registration that was saved. The
// error is an *actnow.InputError if none was.
func (a *app) fetchClient(ctx context.Context) (*insights.Client, insights.Connection, error) {
	conn, err := a.db.FetchConnection(ctx)
	if isNotFound(err) {
		return nil, conn, actnow.Invalid("error.insights.not_set_up", "", "%s", insights.NewNotice("error.insights.not_set_up"))
	}
	if err != nil {
		return nil, conn, err
	}
	secret, err := a.db.FetchSecret(ctx)
	if err != nil {
		return nil, conn, err
	}
	c := &insights.Client{Tenant: conn.Tenant, ClientID: conn.ClientID, Secret: secret, Tokens: a.db, Now: a.now}
	if c.API, err = a.serviceURL("insights-url"); err != nil {
		return nil, conn, err
	}
	c.Login, err = a.serviceURL("login-url")
	return c, conn, err
}

// serviceURL is the address in a setting, to which secrets are sent: over https,
// unless it is this machine.
func (a *app) serviceURL(name string) (string, error) {
	v := strings.TrimRight(a.cfg.get(name), "/")
	if v == "" {
		return "", nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return "", actnow.Invalid("error.service_url", name, "%q is no https address", v)
	}
	return v, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// fetched is the folder of the files that were fetched.
func (a *app) fetched() string { return filepath.Join(a.db.Dir(), "fetched") }

// fetch fetches what opt says. The caller holds a.fetching.one.
func (a *app) fetch(ctx context.Context, by actnow.Actor, opt insights.Options, progress func(done, total int64)) ([]insights.Fetch, error) {
	client, conn, err := a.fetchClient(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(a.fetched(), 0o700); err != nil {
		return nil, err
	}
	f := &insights.Fetcher{Client: client, Store: a.db, Dir: a.fetched(), Days: conn.Days, Zone: a.zone, Now: a.now, Log: a.log,
		Import: func(ctx context.Context, path string) (insights.Import, error) { return a.importFetched(ctx, by, path) }}
	return f.Run(ctx, opt, progress)
}

func (a *app) importFetched(ctx context.Context, by actnow.Actor, path string) (insights.Import, error) {
	f, err := os.Open(path)
	if err != nil {
		return insights.Import{}, err
	}
	defer f.Close()
	res, err := a.importReport(ctx, filepath.Base(path), f, reports.Options{By: by.Name}, nil)
	return insights.Import{Report: string(res.Report), Month: res.Month, Rows: int64(res.Rows), Already: res.AlreadyImported}, err
}

// fetchNow fetches although it may not be the day. The error is an
// *actnow.InputError if a fetch is running.
func (a *app) fetchNow(ctx context.Context, by actnow.Actor, datasets []string, progress func(done, total int64)) ([]insights.Fetch, error) {
	if !a.fetching.one.TryLock() {
		return nil, actnow.Invalid("error.insights.running", "", "%s", insights.NewNotice("error.insights.running"))
	}
	defer a.fetching.one.Unlock()
	return a.fetch(ctx, by, insights.Options{Period: a.now().In(a.zone).Format("2006-01-02T15:04:05.000"), Force: true, Datasets: datasets}, progress)
}

// fetchDue fetches what is due in a period of the schedule; while nobody is
// signed in, nothing is.
func (a *app) fetchDue(ctx context.Context, period string) error {
	a.fetching.one.Lock()
	defer a.fetching.one.Unlock()
	conn, err := a.db.FetchConnection(ctx)
	if isNotFound(err) || err == nil && !conn.Connected {
		return nil
	}
	if err != nil {
		return err
	}
	list, err := a.fetch(ctx, actnow.System, insights.Options{Period: period}, nil)
	return errors.Join(err, a.refreshFetched(ctx, actnow.System, list))
}

// refreshFetched matches and scores in the background if a fetch brought
// anything.
func (a *app) refreshFetched(ctx context.Context, by actnow.Actor, list []insights.Fetch) error {
	if !broughtAnything(list) {
		return nil
	}
	return a.refresh(ctx, by)
}

func broughtAnything(list []insights.Fetch) bool {
	for _, f := range list {
		if f.State == insights.Imported {
			return true
		}
	}
	return false
}

// StartFetch fetches the datasets in the background, all if none are named.
func (a *app) StartFetch(ctx context.Context, by actnow.Actor, datasets []string) (actnow.JobID, error) {
	if _, conn, err := a.fetchClient(ctx); err != nil {
		return 0, err
	} else if !conn.Connected {
		return 0, actnow.Invalid("error.insights.not_connected", "", "%s", insights.NewNotice("error.insights.not_connected"))
	}
	return a.background(ctx, "fetch", "", by, func(ctx context.Context, progress func(done, total int64)) (any, error) {
		list, err := a.fetchNow(ctx, by, datasets, progress)
		return list, errors.Join(err, a.refreshFetched(ctx, by, list))
	})
}

// signIn is a sign-in by browser that somebody began.
type signIn struct {
	insights.SignIn
	client *insights.Client
	until  time.Time
}

// How long a sign-in may take, and how many may be begun at a time.
const (
	signInLife = 15 * time.Minute
	maxSignIns = 20
)

// FetchSignIn begins a sign-in by browser and returns the address to open; the
// browser comes back to redirect.
func (a *app) FetchSignIn(ctx context.Context, redirect string) (string, error) {
	client, _, err := a.fetchClient(ctx)
	if err != nil {
		return "", err
	}
	s := client.SignIn(redirect)
	a.fetching.mu.Lock()
	defer a.fetching.mu.Unlock()
	oldest := ""
	for state, begun := range a.fetching.signIns {
		if begun.until.Before(a.now()) {
			delete(a.fetching.signIns, state)
		} else if oldest == "" || begun.until.Before(a.fetching.signIns[oldest].until) {
			oldest = state
		}
	}
	if len(a.fetching.signIns) >= maxSignIns {
		delete(a.fetching.signIns, oldest)
	}
	if a.fetching.signIns == nil {
		a.fetching.signIns = map[string]signIn{}
	}
	a.fetching.signIns[s.State] = signIn{SignIn: s, client: client, until: a.now().Add(signInLife)}
	return s.URL, nil
}

// FinishFetchSignIn ends a sign-in with what the browser came back with. Each is
// good for once.
func (a *app) FinishFetchSignIn(ctx context.Context, by actnow.Actor, back url.Values) error {
	a.fetching.mu.Lock()
	s, ok := a.fetching.signIns[back.Get("state")]
	delete(a.fetching.signIns, back.Get("state"))
	a.fetching.mu.Unlock()
	if !ok || s.until.Before(a.now()) {
		return actnow.Invalid("error.insights.state", "", "%s", insights.NewNotice("error.insights.state"))
	}
	if err := s.client.Finish(ctx, s.SignIn, back); err != nil {
		return err
	}
	return a.db.NoteFetchConnected(ctx, by)
}

// StartFetchDevice begins a sign-in by device code and waits for it in the
// background.
func (a *app) StartFetchDevice(ctx context.Context, by actnow.Actor) (insights.Device, actnow.JobID, error) {
	client, _, err := a.fetchClient(ctx)
	if err != nil {
		return insights.Device{}, 0, err
	}
	d, err := client.Device(ctx)
	if err != nil {
		return d, 0, err
	}
	job, err := a.background(ctx, "fetch-connect", "", by, func(ctx context.Context, _ func(done, total int64)) (any, error) {
		if err := client.Await(ctx, d); err != nil {
			return nil, err
		}
		return nil, a.db.NoteFetchConnected(ctx, by)
	})
	if err != nil {
		return d, 0, err
	}
	a.fetching.mu.Lock()
	defer a.fetching.mu.Unlock()
	a.fetching.device, a.fetching.waiting = d, job
	return d, job, nil
}

// FetchDevice returns the latest sign-in by device code with the job that waits
// for it; ok is false if there is none.
func (a *app) FetchDevice() (d insights.Device, job actnow.JobID, ok bool) {
	a.fetching.mu.Lock()
	defer a.fetching.mu.Unlock()
	return a.fetching.device, a.fetching.waiting, a.fetching.waiting != 0
}

// examineFetch says whether reports are fetched, and why not. Without an app
// registration there is nothing to examine.
func (a *app) examineFetch(ctx context.Context) finding {
	conn, err := a.db.FetchConnection(ctx)
	switch {
	case isNotFound(err):
		return finding{"fetching", "ok", "is not set up; reports come as files"}
	case err != nil:
		return finding{"fetching", "fail", err.Error()}
	case !conn.Connected:
		return finding{"fetching", "warn", insights.NewNotice("error.insights.not_connected").String()}
	}
	if _, err := a.db.RefreshToken(ctx); err != nil {
		return finding{"fetching", "fail", fmt.Sprintf("the consent cannot be read: %v. Connect again", err)}
	}
	newest, err := a.db.Fetches(ctx, 1)
	if err != nil {
		return finding{"fetching", "fail", err.Error()}
	}
	if len(newest) == 0 {
		return finding{"fetching", "ok", "is connected; nothing has been fetched yet"}
	}
	f := newest[0]
	text := fmt.Sprintf("%s of %s: %s", f.State, f.StartedAt.In(a.zone).Format("2006-01-02 15:04"), f.Sentence)
	if f.State == insights.Failed {
		return finding{"fetching", "warn", text}
	}
	return finding{"fetching", "ok", text}
}

// examineFetched says how much the fetched files take, and for how long they stay.
func (a *app) examineFetched(context.Context) finding {
	months, err := a.keepFetched()
	if err != nil {
		return finding{"fetched files", "fail", err.Error()}
	}
	files, err := insights.Files(a.fetched())
	if err != nil {
		return finding{"fetched files", "warn", err.Error()}
	}
	var bytes int64
	for _, f := range files {
		bytes += f.Size()
	}
	life := "for ever"
	if months > 0 {
		life = fmt.Sprintf("for %d months, those of current snapshots longer", months)
	}
	return finding{"fetched files", "ok", fmt.Sprintf("%d, %d MiB; they are kept %s", len(files), bytes>>20, life)}
}
