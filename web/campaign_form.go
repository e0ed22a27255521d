package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
	"actnow/cohorts"
	"actnow/schedule"
)

// campaignForm is the page on which a campaign is made or changed. Typed keeps
// what was typed, by the names of the fields.
type campaignForm struct {
	Head     Head
	Path     string // where the form posts to
	Button   string
	Packs    []packChoice
	NoPacks  *Empty
	PackNote string // what is wrong with the choice
	Name     Field
	Cohorts  Select
	Filter   *filterChoice // customers chosen on the way here, not yet a cohort
	Area     Select
	When     whenForm
	Policies []policyChoice
	PolicyIs string
	Cap      capForm
}

type packChoice struct {
	ID            string
	Name, Play    string
	About         string // "3 mails · sv, en · good until 30 Jun 2027"
	Chosen        bool
	Expired       bool
	Preview       string
	PlayIsUnnamed bool
}

// filterChoice is a filter that becomes a cohort when the campaign is saved.
type filterChoice struct {
	Where    string
	Sentence string
	Counts   string
	Name     Field
}

// whenForm says when a campaign goes: "now", "at" a date, or by a cron "line".
type whenForm struct {
	Choice    string
	Day, Time Field
	Line      Field
	Again     bool
	Zone      string
	Runs      nextRunsPart
}

type nextRunsPart struct {
	Runs     []string
	Error    string
	Warnings []string
}

type policyChoice struct {
	Value, Name, Hint string
}

type capForm struct {
	On    bool
	Mails string
	Days  string
	Error string
}

// defaultCap is what the frequency cap is offered as: at most so many mails of
// other campaigns in so many days.
const defaultCapMails, defaultCapDays = 1, 7

func (s *Server) newCampaign(c echo.Context) error {
	q := c.QueryParams()
	typed := url.Values{"cohort": {q.Get("cohort")}, "where": {q.Get("where")}, "area": {q.Get("area")}, "pack": {q.Get("pack")},
		"when": {"now"}, "policy": {string(actnow.PolicyHold)}, "cap": {"1"}, "suggest": {"1"},
		"cap_mails": {strconv.Itoa(defaultCapMails)}, "cap_days": {strconv.Itoa(defaultCapDays)}}
	return s.showForm(c, http.StatusOK, actnow.CampaignID(0), typed, nil)
}

func (s *Server) editCampaign(c echo.Context) error {
	k, err := s.campaign(c)
	if err != nil {
		return err
	}
	if !changeable(k) {
		return &actnow.StateError{Noun: "campaign", Have: string(k.State), Want: "not begun"}
	}
	return s.showForm(c, http.StatusOK, k.ID, s.typedPlan(k.Plan), nil)
}

// changeable reports whether the plan of a campaign may be changed: nothing of it has gone out.
func changeable(k campaigns.Campaign) bool {
	return k.LaunchedAt.IsZero() && beforeLaunch(k.State)
}

// typedPlan is a plan as its form would have sent it.
func (s *Server) typedPlan(p campaigns.Plan) url.Values {
	v := url.Values{"name": {p.Name}, "pack": {strconv.FormatInt(int64(p.Pack), 10)}, "cohort": {strconv.FormatInt(int64(p.Cohort), 10)},
		"area": {string(p.Area)}, "policy": {string(p.Policy)}, "when": {"now"},
		"cap_mails": {strconv.Itoa(defaultCapMails)}, "cap_days": {strconv.Itoa(defaultCapDays)}}
	switch {
	case p.Line != "":
		v.Set("when", "line")
		v.Set("line", p.Line)
	case !p.At.IsZero():
		at := p.At.In(s.cfg.Zone)
		v.Set("when", "at")
		v.Set("day", at.Format(time.DateOnly))
		v.Set("time", at.Format("15:04"))
	}
	if p.Again {
		v.Set("again", "1")
	}
	if p.CapDays > 0 {
		v.Set("cap", "1")
		v.Set("cap_mails", strconv.Itoa(p.CapMails))
		v.Set("cap_days", strconv.Itoa(p.CapDays))
	}
	return v
}

