package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/cohorts"
)

// sampleSize is how many customers the form shows of those it counts.
const sampleSize = 10

// cohortFormPage is the form of a cohort. The filter text is what counts; the
// rules beside it are another way to write it.
type cohortFormPage struct {
	Head     Head
	Action   string // where it is posted
	Self     string // the page itself, which shows what was typed
	Cancel   string
	Name     Field
	Where    string
	Rules    []ruleRow
	Join     Select
	JoinWord string // stands before each rule but the first
	Built    string // the filter that the rules stand for
	Text     string // why the filter is only shown as text: groups, or a mistake
	Starts   []cohortStart
	Count    countBox
}

// countBox is what a filter means and whom it chooses.
type countBox struct {
	Error              string // what is wrong, "" if nothing is
	Place              string // "line 1, column 5"
	Before, At, After  string // the filter around the place
	Fix, FixHref       string // what was meant, and the form with it
	Sentence           string
	Self               string   // the form
	InArea             []Option // solution areas to ask of one alone, where none is named
	Figures            []Figure
	Sample             []memberLine
	SampleTitle, Whole string
	Money              bool
}

func (s *Server) newCohort(c echo.Context) error { return s.showCohortForm(c, 0) }

func (s *Server) editCohort(c echo.Context) error {
	k, err := s.cohort(c)
	if err != nil {
		return err
	}
	if k.Kind == cohorts.ByColumn {
		return &actnow.StateError{Noun: "cohort", Have: "a column of a report", Want: "a filter"}
	}
	return s.showCohortForm(c, k.ID)
}

func (s *Server) showCohortForm(c echo.Context, id actnow.CohortID) error {
	p, err := s.cohortForm(c, id, c.QueryParams())
	if err != nil {
		return err
	}
	return s.render(c, "cohort_form", p)
}

// cohortForm returns the form with what was typed, or the cohort with the key if
// nothing was. Without a key it is that of a new one.
func (s *Server) cohortForm(c echo.Context, id actnow.CohortID, typed url.Values) (cohortFormPage, error) {
	text := s.text(c)
	p := cohortFormPage{
		Head:   Head{Crumbs: []Crumb{{Text: text.T("nav.cohorts"), Href: "/cohorts"}}, Title: text.T("cohort.new"), Text: text.T("cohort.form_text")},
		Action: "/cohorts", Self: "/cohorts/new", Cancel: "/cohorts",
		Name: Field{Name: "name", Label: text.T("cohort.name"), Hint: text.T("cohort.name_hint"), Value: typed.Get("name"), Required: true, Autocomplete: "off"},
	}
	if id != 0 {
		k, err := s.store.Cohort(ctx(c), s.scope(c), id)
		if err != nil {
			return p, err
		}
		p.Action = "/cohorts/" + idText(id)
		p.Self, p.Cancel = p.Action+"/edit", p.Action
		p.Head.Title = text.T("cohort.edit_title", k.Name)
		p.Head.Crumbs = append(p.Head.Crumbs, Crumb{Text: k.Name, Href: p.Action})
		if !typed.Has("name") {
			p.Name.Value = k.Name
		}
		if !typed.Has("where") {
			typed = url.Values{"where": {k.Filter}}
		}
	} else if !typed.Has("where") {
		p.Starts = cohortStarts(text)
	}
	if where := typed.Get("in"); where != "" {
		typed = url.Values{"where": {where}}
	}
	rules, any := formRules(text, &p, typed)
	p.Join = Select{Name: "join", Label: text.T("cohort.join"), Options: []Option{
		{Value: "and", Text: text.T("cohort.join.and"), Selected: !any}, {Value: "or", Text: text.T("cohort.join.or"), Selected: any}}}
	p.JoinWord = text.T("cohort.join_word.and")
	if any {
		p.JoinWord = text.T("cohort.join_word.or")
	}
	if err := s.fillRules(c, &p, rules); err != nil {
		return p, err
	}
	var err error
	p.Count, err = s.countBox(c, p.Where, p.Self, p.Name.Value)
	return p, err
}

