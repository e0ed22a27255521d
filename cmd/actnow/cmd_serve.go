package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"golang.org/x/crypto/acme/autocert"

	"actnow"
	"actnow/campaigns"
	"actnow/campaigns/mail"
	"actnow/crm"
	"actnow/schedule"
	"actnow/scoring"
	"actnow/web"
)

func newServeCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "run the daemon: pages, schedules, mail, hooks", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(cmd, sh)
			if err != nil {
				return err
			}
			level, err := cfg.level()
			if err != nil {
				return err
			}
			a, err := openApp(cmd.Context(), cfg, newLog(sh.stderr, level))
			if err != nil {
				return err
			}
			d := &daemon{app: a, ready: func(d *daemon) error { return d.greet(cmd.Context(), sh) }}
			return errors.Join(d.run(cmd.Context()), a.close())
		},
	}
}

// daemon is an app that serves pages and does what is due.
type daemon struct {
	*app
	server       *web.Server
	receiver     *crm.Receiver
	worker       *crm.Worker
	touched      crm.Bell // rings when a hook changed what matching reads
	runner       *schedule.Runner
	private      net.Listener
	public       net.Listener
	filterMemory int                 // bytes
	ready        func(*daemon) error // called once everything listens
}

// run serves until ctx ends, then stops in order: no more requests, jobs
// cancelled and waited for. The caller closes the app.
func (d *daemon) run(ctx context.Context) error {
	if err := d.db.EndJobs(ctx); err != nil {
		return err
	}
	if err := d.assemble(ctx); err != nil {
		return err
	}
	if err := d.listen(); err != nil {
		return err
	}
	socket, err := listenSocket(d.db.Dir())
	if err != nil {
		return err
	}
	requests, stopRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRequests()
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	failed := make(chan error, 8)
	var serving, working sync.WaitGroup
	start := func(wg *sync.WaitGroup, ctx context.Context, name string, fn func(context.Context) error) {
		wg.Go(func() {
			if err := fn(ctx); err != nil && ctx.Err() == nil {
				failed <- fmt.Errorf("%s: %w", name, err)
			}
		})
	}
	start(&working, work, "schedules", d.runner.Run)
	start(&working, work, "inbox", d.worker.Serve)
	start(&working, work, "rematch", d.rematch)
	if d.filterMemory > 0 {
		start(&working, work, "census", func(ctx context.Context) error { return d.db.KeepCensus(ctx, d.filterMemory) })
	}
	if d.watcher != nil {
		start(&working, work, "watched folder", d.watcher.Run)
	}
	if d.outbox != nil {
		start(&working, work, "outbox", d.outbox.Run)
	}
	start(&serving, requests, "pages", func(ctx context.Context) error { return d.server.Serve(ctx, d.private, d.server.Handler()) })
	start(&serving, requests, "public address", func(ctx context.Context) error { return d.server.Serve(ctx, d.public, d.server.PublicHandler()) })
	serving.Go(func() { serveCommands(requests, socket, d.app) })
	d.log.InfoContext(ctx, "serving", "listen", d.private.Addr().String(), "public_listen", d.public.Addr().String())
	if d.ready != nil {
		if err := d.ready(d); err != nil {
			failed <- err
		}
	}

	var cause error
	select {
	case <-ctx.Done():
	case cause = <-failed:
	}
	d.log.InfoContext(ctx, "stopping")
	d.receiver.Stop()
	socket.Close()
	stopRequests()
	serving.Wait()
	stopWork()
	d.endJobs()
	working.Wait()
	d.log.InfoContext(ctx, "stopped")
	return cause
}

// assemble makes the parts that only a daemon has.
func (d *daemon) assemble(ctx context.Context) error {
	if err := d.db.EnsureSchedules(ctx, standingOrders(d.cfg.get("zone"))); err != nil {
		return err
	}
	d.runner = &schedule.Runner{
		Store: d.db, Now: d.now, Log: d.log,
		Jobs: map[string]schedule.Job{
			"job:match": schedule.JobFunc(func(ctx context.Context, _ string) error {
				_, err := d.match(ctx, func(int64, int64) {})
				return err
			}),
			"job:score": schedule.JobFunc(func(ctx context.Context, _ string) error {
				_, err := d.score(ctx, nil, func(int64, int64) {})
				return err
			}),
			"job:fetch":        schedule.JobFunc(d.fetchDue),
			"job:train-fit":    d.trainingJob(scoring.Fit),
			"job:train-intent": d.trainingJob(scoring.Intent),
			"job:prune": schedule.JobFunc(func(ctx context.Context, _ string) error {
				_, err := d.db.PruneInbox(ctx, d.now().Add(-keepEvents))
				return errors.Join(err, d.pruneUploads(d.now().Add(-keepUploads)), d.pruneDownloads(ctx), d.pruneFetched(ctx))
			}),
		},
		Lookup: func(key string) (schedule.Job, bool) {
			if job, ok := d.downloadJob(key); ok {
				return job, true
			}
			return d.campaignJob(key)
		},
	}
	bell := crm.NewBell()
	d.receiver = &crm.Receiver{Store: d.db, Now: d.now, Stored: bell.Ring}
	d.touched = crm.NewBell()
	d.worker = &crm.Worker{Store: d.db, Now: d.now, Log: d.log, Bell: bell,
		Touched: func(context.Context, actnow.ConnectionID, []string) { d.touched.Ring() }}
	d.watcher = d.newWatcher()
	megabytes, err := d.cfg.number("filter-memory", 0, 1<<20)
	if err != nil {
		return err
	}
	d.filterMemory = megabytes << 20
	if _, err := d.keepFetched(); err != nil {
		return err
	}
	if err := d.openOutbox(ctx); err != nil {
		return err
	}
	return d.openServer(ctx)
}

