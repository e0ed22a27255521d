package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
	"actnow/cohorts"
	"actnow/scoring"
)

type customerPage struct {
	Head       Head
	Name       string
	Month      actnow.Month // the newest of the standings
	Edges      actnow.Edges // where the bands begin
	Revenue    bool
	Standings  []standingLine
	Best       *standingLine // what the sentence under the name speaks of
	Potential  []revenueLine // nothing for those who may not see money
	ListDate   string        // of the list prices among Potential, "" without any
	Why        []whyArea
	Facts      []factLine
	Cohorts    []cohortLink
	Accounts   []accountLine
	Contacts   []contactLine
	Withheld   int
	Agreements []actnow.Agreement
	Mails      []mailLine
	MailsFrom  string // where all deliveries to the customer are, "" if there are none
	Cells      []cellGroup
	Gone       actnow.Month
	Locations  string
}

// standingLine is where the customer stands in one area.
type standingLine struct {
	actnow.Standing
	Area         actnow.Area // also where there is no standing
	Scored       bool
	Href         string // its reasons on this page, "" without any
	FitScore     scoreLine
	IntentScore  scoreLine
	Spark        *Spark
	Disagreement string // report and own score in a sentence, or ""
	HeldOut      string // that campaigns leave the customer out, or ""
	Move         string // up from, down from, in words
}

// scoreLine is a score on its ladder, or the band where only that is known, with
// who says so.
type scoreLine struct {
	Ladder Ladder
	Band   actnow.Band
	From   string
}

// whyArea is why our own scores of an area are what they are, beside what the
// report says.
type whyArea struct {
	Area        actnow.Area
	ID          string
	Month       actnow.Month
	Open        bool
	Scores      []whyScore
	Model       string
	ModelHref   string // what it is, for people of all locations
	Explained   []explained
	FromReports bool // the report's scores count, ours stand beside them
}

type whyScore struct {
	Title string
	Fall  Waterfall
}

type explained struct {
	Source string
	Month  actnow.Month
	Words  string
}

type factLine struct{ Name, Value string }

type cohortLink struct{ Name, Href, Note string }

type accountLine struct {
	actnow.AccountLink
	Badge  Badge
	Review string
	Reason string
}

type contactLine struct {
	Name, Note string
	Badge      Badge
	Why        string
}

type mailLine struct {
	actnow.CustomerMail
	Href  string
	State string
}

type cellGroup struct {
	Report string
	Month  actnow.Month
	Cells  []actnow.ReportCell
}

func (s *Server) showCustomer(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	scope := s.scope(c)
	d, err := s.store.Customer(ctx(c), scope, actnow.CustomerID(id))
	if err != nil {
		return err
	}
	sources, err := s.store.Sources(ctx(c), scope, d.Customer.ID)
	if err != nil {
		return err
	}
	area, err := queryArea(c, "")
	if err != nil {
		return err
	}
	matrix, err := s.store.Matrix(ctx(c))
	if err != nil {
		return err
	}
	text := s.text(c)
	p := customerPage{
		Name: customerLines(text, []actnow.CustomerRow{{Customer: d.Customer}}, false, false)[0].Name, Revenue: scope.Revenue,
		Edges: matrix.Edges, Withheld: d.Withheld, Agreements: d.Agreements, Gone: d.Customer.GoneMonth, Locations: strings.Join(d.Locations, ", "),
	}
	if p.Why, err = whyAreas(text, d, sources, matrix.Edges); err != nil {
		return err
	}
	for i := range p.Why {
		if s.user(c).AllLocations && p.Why[i].Model != "" {
			p.Why[i].ModelHref = modelPath(p.Why[i].Area)
		}
	}
	p.Standings = standingLines(text, d, p.Why, matrix.Edges)
	p.Best = bestStanding(p.Standings, area)
	for i := range p.Why {
		p.Why[i].Open = p.Best != nil && p.Best.Area == p.Why[i].Area || len(p.Why) == 1
	}
	for _, l := range p.Standings {
		p.Month = max(p.Month, l.Month)
	}
	if scope.Revenue {
		p.Potential = revenueLines(text, d, p.Month)
		if slices.ContainsFunc(p.Potential, func(l revenueLine) bool { return l.List }) {
			p.ListDate = listPriceDate()
		}
	}
	p.Facts = customerFacts(text, d.Customer)
	p.Cohorts = cohortLinks(text, d)
	p.Accounts = s.accountLines(c, d)
	p.Contacts = contactLines(text, d)
	p.Mails = mailLines(text, d)
	if len(p.Mails) > 0 {
		p.MailsFrom = "/deliveries?" + url.Values{"customer": {strconv.FormatInt(id, 10)}}.Encode()
	}
	p.Cells = cellGroups(text, d)
	p.Head = s.customerHead(c, p, d)
	return s.render(c, "customer", p)
}

