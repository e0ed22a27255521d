package web

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/reports"
)

// gridStore reads the matrix of an area, and which months have one.
type gridStore interface {
	Grid(ctx context.Context, scope actnow.Scope, area actnow.Area, month actnow.Month) (actnow.Grid, error)
	AreaGrids(ctx context.Context, scope actnow.Scope) ([]actnow.Grid, error)
	ScoredMonths(ctx context.Context, area actnow.Area, n int) ([]actnow.Month, error)
}

func (s *Server) gridRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/grid", nav: "customers", handle: s.showGrid},
		{method: http.MethodGet, path: "/grid.csv", right: actnow.RightExport, handle: s.exportGrid},
		{method: http.MethodGet, path: "/grid.xlsx", right: actnow.RightExport, handle: s.exportGrid},
		{method: http.MethodGet, path: "/api/v1/grid", handle: s.apiGrid},
	}
}

// gridRows is how many customers of the open cell are listed under the matrix.
const gridRows = 20

type gridPage struct {
	Head     Head
	Grid     actnow.Grid
	Scored   int
	Unscored string // where they are
	Disagree string
	Months   []monthChoice
	Matrix   Matrix
	Reading  string // by which matrix and bands
	Clusters []clusterLine
	All      clusterLine
	Areas    []areaThumb
	Cells    []gridLine // the same as a table
	Open     actnow.Cell
	OpenText string
	Columns  []sortColumn
	Rows     []customerLine
	Range    string
	List     string // all of the open cell
	Foot     Foot
	Revenue  bool
	Empty    *Empty
}

type monthChoice struct {
	Month   actnow.Month
	Href    string
	Current bool
}

type clusterLine struct {
	Cluster  actnow.Cluster
	Count    int
	Change   int
	Compared bool
	Href     string
	Money    string
}

// areaThumb is a small multiple: the matrix of one area as a picture, with its
// number in words.
type areaThumb struct {
	Area     actnow.Area
	Href     string
	Current  bool
	Thumb    Thumb
	ActNow   int
	Change   int
	Compared bool
	Scored   bool
}

type gridLine struct {
	actnow.GridCell
	Href, Revenue string
}

func (s *Server) showGrid(c echo.Context) error {
	area, err := queryArea(c, actnow.Azure)
	if err != nil {
		return err
	}
	month, err := queryMonth(c)
	if err != nil {
		return err
	}
	open, err := queryCell(c)
	if err != nil {
		return err
	}
	text, scope := s.text(c), s.scope(c)
	months, err := s.store.ScoredMonths(ctx(c), area, historyMonths)
	if err != nil {
		return err
	}
	if month != "" && !slices.Contains(months, month) {
		return actnow.Invalid("error.no_scores", "month", "there are no scores of %s for %s", area.Name(), string(month))
	}
	g, err := s.store.Grid(ctx(c), scope, area, month)
	if err != nil {
		return err
	}
	open = openCell(g, open)
	p := gridPage{Grid: g, Open: open, Revenue: scope.Revenue}
	p.Matrix = gridMatrix(text, g, open, false)
	p.Reading = text.T("grid.reading", matrixName(text, g.Matrix), g.Edges.High, g.Edges.Medium, g.Edges.Low)
	for _, cell := range g.Cells {
		p.Scored += cell.Count
		p.Cells = append(p.Cells, gridLine{GridCell: cell, Href: cellPath(g, cell.Cell), Revenue: text.Sums(cell.Revenue)})
	}
	p.Unscored = customersPath(area, "unscored", "1", "month", string(g.Month))
	p.Disagree = customersPath(area, "disagree", "1", "month", string(g.Month))
	slices.Reverse(months)
	for _, m := range months {
		p.Months = append(p.Months, monthChoice{Month: m, Href: "/grid?" + url.Values{"area": {string(area)}, "month": {string(m)}, "cell": {string(open)}}.Encode(), Current: m == g.Month})
	}
	p.Clusters, p.All = clusterLines(text, g, scope)
	if p.Areas, err = s.areaThumbs(c, area); err != nil {
		return err
	}
	if g.Month == "" {
		p.Empty = &Empty{Icon: "table", Title: text.T("home.no_scores", area.Name()), Text: text.T("grid.empty_text")}
		if s.may(c, actnow.RightImport) {
			p.Empty.Actions = []Action{{Text: text.T("home.upload"), Href: "/reports", Class: "main"}}
		}
	} else if err := s.openRows(c, &p, area); err != nil {
		return err
	}
	p.Head = s.gridHead(c, p)
	return s.render(c, "grid", p)
}