func (s *Server) createCampaign(c echo.Context) error { return s.takeForm(c, 0) }

func (s *Server) saveCampaign(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return s.takeForm(c, actnow.CampaignID(id))
}

// takeForm makes the campaign, or changes it. Without JavaScript the button
// "look" asks for the next runs only.
func (s *Server) takeForm(c echo.Context, id actnow.CampaignID) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	if f.Get("look") != "" {
		return s.showForm(c, http.StatusOK, id, f, nil)
	}
	plan, problems := s.readPlan(f)
	where := strings.TrimSpace(f.Get("where"))
	if where != "" && plan.Cohort == 0 && len(problems) == 0 {
		made, err := s.store.CreateCohort(ctx(c), s.scope(c), s.actor(c), f.Get("cohort_name"), where)
		switch {
		case errors.Is(err, actnow.ErrInvalid):
			problems = append(problems, atField(err, "cohort_name"))
		case err != nil:
			return err
		default:
			plan.Cohort = made.ID
			f.Set("cohort", strconv.FormatInt(int64(made.ID), 10)) // a second try does not make it twice
		}
	} else if plan.Cohort == 0 && len(problems) == 0 {
		problems = append(problems, actnow.Invalid("error.campaign_cohort", "cohort", "choose a cohort"))
	}
	if len(problems) > 0 {
		return s.showForm(c, http.StatusUnprocessableEntity, id, f, problems)
	}
	said := s.text(c).T("campaigns.made")
	if id == 0 {
		id, err = s.store.CreateCampaign(ctx(c), s.actor(c), plan)
	} else {
		said, err = s.changeCampaign(c, id, plan)
	}
	if errors.Is(err, actnow.ErrInvalid) {
		return s.showForm(c, http.StatusUnprocessableEntity, id, f, []error{err})
	}
	if errors.Is(err, actnow.ErrNotFound) {
		gone, readErr := s.goneChoices(c, plan)
		if readErr != nil {
			return readErr
		}
		if len(gone) > 0 {
			return s.showForm(c, http.StatusUnprocessableEntity, id, f, gone)
		}
	}
	if err != nil {
		return err
	}
	return s.done(c, campaignPath(id), said, "")
}

// changeCampaign changes the plan and says what that came to.
func (s *Server) changeCampaign(c echo.Context, id actnow.CampaignID, plan campaigns.Plan) (said string, err error) {
	was, err := s.store.Campaign(ctx(c), s.scope(c), id)
	if err != nil {
		return "", err
	}
	if err := s.actions.Change(ctx(c), s.actor(c), id, plan); err != nil {
		return "", err
	}
	now, err := s.store.Campaign(ctx(c), s.scope(c), id)
	if err != nil {
		return "", err
	}
	text := s.text(c)
	switch at := s.nextLaunch(now); {
	case now.State == actnow.CampaignScheduled && !at.IsZero():
		return text.T("campaigns.saved_scheduled", text.DateTime(at)), nil
	case was.State == actnow.CampaignScheduled || was.State == actnow.CampaignAwaiting:
		return text.T("campaigns.saved_draft"), nil
	}
	return text.T("campaigns.saved"), nil
}

// goneChoices says which choices of the plan are there no more, such as a cohort that
// somebody deleted while the form was open.
func (s *Server) goneChoices(c echo.Context, plan campaigns.Plan) (gone []error, err error) {
	_, err = s.store.PackOf(ctx(c), plan.Pack)
	if errors.Is(err, actnow.ErrNotFound) {
		gone, err = append(gone, actnow.Invalid("error.campaign_pack_gone", "pack", "the pack is there no more: choose another one")), nil
	}
	if err != nil {
		return nil, err
	}
	_, err = s.store.Cohort(ctx(c), s.scope(c), plan.Cohort)
	if errors.Is(err, actnow.ErrNotFound) {
		gone, err = append(gone, actnow.Invalid("error.campaign_cohort_gone", "cohort", "the cohort is there no more: choose another one")), nil
	}
	return gone, err
}

