package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/crm"
)

// inboxStore keeps the events that came by hooks.
type inboxStore interface {
	Inbox(ctx context.Context, scope actnow.Scope, q crm.InboxQuery) (crm.InboxPage, error)
	InboxEvent(ctx context.Context, scope actnow.Scope, id int64) (crm.InboxEvent, error)
	// ReplayEvent lets an event be worked again. The error matches
	// actnow.ErrConflict if it waits already.
	ReplayEvent(ctx context.Context, by actnow.Actor, event int64) error
	// ReplayFailed does so with all failed events of a connection.
	ReplayFailed(ctx context.Context, by actnow.Actor, conn actnow.ConnectionID) (int64, error)
}

// inboxActions wake what works the events off.
type inboxActions interface {
	// WakeInbox tells the worker of the inbox that events wait.
	WakeInbox()
}

func (s *Server) inboxRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/settings/inbox", right: actnow.RightImport, nav: "settings", handle: s.showInbox},
		{method: http.MethodGet, path: "/settings/inbox/:id", right: actnow.RightImport, nav: "settings", handle: s.showEvent},
		{method: http.MethodPost, path: "/settings/inbox/:id/replay", right: actnow.RightImport, handle: s.replayEvent},
		{method: http.MethodPost, path: "/settings/connections/:id/replay", right: actnow.RightImport, handle: s.replayFailed},
	}
}

const eventsShown = 50

type inboxPage struct {
	Head        Head
	Connections Select
	States      Select
	Rows        []eventRow
	Empty       *Empty
	Foot        Foot
	Replay      *Action
}

type eventRow struct {
	Path, Replay, EventID, Name, Problem, At string
	State                                    Badge
	Attempts                                 int
}

var eventStates = []crm.EventState{crm.EventReceived, crm.EventDone, crm.EventFailed}

func (s *Server) showInbox(c echo.Context) error {
	text := s.text(c)
	conn, err := queryNumber(c, "connection")
	if err != nil {
		return err
	}
	offset, err := queryNumber(c, "offset")
	if err != nil {
		return err
	}
	state, err := queryChoice(c, "state", eventStates)
	if err != nil {
		return err
	}
	q := crm.InboxQuery{Connection: actnow.ConnectionID(conn), State: state, Offset: int(offset), Limit: eventsShown}
	page, err := s.store.Inbox(ctx(c), s.scope(c), q)
	if err != nil {
		return err
	}
	all, err := s.store.Connections(ctx(c))
	if err != nil {
		return err
	}
	p := inboxPage{Head: Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("settings.inbox")}},
		Title: text.TN("inbox.title", int64(page.Total)), Text: text.T("inbox.text")}}
	p.Connections = Select{Name: "connection", Label: text.T("inbox.connection"), Options: []Option{{Text: text.T("inbox.all")}}}
	for _, k := range all {
		if isHook(k) {
			p.Connections.Options = append(p.Connections.Options, Option{Value: fmt.Sprint(int64(k.ID)), Text: k.Name, Selected: k.ID == q.Connection})
		}
		if k.ID == q.Connection && k.Failed > 0 {
			p.Replay = &Action{Text: text.TN("inbox.replay_all", int64(k.Failed)), Post: connectionPath(k.ID) + "/replay", Icon: "rotate-ccw"}
		}
	}
	p.States = Select{Name: "state", Label: text.T("inbox.state"), Options: []Option{{Text: text.T("inbox.all")}}}
	for _, st := range eventStates {
		p.States.Options = append(p.States.Options, Option{Value: string(st), Text: text.T("inbox.state_" + string(st)), Selected: st == q.State})
	}
	for _, e := range page.Events {
		p.Rows = append(p.Rows, newEventRow(text, e))
	}
	if len(p.Rows) == 0 {
		p.Empty = &Empty{Icon: "inbox", Title: text.T("inbox.empty"), Text: text.T("inbox.empty_text"), Actions: []Action{{Text: text.T("connections.page"), Href: "/settings/connections"}}}
	}
	query := url.Values{"connection": {c.QueryParam("connection")}, "state": {string(q.State)}}
	p.Foot = offsetFoot(text, "/settings/inbox", query, int(offset), len(p.Rows), page.Total, eventsShown)
	return s.render(c, "inbox", p)
}

func newEventRow(text *Text, e crm.InboxEvent) eventRow {
	row := eventRow{Path: fmt.Sprintf("/settings/inbox/%d", e.ID), EventID: e.EventID, Name: e.Name, Problem: e.Problem, At: text.DateTime(e.ReceivedAt), Attempts: e.Attempts}
	if e.Withheld {
		row.Problem = text.T("inbox.withheld")
	}
	switch e.State {
	case crm.EventReceived:
		row.State = Badge{Icon: "clock", Text: text.T("inbox.state_received")}
	case crm.EventFailed:
		row.State = Badge{Kind: "danger", Icon: "circle-alert", Text: text.T("inbox.state_failed")}
	default:
		row.State = Badge{Kind: "ok", Icon: "check", Text: text.T("inbox.state_done")}
	}
	if e.State != crm.EventReceived {
		row.Replay = row.Path + "/replay"
	}
	return row
}

type eventPage struct {
	Head     Head
	Facts    []pair
	Problems []string
	Body     string
	Replay   *Action
}

func (s *Server) showEvent(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	e, err := s.store.InboxEvent(ctx(c), s.scope(c), id)
	if err != nil {
		return err
	}
	text := s.text(c)
	row := newEventRow(text, e)
	p := eventPage{Head: Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("settings.inbox"), Href: "/settings/inbox"}},
		Title: text.T("inbox.event", e.EventID), Text: text.T("inbox.came", e.Name, row.At)}, Body: string(e.Body)}
	p.Facts = []pair{{Name: text.T("inbox.state"), Value: row.State.Text}, {Name: text.T("inbox.attempts"), Value: text.Number(int64(e.Attempts))}}
	if !e.WorkedAt.IsZero() {
		p.Facts = append(p.Facts, pair{Name: text.T("inbox.worked"), Value: text.DateTime(e.WorkedAt)})
	}
	for line := range strings.Lines(row.Problem) {
		p.Problems = append(p.Problems, strings.TrimSpace(line))
	}
	if row.Replay != "" {
		p.Replay = &Action{Text: text.T("inbox.replay"), Post: row.Replay, Icon: "rotate-ccw"}
	}
	return s.render(c, "event", p)
}

func (s *Server) replayEvent(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.store.ReplayEvent(ctx(c), s.actor(c), id); err != nil {
		return err
	}
	s.actions.WakeInbox()
	return s.done(c, fmt.Sprintf("/settings/inbox/%d", id), s.text(c).T("inbox.replayed"), "")
}

func (s *Server) replayFailed(c echo.Context) error {
	k, err := s.connection(c)
	if err != nil {
		return err
	}
	n, err := s.store.ReplayFailed(ctx(c), s.actor(c), k.ID)
	if err != nil {
		return err
	}
	s.actions.WakeInbox()
	return s.done(c, inboxPath(k.ID, ""), s.text(c).TN("inbox.replayed_all", n), "")
}
