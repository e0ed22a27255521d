package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/cohorts"
)

// customerQuery reads what a list of customers is asked for. The error is an
// *actnow.InputError if a value is none that can be chosen.
func (s *Server) customerQuery(c echo.Context) (actnow.CustomerQuery, error) {
	q := actnow.CustomerQuery{
		Search: strings.TrimSpace(c.QueryParam("q")), Filter: strings.TrimSpace(c.QueryParam("where")), Limit: customerPageSize,
	}
	var err error
	if q.Area, err = queryArea(c, ""); err != nil {
		return q, err
	}
	if q.Month, err = queryMonth(c); err != nil {
		return q, err
	}
	if q.Cell, err = queryCell(c); err != nil {
		return q, err
	}
	if q.Cluster, err = queryChoice(c, "cluster", actnow.Clusters); err != nil {
		return q, err
	}
	if q.Move, err = queryChoice(c, "move", moves); err != nil {
		return q, err
	}
	if q.Since, err = queryMonthNamed(c, "since"); err != nil {
		return q, err
	}
	if q.Flow, err = queryChoice(c, "flow", actnow.FlowKinds); err != nil {
		return q, err
	}
	for name, into := range map[string]*actnow.Cluster{"from": &q.From, "report": &q.Report, "ours": &q.Ours} {
		if *into, err = queryChoice(c, name, actnow.Clusters); err != nil {
			return q, err
		}
	}
	if q.Segment, err = queryChoice(c, "segment", actnow.Segments); err != nil {
		return q, err
	}
	if q.Sort, err = queryChoice(c, "sort", customerSorts); err != nil {
		return q, err
	}
	for name, on := range map[string]*bool{"unscored": &q.Unscored, "gone": &q.Gone, "matched": &q.Matched, "mailable": &q.Mailable, "disagree": &q.Disagree, "differ": &q.Differ} {
		if *on, err = queryFlag(c, name); err != nil {
			return q, err
		}
	}
	cohort, err := queryNumber(c, "cohort")
	if err != nil {
		return q, err
	}
	offset, err := queryNumber(c, "offset")
	if err != nil {
		return q, err
	}
	if offset > maxOffset {
		return q, actnow.Invalid("error.number", "offset", "%q is no number", c.QueryParam("offset"))
	}
	q.Cohort, q.Offset = actnow.CohortID(cohort), int(offset)
	if q.Area == "" && (q.Cell != "" || q.Month != "") {
		name := "cell"
		if q.Cell == "" {
			name = "month"
		}
		return q, actnow.Invalid("error.needs_area", name, "%s needs a solution area", name)
	}
	if (q.Since != "" || q.Flow != "" || q.From != "") && (q.Area == "" || q.Month == "" || q.Since == "") {
		return q, actnow.Invalid("error.needs_months", "since", "a comparison needs a solution area, a month and the month since which")
	}
	if q.Area == "" && (q.Report != "" || q.Ours != "" || q.Differ) {
		return q, actnow.Invalid("error.needs_area", "differ", "%s needs a solution area", "differ")
	}
	return q, nil
}

// ofArea are the values of a query that mean something in one area alone.
var ofArea = []string{"cell", "month", "since", "flow", "from", "report", "ours", "differ"}

// maxOffset is further than any list goes.
const maxOffset = 1_000_000_000

var (
	moves         = []actnow.Move{actnow.MovedNew, actnow.MovedUp, actnow.MovedDown}
	customerSorts = []actnow.CustomerSort{actnow.SortName, actnow.SortRevenue, actnow.SortFit, actnow.SortIntent, actnow.SortSize}
)

// queryChoice reads one of a list of values; without one it is "".
func queryChoice[S ~string](c echo.Context, name string, choices []S) (S, error) {
	v := S(c.QueryParam(name))
	if v == "" || slices.Contains(choices, v) {
		return v, nil
	}
	all := make([]string, len(choices))
	for i, choice := range choices {
		all[i] = string(choice)
	}
	return "", actnow.Invalid("error.choice", name, "%q is no choice for %s: it is one of %s", string(v), name, strings.Join(all, ", "))
}