// atField is an input error about another field: the one of this form.
func atField(err error, field string) error {
	var input *actnow.InputError
	if !errors.As(err, &input) {
		return err
	}
	moved := *input
	moved.Field = field
	return &moved
}

// readPlan reads the form; the problems are all *actnow.InputError.
func (s *Server) readPlan(f url.Values) (campaigns.Plan, []error) {
	var problems []error
	number := func(name, code, sentence string) int64 {
		n, err := strconv.ParseInt(strings.TrimSpace(f.Get(name)), 10, 64)
		if err != nil || n < 0 {
			problems = append(problems, actnow.Invalid(code, name, "%s", sentence))
		}
		return n
	}
	p := campaigns.Plan{Name: strings.TrimSpace(f.Get("name")), Area: actnow.Area(f.Get("area")), Policy: actnow.UnknownPolicy(f.Get("policy"))}
	if p.Name == "" {
		problems = append(problems, actnow.Invalid("error.campaign_name", "name", "the campaign needs a name"))
	}
	if p.Area != "" && !p.Area.Valid() {
		problems = append(problems, actnow.Invalid("error.area", "area", "%q is no solution area", string(p.Area)))
	}
	p.Pack = actnow.PackID(number("pack", "error.campaign_pack", "choose a pack"))
	if f.Get("cohort") != "" {
		p.Cohort = actnow.CohortID(number("cohort", "error.campaign_cohort", "choose a cohort"))
	}
	switch f.Get("when") {
	case "at":
		at, err := time.ParseInLocation("2006-01-02 15:04", f.Get("day")+" "+f.Get("time"), s.cfg.Zone)
		switch {
		case err != nil:
			problems = append(problems, actnow.Invalid("error.campaign_at", "day", "give a day and a time"))
		case !at.After(s.now()):
			problems = append(problems, actnow.Invalid("error.campaign_past", "day", "this moment has passed: choose a later one, or send now"))
		}
		p.At = at
	case "line":
		p.Line, p.Zone, p.Again = strings.Join(strings.Fields(f.Get("line")), " "), s.cfg.Zone.String(), f.Get("again") != ""
		if _, err := schedule.Parse(p.Line, p.Zone, false); err != nil {
			problems = append(problems, atField(err, "line"))
		}
	}
	if f.Get("cap") != "" {
		p.CapMails, p.CapDays = int(number("cap_mails", "error.campaign_cap", "the cap is a number of mails in 1 to 366 days")), int(number("cap_days", "error.campaign_cap", "the cap is a number of mails in 1 to 366 days"))
		if p.CapDays < 1 || p.CapDays > 366 {
			problems = append(problems, actnow.Invalid("error.campaign_cap", "cap_days", "the cap is a number of mails in 1 to 366 days"))
		}
	}
	return p, problems
}

