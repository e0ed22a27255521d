package web

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
)

// deliveryStore is what the pages of deliveries read and write.
type deliveryStore interface {
	Ledger(ctx context.Context, scope actnow.Scope, q campaigns.LedgerQuery) (campaigns.LedgerPage, error)
	LedgerRow(ctx context.Context, scope actnow.Scope, id actnow.LedgerID) (campaigns.LedgerRow, error)
	// ResolveUnknown settles a row of which nobody can know: it becomes sent,
	// queued or cancelled.
	ResolveUnknown(ctx context.Context, row actnow.LedgerID, to actnow.LedgerState, why, by string, now time.Time) error
}

// deliveryActions fill in what was sent.
type deliveryActions interface {
	// SentMail renders the mail of a ledger row as it goes out, or went.
	SentMail(ctx context.Context, row actnow.LedgerID) (campaigns.Rendered, error)
}

func (s *Server) deliveryRoutes() []route {
	write := actnow.RightCampaign
	return []route{
		{method: http.MethodGet, path: "/deliveries", nav: "deliveries", handle: s.showDeliveries},
		{method: http.MethodGet, path: "/deliveries.csv", right: actnow.RightExport, handle: s.exportDeliveries},
		{method: http.MethodPost, path: "/deliveries/stop", nav: "deliveries", right: write, handle: s.stopSending},
		{method: http.MethodPost, path: "/deliveries/resolve", nav: "deliveries", right: write, handle: s.resolveAll},
		{method: http.MethodGet, path: "/deliveries/:row", nav: "deliveries", handle: s.showDelivery},
		{method: http.MethodGet, path: "/deliveries/:row/mail", right: actnow.RightPersonal, handle: s.showSentMail},
		{method: http.MethodPost, path: "/deliveries/:row/resolve", nav: "deliveries", right: write, handle: s.resolveDelivery},
	}
}

// stateWaiting stands in an address for what has not had its last word.
const stateWaiting actnow.LedgerState = "waiting"

const deliveryPageSize = 50

// ledgerPart is the bar of a ledger with its table: every state, adding up.
type ledgerPart struct {
	Bar   Bar
	Rows  []ledgerStateRow
	Total int
	Sum   int
	Live  bool   // mails are on their way
	Look  string // where the counts are asked for again
	All   string // the rows behind all of them
	Saw   time.Time
	Done  string // "1,253 of 1,846 are sent"
}

type ledgerStateRow struct {
	Name, Href, Note string
	Count            int
	Share            string
	Class            string
	Width            string
}

type deliveriesPage struct {
	Head      Head
	Counts    ledgerPart
	Campaigns Select
	States    Select
	Steps     Select
	Search    string
	Rows      []deliveryRow
	Empty     Empty
	Foot      Foot
	Unknown   *unknownPart
	Stop      int // campaigns that can be stopped, for those who may
	Hidden    bool
	Resolve   bool // the reader may settle unknown mails
}

// unknownPart asks a person about mails of which nobody can know.
type unknownPart struct {
	Text  string
	Count int
	Path  string // where the answer for all goes
	See   string
}

type deliveryRow struct {
	ID           actnow.LedgerID
	Href         string
	Who          string
	Address      string
	Customer     string
	CustomerHref string
	Campaign     string
	CampaignHref string
	Step         string
	State        Badge
	Why          string
	Next         time.Time
	At           time.Time
	Attempts     int
	Events       []Badge
	Unknown      bool
}

// deliveriesPath leads to the rows of a campaign in a state.
func deliveriesPath(id actnow.CampaignID, state actnow.LedgerState) string {
	q := url.Values{}
	if id != 0 {
		q.Set("campaign", strconv.FormatInt(int64(id), 10))
	}
	if state != "" {
		q.Set("state", string(state))
	}
	if len(q) == 0 {
		return "/deliveries"
	}
	return "/deliveries?" + q.Encode()
}

func deliveryPath(id actnow.LedgerID) string {
	return "/deliveries/" + strconv.FormatInt(int64(id), 10)
}

