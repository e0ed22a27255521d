package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/crm"
)

// connectionStore keeps the ways in which a CRM reaches us.
type connectionStore interface {
	Connections(ctx context.Context) ([]crm.Connection, error)
	Connection(ctx context.Context, id actnow.ConnectionID) (crm.Connection, error)
	// AddConnection returns the secret too, which is not shown again.
	AddConnection(ctx context.Context, by actnow.Actor, n crm.NewConnection) (crm.Connection, string, error)
	// RotateSecret gives a new secret; the old one is taken for overlap more.
	RotateSecret(ctx context.Context, by actnow.Actor, id actnow.ConnectionID, overlap time.Duration) (string, error)
	DisableConnection(ctx context.Context, by actnow.Actor, id actnow.ConnectionID, disabled bool) error
	// SetBasis sets the lawful basis of contacts that bring none, and returns of
	// how many it is.
	SetBasis(ctx context.Context, by actnow.Actor, id actnow.ConnectionID, basis string) (contacts int64, err error)
}

// rotateOverlap is how long the secret before is taken after a rotation.
const rotateOverlap = 24 * time.Hour

func (s *Server) connectionRoutes() []route {
	const list = "/settings/connections"
	return []route{
		{method: http.MethodGet, path: list, right: actnow.RightImport, nav: "settings", handle: s.showConnections},
		{method: http.MethodPost, path: list, right: actnow.RightAdmin, nav: "settings", handle: s.addConnection},
		{method: http.MethodPost, path: list + "/import", right: actnow.RightImport, nav: "settings", maxBody: maxUpload, handle: s.uploadCRM},
		{method: http.MethodGet, path: list + "/:id", right: actnow.RightImport, nav: "settings", handle: s.showConnection},
		{method: http.MethodPost, path: list + "/:id/rotate", right: actnow.RightAdmin, nav: "settings", handle: s.rotateSecret},
		{method: http.MethodPost, path: list + "/:id/disable", right: actnow.RightAdmin, handle: s.disableConnection},
		{method: http.MethodPost, path: list + "/:id/enable", right: actnow.RightAdmin, handle: s.enableConnection},
		{method: http.MethodPost, path: list + "/:id/basis", right: actnow.RightAdmin, nav: "settings", handle: s.setBasis},
	}
}

type connectionsPage struct {
	Head        Head
	Problem     *Note // why an upload was refused
	Connections []connectionRow
	Waiting     []waitingUpload
	Kinds       Select
	MayAdd      bool
	Name        Field
}

type connectionRow struct {
	Path, Name, Kind, Basis            string
	State                              Badge
	Received, Done, Failed             int
	ReceivedHref, DoneHref, FailedHref string
	Hook                               bool // events come by it
}

func connectionPath(id actnow.ConnectionID) string {
	return fmt.Sprintf("/settings/connections/%d", id)
}

func inboxPath(id actnow.ConnectionID, state crm.EventState) string {
	q := url.Values{"connection": {fmt.Sprint(int64(id))}}
	if state != "" {
		q.Set("state", string(state))
	}
	return "/settings/inbox?" + q.Encode()
}

func (s *Server) showConnections(c echo.Context) error {
	p, err := s.connectionsPage(c, "", nil)
	if err != nil {
		return err
	}
	return s.render(c, "connections", p)
}

func (s *Server) connectionsPage(c echo.Context, name string, problem *actnow.InputError) (connectionsPage, error) {
	text := s.text(c)
	list, err := s.store.Connections(ctx(c))
	if err != nil {
		return connectionsPage{}, err
	}
	p := connectionsPage{MayAdd: s.may(c, actnow.RightAdmin), Kinds: kindSelect(text)}
	p.Head = Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("connections.page")}}, Title: text.T("connections.title"), Text: text.T("connections.text")}
	for _, k := range list {
		p.Connections = append(p.Connections, newConnectionRow(text, k))
	}
	p.Name = Field{Name: "name", Label: text.T("connections.name"), Value: name, Hint: text.T("connections.name_hint"), Autocomplete: "off", Required: true}
	if problem != nil {
		p.Name.Error = text.Error(problem)
	}
	p.Waiting, err = s.waitingUploads(c, JobLookCRM)
	return p, err
}

func kindSelect(text *Text) Select {
	sel := Select{Name: "kind", Label: text.T("connections.kind")}
	for _, k := range crm.Kinds {
		sel.Options = append(sel.Options, Option{Value: string(k), Text: text.T("crm.kind_" + string(k))})
	}
	return sel
}

func isHook(k crm.Connection) bool { _, ok := crm.Verifiers[k.Verifier]; return ok }

