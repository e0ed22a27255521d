package web

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/cohorts"
)

const cohortPageSize = 50

type cohortPage struct {
	Head      Head
	Note      *Note
	Figures   []Figure
	Filter    string // as text; "" for a column
	Edit      string // path, "" if the reader may not
	Delete    string
	Rename    *Field
	Save      string // where the name is posted to
	Campaigns []campaignUse
	Sides     []bandChoice
	Rows      []memberLine
	NoRows    Empty
	Foot      Foot
}

type campaignUse struct{ Name, Href, State string }

// memberLine is a customer as the pages of cohorts list it.
type memberLine struct {
	Name, Href, Place string
	Area              actnow.Area
	Cell              actnow.Cell
	Month             actnow.Month
	Segment           string
	Revenue           string // "" for those who may not see it
	Mailable          int
	Matched           bool
}

func newMemberLine(text *Text, r actnow.CustomerRow, money bool) memberLine {
	l := memberLine{Name: r.Customer.Label(), Href: "/customers/" + idText(r.Customer.ID), Place: townIn(r.Customer.City, r.Customer.Country),
		Area: r.Standing.Area, Cell: r.Standing.Cell, Month: r.Standing.Month, Segment: string(r.Customer.Segment), Mailable: r.Mailable, Matched: r.Account != 0}
	if money {
		l.Revenue = text.Revenue(r.Standing.Revenue)
	}
	return l
}

// showCohort shows the members of a cohort, or those who joined or left it.
func (s *Server) showCohort(c echo.Context) error {
	k, err := s.cohort(c)
	if err != nil {
		return err
	}
	side, offset, err := cohortQuery(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	p := cohortPage{Head: Head{Crumbs: []Crumb{{Text: text.T("nav.cohorts"), Href: "/cohorts"}, {Text: k.Name}}, Title: k.Name, Text: cohortSentence(text, k)}, Filter: k.Filter}
	if k.Withheld {
		p.Note = &Note{Kind: "warn", Text: text.T("cohort.withheld")}
		p.NoRows = Empty{Icon: "lock", Title: text.T("cohort.withheld_title"), Text: text.T("cohort.withheld")}
		return s.render(c, "cohort", p)
	}
	change, err := s.store.CohortChange(ctx(c), s.scope(c), k.ID)
	if err != nil {
		return err
	}
	p.Figures = cohortFigures(text, k, change)
	if err := s.cohortActions(c, &p, k); err != nil {
		return err
	}
	page, err := s.cohortCustomers(c, k, side, offset)
	if err != nil {
		return err
	}
	for _, r := range page.Rows {
		p.Rows = append(p.Rows, newMemberLine(text, r, s.scope(c).Revenue))
	}
	path := "/cohorts/" + idText(k.ID)
	for _, x := range []struct {
		side cohorts.Side
		n    int
	}{{"", k.Counts.Customers}, {cohorts.Joined, change.Joined}, {cohorts.Left, change.Left}} {
		if x.side != "" && change.Previous == "" {
			continue
		}
		choice := bandChoice{Name: text.T("cohort.side." + string(x.side)), Href: path + "?side=" + string(x.side) + "#customers", Count: x.n, Current: x.side == side}
		if x.side == "" {
			choice.Href = path + "#customers"
		}
		p.Sides = append(p.Sides, choice)
	}
	p.NoRows = Empty{Icon: "users", Title: text.T("cohort.nobody"), Text: text.T("cohort.nobody_text." + string(side))}
	p.Foot = s.cohortFoot(c, k.ID, side, offset, len(p.Rows), page.Total)
	return s.render(c, "cohort", p)
}

func (s *Server) cohort(c echo.Context) (cohorts.Cohort, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return cohorts.Cohort{}, err
	}
	return s.store.Cohort(ctx(c), s.scope(c), actnow.CohortID(id))
}

// cohortArea returns the solution area that a cohort is about, or "".
func cohortArea(k cohorts.Cohort) actnow.Area {
	e, err := cohorts.Parse(k.Filter)
	if err != nil {
		return "" // a column has no filter
	}
	return filterArea(e)
}

func cohortQuery(c echo.Context) (cohorts.Side, int, error) {
	side := cohorts.Side(c.QueryParam("side"))
	if side != "" && side != cohorts.Joined && side != cohorts.Left {
		return "", 0, actnow.Invalid("error.side", "side", "%q is no side: use joined or left", string(side))
	}
	offset, err := queryNumber(c, "offset")
	return side, int(min(offset, 1<<30)), err
}

