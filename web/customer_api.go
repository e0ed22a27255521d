package web

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
)

// The shapes of customers in the API. Members for money are absent without the
// right to see it, those for people without theirs.

type apiCustomerItem struct {
	ID         actnow.CustomerID `json:"id"`
	TPID       string            `json:"tpid,omitempty"`
	Name       string            `json:"name,omitempty"`
	Domain     string            `json:"domain,omitempty"`
	Segment    actnow.Segment    `json:"segment,omitempty"`
	Employees  *int64            `json:"employees,omitempty"`
	Industry   string            `json:"industry,omitempty"`
	City       string            `json:"city,omitempty"`
	Country    string            `json:"country,omitempty"`
	FirstMonth actnow.Month      `json:"first_month,omitempty"`
	LastMonth  actnow.Month      `json:"last_month,omitempty"`
	GoneMonth  actnow.Month      `json:"gone_month,omitempty"`
}

type apiStanding struct {
	Area             actnow.Area        `json:"area"`
	Month            actnow.Month       `json:"month"`
	Cell             actnow.Cell        `json:"cell,omitempty"`
	Cluster          actnow.Cluster     `json:"cluster,omitempty"`
	ClusterFrom      string             `json:"cluster_from,omitempty"`
	MicrosoftCluster actnow.Cluster     `json:"microsoft_cluster,omitempty"`
	OwnCluster       actnow.Cluster     `json:"own_cluster,omitempty"`
	Fit              *float64           `json:"fit,omitempty"`
	Intent           *float64           `json:"intent,omitempty"`
	FitBand          actnow.Band        `json:"fit_band,omitempty"`
	IntentBand       actnow.Band        `json:"intent_band,omitempty"`
	PreviousCluster  actnow.Cluster     `json:"previous_cluster,omitempty"`
	PreviousMonth    actnow.Month       `json:"previous_month,omitempty"`
	Move             actnow.Move        `json:"move,omitempty"`
	Revenue          *apiRevenue        `json:"revenue,omitempty"`
	RevenueKind      actnow.RevenueKind `json:"revenue_kind,omitempty"`
}

// apiRevenue is in minor units.
type apiRevenue struct {
	Low      *int64 `json:"low,omitempty"`
	High     *int64 `json:"high,omitempty"`
	Currency string `json:"currency"`
	From     string `json:"from,omitempty"` // "report" or "own"
}

func toAPICustomer(k actnow.Customer) apiCustomerItem {
	return apiCustomerItem{ID: k.ID, TPID: k.TPID, Name: k.Name, Domain: k.Domain, Segment: k.Segment, Employees: k.OrgSize, Industry: k.Industry,
		City: k.City, Country: k.Country, FirstMonth: k.FirstMonth, LastMonth: k.LastMonth, GoneMonth: k.GoneMonth}
}

func toAPIStanding(p actnow.Standing) *apiStanding {
	if p.Area == "" {
		return nil
	}
	out := &apiStanding{Area: p.Area, Month: p.Month, Cell: p.Cell, Cluster: p.Cluster, ClusterFrom: p.ClusterFrom,
		MicrosoftCluster: p.MicrosoftCluster, OwnCluster: p.OwnCluster, Fit: p.Fit, Intent: p.Intent, FitBand: p.FitBand, IntentBand: p.IntentBand,
		PreviousCluster: p.PreviousCluster, PreviousMonth: p.PreviousMonth, Move: p.Move(), RevenueKind: p.RevenueKind}
	if p.Revenue.Known() {
		out.Revenue = &apiRevenue{p.Revenue.Low, p.Revenue.High, p.Revenue.Currency, p.RevenueFrom}
	}
	return out
}

// apiCustomers lists customers, by the parameters of the page.
func (s *Server) apiCustomers(c echo.Context) error {
	type item struct {
		apiCustomerItem
		Standing *apiStanding     `json:"standing,omitempty"`
		Account  actnow.AccountID `json:"account_id,omitempty"`
		Review   bool             `json:"review"`
		Mailable int              `json:"mailable_contacts"`
	}
	type list struct {
		Items    []item `json:"items"`
		Total    int    `json:"total"`
		Matched  int    `json:"matched"`
		Mailable int    `json:"mailable"`
		Next     int    `json:"next,omitempty"` // the value of offset for the next page
	}
	q, err := s.customerQuery(c)
	if err != nil {
		return err
	}
	if q.Limit, err = queryLimit(c, 500); err != nil {
		return err
	}
	page, err := s.store.Customers(ctx(c), s.scope(c), q)
	if err != nil {
		return err
	}
	out := list{Items: []item{}, Total: page.Total, Matched: page.Matched, Mailable: page.Mailable}
	for _, r := range page.Rows {
		out.Items = append(out.Items, item{toAPICustomer(r.Customer), toAPIStanding(r.Standing), r.Account, r.Review, r.Mailable})
	}
	if after := q.Offset + len(page.Rows); len(page.Rows) > 0 && after < page.Total {
		out.Next = after
	}
	return s.answer(c, http.StatusOK, out)
}

