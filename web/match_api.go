package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"actnow"
)

func (s *Server) matchAPIRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/api/v1/matches", handle: s.apiMatches},
		{method: http.MethodGet, path: "/api/v1/matches/funnel", handle: s.apiFunnel},
		{method: http.MethodPost, path: "/api/v1/matches/:account/decision", right: actnow.RightReview, maxBody: 64 << 10, handle: s.apiDecide},
	}
}

// matchJSON is an account with its likeliest customer as the API answers it.
type matchJSON struct {
	Account    actnow.AccountID `json:"account"`
	ExternalID string           `json:"external_id"`
	Name       string           `json:"name"`
	City       string           `json:"city"`
	Country    string           `json:"country"`
	Band       actnow.MatchBand `json:"band"`
	Decided    bool             `json:"decided"`
	Candidates []candidateJSON  `json:"candidates"`
}

type candidateJSON struct {
	Customer    actnow.CustomerID `json:"customer"`
	TPID        string            `json:"tpid"`
	Name        string            `json:"name"`
	Probability float64           `json:"probability"`
	Stage       actnow.MatchStage `json:"stage"`
	Reason      string            `json:"reason"`
	Verdict     actnow.Verdict    `json:"verdict"`
}

func newMatchJSON(r actnow.Review) matchJSON {
	out := matchJSON{Account: r.Account.ID, ExternalID: r.Account.ExternalID, Name: r.Account.Name, City: r.Account.City, Country: r.Account.Country,
		Band: r.Band, Decided: r.Decided, Candidates: []candidateJSON{}}
	for _, k := range r.Candidates {
		out.Candidates = append(out.Candidates, candidateJSON{k.Customer.ID, k.Customer.TPID, k.Customer.Label(), k.Probability, k.Stage, k.Reason, k.Verdict})
	}
	return out
}

func (s *Server) apiMatches(c echo.Context) error {
	band, offset, err := matchQuery(c)
	if err != nil {
		return err
	}
	limit, err := queryLimit(c, 500)
	if err != nil {
		return err
	}
	list, total, err := s.store.Reviews(ctx(c), s.scope(c), actnow.ReviewQuery{Band: band, Pattern: c.QueryParam("pattern")}, offset, limit)
	if err != nil {
		return err
	}
	out := struct {
		Items []matchJSON `json:"items"`
		Total int         `json:"total"`
	}{[]matchJSON{}, total}
	for _, r := range list {
		out.Items = append(out.Items, newMatchJSON(r))
	}
	return s.answer(c, http.StatusOK, out)
}

// apiDecide records a person's word on a pair and answers with what became of
// the account.
func (s *Server) apiDecide(c echo.Context) error {
	account, err := pathID(c, "account")
	if err != nil {
		return err
	}
	var in struct {
		Customer actnow.CustomerID
		Verdict  actnow.Verdict
		Note     string
	}
	if err := body(c, &in); err != nil {
		return err
	}
	if in.Verdict != actnow.VerdictUndone {
		if _, err := yesOrNo("verdict", string(in.Verdict)); err != nil {
			return err
		}
	}
	note, err := noteOf(in.Note)
	if err != nil {
		return err
	}
	if err := s.store.Decide(ctx(c), s.scope(c), s.actor(c), actnow.AccountID(account), in.Customer, in.Verdict, note); err != nil {
		return err
	}
	r, err := s.store.Review(ctx(c), s.scope(c), actnow.AccountID(account))
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, newMatchJSON(r))
}

// apiFunnel answers how many customers are left from the reports to a mail.
func (s *Server) apiFunnel(c echo.Context) error {
	f, err := s.store.Funnel(ctx(c), s.scope(c))
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, f)
}