// formRules sets the filter of the form and returns its rules, and whether any of
// them is enough. Where the text was changed it says what the rules are;
// otherwise the rules, as they were changed, say what the text is.
func formRules(text *Text, p *cohortFormPage, typed url.Values) (rules []rule, any bool) {
	p.Where = typedFilter(typed)
	e, err := cohorts.Parse(p.Where)
	act := typed.Get("do")
	if act != "" && !textChanged(typed) {
		rules, any = typedRules(typed), typed.Get("join") == "or"
		if len(rules) > 0 || err == nil {
			rules = changedRules(rules, act)
			p.Where, p.Built = rulesFilter(rules, any), rulesFilter(rules, any)
			return rules, any
		}
	}
	switch {
	case p.Where == "":
		rules = []rule{{field: "cluster", op: cohorts.Eq}}
	case err == nil:
		var ok bool
		if rules, any, ok = rulesOf(e); !ok {
			p.Text = text.T("cohort.grouped")
		}
	case typed.Has("f"):
		rules, any = typedRules(typed), typed.Get("join") == "or"
	default:
		p.Text = text.T("cohort.broken")
	}
	if act != "" && p.Text == "" {
		rules = changedRules(rules, act)
	}
	p.Built = rulesFilter(rules, any)
	return rules, any
}

// typedFilter returns the filter that a form means: its text, or what its rules
// say if only they were changed since the form was shown.
func typedFilter(typed url.Values) string {
	where := plainLines(typed.Get("where"))
	if !typed.Has("f") || textChanged(typed) {
		return where
	}
	if now := rulesFilter(typedRules(typed), typed.Get("join") == "or"); now != "" && now != typed.Get("built") {
		return now
	}
	return where
}

// textChanged reports whether the text is not the one that the form was shown
// with.
func textChanged(typed url.Values) bool {
	return typed.Has("was") && plainLines(typed.Get("where")) != plainLines(typed.Get("was"))
}

