package web

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
)

// campaignPage is a campaign from draft to its last mail.
type campaignPage struct {
	Head     Head
	Path     string
	State    Badge
	Notes    []Note
	Sections []sectionLink
	Progress *ledgerPart // once it was launched
	Who      whoPart
	Content  contentPart
	Plan     []fact
	Timeline []timelineStep
	Next     []string // the next runs of its line
	Checks   checksPart
	Approval *approvalPart // where the installation asks for a second person
	Launch   *launchPart   // what the person may do to send it
	Moves    []Action
	Cancel   bool
	Runs     []launchRow
}

// sectionLink is one step at the top of the page.
type sectionLink struct {
	ID, Name string
	Number   int
	Done     bool
	Current  bool
}

type fact struct {
	Name, Text, Href string
}

// whoPart says who is mailed and who is left out, and why.
type whoPart struct {
	Frozen     bool
	Mailed     int
	MailedHref string
	LeftOut    []leftOutLine
	Lines      int // everybody: those mailed and those left out
	LeftTotal  int
	Scoped     bool // the reader sees some locations only
}

type leftOutLine struct {
	Reason string
	Fix    string
	Count  int
	Href   string
}

type checksPart struct {
	List    []checkLine
	Summary string
	Badge   Badge
	Blocked bool
	Open    bool // there is something to look at
}

type checkLine struct {
	Kind, Icon string // "danger", "warn" or "ok"
	Text       string
	Where      string
}

type timelineStep struct {
	When string
	Icon string
	Text string
	Note string
}

type launchRow struct {
	At       time.Time
	Audience int
	LeftOut  int
	Href     string
	State    Badge
}

// launchPart is the button that says the act, and what the dialog asks.
type launchPart struct {
	Button  string
	Title   string
	Text    string
	Why     string // why it cannot be pressed, or ""
	Expect  int    // the audience that was shown
	Typed   bool   // the number has to be typed
	Submit  bool   // it asks for approval instead of sending
	Confirm string
}

type approvalPart struct {
	Text    string
	Badge   Badge
	Approve bool
	Reject  bool
}

// typedOver is the audience above which the launch asks to type its number.
const typedOver = 1000

// approvalAsked reports whether the installation wants a second person.
func (s *Server) approvalAsked(c echo.Context) (bool, error) {
	var on bool
	err := s.store.Setting(ctx(c), "approval", &on)
	if errors.Is(err, actnow.ErrNotFound) {
		return false, nil
	}
	return on, err
}

