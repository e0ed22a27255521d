package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"

	"actnow"
	"actnow/campaigns"
	"actnow/schedule"
)

// letter fills a ledger row in: the outbox carries what comes of it.
func (a *app) letter(_ context.Context, p *campaigns.Pack, m campaigns.Message) (campaigns.Letter, error) {
	r, err := a.render(p, m, campaigns.PicturesAttached)
	if err != nil {
		return campaigns.Letter{}, err
	}
	return campaigns.Letter{
		MessageID: m.MessageID, ReturnPath: campaigns.ReturnPath(m.Row, a.mailDomain(p)), From: p.Sender, ToName: m.Name, ToAddress: m.Address,
		Subject: r.Subject, HTML: r.HTML, Text: r.Text, Images: r.Images,
		UnsubscribeURL: a.link("/u/", campaigns.PurposeUnsubscribe, m),
		ListID:         fmt.Sprintf("campaign-%d.%s", m.Campaign, a.mailDomain(p)), Date: a.now(),
	}, nil
}

// render fills a message in, with the links that are its own.
func (a *app) render(p *campaigns.Pack, m campaigns.Message, as campaigns.Pictures) (campaigns.Rendered, error) {
	fields := campaigns.Fields{}
	maps.Copy(fields, m.Fields)
	fields["UnsubscribeURL"] = a.link("/u/", campaigns.PurposeUnsubscribe, m)
	fields["ViewURL"] = a.link("/v/", campaigns.PurposeView, m)
	return a.renderer.RenderWith(p, m.Step, m.Language, fields, as)
}

// link is an address of the public listener that is about one message alone.
func (a *app) link(path string, p campaigns.Purpose, m campaigns.Message) string {
	return a.publicURL() + path + a.tokens.Sign(p, m.Row, m.Address)
}

// mailDomain is the domain of Message-IDs and return paths: the one that is set,
// else the pack's sender's.
func (a *app) mailDomain(p *campaigns.Pack) string {
	if d := a.cfg.get("mail-domain"); d != "" {
		return d
	}
	if addr, err := mail.ParseAddress(p.Sender.Address); err == nil {
		_, domain, _ := strings.Cut(addr.Address, "@")
		return domain
	}
	return "localhost"
}

// plan is what a launch of the campaign needs: who is in the cohort now, which
// steps go to whom.
func (a *app) plan(ctx context.Context, id actnow.CampaignID, period string) (campaigns.LaunchPlan, *campaigns.Pack, error) {
	c, err := a.db.Campaign(ctx, actnow.Everything, id)
	if err != nil {
		return campaigns.LaunchPlan{}, nil, err
	}
	pack, err := a.db.PackOf(ctx, c.Pack)
	if err != nil {
		return campaigns.LaunchPlan{}, nil, err
	}
	p := campaigns.LaunchPlan{Pack: c.Pack, Cohort: c.Cohort, Period: period, Domain: a.mailDomain(pack),
		Language: func(contact string) (string, bool) { return campaigns.ChooseLanguage(pack, contact) }}
	if p.Customers, err = a.db.CohortMembers(ctx, actnow.Everything, c.Cohort); err != nil {
		return p, nil, err
	}
	for _, s := range pack.Steps {
		step := campaigns.LaunchStep{Key: s.Key, After: s.After, Channel: s.Channel}
		if s.When != "" {
			if step.Only, err = a.db.FilterMembers(ctx, s.When); err != nil {
				return p, nil, fmt.Errorf("step %s: %w", s.Key, err)
			}
		}
		p.Steps = append(p.Steps, step)
	}
	return p, pack, nil
}

// Preview returns what a launch would freeze now, without launching, and what
// the checks before it say.
func (a *app) Preview(ctx context.Context, id actnow.CampaignID) (campaigns.Launch, []campaigns.Finding, error) {
	plan, pack, err := a.plan(ctx, id, "")
	if err != nil {
		return campaigns.Launch{}, nil, err
	}
	today := a.now().In(a.zone)
	launch, findings, err := a.db.PreviewCampaign(ctx, id, plan, campaigns.Check{
		Key: a.publicURL() + " " + today.Format(time.DateOnly),
		Of: func(recipients iter.Seq[campaigns.Recipient]) []campaigns.Finding {
			return campaigns.Preflight(pack, a.withLinks(recipients), today)
		},
	})
	if err != nil {
		return launch, nil, err
	}
	return launch, append(a.addressFindings(ctx), findings...), nil
}

// withLinks gives recipients the links that only sending makes.
func (a *app) withLinks(recipients iter.Seq[campaigns.Recipient]) iter.Seq[campaigns.Recipient] {
	return func(yield func(campaigns.Recipient) bool) {
		for r := range recipients {
			r.Fields = maps.Clone(r.Fields)
			r.Fields["UnsubscribeURL"] = a.publicURL() + "/u/x"
			r.Fields["ViewURL"] = a.publicURL() + "/v/x"
			if !yield(r) {
				return
			}
		}
	}
}

