package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/reports/insights"
	"actnow/schedule"
)

// fetchStore keeps how reports are fetched and what came of it.
type fetchStore interface {
	// FetchConnection matches actnow.ErrNotFound if nobody has said anything yet.
	FetchConnection(ctx context.Context) (insights.Connection, error)
	SaveFetchConnection(ctx context.Context, by actnow.Actor, r insights.Registration) error
	DisconnectFetching(ctx context.Context, by actnow.Actor) error
	// LatestFetches returns the newest fetch of each dataset, by name.
	LatestFetches(ctx context.Context) ([]insights.Fetch, error)
	// Fetches returns the newest fetches, newest first.
	Fetches(ctx context.Context, limit int) ([]insights.Fetch, error)
}

// fetchActions sign in at Microsoft and fetch.
type fetchActions interface {
	// FetchSignIn begins a sign-in by browser and returns the address to open; the
	// browser comes back to redirect.
	FetchSignIn(ctx context.Context, redirect string) (string, error)
	// FinishFetchSignIn ends it with what the browser came back with.
	FinishFetchSignIn(ctx context.Context, by actnow.Actor, back url.Values) error
	// StartFetchDevice begins a sign-in by device code; the job, of kind
	// "fetch-connect", waits for it.
	StartFetchDevice(ctx context.Context, by actnow.Actor) (insights.Device, actnow.JobID, error)
	// FetchDevice returns the latest of those; ok is false if there is none.
	FetchDevice() (d insights.Device, job actnow.JobID, ok bool)
	// StartFetch fetches the datasets, all if none are named, as a job of kind
	// "fetch".
	StartFetch(ctx context.Context, by actnow.Actor, datasets []string) (actnow.JobID, error)
}

const fetchingPath = "/settings/fetching"

func (s *Server) fetchingRoutes() []route {
	return []route{
		{method: http.MethodGet, path: fetchingPath, right: actnow.RightImport, nav: "settings", handle: s.showFetching},
		{method: http.MethodPost, path: fetchingPath, right: actnow.RightAdmin, nav: "settings", maxBody: 64 << 10, handle: s.saveFetching},
		{method: http.MethodPost, path: fetchingPath + "/connect", right: actnow.RightAdmin, nav: "settings", handle: s.connectFetching},
		{method: http.MethodGet, path: fetchingPath + "/callback", right: actnow.RightAdmin, nav: "settings", handle: s.fetchingCallback},
		{method: http.MethodPost, path: fetchingPath + "/device", right: actnow.RightAdmin, nav: "settings", handle: s.fetchingDevice},
		{method: http.MethodPost, path: fetchingPath + "/disconnect", right: actnow.RightAdmin, nav: "settings", handle: s.disconnectFetching},
		{method: http.MethodPost, path: fetchingPath + "/run", right: actnow.RightImport, nav: "settings", handle: s.runFetch},
	}
}

type fetchingPage struct {
	Head     Head
	Problem  *Note // why something was refused
	Trouble  *Note // why the last fetch failed as a whole
	Hidden   *Note // that Microsoft hides data from the account
	SignIn   string
	Device   *devicePanel
	Running  *Progress
	Datasets []fetchRow
	History  []fetchRow
	Facts    []pair
	Actions  []Action // by which an administrator connects
	Away     string   // this page at an address that a browser can come back to
	MayAdmin bool
	Open     bool // the steps of the set-up are shown
	Redirect string
	Fields   []Field
	Forget   bool // there is a secret that can be forgotten
}

// devicePanel is a sign-in by device code that waits.
type devicePanel struct {
	URL, Code, Until string
	Progress         Progress
}

type fetchRow struct {
	Dataset  string
	State    Badge
	Month    actnow.Month
	Rows     int64
	At       string
	Sentence string
}

// fetchStates are the badges of what came of a fetch.
var fetchStates = map[insights.State]Badge{
	insights.Running:   {Icon: "clock"},
	insights.Imported:  {Kind: "ok", Icon: "check"},
	insights.Unchanged: {Kind: "line", Icon: "minus"},
	insights.Empty:     {Kind: "line", Icon: "clock"},
	insights.GivenUp:   {Kind: "warn", Icon: "triangle-alert"},
	insights.Failed:    {Kind: "danger", Icon: "octagon-x"},
}

func newFetchRow(text *Text, f insights.Fetch) fetchRow {
	row := fetchRow{Dataset: f.Dataset, State: fetchStates[f.State], Month: f.Month, Rows: f.Rows, At: text.DateTime(f.StartedAt), Sentence: fetchSentence(text, f)}
	row.State.Text = text.T("fetching.state_" + string(f.State))
	if row.Dataset == "" {
		row.Dataset = text.T("fetching.connection")
	}
	return row
}

