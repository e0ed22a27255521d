package reports

import (
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"actnow"
)

// headerLines is how many records from the top may stand above the header.
const headerLines = 20

// separators lists what may part cells, the likeliest first.
var separators = []byte{',', ';', '\t', '|'}

// findHeader looks for the header of a text among its first records: the first
// one with at least half as many known columns as the best has, cut at the
// separator that shows most of them. It returns the header and leaves the table
// behind it. A text without any known column is refused.
func findHeader(s *source, m Mapping) (header record, t *delimited, err error) {
	best, at := 0, 0
	var sep byte
	for _, candidate := range separators {
		counts, err := countKnown(s, candidate, m)
		if err != nil {
			return record{}, nil, err
		}
		if len(counts) == 0 || slices.Max(counts) <= best {
			continue
		}
		best, sep = slices.Max(counts), candidate
		at = slices.IndexFunc(counts, func(n int) bool { return 2*n >= best })
	}
	if best == 0 {
		return record{}, nil, refuse("error.report.none")
	}
	text, err := s.text()
	if err != nil {
		return record{}, nil, err
	}
	t = newDelimited(text, sep)
	for i := 0; i <= at; i++ {
		if header, err = t.next(); err != nil {
			return record{}, nil, err
		}
	}
	return header, t, nil
}

// countKnown counts the known columns in each of the first records.
func countKnown(s *source, sep byte, m Mapping) ([]int, error) {
	text, err := s.text()
	if err != nil {
		return nil, err
	}
	var counts []int
	for t := newDelimited(text, sep); len(counts) < headerLines; {
		rec, err := t.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		counts = append(counts, m.known(rec.cells))
	}
	return counts, nil
}

// known counts the cells that are headers of known columns.
func (m Mapping) known(cells []string) int {
	n := 0
	for _, cell := range cells {
		if len(cell) == 0 || len(cell) > 200 {
			continue
		}
		if _, ok := m.lookup(cell); ok {
			n++
		}
	}
	return n
}

// layout says which column of a file holds what.
type layout struct {
	kind    Kind
	columns []Column
	fields  []Field        // of the columns; the zero Field for an unknown one
	at      map[string]int // column of a field by its name
	areas   []areaColumns
	cohorts []int // columns that are a cohort or may be one
	style   Style
	mapping Mapping
	notices []Notice
}

// areaColumns are the columns of one area, -1 where there is none.
type areaColumns struct {
	area                                       actnow.Area
	fit, intent, cluster, explanation, revenue int
}

// readHeader maps the columns of a header and recognises the report by them.
// name is that of the file; it decides where the columns fit two reports alike.
// m is what a person has said of columns; such a column goes before others that
// mean the same.
func readHeader(header record, name string, m Mapping) (*layout, error) {
	cells := header.cells
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" && header.count <= maxColumns {
		cells = cells[:len(cells)-1]
	}
	if header.count > maxColumns {
		return nil, refuse("error.report.columns", header.count, maxColumns)
	}
	l := &layout{at: map[string]int{}, mapping: m}
	claimed := m.claimed(cells)
	var known []string
	for i, cell := range cells {
		if !utf8.ValidString(cell) || strings.ContainsRune(cell, 0) {
			return nil, refuse("error.report.encoding")
		}
		cell = strings.TrimSpace(cell)
		field, ok := m.lookup(cell)
		if _, said := m[NormalHeader(cell)]; ok && !said && claimed[field.Name] {
			ok, field = false, Field{}
		}
		column := Column{Header: cell}
		if ok {
			known = append(known, cell)
		}
		if first, twice := l.at[field.Name]; ok && twice {
			l.notices = append(l.notices, NewNotice("warning.report.twice", cells[first]))
			ok, field = false, Field{}
		}
		if ok {
			column.Field = field.Name
			column.Known = field.Type == CohortField
			l.at[field.Name] = i
		}
		l.columns = append(l.columns, column)
		l.fields = append(l.fields, field)
	}
	if err := l.recognise(name, known); err != nil {
		return nil, err
	}
	_, hasID := l.at["customer_id"]
	_, hasName := l.at["account_name"]
	_, hasDomain := l.at["domain"]
	if !hasID && !hasName && !hasDomain {
		return nil, refuse("error.report.identity")
	}
	l.mapAreas()
	l.findCohorts()
	return l, nil
}

