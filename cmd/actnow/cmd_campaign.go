package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"actnow"
	"actnow/campaigns"
	"actnow/schedule"
)

func newCampaignCommand(sh *shell) *cobra.Command {
	cmd := &cobra.Command{Use: "campaign", Short: "make, launch and watch campaigns"}
	cmd.AddCommand(newCampaignCreateCommand(sh), newCampaignChangeCommand(sh), newCampaignLaunchCommand(sh), newCampaignShowCommand(sh), newCampaignLedgerCommand(sh), newCampaignListCommand(sh),
		newCampaignMoveCommand(sh, "pause", "stop sending until it is resumed", (*app).pause),
		newCampaignMoveCommand(sh, "resume", "go on sending", (*app).resume),
		newCampaignMoveCommand(sh, "cancel", "end it; what has not gone out never will", (*app).cancel))
	return cmd
}

// planFlags are the flags by which a campaign is made or changed.
type planFlags struct {
	plan     campaigns.Plan
	pack, at string
}

func (p *planFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&p.plan.Name, "name", "", "name of the campaign")
	f.StringVar(&p.pack, "pack", "", "folder or zip file with pack.yaml")
	f.Int64Var((*int64)(&p.plan.Cohort), "cohort", 0, "number of the cohort")
	f.StringVar((*string)(&p.plan.Area), "area", "", "solution area the mail speaks of; empty for each customer's hottest")
	f.StringVar(&p.at, "at", "", "when it goes, as RFC 3339")
	f.StringVar(&p.plan.Line, "cron", "", "cron line by which it goes again and again")
	f.StringVar((*string)(&p.plan.Policy), "policy", "", "what becomes of mails of which nobody can know whether they arrived: hold (unless another is named), resend or reconcile")
}

// check reads --at and sees that one of the flags alone says when, and that the policy
// is one.
func (p *planFlags) check(cmd *cobra.Command) (err error) {
	if p.plan.Policy != "" {
		if err := choice(p.plan.Policy, "policy", actnow.UnknownPolicies); err != nil {
			return err
		}
	}
	var when []string
	for _, flag := range []string{"at", "cron", "by-hand"} {
		if cmd.Flags().Changed(flag) {
			when = append(when, "--"+flag)
		}
	}
	if len(when) > 1 {
		return usageError{fmt.Errorf("%s exclude each other", strings.Join(when, " and "))}
	}
	if p.at == "" {
		return nil
	}
	if p.plan.At, err = time.Parse(time.RFC3339, p.at); err != nil {
		return usageError{fmt.Errorf("--at %q is no instant: write it as 2026-12-01T09:00:00+01:00", p.at)}
	}
	return nil
}

// keep reads the cron line and keeps the pack, where the flags name them.
func (p *planFlags) keep(ctx context.Context, sh *shell, a *app) error {
	if p.plan.Line != "" {
		p.plan.Zone = a.zone.String()
		if _, err := schedule.Parse(p.plan.Line, p.plan.Zone, false); err != nil {
			return err
		}
	}
	if p.pack == "" {
		return nil
	}
	tree, err := sh.files.Tree(p.pack)
	if err != nil {
		return err
	}
	read, err := campaigns.ReadPack(tree)
	if err != nil {
		return fmt.Errorf("%s: %w", p.pack, err)
	}
	p.plan.Pack, _, err = a.db.SavePack(ctx, commandLine, read)
	return err
}

func newCampaignCreateCommand(sh *shell) *cobra.Command {
	var p planFlags
	cmd := &cobra.Command{
		Use: "create --name NAME --pack DIR --cohort ID", Short: "make a campaign from a pack and a cohort", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.plan.Name == "" || p.pack == "" || p.plan.Cohort == 0 {
				return usageError{errors.New("--name, --pack and --cohort are wanted")}
			}
			if err := p.check(cmd); err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				if err := p.keep(ctx, sh, a); err != nil {
					return err
				}
				id, err := a.db.CreateCampaign(ctx, commandLine, p.plan)
				if err != nil {
					return notFound(err, "cohort", fmt.Sprint(p.plan.Cohort))
				}
				return sh.print(map[string]actnow.CampaignID{"id": id}, func(w io.Writer) { fmt.Fprintf(w, "campaign\t%d\n", id) })
			})
		},
	}
	p.add(cmd)
	return cmd
}

