package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/campaigns"
	"actnow/campaigns/mail"
	"actnow/crm"
	"actnow/reports"
	"actnow/sample"
)

// demoLife is how long the demo's link holds.
const demoLife = 24 * time.Hour

func newDemoCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "demo", Short: "show Act Now with a made-up partner; no mail can leave the machine", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(cmd, sh)
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("data-dir") { // a folder of its own, gone at the end
				parent, err := os.MkdirTemp("", "actnow-demo-")
				if err != nil {
					return err
				}
				defer os.RemoveAll(parent)
				cfg["data-dir"] = setting{option: cfg["data-dir"].option, value: filepath.Join(parent, "data"), from: "demo"}
			}
			return runDemo(cmd.Context(), sh, cfg)
		},
	}
}

func runDemo(ctx context.Context, sh *shell, cfg config) error {
	if err := demoListeners(cfg); err != nil {
		return err
	}
	caught, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer caught.Close()
	cfg["smtp-url"] = setting{option: cfg["smtp-url"].option, value: "smtp://" + caught.Addr().String() + "?tls=none", from: "demo"}
	a, err := openApp(ctx, cfg, newLog(sh.stderr, slog.LevelWarn))
	if err != nil {
		return err
	}
	a.demo = true
	catching, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	catcher := &mail.Catcher{Keep: a.db.KeepMail, Now: a.now, Log: a.log}
	go func() { done <- catcher.Serve(catching, caught) }()

	err = a.seed(ctx, func(what string) { fmt.Fprintf(sh.stderr, "%s\n", what) })
	if err == nil {
		d := &daemon{app: a, ready: func(d *daemon) error { return d.greetDemo(ctx, sh) }}
		err = d.run(ctx)
	}
	stop() // after the outbox: a mail on its way is still caught
	return errors.Join(err, <-done, a.close())
}

// demoListeners lets the demo run beside an installation: where the usual
// addresses are taken, others are chosen.
func demoListeners(cfg config) error {
	for _, name := range []string{"listen", "public-listen"} {
		if cfg[name].from != "default" {
			continue
		}
		l, err := net.Listen("tcp", cfg.get(name))
		if err != nil {
			if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
				return err
			}
		}
		cfg[name] = setting{option: cfg[name].option, value: l.Addr().String(), from: "demo"}
		if err := l.Close(); err != nil {
			return err
		}
	}
	return nil
}

// demoUser is who the demo's link signs in.
var demoUser = actnow.User{Email: "elin.sjoberg@nordvikdata.example", Name: "Elin Sjöberg", Role: actnow.RoleAdministrator, AllLocations: true}

// seed fills an empty store with the sample partner, through the importers that
// everybody uses. A store that has it is left as it is.
func (a *app) seed(ctx context.Context, say func(what string)) error {
	n, err := a.db.UserCount(ctx)
	if err != nil || n > 0 {
		return err
	}
	by := actnow.Actor{Name: "demo"}
	if err := errors.Join(a.db.SaveSetting(ctx, by, "demo", true), a.db.SaveSetting(ctx, by, "partner", sample.Partner)); err != nil {
		return err
	}
	files, err := sample.Reports(a.now().In(a.zone))
	if err != nil {
		return err
	}
	say(fmt.Sprintf("Importing %d reports of %s …", len(files), sample.Partner))
	months := []actnow.Month{}
	for _, f := range files {
		if _, err := a.importReport(ctx, f.Name, bytes.NewReader(f.Content), reports.Options{Month: f.Month, By: by.Name}, nil); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		if len(months) == 0 || months[len(months)-1] != f.Month {
			months = append(months, f.Month)
		}
	}
	say("Importing the CRM …")
	for _, kind := range crm.Kinds {
		content, err := sample.CRM(string(kind), a.now().In(a.zone))
		if err != nil {
			return err
		}
		if _, err := a.crm.Import(ctx, crm.FileConnection, kind, string(kind)+".csv", bytes.NewReader(content), false, nil); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	say("Matching and scoring …")
	if _, err := a.match(ctx, func(int64, int64) {}); err != nil {
		return err
	}
	for _, m := range months[max(0, len(months)-2):] { // as the daemon would have: this month, and the one it is compared with
		if _, err := a.scoreMonth(ctx, m, nil, nil); err != nil {
			return err
		}
	}
	if err := a.seedContent(ctx, by); err != nil {
		return err
	}
	_, err = a.db.AddUser(ctx, by, demoUser, "")
	return err
}

// seedContent adds the sample's packs and two cohorts to begin with.
func (a *app) seedContent(ctx context.Context, by actnow.Actor) error {
	packs, err := sample.Packs()
	if err != nil {
		return err
	}
	for _, tree := range packs {
		p, err := campaigns.ReadPack(tree)
		if err != nil {
			return err
		}
		if _, _, err := a.db.SavePack(ctx, by, p); err != nil {
			return err
		}
	}
	for _, c := range [][2]string{
		{"Azure, ready to buy", `area = azure and cluster = "Act Now" and mailable = yes`},
		{"Renewals in 90 days", `agreement_end >= today and agreement_end <= today + 90d`},
	} {
		if _, err := a.db.CreateCohort(ctx, actnow.Everything, by, c[0], c[1]); err != nil {
			return err
		}
	}
	return nil
}

func (d *daemon) greetDemo(ctx context.Context, sh *shell) error {
	u, _, err := d.db.PasswordOf(ctx, demoUser.Email)
	if err != nil {
		return err
	}
	link, err := d.server.NewLink(ctx, actnow.System, actnow.LinkDemo, u, demoLife)
	if err != nil {
		return err
	}
	fmt.Fprintf(sh.stdout, "\nAct Now with sample data. Open this link, once:\n\n  http://%s%s\n\nNo mail can leave this machine. Stop with Ctrl-C.\n",
		reachable(d.private.Addr().String()), link)
	return nil
}