// addressFindings says whether the world can reach the unsubscribe links, and
// whether there is a mail server.
func (a *app) addressFindings(ctx context.Context) []campaigns.Finding {
	var list []campaigns.Finding
	note, err := a.checkPublic(ctx)
	var input *actnow.InputError
	switch {
	case errors.As(err, &input):
		list = append(list, campaigns.Finding{Code: input.Code, Args: input.Args, Text: input.Text, Severity: campaigns.SeverityBlock})
	case err != nil:
		list = append(list, campaigns.Finding{Code: "error.public_silent", Args: []any{a.publicURL(), err}, Text: err.Error(), Severity: campaigns.SeverityBlock})
	case note != "":
		list = append(list, campaigns.Finding{Code: "preflight.public_other", Args: []any{a.publicURL()}, Text: note, Severity: campaigns.SeverityWarn})
	}
	if a.cfg.get("smtp-url") == "" && !a.demo {
		list = append(list, campaigns.Finding{Code: "preflight.no_smtp", Text: "no mail server is set: mails wait until ACTNOW_SMTP_URL is", Severity: campaigns.SeverityWarn})
	}
	return list
}

// Change changes the plan of a campaign that has not begun. One that is scheduled
// keeps going by itself, at its new date, if it has one, no check blocks it and the
// installation asks for nobody's approval; otherwise it is a draft again.
func (a *app) Change(ctx context.Context, by actnow.Actor, id actnow.CampaignID, p campaigns.Plan) error {
	c, err := a.db.Campaign(ctx, actnow.Everything, id)
	if err != nil {
		return err
	}
	if err := a.db.UpdateCampaign(ctx, by, id, p); err != nil {
		return err
	}
	if c.State != actnow.CampaignScheduled || p.Line == "" && !p.At.After(a.now()) {
		return nil
	}
	var approval bool
	if err := a.db.Setting(ctx, "approval", &approval); err != nil && !errors.Is(err, actnow.ErrNotFound) || approval {
		return err
	}
	_, findings, err := a.Preview(ctx, id)
	if err != nil || slices.ContainsFunc(findings, func(f campaigns.Finding) bool { return f.Severity == campaigns.SeverityBlock }) {
		return err
	}
	if _, err := a.Launch(ctx, by, id); !errors.Is(err, actnow.ErrInvalid) {
		return err
	}
	return nil
}

// launched is the answer to a launch. Its JSON is a contract with scripts.
type launched struct {
	ID       actnow.CampaignID         `json:"id"`
	State    actnow.CampaignState      `json:"state"`
	Audience int                       `json:"audience"`
	LeftOut  map[campaigns.LeftOut]int `json:"left_out"`
}

// Launch sends a campaign on its way: at once, or, if it has a date or a cron
// line, by its schedule; then the audience is frozen when it is due, and what
// comes back is who it would be now. Outside the demo the public address must
// answer first.
func (a *app) Launch(ctx context.Context, by actnow.Actor, id actnow.CampaignID) (campaigns.Launch, error) {
	c, err := a.db.Campaign(ctx, actnow.Everything, id)
	if err != nil {
		return campaigns.Launch{}, err
	}
	if _, err := a.checkPublic(ctx); err != nil {
		return campaigns.Launch{}, err
	}
	if c.Policy == actnow.PolicyReconcile && a.cfg.get("journal-url") == "" && !a.demo {
		return campaigns.Launch{}, actnow.Invalid("error.no_journal", "policy", "policy reconcile needs a mailbox that gets a copy of every mail: set ACTNOW_JOURNAL_URL, or choose hold")
	}
	if c.State == actnow.CampaignDraft {
		if err := a.db.ScheduleCampaign(ctx, by, id); err != nil {
			return campaigns.Launch{}, err
		}
	}
	if c.Line != "" || c.At.After(a.now()) {
		preview, _, err := a.Preview(ctx, id)
		preview.State = actnow.CampaignScheduled
		return preview, err
	}
	return a.launchPeriod(ctx, by, id, "")
}

func (a *app) launchPeriod(ctx context.Context, by actnow.Actor, id actnow.CampaignID, period string) (campaigns.Launch, error) {
	plan, _, err := a.plan(ctx, id, period)
	if err != nil {
		return campaigns.Launch{}, err
	}
	l, err := a.db.LaunchCampaign(ctx, by, id, plan)
	if err == nil && a.outbox != nil {
		a.outbox.Wake()
	}
	return l, err
}

// campaignJob is the schedule's job of a campaign: the launch of one period.
func (d *daemon) campaignJob(key string) (schedule.Job, bool) {
	var id actnow.CampaignID
	if _, err := fmt.Sscanf(key, "campaign:%d", &id); err != nil {
		return nil, false
	}
	return schedule.JobFunc(func(ctx context.Context, period string) error {
		if _, err := d.checkPublic(ctx); err != nil {
			return err
		}
		_, err := d.launchPeriod(ctx, actnow.Actor{Name: "schedule"}, id, period)
		if errors.Is(err, actnow.ErrConflict) {
			d.log.InfoContext(ctx, "campaign not launched", "campaign", id, "period", period, "error", err)
			return nil // launched before, paused or cancelled: nothing is owed
		}
		return err
	}), true
}
