package web

import (
	"strings"

	"actnow/reports"
)

// columnsPanel lists the columns of a file, those that are not plain first.
type columnsPanel struct {
	Text    string
	Special []columnRow
	Plain   []columnRow
}

type columnRow struct {
	Header, Means   string
	New             bool
	Filled, Samples string // "" where it is not known
}

// newColumnsPanel lists what the columns of a file mean and, where it is known,
// how many of its rows fill them with what; or returns nil.
func newColumnsPanel(text *Text, columns []reports.Column, fill []reports.Fill, rows int) *columnsPanel {
	if len(columns) == 0 {
		return nil
	}
	p := &columnsPanel{}
	known := 0
	for i, col := range columns {
		row := columnRow{Header: col.Header}
		if i < len(fill) && rows > 0 {
			row.Filled, row.Samples = text.Percent(float64(fill[i].Filled)/float64(rows)), strings.Join(fill[i].Samples, " · ")
		}
		if !col.Unknown() {
			known++
		}
		switch {
		case col.Known:
			row.Means = text.T("look.cohort")
		case !col.Unknown():
			row.Means = fieldWords(text, col.Field)
		case col.Candidate:
			row.Means, row.New = text.T("look.candidate"), true
		default:
			row.Means = text.T("look.kept")
		}
		if col.Unknown() || col.Known {
			p.Special = append(p.Special, row)
		} else {
			p.Plain = append(p.Plain, row)
		}
	}
	p.Text = text.T("look.columns_known", known, len(columns))
	return p
}

// fieldWords says what a field of the catalogue is.
func fieldWords(text *Text, name string) string {
	f, ok := reports.FieldNamed(name)
	if !ok {
		return name
	}
	if key := "field.type_" + string(f.Type); f.Area != "" && text.Has(key) {
		return text.T(key, f.Area.Name())
	}
	return f.Header
}
