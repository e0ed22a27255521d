package web

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"actnow"
)

// auditStore reads who did what. Rows are written by the methods that change
// things.
type auditStore interface {
	// Activities returns up to limit rows, the newest first.
	Activities(ctx context.Context, f actnow.ActivityFilter, limit int) ([]actnow.Activity, error)
}

const activityPageSize = 50

func (s *Server) activityRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/activity", right: actnow.RightAdmin, nav: "activity", handle: s.showActivity},
		{method: http.MethodGet, path: "/activity.csv", right: actnow.RightAdmin, handle: s.exportActivity},
	}
}

type activityPage struct {
	Head   Head
	Nouns  Select
	From   Field
	Until  Field
	Rows   []activityRow
	Empty  Empty
	Foot   Foot
	Filter bool // something is filtered: an empty list says so
}

type activityRow struct {
	ID     int64
	At     time.Time
	Who    string
	Did    string
	Path   string // of the page of what it was done to, or ""
	Detail string
}

// auditNouns are the things that the audit speaks of.
var auditNouns = []string{"user", "session", "token", "link", "report", "column", "fetching", "match", "cohort", "cohort_column", "pack", "campaign", "suppression", "download", "schedule", "connection", "event", "product",
	"matrix", "model", "holdout", "setting"}

func (s *Server) showActivity(c echo.Context) error {
	filter, err := s.activityFilter(c)
	if err != nil {
		return err
	}
	rows, err := s.store.Activities(ctx(c), filter, activityPageSize+1)
	if err != nil {
		return err
	}
	return s.render(c, "activity", s.activityPage(c, filter, rows))
}

func (s *Server) activityPage(c echo.Context, filter actnow.ActivityFilter, rows []actnow.Activity) activityPage {
	text, q := s.text(c), c.QueryParams()
	p := activityPage{
		Head:  Head{Title: text.T("activity.title"), Text: text.T("activity.text")},
		Nouns: Select{Name: "noun", Label: text.T("activity.noun"), Options: []Option{{Text: text.T("activity.any")}}},
		From:  Field{Name: "from", Label: text.T("activity.from"), Type: "date", Value: q.Get("from")},
		Until: Field{Name: "until", Label: text.T("activity.until"), Type: "date", Value: q.Get("until")},
		Empty: Empty{Icon: "history", Title: text.T("activity.empty"), Text: text.T("activity.empty_text")},
	}
	for _, noun := range auditNouns {
		p.Nouns.Options = append(p.Nouns.Options, Option{Value: noun, Text: text.T("noun." + noun), Selected: noun == filter.Noun})
	}
	more := len(rows) > activityPageSize
	if more {
		rows = rows[:activityPageSize]
	}
	for _, a := range rows {
		p.Rows = append(p.Rows, activityRow{ID: a.ID, At: a.At, Who: actorName(text, a.Actor), Did: activitySentence(a, text), Path: subjectPath(a.Object), Detail: a.Detail})
	}
	p.Foot = Foot{Range: text.TN("activity.rows", int64(len(rows))), CSV: "/activity.csv?" + without(q, "below").Encode()}
	if more {
		next := without(q, "below")
		next.Set("below", strconv.FormatInt(rows[len(rows)-1].ID, 10))
		p.Foot.Next = "/activity?" + next.Encode()
	}
	if filter.Below > 0 {
		p.Foot.Previous = "/activity?" + without(q, "below").Encode()
	}
	return p
}

// activitySentence says what was done; an act without a sentence is its own.
func activitySentence(a actnow.Activity, text *Text) string {
	if sentence := "activity." + a.Action; text.Has(sentence) {
		return capital(text.T(sentence, subject(a, text)))
	}
	return a.Action
}

func (s *Server) activityFilter(c echo.Context) (actnow.ActivityFilter, error) {
	f := actnow.ActivityFilter{Object: c.QueryParam("object")}
	var err error
	if f.Noun, err = queryChoice(c, "noun", auditNouns); err != nil {
		return f, err
	}
	if f.From, err = queryDay(c, "from", s.cfg.Zone); err != nil {
		return f, err
	}
	if f.Until, err = queryDay(c, "until", s.cfg.Zone); err != nil {
		return f, err
	}
	if !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1) // the last day counts
	}
	user, err := queryNumber(c, "user")
	if err != nil {
		return f, err
	}
	f.User = actnow.UserID(user)
	f.Below, err = queryNumber(c, "below")
	return f, err
}

// exportActivity sends the rows of the filter as CSV, the newest first.
func (s *Server) exportActivity(c echo.Context) error {
	filter, err := s.activityFilter(c)
	if err != nil {
		return err
	}
	text := s.text(c)
	h := c.Response().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="activity.csv"`)
	h.Set("Cache-Control", "no-store")
	w := csv.NewWriter(c.Response())
	if err := w.Write([]string{"id", "at", "user", "name", "action", "sentence", "object", "detail", "request"}); err != nil {
		return err
	}
	for {
		rows, err := s.store.Activities(ctx(c), filter, 1000)
		if err != nil {
			return err
		}
		for _, a := range rows {
			record := []string{strconv.FormatInt(a.ID, 10), a.At.UTC().Format(time.RFC3339), strconv.FormatInt(int64(a.Actor.User), 10),
				a.Actor.Name, a.Action, activitySentence(a, text), a.Object, a.Detail, a.Actor.RequestID}
			for i, cell := range record {
				record[i] = csvCell(cell)
			}
			if err := w.Write(record); err != nil {
				return err
			}
		}
		w.Flush()
		if err := w.Error(); err != nil || len(rows) < 1000 {
			return err
		}
		filter.Below = rows[len(rows)-1].ID
	}
}

// csvCell marks a cell as text that a spreadsheet would run as a formula.
// Numbers that are ours need it not.
func csvCell(cell string) string {
	trimmed := strings.TrimLeft(cell, " ")
	if trimmed == "" {
		return cell
	}
	first, _ := utf8.DecodeRuneInString(trimmed)
	switch first {
	case '=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠':
		return "'" + cell
	}
	return cell
}

// without returns the query without some of its values.
func without(q url.Values, keys ...string) url.Values {
	rest := url.Values{}
	for k, v := range q {
		if !slices.Contains(keys, k) {
			rest[k] = v
		}
	}
	return rest
}

// queryNumber reads a number that is not negative; without one it is 0.
func queryNumber(c echo.Context, name string) (int64, error) {
	v := c.QueryParam(name)
	if v == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		return 0, actnow.Invalid("error.number", name, "%q is no number", v)
	}
	return n, nil
}

// queryLimit reads how many rows are asked for, at most most; 100 if nothing is
// said.
func queryLimit(c echo.Context, most int) (int, error) {
	n, err := queryNumber(c, "limit")
	if n == 0 {
		n = 100
	}
	return int(min(n, int64(most))), err
}

// queryDay reads the start of a day; without one it is the zero time.
func queryDay(c echo.Context, name string, zone *time.Location) (time.Time, error) {
	v := c.QueryParam(name)
	if v == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation("2006-01-02", v, zone)
	if err != nil {
		return time.Time{}, actnow.Invalid("error.day", name, "%q is no day: write it as 2026-11-25", v)
	}
	return day, nil
}

// actorName is who acted: a person by name, a part of the program in the reader's words.
func actorName(text *Text, a actnow.Actor) string {
	if key := "actor." + a.Name; a.User == 0 && text.Has(key) {
		return text.T(key)
	}
	return a.Name
}
