package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"actnow/campaigns/mail"
	"actnow/schedule"
)

// finding is what one check came to. Its JSON is a contract with scripts.
type finding struct {
	Check string `json:"check"`
	State string `json:"state"` // "ok", "warn" or "fail"
	Text  string `json:"text"`
}

// errUnwell makes doctor exit with 1 when a check failed.
var errUnwell = errors.New("something is wrong: see the lines marked fail")

func newDoctorCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "check the installation: data, disk, mail server, public address, schedules", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				list := a.examine(ctx)
				err := sh.print(list, func(w io.Writer) {
					for _, f := range list {
						fmt.Fprintf(w, "%s\t%s\t%s\n", f.State, f.Check, f.Text)
					}
				})
				for _, f := range list {
					if f.State == "fail" {
						err = errors.Join(err, errUnwell)
						break
					}
				}
				return err
			})
		},
	}
}

// examine runs every check.
func (a *app) examine(ctx context.Context) []finding {
	var list []finding
	for _, check := range []func(context.Context) finding{
		a.examineStore, a.examineDisk, a.examineClock, a.examinePublic, a.examineMail, a.examineBasis, a.examineBackup, a.examineWatch, a.examineFetch, a.examineFetched,
	} {
		list = append(list, check(ctx))
	}
	return append(list, a.examineSchedules(ctx)...)
}

func (a *app) examineStore(ctx context.Context) finding {
	if err := a.db.Check(ctx); err != nil {
		return finding{"store", "fail", fmt.Sprintf("the database is damaged: %v. Stop the daemon and restore the latest backup", err)}
	}
	if err := a.db.Ready(ctx); err != nil {
		return finding{"store", "fail", fmt.Sprintf("the database cannot be written: %v", err)}
	}
	return finding{"store", "ok", a.db.Path() + " is sound and can be written"}
}

// lowDisk is when free space is worth a warning, in bytes.
const lowDisk = 1 << 30

func (a *app) examineDisk(context.Context) finding {
	var st unix.Statfs_t
	if err := unix.Statfs(a.db.Dir(), &st); err != nil {
		return finding{"disk", "warn", fmt.Sprintf("free space is not known: %v", err)}
	}
	free := int64(st.Bavail) * st.Bsize
	if free < lowDisk {
		return finding{"disk", "warn", fmt.Sprintf("only %d MiB are free where the data lies", free>>20)}
	}
	return finding{"disk", "ok", fmt.Sprintf("%d GiB are free", free>>30)}
}

func (a *app) examineClock(context.Context) finding {
	if now := a.now(); now.Year() < 2025 || now.Year() > 2200 {
		return finding{"clock", "fail", fmt.Sprintf("the system time is %s: schedules do not run by it. Set the clock", now.Format(time.RFC3339))}
	}
	return finding{"clock", "ok", a.now().In(a.zone).Format(time.RFC3339) + " in " + a.zone.String()}
}

func (a *app) examinePublic(ctx context.Context) finding {
	note, err := a.checkPublic(ctx)
	switch {
	case err != nil:
		return finding{"public address", "fail", oneLine(err)}
	case note != "":
		return finding{"public address", "warn", note}
	}
	return finding{"public address", "ok", a.publicURL() + " answers"}
}

func (a *app) examineMail(ctx context.Context) finding {
	url := a.cfg.get("smtp-url")
	if url == "" {
		return finding{"mail server", "warn", "none is set: nothing is sent until ACTNOW_SMTP_URL is"}
	}
	sender, err := mail.NewSender(url)
	if err != nil {
		return finding{"mail server", "fail", oneLine(err)}
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	conn, err := sender.Dial(ctx)
	if err != nil {
		return finding{"mail server", "fail", fmt.Sprintf("it does not let us in: %v", err)}
	}
	if err := conn.Close(); err != nil {
		return finding{"mail server", "warn", fmt.Sprintf("it answers, but did not say goodbye: %v", err)}
	}
	return finding{"mail server", "ok", "it answers and lets us in"}
}

func (a *app) examineBasis(ctx context.Context) finding {
	all, err := a.db.Connections(ctx)
	if err != nil {
		return finding{"lawful basis", "fail", err.Error()}
	}
	for _, c := range all {
		if c.Basis == "" && (c.Done > 0 || c.Verifier == "file") {
			return finding{"lawful basis", "warn", fmt.Sprintf("connection %s has none: contacts that bring none of their own are not mailed", c.Name)}
		}
	}
	return finding{"lawful basis", "ok", "every connection has one"}
}

func (a *app) examineBackup(ctx context.Context) finding {
	var last struct {
		TakenAt int64 `json:"taken_at"`
	}
	if err := a.db.Setting(ctx, "backup", &last); err != nil {
		if isNotFound(err) {
			return finding{"backup", "warn", "none was ever taken: actnow backup FILE"}
		}
		return finding{"backup", "fail", err.Error()}
	}
	age := a.now().Sub(time.Unix(last.TakenAt, 0))
	if age > 7*24*time.Hour {
		return finding{"backup", "warn", fmt.Sprintf("the latest is %d days old", int(age.Hours()/24))}
	}
	return finding{"backup", "ok", "the latest is of " + time.Unix(last.TakenAt, 0).In(a.zone).Format("2006-01-02 15:04")}
}

func (a *app) examineSchedules(ctx context.Context) []finding {
	all, err := a.db.Schedules(ctx)
	if err != nil {
		return []finding{{"schedules", "fail", err.Error()}}
	}
	list := []finding{}
	for _, s := range all {
		if !s.Enabled {
			continue
		}
		run, err := a.db.LastRun(ctx, s.ID)
		switch {
		case isNotFound(err):
			list = append(list, finding{s.Key, "ok", "has not been due yet"})
		case err != nil:
			list = append(list, finding{s.Key, "fail", err.Error()})
		case run.State == schedule.Failed:
			list = append(list, finding{s.Key, "fail", fmt.Sprintf("its run of %s failed", run.Period)})
		case run.State == schedule.Asks:
			list = append(list, finding{s.Key, "warn", fmt.Sprintf("its run of %s was missed and waits for an answer", run.Period)})
		default:
			list = append(list, finding{s.Key, "ok", fmt.Sprintf("%s: %s", run.Period, run.State)})
		}
	}
	return list
}
