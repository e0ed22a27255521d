package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/cohorts"
	"actnow/reports"
)

// previewRows is how many rows the form of a list shows.
const previewRows = 8

// ownTimes is the choice of a form that takes a cron line as it was typed.
const ownTimes = "own"

// repeats are the times at which a list can be made again: cron lines. Reports
// come on the 25th.
var repeats = []string{"", "0 6 26 * *", "0 6 * * 1", "0 6 * * *"}

// downloadFormPage is the form of a list.
type downloadFormPage struct {
	Head           Head
	Action, Cancel string
	Self           string // keeps which list it is of
	Name           Field
	Built          downloadBuilder
}

// downloadBuilder is the part of the form that follows what is chosen in it.
type downloadBuilder struct {
	Self            string
	Source          Select
	Was             string // the source that the boxes are of
	Presets         []Option
	Groups          []columnGroup
	Chosen          string // "18 of 92 columns"
	Where           string
	Filter          countBox
	Quick           []Option
	InArea          []Option // the filter in one solution area, where it names none
	Sort, Repeat    Select
	Cron            Field
	Own             bool // the times are typed
	CSV             bool // else XLSX
	Problem         string
	Count           string
	Headers         []string
	Rows            [][]string
	NoColumns, None bool
}

// columnGroup is columns about one thing.
type columnGroup struct {
	ID, Name, Count string
	Open            bool
	Columns         []columnBox
}

type columnBox struct {
	Header, About string
	Ticked        bool
}

// downloadForm is what a form of a list says.
type downloadForm struct {
	id      actnow.DownloadID
	name    string
	query   actnow.SheetQuery // with Columns as ticked
	was     string            // the source that Columns are of, "" for none
	format  string
	repeat  string
	cron    string
	act     string // what the form was sent for: a preset, a quick filter
	problem error
}

func typedDownload(typed url.Values) downloadForm {
	f := downloadForm{name: strings.TrimSpace(typed.Get("name")), was: typed.Get("was"), format: typed.Get("format"), repeat: typed.Get("repeat"), cron: strings.TrimSpace(typed.Get("cron")), act: typed.Get("do"),
		query: actnow.SheetQuery{Source: typed.Get("source"), Columns: typed["column"], Where: plainLines(typed.Get("where")), Sort: typed.Get("sort")}}
	if quick := typed.Get("quick"); quick != "" {
		f.query.Where = quick
	}
	if n, err := parseID(typed.Get("id")); err == nil {
		f.id = actnow.DownloadID(n)
	}
	return f
}

// keptDownload is the form of a list as it is kept.
func keptDownload(d actnow.Download) downloadForm {
	f := downloadForm{id: d.ID, name: d.Name, query: d.Query, was: d.Query.Source, format: d.Format, repeat: d.Line}
	switch {
	case len(d.Query.Columns) > 0:
	case d.Query.Added:
		f.act = string(reports.PresetAdded)
	default:
		f.act = string(reports.PresetPlain)
	}
	if !slices.Contains(repeats, d.Line) {
		f.repeat, f.cron = ownTimes, d.Line
	}
	return f
}

// line is the cron line that the form means.
func (f downloadForm) line() string {
	if f.repeat == ownTimes {
		return f.cron
	}
	return f.repeat
}

// tick sets the columns of the form by its preset, or by the first one if they
// are those of another source, and returns all that there are.
func (s *Server) tick(c echo.Context, f *downloadForm) ([]reports.SheetColumn, error) {
	all, err := s.store.SheetColumns(ctx(c), s.scope(c), f.query.Source, s.text(c).Lang)
	if err != nil {
		return nil, err
	}
	preset := reports.Preset(f.act)
	if f.was != f.query.Source && (f.was != "" || f.query.Columns == nil) {
		preset = reports.PresetAdded
	}
	switch {
	case f.act == "none":
		f.query.Columns = nil
	case slices.Contains(reports.Presets, preset):
		f.query.Columns = headers(preset.Choose(all))
	}
	return all, nil
}

func headers(columns []reports.SheetColumn) []string {
	var list []string
	for _, c := range columns {
		list = append(list, c.Header)
	}
	return list
}

