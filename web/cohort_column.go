package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
	"actnow/cohorts"
	"actnow/reports"
)

// columnStore names the Yes/No columns of reports and ties them to plays.
type columnStore interface {
	CohortColumn(ctx context.Context, scope actnow.Scope, id reports.CohortColumnID) (reports.CohortColumn, error)
	NameCohortColumn(ctx context.Context, scope actnow.Scope, by actnow.Actor, id reports.CohortColumnID, name, play string) error
}

func (s *Server) columnRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/cohorts/columns/:id", right: actnow.RightCohorts, nav: "cohorts", handle: s.showColumn},
		{method: http.MethodPost, path: "/cohorts/columns/:id", right: actnow.RightCohorts, maxBody: 64 << 10, handle: s.nameColumn},
		{method: http.MethodGet, path: "/api/v1/cohort-columns", handle: s.apiColumns},
		{method: http.MethodPost, path: "/api/v1/cohort-columns/:id", right: actnow.RightCohorts, maxBody: 64 << 10, handle: s.apiDecideColumn},
	}
}

type columnPage struct {
	Head    Head
	Figures []Figure
	Rows    []memberLine // some who say Yes
	All     string       // all of them
	Name    Field
	Play    Field
	Plays   []string // that are known
	Post    string
	Save    string // what the button says
	Dismiss string // "" unless it waits
}

// sampleRows is how many customers a column shows.
const sampleRows = 5

func (s *Server) column(c echo.Context) (reports.CohortColumn, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return reports.CohortColumn{}, err
	}
	return s.store.CohortColumn(ctx(c), s.scope(c), reports.CohortColumnID(id))
}

func (s *Server) showColumn(c echo.Context) error {
	k, err := s.column(c)
	if err != nil {
		return err
	}
	return s.renderColumn(c, http.StatusOK, k, nil)
}

// renderColumn shows a column and the form that makes it a cohort; refused, if
// not nil, says what of the form cannot be used.
func (s *Server) renderColumn(c echo.Context, status int, k reports.CohortColumn, refused *actnow.InputError) error {
	text := s.text(c)
	path := "/cohorts/columns/" + idText(k.ID)
	p := columnPage{Post: path, Save: text.T("column.confirm"), Head: Head{Title: k.Header, Text: text.T("column.text", reportName(text, string(k.Report)), k.LastMonth),
		Crumbs: []Crumb{{Text: text.T("nav.cohorts"), Href: "/cohorts"}, {Text: text.T("column.crumb")}}}}
	line := newColumnLine(text, k)
	p.All = line.Rows
	p.Figures = []Figure{
		{Name: text.T("column.yes"), Value: text.Number(int64(k.Members)), Href: line.Rows},
		{Name: text.T("column.no"), Value: text.Number(int64(max(0, k.Customers-k.Blank-k.Members)))},
		{Name: text.T("column.blank"), Value: text.Number(int64(k.Blank)), Note: text.T("column.blank_note")},
	}
	p.Name = Field{Name: "name", Label: text.T("cohort.name"), Value: k.Name, Autocomplete: "off", Required: true, Hint: text.T("column.name_hint")}
	p.Play = Field{Name: "play", Label: text.T("column.play"), Value: k.Play, Autocomplete: "off", Hint: text.T("column.play_hint")}
	if refused != nil {
		field := &p.Name
		if refused.Field == "play" {
			field = &p.Play
		}
		field.Error = text.Error(refused)
	}
	switch k.State {
	case reports.CohortCandidate:
		p.Dismiss = line.Dismiss
	case reports.CohortConfirmed:
		p.Save = text.T("column.save")
	}
	var err error
	if p.Plays, err = s.plays(c); err != nil {
		return err
	}
	if k.Members > 0 {
		page, err := s.store.Customers(ctx(c), s.scope(c), actnow.CustomerQuery{Filter: columnFilter(k.Header), Limit: sampleRows})
		if err != nil {
			return err
		}
		for _, r := range page.Rows {
			p.Rows = append(p.Rows, newMemberLine(text, r, s.scope(c).Revenue))
		}
	}
	return s.renderStatus(c, status, "column", p)
}

