package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/scoring"
)

// modelPage is all there is to say of what scores an area.
type modelPage struct {
	Head     Head
	Area     actnow.Area
	Scores   []modelScore
	Clusters []rateRow
}

// modelScore is one of the two scores: what is in force, what the version shown
// promised and what came of it, and the versions.
type modelScore struct {
	ID        string
	Title     string
	Note      *Note
	Shown     string // which version is shown, "" without any
	Figures   []Figure
	Plot      *PromisePlot
	Bands     *bandPanel
	Since     *bandPanel // what came of the scores, nil before anything did
	SinceText string
	Drift     *driftPanel
	Facts     []pair
	Signals   []string
	Versions  []versionRow
	Rollback  *Action
}

// rateRow compares what was promised with a rate that came.
type rateRow struct {
	Name     string
	Cluster  actnow.Cluster // in the place of a name
	Promised string
	Rows     int
	Rate     string
	Between  string // its 95 % interval
	Lift     string // against all rows
}

type driftPanel struct {
	Text string
	Rows []driftLine
}

type driftLine struct {
	Name, PSI string
	Badge     Badge
}

type versionRow struct {
	ID, Href string
	Shown    bool
	Badge    Badge
	Kind     string
	Day      string
	Outcomes int
	AUC      string
	Loss     string
	Verdict  string
	Promote  *Action
}

// idShown is how much of an id pages show.
const idShown = 12

func (s *Server) showModel(c echo.Context) error {
	area, err := modelArea(c)
	if err != nil {
		return err
	}
	all, err := s.modelStatuses(c, area)
	if err != nil {
		return err
	}
	matrix, err := s.store.Matrix(ctx(c))
	if err != nil {
		return err
	}
	text := s.text(c)
	p := modelPage{Area: area}
	admin := s.may(c, actnow.RightAdmin)
	for _, st := range all {
		score, err := s.modelScore(c, text, st, matrix.Edges, admin)
		if err != nil {
			return err
		}
		p.Scores = append(p.Scores, score)
	}
	outcomes, err := s.store.ClusterOutcomes(ctx(c), area)
	if err != nil {
		return err
	}
	p.Clusters = clusterRates(text, outcomes)
	p.Head = Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("settings.models"), Href: "/scoring/models"}, {Text: area.Name()}},
		Title: text.T("models.area", area.Name()), Text: text.T("models.area_text")}
	if admin {
		p.Head.Actions = []Action{{Text: text.T("models.train"), Post: "/scoring/models/train?area=" + string(area), Icon: "refresh-cw", Class: "main"}}
	}
	return s.render(c, "model", p)
}

func (s *Server) modelScore(c echo.Context, text *Text, st scoring.Status, edges actnow.Edges, admin bool) (modelScore, error) {
	by := text.T("models.by_card")
	if st.Champion != nil {
		by = text.T("models.by_model")
	}
	p := modelScore{ID: string(st.Target), Title: text.T("models.score", text.T("customers."+string(st.Target)), by)}
	p.Note = statusNote(text, st)
	shown := shownVersion(st, c.QueryParam("version"))
	for _, v := range st.Versions {
		row := versionLine(text, v, v.ID == shown, admin)
		if v.State == scoring.Challenger {
			row.Verdict = verdictDay(text, *st.Wait)
		}
		p.Versions = append(p.Versions, row)
	}
	if admin && st.Champion != nil {
		label := text.T("models.back_card")
		if st.Champion.Replaced != "" {
			label = text.T("models.back", st.Champion.Replaced[:min(idShown, len(st.Champion.Replaced))])
		}
		p.Rollback = modelAction(st.Area, "rollback", "score", string(st.Target), label, "small")
	}
	since, err := s.store.BandTally(ctx(c), st.Area, st.Target)
	if err != nil {
		return p, err
	}
	p.SinceText = text.T("models.since_text." + string(st.Target))
	if rate, rows := since.Rate(); rows > 0 {
		p.Since = newBandPanel(text, since, rate)
	}
	if shown == "" {
		return p, nil
	}
	m, err := s.store.Model(ctx(c), shown)
	if err != nil {
		return p, err
	}
	p.Shown = text.T("models.shown", m.ID()[:idShown])
	p.Figures = modelFigures(text, m)
	p.Plot = newPromisePlot(text, m)
	p.Bands = newBandPanel(text, m.Tally(edges), m.Base)
	p.Facts = modelFacts(text, m)
	p.Signals = modelSignals(text, m)
	p.Drift, err = s.modelDrift(c, text, m)
	return p, err
}

