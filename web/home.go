package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
	"actnow/reports"
	"actnow/schedule"
)

// homeStore reads what the first page says.
type homeStore interface {
	Waiting(ctx context.Context, scope actnow.Scope) (actnow.Waiting, error)
	Overview(ctx context.Context, scope actnow.Scope, area actnow.Area) (actnow.Overview, error)
	Grid(ctx context.Context, scope actnow.Scope, area actnow.Area, month actnow.Month) (actnow.Grid, error)
	ClusterMonths(ctx context.Context, scope actnow.Scope, area actnow.Area, n int) ([]actnow.ClusterCount, error)
	Freshness(ctx context.Context) ([]actnow.Freshness, error)
	Setup(ctx context.Context) (actnow.Setup, error)
	Campaigns(ctx context.Context, scope actnow.Scope) ([]campaigns.Campaign, error)
	AskingRuns(ctx context.Context) ([]schedule.Run, error)
}

func (s *Server) homeRoutes() []route {
	return []route{{method: http.MethodGet, path: "/", nav: "home", handle: s.showHome}}
}

type homePage struct {
	Head      Head
	Day       time.Time
	Area      actnow.Area
	Areas     []areaChoice
	Empty     *Empty // before the first report
	Worth     string // sentence with links, or ""
	Over      actnow.Overview
	Links     homeLinks
	Figures   []Figure
	Todo      []todo
	Next      *nextSend
	Matrix    Matrix
	Months    Months
	Legend    []clusterNow
	Campaigns []campaignLine
	Reports   []reportLine
	Due       string
	Steps     []firstStep
	StepsDone int
}

// homeLinks lead from the numbers of the heading to their rows.
type homeLinks struct{ New, NewMatched, NewMailable string }

// areaChoice is a solution area to look at.
type areaChoice struct {
	Area    actnow.Area
	Href    string
	Current bool
}

// todo is something that a person is waited for.
type todo struct {
	Text, Note, Href, Button string
}

type nextSend struct {
	Name, Href, State string
	At                time.Time
}

type clusterNow struct {
	Cluster  actnow.Cluster
	Count    int
	Change   int
	Compared bool
}

type campaignLine struct {
	Name, Href, State string
	Sent, Waiting     int
	Total             int
}

type reportLine struct {
	Name, Href string
	Rows       int
	Month      actnow.Month
	Badge      Badge
}

type firstStep struct {
	Text, Href string
	Done       bool
}

// historyMonths is how many months charts go back.
const historyMonths = 12

func (s *Server) showHome(c echo.Context) error {
	area, err := queryArea(c, actnow.Azure)
	if err != nil {
		return err
	}
	text, scope := s.text(c), s.scope(c)
	p := homePage{Day: s.now(), Area: area, Areas: areaChoices("/", area)}
	if p.Over, err = s.store.Overview(ctx(c), scope, area); err != nil {
		return err
	}
	fresh, err := s.store.Freshness(ctx(c))
	if err != nil {
		return err
	}
	all, err := s.store.Campaigns(ctx(c), scope)
	if err != nil {
		return err
	}
	setup, err := s.store.Setup(ctx(c))
	if err != nil {
		return err
	}
	grid, err := s.store.Grid(ctx(c), scope, area, "")
	if err != nil {
		return err
	}
	counts, err := s.store.ClusterMonths(ctx(c), scope, area, historyMonths)
	if err != nil {
		return err
	}
	asking, err := s.store.AskingRuns(ctx(c))
	if err != nil {
		return err
	}
	p.Head = s.homeHead(c, text, p.Over)
	p.Links = newLinks(p.Over)
	p.Figures = homeFigures(text, scope, p.Over)
	p.Matrix = gridMatrix(text, grid, "", true)
	p.Months, p.Legend = clusterMonths(text, area, counts)
	p.Todo = s.homeTodo(c, text, p.Over, all, asking, fresh)
	p.Next = nextToGo(text, all, s.now())
	p.Campaigns = latestCampaigns(text, all)
	p.Reports = reportLines(text, fresh, s.now().In(s.cfg.Zone))
	p.Steps, p.StepsDone = s.firstSteps(c, setup)
	if p.Over.Customers == 0 {
		p.Empty = &Empty{Icon: "file-spreadsheet", Title: text.T("home.empty"), Text: text.T("home.empty_text")}
		if s.may(c, actnow.RightImport) {
			p.Empty.Actions = []Action{{Text: text.T("home.upload"), Href: "/reports", Class: "main"}}
		}
	}
	return s.render(c, "home", p)
}

