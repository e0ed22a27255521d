package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
)

// matchStore reads and decides which account of the CRM is which customer.
type matchStore interface {
	Funnel(ctx context.Context, scope actnow.Scope) (actnow.Funnel, error)
	Reviews(ctx context.Context, scope actnow.Scope, q actnow.ReviewQuery, offset, limit int) ([]actnow.Review, int, error)
	MatchBands(ctx context.Context, scope actnow.Scope) (map[actnow.MatchBand]int, error)
	Review(ctx context.Context, scope actnow.Scope, id actnow.AccountID) (actnow.Review, error)
	ReviewPlace(ctx context.Context, scope actnow.Scope, pattern string, id actnow.AccountID) (actnow.ReviewPlace, error)
	Decide(ctx context.Context, scope actnow.Scope, by actnow.Actor, account actnow.AccountID, customer actnow.CustomerID, verdict actnow.Verdict, note string) error
	Decisions(ctx context.Context, scope actnow.Scope, limit int) ([]actnow.DecisionRow, error)
	patternStore
	calibrationStore
	oneToOneStore
}

// matchActions sets matching going.
type matchActions interface {
	StartMatch(ctx context.Context, by actnow.Actor) (actnow.JobID, error)
	calibrationActions
	oneToOneActions
}

func (s *Server) matchRoutes() []route {
	return slices.Concat(s.patternRoutes(), s.calibrationRoutes(), s.oneToOneRoutes(), []route{
		{method: http.MethodGet, path: "/matches", nav: "matches", handle: s.showMatches},
		{method: http.MethodGet, path: "/matches.csv", right: actnow.RightExport, handle: s.exportMatches},
		{method: http.MethodPost, path: "/matches/run", right: actnow.RightReview, handle: s.runMatch},
		{method: http.MethodGet, path: "/matches/review", right: actnow.RightReview, nav: "matches", handle: s.firstReview},
		{method: http.MethodGet, path: "/matches/review/:account", right: actnow.RightReview, nav: "matches", handle: s.showReview},
		{method: http.MethodPost, path: "/matches/review/:account", right: actnow.RightReview, maxBody: 64 << 10, handle: s.decideReview},
		{method: http.MethodPost, path: "/matches/review/:account/undo/:customer", right: actnow.RightReview, handle: s.undoReview},
	})
}

const (
	matchPageSize  = 50
	decisionsShown = 20
)

// matchBands are the bands in the order of what they ask of a person.
var matchBands = []actnow.MatchBand{actnow.BandReview, actnow.BandMatch, actnow.BandNone}

type matchesPage struct {
	Head        Head
	Empty       *Empty // before the first report or account
	Funnel      Funnel
	FunnelText  string
	Leak        *Note
	Stages      Bar
	ByPerson    int // decisions that stand
	Bands       []bandChoice
	Rows        []matchRow
	NoRows      Empty
	Foot        Foot
	Calibration *calibrationPanel // nil for those who may not change it
	OneToOne    *oneToOnePanel    // the same
	Decisions   []decisionLine
}

// bandChoice is a band to look at, with how many accounts are in it.
type bandChoice struct {
	Name, Href string
	Count      int
	Current    bool
}

type matchRow struct {
	Account, Href, Place string
	Customer             string // the likeliest, "" for none
	CustomerHref         string
	CustomerPlace        string
	Probability          string
	Stage                string
	Decided              bool
}

type decisionLine struct {
	Account, Customer, Verdict, Note, By string
	Href                                 string // "" if the account is gone
	Undo                                 string
	At                                   time.Time
}

