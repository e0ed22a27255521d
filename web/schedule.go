package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/schedule"
)

// scheduleStore keeps standing orders and their runs.
type scheduleStore interface {
	Schedules(ctx context.Context) ([]schedule.Schedule, error)
	// Schedule returns the schedule with the key. The error matches
	// actnow.ErrNotFound.
	Schedule(ctx context.Context, key string) (schedule.Schedule, error)
	// SaveSchedule changes the schedule with the key of s. A period that has run
	// does not run again.
	SaveSchedule(ctx context.Context, by actnow.Actor, s schedule.Schedule) (schedule.Schedule, error)
	Runs(ctx context.Context, id actnow.ScheduleID, limit int) ([]schedule.Run, error)
	// AnswerRun answers a run that asks. The error matches actnow.ErrConflict if
	// it does not ask any more.
	AnswerRun(ctx context.Context, by actnow.Actor, id actnow.ScheduleID, period string, yes bool) error
}

func (s *Server) scheduleRoutes() []route {
	const list = "/settings/schedules"
	return []route{
		{method: http.MethodGet, path: list, right: actnow.RightCampaign, nav: "settings", handle: s.showSchedules},
		{method: http.MethodGet, path: list + "/:key", right: actnow.RightCampaign, nav: "settings", handle: s.showSchedule},
		{method: http.MethodPost, path: list + "/:key", right: actnow.RightAdmin, nav: "settings", maxBody: 64 << 10, handle: s.saveSchedule},
		{method: http.MethodPost, path: list + "/:key/run", right: actnow.RightAdmin, handle: s.runSchedule},
		{method: http.MethodPost, path: list + "/:key/answer", right: actnow.RightCampaign, maxBody: 64 << 10, handle: s.answerRun},
	}
}

type schedulesPage struct {
	Head      Head
	Asking    []askingRun
	Schedules []scheduleRow
}

type scheduleRow struct {
	Path, Name, Line, Zone string
	Next                   string // the next run, or why there is none
	Last                   Badge
	LastAt                 string
	State                  Badge
}

// askingRun is a send that was missed: a person says whether it goes out.
type askingRun struct {
	Name, At, Post, Period string
}

func schedulePath(key string) string { return "/settings/schedules/" + url.PathEscape(key) }

// scheduleName is what a schedule does, in words.
func scheduleName(text *Text, key string) string {
	if id, ok := strings.CutPrefix(key, "campaign:"); ok {
		return text.T("schedules.campaign", id)
	}
	if id, ok := strings.CutPrefix(key, "download:"); ok {
		return text.T("schedules.download", id)
	}
	if name := "schedules.name_" + strings.TrimPrefix(key, "job:"); text.Has(name) {
		return text.T(name)
	}
	return key
}

// scheduleNames returns scheduleName with the names of campaigns and of the reader's own
// reports in it.
func (s *Server) scheduleNames(c echo.Context) (func(key string) string, error) {
	text := s.text(c)
	all, err := s.store.Campaigns(ctx(c), s.scope(c))
	if err != nil {
		return nil, err
	}
	downloads, err := s.store.Downloads(ctx(c), s.downloadOwner(c))
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, k := range all {
		names[fmt.Sprintf("campaign:%d", k.ID)] = text.T("schedules.campaign", text.T("activity.named", k.Name))
	}
	for _, d := range downloads {
		names[fmt.Sprintf("download:%d", d.ID)] = text.T("schedules.download", text.T("activity.named", d.Name))
	}
	return func(key string) string { return cmp.Or(names[key], scheduleName(text, key)) }, nil
}

func (s *Server) showSchedules(c echo.Context) error {
	text := s.text(c)
	all, err := s.store.Schedules(ctx(c))
	if err != nil {
		return err
	}
	name, err := s.scheduleNames(c)
	if err != nil {
		return err
	}
	p := schedulesPage{Head: Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("settings.schedules")}},
		Title: text.TN("schedules.title", int64(len(all))), Text: text.T("schedules.text", text.Time(s.now()), s.cfg.Zone.String())}}
	asking, err := s.store.AskingRuns(ctx(c))
	if err != nil {
		return err
	}
	for _, r := range asking {
		p.Asking = append(p.Asking, newAskingRun(text, name(r.Key), r))
	}
	for _, order := range all {
		row := scheduleRow{Path: schedulePath(order.Key), Name: name(order.Key), Line: order.Line, Zone: order.Zone, State: scheduleState(text, order)}
		if order.Line == "" {
			row.Line, row.Zone = text.T("schedules.once", text.DateTime(order.At)), text.Zone.String()
		}
		next, err := schedule.Upcoming(order, s.now(), 1)
		if err != nil {
			return fmt.Errorf("schedule %s: %w", order.Key, err)
		}
		row.Next = text.T("schedules.no_next")
		if len(next) > 0 {
			row.Next = timesOf(text, order).DateTime(next[0])
		}
		runs, err := s.store.Runs(ctx(c), order.ID, 1)
		if err != nil {
			return err
		}
		row.Last = Badge{Kind: "line", Text: text.T("schedules.never_ran")}
		if len(runs) > 0 {
			row.Last, row.LastAt = runState(text, runs[0].State), text.DateTime(runs[0].DueAt)
		}
		p.Schedules = append(p.Schedules, row)
	}
	return s.render(c, "schedules", p)
}

