package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
	"actnow/cohorts"
	"actnow/reports"
)

// cohortStore keeps target groups, and the columns of reports that may be some.
type cohortStore interface {
	Cohorts(ctx context.Context, scope actnow.Scope) ([]cohorts.Cohort, error)
	Cohort(ctx context.Context, scope actnow.Scope, id actnow.CohortID) (cohorts.Cohort, error)
	CohortChange(ctx context.Context, scope actnow.Scope, id actnow.CohortID) (cohorts.Change, error)
	CohortMoved(ctx context.Context, scope actnow.Scope, id actnow.CohortID, side cohorts.Side, q actnow.CustomerQuery) (actnow.CustomerPage, error)
	CreateCohort(ctx context.Context, scope actnow.Scope, by actnow.Actor, name, filter string) (cohorts.Cohort, error)
	ChangeCohort(ctx context.Context, scope actnow.Scope, by actnow.Actor, id actnow.CohortID, name, filter string) error
	DeleteCohort(ctx context.Context, by actnow.Actor, id actnow.CohortID) error
	RestoreCohort(ctx context.Context, by actnow.Actor, id actnow.CohortID) error
	CountFilter(ctx context.Context, scope actnow.Scope, filter string) (cohorts.Counts, error)
	CohortColumns(ctx context.Context, scope actnow.Scope, state reports.CohortState) ([]reports.CohortColumn, error)
	DecideCohortColumn(ctx context.Context, by actnow.Actor, id reports.CohortColumnID, state reports.CohortState) error
	Customers(ctx context.Context, scope actnow.Scope, q actnow.CustomerQuery) (actnow.CustomerPage, error)
	EachCustomer(ctx context.Context, scope actnow.Scope, q actnow.CustomerQuery, fn func(actnow.CustomerRow) error) error
	Campaigns(ctx context.Context, scope actnow.Scope) ([]campaigns.Campaign, error)
}

func (s *Server) cohortRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/cohorts", nav: "cohorts", handle: s.showCohorts},
		{method: http.MethodPost, path: "/cohorts", right: actnow.RightCohorts, maxBody: 64 << 10, handle: s.createCohort},
		{method: http.MethodGet, path: "/cohorts/new", right: actnow.RightCohorts, nav: "cohorts", handle: s.newCohort},
		{method: http.MethodGet, path: "/cohorts/count", right: actnow.RightCohorts, nav: "cohorts", handle: s.countCohort},
		{method: http.MethodGet, path: "/cohorts/:id", nav: "cohorts", handle: s.showCohort},
		{method: http.MethodPost, path: "/cohorts/:id", right: actnow.RightCohorts, maxBody: 64 << 10, handle: s.changeCohort},
		{method: http.MethodGet, path: "/cohorts/:id/edit", right: actnow.RightCohorts, nav: "cohorts", handle: s.editCohort},
		{method: http.MethodGet, path: "/cohorts/:id/customers.csv", right: actnow.RightExport, handle: s.exportCohort},
		{method: http.MethodPost, path: "/cohorts/:id/delete", right: actnow.RightCohorts, handle: s.deleteCohort},
		{method: http.MethodPost, path: "/cohorts/:id/restore", right: actnow.RightCohorts, handle: s.restoreCohort},
		{method: http.MethodPost, path: "/cohorts/columns/:id/:state", right: actnow.RightCohorts, handle: s.decideColumn},
	}
}

type cohortsPage struct {
	Head       Head
	Empty      *Empty // without any cohort
	Own        []cohortLine
	Columns    []cohortLine
	Candidates []columnLine
	Dismissed  []columnLine
	Starts     []cohortStart
	MayChange  bool
}

// cohortLine is a cohort in the list.
type cohortLine struct {
	Name, Href string
	Sentence   string // the rule in words, or where the column comes from
	Month      actnow.Month
	Counts     cohorts.Counts
	Withheld   bool
	Customers  string // paths of the rows behind the counts
	Matched    string
	Mailable   string
	Change     cohorts.Change
	Left       string // of Change, as a loss
}

// columnLine is a Yes/No column that nobody has decided about, or that was
// dismissed.
type columnLine struct {
	Header, Report string
	Href           string
	Members        int
	Month          actnow.Month
	Confirm        string
	Dismiss        string // "" if it is dismissed
	Rows           string
}

func (s *Server) showCohorts(c echo.Context) error {
	text, scope := s.text(c), s.scope(c)
	list, err := s.store.Cohorts(ctx(c), scope)
	if err != nil {
		return err
	}
	columns, err := s.store.CohortColumns(ctx(c), scope, "")
	if err != nil {
		return err
	}
	p := cohortsPage{MayChange: s.may(c, actnow.RightCohorts)}
	for _, k := range list {
		line, err := s.cohortLine(c, k)
		if err != nil {
			return err
		}
		if k.Kind == cohorts.ByColumn {
			p.Columns = append(p.Columns, line)
		} else {
			p.Own = append(p.Own, line)
		}
	}
	for _, k := range columns {
		switch k.State {
		case reports.CohortCandidate:
			p.Candidates = append(p.Candidates, newColumnLine(text, k))
		case reports.CohortDismissed:
			p.Dismissed = append(p.Dismissed, newColumnLine(text, k))
		}
	}
	p.Head = Head{Title: text.TN("cohort.title", int64(len(list))), Text: text.T("cohort.text")}
	if p.MayChange {
		p.Starts = cohortStarts(text)
		p.Head.Actions = []Action{{Text: text.T("cohort.new"), Href: "/cohorts/new", Icon: "plus", Class: "main"}}
	}
	if len(list) == 0 {
		p.Empty = &Empty{Icon: "filter", Title: text.T("cohort.empty"), Text: text.T("cohort.empty_text"), Actions: p.Head.Actions}
		p.Head.Actions = nil
	}
	return s.render(c, "cohorts", p)
}

