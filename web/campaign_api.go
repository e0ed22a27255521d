package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
	"actnow/schedule"
)

func (s *Server) campaignAPIRoutes() []route {
	write := actnow.RightCampaign
	return []route{
		{method: http.MethodGet, path: "/api/v1/campaigns", handle: s.apiCampaigns},
		{method: http.MethodPost, path: "/api/v1/campaigns", right: write, maxBody: 64 << 10, handle: s.apiCreateCampaign},
		{method: http.MethodGet, path: "/api/v1/campaigns/:id", handle: s.apiCampaign},
		{method: http.MethodPut, path: "/api/v1/campaigns/:id", right: write, maxBody: 64 << 10, handle: s.apiChangeCampaign},
		{method: http.MethodGet, path: "/api/v1/campaigns/:id/ledger", handle: s.apiLedger},
		{method: http.MethodPost, path: "/api/v1/campaigns/:id/launch", right: write, handle: s.apiLaunch},
		{method: http.MethodPost, path: "/api/v1/campaigns/:id/pause", right: write, handle: s.apiPause},
		{method: http.MethodPost, path: "/api/v1/campaigns/:id/resume", right: write, handle: s.apiResume},
		{method: http.MethodPost, path: "/api/v1/campaigns/:id/cancel", right: write, handle: s.apiCancel},
	}
}

// campaignJSON is a campaign as the API says it.
type campaignJSON struct {
	ID         actnow.CampaignID    `json:"id"`
	Name       string               `json:"name"`
	State      actnow.CampaignState `json:"state"`
	Why        string               `json:"why,omitempty"`
	Pack       actnow.PackID        `json:"pack_id"`
	PackName   string               `json:"pack"`
	Cohort     actnow.CohortID      `json:"cohort_id"`
	CohortName string               `json:"cohort"`
	Area       actnow.Area          `json:"area"`
	Policy     actnow.UnknownPolicy `json:"policy"`
	At         *time.Time           `json:"at"`
	Line       string               `json:"line"`
	Zone       string               `json:"zone"`
	Again      bool                 `json:"again"`
	CapMails   int                  `json:"cap_mails"`
	CapDays    int                  `json:"cap_days"`
	CreatedAt  time.Time            `json:"created_at"`
	LaunchedAt *time.Time           `json:"launched_at"`
	FinishedAt *time.Time           `json:"finished_at"`
	Ledger     campaigns.Counts     `json:"ledger"` // every state, adding up to mails
	Mails      int                  `json:"mails"`
}

func campaignAnswer(k campaigns.Campaign) campaignJSON {
	out := campaignJSON{ID: k.ID, Name: k.Name, State: k.State, Why: k.Why, Pack: k.Pack, PackName: k.PackName, Cohort: k.Cohort, CohortName: k.CohortName,
		Area: k.Area, Policy: k.Policy, At: instant(k.At), Line: k.Line, Zone: k.Zone, Again: k.Again, CapMails: k.CapMails, CapDays: k.CapDays,
		CreatedAt: k.CreatedAt.UTC(), LaunchedAt: instant(k.LaunchedAt), FinishedAt: instant(k.FinishedAt), Ledger: campaigns.Counts{}, Mails: k.Counts.Total()}
	for _, state := range actnow.LedgerStates {
		out.Ledger[state] = k.Counts[state]
	}
	return out
}

// instant is a time for JSON, nil for none.
func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

func (s *Server) apiCampaigns(c echo.Context) error {
	list, err := s.store.Campaigns(ctx(c), s.scope(c))
	if err != nil {
		return err
	}
	out := struct {
		Items []campaignJSON `json:"items"`
	}{[]campaignJSON{}}
	for _, k := range list {
		out.Items = append(out.Items, campaignAnswer(k))
	}
	return s.answer(c, http.StatusOK, out)
}

func (s *Server) apiCampaign(c echo.Context) error {
	k, err := s.campaign(c)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, campaignAnswer(k))
}

// planOf reads a plan from the body of a request.
func (s *Server) planOf(c echo.Context) (campaigns.Plan, error) {
	var in struct {
		Name     string               `json:"name"`
		Pack     actnow.PackID        `json:"pack_id"`
		Cohort   actnow.CohortID      `json:"cohort_id"`
		Area     actnow.Area          `json:"area"`
		Policy   actnow.UnknownPolicy `json:"policy"`
		At       time.Time            `json:"at"`
		Line     string               `json:"line"`
		Zone     string               `json:"zone"`
		Again    bool                 `json:"again"`
		CapMails int                  `json:"cap_mails"`
		CapDays  int                  `json:"cap_days"`
	}
	if err := body(c, &in); err != nil {
		return campaigns.Plan{}, err
	}
	p := campaigns.Plan{Name: in.Name, Pack: in.Pack, Cohort: in.Cohort, Area: in.Area, Policy: in.Policy, At: in.At, Line: strings.TrimSpace(in.Line),
		Zone: in.Zone, Again: in.Again, CapMails: in.CapMails, CapDays: in.CapDays}
	if p.Line != "" {
		if p.Zone == "" {
			p.Zone = s.cfg.Zone.String()
		}
		if _, err := schedule.Parse(p.Line, p.Zone, false); err != nil {
			return campaigns.Plan{}, err
		}
	}
	return p, nil
}

