package reports

import (
	"slices"
	"strings"

	"actnow"
)

// KeepOnly is what a person says of a column that means nothing to Act Now: it is
// kept as it is.
const KeepOnly = "keep"

// Mapping says what columns mean where a person has corrected it: the catalogue's
// name of a field, or KeepOnly, by the normalised header.
type Mapping map[string]string

// lookup returns the field that a header spells, as a person has said or else as
// the catalogue knows it.
func (m Mapping) lookup(header string) (Field, bool) {
	switch name, said := m[NormalHeader(header)]; {
	case !said:
		return Lookup(header)
	case name == KeepOnly:
		return Field{}, false
	default:
		return FieldNamed(name)
	}
}

// claimed are the fields that a person has given to columns of the header, so
// that no other column is taken for them.
func (m Mapping) claimed(cells []string) map[string]bool {
	fields := map[string]bool{}
	for _, cell := range cells {
		if name, said := m[NormalHeader(cell)]; said {
			fields[name] = true
		}
	}
	return fields
}

// With returns m with what more says instead.
func (m Mapping) With(more Mapping) Mapping {
	out := Mapping{}
	for _, part := range []Mapping{m, more} {
		for key, field := range part {
			out[key] = field
		}
	}
	return out
}

// CheckMapped returns the normalised header and the field, if a column with this
// header can mean this. The error is an *actnow.InputError.
func CheckMapped(header, field string) (key, name string, err error) {
	key, name = NormalHeader(header), strings.TrimSpace(field)
	if key == "" || len(header) > 1000 {
		return "", "", actnow.Invalid("error.map_header", "header", "say which column is meant, by its header")
	}
	if _, ok := FieldNamed(name); !ok && name != KeepOnly {
		return "", "", actnow.Invalid("error.map_field", "field", "%q is no field of the reports: name one such as org_size, or keep", name)
	}
	return key, name, nil
}

// SameReading reports whether two lists of columns were read alike.
func SameReading(a, b []Column) bool {
	return slices.EqualFunc(a, b, func(a, b Column) bool { return a.Header == b.Header && a.Field == b.Field && a.Known == b.Known })
}

// MappedColumn is what a person said of a column, for every later file.
type MappedColumn struct {
	Key    string // the normalised header
	Header string // as it was written then
	Field  string // of the catalogue, or KeepOnly
	By     string
	At     int64 // unix seconds
}

// Fill says how full a column is, with some of its values.
type Fill struct {
	Filled  int      `json:"filled"`  // cells that are not blank
	Samples []string `json:"samples"` // up to three that differ; none of a column of money
}

// fillOf counts the cells of each column.
type fillOf struct {
	list  []Fill
	money []bool
}

func newFill(l *layout) *fillOf {
	f := &fillOf{list: make([]Fill, len(l.columns)), money: make([]bool, len(l.columns))}
	for i, field := range l.fields {
		f.money[i] = field.Type == MoneyField || field.Type == RevenueField
		f.list[i].Samples = []string{}
	}
	return f
}

func (f *fillOf) see(cells []string) {
	const most = 3
	for i, cell := range cells[:min(len(cells), len(f.list))] {
		if cell = strings.TrimSpace(cell); cell == "" {
			continue
		}
		fill := &f.list[i]
		fill.Filled++
		if len(fill.Samples) < most && !f.money[i] {
			if cell = clip(cell); !slices.Contains(fill.Samples, cell) {
				fill.Samples = append(fill.Samples, cell)
			}
		}
	}
}
