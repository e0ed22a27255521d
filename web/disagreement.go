package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/reports"
	"actnow/scoring"
)

// disagreementStore compares what reports say with what we say.
type disagreementStore interface {
	Disagreement(ctx context.Context, scope actnow.Scope, area actnow.Area, month actnow.Month) (actnow.Disagreement, error)
}

func (s *Server) disagreementRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/reports/disagreement", nav: "reports", handle: s.showDisagreement},
		{method: http.MethodGet, path: "/reports/disagreement.csv", right: actnow.RightExport, handle: s.exportDisagreement},
		{method: http.MethodGet, path: "/reports/disagreement.xlsx", right: actnow.RightExport, handle: s.exportDisagreement},
		{method: http.MethodPost, path: "/reports/disagreement/:matrix", right: actnow.RightAdmin, handle: s.switchMatrix},
		{method: http.MethodGet, path: "/api/v1/reports/disagreement", handle: s.apiDisagreement},
	}
}

type disagreementPage struct {
	Head      Head
	Selects   []Select
	Figures   []Figure
	Notes     []Note
	Columns   []actnow.Cluster
	Rows      []pairRow
	Crossings []crossingRow
	Readings  []string // the names of the matrices, in the order of the cells of Crossings
	CSV, XLSX string
}

// pairRow says into which clusters our own scores put those of a report's cluster.
type pairRow struct {
	Report actnow.Cluster
	Cells  []flowCell
}

// crossingRow is what reports name for two bands, and what each matrix does.
type crossingRow struct {
	actnow.Crossing
	Says []crossingSays
}

type crossingSays struct {
	Cluster actnow.Cluster
	Agrees  bool
}

func (s *Server) disagreement(c echo.Context) (actnow.Disagreement, error) {
	area, err := queryArea(c, actnow.Azure)
	if err != nil {
		return actnow.Disagreement{}, err
	}
	month, err := queryMonth(c)
	if err != nil {
		return actnow.Disagreement{}, err
	}
	return s.store.Disagreement(ctx(c), s.scope(c), area, month)
}