// plays are the solution plays that packs and columns name.
func (s *Server) plays(c echo.Context) ([]string, error) {
	packs, err := s.store.Packs(ctx(c))
	if err != nil {
		return nil, err
	}
	columns, err := s.store.CohortColumns(ctx(c), s.scope(c), "")
	if err != nil {
		return nil, err
	}
	var list []string
	for _, k := range packs {
		list = append(list, k.Play)
	}
	for _, k := range columns {
		list = append(list, k.Play)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return slices.DeleteFunc(list, func(play string) bool { return play == "" }), nil
}

// columnFilter chooses who says Yes under a header.
func columnFilter(header string) string {
	return `raw."` + strings.ReplaceAll(header, `"`, `""`) + `" = "Yes"`
}

func (s *Server) nameColumn(c echo.Context) error {
	k, err := s.column(c)
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	k.Name, k.Play = f.Get("name"), f.Get("play")
	err = s.store.NameCohortColumn(ctx(c), s.scope(c), s.actor(c), k.ID, k.Name, k.Play)
	var input *actnow.InputError
	if errors.As(err, &input) {
		return s.renderColumn(c, http.StatusUnprocessableEntity, k, input)
	}
	if err != nil {
		return err
	}
	undo := "/cohorts/columns/" + idText(k.ID) + "/" + string(reports.CohortCandidate)
	if k.State == reports.CohortConfirmed {
		undo = ""
	}
	return s.done(c, "/cohorts", s.text(c).T("cohort.confirmed"), undo)
}

// packOfPlay returns the newest pack of the play that is not over, 0 if there is
// none.
func packOfPlay(packs []campaigns.KeptPack, play string, expired func(campaigns.KeptPack) bool) actnow.PackID {
	var best actnow.PackID
	for _, k := range packs {
		if play != "" && strings.EqualFold(strings.TrimSpace(k.Play), play) && !expired(k) && k.ID > best {
			best = k.ID
		}
	}
	return best
}

// campaignPath leads to a new campaign to the cohort, with the pack of its play.
func (s *Server) campaignPath(c echo.Context, k cohorts.Cohort) (string, error) {
	path := "/campaigns/new?cohort=" + idText(k.ID)
	if k.Play == "" {
		return path, nil
	}
	packs, err := s.store.Packs(ctx(c))
	if err != nil {
		return "", err
	}
	if pack := packOfPlay(packs, k.Play, func(k campaigns.KeptPack) bool { return k.Expired(s.now().In(s.cfg.Zone)) }); pack != 0 {
		path += "&pack=" + idText(pack)
	}
	return path, nil
}

// columnJSON is a Yes/No column as the API answers it.
type columnJSON struct {
	ID         reports.CohortColumnID `json:"id"`
	Report     reports.Kind           `json:"report"`
	Header     string                 `json:"header"`
	State      reports.CohortState    `json:"state"`
	Name       string                 `json:"name"`
	Play       string                 `json:"play"`
	FirstMonth actnow.Month           `json:"first_month"`
	LastMonth  actnow.Month           `json:"last_month"`
	Members    int                    `json:"members"`
	By         string                 `json:"decided_by"`
}

func (s *Server) apiColumns(c echo.Context) error {
	state, err := queryChoice(c, "state", []reports.CohortState{reports.CohortCandidate, reports.CohortConfirmed, reports.CohortDismissed})
	if err != nil {
		return err
	}
	list, err := s.store.CohortColumns(ctx(c), s.scope(c), state)
	if err != nil {
		return err
	}
	out := struct {
		Items []columnJSON `json:"items"`
	}{[]columnJSON{}}
	for _, k := range list {
		out.Items = append(out.Items, columnJSON{k.ID, k.Report, k.Header, k.State, k.Name, k.Play, k.FirstMonth, k.LastMonth, k.Members, k.DecidedBy})
	}
	return s.answer(c, http.StatusOK, out)
}

func (s *Server) apiDecideColumn(c echo.Context) error {
	k, err := s.column(c)
	if err != nil {
		return err
	}
	in := struct {
		State reports.CohortState `json:"state"`
		Name  string              `json:"name"`
		Play  string              `json:"play"`
	}{Name: k.Name, Play: k.Play}
	if err := body(c, &in); err != nil {
		return err
	}
	if in.State == reports.CohortConfirmed {
		err = s.store.NameCohortColumn(ctx(c), s.scope(c), s.actor(c), k.ID, in.Name, in.Play)
	} else {
		err = s.store.DecideCohortColumn(ctx(c), s.actor(c), k.ID, in.State)
	}
	if err != nil {
		return err
	}
	if k, err = s.column(c); err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, columnJSON{k.ID, k.Report, k.Header, k.State, k.Name, k.Play, k.FirstMonth, k.LastMonth, k.Members, k.DecidedBy})
}