// shownVersion is the version asked for, by the first letters of its id, else the one
// in force, else the one in its shadow.
func shownVersion(st scoring.Status, id string) string {
	for _, v := range st.Versions {
		if id != "" && strings.HasPrefix(v.ID, id) {
			return v.ID
		}
	}
	switch {
	case st.Champion != nil:
		return st.Champion.ID
	case st.Challenger != nil:
		return st.Challenger.ID
	}
	return ""
}

func versionLine(text *Text, v scoring.Version, shown, admin bool) versionRow {
	row := versionRow{ID: v.ID[:idShown], Href: modelPath(v.Area) + "?version=" + v.ID[:idShown] + "#" + string(v.Target), Shown: shown, Kind: text.T("models.kind." + v.Kind),
		Day: dayOf(text, v.Day), Outcomes: v.Learned.Outcomes, AUC: text.Decimal(v.Metrics.AUC, 3), Loss: text.Decimal(v.Metrics.LogLoss, 3)}
	kind := map[scoring.VersionState]string{scoring.Champion: "ok", scoring.Challenger: "now", scoring.Retired: "line"}[v.State]
	row.Badge = Badge{Kind: kind, Text: text.T("models.state." + string(v.State))}
	if w := v.Verdict; w != nil {
		switch {
		case w.Waits():
			row.Verdict = text.TN("models.verdict_waits", int64(w.Missing))
		case w.Promote:
			row.Verdict = text.T("models.verdict_better", text.Decimal(w.Loss, 3), text.Decimal(w.Against, 3), w.Rows)
		case w.Loss < w.Against:
			row.Verdict = text.T("models.verdict_inverted", text.Decimal(w.Loss, 3), text.Decimal(w.Against, 3), w.Rows, w.Inverted[0].Higher, w.Inverted[0].Lower)
		default:
			row.Verdict = text.T("models.verdict_worse", text.Decimal(w.Loss, 3), text.Decimal(w.Against, 3), w.Rows)
		}
	}
	if admin && v.State != scoring.Champion {
		row.Promote = modelAction(v.Area, "promote", "id", v.ID, text.T("models.promote"), "small")
	}
	return row
}

func modelFigures(text *Text, m *scoring.Model) []Figure {
	v := m.Validation
	return []Figure{
		{Name: text.T("models.outcomes." + string(m.Target)), Value: text.Number(int64(m.Learned.Outcomes)), Note: text.T("models.outcomes_text."+string(m.Target), m.Learned.Others)},
		{Name: text.T("models.auc"), Value: text.Decimal(v.AUC, 2), Note: text.T("models.auc_text", text.Decimal(v.AUCLow, 2), text.Decimal(v.AUCHigh, 2))},
		{Name: text.T("models.loss"), Value: text.Decimal(v.LogLoss, 3), Note: text.T("models.loss_text", text.Decimal(v.BaseLoss, 3))},
		{Name: text.T("models.ece"), Value: text.Decimal(v.ECE, 3), Note: text.T("models.ece_text")},
		{Name: text.T("models.lift"), Value: text.Decimal(v.Lift, 1), Note: text.T("models.lift_text")},
	}
}

// clusterRates compares the clusters by what came of them; nil if nothing can be said
// yet.
func clusterRates(text *Text, outcomes []scoring.ClusterOutcome) []rateRow {
	rows, hits := 0, 0
	for _, o := range outcomes {
		rows, hits = rows+o.Rows, hits+o.Hits
	}
	if rows == 0 {
		return nil
	}
	var out []rateRow
	for _, o := range outcomes {
		r := newRate(text, o.Hits, o.Rows, hits, rows)
		r.Cluster = o.Cluster
		out = append(out, r)
	}
	return out
}