// ledgerQuery is what the address asks for.
func ledgerQuery(c echo.Context) (campaigns.LedgerQuery, error) {
	q := campaigns.LedgerQuery{Step: c.QueryParam("step"), Search: c.QueryParam("q")}
	for _, n := range []struct {
		name string
		set  func(int64)
	}{
		{"campaign", func(n int64) { q.Campaign = actnow.CampaignID(n) }},
		{"run", func(n int64) { q.Run = actnow.CampaignRun(n) }},
		{"customer", func(n int64) { q.Customer = actnow.CustomerID(n) }},
		{"contact", func(n int64) { q.Contact = actnow.ContactID(n) }},
		{"offset", func(n int64) { q.Offset = int(n) }},
	} {
		v, err := queryNumber(c, n.name)
		if err != nil {
			return q, err
		}
		n.set(v)
	}
	switch state := actnow.LedgerState(c.QueryParam("state")); {
	case state == stateWaiting:
		q.Open = true
	case state == "" || slices.Contains(actnow.LedgerStates, state):
		q.State = state
	default:
		return q, actnow.Invalid("error.ledger_state", "state", "%q is no state of a mail", string(state))
	}
	return q, nil
}

func (s *Server) showDeliveries(c echo.Context) error {
	q, err := ledgerQuery(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	q.Limit = deliveryPageSize
	page, err := s.store.Ledger(ctx(c), s.scope(c), q)
	if err != nil {
		return err
	}
	all, err := s.store.Campaigns(ctx(c), s.scope(c))
	if err != nil {
		return err
	}
	p := deliveriesPage{Hidden: !s.scope(c).Personal, Search: q.Search}
	sending := 0
	for _, k := range all {
		if k.State == actnow.CampaignSending && (q.Campaign == 0 || k.ID == q.Campaign) {
			sending++
		}
	}
	rest := without(c.QueryParams(), "offset")
	p.Counts = s.ledgerCounts(text, page.Counts, sending > 0, without(rest, "state"))
	if sending > 0 {
		p.Counts.Look = "/deliveries?" + rest.Encode()
	}
	p.Head = deliveriesHead(text, page.Counts, sending > 0)
	p.Campaigns = campaignSelect(text, all, q.Campaign)
	p.States = Select{Name: "state", Label: text.T("deliveries.state"), Options: []Option{{Text: text.T("deliveries.any_state")},
		{Value: string(stateWaiting), Text: text.T("deliveries.state_waiting"), Selected: q.Open}}}
	for _, state := range actnow.LedgerStates {
		p.States.Options = append(p.States.Options, Option{Value: string(state), Text: text.T("ledger.state." + string(state)), Selected: state == q.State})
	}
	if p.Steps, err = s.stepSelect(c, text, all, q); err != nil {
		return err
	}
	for _, r := range page.Rows {
		p.Rows = append(p.Rows, deliveryLine(text, r))
	}
	p.Foot = pagesOf(text, "/deliveries", c.QueryParams(), q.Offset, len(page.Rows), page.Total, deliveryPageSize)
	if s.may(c, actnow.RightExport) {
		p.Foot.CSV = "/deliveries.csv?" + rest.Encode()
	}
	p.Empty = Empty{Icon: "send", Title: text.T("deliveries.none"), Text: text.T("deliveries.none_text")}
	if page.Counts.Total() == 0 && len(rest) == 0 {
		p.Empty = Empty{Icon: "send", Title: text.T("deliveries.empty"), Text: text.T("deliveries.empty_text"),
			Actions: []Action{{Text: text.T("nav.campaigns"), Href: "/campaigns"}}}
	}
	if n := page.Counts[actnow.LedgerUnknown]; n > 0 {
		p.Unknown = &unknownPart{Text: text.TN("deliveries.unknown_note", int64(n)), Count: n, See: "/deliveries?state=unknown"}
		if q.Campaign != 0 {
			p.Unknown.See = deliveriesPath(q.Campaign, actnow.LedgerUnknown)
		}
		if s.may(c, actnow.RightCampaign) {
			p.Unknown.Path = "/deliveries/resolve"
		}
	}
	if s.may(c, actnow.RightCampaign) {
		p.Stop, p.Resolve = sending, true
	}
	return s.render(c, "deliveries", p)
}

// deliveriesHead answers what became of the mails.
func deliveriesHead(text *Text, n campaigns.Counts, live bool) Head {
	h := Head{Text: text.T("deliveries.text")}
	switch total := n.Total(); {
	case total == 0:
		h.Title = text.T("deliveries.title")
	case live && waiting(n) > 0:
		h.Title = text.T("deliveries.title_sending", n[actnow.LedgerSent], total)
	case waiting(n) > 0:
		h.Title = text.T("deliveries.title_waiting", n[actnow.LedgerSent], total, waiting(n))
	default:
		h.Title = text.T("deliveries.title_done", n[actnow.LedgerSent], total)
	}
	return h
}

func campaignSelect(text *Text, all []campaigns.Campaign, chosen actnow.CampaignID) Select {
	sel := Select{Name: "campaign", Label: text.T("deliveries.campaign"), Options: []Option{{Text: text.T("deliveries.any_campaign")}}}
	for _, k := range all {
		if k.Counts.Total() > 0 || k.ID == chosen {
			sel.Options = append(sel.Options, Option{Value: strconv.FormatInt(int64(k.ID), 10), Text: k.Name, Selected: k.ID == chosen})
		}
	}
	return sel
}

// stepSelect offers the steps of the campaign that is looked at, if one is.
func (s *Server) stepSelect(c echo.Context, text *Text, all []campaigns.Campaign, q campaigns.LedgerQuery) (Select, error) {
	i := slices.IndexFunc(all, func(k campaigns.Campaign) bool { return k.ID == q.Campaign })
	if i < 0 {
		return Select{}, nil
	}
	pack, err := s.store.PackOf(ctx(c), all[i].Pack)
	if err != nil {
		return Select{}, err
	}
	sel := Select{Name: "step", Label: text.T("campaigns.step"), Options: []Option{{Text: text.T("deliveries.any_step")}}}
	for _, st := range mailSteps(pack) {
		sel.Options = append(sel.Options, Option{Value: st.Key, Text: stepName(text, pack, st), Selected: st.Key == q.Step})
	}
	return sel, nil
}

// ledgerPart is the ledger of one campaign.
func (s *Server) ledgerPart(c echo.Context, k campaigns.Campaign) (ledgerPart, error) {
	q := url.Values{"campaign": {strconv.FormatInt(int64(k.ID), 10)}}
	p := s.ledgerCounts(s.text(c), k.Counts, k.State == actnow.CampaignSending, q)
	if p.Live {
		p.Look = campaignPath(k.ID) + "/events"
	}
	return p, nil
}

// ledgerColours are the fill of each state, and the order in which the bar and
// the table have them: what is well first, what is open last.
var ledgerColours = []struct {
	state actnow.LedgerState
	class string
}{
	{actnow.LedgerSent, "f-ok"}, {actnow.LedgerIntent, "f-now"}, {actnow.LedgerQueued, "f-wait"}, {actnow.LedgerDeferred, "f-warn"},
	{actnow.LedgerBounced, "f-danger"}, {actnow.LedgerSuppressed, "f-rest"}, {actnow.LedgerCancelled, "f-rest"}, {actnow.LedgerUnknown, "f-warn"},
}

func (s *Server) ledgerCounts(text *Text, n campaigns.Counts, live bool, q url.Values) ledgerPart {
	p := ledgerPart{All: "/deliveries?" + without(q, "state").Encode(), Total: n.Total(), Live: live, Saw: s.now(), Done: text.T("deliveries.title_done", n[actnow.LedgerSent], n.Total())}
	p.Bar.Label = text.T("deliveries.title")
	for _, l := range ledgerColours {
		k := n[l.state]
		p.Sum += k
		if k == 0 && l.state != actnow.LedgerSent {
			continue
		}
		row := ledgerStateRow{Name: text.T("ledger.state." + string(l.state)), Note: text.T("deliveries.state_" + string(l.state)), Count: k, Class: l.class, Width: "0"}
		if p.Total > 0 {
			share := float64(k) / float64(p.Total)
			row.Share, row.Width = text.Percent(share), coord(share*100)
		}
		to := without(q, "state")
		to.Set("state", string(l.state))
		row.Href = "/deliveries?" + to.Encode()
		p.Rows = append(p.Rows, row)
		p.Bar.Pieces = append(p.Bar.Pieces, Piece{Name: row.Name, Text: text.Number(int64(k)), Value: float64(k), Class: l.class, Href: row.Href})
	}
	return p
}

func deliveryLine(text *Text, r campaigns.LedgerRow) deliveryRow {
	l := deliveryRow{ID: r.ID, Href: deliveryPath(r.ID), Who: r.Name, Address: r.Address, Customer: r.CustomerName, Campaign: r.CampaignName,
		CampaignHref: campaignPath(r.Campaign), CustomerHref: fmt.Sprintf("/customers/%d", r.Customer), Step: r.Step,
		State: ledgerBadge(text, r.State), Why: whyInWords(text, r), Attempts: r.Attempts, Unknown: r.State == actnow.LedgerUnknown}
	if r.State == actnow.LedgerSent {
		l.Why = "" // its state says it
	}
	if l.Who == "" {
		if l.Who, l.Address = r.Address, ""; l.Who == "" {
			l.Who = text.T("deliveries.row", r.ID)
		}
	}
	if r.State == actnow.LedgerQueued || r.State == actnow.LedgerDeferred {
		l.Next = r.NextAt
	}
	for _, at := range []time.Time{r.SettledAt, r.TriedAt, r.QueuedAt} {
		if !at.IsZero() {
			l.At = at
			break
		}
	}
	for _, e := range r.Events {
		l.Events = append(l.Events, Badge{Kind: "line", Icon: "user", Text: eventName(text, e.Kind)})
	}
	return l
}

func ledgerBadge(text *Text, state actnow.LedgerState) Badge {
	b := Badge{Text: text.T("ledger.state." + string(state))}
	switch state {
	case actnow.LedgerSent:
		b.Kind, b.Icon = "ok", "check"
	case actnow.LedgerIntent:
		b.Kind, b.Icon = "now", "send"
	case actnow.LedgerQueued:
		b.Icon = "clock"
	case actnow.LedgerDeferred:
		b.Kind, b.Icon = "warn", "clock"
	case actnow.LedgerBounced:
		b.Kind, b.Icon = "danger", "circle-x"
	case actnow.LedgerUnknown:
		b.Kind, b.Icon = "warn", "circle-help"
	default:
		b.Icon = "ban"
	}
	return b
}

// whyInWords is the reason of a row as a sentence, with the server's code.
func whyInWords(text *Text, r campaigns.LedgerRow) string {
	why := r.Why
	key := strings.NewReplacer(" ", "_", ",", "").Replace(why)
	switch {
	case text.Has("deliveries.why_" + key):
		why = text.T("deliveries.why_" + key)
	case text.Has("leftout." + why):
		why = text.T("leftout." + why)
	}
	if r.Code != 0 && r.State != actnow.LedgerSent {
		why = strings.TrimSpace(why + " (" + strconv.Itoa(r.Code) + ")")
	}
	return why
}

func eventName(text *Text, kind string) string {
	if key := "deliveries.event_" + kind; text.Has(key) {
		return text.T(key)
	}
	return kind
}

// exportDeliveries sends the rows of the filter as CSV.
func (s *Server) exportDeliveries(c echo.Context) error {
	q, err := ledgerQuery(c)
	if err != nil {
		return err
	}
	q.Offset, q.Limit = 0, exportPage
	text := s.text(c)
	header := []string{"id", "campaign_id", "campaign", "run", "step", "customer_id", "customer", "name", "address", "language", "state", "why", "reason", "code", "reply", "attempts", "queued_at", "tried_at", "settled_at", "next_at", "message_id"}
	return sendCSV(c, "deliveries.csv", header, func(w *csv.Writer) error {
		for ; ; q.Offset += exportPage {
			page, err := s.store.Ledger(ctx(c), s.scope(c), q)
			if err != nil {
				return err
			}
			for _, r := range page.Rows {
				record := []string{fmt.Sprint(r.ID), fmt.Sprint(r.Campaign), csvCell(r.CampaignName), fmt.Sprint(r.Run), csvCell(r.Step), fmt.Sprint(r.Customer),
					csvCell(r.CustomerName), csvCell(r.Name), csvCell(r.Address), csvCell(r.Language), string(r.State), csvCell(r.Why), csvCell(whyInWords(text, r)),
					strconv.Itoa(r.Code), csvCell(r.Reply), strconv.Itoa(r.Attempts), moment(r.QueuedAt), moment(r.TriedAt), moment(r.SettledAt), moment(r.NextAt), csvCell(r.MessageID)}
				if err := w.Write(record); err != nil {
					return err
				}
			}
			if len(page.Rows) < exportPage {
				return nil
			}
		}
	})
}

// moment is a time for machines, "" for none.
func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}