// queryArea reads ?area=; without one it is fallback.
func queryArea(c echo.Context, fallback actnow.Area) (actnow.Area, error) {
	a := actnow.Area(c.QueryParam("area"))
	switch {
	case a == "":
		return fallback, nil
	case !a.Valid():
		return "", actnow.Invalid("error.area", "area", "%q is no solution area", string(a))
	}
	return a, nil
}

func areaChoices(path string, current actnow.Area) []areaChoice {
	var list []areaChoice
	for _, a := range actnow.Areas {
		list = append(list, areaChoice{Area: a, Href: path + "?area=" + url.QueryEscape(string(a)), Current: a == current})
	}
	return list
}

// customersPath leads to the customers that the pairs of name and value choose.
func customersPath(area actnow.Area, pairs ...string) string {
	q := url.Values{}
	if area != "" {
		q.Set("area", string(area))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return "/customers?" + q.Encode()
}

func newLinks(o actnow.Overview) homeLinks {
	return homeLinks{
		New:         customersPath(o.Area, "move", "new"),
		NewMatched:  customersPath(o.Area, "move", "new", "matched", "1"),
		NewMailable: customersPath(o.Area, "move", "new", "mailable", "1"),
	}
}

// homeHead answers the question of the page: what changed, in one sentence.
func (s *Server) homeHead(c echo.Context, text *Text, o actnow.Overview) Head {
	h := Head{Lead: true, Crumbs: []Crumb{{Text: text.DateLong(s.now())}, {Text: o.Area.Name()}}}
	switch {
	case o.Customers == 0:
		h.Title = text.T("home.welcome")
	case o.Month == "":
		h.Title = text.T("home.no_scores", o.Area.Name())
	case o.Previous == "":
		h.Title = text.TN("home.ready", int64(o.ActNow), text.Month(o.Month))
	default:
		h.Title = text.TN("home.became", int64(o.NewActNow), text.Month(o.Previous))
	}
	if o.NewActNow > 0 {
		h.Actions = append(h.Actions, Action{Text: text.TN("home.see", int64(o.NewActNow)), Href: newLinks(o).New})
	}
	if s.may(c, actnow.RightCampaign) && o.ActNow > 0 {
		filter := `area = ` + string(o.Area) + ` and cluster = "Act Now"`
		h.Actions = append(h.Actions, Action{Text: text.T("home.make"), Href: "/campaigns/new?where=" + url.QueryEscape(filter), Class: "main"})
	}
	return h
}

func homeFigures(text *Text, scope actnow.Scope, o actnow.Overview) []Figure {
	figure := func(name string, n int, href, note string) Figure {
		f := Figure{Name: name, Value: text.Number(int64(n)), Note: note}
		if n > 0 {
			f.Href = href
		}
		return f
	}
	list := []Figure{
		figure(text.T("home.new"), o.NewActNow, newLinks(o).New, text.Sums(o.NewRevenue)),
		figure(text.T("home.up"), o.MovedUp, customersPath(o.Area, "move", "up"), text.TN("home.of", int64(o.Customers))),
		figure(text.T("home.down"), o.MovedDown, customersPath(o.Area, "move", "down"), text.TN("home.left", int64(o.LeftActNow))),
		figure(text.T("home.gone"), o.Gone, customersPath("", "gone", "1"), text.T("home.gone_kept")),
	}
	if scope.Revenue && len(o.ActNowRevenue) > 0 {
		m := o.ActNowRevenue[0]
		note := text.T("home.potential_note", text.Month(o.Month))
		if len(o.ActNowRevenue) > 1 {
			note = text.T("home.potential_more", text.Sums(o.ActNowRevenue[1:]))
		}
		list = append(list, Figure{Name: text.T("home.potential"), Value: text.MoneyShort(m.Minor, m.Currency),
			Href: customersPath(o.Area, "cluster", string(actnow.ActNow), "sort", string(actnow.SortRevenue)), Note: note})
	}
	return list
}

// gridMatrix draws a grid; open is the cell whose rows are shown.
func gridMatrix(text *Text, g actnow.Grid, open actnow.Cell, small bool) Matrix {
	var values []MatrixValue
	for _, cell := range g.Cells {
		v := MatrixValue{Fit: cell.Fit, Intent: cell.Intent, Cell: cell.Cell, Value: float64(cell.Count), Text: text.Number(int64(cell.Count)),
			Href: cellPath(g, cell.Cell), Open: cell.Cell == open}
		if !small {
			v.Href = "/grid?" + url.Values{"area": {string(g.Area)}, "month": {string(g.Month)}, "cell": {string(cell.Cell)}}.Encode() + "#open"
			if g.Previous != "" && cell.Count != cell.Previous {
				v.Delta = text.Signed(int64(cell.Count - cell.Previous))
			}
			if cell.Count > 0 {
				if len(cell.Revenue) > 0 {
					v.Notes = append(v.Notes, text.Sums(cell.Revenue))
				}
				v.Notes = append(v.Notes, text.TN("grid.mailable", int64(cell.Mailable)))
			}
		}
		values = append(values, v)
	}
	return NewMatrix(text, text.T("grid.caption", g.Area.Name(), text.Month(g.Month)), small, g.Edges, values)
}

// clusterMonths lays Act Now and Evaluate out over the months, and says how many
// there are now and how many more than the month before.
func clusterMonths(text *Text, area actnow.Area, counts []actnow.ClusterCount) (Months, []clusterNow) {
	shown := []actnow.Cluster{actnow.ActNow, actnow.Evaluate}
	m := Months{Title: text.T("home.months", area.Name()), Classes: []string{"fill-a", "fill-b"}}
	for _, c := range shown {
		m.Names = append(m.Names, text.Cluster(c))
	}
	var months []actnow.Month
	by := map[actnow.Month]map[actnow.Cluster]int{}
	for _, n := range counts {
		if by[n.Month] == nil {
			by[n.Month] = map[actnow.Cluster]int{}
			months = append(months, n.Month)
		}
		by[n.Month][n.Cluster] = n.Count
	}
	for _, month := range months {
		name := text.Month(month)
		col := MonthColumn{Month: name, Short: string([]rune(name)[:1])}
		for _, c := range shown {
			col.Values = append(col.Values, float64(by[month][c]))
			col.Texts = append(col.Texts, text.Number(int64(by[month][c])))
		}
		m.Columns = append(m.Columns, col)
	}
	var legend []clusterNow
	for _, c := range shown {
		if len(months) == 0 {
			break
		}
		now := clusterNow{Cluster: c, Count: by[months[len(months)-1]][c]}
		if len(months) > 1 {
			now.Compared, now.Change = true, now.Count-by[months[len(months)-2]][c]
		}
		legend = append(legend, now)
	}
	return m, legend
}

func (s *Server) homeTodo(c echo.Context, text *Text, o actnow.Overview, all []campaigns.Campaign, asking []schedule.Run, fresh []actnow.Freshness) []todo {
	var list []todo
	if o.ToReview > 0 && s.may(c, actnow.RightReview) {
		list = append(list, todo{text.TN("home.todo_review", int64(o.ToReview)), text.T("home.todo_review_note"), "/matches/review", text.T("home.todo_review_do")})
	}
	for _, k := range all {
		href := campaignPath(k.ID)
		switch {
		case k.State == actnow.CampaignAwaiting && s.may(c, actnow.RightApprove):
			list = append(list, todo{text.T("home.todo_approve", k.Name), text.T("home.todo_approve_note"), href, text.T("home.todo_open")})
		case k.Counts[actnow.LedgerUnknown] > 0 && s.may(c, actnow.RightCampaign):
			list = append(list, todo{text.TN("home.todo_unknown", int64(k.Counts[actnow.LedgerUnknown]), k.Name), text.T("home.todo_unknown_note"),
				"/deliveries?" + url.Values{"campaign": {strconv.FormatInt(int64(k.ID), 10)}, "state": {string(actnow.LedgerUnknown)}}.Encode(), text.T("home.todo_open")})
		case k.State == actnow.CampaignStopped:
			list = append(list, todo{text.T("home.todo_stopped", k.Name), k.Why, href, text.T("home.todo_open")})
		}
	}
	for _, r := range asking {
		list = append(list, todo{text.T("home.todo_missed", missedName(text, all, r.Key), text.DateTime(r.DueAt)), text.T("home.todo_missed_note"), "/settings/schedules", text.T("home.todo_answer")})
	}
	due := actnow.ReportMonth(s.now().In(s.cfg.Zone))
	if s.may(c, actnow.RightImport) && len(fresh) > 0 {
		for _, f := range fresh {
			if f.Month < due {
				list = append(list, todo{text.T("home.todo_report", reportName(text, f.Report), text.Month(due)), text.T("home.todo_report_note"), "/reports", text.T("home.todo_report_do")})
			}
		}
	}
	return list
}

// missedName is what a schedule that asks would have sent: the campaign, if it is one.
func missedName(text *Text, all []campaigns.Campaign, key string) string {
	for _, k := range all {
		if key == fmt.Sprintf("campaign:%d", k.ID) {
			return text.T("activity.named", k.Name)
		}
	}
	return scheduleName(text, key)
}

// nextToGo is the campaign that goes out next, by its day or by its cron line.
func nextToGo(text *Text, all []campaigns.Campaign, now time.Time) *nextSend {
	var next *nextSend
	for _, k := range all {
		at, goes := k.At, k.State == actnow.CampaignScheduled
		if k.Line != "" {
			goes = goes || k.State == actnow.CampaignSending // between its runs
			if runs := nextRuns(k.Line, k.Zone, now, 1); len(runs) > 0 {
				at = runs[0]
			}
		}
		if goes && !at.IsZero() && (next == nil || at.Before(next.At)) {
			next = &nextSend{Name: k.Name, Href: campaignPath(k.ID), State: text.T("campaign.state." + string(k.State)), At: at}
		}
	}
	return next
}

func campaignPath(id actnow.CampaignID) string {
	return "/campaigns/" + strconv.FormatInt(int64(id), 10)
}

func latestCampaigns(text *Text, all []campaigns.Campaign) []campaignLine {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b campaigns.Campaign) int { return int(b.ID - a.ID) })
	var list []campaignLine
	for _, k := range sorted[:min(len(sorted), 4)] {
		line := campaignLine{Name: k.Name, Href: campaignPath(k.ID), State: text.T("campaign.state." + string(k.State)), Sent: k.Counts[actnow.LedgerSent]}
		for _, n := range k.Counts {
			line.Total += n
		}
		for _, st := range []actnow.LedgerState{actnow.LedgerQueued, actnow.LedgerIntent, actnow.LedgerDeferred} {
			line.Waiting += k.Counts[st]
		}
		list = append(list, line)
	}
	return list
}