// meant is the query of the form: all columns of a source are said without naming
// them, so that those which a later file adds belong to the list.
func (f downloadForm) meant(all []reports.SheetColumn) actnow.SheetQuery {
	q := f.query
	switch {
	case slices.Equal(q.Columns, headers(reports.PresetPlain.Choose(all))):
		q.Columns = nil
	case slices.Equal(q.Columns, headers(reports.PresetAdded.Choose(all))):
		q.Columns, q.Added = nil, true
	}
	return q
}

func (s *Server) newDownload(c echo.Context) error {
	f := typedDownload(c.QueryParams())
	if f.query.Source == "" {
		f.query.Source = actnow.CustomersSource
		for _, o := range slices.Backward(s.reportSources(c)) {
			f.query.Source = o.Value
		}
	}
	return s.showDownloadForm(c, http.StatusOK, f)
}

func (s *Server) editDownload(c echo.Context) error {
	d, err := s.download(c)
	if err != nil {
		return err
	}
	return s.showDownloadForm(c, http.StatusOK, keptDownload(d))
}

// lookDownload shows the form as it was changed, with what it would give.
func (s *Server) lookDownload(c echo.Context) error {
	typed, err := form(c)
	if err != nil {
		return err
	}
	return s.showDownloadForm(c, http.StatusOK, typedDownload(typed))
}

func (s *Server) showDownloadForm(c echo.Context, status int, f downloadForm) error {
	text := s.text(c)
	p := downloadFormPage{Self: idText(f.id), Action: downloadsPath, Cancel: downloadsPath,
		Head: Head{Crumbs: []Crumb{{Text: text.T("nav.reports"), Href: "/reports"}, {Text: text.T("download.mine"), Href: downloadsPath}}, Title: text.T("download.new"), Text: text.T("download.form_text")},
		Name: Field{Name: "name", Label: text.T("download.name"), Hint: text.T("download.name_hint"), Value: f.name, Required: true, Autocomplete: "off"}}
	if f.id != 0 {
		p.Action, p.Cancel = downloadPath(f.id), downloadPath(f.id)
		p.Head.Title = text.T("download.change", f.name)
	}
	var err error
	if p.Built, err = s.downloadBuilder(c, &f); err != nil {
		return err
	}
	var input *actnow.InputError
	if errors.As(f.problem, &input) {
		switch input.Field {
		case "name":
			p.Name.Error = text.Error(input)
		case "cron", "zone":
			p.Built.Cron.Error = text.Error(input)
		default:
			p.Built.Problem = text.Error(input)
		}
	}
	return s.renderStatus(c, status, "download_form", p)
}

// downloadBuilder builds the part that follows what is chosen. What cannot be
// used is said where it stands.
func (s *Server) downloadBuilder(c echo.Context, f *downloadForm) (downloadBuilder, error) {
	text := s.text(c)
	b := downloadBuilder{Self: downloadsPath + "/look", Was: f.query.Source, Where: f.query.Where, CSV: f.format == string(reports.CSVFormat), Own: f.repeat == ownTimes,
		Cron: Field{Name: "cron", Label: text.T("schedules.line"), Hint: text.T("schedules.line_hint"), Value: f.cron, Autocomplete: "off"}}
	var err error
	if b.Source, err = s.sourceSelect(c, f.query.Source); err != nil {
		return b, err
	}
	b.Sort = Select{Name: "sort", Label: text.T("download.sort")}
	for _, key := range []string{"", actnow.SheetByRevenue, actnow.SheetByEnd} {
		if key != actnow.SheetByRevenue || s.scope(c).Revenue {
			b.Sort.Options = append(b.Sort.Options, Option{Value: key, Text: text.T("download.sort_" + key), Selected: key == f.query.Sort})
		}
	}
	b.Repeat = Select{Name: "repeat", Label: text.T("download.repeat"), Hint: text.T("download.repeat_hint", s.cfg.Zone.String())}
	for i, line := range append(slices.Clone(repeats), ownTimes) {
		b.Repeat.Options = append(b.Repeat.Options, Option{Value: line, Text: text.T("download.repeat_" + []string{"once", "month", "week", "day", "own"}[i]), Selected: line == f.repeat})
	}
	b.Quick = quickFilters(text, f.query.Source)
	all, err := s.tick(c, f)
	if err != nil {
		return b, s.downloadProblem(&b, text, f, err)
	}
	for _, preset := range reports.Presets {
		b.Presets = append(b.Presets, Option{Value: string(preset), Text: text.T("download.preset_" + string(preset))})
	}
	b.Presets = append(b.Presets, Option{Value: "none", Text: text.T("download.preset_none")})
	b.Groups = columnGroups(text, all, f.query.Columns)
	b.Chosen = text.T("download.chosen", len(f.query.Columns), len(all))
	if n := len(f.query.Columns); n > 0 && f.meant(all).Columns == nil {
		b.Chosen = text.T("download.chosen_all", n)
	}
	if b.NoColumns = len(f.query.Columns) == 0; b.NoColumns {
		return b, nil
	}
	if err := s.previewDownload(c, &b, f.meant(all)); err != nil {
		return b, s.downloadProblem(&b, text, f, err)
	}
	return b, nil
}

