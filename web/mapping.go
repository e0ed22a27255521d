package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/reports"
)

// mappingStore remembers what people say of columns of reports.
type mappingStore interface {
	ColumnMappings(ctx context.Context) ([]reports.MappedColumn, error)
	MapColumns(ctx context.Context, by actnow.Actor, fields map[string]string) error
	ForgetColumn(ctx context.Context, by actnow.Actor, header string) error
}

func (s *Server) mappingRoutes() []route {
	return []route{
		{method: http.MethodPost, path: "/reports/look/:id/map", right: actnow.RightImport, maxBody: 64 << 10, handle: s.mapLook},
		{method: http.MethodGet, path: "/reports/mappings", right: actnow.RightImport, nav: "reports", handle: s.showMappings},
		{method: http.MethodPost, path: "/reports/mappings", right: actnow.RightImport, maxBody: 64 << 10, handle: s.forgetMapping},
		{method: http.MethodGet, path: "/api/v1/column-mappings", right: actnow.RightImport, handle: s.apiMappings},
		{method: http.MethodPost, path: "/api/v1/column-mappings", right: actnow.RightImport, maxBody: 64 << 10, handle: s.apiMapColumn},
		{method: http.MethodDelete, path: "/api/v1/column-mappings/:key", right: actnow.RightImport, handle: s.apiForgetColumn},
	}
}

// mapForm corrects what one column of a looked-at file means.
type mapForm struct {
	Post          string
	Column, Means Select
}

// recognise is the choice that forgets what was said of a column.
const recognise = "recognise"

// newMapForm offers the columns of a file and the fields of the catalogue.
func newMapForm(text *Text, j actnow.Job, columns []reports.Column) *mapForm {
	f := &mapForm{Post: lookPath(j.ID) + "/map", Column: Select{Name: "header", Label: text.T("mapping.column")},
		Means: Select{Name: "field", Label: text.T("mapping.means"), Options: []Option{{Value: reports.KeepOnly, Text: text.T("mapping.keep")}, {Value: recognise, Text: text.T("mapping.recognise")}}}}
	for _, unknown := range []bool{true, false} { // those that need a word first
		for _, col := range columns {
			if col.Header != "" && col.Unknown() == unknown {
				f.Column.Options = append(f.Column.Options, Option{Value: col.Header, Text: col.Header})
			}
		}
	}
	for _, field := range reports.Catalogue() {
		words := fieldWords(text, field.Name)
		if field.Type == reports.CohortField {
			words = text.T("mapping.cohort", field.Header)
		}
		f.Means.Options = append(f.Means.Options, Option{Value: field.Name, Text: words})
	}
	return f
}

// mapLook says what a column means and looks at the file again.
func (s *Server) mapLook(c echo.Context) error {
	j, u, ok, err := s.upload(c)
	if err != nil {
		return err
	}
	if !ok || j.Kind != JobLookReport || u.Report == nil {
		return actnow.ErrNotFound
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	header, field := f.Get("header"), f.Get("field")
	if !slices.ContainsFunc(u.Report.Columns, func(col reports.Column) bool { return col.Header == header }) {
		return actnow.Invalid("error.map_header", "header", "say which column is meant, by its header")
	}
	if field == recognise {
		err = s.store.ForgetColumn(ctx(c), s.actor(c), header)
	} else {
		err = s.store.MapColumns(ctx(c), s.actor(c), map[string]string{header: field})
	}
	if err != nil && !(field == recognise && errors.Is(err, actnow.ErrNotFound)) {
		return err
	}
	again, err := s.actions.LookAgain(ctx(c), s.actor(c), j.ID)
	if err != nil {
		return err
	}
	return s.done(c, lookPath(again), s.text(c).T("mapping.said", header), "")
}

type mappingsPage struct {
	Head Head
	Rows []mappingRow
}

type mappingRow struct{ Header, Means, By, At string }

func (s *Server) showMappings(c echo.Context) error {
	list, err := s.store.ColumnMappings(ctx(c))
	if err != nil {
		return err
	}
	text := s.text(c)
	p := mappingsPage{Head: Head{Crumbs: []Crumb{{Text: text.T("nav.reports"), Href: "/reports"}, {Text: text.T("mapping.crumb")}},
		Title: text.TN("mapping.title", int64(len(list))), Text: text.T("mapping.text")}}
	for _, m := range list {
		row := mappingRow{Header: m.Header, Means: text.T("mapping.keep"), By: m.By, At: text.DateTime(time.Unix(m.At, 0))}
		if m.Field != reports.KeepOnly {
			row.Means = fieldWords(text, m.Field)
		}
		p.Rows = append(p.Rows, row)
	}
	if len(list) == 0 {
		p.Head.Actions = []Action{{Text: text.T("reports.upload"), Href: "/reports#upload", Class: "main"}}
	}
	return s.render(c, "mappings", p)
}

func (s *Server) forgetMapping(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	if err := s.store.ForgetColumn(ctx(c), s.actor(c), f.Get("header")); err != nil {
		return err
	}
	return s.done(c, "/reports/mappings", s.text(c).T("mapping.forgotten", f.Get("header")), "")
}

// mappingJSON is what was said of a column, as the API answers it.
type mappingJSON struct {
	Key    string `json:"key"`
	Header string `json:"header"`
	Field  string `json:"field"`
	By     string `json:"by"`
}

func (s *Server) apiMappings(c echo.Context) error {
	list, err := s.store.ColumnMappings(ctx(c))
	if err != nil {
		return err
	}
	out := struct {
		Items []mappingJSON `json:"items"`
	}{[]mappingJSON{}}
	for _, m := range list {
		out.Items = append(out.Items, mappingJSON{m.Key, m.Header, m.Field, m.By})
	}
	return s.answer(c, http.StatusOK, out)
}

func (s *Server) apiMapColumn(c echo.Context) error {
	var in struct {
		Header string `json:"header"`
		Field  string `json:"field"`
	}
	if err := body(c, &in); err != nil {
		return err
	}
	if err := s.store.MapColumns(ctx(c), s.actor(c), map[string]string{in.Header: in.Field}); err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, mappingJSON{reports.NormalHeader(in.Header), in.Header, strings.TrimSpace(in.Field), s.actor(c).Name})
}

func (s *Server) apiForgetColumn(c echo.Context) error {
	key, err := url.PathUnescape(c.Param("key"))
	if err != nil {
		return fmt.Errorf("column %q: %w", c.Param("key"), actnow.ErrNotFound)
	}
	if err := s.store.ForgetColumn(ctx(c), s.actor(c), key); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