// timesOf is text with the times of the zone in which a schedule's line is read; a
// single instant has none of its own.
func timesOf(text *Text, order schedule.Schedule) *Text {
	if order.Line == "" {
		return text
	}
	return inZone(text, order.Zone)
}

// inZone is text with the times of another zone.
func inZone(text *Text, zone string) *Text {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return text
	}
	local := *text
	local.Zone = loc
	return &local
}

func newAskingRun(text *Text, name string, r schedule.Run) askingRun {
	return askingRun{Name: name, At: text.DateTime(r.DueAt), Post: schedulePath(r.Key) + "/answer", Period: r.Period}
}

func scheduleState(text *Text, s schedule.Schedule) Badge {
	if s.Enabled {
		return Badge{Kind: "ok", Icon: "check", Text: text.T("schedules.on")}
	}
	return Badge{Kind: "line", Icon: "pause", Text: text.T("schedules.off")}
}

func runState(text *Text, state schedule.State) Badge {
	b := Badge{Kind: "line", Text: text.T("schedules.state_" + string(state))}
	switch state {
	case schedule.Done:
		b.Kind, b.Icon = "ok", "check"
	case schedule.Failed:
		b.Kind, b.Icon = "danger", "circle-alert"
	case schedule.Asks:
		b.Kind, b.Icon = "now", "bell"
	case schedule.Due, schedule.Running:
		b.Kind, b.Icon = "", "clock"
	}
	return b
}

type schedulePage struct {
	Head     Head
	Path     string
	MayEdit  bool
	Fields   []Field
	Last     bool
	Enabled  bool
	CatchUp  Select
	Warnings []string
	Upcoming []string
	Runs     []ranRow
	Asking   []askingRun
	Now      string // where a run is asked for, "" if it is not to be had here
	Campaign string // where a campaign's own times are set, "" for other schedules
}

type ranRow struct {
	Period, At, Took, Message string
	State                     Badge
}

func (s *Server) showSchedule(c echo.Context) error {
	order, err := s.store.Schedule(ctx(c), c.Param("key"))
	if err != nil {
		return err
	}
	return s.renderSchedule(c, http.StatusOK, order, nil)
}

// renderSchedule shows a schedule, as it is kept or, with a problem, as it was
// typed.
func (s *Server) renderSchedule(c echo.Context, status int, order schedule.Schedule, problem *actnow.InputError) error {
	text := s.text(c)
	name, err := s.scheduleNames(c)
	if err != nil {
		return err
	}
	p := schedulePage{Path: schedulePath(order.Key), Last: order.Last, Enabled: order.Enabled,
		Head: Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("settings.schedules"), Href: "/settings/schedules"}}, Title: name(order.Key), Text: text.T("schedules.one_text")}}
	if id, ok := strings.CutPrefix(order.Key, "campaign:"); ok {
		p.Campaign = "/campaigns/" + url.PathEscape(id)
	}
	p.MayEdit = s.may(c, actnow.RightAdmin) && p.Campaign == ""
	if s.may(c, actnow.RightAdmin) && runsByHand(order.Key) {
		p.Now = p.Path + "/run"
	}
	late := order.MaxLate
	if late == 0 {
		late = schedule.MaxLateJob
	}
	p.Fields = []Field{
		{Name: "cron", Label: text.T("schedules.line"), Value: order.Line, Hint: text.T("schedules.line_hint"), Autocomplete: "off", Required: true},
		{Name: "zone", Label: text.T("schedules.zone"), Value: order.Zone, Hint: text.T("schedules.zone_hint"), Autocomplete: "off", Required: true},
		{Name: "max_late", Label: text.T("schedules.max_late"), Type: "number", Value: strconv.FormatInt(int64(late/time.Hour), 10), Hint: text.T("schedules.max_late_hint"), Autocomplete: "off"},
	}
	markField(text, p.Fields, problem)
	p.CatchUp = Select{Name: "catch_up", Label: text.T("schedules.catch_up"), Hint: text.T("schedules.catch_up_hint")}
	for _, policy := range []schedule.CatchUp{schedule.CatchLatest, schedule.CatchAll, schedule.CatchNone, schedule.CatchAsk} {
		p.CatchUp.Options = append(p.CatchUp.Options, Option{Value: string(policy), Text: text.T("schedules.catch_" + string(policy)), Selected: policy == order.CatchUp})
	}
	if problem == nil {
		if err := s.describeSchedule(&p, text, order); err != nil {
			return err
		}
	}
	runs, err := s.store.Runs(ctx(c), order.ID, 20)
	if err != nil {
		return err
	}
	for _, r := range runs {
		row := ranRow{Period: r.Period, At: timesOf(text, order).DateTime(r.DueAt), State: runState(text, r.State)}
		switch {
		case r.Failure != nil:
			row.Message = text.failure(r.Failure, r.Message)
		case r.Message != "":
			row.Message = text.T("schedules.broke", r.Message)
		}
		if !r.StartedAt.IsZero() && !r.EndedAt.IsZero() {
			row.Took = text.T("schedules.seconds", int64(r.EndedAt.Sub(r.StartedAt).Seconds()))
		}
		p.Runs = append(p.Runs, row)
		if r.State == schedule.Asks {
			p.Asking = append(p.Asking, newAskingRun(text, name(r.Key), r))
		}
	}
	return s.renderStatus(c, status, "schedule", p)
}