func (s *Server) apiCreateCampaign(c echo.Context) error {
	p, err := s.planOf(c)
	if err != nil {
		return err
	}
	id, err := s.store.CreateCampaign(ctx(c), s.actor(c), p)
	if err != nil {
		return err
	}
	k, err := s.store.Campaign(ctx(c), s.scope(c), id)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/api/v1"+campaignPath(id))
	return s.answer(c, http.StatusCreated, campaignAnswer(k))
}

// apiLaunch sends a campaign on its way and says whom it froze.
func (s *Server) apiLaunch(c echo.Context) error {
	k, err := s.campaign(c)
	if err != nil {
		return err
	}
	if _, err := s.mayLaunch(c, k); err != nil {
		return err
	}
	l, err := s.actions.Launch(ctx(c), s.actor(c), k.ID)
	if err != nil {
		return err
	}
	out := struct {
		ID       actnow.CampaignID         `json:"id"`
		State    actnow.CampaignState      `json:"state"`
		Audience int                       `json:"audience"`
		Mails    int                       `json:"mails"`
		LeftOut  map[campaigns.LeftOut]int `json:"left_out"`
	}{k.ID, l.State, l.Audience, l.Queued, l.LeftOut}
	if out.LeftOut == nil {
		out.LeftOut = map[campaigns.LeftOut]int{}
	}
	return s.answer(c, http.StatusOK, out)
}

// apiMove answers with the campaign after an act.
func (s *Server) apiMove(c echo.Context, move func(campaigns.Campaign) error) error {
	k, err := s.campaign(c)
	if err != nil {
		return err
	}
	if err := move(k); err != nil {
		return err
	}
	return s.apiCampaign(c)
}

// apiChangeCampaign puts a plan in the place of the one that the campaign has.
func (s *Server) apiChangeCampaign(c echo.Context) error {
	p, err := s.planOf(c)
	if err != nil {
		return err
	}
	return s.apiMove(c, func(k campaigns.Campaign) error { return s.actions.Change(ctx(c), s.actor(c), k.ID, p) })
}

func (s *Server) apiPause(c echo.Context) error {
	return s.apiMove(c, func(k campaigns.Campaign) error { return s.store.PauseCampaign(ctx(c), s.actor(c), k.ID) })
}

func (s *Server) apiResume(c echo.Context) error {
	return s.apiMove(c, func(k campaigns.Campaign) error { return s.actions.Resume(ctx(c), s.actor(c), k.ID) })
}

func (s *Server) apiCancel(c echo.Context) error {
	return s.apiMove(c, func(k campaigns.Campaign) error { return s.store.CancelCampaign(ctx(c), s.actor(c), k.ID) })
}

// apiLedger lists what became of each mail, the newest first.
func (s *Server) apiLedger(c echo.Context) error {
	type row struct {
		ID        actnow.LedgerID    `json:"id"`
		Run       actnow.CampaignRun `json:"run"`
		Step      string             `json:"step"`
		Customer  actnow.CustomerID  `json:"customer_id"`
		Address   string             `json:"address,omitempty"` // withheld without the right to personal data
		Name      string             `json:"name,omitempty"`
		Language  string             `json:"language"`
		State     actnow.LedgerState `json:"state"`
		Why       string             `json:"why"`
		Code      int                `json:"code,omitempty"`
		Reply     string             `json:"reply,omitempty"`
		Attempts  int                `json:"attempts"`
		NextAt    *time.Time         `json:"next_at"`
		SettledAt *time.Time         `json:"settled_at"`
		MessageID string             `json:"message_id"`
	}
	k, err := s.campaign(c)
	if err != nil {
		return err
	}
	q, err := ledgerQuery(c)
	if err != nil {
		return err
	}
	limit, err := queryNumber(c, "limit")
	if err != nil {
		return err
	}
	q.Campaign, q.Limit = k.ID, int(min(limit, exportPage))
	page, err := s.store.Ledger(ctx(c), s.scope(c), q)
	if err != nil {
		return err
	}
	out := struct {
		Items  []row            `json:"items"`
		Total  int              `json:"total"`
		Counts campaigns.Counts `json:"counts"`
	}{[]row{}, page.Total, campaigns.Counts{}}
	for _, state := range actnow.LedgerStates {
		out.Counts[state] = page.Counts[state]
	}
	for _, r := range page.Rows {
		item := row{ID: r.ID, Run: r.Run, Step: r.Step, Customer: r.Customer, Address: r.Address, Name: r.Name, Language: r.Language, State: r.State, Why: r.Why,
			Code: r.Code, Reply: r.Reply, Attempts: r.Attempts, SettledAt: instant(r.SettledAt), MessageID: r.MessageID}
		if r.State == actnow.LedgerQueued || r.State == actnow.LedgerDeferred {
			item.NextAt = instant(r.NextAt)
		}
		out.Items = append(out.Items, item)
	}
	return s.answer(c, http.StatusOK, out)
}