func newConnectionRow(text *Text, k crm.Connection) connectionRow {
	row := connectionRow{Path: connectionPath(k.ID), Name: k.Name, Kind: text.T("connections.hook"), Basis: k.Basis, Hook: isHook(k),
		State: connectionState(text, k), Received: k.Received, Done: k.Done, Failed: k.Failed,
		ReceivedHref: inboxPath(k.ID, crm.EventReceived), DoneHref: inboxPath(k.ID, crm.EventDone), FailedHref: inboxPath(k.ID, crm.EventFailed)}
	if !row.Hook {
		row.Kind, row.Name = text.T("connections.files"), text.T("connections.files_name")
	}
	return row
}

func connectionState(text *Text, k crm.Connection) Badge {
	switch {
	case !k.DisabledAt.IsZero():
		return Badge{Kind: "line", Icon: "ban", Text: text.T("connections.disabled")}
	case k.Basis == "":
		return Badge{Kind: "warn", Icon: "triangle-alert", Text: text.T("connections.no_basis")}
	}
	return Badge{Kind: "ok", Icon: "check", Text: text.T("connections.in_use")}
}

// uploadCRM starts a look at a file of CRM records.
func (s *Server) uploadCRM(c echo.Context) error {
	var started []actnow.JobID
	err := eachUpload(c, func(f url.Values, name string, r io.Reader) error {
		kind := crm.Kind(f.Get("kind"))
		if !kind.Valid() {
			return actnow.Invalid("error.kind", "kind", "choose first what kind of records the file holds")
		}
		id, err := s.actions.StartCRM(ctx(c), s.actor(c), kind, name, r)
		if err == nil {
			started = append(started, id)
		}
		return err
	})
	return s.uploaded(c, "/settings/connections", started, err, func(problem *Note) error {
		p, err := s.connectionsPage(c, "", nil)
		if err != nil {
			return err
		}
		p.Problem = problem
		return s.renderStatus(c, http.StatusUnprocessableEntity, "connections", p)
	})
}

func (s *Server) addConnection(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	name := strings.TrimSpace(f.Get("name"))
	k, secret, err := s.store.AddConnection(ctx(c), s.actor(c), crm.NewConnection{Name: name, Verifier: "standard"})
	var input *actnow.InputError
	switch {
	case errors.As(err, &input):
	case errors.Is(err, actnow.ErrConflict):
		input = actnow.Invalid("error.connection_taken", "name", "there is a connection with the name %q already", name)
	case err != nil:
		return err
	default:
		return s.renderConnection(c, http.StatusOK, k, secret, nil)
	}
	p, err := s.connectionsPage(c, name, input)
	if err != nil {
		return err
	}
	return s.renderStatus(c, http.StatusUnprocessableEntity, "connections", p)
}

type connectionPage struct {
	Head     Head
	Path     string
	Hook     bool
	Secret   string // shown once
	URL      string
	Curl     string
	Payload  string
	Facts    []pair
	Figures  []Figure
	Basis    Field
	NoBasis  *Note
	MayAdmin bool
	Rotate   *Action
	Switch   *Action
}

func (s *Server) connection(c echo.Context) (crm.Connection, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return crm.Connection{}, err
	}
	return s.store.Connection(ctx(c), actnow.ConnectionID(id))
}

func (s *Server) showConnection(c echo.Context) error {
	k, err := s.connection(c)
	if err != nil {
		return err
	}
	return s.renderConnection(c, http.StatusOK, k, "", nil)
}

// samplePayload is an event as a CRM sends it.
const samplePayload = `{
  "type": "account.upserted",
  "timestamp": "2026-11-25T10:00:00Z",
  "data": {
    "id": "A-1",
    "name": "Contoso Bygg AB",
    "domains": ["contoso.example"],
    "city": "Lund",
    "country": "Sweden",
    "version": 7
  }
}`

// sampleCurl sends the sample, signed, from a shell.
func sampleCurl(url string) string {
	return `SECRET='whsec_…'
BODY='{"type":"account.upserted","timestamp":"2026-11-25T10:00:00Z","data":{"id":"A-1","name":"Contoso Bygg AB","version":7}}'
ID="msg_$(date +%s)"; TS=$(date +%s)
KEY=$(printf %s "${SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
SIG=$(printf %s "$ID.$TS.$BODY" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$KEY" -binary | base64)
curl -i '` + url + `' -H 'content-type: application/json' \
  -H "webhook-id: $ID" -H "webhook-timestamp: $TS" -H "webhook-signature: v1,$SIG" -d "$BODY"`
}