// describeSchedule says what the line means: warnings, and the next five runs.
func (s *Server) describeSchedule(p *schedulePage, text *Text, order schedule.Schedule) error {
	if order.Line != "" {
		spec, err := schedule.Parse(order.Line, order.Zone, order.Last)
		if err != nil {
			return fmt.Errorf("schedule %s: %w", order.Key, err)
		}
		for _, w := range spec.Warnings() {
			p.Warnings = append(p.Warnings, sentenceOf(text, w.Code, w.Text, w.Args))
		}
	}
	next, err := schedule.Upcoming(order, s.now(), 5)
	if err != nil {
		return fmt.Errorf("schedule %s: %w", order.Key, err)
	}
	for _, at := range next {
		p.Upcoming = append(p.Upcoming, timesOf(text, order).DateTime(at))
	}
	return nil
}

func (s *Server) saveSchedule(c echo.Context) error {
	order, err := s.store.Schedule(ctx(c), c.Param("key"))
	if err != nil {
		return err
	}
	if strings.HasPrefix(order.Key, "campaign:") {
		return actnow.ErrForbidden // its times are the campaign's
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	order.Line, order.At = strings.TrimSpace(f.Get("cron")), time.Time{}
	order.Zone, order.Last, order.Enabled = strings.TrimSpace(f.Get("zone")), f.Get("last") != "", f.Get("enabled") != ""
	order.CatchUp = schedule.CatchUp(f.Get("catch_up"))
	hours, bad := strconv.ParseInt(strings.TrimSpace(f.Get("max_late")), 10, 32)
	var input *actnow.InputError
	switch order.CatchUp {
	case schedule.CatchLatest, schedule.CatchAll, schedule.CatchNone, schedule.CatchAsk:
	default:
		input = actnow.Invalid("error.catch_up", "catch_up", "%q is no policy for missed runs", order.CatchUp)
	}
	if bad != nil || hours < 0 || hours > 24*366 {
		input = actnow.Invalid("error.hours", "max_late", "%q is no number of hours", f.Get("max_late"))
	}
	if input == nil {
		order.MaxLate = time.Duration(hours) * time.Hour
		_, err = s.store.SaveSchedule(ctx(c), s.actor(c), order)
		if err == nil {
			return s.done(c, schedulePath(order.Key), s.text(c).T("schedules.saved"), "")
		}
		if !errors.As(err, &input) {
			return err
		}
	}
	return s.renderSchedule(c, http.StatusUnprocessableEntity, order, input)
}

func (s *Server) answerRun(c echo.Context) error {
	order, err := s.store.Schedule(ctx(c), c.Param("key"))
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	yes := f.Get("answer") == "yes"
	if err := s.store.AnswerRun(ctx(c), s.actor(c), order.ID, f.Get("period"), yes); err != nil {
		return err
	}
	key := "schedules.answered_no"
	if yes {
		key = "schedules.answered_yes"
	}
	return s.done(c, "/settings/schedules", s.text(c).T(key), "")
}