// downloadProblem says at its place why a list cannot be shown; any other error
// is returned.
func (s *Server) downloadProblem(b *downloadBuilder, text *Text, f *downloadForm, err error) error {
	var syntax *cohorts.SyntaxError
	var input *actnow.InputError
	switch {
	case errors.As(err, &syntax):
		b.Filter.point(text, f.query.Where, syntax, "", "")
		b.Filter.FixHref = ""
	case errors.As(err, &input) && (input.Field == "filter" || input.Field == "where"):
		b.Filter.Error = text.Error(input)
	case errors.As(err, &input):
		b.Problem = text.Error(input)
	case errors.Is(err, actnow.ErrNotFound):
		b.Problem = text.T("download.no_source")
	default:
		return err
	}
	return nil
}

// previewDownload sets how many rows the list has, and the first of them.
func (s *Server) previewDownload(c echo.Context, b *downloadBuilder, q actnow.SheetQuery) error {
	if e, err := cohorts.Parse(q.Where); q.Where != "" && err == nil {
		b.Filter.Sentence = cohorts.Sentence(e, s.text(c).Lang)
		b.InArea = inAreas(e, sourceAreas(q.Source))
	}
	n, err := s.store.SheetCount(ctx(c), s.scope(c), q)
	if err != nil {
		return err
	}
	sheet, err := s.store.OpenSheet(ctx(c), s.scope(c), q)
	if err != nil {
		return err
	}
	b.Count, b.None = s.text(c).TN("download.rows", n), n == 0
	b.Headers = headers(sheet.Columns)
	for row, err := range sheet.Rows {
		if err != nil {
			return err
		}
		if b.Rows = append(b.Rows, row); len(b.Rows) == previewRows {
			break
		}
	}
	return nil
}

// columnGroups sorts columns into what they are about, in the order in which the
// groups come up.
func columnGroups(text *Text, all []reports.SheetColumn, ticked []string) []columnGroup {
	have := map[string]bool{}
	for _, h := range ticked {
		have[reports.NormalHeader(h)] = true
	}
	var groups []columnGroup
	at, counts := map[string]int{}, map[string]int{}
	for _, col := range all {
		i, known := at[col.Group]
		if !known {
			i = len(groups)
			at[col.Group] = i
			name := text.T("download.added_group", actnow.Area(col.Group).Name())
			if key := "download.group_" + col.Group; text.Has(key) {
				name = text.T(key)
			}
			groups = append(groups, columnGroup{ID: "group-" + col.Group, Name: name})
		}
		box := columnBox{Header: col.Header, About: col.About, Ticked: have[reports.NormalHeader(col.Header)]}
		if box.Ticked {
			counts[col.Group]++
		}
		groups[i].Columns = append(groups[i].Columns, box)
	}
	for key, i := range at {
		groups[i].Count = text.T("download.of", counts[key], len(groups[i].Columns))
	}
	return groups
}

// reportSources are the reports that came, as sources.
func (s *Server) reportSources(c echo.Context) []Option {
	var list []Option
	for _, kind := range reports.Kinds {
		if snaps, err := s.store.Snapshots(ctx(c), s.scope(c), kind, 1); err == nil && len(snaps) > 0 {
			list = append(list, Option{Value: string(kind), Text: reportName(s.text(c), string(kind))})
		}
	}
	return list
}