// apiCustomer answers with one customer, with the reasons of its scores.
func (s *Server) apiCustomer(c echo.Context) error {
	type reason struct {
		Area  actnow.Area     `json:"area"`
		Month actnow.Month    `json:"month"`
		Score string          `json:"score"`
		Model string          `json:"model,omitempty"`
		Parts json.RawMessage `json:"parts"`
	}
	type account struct {
		ID          actnow.AccountID  `json:"id"`
		ExternalID  string            `json:"external_id"`
		Name        string            `json:"name"`
		Band        actnow.MatchBand  `json:"band"`
		Stage       actnow.MatchStage `json:"stage,omitempty"`
		Probability float64           `json:"probability"`
		Decided     bool              `json:"decided"`
	}
	type contact struct {
		ID        actnow.ContactID `json:"id"`
		Account   actnow.AccountID `json:"account_id"`
		Name      string           `json:"name,omitempty"`
		Title     string           `json:"title,omitempty"`
		Email     string           `json:"email,omitempty"`
		Language  string           `json:"language,omitempty"`
		Basis     string           `json:"basis,omitempty"`
		NotMailed string           `json:"not_mailed,omitempty"`
	}
	type agreement struct {
		ID       string        `json:"id,omitempty"`
		Program  string        `json:"program,omitempty"`
		Division string        `json:"division,omitempty"`
		EndsAt   *time.Time    `json:"ends_at,omitempty"`
		Expiring *actnow.Money `json:"expiring,omitempty"`
	}
	type heldOut struct {
		Area  actnow.Area `json:"area"`
		Since time.Time   `json:"since"`
	}
	type detail struct {
		apiCustomerItem
		Locations  []string       `json:"locations"`
		Standings  []*apiStanding `json:"standings"`
		History    []*apiStanding `json:"history"`
		Estimates  []apiEstimate  `json:"revenue_estimates,omitempty"`
		Reasons    []reason       `json:"reasons"`
		HeldOut    []heldOut      `json:"held_out"`
		Cohorts    []string       `json:"cohorts"`
		Accounts   []account      `json:"accounts"`
		Contacts   []contact      `json:"contacts"`
		Withheld   int            `json:"contacts_withheld"`
		Agreements []agreement    `json:"agreements"`
	}
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	d, err := s.store.Customer(ctx(c), s.scope(c), actnow.CustomerID(id))
	if err != nil {
		return err
	}
	out := detail{apiCustomerItem: toAPICustomer(d.Customer), Locations: append([]string{}, d.Locations...), Standings: []*apiStanding{}, History: []*apiStanding{},
		Estimates: toAPIEstimates(d.Estimates), Reasons: []reason{}, HeldOut: []heldOut{}, Cohorts: append([]string{}, d.Cohorts...), Accounts: []account{}, Contacts: []contact{}, Withheld: d.Withheld, Agreements: []agreement{}}
	for _, h := range d.HeldOut {
		out.HeldOut = append(out.HeldOut, heldOut(h))
	}
	for _, k := range d.Rules {
		out.Cohorts = append(out.Cohorts, k.Name)
	}
	for _, p := range d.Standings {
		out.Standings = append(out.Standings, toAPIStanding(p))
	}
	for _, p := range d.History {
		out.History = append(out.History, toAPIStanding(p))
	}
	for _, r := range d.Reasons {
		out.Reasons = append(out.Reasons, reason{r.Area, r.Month, r.Score, r.Model, json.RawMessage(r.Parts)})
	}
	for _, a := range d.Accounts {
		out.Accounts = append(out.Accounts, account{a.ID, a.ExternalID, a.Name, a.Band, a.Stage, a.Probability, a.Decided})
	}
	for _, r := range d.Contacts {
		out.Contacts = append(out.Contacts, contact(r))
	}
	for _, a := range d.Agreements {
		line := agreement{ID: a.ID, Program: a.Program, Division: a.Division}
		if !a.EndsAt.IsZero() {
			line.EndsAt = &a.EndsAt
		}
		if a.Expiring != nil {
			line.Expiring = &actnow.Money{Minor: *a.Expiring, Currency: a.Currency}
		}
		out.Agreements = append(out.Agreements, line)
	}
	return s.answer(c, http.StatusOK, out)
}