func (s *Server) customerHead(c echo.Context, p customerPage, d actnow.CustomerDetail) Head {
	text := s.text(c)
	h := Head{Title: p.Name, Crumbs: []Crumb{{Text: text.T("nav.customers"), Href: "/customers"}}}
	if b := p.Best; b != nil {
		h.Crumbs = append(h.Crumbs, Crumb{Text: b.Area.Name(), Href: customersPath(b.Area)})
		if b.Cell != "" {
			h.Crumbs = append(h.Crumbs, Crumb{Text: string(b.Cell), Href: customersPath(b.Area, "cell", string(b.Cell))})
		}
	}
	mailable := slices.ContainsFunc(d.Contacts, func(r actnow.ContactRow) bool { return r.NotMailed == "" })
	if d.Customer.TPID != "" && mailable && s.may(c, actnow.RightCampaign) {
		rule := cohorts.Format(compare("tpid", cohorts.Eq, cohorts.Value{Text: d.Customer.TPID}))
		h.Actions = []Action{{Text: text.T("home.make"), Href: "/campaigns/new?where=" + url.QueryEscape(rule), Class: "main"}}
	}
	return h
}

// standingLines has a line for every area, also those without a score.
func standingLines(text *Text, d actnow.CustomerDetail, why []whyArea, edges actnow.Edges) []standingLine {
	at := map[actnow.Area]map[actnow.Month]actnow.Standing{}
	var months []actnow.Month
	for _, h := range d.History {
		if at[h.Area] == nil {
			at[h.Area] = map[actnow.Month]actnow.Standing{}
		}
		at[h.Area][h.Month] = h
		if !slices.Contains(months, h.Month) {
			months = append(months, h.Month)
		}
	}
	slices.Sort(months)
	months = months[max(0, len(months)-historyMonths):]
	var lines []standingLine
	for _, area := range actnow.Areas {
		l := standingLine{Area: area}
		for _, now := range d.Standings {
			if now.Area == area {
				l.Standing, l.Scored = now, now.Cell != "" || now.Cluster != "" || now.FitBand != "" || now.IntentBand != ""
			}
		}
		for _, h := range d.HeldOut {
			if h.Area == area {
				l.HeldOut = text.T("holdout.customer", h.Since)
			}
		}
		if !l.Scored {
			lines = append(lines, l)
			continue
		}
		before := at[area][l.PreviousMonth]
		l.FitScore = scoreLine{ladder(text, edges, l.Fit, before.Fit), l.FitBand, saidBy(text, l.FitFrom)}
		l.IntentScore = scoreLine{ladder(text, edges, l.Intent, before.Intent), l.IntentBand, saidBy(text, l.IntentFrom)}
		if i := slices.IndexFunc(why, func(w whyArea) bool { return w.Area == area }); i >= 0 {
			l.Href = "#" + why[i].ID
		}
		l.Spark = intentSpark(text, area, edges, months, at[area])
		l.Move = moveSentence(text, l.Standing)
		if l.MicrosoftCluster != "" && l.OwnCluster != "" && l.MicrosoftCluster != l.OwnCluster {
			l.Disagreement = text.T("customer.disagree", text.Cluster(l.MicrosoftCluster), text.Cluster(l.OwnCluster))
		}
		lines = append(lines, l)
	}
	return lines
}

