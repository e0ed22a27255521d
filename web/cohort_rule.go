package web

import (
	"encoding/csv"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/cohorts"
)

// maxRules is how many rules the form shows.
const maxRules = 20

// rule is one comparison as the form has it. Of a list the values are divided by
// commas.
type rule struct {
	field string // of the catalogue, or raw."Header"
	op    cohorts.Op
	value string
}

// ruleRow is a rule as the form shows it.
type ruleRow struct {
	N, N1    int // its place from 0, and as people count
	Fields   []Option
	Ops      []Option
	Value    string
	Choices  []Option // to choose from; else the value is typed
	NoValue  bool
	Hint     string
	Missing  bool // a value is missing, so it is not counted
	Hits     string
	HitsHref string
}

// operators are the relations in the order the form offers them.
var operators = []cohorts.Op{cohorts.Eq, cohorts.Ne, cohorts.In, cohorts.NotIn, cohorts.Ge, cohorts.Le, cohorts.Gt, cohorts.Lt, cohorts.Contains, cohorts.StartsWith, cohorts.IsEmpty}

func kindOf(field string) cohorts.FieldKind {
	info, _ := cohorts.Info(field) // without one it is a kept column: Text
	return info.Kind
}

// typedRules reads the rules of a form. A relation that the field does not know
// becomes the first that it does.
func typedRules(typed url.Values) []rule {
	var list []rule
	ops, values := typed["o"], typed["v"]
	for i, field := range typed["f"] {
		if i == maxRules || i >= len(ops) || i >= len(values) {
			break
		}
		r := rule{field: field, op: cohorts.Op(ops[i]), value: strings.TrimSpace(values[i])}
		if !kindOf(field).Allows(r.op) {
			r.op = cohorts.Eq
		}
		if kindOf(field) == cohorts.YesNo && r.value != "no" {
			r.value = "yes"
		}
		list = append(list, r)
	}
	return list
}

// changedRules adds a rule, or removes the one that an act names.
func changedRules(rules []rule, act string) []rule {
	if n, ok := strings.CutPrefix(act, "remove-"); ok {
		if i, err := strconv.Atoi(n); err == nil && i >= 0 && i < len(rules) {
			return append(rules[:i:i], rules[i+1:]...)
		}
		return rules
	}
	if act == "add" && len(rules) < maxRules {
		return append(rules, rule{field: "country", op: cohorts.Eq})
	}
	return rules
}

// rulesOf returns a filter as rules that all hold, or any of which is enough. ok
// is false for a filter with groups.
func rulesOf(e cohorts.Expr) (rules []rule, any, ok bool) {
	terms := []cohorts.Expr{e}
	switch e := e.(type) {
	case cohorts.And:
		terms = e.Terms
	case cohorts.Or:
		terms, any = e.Terms, true
	}
	if len(terms) > maxRules {
		return nil, false, false
	}
	for _, t := range terms {
		c, single := t.(cohorts.Compare)
		if !single {
			return nil, false, false
		}
		r := rule{field: c.Field.Name, op: c.Op}
		if c.Field.Raw != "" {
			r.field = `raw.` + quoted(c.Field.Raw)
		}
		var values []string
		for _, v := range c.Values {
			values = append(values, valueText(c.Field.Kind, v))
		}
		r.value = strings.Join(values, "")
		if c.Op == cohorts.In || c.Op == cohorts.NotIn {
			r.value = joinList(values)
		}
		rules = append(rules, r)
	}
	return rules, any, true
}

func valueText(kind cohorts.FieldKind, v cohorts.Value) string {
	switch {
	case kind == cohorts.Number:
		return strconv.FormatFloat(v.Number, 'f', -1, 64)
	case kind == cohorts.YesNo && v.Yes:
		return "yes"
	case kind == cohorts.YesNo:
		return "no"
	case kind == cohorts.Day && !v.Relative:
		return v.Day.Format(time.DateOnly)
	case kind == cohorts.Day && v.Days > 0:
		return "today + " + strconv.Itoa(v.Days) + "d"
	case kind == cohorts.Day && v.Days < 0:
		return "today - " + strconv.Itoa(-v.Days) + "d"
	case kind == cohorts.Day:
		return "today"
	}
	return v.Text
}

// rulesFilter writes rules as a filter. Those without a value are left out.
func rulesFilter(rules []rule, any bool) string {
	var parts []string
	for _, r := range rules {
		if text := r.text(); text != "" {
			parts = append(parts, text)
		}
	}
	if any {
		return strings.Join(parts, " or ")
	}
	return strings.Join(parts, " and ")
}

// text writes a rule in the grammar of filters; "" if its value is missing.
func (r rule) text() string {
	kind := kindOf(r.field)
	switch {
	case r.op == cohorts.IsEmpty:
		return r.field + " " + string(r.op)
	case r.value == "":
		return ""
	case r.op != cohorts.In && r.op != cohorts.NotIn:
		return r.field + " " + string(r.op) + " " + literal(kind, r.value)
	}
	var values []string
	for _, v := range splitList(r.value) {
		values = append(values, literal(kind, v))
	}
	if len(values) == 0 {
		return ""
	}
	return r.field + " " + string(r.op) + " (" + strings.Join(values, ", ") + ")"
}