func (s *Server) showMatches(c echo.Context) error {
	band, offset, err := matchQuery(c)
	if err != nil {
		return err
	}
	text, scope := s.text(c), s.scope(c)
	funnel, err := s.store.Funnel(ctx(c), scope)
	if err != nil {
		return err
	}
	p := matchesPage{ByPerson: funnel.Decisions}
	counts, err := s.store.MatchBands(ctx(c), scope)
	if err != nil {
		return err
	}
	accounts, waiting := 0, counts[actnow.BandReview]
	for _, b := range matchBands {
		accounts += counts[b]
		p.Bands = append(p.Bands, bandChoice{Name: text.T("match.band." + string(b)), Href: "/matches?band=" + string(b) + "#accounts", Count: counts[b], Current: b == band})
	}
	list, total, err := s.store.Reviews(ctx(c), scope, actnow.ReviewQuery{Band: band}, offset, matchPageSize)
	if err != nil {
		return err
	}
	for _, r := range list {
		p.Rows = append(p.Rows, s.matchRow(c, r))
	}
	p.Head = s.matchesHead(c, text, funnel, waiting, accounts)
	if funnel.Customers == 0 || accounts == 0 {
		p.Empty = s.matchesEmpty(c, text, funnel.Customers > 0)
	}
	p.Funnel, p.FunnelText = matchFunnel(text, funnel), text.T("match.funnel_text")
	if scope.Revenue {
		p.FunnelText = text.T("match.funnel_money")
	}
	p.Leak = s.biggestLeak(c, text, funnel, waiting)
	p.Stages = matchStages(text, funnel)
	p.NoRows = Empty{Icon: "git-compare", Title: text.T("match.none_in_band"), Text: text.T("match.none_in_band_text." + string(band))}
	p.Foot = s.matchesFoot(c, text, band, offset, len(p.Rows), total)
	decisions, err := s.store.Decisions(ctx(c), scope, decisionsShown)
	if err != nil {
		return err
	}
	p.Decisions = s.decisionLines(c, decisions)
	if p.Calibration, err = s.calibrationPanel(c); err != nil {
		return err
	}
	if p.OneToOne, err = s.oneToOnePanel(c); err != nil {
		return err
	}
	return s.render(c, "matches", p)
}

// matchQuery reads which accounts are asked for: those that wait, if nothing is
// said.
func matchQuery(c echo.Context) (actnow.MatchBand, int, error) {
	band := actnow.MatchBand(c.QueryParam("band"))
	if band == "" {
		band = actnow.BandReview
	}
	if !slices.Contains(matchBands, band) {
		return "", 0, actnow.Invalid("error.band", "band", "%q is no band: use review, match or none", string(band))
	}
	offset, err := queryNumber(c, "offset")
	return band, int(min(offset, 1<<30)), err
}

// filterPath leads to the customers that a filter chooses.
func filterPath(filter string) string { return customersPath("", "where", filter) }

// matchesHead says how far the way from the reports to a mail goes.
func (s *Server) matchesHead(c echo.Context, text *Text, f actnow.Funnel, waiting, accounts int) Head {
	h := Head{Title: text.T("match.title", f.Matched, f.Customers), Text: text.T("match.text", f.Mailable)}
	if f.Customers == 0 || accounts == 0 {
		h = Head{Title: text.T("nav.matches"), Text: text.T("match.text_empty")}
	}
	if !s.may(c, actnow.RightReview) {
		return h
	}
	if f.Customers > 0 {
		h.Actions = append(h.Actions, Action{Text: text.T("match.run"), Post: "/matches/run", Icon: "refresh-cw"})
	}
	if waiting > 0 {
		h.Actions = append(h.Actions, Action{Text: text.T("pattern.crumb"), Href: "/matches/patterns", Icon: "list"})
		h.Actions = append(h.Actions, Action{Text: text.TN("match.review", int64(waiting)), Href: "/matches/review", Class: "main"})
	}
	return h
}

func (s *Server) matchesEmpty(c echo.Context, text *Text, customers bool) *Empty {
	e := &Empty{Icon: "git-compare", Title: text.T("match.empty_report"), Text: text.T("match.empty_report_text")}
	action := Action{Text: text.T("home.upload"), Href: "/reports", Class: "main"}
	if customers {
		e = &Empty{Icon: "git-compare", Title: text.T("match.empty_crm"), Text: text.T("match.empty_crm_text")}
		action = Action{Text: text.T("home.step_crm"), Href: "/reports", Class: "main"}
	}
	if s.may(c, actnow.RightImport) {
		e.Actions = []Action{action}
	}
	return e
}