func newCampaignChangeCommand(sh *shell) *cobra.Command {
	var p planFlags
	var byHand bool
	cmd := &cobra.Command{
		Use: "change ID", Short: "change what the flags name, before anything has gone out", Args: exactly(1, "ID"),
		Long: "Change what the flags name of a campaign of which nothing has gone out.\n" +
			"A scheduled one goes by its new date if it has one, no check blocks it and nobody has to approve it; otherwise it is a draft again.",
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[actnow.CampaignID](args[0], "campaign")
			if err != nil {
				return err
			}
			take := map[string]func(c *campaigns.Plan){
				"name":    func(c *campaigns.Plan) { c.Name = p.plan.Name },
				"pack":    func(c *campaigns.Plan) { c.Pack = p.plan.Pack },
				"cohort":  func(c *campaigns.Plan) { c.Cohort = p.plan.Cohort },
				"area":    func(c *campaigns.Plan) { c.Area = p.plan.Area },
				"policy":  func(c *campaigns.Plan) { c.Policy = p.plan.Policy },
				"at":      func(c *campaigns.Plan) { c.At, c.Line, c.Zone = p.plan.At, "", "" },
				"cron":    func(c *campaigns.Plan) { c.At, c.Line, c.Zone = time.Time{}, p.plan.Line, p.plan.Zone },
				"by-hand": func(c *campaigns.Plan) { c.At, c.Line, c.Zone = time.Time{}, "", "" },
			}
			maps.DeleteFunc(take, func(flag string, _ func(*campaigns.Plan)) bool { return !cmd.Flags().Changed(flag) })
			if len(take) == 0 {
				return usageError{errors.New("name at least one thing to change")}
			}
			if err := p.check(cmd); err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				c, err := a.db.Campaign(ctx, actnow.Everything, id)
				if err != nil {
					return notFound(err, "campaign", args[0])
				}
				if err := p.keep(ctx, sh, a); err != nil {
					return err
				}
				changed := c.Plan
				for _, change := range take {
					change(&changed)
				}
				if err := a.Change(ctx, commandLine, id, changed); err != nil {
					return notFound(err, "cohort", fmt.Sprint(changed.Cohort))
				}
				if c, err = a.db.Campaign(ctx, actnow.Everything, id); err != nil {
					return err
				}
				return sh.print(show(c), func(w io.Writer) { fmt.Fprintf(w, "state\t%s\n", c.State) })
			})
		},
	}
	p.add(cmd)
	cmd.Flags().BoolVar(&byHand, "by-hand", false, "no date: it goes when somebody launches it")
	return cmd
}

func newCampaignLaunchCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "launch ID", Short: "freeze the audience and send, or put it on its schedule", Args: exactly(1, "ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[actnow.CampaignID](args[0], "campaign")
			if err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				l, err := a.Launch(ctx, commandLine, id)
				if err != nil {
					return notFound(err, "campaign", args[0])
				}
				out := launched{ID: id, State: l.State, Audience: l.Audience, LeftOut: l.LeftOut}
				return sh.print(out, func(w io.Writer) {
					fmt.Fprintf(w, "state\t%s\naudience\t%d\n", out.State, out.Audience)
					for _, why := range slices.Sorted(maps.Keys(out.LeftOut)) {
						fmt.Fprintf(w, "left out, %s\t%d\n", why, out.LeftOut[why])
					}
				})
			})
		},
	}
}

// shown is a campaign as commands print it. Its JSON is a contract with scripts.
type shown struct {
	ID       actnow.CampaignID    `json:"id"`
	Name     string               `json:"name"`
	State    actnow.CampaignState `json:"state"`
	Audience int                  `json:"audience"`
	Ledger   campaigns.Counts     `json:"ledger"`
	Why      string               `json:"why,omitempty"`
}

func show(c campaigns.Campaign) shown {
	s := shown{ID: c.ID, Name: c.Name, State: c.State, Ledger: campaigns.Counts{}, Why: c.Why}
	for _, state := range actnow.LedgerStates {
		s.Ledger[state] = c.Counts[state]
		s.Audience += c.Counts[state]
	}
	return s
}

func newCampaignShowCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "show where a campaign stands", Args: exactly(1, "ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[actnow.CampaignID](args[0], "campaign")
			if err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				c, err := a.db.Campaign(ctx, actnow.Everything, id)
				if err != nil {
					return notFound(err, "campaign", args[0])
				}
				s := show(c)
				return sh.print(s, func(w io.Writer) {
					fmt.Fprintf(w, "%s\nstate\t%s\naudience\t%d\n", s.Name, s.State, s.Audience)
					for _, state := range actnow.LedgerStates {
						fmt.Fprintf(w, "%s\t%d\n", state, s.Ledger[state])
					}
				})
			})
		},
	}
}

func newCampaignListCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list the campaigns", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				all, err := a.db.Campaigns(ctx, actnow.Everything)
				if err != nil {
					return err
				}
				list := []shown{}
				for _, c := range all {
					list = append(list, show(c))
				}
				return sh.print(list, func(w io.Writer) {
					fmt.Fprintln(w, "id\tstate\taudience\tsent\tname")
					for _, s := range list {
						fmt.Fprintf(w, "%d\t%s\t%d\t%d\t%s\n", s.ID, s.State, s.Audience, s.Ledger[actnow.LedgerSent], s.Name)
					}
				})
			})
		},
	}
}

// ledgerLine is a ledger row as commands print it. Its JSON is a contract with
// scripts.
type ledgerLine struct {
	Address   string             `json:"address"`
	Step      string             `json:"step"`
	State     actnow.LedgerState `json:"state"`
	MessageID string             `json:"message_id"`
	Attempts  int                `json:"attempts"`
	LastReply string             `json:"last_reply"`
	Why       string             `json:"why"`
}

// ledgerPage is how many rows are read at a time.
const ledgerPage = 500

func newCampaignLedgerCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "ledger ID", Short: "list what became of each mail, one line a row", Args: exactly(1, "ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[actnow.CampaignID](args[0], "campaign")
			if err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				if _, err := a.db.Campaign(ctx, actnow.Everything, id); err != nil {
					return notFound(err, "campaign", args[0])
				}
				enc := json.NewEncoder(sh.stdout)
				enc.SetEscapeHTML(false)
				for offset := 0; ; offset += ledgerPage {
					page, err := a.db.Ledger(ctx, actnow.Everything, campaigns.LedgerQuery{Campaign: id, Offset: offset, Limit: ledgerPage})
					if err != nil {
						return err
					}
					for _, r := range page.Rows {
						line := ledgerLine{r.Address, r.Step, r.State, r.MessageID, r.Attempts, r.Reply, r.Why}
						if sh.json {
							err = enc.Encode(line)
						} else {
							_, err = fmt.Fprintf(sh.stdout, "%-11s %s  %s\n", line.State, line.Address, line.Why)
						}
						if err != nil {
							return err
						}
					}
					if len(page.Rows) < ledgerPage {
						return nil
					}
				}
			})
		},
	}
}

func newCampaignMoveCommand(sh *shell, word, short string, move func(*app, context.Context, actnow.Actor, actnow.CampaignID) error) *cobra.Command {
	return &cobra.Command{
		Use: word + " ID", Short: short, Args: exactly(1, "ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[actnow.CampaignID](args[0], "campaign")
			if err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				if err := move(a, ctx, commandLine, id); err != nil {
					return notFound(err, "campaign", args[0])
				}
				c, err := a.db.Campaign(ctx, actnow.Everything, id)
				if err != nil {
					return err
				}
				return sh.print(show(c), func(w io.Writer) { fmt.Fprintf(w, "state\t%s\n", c.State) })
			})
		},
	}
}

func (a *app) pause(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error {
	return a.db.PauseCampaign(ctx, by, id)
}

func (a *app) resume(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error {
	err := a.db.ResumeCampaign(ctx, by, id)
	if err == nil && a.outbox != nil {
		a.outbox.Wake()
	}
	return err
}

func (a *app) cancel(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error {
	return a.db.CancelCampaign(ctx, by, id)
}