// findCohorts notes the columns that are a cohort or may be one.
func (l *layout) findCohorts() {
	for i, c := range l.columns {
		if c.Header != "" && (c.Known || c.Unknown()) {
			l.cohorts = append(l.cohorts, i)
		}
	}
}

// recognise finds the report for which the columns speak most.
func (l *layout) recognise(name string, known []string) error {
	votes := map[Kind]int{}
	fits := map[Kind]bool{}
	for _, k := range Kinds {
		fits[k] = true
	}
	for _, f := range l.fields {
		for k, weight := range f.marks {
			votes[k] += weight
		}
		for _, k := range Kinds {
			if len(f.marks) > 0 && !f.In(k) {
				fits[k] = false
			}
		}
	}
	var twin Kind
	for _, k := range Kinds {
		switch {
		case votes[k] > votes[l.kind]:
			l.kind, twin = k, ""
		case votes[k] == votes[l.kind] && votes[k] > 0:
			twin = k
		}
	}
	if l.kind == "" {
		return refuse("error.report.which", strings.Join(firstFew(known, 6), ", "))
	}
	if named := kindOfName(name); named != "" && named != l.kind && votes[named] > 0 && fits[named] {
		l.kind, twin = named, ""
	}
	if twin != "" {
		l.notices = append(l.notices, NewNotice("warning.report.twin", l.kind.Name(), twin.Name()))
	}
	l.noticeMixed()
	return nil
}

// noticeMixed warns if the file has scores that its report never has.
func (l *layout) noticeMixed() {
	others := map[Kind]int{}
	for _, f := range l.fields {
		if len(f.marks) == 0 || f.In(l.kind) {
			continue
		}
		for k, weight := range f.marks {
			others[k] += weight
		}
	}
	var other Kind
	for _, k := range Kinds {
		if others[k] > others[other] {
			other = k
		}
	}
	if other != "" {
		l.notices = append(l.notices, NewNotice("warning.report.mixed", l.kind.Name(), other.Name()))
	}
}

// kindOfName returns the one report that a file name speaks of, or "".
func kindOfName(name string) Kind {
	norm := NormalHeader(filepath.Base(name))
	var found Kind
	for _, w := range []struct {
		word string
		kind Kind
	}{
		{"azure", Azure}, {"m365", M365}, {"microsoft365", M365}, {"security", Security},
		{"d365", D365}, {"dynamics", D365}, {"renewal", Renewals}, {"surface", Surface},
	} {
		if !strings.Contains(norm, w.word) {
			continue
		}
		if found != "" && found != w.kind {
			return ""
		}
		found = w.kind
	}
	return found
}

// mapAreas groups the columns by the area they speak of. What names no area
// speaks of the report's own.
func (l *layout) mapAreas() {
	of := map[actnow.Area]*areaColumns{}
	var order []actnow.Area
	for i, f := range l.fields {
		area := f.Area
		if area == "" && (f.Type == ExplanationField || f.Type == RevenueField) {
			area = ownArea[l.kind]
		}
		if area == "" {
			continue
		}
		a := of[area]
		if a == nil {
			a = &areaColumns{area: area, fit: -1, intent: -1, cluster: -1, explanation: -1, revenue: -1}
			of[area] = a
			order = append(order, area)
		}
		switch f.Type {
		case FitField:
			a.fit = i
		case IntentField:
			a.intent = i
		case ClusterField:
			a.cluster = i
		case ExplanationField:
			a.explanation = i
		case RevenueField:
			a.revenue = i
		}
	}
	for _, area := range order {
		l.areas = append(l.areas, *of[area])
	}
}

// ownArea is the area that a report is about. Dynamics 365 has three; its one
// published cohort is that of Business Central.
var ownArea = map[Kind]actnow.Area{
	Azure: actnow.Azure, M365: actnow.M365, Security: actnow.Security,
	D365: actnow.D365BC, Surface: actnow.Surface,
}

func firstFew(words []string, n int) []string {
	if len(words) <= n {
		return words
	}
	return append(append([]string(nil), words[:n]...), "…")
}