// plainLines undoes what browsers do to the ends of lines.
func plainLines(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

// countCohort answers with what a filter means, for the form to show while it is
// typed.
func (s *Server) countCohort(c echo.Context) error {
	where := plainLines(c.QueryParam("where"))
	if c.Request().Header.Get("HX-Request") == "" {
		return c.Redirect(http.StatusSeeOther, "/cohorts/new?"+url.Values{"where": {where}}.Encode())
	}
	box, err := s.countBox(c, where, "/cohorts/new", c.QueryParam("name"))
	if err != nil {
		return err
	}
	return s.renderBlock(c, http.StatusOK, "cohort_form", "#count", box)
}

// countBox says what a filter means and whom it chooses. self is the form that a
// correction is offered in.
func (s *Server) countBox(c echo.Context, where, self, name string) (countBox, error) {
	text := s.text(c)
	box := countBox{Money: s.scope(c).Revenue}
	if where == "" {
		return box, nil
	}
	e, err := cohorts.Parse(where)
	var syntax *cohorts.SyntaxError
	if errors.As(err, &syntax) {
		box.point(text, where, syntax, self, name)
		return box, nil
	}
	if err != nil {
		return box, err
	}
	box.Sentence, box.Self, box.InArea = cohorts.Sentence(e, text.Lang), self, inAreas(e, actnow.Areas)
	page, err := s.store.Customers(ctx(c), s.scope(c), actnow.CustomerQuery{Filter: where, Area: filterArea(e), Sort: actnow.SortRevenue, Limit: sampleSize})
	var input *actnow.InputError
	switch {
	case errors.As(err, &input):
		box.Error = text.Error(input)
		return box, nil
	case err != nil:
		return box, err
	}
	rows := filterPath(where)
	for _, n := range []struct {
		key, more string
		n         int
	}{{"cohort.customers", "", page.Total}, {"cohort.matched", "&matched=1", page.Matched}, {"cohort.mailable", "&mailable=1", page.Mailable}} {
		f := Figure{Name: text.T(n.key), Value: text.Number(int64(n.n)), Href: rows + n.more}
		if n.n == 0 {
			f.Href = ""
		}
		if n.more != "" {
			f.Note = share(text, n.n, page.Total)
		} else if i := slices.IndexFunc(page.Rows, func(r actnow.CustomerRow) bool { return r.Standing.Month != "" }); i >= 0 {
			f.Note = text.Month(page.Rows[i].Standing.Month)
		}
		box.Figures = append(box.Figures, f)
	}
	for _, r := range page.Rows {
		box.Sample = append(box.Sample, newMemberLine(text, r, box.Money))
	}
	box.SampleTitle, box.Whole = text.T("cohort.sample", len(page.Rows), page.Total), rows
	return box, nil
}

// filterArea returns the solution area that a filter is about, or "".
func filterArea(e cohorts.Expr) actnow.Area {
	switch e := e.(type) {
	case cohorts.And:
		for _, t := range e.Terms {
			if a := filterArea(t); a != "" {
				return a
			}
		}
	case cohorts.Compare:
		if e.Field.Name == "area" && e.Op == cohorts.Eq {
			return actnow.Area(e.Values[0].Text)
		}
	}
	return ""
}

// point says where a filter is wrong and, where it is known, what was meant.
func (b *countBox) point(text *Text, where string, e *cohorts.SyntaxError, self, name string) {
	b.Error = text.T(e.Code, e.Args...)
	b.Place = text.T("cohort.place", e.Line, e.Column)
	at := min(e.Pos, len(where))
	end := wordEnd(where, at)
	b.Before, b.At, b.After = where[:at], where[at:end], where[end:]
	if e.Suggestion == "" {
		return
	}
	b.Fix = e.Suggestion
	fixed := where[:at] + e.Suggestion + where[end:]
	if better(fixed, at) {
		b.FixHref = self + "?" + url.Values{"where": {fixed}, "name": {name}}.Encode()
	}
}

// better reports whether a filter can be read, or at least farther than at.
func better(filter string, at int) bool {
	var e *cohorts.SyntaxError
	_, err := cohorts.Parse(filter)
	return err == nil || errors.As(err, &e) && e.Pos > at
}

// wordEnd returns where the word, text or sign that begins at a byte offset ends.
func wordEnd(s string, at int) int {
	if at >= len(s) {
		return len(s)
	}
	rest := s[at:]
	first, size := utf8.DecodeRuneInString(rest)
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }
	switch {
	case first == '"':
		for i := size; i < len(rest); i++ {
			if rest[i] == '"' && (i+1 == len(rest) || rest[i+1] != '"') {
				return at + i + 1
			} else if rest[i] == '"' {
				i++
			}
		}
		return len(s)
	case word(first):
		if i := strings.IndexFunc(rest, func(r rune) bool { return !word(r) }); i >= 0 {
			return at + i
		}
		return len(s)
	case strings.ContainsRune("=!<>&|~", first):
		if i := strings.IndexFunc(rest, func(r rune) bool { return !strings.ContainsRune("=!<>&|~", r) }); i >= 0 {
			return at + i
		}
		return len(s)
	}
	return at + size
}

// refuse sets the error of the field that a problem is about.
func (p *cohortFormPage) refuse(text *Text, problem error) {
	var input *actnow.InputError
	if !errors.As(problem, &input) {
		return
	}
	switch {
	case input.Field == "name":
		p.Name.Error = text.Error(input)
	case p.Count.Error == "":
		p.Count.Error = text.Error(input)
	}
}

func isInput(err error) bool {
	var input *actnow.InputError
	return errors.As(err, &input)
}
