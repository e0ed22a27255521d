package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/reports"
)

// flowStore compares the clusters of two months.
type flowStore interface {
	Flows(ctx context.Context, scope actnow.Scope, area actnow.Area, from, to actnow.Month) (actnow.Flows, error)
}

func (s *Server) flowRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/reports/months", nav: "reports", handle: s.showFlows},
		{method: http.MethodGet, path: "/reports/months.csv", right: actnow.RightExport, handle: s.exportFlows},
		{method: http.MethodGet, path: "/reports/months.xlsx", right: actnow.RightExport, handle: s.exportFlows},
		{method: http.MethodGet, path: "/api/v1/reports/months", handle: s.apiFlows},
	}
}

type flowPage struct {
	Head    Head
	Selects []Select
	Figures []Figure
	Notes   []Note
	Caption string
	Columns []actnow.Cluster
	Rows    []flowRow
	New     flowRow // who has no cluster in the earlier month
	CSV     string
	XLSX    string
	Empty   *Empty
}

// flowRow says where the customers of one cluster went.
type flowRow struct {
	From   actnow.Cluster
	Cells  []flowCell
	Gone   flowCell
	Unseen flowCell
	All    int
}

type flowCell struct {
	Count int
	Href  string // the customers; "" for none
	Class string // "up", "down", "" for where they were
}

// flows reads the comparison that a request asks for.
func (s *Server) flows(c echo.Context) (actnow.Flows, error) {
	area, err := queryArea(c, actnow.Azure)
	if err != nil {
		return actnow.Flows{}, err
	}
	from, err := queryMonthNamed(c, "from")
	if err != nil {
		return actnow.Flows{}, err
	}
	to, err := queryMonthNamed(c, "to")
	if err != nil {
		return actnow.Flows{}, err
	}
	return s.store.Flows(ctx(c), s.scope(c), area, from, to)
}