// openCell is the cell asked for, else the hottest one that holds anybody.
func openCell(g actnow.Grid, want actnow.Cell) actnow.Cell {
	if want != "" {
		return want
	}
	for _, cell := range g.Cells {
		if cell.Cluster == actnow.ActNow && cell.Count > 0 {
			return cell.Cell
		}
	}
	if i := slices.IndexFunc(g.Cells, func(cell actnow.GridCell) bool { return cell.Count > 0 }); i >= 0 {
		return g.Cells[i].Cell
	}
	return ""
}

// openRows reads the first customers of the open cell.
func (s *Server) openRows(c echo.Context, p *gridPage, area actnow.Area) error {
	text := s.text(c)
	i := slices.IndexFunc(p.Grid.Cells, func(cell actnow.GridCell) bool { return cell.Cell == p.Open })
	if i < 0 {
		return nil
	}
	cell := p.Grid.Cells[i]
	q := actnow.CustomerQuery{Area: area, Month: p.Grid.Month, Cell: p.Open, Sort: actnow.SortIntent, Limit: gridRows}
	if p.Revenue {
		q.Sort = actnow.SortRevenue
	}
	page, err := s.store.Customers(ctx(c), s.scope(c), q)
	if err != nil {
		return err
	}
	p.Rows = customerLines(text, page.Rows, true, p.Revenue)
	p.OpenText = text.TN("customers.count", int64(page.Total))
	if p.Revenue && len(cell.Revenue) > 0 {
		p.OpenText += ", " + text.Sums(cell.Revenue)
	}
	p.Columns = customerColumns(text, q, url.Values{}, p.Revenue)
	for j := range p.Columns {
		p.Columns[j].Href = ""
	}
	p.List = cellPath(p.Grid, p.Open)
	params := url.Values{"area": {string(area)}, "month": {string(p.Grid.Month)}, "cell": {string(p.Open)}, "sort": {string(q.Sort)}}.Encode()
	p.Foot = Foot{Range: text.T("customers.range", min(1, len(page.Rows)), len(page.Rows), page.Total)}
	if page.Total > len(page.Rows) {
		p.Foot.Next = "/customers?" + params
	}
	if s.may(c, actnow.RightExport) && page.Total > 0 {
		p.Foot.CSV, p.Foot.XLSX = "/customers.csv?"+params, "/customers.xlsx?"+params
	}
	return nil
}

// cellPath leads to the customers of a cell in the month of the grid.
func cellPath(g actnow.Grid, cell actnow.Cell) string {
	return customersPath(g.Area, "cell", string(cell), "month", string(g.Month))
}

func (s *Server) gridHead(c echo.Context, p gridPage) Head {
	text, g := s.text(c), p.Grid
	h := Head{Crumbs: []Crumb{{Text: text.T("nav.customers"), Href: "/customers"}, {Text: text.T("grid.title")}}}
	if g.Month == "" {
		h.Title = text.T("home.no_scores", g.Area.Name())
		return h
	}
	ready := 0
	for _, l := range p.Clusters {
		if l.Cluster == actnow.ActNow {
			ready = l.Count
		}
	}
	h.Title = text.TN("grid.ready", int64(ready), g.Area.Name())
	if s.may(c, actnow.RightExport) {
		h.Actions = append(h.Actions, Action{Text: text.T("grid.export"), Icon: "download",
			Href: "/grid.csv?" + url.Values{"area": {string(g.Area)}, "month": {string(g.Month)}}.Encode()})
	}
	newest := len(p.Months) > 0 && p.Months[len(p.Months)-1].Current
	if rule, ok := queryRule(actnow.CustomerQuery{Area: g.Area, Cell: p.Open}, nil); ok && newest && p.Open != "" && len(p.Rows) > 0 && s.may(c, actnow.RightCampaign) {
		h.Actions = append(h.Actions, Action{Text: text.T("grid.make", string(p.Open)), Href: "/campaigns/new?where=" + url.QueryEscape(rule), Class: "main"})
	}
	return h
}

// clusterLines says how many each cluster holds; together they are the scored.
func clusterLines(text *Text, g actnow.Grid, scope actnow.Scope) (lines []clusterLine, all clusterLine) {
	var sums []actnow.Money
	for _, k := range g.Clusters {
		l := clusterLine{Cluster: k.Cluster, Count: k.Count, Change: k.Count - k.Previous, Compared: g.Previous != "",
			Href: customersPath(g.Area, "cluster", string(k.Cluster), "month", string(g.Month))}
		if scope.Revenue {
			l.Money = text.Sums(k.Revenue)
		}
		lines = append(lines, l)
		all.Count += k.Count
		for _, m := range k.Revenue {
			sums = actnow.AddMoney(sums, m)
		}
	}
	if scope.Revenue {
		all.Money = text.Sums(sums)
	}
	return lines, all
}

