package web

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
	"actnow/cohorts"
)

// campaignStore is what the pages of campaigns read and write.
type campaignStore interface {
	Campaign(ctx context.Context, scope actnow.Scope, id actnow.CampaignID) (campaigns.Campaign, error)
	Campaigns(ctx context.Context, scope actnow.Scope) ([]campaigns.Campaign, error)
	CampaignHistory(ctx context.Context, scope actnow.Scope, id actnow.CampaignID) ([]campaigns.Run, error)
	Audience(ctx context.Context, scope actnow.Scope, run actnow.CampaignRun, leftOut *campaigns.LeftOut, offset, limit int) ([]campaigns.AudienceRow, int, error)
	NextMails(ctx context.Context) (map[actnow.CampaignID]time.Time, error)

	CreateCampaign(ctx context.Context, by actnow.Actor, p campaigns.Plan) (actnow.CampaignID, error)
	SubmitCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error
	ApproveCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error
	RejectCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID, why string) error
	PauseCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error
	CancelCampaign(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error

	Packs(ctx context.Context) ([]campaigns.KeptPack, error)
	PackOf(ctx context.Context, id actnow.PackID) (*campaigns.Pack, error)
	Cohorts(ctx context.Context, sc actnow.Scope) ([]cohorts.Cohort, error)
	CountFilter(ctx context.Context, scope actnow.Scope, filter string) (cohorts.Counts, error)
	CreateCohort(ctx context.Context, scope actnow.Scope, by actnow.Actor, name, filter string) (cohorts.Cohort, error)
	Setting(ctx context.Context, key string, v any) error
}