// queryFlag reads a filter that is on with 1 and off with 0 or without a value.
func queryFlag(c echo.Context, name string) (bool, error) {
	switch v := c.QueryParam(name); v {
	case "", "0":
		return false, nil
	case "1":
		return true, nil
	default:
		return false, actnow.Invalid("error.flag", name, "%q is no choice for %s: it is 1 or 0", v, name)
	}
}

func queryMonth(c echo.Context) (actnow.Month, error) { return queryMonthNamed(c, "month") }

func queryMonthNamed(c echo.Context, name string) (actnow.Month, error) {
	if v := c.QueryParam(name); v != "" {
		return actnow.ParseMonth(v)
	}
	return "", nil
}

func queryCell(c echo.Context) (actnow.Cell, error) {
	cell := actnow.Cell(strings.ToUpper(c.QueryParam("cell")))
	if cell != "" && cell.Cluster() == "" {
		return "", actnow.Invalid("error.cell", "cell", "%q is no cell: cells are A1 to D4", string(cell))
	}
	return cell, nil
}

// queryRule says in the grammar of cohorts what the query chooses. ok is false
// if that cannot be said: a filter speaks of scores that are there, and of now.
func queryRule(q actnow.CustomerQuery, all []cohorts.Cohort) (rule string, ok bool) {
	if q.Unscored || q.Disagree || q.Differ || q.Ours != "" || q.Month != "" {
		return "", false
	}
	var and cohorts.And
	add := func(name string, op cohorts.Op, values ...cohorts.Value) {
		and.Terms = append(and.Terms, compare(name, op, values...))
	}
	if q.Area != "" {
		add("area", cohorts.Eq, cohorts.Value{Text: string(q.Area)})
	}
	if q.Cluster != "" {
		add("cluster", cohorts.Eq, cohorts.Value{Text: string(q.Cluster)})
	}
	if q.Report != "" {
		add("microsoft_cluster", cohorts.Eq, cohorts.Value{Text: string(q.Report)})
	}
	if q.Cell != "" {
		add("cell", cohorts.Eq, cohorts.Value{Text: string(q.Cell)})
	}
	if q.Move != "" {
		and.Terms = append(and.Terms, moved(q.Move))
	}
	if q.Segment != "" {
		add("segment", cohorts.Eq, cohorts.Value{Text: string(q.Segment)})
	}
	for _, flag := range []struct {
		name string
		on   bool
	}{{"matched", q.Matched}, {"mailable", q.Mailable}, {"gone", q.Gone}} {
		if flag.on {
			add(flag.name, cohorts.Eq, cohorts.Value{Yes: true})
		}
	}
	if q.Search != "" {
		v := cohorts.Value{Text: q.Search}
		and.Terms = append(and.Terms, cohorts.Or{Terms: []cohorts.Expr{
			compare("name", cohorts.Contains, v), compare("domain", cohorts.Contains, v), compare("tpid", cohorts.Eq, v)}})
	}
	if q.Cohort != 0 {
		i := slices.IndexFunc(all, func(k cohorts.Cohort) bool { return k.ID == q.Cohort })
		if i < 0 {
			return "", false
		}
		add("cohort", cohorts.Eq, cohorts.Value{Text: all[i].Name})
	}
	if q.Filter != "" {
		e, err := cohorts.Parse(q.Filter)
		if err != nil {
			return "", false
		}
		and.Terms = append(and.Terms, e)
	}
	switch len(and.Terms) {
	case 0:
		return "", true
	case 1:
		return cohorts.Format(and.Terms[0]), true
	}
	return cohorts.Format(and), true
}

func compare(name string, op cohorts.Op, values ...cohorts.Value) cohorts.Expr {
	info, _ := cohorts.Info(name)
	return cohorts.Compare{Field: cohorts.Field{Name: name, Kind: info.Kind}, Op: op, Values: values}
}

// moved says a move by the clusters of now and of the month before.
func moved(m actnow.Move) cohorts.Expr {
	from := func(now actnow.Cluster, before ...actnow.Cluster) cohorts.Expr {
		values := make([]cohorts.Value, len(before))
		for i, b := range before {
			values[i].Text = string(b)
		}
		return cohorts.And{Terms: []cohorts.Expr{
			compare("cluster", cohorts.Eq, cohorts.Value{Text: string(now)}), compare("previous_cluster", cohorts.In, values...)}}
	}
	or := cohorts.Or{}
	for i, now := range actnow.Clusters {
		switch {
		case m == actnow.MovedNew && i == 0, m == actnow.MovedUp && i > 0 && i+1 < len(actnow.Clusters):
			or.Terms = append(or.Terms, from(now, actnow.Clusters[i+1:]...))
		case m == actnow.MovedDown && i > 0:
			or.Terms = append(or.Terms, from(now, actnow.Clusters[:i]...))
		}
	}
	if len(or.Terms) == 1 {
		return or.Terms[0]
	}
	return or
}

