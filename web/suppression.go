package web

import (
	"context"
	"encoding/csv"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/crm"
)

// suppressionStore keeps the addresses that nobody may mail.
type suppressionStore interface {
	// Suppressions returns a page of suppressions, newest first, those that were
	// lifted among them.
	Suppressions(ctx context.Context, scope actnow.Scope, search string, offset, limit int) (crm.SuppressionPage, error)
	Suppress(ctx context.Context, by actnow.Actor, s crm.Suppression) error
	// LiftSuppression ends a suppression. The error matches actnow.ErrNotFound if
	// there is none.
	LiftSuppression(ctx context.Context, by actnow.Actor, address string) error
}

func (s *Server) suppressionRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/settings/suppressions", right: actnow.RightPersonal, nav: "settings", handle: s.showSuppressions},
		{method: http.MethodGet, path: "/settings/suppressions.csv", right: actnow.RightExport, nav: "settings", handle: s.exportSuppressions},
		{method: http.MethodPost, path: "/settings/suppressions", right: actnow.RightCampaign, nav: "settings", maxBody: 64 << 10, handle: s.addSuppression},
		{method: http.MethodPost, path: "/settings/suppressions/lift", right: actnow.RightAdmin, maxBody: 64 << 10, handle: s.liftSuppression},
	}
}

type suppressionsPage struct {
	Head    Head
	Search  string
	Rows    []suppressionRow
	Empty   *Empty
	Foot    Foot
	MayAdd  bool
	MayLift bool
	Fields  []Field
}

type suppressionRow struct {
	Address, Reason, Evidence, By, At string
	Lifted                            string // when and by whom, "" while it holds
}

const suppressionsShown = 50

func (s *Server) showSuppressions(c echo.Context) error {
	p, err := s.suppressionsPage(c, "", nil)
	if err != nil {
		return err
	}
	return s.render(c, "suppressions", p)
}

func (s *Server) suppressionsPage(c echo.Context, typed string, problem *actnow.InputError) (suppressionsPage, error) {
	text := s.text(c)
	p := suppressionsPage{Search: strings.TrimSpace(c.QueryParam("q")), MayAdd: s.may(c, actnow.RightCampaign), MayLift: s.may(c, actnow.RightAdmin)}
	offset, err := queryNumber(c, "offset")
	if err != nil {
		return p, err
	}
	page, err := s.store.Suppressions(ctx(c), s.scope(c), p.Search, int(offset), suppressionsShown)
	if err != nil {
		return p, err
	}
	p.Head = Head{Crumbs: []Crumb{settingsCrumb(text), {Text: text.T("settings.suppressions")}},
		Title: text.TN("suppressions.title", int64(page.Total)), Text: text.T("suppressions.text")}
	for _, r := range page.Rows {
		p.Rows = append(p.Rows, newSuppressionRow(text, r))
	}
	if len(p.Rows) == 0 {
		p.Empty = &Empty{Icon: "ban", Title: text.T("suppressions.empty"), Text: text.T("suppressions.empty_text")}
	}
	p.Foot = offsetFoot(text, "/settings/suppressions", url.Values{"q": {p.Search}}, int(offset), len(p.Rows), page.Total, suppressionsShown)
	if s.may(c, actnow.RightExport) {
		p.Foot.CSV = "/settings/suppressions.csv?" + url.Values{"q": {p.Search}}.Encode()
	}
	p.Fields = []Field{{Name: "address", Label: text.T("suppressions.address"), Type: "email", Value: typed, Autocomplete: "off", Required: true},
		{Name: "evidence", Label: text.T("suppressions.evidence"), Hint: text.T("suppressions.evidence_hint"), Autocomplete: "off"}}
	markField(text, p.Fields, problem)
	return p, nil
}

func newSuppressionRow(text *Text, r crm.Suppression) suppressionRow {
	row := suppressionRow{Address: r.Address, Reason: text.T("suppressions.reason_" + string(r.Reason)), Evidence: r.Evidence, By: r.By, At: text.DateTime(r.At)}
	if !r.LiftedAt.IsZero() {
		row.Lifted = text.T("suppressions.lifted_by", text.DateTime(r.LiftedAt), r.LiftedBy)
	}
	return row
}

// offsetFoot is the foot of a list that is paged by offset.
func offsetFoot(text *Text, path string, q url.Values, offset, shown, total, limit int) Foot {
	if shown == 0 {
		return Foot{Range: text.T("list.none")}
	}
	at := func(n int) string {
		next := without(q, "offset")
		if n > 0 {
			next.Set("offset", strconv.Itoa(n))
		}
		return path + "?" + next.Encode()
	}
	f := Foot{Range: text.T("list.range", offset+1, offset+shown, total)}
	if offset > 0 {
		f.Previous = at(max(0, offset-limit))
	}
	if offset+shown < total {
		f.Next = at(offset + shown)
	}
	return f
}

func (s *Server) addSuppression(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	address := strings.TrimSpace(f.Get("address"))
	err = s.store.Suppress(ctx(c), s.actor(c), crm.Suppression{Address: address, Reason: crm.Manual, Evidence: cut(f.Get("evidence"), 1000)})
	var input *actnow.InputError
	if errors.As(err, &input) {
		p, err := s.suppressionsPage(c, address, input)
		if err != nil {
			return err
		}
		return s.renderStatus(c, http.StatusUnprocessableEntity, "suppressions", p)
	}
	if err != nil {
		return err
	}
	return s.done(c, "/settings/suppressions", s.text(c).T("suppressions.added", address), "")
}

func (s *Server) liftSuppression(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	address := f.Get("address")
	if err := s.store.LiftSuppression(ctx(c), s.actor(c), address); err != nil {
		return err
	}
	return s.done(c, "/settings/suppressions", s.text(c).T("suppressions.lifted", address), "")
}

// cut returns the text without blanks around it, at most n bytes of whole runes.
func cut(text string, n int) string {
	text = strings.ToValidUTF8(strings.TrimSpace(text), "")
	for len(text) > n {
		r := []rune(text)
		text = string(r[:len(r)-1-(len(text)-n)/4])
	}
	return text
}

func (s *Server) exportSuppressions(c echo.Context) error {
	text := s.text(c)
	h := c.Response().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="suppressions.csv"`)
	h.Set("Cache-Control", "no-store")
	w := csv.NewWriter(c.Response())
	if err := w.Write([]string{"address", "reason", "evidence", "by", "at", "lifted_by", "lifted_at"}); err != nil {
		return err
	}
	const page = 500
	for offset := 0; ; offset += page {
		list, err := s.store.Suppressions(ctx(c), s.scope(c), strings.TrimSpace(c.QueryParam("q")), offset, page)
		if err != nil {
			return err
		}
		for _, r := range list.Rows {
			lifted := ""
			if !r.LiftedAt.IsZero() {
				lifted = r.LiftedAt.UTC().Format(time.RFC3339)
			}
			record := []string{r.Address, text.T("suppressions.reason_" + string(r.Reason)), r.Evidence, r.By, r.At.UTC().Format(time.RFC3339), r.LiftedBy, lifted}
			for i := range record {
				record[i] = csvCell(record[i])
			}
			if err := w.Write(record); err != nil {
				return err
			}
		}
		if w.Flush(); w.Error() != nil || len(list.Rows) < page {
			return w.Error()
		}
	}
}
