package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/cohorts"
	"actnow/scoring"
)

// customerStore reads customers, one and many.
type customerStore interface {
	Customers(ctx context.Context, scope actnow.Scope, q actnow.CustomerQuery) (actnow.CustomerPage, error)
	EachCustomer(ctx context.Context, scope actnow.Scope, q actnow.CustomerQuery, fn func(actnow.CustomerRow) error) error
	Customer(ctx context.Context, scope actnow.Scope, id actnow.CustomerID) (actnow.CustomerDetail, error)
	Sources(ctx context.Context, scope actnow.Scope, id actnow.CustomerID) ([]scoring.Sourced, error)
	Cohorts(ctx context.Context, scope actnow.Scope) ([]cohorts.Cohort, error)
}

func (s *Server) customerRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/customers", nav: "customers", handle: s.showCustomers},
		{method: http.MethodGet, path: "/customers.csv", right: actnow.RightExport, handle: s.exportCustomers},
		{method: http.MethodGet, path: "/customers.xlsx", right: actnow.RightExport, handle: s.exportCustomers},
		{method: http.MethodGet, path: "/customers/:id", nav: "customers", handle: s.showCustomer},
		{method: http.MethodGet, path: "/api/v1/customers", handle: s.apiCustomers},
		{method: http.MethodGet, path: "/api/v1/customers/:id", handle: s.apiCustomer},
	}
}

// customerPageSize is how many customers a page lists.
const customerPageSize = 50

type customersPage struct {
	Head     Head
	Areas    []areaChoice
	Query    actnow.CustomerQuery
	Search   Field
	Selects  []Select
	Flags    []flagChoice
	Where    whereField
	Hidden   []Option // filters that links set and the form has no field for
	Filtered bool     // something beside area and search is chosen
	Columns  []sortColumn
	Rows     []customerLine
	Counts   customerCounts
	Empty    *Empty
	Foot     Foot
	Grid     string // the matrix of the area, "" without one
	Cohort   string // where the filter becomes a cohort, "" if it cannot
}

// flagChoice is a filter that is on or off.
type flagChoice struct {
	Name, Text string
	On         bool
}

// whereField is the filter as text. A filter that cannot be read is shown with
// the place where reading stopped.
type whereField struct {
	Value      string
	Sentence   string // what a readable filter says, in plain words
	Error      string
	Before, At string // the text up to the place, and the rest
}

type sortColumn struct {
	Text, Href string
	Sorted     string // for aria-sort; "" if not by this
	Number     bool
}

// customerCounts are what the sentence under the heading says.
type customerCounts struct {
	Total, Matched, Mailable  int
	MatchedHref, MailableHref string
	Month                     actnow.Month // "" is now
}

// customerLine is a row of a list of customers.
type customerLine struct {
	actnow.CustomerRow
	Href, Name, Note  string
	Size, Fit, Intent string // in words; "" for unknown
	Before            string // where the customer comes from, "" if nothing moved
	CRM               Badge
	ByArea, Revenue   bool // which columns there are
}

func (s *Server) showCustomers(c echo.Context) error {
	q, err := s.customerQuery(c)
	if err != nil {
		return err
	}
	text, scope := s.text(c), s.scope(c)
	page, err := s.store.Customers(ctx(c), scope, q)
	where, err := whereOf(text, q.Filter, err)
	if err != nil {
		return err
	}
	all, err := s.store.Cohorts(ctx(c), scope)
	if err != nil {
		return err
	}
	p := s.customersPage(c, q, page, where, all)
	if where.Error != "" {
		return s.renderStatus(c, http.StatusUnprocessableEntity, "customers", p)
	}
	return s.render(c, "customers", p)
}

// whereOf says what a filter means, or where and why it cannot be read. Errors
// about anything else come back.
func whereOf(text *Text, filter string, err error) (whereField, error) {
	w := whereField{Value: filter}
	var syntax *cohorts.SyntaxError
	var input *actnow.InputError
	switch {
	case errors.As(err, &syntax):
		w.Error = text.T("customers.where_error", syntax.Line, syntax.Column, text.T(syntax.Code, syntax.Args...))
		if !text.Has(syntax.Code) {
			w.Error = text.T("customers.where_error", syntax.Line, syntax.Column, syntax.Text())
		}
		if syntax.Suggestion != "" {
			w.Error += " " + text.T("customers.where_instead", syntax.Suggestion)
		}
		w.Before, w.At = filter[:syntax.Pos], filter[syntax.Pos:]
		return w, nil
	case errors.As(err, &input) && input.Field == "filter":
		w.Error = text.Error(input)
		return w, nil
	case err != nil:
		return w, err
	}
	if e, err := cohorts.Parse(filter); filter != "" && err == nil {
		w.Sentence = cohorts.Sentence(e, text.Lang)
	}
	return w, nil
}