func (s *Server) showDisagreement(c echo.Context) error {
	d, err := s.disagreement(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	agree, differ := d.Sums()
	p := disagreementPage{Columns: actnow.Clusters, Head: Head{Text: text.T("disagreement.text"),
		Title:  text.TN("disagreement.title", int64(differ), d.Area.Name()),
		Crumbs: []Crumb{{Text: text.T("nav.reports"), Href: "/reports"}, {Text: text.T("disagreement.crumb")}}}}
	if p.Selects, err = s.disagreementSelects(c, d); err != nil {
		return err
	}
	if agree+differ == 0 {
		p.Head.Title = text.T("disagreement.none", d.Area.Name())
		p.Head.Text = text.T("disagreement.none_text")
	} else {
		all := customersPath(d.Area, "month", string(d.Month), "differ", "1")
		if differ == 0 {
			all = ""
		}
		p.Figures = []Figure{
			{Name: text.T("disagreement.agree"), Value: text.Number(int64(agree)), Note: text.T("disagreement.agree_note")},
			{Name: text.T("disagreement.differ"), Value: text.Number(int64(differ)), Note: text.T("disagreement.differ_note"), Href: all},
		}
		if rho := d.RankCorrelation; rho != nil {
			p.Figures = append(p.Figures, Figure{Name: text.T("disagreement.rank"), Value: text.SignedDecimal(*rho, 2), Note: text.T("disagreement.rank_note")})
		}
		for _, report := range actnow.Clusters {
			p.Rows = append(p.Rows, newPairRow(d, report))
		}
	}
	p.Notes = s.readingNotes(c, d)
	if err := s.crossingRows(c, &p, d); err != nil {
		return err
	}
	if s.may(c, actnow.RightExport) && agree+differ > 0 {
		params := url.Values{"area": {string(d.Area)}, "month": {string(d.Month)}}.Encode()
		p.CSV, p.XLSX = "/reports/disagreement.csv?"+params, "/reports/disagreement.xlsx?"+params
	}
	return s.render(c, "disagreement", p)
}

func newPairRow(d actnow.Disagreement, report actnow.Cluster) pairRow {
	row := pairRow{Report: report}
	for _, ours := range actnow.Clusters {
		cell := flowCell{}
		for _, k := range d.Pairs {
			if k.Report == report && k.Ours == ours {
				cell.Count = k.Customers
				cell.Href = customersPath(d.Area, "month", string(d.Month), "report", string(report), "ours", string(ours))
			}
		}
		row.Cells = append(row.Cells, cell)
	}
	return row
}

// readingNotes says how far the reports bear the matrix in force out, and offers
// another that they bear out better.
func (s *Server) readingNotes(c echo.Context, d actnow.Disagreement) []Note {
	text := s.text(c)
	var notes []Note
	for _, r := range d.Everywhere {
		if r.All == 0 {
			continue
		}
		n := Note{Text: text.T("look.evidence", r.All, r.All-r.Contradict, matrixName(text, r.Name), r.Contradict), Kind: "ok"}
		switch {
		case r.Contradict > 0 && r.Active:
			n.Kind = "warn"
		case r.Contradict > 0:
			n.Kind = ""
		}
		if better, ok := d.Better(); ok && better == r {
			n.Action = s.switchAction(c, r.Name)
		}
		notes = append(notes, n)
	}
	return notes
}

// switchAction puts a matrix in force, for those who may.
func (s *Server) switchAction(c echo.Context, matrix string) *Action {
	if !s.may(c, actnow.RightAdmin) {
		return nil
	}
	text := s.text(c)
	return &Action{Text: text.T("disagreement.switch", matrixName(text, matrix)), Post: "/reports/disagreement/" + url.PathEscape(matrix), Class: "small"}
}

// evidenceNotes says how far the file bears out the matrices, and offers to
// switch to one that it bears out better than the one in force, which is first.
func (s *Server) evidenceNotes(c echo.Context, all []ReadingEvidence) []Note {
	text := s.text(c)
	var notes []Note
	best := 0
	for i, e := range all {
		if e.Contradict < all[best].Contradict {
			best = i
		}
		notes = append(notes, evidenceNote(text, e, i == 0))
	}
	if best > 0 {
		notes[best].Action = s.switchAction(c, all[best].Name)
	}
	return notes
}

// evidenceNote says how far the file bears out a matrix.
func evidenceNote(text *Text, e ReadingEvidence, active bool) Note {
	n := Note{Text: text.T("look.evidence", e.All, e.All-e.Contradict, matrixName(text, e.Name), e.Contradict)}
	switch {
	case e.Contradict == 0:
		n.Kind = "ok"
	case active:
		n.Kind = "warn"
	}
	return n
}

// crossingRows lists which clusters reports name for which bands, beside what the
// matrices say.
func (s *Server) crossingRows(c echo.Context, p *disagreementPage, d actnow.Disagreement) error {
	all, _, err := s.store.Matrices(ctx(c))
	if err != nil {
		return err
	}
	text := s.text(c)
	for _, r := range d.Readings {
		p.Readings = append(p.Readings, matrixName(text, r.Name))
	}
	for _, k := range d.Crossings {
		row := crossingRow{Crossing: k}
		for _, r := range d.Readings {
			for _, m := range all {
				if m.Name == r.Name && m.Version == r.Version {
					says := m.Cell(k.Fit, k.Intent).Cluster()
					row.Says = append(row.Says, crossingSays{says, says == k.Cluster})
				}
			}
		}
		p.Crossings = append(p.Crossings, row)
	}
	return nil
}

func (s *Server) disagreementSelects(c echo.Context, d actnow.Disagreement) ([]Select, error) {
	text := s.text(c)
	area := Select{Name: "area", Label: text.T("flow.area")}
	for _, a := range actnow.Areas {
		area.Options = append(area.Options, Option{Value: string(a), Text: a.Name(), Selected: a == d.Area})
	}
	months, err := s.store.ScoredMonths(ctx(c), d.Area, 120)
	if err != nil || len(months) == 0 {
		return []Select{area}, err
	}
	month := Select{Name: "month", Label: text.T("reports.month")}
	for _, m := range months {
		month.Options = append(month.Options, Option{Value: string(m), Text: text.Month(m), Selected: m == d.Month})
	}
	return []Select{area, month}, nil
}

// differTitle says who is listed of a disagreement.
func differTitle(text *Text, q actnow.CustomerQuery, n int64) string {
	if q.Report != "" && q.Ours != "" {
		return text.TN("customers.pair", n, text.Cluster(q.Report), text.Cluster(q.Ours))
	}
	return text.TN("customers.differ", n)
}

// switchMatrix puts the newest version of the matrix in the path in force.
func (s *Server) switchMatrix(c echo.Context) error {
	all, _, err := s.store.Matrices(ctx(c))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(m scoring.Matrix) bool { return m.Name == c.Param("matrix") }) // newest version first
	if i < 0 {
		return fmt.Errorf("matrix %q: %w", c.Param("matrix"), actnow.ErrNotFound)
	}
	if err := s.store.ChooseMatrix(ctx(c), s.actor(c), all[i].Name, all[i].Version); err != nil {
		return err
	}
	text := s.text(c)
	return s.done(c, "/reports/disagreement", text.T("scoring.chosen", matrixName(text, all[i].Name)), "")
}

// exportDisagreement sends the counts of what reports and our own scores say.
func (s *Server) exportDisagreement(c echo.Context) error {
	format, err := reports.FormatOf(c.Request().URL.Path)
	if err != nil {
		return err
	}
	d, err := s.disagreement(c)
	if err != nil {
		return err
	}
	rows := func(yield func([]string, error) bool) {
		for _, k := range d.Pairs {
			if !yield([]string{string(d.Area), string(d.Month), string(k.Report), string(k.Ours), strconv.Itoa(k.Customers)}, nil) {
				return
			}
		}
	}
	return s.sendSheet(c, "disagreement-"+string(d.Area)+"."+string(format), format,
		reports.Sheet{Columns: reports.PlainColumns("area", "month", "report", "ours", "customers"), Rows: rows})
}

func (s *Server) apiDisagreement(c echo.Context) error {
	d, err := s.disagreement(c)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, d)
}