func customerSelects(text *Text, q actnow.CustomerQuery, all []cohorts.Cohort) []Select {
	cluster := Select{Name: "cluster", Label: text.T("customers.cluster"), Options: []Option{{Text: text.T("customers.any")}}}
	for _, k := range actnow.Clusters {
		cluster.Options = append(cluster.Options, Option{Value: string(k), Text: text.Cluster(k), Selected: k == q.Cluster})
	}
	list := []Select{cluster}
	if q.Area != "" {
		cell := Select{Name: "cell", Label: text.T("customers.cell"), Options: []Option{{Text: text.T("customers.any")}}}
		for _, letter := range "ABCD" {
			for _, digit := range "1234" {
				k := actnow.Cell(string(letter) + string(digit))
				cell.Options = append(cell.Options, Option{Value: string(k), Text: string(k) + " " + text.Cluster(k.Cluster()), Selected: k == q.Cell})
			}
		}
		list = append(list, cell)
	}
	move := Select{Name: "move", Label: text.T("customers.move"), Options: []Option{{Text: text.T("customers.any")}}}
	for _, m := range moves {
		move.Options = append(move.Options, Option{Value: string(m), Text: text.T("customers.move." + string(m)), Selected: m == q.Move})
	}
	segment := Select{Name: "segment", Label: text.T("customers.segment"), Options: []Option{{Text: text.T("customers.any")}}}
	for _, k := range actnow.Segments {
		segment.Options = append(segment.Options, Option{Value: string(k), Text: text.T("segment." + string(k)), Selected: k == q.Segment})
	}
	list = append(list, move, segment)
	if len(all) > 0 {
		cohort := Select{Name: "cohort", Label: text.T("customers.cohort"), Options: []Option{{Text: text.T("customers.any")}}}
		for _, k := range all {
			cohort.Options = append(cohort.Options, Option{Value: strconv.FormatInt(int64(k.ID), 10), Text: k.Name, Selected: k.ID == q.Cohort})
		}
		list = append(list, cohort)
	}
	return list
}

func customerFlags(text *Text, q actnow.CustomerQuery) []flagChoice {
	return []flagChoice{
		{"matched", text.T("customers.flag.matched"), q.Matched},
		{"mailable", text.T("customers.flag.mailable"), q.Mailable},
		{"unscored", text.T("customers.flag.unscored"), q.Unscored},
		{"gone", text.T("customers.flag.gone"), q.Gone},
	}
}

// customerColumns are the heads of the list. Those that it can be ordered by are
// links.
func customerColumns(text *Text, q actnow.CustomerQuery, params url.Values, revenue bool) []sortColumn {
	sorted := q.Sort
	if sorted == "" || (sorted == actnow.SortRevenue && !revenue) {
		sorted = actnow.SortName
	}
	by := func(key string, sort actnow.CustomerSort, number bool) sortColumn {
		col := sortColumn{Text: text.T(key), Number: number, Href: "/customers?" + with(without(params, "offset"), "sort", string(sort)).Encode()}
		if sort == sorted {
			col.Sorted = "descending"
			if sort == actnow.SortName {
				col.Sorted = "ascending"
			}
		}
		return col
	}
	list := []sortColumn{
		by("customers.customer", actnow.SortName, false),
		by("customers.size", actnow.SortSize, false),
	}
	if q.Area == "" {
		list = append(list, sortColumn{Text: text.T("customers.hottest")})
	}
	list = append(list, sortColumn{Text: text.T("customers.cluster")},
		by("customers.fit", actnow.SortFit, true), by("customers.intent", actnow.SortIntent, true))
	if revenue {
		list = append(list, by("customers.potential", actnow.SortRevenue, true))
	}
	return append(list, sortColumn{Text: text.T("customers.crm")})
}