func (s *Server) customersPage(c echo.Context, q actnow.CustomerQuery, page actnow.CustomerPage, where whereField, all []cohorts.Cohort) customersPage {
	text, params := s.text(c), c.QueryParams()
	revenue := s.scope(c).Revenue
	p := customersPage{
		Query: q, Where: where,
		Search:  Field{Name: "q", Label: text.T("customers.search"), Type: "search", Value: q.Search, Autocomplete: "off"},
		Selects: customerSelects(text, q, all),
		Flags:   customerFlags(text, q),
		Columns: customerColumns(text, q, params, revenue),
		Filtered: q.Cell != "" || q.Cluster != "" || q.Segment != "" || q.Move != "" || q.Cohort != 0 || q.Filter != "" || q.Unscored || q.Gone || q.Matched || q.Mailable ||
			q.Since != "" || q.Differ || q.Report != "" || q.Ours != "",
	}
	p.Areas = append(p.Areas, areaChoice{Href: "/customers?" + without(params, append(ofArea, "area", "offset")...).Encode(), Current: q.Area == ""})
	for _, a := range actnow.Areas {
		p.Areas = append(p.Areas, areaChoice{Area: a, Href: "/customers?" + with(without(params, "offset"), "area", string(a)).Encode(), Current: a == q.Area})
	}
	if q.Month != "" {
		p.Hidden = append(p.Hidden, Option{Value: string(q.Month), Text: "month"})
	}
	for _, name := range []string{"disagree", "differ", "since", "flow", "from", "report", "ours"} {
		if v := c.QueryParam(name); v != "" && v != "0" {
			p.Hidden = append(p.Hidden, Option{Value: v, Text: name})
		}
	}
	p.Rows = customerLines(text, page.Rows, q.Area != "", revenue)
	p.Counts = customerCounts{Total: page.Total, Matched: page.Matched, Mailable: page.Mailable, Month: q.Month,
		MatchedHref:  "/customers?" + with(without(params, "offset"), "matched", "1").Encode(),
		MailableHref: "/customers?" + with(without(params, "offset"), "mailable", "1").Encode(),
	}
	p.Head = s.customersHead(c, q, page, where, all)
	if q.Area != "" {
		p.Grid = "/grid?area=" + url.QueryEscape(string(q.Area))
	}
	if rule, ok := queryRule(q, all); ok && rule != "" && s.may(c, actnow.RightCohorts) && where.Error == "" {
		p.Cohort = "/cohorts/new?where=" + url.QueryEscape(rule)
	}
	p.Foot = s.customersFoot(c, q, page)
	if page.Total == 0 && where.Error == "" {
		p.Empty = &Empty{Icon: "search", Title: text.T("customers.none"), Text: text.T("customers.none_text"),
			Actions: []Action{{Text: text.T("customers.all"), Href: "/customers"}}}
		if len(params) == 0 {
			p.Empty = &Empty{Icon: "building-2", Title: text.T("customers.empty"), Text: text.T("customers.empty_text")}
			if s.may(c, actnow.RightImport) {
				p.Empty.Actions = []Action{{Text: text.T("home.upload"), Href: "/reports", Class: "main"}}
			}
		}
	}
	return p
}

// customersHead answers with how many there are of what was asked for.
func (s *Server) customersHead(c echo.Context, q actnow.CustomerQuery, page actnow.CustomerPage, where whereField, all []cohorts.Cohort) Head {
	text := s.text(c)
	h := Head{Crumbs: []Crumb{{Text: text.T("nav.customers"), Href: "/customers"}}}
	if where.Error != "" {
		h.Title = text.T("customers.where_wrong")
		return h
	}
	n := int64(page.Total)
	switch {
	case q.Since != "":
		h.Title = flowTitle(text, q, n)
	case q.Differ || q.Report != "" && q.Ours != "":
		h.Title = differTitle(text, q, n)
	case q.Cell != "":
		h.Title = text.TN("customers.in", n, string(q.Cell))
	case q.Move != "":
		h.Title = text.TN("customers.moved_"+string(q.Move), n)
	case q.Cluster != "":
		h.Title = text.TN("customers.in", n, text.Cluster(q.Cluster))
	case q.Unscored:
		h.Title = text.TN("customers.unscored", n)
	case q.Disagree:
		h.Title = text.TN("customers.disagree", n)
	case q.Gone:
		h.Title = text.TN("customers.gone", n)
	default:
		h.Title = text.TN("customers.count", n)
	}
	if q.Area != "" {
		h.Title = text.T("customers.area", q.Area.Name(), h.Title)
	}
	if q.Area != "" {
		h.Crumbs = append(h.Crumbs, Crumb{Text: q.Area.Name(), Href: customersPath(q.Area)})
	}
	if rule, ok := queryRule(q, all); ok && rule != "" && page.Total > 0 && s.may(c, actnow.RightCampaign) {
		h.Actions = append(h.Actions, Action{Text: text.T("home.make"), Href: "/campaigns/new?where=" + url.QueryEscape(rule), Class: "main"})
	}
	return h
}