func (s *Server) showForm(c echo.Context, status int, id actnow.CampaignID, typed url.Values, problems []error) error {
	text := s.text(c)
	packs, err := s.store.Packs(ctx(c))
	if err != nil {
		return err
	}
	list, err := s.store.Cohorts(ctx(c), s.scope(c))
	if err != nil {
		return err
	}
	p := campaignForm{
		Head:   Head{Crumbs: []Crumb{{Text: text.T("nav.campaigns"), Href: "/campaigns"}}, Title: text.T("campaigns.new"), Text: text.T("campaigns.new_text")},
		Path:   "/campaigns",
		Button: text.T("campaigns.save"),
		Name:   Field{Name: "name", Label: text.T("campaigns.name"), Value: typed.Get("name"), Hint: text.T("campaigns.name_hint"), Required: true, Autocomplete: "off"},
		Area:   Select{Name: "area", Label: text.T("campaigns.area"), Hint: text.T("campaigns.area_hint"), Options: []Option{{Text: text.T("campaigns.area_each")}}},
	}
	if id != 0 {
		p.Path, p.Head.Title, p.Button = campaignPath(id), text.T("campaigns.edit"), text.T("campaigns.save_changes")
		k, err := s.store.Campaign(ctx(c), s.scope(c), id)
		if err != nil {
			return err
		}
		p.Head.Crumbs = append(p.Head.Crumbs, Crumb{Text: k.Name, Href: campaignPath(id)})
		p.Head.Text = text.T("campaigns.edit_text_" + string(k.State))
	}
	for _, a := range actnow.Areas {
		p.Area.Options = append(p.Area.Options, Option{Value: string(a), Text: text.Area(a), Selected: string(a) == typed.Get("area")})
	}
	p.Packs = s.packChoices(text, packs, typed.Get("pack"))
	if len(p.Packs) == 0 {
		p.NoPacks = &Empty{Icon: "mail", Title: text.T("campaigns.packs_empty"), Text: text.T("campaigns.packs_empty_text"),
			Actions: []Action{{Text: text.T("campaigns.packs_upload"), Href: "/campaigns/packs", Class: "main"}, exampleAction(text)}}
	}
	p.Cohorts = cohortSelect(text, list, typed.Get("cohort"))
	if where := strings.TrimSpace(typed.Get("where")); where != "" && typed.Get("cohort") == "" {
		if p.Filter, err = s.filterChoice(c, text, where, typed); err != nil {
			return err
		}
	}
	p.When = s.whenForm(text, typed)
	p.PolicyIs = typed.Get("policy")
	for _, policy := range []actnow.UnknownPolicy{actnow.PolicyHold, actnow.PolicyResend, actnow.PolicyReconcile} {
		p.Policies = append(p.Policies, policyChoice{string(policy), text.T("policy." + string(policy)), text.T("campaigns.policy_" + string(policy))})
	}
	p.Cap = capForm{On: typed.Get("cap") != "", Mails: typed.Get("cap_mails"), Days: typed.Get("cap_days")}
	if typed.Get("suggest") != "" {
		p.Name.Value = s.suggestName(text, list, typed)
	}
	p.show(problems, text)
	return s.renderStatus(c, status, "campaign_form", p)
}

// show puts each problem at its field.
func (p *campaignForm) show(problems []error, text *Text) {
	for _, problem := range problems {
		var input *actnow.InputError
		if !errors.As(problem, &input) {
			continue
		}
		switch sentence := text.Error(input); input.Field {
		case "name":
			p.Name.Error = sentence
		case "line":
			p.When.Line.Error, p.When.Runs = sentence, nextRunsPart{}
		case "day", "at":
			p.When.Day.Error = sentence
		case "pack":
			p.PackNote = sentence
		case "cohort":
			p.Cohorts.Error = sentence
		case "area":
			p.Area.Error = sentence
		case "cap", "cap_mails", "cap_days":
			p.Cap.Error = sentence
		case "cohort_name":
			if p.Filter != nil {
				p.Filter.Name.Error = sentence
			}
		case "policy":
			p.PolicyIs = ""
		}
	}
}

// suggestName is the cohort's name and the month: "Azure, ready to buy, December 2026".
func (s *Server) suggestName(text *Text, list []cohorts.Cohort, typed url.Values) string {
	what := typed.Get("cohort_name")
	for _, h := range list {
		if strconv.FormatInt(int64(h.ID), 10) == typed.Get("cohort") {
			what = h.Name
		}
	}
	if a := actnow.Area(typed.Get("area")); what == "" && a.Valid() {
		what = text.Area(a)
	}
	if what == "" {
		return ""
	}
	return what + ", " + text.Month(actnow.MonthOf(s.now().In(s.cfg.Zone)))
}

func cohortSelect(text *Text, list []cohorts.Cohort, chosen string) Select {
	sel := Select{Name: "cohort", Label: text.T("campaigns.cohort"), Hint: text.T("campaigns.cohort_hint"), Options: []Option{{Text: text.T("campaigns.cohort_choose")}}}
	for _, h := range list {
		o := Option{Value: strconv.FormatInt(int64(h.ID), 10), Text: text.T("campaigns.cohort_counts", h.Name, h.Counts.Customers, h.Counts.Mailable)}
		if h.Withheld {
			o.Text = h.Name
		}
		o.Selected = o.Value == chosen
		sel.Options = append(sel.Options, o)
	}
	return sel
}