// reportLines says of each report how new it is, those that never came last.
func reportLines(text *Text, fresh []actnow.Freshness, now time.Time) []reportLine {
	by := map[string]actnow.Freshness{}
	for _, f := range fresh {
		by[f.Report] = f
	}
	due := actnow.ReportMonth(now)
	var list []reportLine
	for _, kind := range reports.Kinds {
		f := by[string(kind)]
		line := reportLine{Name: reportName(text, string(kind)), Href: "/reports?kind=" + string(kind), Rows: f.Rows, Month: f.Month}
		switch {
		case f.Month == "":
			line.Badge = Badge{Kind: "line", Text: text.T("home.report_never")}
		case f.Month >= due:
			line.Badge = Badge{Kind: "ok", Icon: "check", Text: text.Month(f.Month)}
		default:
			line.Badge = Badge{Kind: "warn", Icon: "clock", Text: text.T("home.report_old", text.Month(f.Month))}
		}
		list = append(list, line)
	}
	return list
}

func reportName(text *Text, kind string) string { return text.T("report." + kind) }

// firstSteps are what a new installation needs; those that the person may not take
// lead nowhere.
func (s *Server) firstSteps(c echo.Context, setup actnow.Setup) ([]firstStep, int) {
	text, role := s.text(c), s.caller(c).role
	steps := []firstStep{
		{text.T("home.step_report"), "/reports", setup.Report},
		{text.T("home.step_crm"), "/settings/connections", setup.CRM},
		{text.T("home.step_sender"), "/settings/sender", setup.Sender},
		{text.T("home.step_test"), "/campaigns", setup.TestMail},
		{text.T("home.step_campaign"), "/campaigns", setup.Campaign},
	}
	done := 0
	for i, st := range steps {
		if st.Done {
			done++
		}
		if !s.mayOpen(role, st.Href) {
			steps[i].Href = ""
		}
	}
	return steps, done
}