func (s *Server) showCampaign(c echo.Context) error {
	k, err := s.campaign(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	runs, err := s.store.CampaignHistory(ctx(c), s.scope(c), k.ID)
	if err != nil {
		return err
	}
	pack, err := s.store.PackOf(ctx(c), k.Pack)
	if err != nil {
		return err
	}
	asked, err := s.approvalAsked(c)
	if err != nil {
		return err
	}
	names, err := s.userNames(c)
	if err != nil {
		return err
	}
	p := campaignPage{Path: campaignPath(k.ID), State: campaignBadge(text, k.State), Plan: s.planFacts(text, k, names)}
	p.Head = Head{Crumbs: []Crumb{{Text: text.T("nav.campaigns"), Href: "/campaigns"}}, Title: k.Name}
	before := beforeLaunch(k.State)
	var launch campaigns.Launch
	if before {
		var findings []campaigns.Finding
		if launch, findings, err = s.actions.Preview(ctx(c), k.ID); err != nil {
			return err
		}
		p.Checks = checks(text, findings)
		p.Who = whoNow(text, k.ID, launch)
	}
	if len(runs) > 0 {
		part, err := s.ledgerPart(c, k)
		if err != nil {
			return err
		}
		p.Progress = &part
		p.Runs = launchRows(text, k, runs)
		if !before {
			p.Who = whoFrozen(text, k.ID, runs[0])
		}
	}
	p.Who.Scoped = !s.scope(c).AllLocations
	p.Timeline, p.Next = s.timeline(text, k, pack, runs, launch)
	if p.Content, err = s.contentPart(c, k, pack, before); err != nil {
		return err
	}
	s.campaignActs(c, &p, k, launch, asked)
	p.Head.Text = s.campaignLine(text, k, p)
	p.Sections = campaignSections(text, p)
	return s.render(c, "campaign", p)
}

// beforeLaunch reports whether a launch is to come: the audience is that of now.
func beforeLaunch(state actnow.CampaignState) bool {
	return state == actnow.CampaignDraft || state == actnow.CampaignAwaiting || state == actnow.CampaignScheduled
}

// campaignLine is the sentence under the heading.
func (s *Server) campaignLine(text *Text, k campaigns.Campaign, p campaignPage) string {
	switch k.State {
	case actnow.CampaignDraft, actnow.CampaignAwaiting:
		return text.TN("campaigns.line_before", int64(p.Who.Mailed), k.CohortName)
	case actnow.CampaignScheduled:
		if at := s.nextLaunch(k); !at.IsZero() {
			return text.TN("campaigns.line_scheduled", int64(p.Who.Mailed), text.DateTime(at))
		}
		return text.TN("campaigns.line_before", int64(p.Who.Mailed), k.CohortName)
	case actnow.CampaignSending:
		return text.T("campaigns.line_sending", k.Counts[actnow.LedgerSent], k.Counts.Total())
	}
	return text.T("campaigns.line_after", k.Counts[actnow.LedgerSent], k.Counts.Total())
}

func campaignSections(text *Text, p campaignPage) []sectionLink {
	var list []sectionLink
	add := func(id string, done, current bool) {
		list = append(list, sectionLink{ID: id, Number: len(list) + 1, Name: text.T("campaigns.section_" + id), Done: done, Current: current})
	}
	if p.Progress != nil {
		add("sending", !p.Progress.Live, p.Progress.Live)
	}
	add("audience", p.Who.Mailed > 0 || p.Who.Frozen, false)
	add("content", true, false)
	add("plan", true, false)
	if len(p.Checks.List) > 0 {
		add("checks", !p.Checks.Blocked, p.Checks.Blocked)
	}
	if p.Approval != nil {
		add("approval", false, p.Approval.Approve)
	}
	return list
}

func (s *Server) planFacts(text *Text, k campaigns.Campaign, names map[actnow.UserID]string) []fact {
	when := text.T("campaigns.when_now")
	switch {
	case k.Line != "":
		when = text.T("campaigns.when_line", k.Line, k.Zone)
		if k.Again {
			when += " · " + text.T("campaigns.again_short")
		}
	case !k.At.IsZero():
		when = text.DateTime(k.At)
	}
	area := text.T("campaigns.area_each")
	if k.Area != "" {
		area = text.Area(k.Area)
	}
	limit := text.T("campaigns.cap_none")
	if k.CapDays > 0 {
		limit = text.TN("campaigns.cap_is", int64(k.CapMails), k.CapDays)
	}
	list := []fact{
		{text.T("campaigns.cohort"), k.CohortName, fmt.Sprintf("/cohorts/%d", k.Cohort)},
		{text.T("campaigns.pack"), k.PackName, fmt.Sprintf("/campaigns/packs/%d", k.Pack)},
		{text.T("campaigns.area"), area, ""},
		{text.T("campaigns.when"), when, ""},
		{text.T("campaigns.policy"), text.T("policy." + string(k.Policy)), ""},
		{text.T("campaigns.cap"), limit, ""},
	}
	made := text.DateTime(k.CreatedAt)
	if by := names[k.CreatedBy]; by != "" {
		made = text.T("campaigns.by_at", by, text.DateTime(k.CreatedAt))
	}
	list = append(list, fact{text.T("campaigns.made_by"), made, ""})
	if !k.ApprovedAt.IsZero() && names[k.ApprovedBy] != "" {
		list = append(list, fact{text.T("campaigns.released_by"), text.T("campaigns.by_at", names[k.ApprovedBy], text.DateTime(k.ApprovedAt)), ""})
	}
	return list
}

func whoNow(text *Text, id actnow.CampaignID, l campaigns.Launch) whoPart {
	return who(text, l.Audience, l.LeftOut, campaignPath(id)+"/audience")
}

func whoFrozen(text *Text, id actnow.CampaignID, r campaigns.Run) whoPart {
	w := who(text, r.Audience, r.LeftOut, fmt.Sprintf("%s/audience?run=%d", campaignPath(id), r.ID))
	w.Frozen = true
	return w
}

func who(text *Text, mailed int, leftOut map[campaigns.LeftOut]int, path string) whoPart {
	with := func(why string) string {
		u, err := url.Parse(path)
		if err != nil {
			return path
		}
		q := u.Query()
		q.Set("why", why)
		u.RawQuery = q.Encode()
		return u.String()
	}
	w := whoPart{Mailed: mailed, MailedHref: with(whyMailed), Lines: mailed}
	for _, reason := range campaigns.LeftOuts {
		n := leftOut[reason]
		if n == 0 {
			continue
		}
		w.LeftOut = append(w.LeftOut, leftOutLine{Reason: text.T("leftout." + string(reason)), Fix: text.T("campaigns.fix_" + string(reason)), Count: n, Href: with(string(reason))})
		w.LeftTotal += n
	}
	w.Lines += w.LeftTotal
	return w
}

// checks shows the findings, what blocks first.
func checks(text *Text, findings []campaigns.Finding) checksPart {
	var p checksPart
	blocks, warns := 0, 0
	for _, f := range findings {
		line := checkLine{Kind: "ok", Icon: "check", Text: findingSentence(text, f)}
		switch f.Severity {
		case campaigns.SeverityBlock:
			line.Kind, line.Icon = "danger", "octagon-x"
			blocks++
		case campaigns.SeverityWarn:
			line.Kind, line.Icon = "warn", "triangle-alert"
			warns++
		}
		if f.Step != "" {
			line.Where = f.Step
			if f.Language != "" {
				line.Where += ", " + f.Language
			}
		}
		same := slices.IndexFunc(p.List, func(l checkLine) bool { return l.Kind == line.Kind && l.Text == line.Text })
		if same < 0 {
			p.List = append(p.List, line)
		} else if line.Where != "" {
			p.List[same].Where += "; " + line.Where
		}
	}
	p.Open = blocks+warns > 0
	p.Blocked = blocks > 0
	p.Summary = text.T("campaigns.checks_pass", len(findings)-blocks-warns, len(findings))
	switch {
	case blocks > 0:
		p.Badge = Badge{Kind: "danger", Text: text.TN("campaigns.checks_block", int64(blocks))}
	case warns > 0:
		p.Badge = Badge{Kind: "warn", Text: text.TN("campaigns.checks_warn", int64(warns))}
	default:
		p.Badge = Badge{Kind: "ok", Icon: "check", Text: text.T("campaigns.checks_ok")}
	}
	return p
}

func findingSentence(text *Text, f campaigns.Finding) string {
	sentence := f.Text
	if text.Has(f.Code) {
		args := slices.Clone(f.Args)
		for i := range args {
			if day, err := time.Parse(time.DateOnly, fmt.Sprint(args[i])); err == nil {
				args[i] = text.Date(day)
			}
		}
		if f.Code == "preflight.not_mail" {
			args[1] = text.T("channel." + fmt.Sprint(args[1]))
		}
		sentence = text.T(f.Code, args...)
	}
	return capital(sentence)
}

// timeline says what goes out when, and for a line when it runs next.
func (s *Server) timeline(text *Text, k campaigns.Campaign, pack *campaigns.Pack, runs []campaigns.Run, l campaigns.Launch) ([]timelineStep, []string) {
	start, known := k.At, true
	var next []string
	switch {
	case len(runs) > 0 && k.Line == "":
		start = runs[0].LaunchedAt
	case k.Line != "":
		upcoming := nextRuns(k.Line, k.Zone, s.now(), 4)
		for _, at := range upcoming {
			next = append(next, text.DateTime(at))
		}
		known = len(upcoming) > 0
		if known {
			start = upcoming[0]
		}
	case k.At.IsZero():
		known = false
	}
	var list []timelineStep
	for _, step := range slices.SortedStableFunc(slices.Values(pack.Steps), func(a, b campaigns.Step) int { return a.After - b.After }) {
		t := timelineStep{Icon: "mail", Text: stepName(text, pack, step)}
		switch {
		case known:
			t.When = text.Date(start.AddDate(0, 0, step.After))
		case step.After == 0:
			t.When = text.T("campaigns.at_launch")
		default:
			t.When = text.TN("campaigns.days_later", int64(step.After))
		}
		if step.Channel != "email" {
			t.Icon = "share-2"
			t.Note = text.T("campaigns.step_channel", text.T("channel."+step.Channel))
		} else if step.When != "" {
			t.Note = text.T("campaigns.step_when", step.When)
		} else if len(runs) == 0 {
			t.Note = text.TN("campaigns.people", int64(l.Audience))
		}
		list = append(list, t)
	}
	return list, next
}

// stepName is the subject of a step in the reader's language, else its key: a
// subject with merge fields is none before it is filled in.
func stepName(text *Text, pack *campaigns.Pack, step campaigns.Step) string {
	for _, lang := range append([]string{text.Lang}, pack.Languages...) {
		if subject := step.Subject[lang]; subject != "" && !strings.Contains(subject, "{{") {
			return subject
		}
	}
	return capital(step.Key)
}

func launchRows(text *Text, k campaigns.Campaign, runs []campaigns.Run) []launchRow {
	var list []launchRow
	for _, r := range runs {
		row := launchRow{At: r.LaunchedAt, Audience: r.Audience, LeftOut: r.Lines() - r.Audience,
			Href: fmt.Sprintf("%s/audience?run=%d", campaignPath(k.ID), r.ID), State: Badge{Kind: "now", Icon: "send", Text: text.T("campaigns.run_open")}}
		if !r.FinishedAt.IsZero() {
			row.State = Badge{Kind: "ok", Icon: "check", Text: text.T("campaigns.run_done")}
		}
		list = append(list, row)
	}
	return list
}

// campaignActs decides what this person may do with the campaign as it stands.
func (s *Server) campaignActs(c echo.Context, p *campaignPage, k campaigns.Campaign, l campaigns.Launch, asked bool) {
	text, writes := s.text(c), s.may(c, actnow.RightCampaign)
	post := func(act, icon, class string) Action {
		return Action{Text: text.T("campaigns." + act), Post: p.Path + "/" + act, Icon: icon, Class: class}
	}
	if k.Why != "" {
		kind := "warn"
		key := "campaigns.why_" + string(k.State)
		if k.State == actnow.CampaignStopped {
			kind = "danger"
		}
		if !text.Has(key) {
			key = "campaigns.why"
		}
		p.Notes = append(p.Notes, Note{Kind: kind, Text: text.T(key, k.Why)})
	}
	if n := k.Counts[actnow.LedgerUnknown]; n > 0 {
		p.Notes = append(p.Notes, Note{Kind: "warn", Text: text.TN("deliveries.unknown_note", int64(n)),
			Action: &Action{Text: text.T("deliveries.unknown_see"), Href: deliveriesPath(k.ID, actnow.LedgerUnknown), Class: "small"}})
	}
	if asked && (k.State == actnow.CampaignDraft || k.State == actnow.CampaignAwaiting) {
		own := k.CreatedBy != 0 && k.CreatedBy == s.user(c).ID
		a := &approvalPart{Text: text.T("campaigns.approval_not_asked"), Badge: Badge{Kind: "line", Text: text.T("campaigns.approval_open")}}
		if k.State == actnow.CampaignAwaiting {
			a.Badge = Badge{Kind: "now", Text: text.T("campaign.state.awaiting_approval")}
			a.Text = text.T("campaigns.approval_waits")
			a.Reject = s.may(c, actnow.RightApprove)
			if a.Approve = a.Reject && !own; own {
				a.Text = text.T("campaigns.approval_own")
			}
		}
		p.Approval = a
	}
	if !writes {
		return
	}
	if changeable(k) {
		p.Moves = []Action{{Text: text.T("campaigns.change"), Href: p.Path + "/edit", Icon: "pencil"}}
	}
	switch k.State {
	case actnow.CampaignDraft:
		p.Launch = s.launchPart(text, k, l, p.Checks, asked)
		p.Cancel = true
	case actnow.CampaignAwaiting:
		p.Cancel = true
	case actnow.CampaignScheduled:
		if k.Line == "" && !k.At.After(s.now()) {
			p.Launch = s.launchPart(text, k, l, p.Checks, false)
		}
		p.Cancel = true
	case actnow.CampaignSending:
		p.Moves = []Action{post("pause", "pause", "")}
		p.Cancel = true
	case actnow.CampaignPaused, actnow.CampaignStopped:
		p.Moves = []Action{post("resume", "play", "main")}
		p.Cancel = true
	}
}

func (s *Server) launchPart(text *Text, k campaigns.Campaign, l campaigns.Launch, ch checksPart, submit bool) *launchPart {
	p := &launchPart{Expect: l.Audience, Submit: submit, Typed: l.Audience > typedOver && !submit}
	switch at := k.At; {
	case submit:
		p.Button = text.T("campaigns.submit")
	case k.Line != "":
		first := ""
		if runs := nextRuns(k.Line, k.Zone, s.now(), 1); len(runs) > 0 {
			first = text.DateTime(runs[0])
		}
		p.Button, p.Text = text.T("campaigns.schedule_line", first), text.TN("campaigns.confirm_later", int64(l.Audience))
	case at.After(s.now()):
		p.Button, p.Text = text.T("campaigns.schedule_at", text.DateTime(at)), text.TN("campaigns.confirm_later", int64(l.Audience))
	default:
		p.Button, p.Text = text.TN("campaigns.send_now", int64(l.Audience)), text.TN("campaigns.confirm_now", int64(l.Audience))
		if l.Audience == 0 {
			p.Why = text.T("campaigns.nobody")
		}
	}
	p.Title = p.Button + "?"
	p.Confirm = strconv.Itoa(l.Audience)
	if ch.Blocked {
		p.Why = text.T("campaigns.fix_first")
	}
	return p
}