func (s *Server) cohortCustomers(c echo.Context, k cohorts.Cohort, side cohorts.Side, offset int) (actnow.CustomerPage, error) {
	q := actnow.CustomerQuery{Cohort: k.ID, Area: cohortArea(k), Sort: actnow.SortRevenue, Offset: offset, Limit: cohortPageSize}
	if side == "" {
		return s.store.Customers(ctx(c), s.scope(c), q)
	}
	return s.store.CohortMoved(ctx(c), s.scope(c), k.ID, side, q)
}

func cohortFigures(text *Text, k cohorts.Cohort, change cohorts.Change) []Figure {
	of := "/customers?cohort=" + idText(k.ID)
	figure := func(key string, n int, href, note string) Figure {
		if n == 0 {
			href = ""
		}
		return Figure{Name: text.T(key), Value: text.Number(int64(n)), Href: href, Note: note}
	}
	month := ""
	if change.Month != "" {
		month = text.Month(change.Month)
	}
	list := []Figure{
		figure("cohort.customers", k.Counts.Customers, of, month),
		figure("cohort.matched", k.Counts.Matched, of+"&matched=1", share(text, k.Counts.Matched, k.Counts.Customers)),
		figure("cohort.mailable", k.Counts.Mailable, of+"&mailable=1", share(text, k.Counts.Mailable, k.Counts.Customers)),
	}
	if change.Previous != "" {
		path, since := "/cohorts/"+idText(k.ID), text.T("cohort.since", text.Month(change.Previous))
		joined, left := figure("cohort.joined", change.Joined, path+"?side=joined#customers", since), figure("cohort.left", change.Left, path+"?side=left#customers", since)
		joined.Value, left.Value = text.Signed(int64(change.Joined)), text.Signed(-int64(change.Left))
		list = append(list, joined, left)
	}
	return list
}

// share says how much of the whole a part is.
func share(text *Text, part, whole int) string {
	if whole == 0 {
		return ""
	}
	return text.Percent(float64(part) / float64(whole))
}

// cohortActions sets what the reader may do with the cohort, and which campaigns
// use it.
func (s *Server) cohortActions(c echo.Context, p *cohortPage, k cohorts.Cohort) error {
	text, path := s.text(c), "/cohorts/"+idText(k.ID)
	if s.may(c, actnow.RightCohorts) {
		p.Save = path
		p.Rename = &Field{Name: "name", Label: text.T("cohort.name"), Value: k.Name, Required: true, Autocomplete: "off"}
		if k.Kind == cohorts.ByColumn && k.Column != 0 {
			p.Head.Actions = append(p.Head.Actions, Action{Text: text.T("column.tie"), Href: "/cohorts/columns/" + idText(k.Column), Icon: "pencil"})
		}
		if k.Kind == cohorts.ByFilter {
			p.Edit, p.Delete = path+"/edit", path+"/delete"
			p.Head.Actions = append(p.Head.Actions, Action{Text: text.T("cohort.edit"), Href: p.Edit, Icon: "pencil"})
		}
	}
	if s.may(c, actnow.RightCampaign) {
		path, err := s.campaignPath(c, k)
		if err != nil {
			return err
		}
		p.Head.Actions = append(p.Head.Actions, Action{Text: text.T("home.make"), Href: path, Class: "main"})
	}
	all, err := s.store.Campaigns(ctx(c), s.scope(c))
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.Cohort == k.ID {
			p.Campaigns = append(p.Campaigns, campaignUse{Name: m.Name, Href: "/campaigns/" + idText(m.ID), State: text.T("campaign.state." + string(m.State))})
		}
	}
	return nil
}

func (s *Server) cohortFoot(c echo.Context, id actnow.CohortID, side cohorts.Side, offset, shown, total int) Foot {
	path := "/cohorts/" + idText(id)
	page := func(offset int) string {
		q := url.Values{"offset": {strconv.Itoa(offset)}}
		if side != "" {
			q.Set("side", string(side))
		}
		return path + "?" + q.Encode()
	}
	f := Foot{Range: s.text(c).T("part.range", offset+1, offset+shown, total)}
	if offset > 0 {
		f.Previous = page(max(0, offset-cohortPageSize))
	}
	if offset+shown < total {
		f.Next = page(offset + cohortPageSize)
	}
	if s.may(c, actnow.RightExport) {
		f.CSV = path + "/customers.csv"
		if side != "" {
			f.CSV += "?side=" + string(side)
		} else if s.mayOpen(s.caller(c).role, "/customers.xlsx") {
			f.XLSX = "/customers.xlsx?cohort=" + idText(id)
		}
	}
	return f
}