// campaignActions go beyond the store: they fill mails in and send.
type campaignActions interface {
	// Preview returns what a launch would freeze now and what the checks say.
	Preview(ctx context.Context, id actnow.CampaignID) (campaigns.Launch, []campaigns.Finding, error)
	// PreviewAudience lists whom a launch would mail or leave out now.
	PreviewAudience(ctx context.Context, scope actnow.Scope, id actnow.CampaignID, leftOut *campaigns.LeftOut, offset, limit int) ([]campaigns.AudienceRow, int, error)
	// PreviewMail renders a step as one recipient would get it; 0 is the first.
	PreviewMail(ctx context.Context, id actnow.CampaignID, step, language string, contact actnow.ContactID) (campaigns.Rendered, error)
	SendTest(ctx context.Context, by actnow.Actor, id actnow.CampaignID, step, language, address string) error
	Launch(ctx context.Context, by actnow.Actor, id actnow.CampaignID) (campaigns.Launch, error)
	// Change changes the plan of a campaign that has not begun. A scheduled one
	// stays so where it may; see its state afterwards.
	Change(ctx context.Context, by actnow.Actor, id actnow.CampaignID, p campaigns.Plan) error
	Resume(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error
	SavePack(ctx context.Context, by actnow.Actor, name string, zip []byte) (actnow.PackID, error)
	// ExamplePack returns a pack to begin one's own from.
	ExamplePack() (*campaigns.Pack, error)
}

func (s *Server) campaignRoutes() []route {
	write := actnow.RightCampaign
	return []route{
		{method: http.MethodGet, path: "/campaigns", nav: "campaigns", handle: s.showCampaigns},
		{method: http.MethodGet, path: "/campaigns/new", nav: "campaigns", right: write, handle: s.newCampaign},
		{method: http.MethodGet, path: "/campaigns/runs", nav: "campaigns", right: write, handle: s.showNextRuns},
		{method: http.MethodPost, path: "/campaigns", nav: "campaigns", right: write, handle: s.createCampaign},
		{method: http.MethodGet, path: "/campaigns/:id", nav: "campaigns", handle: s.showCampaign},
		{method: http.MethodGet, path: "/campaigns/:id/edit", nav: "campaigns", right: write, handle: s.editCampaign},
		{method: http.MethodPost, path: "/campaigns/:id", nav: "campaigns", right: write, handle: s.saveCampaign},
		{method: http.MethodGet, path: "/campaigns/:id/audience", nav: "campaigns", handle: s.showAudience},
		{method: http.MethodGet, path: "/campaigns/:id/audience.csv", right: actnow.RightExport, handle: s.exportAudience},
		{method: http.MethodGet, path: "/campaigns/:id/mail", right: actnow.RightPersonal, handle: s.showCampaignMail},
		{method: http.MethodGet, path: "/campaigns/:id/events", handle: s.streamCampaign},
		{method: http.MethodPost, path: "/campaigns/:id/test", right: write, handle: s.sendTest},
		{method: http.MethodPost, path: "/campaigns/:id/submit", right: write, handle: s.submitCampaign},
		{method: http.MethodPost, path: "/campaigns/:id/approve", right: actnow.RightApprove, handle: s.approveCampaign},
		{method: http.MethodPost, path: "/campaigns/:id/reject", right: actnow.RightApprove, handle: s.rejectCampaign},
		{method: http.MethodPost, path: "/campaigns/:id/launch", right: write, handle: s.launchCampaign},
		{method: http.MethodPost, path: "/campaigns/:id/pause", right: write, handle: s.pauseCampaign},
		{method: http.MethodPost, path: "/campaigns/:id/resume", right: write, handle: s.resumeCampaign},
		{method: http.MethodPost, path: "/campaigns/:id/cancel", right: write, handle: s.cancelCampaign},
	}
}

type campaignsPage struct {
	Head  Head
	Rows  []campaignRow
	Empty Empty
	Foot  Foot
}

type campaignRow struct {
	Name, Href string
	Pack       string
	State      Badge
	Why        string
	Audience   int // mails
	Sent       int
	Waiting    int
	Unknown    int
	Links      ledgerLinks
	By         string
	Next       string
}

// ledgerLinks lead to the deliveries behind the numbers of a campaign.
type ledgerLinks struct{ All, Sent, Waiting, Unknown string }

func (s *Server) showCampaigns(c echo.Context) error {
	text := s.text(c)
	list, err := s.store.Campaigns(ctx(c), s.scope(c))
	if err != nil {
		return err
	}
	next, err := s.store.NextMails(ctx(c))
	if err != nil {
		return err
	}
	names, err := s.userNames(c)
	if err != nil {
		return err
	}
	p := campaignsPage{
		Head:  Head{Title: campaignsTitle(text, list), Text: text.T("campaigns.text")},
		Empty: Empty{Icon: "megaphone", Title: text.T("campaigns.empty"), Text: text.T("campaigns.empty_text")},
		Foot:  Foot{Range: text.TN("campaigns.rows", int64(len(list)))},
	}
	p.Head.Actions = []Action{{Text: text.T("campaigns.packs"), Href: "/campaigns/packs"}}
	if s.may(c, actnow.RightCampaign) {
		make := Action{Text: text.T("campaigns.make"), Href: "/campaigns/new", Icon: "plus", Class: "main", Key: "c"}
		p.Head.Actions = append(p.Head.Actions, make)
		if len(list) == 0 {
			p.Head.Actions = p.Head.Actions[:1]
			p.Empty.Actions = []Action{make}
		}
	}
	for _, k := range list {
		p.Rows = append(p.Rows, s.campaignRow(text, k, next[k.ID], names))
	}
	return s.render(c, "campaigns", p)
}

// campaignsTitle answers what the page is asked: is anything on its way.
func campaignsTitle(text *Text, list []campaigns.Campaign) string {
	sending, waiting := 0, 0
	for _, k := range list {
		switch k.State {
		case actnow.CampaignSending:
			sending++
		case actnow.CampaignAwaiting:
			waiting++
		}
	}
	switch {
	case sending > 0:
		return text.TN("campaigns.title_sending", int64(sending))
	case waiting > 0:
		return text.TN("campaigns.title_awaiting", int64(waiting))
	case len(list) > 0:
		return text.T("campaigns.title_quiet")
	}
	return text.T("campaigns.title")
}

func (s *Server) campaignRow(text *Text, k campaigns.Campaign, due time.Time, names map[actnow.UserID]string) campaignRow {
	r := campaignRow{
		Name: k.Name, Href: campaignPath(k.ID), Pack: k.PackName, State: campaignBadge(text, k.State), Why: k.Why,
		Audience: k.Counts.Total(), Sent: k.Counts[actnow.LedgerSent], Unknown: k.Counts[actnow.LedgerUnknown],
		Waiting: waiting(k.Counts), By: names[k.CreatedBy],
		Links: ledgerLinks{
			All: deliveriesPath(k.ID, ""), Sent: deliveriesPath(k.ID, actnow.LedgerSent), Waiting: deliveriesPath(k.ID, stateWaiting),
			Unknown: deliveriesPath(k.ID, actnow.LedgerUnknown),
		},
	}
	switch at := s.nextLaunch(k); {
	case k.State == actnow.CampaignSending && !due.IsZero() && due.After(s.now()):
		r.Next = text.DateTime(due)
	case k.State == actnow.CampaignSending && !due.IsZero():
		r.Next = text.T("campaigns.now")
	case !at.IsZero():
		r.Next = text.DateTime(at)
	}
	return r
}

// waiting counts the mails that have not had their last word.
func waiting(n campaigns.Counts) int {
	return n[actnow.LedgerQueued] + n[actnow.LedgerIntent] + n[actnow.LedgerDeferred]
}

// nextLaunch is when a campaign goes next by its date or line, or zero.
func (s *Server) nextLaunch(k campaigns.Campaign) time.Time {
	switch {
	case k.State != actnow.CampaignScheduled && k.State != actnow.CampaignSending:
		return time.Time{}
	case k.Line != "":
		if runs := nextRuns(k.Line, k.Zone, s.now(), 1); len(runs) > 0 {
			return runs[0]
		}
		return time.Time{}
	case k.State == actnow.CampaignScheduled:
		return k.At
	}
	return time.Time{}
}

// campaignBadge is the state of a campaign as a sign and a word.
func campaignBadge(text *Text, state actnow.CampaignState) Badge {
	b := Badge{Text: text.T("campaign.state." + string(state))}
	switch state {
	case actnow.CampaignDraft:
		b.Kind, b.Icon = "line", "pencil"
	case actnow.CampaignAwaiting:
		b.Kind, b.Icon = "now", "shield-check"
	case actnow.CampaignScheduled:
		b.Icon = "calendar-clock"
	case actnow.CampaignSending:
		b.Kind, b.Icon = "now", "send"
	case actnow.CampaignPaused:
		b.Kind, b.Icon = "warn", "pause"
	case actnow.CampaignFinished:
		b.Kind, b.Icon = "ok", "check"
	case actnow.CampaignCancelled:
		b.Icon = "x"
	case actnow.CampaignStopped:
		b.Kind, b.Icon = "danger", "octagon-x"
	}
	return b
}

// userNames are the people by key, for "made by".
func (s *Server) userNames(c echo.Context) (map[actnow.UserID]string, error) {
	users, err := s.store.Users(ctx(c))
	if err != nil {
		return nil, err
	}
	names := map[actnow.UserID]string{}
	for _, u := range users {
		names[u.ID] = u.Name
	}
	return names, nil
}

// campaign reads the campaign that the path names.
func (s *Server) campaign(c echo.Context) (campaigns.Campaign, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return campaigns.Campaign{}, err
	}
	return s.store.Campaign(ctx(c), s.scope(c), actnow.CampaignID(id))
}