// saidBy names the report that a score is from, or that it is ours.
func saidBy(text *Text, source string) string {
	switch source {
	case "":
		return ""
	case "own":
		return text.T("customer.from_own")
	}
	return text.T("customer.from_report", reportName(text, source))
}

func ladder(text *Text, edges actnow.Edges, now, before *float64) Ladder {
	l := Ladder{Score: now, Edges: edges}
	if now == nil || before == nil {
		return l
	}
	change := int64(math.Floor(*now)) - int64(math.Floor(*before))
	l.Delta, l.Class = text.Signed(change), "faint"
	switch {
	case change > 0:
		l.Class = "up"
	case change < 0:
		l.Class = "down"
	}
	return l
}

// intentSpark draws the intent of the months, or nothing if there are not two.
func intentSpark(text *Text, area actnow.Area, edges actnow.Edges, months []actnow.Month, at map[actnow.Month]actnow.Standing) *Spark {
	sp := Spark{Edges: edges}
	var first, last *float64
	known := 0
	for _, m := range months {
		v := at[m].Intent
		sp.Values = append(sp.Values, v)
		if v == nil {
			continue
		}
		known++
		if first == nil {
			first = v
		}
		last = v
	}
	if known < 2 {
		return nil
	}
	sp.Label = text.T("customer.spark", area.Name(), len(months), int(math.Floor(*first)), int(math.Floor(*last)))
	return &sp
}

func moveSentence(text *Text, p actnow.Standing) string {
	if p.PreviousMonth == "" || p.PreviousCluster == "" {
		return ""
	}
	switch m := p.Move(); m {
	case actnow.MovedNew, actnow.MovedUp, actnow.MovedDown:
		return text.T("customer.moved_"+string(m), text.Cluster(p.PreviousCluster), p.PreviousMonth)
	}
	return text.T("customer.stayed", p.PreviousMonth)
}

// bestStanding returns the line of the area asked for, else the hottest one.
func bestStanding(lines []standingLine, area actnow.Area) *standingLine {
	var best *standingLine
	for i := range lines {
		l := &lines[i]
		switch {
		case !l.Scored:
		case l.Area == area:
			return l
		case best == nil || hotter(l.Standing, best.Standing):
			best = l
		}
	}
	return best
}

// hotter orders standings as lists of customers do: by cluster, then by money.
func hotter(a, b actnow.Standing) bool {
	if a.Cluster != b.Cluster {
		return heatOf(a.Cluster) > heatOf(b.Cluster)
	}
	high := func(p actnow.Standing) int64 {
		if p.Revenue.High == nil {
			return 0
		}
		return *p.Revenue.High
	}
	return high(a) > high(b)
}

func heatOf(c actnow.Cluster) int {
	if i := slices.Index(actnow.Clusters, c); i >= 0 {
		return len(actnow.Clusters) - i
	}
	return 0
}

// whyAreas gathers the reasons of our scores and the words of the reports, by
// area, in the order of the areas.
func whyAreas(text *Text, d actnow.CustomerDetail, sources []scoring.Sourced, edges actnow.Edges) ([]whyArea, error) {
	by := map[actnow.Area]*whyArea{}
	get := func(area actnow.Area) *whyArea {
		if by[area] == nil {
			by[area] = &whyArea{Area: area, ID: "why-" + string(area)}
		}
		return by[area]
	}
	for _, r := range d.Reasons {
		var parts []scoring.Part
		if err := json.Unmarshal(r.Parts, &parts); err != nil {
			return nil, fmt.Errorf("reasons of customer %d, %s: %w", d.Customer.ID, r.Area, err)
		}
		if len(parts) == 0 {
			continue
		}
		w := get(r.Area)
		w.Month, w.Model = r.Month, r.Model
		score := ownScore(sources, r)
		w.Scores = append(w.Scores, scoreReasons(text, r, parts, score, edges))
	}
	newest := map[actnow.Area]actnow.Month{}
	for _, src := range sources {
		newest[src.Area] = max(newest[src.Area], src.Month)
	}
	for _, src := range sources {
		if src.Source == "own" || src.Month != newest[src.Area] {
			continue
		}
		if w := by[src.Area]; w != nil && (src.FitBand != "" || src.IntentBand != "" || src.Cluster != "") {
			w.FromReports = true
		}
		if src.Explanation != "" {
			w := get(src.Area)
			w.Explained = append(w.Explained, explained{Source: reportName(text, src.Source), Month: src.Month, Words: src.Explanation})
		}
	}
	var list []whyArea
	for _, area := range actnow.Areas {
		if w := by[area]; w != nil {
			list = append(list, *w)
		}
	}
	return list, nil
}