func (s *Server) sourceSelect(c echo.Context, chosen string) (Select, error) {
	text := s.text(c)
	out := Select{Name: "source", Label: text.T("download.source"), Options: append(s.reportSources(c), Option{Value: actnow.CustomersSource, Text: text.T("download.customers")})}
	all, err := s.store.Cohorts(ctx(c), s.scope(c))
	if err != nil {
		return out, err
	}
	for _, k := range all {
		out.Options = append(out.Options, Option{Value: actnow.CohortSource + idText(k.ID), Text: text.T("download.cohort", k.Name)})
	}
	found := false
	for i := range out.Options {
		out.Options[i].Selected = out.Options[i].Value == chosen
		found = found || out.Options[i].Selected
	}
	if !found { // gone, or never there: said beside it
		name, err := s.sourceName(c, chosen)
		if err != nil {
			return out, err
		}
		out.Options = append(out.Options, Option{Value: chosen, Text: name, Selected: true})
	}
	return out, nil
}

// sourceAreas are the solution areas that a source speaks of.
func sourceAreas(source string) []actnow.Area {
	if kind := reports.Kind(source); slices.Contains(reports.Kinds, kind) {
		return reports.AreasOf(kind)
	}
	return actnow.Areas
}

// inAreas offers a filter that names no solution area, but means something that
// customers have in each, for each of the areas alone.
func inAreas(e cohorts.Expr, areas []actnow.Area) []Option {
	if !cohorts.AnyArea(e) {
		return nil
	}
	var list []Option
	for _, a := range areas {
		list = append(list, Option{Value: cohorts.Format(cohorts.InArea(e, a)), Text: a.Name()})
	}
	return list
}

// quickFilters are filters that fit a source.
func quickFilters(text *Text, source string) []Option {
	if source == string(reports.Renewals) {
		var list []Option
		for _, days := range []string{"30", "60", "90"} {
			list = append(list, Option{Value: "agreement_end >= today and agreement_end <= today + " + days + "d", Text: text.T("download.quick_days", days)})
		}
		return list
	}
	area := ""
	if kind := reports.Kind(source); slices.Contains(reports.Kinds, kind) {
		var keys []string
		for _, a := range reports.AreasOf(kind) {
			keys = append(keys, string(a))
		}
		area = "area in (" + strings.Join(keys, ", ") + ") and "
		if len(keys) == 1 {
			area = "area = " + keys[0] + " and "
		}
	}
	return []Option{
		{Value: area + `cluster = "Act Now"`, Text: text.T("download.quick_now")},
		{Value: area + `cluster in ("Act Now", "Evaluate")`, Text: text.T("download.quick_evaluate")},
		{Value: area + `cluster = "Act Now" and previous_cluster != "Act Now"`, Text: text.T("download.quick_new")},
		{Value: area + `cluster in ("Act Now", "Evaluate") and mailable = yes`, Text: text.T("download.quick_mailable")},
	}
}

func (s *Server) createDownload(c echo.Context) error {
	return s.saveDownload(c, actnow.Download{Owner: s.user(c).ID})
}

func (s *Server) changeDownload(c echo.Context) error {
	d, err := s.download(c)
	if err != nil {
		return err
	}
	return s.saveDownload(c, d)
}

// saveDownload keeps a list as the form says and writes its file.
func (s *Server) saveDownload(c echo.Context, d actnow.Download) error {
	typed, err := form(c)
	if err != nil {
		return err
	}
	f := typedDownload(typed)
	f.id = d.ID
	all, err := s.tick(c, &f)
	if err == nil && len(f.query.Columns) == 0 {
		err = actnow.Invalid("error.download_columns", "columns", "choose a column first")
	}
	if err == nil {
		d.Name, d.Format, d.Query, d.Line, d.Zone, d.Scope = f.name, f.format, f.meant(all), f.line(), s.cfg.Zone.String(), s.scope(c)
		d.Query.Language = s.text(c).Lang
		if f.repeat == ownTimes && f.cron == "" {
			err = actnow.Invalid("error.download_times", "cron", "say when the list is made again")
		}
	}
	if err == nil {
		d.ID, err = s.store.SaveDownload(ctx(c), s.actor(c), d)
	}
	if errors.Is(err, actnow.ErrInvalid) || errors.Is(err, actnow.ErrNotFound) && d.ID == 0 {
		f.problem = err
		return s.showDownloadForm(c, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	if _, err := s.actions.StartDownload(ctx(c), s.actor(c), d.ID); err != nil {
		return err
	}
	return s.done(c, downloadPath(d.ID), s.text(c).T("download.saved", d.Name), "")
}