// keepEvents is how long events that were worked are kept: for as long as a
// sender may repeat them.
const keepEvents = 30 * 24 * time.Hour

// keepUploads is how long a file that was looked at waits to be imported.
const keepUploads = 7 * 24 * time.Hour

// standingOrders are the schedules of a new installation.
func standingOrders(zone string) []schedule.Schedule {
	order := func(key, line string) schedule.Schedule {
		return schedule.Schedule{Key: key, Line: line, Zone: zone, CatchUp: schedule.CatchLatest, MaxLate: schedule.MaxLateJob, Enabled: true}
	}
	return []schedule.Schedule{
		order("job:train-fit", "0 1 23 1,4,7,10 *"), // once a quarter, before the month is scored
		order("job:train-intent", "0 1 24 * *"),
		order("job:score", "0 4 25 * *"),          // before the reports of the day are looked for
		order("job:fetch", "10 6 1-10,25-31 * *"), // from the 25th; the job itself knows when to stop
		order("job:match", "30 3 * * *"),
		order("job:prune", "15 3 * * *"),
	}
}

// rematch matches what changed after each ring, until ctx ends.
func (d *daemon) rematch(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-d.touched:
		}
		if _, err := d.match(ctx, func(int64, int64) {}); err != nil && ctx.Err() == nil {
			d.log.ErrorContext(ctx, "match after a hook", "error", err)
		}
	}
}

// openOutbox makes the outbox, if there is a mail server to send through.
func (d *daemon) openOutbox(ctx context.Context) error {
	smtp := d.cfg.get("smtp-url")
	if smtp == "" {
		d.log.WarnContext(ctx, "no mail server is set: nothing is sent", "setting", "smtp-url")
		return nil
	}
	sender, err := mail.NewSender(smtp)
	if err != nil {
		return err
	}
	n, err := d.cfg.number("smtp-connections", 1, 64)
	if err != nil {
		return err
	}
	d.outbox = &campaigns.Outbox{Store: d.db, Sender: sender, Render: d.letter, Now: d.now, Log: d.log, Connections: n}
	switch journal := d.cfg.get("journal-url"); {
	case journal != "":
		if d.outbox.Journal, err = mail.NewJournal(journal); err != nil {
			return err
		}
	case d.demo:
		d.outbox.Journal = d.db
	}
	return d.outbox.Recover(ctx)
}

func (d *daemon) openServer(ctx context.Context) error {
	proxies, err := d.cfg.proxies()
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "actnow_filter_memory_bytes", Help: "Memory that filters answer from; 0 where they read the file.",
	}, func() float64 { return float64(d.db.CensusBytes()) }))
	partner := d.cfg.get("partner")
	if partner == "" {
		_ = d.db.Setting(ctx, "partner", &partner) // none saved: the rail shows none
	}
	d.server, err = web.New(web.Config{
		Store: d.db, Actions: d, Log: d.log, Now: d.now, Zone: d.zone, Messages: messages(),
		Version: version, InstanceID: d.instance(), Partner: partner, TrustedProxies: proxies, Demo: d.demo,
		MetricsToken: d.cfg.get("metrics-token"), Registry: registry,
	})
	return err
}

// listenError says why an address cannot be listened at, and what to do.
func listenError(flag string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return actnow.Invalid("error.listen", flag, "%v: another program has the address; choose one with --%s", err, flag)
	}
	return actnow.Invalid("error.listen", flag, "%v: write it as 127.0.0.1:8420, an address of this machine and a port", err)
}

// listen opens both listeners; the public one does TLS where it is told to.
func (d *daemon) listen() error {
	var err error
	if d.private, err = net.Listen("tcp", d.cfg.get("listen")); err != nil {
		return listenError("listen", err)
	}
	if d.public, err = d.listenPublic(); err != nil {
		d.private.Close()
		return err
	}
	for name, l := range map[string]net.Listener{"listen": d.private, "public-listen": d.public} {
		s := d.cfg[name]
		s.value = l.Addr().String() // port 0 has become one
		d.cfg[name] = s
	}
	return nil
}

func (d *daemon) listenPublic() (net.Listener, error) {
	l, err := net.Listen("tcp", d.cfg.get("public-listen"))
	if err != nil {
		return nil, listenError("public-listen", err)
	}
	cert, key, host := d.cfg.get("tls-cert"), d.cfg.get("tls-key"), d.cfg.get("acme-host")
	switch {
	case host != "":
		m := &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(host), Cache: autocert.DirCache(d.spool("acme"))}
		return tlsListener(l, m.TLSConfig()), nil
	case cert != "" || key != "":
		conf, err := certificate(cert, key)
		if err != nil {
			l.Close()
			return nil, err
		}
		return tlsListener(l, conf), nil
	}
	return l, nil
}

// greet prints where the pages are and, before there is anybody, the link by
// which the first person is made.
func (d *daemon) greet(ctx context.Context, sh *shell) error {
	n, err := d.db.UserCount(ctx)
	if err != nil {
		return err
	}
	base := "http://" + reachable(d.private.Addr().String())
	if n > 0 {
		fmt.Fprintf(sh.stdout, "Act Now: %s\nData: %s\n", base, d.db.Dir())
		return nil
	}
	link, err := d.server.NewLink(ctx, actnow.System, actnow.LinkSetup, actnow.User{}, setupLife)
	if err != nil {
		return err
	}
	fmt.Fprintf(sh.stdout, "Act Now is ready. Open this link once to set it up:\n\n  %s%s\n\nData: %s\n", base, link, d.db.Dir())
	return nil
}

// setupLife is how long the link for the first person holds.
const setupLife = 24 * time.Hour

// reachable is a listener's address as a browser on this machine can open it.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
