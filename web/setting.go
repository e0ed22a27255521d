package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
)

// settingStore keeps what is set once for the installation.
type settingStore interface {
	// Setting reads a setting into v. The error matches actnow.ErrNotFound if it
	// was never saved.
	Setting(ctx context.Context, key string, v any) error
	SaveSetting(ctx context.Context, by actnow.Actor, key string, v any) error
}

// senderSetting is the campaigns.From whose name mail to people of the house has.
const senderSetting = "sender"

func (s *Server) settingRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/settings", nav: "settings", handle: s.showSettings},
		{method: http.MethodGet, path: "/settings/sender", right: actnow.RightAdmin, nav: "settings", handle: s.showSender},
		{method: http.MethodPost, path: "/settings/sender", right: actnow.RightAdmin, nav: "settings", handle: s.saveSender},
	}
}

type settingsPage struct {
	Head  Head
	Items []settingItem
}

type settingItem struct{ Path, Icon, Name, Text string }

// showSettings lists the pages of settings that this person may open.
func (s *Server) showSettings(c echo.Context) error {
	text := s.text(c)
	p := settingsPage{Head: Head{Title: text.T("settings.title"), Text: text.T("settings.text")}}
	for _, item := range []settingItem{
		{Path: "/account", Icon: "user", Name: "account"},
		{Path: "/people", Icon: "users", Name: "people"},
		{Path: "/settings/connections", Icon: "plug", Name: "connections"},
		{Path: fetchingPath, Icon: "download", Name: "fetching"},
		{Path: "/settings/inbox", Icon: "inbox", Name: "inbox"},
		{Path: "/settings/sender", Icon: "mail", Name: "sender"},
		{Path: "/settings/suppressions", Icon: "ban", Name: "suppressions"},
		{Path: "/settings/schedules", Icon: "calendar-clock", Name: "schedules"},
		{Path: "/settings/scoring", Icon: "sliders-horizontal", Name: "scoring"},
		{Path: "/scoring/models", Icon: "chart-column", Name: "models"},
		{Path: "/activity", Icon: "history", Name: "activity"},
		{Path: "/api/docs", Icon: "book-open", Name: "api"},
	} {
		if s.mayOpen(s.caller(c).role, item.Path) {
			item.Name, item.Text = text.T("settings."+item.Name), text.T("settings."+item.Name+"_text")
			p.Items = append(p.Items, item)
		}
	}
	return s.render(c, "settings", p)
}

func settingsCrumb(text *Text) Crumb { return Crumb{Text: text.T("nav.settings"), Href: "/settings"} }

type senderPage struct {
	Head   Head
	Fields []Field
	Note   *Note
}

func senderForm(text *Text, from campaigns.From, problem *actnow.InputError) senderPage {
	p := senderPage{Head: Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("settings.sender")}},
		Title: text.T("sender.title"), Text: text.T("sender.text")}}
	p.Fields = []Field{
		{Name: "name", Label: text.T("sender.name"), Value: from.Name, Autocomplete: "organization", Required: true},
		{Name: "address", Label: text.T("sender.address"), Type: "email", Value: from.Address, Hint: text.T("sender.address_hint"), Autocomplete: "off", Required: true},
		{Name: "reply_to", Label: text.T("sender.reply_to"), Type: "email", Value: from.ReplyTo, Hint: text.T("sender.reply_to_hint"), Autocomplete: "off"},
	}
	markField(text, p.Fields, problem)
	return p
}

// markField puts the error into the field it is about, or the first one.
func markField(text *Text, fields []Field, problem *actnow.InputError) {
	if problem == nil || len(fields) == 0 {
		return
	}
	at := 0
	for i, f := range fields {
		if f.Name == problem.Field {
			at = i
		}
	}
	fields[at].Error = text.Error(problem)
}

func (s *Server) showSender(c echo.Context) error {
	var from campaigns.From
	err := s.store.Setting(ctx(c), senderSetting, &from)
	if err != nil && !errors.Is(err, actnow.ErrNotFound) {
		return err
	}
	text := s.text(c)
	p := senderForm(text, from, nil)
	if err != nil {
		p.Head.Title = text.T("sender.none")
	}
	return s.render(c, "sender", p)
}

func (s *Server) saveSender(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	from := campaigns.From{Name: strings.TrimSpace(f.Get("name")), Address: strings.TrimSpace(f.Get("address")), ReplyTo: strings.TrimSpace(f.Get("reply_to"))}
	text := s.text(c)
	if err := checkSender(from); err != nil {
		return s.renderStatus(c, http.StatusUnprocessableEntity, "sender", senderForm(text, from, err))
	}
	if err := s.store.SaveSetting(ctx(c), s.actor(c), senderSetting, from); err != nil {
		return err
	}
	return s.done(c, "/settings/sender", text.T("sender.saved"), "")
}

// checkSender says what of the sender cannot stand in the head of a mail.
func checkSender(from campaigns.From) *actnow.InputError {
	const most = 200 // characters of a name
	if from.Name == "" || utf8.RuneCountInString(from.Name) > most || strings.ContainsFunc(from.Name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return actnow.Invalid("error.sender_name", "name", "a sender needs a name of one line, at most %d characters", most)
	}
	for field, address := range map[string]string{"address": from.Address, "reply_to": from.ReplyTo} {
		if address == "" && field == "reply_to" {
			continue
		}
		if _, err := actnow.NormalAddress(address); err != nil {
			var input *actnow.InputError
			if !errors.As(err, &input) {
				return actnow.Invalid("error.address", field, "%q is no e-mail address", address)
			}
			input.Field = field
			return input
		}
	}
	return nil
}