func (s *Server) cohortLine(c echo.Context, k cohorts.Cohort) (cohortLine, error) {
	text := s.text(c)
	of := "/customers?cohort=" + idText(k.ID)
	l := cohortLine{Name: k.Name, Href: "/cohorts/" + idText(k.ID), Sentence: cohortSentence(text, k), Month: k.Month, Counts: k.Counts, Withheld: k.Withheld,
		Customers: of, Matched: of + "&matched=1", Mailable: of + "&mailable=1"}
	if k.Withheld {
		return l, nil
	}
	var err error
	if l.Change, err = s.store.CohortChange(ctx(c), s.scope(c), k.ID); err != nil {
		return l, err
	}
	l.Month, l.Left = l.Change.Month, text.Signed(-int64(l.Change.Left))
	return l, nil
}

// cohortSentence says in words who belongs to a cohort.
func cohortSentence(text *Text, k cohorts.Cohort) string {
	if k.Play != "" {
		tied := k
		tied.Play = ""
		return text.T("cohort.for_play", cohortSentence(text, tied), k.Play)
	}
	if k.Kind == cohorts.ByColumn && k.Name == k.Header {
		return text.T("cohort.column_own", reportName(text, k.Report))
	}
	if k.Kind == cohorts.ByColumn {
		return text.T("cohort.column", k.Header, reportName(text, k.Report))
	}
	e, err := cohorts.Parse(k.Filter)
	if err != nil {
		return k.Filter
	}
	return cohorts.Sentence(e, text.Lang)
}

func newColumnLine(text *Text, k reports.CohortColumn) columnLine {
	path := "/cohorts/columns/" + idText(k.ID) + "/"
	l := columnLine{Href: strings.TrimSuffix(path, "/"), Header: k.Header, Report: reportName(text, string(k.Report)), Members: k.Members, Month: k.LastMonth, Confirm: path + string(reports.CohortConfirmed)}
	if k.State == reports.CohortCandidate {
		l.Dismiss = path + string(reports.CohortDismissed)
	}
	if k.Members > 0 {
		l.Rows = filterPath(columnFilter(k.Header))
	}
	return l
}

// decideColumn makes a column a cohort, dismisses it, or asks again.
func (s *Server) decideColumn(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	said := map[reports.CohortState]string{reports.CohortConfirmed: "cohort.confirmed", reports.CohortDismissed: "cohort.dismissed", reports.CohortCandidate: "cohort.asked_again"}
	state := reports.CohortState(c.Param("state"))
	if said[state] == "" {
		return actnow.ErrNotFound
	}
	if err := s.store.DecideCohortColumn(ctx(c), s.actor(c), reports.CohortColumnID(id), state); err != nil {
		return err
	}
	undo := "/cohorts/columns/" + strconv.FormatInt(id, 10) + "/" + string(reports.CohortCandidate)
	if state == reports.CohortCandidate {
		undo = ""
	}
	return s.done(c, "/cohorts", s.text(c).T(said[state]), undo)
}

// cohortStart is a filter to begin with.
type cohortStart struct{ Name, Text, Href string }

// startFilters are the target groups that partners ask for most.
var startFilters = []struct{ key, filter string }{
	{"azure", `area = azure and cluster in ("Act Now", "Evaluate") and has_m365 = yes and has_azure = no`},
	{"renewal30", `agreement_end >= today and agreement_end <= today + 30d`},
	{"renewal60", `agreement_end >= today and agreement_end <= today + 60d`},
	{"renewal90", `agreement_end >= today and agreement_end <= today + 90d`},
	{"copilot", `area = copilot and cluster in ("Act Now", "Evaluate") and has_m365 = yes`},
	{"e5", `area = security and cluster in ("Act Now", "Evaluate") and has_m365 = yes`},
	{"bc", `area = d365bc and cluster in ("Act Now", "Evaluate") and org_size < 300`},
	{"server", `windows_server_standard_open_renewal = yes or windows_server_datacenter_open_renewal = yes`},
	{"rival", `area = azure and cluster in ("Act Now", "Evaluate") and (has_aws = yes or has_google = yes)`},
	{"new", `cluster = "Act Now" and previous_cluster != "Act Now"`},
	{"unmatched", `cluster = "Act Now" and matched = no`},
}

func cohortStarts(text *Text) []cohortStart {
	var list []cohortStart
	for _, f := range startFilters {
		name := text.T("cohort.start." + f.key)
		list = append(list, cohortStart{Name: name, Text: text.T("cohort.start." + f.key + ".text"),
			Href: "/cohorts/new?" + url.Values{"name": {name}, "where": {f.filter}}.Encode()})
	}
	return list
}