func newRate(text *Text, hits, rows, allHits, allRows int) rateRow {
	r := rateRow{Rows: rows, Rate: "–", Between: "–", Lift: "–"}
	if rows > 0 {
		low, high := scoring.Interval(hits, rows)
		r.fill(text, float64(hits)/float64(rows), low, high, float64(allHits)/float64(allRows))
	}
	return r
}

// fill writes a rate, its interval, and how many times that of all rows it is.
func (r *rateRow) fill(text *Text, rate, low, high, all float64) {
	r.Rate, r.Between = text.Percent(rate), text.Percent(low)+"–"+text.Percent(high)
	if all > 0 {
		r.Lift = text.Decimal(rate/all, 1) + "×"
	}
}

func modelFacts(text *Text, m *scoring.Model) []pair {
	facts := []pair{
		{Name: text.T("models.fact.kind"), Value: text.T("models.kind." + m.Kind)},
		{Name: text.T("models.fact.day"), Value: dayOf(text, m.Day)},
		{Name: text.T("models.fact.rows"), Value: text.T("models.fact.rows_text", m.Learned.Rows, dayOf(text, m.Learned.From), dayOf(text, m.Learned.To))},
		{Name: text.T("models.fact.base"), Value: text.Percent(m.Base)},
	}
	if m.Learned.Share > 0 {
		facts = append(facts, pair{Name: text.T("models.fact.lent"), Value: text.T("models.fact.lent_text", m.Learned.Lent, text.Percent(m.Learned.Share))})
	}
	return append(facts,
		pair{Name: text.T("models.fact.data"), Value: m.Learned.Data[:min(idShown, len(m.Learned.Data))]},
		pair{Name: text.T("models.fact.id"), Value: m.ID()})
}

// modelSignals names what the model may look at, each once.
func modelSignals(text *Text, m *scoring.Model) []string {
	var names []string
	for _, f := range m.Features {
		if name := signalName(text, scoring.SignalOf(f.Name)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// signalName is a signal in the reader's language: "Has Azure" of a yes/no column.
func signalName(text *Text, signal string) string {
	kind, of, found := strings.Cut(signal, ".")
	if found {
		switch kind {
		case "flag":
			return scoring.FlagName(of)
		case "owns":
			return text.T("models.signal.owns", actnow.Area(of).Name())
		case "spent":
			return text.T("models.signal.spent", of)
		}
	}
	if key := "models.signal." + signal; text.Has(key) {
		return text.T(key)
	}
	return signal
}

// modelDrift lists in what customers have moved, the score first and the features that
// ask for something; nil before the version scored anybody.
func (s *Server) modelDrift(c echo.Context, text *Text, m *scoring.Model) (*driftPanel, error) {
	d, err := s.store.Drift(ctx(c), m.ID())
	if err != nil || d.Month == "" {
		return nil, err
	}
	p := &driftPanel{Text: text.T(fmt.Sprintf("models.drift.text_%s", cmp.Or(d.Worst(), "none")), d.Month)}
	if d.Score != nil {
		p.Rows = append(p.Rows, driftLineOf(text, text.T("models.drift.score"), *d.Score))
	}
	for _, f := range d.Features {
		if f.Level != scoring.DriftNone {
			p.Rows = append(p.Rows, driftLineOf(text, featureName(text, f.Feature), f))
		}
	}
	return p, nil
}

func driftLineOf(text *Text, name string, f scoring.FeatureDrift) driftLine {
	l := driftLine{Name: name, PSI: text.Decimal(f.PSI, 2), Badge: Badge{Kind: "ok", Icon: "check", Text: text.T("models.drift.steady")}}
	switch f.Level {
	case scoring.DriftWatch:
		l.Badge = Badge{Kind: "warn", Icon: "triangle-alert", Text: text.T("models.drift.watch")}
	case scoring.DriftAct:
		l.Badge = Badge{Kind: "danger", Icon: "octagon-x", Text: text.T("models.drift.act")}
	}
	return l
}

// featureName is a signal with what of it is looked at.
func featureName(text *Text, feature string) string {
	signal := scoring.SignalOf(feature)
	name := signalName(text, signal)
	if feature == signal {
		return name
	}
	if of := strings.TrimPrefix(feature, signal+"."); of != "days" {
		return text.T("models.signal.count", name, strings.TrimSuffix(of, "d"))
	}
	return text.T("models.signal.age", name)
}