func (s *Server) customersFoot(c echo.Context, q actnow.CustomerQuery, page actnow.CustomerPage) Foot {
	text, params := s.text(c), without(c.QueryParams(), "offset")
	var f Foot
	if len(page.Rows) > 0 {
		f.Range = text.T("customers.range", q.Offset+1, q.Offset+len(page.Rows), page.Total)
	}
	if before := q.Offset - customerPageSize; before > 0 {
		f.Previous = "/customers?" + with(params, "offset", strconv.Itoa(before)).Encode()
	} else if q.Offset > 0 {
		f.Previous = "/customers?" + params.Encode()
	}
	if after := q.Offset + len(page.Rows); len(page.Rows) > 0 && after < page.Total {
		f.Next = "/customers?" + with(params, "offset", strconv.Itoa(after)).Encode()
	}
	if s.may(c, actnow.RightExport) && page.Total > 0 {
		f.CSV, f.XLSX = "/customers.csv?"+params.Encode(), "/customers.xlsx?"+params.Encode()
	}
	return f
}

func customerLines(text *Text, rows []actnow.CustomerRow, byArea, revenue bool) []customerLine {
	lines := make([]customerLine, len(rows))
	for i, r := range rows {
		l := customerLine{CustomerRow: r, Href: customerPath(r.Customer.ID), Name: r.Customer.Name, Note: r.Customer.Domain,
			Fit: text.score(r.Standing.Fit, r.Standing.FitBand), Intent: text.score(r.Standing.Intent, r.Standing.IntentBand), ByArea: byArea, Revenue: revenue}
		if size := r.Customer.OrgSize; size != nil {
			l.Size = text.TN("customer.employees", *size)
		}
		switch p := r.Standing; {
		case p.Cluster == "":
		case p.PreviousMonth == "":
			l.Before = text.T("customers.new")
		case p.PreviousCluster != p.Cluster:
			l.Before = text.T("customers.from", text.Cluster(p.PreviousCluster))
		}
		switch {
		case l.Name == "" && l.Note == "":
			l.Name, l.Note = text.T("customer.unnamed", r.Customer.TPID), text.T("customer.name_withheld")
		case l.Name == "":
			l.Name, l.Note = r.Customer.Domain, text.T("customer.name_withheld")
		case l.Note == "":
			l.Note = text.T("customer.no_domain")
		}
		if r.Customer.GoneMonth != "" {
			l.Note += " · " + text.T("customer.gone_since", r.Customer.GoneMonth)
		}
		switch {
		case r.Account != 0 && r.Mailable > 0:
			l.CRM = Badge{Kind: "ok", Icon: "check", Text: text.TN("customers.mailable", int64(r.Mailable))}
		case r.Account != 0:
			l.CRM = Badge{Kind: "ok", Icon: "check", Text: text.T("customers.matched")}
		case r.Review:
			l.CRM = Badge{Kind: "warn", Icon: "circle-help", Text: text.T("customers.review")}
		default:
			l.CRM = Badge{Kind: "line", Text: text.T("customers.no_account")}
		}
		lines[i] = l
	}
	return lines
}

// score writes a score rounded down, as everywhere, or the band where only that
// is known, or nothing.
func (t *Text) score(score *float64, band actnow.Band) string {
	switch {
	case score != nil:
		return Ladder{Score: score}.Shown()
	case band != "":
		return t.Band(band)
	}
	return ""
}

func customerPath(id actnow.CustomerID) string {
	return "/customers/" + strconv.FormatInt(int64(id), 10)
}

// with returns the query with one value set.
func with(q url.Values, key, value string) url.Values {
	w := without(q, key)
	w.Set(key, value)
	return w
}