func (s *Server) showFlows(c echo.Context) error {
	f, err := s.flows(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	p := flowPage{Columns: actnow.Clusters, Head: Head{Crumbs: []Crumb{{Text: text.T("nav.reports"), Href: "/reports"}, {Text: text.T("flow.crumb")}}}}
	if p.Selects, err = s.flowSelects(c, f); err != nil {
		return err
	}
	if f.From == "" {
		p.Head.Title = text.T("flow.none", f.Area.Name())
		p.Empty = &Empty{Icon: "history", Title: p.Head.Title, Text: text.T("flow.none_text")}
		return s.render(c, "flow", p)
	}
	p.Head.Title = text.T("flow.title", f.Area.Name(), f.From, f.To)
	p.Head.Text = text.TN("flow.text", int64(f.Sum(actnow.FlowUp)+f.Sum(actnow.FlowDown)))
	for _, kind := range actnow.FlowKinds {
		n := f.Sum(kind)
		if kind == actnow.FlowUnseen && n == 0 {
			continue
		}
		p.Figures = append(p.Figures, Figure{Name: text.T("flow." + string(kind)), Value: text.Number(int64(n)), Note: text.T("flow." + string(kind) + "_note"), Href: flowCellOf(f, n, kind, "", "").Href})
	}
	if n := f.Sum(actnow.FlowUnseen); n > 0 {
		p.Notes = append(p.Notes, Note{Text: text.TN("flow.unseen_says", int64(n), f.To)})
	}
	p.Caption = text.T("flow.caption", f.Area.Name(), f.From, f.To)
	for _, from := range actnow.Clusters {
		p.Rows = append(p.Rows, newFlowRow(f, from))
	}
	p.New = newFlowRow(f, "")
	if s.may(c, actnow.RightExport) {
		params := url.Values{"area": {string(f.Area)}, "from": {string(f.From)}, "to": {string(f.To)}}.Encode()
		p.CSV, p.XLSX = "/reports/months.csv?"+params, "/reports/months.xlsx?"+params
	}
	return s.render(c, "flow", p)
}

// newFlowRow counts where the customers of a cluster went, those who are new if
// it is "".
func newFlowRow(f actnow.Flows, from actnow.Cluster) flowRow {
	r := flowRow{From: from}
	for i, to := range actnow.Clusters {
		kind := actnow.FlowNew
		if from != "" {
			kind = [...]actnow.Flow{actnow.FlowUp, actnow.FlowSame, actnow.FlowDown}[1+compareInts(i, slices.Index(actnow.Clusters, from))]
		}
		cell := flowCellOf(f, f.Count(kind, from, to), kind, from, to)
		r.Cells, r.All = append(r.Cells, cell), r.All+cell.Count
	}
	if from != "" {
		r.Gone = flowCellOf(f, f.Count(actnow.FlowGone, from, ""), actnow.FlowGone, from, "")
		r.Unseen = flowCellOf(f, f.Count(actnow.FlowUnseen, from, ""), actnow.FlowUnseen, from, "")
		r.All += r.Gone.Count + r.Unseen.Count
	}
	return r
}

// compareInts is -1, 0 or 1.
func compareInts(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// flowCellOf leads a count to its customers.
func flowCellOf(f actnow.Flows, n int, kind actnow.Flow, from, to actnow.Cluster) flowCell {
	cell := flowCell{Count: n}
	switch kind {
	case actnow.FlowUp, actnow.FlowNew:
		cell.Class = "up"
	case actnow.FlowDown, actnow.FlowGone:
		cell.Class = "down"
	}
	if n == 0 {
		return cell
	}
	pairs := []string{"month", string(f.To), "since", string(f.From), "flow", string(kind)}
	if from != "" {
		pairs = append(pairs, "from", string(from))
	}
	if to != "" {
		pairs = append(pairs, "cluster", string(to))
	}
	cell.Href = customersPath(f.Area, pairs...)
	return cell
}

func (s *Server) flowSelects(c echo.Context, f actnow.Flows) ([]Select, error) {
	text := s.text(c)
	area := Select{Name: "area", Label: text.T("flow.area")}
	for _, a := range actnow.Areas {
		area.Options = append(area.Options, Option{Value: string(a), Text: a.Name(), Selected: a == f.Area})
	}
	months, err := s.store.ScoredMonths(ctx(c), f.Area, 120)
	if err != nil {
		return nil, err
	}
	from, to := Select{Name: "from", Label: text.T("flow.from")}, Select{Name: "to", Label: text.T("flow.to")}
	for _, m := range months {
		from.Options = append(from.Options, Option{Value: string(m), Text: text.Month(m), Selected: m == f.From})
		to.Options = append(to.Options, Option{Value: string(m), Text: text.Month(m), Selected: m == f.To})
	}
	if len(months) < 2 {
		return []Select{area}, nil
	}
	return []Select{area, from, to}, nil
}

// flowTitle says who is listed of a comparison.
func flowTitle(text *Text, q actnow.CustomerQuery, n int64) string {
	key := "customers.flow"
	if q.Flow != "" {
		key = "customers.flow_" + string(q.Flow)
	}
	return text.TN(key, n, q.Since, q.Month)
}

// exportFlows sends the comparison as a list of its counts.
func (s *Server) exportFlows(c echo.Context) error {
	format, err := reports.FormatOf(c.Request().URL.Path)
	if err != nil {
		return err
	}
	f, err := s.flows(c)
	if err != nil {
		return err
	}
	rows := func(yield func([]string, error) bool) {
		for _, k := range f.Counts {
			if !yield([]string{string(f.Area), string(f.From), string(f.To), string(k.Flow), string(k.From), string(k.To), strconv.Itoa(k.Customers)}, nil) {
				return
			}
		}
	}
	return s.sendSheet(c, "months-"+string(f.Area)+"."+string(format), format,
		reports.Sheet{Columns: reports.PlainColumns("area", "from_month", "to_month", "flow", "from", "to", "customers"), Rows: rows})
}

func (s *Server) apiFlows(c echo.Context) error {
	f, err := s.flows(c)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, f)
}