func (s *Server) filterChoice(c echo.Context, text *Text, where string, typed url.Values) (*filterChoice, error) {
	expr, err := cohorts.Parse(where)
	if err != nil {
		return nil, err
	}
	n, err := s.store.CountFilter(ctx(c), s.scope(c), where)
	if err != nil {
		return nil, err
	}
	sentence := cohorts.Sentence(expr, text.Lang)
	name := typed.Get("cohort_name")
	if name == "" && typed.Get("suggest") != "" {
		name = sentence
		if r := []rune(name); len(r) > 80 {
			name = strings.TrimSpace(string(r[:80]))
		}
		typed.Set("cohort_name", name)
	}
	return &filterChoice{Where: where, Sentence: sentence, Counts: text.T("campaigns.counts", n.Customers, n.Matched, n.Mailable),
		Name: Field{Name: "cohort_name", Label: text.T("campaigns.cohort_name"), Value: name, Hint: text.T("campaigns.cohort_name_hint"), Required: true, Autocomplete: "off"}}, nil
}

func (s *Server) packChoices(text *Text, packs []campaigns.KeptPack, chosen string) []packChoice {
	var list []packChoice
	for _, k := range packs {
		id := strconv.FormatInt(int64(k.ID), 10)
		list = append(list, packChoice{ID: id, Name: k.Name, Play: k.Play, About: s.aboutPack(text, &k.Pack), Chosen: id == chosen,
			Expired: k.Expired(s.now().In(s.cfg.Zone)), Preview: "/campaigns/packs/" + id})
	}
	slices.SortStableFunc(list, func(a, b packChoice) int { return strings.Compare(a.Play, b.Play) })
	if chosen == "" && len(list) == 1 && !list[0].Expired {
		list[0].Chosen = true
	}
	return list
}

func (s *Server) whenForm(text *Text, typed url.Values) whenForm {
	w := whenForm{
		Choice: typed.Get("when"), Zone: s.cfg.Zone.String(), Again: typed.Get("again") != "",
		Day:  Field{Name: "day", Label: text.T("campaigns.day"), Type: "date", Value: typed.Get("day")},
		Time: Field{Name: "time", Label: text.T("campaigns.time"), Type: "time", Value: typed.Get("time")},
		Line: Field{Name: "line", Label: text.T("campaigns.line"), Value: typed.Get("line"), Hint: text.T("campaigns.line_hint"), Autocomplete: "off"},
	}
	if w.Time.Value == "" {
		w.Time.Value = "09:00"
	}
	if w.Line.Value != "" {
		w.Runs = s.nextRunsPart(text, w.Line.Value)
	}
	return w
}

// showNextRuns answers with the next runs of the line that is being typed.
func (s *Server) showNextRuns(c echo.Context) error {
	p := campaignForm{When: whenForm{Runs: s.nextRunsPart(s.text(c), c.QueryParam("line"))}}
	return s.renderBlock(c, http.StatusOK, "campaign_form", "#runs", p)
}

func (s *Server) nextRunsPart(text *Text, line string) nextRunsPart {
	var p nextRunsPart
	if strings.TrimSpace(line) == "" {
		return p
	}
	spec, err := schedule.Parse(line, s.cfg.Zone.String(), false)
	var input *actnow.InputError
	switch {
	case errors.As(err, &input):
		p.Error = text.Error(input)
		return p
	case err != nil:
		p.Error = err.Error()
		return p
	}
	for _, w := range spec.Warnings() {
		p.Warnings = append(p.Warnings, text.T(w.Code, w.Args...))
	}
	for _, at := range nextRuns(line, s.cfg.Zone.String(), s.now(), 4) {
		p.Runs = append(p.Runs, text.DateTime(at))
	}
	return p
}

// nextRuns are the next n moments of a line, or none if it cannot be used.
func nextRuns(line, zone string, now time.Time, n int) []time.Time {
	runs, err := schedule.Upcoming(schedule.Schedule{Line: line, Zone: zone, Enabled: true}, now, n)
	if err != nil {
		return nil
	}
	return runs
}