// fetchSentence is what is said of a fetch.
func fetchSentence(text *Text, f insights.Fetch) string {
	if f.Note.Code == "" {
		return ""
	}
	args := append([]any{}, f.Note.Args...)
	for i, a := range args {
		if word, ok := a.(string); ok {
			if m, err := actnow.ParseMonth(word); err == nil {
				args[i] = m // written in words
			}
		}
	}
	return text.T(f.Note.Code, args...)
}

func (s *Server) showFetching(c echo.Context) error {
	return s.renderFetching(c, http.StatusOK, fetchingExtra{})
}

// fetchingExtra is what an act adds to the page.
type fetchingExtra struct {
	problem error                  // an *actnow.InputError
	typed   *insights.Registration // what was typed and refused
	signIn  string                 // address to open
}

func (s *Server) renderFetching(c echo.Context, status int, extra fetchingExtra) error {
	conn, err := s.store.FetchConnection(ctx(c))
	if err != nil && !errors.Is(err, actnow.ErrNotFound) {
		return err
	}
	text := s.text(c)
	p := fetchingPage{MayAdmin: s.may(c, actnow.RightAdmin), SignIn: extra.signIn, Open: conn.Tenant == "", Forget: conn.HasSecret}
	if err := s.fetchingState(c, &p, conn); err != nil {
		return err
	}
	p.Fields = registrationFields(text, conn, extra.typed)
	var input *actnow.InputError
	if errors.As(extra.problem, &input) {
		if input.Field != "" && extra.typed != nil {
			markField(text, p.Fields, input)
		} else {
			p.Problem = &Note{Kind: "danger", Text: text.Error(input)}
		}
	}
	redirect, comesBack := s.fetchingRedirect(c.Request())
	p.Redirect = registeredRedirect(redirect)
	if conn.Tenant != "" && p.MayAdmin {
		connect := Action{Text: text.T("fetching.connect"), Post: fetchingPath + "/connect", Icon: "link", Class: "main"}
		if extra.signIn != "" {
			connect.Class = ""
		}
		if conn.Connected {
			connect.Text, connect.Class = text.T("fetching.connect_again"), ""
			p.Actions = append(p.Actions, Action{Text: text.T("fetching.disconnect"), Post: fetchingPath + "/disconnect", Icon: "ban", Class: "danger"})
		}
		p.Actions = append([]Action{{Text: text.T("fetching.by_device"), Post: fetchingPath + "/device", Icon: "key-round"}}, p.Actions...)
		if comesBack {
			p.Actions = append([]Action{connect}, p.Actions...)
		} else if local, ok := atLocalhost(c.Request()); ok {
			p.Away = local
		}
	}
	if err := s.fetchingJobs(c, &p); err != nil {
		return err
	}
	return s.renderStatus(c, status, "fetching", p)
}

// fetchingState fills in what is known of the connection and of the datasets.
func (s *Server) fetchingState(c echo.Context, p *fetchingPage, conn insights.Connection) error {
	text := s.text(c)
	p.Head = Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("settings.fetching")}}, Title: text.T("fetching.title"), Text: text.T("fetching.text", connDays(conn))}
	latest, err := s.store.LatestFetches(ctx(c))
	if err != nil {
		return err
	}
	newest := time.Time{}
	for _, f := range latest {
		if f.Dataset != "" {
			p.Datasets = append(p.Datasets, newFetchRow(text, f))
			if f.StartedAt.After(newest) {
				newest = f.StartedAt
			}
			if f.Redacted {
				p.Hidden = &Note{Kind: "warn", Text: text.T("fetch.note.redacted")}
			}
		}
	}
	if len(latest) > 0 && latest[0].Dataset == "" && !latest[0].StartedAt.Before(newest) {
		p.Trouble = &Note{Kind: "danger", Text: fetchSentence(text, latest[0]), Action: &Action{Text: text.T("fetching.setup"), Href: "#setup", Class: "small"}}
	}
	recent, err := s.store.Fetches(ctx(c), 50)
	if err != nil {
		return err
	}
	for _, f := range recent {
		p.History = append(p.History, newFetchRow(text, f))
	}
	switch {
	case conn.Tenant == "":
		p.Head.Title, p.Head.Text = text.T("fetching.none"), text.T("fetching.none_text")
	case !conn.Connected:
		p.Head.Title, p.Head.Text = text.T("fetching.not_connected"), text.T("fetching.not_connected_text")
	default:
		p.Head.Actions = []Action{{Text: text.T("fetching.run"), Post: fetchingPath + "/run", Icon: "download", Class: "main"}}
		p.Facts = []pair{{Name: text.T("fetching.connected"), Value: text.DateTime(conn.ConnectedAt), Note: conn.ConnectedBy}}
		next, err := s.nextFetch(c, conn)
		if err != nil {
			return err
		}
		p.Facts = append(p.Facts, pair{Name: text.T("fetching.next"), Value: next})
	}
	return nil
}

