package web

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
)

type deliveryPage struct {
	Head    Head
	Row     deliveryRow
	Facts   []fact
	History []historyLine
	Mail    mailPart
	Hidden  bool
	Resolve bool
}

type historyLine struct {
	At   time.Time
	Icon string
	Text string
	Note string
}

func (s *Server) delivery(c echo.Context) (campaigns.LedgerRow, error) {
	id, err := pathID(c, "row")
	if err != nil {
		return campaigns.LedgerRow{}, err
	}
	return s.store.LedgerRow(ctx(c), s.scope(c), actnow.LedgerID(id))
}

func (s *Server) showDelivery(c echo.Context) error {
	r, err := s.delivery(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	line := deliveryLine(text, r)
	p := deliveryPage{Row: line, Hidden: !s.scope(c).Personal, Resolve: line.Unknown && s.may(c, actnow.RightCampaign), History: history(text, r)}
	p.Head = Head{Crumbs: []Crumb{{Text: text.T("nav.deliveries"), Href: "/deliveries"}, {Text: r.CampaignName, Href: deliveriesPath(r.Campaign, "")}},
		Title: text.T("deliveries.row_title", line.Who, strings.ToLower(line.State.Text)), Text: line.Why}
	add := func(key, value, href string) {
		if value != "" {
			p.Facts = append(p.Facts, fact{text.T("deliveries." + key), value, href})
		}
	}
	add("customer", r.CustomerName, line.CustomerHref)
	add("address", r.Address, "")
	add("campaign", r.CampaignName, line.CampaignHref)
	add("step_language", r.Step+", "+languageName(text, r.Language), "")
	add("attempts", text.Number(int64(r.Attempts)), "")
	if !line.Next.IsZero() {
		add("next", text.DateTime(line.Next), "")
	}
	add("reply", r.Reply, "")
	add("message_id", r.MessageID, "")
	if !p.Hidden {
		mail, err := s.actions.SentMail(ctx(c), r.ID)
		if err != nil {
			if err := mailProblem(text, &p.Mail, err); err != nil {
				return err
			}
		} else {
			p.Mail = mailFrames(mail, line.Href+"/mail")
		}
	}
	return s.render(c, "delivery", p)
}

// history is what happened to a mail, oldest first.
func history(text *Text, r campaigns.LedgerRow) []historyLine {
	var list []historyLine
	add := func(at time.Time, icon, what, note string) {
		if !at.IsZero() {
			list = append(list, historyLine{at, icon, what, note})
		}
	}
	add(r.QueuedAt, "list", text.T("deliveries.was_queued"), "")
	add(r.TriedAt, "send", text.T("deliveries.was_tried"), r.Reply)
	if r.State != actnow.LedgerQueued && r.State != actnow.LedgerDeferred {
		add(r.SettledAt, "flag", text.T("ledger.state."+string(r.State)), whyInWords(text, r))
	}
	for _, e := range r.Events {
		add(e.At, "user", eventName(text, e.Kind), eventDetail(text, e))
	}
	for i := range list {
		if list[i].Icon == "flag" {
			list[i].Icon = ledgerBadge(text, r.State).Icon
		}
	}
	slices.SortStableFunc(list, func(a, b historyLine) int { return a.At.Compare(b.At) })
	return list
}

func eventDetail(text *Text, e campaigns.LedgerEvent) string {
	if key := "deliveries.by_" + strings.ReplaceAll(e.Detail, "-", "_"); text.Has(key) {
		return text.T(key)
	}
	return e.Detail
}

func (s *Server) showSentMail(c echo.Context) error {
	r, err := s.delivery(c)
	if err != nil {
		return err
	}
	m, err := s.actions.SentMail(ctx(c), r.ID)
	if err != nil {
		return err
	}
	return sendMail(c, m)
}

// resolutions are what a person may say of an unknown mail.
var resolutions = map[string]actnow.LedgerState{"sent": actnow.LedgerSent, "again": actnow.LedgerQueued, "drop": actnow.LedgerCancelled}

func (s *Server) resolution(f url.Values) (actnow.LedgerState, error) {
	to, ok := resolutions[f.Get("as")]
	if !ok {
		return "", actnow.Invalid("error.resolve", "as", "say whether it was sent, is to be sent again, or not at all")
	}
	return to, nil
}

func (s *Server) resolveDelivery(c echo.Context) error {
	r, err := s.delivery(c)
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	to, err := s.resolution(f)
	if err != nil {
		return err
	}
	by := s.user(c).Name
	if err := s.store.ResolveUnknown(ctx(c), r.ID, to, "resolved", by, s.now()); err != nil {
		return err
	}
	return s.done(c, deliveryPath(r.ID), s.text(c).T("deliveries.resolved_"+f.Get("as")), "")
}

// resolveAll settles every unknown mail of a campaign, or of all, that the
// person may see.
func (s *Server) resolveAll(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	to, err := s.resolution(f)
	if err != nil {
		return err
	}
	q, err := ledgerQuery(c)
	if err != nil {
		return err
	}
	q = campaigns.LedgerQuery{Campaign: q.Campaign, State: actnow.LedgerUnknown, Limit: exportPage}
	by, n := s.user(c).Name, 0
	for {
		page, err := s.store.Ledger(ctx(c), s.scope(c), q)
		if err != nil {
			return err
		}
		settled := 0
		for _, r := range page.Rows {
			err := s.store.ResolveUnknown(ctx(c), r.ID, to, "resolved", by, s.now())
			if errors.Is(err, actnow.ErrConflict) {
				continue // someone was quicker, or its campaign is cancelled
			}
			if err != nil {
				return err
			}
			settled++
		}
		n += settled
		q.Offset += len(page.Rows) - settled
		if len(page.Rows) < exportPage {
			break
		}
	}
	return s.done(c, deliveriesPath(q.Campaign, ""), s.text(c).TN("deliveries.resolved_all", int64(n)), "")
}

// stopSending pauses every campaign that sends.
func (s *Server) stopSending(c echo.Context) error {
	all, err := s.store.Campaigns(ctx(c), s.scope(c))
	if err != nil {
		return err
	}
	n := 0
	for _, k := range all {
		if k.State != actnow.CampaignSending {
			continue
		}
		err := s.store.PauseCampaign(ctx(c), s.actor(c), k.ID)
		if errors.Is(err, actnow.ErrConflict) {
			continue // it has just finished
		}
		if err != nil {
			return err
		}
		n++
	}
	return s.done(c, "/deliveries", s.text(c).TN("deliveries.stopped", int64(n)), "")
}