// areaThumbs draws the latest matrix of every area.
func (s *Server) areaThumbs(c echo.Context, shown actnow.Area) ([]areaThumb, error) {
	grids, err := s.store.AreaGrids(ctx(c), s.scope(c))
	if err != nil {
		return nil, err
	}
	var list []areaThumb
	for _, g := range grids {
		t := areaThumb{Area: g.Area, Href: "/grid?area=" + url.QueryEscape(string(g.Area)), Current: g.Area == shown, Compared: g.Previous != "", Scored: g.Month != "", Thumb: newThumb(g)}
		for _, k := range g.Clusters {
			if k.Cluster == actnow.ActNow {
				t.ActNow, t.Change = k.Count, k.Count-k.Previous
			}
		}
		list = append(list, t)
	}
	return list, nil
}

// exportGrid sends the matrix as a list of its cells.
func (s *Server) exportGrid(c echo.Context) error {
	area, err := queryArea(c, actnow.Azure)
	if err != nil {
		return err
	}
	month, err := queryMonth(c)
	if err != nil {
		return err
	}
	format, err := reports.FormatOf(c.Request().URL.Path)
	if err != nil {
		return err
	}
	scope := s.scope(c)
	g, err := s.store.Grid(ctx(c), scope, area, month)
	if err != nil {
		return err
	}
	headers := []string{"area", "month", "cell", "fit_band", "intent_band", "cluster", "customers", "previous_month", "previous_customers", "matched", "mailable"}
	if scope.Revenue {
		headers = append(headers, "revenue_low", "currency")
	}
	return s.sendSheet(c, "grid-"+string(area)+"."+string(format), format, reports.Sheet{Columns: reports.PlainColumns(headers...), Rows: gridCells(g, scope)})
}

// gridCells yields a row for each cell, and one more for each further currency.
func gridCells(g actnow.Grid, scope actnow.Scope) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, k := range g.Cells {
			row := []string{string(g.Area), string(g.Month), string(k.Cell), string(k.Fit), string(k.Intent), string(k.Cluster), strconv.Itoa(k.Count),
				string(g.Previous), strconv.Itoa(k.Previous), strconv.Itoa(k.Matched), strconv.Itoa(k.Mailable)}
			if !scope.Revenue {
				if !yield(row, nil) {
					return
				}
				continue
			}
			sums := k.Revenue
			if len(sums) == 0 {
				sums = []actnow.Money{{}}
			}
			for _, m := range sums {
				low := ""
				if m.Currency != "" {
					low = plainMoney(&m.Minor)
				}
				if !yield(append(slices.Clone(row), low, m.Currency), nil) {
					return
				}
			}
		}
	}
}

func (s *Server) apiGrid(c echo.Context) error {
	type cell struct {
		Cell     actnow.Cell    `json:"cell"`
		Fit      actnow.Band    `json:"fit"`
		Intent   actnow.Band    `json:"intent"`
		Cluster  actnow.Cluster `json:"cluster"`
		Count    int            `json:"count"`
		Previous int            `json:"previous"`
		Matched  int            `json:"matched"`
		Mailable int            `json:"mailable"`
		Revenue  []actnow.Money `json:"revenue,omitempty"`
	}
	type grid struct {
		Area     actnow.Area  `json:"area"`
		Month    actnow.Month `json:"month,omitempty"`
		Previous actnow.Month `json:"previous_month,omitempty"`
		Matrix   string       `json:"matrix,omitempty"`
		Cells    []cell       `json:"cells"`
		Unscored int          `json:"unscored"`
		Disagree int          `json:"disagree"`
	}
	area, err := queryArea(c, actnow.Azure)
	if err != nil {
		return err
	}
	month, err := queryMonth(c)
	if err != nil {
		return err
	}
	g, err := s.store.Grid(ctx(c), s.scope(c), area, month)
	if err != nil {
		return err
	}
	out := grid{Area: g.Area, Month: g.Month, Previous: g.Previous, Matrix: g.Matrix, Cells: []cell{}, Unscored: g.Unscored, Disagree: g.Disagree}
	for _, k := range g.Cells {
		line := cell{Cell: k.Cell, Fit: k.Fit, Intent: k.Intent, Cluster: k.Cluster, Count: k.Count, Previous: k.Previous, Matched: k.Matched, Mailable: k.Mailable}
		line.Revenue = k.Revenue
		out.Cells = append(out.Cells, line)
	}
	return s.answer(c, http.StatusOK, out)
}