func (s *Server) renderConnection(c echo.Context, status int, k crm.Connection, secret string, problem *actnow.InputError) error {
	text := s.text(c)
	row := newConnectionRow(text, k)
	p := connectionPage{Path: row.Path, Hook: row.Hook, Secret: secret, MayAdmin: s.may(c, actnow.RightAdmin)}
	p.Head = Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("connections.page"), Href: "/settings/connections"}}, Title: row.Name, Text: text.T("connections.files_text")}
	p.Facts = []pair{{Name: text.T("connections.state"), Value: row.State.Text}, {Name: text.T("connections.source"), Value: k.Source}}
	if k.CreatedBy != "" {
		p.Facts = append(p.Facts, pair{Name: text.T("connections.created"), Value: text.DateTime(k.CreatedAt), Note: k.CreatedBy})
	}
	if row.Hook {
		p.Head.Text = text.T("connections.hook_text")
		p.URL, p.Payload = s.actions.HookURL(k.Name), samplePayload
		p.Curl = sampleCurl(p.URL)
		p.Figures = []Figure{
			eventFigure(text, "received", k.Received, row.ReceivedHref),
			eventFigure(text, "done", k.Done, row.DoneHref),
			eventFigure(text, "failed", k.Failed, row.FailedHref),
		}
		if k.OldSecretUntil.After(s.now()) {
			p.Facts = append(p.Facts, pair{Name: text.T("connections.old_secret"), Value: text.T("connections.until", text.DateTime(k.OldSecretUntil))})
		}
	}
	p.Basis = Field{Name: "basis", Label: text.T("connections.basis"), Value: k.Basis, Hint: text.T("connections.basis_hint"), Autocomplete: "off"}
	if k.BasisBy != "" {
		p.Facts = append(p.Facts, pair{Name: text.T("connections.basis_set"), Value: text.DateTime(k.BasisAt), Note: k.BasisBy})
	}
	if problem != nil {
		p.Basis.Error = text.Error(problem)
	}
	if k.Basis == "" {
		p.NoBasis = &Note{Kind: "warn", Text: text.T("connections.no_basis_text")}
	}
	if p.MayAdmin && row.Hook {
		p.Rotate = &Action{Text: text.T("connections.rotate"), Post: p.Path + "/rotate", Icon: "refresh-cw"}
		p.Switch = &Action{Text: text.T("connections.disable"), Post: p.Path + "/disable", Icon: "ban", Class: "danger"}
		if !k.DisabledAt.IsZero() {
			p.Switch = &Action{Text: text.T("connections.enable"), Post: p.Path + "/enable", Icon: "check"}
		}
	}
	return s.renderStatus(c, status, "connection", p)
}

func eventFigure(text *Text, state string, n int, href string) Figure {
	f := Figure{Name: text.T("inbox.state_" + state), Value: text.Number(int64(n)), Note: text.T("inbox.note_" + state)}
	if n > 0 {
		f.Href = href
	}
	return f
}

func (s *Server) rotateSecret(c echo.Context) error {
	k, err := s.connection(c)
	if err != nil {
		return err
	}
	secret, err := s.store.RotateSecret(ctx(c), s.actor(c), k.ID, rotateOverlap)
	if err != nil {
		return err
	}
	if k, err = s.store.Connection(ctx(c), k.ID); err != nil {
		return err
	}
	return s.renderConnection(c, http.StatusOK, k, secret, nil)
}

func (s *Server) disableConnection(c echo.Context) error { return s.switchConnection(c, true) }
func (s *Server) enableConnection(c echo.Context) error  { return s.switchConnection(c, false) }

func (s *Server) switchConnection(c echo.Context, off bool) error {
	k, err := s.connection(c)
	if err != nil {
		return err
	}
	if err := s.store.DisableConnection(ctx(c), s.actor(c), k.ID, off); err != nil {
		return err
	}
	path := connectionPath(k.ID)
	if off {
		return s.done(c, path, s.text(c).T("connections.now_disabled", k.Name), path+"/enable")
	}
	return s.done(c, path, s.text(c).T("connections.now_enabled", k.Name), path+"/disable")
}

func (s *Server) setBasis(c echo.Context) error {
	k, err := s.connection(c)
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	basis := strings.TrimSpace(f.Get("basis"))
	n, err := s.store.SetBasis(ctx(c), s.actor(c), k.ID, basis)
	var input *actnow.InputError
	if errors.As(err, &input) {
		k.Basis = basis
		return s.renderConnection(c, http.StatusUnprocessableEntity, k, "", input)
	}
	if err != nil {
		return err
	}
	key := "connections.basis_saved"
	if basis == "" {
		key = "connections.basis_cleared"
	}
	return s.done(c, connectionPath(k.ID), s.text(c).TN(key, n), "")
}