func connDays(conn insights.Connection) int {
	if conn.Days == 0 {
		return insights.DefaultDays
	}
	return conn.Days
}

// nextFetch says when new reports are looked for next.
func (s *Server) nextFetch(c echo.Context, conn insights.Connection) (string, error) {
	text := s.text(c)
	order, err := s.store.Schedule(ctx(c), "job:fetch")
	if errors.Is(err, actnow.ErrNotFound) || err == nil && !order.Enabled {
		return text.T("schedules.no_next"), nil
	}
	if err != nil {
		return "", err
	}
	local := inZone(text, order.Zone)
	runs, err := schedule.Upcoming(order, s.now(), 40)
	if err != nil {
		return "", err
	}
	for _, at := range runs {
		if _, day := insights.Calendar(at.In(s.cfg.Zone)); day < conn.Days {
			return local.DateTime(at), nil
		}
	}
	return text.T("schedules.no_next"), nil
}

// fetchingJobs fills in the fetch or the sign-in that is going on.
func (s *Server) fetchingJobs(c echo.Context, p *fetchingPage) error {
	text := s.text(c)
	jobs, err := s.store.Jobs(ctx(c), "fetch", 1)
	if err != nil {
		return err
	}
	if len(jobs) > 0 && jobs[0].State == actnow.JobRunning {
		running := progress(jobs[0], text)
		p.Running = &running
	}
	d, id, ok := s.actions.FetchDevice()
	if !ok || !p.MayAdmin || d.Until.Before(s.now()) {
		return nil
	}
	job, err := s.store.Job(ctx(c), id)
	if err != nil {
		return err
	}
	switch job.State {
	case actnow.JobRunning:
		p.Device = &devicePanel{URL: d.URL, Code: d.Code, Until: text.Time(d.Until), Progress: progress(job, text)}
	case actnow.JobFailed:
		if p.Problem == nil {
			p.Problem = &Note{Kind: "warn", Text: text.T("fetching.device_failed", text.failure(job.Failure, job.Message))}
		}
	}
	return nil
}

// registrationFields are the fields of the app registration, as typed if that
// was refused.
func registrationFields(text *Text, conn insights.Connection, typed *insights.Registration) []Field {
	tenant, client, days := conn.Tenant, conn.ClientID, connDays(conn)
	if typed != nil {
		tenant, client, days = typed.Tenant, typed.ClientID, typed.Days
	}
	secretHint := text.T("fetching.secret_hint")
	if conn.HasSecret {
		secretHint = text.T("fetching.secret_kept")
	}
	return []Field{
		{Name: "tenant", Label: text.T("fetching.tenant"), Value: tenant, Hint: text.T("fetching.tenant_hint"), Autocomplete: "off", Required: true},
		{Name: "client_id", Label: text.T("fetching.client_id"), Value: client, Hint: text.T("fetching.client_id_hint"), Autocomplete: "off", Required: true},
		{Name: "secret", Label: text.T("fetching.secret"), Type: "password", Hint: secretHint, Autocomplete: "off"},
		{Name: "days", Label: text.T("fetching.days"), Type: "number", Value: strconv.Itoa(days), Hint: text.T("fetching.days_hint", insights.MaxDays), Autocomplete: "off", Required: true},
	}
}

// fetchingRedirect is the address at which the browser comes back, as the
// browser that asks knows this page. ok is false if Microsoft would not lead
// there: it wants https, or localhost by its name.
func (s *Server) fetchingRedirect(r *http.Request) (address string, ok bool) {
	scheme, host := "http", r.Host
	if s.secure(r) {
		scheme = "https"
	}
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	return scheme + "://" + host + fetchingPath + "/callback", scheme == "https" || name == "localhost"
}

// registeredRedirect is the address as the app registration names it: the port
// of localhost is of no matter there.
func registeredRedirect(address string) string {
	if u, err := url.Parse(address); err == nil && u.Scheme == "http" {
		return "http://localhost" + u.Path
	}
	return address
}

// atLocalhost is this page by the name localhost, if the browser is on this
// machine.
func atLocalhost(r *http.Request) (address string, ok bool) {
	name, port, err := net.SplitHostPort(r.Host)
	if ip := net.ParseIP(name); err != nil || ip == nil || !ip.IsLoopback() {
		return "", false
	}
	return "http://" + net.JoinHostPort("localhost", port) + fetchingPath, true
}