// exportCohort sends the members of a cohort, or one side of its change, as CSV.
// Money stands in minor units, and only for those who may see it.
func (s *Server) exportCohort(c echo.Context) error {
	k, err := s.cohort(c)
	if err != nil {
		return err
	}
	side, _, err := cohortQuery(c)
	if err != nil {
		return err
	}
	money := s.scope(c).Revenue
	header := []string{"key", "tpid", "name", "domain", "city", "country", "segment", "employees", "area", "month", "cell", "cluster", "matched", "mailable_contacts"}
	if money {
		header = append(header, "revenue_low", "revenue_high", "currency")
	}
	out := newCSV(c, "cohort-"+idText(k.ID)+".csv", header...)
	write := func(r actnow.CustomerRow) error {
		row := []string{r.Customer.Key, r.Customer.TPID, r.Customer.Name, r.Customer.Domain, r.Customer.City, r.Customer.Country, string(r.Customer.Segment),
			wholeText(r.Customer.OrgSize), string(r.Standing.Area), string(r.Standing.Month), string(r.Standing.Cell), string(r.Standing.Cluster),
			strconv.FormatBool(r.Account != 0), strconv.Itoa(r.Mailable)}
		if money {
			row = append(row, wholeText(r.Standing.Revenue.Low), wholeText(r.Standing.Revenue.High), r.Standing.Revenue.Currency)
		}
		return out.write(row...)
	}
	q := actnow.CustomerQuery{Cohort: k.ID, Area: cohortArea(k), Limit: 500}
	if side == "" {
		if err := s.store.EachCustomer(ctx(c), s.scope(c), q, write); err != nil {
			return err
		}
		return out.close()
	}
	for {
		page, err := s.store.CohortMoved(ctx(c), s.scope(c), k.ID, side, q)
		if err != nil {
			return err
		}
		for _, r := range page.Rows {
			if err := write(r); err != nil {
				return err
			}
		}
		if q.Offset += len(page.Rows); len(page.Rows) < q.Limit {
			return out.close()
		}
	}
}

func wholeText(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

func (s *Server) deleteCohort(c echo.Context) error {
	k, err := s.cohort(c)
	if err != nil {
		return err
	}
	if err := s.store.DeleteCohort(ctx(c), s.actor(c), k.ID); err != nil {
		return err
	}
	return s.done(c, "/cohorts", s.text(c).T("cohort.deleted", k.Name), "/cohorts/"+idText(k.ID)+"/restore")
}

func (s *Server) restoreCohort(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.store.RestoreCohort(ctx(c), s.actor(c), actnow.CohortID(id)); err != nil {
		return err
	}
	return s.done(c, "/cohorts/"+strconv.FormatInt(id, 10), s.text(c).T("cohort.restored"), "")
}

// changeCohort gives a cohort another name, and another filter if one is sent.
func (s *Server) changeCohort(c echo.Context) error {
	k, err := s.cohort(c)
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	filter, sent := k.Filter, f.Has("where")
	if sent {
		filter = typedFilter(f)
	}
	err = s.store.ChangeCohort(ctx(c), s.scope(c), s.actor(c), k.ID, f.Get("name"), filter)
	switch {
	case err == nil:
		return s.done(c, "/cohorts/"+idText(k.ID), s.text(c).T("cohort.saved"), "")
	case isInput(err) && k.Kind == cohorts.ByFilter:
		if !sent {
			f.Set("where", filter)
		}
		return s.refuseCohort(c, k.ID, f, err)
	}
	return err
}

func (s *Server) createCohort(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	k, err := s.store.CreateCohort(ctx(c), s.scope(c), s.actor(c), f.Get("name"), typedFilter(f))
	switch {
	case err == nil:
		return s.done(c, "/cohorts/"+idText(k.ID), s.text(c).TN("cohort.created", int64(k.Counts.Customers), k.Name), "/cohorts/"+idText(k.ID)+"/delete")
	case isInput(err):
		return s.refuseCohort(c, 0, f, err)
	}
	return err
}

// refuseCohort shows the form again with what was typed and what is wrong.
func (s *Server) refuseCohort(c echo.Context, id actnow.CohortID, f url.Values, problem error) error {
	p, err := s.cohortForm(c, id, f)
	if err != nil {
		return err
	}
	p.refuse(s.text(c), problem)
	return s.renderStatus(c, http.StatusUnprocessableEntity, "cohort_form", p)
}