// ownScore is the score that reasons are of, nil if it is not kept.
func ownScore(sources []scoring.Sourced, r actnow.ScoreReason) *float64 {
	for _, src := range sources {
		if src.Source != "own" || src.Area != r.Area || src.Month != r.Month {
			continue
		}
		if r.Score == string(scoring.Fit) {
			return src.Fit
		}
		return src.Intent
	}
	return nil
}

// scoreReasons draws how a score came about. The points of a card add up to the
// score exactly; those of a model are log-odds, which are a chance.
func scoreReasons(text *Text, r actnow.ScoreReason, parts []scoring.Part, score *float64, edges actnow.Edges) whyScore {
	card := slices.ContainsFunc(parts, func(p scoring.Part) bool { return p.Points != 0 })
	value := func(p scoring.Part) float64 {
		if card {
			return p.Points
		}
		return p.LogOdds
	}
	name := text.T("customers." + r.Score)
	w := Waterfall{Label: text.T("customer.why_label", name, r.Area.Name()),
		Heads: [3]string{text.T("customer.reason"), text.T("customer.points"), text.T("customer.drawn")}}
	if card {
		w.Ladder = &edges
	}
	total := 0.0
	for i, p := range parts {
		v := value(p)
		total += v
		f := Fall{Sentence: partSentence(text, p), Value: v}
		if !p.At.IsZero() {
			f.Source = text.Date(p.At)
		}
		if i == 0 {
			f.Text = text.Decimal(v, decimals(v, card))
			w.Base = f
			continue
		}
		f.Text = text.SignedDecimal(v, decimals(v, card))
		w.Steps = append(w.Steps, f)
	}
	w.Total = Fall{Value: total, Text: text.Decimal(total, decimals(total, card))}
	if card {
		if score == nil {
			score = &total
		}
		w.Total.Sentence = text.T("customer.score", text.Band(edges.Band(*score)))
	} else {
		w.Total.Sentence = text.T("models.chance", text.Percent(1/(1+math.Exp(-total))))
	}
	title := name
	if score != nil {
		title = text.T("customer.why_title", name, Ladder{Score: score}.Shown(), text.Band(edges.Band(*score)))
	}
	return whyScore{Title: title, Fall: w}
}

// decimals is as many as a card's points have, which are quarters, and two for
// log-odds.
func decimals(v float64, card bool) int {
	if card {
		return -1
	}
	return 2
}

// partSentence says a reason in the reader's language; one without a sentence
// in the catalogues speaks English.
func partSentence(text *Text, p scoring.Part) string {
	if !text.Has(p.Code) {
		return p.Text
	}
	return text.T(p.Code, p.Value, p.At)
}

func customerFacts(text *Text, k actnow.Customer) []factLine {
	var list []factLine
	add := func(key, value string) {
		if value != "" {
			list = append(list, factLine{text.T(key), value})
		}
	}
	add("customer.tpid", k.TPID)
	add("customer.duns", k.DUNS)
	add("customer.domain", cmp.Or(k.Domain, text.T("customer.no_domain")))
	segment := text.T("segment." + string(cmp.Or(k.Segment, actnow.UnknownSegment)))
	if k.OrgSize != nil {
		segment += ", " + text.TN("customer.employees", *k.OrgSize)
	}
	add("customers.segment", segment)
	industry := k.Industry
	if k.Vertical != "" && k.Vertical != k.Industry {
		industry = strings.TrimPrefix(industry+", "+k.Vertical, ", ")
	}
	add("customer.industry", industry)
	add("customer.place", joined(k.PostalCode+" "+k.City, k.State, k.Country))
	add("customer.nonprofit", k.Nonprofit)
	if k.FirstMonth != "" {
		add("customer.seen", text.T("customer.seen_months", k.FirstMonth, k.LastMonth))
	}
	return list
}