func (s *Server) matchRow(c echo.Context, r actnow.Review) matchRow {
	text := s.text(c)
	row := matchRow{Account: r.Account.Name, Place: townIn(r.Account.City, r.Account.Country), Decided: r.Decided}
	if row.Account == "" {
		row.Account = r.Account.ExternalID
	}
	if s.may(c, actnow.RightReview) {
		row.Href = "/matches/review/" + idText(r.Account.ID)
	}
	if len(r.Candidates) > 0 {
		best := r.Candidates[0]
		row.Customer, row.CustomerHref = best.Customer.Label(), "/customers/"+idText(best.Customer.ID)
		row.CustomerPlace, row.Probability = townIn(best.Customer.City, best.Customer.Country), text.Certainty(best.Probability)
		if best.Stage != "" {
			row.Stage = text.T("match.stage." + string(best.Stage))
		}
	}
	return row
}

// idText writes a key as it stands in a path.
func idText[T ~int64](key T) string { return strconv.FormatInt(int64(key), 10) }

// townIn joins a city and its country.
func townIn(city, country string) string {
	if city == "" || country == "" {
		return city + country
	}
	return city + ", " + country
}

func (s *Server) matchesFoot(c echo.Context, text *Text, band actnow.MatchBand, offset, shown, total int) Foot {
	path := func(offset int) string {
		return "/matches?" + url.Values{"band": {string(band)}, "offset": {strconv.Itoa(offset)}}.Encode()
	}
	f := Foot{Range: text.T("part.range", offset+1, offset+shown, total)}
	if offset > 0 {
		f.Previous = path(max(0, offset-matchPageSize))
	}
	if offset+shown < total {
		f.Next = path(offset + matchPageSize)
	}
	if s.may(c, actnow.RightExport) {
		f.CSV = "/matches.csv?band=" + string(band)
	}
	return f
}

func (s *Server) decisionLines(c echo.Context, list []actnow.DecisionRow) []decisionLine {
	text, may := s.text(c), s.may(c, actnow.RightReview)
	var lines []decisionLine
	for _, d := range list {
		l := decisionLine{Account: d.Account, Customer: d.Customer, Verdict: text.T("match.verdict." + string(d.Verdict)),
			Note: d.Note, By: d.By, At: time.Unix(d.At, 0)}
		if may && d.AccountID != 0 {
			l.Href = "/matches/review/" + idText(d.AccountID)
		}
		if may && d.Stands {
			l.Undo = undoPath(d.AccountID, d.CustomerID)
		}
		lines = append(lines, l)
	}
	return lines
}

func undoPath(account actnow.AccountID, customer actnow.CustomerID) string {
	return "/matches/review/" + idText(account) + "/undo/" + idText(customer)
}

func (s *Server) runMatch(c echo.Context) error {
	job, err := s.actions.StartMatch(ctx(c), s.actor(c))
	if err != nil {
		return err
	}
	return s.done(c, "/jobs/"+idText(job), "", "")
}

// exportMatches sends the accounts of a band with their likeliest customer.
func (s *Server) exportMatches(c echo.Context) error {
	band, _, err := matchQuery(c)
	if err != nil {
		return err
	}
	out := newCSV(c, "matches-"+string(band)+".csv", "account", "account_name", "account_city", "account_country", "tpid", "customer_name", "customer_domain", "probability", "stage", "decided", "reason")
	for offset := 0; ; {
		list, _, err := s.store.Reviews(ctx(c), s.scope(c), actnow.ReviewQuery{Band: band}, offset, 500)
		if err != nil {
			return err
		}
		for _, r := range list {
			row := []string{r.Account.ExternalID, r.Account.Name, r.Account.City, r.Account.Country, "", "", "", "", "", strconv.FormatBool(r.Decided), ""}
			if len(r.Candidates) > 0 {
				best := r.Candidates[0]
				row[4], row[5], row[6] = best.Customer.TPID, best.Customer.Name, best.Customer.Domain
				row[7], row[8], row[10] = strconv.FormatFloat(best.Probability, 'f', 4, 64), string(best.Stage), best.Reason
			}
			if err := out.write(row...); err != nil {
				return err
			}
		}
		if offset += len(list); len(list) < 500 {
			return out.close()
		}
	}
}