// literal writes a value as filters want it. What does not look like its kind
// stands in quotation marks, so that the filter says what is wrong with it.
func literal(kind cohorts.FieldKind, v string) string {
	switch kind {
	case cohorts.Number:
		if _, err := strconv.ParseFloat(v, 64); err == nil && strings.IndexFunc(v, func(r rune) bool { return !strings.ContainsRune("0123456789.-", r) }) < 0 {
			return v
		}
	case cohorts.Day:
		days, ok := strings.CutPrefix(strings.ToLower(v), "today")
		if ok && strings.IndexFunc(days, func(r rune) bool { return !strings.ContainsRune("0123456789+- d", r) }) < 0 {
			return strings.ToLower(v)
		}
	case cohorts.YesNo:
		return v
	}
	return quoted(v)
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// joinList and splitList write and read a list in a field: with commas, values
// that hold one in quotation marks.
func joinList(values []string) string {
	parts := make([]string, len(values))
	for i, v := range values {
		if parts[i] = v; strings.ContainsAny(v, `",`) || v != strings.TrimSpace(v) || v == "" {
			parts[i] = quoted(v)
		}
	}
	return strings.Join(parts, ", ")
}

func splitList(s string) []string {
	r := csv.NewReader(strings.NewReader(strings.ReplaceAll(s, "\n", " ")))
	r.TrimLeadingSpace, r.LazyQuotes = true, true
	values, err := r.Read()
	if err != nil {
		return nil
	}
	var list []string
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			list = append(list, v)
		}
	}
	return list
}

// fillRules sets the rows of the form, each with how many customers meet it
// alone.
func (s *Server) fillRules(c echo.Context, p *cohortFormPage, rules []rule) error {
	text, money := s.text(c), s.scope(c).Revenue
	for i, r := range rules {
		row := ruleRow{N: i, N1: i + 1, Value: r.value, NoValue: r.op == cohorts.IsEmpty, Hits: "–"}
		row.Fields = fieldOptions(text, r.field, money)
		kind := kindOf(r.field)
		for _, op := range operators {
			if kind.Allows(op) {
				row.Ops = append(row.Ops, Option{Value: string(op), Text: operatorText(text, kind, op), Selected: op == r.op})
			}
		}
		row.Choices, row.Hint = valueChoices(text, r)
		filter := r.text()
		row.Missing = filter == ""
		if filter != "" {
			counts, err := s.store.CountFilter(ctx(c), s.scope(c), filter)
			switch {
			case err == nil && counts.Customers > 0:
				row.Hits, row.HitsHref = text.Number(int64(counts.Customers)), filterPath(filter)
			case err == nil:
				row.Hits = "0"
			case !isInput(err):
				return err
			}
		}
		p.Rules = append(p.Rules, row)
	}
	return nil
}

func fieldOptions(text *Text, chosen string, money bool) []Option {
	var list []Option
	found := false
	for _, f := range cohorts.Fields {
		if f.Money && !money {
			continue
		}
		found = found || f.Name == chosen
		list = append(list, Option{Value: f.Name, Text: f.Label(text.Lang), Selected: f.Name == chosen})
	}
	if !found {
		list = append(list, Option{Value: chosen, Text: chosen, Selected: true})
	}
	return list
}

func operatorText(text *Text, kind cohorts.FieldKind, op cohorts.Op) string {
	if kind == cohorts.Day || kind == cohorts.Month {
		if key := "cohort.day_op." + string(op); text.Has(key) {
			return text.T(key)
		}
	}
	return text.T("cohort.op." + string(op))
}

// valueChoices returns what a value can be chosen from, and what to type where
// it is typed.
func valueChoices(text *Text, r rule) ([]Option, string) {
	info, _ := cohorts.Info(r.field)
	if r.op == cohorts.IsEmpty {
		return nil, ""
	}
	list := r.op == cohorts.In || r.op == cohorts.NotIn
	switch info.Kind {
	case cohorts.YesNo:
		return []Option{{Value: "yes", Text: text.T("cohort.yes"), Selected: r.value != "no"}, {Value: "no", Text: text.T("cohort.no"), Selected: r.value == "no"}}, ""
	case cohorts.Choice:
		if list {
			return nil, strings.Join(info.Choices, ", ")
		}
		options := []Option{{Text: text.T("cohort.choose"), Selected: r.value == ""}}
		for _, v := range info.Choices {
			options = append(options, Option{Value: v, Text: choiceText(text, info.Name, v), Selected: strings.EqualFold(v, r.value)})
		}
		return options, ""
	case cohorts.Day:
		return nil, text.T("cohort.hint_day")
	case cohorts.Month:
		return nil, text.T("cohort.hint_month")
	}
	if list {
		return nil, text.T("cohort.hint_list")
	}
	return nil, ""
}

func choiceText(text *Text, field, value string) string {
	switch field {
	case "area":
		return text.Area(actnow.Area(value))
	case "cluster", "microsoft_cluster", "previous_cluster":
		return text.Cluster(actnow.Cluster(value))
	case "fit_band", "intent_band":
		return text.Band(actnow.Band(value))
	case "revenue_kind":
		return text.T("revenue.kind." + value)
	case "matched_by":
		return text.T("match.stage." + value)
	}
	return value
}