func joined(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, ", ")
}

func cohortLinks(text *Text, d actnow.CustomerDetail) []cohortLink {
	var list []cohortLink
	for _, k := range d.Rules {
		l := cohortLink{Name: k.Name, Href: "/cohorts/" + strconv.FormatInt(int64(k.ID), 10)}
		if e, err := cohorts.Parse(k.Filter); err == nil {
			l.Note = cohorts.Sentence(e, text.Lang)
		}
		list = append(list, l)
	}
	for _, header := range d.Cohorts {
		rule := cohorts.Format(compare("cohort", cohorts.Eq, cohorts.Value{Text: header}))
		list = append(list, cohortLink{Name: header, Href: "/customers?where=" + url.QueryEscape(rule), Note: text.T("customer.cohort_column")})
	}
	return list
}

func (s *Server) accountLines(c echo.Context, d actnow.CustomerDetail) []accountLine {
	text := s.text(c)
	var list []accountLine
	for _, a := range d.Accounts {
		l := accountLine{AccountLink: a}
		if a.Stage != "" {
			l.Reason = text.T("customer.stage." + string(a.Stage))
		}
		switch {
		case a.Band == actnow.BandReview:
			l.Badge = Badge{Kind: "warn", Icon: "circle-help", Text: text.T("customer.review", text.Certainty(a.Probability))}
		case a.Decided:
			l.Badge = Badge{Kind: "ok", Icon: "check", Text: text.T("customer.decided")}
		default:
			l.Badge = Badge{Kind: "ok", Icon: "check", Text: text.T("customer.matched", text.Certainty(a.Probability))}
		}
		if s.may(c, actnow.RightReview) {
			l.Review = "/matches/review/" + strconv.FormatInt(int64(a.ID), 10)
		}
		list = append(list, l)
	}
	return list
}

func contactLines(text *Text, d actnow.CustomerDetail) []contactLine {
	var list []contactLine
	for _, r := range d.Contacts {
		l := contactLine{Name: cmp.Or(r.Name, r.Email, text.T("customer.contact_unnamed")), Note: joined(r.Title, r.Email)}
		if r.Name == "" {
			l.Note = joined(r.Title)
		}
		if r.NotMailed == "" {
			l.Badge = Badge{Kind: "ok", Icon: "check", Text: text.T("customer.may_be_mailed")}
			l.Why = text.T("customer.basis", r.Basis)
		} else {
			kind := ""
			if r.NotMailed == string(campaigns.OutDoNotEmail) || r.NotMailed == string(campaigns.OutSuppressed) {
				kind = "danger"
			}
			l.Badge = Badge{Kind: kind, Icon: "ban", Text: text.T("customer.not_mailed." + r.NotMailed)}
		}
		list = append(list, l)
	}
	return list
}

func mailLines(text *Text, d actnow.CustomerDetail) []mailLine {
	var list []mailLine
	for _, m := range d.Mails {
		list = append(list, mailLine{CustomerMail: m, Href: "/deliveries/" + strconv.FormatInt(int64(m.Delivery), 10), State: text.T("customer.mail." + string(m.State))})
	}
	return list
}

func cellGroups(text *Text, d actnow.CustomerDetail) []cellGroup {
	var groups []cellGroup
	for _, cell := range d.Cells {
		name := reportName(text, cell.Report)
		if len(groups) == 0 || groups[len(groups)-1].Report != name {
			groups = append(groups, cellGroup{Report: name, Month: cell.Month})
		}
		g := &groups[len(groups)-1]
		g.Cells = append(g.Cells, cell)
	}
	return groups
}
